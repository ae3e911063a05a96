"""The rule of the StatefulSet, case by case."""

from __future__ import annotations

import pytest

from k8s_heartbeat.core import assess
from tests.builders import NOW, Manifest, container, owner, pod, stateful_set, waiting

ON_DELETE = {"type": "OnDelete"}


def partition(number: int) -> Manifest:
    """A rolling update that stops at an ordinal."""
    return {"type": "RollingUpdate", "rollingUpdate": {"partition": number}}


@pytest.mark.parametrize(
    ("manifest", "health", "activity", "up"),
    [
        pytest.param(stateful_set(3), "healthy", "steady", True, id="all serve"),
        pytest.param(stateful_set(3, 2), "degraded", "steady", True, id="some serve"),
        pytest.param(stateful_set(3, 1), "degraded", "steady", False, id="less than half serve"),
        pytest.param(stateful_set(3, 0), "down", "steady", False, id="none serve"),
        pytest.param(stateful_set(0), "healthy", "suspended", True, id="scaled to zero"),
        pytest.param(
            stateful_set(3, replicas=2), "healthy", "progressing", True, id="a pod is being made"
        ),
        pytest.param(
            stateful_set(3, updated=1, update="db-2"),
            "healthy",
            "progressing",
            True,
            id="rolling over",
        ),
        pytest.param(
            stateful_set(3, updated=3, update="db-2"),
            "healthy",
            "progressing",
            True,
            id="the revision is not taken over yet",
        ),
        pytest.param(
            stateful_set(3, updated=0, update="db-2", strategy=ON_DELETE),
            "healthy",
            "steady",
            True,
            id="OnDelete waits for nobody",
        ),
        pytest.param(
            stateful_set(3, 0, updated=0, update="db-2", strategy=ON_DELETE),
            "down",
            "steady",
            False,
            id="OnDelete waives the revisions, not the figures",
        ),
        pytest.param(
            stateful_set(3, replicas=2, strategy=ON_DELETE),
            "healthy",
            "progressing",
            True,
            id="OnDelete scales like any other",
        ),
        pytest.param(
            stateful_set(5, updated=2, update="db-2", strategy=partition(3)),
            "healthy",
            "steady",
            True,
            id="the update reached its partition",
        ),
        pytest.param(
            stateful_set(5, updated=1, update="db-2", strategy=partition(3)),
            "healthy",
            "progressing",
            True,
            id="the update has not reached its partition",
        ),
        pytest.param(
            stateful_set(3, updated=0, update="db-2", strategy=partition(7)),
            "healthy",
            "steady",
            True,
            id="a partition beyond the last pod holds all",
        ),
        pytest.param(
            stateful_set(3, updated=1, update="db-2", strategy=partition(0)),
            "healthy",
            "progressing",
            True,
            id="a partition of zero holds none",
        ),
    ],
)
def test_a_stateful_set_is_judged(manifest: Manifest, health: str, activity: str, up: bool) -> None:
    """The table of what a StatefulSet may look like, and what is said of it."""
    verdict = assess(manifest, now=NOW)
    assert (verdict.health, verdict.activity, verdict.up) == (health, activity, up)


@pytest.mark.parametrize(
    ("manifest", "message"),
    [
        pytest.param(
            stateful_set(3, updated=1), "3 of 3 replicas available, 1 of 3 updated", id="rolling"
        ),
        pytest.param(
            stateful_set(5, updated=1, strategy=partition(3)),
            "5 of 5 replicas available, 1 of 2 updated",
            id="as far as the partition",
        ),
        pytest.param(
            stateful_set(3, updated=0, strategy=ON_DELETE),
            "3 of 3 replicas available",
            id="OnDelete asks for no update",
        ),
        pytest.param(
            stateful_set(3, updated=0, strategy=partition(9)),
            "3 of 3 replicas available",
            id="a partition that holds all asks for none",
        ),
    ],
)
def test_the_message_says_how_far_the_update_is(manifest: Manifest, message: str) -> None:
    """People read how many pods of those to be updated are."""
    assert assess(manifest, now=NOW).message == message


def test_an_older_cluster_states_only_ready_replicas() -> None:
    """Where availableReplicas is absent, readyReplicas counts in its place."""
    manifest = stateful_set(3, 2)
    del manifest["status"]["availableReplicas"]
    assert assess(manifest, now=NOW).available == 2


def test_available_counts_where_both_are_given() -> None:
    """Ready for less than minReadySeconds is not available."""
    manifest = stateful_set(3, 0)
    manifest["status"]["readyReplicas"] = 3
    assert assess(manifest, now=NOW).health == "down"


def test_a_first_pod_that_is_broken_tells_why() -> None:
    """The controller waits for pod 0 forever and states nothing: the pod says what it is."""
    broken = pod(
        "db-0",
        phase="Pending",
        ready=False,
        containers=[container("postgres", state=waiting("ImagePullBackOff", "no such tag"))],
    )
    broken["metadata"]["ownerReferences"] = [owner("db", kind="StatefulSet")]
    verdict = assess(stateful_set(3, 0, replicas=1, updated=1), related=[broken], now=NOW)
    assert (verdict.health, verdict.activity) == ("down", "progressing")
    assert [(cause.reason, cause.name, cause.container) for cause in verdict.causes] == [
        ("ImagePullBackOff", "db-0", "postgres")
    ]
