"""The service under clients that are slow, many, or mean to smuggle."""

from __future__ import annotations

import socket
import time
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.servers.process import Service, serving
from tests.servers.raw_requests import HARMLESS, REFUSED, converse

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


@pytest.mark.parametrize("name", [*REFUSED, *HARMLESS])
def test_a_raw_request_gets_the_one_answer_that_is_right(demo: Service, name: str) -> None:
    """An error for what is none or may be read in two ways; and whoever comes next is served."""
    raw = REFUSED.get(name) or HARMLESS[name]
    assert raw.fault(converse(demo.port, raw)) == ""
    assert demo.get("/livez").status == 200


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
