"""Check one object: read it, judge it, and read what explains it if it is unhealthy."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from ..assessment import Activity, Assessment, Cause, Health
from ..gap import Gap
from ..judgement import explained, judge
from ..kinds import EVENT
from ..policy import Policy
from ..query import InvalidQuery, Query
from ..rules import RULES, Rules
from ..selectors import LabelSelector, selector_of
from ..subject import Subject
from .reader import ClusterReader, Deadline, Reading
from .readings import Readings, Worth, read

__all__ = ["ObjectResult", "absent", "check_object", "is_at_rest", "missing"]


_MOMENT = timedelta(seconds=1)
_VERDICT = "verdict"


@dataclass(frozen=True, slots=True)
class ObjectResult:
    """A verdict on one object, and what it is worth.

    Attributes:
        assessment: The verdict.
        worth: How old it is.
        faulty: Whether any reading behind it failed.
        selector: What selects its pods, if they were read to explain it; otherwise None.
        memo: Where an adapter may cache its last response.
    """

    assessment: Assessment
    worth: Worth
    faulty: bool = False
    selector: LabelSelector | None = None
    memo: dict[str, Any] = field(default_factory=dict[str, Any], compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class _Last:
    """The last verdict that depends on one reading alone.

    All callers within `_MOMENT` get the same verdict: a change by time alone is reported that much
    later at most.

    Attributes:
        terms: The query, the policy, the rules, and whether all is explained.
        now: When it was made.
        found: The verdict.
    """

    terms: tuple[Query, Policy, Rules, bool]
    now: datetime
    found: ObjectResult

    def holds(self, terms: tuple[Query, Policy, Rules, bool], now: datetime, own: Reading) -> bool:
        """Whether it also answers a call with these terms and the same reading."""
        query, policy, rules, explain_all = self.terms
        return (
            self.now <= now < self.now + _MOMENT
            and policy is terms[1]
            and rules is terms[2]
            and explain_all is terms[3]
            and own.stale is self.found.worth.stale
            and query == terms[0]
        )


def check_object(
    reader: ClusterReader,
    query: Query,
    *,
    now: datetime,
    deadline: Deadline,
    policy: Policy = Policy(),
    rules: Rules = RULES,
    explain_all: bool = False,
) -> ObjectResult:
    """Read and judge the object that a query names.

    A healthy workload at rest costs one reading; some kinds need another as evidence. If the object
    is unhealthy, its pods and warnings are read too, within the same deadline; what cannot be read
    is a cause and does not change the verdict.

    Args:
        reader: Where the object is read.
        query: Which object; it has a name.
        now: The time to judge at, timezone-aware.
        deadline: When the answer must be there.
        policy: The settings of the rules.
        rules: Which rule judges which kind.
        explain_all: Explain a healthy object at rest too.

    Raises:
        ReadError: The object itself could not be read.
    """
    own = read(reader, query, deadline)
    terms = (query, policy, rules, explain_all)
    last: _Last | None = own.memo.get(_VERDICT)
    if last is not None and last.holds(terms, now, own):
        return last.found
    readings = Readings(reader, deadline)
    readings.take(query, own)
    subject = Subject.of(own.objects[0], rules)
    gaps = _read_evidence(readings, subject) if subject.rule.evidence else ()
    assessment = judge(subject, readings.related, now, policy, gaps)
    selector: LabelSelector | None = None
    if explain_all or not is_at_rest(assessment):
        unread: list[Cause] = []
        selector = selector_of(subject.manifest) if subject.rule.below else None
        for part in _explaining(subject, query.namespace, selector):
            error = readings.read(part).error
            if error is not None:
                unread.append(Cause("CausesUnreadable", part.kind.kind, "", str(error)))
        assessment = explained(assessment, subject, readings.related, now, policy)
        assessment = replace(assessment, causes=(*assessment.causes, *unread))
    # The name from the query, even if the object states another.
    kind = query.kind
    named = replace(
        assessment,
        kind=kind.kind,
        namespace=query.namespace,
        name=query.name,
        api_version=kind.api_version,
    )
    found = ObjectResult(named, readings.worth(), readings.failed, selector)
    if readings.are_only(query):
        own.memo[_VERDICT] = _Last(terms, now, found)
    return found


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


def _read_evidence(readings: Readings, subject: Subject) -> list[Gap]:
    gaps: list[Gap] = []
    for entry in subject.evidence:
        try:
            gap = readings.read(entry.query()).gap
        except InvalidQuery:
            # No object can have such a name.
            continue
        if gap is not None:
            gaps.append(gap)
    return gaps


def _explaining(subject: Subject, namespace: str, selector: LabelSelector | None) -> list[Query]:
    """The queries for what explains an object."""
    below = () if selector is None else subject.rule.below
    # Events about cluster-scoped objects are in this namespace.
    events = Query(EVENT, namespace or "default")
    return [*(Query(kind, namespace, selector=selector) for kind in below), events]
