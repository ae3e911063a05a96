"""The verdicts on the members of a group, and the part of them that a caller may see."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Protocol

from ..assessment import UNREAD, Activity, Assessment, Health
from ..gap import Gap, GapReason
from ..kinds import Kind
from ..selectors import LabelSelector
from .reader import Forbidden, NotServed, ReadError
from .readings import Part, Worth

__all__ = ["GroupMember", "MemberList", "SelectionResult", "Sight", "unjudged"]


class Sight(Protocol):
    """What a caller may see of a selection."""

    def sees(self, kind: Kind, namespace: str) -> bool:
        """Whether the caller may see a kind in a namespace."""
        ...

    def sees_some(self, kind: Kind) -> bool:
        """Whether the caller may see a kind anywhere in the selection."""
        ...


@dataclass(frozen=True, slots=True)
class GroupMember:
    """An object that counts, and what its verdict is worth.

    Attributes:
        kind: The kind that it was listed as; None if it does not come from a list.
        labels: Its labels as it states them.
        assessment: The verdict.
        worth: How old that is: the worst of all readings behind it.
    """

    kind: Kind | None
    labels: Mapping[str, Any]
    assessment: Assessment
    worth: Worth


@dataclass(frozen=True, slots=True)
class MemberList:
    """A list that was searched for members.

    Attributes:
        kind: Their kind.
        part: What was read of it; its objects are not kept.
        count: How many objects it has, members or not.
    """

    kind: Kind
    part: Part
    count: int


@dataclass(frozen=True, slots=True)
class SelectionResult:
    """The verdicts on the members of a group, and the lists that they were found in.

    Attributes:
        namespace: The namespace of the lists; empty for all.
        lists: One for each kind.
        members: The members, judged.
        faulty: Whether any reading behind it failed that may succeed the next time.
        stale: Whether it replaces a newer result that was not available.
        behind: Other readings that decided what is a member.
    """

    namespace: str = ""
    lists: tuple[MemberList, ...] = ()
    members: tuple[GroupMember, ...] = ()
    faulty: bool = False
    stale: bool = False
    behind: tuple[Worth, ...] = ()

    @property
    def assessments(self) -> tuple[Assessment, ...]:
        """One for each member, and an unknown one for each incomplete list."""
        unread = (
            unjudged(entry.kind, self.namespace, entry.part.gap)
            for entry in self.lists
            if entry.part.gap is not None
        )
        return (*(member.assessment for member in self.members), *unread)

    @property
    def listed(self) -> int:
        """The least number of objects, members or not: more than were read if a list was cut."""
        return sum(
            entry.count + (entry.part.gap is not None and entry.part.gap.reason is GapReason.CUT)
            for entry in self.lists
        )

    def worth(self, now: float) -> Worth:
        """The lowest worth of its parts, by a monotonic clock reading `now`."""
        worths = {entry.part.worth for entry in self.lists}
        worths |= {member.worth for member in self.members}
        found = Worth.worst((*worths, *self.behind), now)
        return replace(found, stale=True) if self.stale else found

    def narrowed(
        self, sight: Sight | None = None, selector: LabelSelector | None = None
    ) -> SelectionResult:
        """The part that a caller may see and that a selector matches.

        An incomplete list stays, because unread objects in it might be visible and match: objects
        that a caller may not see are hidden, but not that something is unknown.
        """
        lists, members = self.lists, self.members
        if sight is not None:
            lists = tuple(entry for entry in lists if sight.sees_some(entry.kind))
            members = tuple(
                member
                for member in members
                if member.kind is None or sight.sees(member.kind, member.assessment.namespace)
            )
        if selector is not None:
            members = tuple(
                member
                for member in members
                if member.kind is None or selector.matches(member.labels)
            )
        return replace(self, lists=lists, members=members)

    def failure(self) -> ReadError | None:
        """Why nothing of it could be read; None if something could."""
        errors = [entry.part.error for entry in self.lists if entry.part.error is not None]
        if not errors or len(errors) < len(self.lists):
            return None
        return copy.copy(min(errors, key=_precedence))


def _precedence(error: ReadError) -> int:
    """A failure of the API server is reported before a refusal, and that it serves no kind last."""
    if isinstance(error, NotServed):
        return 2
    return 1 if isinstance(error, Forbidden) else 0


def unjudged(kind: Kind, namespace: str, gap: Gap) -> Assessment:
    """The assessment of the part of a group that was not read."""
    place = namespace or "all namespaces" if kind.namespaced else "the cluster"
    return Assessment(
        health=Health.UNKNOWN,
        activity=Activity.STEADY,
        up=False,
        reason=UNREAD,
        message=f"{kind.plural} in {place} could not be read: {gap.why}",
        kind=kind.kind,
        namespace=namespace,
        causes=(gap.as_cause(),),
        api_version=kind.api_version,
    )
