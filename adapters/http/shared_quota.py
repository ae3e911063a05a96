"""Limits that several processes share, over the counters of `limits` in Redis.

Redis is asked by threads of its own: nothing that it does, or leaves undone, makes a request wait
longer than a moment. The local quota always counts along, learns what the others have used, and
takes over at once while Redis does not answer.
"""

from __future__ import annotations

import logging
import math
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from .quota import LocalQuota, RateLimit, Usage, short

if TYPE_CHECKING:
    from limits.storage import RedisStorage

__all__ = ["SharedCounts", "SharedQuota"]

_log = logging.getLogger(__name__)

_PREFIX = "k8s-heartbeat"
_THREADS = 8

T = TypeVar("T")


class SharedQuota:
    """A `Quota` that is counted in Redis, and in this process alone while Redis is away.

    Args:
        name: What is counted; the same in every process that shares it.
        local: The quota that counts along.
        counts: Where it is shared.
    """

    def __init__(self, name: str, local: LocalQuota, counts: SharedCounts) -> None:
        self.limit: RateLimit = local.limit
        self._local = local
        self._counts = counts
        self._expiry = math.ceil(local.limit.period.total_seconds())
        # Processes that are set up differently do not share.
        self._prefix = f"{name}/{local.limit.requests}/{self._expiry}"

    def hit(self, key: str, cost: int = 1) -> Usage:
        """See `Quota.hit`; of whoever has nothing left here, the others need not hear more."""
        mine = self._local.hit(key, cost)
        if mine.used - cost >= mine.limit:
            return mine
        begins = mine.used == cost
        return self._learned(
            key, mine, self._counts.add(self._key(key), cost, self._expiry, begins)
        )

    def usage(self, key: str) -> Usage:
        """See `Quota.usage`."""
        mine = self._local.usage(key)
        if not mine.remaining:
            return mine
        return self._learned(key, mine, self._counts.count(self._key(key), not mine.used))

    def _key(self, key: str) -> str:
        return f"{self._prefix}/{short(key)}"

    def _learned(self, key: str, mine: Usage, theirs: _Count | None) -> Usage:
        """The usage by whoever knows of more."""
        if theirs is None or theirs.used <= mine.used:
            return mine
        self._local.hit(key, 0, theirs.used, theirs.left)
        left = mine.left if theirs.left is None else min(theirs.left, float(self._expiry))
        return Usage(mine.limit, theirs.used, left)


@dataclass(frozen=True, slots=True)
class _Count:
    """A counter in Redis, and the seconds that it lasts where they were asked for."""

    used: int
    left: float | None


class SharedCounts:
    """Counters in Redis, or nothing at all while it does not answer as it should.

    No connection is made before the first counter is asked for.

    Args:
        url: Where Redis is: ``redis://``, ``rediss://`` or ``redis+unix://``.
        patience: Seconds that a request waits for Redis at most, all that it asks together.
        pause: Seconds after which Redis is tried again once it failed.

    Raises:
        ModuleNotFoundError: The extra `redis` is not installed.
        ValueError: The address is malformed.
    """

    def __init__(self, url: str, *, patience: float = 0.2, pause: float = 1.0) -> None:
        # Of an extra, and for those alone who share their limits.
        import redis  # noqa: PLC0415  # see above
        from limits.storage import RedisStorage  # noqa: PLC0415  # see above
        from redis.backoff import NoBackoff  # noqa: PLC0415  # see above
        from redis.retry import Retry  # noqa: PLC0415  # see above

        self._pool = redis.ConnectionPool.from_url(  # pyright: ignore[reportUnknownMemberType]  # its options have no types
            url.replace("redis+unix", "unix", 1),
            socket_timeout=patience,
            socket_connect_timeout=patience,
            retry=Retry(NoBackoff(), 0),
        )
        self._storage: RedisStorage = RedisStorage(
            url, connection_pool=self._pool, key_prefix=_PREFIX
        )
        self._patience = patience
        self._pause = pause
        self._crew = _Crew(_THREADS)
        self._lock = threading.Lock()
        self._answers = True
        self._next_probe = 0.0

    def add(self, key: str, cost: int, expiry: int, begins: bool) -> _Count | None:
        """Add to a counter, new ones of which last `expiry` seconds; None while Redis is away."""

        def work() -> _Count:
            used = self._storage.incr(key, expiry, cost)
            if used < cost:
                raise ValueError("it counts backwards")
            return _Count(used, self._left(key) if begins and used > cost else None)

        return self._ask(work)

    def count(self, key: str, begins: bool) -> _Count | None:
        """A counter as it is; None while Redis is away."""

        def work() -> _Count:
            used = self._storage.get(key)
            return _Count(used, self._left(key) if begins and used else None)

        return self._ask(work)

    def fault(self) -> str:
        """What is wrong with it now; empty if nothing is known to be."""
        return "" if self._answers else "away, each process counts for itself; see the log"

    def close(self) -> None:
        """End every thread and connection."""
        self._crew.end()
        self._pool.disconnect()

    def _left(self, key: str) -> float:
        # It is told as a time of the wall clock, which it was reckoned by a moment ago.
        return max(0.0, self._storage.get_expiry(key) - time.time())

    def _ask(self, work: Callable[[], T]) -> T | None:
        """What Redis says, within the moment that there is; None where it says nothing."""
        if not self._answers:
            self._probe()
            return None
        job = _Job(work, time.monotonic() + self._patience)
        try:
            self._crew.take(job)
        except RuntimeError:
            self._lost("no thread can be started to ask Redis")
            return None
        answered = job.done.wait(self._patience)
        if not answered:
            self._lost(f"Redis failed ({TimeoutError.__name__})")
        elif job.error is not None:
            # Not in its words, which repeat a password that Redis does not understand.
            self._lost(f"Redis failed ({type(job.error).__name__})")
        return job.result

    def _probe(self) -> None:
        """Find out, once a pause, whether Redis is back; nobody waits for it."""
        now = time.monotonic()
        with self._lock:
            if now < self._next_probe:
                return
            self._next_probe = now + self._pause

        def work() -> None:
            # What is full or may not be written to answers a ping.
            self._storage.incr("probe", 60)
            self._found()

        with suppress(RuntimeError):
            self._crew.take(_Job(work, now + self._pause))

    def _lost(self, why: str) -> None:
        with self._lock:
            self._next_probe = time.monotonic() + self._pause
            if not self._answers:
                return
            self._answers = False
        # What is being read may have no end.
        self._pool.disconnect()
        _log.error("limits are not shared: %s; each process counts for itself", why)

    def _found(self) -> None:
        with self._lock:
            if self._answers:
                return
            self._answers = True
        _log.warning("limits are shared again: Redis answers")


@dataclass(slots=True)
class _Job(Generic[T]):
    """Work for another thread, which nobody waits for past its end."""

    work: Callable[[], T]
    ends: float
    done: threading.Event = field(default_factory=threading.Event)
    result: T | None = None
    error: Exception | None = None

    def run(self) -> None:
        """Do it, unless it is too late."""
        if time.monotonic() > self.ends:
            return
        try:
            self.result = self.work()
        # Whatever a broken Redis makes its client raise: the local quota takes over.
        except Exception as error:
            self.error = error
        self.done.set()


class _Crew:
    """Threads, started when there is work, that end with the process."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._jobs: SimpleQueue[_Job[Any] | None] = SimpleQueue()
        self._lock = threading.Lock()
        self._threads: list[threading.Thread] = []

    def take(self, job: _Job[Any]) -> None:
        """Have a job done.

        Raises:
            RuntimeError: There is no thread, and none can be started.
        """
        if len(self._threads) < self._size:
            self._start()
        self._jobs.put(job)

    def end(self) -> None:
        """End every thread, each after its job."""
        with self._lock:
            threads, self._size = self._threads, 0
        for _ in threads:
            self._jobs.put(None)
        for thread in threads:
            thread.join()

    def _start(self) -> None:
        with self._lock:
            if len(self._threads) >= self._size:
                return
            thread = threading.Thread(target=self._work, name="limits", daemon=True)
            try:
                thread.start()
            except RuntimeError:
                if not self._threads:
                    raise
                # Those that there are do the work.
                return
            self._threads.append(thread)

    def _work(self) -> None:
        while (job := self._jobs.get()) is not None:
            job.run()
