"""The service at IPv4 and IPv6, and the clients that it tells apart there."""

from __future__ import annotations

import http.client
import socket
from pathlib import Path

import pytest

from tests.servers.api_server import PATIENCE, ApiServer
from tests.servers.process import run

from .support import API, SERVE, log_lines, served

EVERYWHERE = SERVE[:3]
V4, V6 = "127.0.0.1", "::1"

needs_ipv6 = pytest.mark.skipif(not socket.has_dualstack_ipv6(), reason="no IPv6 on this machine")


def left(host: str, port: int, forwarded: str = "") -> int:
    """How many requests a client that asks at an address has left."""
    connection = http.client.HTTPConnection(host, port, timeout=PATIENCE)
    try:
        connection.request("GET", API, headers={"X-Forwarded-For": forwarded} if forwarded else {})
        answer = connection.getresponse()
        assert answer.status == 200
        return int(answer.headers["X-RateLimit-Remaining"])
    finally:
        connection.close()


@needs_ipv6
def test_by_default_it_is_reached_by_both_families(home: Path, api: ApiServer) -> None:
    """One limit for each client, and the log calls each by its own address."""
    with served(home, api, arguments=EVERYWHERE, RATE_LIMIT_PERIOD="8760h") as service:
        first = [left(host, service.port) for host in (V4, V6)]
        second = [left(host, service.port) for host in (V4, V6)]
        assert second == [count - 1 for count in first]
        service.says('"client": "::1"')
        clients = {line.get("client") for line in log_lines(service)} - {None}
    assert clients == {V4, V6}


@needs_ipv6
def test_a_proxy_is_trusted_by_its_ipv4_address_at_the_socket_of_both(
    home: Path, api: ApiServer
) -> None:
    """Behind it a /64 is one client, in whatever form, and a mapped address is one of IPv4."""
    with served(
        home,
        api,
        arguments=EVERYWHERE,
        RATE_LIMIT_PERIOD="8760h",
        HEARTBEAT_TRUSTED_PROXIES=V4,
    ) as service:
        of_one_network = [
            left(V4, service.port, forwarded)
            for forwarded in ("2001:db8::1", "[2001:db8::2]:4711", "[2001:db8::3]")
        ]
        of_one_address = [
            left(V4, service.port, forwarded)
            for forwarded in ("192.0.2.1", "::ffff:192.0.2.1", "[::ffff:192.0.2.1]:4711")
        ]
        # Who is not named as a proxy cannot pass for anybody.
        of_a_stranger = [left(V6, service.port, name) for name in ("192.0.2.1", "192.0.2.2")]
    most = of_one_network[0]
    assert of_one_network == of_one_address == [most, most - 1, most - 2]
    assert of_a_stranger == [most, most - 1]


@pytest.mark.parametrize("host", ["[::1]:8080", "127.0.0.1:8080", "*"])
def test_an_address_with_a_port_is_refused_with_the_form(home: Path, host: str) -> None:
    """One line that names the setting, its form and an example."""
    ended = run(home, *EVERYWHERE, "--demo", "--host", host)
    assert (ended.returncode, ended.stdout) == (2, "")
    (line,) = ended.stderr.splitlines()
    assert line.startswith("k8s-heartbeat: --host: ")
    assert line.endswith(" is not an address to listen on, without a port; an example is 127.0.0.1")
