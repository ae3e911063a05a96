"""A `ClusterReader` that remembers: readings, absences and failures, one flight per query.

What is remembered is the reading, never the verdict. Everything is bounded, by the memory that it
takes: names that do not exist have a memory of their own, so that guessing cannot evict what is
polled.
"""

from __future__ import annotations

import copy
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec
from cachetools import TTLCache

from k8s_heartbeat.core.reader import (
    ClusterReader,
    Deadline,
    Forbidden,
    NotFound,
    NotServed,
    Query,
    ReadError,
    Reading,
    ReadTimeout,
    UpstreamError,
)

from .single_flight import Busy, SingleFlight
from .turns import Turns

__all__ = ["CachedReader", "Lifetimes"]

# Bytes, by an estimate that is seldom too low: what is read is as large as its owner likes.
_MOST_READ = 128 * 2**20
_MOST_REFUSED = 8 * 2**20
_MOST_WAITING = 64
_MOST_PINGS = 8
# What remembering takes besides what is remembered.
_ENTRY = 2**10
_REFUSAL = 2 * 2**10
# Of a selector of many short values, for each letter that it is written in.
_LETTER = 40


@dataclass(frozen=True, slots=True)
class Lifetimes:
    """How long what was read is remembered, in seconds."""

    reading: float = 5.0
    """A reading answers for itself."""
    absence: float = 10.0
    """Not found, or forbidden."""
    failure: float = 1.5
    """The API server failed or did not answer."""
    discovery: float = 60.0
    """What kinds the cluster serves answers for itself."""
    stale: float = 60.0
    """A reading stands in for one that cannot be had; never longer."""


@dataclass(frozen=True, slots=True)
class _Taken:
    """A reading, the moment it was taken, and about how many bytes it takes."""

    reading: Reading
    at: float
    weight: int


@dataclass(frozen=True, slots=True)
class _Refused:
    """An error, the moment it came, and about how many bytes it takes; nothing of who asked."""

    error: ReadError
    at: float
    weight: int

    def raised(self, now: float) -> ReadError:
        """An error that no other caller holds."""
        error = copy.copy(self.error)
        error.age = max(0.0, now - self.at)
        return error


_Outcome = _Taken | _Refused
_PING = "ping"
_DISCOVERY = "what the cluster serves"


class CachedReader:
    """Remembers what another reader answers.

    Args:
        reader: Whom to ask.
        clock: A monotonic clock, in seconds.
        lifetimes: How long answers are remembered.
        places: How many callers may wait for the reader at one moment; the next ones are answered
            at once, from a stale reading or with `ReadTimeout`.
        turns: What callers step out of while they wait.
    """

    def __init__(
        self,
        reader: ClusterReader,
        *,
        clock: Callable[[], float],
        lifetimes: Lifetimes = Lifetimes(),
        places: threading.BoundedSemaphore | None = None,
        turns: Turns | None = None,
    ) -> None:
        self._reader = reader
        self._clock = clock
        self._lifetimes = lifetimes
        self._lock = threading.Lock()
        self._calls: SingleFlight[Query | str, _Outcome] = SingleFlight(
            places or threading.BoundedSemaphore(_MOST_WAITING),
            self._lock,
            self._remembered,
            self._remember,
            turns,
        )
        # Anybody may ask for it, without a token or a limit: that must not keep readers waiting.
        self._pings: SingleFlight[Query | str, _Outcome] = SingleFlight(
            threading.BoundedSemaphore(_MOST_PINGS),
            self._lock,
            self._remembered,
            self._remember,
            turns,
        )
        longest = max(lifetimes.stale, lifetimes.reading, lifetimes.discovery)
        self._readings: TTLCache[Query | str, _Taken] = TTLCache(
            _MOST_READ, longest, clock, _weight
        )
        self._absences = self._refusals(lifetimes.absence)
        # Stands in as a reading does: a workload that no cluster has to have fails no aggregate.
        self._unserved = self._refusals(lifetimes.stale)
        self._failures = self._refusals(lifetimes.failure)

    def _refusals(self, lifetime: float) -> TTLCache[Query | str, _Refused]:
        return TTLCache(_MOST_REFUSED, lifetime, self._clock, _weight)

    def read(self, query: Query, deadline: Deadline) -> Reading:
        """See `ClusterReader.read`; every caller gets an error of its own."""
        return self._answer(query, lambda: self._reader.read(query, deadline), deadline)

    def discover(self, deadline: Deadline) -> Reading:
        """See `ClusterReader.discover`; remembered longer than a reading."""
        return self._answer(_DISCOVERY, lambda: self._reader.discover(deadline), deadline)

    def ping(self, deadline: Deadline) -> None:
        """See `ClusterReader.ping`; remembered like a reading, but never stood in for."""

        def ping() -> Reading:
            self._reader.ping(deadline)
            return Reading(())

        self._answer(_PING, ping, deadline)

    def _answer(self, key: Query | str, ask: Callable[[], Reading], deadline: Deadline) -> Reading:
        def broken() -> _Outcome:
            return self._refused(key, UpstreamError(f"{key}: the reading was broken off"))

        try:
            calls = self._pings if key == _PING else self._calls
            outcome = calls.outcome(key, lambda: self._asked(key, ask), broken, deadline)
        except Busy as busy:
            outcome = self._refused(key, ReadTimeout(str(busy)))
        return self._resolved(key, outcome)

    def _asked(self, key: Query | str, ask: Callable[[], Reading]) -> _Outcome:
        try:
            reading = ask()
        except ReadError as error:
            # A copy: the error itself holds every frame below it, the request's included.
            return self._refused(key, copy.copy(error))
        weight = _ENTRY + _weight_of(key) + sum(map(_weight_in_memory, reading.objects))
        return _Taken(reading, self._clock() - reading.age, weight)

    def _lifetime(self, key: Query | str) -> float:
        return self._lifetimes.discovery if key == _DISCOVERY else self._lifetimes.reading

    def _refused(self, key: Query | str, error: ReadError) -> _Refused:
        return _Refused(error, self._clock(), _REFUSAL + _weight_of(key))

    def _remembered(self, key: Query | str) -> _Outcome | None:
        """What answers without asking; the caller holds the lock."""
        taken = self._readings.get(key)
        if taken is not None and self._clock() - taken.at < self._lifetime(key):
            return taken
        return self._absences.get(key) or self._failures.get(key)

    def _remember(self, key: Query | str, outcome: _Outcome) -> None:
        """Keep an outcome in place of what it overtakes; the caller holds the lock."""
        if isinstance(outcome, _Taken):
            # A reading over the bound evicts nothing; what it overtakes is not true any more.
            if outcome.weight <= _MOST_READ:
                self._readings[key] = outcome
            else:
                self._readings.pop(key, None)
            self._absences.pop(key, None)
            self._unserved.pop(key, None)
        elif self._is_absence(key, outcome.error):
            self._absences[key] = outcome
            self._readings.pop(key, None)
            if isinstance(outcome.error, NotServed):
                self._unserved[key] = outcome
        else:
            self._failures[key] = outcome
            return
        self._failures.pop(key, None)

    def _is_absence(self, key: Query | str, error: ReadError) -> bool:
        """Whether an error says that there is nothing to be seen.

        An API server that starts knows no role at first and forbids everything: what was seen a
        moment ago is not believed to be out of sight.
        """
        unseen = key not in self._readings
        gone = isinstance(error, NotFound | NotServed)
        return gone or (isinstance(error, Forbidden) and unseen)

    def _resolved(self, key: Query | str, outcome: _Outcome) -> Reading:
        """A reading as old as it is by now, or an error that no other caller holds."""
        if isinstance(outcome, _Refused):
            gone = isinstance(outcome.error, NotFound | NotServed)
            stale = None if gone else self._stale(key)
            if stale is None:
                raise (outcome if gone else self._before(key, outcome)).raised(self._clock())
            outcome = stale
        age = max(0.0, self._clock() - outcome.at)
        reading = outcome.reading
        return Reading(
            reading.objects, age, age >= self._lifetime(key), truncated=reading.truncated
        )

    def _before(self, key: Query | str, failure: _Refused) -> _Refused:
        """That a kind is not served, where it was so a moment ago; otherwise the failure."""
        with self._lock:
            return self._unserved.get(key, failure)

    def _stale(self, key: Query | str) -> _Taken | None:
        if key == _PING:
            return None
        with self._lock:
            taken = self._readings.get(key)
        if taken is None or self._clock() - taken.at > self._lifetimes.stale:
            return None
        return taken


def _weight(outcome: _Outcome) -> int:
    return outcome.weight


def _weight_of(key: Query | str) -> int:
    selector = None if isinstance(key, str) else key.selector
    return 0 if selector is None else _LETTER * len(str(selector))


def _weight_in_memory(manifest: Mapping[str, Any]) -> int:
    """About how many bytes an object takes: the text of it, and each part that it is made of."""
    try:
        text = msgspec.json.encode(manifest, enc_hook=str)
    except (msgspec.MsgspecError, ValueError, TypeError, OverflowError, RecursionError):
        # No text of it can be made, such as of half a character: too odd to be kept.
        return _MOST_READ
    return len(text) + 160 * text.count(b"{") + 64 * text.count(b"[") + 80 * text.count(b",")
