"""What an operator greps for: each request's line over a live reader, and no line of probes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from falcon.testing import TestClient

from k8s_heartbeat.adapters.cached import CachedReader
from k8s_heartbeat.adapters.http.app import create_app
from k8s_heartbeat.adapters.http.judging import Judging
from tests.builders import Manifest, deployment, metadata
from tests.http.conftest import Log
from tests.http.support import (
    OPEN,
    PATH,
    PROBES,
    Clock,
    FakeReader,
    Service,
    down,
    groups_over,
    healthy,
    service,
)
from tests.servers.api_server import ApiServer
from tests.servers.kubeconfig import kubeconfig, live_reader, write_kubeconfig

TOLD = ("health", "reason", "age", "stale", "apiCalls")


@pytest.fixture
def api() -> Iterator[ApiServer]:
    """An API server with a Deployment that is healthy."""
    with ApiServer([deployment()]) as server:
        yield server


@pytest.fixture
def served(api: ApiServer, tmp_path: Path) -> Iterator[Service]:
    """The service over a remembering reader of it."""
    clock = Clock()
    path = write_kubeconfig(tmp_path / "config", kubeconfig(api.url))
    with live_reader(path) as reader:
        cached = CachedReader(reader, clock=clock.monotonic)
        judging = Judging(cached, groups_over(cached, clock))
        app = create_app(lambda: judging, OPEN, clock=clock.monotonic, now=clock.wall)
        yield Service(FakeReader(), clock, TestClient(app))


def line_of(served: Service, log: Log, path: str = PATH) -> dict[str, Any]:
    """The request's own line."""
    served.get(path)
    found = log.lines()[-1]
    assert (found["logger"], found["path"]) == ("k8s_heartbeat.requests", path)
    return found


def told(line: dict[str, Any]) -> tuple[Any, ...]:
    """The verdict, what it stands on, and what it cost."""
    return tuple(line.get(name) for name in TOLD)


@pytest.mark.parametrize("path", PROBES)
@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("query", ["", "verbose"])
def test_a_kubelets_probe_is_told_to_who_debugs_alone(
    log: Log, served: Service, path: str, method: str, query: str
) -> None:
    """36 a minute of them would bury the requests."""
    served.client.simulate_request(method, path, query_string=query)
    assert {line["level"] for line in log.lines()} == {"DEBUG"}
    own = [line for line in log.lines() if line["logger"] == "k8s_heartbeat.requests"]
    assert [line["path"] for line in own] == [path]
    assert not set(TOLD[1:]) & own[0].keys()


def test_a_probe_that_is_not_ready_is_told_to_who_debugs_too(log: Log) -> None:
    """While it drains, which the log has said once."""
    answer = service(healthy(), draining=lambda: True).get("/readyz")
    assert answer.status_code == 503
    assert [line["level"] for line in log.lines()] == ["DEBUG"]


def test_a_healthy_object_costs_one_call_and_none_from_memory(
    log: Log, served: Service, api: ApiServer
) -> None:
    """Until its reading is too old."""
    cold = line_of(served, log)
    assert cold["level"] == "INFO"
    assert told(cold) == ("healthy", "MinimumReplicasAvailable", 0.0, False, 1)
    served.clock.seconds += 2.0
    assert told(line_of(served, log)) == ("healthy", "MinimumReplicasAvailable", 2.0, False, 0)
    served.clock.seconds += 4.0
    assert told(line_of(served, log)) == ("healthy", "MinimumReplicasAvailable", 0.0, False, 1)
    assert len(api.requests) == 2


def test_what_stands_in_is_told_with_its_age_and_what_was_tried(
    log: Log, served: Service, api: ApiServer
) -> None:
    """A call that failed is a call."""
    line_of(served, log)
    api.behave("/", lambda exchange: exchange.json(500, {"kind": "Status"}))
    served.clock.seconds += 30.0
    line = line_of(served, log)
    assert line["status"] == 200
    assert told(line)[:4] == ("healthy", "MinimumReplicasAvailable", 30.0, True)
    assert line["apiCalls"] == len(api.requests) - 1 > 0


@pytest.mark.parametrize(
    ("objects", "path", "health"),
    [
        ([down()], PATH, "down"),
        ([], PATH, "missing"),
        ([deployment()], "/api/healthz/shop", "healthy"),
        ([down()], "/api/healthz/shop", "down"),
        ([deployment()], "/api/healthz/shop/service/api", "missing"),
    ],
)
def test_a_line_counts_every_call(
    log: Log, served: Service, api: ApiServer, objects: list[Manifest], path: str, health: str
) -> None:
    """As many as the API server saw, of an aggregate and of what is explained too."""
    api.objects = objects
    line = line_of(served, log, path)
    assert line["level"] == "INFO"
    assert line["health"] == health
    assert line["reason"]
    assert (line["age"], line["stale"]) == (0.0, False)
    assert line["apiCalls"] == len(api.requests) > 0


def test_requests_are_counted_each_for_itself(log: Log, served: Service, api: ApiServer) -> None:
    """On one thread, one after the other, whatever stands between them."""
    web = {**deployment(), "metadata": metadata("web")}
    api.objects = [deployment(), web]
    paths = (PATH, "/api/healthz/shop/deployment/web", PATH, "/livez", "/nothing")
    calls = [line_of(served, log, path).get("apiCalls") for path in paths]
    assert calls == [1, 1, 0, None, None]
