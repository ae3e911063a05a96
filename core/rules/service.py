"""v1 Service, and the discovery.k8s.io/v1 EndpointSlices that it is judged by.

Source: the API's EndpointConditions (k8s.io/api/discovery/v1/types.go) and the Service concept in
Kubernetes' documentation (concepts/services-networking/service).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from ..assessment import Activity, Health
from ..fields import FieldError, is_mapping, mapping, mappings, strings, text
from ..kinds import ENDPOINT_SLICE, Kind
from ..manifests import meta_of
from ..model import Manifest, Metadata, Source, record
from ..reader import Query
from ..selectors import LabelSelector, Requirement
from .rule import Context, Rule
from .verdict import Verdict

__all__ = ["ENDPOINT_SLICE_RULE", "SERVICE_RULE", "Service"]

_LABEL = "kubernetes.io/service-name"


@record
class Service:
    """A v1 Service."""

    meta: Metadata
    external: bool
    selects: bool
    """Whether it has a selector, for which Kubernetes keeps EndpointSlices."""
    pending: bool
    """Whether it waits for the address of a load balancer."""


def _read(source: Source) -> Service:
    selector = source.spec.get("selector")
    if selector is not None and not is_mapping(selector):
        raise FieldError('spec.selector is not an object of labels, such as {"app": "api"}')
    type_ = source.spec.get("type")
    addresses = mappings(mapping(source.status.get("loadBalancer")).get("ingress"))
    return Service(
        source.meta,
        external=type_ == "ExternalName",
        selects=bool(selector) and type_ != "ExternalName",
        pending=type_ == "LoadBalancer" and not addresses,
    )


def _judge(service: Service, context: Context) -> Verdict:
    """By the ready endpoints in its EndpointSlices: healthy with one, down without any.

    ExternalName and a Service without a selector are healthy. Unknown where no EndpointSlice of it
    was read. A LoadBalancer that has no address yet is progressing.
    """
    verdict = _by_endpoints(service, context)
    if not service.pending:
        return verdict
    waiting = "its load balancer has no address yet"
    return replace(
        verdict,
        activity=Activity.PROGRESSING,
        reason="LoadBalancerPending" if verdict.health is Health.HEALTHY else verdict.reason,
        message=f"{verdict.message}, {waiting}",
    )


def _by_endpoints(service: Service, context: Context) -> Verdict:
    if not service.selects:
        reason = "ExternalName" if service.external else "NoSelector"
        message = "it is another name" if service.external else "it selects no pods"
        return Verdict(Health.HEALTHY, Activity.STEADY, True, reason, message)
    slices = [
        entry
        for entry in context.around.of_kind(ENDPOINT_SLICE.kind)
        if _belongs(entry, service.meta)
    ]
    if not slices:
        message = (
            f"none of its EndpointSlices (label {_LABEL}) was read; a dump needs them too, as in "
            "kubectl get services,endpointslices"
        )
        return Verdict(Health.UNKNOWN, Activity.STEADY, False, "EndpointsUnread", message)
    ready = _ready(slices)
    if not ready:
        message = "0 ready endpoints"
        return Verdict(Health.DOWN, Activity.STEADY, False, "NoReadyEndpoints", message)
    message = "1 ready endpoint" if ready == 1 else f"{ready} ready endpoints"
    return Verdict(Health.HEALTHY, Activity.STEADY, True, "EndpointsReady", message)


def _belongs(manifest: Manifest, service: Metadata) -> bool:
    meta = meta_of(manifest)
    if service.uid and meta.owner_uid == service.uid:
        return True
    labels = mapping(mapping(manifest.get("metadata")).get("labels"))
    named = service.name != "" and labels.get(_LABEL) == service.name
    return named and meta.namespace == service.namespace


def _ready(slices: Iterable[Manifest]) -> int:
    """How many endpoints are ready; a Service of two address families has each of them twice."""
    found: dict[str, set[tuple[str, ...]]] = {}
    for entry in slices:
        family = found.setdefault(text(entry.get("addressType")), set())
        for endpoint in mappings(entry.get("endpoints")):
            ready = mapping(endpoint.get("conditions")).get("ready")
            addresses = strings(endpoint.get("addresses"))
            # What is not stated counts as ready, as the API has it.
            if addresses and (ready is None or ready is True):
                family.add(tuple(sorted(addresses)))
    return max(map(len, found.values()))


def _evidence(source: Source) -> Iterable[Query]:
    meta = source.meta
    if not source.spec.get("selector") or source.spec.get("type") == "ExternalName":
        return ()
    selector = LabelSelector((Requirement(_LABEL, "In", (meta.name,)),))
    return (Query(ENDPOINT_SLICE, meta.namespace, selector=selector),)


def _exists(source: Source, context: Context) -> Verdict:
    """To exist is all that is asked of it: its endpoints are its Service's matter."""
    return Verdict(Health.HEALTHY, Activity.STEADY, True, "Exists", "it exists")


SERVICE_RULE = Rule(
    Kind("Service", "services", "", "v1", ("svc",)),
    _judge,
    _read,
    fields=("spec.type", "spec.selector", "status.loadBalancer.ingress"),
    evidence=_evidence,
    owns=(ENDPOINT_SLICE,),
)
ENDPOINT_SLICE_RULE = Rule(
    ENDPOINT_SLICE,
    _exists,
    fields=("addressType", "endpoints[].conditions.ready", "endpoints[].addresses"),
    needs_status=False,
)
