"""The app: every route and every middleware in one place."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import falcon

from k8s_heartbeat.core import Policy
from k8s_heartbeat.core.components import Component
from k8s_heartbeat.core.reader import ClusterReader

from .auth import TokenAuth
from .problems import STATUS_HEADER, add_problem_handlers
from .rate_limit import RateLimit, RateLimiter
from .rendering import DEFAULT_CODES, Detail
from .request_id import REQUEST_ID_HEADER, RequestId
from .request_log import RequestLog
from .resources import (
    ApiServerHealth,
    ComponentHealth,
    GroupHealth,
    Judge,
    Liveness,
    ObjectHealth,
    Readiness,
)

__all__ = ["Contract", "create_app"]

PROBES = ("/livez", "/readyz", "/healthz", "/health")
"""Asked by kubelets and load balancers, without a token and without a limit."""

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
        token: The token that callers carry; None lets everyone in.
        limit: The quota of each client.
        codes: Which code answers which word.
        detail: How much is said.
        cors_origins: Origins whose pages may read answers; empty for all.
        timeout: Seconds that the API server has for all that one request reads.
        policy: The knobs of the rules.
        components: The named groups, by their names.
    """

    token: str | None
    limit: RateLimit = RateLimit()
    codes: Mapping[str, int] | None = None
    detail: Detail = Detail.SUMMARY
    cors_origins: Sequence[str] = ()
    timeout: float = 5.0
    policy: Policy = Policy()
    components: Mapping[str, Component] = field(default_factory=dict[str, Component])


def create_app(
    reader: ClusterReader,
    contract: Contract,
    *,
    clock: Callable[[], float] = time.monotonic,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
    draining: Callable[[], bool] = lambda: False,
    new_id: Callable[[], str] = lambda: uuid4().hex,
) -> falcon.App[Any, Any]:
    """The WSGI application.

    Args:
        reader: Where objects are read.
        contract: What an operator decides.
        clock: A monotonic clock, in seconds, for limits and deadlines.
        now: The wall clock, timezone-aware, for judging.
        draining: Whether the process is about to stop.
        new_id: Makes the id of a request that brings none.
    """
    codes = {**DEFAULT_CODES, **(contract.codes or {})}
    judge = Judge(
        reader=reader,
        now=now,
        clock=clock,
        timeout=contract.timeout,
        policy=contract.policy,
        components=contract.components,
        codes=codes,
        detail=contract.detail,
    )
    cors = _Cors(allow_origins=list(contract.cors_origins) or "*", expose_headers=_EXPOSED)
    app: falcon.App[Any, Any] = falcon.App(
        middleware=[
            RequestId(new_id),
            RequestLog(clock),
            _NoStore(),
            cors,
            RateLimiter(contract.limit, PROBES, clock=clock, now=lambda: now().timestamp()),
            TokenAuth(contract.token, PROBES),
        ]
    )
    # A redirect reads as an outage to most monitors.
    app.req_options.strip_url_path_trailing_slash = True
    add_problem_handlers(app, codes)
    app.add_route("/api/healthz/{namespace}/{kind}/{name}", ObjectHealth(judge))
    app.add_route("/api/healthz", GroupHealth(judge))
    app.add_route("/api/healthz/{namespace}", GroupHealth(judge))
    app.add_route("/api/components/{name}", ComponentHealth(judge))
    app.add_route("/livez", Liveness())
    app.add_route("/readyz", Readiness(draining))
    app.add_route("/healthz", ApiServerHealth(judge))
    app.add_route("/health", ApiServerHealth(judge))
    return app


class _Cors(falcon.CORSMiddleware[Any, Any]):
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
