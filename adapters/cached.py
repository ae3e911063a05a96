"""A `ClusterReader` that remembers: readings, absences and failures, one call for each query."""

from __future__ import annotations

import copy
import threading
from collections.abc import Callable
from dataclasses import replace

from k8s_heartbeat.core.checks.reader import ClusterReader, Deadline, Reading
from k8s_heartbeat.core.kinds import ServedKinds
from k8s_heartbeat.core.query import Query

from .cache import Cache, Flight, Lifetimes
from .memory import Memory
from .slots import ComputeSlots

__all__ = ["CachedReader"]

_MOST_WAITING = 64
_MOST_PINGS = 8
_PING = "the API server's health"
_DISCOVERY = "the kinds that the cluster serves"
# About how many bytes a kind takes in the index of those that are served.
_KIND = 2**10
# Bytes of a selector of many short values, for each character of its text.
_LETTER = 40


class CachedReader:
    """Caches the answers of another reader.

    Args:
        reader: The other reader.
        clock: A monotonic clock, in seconds; that of every deadline.
        lifetimes: How long answers are remembered.
        memory: The budget of the cache.
        places: How many callers may wait for the reader at once; further ones get a stale reading
            or `ReadTimeout` immediately.
        slots: Where callers compute; they leave their slot while they wait.
        usual_time: Seconds that callers usually have. A timeout after less than half of it is not
            cached, and other callers that waited make their own call.
    """

    def __init__(
        self,
        reader: ClusterReader,
        *,
        clock: Callable[[], float],
        lifetimes: Lifetimes = Lifetimes(),
        memory: Memory | None = None,
        places: threading.Semaphore | None = None,
        slots: ComputeSlots | None = None,
        usual_time: float = 5.0,
    ) -> None:
        memory = memory or Memory()
        places = places or threading.BoundedSemaphore(_MOST_WAITING)
        self._reader = reader
        self._memory = memory
        self._clock = clock
        self._lifetimes = lifetimes
        self._readings: Cache[Query, Reading] = Cache(
            memory, clock, lifetimes, places, slots, usual_time=usual_time
        ).counted("readings")
        self._served: Cache[str, ServedKinds] = Cache(
            memory, clock, lifetimes, places, slots, usual_time=usual_time
        ).counted("discovery")
        # Anyone may ping, without a token or a limit: that must not keep readers waiting.
        pinging = threading.BoundedSemaphore(_MOST_PINGS)
        self._pings: Cache[str, None] = Cache(
            memory, clock, lifetimes, pinging, slots, usual_time=usual_time
        ).counted("health")

    def read(self, query: Query, deadline: Deadline) -> Reading:
        """See `ClusterReader.read`; every caller gets an error of its own."""
        readings = self._readings
        entry = readings.recall(query)
        if entry is None:
            with Flight(readings, query, deadline) as flight:
                if flight.leads:
                    reading = self._reader.read(query, deadline)
                    flight.land(reading, reading.size + _size_of(query), began=reading.began)
            entry = flight.entry
        if entry.error is not None:
            entry = readings.settled(query, entry)
        self._memory.hand_over(readings.kept, query, entry, entry.size)
        is_young = self._clock() - entry.began < self._lifetimes.reading
        return entry.value if is_young else replace(entry.value, stale=True)

    def discover(self, deadline: Deadline) -> ServedKinds:
        """See `ClusterReader.discover`; remembered longer than a reading."""
        served = self._served
        entry = served.recall(_DISCOVERY)
        if entry is None:
            with Flight(served, _DISCOVERY, deadline) as flight:
                if flight.leads:
                    found = self._reader.discover(deadline)
                    fresh = self._clock() + self._lifetimes.discovery
                    flight.land(found, _KIND * len(found.kinds), began=found.began, fresh=fresh)
            entry = flight.entry
        return served.settled(_DISCOVERY, entry).value

    def ping(self, deadline: Deadline) -> None:
        """See `ClusterReader.ping`; cached like a reading, but a stale answer is never served."""
        entry = self._pings.recall(_PING)
        if entry is None:
            with Flight(self._pings, _PING, deadline) as flight:
                if flight.leads:
                    self._reader.ping(deadline)
                    flight.land(None, 0)
            entry = flight.entry
        if entry.error is not None:
            raise copy.copy(entry.error)


def _size_of(query: Query) -> int:
    return 0 if query.selector is None else _LETTER * len(str(query.selector))
