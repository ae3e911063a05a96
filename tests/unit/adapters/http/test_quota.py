"""So many in a period: windows that begin with the first hit, in memory that is bounded."""

from __future__ import annotations

import gc
import tracemalloc
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from k8s_heartbeat.adapters.http.quota import LocalQuota, RateLimit, Usage
from tests.http.support import Clock
from tests.servers.process import all_at_once

MOST = 8_192
THREE = RateLimit(3, timedelta(minutes=1))


def test_hits_add_up_until_the_period_ends() -> None:
    """It runs from the first hit; what is over counts and does not lengthen it."""
    clock = Clock()
    quota = LocalQuota(THREE, clock.monotonic)
    assert quota.usage("a") == Usage(3, 0, 60)
    assert quota.hit("a") == Usage(3, 1, 60)
    clock.seconds = 20
    assert quota.hit("a", cost=3) == Usage(3, 4, 40)
    assert quota.usage("a") == Usage(3, 4, 40)
    clock.seconds = 60
    assert quota.usage("a") == Usage(3, 0, 60)
    clock.seconds = 61
    assert quota.hit("a", cost=2) == Usage(3, 2, 60)


@pytest.mark.parametrize(
    ("used", "remaining", "over"), [(0, 3, False), (3, 0, False), (4, 0, True), (9, 0, True)]
)
def test_usage_tells_what_remains(used: int, remaining: int, over: bool) -> None:
    """The last hit within the limit is not over it."""
    usage = Usage(3, used, 1.0)
    assert (usage.remaining, usage.over) == (remaining, over)


@pytest.mark.parametrize(
    ("left", "seconds"), [(0, 1), (0.2, 1), (1, 1), (1.0000000001, 1), (1.1, 2), (59.5, 60)]
)
def test_wait_is_told_in_whole_seconds(left: float, seconds: int) -> None:
    """Whoever comes back then is let in."""
    assert Usage(3, 0, left).seconds == seconds


@given(
    st.lists(
        st.tuples(
            st.sampled_from("abc"), st.integers(0, 4), st.sampled_from([0.0, 0.5, 29.0, 61.0])
        ),
        max_size=40,
    )
)
def test_quota_counts_as_a_list_of_all_hits_does(steps: list[tuple[str, int, float]]) -> None:
    """Against hits written down and summed up, each key's window for itself."""
    clock = Clock()
    quota = LocalQuota(THREE, clock.monotonic)
    windows: dict[str, list[tuple[float, int]]] = {}
    for key, cost, pause in steps:
        clock.seconds += pause
        window = windows.setdefault(key, [])
        if window and clock.seconds >= window[0][0] + 60:
            window.clear()
        window.append((clock.seconds, cost))
        expected = Usage(3, sum(cost for _, cost in window), window[0][0] + 60 - clock.seconds)
        assert quota.hit(key, cost) == expected
        assert quota.usage(key) == expected


def test_key_that_was_quiet_longest_is_forgotten() -> None:
    """Neither a hit nor a question is quiet: who is shut out stays so however many others come."""
    clock = Clock()
    quota = LocalQuota(THREE, clock.monotonic)
    for key in ("asks", "hits", "quiet"):
        quota.hit(key, cost=4)
    for number in range(3 * MOST):
        quota.hit(f"other-{number}")
        if not number % (MOST // 2):
            assert quota.usage("asks").over
            assert quota.hit("hits").over
    assert not quota.usage("quiet").used


def test_memory_is_bounded_whoever_comes() -> None:
    """Many keys, and long ones, take a few hundred bytes each and no more than their number."""
    quota = LocalQuota(THREE, Clock().monotonic)
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        for number in range(3 * MOST):
            quota.hit(f"{number}-{'x' * 2000}")
            quota.usage(f"asked-{number}")
        gc.collect()
        after, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert after - before < 450 * MOST


@pytest.mark.parametrize("odd", ["", "schlüssel", "\udce9", "\x00", "a" * 5000])
def test_any_text_is_a_key_of_its_own(odd: str) -> None:
    """Whatever a server hands over as an address or a name."""
    quota = LocalQuota(THREE, Clock().monotonic)
    quota.hit("a" * 4999)
    assert quota.hit(odd).used == 1
    assert quota.hit(odd).used == 2


def test_no_hit_is_lost_among_threads() -> None:
    """Each thread is told another number."""
    quota = LocalQuota(RateLimit(), Clock().monotonic)
    found = all_at_once(32, lambda: [quota.hit("a").used for _ in range(50)])
    assert sorted(number for numbers in found for number in numbers) == list(range(1, 1601))
