"""What can be asked for, as Prometheus' HTTP service discovery has it."""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import ip_network
from typing import Any
from urllib.parse import urlsplit

import pytest

from k8s_heartbeat.core.checks.component import Component, Member
from k8s_heartbeat.core.checks.reader import ReadError
from tests.builders import Manifest, deployment, metadata, stateful_set
from tests.http.support import (
    FORBIDDEN,
    TIMEOUT,
    TOKEN,
    UPSTREAM,
    Answer,
    FakeReader,
    Service,
    ask,
    caller,
    down,
    guarding,
    healthy,
    service,
)

TARGETS = "/api/targets"
HOST = {"Host": "heartbeat.example.com"}
BEARER = {**HOST, "Authorization": f"Bearer {TOKEN}"}
API = Member(("shop",), "deployment", "api")
COMPONENTS = {"pay": Component("pay", "Payments", (API,))}


def placed(manifest: Manifest, namespace: str, name: str, **annotations: str) -> Manifest:
    """The same object elsewhere, annotated."""
    own: Manifest = {"namespace": namespace, "name": name, "uid": f"{namespace}/{name}"}
    noted = {f"k8s-heartbeat.io/{key}": value for key, value in annotations.items()}
    return {**manifest, "metadata": {**manifest["metadata"], **own, "annotations": noted}}


def namespace(name: str) -> Manifest:
    """A namespace."""
    return {
        "kind": "Namespace",
        "apiVersion": "v1",
        "metadata": {"name": name},
        "status": {"phase": "Active"},
    }


def targets(served: Service, path: str = TARGETS, query: str = "", **headers: str) -> Answer:
    """What is answered to one who says which host they want."""
    return ask(served, path=path, query=query, headers=headers or HOST)


def urls(answer: Answer) -> list[str]:
    """The URLs of an answer, as they are listed."""
    assert answer.status == 200, answer.body
    return [entry["labels"]["__param_target"] for entry in answer.json()]


def paths(answer: Answer) -> list[str]:
    """The paths of its URLs."""
    return [urlsplit(url).path for url in urls(answer)]


WORLD: Sequence[Manifest] = (
    namespace("shop"),
    namespace("bank"),
    namespace("empty"),
    placed(stateful_set(), "shop", "db"),
    placed(down(), "shop", "web"),
    placed(healthy(), "shop", "api"),
    placed(healthy(), "bank", "api"),
)


def test_each_workload_and_component_is_a_target() -> None:
    """With the labels that the metrics have, in an order that depends on nothing else."""
    answer = targets(service(*WORLD, components=COMPONENTS))
    assert (answer.status, answer.header("Content-Type")) == (200, "application/json")
    base = "http://heartbeat.example.com"
    assert answer.json()[0] == {
        "targets": [f"{base}/api/components/pay"],
        "labels": {
            "__param_target": f"{base}/api/components/pay",
            "namespace": "",
            "kind": "component",
            "name": "pay",
            "title": "Payments",
        },
    }
    assert answer.json()[1] == {
        "targets": [f"{base}/api/healthz/bank/deployment/api"],
        "labels": {
            "__param_target": f"{base}/api/healthz/bank/deployment/api",
            "namespace": "bank",
            "kind": "deployment",
            "name": "api",
        },
    }
    assert paths(answer)[2:] == [
        "/api/healthz/shop/deployment/api",
        "/api/healthz/shop/deployment/web",
        "/api/healthz/shop/statefulset/db",
    ]
    assert targets(service(*reversed(WORLD), components=COMPONENTS)).body == answer.body


def test_each_target_is_answered_by_the_service() -> None:
    """With the verdict on that very object."""
    rollout: Manifest = {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "Rollout",
        "metadata": metadata("roll"),
        "spec": {"replicas": 1},
        "status": {"observedGeneration": "1"},
    }
    node = {"apiVersion": "v1", "kind": "Node", "metadata": {"name": "one", "uid": "node"}}
    served = service(*WORLD, rollout, node, components=COMPONENTS)
    found = [*targets(served).json(), *targets(served, f"{TARGETS}/-", "kind=node").json()]
    assert len(found) == 7
    for entry in found:
        labels = entry["labels"]
        body = ask(served, path=urlsplit(str(labels["__param_target"])).path).json()
        assert (body["namespace"], body["name"]) == (labels["namespace"], labels["name"])
        assert labels["kind"].startswith(body["kind"].lower())
        assert body["status"] != "missing"
    assert "/api/healthz/shop/rollout.argoproj.io/roll" in str(found)
    assert "/api/healthz/-/node/one" in str(found)


def test_the_labels_are_strings_of_valid_names() -> None:
    """Prometheus refuses the whole list otherwise."""
    for entry in targets(service(*WORLD, components=COMPONENTS)).json():
        assert entry.keys() == {"targets", "labels"}
        for name, value in entry["labels"].items():
            assert name.isidentifier()
            assert isinstance(value, str)


def test_a_namespace_a_kind_and_a_selector_narrow_it() -> None:
    """Then there are no components: none of these says where one is."""
    served = service(*WORLD, components=COMPONENTS)
    assert paths(targets(served, f"{TARGETS}/bank")) == ["/api/healthz/bank/deployment/api"]
    assert paths(targets(served, f"{TARGETS}/bank/")) == ["/api/healthz/bank/deployment/api"]
    assert paths(targets(served, query="kind=sts")) == ["/api/healthz/shop/statefulset/db"]
    assert paths(targets(served, query="selector=a=b")) == []


def test_what_its_owner_ignores_is_no_target() -> None:
    """As it is no member of an aggregate."""
    served = service(namespace("shop"), placed(down(), "shop", "old", ignore="true"), healthy())
    assert paths(targets(served)) == ["/api/healthz/shop/deployment/api"]


def test_a_component_is_a_target_whatever_its_members_are() -> None:
    """One whose member is missing is not up, and has to be asked for the more."""
    assert paths(targets(service(components=COMPONENTS))) == ["/api/components/pay"]


@pytest.mark.parametrize("path", [TARGETS, f"{TARGETS}/empty"])
def test_nothing_is_an_empty_list_where_it_was_read(path: str) -> None:
    """Prometheus then drops its targets, as it should."""
    answer = targets(service(namespace("empty")), path)
    assert (answer.status, answer.body) == (200, b"[]")


def test_a_namespace_that_is_not_there_is_no_empty_list() -> None:
    """Prometheus keeps what it had, and the checks of that are 404."""
    served = service(*WORLD)
    assert targets(served, f"{TARGETS}/other").status == 404
    assert targets(served, f"{TARGETS}/Other").status == 400


@pytest.mark.parametrize(("failure", "code"), [(UPSTREAM, 502), (TIMEOUT, 504)])
@pytest.mark.parametrize("path", [TARGETS, f"{TARGETS}/shop"])
def test_what_cannot_be_read_is_an_error(failure: ReadError, code: int, path: str) -> None:
    """Prometheus keeps its list."""
    answer = targets(service(reader=FakeReader(failure=failure), components=COMPONENTS), path)
    assert (answer.status, answer.header("Content-Type")) == (code, "application/problem+json")


@pytest.mark.parametrize(
    ("reader", "code"),
    [
        ({"unread": {"CronJob": UPSTREAM}}, 502),
        ({"unread": {"CronJob": TIMEOUT}}, 504),
        ({"unread": {"CronJob": FORBIDDEN}}, 502),
        ({"truncated": ["CronJob"]}, 502),
    ],
    ids=["failed", "late", "forbidden", "cut"],
)
def test_a_list_that_is_not_whole_is_an_error(reader: dict[str, Any], code: int) -> None:
    """It would drop what could not be read; what can be read may be named."""
    served = service(reader=FakeReader(WORLD, **reader), components=COMPONENTS)
    answer = targets(served)
    assert answer.status == code
    assert "cronjobs" in answer.json()["detail"]
    assert "kind=deploy,sts" in answer.json()["detail"]
    assert len(urls(targets(served, query="kind=deploy,sts"))) == 4


def test_a_service_that_is_refused_everything_lists_not_even_components() -> None:
    """What it is refused now it may have been allowed when Prometheus asked before."""
    assert targets(service(reader=FakeReader(failure=FORBIDDEN))).status == 404
    served = service(reader=FakeReader(failure=FORBIDDEN), components=COMPONENTS)
    assert targets(served).status == 404


def test_a_caller_finds_what_they_see() -> None:
    """And learns nothing of the rest."""

    def found(**scope: Any) -> Answer:
        served = service(*WORLD, contract=guarding(caller(**scope)), components=COMPONENTS)
        return targets(served, **BEARER)

    none: frozenset[str] = frozenset()
    assert len(urls(found())) == 5
    bank = found(namespaces=frozenset({"bank"}), components=none)
    assert paths(bank) == ["/api/healthz/bank/deployment/api"]
    pay = found(namespaces=none, components=frozenset({"pay"}))
    assert paths(pay) == ["/api/components/pay"]
    assert found(namespaces=none, components=none).status == 404
    assert targets(service(*WORLD, contract=guarding(caller()))).status == 401


def test_no_token_is_in_it() -> None:
    """Wherever the caller carried it."""
    served = service(*WORLD, contract=guarding(caller()), components=COMPONENTS)
    answer = targets(served, query=f"token={TOKEN}&for=2m&x={TOKEN}")
    assert len(urls(answer)) == 5
    assert TOKEN.encode() not in answer.body
    assert TOKEN not in str(answer.headers)


def test_what_decides_an_answer_is_passed_on_to_each_check() -> None:
    """And nothing else; what is wrong is refused here, not by each check."""
    query = "for=2m&fail_on=degraded&min=50%25&code=200&kind=deploy&cb=7&explain=true"
    found = urls(targets(service(*WORLD), query=query))
    assert {urlsplit(url).query for url in found} == {"code=200&fail_on=degraded&for=2m&min=50%25"}
    for wrong in ("for=x", "failon=degraded", "min=0", "code=503"):
        assert targets(service(*WORLD), query=wrong).status == 400


def test_head_is_get_without_a_body() -> None:
    """Same code, same headers."""
    served = service(*WORLD)
    got, headed = (ask(served, method, TARGETS, headers=HOST) for method in ("GET", "HEAD"))
    assert (headed.status, headed.body) == (200, b"")
    assert got.header("Content-Length") == headed.header("Content-Length")


def base(served: Service, path: str = TARGETS, **headers: str) -> str:
    """What stands before the path of an API server's only Deployment."""
    (url,) = urls(ask(served, path=path, headers=headers))
    return url.removesuffix("/api/healthz/shop/deployment/api")


@pytest.mark.parametrize(
    "host",
    ["heartbeat.example.com", "127.0.0.1:8080", "[2001:db8::1]:8080", "a_b.svc", "LOCALHOST"],
)
def test_the_url_is_that_of_the_request(host: str) -> None:
    """Whoever reaches it so reaches its checks so."""
    assert base(service(healthy()), Host=host) == f"http://{host}"


@pytest.mark.parametrize(
    "host",
    ["", "a b", "a/b", "a@b", "a?b", "a#b", "a%2f", 'a"b', "a:b", "a:123456", "x" * 254, "[1", "ä"],
)
def test_a_host_that_is_none_is_refused(host: str) -> None:
    """Before anything is read; it says what to do."""
    served = service(healthy())
    answer = ask(served, path=TARGETS, headers={"Host": host})
    assert (answer.status, served.reader.calls) == (400, 0)
    assert "HEARTBEAT_URL" in answer.json()["detail"]


def test_a_proxy_says_how_it_was_reached_only_where_it_is_trusted() -> None:
    """Its nearest word counts, for it may pass on a client's."""
    said = {
        "Host": "10.0.0.7",
        "X-Forwarded-Proto": "http, https",
        "X-Forwarded-Host": "evil.example, heartbeat.example.com",
    }
    assert base(service(healthy()), **said) == "http://10.0.0.7"
    for network, found in (
        ("192.0.2.0/24", "https://heartbeat.example.com"),
        ("198.51.100.0/24", "http://10.0.0.7"),
    ):
        served = service(healthy(), trusted_proxies=(ip_network(network),))
        assert base(served, **said) == found
    served = service(healthy(), trusted_proxies=(ip_network("192.0.2.0/24"),))
    for wrong in ({"X-Forwarded-Proto": "javascript"}, {"X-Forwarded-Host": "a b"}):
        assert ask(served, path=TARGETS, headers={**said, **wrong}).status == 400


@pytest.mark.parametrize(
    ("url", "prefix", "found"),
    [
        ("", "/hb", "http://heartbeat.example.com/hb"),
        ("https://hb.example", "", "https://hb.example"),
        ("https://hb.example", "/hb", "https://hb.example/hb"),
        ("https://hb.example/hb", "/hb", "https://hb.example/hb"),
        ("https://hb.example/ops", "", "https://hb.example/ops"),
    ],
)
def test_the_url_may_be_set(url: str, prefix: str, found: str) -> None:
    """The prefix of all paths is in it once, and then no Host counts."""
    served = service(healthy(), url=url, base_path=prefix)
    assert base(served, f"{prefix}{TARGETS}", **HOST) == found
    if url:
        assert base(served, f"{prefix}{TARGETS}", Host="a b") == found


def test_a_fleet_is_listed_whole() -> None:
    """Not the first five hundred."""
    many = [placed(deployment(), "shop", f"web-{number}") for number in range(1200)]
    assert len(urls(targets(service(namespace("shop"), *many)))) == 1200
