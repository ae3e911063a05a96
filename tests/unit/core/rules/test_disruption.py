"""The rule of the PodDisruptionBudget."""

from __future__ import annotations

from datetime import timedelta

import pytest

from k8s_heartbeat.core import RULES, Kind, assess
from k8s_heartbeat.core.fields import CONDITIONS
from tests.builders import NOW, Manifest, before, condition, metadata


def allowed(status: str = "True", reason: str = "SufficientPods") -> Manifest:
    """A PodDisruptionBudget's only condition."""
    return condition("DisruptionAllowed", status, reason, "says so", since=before(hours=1))


def budget(ready: object, needed: object, *conditions: Manifest) -> Manifest:
    """A PodDisruptionBudget with so many pods ready, and so many needed."""
    return {
        "apiVersion": "policy/v1",
        "kind": "PodDisruptionBudget",
        "metadata": metadata("api", generation=1),
        "spec": {"minAvailable": 2},
        "status": {
            "observedGeneration": 1,
            "currentHealthy": ready,
            "desiredHealthy": needed,
            "expectedPods": 3,
            "conditions": list(conditions),
        },
    }


@pytest.mark.parametrize(
    ("manifest", "health", "reason", "message"),
    [
        pytest.param(
            budget(3, 2, allowed()),
            "healthy",
            "SufficientPods",
            "pods ready: 3, needed: 2",
            id="more than it needs",
        ),
        pytest.param(
            budget(2, 2, allowed("False", "InsufficientPods")),
            "healthy",
            "InsufficientPods",
            "pods ready: 2, needed: 2",
            id="as many as it needs",
        ),
        pytest.param(
            budget(None, 0), "healthy", "SufficientPods", "pods ready: 0, needed: 0", id="none"
        ),
        pytest.param(
            budget(2, 3, allowed("False", "InsufficientPods")),
            "degraded",
            "InsufficientPods",
            "pods ready: 2, needed: 3; no pod may be evicted",
            id="fewer than it needs",
        ),
        pytest.param(
            budget(0, 3, allowed()),
            "degraded",
            "InsufficientPods",
            "pods ready: 0, needed: 3; no pod may be evicted",
            id="the figures go before the condition",
        ),
        pytest.param(
            budget(3, 2, allowed("False", "SyncFailed")),
            "degraded",
            "SyncFailed",
            "its controller cannot count its pods: says so",
            id="not counted",
        ),
        pytest.param(
            budget(3, 2, allowed("True", "SyncFailed")),
            "healthy",
            "SyncFailed",
            "pods ready: 3, needed: 2",
            id="a reason without its status",
        ),
    ],
)
def test_a_budget_is_judged(manifest: Manifest, health: str, reason: str, message: str) -> None:
    """The table of what a budget may look like; it counts no replicas, and is up."""
    verdict = assess(manifest, now=NOW)
    assert (verdict.health, verdict.activity, verdict.up) == (health, "steady", True)
    assert (verdict.reason, verdict.sentence) == (reason, message)
    assert (verdict.desired, verdict.available) == (None, None)


@pytest.mark.parametrize(
    ("status", "message"),
    [
        ({"disruptionsAllowed": 0}, "pods ready: 3, needed: 3; no pod may be evicted"),
        ({"disruptionsAllowed": 1}, "pods ready: 3, needed: 3"),
        (
            {"disruptionsAllowed": 0, "expectedPods": 0},
            "pods ready: 3, needed: 3; it covers no pod",
        ),
        ({"disruptionsAllowed": "none"}, "pods ready: 3, needed: 3"),
    ],
)
def test_a_budget_that_lets_nothing_go_says_so(status: Manifest, message: str) -> None:
    """It is well, and no node that has one of its pods can be drained."""
    manifest = budget(3, 3)
    manifest["status"] |= status
    verdict = assess(manifest, now=NOW)
    assert (verdict.health, verdict.sentence) == ("healthy", message)


def test_why_pods_cannot_be_counted_is_told() -> None:
    """The controller's sentence and its time stand in a cause."""
    verdict = assess(budget(3, 2, allowed("False", "SyncFailed")), now=NOW)
    (cause,) = verdict.causes
    assert (cause.reason, cause.kind, cause.name, cause.message) == (
        "SyncFailed",
        "PodDisruptionBudget",
        "api",
        "says so",
    )
    assert verdict.since == cause.since == NOW - timedelta(hours=1)


@pytest.mark.parametrize(
    ("ready", "needed", "message"),
    [
        (3, None, "status: how many pods it needs is not stated; it is a number such as 2"),
        (3, "2", "status: how many pods it needs is not a whole number of 0 or more, such as 3"),
        (-1, 2, "status: how many pods are ready is not a whole number of 0 or more, such as 3"),
    ],
)
def test_a_figure_that_is_none_is_unknown(ready: object, needed: object, message: str) -> None:
    """The verdict rests on both, and no figure must not pass for none needed."""
    verdict = assess(budget(ready, needed), now=NOW)
    assert (verdict.health, verdict.up, verdict.sentence) == ("unknown", False, message)


def test_how_it_is_called_and_what_is_read_of_it() -> None:
    """Its names and scope are those that kubectl prints; readers keep what its rule names."""
    rule = RULES.own("PodDisruptionBudget", "policy/v1")
    assert rule is not None
    assert rule.kind == Kind(
        "PodDisruptionBudget", "poddisruptionbudgets", "policy", "v1", ("pdb",)
    )
    assert {*rule.fields} == {
        "status.currentHealthy",
        "status.desiredHealthy",
        "status.expectedPods",
        "status.disruptionsAllowed",
        *CONDITIONS,
    }
