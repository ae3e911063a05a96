"""Annotations by which an owner controls how an object is judged.

A malformed annotation changes nothing and is reported as a cause.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from .assessment import Cause
from .fields import is_mapping, time
from .model import Metadata
from .threshold import Threshold

__all__ = [
    "HOLDING_ANNOTATIONS",
    "IGNORE",
    "KNOWN",
    "MAINTENANCE_UNTIL",
    "MIN_AVAILABLE",
    "annotation_faults",
    "annotations_of",
    "is_ignored",
    "maintenance_until",
    "min_available",
]

MIN_AVAILABLE = "k8s-heartbeat.io/min-available"
"""How many replicas must be available for `up`: a number from 1, or a percentage of the desired."""
IGNORE = "k8s-heartbeat.io/ignore"
"""``true`` keeps the object out of aggregates."""
MAINTENANCE_UNTIL = "k8s-heartbeat.io/maintenance-until"
"""RFC 3339: until then `up` stays true, and the reason says so."""
HPA_CONDITIONS = "autoscaling.alpha.kubernetes.io/conditions"
"""The conditions of an autoscaling/v1 HorizontalPodAutoscaler, as a JSON string."""

HOLDING_ANNOTATIONS: Mapping[str, frozenset[str]] = {
    "autoscaling.keda.sh/paused": frozenset({"true"}),
    "cluster.x-k8s.io/paused": frozenset(),
    "cnpg.io/hibernation": frozenset({"on"}),
    "crossplane.io/paused": frozenset({"true"}),
    "eck.k8s.elastic.co/managed": frozenset({"false"}),
    "kubeflow-resource-stopped": frozenset(),
    "kustomize.toolkit.fluxcd.io/reconcile": frozenset({"disabled"}),
    "strimzi.io/pause-reconciliation": frozenset({"true"}),
}
"""Annotations that make operators leave an object alone, and the values that do so; an empty set
means any value."""

KNOWN = frozenset({MIN_AVAILABLE, IGNORE, MAINTENANCE_UNTIL, HPA_CONDITIONS, *HOLDING_ANNOTATIONS})
"""The annotations that are read; no other is kept."""

_NONE: Mapping[str, object] = {}


def annotations_of(metadata: Mapping[str, object]) -> Mapping[str, object]:
    """The annotations in an object's metadata that are read."""
    annotations = metadata.get("annotations")
    if not annotations or not is_mapping(annotations) or KNOWN.isdisjoint(annotations):
        return _NONE
    return {name: annotations[name] for name in KNOWN if name in annotations}


def min_available(meta: Metadata) -> Threshold | None:
    """The minimum that the owner has set; None if it is absent or malformed."""
    if MIN_AVAILABLE not in meta.annotations:
        return None
    try:
        return Threshold.parse(meta.annotations[MIN_AVAILABLE])
    except ValueError:
        return None


def is_ignored(meta: Metadata) -> bool:
    """Whether the owner keeps the object out of aggregates."""
    return meta.annotations.get(IGNORE) == "true"


def maintenance_until(meta: Metadata) -> datetime | None:
    """The end of the maintenance that the owner has announced."""
    return time(meta.annotations.get(MAINTENANCE_UNTIL))


def annotation_faults(meta: Metadata) -> tuple[Cause, ...]:
    """A cause for each malformed annotation of this service."""
    if not meta.annotations:
        return ()
    forms = {
        MIN_AVAILABLE: (
            min_available(meta) is not None,
            'a number from 1 or a percentage, such as "2" or "50%"',
        ),
        IGNORE: (meta.annotations.get(IGNORE) in ("true", "false"), 'the text "true" or "false"'),
        MAINTENANCE_UNTIL: (
            maintenance_until(meta) is not None,
            'an RFC 3339 time, such as "2026-01-01T12:00:00Z"',
        ),
    }
    return tuple(
        Cause(
            "MalformedAnnotation",
            meta.kind,
            meta.name,
            f"{name}: {ascii(meta.annotations[name])[:60]} is not {form}",
        )
        for name, (readable, form) in forms.items()
        if name in meta.annotations and not readable
    )
