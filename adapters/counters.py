"""What the service counts of itself, as plain numbers, which cost an answer next to nothing.

They are those of the process: `COUNTERS` has them, and `http.own_series` turns them into metrics.
"""

from __future__ import annotations

import threading
from bisect import bisect_left
from collections.abc import Callable, Generator, Hashable
from contextlib import contextmanager
from dataclasses import dataclass
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


class RequestKey(NamedTuple):
    """What requests are counted by.

    Attributes:
        route: The template of the route; never a path, which is the caller's.
        method: GET, HEAD or other.
        code: The code of the answer.
    """

    route: str
    method: str
    code: int


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
    """Durations by keys, each as counts for the buckets of `BOUNDS`, one more, and the sum."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._found: dict[K, tuple[list[int], list[float]]] = {}

    def add(self, key: K, seconds: float) -> None:
        """Add one, in seconds."""
        bucket = bisect_left(BOUNDS, seconds)
        with self._lock:
            found = self._found.get(key)
            if found is None:
                found = self._found[key] = [0] * (len(BOUNDS) + 1), [0.0]
            found[0][bucket] += 1
            found[1][0] += seconds

    def found(self) -> dict[K, tuple[list[int], float]]:
        """A copy: how many are in each bucket alone, and the sum of all."""
        with self._lock:
            return {key: (counts.copy(), total[0]) for key, (counts, total) in self._found.items()}


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
        requests: Requests, by route, method and code.
        durations: How long they took, by route.
        api_requests: Requests to the API server.
        api_durations: How long they took, by verb.
        limited: Requests that were refused, by the name of the limit.
        failed_authentications: Requests that were refused for their credentials, by what is wrong.
    """

    def __init__(self) -> None:
        self.requests: Tally[RequestKey] = Tally()
        self.durations: Durations[str] = Durations()
        self.api_requests: Tally[ApiKey] = Tally()
        self.api_durations: Durations[str] = Durations()
        self.limited: Tally[str] = Tally("default", "token", "failed-auth")
        self.failed_authentications: Tally[str] = Tally("missing", "wrong")
        self._lock = threading.Lock()
        self._in_flight = 0
        self._caches: dict[str, CacheCounts] = {}
        self._load: Callable[[], Load] | None = None

    @property
    def in_flight(self) -> int:
        """Requests that are worked on."""
        return self._in_flight

    @property
    def load(self) -> Load | None:
        """How busy the server is; None where it is not our own."""
        load = self._load
        return None if load is None else load()

    def begin_request(self) -> None:
        """Count a request that comes in."""
        with self._lock:
            self._in_flight += 1

    def end_request(self, key: RequestKey, seconds: float) -> None:
        """Count a request that was answered, after so many seconds."""
        with self._lock:
            self._in_flight -= 1
        self.requests.add(key)
        self.durations.add(key.route, seconds)

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
