"""Limits that several processes share, counted by a script in Redis as `quota` counts here.

Separate threads call Redis: whatever it does, or fails to do, delays a request only for a moment.
The local quota always counts along, learns what the others have used, and takes over at once while
Redis does not answer.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from k8s_heartbeat.core.fields import is_list

from ..waits import waiting
from .quota import LocalQuota, RateLimit, Usage, short

if TYPE_CHECKING:
    from redis.commands.core import Script

__all__ = ["COUNT", "SharedCounts", "SharedQuota"]

_log = logging.getLogger(__name__)

_PREFIX = "k8s-heartbeat:sliding"
_THREADS = 8
# For the key that tests whether Redis is back: it is never used up, so that each try writes.
_PROBE = RateLimit(10**9)

# One clock for all processes. Before version 5, Redis allows no writes after reading the time.
_NOW = """
local time = redis.call('TIME')
local seconds = time[1] + time[2] / 1000000
"""
COUNT = """
local cost, requests, period = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local rate = requests / period
local now = seconds * rate
local paid = tonumber(redis.call('GET', KEYS[1]) or '')
if not paid or not (paid > now) then paid = now end
local ahead = paid > now + requests
if ahead then paid = now + requests end
local admitted = paid + cost - now <= requests + rate * 0.000001
if admitted then paid = paid + cost end
if ahead or admitted and cost > 0 then
  local expiry = math.max(1, math.ceil((paid - now) / rate * 1000))
  redis.call('SET', KEYS[1], string.format('%.17g', paid), 'PX', string.format('%.0f', expiry))
end
return {admitted and 1 or 0, string.format('%.17g', paid - now)}
"""
"""What `LocalQuota` does, in Lua: whether a cost was admitted, and the level of the key after it.

Its arguments are a key, the cost, the limit and the period; `seconds` is the current time. A value
that this script cannot have written is corrected: one that is not a number counts as nothing, and
one more than a whole limit ahead, as after the clock was set back, as a limit just used up. The
level is returned as text, because Redis truncates numbers to integers.
"""

T = TypeVar("T")


class SharedQuota:
    """A `Quota` that is counted in Redis, and in this process alone while Redis is away.

    Args:
        name: What is counted; the same in every process that shares it.
        local: The quota that counts along.
        counts: The shared counters.
    """

    def __init__(self, name: str, local: LocalQuota, counts: SharedCounts) -> None:
        self.limit: RateLimit = local.limit
        self._local = local
        self._counts = counts
        # Processes with different limits do not share counters.
        period = f"{local.limit.period.total_seconds():g}"
        self._prefix = f"{name}/{local.limit.requests}/{period}"

    def hit(self, key: str, cost: int = 1) -> Usage:
        """See `Quota.hit`; Redis is not asked about a key that has too little left here."""
        mine = self._local.hit(key, cost)
        return mine if mine.over else self._learned(key, mine, cost)

    def usage(self, key: str) -> Usage:
        """See `Quota.usage`."""
        mine = self._local.usage(key)
        return self._learned(key, mine, 0) if mine.remaining else mine

    def _learned(self, key: str, mine: Usage, cost: int) -> Usage:
        """Use the cost in Redis too; the usage by the higher of both levels."""
        theirs = self._counts.use(f"{self._prefix}/{short(key)}", cost, self.limit)
        if theirs is None:
            return mine
        return self._local.learn(key, theirs.level, 0 if theirs.admitted else cost)


@dataclass(frozen=True, slots=True)
class _Count:
    """The answer of Redis: a key's level, see `RateLimit.usage`, and whether it was admitted."""

    level: float
    admitted: bool


class SharedCounts:
    """Counters in Redis, or nothing at all while it does not answer as it should.

    No connection is made before the first use of a counter.

    Args:
        url: Where Redis is: ``redis://``, ``rediss://`` or ``redis+unix://``.
        patience: Seconds that a request waits for Redis at most, all that it asks together.
        pause: Seconds after which Redis is tried again once it failed.

    Raises:
        ModuleNotFoundError: The extra `redis` is not installed.
        ValueError: The address is malformed.
    """

    def __init__(self, url: str, *, patience: float = 0.2, pause: float = 1.0) -> None:
        # Needs an extra, and only if limits are shared.
        import redis  # noqa: PLC0415  # see above
        from redis.backoff import NoBackoff  # noqa: PLC0415  # see above
        from redis.retry import Retry  # noqa: PLC0415  # see above

        self._pool = redis.ConnectionPool.from_url(  # pyright: ignore[reportUnknownMemberType]  # its options have no types
            url.replace("redis+unix", "unix", 1),
            socket_timeout=patience,
            socket_connect_timeout=patience,
            retry=Retry(NoBackoff(), 0),
        )
        self._script: Script = redis.Redis(connection_pool=self._pool).register_script(_NOW + COUNT)
        self._patience = patience
        self._pause = pause
        self._crew = _Crew(_THREADS)
        self._lock = threading.Lock()
        self._answers = True
        self._next_probe = 0.0

    def use(self, key: str, cost: int, limit: RateLimit) -> _Count | None:
        """Use `cost` of a limit, or nothing if too little is left; None while Redis is away."""
        return self._ask(partial(self._run, key, cost, limit))

    def fault(self) -> str:
        """What is wrong with Redis now; empty if no fault is known."""
        return "" if self._answers else "away, each process counts for itself; see the log"

    def close(self) -> None:
        """End every thread and connection."""
        self._crew.end()
        self._pool.disconnect()

    def _run(self, key: str, cost: int, limit: RateLimit) -> _Count:
        period = limit.period.total_seconds()
        answer = self._script([f"{_PREFIX}:{key}"], [cost, limit.requests, period])
        # Another server at the address may answer anything.
        admitted, level = answer if is_list(answer) else (None, None)
        if not isinstance(level, bytes):
            raise TypeError("it does not run the script")
        count = _Count(float(level), admitted == 1)
        if not count.level >= 0:
            raise ValueError("it counts backwards")
        return count

    def _ask(self, work: Callable[[], T]) -> T | None:
        """The answer of Redis, if it comes within `patience`; None otherwise."""
        if not self._answers:
            self._probe()
            return None
        job = _Job(work, time.monotonic() + self._patience)
        try:
            self._crew.take(job)
        except RuntimeError:
            self._lost("no thread can be started to ask Redis")
            return None
        with waiting():
            answered = job.done.wait(self._patience)
        if not answered:
            self._lost(f"Redis failed ({TimeoutError.__name__})")
        elif job.error is not None:
            # Not in its words, which repeat a password that Redis does not understand.
            self._lost(f"Redis failed ({type(job.error).__name__})")
        return job.result

    def _probe(self) -> None:
        """Find out, once a pause, whether Redis is back; no request waits for it."""
        now = time.monotonic()
        with self._lock:
            if now < self._next_probe:
                return
            self._next_probe = now + self._pause

        def work() -> None:
            # A Redis that is full or read-only still answers a ping.
            self._run("probe", 1, _PROBE)
            self._found()

        with suppress(RuntimeError):
            self._crew.take(_Job(work, now + self._pause))

    def _lost(self, why: str) -> None:
        with self._lock:
            self._next_probe = time.monotonic() + self._pause
            if not self._answers:
                return
            self._answers = False
        # The current response may never end.
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
    """Work for another thread, with a time after which it is dropped."""

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
        # On any error that a broken Redis causes, the local quota takes over.
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
                # The existing threads do the work.
                return
            self._threads.append(thread)

    def _work(self) -> None:
        while (job := self._jobs.get()) is not None:
            job.run()
