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
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from redis import Redis

from k8s_heartbeat.adapters.http.quota import LocalQuota, RateLimit, Usage
from k8s_heartbeat.adapters.http.shared_quota import COUNT, SharedCounts, SharedQuota
from tests.http.support import Clock
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
    return left(other.usage(key)) == 4


def left(usage: Usage) -> int:
    """What is left of five, however many are left of more."""
    return usage.remaining - usage.limit + 5


def messages(caplog: pytest.LogCaptureFixture) -> list[str]:
    """What was logged, up to the first colon."""
    return [record.getMessage().partition(":")[0] for record in caplog.records]


def test_replicas_share_one_count(redis: RedisServer) -> None:
    """A hit here is used there, with the same end, and one key is nothing to another."""
    with replicas(redis.url) as (one, other):
        assert [left(one.hit("a")), left(other.hit("a")), left(one.hit("a", cost=2))] == [4, 3, 1]
        assert left(other.usage("a")) == 1
        assert left(other.hit("b")) == 4
        usage = other.hit("a")
        assert (usage.remaining, usage.over, usage.seconds) == (0, False, 12)
        refused = one.hit("a")
        assert (refused.remaining, refused.over, refused.seconds) == (0, True, 12)
        assert left(other.usage("c")) == 5


def test_replica_that_comes_later_learns_when_there_is_one_more(redis: RedisServer) -> None:
    """It tells its clients the time at which they will be let in."""
    with replicas(redis.url, RateLimit(2, timedelta(minutes=1))) as (one, other):
        one.hit("a", cost=2)
        assert (other.usage("a").remaining, other.usage("a").seconds) == (0, 30)
        refused = other.hit("a")
        assert (refused.over, refused.seconds) == (True, 30)


def test_what_is_used_comes_back_for_every_replica(redis: RedisServer) -> None:
    """As each is told; what was refused uses nothing, and what is paid back takes no room."""
    with replicas(redis.url, RateLimit(2, timedelta(seconds=1))) as (one, other):
        assert not one.hit("a", cost=2).over
        assert [other.hit("a").over, one.hit("a").over] == [True, True]
        until(lambda: not other.hit("a").over, "one more")
        until(lambda: one.usage("a").remaining == 2, "all of them")
        until(lambda: redis.tell("DBSIZE") == b":0\r\n", "Redis has forgotten it")


@given(
    # So long that Redis, whose own clock goes on, forgets nothing meanwhile.
    st.sampled_from([3600, 24 * 3600, 8760 * 3600]),
    st.integers(1, 20),
    st.lists(
        st.tuples(st.integers(0, 4), st.sampled_from([0.0, 0.2, 0.5, 1.0, 1.3, 7.0])), max_size=30
    ),
)
def test_redis_counts_as_a_process_does(
    script: Callable[..., Any], period: int, requests: int, steps: list[tuple[int, float]]
) -> None:
    """The same hits at the same moments: the same answers, by a clock of Unix seconds."""
    clock, key = Clock(1.9e9), f"{time.monotonic_ns()}"
    limit = RateLimit(requests, timedelta(seconds=period))
    local = LocalQuota(limit, clock.monotonic)
    for cost, pause in steps:
        clock.seconds += pause * period / requests
        mine = local.hit(key, cost) if cost else local.usage(key)
        admitted, level = script([key], [cost, requests, period, repr(clock.seconds)])
        assert mine == limit.usage(float(level), 0 if admitted else cost)


@pytest.fixture(scope="module")
def script(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Any]]:
    """The script in a Redis, at a moment that it is told."""
    with RedisServer(tmp_path_factory.mktemp("redis")) as server:
        client = Redis(port=server.port)
        told = "local seconds = tonumber(ARGV[4])"
        yield client.register_script(told + COUNT)
        client.close()


def test_counts_of_another_limit_or_of_another_kind_are_not_mixed(redis: RedisServer) -> None:
    """A roll-out that changes a limit begins to count anew."""
    with replicas(redis.url) as (one, _), replicas(redis.url, RateLimit(9)) as (other, _):
        one.hit("a")
        assert left(other.hit("a")) == 4


def test_no_more_pass_than_may_however_many_ask_at_once(redis: RedisServer) -> None:
    """Two replicas of sixteen threads each, and not one too many or too few."""
    limit = RateLimit(50, timedelta(hours=1))
    with replicas(redis.url, limit) as quotas:
        turns = iter(quotas * 16)
        found = all_at_once(32, lambda: _hits(next(turns), 5))
        assert sum(passed for passed in found) == 50


def _hits(quota: SharedQuota, times: int) -> int:
    return sum(not quota.hit("a").over for _ in range(times))


def test_death_and_return_under_load(redis: RedisServer, caplog: pytest.LogCaptureFixture) -> None:
    """Nobody hangs, nothing is raised, and what was used before is not given back."""
    limit = RateLimit(2_000, timedelta(hours=1))
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
            until(lambda: one.usage("a").remaining < limit.requests // 2, "load")
            redis.kill()
            before = other.usage("a").remaining
            until(lambda: messages(caplog).count(LOST) >= 2, "both notice")
            until(lambda: other.usage("a").remaining < before, "counting goes on")
            redis.start()
            until(lambda: are_shared(one, other) and are_shared(other, one), "they share again")
            until(lambda: one.hit("a").over and other.hit("a").over, "the limit is reached")
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
            found = all_at_once(64, lambda: [one.hit("a").remaining for _ in range(20)])
        finally:
            redis.go_on()
        used = 1 + 64 * 20
        # A second or two may have passed, which pays one or two back.
        assert used - 5 <= 3600 - min(min(numbers) for numbers in found) <= used
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


def test_what_is_no_count_is_none(redis: RedisServer, caplog: pytest.LogCaptureFixture) -> None:
    """Whoever else writes there; where nothing can be counted, the local count is left."""
    with replicas(redis.url, count=1) as (quota,):
        odd = {"a": "a lot", "c": "-7", "d": "nan", "e": "-inf"}
        for key, value in odd.items():
            redis.tell("SET", f"k8s-heartbeat:sliding:test/5/60/{key}", value)
        redis.tell("LPUSH", "k8s-heartbeat:sliding:test/5/60/b", "a lot")
        until(lambda: are_shared(quota, quota), "it answers")
        for key in (*odd, "b"):
            assert messages(caplog) == []
            assert left(quota.hit(key)) == 4
            assert left(quota.usage(key)) == 4
    assert messages(caplog) == [LOST]


@pytest.mark.parametrize("value", ["9e99", "inf"])
def test_a_clock_that_was_set_back_costs_a_limit_and_no_more(
    redis: RedisServer, value: str
) -> None:
    """What was counted by it is far ahead, and taken for a limit that was just used up."""
    with replicas(redis.url, RateLimit(5, timedelta(seconds=2))) as (one, other):
        redis.tell("SET", "k8s-heartbeat:sliding:test/5/2/a", value)
        assert one.hit("a").over
        until(lambda: not other.hit("a").over, "one more")


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
        assert left(quota.usage("a")) == 5
        assert [quota.hit("a").over for _ in range(6)] == [False] * 5 + [True]
        assert not quota.usage("a").remaining
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
        assert [quota.hit("a").over for _ in range(6)] == [False] * 5 + [True]
        assert not quota.usage("a").remaining
    assert messages(caplog) == [LOST]
    assert why in caplog.text
    assert len(started) == most
