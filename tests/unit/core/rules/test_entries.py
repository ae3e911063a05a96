"""What a configuration file may say of a kind, and what it does."""

from __future__ import annotations

import pytest

from k8s_heartbeat.core import RULES, Assessment, assess
from k8s_heartbeat.core.rules.entry import Entry
from k8s_heartbeat.core.rules.words import Sense, sense_of
from tests.builders import NOW, Manifest, before, condition


def oven(entry: Entry, **fields: object) -> Assessment:
    """The verdict on an Oven of which this is said."""
    meta = {"name": "one", "uid": "u", "creationTimestamp": "2026-03-01T12:00:00Z"}
    manifest: Manifest = {"apiVersion": "example.com/v1", "kind": "Oven", "metadata": meta}
    rules = RULES.with_kinds({("example.com", "Oven"): entry})
    return assess({**manifest, **fields}, now=NOW, rules=rules)


def test_no_kinds_are_the_same_rules() -> None:
    """A file that says nothing of any costs nothing."""
    assert RULES.with_kinds({}) is RULES


@pytest.mark.parametrize(
    ("stated", "told"),
    [
        ("the gas is off", "the gas is off"),
        ({"message": "the gas is off"}, "the gas is off"),
        (True, "an error is stated"),
    ],
)
def test_what_is_there_only_on_failure_is_down(stated: object, told: str) -> None:
    """As text, as an object with a message, or as anything at all."""
    verdict = oven(Entry(error=("status.error",)), status={"error": stated})
    assert (verdict.health, verdict.up) == ("down", False)
    assert told in verdict.sentence


def test_no_error_is_none() -> None:
    """A field that is empty says nothing."""
    entry = Entry(error=("status.error",), words=("status.stage",), means={"hot": Sense.GOOD})
    assert oven(entry, status={"error": "", "stage": "hot"}).health == "healthy"
    assert oven(entry, status=[], spec={}).health == "unknown"


def test_a_condition_that_holds_it_is_no_failure() -> None:
    """Whoever paused it knows that it is paused."""
    conditions = [condition("Ready", "False"), condition("Cleaned", "True")]
    entry = Entry(holds=("Cleaned",))
    assert oven(entry, status={"conditions": conditions}).activity == "suspended"


def test_what_is_stopped_before_it_states_anything_is_suspended() -> None:
    """Its controller has no reason to write."""
    entry = Entry(source="docs/oven.md", holds=("spec.unplugged=true",))
    assert oven(entry, spec={"unplugged": True}).activity == "suspended"


def test_a_path_through_what_is_no_object_leads_nowhere() -> None:
    """And is no error."""
    entry = Entry(words=("status.stage.name",), means={"hot": Sense.GOOD})
    assert oven(entry, status={"stage": "hot", "phase": "Running"}).health != "down"


def test_a_status_of_any_depth_is_looked_through_to_an_end() -> None:
    """What stands very deep says nothing of the whole."""
    status: Manifest = {"state": "Failed"}
    for _ in range(50):
        status = {"inner": status}
    assert oven(Entry(), status={"phase": "Running", **status}).health == "healthy"


@pytest.mark.parametrize("word", ["PendingUpgrade", "queued rebalancing"])
def test_a_change_that_has_not_begun_is_a_change(word: str) -> None:
    """What serves goes on serving until it does."""
    assert sense_of(word) is Sense.CHANGING


@pytest.mark.parametrize(
    ("word", "sense"),
    [
        ("1/3", Sense.DEGRADED),
        ("0/3", Sense.FAILED),
        ("3/3", None),
        ("desynced", Sense.DEGRADED),
        ("not failed", Sense.GOOD),
        ("not ready", Sense.STARTING),
        ("failing over", Sense.CHANGING),
    ],
)
def test_what_a_phrase_says(word: str, sense: Sense | None) -> None:
    """By its figures, its form and what stands before a word."""
    assert sense_of(word) is sense


def test_what_runs_to_completion_may_run_for_days() -> None:
    """Progress of a good name is no step on the way to something else."""
    running = condition("Running", "True", since=before(days=2))
    verdict = oven(Entry(moves=("Running",), ends=True), status={"conditions": [running]})
    assert (verdict.health, verdict.activity, verdict.up) == ("healthy", "progressing", True)
