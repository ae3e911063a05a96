"""Where a caller draws the line between good and bad."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from k8s_heartbeat.core import (
    Activity,
    Assessment,
    Cause,
    Health,
    Threshold,
    assess,
    summarize,
)
from k8s_heartbeat.core.failure_policy import FailurePolicy
from tests.builders import NOW, before, deployment

AGO = NOW - timedelta(minutes=2)


def member(
    health: Health = Health.HEALTHY, *, up: bool | None = None, since: datetime | None = None
) -> Assessment:
    """An assessment; what is healthy or degraded is up where nothing is said."""
    up = health in (Health.HEALTHY, Health.DEGRADED) if up is None else up
    return Assessment(health, Activity.STEADY, up, "Because", "it is so", since=since)


@pytest.mark.parametrize(
    ("assessment", "lenient", "strict"),
    [
        (member(), True, True),
        (member(Health.DEGRADED), True, False),
        (member(Health.DEGRADED, up=False), False, False),
        (member(Health.DOWN), False, False),
        (member(Health.UNKNOWN), False, False),
        (member(Health.MISSING), False, False),
    ],
)
def test_the_line_lies_below_up_or_below_degraded(
    assessment: Assessment, lenient: bool, strict: bool
) -> None:
    """As the caller says."""
    assert FailurePolicy().passes(assessment, NOW) is lenient
    assert FailurePolicy(Health.DEGRADED).passes(assessment, NOW) is strict


def test_what_is_in_maintenance_passes_either_line() -> None:
    """Its owner has announced that it is not whole."""
    manifest = deployment(3, 1)
    manifest["metadata"]["annotations"] = {
        "k8s-heartbeat.io/maintenance-until": before(minutes=-10)
    }
    verdict = assess(manifest, now=NOW)
    assert (verdict.health, verdict.reason) == ("degraded", "Maintenance")
    assert FailurePolicy(Health.DEGRADED).passes(verdict, NOW)


@pytest.mark.parametrize(
    ("since", "passes"),
    [
        (NOW - timedelta(seconds=119), True),
        (AGO, False),
        (NOW, True),
        (NOW + timedelta(seconds=1), False),
        (NOW + timedelta(days=365), False),
        (None, False),
    ],
)
def test_a_failure_may_have_to_last(since: datetime | None, passes: bool) -> None:
    """By the API's own time; one that is ahead of our clock excuses nothing, as none at all."""
    line = FailurePolicy(lasting=timedelta(minutes=2))
    assert line.passes(member(Health.DOWN, since=since), NOW) is passes


def cause(reason: str, since: datetime | None) -> Cause:
    """Something that is wrong with a pod."""
    return Cause(reason, "Pod", "api-1", "it is so", since=since)


@pytest.mark.parametrize(
    ("causes", "passes"),
    [
        ([cause("NotReady", NOW - timedelta(seconds=119))], True),
        ([cause("NotReady", AGO)], False),
        ([cause("NotReady", NOW), cause("ReadinessGate", AGO)], False),
        ([cause("NodeLost", NOW), cause("NotReady", None)], True),
        ([cause("NotReady", None)], False),
        # When a container ended says nothing of how long its pod has not been ready.
        ([cause("OOMKilled", NOW)], False),
    ],
)
def test_where_no_time_is_stated_the_pods_tell(causes: list[Cause], passes: bool) -> None:
    """By the earliest of their Ready transitions, for StatefulSets, DaemonSets and Services."""
    line = FailurePolicy(lasting=timedelta(minutes=2))
    assert line.passes(replace(member(Health.DOWN), causes=tuple(causes)), NOW) is passes
    stated = replace(member(Health.DOWN, since=AGO), causes=tuple(causes))
    assert not line.passes(stated, NOW)


@pytest.mark.parametrize("reason", ["CrashLoopBackOff", "Init:CrashLoopBackOff"])
def test_a_crash_loop_is_never_excused(reason: str) -> None:
    """Its pod is ready between the crashes, and its times are always young."""
    line = FailurePolicy(Health.DEGRADED, timedelta(minutes=2))
    for health in (Health.DOWN, Health.DEGRADED):
        failing = replace(member(health, since=NOW), causes=(cause(reason, NOW),))
        assert not line.passes(failing, NOW, NOW)
    assert line.passes(replace(member(), causes=(cause(reason, NOW),)), NOW)


@pytest.mark.parametrize("health", [Health.UNKNOWN, Health.MISSING])
def test_what_is_not_known_is_never_excused(health: Health) -> None:
    """Whatever time it states: that would be good news of what nobody has read."""
    line = FailurePolicy(lasting=timedelta(minutes=2))
    assert not line.passes(member(health, since=NOW), NOW, NOW)


def test_who_watches_may_have_seen_it_begin() -> None:
    """That counts where nothing states a time."""
    line = FailurePolicy(lasting=timedelta(minutes=2))
    down = member(Health.DOWN)
    assert line.passes(down, NOW, AGO + timedelta(seconds=1))
    assert not line.passes(down, NOW, AGO)
    assert not line.passes(replace(down, since=AGO), NOW, NOW)
    assert line.passes_group(summarize([down]), NOW, lambda item: NOW)
    assert not line.passes_group(summarize([down]), NOW, lambda item: AGO)


def test_what_need_not_last_fails_at_once() -> None:
    """Also when the API server's clock is ahead of ours."""
    assert not FailurePolicy().passes(member(Health.DOWN, since=NOW + timedelta(seconds=5)), NOW)


@pytest.mark.parametrize(
    ("members", "needed", "lenient", "strict"),
    [
        ([member(), member()], None, True, True),
        ([member(), member(Health.DEGRADED)], None, True, False),
        ([member(), member(Health.DEGRADED)], Threshold(1), True, True),
        ([member(), member(Health.DOWN)], None, False, False),
        ([member(), member(Health.DOWN)], Threshold(1), True, True),
        ([member(Health.DEGRADED), member(Health.DOWN)], Threshold(1), True, False),
        ([member(), member()], Threshold(3), False, False),
        ([], None, False, False),
        ([], Threshold(1), False, False),
    ],
)
def test_as_many_of_a_group_must_pass_as_must_be_up(
    members: list[Assessment], needed: Threshold | None, lenient: bool, strict: bool
) -> None:
    """None at all are never enough."""
    summary = summarize(members, needed)
    assert FailurePolicy().passes_group(summary, NOW) is lenient
    assert FailurePolicy(Health.DEGRADED).passes_group(summary, NOW) is strict


def test_each_member_of_a_group_has_its_own_time() -> None:
    """One that fails for long is not excused by one that has just begun to."""
    line = FailurePolicy(lasting=timedelta(minutes=2))
    young, old = member(Health.DOWN, since=NOW), member(Health.DOWN, since=AGO)
    assert line.passes_group(summarize([member(), young]), NOW)
    assert not line.passes_group(summarize([member(), young, old]), NOW)
    assert line.passes_group(summarize([member(), young, old], Threshold(2)), NOW)
