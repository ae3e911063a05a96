"""What the service counts of itself, as plain numbers, which cost an answer next to nothing.

They are those of the process: `COUNTERS` has them, and `http.own_series` turns them into metrics.
"""

from __future__ import annotations

import threading
from bisect import bisect_left
from collections.abc import Callable, Generator, Hashable
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import accumulate
from operator import add
from typing import Generic, NamedTuple, TypeVar

from k8s_heartbeat.core.kinds import Kind

__all__ = [
    "COUNTERS",
    "ApiKey",
    "CacheCounts",
    "Counters",
    "Durations",
    "Load",
    "RequestKey",
    "Tally",
]

K = TypeVar("K", bound=Hashable)

BOUNDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""The upper bounds of the buckets of durations, in seconds."""


RequestKey = tuple[str, str, int]
"""What requests are counted by: the template of the route and never a path, which is the caller's;
GET, HEAD or other; and the code of the answer."""


class ApiKey(NamedTuple):
    """What requests to the API server are counted by.

    Attributes:
        verb: Kubernetes' word for what is done; also `discover` and `ping`.
        kind: The kind, or a word of ours; empty where it is about none, None for any other.
        outcome: One of a few words.
    """

    verb: str
    kind: Kind | str | None
    outcome: str


class Tally(Generic[K]):
    """Counts by keys; the caller has to see to it that there are few.

    Args:
        known: Keys that are counted from the beginning.
    """

    def __init__(self, *known: K) -> None:
        self._lock = threading.Lock()
        self._counts = dict.fromkeys(known, 0)

    def add(self, key: K) -> None:
        """Count one."""
        with self._lock:
            self._counts[key] = self._counts.get(key, 0) + 1

    def counts(self) -> dict[K, int]:
        """A copy of the counts."""
        with self._lock:
            return self._counts.copy()


class Durations(Generic[K]):
    """Counts with durations, by keys, of which there are to be few too."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        # A count for each bucket of `BOUNDS` alone, one for what is longer, and the sum of all.
        self._found: dict[K, list[float]] = {}

    def add(self, key: K, seconds: float) -> None:
        """Count one that took so many seconds."""
        bucket = bisect_left(BOUNDS, seconds)
        with self._lock:
            try:
                found = self._found[key]
            except KeyError:
                found = self._found[key] = [0] * (len(BOUNDS) + 2)
            found[bucket] += 1
            found[-1] += seconds

    def counts(self) -> dict[K, int]:
        """How many there are of each key."""
        return {key: int(sum(found[:-1])) for key, found in self._copy().items()}

    def by(self, group: Callable[[K], str]) -> dict[str, tuple[list[float], float]]:
        """Histograms: cumulative counts for the buckets and for all, and the sum of the durations.

        Args:
            group: What of a key tells one histogram from another.
        """
        added: dict[str, list[float]] = {}
        for key, found in self._copy().items():
            sums = added.setdefault(group(key), [0] * len(found))
            sums[:] = map(add, sums, found)
        return {name: (list(accumulate(sums[:-1])), sums[-1]) for name, sums in added.items()}

    def _copy(self) -> dict[K, list[float]]:
        with self._lock:
            return {key: found.copy() for key, found in self._found.items()}


@dataclass(slots=True)
class CacheCounts:
    """How often a cache was asked; the lock of its memory guards them.

    Attributes:
        hits: Answered from the cache.
        misses: Led to a call.
        shared: Waited for the call of another caller.
        stale: Answered with an older reading, because the call failed.
    """

    hits: int = 0
    misses: int = 0
    shared: int = 0
    stale: int = 0


class Load(NamedTuple):
    """How busy the server is.

    Attributes:
        connections: Open connections of clients.
        queued: Requests that no thread works on yet.
    """

    connections: int
    queued: int


class Counters:
    """Everything that is counted.

    Attributes:
        in_flight: The requests that are worked on.
        requests: Requests that were answered.
        api_requests: Requests to the API server.
        limited: Requests that were refused, by the name of the limit.
        failed_authentications: Requests that were refused for their credentials, by what is wrong.
    """

    def __init__(self) -> None:
        # Adding to a set and taking away from it need no lock.
        self.in_flight: set[object] = set()
        self.requests: Durations[RequestKey] = Durations()
        self.api_requests: Durations[ApiKey] = Durations()
        self.limited: Tally[str] = Tally("default", "token", "failed-auth")
        self.failed_authentications: Tally[str] = Tally("missing", "wrong")
        self._lock = threading.Lock()
        self._caches: dict[str, CacheCounts] = {}
        self._load: Callable[[], Load] | None = None

    @property
    def load(self) -> Load | None:
        """How busy the server is; None where it is not our own."""
        load = self._load
        return None if load is None else load()

    def cache(self, name: str) -> CacheCounts:
        """The counts of the cache of that name."""
        with self._lock:
            return self._caches.setdefault(name, CacheCounts())

    def caches(self) -> dict[str, CacheCounts]:
        """Those of each cache."""
        with self._lock:
            return self._caches.copy()

    @contextmanager
    def serving(self, load: Callable[[], Load]) -> Generator[None]:
        """While a server of our own runs: how busy it is."""
        self._load = load
        try:
            yield
        finally:
            self._load = None


COUNTERS = Counters()
"""Those of this process."""
