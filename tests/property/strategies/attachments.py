"""What pods and others wait for: volumes at a node, devices, certificates; and Leases."""

from __future__ import annotations

from functools import cache

from hypothesis import strategies as st

from .pieces import MESSAGES, Some, conditions, optional, thing, times, words

__all__ = [
    "admission_policies",
    "attachments",
    "certificate_requests",
    "leases",
    "resource_claims",
]


@cache
def leases() -> Some:
    """Leases that are renewed, that are not, and that nobody holds."""
    return thing(
        "Lease",
        "coordination.k8s.io/v1",
        spec=optional(
            holderIdentity=words("node-1", "node-1", ""),
            leaseDurationSeconds=st.sampled_from([20, 40, 100, 300, 1200, 0]),
            renewTime=times(),
            acquireTime=times(),
        ),
    )


@cache
def attachments() -> Some:
    """VolumeAttachments, attached or not, with the errors of both ways."""
    error = optional(time=times(), message=words(*MESSAGES))
    return thing(
        "VolumeAttachment",
        "storage.k8s.io/v1",
        namespaced=False,
        status=optional(attached=st.booleans(), attachError=error, detachError=error),
    )


@cache
def resource_claims() -> Some:
    """ResourceClaims, allocated or not."""
    device = optional(conditions=conditions("Ready", reasons=("LinkDown",)))
    return thing(
        "ResourceClaim",
        "resource.k8s.io/v1",
        status=optional(
            allocation=st.sampled_from([{"devices": {}}, {}]),
            devices=st.lists(device, max_size=2),
        ),
    )


@cache
def certificate_requests() -> Some:
    """CertificateSigningRequests in every stage."""
    return thing(
        "CertificateSigningRequest",
        "certificates.k8s.io/v1",
        namespaced=False,
        status=optional(
            certificate=words("", "LS0tLS1CRUdJTg=="),
            conditions=conditions("Approved", "Denied", "Failed", reasons=("AutoApproved",)),
        ),
    )


@cache
def admission_policies() -> Some:
    """ValidatingAdmissionPolicies, with warnings and without."""
    warnings = st.lists(optional(fieldRef=words("spec"), warning=words(*MESSAGES)), max_size=2)
    return thing(
        "ValidatingAdmissionPolicy",
        "admissionregistration.k8s.io/v1",
        namespaced=False,
        status=optional(typeChecking=optional(expressionWarnings=warnings)),
    )
