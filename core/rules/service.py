"""v1 Service, and the discovery.k8s.io/v1 EndpointSlices that it is judged by.

Source: the API's EndpointConditions and EndpointPort (k8s.io/api/discovery/v1/types.go), the
endpoints that kube-proxy chooses from (kubernetes/pkg/proxy/topology.go) and the Service concept in
Kubernetes' documentation (concepts/services-networking/service).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from ..assessment import Activity, Health, worst
from ..fields import (
    CONDITIONS,
    EMPTY,
    FieldError,
    conditions_of,
    is_mapping,
    items,
    mapping,
    mappings,
    strings,
    text,
)
from ..kinds import ENDPOINT_SLICE, Kind
from ..model import Conditions, Manifest, Metadata, Source, record
from ..related import RelatedObjects
from ..selectors import LabelSelector, Requirement
from ..waiting import has_waited
from .condition_view import as_cause
from .rule import Context, Evidence, Rule
from .verdict import Verdict

__all__ = ["ENDPOINTS_RULE", "ENDPOINT_SLICE_RULE", "SERVICE_RULE", "Service"]

_LABEL = "kubernetes.io/service-name"
_ENDPOINTS = Kind("Endpoints", "endpoints", "", "v1", ("ep",))


@record
class Service:
    """A v1 Service."""

    meta: Metadata
    external: bool
    selects: bool
    """Whether it has a selector, for which Kubernetes keeps EndpointSlices."""
    has_ports: bool
    """Whether it names a port; without any, its EndpointSlices have none either."""
    pending: bool
    """Whether it waits for the address of a load balancer."""
    conditions: Conditions


@record
class Endpoints:
    """The endpoints of a Service: addresses, by how well they serve."""

    serving: int
    """Those that serve, the ones that are terminating included."""
    lasting: int
    """Those that serve and are not terminating."""
    total: int
    portless: int
    """Those that would serve but have no port."""


def _read(source: Source) -> Service:
    spec = source.spec
    selector = spec.get("selector")
    if selector is not None and not is_mapping(selector):
        raise FieldError('spec.selector is not an object of labels, such as {"app": "api"}')
    type_ = spec.get("type")
    addresses = mappings(mapping(source.status.get("loadBalancer")).get("ingress"))
    return Service(
        source.meta,
        external=type_ == "ExternalName",
        selects=bool(selector) and type_ != "ExternalName",
        has_ports=bool(items(spec.get("ports"))),
        pending=type_ == "LoadBalancer" and not addresses,
        conditions=conditions_of(source.status),
    )


def _judge(service: Service, context: Context) -> Verdict:
    """By the endpoints in its EndpointSlices that serve, with or without a selector.

    An endpoint serves as its condition serving says, or ready if that is absent, whether or not the
    Service publishes addresses that are not ready. Healthy with one that serves; degraded if all
    that serve are terminating; down if none does, or if none has a port (NoPorts: a named port that
    no pod has). ExternalName is healthy. Unknown if no EndpointSlice of it was read.
    A LoadBalancer that has no address yet is progressing, and degraded at best once it has waited
    for longer than the policy allows.
    """
    slices = _slices(service.meta, context.related)
    return _with_balancer(service, _by_endpoints(service, slices), context)


def _presume(service: Service, context: Context) -> Verdict | None:
    """The verdict by the Endpoints object, which older clusters keep, if there is one."""
    meta = service.meta
    found = context.related.lookup(_ENDPOINTS.kind, _places, (meta.namespace, meta.name))
    if not found or not meta.name or context.related.of_kind(ENDPOINT_SLICE.kind):
        return None
    return _with_balancer(service, _by_endpoints(service, _as_slices(found)), context)


def _with_balancer(service: Service, verdict: Verdict, context: Context) -> Verdict:
    """The verdict on a Service, including the address of its load balancer."""
    if not service.pending:
        return verdict
    causes = tuple(
        as_cause(service.meta, condition, "LoadBalancerPending")
        for type_, condition in sorted(service.conditions.items())
        if (type_.endswith("Error") and condition.status == "True")
        # Cilium's: the pool of addresses has none for it.
        or (type_.endswith("Satisfied") and condition.status == "False")
    )
    message = f"{verdict.message}, its load balancer has no address yet"
    activity, health = Activity.PROGRESSING, verdict.health
    age = has_waited(context.now, context.policy.waiting_after, service.meta.created)
    if age:
        message = f"{verdict.message}, its load balancer has had no address for {age}"
        activity, health = Activity.STEADY, worst(health, Health.DEGRADED)
    named = verdict.health is Health.HEALTHY
    return replace(
        verdict,
        health=health,
        activity=activity,
        reason="LoadBalancerPending" if named else verdict.reason,
        message=message,
        causes=verdict.causes + causes,
    )


def _by_endpoints(service: Service, slices: list[Manifest]) -> Verdict:
    if service.external:
        return Verdict(Health.HEALTHY, Activity.STEADY, True, "ExternalName", "it is another name")
    if not slices:
        message = f"it has no EndpointSlice (label {_LABEL})"
        if not service.selects:
            message = f"{message}, and no selector that Kubernetes could make one for"
        return Verdict(Health.UNKNOWN, Activity.STEADY, False, "NoEndpointSlices", message)
    found = _count(slices, ported=service.has_ports)
    if not found.serving:
        return _unserved(service, found)
    if not found.lasting:
        message = f"{found.serving} of {found.total} endpoints serve, all of them terminating"
        return Verdict(Health.DEGRADED, Activity.STEADY, True, "EndpointsTerminating", message)
    return Verdict(Health.HEALTHY, Activity.STEADY, True, "EndpointsReady", _figures(found))


def _figures(found: Endpoints) -> str:
    if found.serving < found.total:
        return f"{found.serving} of {found.total} endpoints are ready"
    return "1 ready endpoint" if found.total == 1 else f"{found.total} ready endpoints"


def _unserved(service: Service, found: Endpoints) -> Verdict:
    """Why nothing serves, as far as the endpoints show it."""
    if found.portless:
        message = "its EndpointSlices have no ports: no pod has a port of the name in targetPort"
        if not service.selects:
            message = "its EndpointSlices have no ports"
        return Verdict(Health.DOWN, Activity.STEADY, False, "NoPorts", message)
    if found.total:
        whose = "pods are ready" if service.selects else "endpoints are ready"
        message = f"0 ready endpoints: 0 of {found.total} {whose}"
    elif service.selects:
        message = "0 ready endpoints: its selector matches no running pod"
    else:
        message = "0 ready endpoints: its EndpointSlices are empty"
    return Verdict(Health.DOWN, Activity.STEADY, False, "NoReadyEndpoints", message)


def _slices(service: Metadata, related: RelatedObjects) -> list[Manifest]:
    """Those that it controls or that are labelled with it."""
    owned = [
        entry
        for entry in related.controlled_by(service.uid)
        if entry.get("kind") == ENDPOINT_SLICE.kind
    ]
    known = {id(entry) for entry in owned}
    named = related.lookup(ENDPOINT_SLICE.kind, _names, (service.namespace, service.name))
    return owned + [entry for entry in named if service.name and id(entry) not in known]


def _names(manifest: Manifest) -> tuple[tuple[str, str], ...]:
    """The namespace and the name of the Service that an EndpointSlice is labelled with."""
    metadata = mapping(manifest.get("metadata"))
    return ((text(metadata.get("namespace")), text(mapping(metadata.get("labels")).get(_LABEL))),)


def _places(manifest: Manifest) -> tuple[tuple[str, str], ...]:
    """The namespace and the name of an object."""
    metadata = mapping(manifest.get("metadata"))
    return ((text(metadata.get("namespace")), text(metadata.get("name"))),)


def _count(slices: Iterable[Manifest], *, ported: bool) -> Endpoints:
    """The endpoints by how they serve; a Service of two address families has each of them twice.

    Args:
        slices: Its EndpointSlices.
        ported: Whether an endpoint needs a port to serve.
    """
    families: dict[str, dict[tuple[str, ...], int]] = {}
    for entry in slices:
        family = families.setdefault(text(entry.get("addressType")), {})
        has_port = not ported or bool(items(entry.get("ports")))
        for endpoint in mappings(entry.get("endpoints")):
            addresses = tuple(sorted(strings(endpoint.get("addresses"))))
            if addresses:
                rank = _rank(mapping(endpoint.get("conditions")), has_port=has_port)
                family[addresses] = max(rank, family.get(addresses, 0))
    counted = [
        Endpoints(
            serving=sum(rank >= _TERMINATING for rank in family.values()),
            lasting=sum(rank >= _LASTING for rank in family.values()),
            total=len(family),
            portless=sum(rank == _PORTLESS for rank in family.values()),
        )
        for family in families.values()
    ]
    return max(counted, key=lambda found: (found.lasting, found.serving, found.total))


_PORTLESS, _TERMINATING, _LASTING = 1, 2, 3


def _rank(conditions: Manifest, *, has_port: bool) -> int:
    """How well an endpoint serves; an absent condition means ready, as in the API."""
    serving = conditions.get("serving")
    if serving is None:
        serving = conditions.get("ready")
    if serving is not None and serving is not True:
        return 0
    if not has_port:
        return _PORTLESS
    return _TERMINATING if conditions.get("terminating") is True else _LASTING


def _as_slices(found: Iterable[Manifest]) -> list[Manifest]:
    """Endpoints objects converted to the form of EndpointSlices."""
    subsets = [subset for entry in found for subset in mappings(entry.get("subsets"))]
    return [_as_slice(subset) for subset in subsets or [EMPTY]]


def _as_slice(subset: Manifest) -> Manifest:
    endpoints = [
        {"addresses": [text(address.get("ip"))], "conditions": {"ready": ready}}
        for name, ready in (("addresses", True), ("notReadyAddresses", False))
        for address in mappings(subset.get(name))
    ]
    return {"addressType": "", "ports": subset.get("ports"), "endpoints": endpoints}


def _evidence(service: Service) -> Iterable[Evidence]:
    if service.external:
        return ()
    selector = LabelSelector((Requirement(_LABEL, "In", (service.meta.name,)),))
    return (Evidence(ENDPOINT_SLICE, service.meta.namespace, selector=selector),)


def _exists(source: Source, context: Context) -> Verdict:
    """Healthy if it exists: its endpoints count for its Service."""
    return Verdict(Health.HEALTHY, Activity.STEADY, True, "Exists", "it exists")


SERVICE_RULE = Rule(
    Kind("Service", "services", "", "v1", ("svc",)),
    _judge,
    _read,
    fields=(
        "spec.type",
        "spec.selector",
        "spec.ports[].name",
        "status.loadBalancer.ingress",
        *CONDITIONS,
    ),
    evidence=_evidence,
    presume=_presume,
    owns=(ENDPOINT_SLICE,),
)
ENDPOINT_SLICE_RULE = Rule(
    ENDPOINT_SLICE,
    _exists,
    fields=(
        "addressType",
        "ports[].name",
        "endpoints[].conditions.ready",
        "endpoints[].conditions.serving",
        "endpoints[].conditions.terminating",
        "endpoints[].addresses",
    ),
    needs_status=False,
)
ENDPOINTS_RULE = Rule(
    _ENDPOINTS,
    _exists,
    fields=(
        "subsets[].addresses[].ip",
        "subsets[].notReadyAddresses[].ip",
        "subsets[].ports[].name",
    ),
    needs_status=False,
)
