"""Limits that processes share, on a real redis-server; and what is left of them without it."""

from __future__ import annotations

import logging
import socket
import threading
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack, contextmanager, suppress
from datetime import timedelta
from pathlib import Path

import pytest

from k8s_heartbeat.adapters.http.quota import LocalQuota, RateLimit
from k8s_heartbeat.adapters.http.shared_quota import SharedCounts, SharedQuota
from tests.servers.api_server import PATIENCE, until
from tests.servers.process import all_at_once, free_port
from tests.servers.redis_server import RedisServer

PASSWORD = "redis-s3cret"
FIVE = RateLimit(5, timedelta(minutes=1))
LOST = "limits are not shared"
FOUND = "limits are shared again"


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[RedisServer]:
    """A redis-server that asks for a password."""
    with RedisServer(tmp_path, PASSWORD) as server:
        yield server


@contextmanager
def replicas(
    url: str, limit: RateLimit = FIVE, *, count: int = 2, patience: float = PATIENCE
) -> Generator[list[SharedQuota]]:
    """Quotas that know of each other through Redis alone, and try it often once it failed.

    They are patient, so that a machine that is busy changes nothing, unless a Redis that hangs is
    what is tried.
    """
    with ExitStack() as stack:
        quotas: list[SharedQuota] = []
        for _ in range(count):
            counts = SharedCounts(url, patience=patience, pause=0.1)
            stack.callback(counts.close)
            quotas.append(SharedQuota("test", LocalQuota(limit, time.monotonic), counts))
        yield quotas


def are_shared(one: SharedQuota, other: SharedQuota) -> bool:
    """Whether what is counted here is seen there; under a key that nothing else counts."""
    key = f"probe-{time.monotonic_ns()}"
    one.hit(key)
    return other.usage(key).used == 1


def messages(caplog: pytest.LogCaptureFixture) -> list[str]:
    """What was logged, up to the first colon."""
    return [record.getMessage().partition(":")[0] for record in caplog.records]


def test_replicas_share_one_count(redis: RedisServer) -> None:
    """A hit here is used there, with the same end, and one key is nothing to another."""
    with replicas(redis.url) as (one, other):
        assert [one.hit("a").used, other.hit("a").used, one.hit("a", cost=2).used] == [1, 2, 4]
        assert other.usage("a").used == 4
        assert other.hit("b").used == 1
        usage = other.hit("a")
        assert (usage.used, usage.over, usage.seconds) == (5, False, 60)
        assert one.hit("a").over
        assert other.usage("c").used == 0


def test_replica_that_comes_later_learns_when_the_period_ends(redis: RedisServer) -> None:
    """It tells its clients the time at which they will be let in, not a whole period."""
    with replicas(redis.url) as (one, other):
        one.hit("a", cost=9)
        redis.tell("EXPIRE", "k8s-heartbeat:test/5/60/a", "17")
        assert (other.usage("a").used, other.usage("a").seconds) == (9, 17)
        assert other.hit("a").over
        one.hit("b")
        redis.tell("EXPIRE", "k8s-heartbeat:test/5/60/b", "17")
        assert (other.hit("b").used, other.hit("b").seconds) == (2, 17)


def test_counts_of_another_limit_or_of_another_kind_are_not_mixed(redis: RedisServer) -> None:
    """A roll-out that changes a limit begins to count anew."""
    with replicas(redis.url) as (one, _), replicas(redis.url, RateLimit(9)) as (other, _):
        one.hit("a")
        assert other.hit("a").used == 1


def test_no_more_pass_than_may_however_many_ask_at_once(redis: RedisServer) -> None:
    """Two replicas of sixteen threads each, and not one too many or too few."""
    limit = RateLimit(50, timedelta(minutes=1))
    with replicas(redis.url, limit) as quotas:
        turns = iter(quotas * 16)
        found = all_at_once(32, lambda: _hits(next(turns), 5))
        assert sum(passed for passed in found) == 50


def _hits(quota: SharedQuota, times: int) -> int:
    return sum(not quota.hit("a").over for _ in range(times))


def test_death_and_return_under_load(redis: RedisServer, caplog: pytest.LogCaptureFixture) -> None:
    """Nobody hangs, nothing is raised, and what was used before is not given back."""
    limit = RateLimit(2_000, timedelta(minutes=1))
    ended = threading.Event()
    passed: list[int] = []

    with replicas(redis.url, limit) as quotas:

        def caller(quota: SharedQuota) -> None:
            count = 0
            while not ended.is_set():
                count += not quota.hit("a").over
                time.sleep(0.001)
            passed.append(count)

        threads = [
            threading.Thread(target=caller, args=[quota]) for quota in quotas for _ in range(8)
        ]
        for thread in threads:
            thread.start()
        try:
            one, other = quotas
            until(lambda: one.usage("a").used > limit.requests // 2, "load")
            redis.kill()
            before = other.usage("a").used
            until(lambda: messages(caplog).count(LOST) >= 2, "both notice")
            until(lambda: other.usage("a").used > before, "counting goes on")
            redis.start()
            until(lambda: are_shared(one, other) and are_shared(other, one), "they share again")
            until(lambda: one.usage("a").over and other.usage("a").over, "the limit is reached")
        finally:
            ended.set()
            for thread in threads:
                thread.join(10)
    assert len(passed) == len(threads)
    # Half was used when they lost sight of each other: what is left is there twice at most, and
    # what one had not yet heard of the other.
    assert limit.requests <= sum(passed) <= 1.75 * limit.requests
    # Once for each change, and not for each request; a slow machine may lose Redis once more.
    lost, found = messages(caplog).count(LOST), messages(caplog).count(FOUND)
    assert 2 <= found <= lost <= found + 2 <= 8
    assert len(messages(caplog)) == lost + found


def test_hanging_redis_holds_up_nobody(
    redis: RedisServer, caplog: pytest.LogCaptureFixture
) -> None:
    """Sixty-four callers at once wait a moment together, the next ones not at all."""
    with replicas(redis.url, RateLimit(), patience=0.2) as (one, other):
        one.hit("a")
        redis.hang()
        try:
            found = all_at_once(64, lambda: [one.hit("a").used for _ in range(20)])
        finally:
            redis.go_on()
        assert max(max(numbers) for numbers in found) == 1 + 64 * 20
        until(lambda: are_shared(one, other), "they share again")
    assert messages(caplog) == [LOST, FOUND]


@pytest.mark.parametrize("password", ["wr0ng-s3cret", ""])
def test_redis_that_lets_nobody_in_leaves_the_local_count(
    redis: RedisServer, caplog: pytest.LogCaptureFixture, password: str
) -> None:
    """It is said once, however often it is tried, and without the password."""
    caplog.set_level(logging.DEBUG)
    user = f":{password}@" if password else ""
    with replicas(f"redis://{user}127.0.0.1:{redis.port}", count=1) as (quota,):
        assert [quota.hit("a").over for _ in range(6)] == [False] * 5 + [True]
        refused = _errors(redis)
        until(lambda: quota.usage("b").remaining > 0 and _errors(redis) >= refused + 3, "tries")
    assert messages(caplog).count(LOST) == 1
    assert FOUND not in messages(caplog)
    assert password not in caplog.text or not password


def _errors(redis: RedisServer) -> int:
    """How many commands it refused so far."""
    lines = redis.tell("INFO", "stats").decode().splitlines()
    return int(next(line for line in lines if "total_error_replies" in line).partition(":")[2])


def test_full_redis_leaves_the_local_count_until_there_is_room(
    redis: RedisServer, caplog: pytest.LogCaptureFixture
) -> None:
    """It would answer a ping all the time."""
    with replicas(redis.url) as (one, other):
        redis.tell("CONFIG", "SET", "maxmemory", "1")
        assert [one.hit("a").over for _ in range(6)] == [False] * 5 + [True]
        refused = _errors(redis)
        until(lambda: one.usage("b").remaining > 0 and _errors(redis) >= refused + 3, "tries")
        assert messages(caplog) == [LOST]
        redis.tell("CONFIG", "SET", "maxmemory", "0")
        until(lambda: are_shared(one, other), "they share again")
    assert messages(caplog) == [LOST, FOUND]


def test_counter_that_is_no_number_leaves_the_local_count(redis: RedisServer) -> None:
    """Whoever else writes there."""
    with replicas(redis.url, count=1) as (quota,):
        redis.tell("SET", "k8s-heartbeat:test/5/60/a", "a lot")
        redis.tell("LPUSH", "k8s-heartbeat:test/5/60/b", "a lot")
        redis.tell("SET", "k8s-heartbeat:test/5/60/c", "-7")
        for key in "abc":
            until(lambda: are_shared(quota, quota), "it answers")
            assert quota.hit(key).used == 1
            assert quota.usage(key).used == 1


@contextmanager
def answering(answer: Callable[[socket.socket], None]) -> Generator[str]:
    """The address of what is no Redis: it treats each connection in its own way."""
    listener = socket.create_server(("127.0.0.1", 0), backlog=64)

    def serve() -> None:
        while True:
            try:
                sock, _ = listener.accept()
            except OSError:
                return
            with sock, suppress(OSError):
                answer(sock)

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield f"redis://:{PASSWORD}@127.0.0.1:{listener.getsockname()[1]}"
    finally:
        with suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join(10)


def says(data: bytes) -> Callable[[socket.socket], None]:
    """The same to whatever it is told."""

    def answer(sock: socket.socket) -> None:
        sock.settimeout(2)
        while sock.recv(2**16):
            sock.sendall(data)

    return answer


def drips(sock: socket.socket) -> None:
    """A byte at a time, so that no wait for the next one is long."""
    sock.settimeout(2)
    sock.recv(2**16)
    for _ in range(12):
        sock.sendall(b"$")
        time.sleep(0.05)


def shuts(sock: socket.socket) -> None:
    """Nothing, and it hangs up."""


@pytest.mark.parametrize(
    "answer",
    [
        says(b"HTTP/1.1 400 Bad Request\r\n\r\n"),
        says(b"\x00\xff\x00\xff\r\n"),
        says(b"+OK\r\n"),
        says(b"$-1\r\n"),
        says(b":-5\r\n"),
        says(b"*-1\r\n"),
        says(b":99999999999999999999999999x\r\n"),
        says(b"-ERR unknown command 'AUTH', with args beginning with: '" + b"redis-s3cret'\r\n"),
        says(b"*1\r\n" * 3000),
        drips,
        shuts,
    ],
    ids=[
        "http",
        "bytes",
        "ok",
        "nil",
        "negative",
        "null",
        "digits",
        "echo",
        "deep",
        "drip",
        "shut",
    ],
)
def test_nonsense_leaves_the_local_count(
    answer: Callable[[socket.socket], None], caplog: pytest.LogCaptureFixture
) -> None:
    """Whatever stands at the address: the limit holds, and the log has no password."""
    caplog.set_level(logging.DEBUG)
    with answering(answer) as url, replicas(url, count=1, patience=0.2) as (quota,):
        assert quota.usage("a").used == 0
        assert [quota.hit("a").over for _ in range(6)] == [False] * 5 + [True]
        assert quota.usage("a").over
    assert messages(caplog).count(LOST) == 1
    assert PASSWORD not in caplog.text


@pytest.mark.parametrize("host", ["127.0.0.1", "no-such-host.invalid"])
def test_redis_that_is_away_at_first_is_used_once_it_is_there(host: str, tmp_path: Path) -> None:
    """Nothing that starts has to wait for it."""
    port = free_port()
    with replicas(f"redis://{host}:{port}") as (one, other):
        assert [one.hit("a").over for _ in range(6)] == [False] * 5 + [True]
        if host == "127.0.0.1":
            with RedisServer(tmp_path, port=port):
                until(lambda: are_shared(one, other), "they share")


def test_socket_of_a_redis_on_this_machine(redis: RedisServer) -> None:
    """By its path, with a password too."""
    with replicas(f"redis+unix://:{PASSWORD}@{redis.folder}/redis.sock") as (one, other):
        assert are_shared(one, other)


@pytest.mark.parametrize(
    ("most", "why"), [(0, "no thread can be started"), (1, "Redis failed (ConnectionError)")]
)
def test_threads_that_cannot_be_started_are_done_without(
    most: int, why: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """One is enough to ask Redis; without any, each counts for itself and the log says why."""
    start, started = threading.Thread.start, list[threading.Thread]()

    def start_few(thread: threading.Thread) -> None:
        if len(started) >= most:
            raise RuntimeError("can't start new thread")
        started.append(thread)
        start(thread)

    monkeypatch.setattr(threading.Thread, "start", start_few)
    with replicas(f"redis://127.0.0.1:{free_port()}", count=1) as (quota,):
        assert [quota.hit("a").used for _ in range(6)] == [1, 2, 3, 4, 5, 6]
        assert quota.usage("a").used == 6
    assert messages(caplog) == [LOST]
    assert why in caplog.text
    assert len(started) == most
