"""Rules: how a kind is read, how it is judged, and what evidence that needs."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from ..evidence import Evidence
from ..kinds import Kind
from ..model import Source, record
from ..policy import Policy
from ..related import RelatedObjects
from .verdict import Verdict

__all__ = ["Context", "Evidence", "Rule", "as_it_is"]


@record
class Context:
    """What a rule knows besides its object.

    Attributes:
        now: The time to judge at, timezone-aware.
        policy: The rules' settings.
        related: Related objects that were read; empty if none were.
    """

    now: datetime
    policy: Policy
    related: RelatedObjects


def as_it_is(source: Source) -> Source:
    """The `read` of a rule that takes its fields directly from the source."""
    return source


@dataclass(frozen=True, slots=True)
class Rule:
    """How one kind is judged.

    Attributes:
        kind: The kind; objects of any version of its group are judged.
        judge: The verdict on what `read` gave. Its docstring is what ``k8s-heartbeat rules``
            prints. It may raise `FieldError` too.
        read: The model of an object; raises `FieldError` for a field that the verdict rests on
            and that has another form.
        fields: The fields that both read, besides the metadata: ``spec.replicas``,
            ``status.conditions[].type``. What is under a field that is named is read whole; what is
            not named is dropped by readers that trim.
        groups: Older API groups that served the kind.
        workload: Whether a namespace's aggregate counts it.
        needs_status: Whether an object without a status was never handled by a cluster.
        below: Kinds that explain it, found by its selector.
        owns: Kinds that its controller creates, and that its verdict covers: beside it they are not
            members of an aggregate.
        evidence: Other objects that must be read before it can be judged, given what `read`
            returned; empty if the object's own status is enough. None if it needs none.
        settle: The verdict on what `read` returned if no evidence can change it, used if the
            evidence could not be read; None if the rule has no such verdict.
        presume: The verdict if none of the evidence is in the input, such as a dump of one kind:
            never better than any evidence would lead to; None if the rule has no such verdict.
    """

    kind: Kind
    judge: Callable[[Any, Context], Verdict]
    read: Callable[[Source], Any] = as_it_is
    fields: tuple[str, ...] = ()
    groups: frozenset[str] = field(default=frozenset())
    workload: bool = False
    needs_status: bool = True
    below: tuple[Kind, ...] = ()
    owns: tuple[Kind, ...] = ()
    evidence: Callable[[Any], Iterable[Evidence]] | None = None
    settle: Callable[[Any, Context], Verdict | None] | None = None
    presume: Callable[[Any, Context], Verdict | None] | None = None

    def covers(self, group: str) -> bool:
        """Whether objects of that API group are judged by it."""
        return group == self.kind.group or group in self.groups
