"""Components: named groups that the configuration defines, as status pages show them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from .assessment import Assessment
from .check import check, missing, unjudged
from .group import Found, Selection, check_selection
from .kinds import Kind
from .policy import Policy
from .reader import (
    ClusterReader,
    Deadline,
    Forbidden,
    InvalidQuery,
    NotFound,
    NotServed,
    Query,
)
from .resolution import resolve
from .rules import RULES, Rules
from .selectors import LabelSelector
from .threshold import Threshold

__all__ = ["Component", "Member", "check_component"]


@dataclass(frozen=True, slots=True)
class Member:
    """Some objects of a component.

    Attributes:
        namespaces: Where; an empty text for all namespaces, or for what stands in none.
        kind: A word for their kind; empty for the workloads.
        name: The name of the one; empty for all that `selector` lets through.
        selector: Which of them, by their labels; None for all.

    Raises:
        ValueError: It names one object and not its kind.
    """

    namespaces: tuple[str, ...]
    kind: str = ""
    name: str = ""
    selector: LabelSelector | None = None

    def __post_init__(self) -> None:
        if self.name and not self.kind:
            raise ValueError("Member: a name needs a kind, as in kind: deployment, name: api")


@dataclass(frozen=True, slots=True)
class Component:
    """A named group.

    Attributes:
        name: What it is called in paths.
        title: What it is called for people.
        members: What belongs to it.
        up: How many of the members must be up; None for all.
        policy: The knobs of the rules for its members.
    """

    name: str
    title: str
    members: tuple[Member, ...]
    up: Threshold | None = None
    policy: Policy = Policy()


def check_component(
    reader: ClusterReader,
    component: Component,
    *,
    now: datetime,
    deadline: Deadline,
    rules: Rules = RULES,
) -> Found:
    """Read and judge the members of a component.

    A member that does not exist is missing. An entry that nothing matches, or of a kind that the
    cluster does not serve, is an unknown member: a component never becomes well by what has
    vanished from it.

    Raises:
        ReadError: A member could not be read.
    """
    found: dict[tuple[str, ...], Assessment] = {}
    age, stale = 0.0, False
    for member in component.members:
        for namespace in member.namespaces:
            try:
                part = _check_member(reader, component, member, namespace, now, deadline, rules)
            except (InvalidQuery, NotServed) as error:
                # Only the cluster knows whether it serves a kind, and where its objects stand.
                reason = "NotServed" if isinstance(error, NotServed) else "InvalidMember"
                part = Found((_unjudged(member, namespace, reason, str(error)),))
            age, stale = max(age, part.age), stale or part.stale
            for entry in part.assessments:
                # Whom two entries name counts once; kinds of two groups may share their name.
                group = entry.api_version.rpartition("/")[0]
                found[group, entry.kind, entry.namespace, entry.name or entry.message] = entry
    return Found(tuple(found.values()), age, stale)


def _check_member(
    reader: ClusterReader,
    component: Component,
    member: Member,
    namespace: str,
    now: datetime,
    deadline: Deadline,
    rules: Rules,
) -> Found:
    policy = component.policy
    kind = resolve(member.kind, reader, deadline, rules) if member.kind else None
    if member.name and kind is not None:
        query = Query(kind, namespace, member.name)
        try:
            checked = check(reader, query, now=now, deadline=deadline, policy=policy, rules=rules)
        except (NotFound, Forbidden) as error:
            return Found((missing(query),), error.age)
        return Found((checked.assessment,), checked.age, checked.stale)
    selection = Selection(namespace, () if kind is None else (kind,), member.selector)
    try:
        part = check_selection(
            reader, selection, now=now, deadline=deadline, policy=policy, rules=rules
        )
    except Forbidden as error:
        part = Found((), error.age)
    return part if part.assessments else Found((_nothing(member, namespace),), part.age, part.stale)


def _nothing(member: Member, namespace: str) -> Assessment:
    place = f"in {namespace}" if namespace else "in any namespace"
    selected = f" with {member.selector}" if member.selector else ""
    message = f"no {member.kind or 'workload'} {place}{selected} matched"
    return _unjudged(member, namespace, "NothingMatched", message)


def _unjudged(member: Member, namespace: str, reason: str, message: str) -> Assessment:
    unknown = Kind(member.kind, member.kind, "", "")
    return replace(unjudged(unknown, namespace, reason, message), name=member.name)
