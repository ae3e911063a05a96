"""What all workloads share: comparing available replicas with desired ones."""

from __future__ import annotations

from datetime import datetime

from ..annotations import min_available
from ..assessment import Activity, Cause, Health
from ..fields import integer
from ..model import Condition, Conditions, Manifest, Metadata, record
from ..policy import Policy
from ..threshold import HALF
from ..wording import quoted
from .verdict import Verdict

__all__ = [
    "ALL",
    "Minimum",
    "by_replicas",
    "failures",
    "minimum_of",
    "pending_revision",
    "scaled_to_zero",
    "unobserved",
    "waiting_out",
]

_WORDING = {
    "ProgressDeadlineExceeded": "the rollout is past its progress deadline",
    "ReplicaFailure": "its pods cannot be created",
}


@record
class Minimum:
    """What `up` takes.

    Attributes:
        least: How many replicas must be available; 0 if that does not matter, or if only
            Kubernetes knows.
        met: Whether enough are.
    """

    least: int
    met: bool


ALL = Minimum(0, met=True)
"""All replicas are available, so that it does not matter how many must be."""


def minimum_of(meta: Metadata, policy: Policy, desired: int, available: int) -> Minimum:
    """How many replicas must be available for `up`, and whether they are.

    The owner's annotation says how many that is, and otherwise the policy: half, at least one. It
    is never more than what is desired.
    """
    if available >= desired:
        return ALL
    minimum = min_available(meta)
    if minimum is None:
        minimum = HALF if isinstance(policy.min_available, str) else policy.min_available
    least = min(minimum.of(desired), desired)
    return Minimum(least, available >= least)


def scaled_to_zero(policy: Policy) -> Verdict:
    """The verdict on a workload scaled to zero."""
    return Verdict(
        health=policy.zero,
        activity=Activity.SUSPENDED,
        up=policy.zero is not Health.DOWN,
        reason="ScaledToZero",
        message="scaled to zero replicas",
        desired=0,
        available=0,
    )


def failures(meta: Metadata, conditions: Conditions) -> tuple[Cause, ...]:
    """Failures that a controller states: a rollout past its deadline, refused pods."""
    found: list[Cause] = []
    progressing, failed = conditions.get("Progressing"), conditions.get("ReplicaFailure")
    if (
        progressing is not None
        and progressing.status == "False"
        and progressing.reason == "ProgressDeadlineExceeded"
    ):
        found.append(_failure(meta, progressing, "ProgressDeadlineExceeded"))
    if failed is not None and failed.status == "True":
        found.append(_failure(meta, failed, "ReplicaFailure"))
    return tuple(found)


def waiting_out(
    meta: Metadata, spec: Manifest, status: Manifest, field: str, available: int
) -> tuple[Cause, ...]:
    """Replicas that are ready and not yet available, because minReadySeconds is not over.

    Args:
        meta: The workload's metadata.
        spec: Its spec.
        status: Its status.
        field: The field of the status that counts the ready ones.
        available: How many are available.
    """
    seconds, ready = integer(spec.get("minReadySeconds")), integer(status.get(field))
    if not seconds or seconds < 0 or not ready or ready <= available:
        return ()
    message = f"{ready - available} ready, waiting out minReadySeconds {seconds}"
    return (Cause("MinReadySeconds", meta.kind, meta.name, message, count=ready - available),)


def unobserved(meta: Metadata) -> tuple[Cause, ...]:
    """A cause if the controller has written no status yet, for kinds that always get one."""
    if not meta.generation or meta.observed_generation is not None:
        return ()
    message = f"its controller has not looked at it yet: generation {meta.generation}"
    return (Cause("NotObserved", meta.kind, meta.name, message, since=meta.created),)


def pending_revision(meta: Metadata, updated: int, desired: int) -> tuple[Cause, ...]:
    """A revision that waits because OnDelete only replaces pods that are deleted."""
    message = f"{updated} of {desired} updated; OnDelete replaces a pod once it is deleted"
    return (Cause("OnDelete", meta.kind, meta.name, message, count=max(1, desired - updated)),)


def by_replicas(
    *,
    desired: int,
    available: int,
    minimum: Minimum,
    activity: Activity,
    failed: tuple[Cause, ...] = (),
    causes: tuple[Cause, ...] = (),
    since: datetime | None = None,
    remark: str = "",
) -> Verdict:
    """The verdict on a workload that is not scaled to zero.

    Args:
        desired: Desired replicas, at least one.
        available: Replicas that serve.
        minimum: How many must serve for `up`, at least one.
        activity: What the controller is doing.
        failed: Failures that the controller states; at best degraded.
        causes: What else is wrong, without changing the verdict.
        since: Last transition of the condition that states whether enough serve.
        remark: Further information for people.
    """
    message = f"{available} of {desired} replicas available"
    if available < desired or remark or failed:
        needed = minimum.least if available < desired else 0
        message = _told(message, needed, remark, failed)
    up = minimum.met
    if available == 0:
        health, reason = Health.DOWN, "MinimumReplicasUnavailable"
    elif not up:
        health, reason = Health.DEGRADED, "MinimumReplicasUnavailable"
    elif failed:
        health, reason, since = Health.DEGRADED, failed[0].reason, failed[0].since
    elif available < desired:
        health, reason, since = Health.DEGRADED, "ReplicasUnavailable", None
    else:
        health, reason = Health.HEALTHY, "MinimumReplicasAvailable"
    return Verdict(
        health,
        activity,
        up,
        reason,
        message,
        desired,
        available,
        failed + causes,
        since,
        # The last one: a quota's or webhook's message rather than an expired deadline.
        quoted(failed[-1].message) if failed else "",
    )


def _told(message: str, needed: int, remark: str, failed: tuple[Cause, ...]) -> str:
    parts = [message]
    if needed:
        parts.append(f"{needed} needed")
    if remark:
        parts.append(remark)
    parts += [_WORDING.get(cause.reason, cause.reason) for cause in failed]
    return ", ".join(parts)


def _failure(meta: Metadata, condition: Condition, reason: str) -> Cause:
    return Cause(reason, meta.kind, meta.name, condition.message, since=condition.since)
