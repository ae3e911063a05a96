"""apps/v1 StatefulSet.

Its controller never states failure; its pods show it. Source: `kubectl rollout status`
(k8s.io/kubectl/pkg/polymorphichelpers/rollout_status.go) and completeRollingUpdate
(kubernetes/pkg/controller/statefulset/stateful_set_utils.go).
"""

from __future__ import annotations

from ..assessment import Activity, Cause
from ..fields import count, mapping, text
from ..kinds import CONTROLLER_REVISION, POD, Kind
from ..model import Metadata, Source, record
from .replicas import (
    by_replicas,
    minimum_of,
    pending_revision,
    scaled_to_zero,
    unobserved,
    waiting_out,
)
from .rule import Context, Rule
from .verdict import Verdict

__all__ = ["STATEFUL_SET_RULE", "StatefulSet"]


@record
class StatefulSet:
    """An apps/v1 StatefulSet."""

    meta: Metadata
    desired: int
    replicas: int
    updated: int
    available: int
    partition: int
    on_delete: bool
    current_revision: str
    update_revision: str
    causes: tuple[Cause, ...]
    """Why fewer are available than desired."""


def _read(source: Source) -> StatefulSet:
    meta, spec, status = source.meta, source.spec, source.status
    strategy = mapping(spec.get("updateStrategy"))
    rolling = mapping(strategy.get("rollingUpdate"))
    on_delete = strategy.get("type") == "OnDelete"
    ready = count(status, "status.readyReplicas")
    # Without rolling updates it means nothing.
    partition = 0 if on_delete else count(rolling, "spec.updateStrategy.rollingUpdate.partition")
    desired = count(spec, "spec.replicas", default=1)
    available = count(status, "status.availableReplicas", default=ready)
    causes: tuple[Cause, ...] = ()
    if available < desired:
        causes = waiting_out(meta, spec, status, "readyReplicas", available) + unobserved(meta)
    return StatefulSet(
        meta,
        desired=desired,
        replicas=count(status, "status.replicas"),
        updated=count(status, "status.updatedReplicas"),
        available=available,
        partition=partition,
        on_delete=on_delete,
        current_revision=text(status.get("currentRevision")),
        update_revision=text(status.get("updateRevision")),
        causes=causes,
    )


def _judge(stateful_set: StatefulSet, context: Context) -> Verdict:
    """Compare available replicas with desired ones; the strategy only affects the activity.

    Healthy with all of them available (ready, if the cluster states no more), degraded with
    some, down with none; up with the minimum of the annotation or the policy. Progressing while
    fewer are updated than the partition asks for, or the current revision is not the update's; with
    OnDelete a revision that waits for pods to be deleted is only a cause.
    """
    policy = context.policy
    if stateful_set.desired == 0:
        return scaled_to_zero(policy)
    return by_replicas(
        desired=stateful_set.desired,
        available=stateful_set.available,
        minimum=minimum_of(stateful_set.meta, policy, stateful_set.desired, stateful_set.available),
        activity=Activity.PROGRESSING if _moving(stateful_set) else Activity.STEADY,
        causes=stateful_set.causes + _waiting(stateful_set),
        remark=_remark(stateful_set),
    )


def _moving(stateful_set: StatefulSet) -> bool:
    if stateful_set.replicas != stateful_set.desired:
        return True
    if stateful_set.on_delete:
        return False
    if stateful_set.partition:
        # The controller never takes over the update revision while a partition holds pods back.
        return stateful_set.updated < stateful_set.desired - stateful_set.partition
    return (
        stateful_set.updated < stateful_set.desired
        or stateful_set.current_revision != stateful_set.update_revision
    )


def _waiting(stateful_set: StatefulSet) -> tuple[Cause, ...]:
    """A revision that OnDelete holds back."""
    if (
        stateful_set.on_delete
        and stateful_set.current_revision != stateful_set.update_revision
        and stateful_set.updated < stateful_set.desired
    ):
        return pending_revision(stateful_set.meta, stateful_set.updated, stateful_set.desired)
    return ()


def _remark(stateful_set: StatefulSet) -> str:
    asked = stateful_set.desired - stateful_set.partition
    if not stateful_set.on_delete and stateful_set.updated < asked:
        return f"{stateful_set.updated} of {asked} updated"
    return ""


STATEFUL_SET_RULE = Rule(
    Kind("StatefulSet", "statefulsets", "apps", "v1", ("sts",)),
    _judge,
    _read,
    fields=(
        "spec.replicas",
        "spec.selector",
        "spec.updateStrategy",
        "spec.minReadySeconds",
        "status.replicas",
        "status.readyReplicas",
        "status.updatedReplicas",
        "status.availableReplicas",
        "status.currentRevision",
        "status.updateRevision",
    ),
    workload=True,
    below=(POD,),
    owns=(POD, CONTROLLER_REVISION),
)
