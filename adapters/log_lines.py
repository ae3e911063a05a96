"""Formats a log record as one line of JSON, masked and of bounded size."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from itertools import islice
from types import MappingProxyType, NoneType
from typing import Any, cast

from k8s_heartbeat.core.fields import is_list, is_mapping

from .masking import KNOWN, is_clean, without_credentials
from .work import worked_on

__all__ = ["JsonFormatter", "line_of"]

# The fields that are kept of a line that is still too long.
_ALWAYS = ("time", "level", "logger", "message", "requestId", "exception")
_LONG_LINE = 1_000
_LONGEST_TEXT = 300
_LONGEST_TRACEBACK = 8_000
# Whatever is in it is escaped to a dozen characters at most.
_LONGEST_LINE = 32_000
# Longer text is also cut before masking, which costs time for each character.
_LONGEST_RAW = 65_536
# A secret that the first cut went through is no longer recognized.
_LONGEST_SECRET = 8_192
_MOST_ENTRIES = 20
_MOST_NESTED = 4
_ENCODER = json.JSONEncoder()
# Types that hold no secret.
_PLAIN = frozenset((bool, int, float, NoneType))


class JsonFormatter(logging.Formatter):
    """Formats any record as one line of JSON."""

    def format(self, record: logging.LogRecord) -> str:
        """The line, without its end."""
        fields = cast(Mapping[str, object], getattr(record, "fields", {}))
        added: dict[str, object] = {}
        if record.exc_info:
            added["exception"] = _ends(_clean(self.formatException(record.exc_info)))
        if record.stack_info:
            added["stack"] = _ends(_clean(record.stack_info))
        return line_of(
            record.created, record.levelname, record.name, _message(record), fields, added
        )


def line_of(
    created: float,
    level: str,
    name: str,
    message: str,
    fields: Mapping[str, object],
    cleaned: Mapping[str, object] = MappingProxyType({}),
) -> str:
    """A line, without its end.

    Args:
        created: When, in seconds of the wall clock.
        level: The name of its level.
        name: The name of its logger.
        message: The message.
        fields: Additional fields.
        cleaned: Additional fields known to hold no secret.
    """
    if not _is_clean(name, message, fields):
        name, message = _clean(name), _clean(message)
        fields = cast(dict[str, object], _plain(fields, 0))
    line: dict[str, object] = {
        "time": datetime.fromtimestamp(created, UTC).isoformat(timespec="milliseconds"),
        "level": level,
        "logger": name,
        "message": message,
    }
    work = worked_on()
    if work is not None:
        line["requestId"] = work.request_id
    line.update(fields)
    line.update(cleaned)
    text = _ENCODER.encode(line)
    if len(text) <= _LONG_LINE:
        return text
    text = _ENCODER.encode(_shortened(line))
    if len(text) <= _LONGEST_LINE:
        return text
    told = {key: line[key] for key in _ALWAYS if key in line}
    return _ENCODER.encode({key: _short(value) for key, value in told.items()})


def _is_clean(name: str, message: str, fields: Mapping[str, object]) -> bool:
    """Whether no part of a line needs masking, which is fastest to check in one piece."""
    if len(fields) > _MOST_ENTRIES:
        return False
    texts = [name, message, *fields]
    for value in fields.values():
        if type(value) is str:
            texts.append(value)
        elif type(value) not in _PLAIN:
            return False
    # Joined by a non-space: a text's end is no scheme of the next one.
    whole = "\0".join(texts)
    if len(whole) > _LONG_LINE or not is_clean(whole):
        return False
    work = worked_on()
    return work is None or work.mask(whole) == whole


def _clean(text: str) -> str:
    cut = len(text) > _LONGEST_RAW
    # The end of a traceback says the most.
    text = text[-_LONGEST_RAW:] if cut else text
    work = worked_on()
    text = text if work is None else work.mask(text)
    text = without_credentials(KNOWN.mask(text))
    return text[_LONGEST_SECRET:] if cut else text


def _plain(value: object, depth: int) -> object:
    """A value of a field as JSON has it, cleaned."""
    if value is None or isinstance(value, bool | int | float):
        return value
    if depth < _MOST_NESTED and is_mapping(value):
        return {
            _clean(_told(key)): _plain(entry, depth + 1)
            for key, entry in islice(value.items(), _MOST_ENTRIES)
        }
    if depth < _MOST_NESTED and isinstance(value, list | tuple):
        entries = islice(cast(Iterable[object], value), _MOST_ENTRIES)
        return [_plain(entry, depth + 1) for entry in entries]
    return _clean(_told(value))


def _message(record: logging.LogRecord) -> str:
    try:
        return record.getMessage()
    except Exception:
        # Its arguments do not fit, or cannot be formatted: the record is still worth a line.
        return f"{_told(record.msg)} (as logged in {record.filename} line {record.lineno})"


def _told(value: object) -> str:
    try:
        return str(value)
    except Exception as error:
        return f"<a {type(value).__name__} that raises {type(error).__name__}>"


def _ends(text: str) -> str:
    """The two ends of a traceback: where it began, and the error."""
    if len(text) <= _LONGEST_TRACEBACK:
        return text
    half = _LONGEST_TRACEBACK // 2
    return f"{text[:half]}\n…\n{text[-half:]}"


def _shortened(line: Mapping[str, object]) -> dict[str, object]:
    """A line whose texts cannot fill a disk; cut after they were cleaned, not amid a secret."""
    return {
        key: value if key in ("exception", "stack") else _short(value)
        for key, value in line.items()
    }


def _short(value: Any) -> Any:
    if isinstance(value, str):
        return value if len(value) <= _LONGEST_TEXT else f"{value[:_LONGEST_TEXT]}…"
    if is_list(value):
        return [_short(entry) for entry in value]
    if is_mapping(value):
        return {_short(key): _short(entry) for key, entry in value.items()}
    return value
