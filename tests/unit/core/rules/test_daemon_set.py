"""The rule of the DaemonSet, case by case."""

from __future__ import annotations

import pytest

from k8s_heartbeat.core import assess
from tests.builders import NOW, Manifest, daemon_set


@pytest.mark.parametrize(
    ("manifest", "health", "activity", "up", "reason"),
    [
        pytest.param(
            daemon_set(3), "healthy", "steady", True, "MinimumReplicasAvailable", id="on all nodes"
        ),
        pytest.param(
            daemon_set(3, 2), "degraded", "steady", True, "ReplicasUnavailable", id="on some nodes"
        ),
        pytest.param(
            daemon_set(3, 1),
            "degraded",
            "steady",
            False,
            "MinimumReplicasUnavailable",
            id="on less than half",
        ),
        pytest.param(
            daemon_set(3, 0), "down", "steady", False, "MinimumReplicasUnavailable", id="on none"
        ),
        pytest.param(
            daemon_set(0), "healthy", "suspended", True, "NoMatchingNodes", id="no matching node"
        ),
        pytest.param(
            daemon_set(0, observed=None),
            "unknown",
            "progressing",
            False,
            "NotObserved",
            id="not yet observed",
        ),
        pytest.param(
            daemon_set(3, updated=1),
            "healthy",
            "progressing",
            True,
            "MinimumReplicasAvailable",
            id="rolling over",
        ),
        pytest.param(
            daemon_set(3, updated=1, strategy="OnDelete"),
            "healthy",
            "steady",
            True,
            "MinimumReplicasAvailable",
            id="OnDelete waits for nobody",
        ),
        pytest.param(
            daemon_set(3, misscheduled=2),
            "healthy",
            "steady",
            True,
            "MinimumReplicasAvailable",
            id="misscheduled pods are no verdict",
        ),
    ],
)
def test_a_daemon_set_is_judged(
    manifest: Manifest, health: str, activity: str, up: bool, reason: str
) -> None:
    """The table of what a DaemonSet may look like, and what is said of it."""
    verdict = assess(manifest, now=NOW)
    assert (verdict.health, verdict.activity, verdict.up, verdict.reason) == (
        health,
        activity,
        up,
        reason,
    )


@pytest.mark.parametrize("desired", [0, 3])
def test_misscheduled_pods_are_a_cause(desired: int) -> None:
    """Pods on nodes that should not have them are told, with their number."""
    causes = assess(daemon_set(desired, misscheduled=2), now=NOW).causes
    assert [(cause.reason, cause.kind, cause.name, cause.count) for cause in causes] == [
        ("Misscheduled", "DaemonSet", "agent", 2)
    ]
    assert causes[0].message == "2 nodes run its pod that should not"


def test_an_update_is_told() -> None:
    """People read on how many nodes the new pod is."""
    assert assess(daemon_set(3, updated=1), now=NOW).message == (
        "3 of 3 replicas available, 1 of 3 updated"
    )
    assert assess(daemon_set(3), now=NOW).message == "3 of 3 replicas available"


@pytest.mark.parametrize("count", [None, "absent"])
def test_a_daemon_set_without_its_count_is_not_healthy(count: str | None) -> None:
    """The API always writes the count of nodes: without it nothing is known."""
    manifest = daemon_set(0)
    if count is None:
        manifest["status"]["desiredNumberScheduled"] = None
    else:
        del manifest["status"]["desiredNumberScheduled"]
    assert assess(manifest, now=NOW).health == "unknown"


def test_a_zero_of_an_older_spec_is_not_a_word_on_this_one() -> None:
    """No node matched the last spec; while the newer one is unobserved it is on its way."""
    manifest = daemon_set(0, observed=1)
    manifest["metadata"]["generation"] = 2
    assert assess(manifest, now=NOW).activity == "progressing"
