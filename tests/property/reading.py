"""A cluster as a reader sees it that fails, refuses, cuts lists short and takes its time."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from enum import StrEnum

from k8s_heartbeat.core import RULES, Assessment, Health, Kind, Threshold, summarize
from k8s_heartbeat.core.checks.reader import (
    ClusterReader,
    Deadline,
    Forbidden,
    NotFound,
    NotServed,
    ReadError,
    Reading,
    ReadTimeout,
    UpstreamError,
)
from k8s_heartbeat.core.checks.result import SelectionResult, Sight
from k8s_heartbeat.core.gap import Gap, GapReason
from k8s_heartbeat.core.kinds import EVENT, ServedKinds, is_custom
from k8s_heartbeat.core.query import Query
from k8s_heartbeat.core.selectors import LabelSelector
from tests.builders import Manifest

__all__ = [
    "Answer",
    "Clock",
    "Fault",
    "FaultyReader",
    "answer_of",
    "kind_of_manifest",
    "query_for",
    "result_of",
    "summed",
]


class Fault(StrEnum):
    """What may come of a reading besides what there is."""

    REFUSED = "refused"
    FAILED = "failed"
    HUNG = "hung"
    UNSERVED = "unserved"
    CUT = "cut"
    """A list without what is behind its first entries; of an object, no answer."""
    OLD = "old"
    """What there is, as it was some time ago."""


@dataclass
class Clock:
    """A monotonic clock that moves when it is told to."""

    now: float = 1000.0

    def __call__(self) -> float:
        """Its seconds."""
        return self.now


def no_fault(query: Query) -> Fault | None:
    """Every reading is good."""
    return None


@dataclass
class FaultyReader:
    """Reads what there is, if nothing is wrong with the reading.

    Attributes:
        objects: What there is.
        fault: What is wrong with a reading.
        clock: Its clock, which moves while it reads.
        took: Seconds that a reading takes.
        noted: Whether an error says when its reading began.
        kept: How many entries are left of a list that is cut short.
        asked: Everything that was asked for.
        began: When each reading of objects began, whatever came of it. What a word means is no such
            reading.
        unread: The queries that were not answered whole, and why.
    """

    objects: list[Manifest]
    fault: Callable[[Query], Fault | None] = no_fault
    clock: Clock = field(default_factory=Clock)
    took: float = 0.25
    noted: bool = True
    kept: int = 1
    asked: list[Query] = field(default_factory=list[Query])
    began: list[float] = field(default_factory=list[float])
    unread: dict[Query, GapReason] = field(default_factory=dict[Query, GapReason])

    def read(self, query: Query, deadline: Deadline) -> Reading:
        """What there is; see `ClusterReader.read`."""
        fault = self.fault(query)
        self.asked.append(query)
        began = self.clock.now - (90.0 if fault is Fault.OLD else 0.0)
        self.began.append(began)
        self.clock.now += self.took
        error = _error(query, fault)
        found = tuple(entry for entry in self.objects if _matches(entry, query))
        if error is None and query.name and not found:
            error = NotFound(str(query), "there is none")
        if error is not None:
            if not isinstance(error, NotFound):
                self.unread[query] = _REASONS.get(type(error), GapReason.FAILED)
            error.began = began if self.noted else None
            raise error
        if query.name:
            found = found[:1]
        gap = None
        if fault is Fault.CUT:
            found = found[: self.kept]
            gap = Gap(GapReason.CUT, query.kind, "", "there are more than were read")
            self.unread[query] = gap.reason
        return Reading(found, began, fault is Fault.OLD, gap)

    def has(self, query: Query) -> bool:
        """Whether there is anything that a query asks for."""
        return any(_matches(entry, query) for entry in self.objects)

    def discover(self, deadline: Deadline) -> ServedKinds:
        """Kubernetes' kinds, and of other projects' those of which there is an object."""
        fault = self.fault(_DISCOVERY)
        self.asked.append(_DISCOVERY)
        began = self.clock.now - (90.0 if fault is Fault.OLD else 0.0)
        self.clock.now += self.took
        error = None if fault is Fault.CUT else _error(_DISCOVERY, fault)
        if error is not None:
            error.began = began
            raise error
        there = {kind_of_manifest(entry) for entry in self.objects}
        kinds = {rule.kind for rule in RULES if not is_custom(rule.kind)} | there
        # Part of the API does not answer: what it has is not among the kinds.
        whole = fault is not Fault.CUT
        served = sorted((kind for kind in kinds if whole or not is_custom(kind)), key=repr)
        return ServedKinds(served, whole=whole, began=began)

    def is_known_unserved(self, query: Query) -> bool:
        """Whether discovery says that there is no such kind as that of a list that was refused."""
        there = {kind_of_manifest(entry) for entry in self.objects}
        refused = self.unread.get(query) in (GapReason.REFUSED, GapReason.NOT_SERVED)
        told = self.fault(_DISCOVERY) in (None, Fault.OLD)
        return refused and told and is_custom(query.kind) and query.kind not in there

    def ping(self, deadline: Deadline) -> None:
        """It is there."""


_DISCOVERY = Query(Kind("APIGroup", "groups", "", "v1", namespaced=False), "")
_REASONS: dict[type[ReadError], GapReason] = {
    Forbidden: GapReason.REFUSED,
    NotServed: GapReason.NOT_SERVED,
}


def _error(query: Query, fault: Fault | None) -> ReadError | None:
    what = str(query)
    match fault:
        case Fault.REFUSED:
            return Forbidden(what, "not for us")
        case Fault.FAILED:
            return UpstreamError(what, "it broke")
        case Fault.HUNG:
            return ReadTimeout(what, "no answer in time")
        case Fault.UNSERVED:
            return NotServed(what, "there is no such kind")
        case Fault.CUT if query.name:
            return UpstreamError(what, "it is too large")
        case _:
            return None


def kind_of_manifest(manifest: Manifest) -> Kind:
    """The kind that an object is read as."""
    kind, api_version = manifest["kind"], manifest["apiVersion"]
    if kind == EVENT.kind:
        return EVENT
    own = RULES.own(kind, api_version)
    if own is not None:
        return own.kind
    group, _, version = api_version.rpartition("/")
    return Kind(kind, f"{kind.lower()}s", group, version)


def query_for(manifest: Manifest) -> Query:
    """How an object is asked for."""
    kind, meta = kind_of_manifest(manifest), manifest["metadata"]
    return Query(kind, meta["namespace"] if kind.namespaced else "", meta["name"])


def _matches(manifest: Manifest, query: Query) -> bool:
    if kind_of_manifest(manifest) != query.kind:
        return False
    meta = manifest["metadata"]
    return (
        query.name in ("", meta["name"])
        and query.namespace in ("", meta.get("namespace", ""))
        and (query.selector is None or query.selector.matches(meta.get("labels", {})))
    )


@dataclass(frozen=True)
class Answer:
    """What a caller is told; nothing where nothing could be read."""

    healthy: bool = False
    up: bool = False
    items: tuple[Assessment, ...] = ()
    age: float | None = None

    def is_no_better_than(self, other: Answer) -> bool:
        """Whether nothing that the other one does not say is well is said to be well."""
        return self.healthy <= other.healthy and self.up <= other.up


def result_of(
    ask: Callable[[ClusterReader, Deadline], SelectionResult], reader: ClusterReader, clock: Clock
) -> SelectionResult | None:
    """What is found of many objects; None where nothing could be read."""
    try:
        return ask(reader, Deadline.after(1e6, clock))
    except ReadError:
        return None


def answer_of(
    result: SelectionResult | None,
    clock: Clock,
    *,
    up: Threshold | None = None,
    sight: Sight | None = None,
    selector: LabelSelector | None = None,
) -> Answer:
    """What of that a caller is told, as the edges tell it."""
    told = None if result is None else result.narrowed(sight, selector)
    if told is None or told.failure() is not None:
        return Answer()
    return summed(told.assessments, up, age=told.worth(clock.now).age(clock.now))


def summed(
    assessments: Iterable[Assessment], up: Threshold | None = None, age: float | None = None
) -> Answer:
    """The answer that some verdicts are together."""
    summary = summarize(assessments, up)
    return Answer(summary.health is Health.HEALTHY, summary.up, summary.items, age)
