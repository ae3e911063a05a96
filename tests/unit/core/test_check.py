"""Check one object: read it, judge it, and read what explains it where it is not well."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import pytest

from k8s_heartbeat.core import (
    RULES,
    Activity,
    Assessment,
    Cause,
    Context,
    Health,
    Kind,
    Rule,
    Source,
    Verdict,
)
from k8s_heartbeat.core.check import absent, check, evidence_queries, is_at_rest, missing
from k8s_heartbeat.core.kinds import POD
from k8s_heartbeat.core.reader import (
    Deadline,
    Forbidden,
    NotFound,
    Query,
    Reading,
    ReadTimeout,
)
from k8s_heartbeat.core.rules import KINDS
from k8s_heartbeat.core.selectors import parse_selector
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

    def discover(self, deadline: Deadline) -> Reading:
        """No kinds but the well-known ones."""
        return Reading(())

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
    assert (found.health, found.reason) == ("unknown", "NoStatus")


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


def test_anything_that_does_not_exist_has_an_assessment() -> None:
    """A group too; it says nothing that one that may not be seen would not."""
    assert absent("Namespace", "shop", "").message == missing(Query(POD, "shop", "api")).message


def assessment(health: Health, activity: Activity, *causes: Cause) -> Assessment:
    """An assessment with these words."""
    return Assessment(health, activity, True, "Because", "it is so", causes=causes)


@pytest.mark.parametrize(
    ("found", "rests"),
    [
        (assessment(Health.HEALTHY, Activity.STEADY), True),
        (assessment(Health.HEALTHY, Activity.SUSPENDED), True),
        (assessment(Health.HEALTHY, Activity.PROGRESSING), False),
        (assessment(Health.HEALTHY, Activity.TERMINATING), False),
        (assessment(Health.DEGRADED, Activity.STEADY), False),
        (assessment(Health.HEALTHY, Activity.STEADY, Cause("Odd", "Pod", "api-1")), False),
    ],
)
def test_what_needs_no_explanation_rests(found: Assessment, rests: bool) -> None:
    """A rollout may be stuck behind pods that still serve."""
    assert is_at_rest(found) is rests


PART = Kind("Part", "parts", "example.com", "v1")


def judge_whole(source: Source, context: Context) -> Verdict:
    """By its parts."""
    seen = len(context.around.of_kind("Part"))
    health = Health.HEALTHY if seen else Health.DOWN
    return Verdict(health, Activity.STEADY, bool(seen), "Parts", f"{seen} parts")


def parts_of(source: Source) -> Iterable[Query]:
    """The parts with its label, and the one that it names."""
    yield Query(PART, source.meta.namespace, selector=parse_selector(f"of={source.meta.name}"))
    if "part" in source.spec:
        # two fields may name the same one
        yield Query(PART, source.meta.namespace, source.spec["part"])
        yield Query(PART, source.meta.namespace, source.spec["part"])


WHOLE_RULE = Rule(Kind("Whole", "wholes", "example.com", "v1"), judge_whole, evidence=parts_of)
WHOLES = RULES.with_rules(WHOLE_RULE)


def whole(spec: Manifest | None = None) -> Manifest:
    """An object that is judged by others."""
    return {
        "apiVersion": "example.com/v1",
        "kind": "Whole",
        "metadata": {"name": "one", "namespace": "shop", "uid": "one"},
        "spec": spec or {},
        "status": {},
    }


def part(name: str = "a") -> Manifest:
    """One of those others."""
    return {"kind": "Part", "metadata": {"name": name, "namespace": "shop"}}


def check_whole(shelf: Shelf, *, explain_all: bool = False) -> Assessment:
    """The verdict on it."""
    query = Query(WHOLE_RULE.kind, "shop", "one")
    return check(
        shelf, query, now=NOW, deadline=DEADLINE, rules=WHOLES, explain_all=explain_all
    ).assessment


def test_evidence_is_read_before_the_verdict() -> None:
    """It costs one reading more, also when all is well."""
    shelf = Shelf([whole(), part()])
    found = check_whole(shelf)
    assert (found.health, found.message) == ("healthy", "1 parts")
    assert shelf.asked == ["wholes shop/one", "parts in shop of=one"]


def test_evidence_by_name_is_read_too() -> None:
    """Each reading once, whoever asks for it."""
    shelf = Shelf([whole({"part": "a"}), part()])
    assert check_whole(shelf, explain_all=True).message == "2 parts"
    assert shelf.asked == [
        "wholes shop/one",
        "parts in shop of=one",
        "parts shop/a",
        "events in shop",
    ]


def test_evidence_that_cannot_be_read_is_told() -> None:
    """The rule judges without it, and a cause says what was not to be seen."""
    found = check_whole(Shelf([whole(), part()], unreadable=("Part",)))
    assert found.health == "down"
    assert [(cause.reason, cause.kind) for cause in found.causes] == [("CausesUnreadable", "Part")]


@pytest.mark.parametrize(
    "manifest",
    [
        pytest.param(whole({"part": "../x"}), id="a name that cannot be"),
        pytest.param({"kind": "Whole", "metadata": []}, id="malformed"),
        pytest.param({}, id="nothing"),
    ],
)
def test_evidence_that_cannot_be_asked_for_is_not(manifest: Manifest) -> None:
    """What stands in an object may be anything."""
    assert evidence_queries(WHOLE_RULE, manifest) == []


def test_events_of_what_stands_in_no_namespace_are_in_the_default_one() -> None:
    """The API server puts them there."""
    node = next(kind for kind in KINDS if kind.kind == "Node")
    manifest: Manifest = {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {"name": "node-1"},
        "status": {"conditions": [{"type": "Ready", "status": "False"}]},
    }
    shelf = Shelf([manifest])
    found = check(shelf, Query(node, "", "node-1"), now=NOW, deadline=DEADLINE).assessment
    assert (found.health, found.namespace, found.name) == ("down", "", "node-1")
    assert shelf.asked == ["nodes node-1", "events in default"]
