"""All logging through one formatter: one JSON object a line, secrets gone."""

from __future__ import annotations

import json
import logging
import re
import sys
from collections.abc import Collection
from datetime import UTC, datetime
from typing import TextIO
from urllib.parse import quote, quote_plus

__all__ = ["JsonFormatter", "configure_logging"]

_MASK = "***"
# What may carry a secret that is not known beforehand, such as a wrong token.
_CREDENTIALS = re.compile(
    r"((?:^|[?&\s\"'])token(?:=|%3[dD]))[^&\s\"']*|((?:basic|bearer)\s+)[^\s\"',]+", re.IGNORECASE
)


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
            "message": self._clean(record.getMessage()),
        }
        fields = getattr(record, "fields", None)
        if isinstance(fields, dict):
            line.update({str(key): self._clean(value) for key, value in fields.items()})
        if record.exc_info:
            line["exception"] = self._clean(self.formatException(record.exc_info))
        return json.dumps(line)

    def _clean(self, value: object) -> object:
        if not isinstance(value, str):
            return value
        for secret in self._secrets:
            value = value.replace(secret, _MASK)
        return _CREDENTIALS.sub(lambda match: f"{match.group(1) or match.group(2)}{_MASK}", value)


def configure_logging(level: str, secrets: Collection[str], stream: TextIO = sys.stderr) -> None:
    """Send every library's log records through the formatter to `stream`."""
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonFormatter(secrets))
    logging.basicConfig(level=level, handlers=[handler], force=True)
    # Both write a line for each connection at levels that are ours to use.
    for name in ("urllib3", "waitress.queue", "kubernetes"):
        logging.getLogger(name).setLevel(logging.ERROR)


def _forms(secret: str) -> tuple[str, ...]:
    """A secret as it may stand in a log: plain, and as a URL carries it."""
    return (secret, quote(secret, safe=""), quote_plus(secret))
