"""networking.k8s.io/v1 Ingress.

Source: the API's IngressStatus (k8s.io/api/networking/v1/types.go): the load balancer's addresses,
which the ingress controllers write, are all that it states.
"""

from __future__ import annotations

from ..assessment import Activity, Health
from ..fields import mapping, mappings, said
from ..kinds import Kind
from ..model import Metadata, Source, record
from ..waiting import has_waited
from ..wording import listed
from .rule import Context, Rule
from .verdict import Verdict

__all__ = ["INGRESS_RULE"]


@record
class Ingress:
    """A networking.k8s.io/v1 Ingress."""

    meta: Metadata
    addresses: list[str]
    """In an order of their own."""


def _read(source: Source) -> Ingress:
    balancer = mapping(source.status.get("loadBalancer"))
    entries = mappings(balancer.get("ingress"))
    found = {said(entry.get("ip")) or said(entry.get("hostname")) for entry in entries}
    return Ingress(source.meta, sorted(found - {""}))


def _judge(ingress: Ingress, context: Context) -> Verdict:
    """Always healthy; progressing until its controller has given it an address.

    Many controllers never write one, so its absence is no failure: it is progressing no longer than
    the policy allows.
    """
    if not ingress.addresses:
        age = has_waited(context.now, context.policy.waiting_after, ingress.meta.created)
        message = f"it has had no address for {age}" if age else "it has no address yet"
        activity = Activity.STEADY if age else Activity.PROGRESSING
        return Verdict(Health.HEALTHY, activity, True, "AddressPending", message)
    message = f"its address is {listed(ingress.addresses)}"
    return Verdict(Health.HEALTHY, Activity.STEADY, True, "AddressAssigned", message)


INGRESS_RULE = Rule(
    Kind("Ingress", "ingresses", "networking.k8s.io", "v1", ("ing",)),
    _judge,
    _read,
    fields=("status.loadBalancer.ingress",),
    groups=frozenset({"extensions"}),
)
