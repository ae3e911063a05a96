"""What all workloads share: the replicas that serve against those that were asked for."""

from __future__ import annotations

from datetime import datetime

from ..annotations import min_available
from ..assessment import Activity, Cause, Health
from ..model import Condition, Conditions, Metadata
from ..policy import Policy
from .verdict import Verdict

__all__ = ["by_replicas", "failures", "meets_minimum", "scaled_to_zero"]

_WORDING = {
    "ProgressDeadlineExceeded": "the rollout is past its progress deadline",
    "ReplicaFailure": "its pods cannot be created",
}


def meets_minimum(meta: Metadata, policy: Policy, desired: int, available: int) -> bool:
    """Whether enough replicas serve where Kubernetes states no minimum.

    The owner's annotation says how many that is, and otherwise the policy: half, at least one. It
    is never more than what is desired.
    """
    minimum = min_available(meta) or policy.min_available
    return available >= min(minimum.of(desired), desired)


def scaled_to_zero(policy: Policy) -> Verdict:
    """A workload that was asked to run nothing."""
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
    """What a controller states to have failed: a rollout past its deadline, pods refused."""
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


def by_replicas(
    *,
    desired: int,
    available: int,
    enough: bool,
    activity: Activity,
    failed: tuple[Cause, ...] = (),
    causes: tuple[Cause, ...] = (),
    since: datetime | None = None,
    remark: str = "",
) -> Verdict:
    """The verdict on a workload that is asked to run something.

    Args:
        desired: Replicas asked for, at least one.
        available: Replicas that serve.
        enough: Whether those that serve are the minimum, which is at least one: the line of `up`.
        activity: What the controller is doing.
        failed: What the controller states to have failed; at best degraded.
        causes: What else is wrong, without changing the verdict.
        since: Last transition of the condition that states whether enough serve.
        remark: What a person wants to know besides the figures.
    """
    message = f"{available} of {desired} replicas available"
    if remark or failed:
        remarks = [_WORDING.get(cause.reason, cause.reason) for cause in failed]
        message = ", ".join([message, *([remark] if remark else []), *remarks])
    if available == 0:
        health, reason = Health.DOWN, "MinimumReplicasUnavailable"
    elif not enough:
        health, reason = Health.DEGRADED, "MinimumReplicasUnavailable"
    elif failed:
        health, reason, since = Health.DEGRADED, failed[0].reason, failed[0].since
    elif available < desired:
        health, reason, since = Health.DEGRADED, "ReplicasUnavailable", None
    else:
        health, reason = Health.HEALTHY, "MinimumReplicasAvailable"
    return Verdict(
        health, activity, enough, reason, message, desired, available, failed + causes, since
    )


def _failure(meta: Metadata, condition: Condition, reason: str) -> Cause:
    return Cause(reason, meta.kind, meta.name, condition.message, since=condition.since)
