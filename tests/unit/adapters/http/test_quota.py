"""Limits that slide: a whole limit at once, then what is paid back, in memory that is bounded."""

from __future__ import annotations

import gc
import tracemalloc
from dataclasses import dataclass
from datetime import timedelta
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from k8s_heartbeat.adapters.http.quota import LocalQuota, RateLimit, Usage
from tests.http.support import Clock
from tests.servers.process import all_at_once

MOST = 8_192
# What floating point may lose of a time, of which the quota forgives a microsecond.
LOST = 2e-6
THREE = RateLimit(3, timedelta(minutes=1))


def usage(remaining: int, wait: float, over: bool = False) -> Usage:
    """A usage whose wait is as good as exact."""
    about = cast(float, pytest.approx(wait, abs=LOST))
    return Usage(3, remaining, about, over)


def test_a_limit_is_there_at_once_and_comes_back_one_by_one() -> None:
    """Each hit tells when there is one more; what is refused uses nothing."""
    clock = Clock()
    quota = LocalQuota(THREE, clock.monotonic)
    assert quota.usage("a") == usage(3, 0)
    assert quota.hit("a") == usage(2, 20)
    clock.seconds = 5
    assert quota.hit("a", cost=2) == usage(0, 15)
    clock.seconds = 10
    assert [quota.hit("a") for _ in range(9)] == [usage(0, 10, over=True)] * 9
    assert quota.usage("a") == usage(0, 10)
    clock.seconds = 20
    assert quota.hit("a", cost=2) == usage(1, 20, over=True)
    assert quota.hit("a") == usage(0, 20)
    clock.seconds = 80
    assert quota.usage("a") == usage(3, 0)
    assert quota.hit("a", cost=9) == usage(3, 0, over=True)


@pytest.mark.parametrize(
    ("wait", "seconds"), [(0, 1), (0.2, 1), (1, 1), (1.1, 2), (59.5, 60), (60, 60)]
)
def test_wait_is_told_in_whole_seconds(wait: float, seconds: int) -> None:
    """Whoever comes back then is let in."""
    assert Usage(3, 0, wait).seconds == seconds


@dataclass(frozen=True, slots=True)
class Hit:
    """A hit that was admitted: when, and what it used."""

    moment: float
    cost: int


def owed(admitted: list[Hit], now: float, rate: float) -> float:
    """The most that was used in any time that ends now, above what was paid back in that time."""
    used, most = 0, 0.0
    for hit in reversed(admitted):
        used += hit.cost
        most = max(most, used - (now - hit.moment) * rate)
    return most


LIMITS = st.builds(
    RateLimit,
    st.integers(1, 20),
    st.sampled_from([1, 1.5, 60, 3600, 8760 * 3600]).map(lambda each: timedelta(seconds=each)),
)
# Pauses as parts of the time in which one is paid back.
STEPS = st.lists(
    st.tuples(st.integers(1, 4), st.sampled_from([0.0, 0.2, 0.5, 1.0, 1.3, 7.0])), max_size=60
)


@given(LIMITS, STEPS, st.lists(st.sampled_from("ab"), min_size=60, max_size=60))
def test_any_time_admits_a_limit_and_what_is_paid_back_in_it(
    limit: RateLimit, steps: list[tuple[int, float]], keys: list[str]
) -> None:
    """In any time T no more than ``limit + T * limit / period`` of a key, and no fewer."""
    clock = Clock(seconds=1e6)
    quota = LocalQuota(limit, clock.monotonic)
    rate = limit.requests / limit.period.total_seconds()
    hits: dict[str, list[Hit]] = {"a": [], "b": []}
    for key, (cost, pause) in zip(keys, steps, strict=False):
        clock.seconds += pause / rate
        level = owed(hits[key], clock.seconds, rate)
        found = quota.hit(key, cost)
        if found.over:
            assert level + cost > limit.requests
        else:
            assert level + cost <= limit.requests + rate * LOST
            hits[key].append(Hit(clock.seconds, cost))
            level += cost
        assert limit.requests - level - 1 < found.remaining <= limit.requests - level + rate * LOST


@given(LIMITS, STEPS, st.integers(1, 4))
def test_whoever_waits_as_told_is_admitted_and_nobody_earlier(
    limit: RateLimit, steps: list[tuple[int, float]], cost: int
) -> None:
    """`Retry-After` is enough, and the wait that it was made of is not too long."""
    clock = Clock(seconds=1e6)
    quota = LocalQuota(limit, clock.monotonic)
    rate = limit.requests / limit.period.total_seconds()
    for used, pause in steps:
        clock.seconds += pause / rate
        quota.hit("a", used)
    cost = min(cost, limit.requests)
    while not (refused := quota.hit("a", cost)).over:
        pass
    asked = clock.seconds
    clock.seconds = asked + refused.wait - max(LOST, refused.wait / 100)
    if clock.seconds > asked:
        assert quota.hit("a", cost).over
    clock.seconds = asked + refused.seconds
    assert not quota.hit("a", cost).over


def test_what_is_known_elsewhere_counts_and_what_is_known_here_is_not_forgotten() -> None:
    """Whoever knows of more is right, and nobody can know of more than a limit."""
    clock = Clock()
    quota = LocalQuota(THREE, clock.monotonic)
    quota.hit("a")
    assert quota.learn("a", 0.5) == usage(2, 20)
    assert quota.learn("a", 2.25) == usage(0, 5)
    assert quota.learn("a", 3.0, refused=1) == usage(0, 20, over=True)
    assert quota.learn("a", 1e12) == usage(0, 20)
    assert quota.learn("new", 2) == usage(1, 20)
    clock.seconds = 60
    assert quota.usage("a") == usage(3, 0)


def test_key_that_was_quiet_longest_is_forgotten() -> None:
    """Neither a hit nor a question is quiet: who is shut out stays so however many others come."""
    clock = Clock()
    quota = LocalQuota(THREE, clock.monotonic)
    for key in ("asks", "hits", "quiet"):
        quota.hit(key, cost=3)
    for number in range(3 * MOST):
        quota.hit(f"other-{number}")
        if not number % (MOST // 2):
            assert not quota.usage("asks").remaining
            assert quota.hit("hits").over
    assert quota.usage("quiet").remaining == 3


def test_memory_is_bounded_whoever_comes() -> None:
    """Many keys, and long ones, take a few hundred bytes each and no more than their number."""
    quota = LocalQuota(THREE, Clock().monotonic)
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        for number in range(3 * MOST):
            quota.hit(f"{number}-{'x' * 2000}")
            quota.usage(f"asked-{number}")
            quota.hit(f"refused-{number}", cost=9)
            quota.learn(f"learnt-{number}", 2)
        gc.collect()
        after, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert after - before < 350 * MOST


@pytest.mark.parametrize("odd", ["", "schlüssel", "\udce9", "\x00", "a" * 5000])
def test_any_text_is_a_key_of_its_own(odd: str) -> None:
    """Whatever a server hands over as an address or a name."""
    quota = LocalQuota(THREE, Clock().monotonic)
    quota.hit("a" * 4999)
    assert quota.hit(odd).remaining == 2
    assert quota.hit(odd).remaining == 1


def test_no_hit_is_lost_among_threads() -> None:
    """Each thread is told another number."""
    quota = LocalQuota(RateLimit(), Clock().monotonic)
    found = all_at_once(32, lambda: [quota.hit("a").remaining for _ in range(50)])
    assert sorted(number for numbers in found for number in numbers) == list(range(2000, 3600))
