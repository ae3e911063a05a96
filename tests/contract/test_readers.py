"""What `ClusterReader` promises, of every reader there is."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from k8s_heartbeat.adapters.cached import CachedReader
from k8s_heartbeat.adapters.snapshot import SnapshotReader
from k8s_heartbeat.core.kinds import EVENT, KINDS, POD, Kind
from k8s_heartbeat.core.reader import ClusterReader, Deadline, NotFound, Query
from k8s_heartbeat.core.selectors import LabelSelector, Requirement
from tests.builders import (
    Manifest,
    daemon_set,
    deployment,
    event,
    pod,
    replica_set,
    stateful_set,
)
from tests.servers.api_server import ApiServer
from tests.servers.kubeconfig import kubeconfig, live_reader, write_kubeconfig

READERS = ("snapshot", "live", "cached snapshot", "cached live")


def labelled(name: str, labels: Manifest | None, namespace: str = "shop") -> Manifest:
    """A pod with these labels."""
    made = pod(name)
    made["metadata"] |= {"labels": labels, "namespace": namespace}
    if labels is None:
        del made["metadata"]["labels"]
    return made


CLUSTER: tuple[Manifest, ...] = (
    deployment(),
    replica_set(),
    stateful_set(),
    daemon_set(),
    labelled("web-1", {"app": "web", "tier": "front"}),
    labelled("web-2", {"app": "web", "tier": "back"}),
    labelled("job-1", {"app": "job"}),
    labelled("bare-1", None),
    labelled("web-3", {"app": "web", "tier": "front"}, "other"),
    event("api", "FailedCreate"),
    event("api", "ScalingReplicaSet", type_="Normal"),
)


@pytest.fixture(params=READERS)
def reader(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[ClusterReader]:
    """One reader after the other, over the same cluster."""
    made: ClusterReader
    with ExitStack() as opened:
        if "snapshot" in request.param:
            made = SnapshotReader(lambda: CLUSTER)
        else:
            api = opened.enter_context(ApiServer(CLUSTER))
            path = write_kubeconfig(tmp_path / "config", kubeconfig(api.url))
            made = opened.enter_context(live_reader(path))
        if "cached" in request.param:
            made = CachedReader(made, clock=time.monotonic)
        yield made


def soon() -> Deadline:
    """A deadline that no reader reaches."""
    return Deadline.after(5, time.monotonic)


def names(reader: ClusterReader, query: Query) -> list[str]:
    """The names of what a list holds."""
    return [entry["metadata"]["name"] for entry in reader.read(query, soon()).objects]


def pods(key: str, operator: str, *values: str) -> Query:
    """The pods in `shop` by one requirement."""
    return Query(POD, "shop", selector=LabelSelector((Requirement(key, operator, values),)))


@pytest.mark.parametrize(
    ("kind", "name"),
    list(zip(KINDS, ("api", "db", "agent", "api-rs", "web-1"), strict=True)),
    ids=[kind.kind for kind in KINDS],
)
def test_an_object_is_read_by_its_name(reader: ClusterReader, kind: Kind, name: str) -> None:
    """Exactly one, which says what it is."""
    (found,) = reader.read(Query(kind, "shop", name), soon()).objects
    assert (found["kind"], found["apiVersion"]) == (kind.kind, kind.api_version)
    assert (found["metadata"]["name"], found["metadata"]["namespace"]) == (name, "shop")
    assert found["status"]


def test_what_was_just_read_is_neither_old_nor_stale(reader: ClusterReader) -> None:
    """Twice, so that a reader that remembers speaks from memory."""
    for _ in range(2):
        reading = reader.read(Query(KINDS[0], "shop", "api"), soon())
        assert 0 <= reading.age < 5
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
    for kind in (*KINDS, EVENT):
        found = reader.read(Query(kind, "shop"), soon()).objects
        assert found
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
