"""The rules of health: one file per kind, and the table that finds them.

A rule is a function of a model, a time and a policy; it returns a `Verdict`. What is common to all
kinds (malformed objects, deletion, stale statuses) stands in `judgement`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from ..model import DaemonSet, Deployment, Pod, ReplicaSet, StatefulSet
from ..policy import Policy
from .daemon_set import judge_daemon_set
from .deployment import judge_deployment
from .pod import judge_pod
from .replica_set import judge_replica_set
from .stateful_set import judge_stateful_set
from .verdict import Verdict

__all__ = ["RULES", "Rule", "Verdict"]

Rule = Callable[[Any, datetime, Policy], Verdict]

RULES: Mapping[type, Rule] = {
    Deployment: judge_deployment,
    StatefulSet: judge_stateful_set,
    DaemonSet: judge_daemon_set,
    ReplicaSet: judge_replica_set,
    Pod: judge_pod,
}
