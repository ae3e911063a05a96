"""apps/v1 DaemonSet.

Source: the DaemonSet controller's updateDaemonSetStatus
(kubernetes/pkg/controller/daemon/daemon_controller.go) and `kubectl rollout status`.
"""

from __future__ import annotations

from datetime import datetime

from ..assessment import Activity, Cause, Health
from ..model import DaemonSet
from ..policy import Policy
from .replicas import by_replicas, meets_minimum
from .verdict import Verdict

__all__ = ["judge_daemon_set"]


def judge_daemon_set(daemon_set: DaemonSet, now: datetime, policy: Policy) -> Verdict:
    """Nodes with an available pod against nodes that should have one."""
    if daemon_set.desired == 0:
        return _no_nodes(daemon_set)
    updating = not daemon_set.on_delete and daemon_set.updated < daemon_set.desired
    return by_replicas(
        desired=daemon_set.desired,
        available=daemon_set.available,
        enough=meets_minimum(daemon_set.desired, daemon_set.available),
        activity=Activity.PROGRESSING if updating else Activity.STEADY,
        causes=_misscheduled(daemon_set),
        remark=f"{daemon_set.updated} of {daemon_set.desired} updated" if updating else "",
    )


def _no_nodes(daemon_set: DaemonSet) -> Verdict:
    # The count is 0 both when no node matches and before the controller has looked at all.
    if daemon_set.meta.generation and daemon_set.meta.observed_generation is None:
        return Verdict(
            health=Health.UNKNOWN,
            activity=Activity.PROGRESSING,
            up=False,
            reason="NotObserved",
            message="the DaemonSet controller has not looked at it yet",
        )
    return Verdict(
        health=Health.HEALTHY,
        # The zero may be the answer to an older spec.
        activity=Activity.PROGRESSING if daemon_set.meta.stale else Activity.SUSPENDED,
        up=True,
        reason="NoMatchingNodes",
        message="no node should run its pod",
        desired=0,
        available=0,
        causes=_misscheduled(daemon_set),
    )


def _misscheduled(daemon_set: DaemonSet) -> tuple[Cause, ...]:
    if not daemon_set.misscheduled:
        return ()
    message = f"{daemon_set.misscheduled} nodes run its pod that should not"
    meta = daemon_set.meta
    return (Cause("Misscheduled", meta.kind, meta.name, message, count=daemon_set.misscheduled),)
