"""The port to a receiver: the request that carries a report, and whether the answer accepts it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from .report import Report

__all__ = ["Receiver", "Reply", "Request", "cut"]


@dataclass(frozen=True, slots=True)
class Request:
    """An HTTP request to a receiver.

    Attributes:
        method: GET, POST or PUT.
        target: Path and query.
        body: The body; None for a request without one.
        headers: The headers that say what the body is.
    """

    method: str
    target: str
    body: bytes | None = None
    headers: Mapping[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True, slots=True)
class Reply:
    """What a receiver answered.

    Attributes:
        status: The HTTP code.
        body: The beginning of the body.
        retry_after: Seconds that it asks to wait for; None if it does not.
    """

    status: int
    body: bytes = b""
    retry_after: float | None = None


class Receiver(Protocol):
    """One form of receivers, at one URL."""

    @property
    def tells_unknown(self) -> bool:
        """Whether it has a state for what could not be judged."""
        ...

    def request(self, report: Report) -> Request:
        """The request that carries a report."""
        ...

    def took(self, reply: Reply) -> bool:
        """Whether an answer with a 2xx code says that the report was accepted."""
        ...


def cut(text: str, length: int) -> str:
    """A text for a field of a bounded length."""
    return text if len(text) <= length else f"{text[: length - 1]}…"
