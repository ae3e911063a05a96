"""The rule of the Service, and that of its EndpointSlices."""

from __future__ import annotations

import pytest

from k8s_heartbeat.core import RULES, assess
from k8s_heartbeat.core.check import evidence_queries
from tests.builders import NOW, Manifest, metadata, owner


def service(
    *, type_: str = "ClusterIP", selector: object = "api", address: str = "", uid: str = "svc"
) -> Manifest:
    """A Service `web`."""
    spec: Manifest = {"type": type_}
    if selector is not None:
        spec["selector"] = {"app": selector} if selector == "api" else selector
    balancer = {"ingress": [{"ip": address}]} if address else {}
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": metadata("web", uid=uid),
        "spec": spec,
        "status": {"loadBalancer": balancer},
    }


def endpoint(ready: object = True, address: str | None = "10.0.0.1") -> Manifest:
    """One endpoint; `ready="absent"` leaves the condition out."""
    return {
        "addresses": [] if address is None else [address],
        "conditions": {} if ready == "absent" else {"ready": ready},
    }


def endpoint_slice(
    *endpoints: object,
    name: str = "web-1",
    family: str = "IPv4",
    service_name: object = "web",
    namespace: str = "shop",
    owned_by: str = "",
) -> Manifest:
    """An EndpointSlice of the Service `web`."""
    meta = metadata(
        name,
        labels={"kubernetes.io/service-name": service_name},
        owners=[owner(owned_by, kind="Service")] if owned_by else [],
    )
    return {
        "apiVersion": "discovery.k8s.io/v1",
        "kind": "EndpointSlice",
        "metadata": {**meta, "namespace": namespace},
        "addressType": family,
        "endpoints": list(endpoints),
    }


def test_one_ready_endpoint_is_enough() -> None:
    """Whoever calls the Service gets an answer."""
    slices = [endpoint_slice(endpoint(False), endpoint(True, "10.0.0.2"))]
    verdict = assess(service(), related=slices, now=NOW)
    assert (verdict.health, verdict.activity, verdict.up) == ("healthy", "steady", True)
    assert (verdict.reason, verdict.message) == ("EndpointsReady", "1 ready endpoint")


@pytest.mark.parametrize(
    "slices",
    [
        pytest.param([endpoint_slice()], id="no endpoints"),
        pytest.param([endpoint_slice() | {"endpoints": None}], id="null"),
        pytest.param([endpoint_slice(endpoint(False), endpoint(False))], id="none is ready"),
        pytest.param([endpoint_slice(endpoint("true"))], id="an odd word"),
        pytest.param([endpoint_slice(endpoint(address=None))], id="no address"),
        pytest.param([endpoint_slice("odd"), endpoint_slice()], id="odd endpoints"),
    ],
)
def test_no_ready_endpoint_is_down(slices: list[Manifest]) -> None:
    """Nobody answers behind it."""
    verdict = assess(service(), related=slices, now=NOW)
    assert (verdict.health, verdict.activity, verdict.up) == ("down", "steady", False)
    assert (verdict.reason, verdict.message) == ("NoReadyEndpoints", "0 ready endpoints")


@pytest.mark.parametrize("ready", [None, "absent"])
def test_what_is_not_stated_counts_as_ready(ready: object) -> None:
    """The API says so."""
    verdict = assess(service(), related=[endpoint_slice(endpoint(ready))], now=NOW)
    assert verdict.health == "healthy"


def test_endpoints_are_counted_once() -> None:
    """Of slices for several ports and of both address families, each endpoint counts once."""
    slices = [
        endpoint_slice(endpoint(), endpoint(True, "10.0.0.2"), endpoint(False, "10.0.0.3")),
        endpoint_slice(endpoint(), endpoint(True, "10.0.0.3"), name="web-2"),
        endpoint_slice(endpoint(True, "fd00::1"), name="web-3", family="IPv6"),
    ]
    assert assess(service(), related=slices, now=NOW).message == "3 ready endpoints"
    assert assess(service(), related=slices[::-1], now=NOW).message == "3 ready endpoints"


@pytest.mark.parametrize(
    "foreign",
    [
        endpoint_slice(endpoint(), service_name="other"),
        endpoint_slice(endpoint(), namespace="other"),
        endpoint_slice(endpoint(), service_name=["web"]),
        endpoint_slice(endpoint(), service_name="other", owned_by="other"),
        {**endpoint_slice(endpoint()), "kind": "Endpoints"},
    ],
)
def test_slices_of_others_tell_nothing(foreign: Manifest) -> None:
    """Only those with its name in its namespace, or controlled by it."""
    verdict = assess(service(), related=[foreign], now=NOW)
    assert (verdict.health, verdict.up, verdict.reason) == ("unknown", False, "EndpointsUnread")
    assert "kubernetes.io/service-name" in verdict.message


def test_a_slice_that_it_controls_belongs_to_it() -> None:
    """Whatever its labels say."""
    mine = endpoint_slice(endpoint(), service_name="other", owned_by="svc")
    assert assess(service(), related=[mine], now=NOW).health == "healthy"
    assert assess(service(uid=""), related=[mine], now=NOW).health == "unknown"


def test_a_service_without_a_name_owns_no_slices() -> None:
    """Nor those that have no label."""
    nameless, unlabelled = service(uid=""), endpoint_slice(endpoint(), service_name="")
    nameless["metadata"]["name"] = ""
    assert assess(nameless, related=[unlabelled], now=NOW).health == "unknown"


@pytest.mark.parametrize(
    ("manifest", "reason"),
    [
        (service(selector=None), "NoSelector"),
        (service(selector={}), "NoSelector"),
        (service(type_="ExternalName", selector=None), "ExternalName"),
        (service(type_="ExternalName"), "ExternalName"),
        (service(type_="LoadBalancer", selector=None, address="192.0.2.1"), "NoSelector"),
    ],
)
def test_a_service_that_selects_nothing_is_well(manifest: Manifest, reason: str) -> None:
    """Its endpoints are somebody else's, and nothing is read of them."""
    verdict = assess(manifest, related=[endpoint_slice()], now=NOW)
    assert (verdict.health, verdict.activity, verdict.up) == ("healthy", "steady", True)
    assert verdict.reason == reason
    assert evidence_queries(RULES.find("Service", "v1"), manifest) == []


@pytest.mark.parametrize(
    ("slices", "health", "reason"),
    [
        ([endpoint_slice(endpoint())], "healthy", "LoadBalancerPending"),
        ([endpoint_slice()], "down", "NoReadyEndpoints"),
        ([], "unknown", "EndpointsUnread"),
    ],
)
def test_a_load_balancer_without_an_address_is_on_its_way(
    slices: list[Manifest], health: str, reason: str
) -> None:
    """That alone is no failure, and it hides none."""
    verdict = assess(service(type_="LoadBalancer"), related=slices, now=NOW)
    assert (verdict.health, verdict.activity, verdict.reason) == (health, "progressing", reason)
    assert verdict.message.endswith(", its load balancer has no address yet")
    placed = assess(service(type_="LoadBalancer", address="192.0.2.1"), related=slices, now=NOW)
    assert (placed.health, placed.activity) == (health, "steady")


@pytest.mark.parametrize("selector", ["app=api", ["app"], True, 0])
def test_a_selector_that_is_none_is_named(selector: object) -> None:
    """The verdict rests on whether there is one."""
    manifest = service()
    manifest["spec"]["selector"] = selector
    verdict = assess(manifest, now=NOW)
    assert (verdict.health, verdict.reason) == ("unknown", "Malformed")
    assert verdict.message == 'spec.selector is not an object of labels, such as {"app": "api"}'


def test_its_slices_are_asked_for() -> None:
    """By the label that bears its name."""
    (query,) = evidence_queries(RULES.find("Service", "v1"), service())
    assert (query.kind.kind, query.namespace, query.name) == ("EndpointSlice", "shop", "")
    assert str(query.selector) == "kubernetes.io/service-name=web"


def test_a_slice_itself_is_not_judged() -> None:
    """It has no status: to exist is all."""
    verdict = assess(endpoint_slice(), now=NOW)
    assert (verdict.health, verdict.activity, verdict.reason) == ("healthy", "steady", "Exists")
