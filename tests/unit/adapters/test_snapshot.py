"""Reading out of manifests that are at hand: by name, in lists, and which kinds there are."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from k8s_heartbeat.adapters.snapshot import (
    SnapshotReader,
)
from k8s_heartbeat.core import RULES
from k8s_heartbeat.core.checks.reader import Deadline, NotFound, Reading
from k8s_heartbeat.core.gap import GapReason
from k8s_heartbeat.core.kinds import EVENT, Kind
from k8s_heartbeat.core.query import Query
from k8s_heartbeat.core.rules import KINDS
from k8s_heartbeat.core.selectors import selector_of
from tests.builders import (
    Manifest,
    deployment,
    event,
    pod,
)

ONE, OTHER = deployment(3), pod("api-1")
DEADLINE = Deadline(1e9, lambda: 0.0)


def names(found: list[Any]) -> list[str]:
    """Names of manifests, in alphabetical order."""
    return sorted(str(entry["metadata"]["name"]) for entry in found)


def held(kind: Kind, name: str = "one", namespace: str = "shop") -> Manifest:
    """An object of any kind."""
    place = {"namespace": namespace} if kind.namespaced else {}
    return {
        "apiVersion": kind.api_version,
        "kind": kind.kind,
        "metadata": {"name": name, **place},
        "type": "Warning",
    }


HELD = [held(kind) for kind in KINDS]


def reader_of(*objects: Manifest) -> SnapshotReader:
    """A reader over these objects."""
    return SnapshotReader(lambda: objects)


def query(word: str, name: str = "", namespace: str = "shop") -> Query:
    """A query by a kind's name."""
    kind = RULES.kind_called(word)
    assert kind is not None
    return Query(kind, namespace, name)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: f"{kind.kind}.{kind.group}")
def test_reader_finds_each_kind_by_name_and_in_a_list(kind: Kind) -> None:
    """One object for a query by name, of its own group, and it is fresh."""
    place = "shop" if kind.namespaced else ""
    for asked in (Query(kind, place, "one"), Query(kind, place), Query(kind, "")):
        reading = reader_of(*HELD).read(asked, DEADLINE)
        assert reading == Reading((held(kind),), DEADLINE.clock())


def test_reader_lists_all_namespaces() -> None:
    """Where none is named."""
    pods = query("pods").kind
    reader = reader_of(held(pods, "a", "one"), held(pods, "b", "two"))
    assert names(list(reader.read(Query(pods, ""), DEADLINE).objects)) == ["a", "b"]
    assert names(list(reader.read(Query(pods, "two"), DEADLINE).objects)) == ["b"]


def test_reader_counts_what_names_no_namespace_in_each() -> None:
    """A manifest that was not applied yet is for whichever it is applied to."""
    bare: Manifest = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a"}}
    for namespace in ("shop", "other", ""):
        assert reader_of(bare).read(Query(query("pods").kind, namespace), DEADLINE).objects


def test_of_several_readings_of_one_object_the_last_counts() -> None:
    """As kubectl calls one after the other leave them in a file."""
    reader = reader_of(deployment(3, 0), deployment(3, 3))
    assert reader.read(query("deploy", "api"), DEADLINE).objects == (deployment(3, 3),)


def test_reader_finds_a_kind_in_an_older_group_of_it() -> None:
    """One that its rule covers."""
    older = {**deployment(), "apiVersion": "extensions/v1beta1"}
    assert reader_of(older).read(query("deploy", "api"), DEADLINE).objects == (older,)


def test_reader_reads_events_of_either_api_and_only_warnings() -> None:
    """They say the same under other names."""
    newer: Manifest = {
        "apiVersion": "events.k8s.io/v1",
        "kind": "Event",
        "type": "Warning",
        "metadata": {"name": "new", "namespace": "shop"},
    }
    found = reader_of(newer, event("old"), event("fine", type_="Normal")).read(
        Query(EVENT, "shop"), DEADLINE
    )
    assert names(list(found.objects)) == ["new", "old.FailedCreate"]


def discovered(*objects: Manifest) -> dict[str, Kind]:
    """The kinds that a snapshot of these objects serves."""
    served = reader_of(*objects).discover(DEADLINE)
    assert served.whole
    return {kind.kind: kind for kind in served.kinds}


def test_what_a_snapshot_serves_is_what_is_in_it() -> None:
    """A kind with a rule is told as the rule says, and its group and version as they stand."""
    served = discovered(*HELD, *HELD)
    assert set(served) == {kind.kind for kind in KINDS}
    node = served["Node"]
    assert (node.plural, node.namespaced, node.short_names) == ("nodes", False, ("no",))


@pytest.mark.parametrize(
    ("kind", "plural"),
    [
        ("Widget", "widgets"),
        ("Policy", "policies"),
        ("Gateway", "gateways"),
        ("Bus", "buses"),
        ("Elasticsearch", "elasticsearches"),
    ],
)
def test_the_plural_of_a_kind_without_a_rule_is_guessed(kind: str, plural: str) -> None:
    """Nowhere in a dump does it stand, and the API's own are irregular."""
    one = {"apiVersion": "example.com/v1", "kind": kind, "metadata": {"name": "x"}}
    served = reader_of(one).discover(DEADLINE)
    for word in (plural, f"{plural}.example.com", kind.lower()):
        found = served.find(word)
        assert found is not None
        assert (found.kind, found.api_version) == (kind, "example.com/v1")


def test_a_definition_in_the_snapshot_says_what_a_kind_is_called() -> None:
    """What it states, no guess reaches."""
    names = {"kind": "Ox", "plural": "oxen", "shortNames": ["bull"]}
    definition = {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": "oxen.example.com"},
        "spec": {"group": "example.com", "names": names},
    }
    one = {"apiVersion": "example.com/v1", "kind": "Ox", "metadata": {"name": "x"}}
    served = reader_of(definition, one).discover(DEADLINE)
    for word in ("oxen", "oxen.example.com", "bull", "ox"):
        found = served.find(word)
        assert found is not None
        assert (found.kind, found.plural) == ("Ox", "oxen")


@pytest.mark.parametrize("odd", [{}, {"kind": 7}, {"kind": None}, {"kind": ""}, {"apiVersion": 7}])
def test_what_has_no_kind_is_not_served(odd: Manifest) -> None:
    """It cannot be asked for."""
    assert discovered(odd) == {}


@pytest.mark.parametrize(
    "asked",
    [query("deploy", "web"), query("deploy", "api", "other"), query("sts", "api")],
    ids=["name", "namespace", "kind"],
)
def test_reader_does_not_find_what_is_not_there(asked: Query) -> None:
    """Another name, namespace or kind is another object."""
    with pytest.raises(NotFound):
        reader_of(*HELD).read(asked, DEADLINE)


def test_kind_of_another_group_is_another_kind() -> None:
    """A Deployment of somebody else's API is not ours."""
    foreign = {**deployment(), "apiVersion": "example.com/v1"}
    with pytest.raises(NotFound):
        reader_of(foreign).read(query("deploy", "api"), DEADLINE)


def test_reader_lists_what_a_selector_lets_through() -> None:
    """As the API server does; that no object is of a kind says nothing of the cluster."""
    selector = selector_of({"spec": {"selector": {"matchLabels": {"app": "api"}}}})
    kind = query("pods").kind
    others = {**pod("db-0"), "metadata": {"name": "db-0", "namespace": "shop"}}
    listed = reader_of(pod("api-1"), others, *HELD[:2]).read(
        Query(kind, "shop", selector=selector), DEADLINE
    )
    assert names(list(listed.objects)) == ["api-1"]
    elsewhere, none = (
        reader_of(*objects).read(Query(kind, "other"), DEADLINE)
        for objects in ((pod("api-1"),), HELD[:2])
    )
    assert (elsewhere.objects, elsewhere.gap) == ((), None)
    assert none.gap is not None
    assert (none.objects, none.gap.reason, none.gap.kind) == ((), GapReason.NOT_GIVEN, kind)


@pytest.mark.parametrize(
    "odd",
    [
        {},
        {"kind": "Deployment"},
        {"kind": "Deployment", "metadata": None},
        {"kind": "Deployment", "metadata": []},
        {"kind": "Deployment", "apiVersion": 7, "metadata": {"name": 3, "namespace": "shop"}},
        {"kind": ["Deployment"]},
    ],
)
def test_odd_objects_beside_it_do_not_hide_one(odd: Manifest) -> None:
    """A dump holds whatever it holds."""
    reading = reader_of(odd, deployment()).read(query("deploy", "api"), DEADLINE)
    assert reading.objects == (deployment(),)


def test_objects_are_asked_for_at_every_reading() -> None:
    """The demo's move with the time."""
    states: list[Callable[[], Manifest]] = [lambda: deployment(3, 3), lambda: deployment(3, 0)]
    reader = SnapshotReader(lambda: [states.pop(0)()])
    asked = query("deploy", "api")
    assert reader.read(asked, DEADLINE) != reader.read(asked, DEADLINE)


def test_snapshot_is_always_there() -> None:
    """There is no API server behind it that could be away."""
    reader_of().ping(DEADLINE)
