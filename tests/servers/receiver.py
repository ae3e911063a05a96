"""Receivers of reports on a loopback socket: as strict as the real ones, until told to misbehave.

What they accept and refuse is taken from the documentation of Healthchecks.io and from the source
of Uptime Kuma and Gatus.
"""

from __future__ import annotations

import json
import re
import socket
import ssl
import struct
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Self
from urllib.parse import parse_qs, urlsplit

from .api_server import PATIENCE, until

__all__ = [
    "CHECK",
    "GATUS_TOKEN",
    "KEY",
    "PUSH_TOKEN",
    "Answered",
    "Pushed",
    "Receiver",
    "any_webhook",
    "drip",
    "flood",
    "gatus",
    "hang",
    "healthchecks",
    "reset",
    "says",
    "uptime_kuma",
]

CHECK = "5bf66975-d4c7-4bf5-bcc8-b8d8a82ea278"
PUSH_TOKEN = "Wq7Zk2M9x4"
KEY = "clusters_eu-1"
GATUS_TOKEN = "potato-of-the-gatus-tests"
_DURATION = re.compile(r"([0-9]+(\.[0-9]+)?(ns|us|ms|s|m|h))+")


@dataclass(frozen=True, slots=True)
class Pushed:
    """A request that came in; `query` has the first value of each parameter."""

    method: str
    target: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Answered:
    """What is answered."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict[str, str])


Form = Callable[[Pushed], Answered]
Fault = Callable[["_Handler"], None]


class Receiver:
    """A server of one form; a context manager that ends it."""

    def __init__(
        self, form: Form, *, tls: ssl.SSLContext | None = None, address: str = "127.0.0.1"
    ) -> None:
        self.form = form
        self.pushed: list[Pushed] = []
        self.taken: list[Pushed] = []
        self.faults: list[Fault] = []
        self.released = threading.Event()
        receiver = self

        class Handler(_Handler):
            owner = receiver

        self._server = ThreadingHTTPServer((address, 0), Handler)
        self._server.daemon_threads = True
        self._scheme = "https" if tls else "http"
        if tls:
            # The handshake is the handler's: one that hangs must not stop the others.
            self._server.socket = tls.wrap_socket(
                self._server.socket, server_side=True, do_handshake_on_connect=False
            )
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.released.set()
        self._server.shutdown()
        self._thread.join(PATIENCE)
        self._server.server_close()

    @property
    def host(self) -> str:
        """Its host and port."""
        return "{}:{}".format(*self._server.server_address)

    @property
    def url(self) -> str:
        """Its address, without a path."""
        return f"{self._scheme}://{self.host}"

    def wait_for(self, count: int) -> None:
        """Return once so many requests came in."""
        until(lambda: len(self.pushed) >= count, f"{count} requests")


class _Handler(BaseHTTPRequestHandler):
    owner: Receiver
    protocol_version = "HTTP/1.1"
    timeout = PATIENCE

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # its name there
        """Nothing: what came in is kept."""

    def handle_one_request(self) -> None:
        try:
            super().handle_one_request()
        except (OSError, ValueError):
            self.close_connection = True

    def _handle(self) -> None:
        url = urlsplit(self.path)
        query = {name: values[0] for name, values in parse_qs(url.query).items()}
        headers = {name.lower(): value for name, value in self.headers.items()}
        body = self.rfile.read(int(headers.get("content-length", "0")))
        pushed = Pushed(self.command, self.path, url.path, query, headers, body)
        self.owner.pushed.append(pushed)
        if self.owner.faults:
            self.owner.faults.pop(0)(self)
            return
        answered = self.owner.form(pushed)
        if answered.status < 300:
            self.owner.taken.append(pushed)
        self.answer(answered)

    do_GET = do_POST = do_PUT = do_HEAD = _handle  # noqa: N815  # the names are the library's

    def answer(self, answered: Answered) -> None:
        """Send an answer."""
        self.send_response(answered.status)
        for name, value in answered.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(answered.body)))
        self.end_headers()
        self.wfile.write(answered.body)

    def hang(self) -> None:
        """Say nothing until the receiver ends."""
        self.owner.released.wait(PATIENCE)
        self.close_connection = True

    def drip(self) -> None:
        """Send a byte now and then, so that no single wait is long."""
        self.wfile.write(b"HTTP/1.1 200 OK\r\nX: ")
        while not self.owner.released.wait(0.05):
            self.wfile.write(b"x")
        self.close_connection = True

    def reset(self) -> None:
        """Reset the connection."""
        linger = struct.pack("ii", 1, 0)
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        self.connection.close()
        self.close_connection = True

    def flood(self) -> None:
        """Send a body that does not end."""
        self.wfile.write(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n")
        while not self.owner.released.is_set():
            self.wfile.write(b"a" * 65_536)


hang, drip, reset, flood = _Handler.hang, _Handler.drip, _Handler.reset, _Handler.flood


def says(status: int, body: bytes = b"", **headers: str) -> Fault:
    """A fault that is an answer."""
    told = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda handler: handler.answer(Answered(status, body, told))


def healthchecks(pushed: Pushed) -> Answered:
    """https://hc-ping.com: 200 also for a check that it does not have."""
    found = re.fullmatch(
        r"(?:/ping)?/([0-9a-f-]{36})(/(?:start|fail|log|[0-9]{1,3}))?", pushed.path
    )
    if found is None or pushed.method not in ("HEAD", "GET", "POST"):
        return Answered(404, b"not found")
    if found[1] != CHECK:
        return Answered(200, b"OK (not found)")
    pushed.body.decode("utf-8")
    return Answered(200, b"OK")


def uptime_kuma(pushed: Pushed) -> Answered:
    """Any method; any status but "up" is down; every other path is its page."""
    found = re.fullmatch(r"/api/push/([^/]+)", pushed.path)
    if found is None:
        return Answered(200, b"<!DOCTYPE html><title>Uptime Kuma</title>")
    ping = pushed.query.get("ping", "")
    if ping and not 0 <= float(ping) <= 86_400_000:
        return Answered(400, b'{"ok":false,"msg":"Invalid ping value"}')
    if found[1] != PUSH_TOKEN:
        return Answered(500, b'{"ok":false,"msg":"Monitor not found or not active."}')
    return Answered(200, json.dumps({"ok": True}).encode())


def gatus(pushed: Pushed) -> Answered:
    """POST alone."""
    found = re.fullmatch(r"/api/v1/endpoints/([^/]+)/external", pushed.path)
    if found is None or pushed.method != "POST":
        return Answered(404, b"Cannot POST")
    if pushed.query.get("success") not in ("true", "false"):
        return Answered(400, b"missing or invalid success query parameter")
    if found[1] != KEY:
        return Answered(404, b"not found")
    if pushed.headers.get("authorization") != f"Bearer {GATUS_TOKEN}":
        return Answered(401, b"invalid token")
    duration = pushed.query.get("duration", "")
    if duration and not _DURATION.fullmatch(duration):
        return Answered(400, b"invalid duration")
    return Answered(200)


def any_webhook(pushed: Pushed) -> Answered:
    """POST of JSON."""
    if pushed.method != "POST" or pushed.headers.get("content-type") != "application/json":
        return Answered(415)
    json.loads(pushed.body)
    return Answered(204)
