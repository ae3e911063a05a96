"""apps/v1 ReplicaSet.

Source: the ReplicaSet controller's calculateStatus
(kubernetes/pkg/controller/replicaset/replica_set_utils.go).
"""

from __future__ import annotations

from datetime import datetime

from ..assessment import Activity
from ..model import ReplicaSet
from ..policy import Policy
from .replicas import by_replicas, failures, meets_minimum, scaled_to_zero
from .verdict import Verdict

__all__ = ["judge_replica_set"]


def judge_replica_set(replica_set: ReplicaSet, now: datetime, policy: Policy) -> Verdict:
    """Available replicas against desired ones; it states no minimum and knows no rollout."""
    if replica_set.desired == 0:
        return scaled_to_zero(policy)
    moving = replica_set.replicas != replica_set.desired
    return by_replicas(
        desired=replica_set.desired,
        available=replica_set.available,
        enough=meets_minimum(replica_set.desired, replica_set.available),
        activity=Activity.PROGRESSING if moving else Activity.STEADY,
        failed=failures(replica_set.meta, replica_set.conditions),
    )
