"""Builders of verdicts and reports."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from k8s_heartbeat.adapters.push.report import Report, outcome_of
from k8s_heartbeat.core import Activity, Assessment, Health, Threshold, summarize
from k8s_heartbeat.core.failure_policy import FailurePolicy
from tests.builders import NOW

_UP = (Health.HEALTHY, Health.DEGRADED)


def verdict(health: Health, name: str = "api", **changes: Any) -> Assessment:
    """A verdict on a Deployment in `shop`."""
    stated: dict[str, Any] = {
        "up": health in _UP,
        "reason": "Because",
        "message": f"it is {health}",
        "kind": "Deployment",
        "namespace": "shop",
        "api_version": "apps/v1",
        **changes,
    }
    return Assessment(health, Activity.STEADY, name=name, **stated)


def report(
    *items: Assessment,
    needed: Threshold | None = None,
    uncounted: Sequence[Assessment] = (),
    component: str = "",
    seconds: float = 0.25,
) -> Report:
    """A report on these."""
    summary = summarize(items, needed)
    outcome = outcome_of(summary, needed, FailurePolicy(), NOW)
    body = {"status": str(summary.health), "up": summary.up}
    return Report(outcome, summary, NOW, seconds, body, uncounted, component)
