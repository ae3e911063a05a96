"""One call at a time for each key, and a bound on how many may wait for calls at all."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable
from contextlib import nullcontext
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from k8s_heartbeat.core.reader import Deadline

from .turns import Turns

__all__ = ["Busy", "SingleFlight"]

K = TypeVar("K", bound=Hashable)
T = TypeVar("T")


class Busy(Exception):  # noqa: N818  # a state, and no fault of anybody's
    """There is no outcome: too many wait already, or it did not come in time."""


@dataclass(slots=True)
class _Flight(Generic[T]):
    """One call, and those who wait for it."""

    landed: threading.Event = field(default_factory=threading.Event)
    outcome: T | None = None


class SingleFlight(Generic[K, T]):
    """Calls somebody slow once for all who ask the same at one moment.

    Args:
        places: How many may wait at one moment, whatever they ask; shared with whoever else calls
            the same upstream.
        lock: Held while what is remembered is looked up and kept.
        recall: What is remembered of a key, or None.
        keep: Remembers an outcome.
        turns: What callers step out of while they call or wait.
    """

    def __init__(
        self,
        places: threading.BoundedSemaphore,
        lock: threading.Lock,
        recall: Callable[[K], T | None],
        keep: Callable[[K, T], None],
        turns: Turns | None = None,
    ) -> None:
        self._places = places
        self._lock = lock
        self._recall = recall
        self._keep = keep
        self._aside = nullcontext if turns is None else turns.aside
        self._flights: dict[K, _Flight[T]] = {}

    def outcome(
        self, key: K, call: Callable[[], T], broken: Callable[[], T], deadline: Deadline
    ) -> T:
        """What is remembered of a key, or what a call for it comes to: one's own, or another's.

        Args:
            key: What is asked.
            call: Asks; it returns what it came to, failures too.
            broken: What it came to where `call` raises all the same.
            deadline: How long to wait for another's call.

        Raises:
            Busy: No place is free, or the other's call took too long.
        """
        with self._lock:
            known = self._recall(key)
        if known is not None:
            return known
        # One's turn is waited for only once the place is free for others.
        with self._aside():
            return self._called(key, call, broken, deadline)

    def _called(
        self, key: K, call: Callable[[], T], broken: Callable[[], T], deadline: Deadline
    ) -> T:
        if not self._places.acquire(blocking=False):
            raise Busy(f"{key}: too many requests wait for the API server")
        try:
            with self._lock:
                # Since the first look it may have landed.
                known = self._recall(key)
                if known is not None:
                    return known
                flight = self._flights.get(key)
                own = flight is None
                if flight is None:
                    flight = self._flights[key] = _Flight()
            if own:
                return self._fly(key, flight, call, broken)
            flight.landed.wait(deadline.remaining())
            if flight.outcome is None:
                raise Busy(f"{key}: no answer in time")
            return flight.outcome
        finally:
            self._places.release()

    def _fly(self, key: K, flight: _Flight[T], call: Callable[[], T], broken: Callable[[], T]) -> T:
        outcome: T | None = None
        try:
            outcome = call()
        finally:
            if outcome is None:
                outcome = broken()
            with self._lock:
                self._keep(key, outcome)
                del self._flights[key]
            flight.outcome = outcome
            flight.landed.set()
        return outcome
