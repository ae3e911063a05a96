"""How many threads compute at one moment: enough to keep one processor busy, and no more.

Threads take turns in Python anyway. When a hundred of them judge a thousand objects each, whoever
has next to nothing to do, such as the answer to a kubelet's probe, waits for all the others first.
"""

from __future__ import annotations

import threading
from collections.abc import Generator
from contextlib import contextmanager

__all__ = ["Turns"]


class _Mine(threading.local):
    """What the thread at hand has."""

    taken = False


class Turns:
    """A bound on the threads that compute, which whoever waits for something else steps out of.

    Args:
        most: How many may compute at one moment.
    """

    def __init__(self, most: int) -> None:
        self._free = threading.Semaphore(most)
        self._mine = _Mine()

    @contextmanager
    def taken(self, patience: float | None = None) -> Generator[None]:
        """Compute, once it is one's turn; or without one, when it did not come in so many seconds.

        Whoever has none is to do next to nothing.
        """
        taken = self._free.acquire(timeout=patience)
        self._mine.taken = taken
        try:
            yield
        finally:
            self._mine.taken = False
            if taken:
                self._free.release()

    @contextmanager
    def aside(self) -> Generator[None]:
        """Wait for something else, and leave one's turn to others meanwhile; then wait for one."""
        if not self._mine.taken:
            yield
            return
        self._free.release()
        try:
            yield
        finally:
            self._free.acquire()
