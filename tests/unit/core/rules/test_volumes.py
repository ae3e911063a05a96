"""The rules of claims, volumes and storage classes, case by case."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from k8s_heartbeat.core import RULES, assess
from k8s_heartbeat.core.check import evidence_queries
from tests.builders import NOW, Manifest, before, condition, metadata, owner, pod


def claim(
    phase: object = "Bound",
    *conditions: Manifest,
    storage_class: object = "fast",
    owned_by: str = "",
) -> Manifest:
    """A PersistentVolumeClaim `data`."""
    spec: Manifest = {} if storage_class is None else {"storageClassName": storage_class}
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": metadata("data", owners=[owner(owned_by, kind="Pod")] if owned_by else []),
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
    verdict = assess(manifest, now=NOW)
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
    verdict = assess(claim("Pending"), related=[*around, storage_class()], now=NOW)
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
    verdict = assess(manifest, related=around, now=NOW)
    assert (verdict.health, verdict.activity, verdict.reason) == (
        "degraded",
        "progressing",
        "ClaimPending",
    )


def test_what_is_bound_or_lost_waits_for_nobody() -> None:
    """The StorageClass matters while it is pending, and not after."""
    assert assess(claim(), related=[storage_class()], now=NOW).reason == "Bound"
    assert assess(claim("Lost"), related=[storage_class()], now=NOW).reason == "ClaimLost"


def test_pods_and_class_are_asked_for_while_it_is_pending() -> None:
    """At any other time nothing is read besides the claim."""
    rule = RULES.find("PersistentVolumeClaim", "v1")
    queries = evidence_queries(rule, claim("Pending"))
    assert [(query.kind.kind, query.namespace, query.name) for query in queries] == [
        ("StorageClass", "", "fast"),
        ("Pod", "shop", ""),
    ]
    for manifest in (claim(), claim("Pending", storage_class=None), claim("Lost")):
        assert evidence_queries(rule, manifest) == []


def test_a_resize_says_since_when() -> None:
    """It is the transition of the condition that says so."""
    resizing = condition("Resizing", since=before(minutes=5))
    verdict = assess(claim("Bound", resizing), now=NOW)
    assert verdict.since is not None
    assert verdict.message == "a volume is bound to it and is being resized"


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
    assert assess(manifest, now=NOW).message == problem
