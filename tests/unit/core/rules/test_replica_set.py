"""The rule of the ReplicaSet, case by case."""

from __future__ import annotations

import pytest

from k8s_heartbeat.core import assess
from tests.builders import NOW, Manifest, condition, replica_set

REFUSED = condition("ReplicaFailure", "True", "FailedCreate", "exceeded quota")


@pytest.mark.parametrize(
    ("manifest", "health", "activity", "up", "reason"),
    [
        pytest.param(
            replica_set(3), "healthy", "steady", True, "MinimumReplicasAvailable", id="all serve"
        ),
        pytest.param(
            replica_set(3, 2), "degraded", "steady", True, "ReplicasUnavailable", id="some serve"
        ),
        pytest.param(
            replica_set(3, 1),
            "degraded",
            "steady",
            False,
            "MinimumReplicasUnavailable",
            id="less than half serve",
        ),
        pytest.param(
            replica_set(3, 0),
            "down",
            "steady",
            False,
            "MinimumReplicasUnavailable",
            id="none serve",
        ),
        pytest.param(
            replica_set(3, 2, replicas=2, conditions=[REFUSED]),
            "degraded",
            "progressing",
            True,
            "ReplicaFailure",
            id="ReplicaFailure",
        ),
        pytest.param(
            replica_set(3, conditions=[REFUSED]),
            "degraded",
            "steady",
            True,
            "ReplicaFailure",
            id="ReplicaFailure is at best degraded",
        ),
        pytest.param(
            replica_set(3, conditions=[condition("ReplicaFailure", "False")]),
            "healthy",
            "steady",
            True,
            "MinimumReplicasAvailable",
            id="a ReplicaFailure that is over",
        ),
        pytest.param(
            replica_set(2, 3, replicas=3),
            "healthy",
            "progressing",
            True,
            "MinimumReplicasAvailable",
            id="scaling down",
        ),
        pytest.param(
            replica_set(0), "healthy", "suspended", True, "ScaledToZero", id="an old revision"
        ),
        pytest.param(
            replica_set(None),
            "healthy",
            "steady",
            True,
            "MinimumReplicasAvailable",
            id="absent replicas mean one",
        ),
    ],
)
def test_a_replica_set_is_judged(
    manifest: Manifest, health: str, activity: str, up: bool, reason: str
) -> None:
    """The table of what a ReplicaSet may look like, and what is said of it."""
    verdict = assess(manifest, now=NOW)
    assert (verdict.health, verdict.activity, verdict.up, verdict.reason) == (
        health,
        activity,
        up,
        reason,
    )
