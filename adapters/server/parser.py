"""Which bytes the server takes for a request: waitress's parser, held to RFC 9112.

It refuses what two servers in a row could read differently: requests are smuggled that way.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import cast

from waitress.parser import HTTPRequestParser, ParsingError
from waitress.utilities import BadRequest, Error

__all__ = ["Parser"]

_REQUEST_LINE = re.compile(
    rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+ "
    rb"(?:(?i:https?)://(?P<authority>[^/?\s]*)(?=/)|(?=/))[!\"$-~]+"
    rb" HTTP/1\.(?P<minor>[01])"
)
_HOST = re.compile(rb"(?:\[[0-9A-Za-z:.%_~-]+\]|[0-9A-Za-z._~-]*)(?::[0-9]{0,5})?")
# These decide where a message ends, or which server it is for.
_FRAMING = (b"content-length", b"transfer-encoding", b"host")
# Bytes that no request begins with, such as a TLS handshake, and invalid line ends.
_HOPELESS = re.compile(rb"\A(?:\r\n)*[^\r!#$%&'*+\-.^_`|~0-9A-Za-z]|(?<!\r)\n|\r[^\n]|\0")


class Parser(HTTPRequestParser):
    """One request that comes in.

    Attributes:
        is_head: Whether it is a HEAD request, as far as known.
    """

    is_head: bool = False
    error: Error | None

    def received(self, data: bytes) -> int:
        """Take bytes in; how many of them belong to this request."""
        if self.body_rcv is None and not self.completed:
            seen = b"".join((self.header_plus + data).partition(b"\r\n\r\n")[:2])
            self.is_head = seen.lstrip(b"\r\n").startswith(b"HEAD ")
            # A client that waits for the response to an invalid request gets it at once.
            if _HOPELESS.search(seen):
                self.error = BadRequest("")
                self.completed = True
                return len(data)
        consumed = super().received(data)
        if self.error is not None or not self.content_length:
            # There is no body to wait for: the response itself replaces 100 Continue.
            self.expect_continue = False
        return consumed

    def parse_header(self, header_plus: bytes) -> None:
        """Read the request line and the headers.

        Raises:
            ParsingError: They are not what RFC 9112 allows, or may be read in two ways.
        """
        line, *fields = header_plus.rstrip(b"\r\n").split(b"\r\n")
        _check(line, fields)
        try:
            super().parse_header(header_plus)
        except ValueError:
            raise ParsingError("a number or an address that is none") from None
        options = self.headers.get("CONNECTION", "").lower().replace(" ", "").split(",")
        if "close" in options:
            # waitress knows the one word alone.
            cast(dict[str, str], self.headers)["CONNECTION"] = "close"


def _check(line: bytes, fields: Sequence[bytes]) -> None:
    request = _REQUEST_LINE.fullmatch(line)
    if request is None:
        raise ParsingError("no request line")
    if b"%2f" in line.partition(b"?")[0].lower():
        # A proxy that lets paths through by their steps counts fewer than we would.
        raise ParsingError("a slash that is encoded")
    found: dict[bytes, list[bytes]] = {name: [] for name in _FRAMING}
    for field in fields:
        if field.startswith((b" ", b"\t")):
            raise ParsingError("a folded header")
        name, _, value = field.partition(b":")
        # Some take an underscore for a dash.
        plain = name.strip().lower().replace(b"_", b"-")
        if plain in found:
            if b"_" in name:
                raise ParsingError("a name that is nearly one that counts")
            found[plain].append(value.strip(b" \t"))
    if found[b"transfer-encoding"]:
        # No request to this service needs one.
        raise ParsingError("a Transfer-Encoding")
    if len(found[b"content-length"]) > 1:
        raise ParsingError("more than one Content-Length")
    _check_host(found[b"host"], request["authority"], request["minor"] == b"1")


def _check_host(hosts: Sequence[bytes], authority: bytes | None, is_needed: bool) -> None:
    if len(hosts) > 1 or (is_needed and not hosts):
        raise ParsingError("no Host, or more than one")
    if hosts and not _HOST.fullmatch(hosts[0]):
        raise ParsingError("a Host that is none")
    if authority is not None and authority.lower() != b"".join(hosts).lower():
        raise ParsingError("a target elsewhere")
