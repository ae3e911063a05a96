"""Who may ask: one token, by Bearer, by Basic or in the query, for monitors differ."""

from __future__ import annotations

import hmac
from collections.abc import Collection
from hashlib import sha256

import falcon

from .client_address import counted
from .quota import Quota
from .rate_limit import too_many

__all__ = ["TokenAuth", "is_preflight"]

_CHALLENGES = ('Basic realm="k8s-heartbeat"', 'Bearer realm="k8s-heartbeat"')
_FAILURES = "failed authentications of this address"


class TokenAuth:
    """Middleware that lets a request through when it carries the token.

    After `Basic` stands the token itself, not a user and a password: the contract of
    k8s-controller-heartbeat.

    Args:
        token: The token; None lets everyone in.
        exempt: Paths that answer without one.
        failures: What each client may offer that is wrong; None for as much as it likes.
    """

    def __init__(
        self, token: str | None, exempt: Collection[str], failures: Quota | None = None
    ) -> None:
        self._digest = None if token is None else _digest(token.encode())
        self._exempt = frozenset(exempt)
        self._failures = failures

    def process_request(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Refuse a request that carries no token, or a wrong one.

        Raises:
            HTTPUnauthorized: The answer tells how to authenticate.
            HTTPTooManyRequests: The client has offered too much that was wrong.
        """
        if self._digest is None or req.path in self._exempt or is_preflight(req):
            return
        offered = _offered(req)
        self._refuse_guessing(req, len(offered))
        # All of them, each in constant time: nothing is to be learned from how long it takes.
        matches = [hmac.compare_digest(self._digest, _digest(token)) for token in offered]
        if any(matches):
            return
        self._note_failure(req, len(offered))
        problem = "the token is not valid" if offered else "a token is needed"
        raise falcon.HTTPUnauthorized(
            description=f"{problem}: Authorization: Bearer TOKEN, Authorization: Basic TOKEN, "
            "or ?token=TOKEN",
            challenges=_CHALLENGES,
        )

    def _refuse_guessing(self, req: falcon.Request, guesses: int) -> None:
        """Refuse, before it is looked at, what is more than the client may still guess."""
        if self._failures is None or not guesses:
            return
        usage = self._failures.usage(counted(req))
        if usage.used + guesses > usage.limit:
            raise too_many(_FAILURES, usage)

    def _note_failure(self, req: falcon.Request, guesses: int) -> None:
        """Count wrong guesses; of those made at one moment, too, only so many learn of it."""
        if self._failures is None or not guesses:
            return
        usage = self._failures.hit(counted(req), guesses)
        if usage.over:
            raise too_many(_FAILURES, usage)


def is_preflight(req: falcon.Request) -> bool:
    """Whether a browser asks if it may ask; it sends no credentials with that."""
    return req.method == "OPTIONS" and "ACCESS-CONTROL-REQUEST-METHOD" in req.headers


def _offered(req: falcon.Request) -> list[bytes]:
    offered: list[bytes] = []
    scheme, _, credentials = (req.get_header("Authorization") or "").partition(" ")
    if scheme.lower() in ("basic", "bearer"):
        offered.append(credentials.strip().encode("latin-1", "replace"))
    for value in req.get_param_as_list("token") or []:
        # A base64 token pasted as it is: in a query a plus means a space, and no token has one.
        offered.append(value.replace(" ", "+").encode("utf-8", "replace"))
    return offered


def _digest(token: bytes) -> bytes:
    return sha256(token).digest()
