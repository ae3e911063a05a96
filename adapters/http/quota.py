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
        """Whole seconds after which it may ask again."""
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

    def hit(self, key: str, cost: int = 1, least: int = 0, left: float | None = None) -> Usage:
        """See `Quota.hit`; `least` and `left` are what is known elsewhere of the same period."""
        key = key if len(key) <= _LONGEST_KEY else short(key)
        table = self._tables[hash(key) % _TABLES]
        now = self._clock()
        with self._lock:
            window = table.get(key)
            if window is None or window.ends <= now:
                window = table[key] = _Window(now + self._period, 0)
                if len(table) > _MOST_KEYS:
                    table.popitem(last=False)
            table.move_to_end(key)
            window.used = max(window.used + cost, least)
            if left is not None:
                window.ends = now + min(left, self._period)
            return Usage(self.limit.requests, window.used, window.ends - now)

    def usage(self, key: str) -> Usage:
        """See `Quota.usage`; to ask about a key keeps it from being forgotten."""
        key = key if len(key) <= _LONGEST_KEY else short(key)
        table = self._tables[hash(key) % _TABLES]
        now = self._clock()
        with self._lock:
            window = table.get(key)
            if window is None or window.ends <= now:
                return Usage(self.limit.requests, 0, self._period)
            table.move_to_end(key)
            return Usage(self.limit.requests, window.used, window.ends - now)


def short(key: str) -> str:
    """A key that takes no more memory than another, whoever chose it."""
    if len(key) <= _LONGEST_KEY and key.isascii():
        return key
    return blake2b(key.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()
