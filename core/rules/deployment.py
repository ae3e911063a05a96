"""apps/v1 Deployment.

Source: the Deployment controller's syncRolloutStatus and DeploymentComplete
(kubernetes/pkg/controller/deployment/progress.go), and `kubectl rollout status`.
"""

from __future__ import annotations

from datetime import datetime

from ..assessment import Activity
from ..model import Deployment
from ..policy import Policy
from .replicas import by_replicas, failures, meets_minimum, scaled_to_zero
from .verdict import Verdict

__all__ = ["judge_deployment"]


def judge_deployment(deployment: Deployment, now: datetime, policy: Policy) -> Verdict:
    """Available replicas against desired ones; up while the minimum that it states serves."""
    if deployment.desired == 0:
        return scaled_to_zero(policy)
    stated = deployment.conditions.get("Available")
    enough = _enough(deployment)
    return by_replicas(
        desired=deployment.desired,
        available=deployment.available,
        enough=enough,
        activity=_activity(deployment),
        failed=failures(deployment.meta, deployment.conditions),
        since=stated.since if stated and (stated.status == "True") == enough else None,
        remark=_remark(deployment),
    )


def _enough(deployment: Deployment) -> bool:
    """The Available condition's word, never against the figures.

    It is vacuously True when maxUnavailable covers all replicas, and it is False of an older spec
    for a moment after a scale-down to what is available already.
    """
    desired, available = deployment.desired, deployment.available
    stated = deployment.conditions.get("Available")
    if stated is None or stated.status not in ("True", "False"):
        return meets_minimum(desired, available)
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
