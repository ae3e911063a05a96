"""The rule of the Ingress."""

from __future__ import annotations

import pytest

from k8s_heartbeat.core import RULES, Kind, assess
from tests.builders import NOW, Manifest, metadata


def ingress(balancer: object, api_version: str = "networking.k8s.io/v1") -> Manifest:
    """An Ingress with this `status.loadBalancer`."""
    return {
        "apiVersion": api_version,
        "kind": "Ingress",
        "metadata": metadata("shop", generation=1),
        "spec": {"ingressClassName": "nginx"},
        "status": {"loadBalancer": balancer},
    }


@pytest.mark.parametrize(
    ("balancer", "message"),
    [
        pytest.param({"ingress": [{"ip": "10.0.0.1"}]}, "its address is 10.0.0.1", id="an IP"),
        pytest.param({"ingress": [{"hostname": "lb.test"}]}, "its address is lb.test", id="a name"),
        pytest.param(
            {
                "ingress": [
                    {"ip": "10.0.0.2"},
                    {"ip": ""},
                    None,
                    {"ip": "10.0.0.1", "hostname": "x"},
                ]
            },
            "its address is 10.0.0.1, 10.0.0.2",
            id="several in any order",
        ),
    ],
)
def test_an_ingress_with_an_address_is_steady(balancer: object, message: str) -> None:
    """Its addresses are told, whatever stands beside them."""
    verdict = assess(ingress(balancer), now=NOW)
    assert (verdict.health, verdict.activity, verdict.up) == ("healthy", "steady", True)
    assert (verdict.reason, verdict.message) == ("AddressAssigned", message)


@pytest.mark.parametrize("balancer", [{}, None, [], {"ingress": None}, {"ingress": [{"ip": 7}]}])
@pytest.mark.parametrize("api_version", ["networking.k8s.io/v1", "extensions/v1beta1"])
def test_an_ingress_without_an_address_is_progressing(balancer: object, api_version: str) -> None:
    """An empty address is never a failure."""
    verdict = assess(ingress(balancer, api_version), now=NOW)
    assert (verdict.health, verdict.activity, verdict.up) == ("healthy", "progressing", True)
    assert (verdict.reason, verdict.message) == ("AddressPending", "it has no address yet")


def test_how_it_is_called_and_what_is_read_of_it() -> None:
    """Its names and scope are those that kubectl prints; readers keep what its rule names."""
    rule = RULES.own("Ingress", "networking.k8s.io/v1")
    assert rule is not None
    assert rule.kind == Kind("Ingress", "ingresses", "networking.k8s.io", "v1", ("ing",))
    assert {*rule.fields} == {"status.loadBalancer.ingress"}
