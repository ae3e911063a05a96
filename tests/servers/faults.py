"""What an API server, or what stands before it, may answer instead of the truth."""

from __future__ import annotations

import gzip
import json
import socket
import threading
import time
from collections.abc import Callable, Generator, Mapping
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
    "in_chunks",
    "redirect_to",
    "silent_port",
    "speaks",
    "spoilt",
    "truth_of",
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
    page = int(exchange.request.parameters.get("continue", "0")) + 1
    body = b'{"kind":"PodList","apiVersion":"v1","metadata":{"continue":"%d"},"items":[]}'
    exchange.answer(200, body % page)


def too_late(exchange: Exchange) -> None:
    """Tell the truth when nobody waits for it any more."""
    exchange.server.wait(1.5)
    truthful(exchange)


def flooding(head: bytes, data: bytes) -> Behaviour:
    """Send `data` over and over until the client has had enough, for longer than any deadline."""

    def flood(exchange: Exchange) -> None:
        ends = time.monotonic() + 3
        exchange.send(head)
        while time.monotonic() < ends and not exchange.server.wait(0):
            exchange.send(data)
        exchange.close()

    return flood


def spoilt(change: Callable[[bytes, bytes], bytes]) -> Behaviour:
    """Send what becomes of the headers and the body of the truth; the connection lives on."""

    def spoil(exchange: Exchange) -> None:
        opening, _, body = truth_of(exchange).partition(b"\r\n\r\n")
        exchange.send(change(opening, body))

    return spoil


def with_header(*lines: str, instead_of: str = "Content-Length") -> Behaviour:
    """The truth with these header lines in place of another."""
    dropped = instead_of.lower().encode()

    def change(opening: bytes, body: bytes) -> bytes:
        kept = [line for line in opening.split(b"\r\n") if line.split(b":")[0].lower() != dropped]
        added = [line.format(length=len(body)).encode("latin-1") for line in lines]
        return b"\r\n".join([*kept, *added, b"", body])

    return spoilt(change)


def in_chunks(frame: Callable[[bytes], bytes]) -> Behaviour:
    """The truth in what `frame` makes chunks of."""

    def change(opening: bytes, body: bytes) -> bytes:
        return head(200, {**_JSON, "Transfer-Encoding": "chunked"}) + frame(body)

    return spoilt(change)


def with_status_line(line: bytes) -> Behaviour:
    """The truth below another status line."""
    return spoilt(
        lambda opening, body: line + opening[opening.index(b"\r\n") :] + b"\r\n\r\n" + body
    )


def bomb(*encodings: str) -> Behaviour:
    """Two MB that unpack to two GB."""

    def explode(exchange: Exchange) -> None:
        member = gzip.compress(b" " * 10 * 2**20)
        headers = [f"Content-Encoding: {encoding}" for encoding in encodings]
        headers += ["Content-Type: application/json", f"Content-Length: {len(member) * 200}"]
        exchange.send("\r\n".join(["HTTP/1.1 200 OK", *headers, "", ""]).encode())
        for _ in range(200):
            exchange.send(member)

    return explode


def truth_of(exchange: Exchange) -> bytes:
    """All the bytes that the truth is told in."""
    told: list[bytes] = []

    class Recorded(Exchange):
        def send(self, data: bytes) -> None:
            told.append(data)

    truthful(Recorded(exchange.server, exchange.sock, exchange.request))
    return b"".join(told)


def _chunked(body: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(body), body)


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
    "too-late": too_late,
    "continue-flood": flooding(b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 1000),
    "early-hints": spoilt(lambda opening, body: b"HTTP/1.1 103 Early Hints\r\n\r\n" * 3),
    "early-hints-flood": flooding(b"", b"HTTP/1.1 103 Early Hints\r\n\r\n" * 1000),
    "switching-protocols": with_status_line(b"HTTP/1.1 101 Switching Protocols"),
    "headers-without-end": flooding(b"HTTP/1.1 200 OK\r\n", b"X-Padding: x\r\n" * 1000),
    "header-without-end": flooding(b"HTTP/1.1 200 OK\r\nX-Padding: ", b"x" * 2**16),
    "status-line-without-end": flooding(b"HTTP/1.1 200 ", b"O" * 2**16),
    "headers-100000": with_header(
        "Content-Length: {length}", *(f"X-{number}: x" for number in range(100_000))
    ),
    "header-of-megabytes": with_header("Content-Length: {length}", f"X-Large: {'x' * 2**22}"),
    "http-0.9": spoilt(lambda opening, body: body + b"\n"),
    "status-999": with_status_line(b"HTTP/1.1 999 Odd"),
    "status-negative": with_status_line(b"HTTP/1.1 -1 Odd"),
    "status-huge": with_status_line(b"HTTP/1.1 20000000000 OK"),
    "status-200.0": with_status_line(b"HTTP/1.1 200.0 OK"),
    "status-missing": with_status_line(b"HTTP/1.1"),
    "created": with_status_line(b"HTTP/1.1 201 Created"),
    "partial-content": with_status_line(b"HTTP/1.1 206 Partial Content"),
    "not-modified": with_status_line(b"HTTP/1.1 304 Not Modified"),
    "no-content-with-a-body": with_status_line(b"HTTP/1.1 204 No Content"),
    "redirect-to-itself": speaks(307, b"", Location="/healthz"),
    "length-negative": with_header("Content-Length: -1"),
    "length-of-words": with_header("Content-Length: many"),
    "length-huge": with_header(f"Content-Length: {10**30}"),
    "length-of-10000-digits": with_header(f"Content-Length: {'9' * 10_000}"),
    "lengths-that-differ": with_header("Content-Length: {length}", "Content-Length: 2"),
    "lengths-in-one": with_header("Content-Length: 2, {length}"),
    "length-and-chunks": with_header("Content-Length: {length}", "Transfer-Encoding: chunked"),
    "chunks-and-length": in_chunks(_chunked),
    "coding-unknown": with_header("Transfer-Encoding: gzip"),
    "coding-two": with_header("Transfer-Encoding: gzip, chunked"),
    "chunk-too-short": in_chunks(lambda body: b"%x\r\n%s\r\n0\r\n\r\n" % (len(body) - 1, body)),
    "chunk-too-long": in_chunks(lambda body: b"%x\r\n%s\r\n0\r\n\r\n" % (len(body) + 9, body)),
    "chunk-huge": in_chunks(lambda body: b"f" * 15 + b"\r\n" + body),
    "chunk-negative": flooding(
        head(200, {**_JSON, "Transfer-Encoding": "chunked"}) + b"-1\r\n", b" " * 2**16
    ),
    "chunk-not-hex": in_chunks(lambda body: b"zz\r\n" + body),
    "chunk-size-without-end": flooding(
        head(200, {**_JSON, "Transfer-Encoding": "chunked"}), b"0" * 2**16
    ),
    "chunk-extension-without-end": flooding(
        head(200, {**_JSON, "Transfer-Encoding": "chunked"}) + b"1;", b"x" * 2**16
    ),
    "trailers-without-end": flooding(
        head(200, {**_JSON, "Transfer-Encoding": "chunked"}) + b"2\r\n{}\r\n0\r\n",
        b"X-Padding: x\r\n" * 1000,
    ),
    "chunks-without-end": flooding(
        head(200, {**_JSON, "Transfer-Encoding": "chunked"}), b"1\r\n \r\n" * 10_000
    ),
    "body-without-end": flooding(head(200, _JSON), b" " * 2**16),
    "gzip-bomb": bomb("gzip"),
    "deflate-bomb": bomb("deflate"),
    "br-bomb": bomb("br"),
    "zstd-bomb": bomb("zstd"),
    "bomb-of-two-codings": bomb("identity", "gzip"),
    "gzip-unsaid": bomb(),
    "utf-16": spoilt(
        lambda opening, body: (
            head(200, {**_JSON, "Content-Length": str(2 * len(body) + 2)})
            + body.decode().encode("utf-16")
        )
    ),
    "utf-8-bom": spoilt(
        lambda opening, body: (
            head(200, {**_JSON, "Content-Length": str(len(body) + 3)}) + b"\xef\xbb\xbf" + body
        )
    ),
    "nul-bytes": speaks(200, b"\0" * 4096),
    "nan": speaks(200, b'{"kind":"Deployment","apiVersion":"apps/v1","status":{"replicas":NaN}}'),
    "deep-objects": speaks(200, b'{"a":' * 100_000 + b"1" + b"}" * 100_000),
    "text": speaks(200, b'"Deployment"'),
    "true": speaks(200, b"true"),
    "two-documents": spoilt(
        lambda opening, body: (
            head(200, {**_JSON, "Content-Length": str(2 * len(body))}) + body + body
        )
    ),
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
