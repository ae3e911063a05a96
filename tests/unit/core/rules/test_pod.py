"""The rule of the Pod, case by case; what its causes are stands in test_causes."""

from __future__ import annotations

import pytest

from k8s_heartbeat.core import assess
from tests.builders import (
    NOW,
    Manifest,
    before,
    condition,
    container,
    pod,
    terminated,
    waiting,
)

GATED = condition("PodScheduled", "False", "SchedulingGated")
LOOPING = container(restarts=4, last=terminated())


def unscheduled(**age: float) -> Manifest:
    """A condition that says so long that no node takes the pod."""
    message = "0/3 nodes are available"
    return condition("PodScheduled", "False", "Unschedulable", message, before(**age))


@pytest.mark.parametrize(
    ("manifest", "health", "activity", "up", "reason"),
    [
        pytest.param(pod(), "healthy", "steady", True, "Ready", id="runs and is ready"),
        pytest.param(
            pod(phase="Succeeded", ready=False),
            "healthy",
            "suspended",
            True,
            "PodCompleted",
            id="finished its work",
        ),
        pytest.param(
            pod(phase="Failed", ready=False),
            "down",
            "steady",
            False,
            "PodFailed",
            id="failed for no stated reason",
        ),
        pytest.param(
            pod(phase="Failed", reason="Evicted"), "down", "steady", False, "Evicted", id="evicted"
        ),
        pytest.param(
            pod(phase="Failed", reason="Preempting"),
            "down",
            "steady",
            False,
            "Preempting",
            id="preempted",
        ),
        pytest.param(
            pod(phase="Failed", reason="NodeLost"),
            "down",
            "steady",
            False,
            "NodeLost",
            id="failed with its node",
        ),
        pytest.param(
            pod(phase="Failed", conditions=[condition("DisruptionTarget")]),
            "down",
            "steady",
            False,
            "DisruptionTarget",
            id="disrupted",
        ),
        pytest.param(
            pod(phase="Succeeded", conditions=[condition("DisruptionTarget")]),
            "down",
            "steady",
            False,
            "DisruptionTarget",
            id="disrupted, and its containers exit with 0",
        ),
        pytest.param(
            pod(phase="Succeeded", conditions=[condition("DisruptionTarget", "False")]),
            "healthy",
            "suspended",
            True,
            "PodCompleted",
            id="has completed in spite of a disruption that did not come to pass",
        ),
        pytest.param(
            pod(phase="Failed", conditions=[condition("DisruptionTarget", "False")]),
            "down",
            "steady",
            False,
            "PodFailed",
            id="a disruption that did not come to pass",
        ),
        pytest.param(
            pod(ready=False, containers=[container(ready=False)]),
            "down",
            "steady",
            False,
            "NotReady",
            id="runs and is not ready",
        ),
        pytest.param(
            pod(ready=None), "down", "steady", False, "NotReady", id="no Ready condition yet"
        ),
        pytest.param(
            pod(ready=None, conditions=[condition("Ready", "Unknown")], containers=[]),
            "down",
            "steady",
            False,
            "NotReady",
            id="nobody knows whether it is ready",
        ),
        pytest.param(
            pod(
                ready=False,
                containers=[container(state=waiting("CrashLoopBackOff"), last=terminated())],
            ),
            "down",
            "steady",
            False,
            "CrashLoopBackOff",
            id="crash loop, waiting",
        ),
        pytest.param(
            pod(containers=[LOOPING]),
            "degraded",
            "steady",
            True,
            "CrashLoopBackOff",
            id="crash loop, running and ready at this moment",
        ),
        pytest.param(
            pod(containers=[container(restarts=1, last=terminated(137, "OOMKilled"))]),
            "healthy",
            "steady",
            True,
            "Ready",
            id="OOM killed once",
        ),
        pytest.param(
            pod(phase="Pending", ready=False, containers=[]),
            "down",
            "progressing",
            False,
            "PodPending",
            id="starting",
        ),
        pytest.param(
            pod(phase="Pending", ready=None, conditions=[unscheduled(seconds=60)], containers=[]),
            "down",
            "progressing",
            False,
            "PodPending",
            id="unschedulable for 60 s",
        ),
        pytest.param(
            pod(phase="Pending", ready=None, conditions=[unscheduled(seconds=61)], containers=[]),
            "down",
            "steady",
            False,
            "Unschedulable",
            id="unschedulable for longer",
        ),
        pytest.param(
            pod(phase="Pending", ready=None, conditions=[GATED], containers=[]),
            "healthy",
            "suspended",
            True,
            "SchedulingGated",
            id="scheduling gates",
        ),
        pytest.param(
            pod(
                phase="Pending",
                ready=False,
                containers=[container(state=waiting("ErrImagePull"))],
            ),
            "down",
            "steady",
            False,
            "ErrImagePull",
            id="its image is not to be had",
        ),
        pytest.param(
            pod(
                phase="Pending",
                ready=False,
                containers=[container(state=waiting("RegistryUnavailable"))],
            ),
            "down",
            "steady",
            False,
            "RegistryUnavailable",
            id="waits for a reason that is no step of starting",
        ),
        pytest.param(
            pod(phase="Unknown"), "unknown", "steady", False, "PodUnknown", id="phase Unknown"
        ),
        pytest.param(
            pod(phase="Sideways"), "unknown", "steady", False, "Malformed", id="no known phase"
        ),
        pytest.param(pod(phase=""), "unknown", "steady", False, "Malformed", id="no phase"),
        pytest.param(
            pod(deleted=before(minutes=5)),
            "healthy",
            "terminating",
            True,
            "Ready",
            id="terminating and still serving",
        ),
        pytest.param(
            pod(deleted=before(hours=2)),
            "degraded",
            "terminating",
            True,
            "TerminatingStuck",
            id="its deletion is stuck",
        ),
    ],
)
def test_a_pod_is_judged(
    manifest: Manifest, health: str, activity: str, up: bool, reason: str
) -> None:
    """The table of what a Pod may look like, and what is said of it."""
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
        (pod(), "it is ready"),
        (pod(phase="Succeeded"), "all its containers have finished"),
        (pod(phase="Failed"), "it has failed and will not run again"),
        (
            pod(phase="Failed", reason="Evicted", message="low on memory"),
            "it has failed and will not run again: low on memory",
        ),
        (
            pod(ready=False, containers=[container(ready=False)]),
            "it runs and is not ready: NotReady: containers not ready: app",
        ),
        (
            pod(ready=False, gates=["lb"]),
            "it runs and is not ready: ReadinessGate: readiness gates not open: lb",
        ),
        (
            pod(containers=[LOOPING]),
            "ready at this moment, container app restarted 4 times, "
            "last ended with exit code 1 (Error)",
        ),
        (pod(phase="Pending", containers=[]), "it is starting"),
        (
            pod(phase="Pending", conditions=[unscheduled(hours=1)]),
            "it does not start: Unschedulable: 0/3 nodes are available",
        ),
        (
            pod(
                phase="Pending", containers=[container(state=waiting("SignatureValidationFailed"))]
            ),
            "it does not start: SignatureValidationFailed (container app)",
        ),
        (pod(phase="Pending", conditions=[GATED]), "its scheduling gates are closed"),
        (pod(phase="Unknown"), "its phase is Unknown"),
        (pod(phase=""), "its phase is none of Pending, Running, Succeeded, Failed and Unknown"),
        (pod(phase="Odd"), "its phase is none of Pending, Running, Succeeded, Failed and Unknown"),
    ],
)
def test_the_message_is_one_sentence(manifest: Manifest, message: str) -> None:
    """People read what the pod does."""
    assert assess(manifest, now=NOW).sentence == message


def test_an_evicted_pod_says_why() -> None:
    """The kubelet's words on an eviction are its first cause."""
    verdict = assess(
        pod(phase="Failed", reason="Evicted", message="low on memory", containers=[]), now=NOW
    )
    assert [(cause.reason, cause.message) for cause in verdict.causes] == [
        ("Evicted", "low on memory")
    ]


def test_a_disrupted_pod_says_why() -> None:
    """Where the status names nothing, the words are those of the condition."""
    disrupted = condition("DisruptionTarget", "True", message="taint manager deleted it")
    verdict = assess(
        pod(phase="Failed", conditions=[disrupted], containers=[container(state=terminated(2))]),
        now=NOW,
    )
    assert [(cause.reason, cause.message) for cause in verdict.causes] == [
        ("DisruptionTarget", "taint manager deleted it"),
        ("Error", "ended with exit code 2 (Error)"),
    ]


def test_a_pod_names_what_it_knows_better_than_not_ready() -> None:
    """One broken container of many is not hidden behind those that wait for it."""
    verdict = assess(
        pod(
            ready=False,
            containers=[
                container("app", ready=False),
                container("proxy", state=waiting("CreateContainerConfigError", "no such secret")),
            ],
        ),
        now=NOW,
    )
    assert [cause.reason for cause in verdict.causes] == ["CreateContainerConfigError"]
    assert verdict.reason == "CreateContainerConfigError"


def test_the_order_of_the_containers_does_not_choose_the_reason() -> None:
    """Of two broken containers the same one is named, wherever it stands in the list."""
    one = container("app", state=waiting("ImagePullBackOff"))
    other = container("proxy", state=waiting("CreateContainerConfigError"))
    pods = [
        pod(phase="Pending", ready=False, containers=order)
        for order in ([one, other], [other, one])
    ]
    first, second = (assess(manifest, now=NOW) for manifest in pods)
    assert first == second


@pytest.mark.parametrize(
    ("manifest", "since"),
    [
        (pod(), "11:57"),
        (pod(ready=False), "11:57"),
        (pod(ready=None), None),
        (pod(phase="Pending", conditions=[unscheduled(minutes=10)]), "11:50"),
        (pod(phase="Pending", containers=[]), None),
    ],
)
def test_since_is_the_transition_behind_the_verdict(manifest: Manifest, since: str | None) -> None:
    """The time is that of the condition which decided, or none."""
    stated = assess(manifest, now=NOW).since
    assert (stated and stated.strftime("%H:%M")) == since
