"""apps/v1 DaemonSet.

Source: the DaemonSet controller's updateDaemonSetStatus
(kubernetes/pkg/controller/daemon/daemon_controller.go) and `kubectl rollout status`.
"""

from __future__ import annotations

from ..assessment import Activity, Cause, Health
from ..fields import FieldError, count, integer, mapping
from ..kinds import CONTROLLER_REVISION, POD, Kind
from ..model import Metadata, Source, record
from .replicas import by_replicas, minimum_of, pending_revision, waiting_out
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
    causes: tuple[Cause, ...]
    """Why fewer are available than desired."""


def _read(source: Source) -> DaemonSet:
    meta, spec, status = source.meta, source.spec, source.status
    if status.get("desiredNumberScheduled") is None:
        # The controller always writes it, and its absence must not count as "no nodes".
        raise FieldError("status.desiredNumberScheduled is not stated; it is a number such as 3")
    desired = count(status, "status.desiredNumberScheduled")
    available = count(status, "status.numberAvailable")
    causes: tuple[Cause, ...] = ()
    if available < desired:
        causes = waiting_out(meta, spec, status, "numberReady", available)
    return DaemonSet(
        meta,
        desired=desired,
        updated=count(status, "status.updatedNumberScheduled"),
        available=available,
        misscheduled=max(0, integer(status.get("numberMisscheduled")) or 0),
        on_delete=mapping(spec.get("updateStrategy")).get("type") == "OnDelete",
        causes=causes,
    )


def _judge(daemon_set: DaemonSet, context: Context) -> Verdict:
    """Compare nodes that have an available pod with those that should.

    Healthy with all of them available, degraded with some, down with none; up with the minimum of
    the annotation or the policy. Without a node that should run it, healthy and suspended. Nodes
    that run it and should not are a cause. Progressing while not all pods are updated; with
    OnDelete that is only a cause.
    """
    if daemon_set.desired == 0:
        return _no_nodes(daemon_set)
    updating = not daemon_set.on_delete and daemon_set.updated < daemon_set.desired
    return by_replicas(
        desired=daemon_set.desired,
        available=daemon_set.available,
        minimum=minimum_of(
            daemon_set.meta, context.policy, daemon_set.desired, daemon_set.available
        ),
        activity=Activity.PROGRESSING if updating else Activity.STEADY,
        causes=daemon_set.causes + _waiting(daemon_set) + _misscheduled(daemon_set),
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
        # The zero may belong to an older spec.
        activity=Activity.PROGRESSING if daemon_set.meta.stale else Activity.SUSPENDED,
        up=True,
        reason="NoMatchingNodes",
        message="no node should run its pod",
        desired=0,
        available=0,
        causes=_misscheduled(daemon_set),
    )


def _waiting(daemon_set: DaemonSet) -> tuple[Cause, ...]:
    """A revision that OnDelete holds back."""
    if not daemon_set.on_delete or daemon_set.updated >= daemon_set.desired:
        return ()
    return pending_revision(daemon_set.meta, daemon_set.updated, daemon_set.desired)


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
        "spec.minReadySeconds",
        "status.desiredNumberScheduled",
        "status.updatedNumberScheduled",
        "status.numberAvailable",
        "status.numberReady",
        "status.numberMisscheduled",
    ),
    groups=frozenset({"extensions"}),
    workload=True,
    below=(POD,),
    owns=(POD, CONTROLLER_REVISION),
)
