"""Components: named groups that the configuration defines, as status pages show them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from ..assessment import SEVERITY, UNREAD, Activity, Assessment, Cause, Health
from ..kinds import Kind
from ..policy import Policy
from ..query import InvalidQuery, Query
from ..rules import RULES, Rules
from ..selectors import LabelSelector
from ..threshold import Threshold
from .batch import time_to_read
from .object import check_object, missing
from .reader import ClusterReader, Deadline, Forbidden, NotFound, NotServed, ReadError
from .readings import Worth, reason_of
from .resolution import KindWord, resolve
from .result import GroupMember, SelectionResult
from .selection import Selection, check_selection

__all__ = ["Component", "Member", "check_component"]


@dataclass(frozen=True, slots=True)
class Member:
    """Some objects of a component.

    Attributes:
        namespaces: An empty text for all namespaces, or for cluster-scoped objects.
        kind: A word for their kind; empty for the workloads.
        name: The name of one object; empty for all that `selector` matches.
        selector: Label selector; None for all.

    Raises:
        ValueError: It has a name and no kind.
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
        name: Its name in paths.
        title: Its name for people.
        members: Its members.
        up: How many of the members must be up; None for all.
        policy: The rules' settings for its members.
    """

    name: str
    title: str
    members: tuple[Member, ...]
    up: Threshold | None = None
    policy: Policy = Policy()

    def __str__(self) -> str:
        """Its name for errors."""
        return f"component {self.name}"


def check_component(
    reader: ClusterReader,
    component: Component,
    *,
    now: datetime,
    deadline: Deadline,
    rules: Rules = RULES,
) -> SelectionResult:
    """Read and judge the members of a component.

    A member that does not exist is missing. An entry that matches nothing, whose kind the cluster
    does not serve, or that could not be read is an unknown member: a component never becomes
    healthy because objects vanish.

    Raises:
        ReadError: Nothing of it could be read, or there was no time left to judge it.
    """
    # One deadline for all entries: if each took a share of the rest, the last would get none.
    read_by = time_to_read(deadline)
    question = _Question(reader, component.policy, now, deadline, read_by, rules)
    found: dict[tuple[str, ...], GroupMember] = {}
    parts: list[_Part] = []
    for entry in component.members:
        for namespace in entry.namespaces:
            part = question.answer(entry, namespace)
            parts.append(part)
            for member in part.members:
                said = member.assessment
                # An object of two entries counts once; two groups may share a kind's name.
                group = said.api_version.rpartition("/")[0]
                key = (group, said.kind, said.namespace, said.name or said.message)
                before = found.get(key, member)
                worth = Worth.worst((before.worth, member.worth), before.worth.began)
                # The worse of two readings of an object counts.
                found[key] = replace(min(before, member, key=_badness), worth=worth)
    failures = [part.failure for part in parts if part.failure is not None]
    if failures and len(failures) == len(parts):
        raise failures[0]
    faulty = any(part.faulty for part in parts)
    return SelectionResult(members=tuple(found.values()), faulty=faulty)


def _badness(member: GroupMember) -> tuple[int, bool]:
    return SEVERITY.index(member.assessment.health), member.assessment.up


@dataclass(frozen=True, slots=True)
class _Part:
    """An entry's objects in a namespace.

    Attributes:
        members: The verdicts.
        failure: Why nothing of it could be read; None if something could.
        faulty: Whether any reading behind it failed.
    """

    members: Sequence[GroupMember]
    failure: ReadError | None = None
    faulty: bool = False


@dataclass(frozen=True, slots=True)
class _Question:
    """What all entries of a component share."""

    reader: ClusterReader
    policy: Policy
    now: datetime
    deadline: Deadline
    read_by: Deadline
    rules: Rules

    def answer(self, member: Member, namespace: str) -> _Part:
        """The verdicts on an entry's objects in a namespace."""
        began = self.deadline.clock()
        try:
            kind = None
            if member.kind:
                kind = resolve(KindWord(member.kind), self.reader, self.read_by, self.rules)
            if kind is None or not member.name:
                return self._selected(member, namespace, () if kind is None else (kind,))
            return self._named(Query(kind, namespace, member.name))
        except NotServed as error:
            return _Part([self._unread(member, namespace, "NotServed", error, began)])
        except InvalidQuery as error:
            # Only the cluster knows the scope of its kinds.
            message = str(error)
            worth = Worth(began)
            return _Part([self._unknown(member, namespace, "InvalidMember", message, worth)])
        except ReadError as error:
            if self.deadline.remaining() <= 0:
                # Running out of time says nothing about the cluster.
                raise
            unread = self._unread(member, namespace, UNREAD, error, began)
            return _Part([unread], error, faulty=True)

    def _named(self, query: Query) -> _Part:
        try:
            found = check_object(
                self.reader,
                query,
                now=self.now,
                deadline=self.read_by,
                policy=self.policy,
                rules=self.rules,
            )
        except (NotFound, Forbidden) as error:
            worth = _worth(error, self.deadline.clock())
            return _Part([GroupMember(query.kind, {}, missing(query), worth)])
        judged = GroupMember(query.kind, {}, found.assessment, found.worth)
        return _Part([judged], faulty=found.faulty)

    def _selected(self, member: Member, namespace: str, kinds: tuple[Kind, ...]) -> _Part:
        result = check_selection(
            self.reader,
            Selection(namespace, kinds),
            now=self.now,
            deadline=self.deadline,
            read_by=self.read_by,
            policy=self.policy,
            rules=self.rules,
        ).narrowed(selector=member.selector)
        worth = result.worth(self.deadline.clock())
        found = [GroupMember(None, {}, entry, worth) for entry in result.assessments]
        if not found:
            place = f"in {namespace}" if namespace else "in any namespace"
            selected = f" with {member.selector}" if member.selector else ""
            message = f"no {member.kind or 'workload'} {place}{selected} matched"
            found = [self._unknown(member, namespace, "NothingMatched", message, worth)]
        failure = result.failure()
        return _Part(
            found, None if isinstance(failure, Forbidden) else failure, faulty=result.faulty
        )

    def _unread(
        self, member: Member, namespace: str, reason: str, error: ReadError, began: float
    ) -> GroupMember:
        found = self._unknown(member, namespace, reason, str(error), _worth(error, began))
        cause = Cause(str(reason_of(error)), member.kind, member.name, error.problem)
        return replace(found, assessment=replace(found.assessment, causes=(cause,)))

    def _unknown(
        self, member: Member, namespace: str, reason: str, message: str, worth: Worth
    ) -> GroupMember:
        verdict = Assessment(
            health=Health.UNKNOWN,
            activity=Activity.STEADY,
            up=False,
            reason=reason,
            message=message,
            kind=member.kind,
            namespace=namespace,
            name=member.name,
        )
        return GroupMember(None, {}, verdict, worth)


def _worth(error: ReadError, began: float) -> Worth:
    """The age of an error's answer; `began` applies if it does not say when it began."""
    return Worth(began if error.began is None else error.began)
