"""apps/v1 ReplicaSet, and v1 ReplicationController, which it came from.

Source: the ReplicaSet controller's calculateStatus
(kubernetes/pkg/controller/replicaset/replica_set_utils.go).
"""

from __future__ import annotations

from ..assessment import Activity
from ..fields import CONDITIONS, conditions_of, count
from ..kinds import POD, REPLICA_SET, Kind
from ..model import Conditions, Metadata, Source, record
from .replicas import by_replicas, failures, meets_minimum, scaled_to_zero
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


def _read(source: Source) -> ReplicaSet:
    return ReplicaSet(
        source.meta,
        count(source.spec, "spec.replicas", default=1),
        count(source.status, "status.replicas"),
        count(source.status, "status.availableReplicas"),
        conditions_of(source.status),
    )


def _judge(replica_set: ReplicaSet, context: Context) -> Verdict:
    """Available replicas against desired ones; it states no minimum and knows no rollout.

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
        enough=meets_minimum(replica_set.meta, policy, replica_set.desired, replica_set.available),
        activity=Activity.PROGRESSING if moving else Activity.STEADY,
        failed=failures(replica_set.meta, replica_set.conditions),
    )


_FIELDS = (
    "spec.replicas",
    "spec.selector",
    "status.replicas",
    "status.availableReplicas",
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
