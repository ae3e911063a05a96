"""A report in Prometheus' text format."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from k8s_heartbeat.core import SEVERITY, Assessment, Health
from k8s_heartbeat.core.kinds import kubectl_name

from .report import Outcome, Report

__all__ = ["LABELS", "metrics_of"]

LABELS = ("namespace", "kind", "name", "status", "reason")
"""The labels that the metrics have."""

_ESCAPES = str.maketrans({"\\": r"\\", '"': r"\"", "\n": r"\n"})


@dataclass(slots=True)
class _Family:
    """One metric.

    Attributes:
        help: What it says.
        samples: Its values by their labels.
    """

    help: str
    samples: dict[str, str] = field(default_factory=dict[str, str])

    def add(self, value: float, labels: Mapping[str, str]) -> None:
        """Add a sample."""
        told = ",".join(f'{name}="{_escaped(text)}"' for name, text in labels.items())
        self.samples[f"{{{told}}}" if told else ""] = f"{value:.15g}"


def metrics_of(report: Report) -> str:
    """The metrics: one set for each object, and of the report itself whether it is good and when.

    Of two objects that share their labels, the worse one counts.
    """
    families = {
        "k8s_heartbeat_up": _Family("Whether the object does its job."),
        "k8s_heartbeat_status": _Family("1 for the status of the object, 0 for the others."),
        "k8s_heartbeat_reason_info": _Family("Why it has its status."),
        "k8s_heartbeat_replicas_desired": _Family("Desired replicas."),
        "k8s_heartbeat_replicas_available": _Family("Replicas that serve."),
        "k8s_heartbeat_since_seconds": _Family("Unix time of its last transition."),
        "k8s_heartbeat_push_up": _Family("Whether all that was asked for passes the policy."),
        "k8s_heartbeat_push_status": _Family("1 for the status of all of it, 0 for the others."),
        "k8s_heartbeat_push_timestamp_seconds": _Family("Unix time at which it was judged."),
    }
    worst_last = sorted(
        (*report.summary.items, *report.uncounted),
        key=lambda item: SEVERITY.index(item.health),
        reverse=True,
    )
    items = {
        (item.namespace, kubectl_name(item.kind, item.api_version), item.name): item
        for item in worst_last
    }
    for identity, item in items.items():
        _add(families, dict(zip(LABELS, identity, strict=False)), item)
    if report.component:
        labels = {"namespace": "", "kind": "component", "name": report.component}
        _add_verdict(
            families, labels, report.summary.health, report.summary.reason, up=report.summary.up
        )
    families["k8s_heartbeat_push_up"].add(report.outcome is Outcome.UP, {})
    _add_status(families["k8s_heartbeat_push_status"], {}, report.summary.health)
    families["k8s_heartbeat_push_timestamp_seconds"].add(report.now.timestamp(), {})
    return "".join(line for name, family in families.items() for line in _lines(name, family))


def _add(families: Mapping[str, _Family], labels: dict[str, str], item: Assessment) -> None:
    _add_verdict(families, labels, item.health, item.reason, up=item.up)
    if item.desired is not None:
        families["k8s_heartbeat_replicas_desired"].add(item.desired, labels)
    if item.available is not None:
        families["k8s_heartbeat_replicas_available"].add(item.available, labels)
    if item.since is not None:
        families["k8s_heartbeat_since_seconds"].add(item.since.timestamp(), labels)


def _add_verdict(
    families: Mapping[str, _Family],
    labels: dict[str, str],
    health: Health,
    reason: str,
    *,
    up: bool,
) -> None:
    families["k8s_heartbeat_up"].add(up, labels)
    _add_status(families["k8s_heartbeat_status"], labels, health)
    families["k8s_heartbeat_reason_info"].add(1, {**labels, "reason": reason})


def _add_status(family: _Family, labels: dict[str, str], health: Health) -> None:
    for status in SEVERITY:
        family.add(status is health, {**labels, "status": str(status)})


def _lines(name: str, family: _Family) -> Iterator[str]:
    if family.samples:
        yield f"# HELP {name} {family.help}\n# TYPE {name} gauge\n"
        for labels, value in family.samples.items():
            yield f"{name}{labels} {value}\n"


def _escaped(text: str) -> str:
    return text.translate(_ESCAPES)
