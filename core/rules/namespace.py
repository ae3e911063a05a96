"""v1 Namespace.

Source: the namespace controller's conditions of a deletion
(kubernetes/pkg/controller/namespace/deletion/status_condition_utils.go).
"""

from __future__ import annotations

from ..assessment import Activity, Health
from ..fields import CONDITIONS, FieldError, conditions_of, text
from ..kinds import NAMESPACE
from ..model import Conditions, Metadata, Source, record
from .rule import Context, Rule
from .stated import as_cause, is_true, word_of
from .verdict import Verdict

__all__ = ["NAMESPACE_RULE", "Namespace"]

_REMAINING = ("NamespaceContentRemaining", "NamespaceFinalizersRemaining")


@record
class Namespace:
    """A v1 Namespace."""

    meta: Metadata
    terminating: bool
    conditions: Conditions


def _read(source: Source) -> Namespace:
    phase = text(source.status.get("phase"))
    if phase not in ("Active", "Terminating"):
        raise FieldError("status.phase is not a namespace's phase, such as Active")
    return Namespace(source.meta, phase == "Terminating", conditions_of(source.status))


def _judge(namespace: Namespace, context: Context) -> Verdict:
    """Active is healthy; Terminating too, until a condition says that its deletion fails.

    Such a condition makes it degraded. What is left in it, and the finalizers that hold that, are
    causes.
    """
    if not namespace.terminating:
        return Verdict(Health.HEALTHY, Activity.STEADY, True, "Active", "it is active")
    conditions, meta = namespace.conditions, namespace.meta
    held = sorted(type_ for type_ in conditions if is_true(conditions, type_))
    failed = [conditions[type_] for type_ in held if "Failure" in type_]
    remaining = [conditions[type_] for type_ in held if type_ in _REMAINING]
    first = failed[0] if failed else None
    return Verdict(
        Health.DEGRADED if first else Health.HEALTHY,
        Activity.TERMINATING,
        up=True,
        reason=word_of(first, first.type, "DeletionFailed") if first else "Terminating",
        message="its deletion fails" if first else "it is being deleted",
        causes=tuple(
            as_cause(meta, entry, entry.type, "DeletionFailed") for entry in (*failed, *remaining)
        ),
        since=first.since if first else None,
    )


NAMESPACE_RULE = Rule(
    NAMESPACE,
    _judge,
    _read,
    fields=("status.phase", *CONDITIONS),
)
