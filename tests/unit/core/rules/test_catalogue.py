"""What is known of other projects' kinds: the data, and what comes of it for small objects."""

from __future__ import annotations

import json
import re
from dataclasses import MISSING, fields
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
import yaml

from k8s_heartbeat.core import RULES, Rules, assess
from k8s_heartbeat.core.rules.catalogue import CATALOGUE
from k8s_heartbeat.core.rules.custom import custom_rule
from k8s_heartbeat.core.rules.entry import Entry
from k8s_heartbeat.core.rules.reading import entry_of
from k8s_heartbeat.core.rules.words import SENSES, plain
from tests.builders import NOW, Manifest

CASES = Path(__file__).parents[3] / "cases"
ROWS: list[Any] = yaml.safe_load((CASES / "operators.yaml").read_text("utf-8"))
BARE = Rules(*RULES, custom=lambda: custom_rule({}))
"""The rules without the catalogue: the generic way alone."""
ENTRIES = list({id(entry): (key, entry) for key, entry in CATALOGUE.items()}.values())


def made(row: Any) -> tuple[Manifest, str]:
    """The object of a row, a day old, and what is wanted of it."""
    api_version, kind, wanted, status, *others = row
    other: Manifest = others[0] if others else {}
    meta = {"name": "x", "uid": "u", "creationTimestamp": "2026-03-01T12:00:00Z"}
    manifest: Manifest = {
        "apiVersion": api_version,
        "kind": kind,
        "metadata": meta | other.get("metadata", {}),
    }
    if status is not None:
        manifest["status"] = status
    if "spec" in other:
        manifest["spec"] = other["spec"]
    return manifest, wanted


def key_of(manifest: Manifest) -> tuple[str, str]:
    """Its API group and kind."""
    return manifest["apiVersion"].rpartition("/")[0], manifest["kind"]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row[1]} {row[2]}")
def test_objects_of_operators_are_judged_rightly(row: Any) -> None:
    """Health and activity; down is never up, and neither is healthy ever without it."""
    manifest, wanted = made(row)
    verdict = assess(manifest, now=NOW)
    assert f"{verdict.health} {verdict.activity}" == wanted, verdict.message
    assert verdict.up is (verdict.health in ("healthy", "degraded"))


def test_no_word_is_in_two_classes_and_all_are_plain() -> None:
    """In lower case and without separators, as they are looked up."""
    for one, other in combinations(SENSES.values(), 2):
        assert not one & other
    for words in SENSES.values():
        assert {plain(word) for word in words} == words
    for _, entry in ENTRIES:
        assert {plain(word) for word in entry.means} == set(entry.means)


@pytest.mark.parametrize(("key", "entry"), ENTRIES, ids=lambda part: str(part)[:60])
def test_each_entry_names_its_source(key: tuple[str, str], entry: Entry) -> None:
    """And is found by a group that can exist."""
    assert entry.source
    assert re.fullmatch(r"(\*\.)?[a-z0-9.-]+\.[a-z0-9-]+", key[0])


@pytest.mark.parametrize(("key", "entry"), ENTRIES, ids=lambda part: str(part)[:60])
def test_each_entry_changes_something(key: tuple[str, str], entry: Entry) -> None:
    """For at least one of the objects; what the generic way gets right needs none."""
    objects = [made(row)[0] for row in ROWS]
    own = [each for each in objects if entry_of(CATALOGUE, *key_of(each)) is entry]
    assert own
    assert any(assess(each, now=NOW) != assess(each, now=NOW, rules=BARE) for each in own)


@pytest.mark.parametrize("field", [field for field in fields(Entry) if field.name != "source"])
def test_each_field_is_used(field: Any) -> None:
    """One that no entry needs is not worth its line."""
    default = field.default if field.default is not MISSING else field.default_factory()
    assert any(getattr(entry, field.name) != default for _, entry in ENTRIES)


WANTED = {
    "c01": ("degraded steady", "SyncFailed"),
    "c03": ("degraded steady", "HEALTH_ERR"),
    "c04": ("down steady", "faulted"),
    "c05": ("down steady", "AddressNotAssigned"),
    "c06": ("healthy steady",),
    "c07": ("degraded steady", "BackendNotFound"),
    "c08": ("down steady", "Failed"),
    "c11": ("down steady", "Expired", "failedIssuanceAttempts is 9"),
    "c13": ("down steady", "Failed"),
    "c14": ("degraded steady", "Degraded"),
    "c16": ("healthy suspended",),
    "c17": ("down steady", "Unschedulable"),
    "c18": ("down steady", "no key could decrypt"),
    "c20": ("degraded steady",),
    "c21": ("down steady", "PyTorchJobFailed"),
    "c23": ("degraded steady",),
    "c25": ("healthy steady",),
    "c26": ("healthy progressing",),
    "c32": ("down steady",),
    "o11": ("down steady", "Failed"),
    "o12": ("degraded steady", "Degraded"),
}


@pytest.mark.parametrize(
    "name", sorted(path.name for path in CASES.glob("*.json") if path.name[:3] in WANTED)
)
def test_real_objects_are_judged_rightly(name: str) -> None:
    """As people found them, each with what they would have been told."""
    wanted = WANTED[name[:3]]
    manifest = json.loads((CASES / name).read_text("utf-8"))
    verdict = assess(manifest, now=NOW.replace(month=11, day=20))
    assert f"{verdict.health} {verdict.activity}" == wanted[0], verdict.message
    told = " ".join([verdict.reason, verdict.message, *map(str, verdict.causes)])
    assert all(word in told for word in wanted[1:])
    assert "no cluster has written" not in told
