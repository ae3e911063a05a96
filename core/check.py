"""Check one object: read it, judge it, and read what explains it where it is not well."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from .assessment import Activity, Assessment, Cause, Health
from .judgement import assess
from .kinds import EVENT, POD, REPLICA_SET
from .policy import Policy
from .reader import ClusterReader, Deadline, Query, ReadError, Reading
from .selectors import selector_of

__all__ = ["Checked", "check", "missing"]


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
    explain_all: bool = False,
) -> Checked:
    """Read and judge the object that a query names.

    A healthy object at rest costs one reading. For any other its pods, ReplicaSets and warnings
    are read too, within the same deadline; what cannot be read is a cause, and the verdict stands.

    Args:
        reader: Where the object is read.
        query: Which object; it has a name.
        now: The time to judge at, timezone-aware.
        deadline: When the answer must be there.
        policy: The knobs of the rules.
        explain_all: Explain a healthy object at rest too.

    Raises:
        ReadError: The object itself could not be read.
    """
    reading = reader.read(query, deadline)
    manifest = reading.objects[0]
    assessment = assess(manifest, now=now, policy=policy)
    if explain_all or not _at_rest(assessment):
        related, unread = _related(reader, query, manifest, deadline)
        assessment = assess(manifest, related=related, now=now, policy=policy)
        assessment = replace(assessment, causes=assessment.causes + unread)
    return Checked(_named(assessment, query), reading.age, reading.stale)


def _at_rest(assessment: Assessment) -> bool:
    """Whether there is nothing to explain: a rollout may be stuck behind pods that still serve."""
    resting = assessment.activity in (Activity.STEADY, Activity.SUSPENDED)
    return assessment.health is Health.HEALTHY and resting and not assessment.causes


def missing(query: Query) -> Assessment:
    """The assessment of an object that does not exist, or that may not be seen."""
    return Assessment(
        health=Health.MISSING,
        activity=Activity.STEADY,
        up=False,
        reason="NotFound",
        message="there is no such object, or it may not be seen",
        kind=query.kind.kind,
        namespace=query.namespace,
        name=query.name,
    )


def _named(assessment: Assessment, query: Query) -> Assessment:
    """The assessment under the name that was asked for, whatever the object says of itself."""
    return replace(assessment, kind=query.kind.kind, namespace=query.namespace, name=query.name)


def _related(
    reader: ClusterReader, query: Query, manifest: Mapping[str, Any], deadline: Deadline
) -> tuple[list[Mapping[str, Any]], tuple[Cause, ...]]:
    """What surrounds an object, and a cause for each part of it that could not be read."""
    objects: list[Mapping[str, Any]] = []
    unread: list[Cause] = []
    for around in _queries(query, manifest):
        try:
            reading: Reading = reader.read(around, deadline)
        except ReadError as error:
            cause = Cause("CausesUnreadable", around.kind.kind, "", message=str(error))
            unread.append(cause)
        else:
            objects.extend(reading.objects)
    return objects, tuple(unread)


def _queries(query: Query, manifest: Mapping[str, Any]) -> Iterator[Query]:
    selector = selector_of(manifest)
    if query.kind != POD and selector is not None:
        if query.kind.kind == "Deployment":
            yield Query(REPLICA_SET, query.namespace, selector=selector)
        yield Query(POD, query.namespace, selector=selector)
    yield Query(EVENT, query.namespace)
