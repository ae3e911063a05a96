"""Check many objects as one: list them, judge each that counts, explain those that are not well."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from .assessment import Assessment, Health
from .check import evidence_queries, unjudged
from .fields import mapping, text
from .kinds import EVENT, POD, Kind, is_custom
from .model import Manifest
from .policy import Policy
from .pool import Pool, labels_of, members_of, rule_of
from .reader import ClusterReader, Deadline, Forbidden, NotServed, Query, ReadError, ReadTimeout
from .rules import RULES, Rule, Rules
from .selectors import LabelSelector

__all__ = ["Found", "Sees", "Selection", "check_selection", "workload_kinds"]

Sees = Callable[[Kind, str], bool]
"""Whether objects of a kind in a namespace may be told of; of no namespace, whether all may."""


@dataclass(frozen=True, slots=True)
class Selection:
    """Which objects an aggregate is of.

    Attributes:
        namespace: Where; empty for all namespaces.
        kinds: Which kinds; none for the workloads.
        selector: Which of its members, by their own labels; None for all.
    """

    namespace: str = ""
    kinds: tuple[Kind, ...] = ()
    selector: LabelSelector | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """What was found under a selection.

    Attributes:
        assessments: One for each member, and one for each part that could not be read.
        age: Seconds since the oldest reading among them.
        stale: Whether any reading is older than the reader would like.
        listed: How many objects were listed, members or not.
    """

    assessments: tuple[Assessment, ...] = ()
    age: float = 0.0
    stale: bool = False
    listed: int = 0


def check_selection(
    reader: ClusterReader,
    selection: Selection,
    *,
    now: datetime,
    deadline: Deadline,
    policy: Policy = Policy(),
    rules: Rules = RULES,
    sees: Sees | None = None,
) -> Found:
    """Read and judge all that a selection holds: one list for each kind.

    Lists are read whole and selected from here, so that whoever asks with another selector costs
    the API server nothing. A kind that may not be listed, or of which there are too many, is an
    unknown member; another project's workload that is not served, or may not be listed, is none.

    Args:
        reader: Where the objects are read.
        selection: Which objects.
        now: The time to judge at, timezone-aware.
        deadline: When the answer must be there.
        policy: The knobs of the rules.
        rules: Which rule judges which kind.
        sees: Which members to tell of; None for all. What is read does not depend on it, but what
            explains the members that it leaves out.

    Raises:
        InvalidQuery: The namespace cannot exist, or a kind stands in none.
        Forbidden: None of the kinds may be listed.
        ReadError: A list could not be read.
    """
    lists = _Lists(reader, selection.namespace, deadline)
    unread = lists.read_members(selection, rules)
    listed = len(lists.objects())
    members = [
        entry
        for entry in members_of(lists.objects(), rules, selection.kinds)
        if _is_selected(entry, selection.selector)
    ]
    hidden: set[str] = set()
    if sees is not None:
        members, unread, hidden = _seen(members, unread, selection, rules, sees)
    lists.read_around(
        query for entry in members for query in evidence_queries(rule_of(rules, entry), entry)
    )
    pool = Pool(lists.objects(), rules)
    judged: list[Assessment] = []
    for entry in members:
        # What is read in time may still be too much to judge in time.
        if deadline.remaining() <= 0:
            raise ReadTimeout(f"{len(members)} objects: too many to be judged in time; narrow it")
        judged.append(pool.assess(entry, now, policy, explained=False))
    unwell = [number for number, entry in enumerate(judged) if entry.health is not Health.HEALTHY]
    if unwell:
        kinds = [kind for number in unwell for kind in rule_of(rules, members[number]).below]
        lists.read_around(Query(kind, selection.namespace) for kind in (*kinds, EVENT))
        pool = Pool(lists.objects(), rules)
    for number in unwell:
        # The verdicts stand; what there was no time for goes unexplained.
        if deadline.remaining() > 0:
            judged[number] = pool.assess(members[number], now, policy, explained=True)
    age, stale = lists.age_of(hidden)
    return Found((*judged, *unread), age, stale, listed)


class _Lists:
    """Whole lists of one namespace or of all, each read once."""

    def __init__(self, reader: ClusterReader, namespace: str, deadline: Deadline) -> None:
        self._reader = reader
        self._namespace = namespace
        self._deadline = deadline
        self._read: dict[Query, Sequence[Manifest]] = {}
        self._ages: dict[Query, tuple[float, bool]] = {}

    def objects(self) -> list[Manifest]:
        """All that was read."""
        return [entry for objects in self._read.values() for entry in objects]

    def age_of(self, hidden: Collection[str]) -> tuple[float, bool]:
        """How old the oldest list is, and whether any is stale, but for those of hidden kinds."""
        ages = [age for query, age in self._ages.items() if query.kind.kind not in hidden]
        return max((age for age, _ in ages), default=0.0), any(stale for _, stale in ages)

    def read_members(self, selection: Selection, rules: Rules) -> list[Assessment]:
        """Read the lists of a selection; an assessment for each that is not whole."""
        unread: list[Assessment] = []
        forbidden: list[Forbidden] = []
        kinds = selection.kinds or workload_kinds(rules)
        # What cannot be asked for is refused before anything is.
        for query in [Query(kind, self._namespace) for kind in kinds]:
            kind = query.kind
            try:
                truncated = self._list(query)
            except (Forbidden, NotServed) as error:
                if not selection.kinds and is_custom(kind):
                    continue
                if isinstance(error, NotServed):
                    raise
                forbidden.append(error)
                unread.append(unjudged(kind, self._namespace, "Forbidden", str(error)))
            else:
                if truncated:
                    message = f"there are more {kind.plural} than were read; narrow it by kind"
                    unread.append(unjudged(kind, self._namespace, "Truncated", message))
        if forbidden and not self._read:
            raise forbidden[0]
        if POD in selection.kinds:
            # Without what stands between a Deployment and its pods, these would count beside it.
            owned = [link for kind in kinds for link in _owned(kind, rules)]
            links = [link for link in owned if POD in _owned(link, rules)]
            self.read_around(Query(link, self._namespace) for link in links)
        return unread

    def read_around(self, queries: Iterable[Query]) -> None:
        """Read what is around the members; a list that cannot be read explains nothing."""
        for query in queries:
            wide = query
            if not query.name:
                wide = Query(query.kind, self._namespace if query.kind.namespaced else "")
            if wide not in self._read:
                try:
                    self._list(wide)
                except ReadError:
                    self._read[wide] = ()

    def _list(self, query: Query) -> bool:
        """Read a list; whether it was cut short."""
        reading = self._reader.read(query, self._deadline)
        self._read[query] = reading.objects
        self._ages[query] = (reading.age, reading.stale)
        return reading.truncated


def workload_kinds(rules: Rules = RULES) -> list[Kind]:
    """The kinds that count where none is named; of two rules for one kind the first stands."""
    found: dict[tuple[str, str], Rule] = {}
    for rule in rules:
        found.setdefault((rule.kind.group, rule.kind.kind), rule)
    return [rule.kind for rule in found.values() if rule.workload]


def _seen(
    members: list[Manifest],
    unread: list[Assessment],
    selection: Selection,
    rules: Rules,
    sees: Sees,
) -> tuple[list[Manifest], list[Assessment], set[str]]:
    """Of the members, and of the lists that are not whole, those that may be told of.

    And the kinds of which nothing is told.
    """
    kinds = selection.kinds or workload_kinds(rules)
    kept: list[Manifest] = []
    told: set[str] = set()
    for entry in members:
        kind = _kind_among(kinds, entry)
        place = selection.namespace or text(mapping(entry.get("metadata")).get("namespace"))
        if sees(kind, place):
            kept.append(entry)
            told.add(kind.kind)
    told |= {kind.kind for kind in kinds if sees(kind, selection.namespace)}
    hidden = {kind.kind for kind in kinds} - told
    return kept, [entry for entry in unread if entry.kind in told], hidden


def _kind_among(kinds: Sequence[Kind], manifest: Manifest) -> Kind:
    """The kind that a member was listed as; a dump may have it in another version or group."""
    named = [kind for kind in kinds if kind.kind == manifest.get("kind")]
    exact = (kind for kind in named if kind.api_version == manifest.get("apiVersion"))
    return next(exact, named[0])


def _is_selected(manifest: Manifest, selector: LabelSelector | None) -> bool:
    return selector is None or selector.matches(labels_of(manifest))


def _owned(kind: Kind, rules: Rules) -> tuple[Kind, ...]:
    return rules.find(kind.kind, kind.api_version).owns
