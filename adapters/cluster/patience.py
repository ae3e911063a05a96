"""Shortens the wait for the API server while it is known to hang.

With a server that hangs, each check would take all of its time. Once a request got no answer at all
in time, one thread polls until the server answers, and meanwhile every other request ends almost at
once, with a stale reading or none.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

from k8s_heartbeat.core.checks.reader import Deadline, ReadError, ReadTimeout

__all__ = ["Patience"]

# The lists of a group are requested one by one: all of them together stay within a second.
_BRIEF = 0.08
_LOOK_SECONDS = 1.0
_PAUSE = 0.5
_NAME = "api-server-watch"


class Patience:
    """Finds out whether the API server hangs.

    Args:
        look: Sends it a small request; raises ReadTimeout if there was no answer.
        clock: A monotonic clock, in seconds.

    Attributes:
        hangs: Whether it is known to.
    """

    def __init__(self, look: Callable[[Deadline], object], clock: Callable[[], float]) -> None:
        self._look = look
        self._clock = clock
        self._lock = threading.Lock()
        self._watching = False
        self.hangs: bool = False
        self._ended = threading.Event()

    def brief(self, deadline: Deadline) -> Deadline:
        """When an answer must have begun while the API server hangs."""
        return Deadline(min(deadline.expires, self._clock() + _BRIEF), deadline.clock)

    def lost(self) -> None:
        """A request had no answer at all in time: find out whether the API server hangs."""
        with self._lock:
            if self._watching:
                return
            self._watching = True
            self._ended.clear()
        try:
            threading.Thread(target=self._watch, name=_NAME, daemon=True).start()
        except RuntimeError:
            # No thread can be started: every request finds out for itself.
            self._watching = False

    def close(self) -> None:
        """Look no further."""
        self._ended.set()

    def _watch(self) -> None:
        try:
            while not self._ended.is_set() and self._is_lost():
                self.hangs = True
                self._ended.wait(_PAUSE)
        finally:
            self.hangs = self._watching = False

    def _is_lost(self) -> bool:
        try:
            self._look(Deadline.after(_LOOK_SECONDS, self._clock))
        except ReadTimeout:
            return True
        except ReadError:
            # It refused, or broke off: that is an answer.
            return False
        return False
