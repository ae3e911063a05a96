"""JSON to manifests, keeping only what the rules read.

The typed dicts name every field that `core.manifests`, `core.selectors` and the owners read; the
decoder drops the others while it parses, which saves most of the time and memory of a large list.
An object whose fields have other shapes is decoded whole, so that the core judges its oddities.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypedDict

import msgspec

from k8s_heartbeat.core.manifests import is_list, is_mapping

__all__ = ["UnreadableError", "decode_list", "decode_object"]

Manifest = Mapping[str, Any]


class UnreadableError(Exception):
    """The bytes are no JSON object."""


class _OwnerReference(TypedDict, total=False):
    uid: Any
    controller: Any


class _Metadata(TypedDict, total=False):
    name: Any
    namespace: Any
    uid: Any
    generation: Any
    creationTimestamp: Any
    deletionTimestamp: Any
    finalizers: Any
    ownerReferences: list[_OwnerReference]


class _InitContainer(TypedDict, total=False):
    name: Any
    restartPolicy: Any


class _Spec(TypedDict, total=False):
    replicas: Any
    paused: Any
    selector: Any
    updateStrategy: Any
    initContainers: list[_InitContainer]
    readinessGates: Any


class _Condition(TypedDict, total=False):
    type: Any
    status: Any
    reason: Any
    message: Any
    lastTransitionTime: Any


class _ContainerStatus(TypedDict, total=False):
    name: Any
    ready: Any
    started: Any
    restartCount: Any
    state: Any
    lastState: Any


class _Status(TypedDict, total=False):
    observedGeneration: Any
    conditions: list[_Condition]
    replicas: Any
    updatedReplicas: Any
    readyReplicas: Any
    availableReplicas: Any
    currentRevision: Any
    updateRevision: Any
    desiredNumberScheduled: Any
    updatedNumberScheduled: Any
    numberAvailable: Any
    numberMisscheduled: Any
    phase: Any
    reason: Any
    message: Any
    containerStatuses: list[_ContainerStatus]
    initContainerStatuses: list[_ContainerStatus]


class _InvolvedObject(TypedDict, total=False):
    kind: Any
    name: Any
    uid: Any


class _Object(TypedDict, total=False):
    apiVersion: Any
    kind: Any
    metadata: _Metadata
    spec: _Spec
    status: _Status
    # of events
    type: Any
    reason: Any
    message: Any
    involvedObject: _InvolvedObject
    series: Any
    count: Any
    lastTimestamp: Any
    eventTime: Any


_ListMetadata = TypedDict("_ListMetadata", {"continue": Any}, total=False)


class _List(TypedDict, total=False):
    kind: Any
    metadata: _ListMetadata
    items: list[_Object] | None


_whole = msgspec.json.Decoder()
_object = msgspec.json.Decoder(_Object)
_list = msgspec.json.Decoder(_List)


def decode_object(body: bytes) -> Manifest:
    """One object.

    Raises:
        UnreadableError: The bytes are no JSON object.
    """
    return _decode(_object, body)


def decode_list(body: bytes, kind: str) -> tuple[list[Manifest], str]:
    """The items of a list, and the token that its next page is asked with, empty on the last.

    Raises:
        UnreadableError: The bytes are no list of that kind, such as ``PodList``.
    """
    page = _decode(_list, body)
    metadata = page.get("metadata")
    items: object = page.get("items")
    if page.get("kind") != kind:
        raise UnreadableError(f"no {kind}")
    if items is None:
        items = []
    if not is_list(items):
        raise UnreadableError(f"no {kind}")
    token = metadata.get("continue") if is_mapping(metadata) else None
    return [item for item in items if is_mapping(item)], token if token else ""


def _decode(decoder: msgspec.json.Decoder[Any], body: bytes) -> Manifest:
    try:
        try:
            decoded = decoder.decode(body)
        except msgspec.ValidationError:
            decoded = _whole.decode(body)
    except (msgspec.DecodeError, ValueError, RecursionError) as error:
        raise UnreadableError("no JSON") from error
    if not is_mapping(decoded):
        raise UnreadableError("no JSON object")
    return decoded
