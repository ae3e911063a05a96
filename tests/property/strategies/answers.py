"""Policies to judge under, annotations of owners, and assessments to sum up."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import strategies as st

from k8s_heartbeat.core import Activity, Assessment, Health, Policy, Threshold
from tests.builders import NOW, Manifest, before, stamp

from .pieces import words

__all__ = ["MAINTENANCE", "MINIMUM", "annotated", "assessments", "futures", "pasts", "policies"]

MINIMUM = "k8s-heartbeat.io/min-available"
MAINTENANCE = "k8s-heartbeat.io/maintenance-until"
IGNORE = "k8s-heartbeat.io/ignore"


def annotated(manifest: Manifest, **values: object) -> Manifest:
    """The same manifest with annotations of ours: `minimum`, `maintenance` and `ignore`."""
    names = {"minimum": MINIMUM, "maintenance": MAINTENANCE, "ignore": IGNORE}
    meta = manifest["metadata"]
    ours = {names[name]: value for name, value in values.items()}
    annotations = {**meta.get("annotations", {}), **ours}
    return {**manifest, "metadata": {**meta, "annotations": annotations}}


@st.composite
def policies(draw: st.DrawFn) -> Policy:
    """Every policy that an operator may set, the default one often."""
    if draw(st.booleans()):
        return Policy()
    spans = st.sampled_from([0, 60, 120, 300, 3600, 10**7]).map(lambda age: timedelta(seconds=age))
    return Policy(
        zero=draw(st.sampled_from([Health.HEALTHY, Health.DEGRADED, Health.DOWN])),
        min_available=Threshold.parse(draw(words("1", "2", "999999999", "1%", "67%", "100%"))),
        stuck_after=draw(spans),
        pod_stuck_after=draw(spans),
        unschedulable_after=draw(spans),
        crash_loop_memory=draw(spans),
        termination_memory=draw(spans),
        event_memory=draw(spans),
        cron_failures=draw(st.integers(1, 4)),
        schedule_grace=draw(spans),
        autoscaler_failing_after=draw(spans),
    )


def assessments() -> st.SearchStrategy[Assessment]:
    """Verdicts as the rules make them: what is healthy is up."""

    def build(health: Health, activity: Activity, up: bool, name: str, reason: str) -> Assessment:
        return Assessment(
            health=health,
            activity=activity,
            up=health is Health.HEALTHY or (up and health is Health.DEGRADED),
            reason=reason,
            message=f"it is {health}, {reason}",
            kind="Deployment",
            namespace="shop",
            name=name,
        )

    return st.builds(
        build,
        health=st.sampled_from(Health),
        activity=st.sampled_from(Activity),
        up=st.booleans(),
        name=words("api", "db", "web"),
        reason=words("Ready", "NotReady", "ScaledToZero"),
    )


def futures() -> st.SearchStrategy[str]:
    """Times after now, the very next second among them."""
    return st.one_of(st.just(1), st.integers(1, 10**8)).map(
        lambda age: stamp(NOW + timedelta(seconds=age))
    )


def pasts() -> st.SearchStrategy[str]:
    """Times that are over, now among them."""
    return st.one_of(st.just(0), st.integers(0, 10**8)).map(lambda age: before(seconds=age))
