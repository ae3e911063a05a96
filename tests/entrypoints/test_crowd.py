"""The service under clients that are slow, many, or mean to smuggle."""

from __future__ import annotations

import socket
import time
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.servers.process import Service, serving

from .support import SERVE

DEMO = (*SERVE, "--demo")
# As `ulimit -n 164` leaves it: room for some hundred connections beside four threads.
CROWDED = """
import resource, sys
from k8s_heartbeat.entrypoints.cli import main
resource.setrlimit(resource.RLIMIT_NOFILE, (164, 164))
sys.exit(main(["serve", "--demo"]))
"""
STOREFRONT = "/api/healthz/shop/deployment/storefront"


def exchange(service: Service, data: bytes) -> bytes:
    """All that the service says to some bytes, until it closes or falls silent."""
    with socket.create_connection(("127.0.0.1", service.port), timeout=10) as client:
        client.sendall(data)
        client.settimeout(1)
        said = b""
        try:
            while part := client.recv(65536):
                said += part
        except TimeoutError:
            pass
        return said


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param(
            b"Host: a\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n", id="two lengths"
        ),
        pytest.param(b"Host: a\r\nTransfer-Encoding: chunked\r\n", id="chunks"),
        pytest.param(b"Host: a\r\nTransfer-Encoding: gzip\r\n", id="unknown encoding"),
        pytest.param(b"Host: a\r\nTransfer-Encoding : chunked\r\n", id="a space before the colon"),
        pytest.param(b"Host: a\r\nhost: b\r\n", id="two hosts"),
    ],
)
def test_what_could_be_read_in_two_ways_is_refused(home: Path, headers: bytes) -> None:
    """One answer, 400, and the connection ends: what follows is no request of its own."""
    start = f"GET {STOREFRONT} HTTP/1.1\r\n".encode()
    hidden = f"GET {STOREFRONT} HTTP/1.1\r\nHost: a\r\n\r\n".encode()
    with serving(home, DEMO) as service:
        said = exchange(service, start + headers + b"\r\n0\r\n\r\n" + hidden)
    assert said.startswith(b"HTTP/1.1 400") or said.startswith(b"HTTP/1.0 400")
    assert said.count(b"HTTP/1.") == 1
    assert b"Heartbeat-Status: unknown" in said


def test_more_slow_clients_than_connections_do_not_keep_others_out(home: Path) -> None:
    """Each sends half a request; whoever asks properly meanwhile is answered."""
    with ExitStack() as opened:
        service = opened.enter_context(serving(home, ("-c", CROWDED), HEARTBEAT_THREADS="4"))
        for _ in range(130):
            client = socket.create_connection(("127.0.0.1", service.port), timeout=5)
            opened.callback(client.close)
            client.sendall(b"GET /livez HTTP/1.1\r\nHo")
        assert service.get("/livez").status == 200
        assert service.get(STOREFRONT).status == 200


def test_a_request_that_drips_is_given_up(home: Path) -> None:
    """A byte now and then keeps no connection for longer than headers may take."""
    with (
        serving(home, DEMO) as service,
        socket.create_connection(("127.0.0.1", service.port), timeout=10) as client,
    ):
        ends = time.monotonic() + 20
        client.settimeout(0.5)
        client.sendall(b"GET /livez HTTP/1.1\r\n")
        closed = False
        while not closed and time.monotonic() < ends:
            try:
                client.sendall(b"x")
                closed = client.recv(1) == b""
            except TimeoutError:
                continue
            except OSError:
                closed = True
        assert closed
