"""The service under clients that are slow, many, or mean to smuggle."""

from __future__ import annotations

import resource
import socket
import threading
import time
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.servers.process import Service, run, serving
from tests.servers.raw_requests import HARMLESS, REFUSED, converse

from .support import SERVE

DEMO = (*SERVE, "--demo")
# As `ulimit -Sn` and `ulimit -Hn` would have it.
LIMITED = """
import resource, sys
from k8s_heartbeat.entrypoints.cli import main
resource.setrlimit(resource.RLIMIT_NOFILE, (int(sys.argv[1]), int(sys.argv[2])))
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
    """With room for a hundred; each sends half a request, and who asks properly is answered."""
    with ExitStack() as opened:
        service = opened.enter_context(
            serving(home, ("-c", LIMITED, "164", "164"), HEARTBEAT_THREADS="4")
        )
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


def test_too_few_descriptors_are_named(home: Path) -> None:
    """Exit 2 at start, in place of a service that takes nobody in."""
    ended = run(home, "-c", LIMITED, "200", "200", PORT="0")
    assert ended.returncode == 2
    assert "ulimit -n" in ended.stderr
    assert "HEARTBEAT_THREADS" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_few_descriptors_are_said(home: Path) -> None:
    """It serves as many as there is room for, and tells what would give it more."""
    with serving(home, ("-c", LIMITED, "500", "500")) as service:
        assert service.get(STOREFRONT).status == 200
        service.says("connections at once: the limit of open files is 500")


def test_the_soft_limit_of_descriptors_is_raised(home: Path) -> None:
    """As far as it takes, where the hard one allows it."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    if hard != resource.RLIM_INFINITY and hard < 4096:
        pytest.skip("the hard limit is below what the service asks for")
    with serving(home, ("-c", LIMITED, "256", "4096")) as service:
        soft, _ = resource.prlimit(service.process.pid, resource.RLIMIT_NOFILE)
        assert 1000 < soft <= 4096
        assert "ulimit" not in service.logged()


def test_half_a_conversation_is_answered(demo: Service) -> None:
    """A client that has said all, and closed its side, still listens."""
    with socket.create_connection(("127.0.0.1", demo.port), timeout=10) as client:
        client.sendall(b"GET /livez HTTP/1.1\r\nHost: a\r\n\r\n" * 3)
        client.shutdown(socket.SHUT_WR)
        with client.makefile("rb") as stream:
            assert stream.read().count(b"HTTP/1.1 200") == 3


def test_thousands_of_requests_in_one_go_are_answered_in_order(demo: Service) -> None:
    """One after the other, all of them, on the one connection."""
    paths = [f"/livez?{number}" for number in range(2000)]
    asked = "".join(f"GET {path} HTTP/1.1\r\nHost: a\r\n\r\n" for path in paths)
    asked += "GET /readyz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
    with socket.create_connection(("127.0.0.1", demo.port), timeout=20) as client:
        sender = threading.Thread(target=client.sendall, args=(asked.encode(),))
        sender.start()
        with client.makefile("rb") as stream:
            assert stream.read().count(b"HTTP/1.1 200 OK") == 2001
        sender.join()
