"""Verdicts as metrics; see docs/metrics.md."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from prometheus_client.metrics_core import GaugeMetricFamily, InfoMetricFamily, Metric

from k8s_heartbeat.core import Assessment, Health
from k8s_heartbeat.core.assessment import SEVERITY, UNREAD, Activity
from k8s_heartbeat.core.kinds import kubectl_name

from .rendering import Detail, reason_of

__all__ = ["Series", "component_unread", "verdict_families"]

_OBJECT = ("namespace", "kind", "name")


class Series(NamedTuple):
    """A verdict to export.

    Attributes:
        verdict: The verdict.
        age: Seconds since the oldest reading behind it began; None if there was none.
    """

    verdict: Assessment
    age: float | None


def component_unread() -> Series:
    """An unknown verdict on all components, whose names the caller may not be allowed to see."""
    verdict = Assessment(
        health=Health.UNKNOWN,
        activity=Activity.STEADY,
        up=False,
        reason=UNREAD,
        message="",
        kind="Component",
    )
    return Series(verdict, None)


def verdict_families(series: Iterable[Series], detail: Detail) -> Iterator[Metric]:
    """The metrics of verdicts, with no two series of the same labels.

    They are made one by one: all of them at once take many times the memory of their encoding.

    Args:
        series: The verdicts. Of two with the same labels, the worse one is exported.
        detail: How much to say; see `Detail`.
    """
    found = _distinct(series)
    yield _gauge(
        "k8s_heartbeat_up",
        "Whether a workload or component is up: 1 if it is, 0 if it is not or if that is unknown.",
        ((labels, verdict.up) for labels, (verdict, _) in found.items()),
    )
    yield _gauge(
        "k8s_heartbeat_status",
        "The status: 1 for the current one, 0 for the others.",
        (
            ((*labels, health), health is verdict.health)
            for labels, (verdict, _) in found.items()
            for health in SEVERITY
        ),
        "status",
    )
    if detail is Detail.STATUS:
        return
    reason = InfoMetricFamily(
        "k8s_heartbeat_reason", "The reason of the status, in one word.", labels=_OBJECT
    )
    for labels, (verdict, _) in found.items():
        reason.add_metric(labels, {"reason": _text(reason_of(verdict.reason, verdict.health))})
    yield reason
    yield _gauge(
        "k8s_heartbeat_replicas_desired",
        "Desired replicas, for kinds with replicas.",
        ((labels, verdict.desired) for labels, (verdict, _) in found.items()),
    )
    yield _gauge(
        "k8s_heartbeat_replicas_available",
        "Available replicas, for kinds with replicas.",
        ((labels, verdict.available) for labels, (verdict, _) in found.items()),
    )
    yield _gauge(
        "k8s_heartbeat_since_seconds",
        "When the status last changed, as a Unix time, if the API states it.",
        (
            (labels, None if verdict.since is None else verdict.since.timestamp())
            for labels, (verdict, _) in found.items()
        ),
    )
    # Rounded up, as in the API.
    yield _gauge(
        "k8s_heartbeat_reading_age_seconds",
        "The age of the oldest reading behind the status.",
        (
            (labels, None if age is None else math.ceil(age * 10) / 10)
            for labels, (_, age) in found.items()
        ),
    )


def _gauge(
    name: str,
    documentation: str,
    samples: Iterable[tuple[tuple[str, ...], float | None]],
    *more: str,
) -> Metric:
    """A gauge with an object's labels and more, without samples that have no value."""
    family = GaugeMetricFamily(name, documentation, labels=(*_OBJECT, *more))
    for labels, value in samples:
        if value is not None:
            family.add_metric(labels, value)
    return family


def _distinct(series: Iterable[Series]) -> dict[tuple[str, str, str], Series]:
    found: dict[tuple[str, str, str], Series] = {}
    for entry in series:
        verdict = entry.verdict
        kind = kubectl_name(verdict.kind, verdict.api_version)
        labels = (_text(verdict.namespace), _text(kind), _text(verdict.name))
        other = found.get(labels)
        if other is None or _rank(entry) < _rank(other):
            found[labels] = entry
    return found


def _rank(entry: Series) -> tuple[bool, int]:
    return entry.verdict.up, SEVERITY.index(entry.verdict.health)


def _text(text: str) -> str:
    """A text without surrogates, which a dump may contain and UTF-8 cannot encode."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode()
