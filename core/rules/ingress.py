"""networking.k8s.io/v1 Ingress.

Source: the API's IngressStatus (k8s.io/api/networking/v1/types.go): the load balancer's addresses,
which the ingress controllers write, are all that it states.
"""

from __future__ import annotations

from ..assessment import Activity, Health
from ..fields import mapping, mappings, said
from ..kinds import Kind
from ..model import Source
from ..wording import listed
from .rule import Context, Rule
from .verdict import Verdict

__all__ = ["INGRESS_RULE"]


def _read(source: Source) -> list[str]:
    """The addresses, in an order of their own."""
    balancer = mapping(source.status.get("loadBalancer"))
    entries = mappings(balancer.get("ingress"))
    found = {said(entry.get("ip")) or said(entry.get("hostname")) for entry in entries}
    return sorted(found - {""})


def _judge(addresses: list[str], context: Context) -> Verdict:
    """Always healthy; progressing until its controller has given it an address.

    Many controllers never write one, so that its absence is no failure.
    """
    if not addresses:
        message = "it has no address yet"
        return Verdict(Health.HEALTHY, Activity.PROGRESSING, True, "AddressPending", message)
    message = f"its address is {listed(addresses)}"
    return Verdict(Health.HEALTHY, Activity.STEADY, True, "AddressAssigned", message)


INGRESS_RULE = Rule(
    Kind("Ingress", "ingresses", "networking.k8s.io", "v1", ("ing",)),
    _judge,
    _read,
    fields=("status.loadBalancer.ingress",),
    groups=frozenset({"extensions"}),
)
