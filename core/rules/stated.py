"""What rules share that go by what an object's controller states in its conditions."""

from __future__ import annotations

import re

from ..assessment import Cause
from ..fields import conditions_of
from ..model import Condition, Conditions, Metadata, Source, record

__all__ = ["Stated", "as_cause", "is_false", "is_on_its_way", "is_true", "read_stated", "word_of"]

# The form that Kubernetes asks of a condition's reason.
_WORD = re.compile(r"[A-Za-z]([A-Za-z0-9_,:]{0,98}[A-Za-z0-9_])?", re.ASCII)

_MOVING = (
    "Creating",
    "Deploying",
    "Initializing",
    "Issuing",
    "Progressing",
    "Provisioning",
    "Reconciling",
    "Updating",
    "Upgrading",
)
# With the first two, the controllers of Deployments and of DeploymentConfigs call a rollout
# finished; with the last, Flux says that a reconciliation failed and will be tried again.
_NOT_MOVING = (
    "NewReplicaSetAvailable",
    "NewReplicationControllerAvailable",
    "ProgressingWithRetry",
)
_MOVING_REASONS = frozenset(
    {
        *_MOVING,
        "Deleting",
        "DependencyNotReady",
        "Installing",
        "Pending",
        "ScalingDown",
        "ScalingUp",
        "Starting",
    }
)


@record
class Stated:
    """An object of which little but its conditions is read."""

    meta: Metadata
    conditions: Conditions
    zero: bool = False
    """Whether it is asked for no replicas; only the conditions rule reads that."""


def read_stated(source: Source) -> Stated:
    """The reading of a rule that needs the conditions alone."""
    return Stated(source.meta, conditions_of(source.status))


def is_true(conditions: Conditions, type_: str) -> bool:
    """Whether a condition is stated to hold."""
    condition = conditions.get(type_)
    return condition is not None and condition.status == "True"


def is_false(conditions: Conditions, type_: str) -> bool:
    """Whether a condition is stated not to hold; one that is absent is not."""
    condition = conditions.get(type_)
    return condition is not None and condition.status == "False"


def is_on_its_way(condition: Condition, conditions: Conditions) -> bool:
    """Whether what does not hold yet is being worked on: by its words, or by another condition."""
    # Cluster API's Info: nothing is wrong, and nobody has to act.
    if condition.severity == "Info" or _is_moving(condition.reason):
        return True
    return any(
        is_true(conditions, type_) and conditions[type_].reason not in _NOT_MOVING
        for type_ in _MOVING
    )


def _is_moving(reason: str) -> bool:
    return (
        reason in _MOVING_REASONS
        or reason.startswith("WaitingFor")
        or reason.endswith("InProgress")
    )


def word_of(condition: Condition | None, *others: str) -> str:
    """A condition's reason where it is one word, and otherwise the first of the others that is.

    The last of the others is a word of ours.
    """
    words = others if condition is None else (condition.reason, *others)
    return next((word for word in words if _WORD.fullmatch(word)), others[-1])


def as_cause(meta: Metadata, condition: Condition, *others: str) -> Cause:
    """What a condition says, as a cause of its object; its reason as `word_of` reads it."""
    reason = word_of(condition, *others)
    return Cause(reason, meta.kind, meta.name, condition.message, since=condition.since)
