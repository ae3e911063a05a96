"""Check one object: read it, judge it, and read what explains it where it is not well."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from .assessment import Activity, Assessment, Cause, Health
from .judgement import assess
from .kinds import EVENT, Kind
from .manifests import source_of
from .model import Malformed, Manifest
from .policy import Policy
from .reader import ClusterReader, Deadline, InvalidQuery, Query, ReadError
from .rules import RULES, Rule, Rules
from .selectors import selector_of

__all__ = [
    "Around",
    "Checked",
    "absent",
    "check",
    "evidence_queries",
    "is_at_rest",
    "missing",
    "unjudged",
]


@dataclass(frozen=True, slots=True)
class Checked:
    """An assessment and the reading that it was made from.

    Attributes:
        assessment: The verdict.
        age: Seconds since the object was read.
        stale: Whether the reading is older than the reader would like.
    """

    assessment: Assessment
    age: float = 0.0
    stale: bool = False


def check(
    reader: ClusterReader,
    query: Query,
    *,
    now: datetime,
    deadline: Deadline,
    policy: Policy = Policy(),
    rules: Rules = RULES,
    explain_all: bool = False,
) -> Checked:
    """Read and judge the object that a query names.

    A healthy workload at rest costs one reading; some kinds need another as evidence. For any that
    is not well its pods and warnings are read too, within the same deadline; what cannot be read is
    a cause, and the verdict stands.

    Args:
        reader: Where the object is read.
        query: Which object; it has a name.
        now: The time to judge at, timezone-aware.
        deadline: When the answer must be there.
        policy: The knobs of the rules.
        rules: Which rule judges which kind.
        explain_all: Explain a healthy object at rest too.

    Raises:
        ReadError: The object itself could not be read.
    """
    reading = reader.read(query, deadline)
    manifest = reading.objects[0]
    rule = rules.find(query.kind.kind, query.kind.api_version)
    around = Around(reader, deadline)
    around.read(evidence_queries(rule, manifest))
    assessment = assess(manifest, related=around.objects, now=now, policy=policy, rules=rules)
    if explain_all or not is_at_rest(assessment):
        around.read(_explaining(rule, query, manifest))
        assessment = assess(manifest, related=around.objects, now=now, policy=policy, rules=rules)
    assessment = replace(
        assessment,
        # The name that was asked for, whatever the object says of itself.
        kind=query.kind.kind,
        namespace=query.namespace,
        name=query.name,
        api_version=query.kind.api_version,
        causes=assessment.causes + tuple(around.unread),
    )
    return Checked(assessment, reading.age, reading.stale)


def is_at_rest(assessment: Assessment) -> bool:
    """Whether there is nothing to explain: a rollout may be stuck behind pods that still serve."""
    resting = assessment.activity in (Activity.STEADY, Activity.SUSPENDED)
    return assessment.health is Health.HEALTHY and resting and not assessment.causes


def missing(query: Query) -> Assessment:
    """The assessment of an object that does not exist, or that may not be seen."""
    found = absent(query.kind.kind, query.namespace, query.name)
    return replace(found, api_version=query.kind.api_version)


def absent(kind: str, namespace: str, name: str) -> Assessment:
    """The assessment of anything that does not exist, or that may not be seen."""
    return Assessment(
        health=Health.MISSING,
        activity=Activity.STEADY,
        up=False,
        reason="NotFound",
        message="there is no such object, or it may not be seen",
        kind=kind,
        namespace=namespace,
        name=name,
    )


def unjudged(kind: Kind, namespace: str, reason: str, message: str) -> Assessment:
    """The assessment of a part of an aggregate of which nothing is known."""
    return Assessment(
        health=Health.UNKNOWN,
        activity=Activity.STEADY,
        up=False,
        reason=reason,
        message=message,
        kind=kind.kind,
        namespace=namespace,
        api_version=kind.api_version,
    )


class Around:
    """What is read around an object, and a cause for each part of it that could not be read.

    Args:
        reader: Where it is read.
        deadline: When the answer must be there.
    """

    def __init__(self, reader: ClusterReader, deadline: Deadline) -> None:
        self._reader = reader
        self._deadline = deadline
        self._asked: set[Query] = set()
        self.objects: list[Manifest] = []
        self.unread: list[Cause] = []

    def read(self, queries: Iterable[Query]) -> None:
        """Read these, each once."""
        for query in queries:
            if query in self._asked:
                continue
            self._asked.add(query)
            try:
                self.objects.extend(self._reader.read(query, self._deadline).objects)
            except ReadError as error:
                cause = Cause("CausesUnreadable", query.kind.kind, query.name, message=str(error))
                self.unread.append(cause)


def evidence_queries(rule: Rule, manifest: Manifest) -> list[Query]:
    """What has to be read before an object can be judged; nothing of what cannot be asked for."""
    source = source_of(manifest)
    if isinstance(source, Malformed):
        return []
    try:
        return list(rule.evidence(source))
    except InvalidQuery:
        return []


def _explaining(rule: Rule, query: Query, manifest: Manifest) -> Iterator[Query]:
    selector = selector_of(manifest)
    if selector is not None:
        for kind in rule.below:
            yield Query(kind, query.namespace, selector=selector)
    # The events of what stands in no namespace are in this one.
    yield Query(EVENT, query.namespace or "default")
