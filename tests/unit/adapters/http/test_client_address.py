"""Who asks: the peer, or whom the last proxy that is not trusted is."""

from __future__ import annotations

from ipaddress import IPv4Network

import falcon
import pytest
from falcon.testing import create_req

from k8s_heartbeat.adapters.http.client_address import ClientAddress, parse_network

PROXY = "10.0.0.1"
TRUSTED = ClientAddress(
    [parse_network(text) for text in ("10.0.0.0/8", "192.0.2.7", "2001:db8:f::/48")]
)


def request(peer: str, forwarded: str | None = None, **others: str) -> falcon.Request:
    """A request as it comes from a peer."""
    headers = {} if forwarded is None else {"X-Forwarded-For": forwarded}
    return create_req(remote_addr=peer, headers=headers | others)


@pytest.mark.parametrize(
    ("peer", "forwarded", "client"),
    [
        # the peer is no proxy of ours: what it says is worth nothing
        ("198.51.100.9", "203.0.113.5", "198.51.100.9"),
        ("192.0.2.8", "203.0.113.5", "192.0.2.8"),
        ("2001:db8:e::1", "203.0.113.5", "2001:db8:e::1"),
        ("unix:", "203.0.113.5", "unix:"),
        # it is
        (PROXY, "203.0.113.5", "203.0.113.5"),
        ("192.0.2.7", "203.0.113.5", "203.0.113.5"),
        ("2001:db8:f::1", "203.0.113.5", "203.0.113.5"),
        (f"::ffff:{PROXY}", "203.0.113.5", "203.0.113.5"),
        ("fe80::1%eth0", "203.0.113.5", "fe80::1"),
        # and says nothing
        (PROXY, None, PROXY),
        (PROXY, "", PROXY),
        (PROXY, " , ", PROXY),
        # from the right: what stands left of the first stranger is the stranger's own invention
        (PROXY, "203.0.113.1, 203.0.113.2, 203.0.113.3", "203.0.113.3"),
        (PROXY, "203.0.113.1, 203.0.113.2, 10.0.0.2", "203.0.113.2"),
        (PROXY, "203.0.113.1,203.0.113.2,10.0.0.2,192.0.2.7", "203.0.113.2"),
        (PROXY, "203.0.113.1, ::ffff:10.0.0.2", "203.0.113.1"),
        (PROXY, "10.0.0.9, 203.0.113.2, 10.0.0.2", "203.0.113.2"),
        # all of them are ours
        (PROXY, "10.0.0.3, 10.0.0.2", "10.0.0.3"),
        (PROXY, "2001:db8:f::2, 192.0.2.7", "2001:db8:f::2"),
        # what is no address ends the walk
        (PROXY, "203.0.113.1, unknown", PROXY),
        (PROXY, "203.0.113.1, unknown, 10.0.0.2", "10.0.0.2"),
        (PROXY, "203.0.113.1, , 10.0.0.2", "10.0.0.2"),
        (PROXY, "203.0.113.1,", PROXY),
        (PROXY, "for=203.0.113.1", PROXY),
        (PROXY, '"203.0.113.1"', PROXY),
        (PROXY, "203.0.113.1:http", PROXY),
        (PROXY, "203.0.113.1:80:80", PROXY),
        (PROXY, "203.0.113.1/32", PROXY),
        (PROXY, "203.0.113.256", PROXY),
        (PROXY, "203.0.113", PROXY),
        (PROXY, "3405803777", PROXY),
        (PROXY, "203.0.113.01", PROXY),
        (PROXY, "[203.0.113.1", PROXY),
        (PROXY, "[]", PROXY),
        (PROXY, "[2001:db8::1]x", PROXY),
        (PROXY, "\u00b2\u00b3.0.0.1", PROXY),
        # ports and brackets
        (PROXY, "203.0.113.1:4711", "203.0.113.1"),
        (PROXY, "[2001:db8::1]:4711", "2001:db8::1"),
        (PROXY, "[2001:db8::1]", "2001:db8::1"),
        (PROXY, "2001:DB8:0::1", "2001:db8::1"),
        (PROXY, "203.0.113.1, 10.0.0.2:4711, [2001:db8:f::2]:4711", "203.0.113.1"),
        (PROXY, "::ffff:203.0.113.1", "203.0.113.1"),
    ],
)
def test_client_is_the_first_from_the_right_that_is_no_proxy_of_ours(
    peer: str, forwarded: str | None, client: str
) -> None:
    """Each entry was written by the one to the right of it; the right end by the peer."""
    assert TRUSTED.of(request(peer, forwarded)) == client


@pytest.mark.parametrize(
    "header", ["Forwarded", "X-Real-IP", "Client-IP", "True-Client-IP", "X-Forwarded-Host"]
)
def test_no_other_header_names_a_client(header: str) -> None:
    """A proxy that sets one passes on the others as they came."""
    req = request(PROXY, "203.0.113.5", **{header: "for=198.51.100.1"})
    assert TRUSTED.of(req) == "203.0.113.5"
    assert TRUSTED.of(request(PROXY, None, **{header: "198.51.100.1"})) == PROXY


def test_nobody_is_trusted_who_was_not_named() -> None:
    """Not even this machine."""
    assert ClientAddress().of(request("127.0.0.1", "203.0.113.5")) == "127.0.0.1"


@pytest.mark.parametrize(
    "forwarded",
    [
        "10.0.0.1," * 900 + "10.0.0.1",
        "," * 8190,
        "1" * 8190,
        "[" + ":" * 8190,
        ":" * 8190,
        "203.0.113.5," + " " * 8000 + "10.0.0.2",
        "%" * 8190,
        "f" * 4000 + "%" + "0" * 4000,
    ],
)
def test_header_as_long_as_a_header_may_be_is_not_walked_to_its_end(forwarded: str) -> None:
    """Whoever sends one does not have it looked at for long."""
    looked_at: list[object] = []

    class Counting(IPv4Network):
        def __contains__(self, other: object) -> bool:
            looked_at.append(other)
            return super().__contains__(other)

    client = ClientAddress([Counting("10.0.0.0/8")]).of(request(PROXY, forwarded))
    assert client in (PROXY, "203.0.113.5", "10.0.0.2")
    assert len(looked_at) <= 33
