"""Kubernetes JSON to the model: tolerant of oddities, and it never raises.

A field that only explains (a condition, a timestamp, a message) is passed over when it is odd. A
field that a verdict rests on (a count, the status itself) makes the object `Malformed`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, TypeGuard

from .model import (
    Condition,
    Conditions,
    Container,
    DaemonSet,
    Deployment,
    Event,
    Malformed,
    Metadata,
    Object,
    Pod,
    ReplicaSet,
    StatefulSet,
    Termination,
    Unruled,
)

__all__ = ["is_list", "is_mapping", "is_ruled", "parse"]

Manifest = Mapping[str, Any]

_LONGEST_TEXT = 300
_INT32 = 2**31 - 1
_INT64 = 2**63
_DAWN = datetime.min.replace(tzinfo=UTC)
_EMPTY: Manifest = {}


class _FieldError(Exception):
    """A field that a verdict rests on has not the form that the API gives it."""


def parse(manifest: object) -> Object:  # noqa: PLR0911  # each return is one way to be judged
    """The model of one object as the Kubernetes API gives it.

    Never raises: what cannot be judged is `Malformed`, a kind without a rule is `Unruled`.
    """
    if not is_mapping(manifest):
        return Malformed(_metadata("", _EMPTY, _EMPTY), "the manifest is not an object")
    kind = _text(manifest.get("kind"))
    metadata, spec, status = manifest.get("metadata"), manifest.get("spec"), manifest.get("status")
    meta = _metadata(kind, _mapping_or_empty(metadata), _mapping_or_empty(status))
    if not kind:
        return Malformed(meta, "kind is not a name, such as Deployment")
    if not _is_object_or_absent(metadata):
        return Malformed(meta, "metadata is not an object")
    if kind == "Event":
        return _event(meta, manifest)
    build = _builder(kind, manifest.get("apiVersion"))
    if build is None:
        return Unruled(meta)
    if not _is_object_or_absent(spec):
        return Malformed(meta, "spec is not an object")
    if not _is_object_or_absent(status):
        return Malformed(meta, "status is not an object")
    if status is None:
        return Malformed(meta, "the manifest has no status: no cluster has written one", True)
    try:
        return build(meta, _mapping_or_empty(spec), status)
    except _FieldError as error:
        return Malformed(meta, str(error))


def is_ruled(manifest: object) -> bool:
    """Whether a rule stands for the kind that a manifest states."""
    return is_mapping(manifest) and (
        _builder(_text(manifest.get("kind")), manifest.get("apiVersion")) is not None
    )


def is_mapping(value: object) -> TypeGuard[Manifest]:
    """Whether a value is what JSON calls an object."""
    return isinstance(value, Mapping)


def is_list(value: object) -> TypeGuard[Sequence[object]]:
    """Whether a value is what JSON calls an array."""
    return isinstance(value, list | tuple)


def _deployment(meta: Metadata, spec: Manifest, status: Manifest) -> Deployment:
    return Deployment(
        meta=meta,
        desired=_count(spec, "spec.replicas", default=1),
        replicas=_count(status, "status.replicas"),
        updated=_count(status, "status.updatedReplicas"),
        available=_count(status, "status.availableReplicas"),
        paused=spec.get("paused") is True,
        conditions=_conditions(status),
    )


def _replica_set(meta: Metadata, spec: Manifest, status: Manifest) -> ReplicaSet:
    return ReplicaSet(
        meta=meta,
        desired=_count(spec, "spec.replicas", default=1),
        replicas=_count(status, "status.replicas"),
        available=_count(status, "status.availableReplicas"),
        conditions=_conditions(status),
    )


def _stateful_set(meta: Metadata, spec: Manifest, status: Manifest) -> StatefulSet:
    strategy = _mapping_or_empty(spec.get("updateStrategy"))
    rolling = _mapping_or_empty(strategy.get("rollingUpdate"))
    on_delete = strategy.get("type") == "OnDelete"
    ready = _count(status, "status.readyReplicas")
    return StatefulSet(
        meta=meta,
        desired=_count(spec, "spec.replicas", default=1),
        replicas=_count(status, "status.replicas"),
        updated=_count(status, "status.updatedReplicas"),
        available=_count(status, "status.availableReplicas", default=ready),
        # Without rolling updates it means nothing.
        partition=0
        if on_delete
        else _count(rolling, "spec.updateStrategy.rollingUpdate.partition"),
        on_delete=on_delete,
        current_revision=_text(status.get("currentRevision")),
        update_revision=_text(status.get("updateRevision")),
        conditions=_conditions(status),
    )


def _daemon_set(meta: Metadata, spec: Manifest, status: Manifest) -> DaemonSet:
    if status.get("desiredNumberScheduled") is None:
        # The controller writes it in any case, and its absence must not pass for "no nodes".
        raise _FieldError("status.desiredNumberScheduled is not stated")
    return DaemonSet(
        meta=meta,
        desired=_count(status, "status.desiredNumberScheduled"),
        updated=_count(status, "status.updatedNumberScheduled"),
        available=_count(status, "status.numberAvailable"),
        misscheduled=max(0, _integer(status.get("numberMisscheduled")) or 0),
        on_delete=_mapping_or_empty(spec.get("updateStrategy")).get("type") == "OnDelete",
        conditions=_conditions(status),
    )


def _pod(meta: Metadata, spec: Manifest, status: Manifest) -> Pod:
    conditions = _conditions(status)
    initialized = "Initialized" in conditions and conditions["Initialized"].status == "True"
    sidecars = {
        _text(container.get("name"))
        for container in _mappings(spec.get("initContainers"))
        if container.get("restartPolicy") == "Always"
    }
    containers = [
        _container(entry, initial=False) for entry in _mappings(status.get("containerStatuses"))
    ]
    for entry in _mappings(status.get("initContainerStatuses")):
        # A native sidecar that has started once is a running container like any other.
        started = entry.get("started") is True or initialized
        sidecar = _text(entry.get("name")) in sidecars and started
        containers.append(_container(entry, initial=not sidecar))
    gates = {_said(gate.get("conditionType")) for gate in _mappings(spec.get("readinessGates"))}
    return Pod(
        meta=meta,
        phase=_text(status.get("phase")),
        reason=_said(status.get("reason")),
        message=_said(status.get("message")),
        conditions=conditions,
        containers=_in_order(containers),
        readiness_gates=tuple(sorted(gates - {""})),
    )


_Builder = Callable[[Metadata, Manifest, Manifest], Object]

_APPS = frozenset({"apps", "extensions"})
_CORE = frozenset({""})
_BUILDERS: Mapping[str, tuple[frozenset[str], _Builder]] = {
    "Deployment": (_APPS, _deployment),
    "ReplicaSet": (_APPS, _replica_set),
    "StatefulSet": (_APPS, _stateful_set),
    "DaemonSet": (_APPS, _daemon_set),
    "Pod": (_CORE, _pod),
}


def _builder(kind: str, api_version: object) -> _Builder | None:
    """The builder of a kind; a manifest without an apiVersion is taken at its kind's word."""
    groups, build = _BUILDERS.get(kind, (_CORE, None))
    if isinstance(api_version, str) and api_version.rpartition("/")[0] not in groups:
        return None
    return build


def _metadata(kind: str, metadata: Manifest, status: Manifest) -> Metadata:
    finalizers = metadata.get("finalizers")
    return Metadata(
        kind=kind,
        namespace=_text(metadata.get("namespace")),
        name=_text(metadata.get("name")),
        uid=_text(metadata.get("uid")),
        owner_uid=_controller_uid(metadata.get("ownerReferences")),
        generation=_integer(metadata.get("generation")),
        observed_generation=_integer(status.get("observedGeneration")),
        created=_time(metadata.get("creationTimestamp")),
        terminating=metadata.get("deletionTimestamp") is not None,
        deleted=_time(metadata.get("deletionTimestamp")),
        finalizers=tuple(sorted({_said(entry) for entry in _items(finalizers)} - {""})),
    )


def _controller_uid(references: object) -> str:
    """UID of the one owner whose `controller` is true: the owner that manages the object."""
    uids = [
        _text(reference.get("uid"))
        for reference in _mappings(references)
        if reference.get("controller") is True
    ]
    return min(uids, default="")


def _integer(value: object) -> int | None:
    """A number that only explains; Argo Rollouts write generations as strings."""
    if isinstance(value, str) and value.isascii() and value.isdecimal() and len(value) < 20:
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or not -_INT64 <= value < _INT64:
        return None
    return value


def _count(owner: Manifest, path: str, *, default: int = 0) -> int:
    """The whole number at the last part of `path`; absent and null mean `default`."""
    value = owner.get(path.rpartition(".")[2])
    if value is None:
        return default
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= _INT32:
        raise _FieldError(f"{path} is not a whole number of 0 or more, such as 3")
    return value


def _conditions(status: Manifest) -> Conditions:
    conditions: dict[str, Condition] = {}
    for entry in _mappings(status.get("conditions")):
        condition = Condition(
            type=_text(entry.get("type")),
            status=_text(entry.get("status")),
            reason=_said(entry.get("reason")),
            message=_said(entry.get("message")),
            since=_time(entry.get("lastTransitionTime")),
        )
        twin = conditions.get(condition.type)
        if twin is None or _newer(condition, twin):
            conditions[condition.type] = condition
    return conditions


def _newer(one: Condition, other: Condition) -> bool:
    """Which of two conditions of one type counts, whatever their order in the list."""
    return _condition_order(one) > _condition_order(other)


def _condition_order(condition: Condition) -> tuple[datetime, str, str, str]:
    return (condition.since or _DAWN, condition.status, condition.reason, condition.message)


def _container(status: Manifest, *, initial: bool) -> Container:
    state = _mapping_or_empty(status.get("state"))
    waiting = _mapping_or_empty(state.get("waiting"))
    return Container(
        name=_text(status.get("name")),
        initial=initial,
        ready=status.get("ready") is True,
        restarts=_integer(status.get("restartCount")) or 0,
        running=isinstance(state.get("running"), Mapping),
        waiting_reason=_said(waiting.get("reason")),
        waiting_message=_said(waiting.get("message")),
        terminated=_termination(state),
        last_terminated=_termination(_mapping_or_empty(status.get("lastState"))),
    )


def _in_order(containers: list[Container]) -> tuple[Container, ...]:
    """Containers by name, those that serve first: the API's order means nothing."""
    if len(containers) > 1:
        containers.sort(key=lambda container: (container.initial, container.name, repr(container)))
    return tuple(containers)


def _termination(state: Manifest) -> Termination | None:
    terminated = state.get("terminated")
    if not is_mapping(terminated):
        return None
    return Termination(
        reason=_said(terminated.get("reason")),
        exit_code=_integer(terminated.get("exitCode")) or 0,
        started=_time(terminated.get("startedAt")),
        finished=_time(terminated.get("finishedAt")),
    )


def _event(meta: Metadata, manifest: Manifest) -> Event:
    """An event of either API; the newer one renamed involvedObject, message and count."""
    involved = _mapping_or_empty(manifest.get("involvedObject") or manifest.get("regarding"))
    series = _mapping_or_empty(manifest.get("series"))
    counts = (series.get("count"), manifest.get("count"), manifest.get("deprecatedCount"))
    times = (
        series.get("lastObservedTime"),
        manifest.get("lastTimestamp"),
        manifest.get("deprecatedLastTimestamp"),
        manifest.get("eventTime"),
    )
    return Event(
        meta=meta,
        type=_text(manifest.get("type")),
        reason=_said(manifest.get("reason")),
        message=_said(manifest.get("message")) or _said(manifest.get("note")),
        involved_kind=_text(involved.get("kind")),
        involved_name=_text(involved.get("name")),
        involved_uid=_text(involved.get("uid")),
        count=next((count for count in map(_integer, counts) if count and count > 0), 1),
        time=next((time for time in map(_time, times) if time), meta.created),
    )


def _time(value: object) -> datetime | None:
    """An RFC 3339 time in UTC, None for anything else; YAML loaders make datetimes of them."""
    try:
        moment = datetime.fromisoformat(value) if isinstance(value, str) else value
        if not isinstance(moment, datetime) or moment.tzinfo is None:
            return None
        return moment if moment.tzinfo is UTC else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _said(value: object) -> str:
    """A text that others wrote, short enough that it cannot swell an answer."""
    text = _text(value).strip()
    return text if len(text) <= _LONGEST_TEXT else f"{text[: _LONGEST_TEXT - 1]}…"


def _is_object_or_absent(value: object) -> bool:
    return value is None or isinstance(value, Mapping)


def _mapping_or_empty(value: object) -> Manifest:
    return value if is_mapping(value) else _EMPTY


def _items(value: object) -> Iterable[object]:
    return value if is_list(value) else ()


def _mappings(value: object) -> Iterable[Manifest]:
    return (entry for entry in _items(value) if is_mapping(entry))
