"""The rules of claims, volumes and storage classes, case by case."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import pytest

from k8s_heartbeat.core import Policy, assess
from k8s_heartbeat.core.kinds import POD, STORAGE_CLASS
from k8s_heartbeat.core.related import RelatedObjects
from k8s_heartbeat.core.subject import Subject
from tests.builders import NOW, Manifest, before, condition, metadata, owner, pod


def claim(
    phase: object = "Bound",
    *conditions: Manifest,
    storage_class: object = "fast",
    owned_by: str = "",
    created: str = "",
) -> Manifest:
    """A PersistentVolumeClaim `data`."""
    owners = [owner(owned_by, kind="Pod")] if owned_by else []
    spec: Manifest = {} if storage_class is None else {"storageClassName": storage_class}
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": metadata("data", owners=owners, created=created),
        "spec": spec,
        "status": {"phase": phase, "conditions": list(conditions)},
    }


def volume(phase: object = "Bound", reason: str = "", message: str = "") -> Manifest:
    """A PersistentVolume `pv-1`."""
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolume",
        "metadata": {"name": "pv-1", "uid": "pv-1"},
        "spec": {},
        "status": {"phase": phase, "reason": reason, "message": message},
    }


def storage_class(mode: object = "WaitForFirstConsumer", name: str = "fast") -> Manifest:
    """A StorageClass that by default waits for a consumer."""
    return {
        "apiVersion": "storage.k8s.io/v1",
        "kind": "StorageClass",
        "metadata": {"name": name, "uid": name},
        "volumeBindingMode": mode,
    }


def user(*, claims: Sequence[str] = ("data",), phase: str = "Pending", **fields: str) -> Manifest:
    """A pod that uses these claims."""
    manifest = pod("db-0", phase=phase, ready=None)
    manifest["spec"]["volumes"] = [
        {"persistentVolumeClaim": {"claimName": name}} for name in claims
    ]
    manifest["metadata"].update(fields)
    return manifest


WHOLE = RelatedObjects(whole=(POD, STORAGE_CLASS))
"""That there is nothing."""


def around_it(*manifests: Manifest) -> RelatedObjects:
    """All classes and pods that there are."""
    return RelatedObjects(manifests, whole=(POD, STORAGE_CLASS))


@pytest.mark.parametrize(
    ("manifest", "health", "activity", "up", "reason"),
    [
        pytest.param(claim(), "healthy", "steady", True, "Bound", id="bound"),
        pytest.param(
            claim("Bound", condition("Resizing")),
            "healthy",
            "progressing",
            True,
            "Resizing",
            id="resizing",
        ),
        pytest.param(
            claim("Bound", condition("FileSystemResizePending")),
            "healthy",
            "progressing",
            True,
            "FileSystemResizePending",
            id="its file system waits",
        ),
        pytest.param(
            claim("Bound", condition("Resizing", "False")),
            "healthy",
            "steady",
            True,
            "Bound",
            id="not resizing",
        ),
        pytest.param(claim("Lost"), "down", "steady", False, "ClaimLost", id="lost"),
        pytest.param(
            claim("Pending"), "degraded", "progressing", True, "ClaimPending", id="pending"
        ),
        pytest.param(claim("Odd"), "unknown", "steady", False, "Malformed", id="another phase"),
        pytest.param(claim(None), "unknown", "steady", False, "Malformed", id="no phase"),
        pytest.param(claim(3), "unknown", "steady", False, "Malformed", id="an odd phase"),
        pytest.param(volume("Bound"), "healthy", "steady", True, "Bound", id="volume bound"),
        pytest.param(
            volume("Available"), "healthy", "steady", True, "Available", id="volume available"
        ),
        pytest.param(
            volume("Released"), "healthy", "steady", True, "Released", id="volume released"
        ),
        pytest.param(
            volume("Pending"), "degraded", "progressing", True, "VolumePending", id="volume pending"
        ),
        pytest.param(volume("Failed"), "down", "steady", False, "VolumeFailed", id="volume failed"),
        pytest.param(
            volume("Failed", "VolumeFailedDelete"),
            "down",
            "steady",
            False,
            "VolumeFailedDelete",
            id="volume failed, with a reason",
        ),
        pytest.param(
            volume("Failed", "no word"),
            "down",
            "steady",
            False,
            "VolumeFailed",
            id="volume failed, with an odd reason",
        ),
        pytest.param(
            volume("Odd"), "unknown", "steady", False, "Malformed", id="volume of another phase"
        ),
        pytest.param(
            volume(""), "unknown", "steady", False, "Malformed", id="volume without a phase"
        ),
        pytest.param(
            storage_class(), "healthy", "steady", True, "Exists", id="storage classes exist"
        ),
    ],
)
def test_storage_is_judged(
    manifest: Manifest, health: str, activity: str, up: bool, reason: str
) -> None:
    """The table of what storage may look like, and what is said of it."""
    verdict = assess(manifest, related=WHOLE, now=NOW)
    assert (verdict.health, verdict.activity, verdict.up, verdict.reason) == (
        health,
        activity,
        up,
        reason,
    )


@pytest.mark.parametrize(
    "around",
    [
        pytest.param([], id="nobody"),
        pytest.param([user(claims=["other"])], id="a pod of another claim"),
        pytest.param([user(namespace="other")], id="a pod elsewhere"),
        pytest.param([user(phase="Succeeded")], id="a pod that has ended"),
        pytest.param([claim()], id="no pod"),
    ],
)
def test_a_claim_that_nobody_uses_may_wait(around: list[Manifest]) -> None:
    """Its StorageClass makes the volume where the first pod is."""
    verdict = assess(claim("Pending"), related=around_it(*around, storage_class()), now=NOW)
    assert (verdict.health, verdict.activity, verdict.up, verdict.reason) == (
        "healthy",
        "suspended",
        True,
        "WaitForFirstConsumer",
    )


@pytest.mark.parametrize(
    ("manifest", "around"),
    [
        pytest.param(claim("Pending"), [storage_class(), user()], id="a pod waits for it"),
        pytest.param(
            claim("Pending", owned_by="db-0"),
            [storage_class(), user(claims=[])],
            id="it is a pod's ephemeral volume",
        ),
        pytest.param(claim("Pending"), [storage_class("Immediate")], id="at once"),
        pytest.param(claim("Pending"), [storage_class(["WaitForFirstConsumer"])], id="odd mode"),
        pytest.param(claim("Pending"), [storage_class(name="slow")], id="another class"),
        pytest.param(claim("Pending", storage_class=None), [storage_class()], id="no class"),
        pytest.param(claim("Pending", storage_class=["fast"]), [storage_class()], id="odd class"),
    ],
)
def test_a_claim_that_should_be_bound_is_degraded(
    manifest: Manifest, around: list[Manifest]
) -> None:
    """Somebody waits for it, or nothing says that it may wait."""
    verdict = assess(manifest, related=around_it(*around), now=NOW)
    assert (verdict.health, verdict.activity, verdict.reason) == (
        "degraded",
        "progressing",
        "ClaimPending",
    )


LONG_AGO = before(minutes=15, seconds=1)


@pytest.mark.parametrize(
    ("manifest", "around", "causes"),
    [
        pytest.param(claim("Pending", storage_class=None, created=LONG_AGO), [], [], id="no class"),
        pytest.param(
            claim("Pending", created=LONG_AGO), [storage_class("Immediate")], [], id="at once"
        ),
        pytest.param(
            claim("Pending", created=LONG_AGO),
            [storage_class(), user(creationTimestamp=LONG_AGO)],
            [],
            id="a pod waits for it",
        ),
        pytest.param(
            claim("Pending", created=LONG_AGO),
            [],
            ["StorageClassNotFound"],
            id="a class of no name",
        ),
    ],
)
def test_a_claim_that_is_never_bound_is_down(
    manifest: Manifest, around: list[Manifest], causes: list[str]
) -> None:
    """Nothing of it has ever served."""
    verdict = assess(manifest, related=around_it(*around), now=NOW)
    assert (verdict.health, verdict.activity, verdict.up, verdict.reason) == (
        "down",
        "steady",
        False,
        "ClaimPending",
    )
    assert verdict.sentence.startswith("no volume is bound to it after 15m")
    assert [cause.reason for cause in verdict.causes] == causes
    patient = Policy(waiting_after=timedelta(hours=1))
    assert assess(manifest, related=around_it(*around), now=NOW, policy=patient).up


def test_a_claim_that_waits_for_its_first_pod_waits_since_there_is_one() -> None:
    """It may have been there for a year before."""
    old = claim("Pending", created=before(days=365))
    young = user(creationTimestamp=before(minutes=1))
    verdict = assess(old, related=around_it(storage_class(), young), now=NOW)
    assert (verdict.health, verdict.activity) == ("degraded", "progressing")
    assert assess(old, related=around_it(storage_class()), now=NOW).health == "healthy"


def test_a_claim_that_waited_too_long_is_down_whatever_its_class_may_say() -> None:
    """Nothing serves, and what could excuse it was not read."""
    verdict = assess(claim("Pending", created=LONG_AGO), now=NOW)
    assert (verdict.health, verdict.up, verdict.reason) == ("down", False, "ClaimPending")
    assert "is not in the input" in verdict.sentence


def test_a_class_that_waits_for_no_pod_needs_none() -> None:
    """Of a dump without pods, the class says all that has to be known."""
    around = [storage_class("Immediate")]
    assert assess(claim("Pending"), related=around, now=NOW).health == "degraded"
    old = assess(claim("Pending", created=LONG_AGO), related=around, now=NOW)
    assert (old.health, "is not in the input" in old.sentence) == ("down", False)
    assert assess(claim("Pending"), related=[storage_class()], now=NOW).health == "unknown"


def test_a_class_that_does_not_exist_is_a_cause_at_once() -> None:
    """The claim may still be bound to a volume that somebody makes by hand."""
    verdict = assess(claim("Pending"), related=WHOLE, now=NOW)
    assert (verdict.health, verdict.activity) == ("degraded", "progressing")
    assert [cause.reason for cause in verdict.causes] == ["StorageClassNotFound"]
    assert verdict.sentence == "no volume is bound to it yet: there is no StorageClass fast"


@pytest.mark.parametrize(
    ("status", "causes"),
    [
        (
            {"conditions": [condition("ControllerResizeError", message="too large")]},
            ["ControllerResizeError"],
        ),
        ({"conditions": [condition("NodeResizeError")]}, ["NodeResizeError"]),
        ({"conditions": [condition("ModifyVolumeError")]}, ["ModifyVolumeError"]),
        ({"conditions": [condition("VolumeModifyVolumeError")]}, ["VolumeModifyVolumeError"]),
        (
            {"allocatedResourceStatuses": {"storage": "NodeResizeInfeasible"}},
            ["NodeResizeInfeasible"],
        ),
        ({"allocatedResourceStatuses": {"storage": "NodeResizeInProgress"}}, []),
        ({"modifyVolumeStatus": {"status": "Infeasible"}}, ["ModifyVolumeInfeasible"]),
        ({"modifyVolumeStatus": {"status": "Pending"}}, []),
        ({"allocatedResourceStatuses": ["odd"], "modifyVolumeStatus": "odd"}, []),
    ],
)
def test_a_resize_that_fails_is_a_cause(status: Manifest, causes: list[str]) -> None:
    """The volume goes on serving at the size that it has."""
    manifest = claim()
    manifest["status"] |= status
    verdict = assess(manifest, now=NOW)
    assert (verdict.health, verdict.up, verdict.reason) == ("healthy", True, "Bound")
    assert [cause.reason for cause in verdict.causes] == causes


@pytest.mark.parametrize(
    ("type_", "health"),
    [
        ("Resizing", "degraded"),
        ("ModifyingVolume", "degraded"),
        ("FileSystemResizePending", "healthy"),
    ],
)
def test_a_resize_has_an_end(type_: str, health: str) -> None:
    """But for that of a file system, which waits for a pod that mounts it."""
    resizing = claim("Bound", condition(type_, since=LONG_AGO))
    verdict = assess(resizing, now=NOW)
    assert (verdict.health, verdict.activity, verdict.up) == (health, "steady", True)
    assert verdict.sentence.endswith(", for 15m1s")


def test_a_volume_that_never_becomes_available_is_down() -> None:
    """Since its phase has changed, or since it is there."""
    pending = volume("Pending")
    pending["status"]["lastPhaseTransitionTime"] = LONG_AGO
    verdict = assess(pending, now=NOW)
    assert (verdict.health, verdict.activity, verdict.up) == ("down", "steady", False)


def test_what_is_bound_or_lost_waits_for_nobody() -> None:
    """The StorageClass matters while it is pending, and not after."""
    assert assess(claim(), related=[storage_class()], now=NOW).reason == "Bound"
    assert assess(claim("Lost"), related=[storage_class()], now=NOW).reason == "ClaimLost"


def test_pods_and_class_are_asked_for_while_it_is_pending() -> None:
    """At any other time nothing is read besides the claim."""
    queries = [entry.query() for entry in Subject.of(claim("Pending")).evidence]
    assert [(query.kind.kind, query.namespace, query.name) for query in queries] == [
        ("StorageClass", "", "fast"),
        ("Pod", "shop", ""),
    ]
    for manifest in (claim(), claim("Pending", storage_class=None), claim("Lost")):
        assert Subject.of(manifest).evidence == ()


@pytest.mark.parametrize(
    ("around", "unread"),
    [
        ([], [("StorageClass", "fast"), ("Pod", "")]),
        ([storage_class()], [("Pod", "")]),
        ([user()], [("StorageClass", "fast")]),
        ([storage_class(name="slow"), user()], [("StorageClass", "fast")]),
    ],
)
def test_without_class_and_pods_nothing_is_known_of_a_pending_claim(
    around: list[Manifest], unread: list[tuple[str, str]]
) -> None:
    """It may be waiting for its first pod, and it may be stuck."""
    verdict = assess(claim("Pending"), related=around, now=NOW)
    assert (verdict.health, verdict.up, verdict.reason) == ("unknown", False, "EvidenceUnread")
    assert [(cause.kind, cause.name) for cause in verdict.causes] == unread


def test_a_resize_says_since_when() -> None:
    """It is the transition of the condition that says so."""
    resizing = condition("Resizing", since=before(minutes=5))
    verdict = assess(claim("Bound", resizing), now=NOW)
    assert verdict.since is not None
    assert verdict.sentence == "a volume is bound to it and is being resized"


def test_why_a_volume_failed_is_a_cause() -> None:
    """In the words of its status."""
    verdict = assess(volume("Failed", "VolumeFailedDelete", "disk is busy"), now=NOW)
    assert [(cause.reason, cause.name, cause.message) for cause in verdict.causes] == [
        ("VolumeFailedDelete", "pv-1", "disk is busy")
    ]


@pytest.mark.parametrize(
    ("manifest", "problem"),
    [
        (claim(None), "status.phase is not stated; it is a word such as Bound"),
        (claim(""), "status.phase is not stated; it is a word such as Bound"),
        (claim(3), "status.phase is not stated; it is a word such as Bound"),
        (claim("Odd"), "status.phase is none of Bound, Lost and Pending"),
        (volume(""), "status.phase is not stated; it is a word such as Bound"),
        (
            volume("Odd"),
            "status.phase is none of Available, Bound, Failed, Pending and Released",
        ),
    ],
)
def test_a_phase_that_is_none_is_named(manifest: Manifest, problem: str) -> None:
    """The verdict rests on it."""
    assert assess(manifest, now=NOW).sentence == problem
