"""What is around objects."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from k8s_heartbeat.core.evidence import Evidence
from k8s_heartbeat.core.gap import GapReason
from k8s_heartbeat.core.kinds import JOB, POD, STORAGE_CLASS
from k8s_heartbeat.core.model import Pod
from k8s_heartbeat.core.related import RelatedObjects, names_of
from k8s_heartbeat.core.selectors import parse_selector
from tests.builders import Manifest, deployment, event, pod, replica_set
from tests.property import strategies as some

POD_A = pod("a", owned_by="api-rs")
AROUND = RelatedObjects([POD_A, pod("b"), replica_set(), None, "odd", [1], {}])
PODS = Evidence(POD, "shop")


def test_there_may_be_nothing() -> None:
    """What is no object does not count."""
    assert not RelatedObjects()
    assert not RelatedObjects([None, "odd", 7, []])
    assert AROUND


def test_objects_are_found_by_their_kind() -> None:
    """Whatever owns them."""
    assert [entry["metadata"]["name"] for entry in AROUND.of_kind("Pod")] == ["a", "b"]
    assert AROUND.of_kind("Job") == []


def test_objects_are_found_by_what_controls_them() -> None:
    """An owner without a UID controls nothing, least of all what has no owner."""
    assert AROUND.controlled_by("api-rs") == [POD_A]
    assert AROUND.controlled_by("api") == [replica_set()]
    assert AROUND.controlled_by("") == []


def test_objects_are_found_by_what_they_are_looked_up_by() -> None:
    """Their name, or whatever a function of a module gives."""
    assert AROUND.lookup("Pod", names_of, "a") == [POD_A]
    assert AROUND.lookup("Pod", names_of, "c") == []
    assert AROUND.lookup("Job", names_of, "a") == []


def test_what_is_added_is_found_too() -> None:
    """Also after the first look."""
    around = RelatedObjects([pod("a", owned_by="x")])
    assert around.lookup("Pod", names_of, "b") == []
    assert len(around.controlled_by("x")) == 1
    around.add([pod("b", owned_by="x"), event("b")])
    assert len(around.lookup("Pod", names_of, "b")) == 1
    assert len(around.controlled_by("x")) == 2
    assert len(around.events_about(["b"])) == 1


def test_events_are_found_by_what_they_involve() -> None:
    """The newer API renamed involvedObject; an object without a UID is involved in nothing."""
    newer: Manifest = {"kind": "Event", "metadata": {"name": "e"}, "regarding": {"uid": "rs"}}
    bare: Manifest = {"kind": "Event", "reason": "Failed"}
    around = RelatedObjects([event("api"), newer, event("other"), bare])
    assert [entry.involved_uid for entry in around.events_about(["api", "rs", ""])] == ["api", "rs"]
    assert around.events_about([]) == []
    assert around.controlled_by("rs") == []


def test_an_object_is_parsed_once() -> None:
    """However many it explains."""
    found = AROUND.parsed(POD_A)
    assert isinstance(found, Pod)
    assert AROUND.parsed(POD_A) is found


def test_what_is_given_is_all_that_there_is_of_its_kind() -> None:
    """Of a kind of which nothing is given there may be any number."""
    assert RelatedObjects([deployment(), pod()]).gap(PODS) is None
    gap = RelatedObjects([deployment()]).gap(PODS)
    assert gap is not None
    assert (gap.reason, gap.kind, gap.name) == (GapReason.NOT_GIVEN, POD, "")
    assert str(gap) == "pods: not in the input"


@pytest.mark.parametrize(
    "other",
    [
        {**POD_A, "metadata": {"name": "a", "namespace": "bank"}},
        {**POD_A, "apiVersion": "metrics.k8s.io/v1beta1"},
        {**POD_A, "metadata": {"name": "a", "namespace": "shop", "labels": {"app": "other"}}},
    ],
    ids=["of another namespace", "of another group", "that the selector leaves out"],
)
def test_what_is_not_asked_for_is_no_evidence(other: Manifest) -> None:
    """A namesake of its kind says nothing of what was not given."""
    wanted = Evidence(POD, "shop", selector=parse_selector("app=api"))
    gap = RelatedObjects([other]).gap(wanted)
    assert gap is not None
    assert gap.reason == GapReason.NOT_GIVEN
    mine = {**POD_A, "metadata": {"name": "a", "namespace": "shop", "labels": {"app": "api"}}}
    assert RelatedObjects([other, mine]).gap(wanted) is None


def test_it_may_be_said_that_there_are_no_others() -> None:
    """Of the kinds that are named."""
    around = RelatedObjects(whole=(POD,))
    assert around.gap(PODS) is None
    assert around.gap(Evidence(JOB, "shop")) is not None


def test_of_an_object_that_is_named_no_other_is_evidence() -> None:
    """A StorageClass of another name says nothing of it."""
    slow = {"kind": "StorageClass", "metadata": {"name": "slow"}}
    gap = RelatedObjects([slow]).gap(Evidence(STORAGE_CLASS, "", "fast"))
    assert str(gap) == "storageclasses fast: not in the input"
    assert RelatedObjects([slow]).gap(Evidence(STORAGE_CLASS, "", "slow")) is None
    whole = RelatedObjects([slow], whole=(STORAGE_CLASS,))
    assert whole.gap(Evidence(STORAGE_CLASS, "", "fast")) is None


@pytest.mark.parametrize("around", [[replica_set(name="a", owned_by="a")], []])
def test_who_controls_himself_is_among_his_own(around: list[Manifest]) -> None:
    """A dump may state what no cluster holds."""
    assert RelatedObjects(around).controlled_by("a") == around


@given(st.lists(some.damaged(some.manifests()), max_size=4))
def test_any_object_is_taken(objects: list[Any]) -> None:
    """Odd dumps are survived, for the verdict is still to be had."""
    around = RelatedObjects(objects)
    held: list[Manifest] = [entry for entry in objects if isinstance(entry, dict)]
    for uid in ("api", "rs", "pod", "stranger"):
        assert all(any(entry is one for one in held) for entry in around.controlled_by(uid))
        around.events_about([uid])
