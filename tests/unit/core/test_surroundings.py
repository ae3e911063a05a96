"""What stands around an object."""

from __future__ import annotations

from k8s_heartbeat.core.surroundings import Surroundings
from tests.builders import deployment, pod, replica_set

AROUND = Surroundings([pod("a", owned_by="api-rs"), pod("b"), replica_set(), None, "odd", [1], {}])


def test_there_may_be_nothing() -> None:
    """What is no object does not count."""
    assert not Surroundings()
    assert not Surroundings([None, "odd", 7, []])
    assert AROUND


def test_objects_are_found_by_their_kind() -> None:
    """Whatever owns them."""
    assert [entry["metadata"]["name"] for entry in AROUND.of_kind("Pod")] == ["a", "b"]
    assert AROUND.of_kind("Job") == []


def test_objects_are_found_by_what_controls_them() -> None:
    """An owner without a UID controls nothing, least of all what has no owner."""
    assert AROUND.controlled_by("api-rs", "Pod") == [pod("a", owned_by="api-rs")]
    assert AROUND.controlled_by("api-rs", "ReplicaSet") == []
    assert AROUND.controlled_by("", "Pod") == []


def test_objects_are_taken_apart_as_far_as_they_explain() -> None:
    """Each of them, also what is odd."""
    assert [entry.meta.name for entry in Surroundings([deployment(), pod("a")]).parsed] == [
        "api",
        "a",
    ]
    assert len(AROUND.parsed) == 4
