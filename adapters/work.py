"""The request that each thread works on, for its log lines and its calls."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextvars import ContextVar, Token
from dataclasses import dataclass

from .masking import MASK, forms_of

__all__ = ["Work", "count_api_call", "work_on", "worked_on"]


@dataclass(slots=True, eq=False, repr=False)
class Work:
    """A request in progress; every log line written meanwhile refers to it.

    Attributes:
        request_id: The ID of the request.
        offered: The credentials that came with it, right or wrong, as values of an Authorization
            header: they are masked.
        api_calls: How many calls to the API server it has made.
    """

    request_id: str
    offered: Sequence[str] = ()
    api_calls: int = 0

    def mask(self, text: str) -> str:
        """A text without the credentials."""
        for form in forms_of(tuple(self.offered)):
            text = text.replace(form, MASK)
        return text


_work: ContextVar[Work | None] = ContextVar("work", default=None)
work_on: Callable[[Work | None], Token[Work | None]] = _work.set
"""Say what this thread works on from now on; None for nothing."""
worked_on: Callable[[], Work | None] = _work.get
"""What this thread works on; None for nothing."""


def count_api_call() -> None:
    """Note that this thread calls the API server for what it works on."""
    work = _work.get()
    if work is not None:
        work.api_calls += 1
