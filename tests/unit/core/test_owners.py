"""Which pods belong to a workload."""

from __future__ import annotations

import pytest

from k8s_heartbeat.core.manifests import parse
from k8s_heartbeat.core.owners import owned_pods
from tests.builders import (
    Manifest,
    container,
    daemon_set,
    deployment,
    owner,
    pod,
    replica_set,
    stateful_set,
)


def names(subject: Manifest, *related: Manifest) -> list[str]:
    """The names of the pods that belong to an object."""
    return [
        found.meta.name
        for found in owned_pods(parse(subject).meta, [parse(one) for one in related])
    ]


def test_a_deployment_owns_pods_through_its_replica_sets() -> None:
    """Of old and new ReplicaSets alike, in the order of their names."""
    around = [
        pod("new-1", owned_by="new"),
        replica_set(name="new"),
        pod("old-1", owned_by="old"),
        replica_set(0, name="old"),
        pod("a-1", owned_by="new"),
    ]
    assert names(deployment(), *around) == ["a-1", "new-1", "old-1"]


@pytest.mark.parametrize("subject", [stateful_set(), daemon_set(), replica_set(name="rs")])
def test_other_workloads_own_their_pods_themselves(subject: Manifest) -> None:
    """Their pods name them as controller."""
    uid = subject["metadata"]["uid"]
    assert names(subject, pod("one", owned_by=uid), pod("two", owned_by="other")) == ["one"]


def test_labels_alone_are_not_enough() -> None:
    """A pod with the same labels that nobody or another controls is somebody else's."""
    labelled = deployment()
    labelled["spec"]["selector"] = {"matchLabels": {"app": "api"}}
    around = [replica_set(), pod("stray"), pod("theirs", owned_by="their-rs")]
    assert not names(labelled, *around)


def test_an_owner_that_does_not_control_owns_no_pod() -> None:
    """Only the one reference whose controller is true counts, wherever it stands."""
    guest = pod("guest")
    guest["metadata"]["ownerReferences"] = [owner("db", controller=False), owner("agent")]
    assert not names(stateful_set(), guest)
    assert names(daemon_set(), guest) == ["guest"]


def test_a_replica_set_of_another_deployment_leads_nowhere() -> None:
    """Pods are reached only through what the owner controls."""
    around = [replica_set(name="theirs", owned_by="their-deployment"), pod(owned_by="theirs")]
    assert not names(deployment(), *around)


def test_only_replica_sets_stand_between() -> None:
    """A pod behind an owned pod is not owned."""
    assert names(deployment(), pod("one", owned_by="api"), pod("two", owned_by="one")) == ["one"]


def test_an_object_without_a_uid_owns_nothing() -> None:
    """Pods without an owner are not those of a workload that does not say who it is."""
    nobody = deployment()
    nobody["metadata"]["uid"] = ""
    assert not names(nobody, pod("lone"), replica_set(owned_by=""))


def test_two_readings_of_one_pod_are_one_pod() -> None:
    """A dump of two moments holds it twice; the same reading counts in either order."""
    early = pod("db-0", owned_by="db", containers=[container(restarts=1)])
    late = pod("db-0", owned_by="db", containers=[container(restarts=2)])
    meta = parse(stateful_set()).meta
    first = owned_pods(meta, [parse(early), parse(late)])
    second = owned_pods(meta, [parse(late), parse(early)])
    assert first == second
    assert len(first) == 1


def test_two_pods_of_one_name_are_two() -> None:
    """A pod and the one that replaced it under the same name have different UIDs."""
    twins = [pod("db-0", owned_by="db"), pod("db-0", owned_by="db")]
    twins[1]["metadata"]["uid"] = "later"
    assert names(stateful_set(), *twins) == ["db-0", "db-0"]


@pytest.mark.parametrize("replicas", ["1", None, -1])
def test_an_odd_replica_set_still_links_its_pods(replicas: object) -> None:
    """That its counts cannot be read says nothing of whose pods it controls."""
    odd = replica_set()
    odd["status"] = None if replicas is None else {"replicas": replicas}
    uid = odd["metadata"]["uid"]
    assert names(deployment(), odd, pod("one", owned_by=uid)) == ["one"]
