"""Admission: who sent a request, and how many requests they may send."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from datetime import datetime
from functools import partial
from typing import Protocol

import falcon

from k8s_heartbeat.core.checks.reader import Deadline, ReadError, ReadTimeout

from ..counters import COUNTERS
from .callers import EVERYONE, Caller, Credential, Stranger
from .client_address import client_of
from .guesses import Guesses
from .limits import Limit, OverLimit
from .probes import PROBES
from .public import is_public
from .quota import Quota
from .state import RequestState, state_of

__all__ = ["Admission", "Authenticator"]

# One in the header, plus some that a proxy or a habit may add; more would be guessing.
_MOST_OFFERED = 4


class Authenticator(Protocol):
    """Identifies callers by their credentials."""

    @property
    def schemes(self) -> Sequence[str]:
        """The schemes of the Authorization header that it takes, the first one preferred."""
        ...

    @property
    def hint(self) -> str:
        """How to send a token, for a caller who sent none."""
        ...

    @property
    def asks_api_server(self) -> bool:
        """Whether identifying a caller may need a call to the API server."""
        ...

    @property
    def takes_query(self) -> bool:
        """Whether it takes what comes as ``?token=``."""
        ...

    def caller(self, credential: Credential, deadline: Deadline) -> Caller | None:
        """The caller who owns a credential; None if there is none.

        Raises:
            ReadError: It could not be found out.
        """
        ...


class Admission:
    """Middleware that admits a request if its sender is authenticated and within its limit.

    A request with a valid token counts against the limit of that token only, whatever others behind
    the same address send. All others are limited by address: without credentials before
    authentication, with wrong ones after it. Probes are not limited.

    Checking credentials stays cheap. An address may send only so many guesses; and where
    identifying a caller may need a call to the API server, an address over its limit has only those
    credentials checked that were right from it before.

    The answer states the limit that the request counted against.

    Args:
        authenticator: Identifies callers; None admits everyone, each address within its limit.
        clients: The limit of each client.
        tokens: The limit of each token.
        failures: The limit of each client's wrong credentials.
        public: Returns the names of the components whose status needs no credentials.
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
        public: Callable[[], Collection[str]],
        clock: Callable[[], float],
        now: Callable[[], datetime],
    ) -> None:
        self._authenticator = authenticator
        self._clients = Limit(
            clients,
            name="default",
            who="address",
            what="requests",
            setting="RATE_LIMIT",
            clock=clock,
        )
        self._tokens = Limit(
            tokens,
            name="token",
            who="token",
            what="requests",
            setting="HEARTBEAT_TOKEN_RATE_LIMIT",
            clock=clock,
        )
        wrong = Limit(
            failures,
            name="failed-auth",
            who="address",
            what="failed authentications",
            setting="HEARTBEAT_FAILED_AUTH_LIMIT",
            clock=clock,
        )
        self._guesses = Guesses(wrong, clock)
        self._public = public
        self._now = now

    def process_request(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Refuse a request that is over a limit, or whose sender may not ask.

        Raises:
            HTTPUnauthorized: The response says how to authenticate.
            OverLimit: A limit is used up; `Retry-After` says when to retry.
            ReadError: The sender could not be identified.
        """
        if req.path in PROBES:
            return
        state = state_of(req)
        try:
            self._admit(req, state, client_of(state.client))
        except OverLimit as error:
            state.used = error.limit, error.usage
            COUNTERS.limited.add(error.limit.name)
            if error.is_warned:
                error.limit.warn(error.key)
            raise

    def process_response(
        self,
        req: falcon.Request,
        resp: falcon.Response,
        resource: object,
        req_succeeded: bool,
    ) -> None:
        """State the limit that a request counted against."""
        used = state_of(req).used
        if used is not None:
            limit, usage = used
            resp.set_headers(limit.headers(usage, self._now()))

    def _admit(self, req: falcon.Request, state: RequestState, client: str) -> None:
        if req.method == "OPTIONS" and "ACCESS-CONTROL-REQUEST-METHOD" in req.headers:
            # A CORS preflight request, with which a browser sends no credentials.
            _count(self._clients, client, state)
            return
        authenticator = self._authenticator
        if authenticator is None:
            _count(self._clients, client, state)
            _require_time(state)
            state.caller = EVERYONE
            return
        if not state.credentials:
            _count(self._clients, client, state)
            public = self._public()
            if is_public(req.path, public):
                state.caller = Stranger(public)
                return
            COUNTERS.failed_authentications.add("missing")
            raise _unauthorized("a token is needed", authenticator)
        _require_time(state)
        caller = self._caller(authenticator, client, state)
        if caller is None:
            _count(self._clients, client, state)
            COUNTERS.failed_authentications.add("wrong")
            raise _unauthorized("the token is not valid", authenticator)
        state.caller = caller
        _count(self._tokens, caller.name, state)

    def _caller(
        self, authenticator: Authenticator, client: str, state: RequestState
    ) -> Caller | None:
        """The caller, by the first of the credentials that is right; None if none is.

        Each one is tried, and counts, whether another one is right or not. If the API server gives
        no answer, no guess is counted; but as it was called, the request counts against the
        address.
        """
        offered = state.credentials
        if len(offered) == 1 and self._guesses.was_just_right(client, offered[0]):
            # If it is right again, nothing to settle.
            caller = authenticator.caller(offered[0], state.deadline)
            if caller is not None:
                return caller
        callers: dict[bytes, Caller] = {}
        refusal = partial(self._refusal, client) if authenticator.asks_api_server else None
        with self._guesses.trial(client, offered, refusal) as tried:
            if len(offered) <= _MOST_OFFERED:
                try:
                    for digest, credential in tried.items():
                        caller = authenticator.caller(credential, state.deadline)
                        if caller is not None:
                            callers[digest] = caller
                except ReadError:
                    if not self._guesses.were_right(tried):
                        _count(self._clients, client, state)
                    raise
            self._guesses.settle(client, callers.keys(), tried.keys() - callers.keys())
        return next(iter(callers.values()), None)

    def _refusal(self, client: str) -> OverLimit | None:
        """Why not to ask the API server about a client's credentials; None if it may be asked."""
        usage = self._clients.quota.usage(client)
        return None if usage.remaining else OverLimit(self._clients, client, usage)


def _count(limit: Limit, key: str, state: RequestState) -> None:
    state.used = limit, limit.hit(key)


def _require_time(state: RequestState) -> None:
    if state.deadline.remaining() <= 0:
        raise ReadTimeout("the request", "overloaded: no time was left to work on it")


def _unauthorized(problem: str, authenticator: Authenticator) -> falcon.HTTPUnauthorized:
    return falcon.HTTPUnauthorized(
        description=f"{problem}: {authenticator.hint}",
        challenges=[f'{scheme} realm="k8s-heartbeat"' for scheme in authenticator.schemes],
    )
