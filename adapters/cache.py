"""A cache of answers by key; callers that ask at the same time share one call.

Failures are cached too, with one exception: a caller with little time that gets no answer has found
out nothing. What does not exist is kept on a separate shelf, so that guessing names cannot evict
what is polled.
"""

from __future__ import annotations

import copy
import threading
from collections.abc import Callable
from dataclasses import dataclass
from operator import attrgetter
from types import TracebackType
from typing import TYPE_CHECKING, Any, Generic, Self, TypeVar, cast

from k8s_heartbeat.core.checks.reader import (
    Deadline,
    Forbidden,
    NotFound,
    NotServed,
    ReadError,
    ReadTimeout,
    UpstreamError,
)

from .counters import COUNTERS, CacheCounts
from .memory import Memory
from .slots import ComputeSlots
from .waits import waiting

if TYPE_CHECKING:
    from cachetools import TLRUCache

__all__ = ["Cache", "Entry", "Flight", "Lifetimes"]

K = TypeVar("K")
V = TypeVar("V")

_KEPT = 128 * 2**20
_REFUSED = 8 * 2**20
# Bytes of an entry besides its value, and of an error.
_ENTRY = 2**10
_ERROR = 2 * 2**10
# A missing answer is blamed on the caller's deadline if no more time than this was left.
_OVER = 0.05


@dataclass(frozen=True, slots=True)
class Lifetimes:
    """How long results are cached, in seconds."""

    reading: float = 5.0
    """A reading counts as fresh."""
    absence: float = 10.0
    """Not found, or forbidden."""
    failure: float = 1.5
    """The API server failed or did not answer."""
    discovery: float = 60.0
    """The kinds that the cluster serves answer by themselves."""
    stale: float = 150.0
    """A reading that is served because a new one failed; never longer."""


@dataclass(frozen=True, slots=True)
class Entry(Generic[V]):
    """The cached result for a key.

    Attributes:
        value: The answer; None where there is an error.
        error: Why there is no answer; nothing of the caller.
        began: When the call for it began, by the clock of the cache.
        fresh: Until when it counts as fresh.
        ends: Until when it is remembered.
        size: About how many bytes it takes.
    """

    value: V
    error: ReadError | None
    began: float
    fresh: float
    ends: float
    size: int


class Cache(Generic[K, V]):
    """Caches answers, with one call for each key at a time.

    Args:
        memory: The budget of the cache.
        clock: A monotonic clock, in seconds.
        lifetimes: How long answers are kept.
        places: How many callers may lead or wait at once; further ones fail immediately.
        slots: Where callers compute; they leave their slot while they lead or wait.
        usual_time: Seconds that callers usually have. No answer within less than half of it says
            nothing about the server; with 0 any time is enough.
        kept: The largest share of the memory for answers, in bytes.
        refused: The same for absences and refusals.
    """

    def __init__(
        self,
        memory: Memory,
        clock: Callable[[], float],
        lifetimes: Lifetimes,
        places: threading.Semaphore,
        slots: ComputeSlots | None = None,
        *,
        usual_time: float = 0.0,
        kept: int = _KEPT,
        refused: int = _REFUSED,
    ) -> None:
        self.clock = clock
        self.lifetimes = lifetimes
        self.memory = memory
        self.places = places
        self.slots: ComputeSlots = slots or ComputeSlots(1)
        self.ample_time: float = usual_time / 2
        self.counts: CacheCounts = CacheCounts()
        self.flights: dict[K, Flight[K, V]] = {}
        self.kept: TLRUCache[K, Entry[V]] = self._shelf(kept)
        self.refused: TLRUCache[K, Entry[V]] = self._shelf(refused)
        self.failed: TLRUCache[K, Entry[V]] = self._shelf(refused)

    def counted(self, name: str) -> Self:
        """The same cache, counted under that name among the figures of the process."""
        self.counts = COUNTERS.cache(name)
        return self

    def _shelf(self, most: int) -> TLRUCache[K, Entry[V]]:
        return self.memory.shelf(most, clock=self.clock, ends=_ends, size=attrgetter("size"))

    def recall(self, key: K) -> Entry[V] | None:
        """The fresh entry for a key; None if there is none."""
        with self.memory.lock:
            entry = self.known(key)
            if entry is not None:
                self.counts.hits += 1
            return entry

    def settled(self, key: K, entry: Entry[V]) -> Entry[V]:
        """An entry with an answer: this one, or an older one that stands in for a failure.

        Raises:
            ReadError: There is none; every caller gets its own error object.
        """
        error = entry.error
        if error is None:
            return entry
        if not isinstance(error, NotFound | NotServed):
            with self.memory.lock:
                older: Entry[V] | None = self.kept.get(key)
                absence: Entry[V] | None = self.refused.get(key)
            if older is not None and self.clock() - older.began <= self.lifetimes.stale:
                with self.memory.lock:
                    self.counts.stale += 1
                return older
            if absence is not None and isinstance(absence.error, NotServed):
                # A kind not served a moment ago is likely still not served.
                error, entry = absence.error, absence
        raised = copy.copy(error)
        raised.began = entry.began
        raise raised

    def known(self, key: K) -> Entry[V] | None:
        """The same as `recall` for a caller that holds the lock."""
        now = self.clock()
        for shelf in (self.kept, self.refused, self.failed):
            try:
                entry = shelf[key]
            except KeyError:
                continue
            if now < entry.fresh:
                return entry
        return None

    def keep(self, key: K, entry: Entry[V]) -> None:
        """Store a result in place of the older one; the caller holds the lock."""
        if entry.error is None:
            shelf = self.kept
            self.refused.pop(key, None)
        elif self.is_absence(key, entry.error):
            shelf = self.refused
            self.kept.pop(key, None)
        else:
            shelf = self.failed
        if shelf is not self.failed:
            self.failed.pop(key, None)
        if entry.size <= shelf.maxsize:
            shelf[key] = entry
            self.memory.fit()
        else:
            shelf.pop(key, None)

    def is_absence(self, key: K, error: ReadError) -> bool:
        """Whether an error says that there is nothing to be seen.

        An API server that has just started has no roles loaded and forbids everything: what was
        readable a moment ago is not taken as forbidden.
        """
        gone = isinstance(error, NotFound | NotServed)
        return gone or (isinstance(error, Forbidden) and key not in self.kept)


_PENDING: Entry[Any] = Entry(None, None, 0.0, 0.0, 0.0, 0)


class Flight(Generic[K, V]):
    """One call for an answer, which other callers may wait for.

    A context manager: the leader makes the call in it and lands the result; a `ReadError` raised in
    it is landed automatically.

    Args:
        cache: Where the answer is remembered.
        key: Its key.
        deadline: How long to wait.

    Attributes:
        entry: The result, once it is over.
        leads: Whether this caller makes the call.
        landed: Set once it is over.
        was_hasty: Whether it failed only because its leader had too little time.
    """

    def __init__(self, cache: Cache[K, V], key: K, deadline: Deadline) -> None:
        self.leads: bool = False
        self.landed: threading.Event = threading.Event()
        self.was_hasty: bool = False
        self.entry: Entry[V] = _PENDING
        self._cache = cache
        self._key = key
        self._deadline = deadline
        self._began = cache.clock()
        self._is_scarce = False
        self._has_place = False
        self._had_slot = False
        self._has_waited = False

    def __enter__(self) -> Self:
        """Lead, or wait for the leader."""
        cache = self._cache
        if self._deadline.remaining() <= 0:
            return self._without("no time was left to ask the API server")
        self._has_place = cache.places.acquire(blocking=False)
        if not self._has_place:
            return self._without("overloaded: too many requests wait for the API server")
        while (leader := self._join()) is not None:
            with waiting():
                leader.landed.wait(self._deadline.remaining())
            if not leader.was_hasty:
                self.entry = leader.entry
                break
        if self.entry is _PENDING and not self.leads:
            return self._without("no answer in time")
        return self

    def _join(self) -> Flight[K, V] | None:
        """Lead if no other flight does; else return that one, or None if no wait is needed."""
        cache = self._cache
        with cache.memory.lock:
            # It may have landed since the caller looked.
            self.entry = cache.known(self._key) or self.entry
            if self.entry is not _PENDING:
                cache.counts.hits += 1
                return None
            leader = cache.flights.get(self._key)
            remaining = self._deadline.remaining()
            if leader is None and remaining <= 0:
                return None
            if leader is None:
                self.leads = True
                self._began = cache.clock()
                self._is_scarce = remaining < cache.ample_time
                cache.flights[self._key] = self
                cache.counts.misses += 1
            elif not self._has_waited:
                self._has_waited = True
                cache.counts.shared += 1
        self._had_slot = cache.slots.leave() or self._had_slot
        return leader

    def land(
        self, value: V, size: int, *, began: float | None = None, fresh: float | None = None
    ) -> None:
        """Hand the answer to all waiting callers, and cache it.

        Args:
            value: The answer.
            size: About how many bytes it takes.
            began: When the oldest part of it began, by the clock; None for the flight's beginning.
            fresh: Until when to serve it, by the clock; None for the lifetime of a reading.
        """
        lifetimes, now = self._cache.lifetimes, self._cache.clock()
        began = self._began if began is None else began
        if fresh is None:
            # An answer slower than its lifetime would be requested all the time.
            longest = max(began + lifetimes.stale, began + lifetimes.reading)
            fresh = max(began + lifetimes.reading, min(now + (now - self._began), longest))
        ends = max(fresh, began + lifetimes.stale)
        self._land(Entry(value, None, began, fresh, ends, _ENTRY + size))

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> bool:
        """Land the error, if there is one, and make place for others.

        Raises:
            ReadTimeout: The slot that the caller had left did not become free in time.
        """
        handled = isinstance(error, ReadError)
        try:
            if self.leads and self.entry is _PENDING:
                # A copy: the error itself holds every frame below it, the request's included.
                failure = copy.copy(error) if isinstance(error, ReadError) else self._broken()
                self._land(self._failure(failure), is_hasty=self._is_hasty(failure))
        finally:
            if self._has_place:
                self._cache.places.release()
        if error is None or handled:
            self._cache.slots.resume(self._had_slot)
        return handled

    def _is_hasty(self, failure: ReadError) -> bool:
        """Whether other callers, with more time, may well get an answer.

        A failure before the leader's time was over had another reason.
        """
        is_over = self._deadline.remaining() <= _OVER
        return isinstance(failure, ReadTimeout) and self._is_scarce and is_over

    def _broken(self) -> UpstreamError:
        return UpstreamError(str(self._key), "the reading was broken off")

    def _failure(self, error: ReadError) -> Entry[V]:
        lifetimes, now = self._cache.lifetimes, self._cache.clock()
        began = self._began
        if isinstance(error, NotFound) and error.began is not None:
            # It is as old as the list that the object is not in.
            began = now = error.began
        if isinstance(error, NotServed):
            # Groups rest on it: like a reading it grows old, and stands in for a failure.
            fresh = now + lifetimes.reading
            ends = max(fresh, now + lifetimes.stale)
        else:
            unseen = self._cache.is_absence(self._key, error)
            fresh = ends = now + (lifetimes.absence if unseen else lifetimes.failure)
        return Entry(cast("V", None), error, began, fresh, ends, _ENTRY + _ERROR)

    def _land(self, entry: Entry[V], *, is_hasty: bool = False) -> None:
        cache = self._cache
        with cache.memory.lock:
            self.was_hasty = is_hasty
            if not is_hasty:
                cache.keep(self._key, entry)
            del cache.flights[self._key]
        self.entry = entry
        self.landed.set()

    def _without(self, problem: str) -> Self:
        """End with a `ReadTimeout` that says nothing about the cluster and is not cached."""
        error = ReadTimeout(str(self._key), problem)
        self.entry = Entry(cast("V", None), error, self._began, self._began, self._began, 0)
        return self


def _ends(_: object, entry: Entry[Any], __: float) -> float:
    return entry.ends
