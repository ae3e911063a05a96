"""apps/v1 StatefulSet.

Its controller never states failure: the pods tell it. Source: `kubectl rollout status`
(k8s.io/kubectl/pkg/polymorphichelpers/rollout_status.go) and completeRollingUpdate
(kubernetes/pkg/controller/statefulset/stateful_set_utils.go).
"""

from __future__ import annotations

from datetime import datetime

from ..assessment import Activity
from ..model import StatefulSet
from ..policy import Policy
from .replicas import by_replicas, meets_minimum, scaled_to_zero
from .verdict import Verdict

__all__ = ["judge_stateful_set"]


def judge_stateful_set(stateful_set: StatefulSet, now: datetime, policy: Policy) -> Verdict:
    """Available replicas against desired ones; the update strategy moves the activity alone."""
    if stateful_set.desired == 0:
        return scaled_to_zero(policy)
    return by_replicas(
        desired=stateful_set.desired,
        available=stateful_set.available,
        enough=meets_minimum(stateful_set.desired, stateful_set.available),
        activity=Activity.PROGRESSING if _moving(stateful_set) else Activity.STEADY,
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


def _remark(stateful_set: StatefulSet) -> str:
    asked = stateful_set.desired - stateful_set.partition
    if not stateful_set.on_delete and stateful_set.updated < asked:
        return f"{stateful_set.updated} of {asked} updated"
    return ""
