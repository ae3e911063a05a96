"""The rules of what pods and others wait for, case by case."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from k8s_heartbeat.core import RULES, assess
from tests.builders import NOW, Manifest, before, condition, metadata, owner

LONG_AGO = before(minutes=15, seconds=1)
VERSIONS = {
    "VolumeAttachment": "storage.k8s.io/v1",
    "ResourceClaim": "resource.k8s.io/v1",
    "CertificateSigningRequest": "certificates.k8s.io/v1",
    "ValidatingAdmissionPolicy": "admissionregistration.k8s.io/v1",
}


def of(kind: str, *, created: str = "", owners: Sequence[Manifest] = (), **status: Any) -> Manifest:
    """An object of a kind with this status."""
    return {
        "apiVersion": VERSIONS[kind],
        "kind": kind,
        "metadata": metadata("one", created=created, owners=owners),
        "spec": {},
        "status": status,
    }


def attachment(created: str = "", **status: Any) -> Manifest:
    """A VolumeAttachment."""
    return of("VolumeAttachment", created=created, **status)


def claim(created: str = "", *, owned: bool = False, **status: Any) -> Manifest:
    """A ResourceClaim, by default one that people make."""
    owners = [owner("pod", kind="Pod")] if owned else []
    return of("ResourceClaim", created=created, owners=owners, **status)


def request(*conditions: Manifest, created: str = "", certificate: object = None) -> Manifest:
    """A CertificateSigningRequest."""
    return of(
        "CertificateSigningRequest",
        created=created,
        conditions=list(conditions),
        certificate=certificate,
    )


ERROR = {"time": before(minutes=1), "message": "DeadlineExceeded: it took too long"}
ALLOCATED: Manifest = {"devices": {"results": []}}
LINK_DOWN = {"conditions": [condition("Ready", "False", "LinkDown", "no carrier")]}


@pytest.mark.parametrize(
    ("manifest", "health", "activity", "reason", "message"),
    [
        pytest.param(
            attachment(attached=True),
            "healthy",
            "steady",
            "Attached",
            "the volume is attached",
            id="attached",
        ),
        pytest.param(
            attachment(attached=False),
            "degraded",
            "progressing",
            "AttachmentPending",
            "the volume is not attached yet",
            id="not attached yet",
        ),
        pytest.param(
            attachment(LONG_AGO),
            "down",
            "steady",
            "AttachmentPending",
            "the volume is not attached after 15m1s",
            id="never attached",
        ),
        pytest.param(
            attachment(attached=False, attachError=ERROR),
            "down",
            "steady",
            "AttachError",
            "the volume cannot be attached: DeadlineExceeded: it took too long",
            id="an error does not wait",
        ),
        pytest.param(
            attachment(attached=True, detachError=ERROR),
            "degraded",
            "steady",
            "DetachError",
            "the volume is attached and cannot be detached: DeadlineExceeded: it took too long",
            id="it cannot be detached",
        ),
        pytest.param(
            attachment(attached=True, attachError={}, detachError="odd"),
            "healthy",
            "steady",
            "Attached",
            "the volume is attached",
            id="errors that are none",
        ),
        pytest.param(
            claim(allocation=ALLOCATED),
            "healthy",
            "steady",
            "Allocated",
            "its devices are allocated",
            id="allocated",
        ),
        pytest.param(
            claim(allocation=ALLOCATED, devices=[LINK_DOWN, {}]),
            "degraded",
            "steady",
            "LinkDown",
            "its devices are allocated, and one of them is not ready: no carrier",
            id="a device that is not ready",
        ),
        pytest.param(
            claim(LONG_AGO),
            "healthy",
            "suspended",
            "AllocationPending",
            "no device is allocated to it, which is done when a pod uses it",
            id="no pod uses it",
        ),
        pytest.param(
            claim(owned=True),
            "degraded",
            "progressing",
            "AllocationPending",
            "no device is allocated to it yet",
            id="its pod waits",
        ),
        pytest.param(
            claim(LONG_AGO, owned=True),
            "down",
            "steady",
            "AllocationPending",
            "no device is allocated to it after 15m1s",
            id="its pod waits in vain",
        ),
        pytest.param(
            request(condition("Approved"), certificate="LS0t"),
            "healthy",
            "steady",
            "Issued",
            "its certificate is issued",
            id="issued",
        ),
        pytest.param(
            request(),
            "degraded",
            "progressing",
            "ApprovalPending",
            "nobody has approved or denied it yet",
            id="new",
        ),
        pytest.param(
            request(created=LONG_AGO),
            "down",
            "steady",
            "ApprovalPending",
            "nobody has approved or denied it after 15m1s",
            id="nobody cares",
        ),
        pytest.param(
            request(condition("Approved"), created=LONG_AGO),
            "down",
            "steady",
            "Approved",
            "it is approved and its certificate not issued after 15m1s",
            id="no signer",
        ),
        pytest.param(
            request(condition("Denied", reason="ByAdmin", message="no")),
            "down",
            "steady",
            "ByAdmin",
            "it was denied: no",
            id="denied",
        ),
        pytest.param(
            request(condition("Approved"), condition("Failed"), certificate="LS0t"),
            "down",
            "steady",
            "Failed",
            "it could not be signed",
            id="failed",
        ),
    ],
)
def test_what_others_wait_for_is_judged(
    manifest: Manifest, health: str, activity: str, reason: str, message: str
) -> None:
    """By the field that states it; without it, for so long."""
    verdict = assess(manifest, now=NOW)
    assert (verdict.health, verdict.activity, verdict.reason) == (health, activity, reason)
    assert verdict.sentence == message
    assert verdict.up == (health != "down")


def test_an_error_is_a_cause_with_its_time() -> None:
    """The attacher's own words."""
    verdict = assess(attachment(attachError=ERROR), now=NOW)
    (cause,) = verdict.causes
    assert (cause.reason, cause.name, cause.message) == ("AttachError", "one", ERROR["message"])
    assert cause.since == verdict.since
    assert cause.since is not None


def test_what_does_not_fit_its_types_is_a_cause_of_a_policy() -> None:
    """It is in force all the same."""
    warnings = [{"fieldRef": "spec", "warning": "no such field"}]
    checked = of("ValidatingAdmissionPolicy", typeChecking={"expressionWarnings": warnings})
    verdict = assess(checked, now=NOW)
    assert (verdict.health, verdict.reason) == ("healthy", "Exists")
    assert verdict.sentence == "it exists; 1 expression with warnings"
    assert [(cause.reason, cause.message) for cause in verdict.causes] == [
        ("ExpressionWarning", "no such field")
    ]
    assert assess(of("ValidatingAdmissionPolicy"), now=NOW).sentence == "it exists"


@pytest.mark.parametrize("kind", VERSIONS)
def test_without_a_status_it_is_new(kind: str) -> None:
    """Nobody has written one yet."""
    manifest = {key: value for key, value in of(kind).items() if key != "status"}
    assert assess(manifest, now=NOW).reason not in ("NoStatus", "Malformed")
    rule = RULES.own(kind, VERSIONS[kind])
    assert rule is not None
    assert rule.kind.namespaced == (kind == "ResourceClaim")
