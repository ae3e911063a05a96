"""apps/v1 ReplicaSet, and v1 ReplicationController, which it came from.

Source: the ReplicaSet controller's calculateStatus
(kubernetes/pkg/controller/replicaset/replica_set_utils.go).
"""

from __future__ import annotations

from ..assessment import Activity, Cause
from ..fields import CONDITIONS, conditions_of, count
from ..kinds import POD, REPLICA_SET, Kind
from ..model import Conditions, Metadata, Source, record
from .replicas import (
    by_replicas,
    failures,
    minimum_of,
    scaled_to_zero,
    unobserved,
    waiting_out,
)
from .rule import Context, Rule
from .verdict import Verdict

__all__ = ["REPLICATION_CONTROLLER_RULE", "REPLICA_SET_RULE", "ReplicaSet"]


@record
class ReplicaSet:
    """An apps/v1 ReplicaSet or a v1 ReplicationController."""

    meta: Metadata
    desired: int
    replicas: int
    available: int
    conditions: Conditions
    causes: tuple[Cause, ...]
    """Why fewer are available than desired."""


def _read(source: Source) -> ReplicaSet:
    meta, spec, status = source.meta, source.spec, source.status
    desired = count(spec, "spec.replicas", default=1)
    available = count(status, "status.availableReplicas")
    causes: tuple[Cause, ...] = ()
    if available < desired:
        causes = waiting_out(meta, spec, status, "readyReplicas", available) + unobserved(meta)
    return ReplicaSet(
        meta,
        desired,
        count(status, "status.replicas"),
        available,
        conditions_of(status),
        causes,
    )


def _judge(replica_set: ReplicaSet, context: Context) -> Verdict:
    """Compare available replicas with desired ones; it has no rollout.

    Healthy with all of them available, degraded with some, down with none; up with the minimum of
    the annotation or the policy. Pods that cannot be created (ReplicaFailure) make it degraded at
    best. Progressing while it has not as many replicas as desired.
    """
    policy = context.policy
    if replica_set.desired == 0:
        return scaled_to_zero(policy)
    moving = replica_set.replicas != replica_set.desired
    return by_replicas(
        desired=replica_set.desired,
        available=replica_set.available,
        minimum=minimum_of(replica_set.meta, policy, replica_set.desired, replica_set.available),
        activity=Activity.PROGRESSING if moving else Activity.STEADY,
        failed=failures(replica_set.meta, replica_set.conditions),
        causes=replica_set.causes,
    )


_FIELDS = (
    "spec.replicas",
    "spec.selector",
    "spec.minReadySeconds",
    "status.replicas",
    "status.availableReplicas",
    "status.readyReplicas",
    *CONDITIONS,
)
REPLICA_SET_RULE = Rule(
    REPLICA_SET,
    _judge,
    _read,
    fields=_FIELDS,
    groups=frozenset({"extensions"}),
    workload=True,
    below=(POD,),
    owns=(POD,),
)
REPLICATION_CONTROLLER_RULE = Rule(
    Kind("ReplicationController", "replicationcontrollers", "", "v1", ("rc",)),
    _judge,
    _read,
    fields=_FIELDS,
    workload=True,
    below=(POD,),
    owns=(POD,),
)
