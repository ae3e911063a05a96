"""What the service writes, and what it does where nothing can be written."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from tests.servers.api_server import PATIENCE, ApiServer, until
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
        service.stop()
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


def test_log_that_nobody_reads_stops_nothing(home: Path, api: ApiServer) -> None:
    """A pipe that is full is not waited for; what was lost is told once somebody reads again."""
    path = write_kubeconfig(home / "config", kubeconfig(api.url))
    port = free_port()
    reading, writing = os.pipe()
    process = subprocess.Popen(
        [sys.executable, *SERVE],
        cwd=home,
        env=environment(
            home,
            PORT=str(port),
            KUBECONFIG=str(path),
            HEARTBEAT_AUTH="none",
            HEARTBEAT_DRAIN_SECONDS="0",
            RATE_LIMIT="100000",
        ),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=writing,
    )
    os.close(writing)
    try:

        def answers() -> bool:
            with suppress(OSError):
                return fetch(port, "/livez").status == 200
            return False

        until(answers, "its first answer")
        # More than a pipe takes.
        assert {fetch(port, f"/{'x' * 500}-{number}").status for number in range(400)} == {404}
        assert fetch(port, API).status == 200
        said = b""
        while b"lines were lost" not in said:
            said += os.read(reading, 65536)
            assert fetch(port, "/nothing").status == 404
        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE) == 0
        while part := os.read(reading, 65536):
            said += part
    finally:
        process.kill()
        process.wait()
        os.close(reading)
    lines = [json.loads(line) for line in said.decode().splitlines() if is_whole(line)]
    assert any("lines were lost" in line["message"] for line in lines)
    assert lines[-1]["message"] == "stopped"
    broken = [line for line in said.decode().splitlines() if not is_whole(line)]
    assert len(broken) <= 1


def is_whole(line: str) -> bool:
    """Whether a line is one of JSON; of the last before a loss there may be but a part."""
    try:
        return isinstance(json.loads(line), dict)
    except ValueError:
        return False
