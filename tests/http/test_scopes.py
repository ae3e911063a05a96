"""What a caller sees: what lies outside is answered as what does not exist, to the byte."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from k8s_heartbeat.adapters.http.rendering import Detail
from k8s_heartbeat.core.checks.component import Component, Member
from k8s_heartbeat.core.checks.reader import (
    Deadline,
    Forbidden,
    NotServed,
    Reading,
    ReadTimeout,
    UpstreamError,
)
from k8s_heartbeat.core.query import Query
from tests.builders import (
    Manifest,
    before,
    condition,
    deployment,
    metadata,
    owner,
    stateful_set,
)
from tests.http.support import (
    FORBIDDEN,
    Answer,
    FakeReader,
    Service,
    ask,
    caller,
    degraded,
    down,
    guarding,
    healthy,
    remembering,
    selecting,
    service,
)

SECRET = "a-secret-of-somebody"
BEARER = {"Authorization": f"Bearer {SECRET}"}
OBJECT, NAMESPACED = "/api/healthz/{}/deployment/{}", "/api/healthz/{}"
GADGETS: Manifest = {
    "name": "gadgets",
    "kind": "Gadget",
    "group": "toys.example.com",
    "version": "v1",
    "namespaced": True,
}


def there(name: str) -> Manifest:
    """A namespace."""
    return {
        "kind": "Namespace",
        "apiVersion": "v1",
        "metadata": {"name": name},
        "status": {"phase": "Active"},
    }


def placed(manifest: Manifest, namespace: str, name: str = "") -> Manifest:
    """The same in another namespace, or of another name."""
    metadata = manifest["metadata"]
    own: Manifest = {"namespace": namespace, "name": name or metadata["name"]}
    return {**manifest, "metadata": {**metadata, **own, "uid": f"{namespace}/{name}"}}


WORLD: Sequence[Manifest] = (
    there("shop"),
    there("bank"),
    healthy(),
    stateful_set(),
    placed(down(), "bank"),
    placed(stateful_set(3, 0), "bank"),
    {
        "kind": "Gadget",
        "apiVersion": "toys.example.com/v1",
        "metadata": {"name": "g", "namespace": "shop"},
    },
)
COMPONENTS = {
    "checkout": Component("checkout", "Checkout", (Member(("bank",), "deployment", "api"),)),
    "pay": Component("pay", "Pay", (Member(("shop",), "deployment", "api"),)),
}


def scoped(reader: FakeReader | None = None, **scope: Any) -> Service:
    """A service over the world for one caller with a scope."""
    reader = reader or FakeReader(WORLD, resources=[GADGETS])
    contract = guarding(caller(SECRET, **scope))
    return service(reader=reader, contract=contract, components=COMPONENTS)


def told(served: Service, path: str, query: str = "") -> Answer:
    """What the caller is told."""
    return ask(served, path=path, query=query, headers=BEARER)


SHOP_ONLY: dict[str, Any] = {"namespaces": frozenset({"shop"}), "components": frozenset[str]()}
DEPLOYMENTS_ONLY: dict[str, Any] = {"kinds": ("deploy",), "components": frozenset[str]()}
CHECKOUT_ONLY: dict[str, Any] = {
    "namespaces": frozenset[str](),
    "components": frozenset({"checkout"}),
}


@pytest.mark.parametrize(
    ("scope", "path", "code"),
    [
        ({}, OBJECT.format("shop", "api"), 200),
        ({}, OBJECT.format("bank", "api"), 503),
        ({}, "/api/healthz/-/namespace/shop", 200),
        ({}, "/api/components/pay", 200),
        (SHOP_ONLY, OBJECT.format("shop", "api"), 200),
        (SHOP_ONLY, "/api/healthz/shop", 200),
        (SHOP_ONLY, "/api/healthz", 200),
        (SHOP_ONLY, OBJECT.format("bank", "api"), 404),
        (SHOP_ONLY, "/api/healthz/bank", 404),
        (SHOP_ONLY, "/api/healthz/-/namespace/shop", 404),
        (SHOP_ONLY, "/api/components/pay", 404),
        ({"namespaces": frozenset({"-"})}, "/api/healthz/-/namespace/shop", 200),
        ({"namespaces": frozenset({"-"})}, OBJECT.format("shop", "api"), 404),
        (DEPLOYMENTS_ONLY, OBJECT.format("shop", "api"), 200),
        (DEPLOYMENTS_ONLY, "/api/healthz/shop/deployments.v1.apps/api", 200),
        (DEPLOYMENTS_ONLY, "/api/healthz/shop/sts/db", 404),
        (DEPLOYMENTS_ONLY, "/api/healthz/shop/gadget/g", 404),
        (DEPLOYMENTS_ONLY, "/api/healthz/shop", 200),
        (DEPLOYMENTS_ONLY, "/api/healthz/bank", 503),
        ({"kinds": ("gadgets.toys.example.com",)}, "/api/healthz/shop/gadget/g", 503),
        ({"kinds": ("gadgets.toys.example.com",)}, "/api/healthz/shop/gadgets/g", 503),
        ({"kinds": ("gadgets.toys.example.com",)}, OBJECT.format("shop", "api"), 404),
        (CHECKOUT_ONLY, "/api/components/checkout", 503),
        (CHECKOUT_ONLY, "/api/components/pay", 404),
        (CHECKOUT_ONLY, OBJECT.format("shop", "api"), 404),
        (CHECKOUT_ONLY, "/api/healthz/bank", 404),
    ],
)
def test_scope_decides_what_is_seen(scope: dict[str, Any], path: str, code: int) -> None:
    """Namespaces and kinds for objects, names for components; each by itself or together."""
    assert told(scoped(**scope), path).status == code


def test_aggregates_tell_of_what_is_in_scope_alone() -> None:
    """What is down elsewhere, or of another kind, is nobody's business here."""
    for scope, path in ((SHOP_ONLY, "/api/healthz"), (DEPLOYMENTS_ONLY, "/api/healthz/shop")):
        answer = told(scoped(**scope), path)
        assert (answer.status, answer.json()["status"]) == (200, "healthy")
        assert "bank" not in answer.body.decode()
    names = [
        item["kind"]
        for item in told(scoped(**DEPLOYMENTS_ONLY), "/api/healthz/shop").json()["items"]
    ]
    assert names == ["Deployment"]


def test_what_is_elsewhere_is_not_felt_in_what_is_told() -> None:
    """All that is read is read for everybody; the answer is that of a cluster without the rest."""
    alone = [entry for entry in WORLD if "bank" not in json.dumps(entry)]
    answers = [
        told(scoped(FakeReader(world), **SHOP_ONLY), "/api/healthz") for world in (WORLD, alone)
    ]
    assert answers[0] == answers[1]


class Refusing(FakeReader):
    """A cluster whose RBAC forbids what is called ``secret``, or stands in such a namespace."""

    def read(self, query: Query, deadline: Deadline) -> Reading:
        """As RBAC would have it."""
        if "secret" in (query.name, query.namespace):
            self.queries.append(query)
            raise Forbidden(str(query), "forbidden by the cluster's RBAC")
        return super().read(query, deadline)


WHAT = [
    pytest.param(OBJECT, ("shop", "gone"), id="missing"),
    pytest.param(OBJECT, ("shop", "secret"), id="forbidden"),
    pytest.param(OBJECT, ("bank", "api"), id="out of scope, there"),
    pytest.param(OBJECT, ("bank", "gone"), id="out of scope, missing"),
    pytest.param(OBJECT, ("bank", "secret"), id="out of scope, forbidden"),
    pytest.param(OBJECT, ("nowhere", "api"), id="out of scope, no such namespace"),
]
PLACES = [
    pytest.param(NAMESPACED, ("gone",), id="no such namespace"),
    pytest.param(NAMESPACED, ("bank",), id="out of scope"),
    pytest.param(NAMESPACED, ("nowhere",), id="out of scope, no such namespace"),
]
LIMITED: dict[str, Any] = {"namespaces": frozenset({"shop", "gone", "secret"})}


def story(path: str, names: tuple[str, ...], polled: bool) -> list[tuple[object, ...]]:
    """What a caller sees of one thing in half a minute: answers, and when upstream was called.

    Args:
        path: The form of its path.
        names: What fills the form.
        polled: Whether somebody who may see it asks for it all the time.
    """
    contract = guarding(caller(SECRET, **LIMITED), caller("boss", name="boss"))
    served = remembering(Refusing(WORLD), contract)
    clock, upstream = served.clock, served.reader
    seen: list[tuple[object, ...]] = []
    for second in range(0, 30, 3):
        clock.seconds = float(second)
        where = path.format(*names)
        if polled:
            ask(served, path=where, headers={"Authorization": "Bearer boss"})
        before = upstream.calls
        answer = told(served, where)
        body = answer.body.decode()
        for name, letter in zip(names, "NM", strict=False):
            body = body.replace(f'"{name}"', f'"{letter}"')
        own = ("content-length", "ratelimit", "x-ratelimit", "x-request-id")
        headers = [pair for pair in answer.headers if not pair[0].lower().startswith(own)]
        seen.append((answer.status, headers, body, upstream.calls - before))
    return seen


@pytest.mark.parametrize(("path", "names"), [*WHAT, *PLACES])
def test_missing_forbidden_and_out_of_scope_cannot_be_told_apart(
    path: str, names: tuple[str, ...]
) -> None:
    """Neither by a byte, nor by a header, nor by the calls that each answer costs, over time."""
    missing = ("shop", "gone") if path == OBJECT else ("gone",)
    assert story(path, names, polled=False) == story(path, missing, polled=False)


def test_a_namespace_that_the_service_may_not_see_is_answered_alike() -> None:
    """At the same cost; it is remembered as long as what is forbidden is."""
    assert (
        story(NAMESPACED, ("secret",), polled=False)[0]
        == story(NAMESPACED, ("gone",), polled=False)[0]
    )


@pytest.mark.parametrize("names", [("bank", "api"), ("bank", "gone")])
def test_what_others_ask_for_is_not_felt(names: tuple[str, ...]) -> None:
    """An object out of scope that somebody polls answers as one that nobody knows."""
    assert story(OBJECT, names, polled=True) == story(OBJECT, names, polled=False)


@pytest.mark.parametrize(
    "path",
    [
        "/api/healthz/shop/{}/x",
        "/api/healthz/-/{}/x",
        "/api/healthz/shop?kind={}",
        "/api/healthz?kind={}",
    ],
)
@pytest.mark.parametrize("whole", [True, False], ids=["all", "a part of the API is away"])
@pytest.mark.parametrize("scope", [DEPLOYMENTS_ONLY, CHECKOUT_ONLY], ids=["kinds", "components"])
def test_which_kinds_are_served_is_hidden_from_who_may_see_others(
    path: str, scope: dict[str, Any], whole: bool
) -> None:
    """A kind outside of the scope answers alike whether the cluster serves it or not."""

    answers: list[tuple[object, ...]] = []
    for word in ("gadget", "widget"):
        where, _, query = path.format(word).partition("?")
        reader = FakeReader(WORLD, resources=[GADGETS], partial=not whole)
        answer = told(scoped(reader, **scope), where, query)
        body = answer.body.replace(word.encode(), b"KIND")
        answers.append((answer.status, answer.headers[:-1], body, reader.calls))
    assert answers[0] == answers[1]
    assert answers[0][0] == 404


@pytest.mark.parametrize(
    "path",
    [
        "/api/healthz/shop/rollout/api",
        "/api/healthz/shop?kind=rollout",
        "/api/healthz/shop?kind=deploy,rollout",
        "/api/healthz?kind=rollout",
        "/api/healthz?kind=deploy,rollout",
        "/api/healthz?kind=rollout&selector=a",
    ],
)
@pytest.mark.parametrize("scope", [DEPLOYMENTS_ONLY, CHECKOUT_ONLY], ids=["kinds", "components"])
def test_whether_a_well_known_kind_is_served_is_hidden_too(
    path: str, scope: dict[str, Any]
) -> None:
    """The ordinary missing answer: with some there, with none, and without the kind."""
    rollout = {**placed(down(), "shop"), "kind": "Rollout", "apiVersion": "argoproj.io/v1alpha1"}
    where, _, query = path.partition("?")
    answers = [
        told(scoped(reader, **scope), where, query)
        for reader in (
            FakeReader([*WORLD, rollout]),
            FakeReader(WORLD),
            FakeReader(WORLD, unread={"Rollout": NotServed("", "there is no such kind")}),
            FakeReader(WORLD, unread={"Rollout": FORBIDDEN}, unserved=["Rollout"]),
        )
    ]
    assert answers == [answers[0]] * 4
    assert (answers[0].status, answers[0].header("Content-Type")) == (404, "application/json")


@pytest.mark.parametrize("scope", [CHECKOUT_ONLY, {"namespaces": frozenset({"-"})}])
def test_who_sees_no_workload_anywhere_is_told_of_none(scope: dict[str, Any]) -> None:
    """As of a namespace that is out of scope, and nothing is read for it."""
    served = scoped(**scope)
    answer = told(served, "/api/healthz")
    assert (answer.status, answer.json()["reason"]) == (404, "NotFound")
    assert served.reader.calls == 0


def test_a_kind_of_the_same_name_in_another_group_is_another_kind() -> None:
    """Whoever may define kinds must not be able to slip one into a scope."""
    impostor = {**GADGETS, "name": "deployments", "kind": "Deployment"}
    reader = FakeReader(WORLD, resources=[impostor])
    served = scoped(reader, **DEPLOYMENTS_ONLY)
    path = "/api/healthz/shop/deployments.toys.example.com/api"
    assert told(served, path).status == 404


@pytest.mark.parametrize(
    ("failure", "code"), [(UpstreamError, 502), (ReadTimeout, 504)], ids=["fails", "hangs"]
)
def test_an_outage_looks_the_same_in_and_out_of_scope(failure: type[Exception], code: int) -> None:
    """Also in its words, which name what was asked for and nothing else."""

    class Failing(FakeReader):
        def read(self, query: Query, deadline: Deadline) -> Reading:
            raise failure(str(query), "it broke")

    inside = told(scoped(Failing(), **SHOP_ONLY), OBJECT.format("shop", "api"))
    outside = told(scoped(Failing(), **SHOP_ONLY), OBJECT.format("bank", "api"))
    assert inside.status == outside.status == code
    assert outside.body.replace(b"bank", b"shop") == inside.body
    for path in ("/api/healthz/shop", "/api/healthz/bank"):
        answer = told(scoped(Failing(), **SHOP_ONLY), path)
        assert answer.status == code
        assert (
            path.rpartition("/")[2] in answer.json()["detail"]
            or "namespace" in answer.json()["detail"]
        )


def test_bad_names_are_refused_before_the_scope_is_looked_at() -> None:
    """What cannot exist is a 400 for everybody, and asks nothing."""
    reader = FakeReader(WORLD)
    served = scoped(reader, **SHOP_ONLY)
    for path in (
        "/api/healthz/Bank/deployment/api",
        OBJECT.format("bank", "A"),
        "/api/healthz/BANK",
    ):
        assert told(served, path).status == 400
    assert reader.calls == 0


@pytest.mark.parametrize("detail", [*Detail, None])
def test_detail_is_the_callers_own(detail: Detail | None) -> None:
    """Where a token says nothing of it, the service's own setting holds."""
    pod: Manifest = {
        "kind": "Pod",
        "apiVersion": "v1",
        "metadata": {"name": "api-1", "namespace": "shop", "labels": {"app": "api"}},
        "status": {"phase": "Pending"},
    }
    served = scoped(FakeReader([selecting(deployment(3, 2)), pod]), detail=detail)
    body = told(served, OBJECT.format("shop", "api")).json()
    expected = detail or Detail.SUMMARY
    assert ("reason" in body) is (expected is not Detail.STATUS)
    group = told(served, "/api/healthz/shop").json()
    assert ("items" in group) is (expected is not Detail.STATUS)


def test_two_tokens_of_one_name_are_valid_at_once() -> None:
    """While a monitor's token is replaced, the old one goes on to work."""
    old, new = caller("old"), caller("new")
    both = caller("old", name="monitor")
    token = type(both)("monitor", (*old.digests, *new.digests))
    served = service(healthy(), contract=guarding(token))
    for secret, code in (("old", 200), ("new", 200), ("other", 401)):
        assert ask(served, headers={"Authorization": f"Bearer {secret}"}).status == code


def test_each_caller_has_a_scope_of_its_own() -> None:
    """The token that matches decides, not the first of them."""
    served = service(
        reader=FakeReader(WORLD),
        contract=guarding(
            caller("one", name="one", **SHOP_ONLY),
            caller("two", name="two", namespaces=frozenset({"bank"})),
        ),
    )
    codes = [
        ask(
            served, path=OBJECT.format(place, "api"), headers={"Authorization": f"Basic {who}"}
        ).status
        for who in ("one", "two")
        for place in ("shop", "bank")
    ]
    assert codes == [200, 404, 404, 503]


def test_head_is_get_for_what_is_out_of_scope() -> None:
    """Same code, same headers."""
    served = scoped(**SHOP_ONLY)
    for path in (OBJECT.format("bank", "api"), "/api/healthz/bank", "/api/components/pay"):
        got, headed = (ask(served, method, path, headers=BEARER) for method in ("GET", "HEAD"))
        assert (headed.status, headed.body) == (got.status, b"")


def test_degraded_is_seen_with_the_word_alone() -> None:
    """A status page's token gets the word and no more."""
    served = scoped(FakeReader([degraded()]), detail=Detail.STATUS)
    assert told(served, OBJECT.format("shop", "api")).json() == {"status": "degraded", "up": True}


def failing_runs() -> list[Manifest]:
    """A CronJob whose last four Jobs failed, and a Job of nobody's that is well."""
    cron_job: Manifest = {
        "apiVersion": "batch/v1",
        "kind": "CronJob",
        "metadata": {**metadata("nightly", uid="cj"), "creationTimestamp": before(days=9)},
        "spec": {"schedule": "0 * * * *"},
        "status": {"lastScheduleTime": before(minutes=30)},
    }
    failed = {"conditions": [condition("Failed", "True", "BackoffLimitExceeded")]}
    runs = [job(f"nightly-{number}", failed, owner("cj")) for number in range(4)]
    return [cron_job, *runs, job("once", {"conditions": [condition("Complete")]})]


def job(name: str, status: Manifest, *owners: Manifest) -> Manifest:
    """A Job."""
    meta = {**metadata(name, uid=name), "ownerReferences": list(owners)}
    return {"apiVersion": "batch/v1", "kind": "Job", "metadata": meta, "spec": {}, "status": status}


@pytest.mark.parametrize("path", ["/api/healthz/shop", "/api/healthz"])
@pytest.mark.parametrize(
    ("kinds", "total", "code"),
    [(("job",), 5, 503), (("cronjob",), 1, 503), (("job", "cronjob"), 2, 503), (("sts",), 1, 200)],
)
def test_what_an_owner_out_of_sight_would_answer_for_is_told(
    path: str, kinds: tuple[str, ...], total: int, code: int
) -> None:
    """Whoever sees the Jobs alone is told of each that fails, as `?kind=job` tells them."""
    reader = FakeReader([there("shop"), stateful_set(), *failing_runs()])
    served = scoped(reader, kinds=kinds)
    answer = told(served, path)
    assert (answer.status, answer.json()["total"]) == (code, total)
    named = told(served, path, f"kind={','.join(kinds)}")
    assert (named.status, named.json()["total"]) == (code, total)


def test_how_old_hidden_lists_are_is_hidden_too() -> None:
    """Whether somebody asked for other kinds a moment ago."""

    class Aged(FakeReader):
        def read(self, query: Query, deadline: Deadline) -> Reading:
            age = 3.5 if query.kind.kind == "StatefulSet" else 1.0
            return replace(super().read(query, deadline), began=deadline.clock() - age)

    reader = Aged(WORLD)
    assert told(scoped(reader, **DEPLOYMENTS_ONLY), "/api/healthz/shop").json()["ageSeconds"] == 1.0
    assert told(scoped(reader), "/api/healthz/shop").json()["ageSeconds"] == 3.5
