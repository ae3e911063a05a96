"""So many in a period for each key: counted here, in bounded memory."""

from __future__ import annotations

import math
import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from hashlib import blake2b
from typing import Protocol

__all__ = ["LocalQuota", "Quota", "RateLimit", "Usage"]

_MOST_KEYS = 8_192
"""Past so many the one that was quiet longest is forgotten; some 350 bytes each.

Whoever turns so many addresses in a circle is forgotten each time and counted never; even within
the limits that many addresses may ask more than one process can answer.
"""
_LONGEST_KEY = 64


@dataclass(frozen=True, slots=True)
class RateLimit:
    """So many in each period.

    Attributes:
        requests: How many.
        period: How long a period lasts, from the first one on.
    """

    requests: int = 3600
    period: timedelta = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Usage:
    """What a key has used of its current period.

    Attributes:
        limit: How many it may use.
        used: How many it has used; more than the limit when it was over.
        left: Seconds until the period ends.
    """

    limit: int
    used: int
    left: float

    @property
    def remaining(self) -> int:
        """How many it may still use."""
        return max(0, self.limit - self.used)

    @property
    def over(self) -> bool:
        """Whether it has used more than it may."""
        return self.used > self.limit

    @property
    def seconds(self) -> int:
        """Whole seconds after which it may come again."""
        # Not a second more for what the clock's floating point adds.
        return max(1, math.ceil(self.left - 1e-6))


class Quota(Protocol):
    """Counts, for each key, what it uses of a limit."""

    @property
    def limit(self) -> RateLimit:
        """The limit."""
        ...

    def hit(self, key: str, cost: int = 1) -> Usage:
        """Count; the usage has it included."""
        ...

    def usage(self, key: str) -> Usage:
        """The usage as it is; asking counts nothing."""
        ...


@dataclass(slots=True)
class _Window:
    """A key's current period: when it ends, and what it has used."""

    ends: float
    used: int


class LocalQuota:
    """A `Quota` of this process alone; safe to use from many threads.

    Args:
        limit: The limit of each key.
        clock: A monotonic clock, in seconds.
    """

    def __init__(self, limit: RateLimit, clock: Callable[[], float]) -> None:
        self.limit = limit
        self._period = limit.period.total_seconds()
        self._clock = clock
        self._lock = threading.Lock()
        self._windows: OrderedDict[str, _Window] = OrderedDict()

    def hit(self, key: str, cost: int = 1) -> Usage:
        """See `Quota.hit`."""
        return self._count(key, cost)

    def usage(self, key: str) -> Usage:
        """See `Quota.usage`; whoever is asked about is not quiet."""
        key = short(key)
        now = self._clock()
        with self._lock:
            window = self._current(key, now)
            if window is None:
                return Usage(self.limit.requests, 0, self._period)
            self._windows.move_to_end(key)
            return self._usage(window, now)

    def learn(self, key: str, used: int, left: float | None) -> Usage:
        """Count at least so many as used, in a period that ends then where that is told."""
        return self._count(key, 0, used, left)

    def _count(self, key: str, cost: int, least: int = 0, left: float | None = None) -> Usage:
        key = short(key)
        now = self._clock()
        with self._lock:
            window = self._current(key, now)
            if window is None:
                window = self._windows[key] = _Window(now + self._period, 0)
                if len(self._windows) > _MOST_KEYS:
                    self._windows.popitem(last=False)
            self._windows.move_to_end(key)
            window.used = max(window.used + cost, least)
            if left is not None:
                window.ends = now + min(left, self._period)
            return self._usage(window, now)

    def _current(self, key: str, now: float) -> _Window | None:
        """The window of a key that has not ended; the caller holds the lock."""
        window = self._windows.get(key)
        if window is not None and window.ends <= now:
            del self._windows[key]
            return None
        return window

    def _usage(self, window: _Window, now: float) -> Usage:
        return Usage(self.limit.requests, window.used, max(0.0, window.ends - now))


def short(key: str) -> str:
    """A key that takes no more memory than another, whoever chose it."""
    if len(key) <= _LONGEST_KEY and key.isascii():
        return key
    return blake2b(key.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()
