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
# With these, the controllers of Deployments and of DeploymentConfigs call a rollout finished.
_FINISHED = ("NewReplicaSetAvailable", "NewReplicationControllerAvailable")
_MOVING_REASONS = frozenset(
    {
        *_MOVING,
        "DependencyNotReady",
        "InProgress",
        "Installing",
        "Pending",
        "ProgressingWithRetry",
        "Starting",
    }
)


@record
class Stated:
    """An object of which nothing but its conditions is read."""

    meta: Metadata
    conditions: Conditions


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
    """Whether what does not hold yet is being worked on: by its reason, or by another condition."""
    if condition.reason in _MOVING_REASONS:
        return True
    return any(
        is_true(conditions, type_) and conditions[type_].reason not in _FINISHED
        for type_ in _MOVING
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
