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

__all__ = ["LocalQuota", "Quota", "RateLimit", "Usage", "short"]

# Past so many keys in a table the one that was quiet longest is forgotten; some 350 bytes each.
# Whoever turns as many addresses as there is room for in a circle is never counted; but so many
# may, within their limits, ask more than a process can answer.
_MOST_KEYS = 128
# Many that are small: one that turns over is laid anew now and then, by whatever thread, and each
# thread's allocator keeps the room of what it laid once.
_TABLES = 64
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
        # Nobody who chooses a key knows which one it falls in: text is hashed by a secret.
        self._tables = tuple(OrderedDict[str, _Window]() for _ in range(_TABLES))

    def hit(self, key: str, cost: int = 1) -> Usage:
        """See `Quota.hit`."""
        return self._count(key, cost)

    def usage(self, key: str) -> Usage:
        """See `Quota.usage`; whoever is asked about is not quiet."""
        key = short(key)
        now = self._clock()
        with self._lock:
            window = _current(self._table(key), key, now)
            if window is None:
                return Usage(self.limit.requests, 0, self._period)
            return self._usage(window, now)

    def learn(self, key: str, used: int, left: float | None) -> Usage:
        """Count at least so many as used, in a period that ends then where that is told."""
        return self._count(key, 0, used, left)

    def _count(self, key: str, cost: int, least: int = 0, left: float | None = None) -> Usage:
        key = short(key)
        now = self._clock()
        with self._lock:
            table = self._table(key)
            window = _current(table, key, now)
            if window is None:
                window = table[key] = _Window(now + self._period, 0)
                if len(table) > _MOST_KEYS:
                    table.popitem(last=False)
            window.used = max(window.used + cost, least)
            if left is not None:
                window.ends = now + min(left, self._period)
            return self._usage(window, now)

    def _table(self, key: str) -> OrderedDict[str, _Window]:
        return self._tables[hash(key) % len(self._tables)]

    def _usage(self, window: _Window, now: float) -> Usage:
        return Usage(self.limit.requests, window.used, max(0.0, window.ends - now))


def _current(table: OrderedDict[str, _Window], key: str, now: float) -> _Window | None:
    """The window of a key, unless it has ended; no longer quiet."""
    window = table.get(key)
    if window is None:
        return None
    if window.ends <= now:
        del table[key]
        return None
    table.move_to_end(key)
    return window


def short(key: str) -> str:
    """A key that takes no more memory than another, whoever chose it."""
    if len(key) <= _LONGEST_KEY and key.isascii():
        return key
    return blake2b(key.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()
