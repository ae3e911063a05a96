"""Check many objects as one: list them, judge each that counts, explain the unhealthy ones."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from ..assessment import UNREAD, Activity, Assessment, Health, worst
from ..fields import mapping
from ..gap import Gap
from ..judgement import judge
from ..kinds import NAMESPACE, Kind
from ..policy import Policy
from ..query import Query
from ..related import RelatedObjects
from ..rules import RULES, Rule, Rules
from ..subject import Subject
from ..threshold import Threshold
from .batch import check_time, judge_members, time_to_read
from .lists import Lists
from .members import members_of, open_ends
from .reader import ClusterReader, Deadline
from .result import GroupMember, SelectionResult

__all__ = ["Selection", "check_selection", "workload_kinds"]


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
    lists = Lists(reader, selection.namespace, read_by or time_to_read(deadline))
    found = lists.read_members(
        selection.kinds or workload_kinds(rules), named=selection.names_kinds
    )
    kind_of = {id(entry): part.kind for part in found for entry in part.part.objects}
    listed = [entry for part in found for entry in part.part.objects]
    links = lists.read_links(selection.kinds, rules)
    listed += [entry for part in links for entry in part.part.objects]
    # Past the deadline the caller is gone, and many requests would compute at once.
    check_time(deadline, 0, len(listed))
    subjects: list[Subject] = []
    for number, entry in enumerate(members_of(listed, rules, selection.kinds)):
        check_time(deadline, number, len(listed))
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


def workload_kinds(rules: Rules = RULES) -> list[Kind]:
    """The kinds that count by default; the first of two rules for one kind applies."""
    found: dict[tuple[str, str], Rule] = {}
    for rule in rules:
        found.setdefault((rule.kind.group, rule.kind.kind), rule)
    return [rule.kind for rule in found.values() if rule.workload]


def _ending(lists: Lists, namespace: str, now: datetime, policy: Policy) -> Iterator[GroupMember]:
    """The namespace itself, if it is empty because it is being deleted."""
    query = Query(NAMESPACE, "", namespace)
    for manifest in lists.readings.read(query).objects:
        found = judge(Subject.of(manifest), RelatedObjects(), now, policy)
        if found.activity is Activity.TERMINATING:
            found = replace(found, health=Health.UNKNOWN, up=False, reason="NamespaceTerminating")
            yield GroupMember(None, {}, found, lists.readings.worth([query]))


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
