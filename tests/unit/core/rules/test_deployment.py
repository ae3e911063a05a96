"""The rule of the Deployment, case by case; the figures are desired, serving and so on."""

from __future__ import annotations

from typing import Any

import pytest

from k8s_heartbeat.core import Activity, Health, Policy, assess
from tests.builders import (
    NOW,
    Manifest,
    available,
    before,
    condition,
    deployment,
    progressing,
)

LATE = progressing("ProgressDeadlineExceeded", "False")
REFUSED = condition("ReplicaFailure", "True", "FailedCreate", "exceeded quota", before(hours=2))


@pytest.mark.parametrize(
    ("manifest", "health", "activity", "up", "reason"),
    [
        pytest.param(
            deployment(3), "healthy", "steady", True, "MinimumReplicasAvailable", id="all serve"
        ),
        pytest.param(
            deployment(3, 4, replicas=4, updated=2),
            "healthy",
            "progressing",
            True,
            "MinimumReplicasAvailable",
            id="mid-rollout at full capacity",
        ),
        pytest.param(
            deployment(3, 0, conditions=[available(), progressing()]),
            "down",
            "steady",
            False,
            "MinimumReplicasUnavailable",
            id="Available is True by vacuity, as maxUnavailable covers all",
        ),
        pytest.param(
            deployment(3, 0, conditions=[available("False"), progressing()]),
            "down",
            "steady",
            False,
            "MinimumReplicasUnavailable",
            id="all pods dead after a finished rollout",
        ),
        pytest.param(
            deployment(3, paused=True),
            "healthy",
            "suspended",
            True,
            "MinimumReplicasAvailable",
            id="paused and serving",
        ),
        pytest.param(
            deployment(3, 0, conditions=[available("False")], paused=True),
            "down",
            "suspended",
            False,
            "MinimumReplicasUnavailable",
            id="paused is still judged",
        ),
        pytest.param(
            deployment(0), "healthy", "suspended", True, "ScaledToZero", id="scaled to zero"
        ),
        pytest.param(
            deployment(3, updated=1, conditions=[available(), LATE]),
            "degraded",
            "progressing",
            True,
            "ProgressDeadlineExceeded",
            id="past its deadline but serving",
        ),
        pytest.param(
            deployment(3, 0, updated=1, conditions=[available("False"), LATE]),
            "down",
            "progressing",
            False,
            "MinimumReplicasUnavailable",
            id="past its deadline and serving nothing",
        ),
        pytest.param(
            deployment(3, conditions=[available(), REFUSED]),
            "degraded",
            "steady",
            True,
            "ReplicaFailure",
            id="ReplicaFailure while all serve",
        ),
        pytest.param(
            deployment(3, conditions=[available(), progressing("X", "False")]),
            "healthy",
            "steady",
            True,
            "MinimumReplicasAvailable",
            id="Progressing is False for a reason that is not the deadline",
        ),
        pytest.param(
            deployment(3, 2, conditions=[available(), progressing()]),
            "degraded",
            "steady",
            True,
            "ReplicasUnavailable",
            id="fewer than asked for, enough by its own condition",
        ),
        pytest.param(
            deployment(3, 2, conditions=[available("False"), progressing()]),
            "degraded",
            "steady",
            True,
            "ReplicasUnavailable",
            id="half is enough, whatever its own condition says",
        ),
        pytest.param(
            deployment(3, conditions=[available("False"), progressing()]),
            "healthy",
            "steady",
            True,
            "MinimumReplicasAvailable",
            id="the figures weigh more than Available=False",
        ),
        pytest.param(
            deployment(2, conditions=[available("False")], generation=2, observed=1),
            "healthy",
            "progressing",
            True,
            "MinimumReplicasAvailable",
            id="a stale Available=False after a scale-down",
        ),
        pytest.param(
            deployment(3, 1, conditions=[available("False")], generation=2, observed=1),
            "degraded",
            "progressing",
            False,
            "MinimumReplicasUnavailable",
            id="a stale status with too few",
        ),
        pytest.param(
            deployment(4, 2, conditions=[]),
            "degraded",
            "progressing",
            True,
            "ReplicasUnavailable",
            id="no Available condition: half is enough",
        ),
        pytest.param(
            deployment(5, 2, conditions=[]),
            "degraded",
            "progressing",
            False,
            "MinimumReplicasUnavailable",
            id="no Available condition: less than half is not",
        ),
        pytest.param(
            deployment(3, 1, conditions=[available("randomstatus"), progressing()]),
            "degraded",
            "steady",
            False,
            "MinimumReplicasUnavailable",
            id="an Available condition of no known status is no condition",
        ),
        pytest.param(
            deployment(3, 0, conditions=[available(True), progressing()]),
            "down",
            "steady",
            False,
            "MinimumReplicasUnavailable",
            id="a boolean condition status states nothing",
        ),
        pytest.param(
            deployment(None),
            "healthy",
            "steady",
            True,
            "MinimumReplicasAvailable",
            id="absent replicas mean one",
        ),
        pytest.param(
            deployment(3, replicas=4, updated=3),
            "healthy",
            "progressing",
            True,
            "MinimumReplicasAvailable",
            id="old pods are still going",
        ),
        pytest.param(
            deployment(3, 2, conditions=[available(), progressing("ReplicaSetUpdated")]),
            "degraded",
            "progressing",
            True,
            "ReplicasUnavailable",
            id="the new pods are not all available yet",
        ),
        pytest.param(
            deployment(3, 2, conditions=[available(), progressing(status="Unknown")]),
            "degraded",
            "progressing",
            True,
            "ReplicasUnavailable",
            id="a rollout is through only when Progressing is True",
        ),
        pytest.param(
            deployment(5, 1, conditions=[available(), progressing()]),
            "degraded",
            "steady",
            False,
            "MinimumReplicasUnavailable",
            id="less than half is not enough, whatever its own condition says",
        ),
        pytest.param(
            deployment(5, 3, replicas=3, updated=3),
            "degraded",
            "progressing",
            True,
            "ReplicasUnavailable",
            id="scaling up",
        ),
        pytest.param(
            deployment(3, conditions=[available(), progressing("ProgressDeadlineExceeded")]),
            "healthy",
            "steady",
            True,
            "MinimumReplicasAvailable",
            id="a deadline counts only where Progressing is False",
        ),
        pytest.param(
            deployment(3, generation=2, observed=1),
            "healthy",
            "progressing",
            True,
            "MinimumReplicasAvailable",
            id="its controller has not seen the newest spec",
        ),
    ],
)
def test_a_deployment_is_judged(
    manifest: Manifest, health: str, activity: str, up: bool, reason: str
) -> None:
    """The table of what a Deployment may look like, and what is said of it."""
    verdict = assess(manifest, now=NOW)
    assert (verdict.health, verdict.activity, verdict.up, verdict.reason) == (
        health,
        activity,
        up,
        reason,
    )


@pytest.mark.parametrize(
    ("manifest", "message"),
    [
        pytest.param(deployment(3), "3 of 3 replicas available", id="nothing to add"),
        pytest.param(
            deployment(3, 2, updated=1),
            "2 of 3 replicas available, 2 needed, 1 of 3 updated",
            id="rollout",
        ),
        pytest.param(
            deployment(3, updated=1, paused=True), "3 of 3 replicas available, paused", id="paused"
        ),
        pytest.param(
            deployment(3, 1, conditions=[LATE, REFUSED]),
            "1 of 3 replicas available, 2 needed, the rollout is past its progress deadline, "
            "its pods cannot be created: exceeded quota",
            id="both failures",
        ),
        pytest.param(deployment(0), "scaled to zero replicas", id="zero"),
    ],
)
def test_the_message_holds_the_figures(manifest: Manifest, message: str) -> None:
    """People read how many of how many, and what else there is to know."""
    assert assess(manifest, now=NOW).sentence == message


def test_the_failures_it_states_are_causes() -> None:
    """What the controller says to have failed is listed with its message and time."""
    verdict = assess(deployment(3, conditions=[REFUSED, LATE, available()]), now=NOW)
    found = [(cause.reason, cause.kind, cause.name, cause.message) for cause in verdict.causes]
    assert found == [
        ("ProgressDeadlineExceeded", "Deployment", "api", ""),
        ("ReplicaFailure", "Deployment", "api", "exceeded quota"),
    ]
    assert verdict.causes[0].since == verdict.since
    assert verdict.causes[1].since is not None


@pytest.mark.parametrize(
    ("fields", "since"),
    [
        pytest.param(
            {"conditions": [available(since="2026-03-02T11:00:00Z")]}, "11:00", id="of Available"
        ),
        pytest.param(
            {
                "serving": 0,
                "conditions": [available("False", since="2026-03-02T11:10:00Z")],
            },
            "11:10",
            id="of Available gone",
        ),
        pytest.param(
            {"serving": 0, "conditions": [available(since="2026-03-02T11:00:00Z")]},
            None,
            id="a vacuous condition tells no time",
        ),
        pytest.param(
            {"serving": 2, "conditions": [available(since="2026-03-02T11:00:00Z")]},
            None,
            id="one of many lost: the API states no time",
        ),
        pytest.param({"conditions": [available(), REFUSED]}, "10:00", id="of the failure"),
        pytest.param({"conditions": []}, None, id="nothing stated"),
    ],
)
def test_since_is_the_transition_behind_the_verdict(
    fields: dict[str, Any], since: str | None
) -> None:
    """The time is that of the condition which decided, or none."""
    stated = assess(deployment(3, **fields), now=NOW).since
    assert (stated and stated.strftime("%H:%M")) == since


@pytest.mark.parametrize(
    ("manifest", "health", "up", "message"),
    [
        pytest.param(
            deployment(3, 2, conditions=[available("False"), progressing()]),
            "degraded",
            False,
            "2 of 3 replicas available",
            id="fewer than its minimum",
        ),
        pytest.param(
            deployment(3, conditions=[available("False")]),
            "degraded",
            False,
            "3 of 3 replicas available",
            id="a current Available=False weighs more than the figures",
        ),
        pytest.param(
            deployment(2, conditions=[available("False")], generation=2, observed=1),
            "healthy",
            True,
            "2 of 2 replicas available",
            id="a stale one after a scale-down does not",
        ),
        pytest.param(
            deployment(3, 2, conditions=[available("False")], generation=2, observed=1),
            "degraded",
            False,
            "2 of 3 replicas available: its controller has not looked at it yet:"
            " generation 2, observed 1",
            id="a stale one with too few still does",
        ),
        pytest.param(
            deployment(5, 1, conditions=[available(), progressing()]),
            "degraded",
            True,
            "1 of 5 replicas available",
            id="its own minimum may be less than half",
        ),
        pytest.param(
            deployment(3, 0, conditions=[available(), progressing()]),
            "down",
            False,
            "0 of 3 replicas available",
            id="True by vacuity, as maxUnavailable covers all",
        ),
        pytest.param(
            deployment(5, 2, conditions=[progressing()]),
            "degraded",
            False,
            "2 of 5 replicas available, 3 needed",
            id="half, where it states no minimum",
        ),
    ],
)
def test_a_policy_may_go_by_the_available_condition(
    manifest: Manifest, health: str, up: bool, message: str
) -> None:
    """`policy.minAvailable: stated`, for those who set maxUnavailable with care."""
    verdict = assess(manifest, now=NOW, policy=Policy(min_available="stated"))
    assert (verdict.health, verdict.up, verdict.sentence) == (health, up, message)


@pytest.mark.parametrize(
    ("zero", "up"),
    [(Health.HEALTHY, True), (Health.DEGRADED, True), (Health.DOWN, False)],
)
def test_the_policy_decides_about_zero(zero: Health, up: bool) -> None:
    """An operator for whom zero replicas are a fault says so."""
    verdict = assess(deployment(0), now=NOW, policy=Policy(zero=zero))
    assert (verdict.health, verdict.up, verdict.reason) == (zero, up, "ScaledToZero")
    assert (verdict.activity, verdict.desired, verdict.available) == (Activity.SUSPENDED, 0, 0)
