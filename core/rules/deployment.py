"""apps/v1 Deployment.

Source: the Deployment controller's syncRolloutStatus and DeploymentComplete
(kubernetes/pkg/controller/deployment/progress.go), and `kubectl rollout status`.
"""

from __future__ import annotations

from ..annotations import min_available
from ..assessment import Activity
from ..fields import CONDITIONS, boolean, conditions_of, count
from ..kinds import POD, REPLICA_SET, Kind
from ..model import Conditions, Metadata, Source, record
from ..policy import Policy
from .replicas import by_replicas, failures, meets_minimum, scaled_to_zero
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


def _read(source: Source) -> Deployment:
    spec, status = source.spec, source.status
    return Deployment(
        source.meta,
        count(spec, "spec.replicas", default=1),
        count(status, "status.replicas"),
        count(status, "status.updatedReplicas"),
        count(status, "status.availableReplicas"),
        boolean(spec.get("paused")),
        conditions_of(status),
    )


def _judge(deployment: Deployment, context: Context) -> Verdict:
    """Available replicas against desired ones; up while the minimum that it states serves.

    Healthy with all of them available, degraded with some, down with none; scaled to zero is
    healthy and suspended. The minimum is the Available condition's word (maxUnavailable), or the
    annotation's. A rollout past its progress deadline and pods that cannot be created make it
    degraded at best. Progressing while not all replicas are updated, old ones are left, or new ones
    are not available yet; suspended while it is paused.
    """
    policy = context.policy
    if deployment.desired == 0:
        return scaled_to_zero(policy)
    stated = deployment.conditions.get("Available")
    enough = _enough(deployment, policy)
    return by_replicas(
        desired=deployment.desired,
        available=deployment.available,
        enough=enough,
        activity=_activity(deployment),
        failed=failures(deployment.meta, deployment.conditions),
        since=stated.since if stated and (stated.status == "True") == enough else None,
        remark=_remark(deployment),
    )


def _enough(deployment: Deployment, policy: Policy) -> bool:
    """The Available condition's word, never against the figures; the owner's goes before it.

    It is vacuously True when maxUnavailable covers all replicas, and it is False of an older spec
    for a moment after a scale-down to what is available already.
    """
    meta, desired, available = deployment.meta, deployment.desired, deployment.available
    stated = deployment.conditions.get("Available")
    if stated is None or stated.status not in ("True", "False") or min_available(meta):
        return meets_minimum(meta, policy, desired, available)
    if stated.status == "False":
        return deployment.meta.stale and available >= desired
    return available > 0


def _activity(deployment: Deployment) -> Activity:
    if deployment.paused:
        return Activity.SUSPENDED
    if deployment.updated < deployment.desired or deployment.replicas > deployment.updated:
        return Activity.PROGRESSING
    # A finished rollout stays finished when its pods die: the controller watches no further.
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
        "status.replicas",
        "status.updatedReplicas",
        "status.availableReplicas",
        *CONDITIONS,
    ),
    groups=frozenset({"extensions"}),
    workload=True,
    below=(REPLICA_SET, POD),
    owns=(REPLICA_SET,),
)
