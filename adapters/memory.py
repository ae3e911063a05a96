"""One memory budget for a cluster's data: what is cached, and what is in hand.

Data in hand comes first: cached data is evicted for it, the least recently used first. In hand is
what is being read, and what a caller has read while it reads on or waits to compute, whether it is
cached or not.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self, TypeVar
from weakref import ReferenceType, ref

from cachetools import TLRUCache

from k8s_heartbeat.core.checks.reader import Deadline, ReadTimeout

__all__ = ["LARGEST", "SMALL", "Memory", "Room"]

K = TypeVar("K")
V = TypeVar("V")

SMALL = 2**20
"""Bytes that a reading may take without reserving room."""
LARGEST = 40 * 2**20
"""Bytes that a reading may take at most: the response, and the objects made of it."""

# Beside it the interpreter, its modules and the connections take some 60 MiB.
_MOST = 80 * 2**20
# Smaller values are not worth counting.
_COUNTED = 2**16


@dataclass(slots=True, eq=False)
class _Held:
    """A value in hand, and its place in a cache.

    Attributes:
        shelf: The cache.
        key: Its key there.
        value: The value.
        size: Its bytes.
        count: By how many it is held.
    """

    shelf: TLRUCache[Any, Any]
    key: Any
    value: Any
    size: int
    count: int = 0

    @property
    def is_kept(self) -> bool:
        """Whether it is cached; this counts as a use."""
        return self.shelf.get(self.key) is self.value


@dataclass(slots=True, eq=False)
class _Hands:
    """The read values that one caller holds, by identity."""

    held: dict[int, _Held] = field(default_factory=dict[int, _Held])


class _Mine(threading.local):
    """What this thread has in hand; None while that is not counted."""

    hands: _Hands | None = None


class Memory:
    """The budget; everything that draws on it is measured by estimates that are seldom too low.

    Args:
        most: Bytes in all, at least as many as the largest reading takes.

    Attributes:
        lock: Held while a shelf is looked at or changed.
    """

    def __init__(self, most: int = _MOST) -> None:
        self.lock: threading.Lock = threading.Lock()
        self._released = threading.Condition(self.lock)
        self._most = max(most, LARGEST)
        self._in_hand = 0
        self._mine = _Mine()
        # In the order in which they began.
        self._hands: list[_Hands] = []
        self._held: dict[int, _Held] = {}
        self._shelves: list[ReferenceType[TLRUCache[Any, Any]]] = []

    @property
    def held(self) -> int:
        """Bytes that are cached or in hand; the caller holds the lock, or is the only thread."""
        loose = [entry.size for entry in self._held.values() if not entry.is_kept]
        kept = [int(shelf.currsize) for shelf in self._standing()]
        return self._in_hand + sum(loose) + sum(kept)

    def shelf(
        self,
        most: int,
        *,
        clock: Callable[[], float],
        ends: Callable[[K, V, float], float],
        size: Callable[[V], int],
    ) -> TLRUCache[K, V]:
        """Create a cache that evicts its least recently used values.

        Once the cache is no longer referenced, its values are freed and not counted.

        Args:
            most: Bytes that it may take of the budget.
            clock: A monotonic clock, in seconds.
            ends: Until when a value is kept, by the clock.
            size: About how many bytes a value takes, its key included.
        """
        made = TLRUCache(most, ends, clock, size)
        with self.lock:
            self._shelves = [*map(ref, self._standing()), ref(made)]
        return made

    def fit(self) -> None:
        """Evict cached values beyond the budget; the caller holds the lock."""
        shelves = self._standing()
        left: float = self._most - self.held
        while left < 0 and shelves:
            fullest = max(shelves, key=_size_of)
            if not fullest:
                return
            before = fullest.currsize
            key, value = fullest.popitem()
            if id(value) in self._held:
                # It is in use, so evicting it frees nothing.
                fullest[key] = value
                shelves.remove(fullest)
            left += before - fullest.currsize

    def _standing(self) -> list[TLRUCache[Any, Any]]:
        """The caches still in use."""
        return [shelf for shelf in (known() for known in self._shelves) if shelf is not None]

    @contextmanager
    def holding(self) -> Generator[None]:
        """Count as in hand, until the end, what `hand_over` gives this thread meanwhile.

        A nested one counts separately.
        """
        around, hands = self._mine.hands, _Hands()
        self._mine.hands = hands
        with self.lock:
            self._hands.append(hands)
        try:
            yield
        finally:
            self._mine.hands = around
            with self.lock:
                self._hands.remove(hands)
                for name, entry in hands.held.items():
                    entry.count -= 1
                    if not entry.count:
                        del self._held[name]
                self.fit()
                self._released.notify_all()

    def hand_over(self, shelf: TLRUCache[K, V], key: K, value: V, size: int) -> None:
        """Count a value as in this thread's hand, where it is `holding`.

        Args:
            shelf: The cache that keeps it, if there is room.
            key: Its key there.
            value: The value.
            size: Its bytes.
        """
        hands = self._mine.hands
        if hands is None or size < _COUNTED or id(value) in hands.held:
            return
        with self.lock:
            entry = self._held.setdefault(id(value), _Held(shelf, key, value, size))
            entry.count += 1
            hands.held[id(value)] = entry
            self.fit()

    def room(self) -> Room:
        """Room for one reading; none of it is taken yet."""
        return Room(self)

    def take(self, change: int, what: str, deadline: Deadline) -> None:
        """Take room for `change` more bytes, once there is any; or give some back.

        The first of those who hold something does not wait: if all waited for one another, that
        would be a deadlock.

        Raises:
            ReadTimeout: Others have too much in hand.
        """
        hands = self._mine.hands

        def fits() -> bool:
            in_hand = self._in_hand + sum(entry.size for entry in self._held.values())
            return in_hand + change <= self._most or hands is self._first()

        with self.lock:
            if change > 0 and not self._released.wait_for(fits, deadline.remaining()):
                raise ReadTimeout(what, "overloaded: too many large answers came at once")
            self._in_hand += change
            self.fit()
            if change < 0:
                self._released.notify_all()

    def _first(self) -> _Hands | object:
        """The first started of those who hold something; `_NOBODY` if none does."""
        return next((hands for hands in self._hands if hands.held), _NOBODY)


_NOBODY = object()


def _size_of(shelf: TLRUCache[Any, Any]) -> float:
    return float(shelf.currsize)


class Room:
    """The room that one reading takes; a context manager that gives it back."""

    def __init__(self, memory: Memory) -> None:
        self._memory = memory
        self._size = 0

    def __enter__(self) -> Self:
        """Begin to read."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Give back all of it."""
        if self._size:
            self._memory.take(-self._size, "", Deadline(0.0, float))
            self._size = 0

    def grow(self, what: str, deadline: Deadline) -> None:
        """Make room for a large reading.

        All of it is taken at once: two readings that grow in steps could deadlock.

        Raises:
            ReadTimeout: Others have too much in hand.
        """
        if not self._size:
            self._memory.take(LARGEST, what, deadline)
            self._size = LARGEST
