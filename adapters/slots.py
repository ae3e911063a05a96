"""How many threads judge groups at one moment: enough to keep one processor busy, and no more.

Threads share one interpreter. When many of them judge a thousand objects each, whatever takes next
to no time, such as one object or the answer to a kubelet's probe, waits for all of them.
"""

from __future__ import annotations

import threading
from collections.abc import Generator
from contextlib import contextmanager

from k8s_heartbeat.core.checks.reader import Deadline, ReadTimeout

from .waits import waiting

__all__ = ["ComputeSlots"]


class _Mine(threading.local):
    """What this thread has: a slot, and how long it may wait for one."""

    slot = False
    deadline: Deadline | None = None


class ComputeSlots:
    """A bound on the threads that compute; a thread that waits for something else leaves its slot.

    Args:
        most: How many may compute at one moment.
    """

    def __init__(self, most: int) -> None:
        self._free = threading.Semaphore(most)
        self._mine = _Mine()

    @contextmanager
    def taken(self, deadline: Deadline) -> Generator[None]:
        """Compute, once there is a free slot.

        Raises:
            ReadTimeout: None became free in time.
        """
        self._enter(deadline)
        self._mine.deadline = deadline
        try:
            yield
        finally:
            self.leave()
            self._mine.deadline = None

    def leave(self) -> bool:
        """Give this thread's slot to others; whether it had one."""
        had, self._mine.slot = self._mine.slot, False
        if had:
            self._free.release()
        return had

    def resume(self, had: bool) -> None:
        """Take a slot again, where `leave` gave one away.

        The wait may have had a shorter deadline than the whole: the rest of the time is for
        computing with a stale reading.

        Raises:
            ReadTimeout: None became free in time.
        """
        if had and self._mine.deadline is not None:
            self._enter(self._mine.deadline)

    def _enter(self, deadline: Deadline) -> None:
        if not self._free.acquire(blocking=False) and not self._waited_for(deadline):
            raise ReadTimeout("computing", "overloaded: no slot became free in time")
        self._mine.slot = True

    def _waited_for(self, deadline: Deadline) -> bool:
        with waiting():
            return self._free.acquire(timeout=deadline.remaining())
