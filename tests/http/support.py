"""What the tests of the contract share: a cluster at hand, a clock that stands, an app on both."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from io import BytesIO, StringIO
from typing import Any

from falcon.testing import Result, TestClient

from k8s_heartbeat.adapters.cache import Lifetimes
from k8s_heartbeat.adapters.cached import CachedReader
from k8s_heartbeat.adapters.groups import Groups
from k8s_heartbeat.adapters.http.app import Contract, create_app
from k8s_heartbeat.adapters.http.judging import DEFAULT_TITLE, Judging
from k8s_heartbeat.adapters.http.public import PublicPage
from k8s_heartbeat.adapters.http.tokens import Token, TokenAuthenticator, digest_of
from k8s_heartbeat.adapters.memory import Memory
from k8s_heartbeat.adapters.slots import ComputeSlots
from k8s_heartbeat.core import Policy
from k8s_heartbeat.core.checks.component import Component
from k8s_heartbeat.core.checks.reader import (
    ClusterReader,
    Deadline,
    Forbidden,
    NotFound,
    ReadError,
    Reading,
    ReadTimeout,
    UpstreamError,
)
from k8s_heartbeat.core.gap import Gap, GapReason
from k8s_heartbeat.core.kinds import ServedKinds, kind_of
from k8s_heartbeat.core.query import Query
from k8s_heartbeat.core.rules import KINDS
from tests.builders import NOW, Manifest, available, deployment, progressing

TOKEN = "right-t0ken"
NEW_ID = "an-id-of-ours"
PATH = "/api/healthz/shop/deployment/api"
PROBES = ("/livez", "/readyz", "/healthz", "/health")
OPEN = Contract(authenticator=None)
# What a `FakeReader` fails with; it says itself what was read.
UPSTREAM = UpstreamError("", "the API server answered 500")
TIMEOUT = ReadTimeout("", "no answer in time")
FORBIDDEN = Forbidden("", "forbidden by the cluster's RBAC")
NOT_FOUND = NotFound("", "not found")


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
        objects: What the cluster holds; may be changed.
        failure: Raised in place of any answer; may be changed.
        unrelated: Raised in place of any list.
        unread: Raised in place of any reading of a kind.
        truncated: Kinds of which there are more than are read.
        resources: What discovery tells besides the kinds with a rule.
        unserved: Kinds with a rule that discovery does not tell.
        undiscovered: Raised in place of what discovery tells.
        partial: Whether part of the API does not tell what it serves.
        age: How old its readings are, in seconds.
        stale: Whether it would rather have newer ones.
        stale_kinds: Kinds of which alone it would, and how old its readings of these are.
    """

    def __init__(
        self,
        objects: Iterable[Manifest] = (),
        *,
        failure: Exception | None = None,
        unrelated: Exception | None = None,
        unread: Mapping[str, Exception] | None = None,
        truncated: Iterable[str] = (),
        resources: Iterable[Manifest] = (),
        unserved: Iterable[str] = (),
        undiscovered: Exception | None = None,
        partial: bool = False,
        age: float = 0.0,
        stale: bool = False,
        stale_kinds: Mapping[str, float] | None = None,
    ) -> None:
        self.objects = tuple(objects)
        self.failure = failure
        self._unrelated = unrelated
        self._unread = unread or {}
        self._truncated = tuple(truncated)
        self._resources = tuple(resources)
        self._unserved = tuple(unserved)
        self._undiscovered = undiscovered
        self._partial = partial
        self._age = age
        self._stale = stale
        self._stale_kinds = stale_kinds or {}
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
        kind = query.kind.kind
        error = self.failure or self._unread.get(kind)
        if error is None and not query.name:
            error = self._unrelated
        if error is not None:
            raise _raised(error, str(query))
        found = tuple(entry for entry in self.objects if _is_asked_for(entry, query))
        if query.name and not found:
            raise NotFound(str(query), "not found")
        cut = not query.name and kind in self._truncated
        gap = Gap(GapReason.CUT, query.kind, "", "there are more than were read") if cut else None
        began = deadline.clock() - self._stale_kinds.get(kind, self._age)
        return Reading(found, began, self._stale or kind in self._stale_kinds, gap)

    def discover(self, deadline: Deadline) -> ServedKinds:
        """The kinds with a rule, and those that it was given."""
        self.discoveries += 1
        error = self.failure or self._undiscovered
        if error is not None:
            raise _raised(error, "kind")
        known = (kind for kind in KINDS if kind.kind not in self._unserved)
        others = filter(None, map(kind_of, self._resources))
        began = deadline.clock() - self._age
        return ServedKinds((*known, *others), whole=not self._partial, began=began)

    def ping(self, deadline: Deadline) -> None:
        """Answer, or fail as told."""
        self.pings += 1
        if self.failure is not None:
            raise _raised(self.failure, "health")


def _raised(error: Exception, what: str) -> Exception:
    """An error of each caller's own, about what was asked for."""
    return error.about(what) if isinstance(error, ReadError) else error


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


def remembering(
    reader: ClusterReader,
    contract: Contract = OPEN,
    *,
    clock: Clock | None = None,
    lifetimes: Lifetimes | None = None,
    components: Mapping[str, Component] | None = None,
) -> Service:
    """A service as it is wired: what it reads and what it makes of that is remembered."""
    clock, lifetimes = clock or Clock(), lifetimes or Lifetimes()
    memory, slots = Memory(), ComputeSlots(1)
    cached = CachedReader(
        reader,
        clock=clock.monotonic,
        lifetimes=lifetimes,
        memory=memory,
        places=threading.BoundedSemaphore(8),
        slots=slots,
    )
    groups = Groups(
        cached,
        Policy(),
        clock=clock.monotonic,
        lifetimes=lifetimes,
        memory=memory,
        places=threading.BoundedSemaphore(8),
        slots=slots,
    )
    judging = Judging(cached, groups, components=components or {})
    app = create_app(lambda: judging, contract, clock=clock.monotonic, now=clock.wall)
    own = reader if isinstance(reader, FakeReader) else FakeReader()
    return Service(own, clock, TestClient(app))


def service(
    *objects: Manifest,
    reader: FakeReader | None = None,
    contract: Contract = OPEN,
    clock: Clock | None = None,
    draining: Callable[[], bool] = lambda: False,
    policy: Policy = Policy(),
    components: Mapping[str, Component] | None = None,
    title: str = DEFAULT_TITLE,
    public: PublicPage | None = None,
    **changes: Any,
) -> Service:
    """A service over these objects, or over a reader; changes are those of fields of `Contract`."""
    reader = FakeReader(objects) if reader is None else reader
    clock = clock or Clock()
    groups = groups_over(reader, clock, policy)
    judging = Judging(
        reader, groups, policy, components=components or {}, title=title, public=public
    )
    app = create_app(
        lambda: judging,
        replace(contract, **changes),
        clock=clock.monotonic,
        now=clock.wall,
        draining=draining,
        new_id=lambda: NEW_ID,
    )
    return Service(reader, clock, TestClient(app))


def groups_over(reader: ClusterReader, clock: Clock, policy: Policy = Policy()) -> Groups:
    """Verdicts on groups that only those share who ask at one moment of the clock."""
    return Groups(
        reader,
        policy,
        clock=clock.monotonic,
        lifetimes=Lifetimes(absence=0.0, failure=0.0, stale=0.0),
        memory=Memory(),
        places=threading.BoundedSemaphore(64),
        slots=ComputeSlots(1),
    )


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
