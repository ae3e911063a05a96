"""Which addresses are listened on, and by which one a client is known."""

from __future__ import annotations

import http.client
import socket
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Any

import pytest

from k8s_heartbeat.adapters.server import Server

V4, V6 = "127.0.0.1", "::1"
ANY_V4 = "0.0.0.0"  # noqa: S104  # reached by loopback only while the test runs

pytestmark = pytest.mark.skipif(
    not socket.has_dualstack_ipv6(), reason="this machine has no IPv6 to tell from IPv4"
)


class Asked:
    """A stop that is asked for."""

    interrupted = False

    def __init__(self) -> None:
        self._asked = threading.Event()
        self.is_asked = self._asked.is_set
        self.ask = self._asked.set


def names_client(environ: dict[str, Any], start: Callable[..., object]) -> list[bytes]:
    """An application that tells whom it takes for the client."""
    body = environ["REMOTE_ADDR"].encode()
    start("200 OK", [("Content-Length", str(len(body)))])
    return [body]


@contextmanager
def listening(host: str) -> Generator[int]:
    """The port of a server at an address."""
    stop = Asked()
    server = Server(
        names_client, host=host, port=0, threads=1, drain_seconds=0, stop=stop, is_quick=bool
    )
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        yield server.port
    finally:
        stop.ask()
        thread.join()


def client_at(host: str, port: int) -> str | None:
    """What an answer from an address says; None where nobody listens there."""
    connection = http.client.HTTPConnection(host, port, timeout=5)
    try:
        connection.request("GET", "/")
        return connection.getresponse().read().decode()
    except ConnectionRefusedError:
        return None
    finally:
        connection.close()


@pytest.mark.parametrize(
    ("host", "v4", "v6"),
    [
        # By IPv4 the client has its IPv4 address, not ::ffff:127.0.0.1.
        ("::", V4, V6),
        (ANY_V4, V4, None),
        (V4, V4, None),
        (V6, None, V6),
    ],
)
def test_address_decides_which_families_are_answered(
    host: str, v4: str | None, v6: str | None
) -> None:
    """`::` is for both; whatever else is named is for itself alone."""
    with listening(host) as port:
        assert (client_at(V4, port), client_at(V6, port)) == (v4, v6)


def test_without_ipv6_all_addresses_are_those_of_ipv4(monkeypatch: pytest.MonkeyPatch) -> None:
    """The default serves a host whose kernel has no IPv6."""
    monkeypatch.setattr(socket, "has_dualstack_ipv6", lambda: False)
    with listening("::") as port:
        assert (client_at(V4, port), client_at(V6, port)) == (V4, None)
