"""The rule of the Node."""

from __future__ import annotations

from datetime import timedelta

import pytest

from k8s_heartbeat.core import RULES, Kind, assess
from k8s_heartbeat.core.fields import CONDITIONS
from tests.builders import NOW, Manifest, before, condition, metadata


def ready(status: object = "True", reason: str = "KubeletReady") -> Manifest:
    """A Node's Ready condition."""
    return condition("Ready", status, reason, "kubelet is posting", since=before(hours=1))


def pressed(type_: str = "DiskPressure", reason: str = "", status: str = "True") -> Manifest:
    """A condition that holds when a resource of the node runs short."""
    return condition(type_, status, reason, "no room", since=before(minutes=5))


def node(*conditions: Manifest, cordoned: bool = False) -> Manifest:
    """A Node with these conditions."""
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": metadata("worker-1"),
        "spec": {"unschedulable": True} if cordoned else {},
        "status": {"conditions": list(conditions)},
    }


@pytest.mark.parametrize(
    ("manifest", "health", "activity", "up", "reason", "message"),
    [
        pytest.param(
            node(ready()), "healthy", "steady", True, "KubeletReady", "it is ready", id="ready"
        ),
        pytest.param(
            node(ready(reason="")), "healthy", "steady", True, "Ready", "it is ready", id="no word"
        ),
        pytest.param(
            node(ready("False", "KubeletNotReady")),
            "down",
            "steady",
            False,
            "KubeletNotReady",
            "it is not ready: kubelet is posting",
            id="not ready",
        ),
        pytest.param(
            node(ready("Unknown", "NodeStatusUnknown")),
            "down",
            "steady",
            False,
            "NodeStatusUnknown",
            "its kubelet does not report: kubelet is posting",
            id="silent",
        ),
        pytest.param(
            node(ready("randomstatus", "")),
            "down",
            "steady",
            False,
            "NotReady",
            "its kubelet does not report: kubelet is posting",
            id="an odd status",
        ),
        pytest.param(node(), "down", "progressing", False, "NotReady", "it is not ready", id="new"),
        pytest.param(
            node(ready(), cordoned=True),
            "healthy",
            "suspended",
            True,
            "KubeletReady",
            "it is ready, cordoned",
            id="cordoned",
        ),
        pytest.param(
            node(cordoned=True),
            "down",
            "suspended",
            False,
            "NotReady",
            "it is not ready, cordoned",
            id="new and cordoned",
        ),
        pytest.param(
            node(ready(), pressed(reason="KubeletHasDiskPressure")),
            "degraded",
            "steady",
            True,
            "KubeletHasDiskPressure",
            "it is ready, DiskPressure: no room",
            id="under pressure",
        ),
        pytest.param(
            node(ready(), pressed(), pressed("MemoryPressure"), cordoned=True),
            "degraded",
            "suspended",
            True,
            "MemoryPressure",
            "it is ready, MemoryPressure, DiskPressure, cordoned: no room",
            id="under two pressures",
        ),
        pytest.param(
            node(ready(), pressed(status="False"), pressed("PIDPressure", status="Unknown")),
            "healthy",
            "steady",
            True,
            "KubeletReady",
            "it is ready",
            id="under none",
        ),
        pytest.param(
            node(ready("False", ""), pressed()),
            "down",
            "steady",
            False,
            "NotReady",
            "it is not ready, DiskPressure: kubelet is posting",
            id="pressure makes nothing better",
        ),
    ],
)
def test_a_node_is_judged(
    manifest: Manifest, health: str, activity: str, up: bool, reason: str, message: str
) -> None:
    """The table of what a Node may look like, and what is said of it."""
    verdict = assess(manifest, now=NOW)
    assert (verdict.health, verdict.activity, verdict.up) == (health, activity, up)
    assert (verdict.reason, verdict.sentence) == (reason, message)


@pytest.mark.parametrize(
    "type_", ["MemoryPressure", "DiskPressure", "PIDPressure", "NetworkUnavailable"]
)
def test_each_pressure_counts_and_is_a_cause(type_: str) -> None:
    """What runs short is told as the kubelet says it, and how long it has."""
    verdict = assess(node(ready(), pressed(type_)), now=NOW)
    assert verdict.health == "degraded"
    assert verdict.since == NOW - timedelta(minutes=5)
    (cause,) = verdict.causes
    assert (cause.reason, cause.kind, cause.name) == (type_, "Node", "worker-1")
    assert (cause.message, cause.since) == ("no room", verdict.since)


@pytest.mark.parametrize(
    "type_",
    [
        "KernelDeadlock",
        "ReadonlyFilesystem",
        "FrequentKubeletRestart",
        "FrequentUnregisterNetDevice",
        "CorruptDockerOverlay2",
        "KubeletProblem",
        "ContainerRuntimeUnhealthy",
        "FilesystemCorruptionProblem",
        "XfsShutdown",
        "CperHardwareErrorFatal",
        "GPUMissing",
        "IBLinkFlapping",
        "KubeletNotReady",
        "EphemeralStoragePressure",
    ],
)
def test_what_names_a_problem_is_bad_when_it_is_true(type_: str) -> None:
    """Those of node-problem-detector and of clouds; False and Unknown are no verdict."""
    verdict = assess(node(ready(), pressed(type_, "Word")), now=NOW)
    assert (verdict.health, verdict.up, verdict.reason) == ("degraded", True, "Word")
    assert [cause.reason for cause in verdict.causes] == ["Word"]
    assert "healthy" not in verdict.sentence.lower()
    for status in ("False", "Unknown"):
        assert assess(node(ready(), pressed(type_, status=status)), now=NOW).health == "healthy"


@pytest.mark.parametrize(
    "type_", ["StorageReady", "NetworkingReady", "ContainerRuntimeReady", "KernelReady"]
)
def test_what_names_what_is_ready_is_bad_when_it_is_false(type_: str) -> None:
    """Those of EKS."""
    verdict = assess(node(ready(), pressed(type_, status="False")), now=NOW)
    assert (verdict.health, verdict.reason) == ("degraded", type_)
    assert verdict.sentence == f"it is ready, not {type_}: no room"
    assert assess(node(ready(), pressed(type_)), now=NOW).health == "healthy"


@pytest.mark.parametrize("type_", ["EtcdIsVoter", "RebootScheduled", "Consolidatable", "Novel"])
@pytest.mark.parametrize("status", ["True", "False"])
def test_what_names_neither_is_no_verdict(type_: str, status: str) -> None:
    """Nobody knows which way is good."""
    verdict = assess(node(ready(), pressed(type_, status=status)), now=NOW)
    assert (verdict.health, verdict.causes) == ("healthy", ())


def test_a_node_that_never_reports_is_not_on_its_way_for_ever() -> None:
    """It is down all the same."""
    manifest = node()
    manifest["metadata"]["creationTimestamp"] = before(minutes=16)
    verdict = assess(manifest, now=NOW)
    assert (verdict.health, verdict.activity) == ("down", "steady")


def test_what_a_kubelet_says_is_a_cause() -> None:
    """A node that is down tells why, before what else is wrong with it."""
    verdict = assess(node(pressed(), ready("False", "KubeletNotReady")), now=NOW)
    assert [cause.reason for cause in verdict.causes] == ["KubeletNotReady", "DiskPressure"]
    assert verdict.causes[0].message == "kubelet is posting"
    assert verdict.since == NOW - timedelta(hours=1)
    assert assess(node(ready("False", "")), now=NOW).causes[0].reason == "NotReady"


def test_since_is_told_of_a_node_that_is_well() -> None:
    """How long it has been ready is its condition's word; without one there is none."""
    assert assess(node(ready()), now=NOW).since == NOW - timedelta(hours=1)
    assert assess(node(), now=NOW).since is None


def test_how_it_is_called_and_what_is_read_of_it() -> None:
    """Its names and scope are those that kubectl prints; readers keep what its rule names."""
    rule = RULES.own("Node", "v1")
    assert rule is not None
    assert rule.kind == Kind("Node", "nodes", "", "v1", ("no",), namespaced=False)
    assert {*rule.fields} == {"spec.unschedulable", *CONDITIONS}
