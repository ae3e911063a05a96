"""When what fails was first seen failing."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from k8s_heartbeat.adapters.http.outages import Outages
from k8s_heartbeat.core import Activity, Assessment, Health, Policy, Threshold
from k8s_heartbeat.core.failure_policy import FailurePolicy
from tests.builders import NOW
from tests.unit.adapters.support import Clock

PATIENT = FailurePolicy(lasting=timedelta(minutes=2))
STRICT = FailurePolicy(Health.DEGRADED, timedelta(minutes=2))


def verdict(health: Health = Health.DOWN, name: str = "db") -> Assessment:
    """A verdict on a StatefulSet."""
    up = health in (Health.HEALTHY, Health.DEGRADED)
    return Assessment(
        health, Activity.STEADY, up, "Because", "it is so", "StatefulSet", "shop", name
    )


class Watch:
    """Outages, and a clock that both clocks follow."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.outages = Outages(self.clock)
        self._began = self.clock()

    def seconds(
        self, found: Assessment, fails: FailurePolicy = PATIENT, policy: Policy = Policy()
    ) -> float | None:
        """For how many seconds it has been failing."""
        now: datetime = NOW + timedelta(seconds=self.clock() - self._began)
        since = self.outages.since(found, fails, now, policy)
        return None if since is None else (now - since).total_seconds()


def test_it_counts_from_when_it_was_first_seen_failing() -> None:
    """However often it is asked for meanwhile, until it is well."""
    watch = Watch()
    for moment in (0.0, 30.0, 30.0, 60.0):
        watch.clock.time += moment
        assert watch.seconds(verdict()) == watch.clock() - 1000.0
    assert watch.seconds(verdict(Health.HEALTHY)) is None
    assert watch.seconds(verdict()) == 0.0


def test_each_object_and_each_line_has_its_own() -> None:
    """Kinds of two groups may share their name; degraded fails only where it is asked to."""
    watch = Watch()
    watch.seconds(verdict())
    watch.seconds(verdict(Health.DEGRADED, "web"), STRICT)
    watch.clock.time += 60.0
    for other in (
        verdict(name="other"),
        replace(verdict(), namespace="other"),
        replace(verdict(), kind="DaemonSet"),
        replace(verdict(), api_version="example.com/v1"),
    ):
        assert watch.seconds(other) == 0.0
    assert watch.seconds(verdict(), STRICT) == 0.0
    assert watch.seconds(verdict(Health.DEGRADED, "web")) is None
    assert watch.seconds(verdict(Health.DEGRADED, "web"), STRICT) == 60.0
    assert watch.seconds(verdict()) == 60.0


def test_what_is_good_by_another_minimum_is_not_good_by_this_one() -> None:
    """Otherwise who asks for less would take the alarm away from who asks for more, for ever."""
    strict = Policy(min_available=Threshold.parse("100%"))
    watch = Watch()
    watch.seconds(verdict(), policy=strict)
    watch.clock.time += 60.0
    assert watch.seconds(verdict(Health.DEGRADED)) is None
    assert watch.seconds(verdict(), policy=strict) == 60.0
    # And nobody is paged at once for what failed only by another one.
    assert watch.seconds(verdict()) == 0.0


def test_an_object_that_is_created_again_is_another_one() -> None:
    """Who is missing has not been failing since then."""
    watch = Watch()
    watch.seconds(verdict())
    watch.clock.time += 60.0
    assert watch.seconds(verdict(Health.MISSING)) is None
    assert watch.seconds(verdict()) == 0.0


@pytest.mark.parametrize("health", [Health.UNKNOWN, Health.MISSING])
def test_what_is_not_known_is_not_waited_for(health: Health) -> None:
    """That would be good news of what nobody has read."""
    assert Watch().seconds(verdict(health)) is None


def test_who_does_not_wait_leaves_nothing() -> None:
    """Without `for` nothing is remembered."""
    watch = Watch()
    assert watch.seconds(verdict(), FailurePolicy()) is None
    watch.clock.time += 60.0
    assert watch.seconds(verdict()) == 0.0


def test_who_asks_seldom_is_told_how_long_it_was_all_the_same() -> None:
    """An object that fails at each of two looks has failed since the first, as far as is known."""
    watch = Watch()
    watch.seconds(verdict())
    for moment in (1200.0, 2400.0):
        watch.clock.time += 1200.0
        assert watch.seconds(verdict()) == moment
    # After a quarter of a day it may have been well meanwhile.
    watch.clock.time += 6 * 3600.0
    assert watch.seconds(verdict()) == 0.0


def test_past_the_most_that_is_remembered_nothing_new_is_excused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Otherwise each would make another begin anew, and none would ever have lasted."""
    monkeypatch.setattr("k8s_heartbeat.adapters.http.outages._MOST", 100)
    watch = Watch()
    for turn in range(3):
        found = [watch.seconds(verdict(name=f"db-{number}")) for number in range(120)]
        assert found == [60.0 * turn] * 100 + [None] * 20
        watch.clock.time += 60.0
    assert watch.seconds(verdict(Health.HEALTHY, "db-0")) is None
    assert watch.seconds(verdict(name="db-110")) == 0.0
