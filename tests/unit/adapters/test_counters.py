"""The service's figures of itself, as plain numbers."""

from __future__ import annotations

import pytest

from k8s_heartbeat.adapters.counters import BOUNDS, Counters, Durations, Load, Tally
from tests.servers.process import all_at_once


def test_counts_of_many_threads_are_not_lost() -> None:
    """Each is an addition that another thread may come into."""
    tally, durations = Tally[str](), Durations[str]()

    def work() -> None:
        for _ in range(5_000):
            tally.add("a")
            durations.add("a", 0.5)

    all_at_once(8, work)
    assert tally.counts() == {"a": 40_000}
    assert durations.counts() == {"a": 40_000}
    assert durations.by(str)["a"][1] == 20_000


def test_a_tally_begins_at_zero_for_what_is_known() -> None:
    """So that the first one is an increase."""
    tally = Tally("a", "b")
    tally.add("b")
    assert tally.counts() == {"a": 0, "b": 1}


def test_durations_are_cumulative_by_what_they_are_grouped_by() -> None:
    """A bound belongs to its bucket; what is longer than all is counted in the last alone."""
    durations = Durations[tuple[str, int]]()
    for key, seconds in ((("a", 1), 0.001), (("a", 2), 0.25), (("a", 2), 11.5), (("b", 1), 1.0)):
        durations.add(key, seconds)
    found = durations.by(lambda key: key[0])
    counts, total = found["a"]
    assert len(counts) == len(BOUNDS) + 1
    assert counts == [*(1 + (bound >= 0.25) for bound in BOUNDS), 3]
    assert total == pytest.approx(11.751)
    assert found["b"][0][-1] == 1


def test_the_load_is_known_while_a_server_runs() -> None:
    """And nothing of it is left afterwards."""
    counters = Counters()
    with counters.serving(lambda: Load(3, 1)):
        assert counters.load == (3, 1)
    assert counters.load is None
