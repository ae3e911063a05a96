"""What a real control plane and real kubelets wrote, judged offline.

The recordings of `tests/cluster/record.py` and `tests/node/record.py`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from k8s_heartbeat.adapters.cluster.decode import decode_object
from k8s_heartbeat.adapters.dump import read_file
from k8s_heartbeat.core import RULES, Assessment, assess
from k8s_heartbeat.core.kinds import ENDPOINT_SLICE, JOB, POD, STORAGE_CLASS
from k8s_heartbeat.core.related import RelatedObjects
from tests.cluster import record
from tests.cluster.record import FIXTURES, latest
from tests.cluster.story import Expected, Scenario
from tests.node import fates

Manifest = Mapping[str, Any]

BY_NAME = record.BY_NAME | fates.SCENARIOS
RECORDED = (*record.RECORDED, *fates.RECORDED)

LARGEST = 60_000
"""Bytes of a fixture."""

recordings = pytest.mark.parametrize("name", RECORDED)


def recorded(name: str) -> tuple[Manifest, list[Manifest], datetime]:
    """The object that a scenario is about, all that was recorded, and when its answer is due."""
    scenario = BY_NAME[name]
    objects = read_file(str(FIXTURES / f"{name}.json"))
    subject = next(entry for entry in objects if is_subject(entry, scenario))
    return subject, objects, latest(objects) + timedelta(seconds=scenario.ripens)


def is_subject(entry: Manifest, scenario: Scenario) -> bool:
    """Whether an object is the one that a scenario is about."""
    return (entry["kind"], entry["metadata"]["name"]) == (scenario.kind, scenario.subject)


def judged(name: str, after: timedelta = timedelta(0)) -> Assessment:
    """The verdict on a recording, so long after its answer was due."""
    subject, objects, now = recorded(name)
    return assess(subject, related=whole(objects), now=now + after)


def whole(objects: Iterable[Manifest]) -> RelatedObjects:
    """A recording: all that was there of what others are judged by."""
    return RelatedObjects(objects, whole=(ENDPOINT_SLICE, JOB, POD, STORAGE_CLASS))


def fits(verdict: Assessment, expected: Expected) -> bool:
    """Whether a verdict is the answer that is due."""
    return (
        (verdict.health, verdict.up) == (expected.health, expected.up)
        and expected.activity in (None, verdict.activity)
        and expected.reason in (None, verdict.reason)
        and (not expected.causes or any(c.reason in expected.causes for c in verdict.causes))
    )


def test_every_recording_is_judged_and_none_is_missing() -> None:
    """The files and the list of what is recorded are the same."""
    assert {path.stem for path in FIXTURES.glob("*.json")} == set(RECORDED)


@recordings
def test_recorded_status_is_judged_as_the_scenario_says(name: str) -> None:
    """Health, activity, up, reason and cause are those that the running service has to give."""
    verdict = judged(name)
    assert fits(verdict, BY_NAME[name].expected), verdict


@recordings
def test_recorded_status_is_judged_alike_when_it_is_trimmed(name: str) -> None:
    """What the decoder of the live reader leaves out is read by no rule."""
    _, objects, now = recorded(name)
    trimmed = [trim(entry) for entry in objects]
    related = whole(objects), whole(trimmed)
    for pair in zip(objects, trimmed, strict=True):
        verdicts = [
            assess(entry, related=around, now=now)
            for around, entry in zip(related, pair, strict=True)
        ]
        assert verdicts[0] == verdicts[1]


def trim(entry: Manifest) -> Manifest:
    """An object as the live reader keeps it."""
    fields = RULES.find(entry["kind"], entry["apiVersion"]).fields
    return decode_object(json.dumps(entry).encode(), fields)


def test_autoscaler_that_still_fails_after_five_minutes_is_degraded() -> None:
    """Metrics come late at first; what lasts is a failure, and its target serves all the same."""
    name = "autoscaler-without-metrics"
    lasting = replace(BY_NAME[name].expected, health="degraded", reason="FailedGetResourceMetric")
    assert fits(judged(name, timedelta(minutes=4)), BY_NAME[name].expected)
    assert fits(judged(name, timedelta(minutes=6)), lasting)


def test_run_that_is_not_late_yet_is_not_missed() -> None:
    """The recording itself is judged at a time at which its run is overdue."""
    assert judged("cronjob-misses-a-run", timedelta(seconds=-10)).health == "healthy"


@pytest.mark.parametrize(
    "name", ["namespace-held-by-a-finalizer", "namespace-of-which-the-api-knows-too-little"]
)
def test_namespace_that_hangs_for_an_hour_is_stuck(name: str) -> None:
    """Whatever holds it, an end that does not come is no good news."""
    verdict = judged(name, timedelta(minutes=61))
    assert (verdict.health, verdict.activity) == ("degraded", "terminating")
    assert verdict.reason == "TerminatingStuck"


@recordings
def test_recording_holds_nothing_of_the_machine_it_was_made_on(name: str) -> None:
    """No host name, no home folder, no bookkeeping of who applied what."""
    text = (FIXTURES / f"{name}.json").read_text("utf-8")
    assert len(text) < LARGEST
    assert "managedFields" not in text
    assert "/root" not in text
    assert "/home" not in text
    assert "vm_" not in text
