"""The client's address: the peer, or the one a trusted proxy names.

X-Forwarded-For is the only header that an address is read from. A proxy that sets it passes on a
client's own Forwarded, X-Real-IP or other headers unchanged: trusting two of them would let anyone
choose an address.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

import falcon

__all__ = ["ClientAddress", "Network", "client_of", "parse_network"]

Network = IPv4Network | IPv6Network
_Address = IPv4Address | IPv6Address

_MAPPED = IPv6Network("::ffff:0:0/96")
_MOST_HOPS = 32
# With a zone, brackets and a port; whatever is longer is no address.
_LONGEST_ENTRY = 80


def parse_network(text: str) -> Network:
    """A CIDR, or the network of one address; an IPv4-mapped one is IPv4.

    Raises:
        ValueError: It is neither, or has bits set beyond its prefix.
    """
    _, slash, prefix = text.partition("/")
    if slash and not prefix.isdecimal():
        raise ValueError(f"{prefix!a} is no prefix's length")
    network = ip_network(text)
    if isinstance(network, IPv6Network) and network.subnet_of(_MAPPED):
        return IPv4Network((int(network.network_address) & 0xFFFFFFFF, network.prefixlen - 96))
    return network


_log = logging.getLogger(__name__)


class ClientAddress:
    """Determines the address of a request's client.

    Args:
        trusted: Networks of the proxies whose X-Forwarded-For is believed.
    """

    def __init__(self, trusted: Sequence[Network] = ()) -> None:
        self._trusted = tuple(trusted)
        self._is_warned = False

    def of(self, req: falcon.Request) -> str:
        """The peer; behind trusted proxies the last address that is not one of them."""
        forwarded = req.env.get("HTTP_X_FORWARDED_FOR")
        if forwarded is None:
            return _plain(req.remote_addr)
        peer = _address(req.remote_addr)
        if peer is None or not self._trusts(peer):
            self._warn_once(req.remote_addr)
            return _plain(req.remote_addr)
        # A WSGI server joins lines of one name in their order.
        entries = forwarded.rsplit(",", _MOST_HOPS)
        client = peer
        for entry in reversed(entries[-_MOST_HOPS:]):
            address = _entry(entry)
            if address is None:
                # Whoever wrote it cannot be trusted on the entries before it either.
                break
            client = address
            if not self._trusts(client):
                break
        return str(client)

    def is_proxy(self, req: falcon.Request) -> bool:
        """Whether the peer is a trusted proxy."""
        peer = _address(req.remote_addr) if self._trusted else None
        return peer is not None and self._trusts(peer)

    def _warn_once(self, peer: str) -> None:
        """Say that the peer may be a proxy, all of whose clients are taken for one."""
        if self._is_warned:
            return
        self._is_warned = True
        _log.warning(
            "X-Forwarded-For came from %s, which HEARTBEAT_TRUSTED_PROXIES does not name: where "
            "that is a proxy, all its clients share one limit",
            peer,
        )

    def _trusts(self, address: _Address) -> bool:
        return any(address in network for network in self._trusted)


# Most requests come from few clients.
@lru_cache(maxsize=1024)
def client_of(address: str) -> str:
    """One client: an IPv4 address, or the /64 that an IPv6 host may roam in."""
    parsed = _address(address)
    if isinstance(parsed, IPv6Address):
        return str(ip_network((parsed, 64), strict=False))
    return address if parsed is None else str(parsed)


def _entry(text: str) -> _Address | None:
    """The address of an entry of X-Forwarded-For, which may have a port."""
    text = text.strip()
    if len(text) > _LONGEST_ENTRY:
        return None
    if text.startswith("["):
        host, closing, port = text[1:].partition("]")
        return _address(host) if closing and _is_port(port) else None
    if text.count(":") == 1:
        host, _, port = text.partition(":")
        return _address(host) if _is_port(f":{port}") else None
    return _address(text)


def _is_port(text: str) -> bool:
    return not text or (text[0] == ":" and text.isascii() and text[1:].isdecimal())


@lru_cache(maxsize=1024)
def _plain(text: str) -> str:
    """The canonical text of an address; other text, such as a socket's, stays unchanged."""
    address = _address(text)
    return text if address is None else str(address)


@lru_cache(maxsize=1024)
def _address(text: str) -> _Address | None:
    """An address without its zone; an IPv4-mapped one is IPv4."""
    try:
        parsed = ip_address(text.partition("%")[0])
    except ValueError:
        return None
    return (isinstance(parsed, IPv6Address) and parsed.ipv4_mapped) or parsed
