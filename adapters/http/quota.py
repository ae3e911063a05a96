"""Sliding limits: a whole limit at once, and after that one more each `period / requests`.

This is GCRA, the generic cell rate algorithm. It keeps one number per key: the moment at which
everything that the key has used is paid back. In any time T a key is admitted at most
``requests + T * requests / period`` times. A key that is over waits until one request is paid back,
not until a period ends.
"""

from __future__ import annotations

import math
import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from hashlib import blake2b
from typing import NamedTuple, Protocol

__all__ = ["LocalQuota", "Quota", "RateLimit", "Usage", "short"]

# Keys in a table; beyond that the least recently used one is evicted; some 250 bytes each. A client
# that cycles through more addresses than there is room for is never limited; but so many addresses
# may send more than a process can answer even within their limits.
_MOST_KEYS = 128
# Many small tables: a table with evictions is rebuilt now and then by any thread, and each thread's
# allocator keeps the memory that it once allocated.
_TABLES = 64
_LONGEST_KEY = 64
# Rounding error of a time, in seconds: no key is refused for less.
_SLACK = 1e-6


@dataclass(frozen=True, slots=True)
class RateLimit:
    """A number per period.

    Attributes:
        requests: How many; all of them may come at once.
        period: How long it takes until all of them are paid back.
    """

    requests: int = 3600
    period: timedelta = timedelta(hours=1)

    def times(self, factor: int) -> RateLimit:
        """This limit times a factor, in the same period."""
        return RateLimit(factor * self.requests, self.period)

    def usage(self, level: float, refused: int = 0) -> Usage:
        """The usage of a key.

        Args:
            level: How many of its requests are not paid back yet.
            refused: How many more it asked for and was refused.
        """
        requests = self.requests
        rate = requests / self.period.total_seconds()
        room = requests - level + rate * _SLACK
        # Nothing is below zero: no level is above the limit.
        remaining = int(room)
        wanted = refused or remaining + 1
        wait = ((wanted if wanted < requests else requests) - room) / rate
        return Usage(requests, remaining, wait if wait > 0 else 0.0, refused > 0)


class Usage(NamedTuple):
    """What a key has left of its limit.

    Attributes:
        limit: How many it may use at once when it has used nothing.
        remaining: How many it may use at once now.
        wait: Seconds until it may use one more than that; or, if it was refused, what it was
            refused.
        over: Whether it was refused what it just asked for.
    """

    limit: int
    remaining: int
    wait: float
    over: bool = False

    @property
    def seconds(self) -> int:
        """The wait in whole seconds, at least one."""
        return max(1, math.ceil(self.wait))


class Quota(Protocol):
    """Counts the usage of a limit by each key."""

    @property
    def limit(self) -> RateLimit:
        """The limit."""
        ...

    def hit(self, key: str, cost: int = 1) -> Usage:
        """Use `cost` of the limit, or nothing if too little is left."""
        ...

    def usage(self, key: str) -> Usage:
        """The usage as it is; asking uses nothing."""
        ...


class LocalQuota:
    """A `Quota` of this process alone; safe to use from many threads.

    Args:
        limit: The limit of each key.
        clock: A monotonic clock, in seconds.
    """

    def __init__(self, limit: RateLimit, clock: Callable[[], float]) -> None:
        self.limit: RateLimit = limit
        self._clock = clock
        self._rate = limit.requests / limit.period.total_seconds()
        self._room = limit.requests + self._rate * _SLACK
        self._lock = threading.Lock()
        # The time when all is paid back, in requests instead of seconds: a request adds a whole
        # number to it. Python hashes text with a secret, so no client can choose keys that share a
        # table.
        self._tables = tuple(OrderedDict[str, float]() for _ in range(_TABLES))

    def hit(self, key: str, cost: int = 1) -> Usage:
        """See `Quota.hit`."""
        level, admitted = self._use(key, cost)
        return self.limit.usage(level, 0 if admitted else cost)

    def usage(self, key: str) -> Usage:
        """See `Quota.usage`; to ask about a key keeps it from being forgotten."""
        return self.limit.usage(self._use(key, 0)[0])

    def learn(self, key: str, level: float, refused: int = 0) -> Usage:
        """The usage of a key whose level is known from elsewhere to be at least `level`.

        Args:
            key: The key.
            level: See `RateLimit.usage`.
            refused: See `RateLimit.usage`.
        """
        known, _ = self._use(key, 0, min(level, self.limit.requests))
        return self.limit.usage(known, refused)

    def _use(self, key: str, cost: int, least: float = 0.0) -> tuple[float, bool]:
        """Use `cost` if it fits; the level after it, and whether it was used."""
        key = key if len(key) <= _LONGEST_KEY else short(key)
        table = self._tables[hash(key) % _TABLES]
        now = self._clock() * self._rate
        with self._lock:
            known = table.get(key)
            paid = now + least if known is None or known < now + least else known
            admitted = paid + cost - now <= self._room
            if admitted:
                paid += cost
            if cost or least:
                table[key] = paid
            if known is not None:
                table.move_to_end(key)
            elif len(table) > _MOST_KEYS:
                table.popitem(last=False)
        return paid - now, admitted


def short(key: str) -> str:
    """A key of bounded size; long ones are hashed."""
    if len(key) <= _LONGEST_KEY and key.isascii():
        return key
    return blake2b(key.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()
