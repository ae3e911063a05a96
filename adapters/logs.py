"""All logging through one formatter: one JSON object a line, secrets gone."""

from __future__ import annotations

import json
import logging
import select
import sys
import threading
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from contextvars import ContextVar, Token
from dataclasses import dataclass, field
from datetime import UTC, datetime
from io import FileIO, TextIOWrapper
from itertools import islice
from types import TracebackType
from typing import TYPE_CHECKING, Any, TextIO, TypeAlias, cast

from k8s_heartbeat.core.fields import is_list, is_mapping

from .masking import KNOWN, MASK, Secrets, credentials_of, spellings, without_credentials

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

__all__ = [
    "JsonFormatter",
    "Work",
    "configure_logging",
    "configure_own_logging",
    "count_api_call",
    "work_on",
]

_ExcInfo: TypeAlias = tuple[type[BaseException], BaseException, TracebackType | None]

# What is left of a line that is too long all the same.
_ALWAYS = ("time", "level", "logger", "message", "requestId", "exception")
_LONG_LINE = 1_000
_LONGEST_TEXT = 300
_LONGEST_TRACEBACK = 8_000
# Whatever is in it is escaped to a dozen characters at most.
_LONGEST_LINE = 32_000
# What is longer is cut before it is cleaned too, which costs time for each character.
_LONGEST_RAW = 65_536
# A secret that a first cut goes through is no longer known for one.
_LONGEST_SECRET = 8_192
_MOST_ENTRIES = 20
_MOST_NESTED = 4
# What is shorter than this keeps nobody out, and would mask half of what was asked.
_SHORTEST_OFFERED = 8
# So much a pipe takes without a wait, where it takes anything (PIPE_BUF of Linux).
_PIECE = 4_096
_STALL_MILLISECONDS = 200
_OURS = "k8s_heartbeat"
# They write a line for each connection at levels that are ours to use.
_NOISY = ("urllib3", "waitress.queue", "kubernetes", "client")


@dataclass(slots=True, eq=False, repr=False)
class Work:
    """A request that is worked on, as every line that is logged meanwhile tells of it.

    Attributes:
        request_id: What the request is known by.
        offered: The credentials that came with it, right or wrong, as values of an Authorization
            header: they are masked.
        api_calls: How many calls to the API server it has made.
    """

    request_id: str
    offered: Sequence[str] = ()
    api_calls: int = 0
    _forms: list[str] | None = field(default=None, init=False)

    def mask(self, text: str) -> str:
        """A text without the credentials."""
        if self._forms is None:
            secrets = {secret for value in self.offered for secret in credentials_of(value)}
            forms = {
                form
                for secret in secrets
                # What is known is masked anyway.
                if len(secret) >= _SHORTEST_OFFERED and secret not in KNOWN
                for form in spellings(secret)
            }
            self._forms = sorted(forms, key=len, reverse=True)
        for form in self._forms:
            text = text.replace(form, MASK)
        return text


_work: ContextVar[Work | None] = ContextVar("work", default=None)
work_on: Callable[[Work | None], Token[Work | None]] = _work.set
"""Say what this thread works on from now on; None for nothing."""


def count_api_call() -> None:
    """Note that this thread calls the API server for what it works on."""
    work = _work.get()
    if work is not None:
        work.api_calls += 1


class JsonFormatter(logging.Formatter):
    """A record as one line of JSON, whatever it holds.

    Args:
        secrets: Texts that never appear in a line, besides the `KNOWN` ones.
    """

    def __init__(self, secrets: Collection[str] = ()) -> None:
        super().__init__()
        self._secrets = Secrets(secrets)

    def format(self, record: logging.LogRecord) -> str:
        """The line, without its end."""
        fields = cast(Mapping[str, object], getattr(record, "fields", {}))
        name, message = record.name, _message(record)
        if not self._is_clean(name, message, fields):
            name, message = self._clean(name), self._clean(message)
            fields = cast(dict[str, object], self._plain(fields, 0))
        line: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": name,
            "message": message,
        }
        work = _work.get()
        if work is not None:
            line["requestId"] = work.request_id
        line.update(fields)
        if record.exc_info:
            line["exception"] = _ends(self._clean(self.formatException(record.exc_info)))
        if record.stack_info:
            line["stack"] = _ends(self._clean(record.stack_info))
        text = json.dumps(line)
        if len(text) <= _LONG_LINE:
            return text
        text = json.dumps(_shortened(line))
        if len(text) <= _LONGEST_LINE:
            return text
        told = {key: line[key] for key in _ALWAYS if key in line}
        return json.dumps({key: _short(value) for key, value in told.items()})

    def _is_clean(self, name: str, message: str, fields: Mapping[str, object]) -> bool:
        """Whether all of a line may be told as it is, which is seen quickest in one piece."""
        if len(fields) > _MOST_ENTRIES or not all(map(_is_plain, fields.values())):
            return False
        texts = [text for entry in fields.items() for text in entry if isinstance(text, str)]
        # Parted by what is no space: the end of one text is no scheme of the next.
        whole = "\0".join((name, message, *texts))
        return len(whole) <= _LONG_LINE and self._clean(whole) == whole

    def _clean(self, text: str) -> str:
        cut = len(text) > _LONGEST_RAW
        # Of a traceback the end says the most.
        text = text[-_LONGEST_RAW:] if cut else text
        work = _work.get()
        text = text if work is None else work.mask(text)
        text = without_credentials(KNOWN.mask(self._secrets.mask(text)))
        return text[_LONGEST_SECRET:] if cut else text

    def _plain(self, value: object, depth: int) -> object:
        """A value of a field as JSON has it, cleaned."""
        if not isinstance(value, str) and _is_plain(value):
            return value
        if depth < _MOST_NESTED and is_mapping(value):
            return {
                self._clean(_told(key)): self._plain(entry, depth + 1)
                for key, entry in islice(value.items(), _MOST_ENTRIES)
            }
        if depth < _MOST_NESTED and isinstance(value, list | tuple):
            entries = islice(cast(Iterable[object], value), _MOST_ENTRIES)
            return [self._plain(entry, depth + 1) for entry in entries]
        return self._clean(_told(value))


def _is_plain(value: object) -> bool:
    return value is None or isinstance(value, str | bool | int | float)


class _Handler(logging.StreamHandler[TextIO]):
    """Writes to a stream that may be full or closed: a lost line is no reason to fail."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802  # the name is logging's
        """Say nothing: there is nowhere to say it."""


def configure_logging(level: str, secrets: Collection[str], stream: TextIO = sys.stderr) -> None:
    """Send all that the process has to say through the formatter to `stream`.

    That is every library's log records and warnings, and exceptions that nobody caught.

    Args:
        level: The least level that is told.
        secrets: Texts that never appear; `masking.KNOWN` learns those that come up later.
        stream: Where to.
    """
    handler = _handler(secrets, stream)
    handler.addFilter(_is_told)
    logging.basicConfig(level=level, handlers=[handler], force=True)
    for name in list(logging.root.manager.loggerDict):
        logger = logging.getLogger(name)
        # Its lines would come in another form, or not at all.
        logger.handlers.clear()
        logger.propagate = True
    logging.captureWarnings(True)
    sys.excepthook = _log_uncaught
    threading.excepthook = _log_uncaught_of_thread
    sys.unraisablehook = _log_unraisable


def configure_own_logging(
    level: str, secrets: Collection[str], stream: TextIO = sys.stderr
) -> None:
    """Send what this package has to say through the formatter to `stream`, and nothing else.

    For a process of somebody else's, whose loggers, warnings and hooks stay as they are. Its
    handlers get none of our lines: they know no secrets.

    Args:
        level: The least level that is told.
        secrets: Texts that never appear; `masking.KNOWN` learns those that come up later.
        stream: Where to.
    """
    logger = logging.getLogger(_OURS)
    logger.handlers = [_handler(secrets, stream)]
    logger.propagate = False
    logger.setLevel(level)


def _handler(secrets: Collection[str], stream: TextIO) -> logging.Handler:
    KNOWN.keep(*secrets)
    handler = _Handler(_unbuffered(stream))
    handler.setFormatter(JsonFormatter())
    return handler


class _Unwaiting(FileIO):
    """Writes to whoever reads, and waits for nobody for long.

    A pipe that nobody reads from is full in the end. Whoever then waits holds the lock that every
    line takes, and the service with it.
    """

    _lost = 0
    _is_stalled = _is_amid = False

    def write(self, data: ReadableBuffer, /) -> int:
        """Write all of it, or lose it; one who is slow is waited for once."""
        line = bytes(data)
        rest = self._missing() + line
        while rest:
            if not self._is_read():
                self._lost += 1
                break
            rest = rest[super().write(rest[:_PIECE]) or 0 :]
            self._is_amid = bool(rest)
        else:
            self._lost = 0
        return len(line)

    def _is_read(self) -> bool:
        poll = select.poll()
        poll.register(self.fileno(), select.POLLOUT)
        self._is_stalled = not poll.poll(0 if self._is_stalled else _STALL_MILLISECONDS)
        return not self._is_stalled

    def _missing(self) -> bytes:
        """The end of a line that was broken off, and a line that tells of those that are lost."""
        if not self._lost:
            return b""
        time = datetime.now(UTC).isoformat(timespec="milliseconds")
        message = f"{self._lost} lines were lost: nobody read them"
        told = {"time": time, "level": "WARNING", "logger": __name__, "message": message}
        return b"\n" * self._is_amid + json.dumps(told).encode() + b"\n"


def _unbuffered(stream: TextIO) -> TextIO:
    """A stream past its buffer: what could not be written there would fail once more at exit."""
    try:
        raw = _Unwaiting(stream.fileno(), "w", closefd=False)
    except (AttributeError, OSError, ValueError):
        # It is none of the system's, or there is none.
        return stream
    return TextIOWrapper(raw, "ascii", write_through=True)


def _is_told(record: logging.LogRecord) -> bool:
    # Not by the loggers' levels, which the libraries set themselves.
    return record.levelno >= logging.ERROR or not record.name.startswith(_NOISY)


def _log_uncaught(
    kind: type[BaseException], error: BaseException, traceback: TracebackType | None
) -> None:
    _log_exception("an exception that nobody caught", (kind, error, traceback))


def _log_uncaught_of_thread(arguments: threading.ExceptHookArgs) -> None:
    error = arguments.exc_value or arguments.exc_type()
    info = (arguments.exc_type, error, arguments.exc_traceback)
    _log_exception("an exception that nobody caught in a thread", info)


def _log_unraisable(arguments: sys.UnraisableHookArgs) -> None:
    error = arguments.exc_value or arguments.exc_type()
    info = (arguments.exc_type, error, arguments.exc_traceback)
    _log_exception("an exception that could not be raised", info)


def _log_exception(message: str, info: _ExcInfo) -> None:
    # As the interpreter ends there may be nothing left to log with.
    with suppress(Exception):
        logging.getLogger(__name__).critical(message, exc_info=info)


def _message(record: logging.LogRecord) -> str:
    try:
        return record.getMessage()
    except Exception:
        # Its arguments do not fit, or cannot be told: that it was logged is still worth a line.
        return f"{_told(record.msg)} (as logged in {record.filename} line {record.lineno})"


def _told(value: object) -> str:
    try:
        return str(value)
    except Exception as error:
        return f"<a {type(value).__name__} that raises {type(error).__name__}>"


def _ends(text: str) -> str:
    """A traceback from its two ends: where it began, and what came of it."""
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
