"""v1 Namespace.

Source: the namespace controller's conditions of a deletion
(kubernetes/pkg/controller/namespace/deletion/status_condition_utils.go).
"""

from __future__ import annotations

from ..assessment import Activity, Health
from ..fields import CONDITIONS, FieldError, conditions_of, strings, text
from ..kinds import NAMESPACE
from ..model import Condition, Conditions, Metadata, Source, record
from ..wording import listed, quoted
from .condition_view import as_cause, is_true, word_of
from .rule import Context, Rule
from .verdict import Verdict

__all__ = ["NAMESPACE_RULE", "Namespace"]

_LONGEST_NAME = 300
_REMAINING = ("NamespaceContentRemaining", "NamespaceFinalizersRemaining")


@record
class Namespace:
    """A v1 Namespace."""

    meta: Metadata
    terminating: bool
    conditions: Conditions
    finalizers: tuple[str, ...]
    """Finalizers that delay its deletion, from its spec, which only namespaces have."""


def _read(source: Source) -> Namespace:
    phase = text(source.status.get("phase"))
    if phase not in ("Active", "Terminating"):
        raise FieldError("status.phase is not a namespace's phase, such as Active")
    finalizers = tuple(sorted(set(strings(source.spec.get("finalizers")))))
    terminating = phase == "Terminating"
    return Namespace(source.meta, terminating, conditions_of(source.status), finalizers)


def _judge(namespace: Namespace, context: Context) -> Verdict:
    """Active is healthy; Terminating too, until a condition says that its deletion fails.

    Such a condition makes it degraded. What is left in it, and the finalizers that hold that, are
    causes; once all its content is deleted, the message names the ones that hold it.
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
        message=_told(namespace, first, remaining),
        causes=tuple(
            as_cause(meta, entry, entry.type, "DeletionFailed") for entry in (*failed, *remaining)
        ),
        since=first.since if first else None,
        detail=quoted(*(entry.message for entry in (*failed, *remaining))),
    )


def _told(namespace: Namespace, failed: Condition | None, remaining: list[Condition]) -> str:
    if failed is not None:
        return "its deletion fails"
    emptied = namespace.conditions.get("NamespaceContentRemaining")
    if remaining:
        return "it is being deleted and not empty yet"
    holders = (*namespace.finalizers, *namespace.meta.finalizers)
    if emptied is not None and emptied.status == "False" and holders:
        names = listed([name[:_LONGEST_NAME] for name in holders])
        return f"its content is deleted, and it waits for finalizers {names}"
    return "it is being deleted"


NAMESPACE_RULE = Rule(
    NAMESPACE,
    _judge,
    _read,
    fields=("spec.finalizers", "status.phase", *CONDITIONS),
)
