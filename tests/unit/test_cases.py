"""Statuses that were misjudged once, each for its kind of fault: what is right stands here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from k8s_heartbeat.adapters.dump import read_file
from k8s_heartbeat.core import Activity, Assessment, Health, assess

CASES = Path(__file__).parents[1] / "cases"
TIMES = {
    "b": datetime(2026, 11, 20, 12, tzinfo=UTC),
    "o": datetime(2026, 11, 28, 1, 47, 50, tzinfo=UTC),
}
"""When the files of a series are judged."""
UP, NOT_UP = True, False


@dataclass(frozen=True)
class Right:
    """What is right of the first object in a file.

    Attributes:
        reason: The verdict's reason.
        health: Its health.
        activity: Its activity.
        up: Whether it is up.
        causes: Reasons of its causes, the first ones.
        said: What its message holds.
    """

    reason: str
    health: Health
    activity: Activity
    up: bool
    causes: tuple[str, ...] = ()
    said: str = ""


RIGHT: Mapping[str, Right] = {
    "b01-outofcpu-rejected-pods": Right(
        "MinimumReplicasUnavailable",
        Health.DOWN,
        Activity.PROGRESSING,
        NOT_UP,
        ("ProgressDeadlineExceeded", "OutOfcpu"),
        "Node didn't have enough resource: cpu",
    ),
    "b04-init-container-hangs": Right(
        "MinimumReplicasUnavailable",
        Health.DOWN,
        Activity.STEADY,
        NOT_UP,
        ("InitRunning",),
        "container wait-for-db): wiki-0: it has been running for 3h59m",
    ),
    "b06-signature-validation": Right(
        "SignatureValidationFailed",
        Health.DOWN,
        Activity.STEADY,
        NOT_UP,
        ("SignatureValidationFailed",),
        "signature validation failed",
    ),
    "b07-job-pod-cannot-start": Right(
        "NoPodsReady",
        Health.DEGRADED,
        Activity.STEADY,
        UP,
        ("ImagePullBackOff",),
        "none of its pods has been ready for 2d10h",
    ),
    "b08-job-pods-refused-by-quota": Right(
        "NoPods", Health.DEGRADED, Activity.STEADY, UP, ("FailedCreate",), "exceeded quota"
    ),
    "b14-service-terminating-serving": Right(
        "EndpointsTerminating", Health.DEGRADED, Activity.STEADY, UP, (), "2 of 2 endpoints serve"
    ),
    "b15-lb-pending-four-days": Right(
        "LoadBalancerPending",
        Health.DEGRADED,
        Activity.STEADY,
        UP,
        ("SyncLoadBalancerFailed",),
        "quota exceeded for forwarding rules",
    ),
    "b16-pvc-resize-infeasible": Right(
        "Bound",
        Health.HEALTHY,
        Activity.STEADY,
        UP,
        ("ControllerResizeError", "ControllerResizeInfeasible"),
        "volume size exceeds the limit of the pool",
    ),
    "b17-node-readonly-filesystem": Right(
        "FilesystemIsReadOnly",
        Health.DEGRADED,
        Activity.STEADY,
        UP,
        ("FilesystemIsReadOnly",),
        "ReadonlyFilesystem: Remounting filesystem read-only",
    ),
    "b21-volumeattachment-error": Right(
        "AttachError", Health.DOWN, Activity.STEADY, NOT_UP, ("AttachError",), "DeadlineExceeded"
    ),
    "b22-service-with-endpoints-only": Right(
        "EndpointsReady", Health.HEALTHY, Activity.STEADY, UP, (), "1 ready endpoint"
    ),
    "o01-cronjob-runs-never-end": Right(
        "RunsDoNotEnd", Health.DOWN, Activity.STEADY, NOT_UP, (), "26 runs are active"
    ),
    "o03-job-without-pods": Right(
        "NoPods", Health.DEGRADED, Activity.STEADY, UP, (), "it has had no pod for 26m"
    ),
    "o06-service-publishes-not-ready": Right(
        "NoReadyEndpoints", Health.DOWN, Activity.STEADY, NOT_UP, (), "0 of 2 pods are ready"
    ),
    "o07-service-manual-endpoints": Right(
        "NoReadyEndpoints", Health.DOWN, Activity.STEADY, NOT_UP, (), "0 of 1 endpoints are ready"
    ),
    "o09-claim-without-class": Right(
        "ClaimPending", Health.DOWN, Activity.STEADY, NOT_UP, (), "after 26m"
    ),
    "o10-evicted-pods": Right(
        "MinimumReplicasUnavailable",
        Health.DOWN,
        Activity.PROGRESSING,
        NOT_UP,
        ("Evicted",),
        "low on resource: memory",
    ),
}
"""By the names of the files."""


def test_every_case_is_judged() -> None:
    """The files of Kubernetes' own kinds, c… and o11 and o12 aside, and the table are the same."""
    stems = {path.stem for path in CASES.glob("[bo]*.json")}
    assert {stem for stem in stems if stem[:3] not in ("o11", "o12")} == set(RIGHT)


@pytest.mark.parametrize("name", RIGHT)
def test_a_case_is_judged_rightly(name: str) -> None:
    """As `k8s-heartbeat check -f` would: what the file does not hold was not read."""
    verdict, right = judged(name), RIGHT[name]
    assert (verdict.reason, verdict.health, verdict.activity, verdict.up) == (
        right.reason,
        right.health,
        right.activity,
        right.up,
    )
    assert tuple(cause.reason for cause in verdict.causes[: len(right.causes)]) == right.causes
    assert right.said in verdict.sentence


def judged(name: str) -> Assessment:
    """The verdict on the first object of a file."""
    objects: list[Mapping[str, Any]] = list(read_file(str(CASES / f"{name}.json")))
    return assess(objects[0], related=objects[1:], now=TIMES[name[0]])
