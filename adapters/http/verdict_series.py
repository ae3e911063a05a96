"""Verdicts as metrics; see docs/metrics.md."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import NamedTuple

from prometheus_client.metrics_core import GaugeMetricFamily, InfoMetricFamily, Metric

from k8s_heartbeat.core import Assessment, Health
from k8s_heartbeat.core.assessment import SEVERITY, UNREAD, Activity
from k8s_heartbeat.core.kinds import kubectl_name

from .rendering import Detail, reason_of

__all__ = ["Series", "component_unread", "verdict_families"]

_OBJECT = ("namespace", "kind", "name")


class Series(NamedTuple):
    """A verdict that becomes series.

    Attributes:
        verdict: The verdict.
        age: Seconds since the oldest reading behind it began; None if there was none.
    """

    verdict: Assessment
    age: float | None


def component_unread() -> Series:
    """An unknown verdict on the components, of which not even the names may be told."""
    verdict = Assessment(
        health=Health.UNKNOWN,
        activity=Activity.STEADY,
        up=False,
        reason=UNREAD,
        message="",
        kind="Component",
    )
    return Series(verdict, None)


def verdict_families(series: Iterable[Series], detail: Detail) -> list[Metric]:
    """The metrics of verdicts, with no two series of the same labels.

    Args:
        series: The verdicts. Of two on objects that the labels cannot tell apart, the worse counts.
        detail: How much to say; see `Detail`.
    """
    up = GaugeMetricFamily(
        "k8s_heartbeat_up",
        "Whether a workload or component is up: 1, or 0 also where that is unknown.",
        labels=_OBJECT,
    )
    status = GaugeMetricFamily(
        "k8s_heartbeat_status",
        "The status: 1 for the one that holds, 0 for the others.",
        labels=(*_OBJECT, "status"),
    )
    reason = InfoMetricFamily(
        "k8s_heartbeat_reason", "The reason of the status, in one word.", labels=_OBJECT
    )
    desired = GaugeMetricFamily(
        "k8s_heartbeat_replicas_desired",
        "Desired replicas, for kinds that have them.",
        labels=_OBJECT,
    )
    available = GaugeMetricFamily(
        "k8s_heartbeat_replicas_available",
        "Available replicas, for kinds that have them.",
        labels=_OBJECT,
    )
    since = GaugeMetricFamily(
        "k8s_heartbeat_since_seconds",
        "When the status last changed, as Unix time, where the API states it.",
        labels=_OBJECT,
    )
    age = GaugeMetricFamily(
        "k8s_heartbeat_reading_age_seconds",
        "How old the oldest reading behind the status is.",
        labels=_OBJECT,
    )
    for labels, (verdict, read) in _told_apart(series).items():
        up.add_metric(labels, verdict.up)
        for health in SEVERITY:
            status.add_metric((*labels, str(health)), health is verdict.health)
        if detail is Detail.STATUS:
            continue
        reason.add_metric(labels, {"reason": _text(reason_of(verdict.reason, verdict.health))})
        if verdict.desired is not None:
            desired.add_metric(labels, verdict.desired)
        if verdict.available is not None:
            available.add_metric(labels, verdict.available)
        if verdict.since is not None:
            since.add_metric(labels, verdict.since.timestamp())
        if read is not None:
            # Rounded up, as in the API.
            age.add_metric(labels, math.ceil(read * 10) / 10)
    few = (up, status)
    return [*few] if detail is Detail.STATUS else [*few, reason, desired, available, since, age]


def _told_apart(series: Iterable[Series]) -> dict[tuple[str, str, str], Series]:
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
    """A text that can be encoded, whatever a dump says."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode()
