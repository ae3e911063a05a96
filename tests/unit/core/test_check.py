"""Check one object: read it, judge it, and read what explains it where it is not well."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from k8s_heartbeat.core.check import check, missing
from k8s_heartbeat.core.kinds import KINDS, POD
from k8s_heartbeat.core.reader import (
    Deadline,
    Forbidden,
    NotFound,
    Query,
    Reading,
    ReadTimeout,
)
from tests.builders import (
    NOW,
    Manifest,
    container,
    deployment,
    event,
    owner,
    pod,
    replica_set,
    stateful_set,
    waiting,
)

DEPLOYMENT, STATEFUL_SET = KINDS[0], KINDS[1]
DEADLINE = Deadline.after(5, lambda: 0.0)


@dataclass
class Shelf:
    """A reader of what lies on it; it notes what it was asked."""

    objects: list[Manifest]
    unreadable: tuple[str, ...] = ()
    asked: list[str] = field(default_factory=list[str])

    def read(self, query: Query, deadline: Deadline) -> Reading:
        """What lies there under a kind, and under a name if one is asked for."""
        assert deadline is DEADLINE
        self.asked.append(f"{query} {query.selector or ''}".strip())
        if query.kind.kind in self.unreadable:
            raise Forbidden(f"may not list {query.kind.plural}")
        found = [entry for entry in self.objects if entry["kind"] == query.kind.kind]
        if query.name:
            found = [entry for entry in found if entry["metadata"]["name"] == query.name]
            if not found:
                raise NotFound(str(query))
        return Reading(tuple(found), age=1.5, stale=True)

    def ping(self, deadline: Deadline) -> None:
        """A shelf always answers."""


def selected(manifest: Manifest) -> Manifest:
    """The workload with a selector."""
    manifest["spec"]["selector"] = {"matchLabels": {"app": "api"}}
    return manifest


def broken_pod(owned_by: str) -> Manifest:
    """A pod without its image."""
    status = container(state=waiting("ErrImagePull"))
    return pod(phase="Pending", ready=False, containers=[status], owned_by=owned_by)


def test_what_is_healthy_costs_one_reading() -> None:
    """Nothing is to be explained; how old the reading is, is told."""
    shelf = Shelf([selected(deployment())])
    checked = check(shelf, Query(DEPLOYMENT, "shop", "api"), now=NOW, deadline=DEADLINE)
    assert shelf.asked == ["deployments shop/api"]
    assert (checked.assessment.health, checked.age, checked.stale) == ("healthy", 1.5, True)


def test_what_is_not_well_is_explained() -> None:
    """ReplicaSets and pods by the selector, and the warnings of the namespace, are read."""
    shelf = Shelf([selected(deployment(3, 0)), replica_set(), broken_pod("api-rs"), event()])
    checked = check(shelf, Query(DEPLOYMENT, "shop", "api"), now=NOW, deadline=DEADLINE)
    assert shelf.asked == [
        "deployments shop/api",
        "replicasets in shop app=api",
        "pods in shop app=api",
        "events in shop",
    ]
    assert [cause.reason for cause in checked.assessment.causes] == ["ErrImagePull", "FailedCreate"]


def test_what_is_healthy_is_explained_when_that_is_asked() -> None:
    """Its pods may show what is not wrong enough."""
    shelf = Shelf([selected(deployment()), replica_set(), broken_pod("api-rs")])
    checked = check(
        shelf, Query(DEPLOYMENT, "shop", "api"), now=NOW, deadline=DEADLINE, explain_all=True
    )
    assert checked.assessment.health == "healthy"
    assert [cause.reason for cause in checked.assessment.causes] == ["ErrImagePull"]


@pytest.mark.parametrize(
    ("kind", "manifest", "asked"),
    [
        pytest.param(
            STATEFUL_SET,
            selected(stateful_set(3, 0)),
            ["pods in shop app=api", "events in shop"],
            id="a StatefulSet has no ReplicaSets",
        ),
        pytest.param(
            DEPLOYMENT, deployment(3, 0), ["events in shop"], id="no selector, no candidates"
        ),
        pytest.param(
            POD,
            selected(pod(ready=False)),
            ["events in shop"],
            id="a pod has no pods, whatever it selects",
        ),
    ],
)
def test_only_what_may_explain_is_read(kind: object, manifest: Manifest, asked: list[str]) -> None:
    """No reading is made in vain."""
    assert kind in (STATEFUL_SET, DEPLOYMENT, POD)
    found = next(entry for entry in KINDS if entry == kind)
    shelf = Shelf([manifest])
    query = Query(found, "shop", manifest["metadata"]["name"])
    check(shelf, query, now=NOW, deadline=DEADLINE)
    assert shelf.asked[1:] == asked


def test_the_verdict_stands_when_its_causes_cannot_be_read() -> None:
    """What may not be seen is told as a cause; the rest explains."""
    broken = broken_pod("")
    broken["metadata"]["ownerReferences"] = [owner("db")]
    shelf = Shelf([selected(stateful_set(3, 0)), broken], unreadable=("Event",))
    checked = check(shelf, Query(STATEFUL_SET, "shop", "db"), now=NOW, deadline=DEADLINE)
    assert checked.assessment.health == "down"
    found = [(cause.reason, cause.kind, cause.message) for cause in checked.assessment.causes]
    assert found == [
        ("ErrImagePull", "Pod", ""),
        ("CausesUnreadable", "Event", "may not list events"),
    ]


def test_an_object_that_cannot_be_read_is_the_callers_matter() -> None:
    """Only the causes may be missing, never the object."""
    with pytest.raises(NotFound):
        check(Shelf([]), Query(POD, "shop", "api"), now=NOW, deadline=DEADLINE)
    with pytest.raises(Forbidden):
        check(Shelf([], ("Pod",)), Query(POD, "shop", "api"), now=NOW, deadline=DEADLINE)


def test_the_verdict_bears_the_name_that_was_asked_for() -> None:
    """Whatever the object says of itself."""

    class Liar(Shelf):
        def read(self, query: Query, deadline: Deadline) -> Reading:
            return Reading(({"kind": "Sprocket", "metadata": {"name": "other"}},))

    checked = check(Liar([]), Query(POD, "shop", "api"), now=NOW, deadline=DEADLINE)
    found = checked.assessment
    assert (found.kind, found.namespace, found.name) == ("Pod", "shop", "api")
    assert (found.health, found.reason) == ("unknown", "NoRule")


def test_what_does_not_exist_has_an_assessment_too() -> None:
    """Missing: neither down nor unknown."""
    found = missing(Query(POD, "shop", "api"))
    assert (found.health, found.activity, found.up) == ("missing", "steady", False)
    assert (found.reason, found.kind, found.namespace, found.name) == (
        "NotFound",
        "Pod",
        "shop",
        "api",
    )


def test_a_deadline_that_ends_among_the_causes_costs_only_them() -> None:
    """What is known by then is told."""

    class Slow(Shelf):
        def read(self, query: Query, deadline: Deadline) -> Reading:
            if not query.name:
                raise ReadTimeout("no answer within 5 s")
            return super().read(query, deadline)

    shelf = Slow([deployment(3, 2)])
    checked = check(shelf, Query(DEPLOYMENT, "shop", "api"), now=NOW, deadline=DEADLINE)
    assert checked.assessment.health == "degraded"
    assert [cause.message for cause in checked.assessment.causes] == ["no answer within 5 s"]
