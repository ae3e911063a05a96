"""Admission: how often a client may ask, who its requests are from, and how often a token may."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Protocol

import falcon

from k8s_heartbeat.core.checks.reader import Deadline, ReadTimeout

from .callers import EVERYONE, Caller, Credential
from .client_address import client_of
from .guesses import Guesses
from .probes import PROBES
from .problems import too_many
from .quota import Quota
from .state import RequestState, state_of

__all__ = ["Admission", "Authenticator"]

# One in the header, and what a proxy or a habit may add; more is trying keys on a lock.
_MOST_OFFERED = 4


class Authenticator(Protocol):
    """Tells callers by the credentials that they offer."""

    @property
    def schemes(self) -> Sequence[str]:
        """The schemes of the Authorization header that it takes, the first one preferred."""
        ...

    @property
    def hint(self) -> str:
        """How to carry a token, for a caller who does not."""
        ...

    def caller(self, credential: Credential, deadline: Deadline) -> Caller | None:
        """Whose credential it is; None where it is nobody's.

        Raises:
            ReadError: It could not be found out.
        """
        ...


class Admission:
    """Middleware that lets a request through when its client, its caller and its token may ask.

    Probes are let through as they are. What the others used of which limit is stated on every
    answer.

    Args:
        authenticator: Who can tell callers; None lets everyone in.
        clients: What each client may use.
        tokens: What each token may use.
        failures: What each client may offer that is wrong.
        clock: A monotonic clock, in seconds.
        now: The wall clock, timezone-aware; for the header that states a time.
    """

    def __init__(
        self,
        authenticator: Authenticator | None,
        *,
        clients: Quota,
        tokens: Quota,
        failures: Quota,
        clock: Callable[[], float],
        now: Callable[[], datetime],
    ) -> None:
        self._authenticator = authenticator
        self._clients = clients
        self._tokens = tokens
        self._guesses = Guesses(failures, clock)
        self._now = now
        self._policies = {
            name: f'"{name}";q={limit.requests};w={math.ceil(limit.period.total_seconds())}'
            for name, limit in (("default", clients.limit), ("token", tokens.limit))
        }

    def process_request(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Refuse a request that is over a limit, or whose sender may not ask.

        Raises:
            HTTPUnauthorized: The answer tells how to authenticate.
            HTTPTooManyRequests: A limit is used up; `Retry-After` says when to retry.
            ReadError: Who it is could not be found out.
        """
        if req.path in PROBES:
            return
        state = state_of(req)
        client = client_of(state.client)
        usage = state.usages["default"] = self._clients.hit(client)
        if usage.over:
            raise too_many("requests of this address", usage)
        if req.method == "OPTIONS" and "ACCESS-CONTROL-REQUEST-METHOD" in req.headers:
            # A browser asks if it may ask; it sends no credentials with that.
            return
        if state.deadline.remaining() <= 0:
            raise ReadTimeout("the request", "overloaded: no time was left to work on it")
        state.caller = self._caller(client, state)
        if state.caller.name:
            usage = state.usages["token"] = self._tokens.hit(state.caller.name)
            if usage.over:
                raise too_many("requests with this token", usage)

    def process_response(
        self,
        req: falcon.Request,
        resp: falcon.Response,
        resource: object,
        req_succeeded: bool,
    ) -> None:
        """State every limit that a request counted for, and in the older headers the tightest."""
        usages = state_of(req).usages
        if not usages:
            return
        states: list[str] = []
        tightness: list[tuple[int, float, int]] = []
        for name, usage in usages.items():
            remaining = usage.remaining
            states.append(f'"{name}";r={remaining};t={usage.seconds}')
            tightness.append((remaining, -usage.left, usage.limit))
        remaining, left, limit = min(tightness)
        resp.set_headers(
            {
                "RateLimit-Policy": ", ".join(map(self._policies.__getitem__, usages)),
                "RateLimit": ", ".join(states),
                "X-RateLimit-Limit": str(limit),
                "X-RateLimit-Remaining": str(remaining),
                "X-RateLimit-Reset": str(math.ceil(self._now().timestamp() - left)),
            }
        )

    def _caller(self, client: str, state: RequestState) -> Caller:
        """Who asks, by the first of the credentials that is right.

        Each is tried, and counts, whether another one is right or not. Where the API server leaves
        it open nothing was learned, and nothing counts.
        """
        authenticator, offered = self._authenticator, state.credentials
        if authenticator is None:
            return EVERYONE
        if not offered:
            raise _unauthorized("a token is needed", authenticator)
        with self._guesses.trial(client, offered) as tried:
            callers: dict[bytes, Caller] = {}
            if len(offered) <= _MOST_OFFERED:
                for digest, credential in tried.items():
                    caller = authenticator.caller(credential, state.deadline)
                    if caller is not None:
                        callers[digest] = caller
            self._guesses.settle(client, callers.keys(), tried.keys() - callers.keys())
        if not callers:
            raise _unauthorized("the token is not valid", authenticator)
        return next(iter(callers.values()))


def _unauthorized(problem: str, authenticator: Authenticator) -> falcon.HTTPUnauthorized:
    return falcon.HTTPUnauthorized(
        description=f"{problem}: {authenticator.hint}",
        challenges=[f'{scheme} realm="k8s-heartbeat"' for scheme in authenticator.schemes],
    )
