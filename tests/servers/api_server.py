"""A Kubernetes API server on a loopback socket: truthful until it is told to misbehave."""

from __future__ import annotations

import json
import re
import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from http import HTTPStatus
from types import TracebackType
from typing import Any, BinaryIO, Self
from urllib.parse import parse_qsl, unquote, urlsplit

from k8s_heartbeat.core.kinds import Kind
from k8s_heartbeat.core.rules import KINDS
from tests.builders import Manifest

__all__ = [
    "PATIENCE",
    "PLAIN",
    "ApiServer",
    "Behaviour",
    "Exchange",
    "Request",
    "head",
    "status_object",
    "truthful",
    "until",
]

PATIENCE = 10.0
"""Seconds that a test waits for something that is bound to happen; it only costs a failing one."""

PLAIN: tuple[Kind, ...] = tuple(
    kind for kind in KINDS if "." not in kind.group or kind.group.endswith(".k8s.io")
)
"""What a cluster serves that has no other project's kinds."""

_ROUTE = re.compile(
    r"(?P<root>/api/v1|/apis/[^/]+/[^/]+)(?:/namespaces/(?P<namespace>[^/]+))?"
    r"/(?P<plural>[^/]+)(?:/(?P<name>[^/]+))?"
)
_AGGREGATED = "as=APIGroupDiscoveryList"
_PARTIAL = "as=PartialObjectMetadata"
_NO_PAGE = b"404 page not found\n"


@dataclass(frozen=True, slots=True)
class Request:
    """One request as it came in.

    Attributes:
        line: The request line, such as ``GET /healthz HTTP/1.1``.
        path: Its path, unquoted.
        parameters: Its query.
        headers: Its headers, their names in lower case.
        connection: Number of the connection that it came over, from 1.
        turn: Number of the request on its connection, from 1.
        body: What was sent with it, such as a review.
        came: When all of it had come in, by the monotonic clock.
    """

    line: str
    path: str
    parameters: Mapping[str, str]
    headers: Mapping[str, str]
    connection: int
    turn: int
    body: bytes = b""
    came: float = 0.0


class Exchange:
    """A request and the means to answer it, well or badly.

    Attributes:
        server: Who is asked.
        sock: The connection.
        request: What was asked.
        closed: Whether the connection ended with the answer.
    """

    def __init__(self, server: ApiServer, sock: socket.socket, request: Request) -> None:
        self.server = server
        self.request = request
        self.sock = sock
        self.closed = False

    def send(self, data: bytes) -> None:
        """Send raw bytes."""
        self.sock.sendall(data)

    def answer(
        self,
        status: int,
        body: bytes,
        *,
        content_type: str = "application/json",
        headers: Mapping[str, str] | None = None,
    ) -> None:
        """Send a whole answer, after which the connection lives on."""
        stated = {"Content-Type": content_type, "Content-Length": str(len(body)), **(headers or {})}
        self.send(head(status, stated) + body)

    def json(self, status: int, body: object) -> None:
        """Send a whole answer of JSON."""
        self.answer(status, json.dumps(body).encode())

    def drip(self, data: bytes, every: float = 0.05) -> None:
        """Send one byte after the other, for longer than any deadline of a test."""
        ends = time.monotonic() + 3
        for at in range(len(data)):
            if self.server.wait(every) or time.monotonic() > ends:
                break
            self.send(data[at : at + 1])
        self.close()

    def close(self, *, reset: bool = False) -> None:
        """Close the connection, in peace or with a reset."""
        self.closed = True
        if reset:
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            # it goes out once the connection's stream is closed too
            self.sock.close()
        else:
            with suppress(OSError):
                self.sock.shutdown(socket.SHUT_RDWR)


Behaviour = Callable[[Exchange], None]


@dataclass(slots=True)
class _Script:
    """Behaviours for the paths below a prefix: one a request, the last one for good."""

    prefix: str
    behaviours: list[Behaviour]

    def next(self) -> Behaviour:
        return self.behaviours.pop(0) if len(self.behaviours) > 1 else self.behaviours[0]


@dataclass(slots=True)
class ApiServer:
    """Serves manifests as the Kubernetes API does; a context manager that ends all it started.

    Attributes:
        objects: The manifests that it serves; to be replaced, not changed.
        token: The bearer token that it asks for; empty to let everyone in.
        tls: What it serves HTTPS with.
        kinds: The kinds that it serves.
        aggregates: Whether it tells all of them in one answer, as servers since 1.26 do.
        ended: Set once the server is to stop.
    """

    objects: Sequence[Manifest] = ()
    token: str = ""
    tls: ssl.SSLContext | None = None
    kinds: Sequence[Kind] = PLAIN
    aggregates: bool = True
    ended: threading.Event = field(default_factory=threading.Event)
    _listener: socket.socket = field(init=False)
    _changed: threading.Condition = field(default_factory=threading.Condition)
    _requests: list[Request] = field(default_factory=list[Request])
    _scripts: list[_Script] = field(default_factory=list[_Script])
    _threads: list[threading.Thread] = field(default_factory=list[threading.Thread])
    _sockets: list[socket.socket] = field(default_factory=list[socket.socket])

    def __enter__(self) -> Self:
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=256)
        self._start(self._accept)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.ended.set()
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        with self._changed:
            sockets, threads = list(self._sockets), list(self._threads)
        for sock in sockets:
            with suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
        for thread in threads:
            thread.join(PATIENCE)
        assert not any(thread.is_alive() for thread in threads), "the fake API server hangs"

    @property
    def port(self) -> int:
        """The port that it listens on."""
        return int(self._listener.getsockname()[1])

    @property
    def url(self) -> str:
        """Its address, as a kubeconfig states it."""
        return f"{'https' if self.tls else 'http'}://127.0.0.1:{self.port}"

    @property
    def requests(self) -> list[Request]:
        """Every request so far."""
        with self._changed:
            return list(self._requests)

    def requests_for(self, part: str) -> list[Request]:
        """Every request so far whose path has this in it."""
        return [request for request in self.requests if part in request.path]

    def wait_for(self, count: int, part: str = "") -> None:
        """Return once so many requests came in for paths with this in them."""

        def arrived() -> bool:
            return sum(part in request.path for request in self._requests) >= count

        with self._changed:
            assert self._changed.wait_for(arrived, PATIENCE), f"no {count} requests for {part!r}"

    def wait(self, seconds: float = PATIENCE) -> bool:
        """Wait while the server runs; whether it ended."""
        return self.ended.wait(seconds)

    def behave(self, prefix: str, *behaviours: Behaviour) -> None:
        """Answer paths below `prefix` with one behaviour a request, the last one for good."""
        with self._changed:
            self._scripts.insert(0, _Script(prefix, list(behaviours)))

    def forget(self, prefix: str) -> None:
        """Answer paths below `prefix` truthfully again."""
        with self._changed:
            self._scripts = [each for each in self._scripts if each.prefix != prefix]

    def _start(self, target: Callable[..., None], *arguments: object) -> None:
        thread = threading.Thread(target=target, args=arguments, daemon=True)
        with self._changed:
            self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        number = 0
        while True:
            try:
                sock, _ = self._listener.accept()
            except OSError:
                return
            number += 1
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with self._changed:
                self._sockets.append(sock)
            self._start(self._serve, sock, number)

    def _serve(self, sock: socket.socket, number: int) -> None:
        # a client that goes away, or that does not like the certificate, is its own business
        with suppress(OSError, ValueError), sock:
            if self.tls is None:
                self._converse(sock, number)
            else:
                # Of a peer that is gone by now Python 3.12 leaves a socket open that nobody has.
                sock.getpeername()
                with self.tls.wrap_socket(sock, server_side=True) as wrapped:
                    self._converse(wrapped, number)

    def _converse(self, sock: socket.socket, number: int) -> None:
        with sock.makefile("rb") as stream:
            turn = 0
            while not self.ended.is_set():
                turn += 1
                request = _read_request(stream, number, turn)
                if request is None:
                    return
                with self._changed:
                    self._requests.append(request)
                    self._changed.notify_all()
                    behaviour = self._behaviour(request.path)
                exchange = Exchange(self, sock, request)
                behaviour(exchange)
                if exchange.closed:
                    return

    def _behaviour(self, path: str) -> Behaviour:
        for script in self._scripts:
            if path.startswith(script.prefix):
                return script.next()
        return truthful


def truthful(exchange: Exchange) -> None:
    """Answer as the Kubernetes API does."""
    server, request = exchange.server, exchange.request
    if server.token and request.headers.get("authorization") != f"Bearer {server.token}":
        exchange.json(401, status_object(401, "Unauthorized"))
        return
    if request.path == "/healthz":
        exchange.answer(200, b"ok", content_type="text/plain")
        return
    told = _discovery(server, request)
    if told is not None:
        exchange.json(200, told)
        return
    route = _ROUTE.fullmatch(request.path)
    kind = _kind(server, route["root"], route["plural"]) if route else None
    if not route or not kind:
        exchange.answer(404, _NO_PAGE, content_type="text/plain")
        return
    served = [entry for entry in server.objects if _is_served(entry, kind, route["namespace"])]
    partial = _PARTIAL in request.headers.get("accept", "")
    if route["name"]:
        named = [entry for entry in served if entry["metadata"]["name"] == route["name"]]
        if named:
            exchange.json(200, _partial(named[0]) if partial else named[0])
        else:
            exchange.json(404, status_object(404, "NotFound", f'"{route["name"]}" not found'))
        return
    exchange.json(200, _page(kind, served, request.parameters, partial))


def status_object(code: int, reason: str, message: str = "") -> Manifest:
    """A Status, as the API server states an error."""
    return {
        "kind": "Status",
        "apiVersion": "v1",
        "metadata": {},
        "status": "Failure",
        "message": message or reason,
        "reason": reason,
        "code": code,
    }


def head(status: int, headers: Mapping[str, str]) -> bytes:
    """A status line and headers."""
    lines = [f"HTTP/1.1 {status} {HTTPStatus(status).phrase}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


def until(condition: Callable[[], bool], what: str, patience: float = PATIENCE) -> None:
    """Return once a condition holds that is bound to; for what tells nobody when it happens."""
    ends = time.monotonic() + patience
    while not condition():
        assert time.monotonic() < ends, f"it never came: {what}"
        time.sleep(0.005)


def _read_request(stream: BinaryIO, connection: int, turn: int) -> Request | None:
    line = stream.readline(2**16).decode("latin-1").rstrip("\r\n")
    if not line:
        return None
    headers: dict[str, str] = {}
    while text := stream.readline(2**16).decode("latin-1").rstrip("\r\n"):
        name, _, value = text.partition(":")
        headers[name.lower()] = value.strip()
    target = urlsplit(line.split(" ")[1])
    parameters = dict(parse_qsl(target.query, keep_blank_values=True))
    body = stream.read(int(headers.get("content-length", "0")))
    path, came = unquote(target.path), time.monotonic()
    return Request(line, path, parameters, headers, connection, turn, body, came)


def _root(kind: Kind) -> str:
    return f"/apis/{kind.api_version}" if kind.group else f"/api/{kind.api_version}"


def _kind(server: ApiServer, root: str, plural: str) -> Kind | None:
    for kind in server.kinds:
        if (root, plural) == (_root(kind), kind.plural):
            return kind
    return None


def _is_served(manifest: Manifest, kind: Kind, namespace: str | None) -> bool:
    if manifest["kind"] != kind.kind:
        return False
    if manifest.get("apiVersion", kind.api_version) != kind.api_version:
        return False
    return namespace in (None, manifest["metadata"].get("namespace", ""))


def _partial(manifest: Manifest) -> Manifest:
    return {
        "kind": "PartialObjectMetadata",
        "apiVersion": "meta.k8s.io/v1",
        "metadata": manifest["metadata"],
    }


def _discovery(server: ApiServer, request: Request) -> Manifest | None:
    """The answer on a path of the discovery API; None for any other path."""
    path = request.path
    if path in ("/api", "/apis"):
        kinds = [kind for kind in server.kinds if bool(kind.group) == (path == "/apis")]
        if server.aggregates and _AGGREGATED in request.headers.get("accept", ""):
            return _aggregated(kinds)
        if path == "/api":
            return {"kind": "APIVersions", "versions": ["v1"]}
        return {"kind": "APIGroupList", "apiVersion": "v1", "groups": _groups(kinds)}
    below = [kind for kind in server.kinds if path == _root(kind)]
    if not below:
        return None
    return {
        "kind": "APIResourceList",
        "groupVersion": below[0].api_version,
        "resources": [entry for kind in below for entry in _resources(kind)],
    }


def _groups(kinds: Sequence[Kind]) -> list[Manifest]:
    return [
        {
            "name": group,
            "versions": [
                {"groupVersion": version, "version": version.rpartition("/")[2]}
                for version in dict.fromkeys(
                    kind.api_version for kind in kinds if kind.group == group
                )
            ],
        }
        for group in dict.fromkeys(kind.group for kind in kinds)
    ]


def _resources(kind: Kind) -> list[Manifest]:
    whole: Manifest = {
        "name": kind.plural,
        "singularName": kind.kind.lower(),
        "namespaced": kind.namespaced,
        "kind": kind.kind,
        "verbs": ["create", "delete", "get", "list", "patch", "update", "watch"],
        "shortNames": list(kind.short_names),
    }
    status = {**whole, "name": f"{kind.plural}/status", "verbs": ["get", "patch", "update"]}
    return [whole, status]


def _aggregated(kinds: Sequence[Kind]) -> Manifest:
    def resource(kind: Kind) -> Manifest:
        return {
            "resource": kind.plural,
            "responseKind": {"group": "", "version": "", "kind": kind.kind},
            "scope": "Namespaced" if kind.namespaced else "Cluster",
            "singularResource": kind.kind.lower(),
            "verbs": ["get", "list"],
            "shortNames": list(kind.short_names),
            "subresources": [{"subresource": "status", "verbs": ["get"]}],
        }

    return {
        "kind": "APIGroupDiscoveryList",
        "apiVersion": "apidiscovery.k8s.io/v2",
        "items": [
            {
                "metadata": {"name": group["name"]},
                "versions": [
                    {
                        "version": version["version"],
                        "resources": [
                            resource(kind)
                            for kind in kinds
                            if kind.api_version == version["groupVersion"]
                        ],
                    }
                    for version in group["versions"]
                ],
            }
            for group in _groups(kinds)
        ],
    }


def _page(
    kind: Kind, objects: Sequence[Manifest], parameters: Mapping[str, str], partial: bool
) -> Manifest:
    """One page of a list, whose items do not repeat what they are."""
    found = [
        _partial(entry)
        if partial
        else {key: value for key, value in entry.items() if key not in ("kind", "apiVersion")}
        for entry in objects
        if _labelled(entry, parameters.get("labelSelector", ""))
        and _has_fields(entry, parameters.get("fieldSelector", ""))
    ]
    start = int(parameters.get("continue", "0"))
    limit = int(parameters.get("limit", "0")) or len(found) + 1
    metadata = {"resourceVersion": "1"}
    if start + limit < len(found):
        metadata["continue"] = str(start + limit)
    return {
        "kind": "PartialObjectMetadataList" if partial else f"{kind.kind}List",
        "apiVersion": "meta.k8s.io/v1" if partial else kind.api_version,
        "metadata": metadata,
        "items": found[start : start + limit],
    }


def _labelled(manifest: Manifest, selector: str) -> bool:
    labels: Mapping[str, str] = manifest["metadata"].get("labels") or {}
    # a comma between brackets parts values, not requirements
    return all(_holds(labels, part.strip()) for part in re.split(r",(?![^(]*\))", selector) if part)


def _holds(labels: Mapping[str, str], requirement: str) -> bool:
    if match := re.fullmatch(r"(\S+) (in|notin) \((.*)\)", requirement):
        within = labels.get(match[1]) in match[3].split(",")
        return within == (match[2] == "in")
    if match := re.fullmatch(r"([^=!]+)(==?|!=)(.*)", requirement):
        return (labels.get(match[1]) == match[3]) == (match[2] != "!=")
    if requirement.startswith("!"):
        return requirement[1:] not in labels
    return requirement in labels


def _has_fields(manifest: Manifest, selector: str) -> bool:
    for part in filter(None, selector.split(",")):
        path, _, wanted = part.partition("=")
        value: Any = manifest
        for step in path.split("."):
            value = value.get(step, "")
        if value != wanted:
            return False
    return True
