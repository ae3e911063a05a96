"""apps/v1 Deployment.

Source: the Deployment controller's syncRolloutStatus and DeploymentComplete
(kubernetes/pkg/controller/deployment/progress.go), and `kubectl rollout status`.
"""

from __future__ import annotations

from ..annotations import min_available
from ..assessment import Activity, Cause
from ..fields import CONDITIONS, boolean, conditions_of, count
from ..kinds import POD, REPLICA_SET, Kind
from ..model import Conditions, Metadata, Source, record
from .replicas import (
    ALL,
    Minimum,
    by_replicas,
    failures,
    minimum_of,
    scaled_to_zero,
    unobserved,
    waiting_out,
)
from .rule import Context, Rule
from .verdict import Verdict

__all__ = ["DEPLOYMENT_RULE", "Deployment"]


@record
class Deployment:
    """An apps/v1 Deployment."""

    meta: Metadata
    desired: int
    replicas: int
    updated: int
    available: int
    paused: bool
    conditions: Conditions
    causes: tuple[Cause, ...]
    """Why fewer are available than desired."""


def _read(source: Source) -> Deployment:
    meta, spec, status = source.meta, source.spec, source.status
    desired = count(spec, "spec.replicas", default=1)
    available = count(status, "status.availableReplicas")
    causes: tuple[Cause, ...] = ()
    if available < desired:
        causes = waiting_out(meta, spec, status, "readyReplicas", available) + unobserved(meta)
    return Deployment(
        meta,
        desired,
        count(status, "status.replicas"),
        count(status, "status.updatedReplicas"),
        available,
        boolean(spec.get("paused")),
        conditions_of(status),
        causes,
    )


def _judge(deployment: Deployment, context: Context) -> Verdict:
    """Compare available replicas with desired ones; up while enough are available.

    Healthy with all of them available, degraded with some, down with none; scaled to zero is
    healthy and suspended. The annotation says how many are needed, or else the policy (half); if
    that is "stated", the Available condition says whether enough are. A rollout past its progress
    deadline and pods that cannot be created make it degraded at best. Progressing while not all
    replicas are updated, old ones are left, or new ones are not available yet; suspended while it
    is paused.
    """
    policy = context.policy
    if deployment.desired == 0:
        return scaled_to_zero(policy)
    meta, desired, available = deployment.meta, deployment.desired, deployment.available
    stated = deployment.conditions.get("Available")
    minimum = ALL if available >= desired else minimum_of(meta, policy, desired, available)
    if isinstance(policy.min_available, str):
        minimum = _stated(deployment) or minimum
    return by_replicas(
        desired=desired,
        available=available,
        minimum=minimum,
        activity=_activity(deployment),
        failed=failures(meta, deployment.conditions),
        causes=deployment.causes,
        since=stated.since if stated and (stated.status == "True") == minimum.met else None,
        remark=_remark(deployment),
    )


def _stated(deployment: Deployment) -> Minimum | None:
    """The Available condition, unless the figures contradict it or the owner sets a minimum.

    It is vacuously True when maxUnavailable covers all replicas, and for a moment after a
    scale-down to what is already available it is False for the older spec.
    """
    stated = deployment.conditions.get("Available")
    if stated is None or stated.status not in ("True", "False") or min_available(deployment.meta):
        return None
    if stated.status == "False":
        return Minimum(0, deployment.meta.stale and deployment.available >= deployment.desired)
    return Minimum(0, deployment.available > 0)


def _activity(deployment: Deployment) -> Activity:
    if deployment.paused:
        return Activity.SUSPENDED
    if deployment.updated < deployment.desired or deployment.replicas > deployment.updated:
        return Activity.PROGRESSING
    # A finished rollout stays finished if its pods die: the controller stops watching it.
    if deployment.available < deployment.updated and not _rolled_out(deployment):
        return Activity.PROGRESSING
    return Activity.STEADY


def _rolled_out(deployment: Deployment) -> bool:
    progressing = deployment.conditions.get("Progressing")
    return (
        progressing is not None
        and progressing.status == "True"
        and progressing.reason == "NewReplicaSetAvailable"
    )


def _remark(deployment: Deployment) -> str:
    if deployment.paused:
        return "paused"
    if deployment.updated < deployment.desired:
        return f"{deployment.updated} of {deployment.desired} updated"
    return ""


DEPLOYMENT_RULE = Rule(
    Kind("Deployment", "deployments", "apps", "v1", ("deploy",)),
    _judge,
    _read,
    fields=(
        "spec.replicas",
        "spec.paused",
        "spec.selector",
        "spec.minReadySeconds",
        "status.replicas",
        "status.updatedReplicas",
        "status.availableReplicas",
        "status.readyReplicas",
        *CONDITIONS,
    ),
    groups=frozenset({"extensions"}),
    workload=True,
    below=(REPLICA_SET, POD),
    owns=(REPLICA_SET,),
)
