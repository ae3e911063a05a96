"""The metrics of a process: what only its server and its client know."""

from __future__ import annotations

import re
from pathlib import Path

from tests.builders import deployment
from tests.servers.api_server import ApiServer
from tests.servers.faults import hang
from tests.servers.process import Service

from .support import API, served

_SAMPLE = re.compile(r"^(k8s_heartbeat_\w+)(?:\{(.*)\})? (\S+)$", re.MULTILINE)


def metrics(service: Service) -> dict[str, float]:
    """The samples of the service's own metrics, as they stand there."""
    answer = service.get("/metrics")
    assert answer.status == 200
    found = _SAMPLE.findall(answer.body.decode())
    return {
        f"{name}{{{labels}}}" if labels else name: float(value) for name, labels, value in found
    }


def test_the_server_says_how_busy_it_is(tmp_path: Path) -> None:
    """With the request that asks."""
    with ApiServer([deployment()]) as api, served(tmp_path, api) as service:
        found = metrics(service)
        assert found["k8s_heartbeat_http_requests_in_flight"] == 1
        assert found["k8s_heartbeat_http_requests_queued"] == 0
        assert found["k8s_heartbeat_http_connections"] >= 1


def test_what_became_of_requests_to_the_api_server_is_counted(tmp_path: Path) -> None:
    """Also of those that failed; and the service's own metrics are there meanwhile."""
    ok = 'k8s_heartbeat_api_requests_total{kind="deployment",outcome="ok",verb="get"}'
    late = ok.replace("ok", "timeout")
    with ApiServer([deployment()]) as api, served(tmp_path, api) as service:
        assert service.get(API).status == 200
        assert metrics(service)[ok] == 1
        api.behave("/", hang)
        assert service.get(f"{API}-2").status == 504
        found = metrics(service)
        assert (found[ok], found[late]) == (1, 1)
        assert service.get("/api/metrics").status == 504
