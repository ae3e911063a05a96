"""What `ClusterReader` promises, of every reader there is."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from k8s_heartbeat.adapters.cached import CachedReader
from k8s_heartbeat.adapters.cluster import LiveReader, SharedLists, shared_lists
from k8s_heartbeat.adapters.memory import Memory
from k8s_heartbeat.adapters.snapshot import SnapshotReader
from k8s_heartbeat.core.checks.reader import ClusterReader, Deadline, NotFound
from k8s_heartbeat.core.kinds import EVENT, POD, Kind
from k8s_heartbeat.core.query import Query
from k8s_heartbeat.core.rules import KINDS
from k8s_heartbeat.core.selectors import LabelSelector, Requirement
from tests.builders import (
    Manifest,
    deployment,
    event,
    pod,
    replica_set,
)
from tests.servers.api_server import ApiServer
from tests.servers.kubeconfig import kubeconfig, live_reader, write_kubeconfig

READERS = ("snapshot", "live", "shared live", "cached snapshot", "cached live")


def labelled(name: str, labels: Manifest | None, namespace: str = "shop") -> Manifest:
    """A pod with these labels."""
    made = pod(name)
    made["metadata"] |= {"labels": labels, "namespace": namespace}
    if labels is None:
        del made["metadata"]["labels"]
    return made


def one_of(kind: Kind) -> Manifest:
    """An object of any kind, with more than any reader needs to keep."""
    place = {"namespace": "each"} if kind.namespaced else {}
    return {
        "apiVersion": kind.api_version,
        "kind": kind.kind,
        "metadata": {"name": "one", "uid": f"{kind.plural}-one", "labels": {"a": "b"}, **place},
        "type": "Warning",
        "data": {"password": "secret"},
    }


CLUSTER: tuple[Manifest, ...] = (
    *map(one_of, KINDS),
    deployment(),
    replica_set(),
    labelled("web-1", {"app": "web", "tier": "front"}),
    labelled("web-2", {"app": "web", "tier": "back"}),
    labelled("job-1", {"app": "job"}),
    labelled("bare-1", None),
    labelled("web-3", {"app": "web", "tier": "front"}, "other"),
    event("api", "FailedCreate"),
    event("api", "ScalingReplicaSet", type_="Normal"),
)


@pytest.fixture(params=READERS)
def reader(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[ClusterReader]:
    """One reader after the other, over the same cluster."""
    made: ClusterReader
    with ExitStack() as opened:
        if "snapshot" in request.param:
            made = SnapshotReader(lambda: CLUSTER)
        else:
            api = opened.enter_context(ApiServer(CLUSTER, kinds=KINDS))
            path = write_kubeconfig(tmp_path / "config", kubeconfig(api.url))
            made = live = opened.enter_context(live_reader(path))
            if "shared" in request.param:
                made = _sharing(live, monkeypatch)
        if "cached" in request.param:
            made = CachedReader(made, clock=time.monotonic)
        yield made


def _sharing(reader: LiveReader, monkeypatch: pytest.MonkeyPatch) -> SharedLists:
    """One that has a LIST before it answers the first question."""
    monkeypatch.setattr(shared_lists, "_LEAST", 1)
    return SharedLists(
        reader,
        clock=time.monotonic,
        lifetime=60.0,
        timeout=5.0,
        memory=Memory(),
        start=lambda fetch: fetch(),
    )


def soon() -> Deadline:
    """A deadline that no reader reaches."""
    return Deadline.after(5, time.monotonic)


def names(reader: ClusterReader, query: Query) -> list[str]:
    """The names of what a list holds."""
    return [entry["metadata"]["name"] for entry in reader.read(query, soon()).objects]


def pods(key: str, operator: str, *values: str) -> Query:
    """The pods in `shop` by one requirement."""
    return Query(POD, "shop", selector=LabelSelector((Requirement(key, operator, values),)))


def place_of(kind: Kind) -> str:
    """Where the one object of a kind stands."""
    return "each" if kind.namespaced else ""


def test_an_object_is_read_by_its_name(reader: ClusterReader) -> None:
    """Exactly one of each kind, which says what it is."""
    for kind in KINDS:
        (found,) = reader.read(Query(kind, place_of(kind), "one"), soon()).objects
        assert (found["kind"], found["apiVersion"]) == (kind.kind, kind.api_version)
        assert found["metadata"]["uid"] == f"{kind.plural}-one"
        assert found["metadata"]["labels"] == {"a": "b"}


def test_an_objects_status_is_read(reader: ClusterReader) -> None:
    """What its rule names of it."""
    (found,) = reader.read(Query(KINDS[0], "shop", "api"), soon()).objects
    assert found["status"]["availableReplicas"] == 3


def test_what_was_just_read_is_neither_old_nor_stale(reader: ClusterReader) -> None:
    """Twice, so that a reader that remembers speaks from memory."""
    began = time.monotonic()
    for _ in range(2):
        reading = reader.read(Query(KINDS[0], "shop", "api"), soon())
        assert began <= reading.began <= time.monotonic()
        assert not reading.stale


@pytest.mark.parametrize(
    "query",
    [
        Query(KINDS[0], "shop", "ap"),
        Query(KINDS[0], "shop", "api-rs"),
        Query(KINDS[0], "other", "api"),
        Query(KINDS[0], "empty", "api"),
        Query(POD, "shop", "web-3"),
    ],
    ids=["prefix", "other-kind", "other-namespace", "no-namespace", "namesake-elsewhere"],
)
def test_what_does_not_exist_is_not_found(reader: ClusterReader, query: Query) -> None:
    """NotFound, each time an error of its own, that names what was asked for."""
    errors: list[NotFound] = []
    for _ in range(2):
        with pytest.raises(NotFound) as caught:
            reader.read(query, soon())
        errors.append(caught.value)
    assert errors[0] is not errors[1]
    assert all(str(query) in str(error) for error in errors)


def test_a_list_is_of_one_namespace(reader: ClusterReader) -> None:
    """Namesakes elsewhere are no part of it."""
    assert names(reader, Query(POD, "shop")) == ["web-1", "web-2", "job-1", "bare-1"]
    assert names(reader, Query(POD, "other")) == ["web-3"]


def test_a_list_may_be_of_all_namespaces(reader: ClusterReader) -> None:
    """Namesakes in each of them."""
    everywhere = names(reader, Query(POD, ""))
    assert sorted(everywhere) == ["bare-1", "job-1", "one", "web-1", "web-2", "web-3"]
    selector = LabelSelector((Requirement("app", "In", ("web",)),))
    assert sorted(names(reader, Query(POD, "", selector=selector))) == ["web-1", "web-2", "web-3"]


def test_a_list_of_what_stands_in_no_namespace_is_asked_for_in_none(
    reader: ClusterReader,
) -> None:
    """All of a kind, in one answer."""
    for kind in KINDS:
        if not kind.namespaced:
            assert names(reader, Query(kind, "")) == ["one"]


def test_no_list_here_is_cut_short(reader: ClusterReader) -> None:
    """A reader says when it did not take in all."""
    assert reader.read(Query(POD, ""), soon()).gap is None


def test_what_kinds_there_are_is_told(reader: ClusterReader) -> None:
    """Each with its names, its group and version, and whether it stands in a namespace."""
    began = time.monotonic()
    for _ in range(2):
        served = reader.discover(soon())
        assert served.whole
        assert began <= served.began <= time.monotonic()
        for kind in KINDS:
            assert served.has(kind)
            told = served.find(f"{kind.plural}.{kind.version}.{kind.group}")
            assert told is not None
            assert (told.kind, told.plural, told.version) == (kind.kind, kind.plural, kind.version)
            assert told.namespaced is kind.namespaced
            assert told.short_names == kind.short_names


def test_a_list_of_nothing_is_empty(reader: ClusterReader) -> None:
    """Never NotFound, whether or not the namespace exists."""
    assert names(reader, Query(POD, "empty")) == []
    assert names(reader, pods("app", "In", "nothing")) == []


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        (pods("app", "In", "web"), ["web-1", "web-2"]),
        (pods("app", "In", "web", "job"), ["web-1", "web-2", "job-1"]),
        (pods("app", "NotIn", "web"), ["job-1", "bare-1"]),
        (pods("app", "NotIn", "web", "job"), ["bare-1"]),
        (pods("tier", "Exists"), ["web-1", "web-2"]),
        (pods("tier", "DoesNotExist"), ["job-1", "bare-1"]),
    ],
    ids=["in-one", "in-two", "not-in-one", "not-in-two", "exists", "does-not-exist"],
)
def test_a_list_is_narrowed_by_each_operator(
    reader: ClusterReader, query: Query, expected: list[str]
) -> None:
    """A label that is absent is not in any values, as Kubernetes has it."""
    assert names(reader, query) == expected


def test_requirements_hold_together(reader: ClusterReader) -> None:
    """A selector is an and, also with a list of values between two commas."""
    selector = LabelSelector(
        (
            Requirement("app", "In", ("job", "web")),
            Requirement("tier", "NotIn", ("back", "middle")),
            Requirement("tier", "Exists"),
        )
    )
    assert names(reader, Query(POD, "shop", selector=selector)) == ["web-1"]


def test_an_empty_selector_lets_everything_through(reader: ClusterReader) -> None:
    """As in Kubernetes; that workloads have none is the matter of `selector_of`."""
    assert len(names(reader, Query(POD, "shop", selector=LabelSelector()))) == 4


def test_the_items_of_a_list_say_what_they_are(reader: ClusterReader) -> None:
    """The API leaves it out there, and the rules go by it."""
    for kind in KINDS:
        found = reader.read(Query(kind, place_of(kind)), soon()).objects
        assert len(found) == 1
        assert {entry["kind"] for entry in found} == {kind.kind}
        assert {entry["apiVersion"] for entry in found} == {kind.api_version}


def test_of_events_only_the_warnings_are_read(reader: ClusterReader) -> None:
    """Every list of a kind is asked with the kind's `list_fields`."""
    found = reader.read(Query(EVENT, "shop"), soon()).objects
    assert [entry["type"] for entry in found] == ["Warning"]


def test_the_same_question_has_the_same_answer(reader: ClusterReader) -> None:
    """What a caller was given is not changed by the next reading."""
    first = reader.read(Query(POD, "shop"), soon()).objects
    assert reader.read(Query(POD, "shop"), soon()).objects == first


def test_a_ping_returns(reader: ClusterReader) -> None:
    """Whoever is behind the reader answers."""
    for _ in range(2):
        reader.ping(soon())
