"""Parse what all kinds have in common: metadata, and the objects that explain others.

It never raises: what cannot be parsed is `Malformed`.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from .annotations import annotations_of
from .fields import (
    EMPTY,
    conditions_of,
    integer,
    is_mapping,
    items,
    mapping,
    mappings,
    said,
    text,
    time,
)
from .model import (
    Container,
    Event,
    Malformed,
    Manifest,
    Metadata,
    Other,
    Pod,
    Related,
    Source,
    Termination,
)

__all__ = ["meta_of", "parse_related", "read_pod", "source_of", "uids_of"]

_PARTS = ("metadata", "spec", "status")


def meta_of(manifest: object) -> Metadata:
    """The metadata of anything; empty if there is none."""
    if not is_mapping(manifest):
        return _metadata("", EMPTY, EMPTY)
    kind = text(manifest.get("kind"))
    return _metadata(kind, mapping(manifest.get("metadata")), mapping(manifest.get("status")))


def uids_of(manifest: Manifest) -> tuple[str, str]:
    """UID of an object and of its controller owner; empty if there is none."""
    metadata = mapping(manifest.get("metadata"))
    references = metadata.get("ownerReferences")
    return text(metadata.get("uid")), _controller_uid(references) if references else ""


def source_of(manifest: object) -> Source | Malformed:
    """An object for its rule; `Malformed` if it does not have the shape of one."""
    if not is_mapping(manifest):
        return Malformed(meta_of(EMPTY), "the manifest is not an object")
    get = manifest.get
    kind, metadata, spec, status = get("kind"), get("metadata"), get("spec"), get("status")
    # Nearly every object consists of plain dicts and needs no further check.
    if not (type(kind) is str and type(metadata) is type(spec) is type(status) is dict):
        kind, metadata, spec, status = text(kind), _part(metadata), _part(spec), _part(status)
    if kind and is_mapping(metadata) and is_mapping(spec) and is_mapping(status):
        return Source(_metadata(kind, metadata, status), spec, status, manifest)
    meta = meta_of(manifest)
    if not kind:
        return Malformed(meta, "kind is not a name, such as Deployment")
    odd = next(name for name in _PARTS if not is_mapping(_part(manifest.get(name))))
    return Malformed(meta, f"{odd} is not an object")


def _part(value: object) -> object:
    return EMPTY if value is None else value


def parse_related(manifest: Manifest) -> Related:
    """A related object: pods and events completely, of others only the metadata."""
    kind = manifest.get("kind")
    if kind == "Event":
        return _event(meta_of(manifest), manifest)
    source = source_of(manifest) if kind == "Pod" else Other(meta_of(manifest))
    if isinstance(source, Source):
        # A metrics.k8s.io PodMetrics list has no status; a pod of a manifest has none yet.
        return read_pod(source) if source.status else Other(source.meta)
    return source


def _metadata(kind: str, metadata: Manifest, status: Manifest) -> Metadata:
    get = metadata.get
    references, deletion, finalizers = (
        get("ownerReferences"),
        get("deletionTimestamp"),
        get("finalizers"),
    )
    namespace, name, uid = get("namespace"), get("name"), get("uid")
    creation = get("creationTimestamp")
    return Metadata(
        kind,
        # Nearly always a string: skip the call.
        namespace if isinstance(namespace, str) else "",
        name if isinstance(name, str) else "",
        uid if isinstance(uid, str) else "",
        _controller_uid(references) if references else "",
        generation := integer(get("generation")),
        _observed(status, generation),
        deletion is not None,
        time(deletion) if deletion is not None else None,
        _names(finalizers) if finalizers else (),
        annotations_of(metadata),
        creation if type(creation) is str or isinstance(creation, datetime) else None,
    )


def _observed(status: Manifest, generation: int | None) -> int | None:
    """The generation that its controller has observed.

    Some controllers state the last generation that became ready instead, and with each condition
    the one that it is for.
    """
    observed = integer(status.get("observedGeneration"))
    if observed is None or generation is None or observed >= generation:
        return observed
    stated = (
        integer(entry.get("observedGeneration")) for entry in mappings(status.get("conditions"))
    )
    return max((each for each in stated if each is not None), default=observed)


def _names(values: object) -> tuple[str, ...]:
    return tuple(sorted({said(entry) for entry in items(values)} - {""}))


def _controller_uid(references: object) -> str:
    """UID of the one owner whose `controller` is true: the owner that manages the object."""
    uids = [
        text(reference.get("uid"))
        for reference in mappings(references)
        if reference.get("controller") is True
    ]
    return min(uids, default="")


def read_pod(source: Source) -> Pod:
    """A v1 Pod."""
    spec, status = source.spec, source.status
    conditions = conditions_of(status)
    initialized = "Initialized" in conditions and conditions["Initialized"].status == "True"
    sidecars = {
        text(container.get("name"))
        for container in mappings(spec.get("initContainers"))
        if container.get("restartPolicy") == "Always"
    }
    containers = [_container(entry, False) for entry in mappings(status.get("containerStatuses"))]
    for entry in mappings(status.get("initContainerStatuses")):
        # A native sidecar that has started once is a running container like any other.
        started = entry.get("started") is True or initialized
        sidecar = text(entry.get("name")) in sidecars and started
        containers.append(_container(entry, not sidecar))
    gates = {said(gate.get("conditionType")) for gate in mappings(spec.get("readinessGates"))}
    claims = {
        text(mapping(volume.get("persistentVolumeClaim")).get("claimName"))
        for volume in mappings(spec.get("volumes"))
    }
    return Pod(
        meta=source.meta,
        phase=text(status.get("phase")),
        reason=said(status.get("reason")),
        message=said(status.get("message")),
        conditions=conditions,
        containers=_in_order(containers),
        readiness_gates=tuple(sorted(gates - {""})),
        claims=tuple(sorted(claims - {""})),
        assigned=bool(spec.get("nodeName") or status.get("startTime") or containers),
        scheduler=said(spec.get("schedulerName")),
        started=time(status.get("startTime")),
    )


def _container(status: Manifest, initial: bool) -> Container:
    state = mapping(status.get("state"))
    waiting = mapping(state.get("waiting"))
    return Container(
        name=text(status.get("name")),
        initial=initial,
        ready=status.get("ready") is True,
        restarts=integer(status.get("restartCount")) or 0,
        running=isinstance(state.get("running"), Mapping),
        running_since=time(mapping(state.get("running")).get("startedAt")),
        waiting_reason=said(waiting.get("reason")),
        waiting_message=said(waiting.get("message")),
        terminated=_termination(state),
        last_terminated=_termination(mapping(status.get("lastState"))),
    )


def _in_order(containers: list[Container]) -> tuple[Container, ...]:
    """Containers by name, init containers last: the API's order means nothing."""
    if len(containers) > 1:
        containers.sort(key=lambda container: (container.initial, container.name, repr(container)))
    return tuple(containers)


def _termination(state: Manifest) -> Termination | None:
    terminated = state.get("terminated")
    if not is_mapping(terminated):
        return None
    return Termination(
        reason=said(terminated.get("reason")),
        exit_code=integer(terminated.get("exitCode")) or 0,
        started=time(terminated.get("startedAt")),
        finished=time(terminated.get("finishedAt")),
    )


def _event(meta: Metadata, manifest: Manifest) -> Event:
    """An event of either API; the newer one renamed involvedObject, message and count."""
    involved = mapping(manifest.get("involvedObject") or manifest.get("regarding"))
    series = mapping(manifest.get("series"))
    counts = (series.get("count"), manifest.get("count"), manifest.get("deprecatedCount"))
    times = (
        series.get("lastObservedTime"),
        manifest.get("lastTimestamp"),
        manifest.get("deprecatedLastTimestamp"),
        manifest.get("eventTime"),
        mapping(manifest.get("metadata")).get("creationTimestamp"),
    )
    return Event(
        meta=meta,
        type=text(manifest.get("type")),
        reason=said(manifest.get("reason")),
        message=said(manifest.get("message")) or said(manifest.get("note")),
        involved_kind=text(involved.get("kind")),
        involved_name=text(involved.get("name")),
        involved_uid=text(involved.get("uid")),
        count=next((count for count in map(integer, counts) if count and count > 0), 1),
        time=next((moment for moment in map(time, times) if moment), None),
    )
