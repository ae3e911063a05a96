"""All logging through one formatter: one JSON object a line, secrets gone."""

from __future__ import annotations

import json
import logging
import re
import sys
from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from typing import TextIO, cast
from urllib.parse import quote, quote_plus

__all__ = ["JsonFormatter", "configure_logging"]

_MASK = "***"
_LONG_LINE = 1_000
_LONGEST_TEXT = 300
# What may carry a secret that is not known beforehand, such as a wrong token. A match ends before
# whatever has a meaning in JSON: the line is cleaned as a whole.
_CREDENTIALS = re.compile(
    r"((?:[?&;\s\"'])token(?:=|%3d))[^&\s\"'\\]*|((?:basic|bearer)\s+)[^\s\"',\\]+", re.IGNORECASE
)
_ESCAPE = re.compile("%[0-9A-F]{2}")


class JsonFormatter(logging.Formatter):
    """A record as one line of JSON.

    Args:
        secrets: Texts that never appear in a line, in whatever field they stand.
    """

    def __init__(self, secrets: Collection[str] = ()) -> None:
        super().__init__()
        forms = {form for secret in secrets if secret for form in _forms(secret)}
        self._secrets = sorted(forms, key=len, reverse=True)

    def format(self, record: logging.LogRecord) -> str:
        """The line, without its end."""
        line: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
        }
        fields = cast(Mapping[str, object], getattr(record, "fields", {}))
        line.update(fields)
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        text = self._clean(json.dumps(line, default=str))
        return text if len(text) <= _LONG_LINE else json.dumps(_shortened(json.loads(text)))

    def _clean(self, line: str) -> str:
        for secret in self._secrets:
            line = line.replace(secret, _MASK)
        return _CREDENTIALS.sub(lambda match: f"{match.group(1) or match.group(2)}{_MASK}", line)


def _shortened(line: dict[str, object]) -> dict[str, object]:
    """A line whose texts cannot fill a disk; cut after they were cleaned, not amid a secret."""
    return {
        key: f"{value[:_LONGEST_TEXT]}…"
        if isinstance(value, str) and len(value) > _LONGEST_TEXT and key != "exception"
        else value
        for key, value in line.items()
    }


def configure_logging(level: str, secrets: Collection[str], stream: TextIO = sys.stderr) -> None:
    """Send every library's log records through the formatter to `stream`."""
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonFormatter(secrets))
    logging.basicConfig(level=level, handlers=[handler], force=True)
    # Both write a line for each connection at levels that are ours to use.
    for name in ("urllib3", "waitress.queue", "kubernetes"):
        logging.getLogger(name).setLevel(logging.ERROR)


def _forms(secret: str) -> tuple[str, ...]:
    """A secret as it may stand in a line: plain, in a URL, quoted by Python or by JSON."""
    encoded = (quote(secret, safe=""), quote_plus(secret))
    lower = (_ESCAPE.sub(lambda match: match.group().lower(), form) for form in encoded)
    plain = {secret, *encoded, *lower, repr(secret)[1:-1], json.dumps(secret)[1:-1]}
    return tuple({json.dumps(form)[1:-1] for form in plain})
