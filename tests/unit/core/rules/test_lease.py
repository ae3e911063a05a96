"""The rule of the Lease, case by case."""

from __future__ import annotations

import pytest

from k8s_heartbeat.core import RULES, assess
from tests.builders import NOW, Manifest, before, metadata, stamp


def lease(**spec: object) -> Manifest:
    """A Lease of 15 seconds that somebody holds."""
    held = {"holderIdentity": "controller-1", "leaseDurationSeconds": 15, **spec}
    return {
        "apiVersion": "coordination.k8s.io/v1",
        "kind": "Lease",
        "metadata": metadata("kube-scheduler"),
        "spec": {name: value for name, value in held.items() if value is not None},
    }


@pytest.mark.parametrize(
    ("manifest", "health", "activity", "reason"),
    [
        pytest.param(
            lease(renewTime=before(seconds=45)), "healthy", "steady", "Renewed", id="three times"
        ),
        pytest.param(
            lease(renewTime=before(seconds=46)), "down", "steady", "LeaseExpired", id="longer"
        ),
        pytest.param(
            lease(renewTime="2026-03-02T11:59:59.123456Z"),
            "healthy",
            "steady",
            "Renewed",
            id="to the microsecond",
        ),
        pytest.param(
            lease(renewTime="2026-03-02T12:00:45Z"), "healthy", "steady", "Renewed", id="ahead"
        ),
        pytest.param(
            lease(renewTime="2026-03-02T12:00:46Z"),
            "unknown",
            "steady",
            "RenewedInFuture",
            id="far ahead",
        ),
        pytest.param(
            lease(holderIdentity=None, renewTime=before(days=1)),
            "healthy",
            "suspended",
            "NoHolder",
            id="nobody holds it",
        ),
        pytest.param(
            lease(holderIdentity=""), "healthy", "suspended", "NoHolder", id="it was let go"
        ),
        pytest.param(
            lease(leaseDurationSeconds=None, renewTime=before(days=1)),
            "healthy",
            "steady",
            "Exists",
            id="no duration",
        ),
        pytest.param(lease(), "unknown", "steady", "NeverRenewed", id="never renewed"),
        pytest.param(lease(renewTime="soon"), "unknown", "steady", "Malformed", id="odd time"),
    ],
)
def test_a_lease_is_judged(manifest: Manifest, health: str, activity: str, reason: str) -> None:
    """Whoever holds it has to renew it."""
    verdict = assess(manifest, now=NOW)
    assert (verdict.health, verdict.activity, verdict.reason) == (health, activity, reason)
    assert verdict.up == (health == "healthy")


def test_who_holds_it_and_since_when_is_told() -> None:
    """A person looks there first."""
    verdict = assess(lease(renewTime=before(minutes=5)), now=NOW)
    assert verdict.sentence == "renewed 5m ago, it lasts 15 seconds: held by controller-1"
    assert verdict.since is not None
    assert stamp(verdict.since) == before(minutes=5)


def test_a_lease_without_a_spec_is_held_by_nobody() -> None:
    """It needs no status either."""
    manifest = {key: value for key, value in lease().items() if key != "spec"}
    assert assess(manifest, now=NOW).reason == "NoHolder"
    rule = RULES.own("Lease", "coordination.k8s.io/v1")
    assert rule is not None
    assert (rule.kind.plural, rule.kind.short_names, rule.needs_status) == ("leases", (), False)
