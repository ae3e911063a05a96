"""What the service writes, and what it does where nothing can be written."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from tests.servers.api_server import ApiServer, until
from tests.servers.faults import hang_up
from tests.servers.kubeconfig import kubeconfig, write_kubeconfig
from tests.servers.process import environment, fetch, free_port

from .support import API, SERVE, log_lines, served


def test_every_line_is_json_at_the_lowest_level(home: Path, api: ApiServer) -> None:
    """Whichever library writes it, and every line of a request has its id."""
    with served(home, api, LOG_LEVEL="DEBUG") as service:
        api.behave("/apis/", hang_up)
        answers = [service.get(path) for path in (API, "/a%0Ab%1b%E2%80%A8", "/healthz")]
        service.get(API, method="BREW")
        service.stop()
        lines = log_lines(service)
    ids = {line["requestId"] for line in lines if line["logger"] == "k8s_heartbeat.requests"}
    assert {answer.headers["X-Request-Id"] for answer in answers} <= ids
    assert [answer.status for answer in answers] == [502, 404, 200]


def test_first_failure_of_the_api_server_in_a_minute_is_a_warning(
    home: Path, api: ApiServer
) -> None:
    """Whoever is paged finds it by its level, and an outage does not fill the log with them."""
    api.behave("/apis/", hang_up)
    with served(home, api, HEARTBEAT_CACHE_TTL="100ms") as service:
        for _ in range(5):
            assert service.get(API).status == 502
        lines = [line for line in log_lines(service) if line.get("status") == 502]
    assert [line["level"] for line in lines] == ["WARNING", *["INFO"] * 4]
    assert all("API server" in str(line["cause"]) for line in lines)


@pytest.mark.parametrize("where", ["a full disk", "a closed pipe", "nowhere"])
def test_log_that_cannot_be_written_stops_nothing(home: Path, api: ApiServer, where: str) -> None:
    """Requests are answered, failures too, and it ends as it is told to."""
    path = write_kubeconfig(home / "config", kubeconfig(api.url))
    port = free_port()
    reading, writing = os.pipe()
    os.close(reading)
    full = os.open("/dev/full", os.O_WRONLY)
    arguments = [sys.executable, *SERVE]
    if where == "nowhere":
        arguments = ["sh", "-c", 'exec "$@" 2>&- >&-', "sh", *arguments]
    process = subprocess.Popen(
        arguments,
        cwd=home,
        env=environment(
            home,
            KUBECONFIG=str(path),
            HEARTBEAT_AUTH="none",
            HEARTBEAT_DRAIN_SECONDS="0",
            PORT=str(port),
        ),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=full if where == "a full disk" else writing,
    )
    os.close(writing)
    os.close(full)
    try:
        until(lambda: _status(port, "/livez") == 200, "its first answer")
        for _ in range(200):
            assert fetch(port, "/" + "x" * 1_000).status == 404
        assert fetch(port, API).status == 200
        process.terminate()
        assert process.wait(10) == 0
    finally:
        process.kill()
        process.wait()


def _status(port: int, path: str) -> int:
    with suppress(OSError):
        return fetch(port, path).status
    return 0
