"""apps/v1 DaemonSet.

Source: the DaemonSet controller's updateDaemonSetStatus
(kubernetes/pkg/controller/daemon/daemon_controller.go) and `kubectl rollout status`.
"""

from __future__ import annotations

from ..assessment import Activity, Cause, Health
from ..fields import FieldError, count, integer, mapping
from ..kinds import CONTROLLER_REVISION, POD, Kind
from ..model import Metadata, Source, record
from .replicas import by_replicas, meets_minimum
from .rule import Context, Rule
from .verdict import Verdict

__all__ = ["DAEMON_SET_RULE", "DaemonSet"]


@record
class DaemonSet:
    """An apps/v1 DaemonSet; `desired` counts the nodes that should run its pod."""

    meta: Metadata
    desired: int
    updated: int
    available: int
    misscheduled: int
    on_delete: bool


def _read(source: Source) -> DaemonSet:
    spec, status = source.spec, source.status
    if status.get("desiredNumberScheduled") is None:
        # The controller writes it in any case, and its absence must not pass for "no nodes".
        raise FieldError("status.desiredNumberScheduled is not stated; it is a number such as 3")
    return DaemonSet(
        source.meta,
        desired=count(status, "status.desiredNumberScheduled"),
        updated=count(status, "status.updatedNumberScheduled"),
        available=count(status, "status.numberAvailable"),
        misscheduled=max(0, integer(status.get("numberMisscheduled")) or 0),
        on_delete=mapping(spec.get("updateStrategy")).get("type") == "OnDelete",
    )


def _judge(daemon_set: DaemonSet, context: Context) -> Verdict:
    """Nodes with an available pod against nodes that should have one.

    Healthy with all of them available, degraded with some, down with none; up with the minimum of
    the annotation or the policy. No node that should run it is healthy and suspended. Nodes that
    run it and should not are a cause. Progressing while not all pods are updated, but for OnDelete.
    """
    if daemon_set.desired == 0:
        return _no_nodes(daemon_set)
    updating = not daemon_set.on_delete and daemon_set.updated < daemon_set.desired
    return by_replicas(
        desired=daemon_set.desired,
        available=daemon_set.available,
        enough=meets_minimum(
            daemon_set.meta, context.policy, daemon_set.desired, daemon_set.available
        ),
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


DAEMON_SET_RULE = Rule(
    Kind("DaemonSet", "daemonsets", "apps", "v1", ("ds",)),
    _judge,
    _read,
    fields=(
        "spec.selector",
        "spec.updateStrategy.type",
        "status.desiredNumberScheduled",
        "status.updatedNumberScheduled",
        "status.numberAvailable",
        "status.numberMisscheduled",
    ),
    groups=frozenset({"extensions"}),
    workload=True,
    below=(POD,),
    owns=(POD, CONTROLLER_REVISION),
)
