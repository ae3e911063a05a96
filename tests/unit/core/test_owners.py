"""What belongs to what, by controller owner."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from k8s_heartbeat.core import assess
from k8s_heartbeat.core.manifests import meta_of
from k8s_heartbeat.core.owners import owned_pods, top_level
from k8s_heartbeat.core.related import RelatedObjects
from tests.builders import (
    NOW,
    Manifest,
    container,
    daemon_set,
    deployment,
    event,
    owner,
    pod,
    replica_set,
    stateful_set,
)
from tests.property import strategies as some


def names(subject: Manifest, *related: Manifest) -> list[str]:
    """The names of the pods that belong to an object."""
    return [found.meta.name for found in owned_pods(meta_of(subject), RelatedObjects(related))]


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
    meta = meta_of(stateful_set())
    first = owned_pods(meta, RelatedObjects([early, late]))
    second = owned_pods(meta, RelatedObjects([late, early]))
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


def test_a_job_stands_between_a_cron_job_and_its_pods() -> None:
    """As a ReplicaSet does for a Deployment."""
    nightly: Manifest = {"kind": "CronJob", "metadata": {"name": "nightly", "uid": "nightly"}}
    job: Manifest = {
        "kind": "Job",
        "metadata": {
            "name": "nightly-1",
            "uid": "nightly-1",
            "ownerReferences": [owner("nightly", kind="CronJob")],
        },
    }
    assert names(nightly, job, pod("one", owned_by="nightly-1")) == ["one"]
    assert names(job, pod("one", owned_by="nightly-1")) == ["one"]


def test_an_object_is_explained_by_all_that_it_controls_and_the_events_of_all() -> None:
    """Deployment to ReplicaSets to pods, and the events about each of them."""
    objects = [
        deployment(3, 0),
        replica_set(name="api-rs"),
        replica_set(name="api-old"),
        pod("api-1", ready=False, owned_by="api-rs"),
        pod("api-2", owned_by="api-rs"),
        event("api", "A"),
        event("api-old", "B", kind="ReplicaSet"),
        event("api-2", "C", kind="Pod"),
        stateful_set(3, 0),
        pod("db-0", ready=False, owned_by="db"),
        event("db", "D"),
        event("elsewhere", "E"),
    ]

    def causes(subject: Manifest) -> list[tuple[str, str]]:
        verdict = assess(subject, related=objects, now=NOW)
        return sorted((cause.reason, cause.name) for cause in verdict.causes)

    assert causes(objects[0]) == [
        ("A", "api"),
        ("B", "api-old"),
        ("C", "api-2"),
        ("NodeLost", "api-1"),
    ]
    assert causes(objects[8]) == [("D", "db"), ("NodeLost", "db-0")]


@pytest.mark.parametrize(
    "objects",
    [
        pytest.param([replica_set(name="a", owned_by="a")], id="of itself"),
        pytest.param(
            [replica_set(name="a", owned_by="b"), replica_set(name="b", owned_by="a")],
            id="of each other",
        ),
        pytest.param(
            [pod(f"p{number}", owned_by=f"p{(number + 1) % 9}") for number in range(9)],
            id="in a ring",
        ),
    ],
)
def test_owners_in_a_circle_end(objects: list[Manifest]) -> None:
    """A dump may state what no cluster holds."""
    for entry in objects:
        assert len(names(entry, *objects)) <= len(objects)
        assert assess(entry, related=objects, now=NOW).health


def test_objects_without_a_uid_are_nobodys() -> None:
    """Manifests that were never applied have none, and do not all belong together."""
    bare: Manifest = {"kind": "Deployment", "metadata": {"name": "api"}}
    stray: list[Manifest] = [
        {"kind": "Pod", "metadata": {"name": "a"}, "status": {"phase": "Running"}},
        {"kind": "Event", "reason": "Failed"},
        {},
    ]
    assert names(bare, bare, *stray) == []


def test_order_in_the_dump_changes_no_verdict() -> None:
    """`kubectl get pods,deploy` is as good as `kubectl get deploy,pods`."""
    objects = [deployment(3, 1), replica_set(3, 1), pod("api-1", ready=False, owned_by="api-rs")]

    def judged(held: list[Manifest]) -> Any:
        subject = next(entry for entry in held if entry["kind"] == "Deployment")
        return assess(subject, related=held, now=NOW)

    assert judged(objects) == judged(objects[::-1])


OWNS = {"Deployment": ("ReplicaSet",), "ReplicaSet": ("Pod",)}


def owns(above: Mapping[str, Any], entry: Mapping[str, Any]) -> bool:
    """Whether the verdict on one object speaks of another that it controls."""
    return entry.get("kind") in OWNS.get(str(above.get("kind")), ())


def top(*manifests: Manifest, kinds: tuple[str, ...] = ("Deployment", "ReplicaSet")) -> list[str]:
    """The names of those that no member, of certain kinds, answers for."""
    return [
        entry["metadata"]["name"]
        for entry in top_level(manifests, owns, lambda entry: entry["kind"] in kinds)
    ]


def test_what_another_one_controls_is_not_at_the_top() -> None:
    """Itself or through others, in whatever order they stand."""
    chain = [pod("api-1", owned_by="api-rs"), replica_set(), deployment(), pod("bare")]
    assert top(*chain) == ["api", "bare"]
    assert top(*chain[::-1]) == ["bare", "api"]


def test_what_is_not_among_them_controls_nothing() -> None:
    """A pod whose owner was not listed stands for itself."""
    assert top(replica_set(), pod("api-1", owned_by="api-rs")) == ["api-rs"]
    assert top(pod("api-1", owned_by="api-rs"), deployment()) == ["api-1", "api"]


def test_only_some_kinds_answer_for_what_they_control() -> None:
    """The caller says which."""
    chain = [deployment(), replica_set(), pod("api-1", owned_by="api-rs")]
    assert top(*chain, kinds=("ReplicaSet",)) == ["api", "api-rs"]
    assert top(*chain, kinds=()) == ["api", "api-rs", "api-1"]


def test_what_stands_between_leads_on_though_it_does_not_count() -> None:
    """A Deployment answers for its pods, whether or not anybody asked for ReplicaSets."""
    chain = [deployment(), replica_set(), pod("api-1", owned_by="api-rs")]
    assert top(*chain, kinds=("Deployment",)) == ["api"]
    assert top(*chain[1:], kinds=("Deployment",)) == ["api-rs", "api-1"]


def test_what_no_verdict_speaks_of_stays_at_the_top() -> None:
    """An operator's Deployment controls another one, or a pod does: nobody answers for that."""
    led = deployment()
    led["metadata"] |= {"name": "web", "uid": "web", "ownerReferences": [owner("api")]}
    assert top(deployment(), led) == ["api", "web"]
    led["metadata"]["ownerReferences"] = [owner("operator-1")]
    assert top(pod("operator-1"), led, kinds=("Pod", "Deployment")) == ["operator-1", "web"]
    assert top(deployment(), pod("stray", owned_by="api")) == ["api", "stray"]
    made = replica_set(name="web-rs", owned_by="web")
    assert top(deployment(), led, made, pod("web-1", owned_by="web-rs")) == ["api", "web"]


def test_a_long_chain_is_gone_through_once() -> None:
    """Each object is asked for its owner a few times, however many stand above it."""
    chain = [pod(f"p{number}", owned_by=f"p{number - 1}") for number in range(2000)]
    asked: list[str] = []

    def owns_all(above: Mapping[str, Any], entry: Mapping[str, Any]) -> bool:
        asked.append(entry["metadata"]["name"])
        return True

    assert len(top_level(chain, owns_all, lambda entry: False)) == len(chain)
    assert len(asked) < 2 * len(chain)


@pytest.mark.parametrize("count", [1, 2, 3])
def test_who_controls_himself_stays_at_the_top(count: int) -> None:
    """Otherwise a ring of owners would vanish together with what it says."""
    ring = [
        replica_set(name=f"r{number}", owned_by=f"r{(number + 1) % count}")
        for number in range(count)
    ]
    assert top(*ring) == [f"r{number}" for number in range(count)]
    assert "tail" in top(*ring, replica_set(name="tail", owned_by="r0"))


def test_without_a_uid_nothing_is_controlled() -> None:
    """Manifests that were never applied have none."""
    bare = [deployment(), replica_set(owned_by=""), pod("lone")]
    for entry in bare:
        entry["metadata"]["uid"] = ""
    assert top(*bare) == ["api", "api-rs", "lone"]
    nobody = replica_set()
    nobody["metadata"]["uid"] = ""
    assert top(deployment(), nobody, pod("lone")) == ["api", "lone"]


@given(st.lists(some.damaged(some.manifests()), max_size=5))
def test_whatever_is_listed_something_is_at_the_top(objects: list[Any]) -> None:
    """Odd dumps are survived, each entry at most once, and not all of them vanish."""
    held: list[Manifest] = [entry for entry in objects if isinstance(entry, dict)]
    found = top_level(held, owns, lambda entry: True)
    assert bool(found) == bool(held)
    assert all(any(entry is one for one in held) for entry in found)
