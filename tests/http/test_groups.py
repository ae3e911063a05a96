"""Many objects as one answer: namespaces, selections of them, and all there is."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from k8s_heartbeat.adapters.http.rendering import Detail
from k8s_heartbeat.core import Kind
from k8s_heartbeat.core.rules import WORKLOADS
from tests.builders import (
    Manifest,
    before,
    container,
    daemon_set,
    deployment,
    event,
    owner,
    pod,
    replica_set,
    stateful_set,
    waiting,
)
from tests.http.support import (
    FORBIDDEN,
    GUARDED,
    TOKEN,
    Answer,
    Clock,
    FakeReader,
    Service,
    ask,
    degraded,
    down,
    healthy,
    remembering,
    service,
    unread,
)
from tests.servers.api_server import ApiServer
from tests.servers.kubeconfig import kubeconfig, live_reader, write_kubeconfig

SHOP = "/api/healthz/shop"
THERE: Manifest = {"kind": "Namespace", "apiVersion": "v1", "metadata": {"name": "shop"}}
OTHERS = [kind for kind in WORKLOADS if "." in kind.group]


def named(
    manifest: Manifest, name: str, namespace: str = "shop", labels: Manifest | None = None
) -> Manifest:
    """The object under another name and UID."""
    own: Manifest = {"name": name, "namespace": namespace, "uid": f"{namespace}/{name}"}
    return {**manifest, "metadata": {**manifest["metadata"], **own, "labels": labels or {}}}


def names(answer: Answer) -> list[str]:
    """The items of an answer, as kind and name."""
    return [f"{item['kind']}/{item['name']}" for item in answer.json()["items"]]


def shop(*objects: Manifest, query: str = "", path: str = SHOP, **changes: Any) -> Answer:
    """The answer for the namespace of these objects, which is there also where it is empty."""
    return ask(service(THERE, *objects, **changes), path=path, query=query)


@pytest.mark.parametrize(
    ("objects", "code", "word"),
    [
        pytest.param([healthy(), stateful_set()], 200, "healthy", id="all are well"),
        pytest.param([degraded(), stateful_set()], 200, "degraded", id="one is degraded"),
        pytest.param([healthy(), stateful_set(3, 0)], 503, "down", id="one is down"),
        pytest.param([unread(), stateful_set()], 503, "unknown", id="one is unknown"),
        pytest.param([deployment(0)], 200, "healthy", id="all are scaled to zero"),
        pytest.param([], 503, "unknown", id="nothing is there"),
    ],
)
def test_the_worst_member_decides(objects: list[Manifest], code: int, word: str) -> None:
    """200 while all are up, otherwise 503, and the header says the word."""
    answer = shop(*objects)
    assert (answer.status, answer.header("Heartbeat-Status")) == (code, word)
    assert (answer.json()["status"], answer.json()["up"]) == (word, code == 200)


def test_the_body_has_its_figures_first_and_its_items_last() -> None:
    """Flat, for JSON queries; the ones that fail first."""
    body = shop(degraded(), named(daemon_set(), "agent"), named(stateful_set(0), "off")).json()
    items = body.pop("items")
    assert list(body.items()) == [
        ("status", "degraded"),
        ("up", True),
        ("activity", "steady"),
        ("kind", "Namespace"),
        ("namespace", "shop"),
        ("name", "shop"),
        ("reason", "ReplicasUnavailable"),
        (
            "message",
            "1 of 3 failing; worst: Deployment shop/api: 2 of 3 replicas available, 2 needed",
        ),
        ("total", 3),
        ("needed", 3),
        ("counts", {"degraded": 1, "healthy": 2}),
        ("checkedAt", "2026-03-02T12:00:00Z"),
        ("ageSeconds", 0.0),
        ("stale", False),
        ("itemsOmitted", 0),
    ]
    assert [(item["name"], item["status"], item["up"]) for item in items] == [
        ("api", "degraded", True),
        ("agent", "healthy", True),
        ("off", "healthy", True),
    ]
    assert list(items[0])[:4] == ["status", "up", "activity", "kind"]
    assert (items[0]["desired"], items[0]["available"]) == (3, 2)


def test_nothing_matched_is_no_good_news() -> None:
    """An empty namespace, or a selector that lets nothing through."""
    unselected = ask(service(healthy()), path=SHOP, query="selector=app%3Dnone")
    for answer in (shop(), unselected):
        body = answer.json()
        assert (answer.status, body["status"], body["up"]) == (503, "unknown", False)
        assert (body["reason"], body["total"], body["items"]) == ("NothingMatched", 0, [])


@pytest.mark.parametrize("query", ["", "selector=app%3Dapi&", "kind=sts,deploy&"])
def test_every_member_is_told_to_who_asks_for_all(query: str) -> None:
    """For clients that make series of them, whatever the group's word."""
    objects = [down(), named(stateful_set(), "db", labels={"app": "api"})]
    if "selector" in query:
        objects[0] = named(down(), "api", labels={"app": "api"})
    short, whole = shop(*objects, query=query), shop(*objects, query=f"{query}items=all")
    assert (short.status, whole.status) == (503, 503)
    assert [item["name"] for item in short.json()["items"]] == ["api"]
    body = whole.json()
    assert [(item["name"], item["up"]) for item in body["items"]] == [("api", False), ("db", True)]
    assert (body["total"], body["counts"]) == (2, {"down": 1, "healthy": 1})
    assert shop(*objects, query="items=some").status == 400


def test_all_are_all_however_many() -> None:
    """Without `items=all` 500 are named at most."""
    many = [named(deployment(), f"web-{number}") for number in range(510)]
    short, whole = shop(*many).json(), shop(*many, query="items=all").json()
    assert (len(short["items"]), short["itemsOmitted"]) == (500, 10)
    assert (len(whole["items"]), whole["itemsOmitted"]) == (510, 0)


GOING: Manifest = {
    **THERE,
    "metadata": {"name": "shop", "uid": "ns", "deletionTimestamp": before(minutes=3)},
    "spec": {"finalizers": ["kubernetes"]},
    "status": {
        "phase": "Terminating",
        "conditions": [{"type": "NamespaceContentRemaining", "status": "False"}],
    },
}


@pytest.mark.parametrize("query", ["", "selector=app%3Dapi", "kind=pods"])
def test_an_empty_namespace_that_is_being_deleted_says_so(query: str) -> None:
    """Not that nothing matched, and no good news; what is still in it is judged."""
    answer = ask(service(GOING), path=SHOP, query=query)
    body = answer.json()
    assert (answer.status, body["status"], body["up"]) == (503, "unknown", False)
    assert (body["reason"], body["activity"]) == ("NamespaceTerminating", "terminating")
    assert body["message"] == (
        "1 of 1 failing; worst: Namespace shop: its content is deleted, and it waits for "
        "finalizers kubernetes"
    )
    assert ask(service(GOING, healthy()), path=SHOP).json()["reason"] == "MinimumReplicasAvailable"


def test_a_namespace_that_is_not_there_is_missing() -> None:
    """A mistyped name is a 404, as that of an object is; that takes one more reading."""
    answer = ask(service(healthy()), path="/api/healthz/shpo")
    assert (answer.status, answer.header("Heartbeat-Status")) == (404, "missing")
    assert (answer.json()["reason"], answer.json()["name"]) == ("NotFound", "shpo")


def thing(kind: str, name: str, owned_by: str = "") -> Manifest:
    """A Job or a CronJob that is well."""
    metadata: Manifest = {"name": name, "namespace": "shop", "uid": name}
    if owned_by:
        metadata["ownerReferences"] = [owner(owned_by, kind="CronJob")]
    complete = {"type": "Complete", "status": "True"}
    return {
        "apiVersion": "batch/v1",
        "kind": kind,
        "metadata": {**metadata, "creationTimestamp": before(minutes=5)},
        "spec": {"schedule": "0 0 * * *"},
        "status": {"conditions": [complete], "succeeded": 1},
    }


def test_what_a_workload_controls_is_not_counted_beside_it() -> None:
    """ReplicaSets, pods and Jobs, down to the finished pods of whatever owner."""
    answer = shop(
        healthy(),
        replica_set(),
        pod("api-1", owned_by="api-rs"),
        pod("api-old", owned_by="api-rs", phase="Failed"),
        thing("CronJob", "nightly"),
        thing("Job", "nightly-1", "nightly"),
        pod("nightly-1-a", owned_by="nightly-1", phase="Succeeded"),
        pod("run-1", owned_by="workflow", phase="Failed"),
        pod("run-2", owned_by="workflow", phase="Succeeded"),
        pod("bare"),
    )
    assert sorted(names(answer)) == ["CronJob/nightly", "Deployment/api", "Pod/bare"]
    assert (answer.status, answer.json()["total"]) == (200, 3)


def test_an_owner_keeps_an_object_out() -> None:
    """With the annotation, whatever it would have said."""
    ignored = down()
    ignored["metadata"]["annotations"] = {"k8s-heartbeat.io/ignore": "true"}
    answer = shop(ignored, replica_set(3, 0), stateful_set())
    assert (answer.status, names(answer)) == (200, ["StatefulSet/db"])


def test_what_is_in_maintenance_is_up_and_says_so() -> None:
    """An aggregate of it is, too."""
    worked_on = down()
    until = {"k8s-heartbeat.io/maintenance-until": before(minutes=-5)}
    worked_on["metadata"]["annotations"] = until
    answer = shop(worked_on, stateful_set())
    assert (answer.status, answer.json()["status"]) == (200, "down")
    assert answer.json()["reason"] == "Maintenance"


TIERS = (
    named(deployment(), "web", labels={"tier": "front", "app": "shop"}),
    named(deployment(3, 0), "db", labels={"tier": "back"}),
    named(stateful_set(), "bare"),
)


@pytest.mark.parametrize(
    ("selector", "expected"),
    [
        ("tier=front", ["Deployment/web"]),
        ("tier!=front", ["Deployment/db", "StatefulSet/bare"]),
        ("tier in (front,back)", ["Deployment/db", "Deployment/web"]),
        ("tier notin (back, front)", ["StatefulSet/bare"]),
        ("tier", ["Deployment/db", "Deployment/web"]),
        ("!tier", ["StatefulSet/bare"]),
        ("tier in (front),app==shop", ["Deployment/web"]),
    ],
)
def test_a_selector_narrows_it_by_labels(selector: str, expected: list[str]) -> None:
    """In the syntax of kubectl; it costs the API server nothing more."""
    narrowed, whole = service(*TIERS), service(*TIERS)
    answer = ask(narrowed, path=SHOP, query=f"selector={quote(selector)}")
    ask(whole, path=SHOP)
    found = set(names(answer))
    assert found <= set(expected)
    assert answer.json()["total"] == len(expected)
    kinds = {query.kind.kind for query in narrowed.reader.queries} - {"Event"}
    assert kinds == {query.kind.kind for query in whole.reader.queries} - {"Event"}
    assert all(query.selector is None for query in narrowed.reader.queries)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("kind=deploy", ["Deployment/api"]),
        ("kind=deploy,sts", ["Deployment/api", "StatefulSet/db"]),
        ("kind=sts&kind=deploy", ["Deployment/api", "StatefulSet/db"]),
        ("kind=deploy,deployments,Deployment", ["Deployment/api"]),
        ("kind=deploy%2C%20sts", ["Deployment/api", "StatefulSet/db"]),
        ("kind=po", ["Pod/api-1"]),
        ("kind=deployments.apps", ["Deployment/api"]),
    ],
)
def test_kinds_narrow_it(query: str, expected: list[str]) -> None:
    """In a list or repeated, each once; only these are listed."""
    served = service(healthy(), stateful_set(), replica_set(), pod(owned_by="api-rs"))
    answer = ask(served, path=SHOP, query=query)
    assert sorted(names(answer)) == expected
    assert len(served.reader.queries) == len(expected)


@pytest.mark.parametrize(
    "query", ["kind=sts,deploy", "kind=sts&kind=deploy", "kind=sts,sts,deploy"]
)
@pytest.mark.parametrize("path", [SHOP, "/api/metrics/shop", "/api/targets/shop"])
def test_kinds_in_another_order_are_the_same_question(path: str, query: str) -> None:
    """The answer is the same to the byte, and nothing is read for it."""
    served, host = service(degraded(), stateful_set()), {"Host": "heartbeat.example.com"}
    first = ask(served, path=path, query="kind=deploy,sts", headers=host)
    calls = served.reader.calls
    second = ask(served, path=path, query=query, headers=host)
    assert (second.status, second.body) == (first.status, first.body)
    assert served.reader.calls == calls


def test_a_kind_may_be_one_that_only_the_cluster_knows() -> None:
    """It is looked up once, whatever is asked."""
    widget: Manifest = {
        "apiVersion": "example.com/v1",
        "kind": "Widget",
        "metadata": {"name": "one", "namespace": "shop"},
        "status": {"conditions": [{"type": "Ready", "status": "True"}]},
    }
    resource = {
        "name": "widgets",
        "kind": "Widget",
        "group": "example.com",
        "version": "v1",
        "namespaced": True,
    }
    reader = FakeReader([widget], resources=[resource])
    answer = ask(service(reader=reader), path=SHOP, query="kind=widget")
    assert (answer.status, names(answer)) == (200, ["Widget/one"])


@pytest.mark.parametrize(
    ("path", "query"),
    [
        (SHOP, "kind="),
        (SHOP, "kind=deploy,"),
        (SHOP, "kind=,deploy"),
        (SHOP, "kind=deploy,,sts"),
        (SHOP, "kind=a%20b"),
        (SHOP, "kind=widget,a%20b"),
        (SHOP, "kind=../x"),
        (SHOP, "kind=node"),
        (SHOP, "kind=deploy,node"),
        (SHOP, "kind=" + ",".join(["deploy"] * 21)),
        (SHOP, "selector="),
        (SHOP, "selector=a%20b"),
        (SHOP, "selector=a%3Db,"),
        (SHOP, "selector=a%20in%20()b"),
        (SHOP, "selector=%3Db"),
        (SHOP, "selector=" + "a," * 600 + "a"),
        (SHOP, "kind=widget&selector=%3Db"),
        (SHOP, "fail_on=never"),
        (SHOP, "for=soon"),
        (SHOP, "code=503"),
        ("/api/healthz/Shop", "kind=widget"),
        ("/api/healthz/-", ""),
        ("/api/healthz/-", "kind=deploy"),
        ("/api/healthz/-", "kind=node,deploy"),
        ("/api/healthz", "selector=a%20b"),
        ("/api/healthz", "kind=a%20b"),
    ],
)
def test_what_cannot_be_asked_for_is_refused_before_any_call(path: str, query: str) -> None:
    """An impossible namespace, kind, selector or parameter; the answer says which form is right."""
    served = service(healthy())
    answer = ask(served, path=path, query=query)
    assert answer.status == 400
    assert answer.header("Content-Type") == "application/problem+json"
    assert 20 < len(answer.json()["detail"]) < 300
    assert served.reader.calls == 0


@pytest.mark.parametrize(
    ("path", "kinds"), [(SHOP, "gadgets,node"), ("/api/healthz/-", "gadgets,deploy")]
)
def test_a_place_that_cannot_be_is_refused_whatever_else_is_asked_for(
    path: str, kinds: str
) -> None:
    """What the cluster serves is asked only where the well-known kinds fit."""
    served = service(healthy())
    assert ask(served, path=path, query=f"kind={kinds}").status == 400
    assert served.reader.calls == 0


def node(name: str, ready: str = "True") -> Manifest:
    """A node."""
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {"name": name, "uid": name},
        "spec": {},
        "status": {"conditions": [{"type": "Ready", "status": ready}]},
    }


@pytest.mark.parametrize("path", ["/api/healthz/-", "/api/healthz"])
@pytest.mark.parametrize(("ready", "code"), [("True", 200), ("False", 503)])
def test_what_stands_in_no_namespace_is_asked_for_with_a_dash(
    path: str, ready: str, code: int
) -> None:
    """All nodes are one answer, of the cluster."""
    served = service(node("one"), node("two", ready))
    answer = ask(served, path=path, query="kind=no")
    assert (answer.status, answer.json()["total"]) == (code, 2)
    assert (answer.json()["kind"], answer.json()["namespace"]) == ("Cluster", "")
    assert {item["namespace"] for item in answer.json()["items"]} == {""}


def test_all_namespaces_are_one_answer() -> None:
    """Namesakes are told apart, and one list of each kind is enough."""
    served = service(
        named(healthy(), "api", "one"), named(down(), "api", "two"), named(healthy(), "x", "three")
    )
    answer = ask(served, path="/api/healthz")
    body = answer.json()
    assert (answer.status, body["kind"], body["namespace"], body["name"]) == (
        503,
        "Cluster",
        "",
        "",
    )
    assert body["total"] == 3
    assert [item["namespace"] for item in body["items"]] == ["two"]
    assert [query.namespace for query in served.reader.queries] == [""] * (len(WORKLOADS) + 1)


def without_name(answer: Answer) -> bytes:
    """A body without the name that was asked for."""
    return answer.body.replace(b'"shop"', b'"x"').replace(b'"empty"', b'"x"')


def test_forbidden_answers_as_missing_does() -> None:
    """Whether there is anything in it, and whether it exists at all, nobody can tell."""
    full, empty = (
        ask(service(reader=FakeReader(objects, unrelated=FORBIDDEN)), path=path)
        for objects, path in (([down()], SHOP), ([], "/api/healthz/empty"))
    )
    assert full.status == empty.status == 404
    assert without_name(full) == without_name(empty)
    assert full.header("Heartbeat-Status") == "missing"
    one = ask(service(), path="/api/healthz/shop/deployment/api")
    assert list(one.json()) == list(full.json())
    for key in ("status", "up", "activity", "reason", "message", "causes"):
        assert full.json()[key] == one.json()[key]
    assert b"RBAC" not in full.body


@pytest.mark.parametrize("query", ["", "fail_on=degraded", "for=2m", "code=200"])
@pytest.mark.parametrize("objects", [[healthy()], [degraded()], [down()], []])
def test_head_is_get_without_a_body(objects: list[Manifest], query: str) -> None:
    """Same code, same headers."""
    got, headed = (ask(service(*objects), method, SHOP, query) for method in ("GET", "HEAD"))
    assert (headed.status, headed.headers, headed.body) == (got.status, got.headers, b"")


@pytest.mark.parametrize(
    ("objects", "query", "code"),
    [
        ([healthy(), degraded()], "", 200),
        ([healthy(), degraded()], "fail_on=degraded", 503),
        ([healthy(), stateful_set()], "fail_on=degraded", 200),
        ([down(before(seconds=60)), stateful_set()], "for=2m", 200),
        ([down(before(seconds=180)), stateful_set()], "for=2m", 503),
        ([down(), stateful_set()], "for=2m", 200),
        ([down(before(seconds=60)), named(down(before(seconds=180)), "b")], "for=2m", 503),
        ([down()], "code=200", 200),
        ([], "code=200", 200),
        ([], "for=2m", 503),
    ],
)
def test_the_caller_draws_the_line(objects: list[Manifest], query: str, code: int) -> None:
    """For each member by its own time; the words stay what they are."""
    answer = shop(*objects, query=query)
    plain = shop(*objects)
    assert answer.status == code
    for key in ("status", "up", "reason", "message", "total", "needed"):
        assert answer.json()[key] == plain.json()[key]
    assert answer.header("Heartbeat-Status") == plain.header("Heartbeat-Status")


@pytest.mark.parametrize(
    ("objects", "word"), [([healthy()], "pass"), ([degraded()], "warn"), ([down()], "fail")]
)
def test_health_json_is_answered_when_it_is_asked_for(objects: list[Manifest], word: str) -> None:
    """Only the words, the members' too, and the media type change."""
    served = service(*objects)
    headers = {"Accept": "application/health+json"}
    answer, plain = ask(served, path=SHOP, headers=headers), ask(served, path=SHOP)
    assert answer.header("Content-Type") == "application/health+json"
    items = [{**item, "status": word} for item in plain.json()["items"]]
    assert answer.json() == {**plain.json(), "status": word, "items": items}
    assert answer.status == plain.status


def test_a_stale_reading_says_so() -> None:
    """The oldest of them counts."""
    answer = ask(service(reader=FakeReader([healthy()], age=42.34, stale=True)), path=SHOP)
    body = answer.json()
    assert (answer.header("Age"), body["stale"], body["ageSeconds"]) == ("43", True, 42.4)
    assert body["checkedAt"] == "2026-03-02T11:59:17Z"
    fresh = ask(service(reader=FakeReader([healthy()], age=3.0)), path=SHOP)
    assert (fresh.header("Age"), fresh.json()["stale"], fresh.json()["ageSeconds"]) == (
        None,
        False,
        3.0,
    )


def test_the_operators_codes_count() -> None:
    """A table of words holds for groups too."""
    assert shop(down(), codes={"down": 400}).status == 400
    assert shop(healthy(), codes={"up": 202}).status == 202
    assert shop(codes={"unknown": 500}).status == 500


@pytest.mark.parametrize("path", ["/api/healthz", SHOP, "/api/components/pay"])
def test_a_token_is_asked_for(path: str) -> None:
    """Before anything is read."""
    served = service(healthy(), contract=GUARDED)
    assert (ask(served, path=path).status, served.reader.calls) == (401, 0)
    allowed = ask(served, path=path, headers={"Authorization": f"Bearer {TOKEN}"})
    assert allowed.status != 401


def broken_pod(name: str = "api-canary") -> Manifest:
    """A pod without its image, whose messages tell something."""
    state = waiting("ErrImagePull", "canary of a message")
    status = container(state=state)
    return pod(name, phase="Pending", ready=False, containers=[status], owned_by="api-rs")


def test_items_are_explained_as_far_as_the_detail_goes() -> None:
    """By default without pods' names and messages."""
    objects = [down(), replica_set(3, 0), broken_pod(), event(message="canary")]
    answer = shop(*objects)
    (item,) = answer.json()["items"]
    assert [cause["reason"] for cause in item["causes"]] == ["ErrImagePull", "FailedCreate"]
    assert b"canary" not in answer.body
    full = shop(*objects, detail=Detail.FULL)
    assert b"api-canary" in full.body
    assert shop(*objects, detail=Detail.STATUS).json() == {"status": "down", "up": False}


members = st.sampled_from(
    [
        named(healthy(), "a"),
        named(healthy(), "b"),
        named(degraded(), "c"),
        named(down(), "d"),
        named(unread(), "e"),
        named(deployment(4, 1, conditions=[{"type": "Available", "status": "False"}]), "f"),
        named(stateful_set(), "g"),
        named(deployment(0), "h"),
    ]
)
events = st.sampled_from(
    [event("shop/d", "Unhealthy", message="it is unhealthy"), event("shop/c", "HEALTHY")]
)


@given(
    st.lists(members, max_size=5),
    st.lists(events, max_size=2),
    st.sampled_from(["", "fail_on=degraded", "for=2m"]),
    st.sampled_from(Detail),
    st.sampled_from(["*/*", "application/health+json"]),
)
def test_a_failing_body_holds_no_good_news(
    objects: list[Manifest], around: list[Manifest], query: str, detail: Detail, accept: str
) -> None:
    """A monitor that looks for the word, or for an `up`, finds neither."""
    answer = ask(
        service(*objects, *around, detail=detail),
        path=SHOP,
        query=query,
        headers={"Accept": accept},
    )
    if answer.status == 200:
        return
    body = answer.json()
    assert b"healthy" not in answer.body.lower()
    assert b'"up":true' not in answer.body or body["up"]
    assert '"up":true' not in str(body.get("items")).replace("': ", '":').replace("'", '"')


def test_many_items_are_cut_off_and_counted() -> None:
    """A body stays small however much is wrong."""
    answer = shop(*[named(down(), f"web-{number}") for number in range(520)])
    body = answer.json()
    assert (body["total"], len(body["items"]), body["itemsOmitted"]) == (520, 500, 20)
    assert body["counts"] == {"down": 520}


@pytest.fixture
def live(tmp_path: Path) -> Iterator[tuple[ApiServer, Service, Clock]]:
    """The service over a remembering reader of an API server, and the clock it remembers by."""
    clock = Clock()
    with ApiServer() as api:
        path = write_kubeconfig(tmp_path / "config", kubeconfig(api.url))
        with live_reader(path) as reader:
            yield api, remembering(reader, clock=clock), clock


def lists(api: ApiServer, kinds: tuple[Kind, ...] = WORKLOADS) -> list[str]:
    """The plurals that were asked for, each as often as it was."""
    plurals = {kind.plural for kind in kinds} | {"events"}
    asked = (request.path.rpartition("/")[2] for request in api.requests)
    return sorted(plural for plural in asked if plural in plurals)


def test_two_thousand_workloads_cost_one_list_a_kind_and_lifetime(
    live: tuple[ApiServer, Service, Clock],
) -> None:
    """However often they are polled, and with whatever selector."""
    api, served, clock = live
    api.objects = [
        named(
            {**deployment(), "spec": {"replicas": 3, "template": {"padding": "x" * 500}}},
            f"web-{number}",
            labels={"shard": str(number % 10)},
        )
        for number in range(2000)
    ]
    plain = sorted(kind.plural for kind in WORKLOADS)
    for query in ("", "", "selector=shard%3D3", "selector=shard", "kind=deploy"):
        answer = ask(served, path=SHOP, query=query)
        assert answer.status == 200
        assert answer.json()["total"] == (200 if "3D3" in query else 2000)
        assert lists(api) == plain
    clock.seconds += 5.0
    ask(served, path=SHOP)
    assert lists(api) == sorted([*plain, *plain])


def test_what_is_down_among_them_costs_the_warnings_besides(
    live: tuple[ApiServer, Service, Clock],
) -> None:
    """Once for all of them."""
    api, served, _ = live
    api.objects = [
        named(deployment(3, 0 if number % 2 else 3), f"web-{number}") for number in range(300)
    ]
    for _ in range(2):
        answer = ask(served, path=SHOP)
        assert (answer.status, answer.json()["total"], len(answer.json()["items"])) == (
            503,
            300,
            150,
        )
    assert lists(api) == sorted([*(kind.plural for kind in WORKLOADS), "events"])


def test_a_kind_that_the_cluster_does_not_have_ages_no_answer(
    live: tuple[ApiServer, Service, Clock],
) -> None:
    """No cluster has to have Rollouts, and what it serves is asked for once a minute."""
    api, served, clock = live
    api.objects = [deployment()]
    for _ in range(8):
        answer = ask(served, path=SHOP)
        assert (answer.status, answer.json()["stale"]) == (200, False)
        assert answer.json()["ageSeconds"] <= 0.1
        clock.seconds += 6.0


def test_an_outage_leaves_what_was_read_standing(live: tuple[ApiServer, Service, Clock]) -> None:
    """For a while, with its age; then it is an error."""
    api, served, clock = live
    api.objects = [deployment()]
    assert ask(served, path=SHOP).status == 200
    api.behave("/", lambda exchange: exchange.json(500, {"kind": "Status"}))
    clock.seconds += 30.0
    answer = ask(served, path=SHOP)
    assert (answer.status, answer.json()["stale"], answer.header("Age")) == (200, True, "30")
    clock.seconds += 121.0
    assert ask(served, path=SHOP).status == 502
