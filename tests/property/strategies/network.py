"""Services with their EndpointSlices, and Ingresses."""

from __future__ import annotations

from functools import cache

from hypothesis import strategies as st

from tests.builders import Manifest

from .pieces import Some, conditions, optional, partial, thing, words

__all__ = ["endpoint_slices", "endpoints", "ingresses", "services", "slices"]

ADDRESSES = st.lists(
    st.one_of(
        st.just({"ip": "192.0.2.1"}),
        st.just({"hostname": "lb.example.com"}),
        st.just({"ip": "", "hostname": ""}),
        st.builds(Manifest),
    ),
    max_size=2,
)
"""What a load balancer's status holds."""


@cache
def services() -> Some:
    """Services of every type, with and without a selector."""
    return thing(
        "Service",
        "v1",
        spec=partial(
            {"selector": st.sampled_from([*[{"app": "api"}] * 6, {"x": "y"}, {}, None])},
            optional={
                "type": words("ClusterIP", "NodePort", "LoadBalancer", "ClusterIP", "ExternalName"),
                "clusterIP": words("None", "10.0.0.1"),
                "ports": st.sampled_from(
                    [[{"name": "http", "port": 80}], [{"port": 80}], [], None]
                ),
            },
        ),
        status=optional(
            loadBalancer=optional(ingress=ADDRESSES),
            conditions=conditions("LoadBalancerPortsError", "cilium.io/IPAMRequestSatisfied"),
        ),
    )


@cache
def ingresses() -> Some:
    """Ingresses with and without addresses."""
    return thing(
        "Ingress",
        "networking.k8s.io/v1",
        spec=optional(ingressClassName=words("nginx")),
        status=optional(loadBalancer=optional(ingress=ADDRESSES)),
    )


@cache
def endpoints() -> Some:
    """Endpoints in every condition, the ones that are not stated among them."""
    return partial(
        {"addresses": st.sampled_from([["10.0.0.1"], ["10.0.0.1", "10.0.0.2"], ["10.0.0.3"], []])},
        optional={
            "conditions": optional(
                ready=st.one_of(st.none(), st.booleans()),
                serving=st.booleans(),
                terminating=st.booleans(),
            )
        },
    )


@cache
def endpoint_slices() -> Some:
    """EndpointSlices of any Service."""
    return thing(
        "EndpointSlice",
        "discovery.k8s.io/v1",
        addressType=words("IPv4", "IPv6", "FQDN"),
        endpoints=st.one_of(
            st.lists(endpoints(), min_size=1, max_size=2),
            st.lists(endpoints(), min_size=1, max_size=2),
            st.sampled_from([None, []]),
        ),
        ports=st.sampled_from([*[[{"name": "http", "port": 8080}]] * 4, [{"port": 1}], [], None]),
    )


@st.composite
def slices(draw: st.DrawFn, service: Manifest) -> list[Manifest]:
    """EndpointSlices, of which most are this Service's: by label, by owner, or by both."""
    found = [draw(endpoint_slices()) for _ in range(draw(st.sampled_from([1, 2, 0])))]
    name, uid = service["metadata"]["name"], service["metadata"]["uid"]
    for number, entry in enumerate(found):
        meta = entry["metadata"]
        meta |= {"name": f"{name}-{number}", "uid": f"slice-{number}"}
        meta["labels"] = {"kubernetes.io/service-name": draw(st.sampled_from([name, "web"]))}
        owner = draw(st.sampled_from([uid, "stranger"]))
        meta["ownerReferences"] = [{"uid": owner, "kind": "Service", "controller": True}]
    return found
