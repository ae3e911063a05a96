"""The app: every route and every middleware in one place."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

import falcon

from .auth import Admission, Authenticator
from .base_path import Below, enter
from .client_address import ClientAddress, Network
from .judging import Judging
from .outages import Outages
from .own_url import OwnUrl
from .problems import STATUS_HEADER, add_problem_handlers
from .quota import LocalQuota, Quota, RateLimit
from .rendering import DEFAULT_CODES, Detail
from .request_log import REQUEST_ID_HEADER, RequestLog, Say, log
from .resources import Dependencies
from .routes import ROUTES, Parts
from .shared_quota import SharedCounts, SharedQuota
from .state import BEGAN, is_page

if TYPE_CHECKING:
    _FalconApp = falcon.App[Any, Any]
    _FalconCors = falcon.CORSMiddleware[Any, Any]
else:
    # Older releases take no parameters when they run.
    _FalconApp, _FalconCors = falcon.App, falcon.CORSMiddleware

__all__ = ["Contract", "create_app"]

# Falcon answers WEBSOCKET before any middleware runs.
_METHODS = frozenset(falcon.COMBINED_METHODS) - {"WEBSOCKET"}
_utc_now = partial(datetime.now, UTC)

_NO_SNIFFING = ("X-Content-Type-Options", "nosniff")
_NOT_KEPT = ("Cache-Control", "no-store")
# One token may be carried for hundreds of URLs: 500 of them every 30 s are 17 a second, and this is
# 20 by default.
_TOKEN_TIMES = 20

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


def _new_id() -> str:
    return os.urandom(16).hex()


@dataclass(frozen=True, slots=True)
class Contract:
    """The operator's settings for the answers.

    Attributes:
        authenticator: Identifies callers by their credentials; None lets everyone in.
        limit: The rate limit of each client.
        token_limit: The rate limit of each token; None for twenty times a client's.
        failed_auth: How many wrong credentials each client may send.
        trusted_proxies: Networks that are trusted to name a client's address.
        codes: The HTTP code for each status word.
        detail: The detail of answers.
        cors_origins: Origins whose pages may read answers; empty for all.
        base_path: The prefix of every route, such as ``/heartbeat``; empty for none.
        url: The URL under which clients reach the service; empty for that of each request.
        timeout: Seconds that the API server has for all that one request reads.
        checks: Further checks of `/readyz?verbose`, by name; each returns a fault or nothing.
    """

    authenticator: Authenticator | None
    limit: RateLimit = RateLimit()
    token_limit: RateLimit | None = None
    failed_auth: RateLimit = RateLimit(10, timedelta(minutes=1))
    trusted_proxies: Sequence[Network] = ()
    codes: Mapping[str, int] | None = None
    detail: Detail = Detail.SUMMARY
    cors_origins: Sequence[str] = ()
    base_path: str = ""
    url: str = ""
    timeout: float = 5.0
    checks: Mapping[str, Callable[[], str]] = field(default_factory=dict[str, Callable[[], str]])


def create_app(
    judging: Callable[[], Judging],
    contract: Contract,
    *,
    clock: Callable[[], float] = time.monotonic,
    now: Callable[[], datetime] = _utc_now,
    draining: Callable[[], bool] = lambda: False,
    shared: SharedCounts | None = None,
    new_id: Callable[[], str] = _new_id,
    say: Say = log,
) -> falcon.App[Any, Any]:
    """The WSGI application.

    Args:
        judging: Returns what to judge a new request with.
        contract: The operator's settings.
        clock: A monotonic clock, in seconds, for limits and deadlines.
        now: The wall clock, timezone-aware, for judging.
        draining: Whether the process is about to stop.
        shared: Where limits are counted together with other processes; None to count alone.
        new_id: Makes the id of a request that brings none.
        say: Writes a request's log line.
    """
    codes = {**DEFAULT_CODES, **(contract.codes or {})}
    outages = Outages(clock)
    addresses = ClientAddress(contract.trusted_proxies)
    own_url = OwnUrl(contract.url, addresses)

    def public() -> Collection[str]:
        page = judging().public
        return () if page is None else page.components

    def quota(name: str, limit: RateLimit) -> Quota:
        local = LocalQuota(limit, clock)
        return local if shared is None else SharedQuota(name, local, shared)

    app = _App(
        clock,
        contract.base_path,
        middleware=[
            RequestLog(clock, contract.timeout, new_id, addresses, say),
            _Headers(allow_origins=list(contract.cors_origins) or "*", expose_headers=_EXPOSED),
            Admission(
                contract.authenticator,
                clients=quota("client", contract.limit),
                tokens=quota("token", contract.token_limit or contract.limit.times(_TOKEN_TIMES)),
                failures=quota("failure", contract.failed_auth),
                public=public,
                clock=clock,
                now=now,
            ),
            *([Below()] if contract.base_path else ()),
        ],
    )
    # A redirect reads as an outage to most monitors.
    app.req_options.strip_url_path_trailing_slash = True
    add_problem_handlers(app, codes)
    parts = Parts(
        judging=judging,
        dependencies=lambda given: Dependencies(
            given, now, codes, outages, contract.detail, own_url
        ),
        draining=draining,
        checks=contract.checks,
        codes=codes,
        authenticator=contract.authenticator,
        base_path=contract.base_path,
    )
    for route in ROUTES:
        app.add_route(route.path, route.resource(parts))
    return app


class _Headers(_FalconCors):
    """Middleware that sets the headers of every response, including CORS."""

    def process_response(
        self,
        req: falcon.Request,
        resp: falcon.Response,
        resource: object,
        req_succeeded: bool,
    ) -> None:
        """Keep caches on the way from answering, and mark every response as the service's own."""
        resp.set_header(*_NO_SNIFFING)
        if resp.get_header(_NOT_KEPT[0]) is None:
            resp.set_header(*_NOT_KEPT)
        if resp.get_header(STATUS_HEADER) is None:
            resp.set_header(STATUS_HEADER, "unknown")
        if "HTTP_ORIGIN" not in req.env or is_page(req):
            return
        super().process_response(req, resp, resource, req_succeeded)
        # A browser's list is repeated if it is one of names: anything else could pass for ours.
        if not _FIELD_NAMES.fullmatch(resp.get_header(_ALLOWED, default="")):
            resp.set_header(_ALLOWED, "*")


class _App(_FalconApp):
    """A Falcon app, mounted at a prefix, that notes when each request arrived."""

    def __init__(self, clock: Callable[[], float], base_path: str, **options: Any) -> None:
        super().__init__(**options)
        self._clock = clock
        self._base_path = base_path

    def __call__(self, env: dict[str, Any], start_response: Any) -> Any:
        """Answer a request as WSGI has it."""
        # Our own server has set it already: time in a queue counts as waiting too.
        env.setdefault(BEGAN, self._clock())
        if env["REQUEST_METHOD"] not in _METHODS:
            # Any other word is the caller's own, and may be anything.
            env["REQUEST_METHOD"] = "?"
        if self._base_path:
            enter(self._base_path, env)
        return super().__call__(env, start_response)
