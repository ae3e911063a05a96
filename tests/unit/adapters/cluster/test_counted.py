"""Requests to the API server, counted by what was done, to which kind, and what came of it."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from k8s_heartbeat.adapters.cluster import LiveReader
from k8s_heartbeat.adapters.counters import COUNTERS
from k8s_heartbeat.core import Kind
from k8s_heartbeat.core.checks.reader import Deadline, ReadError
from k8s_heartbeat.core.kinds import POD
from k8s_heartbeat.core.query import Query
from k8s_heartbeat.core.rules import KINDS
from tests.builders import deployment
from tests.servers.api_server import ApiServer, Behaviour, Exchange
from tests.servers.faults import hang, reset, unauthorised
from tests.servers.kubeconfig import kubeconfig, live_reader, write_kubeconfig

DEPLOYMENT = KINDS[0]
GADGET = Kind("Gadget", "gadgets", "toys.example.com", "v1")


def soon(seconds: float = 0.3) -> Deadline:
    """A deadline that a hanging server reaches."""
    return Deadline.after(seconds, time.monotonic)


@contextmanager
def counted() -> Generator[Counter[tuple[str, Kind | str | None, str]]]:
    """What is counted meanwhile; filled at the end."""
    found: Counter[tuple[str, Kind | str | None, str]] = Counter()
    before = COUNTERS.api_requests.counts()
    yield found
    found.update(COUNTERS.api_requests.counts())
    found.subtract(before)
    for key in [key for key, count in found.items() if not count]:
        del found[key]


def answering(status: int) -> Behaviour:
    """Answers with a status."""

    def answer(exchange: Exchange) -> None:
        exchange.json(status, {"kind": "Status", "apiVersion": "v1", "code": status})

    return answer


def test_each_reading_is_counted_by_its_verb_and_kind(reader: LiveReader) -> None:
    """A kind without a rule as another one: anybody may ask for anything."""
    asked: list[Callable[[], object]] = [
        lambda: reader.read(Query(DEPLOYMENT, "shop", "api"), soon(9)),
        lambda: reader.read(Query(DEPLOYMENT, "shop"), soon(9)),
        lambda: reader.read(Query(POD, "shop", "none"), soon(9)),
        lambda: reader.read(Query(GADGET, "shop", "x"), soon(9)),
        lambda: reader.ping(soon(9)),
    ]
    with counted() as found:
        for ask in asked:
            with suppress(ReadError):
                ask()
    assert found == {
        ("get", DEPLOYMENT, "ok"): 1,
        ("list", DEPLOYMENT, "ok"): 1,
        ("get", POD, "not_found"): 1,
        ("get", None, "not_found"): 1,
        ("ping", "", "ok"): 1,
    }


@pytest.mark.parametrize(
    ("behaviour", "outcome"),
    [
        (answering(403), "forbidden"),
        (answering(429), "throttled"),
        (answering(500), "error"),
        (answering(503), "error"),
        (reset, "error"),
        (hang, "timeout"),
        (unauthorised, "unauthorized"),
    ],
)
def test_what_comes_of_it_is_one_of_a_few_words(
    api: ApiServer, reader: LiveReader, behaviour: Behaviour, outcome: str
) -> None:
    """Once for each request, however often it is repeated."""
    api.behave("/apis", behaviour)
    with counted() as found, pytest.raises(ReadError):
        reader.read(Query(DEPLOYMENT, "shop", "api"), soon())
    assert {key: count for key, count in found.items() if key[0] != "ping"} == {
        ("get", DEPLOYMENT, outcome): 1
    }


def test_a_server_that_is_gone_is_an_error(tmp_path: Path) -> None:
    """Nothing answers there."""
    with ApiServer([deployment()]) as api:
        path = write_kubeconfig(tmp_path / "config", kubeconfig(api.url))
    with live_reader(path) as reader, counted() as found, pytest.raises(ReadError):
        reader.read(Query(DEPLOYMENT, "shop", "api"), soon())
    assert found == {("get", DEPLOYMENT, "error"): 1}
