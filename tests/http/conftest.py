"""Log lines as an operator gets them."""

from __future__ import annotations

import json
import logging
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import StringIO
from typing import Any

import pytest

from k8s_heartbeat.adapters.log_lines import JsonFormatter
from k8s_heartbeat.adapters.masking import KNOWN
from tests.http.support import TOKEN


@dataclass(frozen=True, slots=True)
class Log:
    """All that was logged."""

    stream: StringIO

    @property
    def text(self) -> str:
        """The lines as they stand there."""
        return self.stream.getvalue()

    def lines(self) -> list[dict[str, Any]]:
        """The lines, each decoded."""
        return [json.loads(line) for line in self.text.splitlines()]


@contextmanager
def logged() -> Generator[Log]:
    """Everything that any library logs meanwhile, through our formatter."""
    stream = StringIO()
    handler = logging.StreamHandler(stream)
    KNOWN.keep(TOKEN)
    handler.setFormatter(JsonFormatter())
    root = logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    try:
        yield Log(stream)
    finally:
        root.setLevel(level)
        root.removeHandler(handler)


@pytest.fixture
def log() -> Iterator[Log]:
    """Everything that any library logs while a test runs, through our formatter."""
    with logged() as found:
        yield found
