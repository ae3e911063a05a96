"""The app: every route and every middleware in one place."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import falcon

from k8s_heartbeat.core import Policy
from k8s_heartbeat.core.components import Component
from k8s_heartbeat.core.reader import ClusterReader, Deadline

from ..turns import Turns
from .auth import DEADLINE, Authentication, Authenticator
from .client_address import ClientAddress, Network
from .probes import PROBES, ApiServerHealth, Liveness, Readiness, is_probe
from .problems import STATUS_HEADER, add_problem_handlers
from .quota import LocalQuota, Quota, RateLimit
from .rate_limit import ClientLimiter, TokenLimiter
from .rendering import DEFAULT_CODES, Detail
from .request_id import REQUEST_ID_HEADER, RequestId
from .request_log import RequestLog
from .resources import ComponentHealth, GroupHealth, Judge, ObjectHealth
from .shared_quota import SharedCounts, SharedQuota

if TYPE_CHECKING:
    _FalconApp = falcon.App[Any, Any]
    _FalconCors = falcon.CORSMiddleware[Any, Any]
else:
    # Older releases take no parameters when they run.
    _FalconApp, _FalconCors = falcon.App, falcon.CORSMiddleware

__all__ = ["Contract", "create_app"]

_ALLOWED = "Access-Control-Allow-Headers"
_FIELD_NAMES = re.compile(r"[\w!#$%&'*+.^`|~, -]{0,1000}", re.ASCII)
_EXPOSED = (
    REQUEST_ID_HEADER,
    STATUS_HEADER,
    "Age",
    "RateLimit",
    "RateLimit-Policy",
    "Retry-After",
    "X-RateLimit-Limit",
    "X-RateLimit-Remaining",
    "X-RateLimit-Reset",
)


@dataclass(frozen=True, slots=True)
class Contract:
    """What an operator decides about the answers.

    Attributes:
        authenticator: Who can tell callers by what they carry; None lets everyone in.
        limit: How often each client may ask.
        token_limit: How often each token may ask; None for as often as a client.
        failed_auth: How often each client may offer what is wrong.
        trusted_proxies: Networks whose word on a client's address is believed.
        codes: Which code answers which word.
        detail: How much is said.
        cors_origins: Origins whose pages may read answers; empty for all.
        timeout: Seconds that the API server has for all that one request reads.
        policy: The knobs of the rules.
        components: The named groups, by their names.
        checks: What `/readyz?verbose` tells besides, by its name: what is wrong, or nothing.
    """

    authenticator: Authenticator | None
    limit: RateLimit = RateLimit()
    token_limit: RateLimit | None = None
    failed_auth: RateLimit = RateLimit(10, timedelta(minutes=1))
    trusted_proxies: Sequence[Network] = ()
    codes: Mapping[str, int] | None = None
    detail: Detail = Detail.SUMMARY
    cors_origins: Sequence[str] = ()
    timeout: float = 5.0
    policy: Policy = Policy()
    components: Mapping[str, Component] = field(default_factory=dict[str, Component])
    checks: Mapping[str, Callable[[], str]] = field(default_factory=dict[str, Callable[[], str]])


def create_app(
    reader: ClusterReader,
    contract: Contract,
    *,
    clock: Callable[[], float] = time.monotonic,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
    draining: Callable[[], bool] = lambda: False,
    shared: SharedCounts | None = None,
    turns: Turns | None = None,
    new_id: Callable[[], str] = lambda: uuid4().hex,
) -> falcon.App[Any, Any]:
    """The WSGI application.

    Args:
        reader: Where objects are read.
        contract: What an operator decides.
        clock: A monotonic clock, in seconds, for limits and deadlines.
        now: The wall clock, timezone-aware, for judging.
        draining: Whether the process is about to stop.
        shared: Where limits are counted together with other processes; None to count alone.
        turns: Who may compute; None for all at once. Probes wait for no turn.
        new_id: Makes the id of a request that brings none.
    """
    codes = {**DEFAULT_CODES, **(contract.codes or {})}
    judge = Judge(
        reader=reader,
        now=now,
        policy=contract.policy,
        components=contract.components,
        codes=codes,
        detail=contract.detail,
    )
    cors = _Cors(allow_origins=list(contract.cors_origins) or "*", expose_headers=_EXPOSED)

    def quota(name: str, limit: RateLimit) -> Quota:
        local = LocalQuota(limit, clock)
        return local if shared is None else SharedQuota(name, local, shared)

    def unix_now() -> float:
        return now().timestamp()

    clients = quota("client", contract.limit)
    tokens = quota("token", contract.token_limit or contract.limit)
    failures = quota("failure", contract.failed_auth)
    addresses = ClientAddress(contract.trusted_proxies)
    app = _App(
        turns,
        lambda: Deadline.after(contract.timeout, clock),
        middleware=[
            RequestId(new_id),
            RequestLog(clock),
            _NoStore(),
            cors,
            ClientLimiter(clients, PROBES, addresses, now=unix_now),
            Authentication(contract.authenticator, PROBES, failures),
            TokenLimiter(tokens, now=unix_now),
        ],
    )
    # A redirect reads as an outage to most monitors.
    app.req_options.strip_url_path_trailing_slash = True
    add_problem_handlers(app, codes)
    app.add_route("/api/healthz/{namespace}/{kind}/{name}", ObjectHealth(judge))
    app.add_route("/api/healthz", GroupHealth(judge))
    app.add_route("/api/healthz/{namespace}", GroupHealth(judge))
    app.add_route("/api/components/{name}", ComponentHealth(judge))
    app.add_route("/livez", Liveness())
    app.add_route("/readyz", Readiness(draining, contract.checks))
    app.add_route("/healthz", ApiServerHealth(reader))
    app.add_route("/health", ApiServerHealth(reader))
    return app


class _Cors(_FalconCors):
    """Middleware: which pages may read answers; it repeats the headers that a browser asks for."""

    def process_response(
        self,
        req: falcon.Request,
        resp: falcon.Response,
        resource: object,
        req_succeeded: bool,
    ) -> None:
        """Repeat names of headers alone: whatever else could be read as an answer's own."""
        super().process_response(req, resp, resource, req_succeeded)
        if not _FIELD_NAMES.fullmatch(resp.get_header(_ALLOWED, default="")):
            resp.set_header(_ALLOWED, "*")


class _App(_FalconApp):
    """A Falcon app whose requests, but for the probes, take turns."""

    def __init__(
        self, turns: Turns | None, deadline: Callable[[], Deadline], **options: Any
    ) -> None:
        super().__init__(**options)
        self._turns = turns
        self._deadline = deadline

    def __call__(self, env: dict[str, Any], start_response: Any) -> Any:
        """Answer a request as WSGI has it."""
        env[DEADLINE] = deadline = self._deadline()
        if self._turns is None or is_probe(env.get("PATH_INFO", "")):
            return super().__call__(env, start_response)
        # Whose turn does not come in time is told so, which takes next to nothing.
        with self._turns.taken(deadline.remaining()):
            return super().__call__(env, start_response)


class _NoStore:
    """Middleware: no cache on the way may answer for us, and every answer says that it is ours."""

    def process_response(
        self,
        req: falcon.Request,
        resp: falcon.Response,
        resource: object,
        req_succeeded: bool,
    ) -> None:
        """Add what every answer carries."""
        resp.set_header("Cache-Control", "no-store")
        resp.set_header("X-Content-Type-Options", "nosniff")
        if resp.get_header(STATUS_HEADER) is None:
            resp.set_header(STATUS_HEADER, "unknown")
