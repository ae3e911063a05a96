"""Waits for others, such as the API server: whoever runs this thread may let another one work."""

from __future__ import annotations

import threading
from collections.abc import Generator
from contextlib import contextmanager
from typing import Protocol

__all__ = ["Pool", "waiting", "works_for"]


class Pool(Protocol):
    """Runs threads."""

    def paused(self) -> None:
        """One of them begins to wait."""
        ...

    def resumed(self) -> None:
        """It goes on."""
        ...


class _Mine(threading.local):
    pool: Pool | None = None


_mine = _Mine()


def works_for(pool: Pool) -> None:
    """Have a pool informed of the waits of this thread from now on."""
    _mine.pool = pool


@contextmanager
def waiting() -> Generator[None]:
    """A wait for something that needs no processor."""
    pool = _mine.pool
    if pool is None:
        yield
        return
    pool.paused()
    try:
        yield
    finally:
        pool.resumed()
