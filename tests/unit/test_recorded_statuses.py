"""What a real control plane wrote, judged offline: the recordings of `tests/cluster/record.py`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest

from k8s_heartbeat.adapters.cluster.trim import decode_object
from k8s_heartbeat.adapters.snapshot import read_file, related_index
from k8s_heartbeat.core import assess
from tests.cluster.record import FIXTURES, RECORDED, latest
from tests.cluster.scenarios import SCENARIOS, WEB, Scenario

BY_NAME = {scenario.name: scenario for scenario in SCENARIOS}
recordings = pytest.mark.parametrize("name", RECORDED)


def subject(objects: list[Mapping[str, Any]], scenario: Scenario) -> Mapping[str, Any]:
    """The object that a scenario is about."""
    return next(
        entry
        for entry in objects
        if entry["kind"] == scenario.kind and entry["metadata"]["name"] == WEB
    )


def test_every_recording_is_judged_and_none_is_missing() -> None:
    """The files and the list of what is recorded are the same."""
    assert {path.stem for path in FIXTURES.glob("*.json")} == set(RECORDED)


@recordings
def test_recorded_status_is_judged_as_the_scenario_says(name: str) -> None:
    """Health, activity, up, reason and cause are those that the running service has to give."""
    expected = BY_NAME[name].expected
    objects = read_file(str(FIXTURES / f"{name}.json"))
    manifest = subject(objects, BY_NAME[name])
    verdict = assess(manifest, related=related_index(objects)(manifest), now=latest(objects))
    assert (verdict.health, verdict.up) == (expected.health, expected.up)
    assert expected.activity in (None, verdict.activity)
    assert expected.reason in (None, verdict.reason)
    reasons = {cause.reason for cause in verdict.causes}
    assert not expected.causes or reasons & expected.causes


@recordings
def test_recorded_status_is_judged_alike_when_it_is_trimmed(name: str) -> None:
    """What the decoder of the live reader leaves out is read by no rule."""
    objects = read_file(str(FIXTURES / f"{name}.json"))
    now = latest(objects)
    trimmed = [decode_object(json.dumps(entry).encode()) for entry in objects]
    for whole, part in zip(objects, trimmed, strict=True):
        assert assess(part, related=trimmed, now=now) == assess(whole, related=objects, now=now)


@recordings
def test_recording_holds_nothing_of_the_machine_it_was_made_on(name: str) -> None:
    """No host name, no home folder, no bookkeeping of who applied what."""
    text = (FIXTURES / f"{name}.json").read_text("utf-8")
    assert "managedFields" not in text
    assert "/root" not in text
    assert "/home" not in text
    assert "vm_" not in text
