"""The URL under which clients reach the service: as configured, or taken from the request."""

from __future__ import annotations

import re

import falcon

from k8s_heartbeat.core.query import InvalidQuery

from .client_address import ClientAddress

__all__ = ["OwnUrl"]

# A name, an IPv4 address or an IPv6 address in brackets, and a port.
_HOST = re.compile(r"(?:[a-z0-9._-]{1,253}|\[[0-9a-f:.]{2,45}\])(?::[0-9]{1,5})?", re.I | re.ASCII)
_SCHEMES = ("http", "https")


class OwnUrl:
    """Determines the part before ``/api`` of URLs in answers.

    A client can send any Host, so a URL made of it is only used in the answer to that client.

    Args:
        url: The configured URL; empty to take it from the request.
        addresses: Knows the trusted proxies, whose X-Forwarded-Proto and X-Forwarded-Host count.
    """

    def __init__(self, url: str, addresses: ClientAddress) -> None:
        self._url = url
        self._addresses = addresses

    def of(self, req: falcon.Request) -> str:
        """The URL, such as ``https://heartbeat.example.com/prefix``, without a slash at its end.

        Raises:
            InvalidQuery: The request names no host.
        """
        base = req.root_path
        if self._url:
            # The path of a proxy may end with the prefix.
            return self._url if self._url.endswith(base) else f"{self._url}{base}"
        scheme, host = req.scheme, req.env.get("HTTP_HOST", "")
        if self._addresses.is_proxy(req):
            scheme = _last(req, "HTTP_X_FORWARDED_PROTO").lower() or scheme
            host = _last(req, "HTTP_X_FORWARDED_HOST") or host
        if scheme not in _SCHEMES or not _HOST.fullmatch(host):
            raise InvalidQuery(
                "Host",
                "it names no host, such as heartbeat.example.com, and HEARTBEAT_URL is not set",
            )
        return f"{scheme}://{host}{base}"


def _last(req: falcon.Request, name: str) -> str:
    """The last value of a header, which the nearest proxy has added."""
    value: str = req.env.get(name, "")
    return value.rpartition(",")[2].strip()
