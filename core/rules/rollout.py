"""argoproj.io/v1alpha1 Rollout, of Argo Rollouts.

Source: the controller's CalculateRolloutPhase
(argo-rollouts/utils/rollout/rolloututil.go) and its conditions
(argo-rollouts/pkg/apis/rollouts/v1alpha1/types.go); before 1.0 it stated no phase.
"""

from __future__ import annotations

import re

from ..assessment import Activity, Cause
from ..fields import CONDITIONS, FieldError, boolean, conditions_of, count, said
from ..kinds import POD, REPLICA_SET, Kind
from ..model import Conditions, Metadata, Source, record
from .condition_view import as_cause, is_true
from .replicas import by_replicas, failures, minimum_of, scaled_to_zero
from .rule import Context, Rule
from .verdict import Verdict

__all__ = ["ROLLOUT_RULE", "Rollout"]

_ACTIVITIES = {
    "Healthy": Activity.STEADY,
    "Progressing": Activity.PROGRESSING,
    "Paused": Activity.SUSPENDED,
    "Degraded": Activity.STEADY,
}
_ABORTED = "RolloutAborted"
# "RolloutAborted: Rollout aborted update to revision 2"
_REASONED = re.compile(r"([A-Z][A-Za-z]{2,60}): ", re.ASCII)


@record
class Rollout:
    """An argoproj.io/v1alpha1 Rollout; its phase is empty if its controller states none."""

    meta: Metadata
    desired: int
    available: int
    paused: bool
    phase: str
    message: str
    conditions: Conditions


def _read(source: Source) -> Rollout:
    spec, status = source.spec, source.status
    phase = status.get("phase")
    if phase is not None and phase != "" and phase not in tuple(_ACTIVITIES):
        raise FieldError("status.phase is not a rollout's phase, such as Progressing")
    return Rollout(
        source.meta,
        count(spec, "spec.replicas", default=1),
        count(status, "status.availableReplicas"),
        boolean(spec.get("paused")),
        said(phase),
        said(status.get("message")),
        conditions_of(status),
    )


def _judge(rollout: Rollout, context: Context) -> Verdict:
    """Compare available replicas with desired ones; its phase describes the rollout.

    Healthy with all of them available, degraded with some, down with none; up with the minimum of
    the annotation or the policy. The phase Degraded makes it degraded at best, Progressing is
    progressing, Paused is suspended. Without a phase its conditions say as much.
    """
    if rollout.desired == 0:
        return scaled_to_zero(context.policy)
    activity = _ACTIVITIES[rollout.phase] if rollout.phase else _stated_activity(rollout)
    return by_replicas(
        desired=rollout.desired,
        available=rollout.available,
        minimum=minimum_of(rollout.meta, context.policy, rollout.desired, rollout.available),
        activity=activity,
        failed=_failed(rollout),
        remark="paused" if activity is Activity.SUSPENDED else "",
    )


def _failed(rollout: Rollout) -> tuple[Cause, ...]:
    """The cause of the phase Degraded, named by the first word of its message."""
    meta = rollout.meta
    if rollout.phase == "Degraded":
        reasoned = _REASONED.match(rollout.message)
        reason = reasoned.group(1) if reasoned else "RolloutDegraded"
        return (Cause(reason, meta.kind, meta.name, rollout.message),)
    if rollout.phase:
        return ()
    stated = failures(meta, rollout.conditions)
    progressing = rollout.conditions.get("Progressing")
    if progressing and progressing.status == "False" and progressing.reason == _ABORTED:
        stated = (as_cause(meta, progressing, _ABORTED), *stated)
    if is_true(rollout.conditions, "InvalidSpec"):
        return (as_cause(meta, rollout.conditions["InvalidSpec"], "InvalidSpec"), *stated)
    return stated


def _stated_activity(rollout: Rollout) -> Activity:
    progressing = rollout.conditions.get("Progressing")
    if rollout.paused or is_true(rollout.conditions, "Paused"):
        return Activity.SUSPENDED
    if progressing is None:
        return Activity.PROGRESSING if rollout.available < rollout.desired else Activity.STEADY
    moving = progressing.status != "False" and progressing.reason != "NewReplicaSetAvailable"
    return Activity.PROGRESSING if moving else Activity.STEADY


ROLLOUT_RULE = Rule(
    Kind("Rollout", "rollouts", "argoproj.io", "v1alpha1", ("ro",)),
    _judge,
    _read,
    fields=(
        "spec.replicas",
        "spec.paused",
        "spec.selector",
        "status.availableReplicas",
        "status.phase",
        "status.message",
        *CONDITIONS,
    ),
    workload=True,
    below=(REPLICA_SET, POD),
    owns=(REPLICA_SET,),
)
