"""Secrets that are looked for wherever the service says anything, in whatever spelling."""

from __future__ import annotations

import re
from base64 import b64decode, b64encode
from binascii import Error
from collections.abc import Iterator
from urllib.parse import unquote_to_bytes

__all__ = ["CANARIES", "occurrences"]

CANARIES: dict[str, str] = {
    "token": "canary-token-90fe21",
    "wrong token": "canary-wrong-5d80aa",
    "wrong token of Basic": "canary-basic-77c1b0",
    "wrong token of the query": "canary-query-1e9f4c",
    "bearer token of the cluster": "canary-bearer-c30d52",
    "password of the API server's URL": "canary-urlpw-8b61e7",
    "client key": "canary-privkey-f2a904",
    "password of the cluster": "canary-passwd-64de3b",
    "password of Redis": "canary-redis-0ab7d5",
    "cookie": "canary-cookie-d9e316",
    "request id": "canary-request-3fc85a",
}
"""By name; none is part of another."""

_ESCAPED = re.compile(rb"\\+(?:u00|x)([0-9a-fA-F]{2})")
_BASE64 = re.compile(rb"[A-Za-z0-9+/_-]{8,}")


def occurrences(said: bytes) -> list[str]:
    """The names of the canaries in what was said, as it is or decoded, once for each."""
    readings = list(_readings(said))
    return [
        name
        for name, canary in CANARIES.items()
        # Not even half of one, as a text that is cut off shows it.
        if any(canary[:14].encode() in reading.lower() for reading in readings)
    ]


def _readings(said: bytes) -> Iterator[bytes]:
    for _ in range(3):
        yield said
        yield from (_decoded(word, at) for word in _BASE64.findall(said) for at in range(4))
        plain = unquote_to_bytes(said)
        said = _ESCAPED.sub(lambda found: bytes([int(found[1], 16)]), plain)


def _decoded(word: bytes, at: int) -> bytes:
    word = word[at:].replace(b"-", b"+").replace(b"_", b"/")
    try:
        return b64decode(word[: len(word) // 4 * 4])
    except Error:
        return b""


def basic(secret: str) -> str:
    """A user and a password as `Authorization: Basic` has them."""
    return "Basic " + b64encode(f"monitor:{secret}".encode()).decode()
