"""Kinds that others wait for: volumes at a node, devices of a pod, certificates.

Source: the API's VolumeAttachmentStatus (k8s.io/api/storage/v1/types.go), ResourceClaimStatus
(k8s.io/api/resource/v1/types.go), CertificateSigningRequestStatus
(k8s.io/api/certificates/v1/types.go) and ValidatingAdmissionPolicyStatus
(k8s.io/api/admissionregistration/v1/types.go).
"""

from __future__ import annotations

from ..assessment import Activity, Cause, Health
from ..fields import CONDITIONS, boolean, conditions_of, is_mapping, mapping, mappings, said, time
from ..kinds import Kind
from ..model import Manifest, Metadata, Source
from ..waiting import has_waited
from ..wording import quoted
from .condition_view import as_cause, is_true, word_of
from .rule import Context, Rule
from .verdict import Verdict

__all__ = ["ATTACHMENT_RULES"]


def _awaited(
    meta: Metadata, context: Context, reason: str, message: str, late: str = ""
) -> Verdict:
    """Not there yet: degraded and progressing, and down once it takes too long."""
    age = has_waited(context.now, context.policy.waiting_after, meta.created)
    if age:
        message = f"{message} after {age}"
        return Verdict(Health.DOWN, Activity.STEADY, False, late or reason, message)
    return Verdict(Health.DEGRADED, Activity.PROGRESSING, True, reason, f"{message} yet")


def _judge_attachment(source: Source, context: Context) -> Verdict:
    """By status.attached: True is healthy, degraded with a detachError.

    Otherwise it is down with an attachError; without one it is degraded and progressing, and down
    once it has waited for longer than the policy allows.
    """
    meta, status = source.meta, source.status
    if boolean(status.get("attached")):
        error = _error(meta, status.get("detachError"), "DetachError")
        if error is None:
            message = "the volume is attached"
            return Verdict(Health.HEALTHY, Activity.STEADY, True, "Attached", message)
        return _failed(Health.DEGRADED, error, "the volume is attached and cannot be detached")
    error = _error(meta, status.get("attachError"), "AttachError")
    if error is not None:
        return _failed(Health.DOWN, error, "the volume cannot be attached")
    return _awaited(meta, context, "AttachmentPending", "the volume is not attached")


def _error(meta: Metadata, stated: object, reason: str) -> Cause | None:
    if not is_mapping(stated) or not stated:
        return None
    since = time(stated.get("time"))
    return Cause(reason, meta.kind, meta.name, said(stated.get("message")), since=since)


def _failed(health: Health, error: Cause, message: str) -> Verdict:
    up = health is not Health.DOWN
    return Verdict(
        health,
        Activity.STEADY,
        up,
        error.reason,
        message,
        causes=(error,),
        since=error.since,
        detail=quoted(error.message),
    )


def _judge_claim(source: Source, context: Context) -> Verdict:
    """By status.allocation: present is healthy, or degraded with a device that is not Ready.

    Without one it is healthy and suspended, because devices are allocated when a pod uses the
    claim. One made for a pod (which controls it) is degraded and progressing then, and down
    once it has waited for longer than the policy allows.
    """
    meta, status = source.meta, source.status
    if not is_mapping(status.get("allocation")):
        message = "no device is allocated to it"
        if meta.owner_uid:
            return _awaited(meta, context, "AllocationPending", message)
        message = f"{message}, which is done when a pod uses it"
        return Verdict(Health.HEALTHY, Activity.SUSPENDED, True, "AllocationPending", message)
    causes = _device_causes(meta, status)
    message = "its devices are allocated"
    if not causes:
        return Verdict(Health.HEALTHY, Activity.STEADY, True, "Allocated", message)
    return Verdict(
        Health.DEGRADED,
        Activity.STEADY,
        up=True,
        reason=causes[0].reason,
        message=f"{message}, and one of them is not ready",
        causes=causes,
        detail=quoted(causes[0].message),
    )


def _device_causes(meta: Metadata, status: Manifest) -> tuple[Cause, ...]:
    stated = [conditions_of(device).get("Ready") for device in mappings(status.get("devices"))]
    found = [
        as_cause(meta, ready, "DeviceNotReady")
        for ready in stated
        if ready is not None and ready.status == "False"
    ]
    return tuple(sorted(found, key=repr))


def _judge_request(source: Source, context: Context) -> Verdict:
    """By its conditions: Denied or Failed is down; a certificate that is issued is healthy.

    Until it is issued it is degraded and progressing, and down once that takes longer than the
    policy allows.
    """
    meta, conditions = source.meta, conditions_of(source.status)
    for type_, message in (("Denied", "it was denied"), ("Failed", "it could not be signed")):
        if is_true(conditions, type_):
            condition = conditions[type_]
            return Verdict(
                Health.DOWN,
                Activity.STEADY,
                up=False,
                reason=word_of(condition, type_),
                message=message,
                detail=quoted(condition.message),
                causes=(as_cause(meta, condition, type_),),
                since=condition.since,
            )
    if source.status.get("certificate"):
        return Verdict(Health.HEALTHY, Activity.STEADY, True, "Issued", "its certificate is issued")
    if is_true(conditions, "Approved"):
        return _awaited(meta, context, "Approved", "it is approved and its certificate not issued")
    return _awaited(meta, context, "ApprovalPending", "nobody has approved or denied it")


def _judge_policy(source: Source, context: Context) -> Verdict:
    """Healthy if it exists; expressions that do not fit the types they are for are causes."""
    meta, checked = source.meta, mapping(source.status.get("typeChecking"))
    warnings = sorted(
        said(entry.get("warning")) for entry in mappings(checked.get("expressionWarnings"))
    )
    causes = tuple(Cause("ExpressionWarning", meta.kind, meta.name, each) for each in warnings)
    message = "it exists"
    if causes:
        number = f"{len(causes)} expression" + "s" * (len(causes) > 1)
        message = f"{message}; {number} with warnings"
    return Verdict(Health.HEALTHY, Activity.STEADY, True, "Exists", message, causes=causes)


ATTACHMENT_RULES: tuple[Rule, ...] = (
    Rule(
        Kind("VolumeAttachment", "volumeattachments", "storage.k8s.io", "v1", namespaced=False),
        _judge_attachment,
        fields=("status.attached", "status.attachError", "status.detachError"),
        needs_status=False,
    ),
    Rule(
        Kind("ResourceClaim", "resourceclaims", "resource.k8s.io", "v1"),
        _judge_claim,
        fields=("status.allocation", "status.devices[].conditions"),
        needs_status=False,
    ),
    Rule(
        Kind(
            "CertificateSigningRequest",
            "certificatesigningrequests",
            "certificates.k8s.io",
            "v1",
            ("csr",),
            namespaced=False,
        ),
        _judge_request,
        fields=("status.certificate", *CONDITIONS),
        needs_status=False,
    ),
    Rule(
        Kind(
            "ValidatingAdmissionPolicy",
            "validatingadmissionpolicies",
            "admissionregistration.k8s.io",
            "v1",
            namespaced=False,
        ),
        _judge_policy,
        fields=("status.typeChecking.expressionWarnings",),
        needs_status=False,
    ),
)
"""A rule for each of them."""
