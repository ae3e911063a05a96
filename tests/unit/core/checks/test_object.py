"""Check one object: read it, judge it, and read what explains it where it is not well."""

from __future__ import annotations

from collections.abc import Iterable

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
from k8s_heartbeat.core.checks.object import (
    ObjectResult,
    absent,
    check_object,
    is_at_rest,
    missing,
)
from k8s_heartbeat.core.checks.reader import (
    Deadline,
    Forbidden,
    NotFound,
    NotServed,
    Reading,
    ReadTimeout,
)
from k8s_heartbeat.core.evidence import Evidence
from k8s_heartbeat.core.kinds import POD
from k8s_heartbeat.core.query import Query
from k8s_heartbeat.core.rules import KINDS
from k8s_heartbeat.core.selectors import parse_selector
from k8s_heartbeat.core.subject import Subject
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
from tests.unit.core.checks.shelf import DEADLINE, MOMENT, Shelf

DEPLOYMENT, STATEFUL_SET = KINDS[0], KINDS[1]
FORBIDDEN = Forbidden("events in shop", "not for us")


def check(reader: Shelf, query: Query, *, explain_all: bool = False) -> ObjectResult:
    """What is found of an object."""
    return check_object(reader, query, now=NOW, deadline=DEADLINE, explain_all=explain_all)


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
    shelf = Shelf([selected(deployment())], ages={"deployments": 6.0})
    checked = check(shelf, Query(DEPLOYMENT, "shop", "api"))
    assert shelf.asked == ["deployments shop/api"]
    assert checked.assessment.health == "healthy"
    assert (checked.worth.age(MOMENT), checked.worth.stale) == (6.0, True)


def test_a_verdict_is_as_old_as_the_oldest_of_its_readings() -> None:
    """What explains it included."""
    ages = {"deployments": 1.0, "replicasets": 2.0, "pods": 7.0, "events": 3.0}
    checked = check(
        Shelf([selected(deployment(3, 2))], ages=ages), Query(DEPLOYMENT, "shop", "api")
    )
    assert (checked.worth.age(MOMENT), checked.worth.stale) == (7.0, True)


def test_what_is_not_well_is_explained() -> None:
    """ReplicaSets and pods by the selector, and the warnings of the namespace, are read."""
    shelf = Shelf([selected(deployment(3, 0)), replica_set(), broken_pod("api-rs"), event()])
    checked = check(shelf, Query(DEPLOYMENT, "shop", "api"))
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
    checked = check(shelf, Query(DEPLOYMENT, "shop", "api"), explain_all=True)
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
    check(shelf, query)
    assert shelf.asked[1:] == asked


def test_it_tells_what_selects_the_pods_that_explain_it() -> None:
    """Of what is healthy only if all is explained."""
    broken, query = selected(deployment(3, 2)), Query(DEPLOYMENT, "shop", "api")
    assert str(check(Shelf([broken]), query).selector) == "app=api"
    well = Shelf([selected(deployment(3))])
    assert check(well, query).selector is None
    assert str(check(well, query, explain_all=True).selector) == "app=api"


def test_the_verdict_stands_when_its_causes_cannot_be_read() -> None:
    """What may not be seen is told as a cause; the rest explains."""
    broken = broken_pod("")
    broken["metadata"]["ownerReferences"] = [owner("db")]
    shelf = Shelf([selected(stateful_set(3, 0)), broken], {"events": FORBIDDEN})
    checked = check(shelf, Query(STATEFUL_SET, "shop", "db"))
    assert checked.assessment.health == "down"
    found = [(cause.reason, cause.kind, cause.message) for cause in checked.assessment.causes]
    assert found == [
        ("ErrImagePull", "Pod", ""),
        ("CausesUnreadable", "Event", "events in shop: not for us"),
    ]


def test_an_object_that_cannot_be_read_is_the_callers_matter() -> None:
    """Only the causes may be missing, never the object."""
    with pytest.raises(NotFound):
        check(Shelf(), Query(POD, "shop", "api"))
    with pytest.raises(Forbidden):
        check(Shelf(errors={"pods": FORBIDDEN}), Query(POD, "shop", "api"))


def test_the_verdict_bears_the_name_that_was_asked_for() -> None:
    """Whatever the object says of itself."""

    class Liar(Shelf):
        def read(self, query: Query, deadline: Deadline) -> Reading:
            return Reading(({"kind": "Sprocket", "metadata": {"name": "other"}},), MOMENT)

    checked = check(Liar(), Query(POD, "shop", "api"))
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
                raise ReadTimeout(str(query), "no answer within 5 s")
            return super().read(query, deadline)

    shelf = Slow([deployment(3, 2)])
    checked = check(shelf, Query(DEPLOYMENT, "shop", "api"))
    assert checked.assessment.health == "degraded"
    assert [cause.message for cause in checked.assessment.causes] == [
        "events in shop: no answer within 5 s"
    ]


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
    seen = len(context.related.of_kind("Part"))
    health = Health.HEALTHY if seen else Health.DOWN
    return Verdict(health, Activity.STEADY, bool(seen), "Parts", f"{seen} parts")


def parts_of(source: Source) -> Iterable[Evidence]:
    """The parts with its label, and the one that it names."""
    yield Evidence(PART, source.meta.namespace, selector=parse_selector(f"of={source.meta.name}"))
    if "part" in source.spec:
        # two fields may name the same one
        yield Evidence(PART, source.meta.namespace, source.spec["part"])
        yield Evidence(PART, source.meta.namespace, source.spec["part"])


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
    return {
        "apiVersion": "example.com/v1",
        "kind": "Part",
        "metadata": {"name": name, "namespace": "shop"},
    }


def check_whole(shelf: Shelf, *, explain_all: bool = False) -> Assessment:
    """The verdict on it."""
    query = Query(WHOLE_RULE.kind, "shop", "one")
    return check_object(
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


@pytest.mark.parametrize(
    ("shelf", "reason", "why"),
    [
        (Shelf([whole(), part()], {"parts": FORBIDDEN}), "Forbidden", "not for us"),
        (
            Shelf([whole(), part()], {"parts": ReadTimeout("parts in shop", "it hung")}),
            "ReadFailed",
            "it hung",
        ),
        (
            Shelf([whole(), part()], {"parts": NotServed("parts in shop", "there is none")}),
            "NotServed",
            "there is none",
        ),
        (
            Shelf([whole(), part()], truncated=["parts"]),
            "Truncated",
            "there are more than were read",
        ),
    ],
)
def test_without_its_evidence_nothing_is_known(shelf: Shelf, reason: str, why: str) -> None:
    """Neither well nor down; what was not read, and why, is the message and a cause."""
    found = check_whole(shelf)
    assert (found.health, found.up, found.reason) == ("unknown", False, "EvidenceUnread")
    assert found.message.endswith(f"parts: {why}")
    assert found.causes == (Cause(reason, "Part", "", why),)


def test_evidence_that_does_not_exist_is_known() -> None:
    """An object that is not there is no gap: the rule says what that means."""
    found = check_whole(Shelf([whole({"part": "b"}), part()]))
    assert (found.health, found.message) == ("healthy", "1 parts")


def test_evidence_that_cannot_be_asked_for_is_none() -> None:
    """A name out of an object may be none that anything in Kubernetes has."""
    shelf = Shelf([whole({"part": "../x"}), part()])
    assert check_whole(shelf).message == "1 parts"
    assert shelf.asked == ["wholes shop/one", "parts in shop of=one"]


@pytest.mark.parametrize("manifest", [{"kind": "Whole", "metadata": []}, {}, None])
def test_what_cannot_be_judged_needs_no_evidence(manifest: object) -> None:
    """What stands in an object may be anything."""
    assert Subject.of(manifest, WHOLES).evidence == ()


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
    found = check(shelf, Query(node, "", "node-1")).assessment
    assert (found.health, found.namespace, found.name) == ("down", "", "node-1")
    assert shelf.asked == ["nodes node-1", "events in default"]
