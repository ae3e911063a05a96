"""Helpers of the rules that judge an object by its conditions."""

from __future__ import annotations

import re

from ..assessment import Cause
from ..fields import conditions_of
from ..model import Condition, Conditions, Metadata, Source, record

__all__ = [
    "ConditionView",
    "as_cause",
    "is_true",
    "read_condition_view",
    "word_of",
]

# The form that Kubernetes asks of a condition's reason.
_WORD = re.compile(r"[A-Za-z]([A-Za-z0-9_,:]{0,98}[A-Za-z0-9_])?", re.ASCII)


@record
class ConditionView:
    """An object of which mainly the conditions are read."""

    meta: Metadata
    conditions: Conditions


def read_condition_view(source: Source) -> ConditionView:
    """The `read` of a rule that needs only the conditions."""
    return ConditionView(source.meta, conditions_of(source.status))


def is_true(conditions: Conditions, type_: str) -> bool:
    """Whether a condition's status is True."""
    condition = conditions.get(type_)
    return condition is not None and condition.status == "True"


def word_of(condition: Condition | None, *others: str) -> str:
    """A condition's reason if it is one word, and otherwise the first of the others that is.

    The last of the others is our own word.
    """
    words = others if condition is None else (condition.reason, *others)
    return next((word for word in words if _WORD.fullmatch(word)), others[-1])


def as_cause(meta: Metadata, condition: Condition, *others: str) -> Cause:
    """A condition as a cause of its object, with the reason that `word_of` returns."""
    reason = word_of(condition, *others)
    return Cause(reason, meta.kind, meta.name, condition.message, since=condition.since)
