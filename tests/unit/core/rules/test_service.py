"""The rule of the Service, and that of its EndpointSlices."""

from __future__ import annotations

import pytest

from k8s_heartbeat.core import assess
from k8s_heartbeat.core.kinds import ENDPOINT_SLICE
from k8s_heartbeat.core.related import RelatedObjects
from k8s_heartbeat.core.subject import Subject
from tests.builders import NOW, Manifest, before, condition, event, metadata, owner


def service(
    *,
    type_: str = "ClusterIP",
    selector: object = "api",
    address: str = "",
    uid: str = "svc",
    ports: int = 1,
    created: str = "",
) -> Manifest:
    """A Service `web`."""
    spec: Manifest = {"type": type_, "ports": [{"name": "http", "port": 80}] * ports}
    if selector is not None:
        spec["selector"] = {"app": selector} if selector == "api" else selector
    balancer = {"ingress": [{"ip": address}]} if address else {}
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": metadata("web", uid=uid, created=created),
        "spec": spec,
        "status": {"loadBalancer": balancer},
    }


def endpoint(
    ready: object = True, address: str | None = "10.0.0.1", **conditions: object
) -> Manifest:
    """One endpoint; `ready="absent"` leaves the condition out."""
    stated = {} if ready == "absent" else {"ready": ready}
    return {
        "addresses": [] if address is None else [address],
        "conditions": stated | conditions,
    }


def endpoint_slice(
    *endpoints: object,
    name: str = "web-1",
    family: str = "IPv4",
    service_name: object = "web",
    namespace: str = "shop",
    owned_by: str = "",
    ports: object = ({"name": "http", "port": 8080},),
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
        "ports": ports,
    }


def endpoints_object(*ready: str, waiting: int = 0) -> Manifest:
    """The Endpoints object `web` of an older cluster."""
    subset: Manifest = {
        "addresses": [{"ip": address} for address in ready],
        "notReadyAddresses": [{"ip": f"10.0.1.{number}"} for number in range(waiting)],
        "ports": [{"name": "http", "port": 8080}],
    }
    return {
        "apiVersion": "v1",
        "kind": "Endpoints",
        "metadata": metadata("web"),
        "subsets": [subset] if ready or waiting else None,
    }


def test_one_ready_endpoint_is_enough() -> None:
    """Whoever calls the Service gets an answer."""
    slices = [endpoint_slice(endpoint(False), endpoint(True, "10.0.0.2"))]
    verdict = assess(service(), related=slices, now=NOW)
    assert (verdict.health, verdict.activity, verdict.up) == ("healthy", "steady", True)
    assert (verdict.reason, verdict.sentence) == ("EndpointsReady", "1 of 2 endpoints are ready")


NO_POD = "its selector matches no running pod"


@pytest.mark.parametrize(
    ("slices", "why"),
    [
        pytest.param([endpoint_slice()], NO_POD, id="no endpoints"),
        pytest.param([endpoint_slice() | {"endpoints": None}], NO_POD, id="null"),
        pytest.param(
            [endpoint_slice(endpoint(False), endpoint(False, "10.0.0.2"))],
            "0 of 2 pods are ready",
            id="none is ready",
        ),
        pytest.param([endpoint_slice(endpoint("true"))], "0 of 1 pods are ready", id="an odd word"),
        pytest.param([endpoint_slice(endpoint(address=None))], NO_POD, id="no address"),
        pytest.param([endpoint_slice("odd"), endpoint_slice()], NO_POD, id="odd endpoints"),
        pytest.param(
            [endpoint_slice(endpoint(True, serving=False))],
            "0 of 1 pods are ready",
            id="it publishes what is not ready",
        ),
        pytest.param(
            [endpoint_slice(endpoint(False, serving=False, terminating=True))],
            "0 of 1 pods are ready",
            id="on its way out and serving no more",
        ),
    ],
)
def test_no_ready_endpoint_is_down(slices: list[Manifest], why: str) -> None:
    """Nobody answers behind it."""
    verdict = assess(service(), related=slices, now=NOW)
    assert (verdict.health, verdict.activity, verdict.up) == ("down", "steady", False)
    assert (verdict.reason, verdict.sentence) == ("NoReadyEndpoints", f"0 ready endpoints: {why}")


def test_what_serves_until_it_is_gone_is_degraded() -> None:
    """Where nothing else is left, kube-proxy sends to endpoints that terminate and still serve."""
    leaving = endpoint(False, serving=True, terminating=True)
    verdict = assess(service(), related=[endpoint_slice(leaving)], now=NOW)
    assert (verdict.health, verdict.up, verdict.reason) == (
        "degraded",
        True,
        "EndpointsTerminating",
    )
    assert verdict.sentence == "1 of 1 endpoints serve, all of them terminating"
    staying = endpoint(True, "10.0.0.2", serving=True)
    verdict = assess(service(), related=[endpoint_slice(leaving, staying)], now=NOW)
    assert (verdict.health, verdict.sentence) == ("healthy", "2 ready endpoints")


@pytest.mark.parametrize("ports", [None, [], ()])
def test_a_slice_without_ports_serves_nobody(ports: object) -> None:
    """No pod has a port of the name that the Service asks for."""
    slices = [endpoint_slice(endpoint(), ports=ports)]
    verdict = assess(service(), related=slices, now=NOW)
    assert (verdict.health, verdict.up, verdict.reason) == ("down", False, "NoPorts")
    assert "targetPort" in verdict.message
    by_hand = assess(service(selector=None), related=slices, now=NOW)
    assert (by_hand.health, by_hand.message) == ("down", "its EndpointSlices have no ports")
    # One that has no ports itself, such as a headless one, asks for none.
    assert assess(service(ports=0), related=slices, now=NOW).health == "healthy"
    slices.append(endpoint_slice(endpoint(True, "10.0.0.2"), name="web-2"))
    verdict = assess(service(), related=slices, now=NOW)
    assert (verdict.health, verdict.sentence) == ("healthy", "1 of 2 endpoints are ready")


@pytest.mark.parametrize("selector", [None, {}])
def test_a_service_without_a_selector_is_judged_by_slices_made_by_hand(selector: object) -> None:
    """Whoever made them says whether they serve."""
    manifest = service(selector=selector)
    good = assess(manifest, related=[endpoint_slice(endpoint("absent"))], now=NOW)
    assert (good.health, good.reason) == ("healthy", "EndpointsReady")
    bad = assess(manifest, related=[endpoint_slice(endpoint(False))], now=NOW)
    assert (bad.health, bad.message) == ("down", "0 ready endpoints: 0 of 1 endpoints are ready")
    none = assess(manifest, related=RelatedObjects(whole=(ENDPOINT_SLICE,)), now=NOW)
    assert (none.health, none.up, none.reason) == ("unknown", False, "NoEndpointSlices")
    assert "no selector" in none.message


@pytest.mark.parametrize(
    ("found", "health", "message"),
    [
        (endpoints_object("10.0.0.1"), "healthy", "1 ready endpoint"),
        (endpoints_object("10.0.0.1", waiting=1), "healthy", "1 of 2 endpoints are ready"),
        (endpoints_object(waiting=2), "down", "0 ready endpoints: 0 of 2 pods are ready"),
        (endpoints_object(), "down", f"0 ready endpoints: {NO_POD}"),
    ],
)
def test_an_older_clusters_endpoints_do_where_there_are_no_slices(
    found: Manifest, health: str, message: str
) -> None:
    """The object of the same name in the same namespace."""
    verdict = assess(service(), related=[found], now=NOW)
    assert (verdict.health, verdict.sentence) == (health, message)
    for other in ({"name": "other"}, {"namespace": "other"}):
        foreign = {**found, "metadata": {**found["metadata"], **other}}
        assert assess(service(), related=[foreign], now=NOW).reason == "EvidenceUnread"
    # Slices go before it.
    slices = [found, endpoint_slice(endpoint(False))]
    assert assess(service(), related=slices, now=NOW).health == "down"


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
    assert assess(service(), related=slices, now=NOW).sentence == "3 ready endpoints"
    assert assess(service(), related=slices[::-1], now=NOW).sentence == "3 ready endpoints"


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
    around = RelatedObjects([foreign], whole=(ENDPOINT_SLICE,))
    verdict = assess(service(), related=around, now=NOW)
    assert (verdict.health, verdict.up, verdict.reason) == ("unknown", False, "NoEndpointSlices")
    assert "kubernetes.io/service-name" in verdict.sentence


def test_a_slice_that_it_controls_belongs_to_it() -> None:
    """Whatever its labels say."""
    mine = endpoint_slice(endpoint(), service_name="other", owned_by="svc")
    around = RelatedObjects([mine], whole=(ENDPOINT_SLICE,))
    assert assess(service(), related=around, now=NOW).health == "healthy"
    assert assess(service(uid=""), related=around, now=NOW).health == "unknown"


def test_a_service_without_a_name_owns_no_slices() -> None:
    """Nor those that have no label."""
    nameless, unlabelled = service(uid=""), endpoint_slice(endpoint(), service_name="")
    nameless["metadata"]["name"] = ""
    assert assess(nameless, related=[unlabelled], now=NOW).health == "unknown"


@pytest.mark.parametrize("selector", [None, "api"])
def test_a_service_that_is_another_name_is_well(selector: object) -> None:
    """Its endpoints are somebody else's, and nothing is read of them."""
    manifest = service(type_="ExternalName", selector=selector)
    verdict = assess(manifest, related=[endpoint_slice()], now=NOW)
    assert (verdict.health, verdict.activity, verdict.up) == ("healthy", "steady", True)
    assert verdict.reason == "ExternalName"
    assert Subject.of(manifest).evidence == ()


@pytest.mark.parametrize(
    ("slices", "health", "reason"),
    [
        ([endpoint_slice(endpoint())], "degraded", "LoadBalancerPending"),
        ([endpoint_slice()], "down", "NoReadyEndpoints"),
        ([], "unknown", "NoEndpointSlices"),
    ],
)
def test_a_load_balancer_that_never_gets_an_address_is_no_good_news(
    slices: list[Manifest], health: str, reason: str
) -> None:
    """What serves within the cluster goes on doing so."""
    manifest = service(type_="LoadBalancer", created=before(days=4))
    failed = event("svc", "SyncLoadBalancerFailed", kind="Service", message="quota", name="web")
    around = RelatedObjects([*slices, failed], whole=(ENDPOINT_SLICE,))
    verdict = assess(manifest, related=around, now=NOW)
    assert (verdict.health, verdict.activity, verdict.reason) == (health, "steady", reason)
    assert "its load balancer has had no address for 4d; SyncLoadBalancerFailed: quota" in (
        verdict.sentence
    )
    assert [cause.reason for cause in verdict.causes] == ["SyncLoadBalancerFailed"]


def test_what_is_stated_of_a_load_balancer_is_a_cause() -> None:
    """By Kubernetes, of its ports, and by others, of what it asks for."""
    manifest = service(type_="LoadBalancer")
    manifest["status"]["conditions"] = [
        condition("LoadBalancerPortsError", "True", "PortsTaken"),
        condition("cilium.io/IPAMRequestSatisfied", "False", "no_pool"),
        condition("example.com/novel", "False", "fine"),
    ]
    verdict = assess(manifest, related=[endpoint_slice(endpoint())], now=NOW)
    assert [cause.reason for cause in verdict.causes] == ["PortsTaken", "no_pool"]


@pytest.mark.parametrize(
    ("slices", "health", "reason"),
    [
        ([endpoint_slice(endpoint())], "healthy", "LoadBalancerPending"),
        ([endpoint_slice()], "down", "NoReadyEndpoints"),
        ([], "unknown", "NoEndpointSlices"),
    ],
)
def test_a_load_balancer_without_an_address_is_on_its_way(
    slices: list[Manifest], health: str, reason: str
) -> None:
    """That alone is no failure, and it hides none."""
    around = RelatedObjects(slices, whole=(ENDPOINT_SLICE,))
    verdict = assess(service(type_="LoadBalancer"), related=around, now=NOW)
    assert (verdict.health, verdict.activity, verdict.reason) == (health, "progressing", reason)
    assert verdict.sentence.endswith(", its load balancer has no address yet")
    placed = assess(service(type_="LoadBalancer", address="192.0.2.1"), related=around, now=NOW)
    assert (placed.health, placed.activity) == (health, "steady")


@pytest.mark.parametrize("selector", ["app=api", ["app"], True, 0])
def test_a_selector_that_is_none_is_named(selector: object) -> None:
    """The verdict rests on whether there is one."""
    manifest = service()
    manifest["spec"]["selector"] = selector
    verdict = assess(manifest, now=NOW)
    assert (verdict.health, verdict.reason) == ("unknown", "Malformed")
    assert verdict.sentence == 'spec.selector is not an object of labels, such as {"app": "api"}'


def test_its_slices_are_asked_for() -> None:
    """By the label that bears its name."""
    (evidence,) = Subject.of(service()).evidence
    query = evidence.query()
    assert (query.kind.kind, query.namespace, query.name) == ("EndpointSlice", "shop", "")
    assert str(query.selector) == "kubernetes.io/service-name=web"


@pytest.mark.parametrize("type_", ["ClusterIP", "LoadBalancer"])
def test_without_its_slices_nothing_is_known_of_it(type_: str) -> None:
    """Slices that were not given are not none."""
    verdict = assess(service(type_=type_), now=NOW)
    assert (verdict.health, verdict.up, verdict.reason) == ("unknown", False, "EvidenceUnread")
    assert verdict.sentence.endswith(": endpointslices: not in the input")
    assert [(cause.reason, cause.kind) for cause in verdict.causes] == [
        ("NotGiven", "EndpointSlice")
    ]


def test_a_slice_itself_is_not_judged() -> None:
    """It has no status, and neither has an Endpoints object."""
    assert assess(endpoints_object(), now=NOW).reason == "Exists"
    verdict = assess(endpoint_slice(), now=NOW)
    assert (verdict.health, verdict.activity, verdict.reason) == ("healthy", "steady", "Exists")
