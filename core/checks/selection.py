"""Check many objects as one: list them, judge each that counts, explain the unhealthy ones."""

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

# Share of the remaining time that is reserved for judging.
_JUDGING = 0.2
# Members that are judged between two checks of the time.
_STRIDE = 64


@dataclass(frozen=True, slots=True)
class Selection:
    """Which objects form a group.

    Attributes:
        namespace: Empty for all namespaces.
        kinds: Empty for the workloads.
        min_available: How many of their replicas `up` needs; None for the policy's number.
        is_share: Whether the kinds were not named but are the workloads that the caller may see.
            Owners that the caller may not see are then ignored.
    """

    namespace: str = ""
    kinds: tuple[Kind, ...] = ()
    min_available: Threshold | None = None
    is_share: bool = False

    def __str__(self) -> str:
        """Its name for errors."""
        kinds = ", ".join(kind.plural for kind in self.kinds) or "workloads"
        return f"{kinds} in {self.namespace or 'all namespaces'}"

    @property
    def names_kinds(self) -> bool:
        """Whether a kind that the cluster does not serve is an error of the caller."""
        return bool(self.kinds) and not self.is_share


class EvidenceSource(Protocol):
    """Provides evidence for verdicts."""

    def gap(self, evidence: Evidence) -> Gap | None:
        """Why some evidence could not be read; None if all of it is available."""
        ...


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
        # A failure of the API server is reported before a refusal.
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

    Lists are read completely, for all callers; `SelectionResult.narrowed` limits them to what a
    caller may see. A list that was refused, failed or cut is an unknown member. A workload kind of
    another project that the cluster does not serve is ignored.

    Args:
        reader: Where the objects are read.
        selection: Which objects.
        now: The time to judge at, timezone-aware.
        deadline: When the answer must be there.
        read_by: When all must have been read; None for `time_to_read` of the deadline.
        policy: The settings of the rules.
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
    # Past the deadline the caller is gone, and many requests would compute at once.
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
    """When all reading must end so that the rest can be judged by a deadline."""
    return deadline.reserving(_JUDGING)


def judge_members(
    subjects: Sequence[Subject],
    related: RelatedObjects,
    evidence: EvidenceSource,
    now: datetime,
    deadline: Deadline,
    policy: Policy,
) -> list[Assessment]:
    """The verdict on each of many objects by their related objects.

    Raises:
        ReadTimeout: There was no time left to judge all of them.
    """
    # Read all evidence before judging: lookups use an index, which would be rebuilt after each
    # reading.
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
    """Raise if no time is left; the clock is read once for every `_STRIDE` objects."""
    if number % _STRIDE == 0 and deadline.remaining() <= 0:
        raise ReadTimeout(f"{count} objects", "too many to be judged in time; narrow it")


def workload_kinds(rules: Rules = RULES) -> list[Kind]:
    """The kinds that count by default; the first of two rules for one kind applies."""
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
    """The namespace itself, if it is empty because it is being deleted."""
    query = Query(NAMESPACE, "", namespace)
    for manifest in lists.readings.read(query).objects:
        found = judge(Subject.of(manifest), RelatedObjects(), now, policy)
        if found.activity is Activity.TERMINATING:
            found = replace(found, health=Health.UNKNOWN, up=False, reason="NamespaceTerminating")
            yield GroupMember(None, {}, found, lists.readings.worth([query]))


class _Lists:
    """Full lists of one namespace or of all, each read once."""

    def __init__(self, reader: ClusterReader, namespace: str, deadline: Deadline) -> None:
        self.readings = Readings(reader, deadline)
        self.behind: list[Worth] = []
        self._reader = reader
        self._namespace = namespace
        self._deadline = deadline
        self._queries: dict[Kind, Query] = {}

    def query(self, kind: Kind) -> Query:
        """The query for a kind."""
        found = self._queries.get(kind)
        if found is None:
            found = Query(kind, self._namespace if kind.namespaced else "")
            self._queries[kind] = found
        return found

    def gap(self, evidence: Evidence) -> Gap | None:
        """Read some evidence; return why it could not be read."""
        query = self._query_for(evidence)
        return None if query is None else self.readings.read(query).gap

    def read_members(self, selection: Selection, rules: Rules) -> list[MemberList]:
        """Read the lists of a selection.

        Raises:
            InvalidQuery: The namespace cannot exist, or a kind is cluster-scoped.
            NotServed: The cluster does not serve a named kind.
        """
        # Invalid queries are rejected before anything is read.
        queries = [
            Query(kind, self._namespace) for kind in selection.kinds or workload_kinds(rules)
        ]
        found: list[MemberList] = []
        for query in queries:
            part = self.readings.read(query)
            if isinstance(part.error, NotServed) and selection.names_kinds:
                raise part.error
            if part.gap is not None and part.gap.reason is GapReason.NOT_GIVEN:
                # Everything in the input was read.
                part = replace(part, gap=None)
            found.append(MemberList(query.kind, part, len(part.objects)))
        # If nothing could be read, it does not matter what the cluster serves.
        if not selection.names_kinds and any(entry.part.error is None for entry in found):
            found = [entry for entry in found if not self._is_elsewhere(entry)]
        return found

    def read_links(self, selection: Selection, rules: Rules) -> list[MemberList]:
        """Read the kinds between members and their pods, so that the pods do not count too."""
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
        """Add causes to the unhealthy ones, without changing their verdicts."""
        unwell = [number for number, entry in enumerate(judged) if not _is_well(entry)]
        kinds = dict.fromkeys(kind for number in unwell for kind in subjects[number].rule.below)
        parts = {kind: self.readings.read(self.query(kind)) for kind in (*kinds, EVENT) if unwell}
        for count, number in enumerate(unwell):
            if count % _STRIDE == 0 and deadline.remaining() <= 0:
                # When time runs out, the rest stays unexplained.
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
        """The worth of each verdict: the worst of the readings behind it."""
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
        """The query for evidence; None if no object can have its name."""
        if not evidence.name and self._namespace in ("", evidence.namespace):
            return self.query(evidence.kind)
        try:
            return evidence.query()
        except InvalidQuery:
            return None

    def _is_elsewhere(self, entry: MemberList) -> bool:
        """Whether a kind was not listed because it is custom and the cluster does not serve it.

        Kubernetes refuses before it checks whether it serves a kind; a 404 may be a proxy's.
        """
        refused = isinstance(entry.part.error, Forbidden | NotServed)
        if not is_custom(entry.kind) or not refused:
            return False
        try:
            served = self._reader.discover(self._deadline)
        except ReadError:
            return False
        if isinstance(entry.part.error, NotServed):
            # The error is current; discovery only confirms that it is not a proxy's.
            self.behind.append(entry.part.worth)
        else:
            self.behind += (entry.part.worth, Worth(served.began))
        return served.knows(entry.kind.group) and not served.has(entry.kind)


def _doubtful(assessment: Assessment, gap: Gap) -> Assessment:
    """The assessment of an object whose owner may be in a list that was not read."""
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
