"""What the tests of the contract share: a cluster at hand, a clock that stands, an app on both."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from io import BytesIO, StringIO
from typing import Any

from falcon.testing import Result, TestClient

from k8s_heartbeat.adapters.http.app import Contract, create_app
from k8s_heartbeat.adapters.http.tokens import Token, TokenAuthenticator, digest_of
from k8s_heartbeat.core.reader import Deadline, NotFound, Query, Reading
from k8s_heartbeat.core.rules import KINDS
from tests.builders import NOW, Manifest, available, deployment, progressing

TOKEN = "right-t0ken"
NEW_ID = "an-id-of-ours"
PATH = "/api/healthz/shop/deployment/api"
PROBES = ("/livez", "/readyz", "/healthz", "/health")
OPEN = Contract(authenticator=None)


def guarding(*tokens: Token) -> Contract:
    """A contract under which these callers may ask, and nobody else."""
    return Contract(authenticator=TokenAuthenticator(lambda: tokens))


def caller(secret: str = TOKEN, **scope: Any) -> Token:
    """A caller who carries a secret; the scope is that of fields of `Token`."""
    return replace(Token("test", (digest_of(secret),)), **scope)


GUARDED = guarding(caller())


class FakeReader:
    """A `ClusterReader` over objects at hand that notes what it is asked.

    Args:
        objects: What the cluster holds.
        failure: Raised in place of any answer.
        unrelated: Raised in place of any list.
        unlisted: Raised in place of the list of a kind.
        truncated: Kinds of which there are more than are read.
        resources: What discovery tells besides the kinds with a rule.
        age: How old its readings are, in seconds.
        stale: Whether it would rather have newer ones.
    """

    def __init__(
        self,
        objects: Iterable[Manifest] = (),
        *,
        failure: Exception | None = None,
        unrelated: Exception | None = None,
        unlisted: Mapping[str, Exception] | None = None,
        truncated: Iterable[str] = (),
        resources: Iterable[Manifest] = (),
        age: float = 0.0,
        stale: bool = False,
    ) -> None:
        self._objects = tuple(objects)
        self._failure = failure
        self._unrelated = unrelated
        self._unlisted = unlisted or {}
        self._truncated = tuple(truncated)
        self._resources = tuple(resources)
        self._age = age
        self._stale = stale
        self.queries: list[Query] = []
        self.pings = 0
        self.discoveries = 0

    @property
    def calls(self) -> int:
        """How often it was asked anything."""
        return len(self.queries) + self.pings + self.discoveries

    def read(self, query: Query, deadline: Deadline) -> Reading:
        """Objects of the kind, in a namespace or in all; by name where one is asked for."""
        self.queries.append(query)
        if self._failure is not None:
            raise self._failure
        if not query.name and self._unrelated is not None:
            raise self._unrelated
        if not query.name and query.kind.kind in self._unlisted:
            raise self._unlisted[query.kind.kind]
        found = tuple(entry for entry in self._objects if _is_asked_for(entry, query))
        if query.name and not found:
            raise NotFound(f"{query}: not found")
        cut = not query.name and query.kind.kind in self._truncated
        return Reading(found, self._age, self._stale, truncated=cut)

    def discover(self, deadline: Deadline) -> Reading:
        """The kinds with a rule, and those that it was given."""
        self.discoveries += 1
        if self._failure is not None:
            raise self._failure
        known = [
            {
                "name": kind.plural,
                "kind": kind.kind,
                "group": kind.group,
                "version": kind.version,
                "shortNames": list(kind.short_names),
                "namespaced": kind.namespaced,
            }
            for kind in KINDS
        ]
        return Reading((*known, *self._resources), self._age, self._stale)

    def ping(self, deadline: Deadline) -> None:
        """Answer, or fail as told."""
        self.pings += 1
        if self._failure is not None:
            raise self._failure


def _is_asked_for(manifest: Manifest, query: Query) -> bool:
    metadata = manifest["metadata"]
    return (
        (manifest["kind"], manifest.get("apiVersion", query.kind.api_version))
        == (query.kind.kind, query.kind.api_version)
        and query.name in ("", metadata["name"])
        and query.namespace in ("", metadata.get("namespace", ""))
    )


@dataclass(slots=True)
class Clock:
    """A clock that moves when it is told to."""

    seconds: float = 0.0

    def monotonic(self) -> float:
        """Seconds, for limits and deadlines."""
        return self.seconds

    def wall(self) -> datetime:
        """The time that is judged at."""
        return NOW + timedelta(seconds=self.seconds)


@dataclass(frozen=True, slots=True)
class Service:
    """An app, what it reads from, and a client of it."""

    reader: FakeReader
    clock: Clock
    client: TestClient

    def get(self, path: str = PATH, **options: Any) -> Result:
        """The answer to a GET; the options are those of `TestClient.simulate_request`."""
        return self.client.simulate_request("GET", path, **options)

    def head(self, path: str = PATH, **options: Any) -> Result:
        """The answer to a HEAD."""
        return self.client.simulate_request("HEAD", path, **options)


def service(
    *objects: Manifest,
    reader: FakeReader | None = None,
    contract: Contract = OPEN,
    clock: Clock | None = None,
    draining: Callable[[], bool] = lambda: False,
    **changes: Any,
) -> Service:
    """A service over these objects, or over a reader; changes are those of fields of `Contract`."""
    reader = FakeReader(objects) if reader is None else reader
    clock = clock or Clock()
    app = create_app(
        reader,
        replace(contract, **changes),
        clock=clock.monotonic,
        now=clock.wall,
        draining=draining,
        new_id=lambda: NEW_ID,
    )
    return Service(reader, clock, TestClient(app))


def selecting(workload: Manifest) -> Manifest:
    """A workload with a selector, without which nobody can look for its pods."""
    return {**workload, "spec": {**workload["spec"], "selector": {"matchLabels": {"app": "api"}}}}


def healthy() -> Manifest:
    """The Deployment `api` with all that it asks for."""
    return deployment(3)


def degraded() -> Manifest:
    """The Deployment `api` with two replicas of three."""
    return selecting(deployment(3, 2))


def down(since: str = "") -> Manifest:
    """The Deployment `api` without a replica, since then by the API's own word."""
    return selecting(deployment(3, 0, conditions=[available("False", since), progressing()]))


def unread() -> Manifest:
    """The Deployment `api` before any controller has looked at it."""
    return {name: value for name, value in deployment(3).items() if name != "status"}


@dataclass(frozen=True, slots=True)
class Answer:
    """What an app answered, to the byte."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes

    def header(self, name: str) -> str | None:
        """The value of a header."""
        return {key.lower(): value for key, value in self.headers}.get(name.lower())

    def json(self) -> Any:
        """The decoded body."""
        return json.loads(self.body)


@dataclass(slots=True)
class _Started:
    """What a WSGI application says before its body."""

    status: str = ""
    headers: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])

    def __call__(
        self, status: str, headers: list[tuple[str, str]], exc_info: object = None
    ) -> Callable[[bytes], object]:
        self.status, self.headers = status, headers
        return BytesIO().write


def ask(
    served: Service,
    method: str = "GET",
    path: str = PATH,
    query: str = "",
    headers: Mapping[str, str] | None = None,
    body: bytes = b"",
) -> Answer:
    """Ask as a WSGI server does, past a client's own checks of what is sent.

    Args:
        served: Whom to ask.
        method: Any word.
        path: The decoded path, each byte a character.
        query: The raw query.
        headers: Any headers.
        body: Any bytes.
    """
    environ: dict[str, Any] = {
        "REQUEST_METHOD": method,
        "SCRIPT_NAME": "",
        "PATH_INFO": path,
        "QUERY_STRING": query,
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "8080",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "192.0.2.7",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": BytesIO(body),
        "wsgi.errors": StringIO(),
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
    for name, value in (headers or {}).items():
        key = name.upper().replace("-", "_")
        environ[key if key in ("CONTENT_TYPE", "CONTENT_LENGTH") else f"HTTP_{key}"] = value
    started = _Started()
    said = b"".join(served.client.app(environ, started))
    return Answer(int(started.status[:3]), tuple(sorted(started.headers)), said)
