"""The one question that every monitor asks: which code?"""

from __future__ import annotations

from typing import Any

import pytest

from k8s_heartbeat.core import Kind, Policy, Threshold
from k8s_heartbeat.core.checks.component import Component, Member
from k8s_heartbeat.core.checks.reader import NotServed
from k8s_heartbeat.core.rules import KINDS
from tests.builders import (
    Manifest,
    available,
    before,
    container,
    deployment,
    pod,
    replica_set,
    stateful_set,
    waiting,
)
from tests.http.support import (
    FORBIDDEN,
    GUARDED,
    NOT_FOUND,
    OPEN,
    PATH,
    PROBES,
    TIMEOUT,
    UPSTREAM,
    Clock,
    FakeReader,
    Service,
    ask,
    degraded,
    down,
    healthy,
    service,
    unread,
)

BELOW_MINIMUM = deployment(4, 1, conditions=[available("False")])


@pytest.mark.parametrize(
    ("manifest", "code", "word"),
    [
        pytest.param(healthy(), 200, "healthy", id="healthy"),
        pytest.param(deployment(0), 200, "healthy", id="scaled to zero on purpose"),
        pytest.param(deployment(3, paused=True), 200, "healthy", id="paused"),
        pytest.param(deployment(3, updated=1), 200, "healthy", id="rolling out"),
        pytest.param(degraded(), 200, "degraded", id="degraded above its minimum"),
        pytest.param(BELOW_MINIMUM, 503, "degraded", id="degraded below its minimum"),
        pytest.param(down(), 503, "down", id="down"),
        pytest.param(unread(), 503, "unknown", id="unknown"),
    ],
)
def test_verdict_decides_the_code(manifest: Manifest, code: int, word: str) -> None:
    """Up is 200 and not up is 503, and the header says the word."""
    answer = service(manifest).get()
    assert (answer.status_code, answer.headers["heartbeat-status"]) == (code, word)
    assert answer.json["status"] == word
    assert answer.json["up"] is (code == 200)


@pytest.mark.parametrize(
    ("failure", "code", "word"),
    [
        pytest.param(NOT_FOUND, 404, "missing", id="missing"),
        pytest.param(FORBIDDEN, 404, "missing", id="forbidden"),
        pytest.param(UPSTREAM, 502, "unknown", id="API server fails"),
        pytest.param(TIMEOUT, 504, "unknown", id="API server does not answer"),
        pytest.param(RuntimeError("a bug"), 500, "unknown", id="a bug of ours"),
    ],
)
def test_no_reading_decides_the_code(failure: Exception, code: int, word: str) -> None:
    """Without a reading there is no 200, and the header tells our 502 from an ingress's."""
    answer = service(reader=FakeReader(failure=failure)).get()
    assert (answer.status_code, answer.headers["heartbeat-status"]) == (code, word)


def test_missing_and_forbidden_answer_alike_to_the_byte() -> None:
    """Nobody can tell what exists by asking for it."""
    answers = [
        ask(service(reader=FakeReader(failure=failure))) for failure in (NOT_FOUND, FORBIDDEN)
    ]
    assert answers[0] == answers[1]
    assert answers[0].status == 404


def test_verdict_stands_when_its_causes_cannot_be_read() -> None:
    """An API server that refuses the pods takes nothing from what the Deployment says."""
    answer = service(reader=FakeReader([down()], unrelated=FORBIDDEN)).get()
    assert answer.status_code == 503
    assert {cause["reason"] for cause in answer.json["causes"]} == {"CausesUnreadable"}


@pytest.mark.parametrize(
    ("codes", "manifest", "code"),
    [
        ({"down": 400}, down(), 400),
        ({"up": 202}, healthy(), 202),
        ({"degraded": 429}, BELOW_MINIMUM, 429),
        ({"degraded": 429}, degraded(), 200),
        ({"unknown": 500}, unread(), 500),
    ],
)
def test_operator_may_choose_the_code_of_a_word(
    codes: dict[str, int], manifest: Manifest, code: int
) -> None:
    """The table can be overridden word by word; degraded but up stays up."""
    assert service(manifest, codes=codes).get().status_code == code


@pytest.mark.parametrize(
    ("failure", "word"), [(NOT_FOUND, "missing"), (UPSTREAM, "error"), (TIMEOUT, "timeout")]
)
def test_operator_may_choose_the_code_of_a_failed_reading(failure: Exception, word: str) -> None:
    """The original answered 400 whatever was wrong."""
    served = service(reader=FakeReader(failure=failure), codes={word: 400})
    assert served.get().status_code == 400


# Every way of answering: what is asked, and of whom.
Case = tuple[str, FakeReader, dict[str, Any]]
ANSWERS: dict[str, Case] = {
    "healthy": (PATH, FakeReader([healthy()]), {}),
    "degraded": (PATH, FakeReader([degraded()]), {}),
    "down": (PATH, FakeReader([down()]), {}),
    "stale": (PATH, FakeReader([healthy()], age=30.0, stale=True), {}),
    "missing": (PATH, FakeReader(), {}),
    "bad name": ("/api/healthz/shop/deployment/A", FakeReader(), {}),
    "bad parameter": (PATH, FakeReader([healthy()]), {"query_string": "for=never"}),
    "upstream error": (PATH, FakeReader(failure=UPSTREAM), {}),
    "timeout": (PATH, FakeReader(failure=TIMEOUT), {}),
    "bug": (PATH, FakeReader(failure=RuntimeError("a bug")), {}),
    "no such route": ("/nothing/here", FakeReader(), {}),
    "health+json": (PATH, FakeReader([down()]), {"headers": {"Accept": "application/health+json"}}),
    "cross-origin": (PATH, FakeReader([healthy()]), {"headers": {"Origin": "https://a.example"}}),
    "verbose": ("/readyz", FakeReader(), {"query_string": "verbose"}),
    "namespace": ("/api/healthz/shop", FakeReader([healthy(), degraded()]), {}),
    "namespace that is down": ("/api/healthz/shop", FakeReader([healthy(), down()]), {}),
    "namespace of nothing": ("/api/healthz/empty", FakeReader(), {}),
    "stale namespace": ("/api/healthz/shop", FakeReader([healthy()], age=9.0, stale=True), {}),
    "all namespaces": ("/api/healthz", FakeReader([healthy()]), {}),
    "forbidden namespace": ("/api/healthz/shop", FakeReader(unrelated=FORBIDDEN), {}),
    "namespace that cannot be read": ("/api/healthz/shop", FakeReader(unrelated=UPSTREAM), {}),
    "bad selector": ("/api/healthz/shop", FakeReader(), {"query_string": "selector=a%20b"}),
    "no such kind": ("/api/healthz/shop", FakeReader(), {"query_string": "kind=cog"}),
    "no such component": ("/api/components/checkout", FakeReader(), {}),
    "API server away": ("/healthz", FakeReader(failure=UPSTREAM), {}),
    "API server slow": ("/health", FakeReader(failure=TIMEOUT), {}),
    "alive": ("/livez", FakeReader(), {}),
    "ready": ("/readyz", FakeReader(), {}),
    "API server there": ("/healthz", FakeReader(), {}),
    "API server there, by its other name": ("/health", FakeReader(), {}),
}


@pytest.mark.parametrize("case", ANSWERS)
def test_head_answers_as_get_does_without_a_body(case: str) -> None:
    """Free monitors send only HEAD: same code, same headers, on every route and every error."""
    path, reader, options = ANSWERS[case]
    got, headed = (service(reader=reader).client.simulate_request(m, path, **options) for m in
                   ("GET", "HEAD"))  # fmt: skip
    assert headed.content == b""
    assert got.content
    assert (headed.status, headed.headers) == (got.status, got.headers)
    assert int(got.headers["content-length"]) == len(got.content)


@pytest.mark.parametrize("contract", [OPEN, GUARDED], ids=["open", "guarded"])
@pytest.mark.parametrize("case", ANSWERS)
def test_every_answer_is_told_as_ours_and_as_not_to_be_cached(case: str, contract: Any) -> None:
    """`Heartbeat-Status` and `no-store` stand on every answer, refusals included."""
    path, reader, options = ANSWERS[case]
    answer = service(reader=reader, contract=contract).get(path, **options)
    assert answer.headers["heartbeat-status"] in {
        "healthy",
        "degraded",
        "down",
        "unknown",
        "missing",
    }
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize("path", [PATH, *PROBES, "/nothing"])
@pytest.mark.parametrize("method", ["OPTIONS", "POST", "BREW", "get"])
@pytest.mark.parametrize("headers", [{}, {"Origin": "x", "Access-Control-Request-Method": "GET"}])
def test_answers_to_other_methods_are_told_as_ours_too(
    headers: dict[str, str], method: str, path: str
) -> None:
    """Preflights, refusals, and what no route knows."""
    answer = ask(service(healthy()), method, path, headers=headers)
    assert (answer.header("Heartbeat-Status"), answer.header("Cache-Control")) == (
        "unknown",
        "no-store",
    )


@pytest.mark.parametrize("path", [PATH, "/api/healthz", "/api/healthz/shop", *PROBES])
def test_trailing_slash_is_the_same_route(path: str) -> None:
    """Never a redirect, which monitors take for an outage; a probe stays without a token."""
    plain, slashed = (
        ask(service(healthy(), contract=GUARDED if path in PROBES else OPEN), path=path + end)
        for end in ("", "/")
    )
    assert plain.status == 200
    assert slashed == plain


@pytest.mark.parametrize(
    "query",
    [
        *("_=1700000000", "cachebuster", "a=1&a=2", "%ff=%00", "=&&;", "?"),
        *("t=1", "ts=1", "nocache=1", "v=2", "rnd=0.1", "timestamp=1", "mode=x", "node=x"),
        *("form=1", "mint=1", "kid=1", "nocode=1", "t=for;x"),
        f"{'fail-on' * 90}=degraded",
    ],
)
def test_unknown_query_parameters_change_nothing(query: str) -> None:
    """Monitors add some to get past caches; neither the answer nor what is read knows of them."""
    plain, busted = service(degraded()), service(degraded())
    assert ask(busted, query=query) == ask(plain)
    assert busted.reader.queries == plain.reader.queries


@pytest.mark.parametrize(
    ("name", "right"),
    [
        ("failOn", "fail_on=degraded"),
        ("fail-on", "fail_on=degraded"),
        ("FAIL_ON", "fail_on=degraded"),
        ("fail_one", "fail_on=degraded"),
        ("For", "for=2m"),
        ("explian", "explain=true"),
        ("kinds", "kind=deploy,sts"),
        ("Selector", "selector=app=api"),
        ("mins", "min=50%"),
        ("minAvailable", "min=50%"),
        ("item", "items=all"),
        ("codes", "code=200"),
        ("labelSelector", "selector=app=api"),
        ("minReplicas", "min=50%"),
        ("failing", "fail_on=degraded"),
        ("amp;fail_on", "fail_on=degraded"),
        ("fail_on:", "fail_on=degraded"),
    ],
)
@pytest.mark.parametrize("path", [PATH, "/api/healthz/shop", "/api/healthz", "/api/components/x"])
def test_a_parameter_that_is_nearly_ours_is_refused(name: str, right: str, path: str) -> None:
    """An alarm that never comes is the worst answer: the right name is told, nothing is read."""
    served = service(degraded())
    answer = ask(served, path=path, query=f"{name}=degraded")
    assert (answer.status, served.reader.calls) == (400, 0)
    assert name in answer.json()["detail"]
    assert right in answer.json()["detail"]


@pytest.mark.parametrize(
    ("query", "right"),
    [
        ("fail_on%3Ddegraded", "fail_on=degraded"),
        ("t=1;fail_on=degraded", "fail_on=degraded"),
        ("code=200;for=2m", "for=2m"),
        ("fail_on=degraded&fail_on=down", "fail_on=degraded"),
        ("for=2m&for=3m", "for=2m"),
    ],
)
def test_a_parameter_that_would_be_lost_is_refused(query: str, right: str) -> None:
    """As when a URL was copied from HTML, encoded twice, or put together by two hands."""
    served = service(degraded())
    answer = ask(served, query=query)
    assert (answer.status, served.reader.calls) == (400, 0)
    assert right in answer.json()["detail"]


KIND_NAMES = [
    (word, kind)
    for kind in KINDS
    for name in (kind.short_names if kind.shared_words else kind.names)
    for word in (name, name.upper(), f"{name}.{kind.group}" if kind.group else name)
]


@pytest.mark.parametrize(("word", "kind"), KIND_NAMES)
def test_kind_may_be_named_as_kubectl_takes_it(word: str, kind: Kind) -> None:
    """Singular, plural and short names, in any case, and with the group; `-` for no namespace."""
    place = "shop" if kind.namespaced else "-"
    manifest: Manifest = {
        "apiVersion": kind.api_version,
        "kind": kind.kind,
        "metadata": {"name": "one", "namespace": "shop" if kind.namespaced else ""},
        "status": {},
    }
    served = service(manifest)
    answer = served.get(f"/api/healthz/{place}/{word}/one")
    assert answer.json["kind"] == kind.kind
    assert answer.headers["heartbeat-status"] != "missing"
    assert served.reader.queries[0].kind == kind
    assert served.reader.discoveries == 0


@pytest.mark.parametrize("word", ["dEpLoY", "Deployment", "deployments.v1.apps"])
def test_kind_may_be_named_in_any_form(word: str) -> None:
    """As a manifest states it, in mixed case, and with group and version."""
    assert service(healthy()).get(f"/api/healthz/shop/{word}/api").status_code == 200


WIDGET: Manifest = {
    "apiVersion": "example.com/v1",
    "kind": "Widget",
    "metadata": {"name": "one", "namespace": "shop"},
    "status": {"conditions": [{"type": "Ready", "status": "True"}]},
}
WIDGETS: Manifest = {
    "name": "widgets",
    "kind": "Widget",
    "group": "example.com",
    "version": "v1",
    "shortNames": ["wi"],
    "namespaced": True,
}


@pytest.mark.parametrize("word", ["widget", "widgets", "wi", "Widgets.example.com"])
def test_any_kind_that_the_cluster_serves_is_judged(word: str) -> None:
    """By the conditions that its controller states."""
    answer = service(reader=FakeReader([WIDGET], resources=[WIDGETS])).get(
        f"/api/healthz/shop/{word}/one"
    )
    assert (answer.status_code, answer.json["kind"]) == (200, "Widget")
    assert answer.json["status"] == "healthy"


@pytest.mark.parametrize("path", ["/api/healthz/shop/sprocket/one", "/api/healthz/shop?kind=cog"])
def test_kind_that_the_cluster_does_not_serve_is_a_problem(path: str) -> None:
    """404 with a reason: not an object that is missing, but a question that cannot be put."""
    served = service(healthy())
    answer = ask(served, path=path.partition("?")[0], query=path.partition("?")[2])
    assert (answer.status, answer.header("Content-Type")) == (404, "application/problem+json")
    assert answer.header("Heartbeat-Status") == "unknown"
    assert "kubectl api-resources" in answer.json()["detail"]
    assert (served.reader.discoveries, served.reader.queries) == (1, [])


def test_kind_that_is_away_with_its_api_group_is_a_problem() -> None:
    """The well-known ones too are only there when the cluster serves them."""
    failure = NotServed("kind", "the cluster serves no rollouts.argoproj.io")
    answer = service(reader=FakeReader(failure=failure)).get("/api/healthz/shop/rollout/api")
    assert (answer.status_code, answer.json["title"]) == (404, "Not Found")
    assert answer.json["detail"] == "rollouts shop/api: the cluster serves no rollouts.argoproj.io"


@pytest.mark.parametrize(("failure", "code"), [(UPSTREAM, 502), (TIMEOUT, 504)])
def test_kind_that_cannot_be_looked_up_is_an_error(failure: Exception, code: int) -> None:
    """Whether it is served is not known then, so it is not said."""
    answer = service(reader=FakeReader(failure=failure)).get("/api/healthz/shop/widget/one")
    assert answer.status_code == code


def test_object_that_stands_in_no_namespace_is_asked_for_with_a_dash() -> None:
    """A node is of no namespace, and its body says none."""
    node: Manifest = {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {"name": "node-1"},
        "status": {"conditions": [{"type": "Ready", "status": "True"}]},
    }
    answer = service(node).get("/api/healthz/-/no/node-1")
    assert (answer.status_code, answer.json["namespace"], answer.json["name"]) == (
        200,
        "",
        "node-1",
    )


def test_every_short_name_of_the_contract_is_known() -> None:
    """The names that monitors' URLs hold do not get lost from the table."""
    names = {name for kind in KINDS for name in kind.names}
    assert {"deploy", "deployments", "sts", "ds", "po", "pods", "rs", "replicasets"} <= names


@pytest.mark.parametrize(
    "path",
    [
        "/api/healthz/Shop/deployment/api",
        "/api/healthz/../deployment/api",
        "/api/healthz/-/deployment/api",
        "/api/healthz/shop./deployment/api",
        "/api/healthz//deployment/api",
        f"/api/healthz/{'a' * 64}/deployment/api",
        "/api/healthz/shop/deployment/..",
        "/api/healthz/shop/deployment/API",
        "/api/healthz/shop/deployment/api_1",
        "/api/healthz/shop/deployment/api-",
        "/api/healthz/shop/deployment/a..b",
        "/api/healthz/shop/deployment/api%20",
        "/api/healthz/shop/deployment/api%0A",
        "/api/healthz/shop/deployment/api%00",
        "/api/healthz/shop/deployment/%ff",
        "/api/healthz/shop/deployment/%D0%B0pi",
        f"/api/healthz/shop/deployment/{'a' * 254}",
        "/api/healthz/shop/deployment//",
        "/api/healthz/shop/node/node-1",
        "/api/healthz/shop/clusterrole/admin",
        "/api/healthz/-/secret/api",
        "/api/healthz/-/widget/..",
        "/api/healthz/shop//api",
        "/api/healthz/shop/deployment%20/api",
        "/api/healthz/shop/w%C3%AFdget/api",
        "/api/healthz/shop/widget/API",
        "/api/healthz/Shop/widget/api",
        "/api/healthz/Shop",
        "/api/healthz/..",
        "/api/healthz/-",
        f"/api/healthz/{'a' * 64}",
        "/api/healthz/shop%20",
        "/api/components/Shop",
        "/api/components/..",
        "/api/components/-",
        f"/api/components/{'a' * 64}",
    ],
)
def test_what_cannot_exist_is_refused_before_any_call(path: str) -> None:
    """A name outside Kubernetes' own grammar never reaches the API server."""
    served = service(healthy())
    answer = served.get(path)
    assert answer.status_code == 400
    assert answer.json["title"] == "Bad Request"
    assert served.reader.calls == 0


@pytest.mark.parametrize(
    "path",
    [
        "/api",
        "/api/components/shop/api",
        "/api/healthz/shop/deployment",
        "/api/healthz/shop/deployment/api/logs",
        "/api/healthz/shop/deployment/a%2Fb",
        "/api/healthz/shop%2Fdeployment/api/x/y",
        "/livez/ready",
        "/LIVEZ",
    ],
)
def test_what_is_no_route_is_not_found_and_not_guessed(path: str) -> None:
    """An unknown path is 404 and reads nothing."""
    served = service(healthy())
    answer = served.get(path)
    assert (answer.status_code, answer.headers["heartbeat-status"]) == (404, "unknown")
    assert served.reader.calls == 0


@pytest.mark.parametrize(
    "path", [PATH, "/api/healthz", "/api/healthz/shop", "/api/components/shop", *PROBES]
)
@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "TRACE", "CONNECT"])
def test_other_methods_are_refused_before_any_call(method: str, path: str) -> None:
    """The service reads and changes nothing."""
    served = service(healthy())
    answer = ask(served, method, path)
    assert answer.status == 405
    assert {"GET", "HEAD"} <= set((answer.header("Allow") or "").split(", "))
    assert answer.json()["title"] == "Method Not Allowed"
    assert served.reader.calls == 0


def asked(query: str, *objects: Manifest, **changes: Any) -> tuple[int, Service]:
    """The code for a query, and the service that gave it."""
    served = service(*objects, **changes)
    return served.get(query_string=query).status_code, served


@pytest.mark.parametrize(
    ("query", "manifest", "code"),
    [
        ("", degraded(), 200),
        ("fail_on=down", degraded(), 200),
        ("fail_on=degraded", degraded(), 503),
        ("fail_on=degraded", healthy(), 200),
        ("fail_on=degraded", down(), 503),
        ("fail_on=degraded", deployment(0), 200),
        ("code=200", down(), 200),
        ("code=200", unread(), 200),
        ("code=200&fail_on=degraded", degraded(), 200),
        ("for=2m", down(before(seconds=119)), 200),
        ("for=2m", down(before(seconds=120)), 503),
        ("for=2m", down(before(seconds=121)), 503),
        ("for=1h30m", down(before(minutes=89)), 200),
        ("for=0s", down(before(seconds=0)), 503),
        ("for=2m", down(), 200),
        ("for=2m", healthy(), 200),
        ("for=2m", unread(), 503),
        ("for=2m&fail_on=degraded", deployment(4, 1, conditions=[available("False")]), 200),
        ("for=500ms", down(before(seconds=1)), 503),
    ],
)
def test_caller_draws_the_line(query: str, manifest: Manifest, code: int) -> None:
    """`fail_on`, `for` and `code` move the code and nothing else."""
    served = service(manifest)
    answer = served.get(query_string=query)
    assert answer.status_code == code
    assert answer.json == service(manifest).get().json
    assert answer.headers["heartbeat-status"] == answer.json["status"]


ANNOTATED = deployment(4, 2)
ANNOTATED["metadata"]["annotations"] = {"k8s-heartbeat.io/min-available": "1"}


@pytest.mark.parametrize(
    ("query", "manifest", "code"),
    [
        ("min=2", deployment(4, 2), 200),
        ("min=3", deployment(4, 2), 503),
        ("min=1", deployment(4, 1), 200),
        ("min=75%", deployment(4, 3), 200),
        ("min=75%25", deployment(4, 2), 503),
        ("min=9", deployment(4, 4), 200),
        ("min=1", deployment(4, 0), 503),
        # The owner knows better.
        ("min=100%25", ANNOTATED, 200),
    ],
)
def test_caller_says_how_many_replicas_it_takes(query: str, manifest: Manifest, code: int) -> None:
    """`min` is a number or a share, before the policy's and after the owner's."""
    policy = Policy(min_available=Threshold(3))
    for path in (PATH, "/api/healthz/shop", "/api/components/all"):
        components = {"all": Component("all", "All", (Member(("shop",)),), policy=policy)}
        served = service(manifest, policy=policy, components=components)
        answer = ask(served, path=path, query=query)
        assert (answer.status, answer.json()["up"]) == (code, code == 200)


@pytest.mark.parametrize("path", ["/api/healthz/shop/sts/db", "/api/healthz/shop"])
def test_what_states_no_time_counts_from_when_it_was_seen(path: str) -> None:
    """StatefulSets, DaemonSets, Services: this process has seen it begin."""
    clock = Clock()
    served = service(stateful_set(3, 0), clock=clock)

    def code(query: str) -> int:
        answer = ask(served, path=path, query=query)
        assert (answer.json()["status"], answer.json()["up"]) == ("down", False)
        return answer.status

    assert (code(""), code("for=2m")) == (503, 200)
    clock.seconds += 119.0
    assert code("for=2m") == 200
    clock.seconds += 1.0
    assert (code("for=2m"), code("for=3m")) == (503, 200)


def test_a_crash_loop_is_not_waited_for() -> None:
    """Its pod restarted 184 times, and is always young."""
    looping = container(state=waiting("CrashLoopBackOff"), restarts=184)
    objects = [
        down(before(seconds=5)),
        replica_set(3, 0),
        pod("api-1", ready=False, containers=[looping], owned_by="api-rs"),
    ]
    for path in (PATH, "/api/healthz/shop"):
        assert ask(service(*objects), path=path, query="for=2m").status == 503


@pytest.mark.parametrize("query", ["", "for=0s", "for=1s", "for=2m"])
def test_a_transition_time_ahead_of_our_clock_excuses_nothing(query: str) -> None:
    """Nobody knows how long it has lasted."""
    code, _ = asked(query, down(before(seconds=-2)))
    assert code == 503


def test_code_200_does_not_turn_an_error_into_a_verdict() -> None:
    """Only a verdict can be read from the body; what gives none keeps its code."""
    for failure, code in ((UPSTREAM, 502), (TIMEOUT, 504)):
        answer = service(reader=FakeReader(failure=failure)).get(query_string="code=200")
        assert answer.status_code == code


@pytest.mark.parametrize(
    "query",
    [
        "fail_on=unknown",
        "fail_on=Degraded",
        "fail_on=",
        "fail_on=healthy",
        "for=2",
        "for=",
        "for=-2m",
        "for=2 m",
        "for=2d",
        "for=9999999h",
        "for=%D9%A2m",
        "for=1h%0A",
        f"for={'1h' * 9000}",
        "code=503",
        "code=",
        "code=2OO",
        "code=%D9%A2%D9%A0%D9%A0",
        "min=",
        "min=0",
        "min=half",
        "min=101%25",
        "min=-1",
        "min=%D9%A2",
    ],
)
def test_parameter_of_another_form_is_refused_before_any_call(query: str) -> None:
    """A typing error in a monitor's URL shows at once, and says which form is right."""
    code, served = asked(query, healthy())
    assert code == 400
    assert served.reader.calls == 0
    detail = served.get(query_string=query).json["detail"]
    name = query.partition("=")[0]
    assert detail.startswith(f"{name}: ")
    assert f"{name}=" in detail
    assert len(detail) < 300


@pytest.mark.parametrize(
    "query", ["fail_on=degraded&fail_on=down", "for=1s&for=2m", "code=200&code=200"]
)
def test_parameter_that_is_repeated_is_no_error_of_ours(query: str) -> None:
    """Which one counts is not promised; a 500 is ruled out."""
    assert asked(query, degraded())[0] in (200, 400, 503)
