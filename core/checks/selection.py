"""Check many objects as one: list them, judge each that counts, explain those that are not well."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Protocol

from ..assessment import UNREAD, Activity, Assessment, Cause, Health, worst
from ..evidence import Evidence
from ..fields import mapping
from ..gap import Gap, GapReason
from ..judgement import explained, judge
from ..kinds import EVENT, NAMESPACE, POD, Kind, is_custom
from ..policy import Policy
from ..query import InvalidQuery, Query
from ..related import RelatedObjects
from ..rules import RULES, Rule, Rules
from ..selectors import LabelSelector
from ..subject import Subject
from ..threshold import Threshold
from .members import members_of, open_ends
from .reader import ClusterReader, Deadline, Forbidden, NotServed, ReadError, ReadTimeout
from .readings import Part, Readings, Worth

__all__ = [
    "EvidenceSource",
    "GroupMember",
    "MemberList",
    "Selection",
    "SelectionResult",
    "Sight",
    "check_selection",
    "judge_members",
    "time_to_read",
    "unjudged",
    "workload_kinds",
]

# Of the time that is left, what reading leaves for judging.
_JUDGING = 0.2
# Members that are judged between two looks at the clock.
_STRIDE = 64


@dataclass(frozen=True, slots=True)
class Selection:
    """Which objects a group is made of.

    Attributes:
        namespace: Where; empty for all namespaces.
        kinds: Which kinds; none for the workloads.
        min_available: How many of their replicas `up` needs; None for what the policy says.
        is_share: Whether the kinds were not named: they are those of the workloads that may be
            seen. What controls their objects out of sight answers for nothing then.
    """

    namespace: str = ""
    kinds: tuple[Kind, ...] = ()
    min_available: Threshold | None = None
    is_share: bool = False

    def __str__(self) -> str:
        """What it is, for errors."""
        kinds = ", ".join(kind.plural for kind in self.kinds) or "workloads"
        return f"{kinds} in {self.namespace or 'all namespaces'}"

    @property
    def names_kinds(self) -> bool:
        """Whether one of its kinds that the cluster does not serve is a mistake of the caller's."""
        return bool(self.kinds) and not self.is_share


class EvidenceSource(Protocol):
    """Has what objects are judged by."""

    def gap(self, evidence: Evidence) -> Gap | None:
        """What of some evidence could not be read; None where all of it is at hand."""
        ...


class Sight(Protocol):
    """What a caller may see of a selection."""

    def sees(self, kind: Kind, namespace: str) -> bool:
        """Whether the objects of a kind in a namespace."""
        ...

    def sees_some(self, kind: Kind) -> bool:
        """Whether any objects of a kind, wherever in the selection they are."""
        ...


@dataclass(frozen=True, slots=True)
class GroupMember:
    """An object that counts, and what its verdict is worth.

    Attributes:
        kind: The kind that it was listed as; None for what stands for no object of a list.
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
    """A list that members were looked for in.

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
        faulty: Whether the reading of anything behind it failed, which may succeed the next time.
        stale: Whether the whole result stands in for one that could not be had.
        behind: What else was read to know what a member is.
    """

    namespace: str = ""
    lists: tuple[MemberList, ...] = ()
    members: tuple[GroupMember, ...] = ()
    faulty: bool = False
    stale: bool = False
    behind: tuple[Worth, ...] = ()

    @property
    def assessments(self) -> tuple[Assessment, ...]:
        """One for each member, and an unknown one for each list that was not read whole."""
        unread = (
            unjudged(entry.kind, self.namespace, entry.part.gap)
            for entry in self.lists
            if entry.part.gap is not None
        )
        return (*(member.assessment for member in self.members), *unread)

    @property
    def listed(self) -> int:
        """How many objects there are at least, members or not: more than were read where cut."""
        return sum(
            entry.count + (entry.part.gap is not None and entry.part.gap.reason is GapReason.CUT)
            for entry in self.lists
        )

    def worth(self, now: float) -> Worth:
        """What all of it is worth, by a monotonic clock that reads `now`."""
        worths = {entry.part.worth for entry in self.lists}
        worths |= {member.worth for member in self.members}
        found = Worth.worst((*worths, *self.behind), now)
        return replace(found, stale=True) if self.stale else found

    def narrowed(
        self, sight: Sight | None = None, selector: LabelSelector | None = None
    ) -> SelectionResult:
        """What a caller sees of it, and of that what a selector matches.

        A list that was not read whole stays, for anything in it might be in sight and match: what a
        caller may not be told is hidden, and never that something is not known.
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
        """Why nothing of it could be read; None where something could."""
        errors = [entry.part.error for entry in self.lists if entry.part.error is not None]
        if not errors or len(errors) < len(self.lists):
            return None
        # That the API server fails is said before that it refuses.
        first = next((entry for entry in errors if not isinstance(entry, Forbidden)), errors[0])
        return copy.copy(first)


def check_selection(
    reader: ClusterReader,
    selection: Selection,
    *,
    now: datetime,
    deadline: Deadline,
    read_by: Deadline | None = None,
    policy: Policy = Policy(),
    rules: Rules = RULES,
) -> SelectionResult:
    """Read and judge everything that a selection holds: one list for each kind.

    Lists are read whole, for all who ask; `SelectionResult.narrowed` says what of them somebody is
    told. A list that was refused, failed or cut is an unknown member. A workload of another project
    whose kind the cluster does not serve is none.

    Args:
        reader: Where the objects are read.
        selection: Which objects.
        now: The time to judge at, timezone-aware.
        deadline: When the answer must be there.
        read_by: When all must have been read; None for `time_to_read` of the deadline.
        policy: The knobs of the rules.
        rules: Which rule judges which kind.

    Raises:
        InvalidQuery: The namespace cannot exist, or a kind is cluster-scoped.
        NotServed: The cluster serves no such kind.
        ReadTimeout: There was no time left to judge everything that was read.
    """
    policy = policy.needing(selection.min_available)
    lists = _Lists(reader, selection.namespace, read_by or time_to_read(deadline))
    found = lists.read_members(selection, rules)
    kind_of = {id(entry): part.kind for part in found for entry in part.part.objects}
    listed = [entry for part in found for entry in part.part.objects]
    links = lists.read_links(selection, rules)
    listed += [entry for part in links for entry in part.part.objects]
    # Without it nobody waits for the answer any more, and many would compute at once.
    _check_time(deadline, 0, len(listed))
    subjects: list[Subject] = []
    for number, entry in enumerate(members_of(listed, rules, selection.kinds)):
        _check_time(deadline, number, len(listed))
        subjects.append(Subject.of(entry, rules))
    judged = judge_members(subjects, lists.readings.related, lists, now, deadline, policy)
    gaps = {part.kind: part.part.gap for part in (*found, *links) if part.part.gap is not None}
    for number, gap in open_ends([entry.manifest for entry in subjects], listed, gaps, rules):
        judged[number] = _doubtful(judged[number], gap)
    lists.explain(subjects, judged, now, deadline, policy)
    kinds = [kind_of[id(subject.manifest)] for subject in subjects]
    worths = lists.worths(kinds, subjects, judged)
    members = tuple(
        GroupMember(kind, _labels(subject), assessment, worth)
        for kind, subject, assessment, worth in zip(kinds, subjects, judged, worths, strict=True)
    )
    if not (members or gaps) and selection.namespace:
        members = tuple(_ending(lists, selection.namespace, now, policy))
    kept = tuple(replace(entry, part=replace(entry.part, objects=())) for entry in found)
    behind = (*lists.behind, *(part.part.worth for part in links))
    faulty = lists.readings.failed
    return SelectionResult(selection.namespace, kept, members, faulty, behind=behind)


def time_to_read(deadline: Deadline) -> Deadline:
    """When everything must have been read that is to be judged by a deadline."""
    return deadline.reserving(_JUDGING)


def judge_members(
    subjects: Sequence[Subject],
    related: RelatedObjects,
    evidence: EvidenceSource,
    now: datetime,
    deadline: Deadline,
    policy: Policy,
) -> list[Assessment]:
    """The verdict on each of many objects by all that is around them.

    Raises:
        ReadTimeout: There was no time left to judge all of them.
    """
    # All of it before the first of them is judged: what is read is looked up by an index, which
    # would be made anew after each reading.
    gaps: list[list[Gap]] = []
    for number, subject in enumerate(subjects):
        _check_time(deadline, number, len(subjects))
        gaps.append([gap for entry in subject.evidence if (gap := evidence.gap(entry))])
    judged: list[Assessment] = []
    for number, subject in enumerate(subjects):
        _check_time(deadline, number, len(subjects))
        judged.append(judge(subject, related, now, policy, gaps[number]))
    return judged


def _check_time(deadline: Deadline, number: int, count: int) -> None:
    """Raise where no time is left, as some of many objects are worked on, one after the other."""
    if number % _STRIDE == 0 and deadline.remaining() <= 0:
        raise ReadTimeout(f"{count} objects", "too many to be judged in time; narrow it")


def workload_kinds(rules: Rules = RULES) -> list[Kind]:
    """The kinds that count where none is named; of two rules for one kind the first applies."""
    found: dict[tuple[str, str], Rule] = {}
    for rule in rules:
        found.setdefault((rule.kind.group, rule.kind.kind), rule)
    return [rule.kind for rule in found.values() if rule.workload]


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


def _ending(lists: _Lists, namespace: str, now: datetime, policy: Policy) -> Iterator[GroupMember]:
    """The namespace itself, where nothing is left in it because it is being deleted."""
    query = Query(NAMESPACE, "", namespace)
    for manifest in lists.readings.read(query).objects:
        found = judge(Subject.of(manifest), RelatedObjects(), now, policy)
        if found.activity is Activity.TERMINATING:
            found = replace(found, health=Health.UNKNOWN, up=False, reason="NamespaceTerminating")
            yield GroupMember(None, {}, found, lists.readings.worth([query]))


class _Lists:
    """Whole lists of one namespace or of all, each read once."""

    def __init__(self, reader: ClusterReader, namespace: str, deadline: Deadline) -> None:
        self.readings = Readings(reader, deadline)
        self.behind: list[Worth] = []
        self._reader = reader
        self._namespace = namespace
        self._deadline = deadline
        self._queries: dict[Kind, Query] = {}

    def query(self, kind: Kind) -> Query:
        """The list of a kind."""
        found = self._queries.get(kind)
        if found is None:
            found = Query(kind, self._namespace if kind.namespaced else "")
            self._queries[kind] = found
        return found

    def gap(self, evidence: Evidence) -> Gap | None:
        """Read what something is judged by; what of it could not be read."""
        query = self._query_for(evidence)
        return None if query is None else self.readings.read(query).gap

    def read_members(self, selection: Selection, rules: Rules) -> list[MemberList]:
        """Read the lists of a selection.

        Raises:
            InvalidQuery: The namespace cannot exist, or a kind is cluster-scoped.
            NotServed: The cluster serves no kind that was named.
        """
        # What cannot be asked for is refused before anything is read.
        queries = [
            Query(kind, self._namespace) for kind in selection.kinds or workload_kinds(rules)
        ]
        found: list[MemberList] = []
        for query in queries:
            part = self.readings.read(query)
            if isinstance(part.error, NotServed) and selection.names_kinds:
                raise part.error
            if part.gap is not None and part.gap.reason is GapReason.NOT_GIVEN:
                # Of what somebody gave, all that there is was read.
                part = replace(part, gap=None)
            found.append(MemberList(query.kind, part, len(part.objects)))
        # Where nothing could be read, nothing is made of what the cluster serves.
        if not selection.names_kinds and any(entry.part.error is None for entry in found):
            found = [entry for entry in found if not self._is_elsewhere(entry)]
        return found

    def read_links(self, selection: Selection, rules: Rules) -> list[MemberList]:
        """What is between members and their pods: without it these would count beside them."""
        if POD not in selection.kinds:
            return []
        owned = {
            link
            for kind in selection.kinds
            for link in rules.find(kind.kind, kind.api_version).owns
            if link not in selection.kinds and POD in rules.find(link.kind, link.api_version).owns
        }
        parts = [
            (link, self.readings.read(self.query(link))) for link in sorted(owned, key=_plural)
        ]
        return [MemberList(link, part, len(part.objects)) for link, part in parts]

    def explain(
        self,
        subjects: Sequence[Subject],
        judged: list[Assessment],
        now: datetime,
        deadline: Deadline,
        policy: Policy,
    ) -> None:
        """Add what is wrong beneath those that are not well; their verdicts stay."""
        unwell = [number for number, entry in enumerate(judged) if not _is_well(entry)]
        kinds = dict.fromkeys(kind for number in unwell for kind in subjects[number].rule.below)
        parts = {kind: self.readings.read(self.query(kind)) for kind in (*kinds, EVENT) if unwell}
        for count, number in enumerate(unwell):
            if count % _STRIDE == 0 and deadline.remaining() <= 0:
                # What there is no time for goes unexplained.
                return
            subject = subjects[number]
            found = explained(judged[number], subject, self.readings.related, now, policy)
            unread = tuple(
                Cause("CausesUnreadable", kind.kind, "", str(parts[kind].error))
                for kind in (*subject.rule.below, EVENT)
                if parts[kind].error is not None
            )
            judged[number] = replace(found, causes=found.causes + unread) if unread else found

    def worths(
        self,
        kinds: Sequence[Kind],
        subjects: Sequence[Subject],
        judged: Sequence[Assessment],
    ) -> list[Worth]:
        """What each verdict is worth: as much as the worst of what was read for it."""
        known: dict[tuple[Query, ...], Worth] = {}
        found: list[Worth] = []
        for kind, subject, assessment in zip(kinds, subjects, judged, strict=True):
            below = () if _is_well(assessment) else (*subject.rule.below, EVENT)
            queries = (
                *map(self._query_for, subject.evidence),
                *map(self.query, (kind, *below)),
            )
            behind = tuple(filter(None, queries))
            if behind not in known:
                known[behind] = self.readings.worth(behind)
            found.append(known[behind])
        return found

    def _query_for(self, evidence: Evidence) -> Query | None:
        """How evidence is read; None where nothing in a cluster has such a name."""
        if not evidence.name and self._namespace in ("", evidence.namespace):
            return self.query(evidence.kind)
        try:
            return evidence.query()
        except InvalidQuery:
            return None

    def _is_elsewhere(self, entry: MemberList) -> bool:
        """Whether the cluster does not have another project's kind at all that was not listed.

        Kubernetes refuses before it looks whether it serves a kind, and one 404 may be a proxy's.
        """
        refused = isinstance(entry.part.error, Forbidden | NotServed)
        if not is_custom(entry.kind) or not refused:
            return False
        try:
            served = self._reader.discover(self._deadline)
        except ReadError:
            return False
        if isinstance(entry.part.error, NotServed):
            # That says so itself, and now: discovery only says that it is no proxy's word.
            self.behind.append(entry.part.worth)
        else:
            self.behind += (entry.part.worth, Worth(served.began))
        return served.knows(entry.kind.group) and not served.has(entry.kind)


def _doubtful(assessment: Assessment, gap: Gap) -> Assessment:
    """The assessment of what another member may answer for that was not read."""
    found = replace(assessment, up=False, causes=(*assessment.causes, gap.as_cause()))
    if assessment.health is Health.DOWN:
        return found
    message = f"what controls it could not be read: {gap}; {assessment.message}"
    return replace(
        found, health=worst(assessment.health, Health.UNKNOWN), reason=UNREAD, message=message
    )


def _labels(subject: Subject) -> Mapping[str, Any]:
    return mapping(mapping(subject.manifest.get("metadata")).get("labels"))


def _is_well(assessment: Assessment) -> bool:
    return assessment.health is Health.HEALTHY


def _plural(kind: Kind) -> str:
    return kind.plural
