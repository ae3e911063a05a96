"""Components: named groups of the configuration, as status pages show them."""

from __future__ import annotations

from typing import Any

import pytest

from k8s_heartbeat.adapters.http.rendering import Detail
from k8s_heartbeat.core import Health, Policy, Threshold
from k8s_heartbeat.core.checks.component import Component, Member
from k8s_heartbeat.core.checks.reader import NotServed, ReadError
from k8s_heartbeat.core.selectors import parse_selector
from tests.builders import Manifest, deployment, stateful_set
from tests.http.support import (
    FORBIDDEN,
    TIMEOUT,
    TOKEN,
    UPSTREAM,
    Answer,
    FakeReader,
    ask,
    caller,
    degraded,
    down,
    guarding,
    healthy,
    service,
)

PAY = "/api/components/pay"
API, DB = Member(("shop",), "deploy", "api"), Member(("shop",), "sts", "db")
ALL = Member(("shop",))


def named(manifest: Manifest, name: str, **labels: str) -> Manifest:
    """The object under another name and UID."""
    own: Manifest = {"name": name, "uid": name, "labels": labels}
    return {**manifest, "metadata": {**manifest["metadata"], **own}}


def pay(
    *objects: Manifest,
    members: tuple[Member, ...] = (API, DB),
    up: Threshold | None = None,
    policy: Policy = Policy(),
    reader: FakeReader | None = None,
    query: str = "",
    path: str = PAY,
    method: str = "GET",
    headers: dict[str, str] | None = None,
    **changes: Any,
) -> Answer:
    """The answer for a component of these members."""
    components = {"pay": Component("pay", "Payments", members, up, policy)}
    served = service(*objects, reader=reader, components=components, **changes)
    return ask(served, method, path, query, headers)


def test_a_component_is_one_answer_with_a_title() -> None:
    """Flat and headline first, as any other."""
    answer = pay(healthy(), stateful_set())
    body = answer.json()
    items = body.pop("items")
    assert answer.status == 200
    assert list(body.items())[:12] == [
        ("status", "healthy"),
        ("up", True),
        ("activity", "steady"),
        ("kind", "Component"),
        ("namespace", ""),
        ("name", "pay"),
        ("title", "Payments"),
        ("reason", "MinimumReplicasAvailable"),
        ("message", "all 2 are doing their job"),
        ("total", 2),
        ("needed", 2),
        ("counts", {"healthy": 2}),
    ]
    assert [item["name"] for item in items] == ["api", "db"]


@pytest.mark.parametrize(
    ("up", "serving", "code", "needed"),
    [
        (None, 4, 200, 4),
        (None, 3, 503, 4),
        (Threshold(2), 2, 200, 2),
        (Threshold(2), 1, 503, 2),
        (Threshold(50, percent=True), 2, 200, 2),
        (Threshold(50, percent=True), 1, 503, 2),
        (Threshold(60, percent=True), 2, 503, 3),
        (Threshold(1, percent=True), 0, 503, 1),
    ],
)
def test_so_many_members_must_be_up(
    up: Threshold | None, serving: int, code: int, needed: int
) -> None:
    """By number or percentage; where enough are up, the others make it degraded."""
    webs = [named(deployment(1, int(number < serving)), f"web-{number}") for number in range(4)]
    answer = pay(*webs, members=(ALL,), up=up)
    body = answer.json()
    assert (answer.status, body["up"], body["needed"]) == (code, code == 200, needed)
    bad = "degraded" if code == 200 else "down"
    assert body["status"] == ("healthy" if serving == 4 else bad)
    assert answer.header("Heartbeat-Status") == body["status"]


def test_a_component_that_is_up_with_a_member_down_names_it_first() -> None:
    """It is degraded at worst, and the member that is down leads."""
    answer = pay(healthy(), stateful_set(3, 0), up=Threshold(1))
    body = answer.json()
    assert (answer.status, body["status"], body["up"]) == (200, "degraded", True)
    assert [(item["name"], item["up"]) for item in body["items"]] == [("db", False), ("api", True)]


def test_a_member_that_vanished_is_missing() -> None:
    """The component is not up, and it is not a 404: the component is there."""
    answer = pay(healthy())
    body = answer.json()
    assert (answer.status, body["status"], body["up"]) == (503, "missing", False)
    assert [(item["name"], item["status"]) for item in body["items"]] == [("db", "missing")]
    assert b"healthy" not in answer.body


def test_a_member_that_is_forbidden_answers_as_one_that_vanished() -> None:
    """To the byte."""
    reader = FakeReader(failure=FORBIDDEN)
    assert pay(reader=reader) == pay()


def test_an_entry_that_matches_nothing_is_unknown() -> None:
    """A component never becomes well by what has vanished from it."""
    nothing = Member(("shop",), selector=parse_selector("part=none"))
    answer = pay(healthy(), members=(API, nothing))
    body = answer.json()
    assert (answer.status, body["status"]) == (503, "unknown")
    (item,) = body["items"]
    assert (item["reason"], item["message"]) == (
        "NothingMatched",
        "no workload in shop with part=none matched",
    )
    assert pay(healthy(), members=(API, nothing), up=Threshold(1)).status == 200


def test_too_few_members_are_not_up() -> None:
    """However well they are; and nothing in the body says so."""
    answer = pay(healthy(), stateful_set(), members=(ALL,), up=Threshold(3))
    body = answer.json()
    assert (answer.status, body["status"], body["up"]) == (503, "down", False)
    assert (body["reason"], body["total"], body["needed"]) == ("TooFewMembers", 2, 3)
    assert b"healthy" not in answer.body
    assert b'"up":true' not in answer.body


def test_members_by_labels_and_by_kind() -> None:
    """Whatever bears them belongs to it."""
    selector = parse_selector("part=pay")
    objects = [
        named(healthy(), "one", part="pay"),
        named(healthy(), "two", part="pay"),
        named(down(), "other", part="search"),
        named(stateful_set(3, 0), "db", part="pay"),
    ]
    member = Member(("shop",), "deploy", selector=selector)
    answer = pay(*objects, members=(member,))
    assert (answer.status, answer.json()["total"]) == (200, 2)
    assert pay(*objects, members=(Member(("shop",), selector=selector),)).status == 503


def test_the_policy_is_the_components_own() -> None:
    """Not that of the service."""
    strict = Policy(zero=Health.DOWN)
    assert pay(deployment(0), members=(API,)).status == 200
    assert pay(deployment(0), members=(API,), policy=strict).status == 503
    changed = service(deployment(0), policy=strict)
    assert ask(changed).status == 503


@pytest.mark.parametrize(("name", "code"), [("pay", 200), ("search", 404)])
def test_a_component_that_is_not_there_is_a_404(name: str, code: int) -> None:
    """In the words for any object that is missing, with nothing read for it."""
    components = {"pay": Component("pay", "Payments", (API,))}
    served = service(healthy(), components=components)
    answer = ask(served, path=f"/api/components/{name}")
    assert answer.status == code
    if code == 404:
        assert served.reader.calls == 0
        gone = ask(service()).json()
        own = {"kind": "Component", "namespace": "", "name": name}
        assert answer.json() == {**gone, **own}
        assert answer.header("Heartbeat-Status") == "missing"


def test_a_service_without_components_has_none() -> None:
    """The same answer as for one that is not there."""
    assert ask(service(healthy()), path=PAY).status == 404


@pytest.mark.parametrize(
    ("failure", "code"),
    [
        (UPSTREAM, 502),
        (TIMEOUT, 504),
    ],
)
@pytest.mark.parametrize("members", [(API,), (ALL,)], ids=["by name", "all"])
def test_a_member_that_cannot_be_read_is_an_error(
    members: tuple[Member, ...], failure: ReadError, code: int
) -> None:
    """A problem, never a verdict on the rest."""
    answer = pay(reader=FakeReader(failure=failure), members=members)
    assert (answer.status, answer.header("Content-Type")) == (code, "application/problem+json")


@pytest.mark.parametrize(
    ("member", "reason"),
    [
        (Member(("shop",), "widget", "one"), "NotServed"),
        (Member(("shop",), "node", "one"), "InvalidMember"),
    ],
)
def test_a_member_of_a_kind_that_is_not_there_is_unknown(member: Member, reason: str) -> None:
    """The component is not up, and what else is in it is told."""
    answer = pay(healthy(), members=(API, member))
    assert (answer.status, answer.json()["status"], answer.json()["total"]) == (503, "unknown", 2)
    assert [item["reason"] for item in answer.json()["items"]] == [reason]
    failing = FakeReader(failure=NotServed("kind", "the cluster serves none"))
    assert pay(reader=failing).json()["counts"] == {"unknown": 2}


@pytest.mark.parametrize("query", ["", "for=2m", "fail_on=degraded", "code=200"])
@pytest.mark.parametrize("objects", [[healthy(), stateful_set()], [healthy()], [degraded()]])
def test_head_is_get_without_a_body(objects: list[Manifest], query: str) -> None:
    """Same code, same headers."""
    got, headed = (pay(*objects, query=query, method=method) for method in ("GET", "HEAD"))
    assert (headed.status, headed.headers, headed.body) == (got.status, got.headers, b"")


@pytest.mark.parametrize(
    ("query", "up", "code"),
    [
        ("", None, 200),
        ("fail_on=degraded", None, 503),
        ("fail_on=degraded", Threshold(1), 200),
        ("code=200", None, 200),
    ],
)
def test_the_caller_draws_the_line(query: str, up: Threshold | None, code: int) -> None:
    """As many as must be up must be above it."""
    assert pay(degraded(), stateful_set(), up=up, query=query).status == code


@pytest.mark.parametrize("query", ["fail_on=x", "for=x", "code=503"])
def test_a_bad_parameter_is_refused_before_any_call(query: str) -> None:
    """Also for a component that is there."""
    reader = FakeReader([healthy()])
    assert (pay(reader=reader, query=query).status, reader.calls) == (400, 0)


def test_least_detail_is_status_and_up() -> None:
    """A public page tells nothing of members or titles."""
    assert pay(healthy(), detail=Detail.STATUS).json() == {"status": "missing", "up": False}


def test_a_stale_member_makes_it_stale() -> None:
    """With the age of the oldest."""
    reader = FakeReader([healthy(), stateful_set()], age=9.0, stale=True)
    answer = pay(reader=reader)
    assert (answer.header("Age"), answer.json()["stale"]) == ("9", True)


def test_health_json_is_answered_when_it_is_asked_for() -> None:
    """As for one object."""
    answer = pay(healthy(), stateful_set(), headers={"Accept": "application/health+json"})
    assert answer.header("Content-Type") == "application/health+json"
    assert answer.json()["status"] == "pass"


def test_a_title_stays_as_it_is() -> None:
    """Whoever wrote it into the configuration chose its words; in bad news they are the same."""
    components = {"pay": Component("pay", "Healthy payments", (API,))}
    for manifest, code in ((down(), 503), (healthy(), 200)):
        answer = ask(service(manifest, components=components), path=PAY)
        assert (answer.status, answer.json()["title"]) == (code, "Healthy payments")


EACH = {
    "pay": Component("pay", "Payments", (API,)),
    "data": Component("data", "Data", (DB,)),
}


def each(reader: FakeReader, query: str = "", **changes: Any) -> Answer:
    """The answer for all components."""
    return ask(service(reader=reader, components=EACH, **changes), "GET", "/api/components", query)


def test_all_components_are_one_answer_with_each_of_them_worst_first() -> None:
    """As a status page shows them."""
    answer = each(FakeReader([degraded(), stateful_set(2, 0)]))
    body = answer.json()
    assert (answer.status, answer.header("Heartbeat-Status")) == (503, "down")
    assert (body["kind"], body["total"], body["counts"]) == (
        "Components",
        2,
        {"down": 1, "degraded": 1},
    )
    shown = [(item["status"], item["kind"], item["name"], item["title"]) for item in body["items"]]
    assert shown == [
        ("down", "Component", "data", "Data"),
        ("degraded", "Component", "pay", "Payments"),
    ]


def test_a_caller_gets_the_components_of_their_scope() -> None:
    """The others do not count either."""
    contract = guarding(caller(components=frozenset(("pay",))))
    reader = FakeReader([healthy(), stateful_set(2, 0)])
    served = service(reader=reader, components=EACH, contract=contract)
    answer = ask(served, path="/api/components", headers={"Authorization": f"Bearer {TOKEN}"})
    assert (answer.status, answer.json()["total"]) == (200, 1)
    assert b"data" not in answer.body


def test_no_components_are_no_good_news() -> None:
    """Nothing was judged."""
    assert each(FakeReader(), contract=guarding()).status == 401
    answer = ask(service(healthy()), path="/api/components")
    assert (answer.status, answer.json()["status"]) == (503, "unknown")


def test_a_component_of_which_nothing_can_be_read_is_unknown_beside_the_others() -> None:
    """With the reason; and where none can be read, the answer says that."""
    reader = FakeReader([healthy()], unread={"StatefulSet": UPSTREAM})
    answer = each(reader, "items=all")
    assert answer.status == 503
    worst, other = answer.json()["items"]
    assert (worst["name"], worst["status"], worst["up"]) == ("data", "unknown", False)
    assert "answered 500" in worst["message"]
    assert (other["name"], other["status"]) == ("pay", "healthy")
    assert each(FakeReader(failure=UPSTREAM)).status == 502
    assert each(FakeReader(failure=TIMEOUT)).status == 504
