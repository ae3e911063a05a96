"""What an API server, or what stands before it, may answer instead of the truth."""

from __future__ import annotations

import gzip
import json
import socket
import threading
from collections.abc import Generator, Mapping
from contextlib import ExitStack, contextmanager

from .api_server import (
    PATIENCE,
    Behaviour,
    Exchange,
    head,
    status_object,
    truthful,
)

__all__ = [
    "FAULTS",
    "closed_port",
    "closes_when_reused",
    "endless_pages",
    "full_port",
    "holding",
    "redirect_to",
    "silent_port",
    "speaks",
    "unauthorised",
]

_JSON = {"Content-Type": "application/json"}
# Longer than any test's deadline takes to drip.
_LONG = json.dumps({"kind": "Deployment", "apiVersion": "apps/v1", "padding": "x" * 4096}).encode()
_HTML = b"<!doctype html><html><head><title>Sign in</title></head><body>Please.</body></html>"


def hang(exchange: Exchange) -> None:
    """Take the request and never answer."""
    exchange.server.wait()
    exchange.close()


def reset(exchange: Exchange) -> None:
    """Reset the connection in place of an answer."""
    exchange.close(reset=True)


def hang_up(exchange: Exchange) -> None:
    """Close the connection in place of an answer."""
    exchange.close()


def drip_headers(exchange: Exchange) -> None:
    """Send headers a byte at a time, so that no single read runs into a timeout."""
    exchange.drip(head(200, {f"X-{number}": "x" * 60 for number in range(60)}))


def drip_body(exchange: Exchange) -> None:
    """Send the headers at once, and the body a byte at a time."""
    exchange.send(head(200, {**_JSON, "Content-Length": str(len(_LONG))}))
    exchange.drip(_LONG)


def drip_chunks(exchange: Exchange) -> None:
    """Send a chunked body in chunks of one byte, slowly."""
    exchange.send(head(200, {**_JSON, "Transfer-Encoding": "chunked"}))
    exchange.drip(b"".join(b"1\r\n%c\r\n" % byte for byte in _LONG))


def drip_informational(exchange: Exchange) -> None:
    """Send `100 Continue` without end."""
    exchange.drip(b"HTTP/1.1 100 Continue\r\n\r\n" * 100, every=0.01)


def hang_in_headers(exchange: Exchange) -> None:
    """Send half of the headers, and no more."""
    exchange.send(head(200, _JSON)[:-2])
    hang(exchange)


def hang_in_body(exchange: Exchange) -> None:
    """Send half of the body, and no more."""
    exchange.send(head(200, {**_JSON, "Content-Length": str(len(_LONG))}) + _LONG[:100])
    hang(exchange)


def truncated(exchange: Exchange) -> None:
    """Close the connection in the middle of the body."""
    exchange.send(head(200, {**_JSON, "Content-Length": str(len(_LONG))}) + _LONG[:-100])
    exchange.close()


def length_too_long(exchange: Exchange) -> None:
    """State one byte more than is sent, of what would be a whole object."""
    exchange.send(head(200, {**_JSON, "Content-Length": str(len(_LONG) + 1)}) + _LONG)
    exchange.close()


def length_too_short(exchange: Exchange) -> None:
    """State fewer bytes than are sent."""
    exchange.send(head(200, {**_JSON, "Content-Length": str(len(_LONG) - 10)}) + _LONG)
    exchange.close()


def chunks_cut_off(exchange: Exchange) -> None:
    """Close the connection between two chunks."""
    exchange.send(head(200, {**_JSON, "Transfer-Encoding": "chunked"}))
    exchange.send(b"%x\r\n%s\r\n" % (len(_LONG), _LONG))
    exchange.close()


def no_http(exchange: Exchange) -> None:
    """Answer in another protocol."""
    exchange.send(b"SSH-2.0-OpenSSH_9.6\r\n")
    exchange.close()


def gzipped(exchange: Exchange) -> None:
    """Answer in an encoding that was not asked for."""
    exchange.answer(200, gzip.compress(_LONG), headers={"Content-Encoding": "gzip"})


def unauthorised(exchange: Exchange) -> None:
    """Refuse the credentials."""
    exchange.json(401, status_object(401, "Unauthorized"))


def forbidden(exchange: Exchange) -> None:
    """Refuse by RBAC."""
    exchange.json(403, status_object(403, "Forbidden"))


def closes_when_reused(exchange: Exchange) -> None:
    """Tell the truth once on each connection, and close it just as it is used again."""
    if exchange.request.turn == 1:
        truthful(exchange)
    else:
        exchange.close()


def endless_pages(exchange: Exchange) -> None:
    """Answer every page of a list with the token of one more."""
    exchange.answer(200, b'{"kind":"PodList","metadata":{"continue":"more"},"items":[]}')


def redirect_to(url: str) -> Behaviour:
    """Send the client to another host."""

    def redirect(exchange: Exchange) -> None:
        exchange.answer(302, b"", headers={"Location": url + exchange.request.path})

    return redirect


def speaks(status: int, body: bytes, **headers: str) -> Behaviour:
    """Answer every request alike; `_` stands for `-` in the headers' names."""
    stated = {name.replace("_", "-"): value for name, value in headers.items()}

    def speak(exchange: Exchange) -> None:
        exchange.answer(status, body, headers=stated)

    return speak


@contextmanager
def holding(then: Behaviour = truthful) -> Generator[tuple[Behaviour, threading.Event]]:
    """A behaviour that answers once the event is set, and the event, which is set at the end."""
    released = threading.Event()

    def hold(exchange: Exchange) -> None:
        released.wait(PATIENCE)
        then(exchange)

    try:
        yield hold, released
    finally:
        released.set()


def _large(exchange: Exchange) -> None:
    size = 40 * 2**20
    opening = b'{"kind":"Deployment","apiVersion":"apps/v1","padding":"'
    exchange.send(head(200, {**_JSON, "Content-Length": str(len(opening) + size + 2)}) + opening)
    for _ in range(size // 2**16):
        exchange.send(b"x" * 2**16)
    exchange.send(b'"}')


def _status(code: int, reason: str) -> Behaviour:
    return speaks(code, _status_of(code, reason))


def _status_of(code: int, reason: str) -> bytes:
    return json.dumps(status_object(code, reason)).encode()


def _nested() -> bytes:
    return b'{"kind":"Deployment","status":' + b"[" * 100_000 + b"]" * 100_000 + b"}"


FAULTS: Mapping[str, Behaviour] = {
    "hung": hang,
    "reset": reset,
    "hung-up": hang_up,
    "dripping-headers": drip_headers,
    "dripping-body": drip_body,
    "dripping-chunks": drip_chunks,
    "dripping-informational": drip_informational,
    "hung-in-headers": hang_in_headers,
    "hung-in-body": hang_in_body,
    "truncated": truncated,
    "length-too-long": length_too_long,
    "length-too-short": length_too_short,
    "chunks-cut-off": chunks_cut_off,
    "no-http": no_http,
    "html-200": speaks(200, _HTML, Content_Type="text/html"),
    "html-401": speaks(401, _HTML, Content_Type="text/html"),
    "html-403": speaks(403, _HTML, Content_Type="text/html"),
    "html-404": speaks(404, _HTML, Content_Type="text/html"),
    "html-502": speaks(502, _HTML, Content_Type="text/html"),
    "text-404": speaks(404, b"404 page not found\n", Content_Type="text/plain"),
    "json-404": speaks(404, b'{"error":"no such route"}'),
    "empty-200": speaks(200, b""),
    "empty-404": speaks(404, b""),
    "unauthorised": unauthorised,
    "gone": _status(410, "Expired"),
    "internal-error": _status(500, "InternalError"),
    "unavailable": _status(503, "ServiceUnavailable"),
    "too-many": speaks(
        429, json.dumps(status_object(429, "TooManyRequests")).encode(), Retry_After="9"
    ),
    "retry-after-hours": speaks(503, b"busy", Retry_After="21600"),
    "no-content": speaks(204, b""),
    "status-200": _status(200, "OK"),
    "gzip": gzipped,
    "not-utf-8": speaks(200, b'{"kind":"\xff\xfe","status":{"phase":"\xff"}}'),
    "binary": speaks(200, bytes(range(256))),
    "null": speaks(200, b"null"),
    "number": speaks(200, b"7"),
    "list": speaks(200, b"[]"),
    "empty-object": speaks(200, b"{}"),
    "deep": speaks(200, _nested()),
    "large": _large,
    "wrong-kind": speaks(200, b'{"kind":"Secret","apiVersion":"v1","metadata":{},"data":{}}'),
    "kind-of-odd-type": speaks(200, b'{"kind":["Deployment"],"metadata":{},"status":{}}'),
}
"""By name, every fault that gives no reading, whatever is asked."""


@contextmanager
def closed_port() -> Generator[str]:
    """An address that refuses connections, and that nobody else takes meanwhile."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{bound.getsockname()[1]}"


@contextmanager
def full_port() -> Generator[int]:
    """A port whose queue is full: the first packet of a connection is dropped, as firewalls do."""
    with ExitStack() as opened:
        listener = opened.enter_context(socket.create_server(("127.0.0.1", 0), backlog=0))
        for _ in range(8):
            waiting = opened.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(listener.getsockname())
        yield int(listener.getsockname()[1])


@contextmanager
def silent_port() -> Generator[str]:
    """An address that takes connections into its queue, and never says a word."""
    with socket.create_server(("127.0.0.1", 0), backlog=128) as listener:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
