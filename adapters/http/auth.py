"""Authentication: what a request carries, and whom an authenticator takes its sender for."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import Protocol

import falcon

from k8s_heartbeat.core.reader import Deadline

from .callers import EVERYONE, Caller, Credential
from .client_address import counted
from .quota import Quota
from .rate_limit import too_many

__all__ = ["Authentication", "Authenticator", "is_preflight"]

# One in the header, and what a proxy or a habit may add; more is trying keys on a lock.
_MOST_OFFERED = 4
_FAILURES = "failed authentications of this address"


class Authenticator(Protocol):
    """Whoever can tell callers by what they carry."""

    @property
    def schemes(self) -> Sequence[str]:
        """The schemes of the Authorization header that it takes, the first one preferred."""
        ...

    @property
    def hint(self) -> str:
        """How to carry a token, for a caller who does not."""
        ...

    def caller(self, offered: Sequence[Credential], deadline: Deadline) -> Caller | None:
        """Whose credential is among these; None where it is nobody's.

        Raises:
            ReadError: It could not be found out.
        """
        ...


class Authentication:
    """Middleware that lets a request through when its caller is known.

    The caller is ``req.context.caller`` from here on, and ``req.context.deadline`` the moment when
    all that is asked of the cluster for this request must be over.

    Args:
        authenticator: Who can tell callers; None lets everyone in.
        exempt: Paths that answer without a caller.
        failures: What each client may offer that is wrong; None for as much as it likes.
        deadline: The deadline of a request that begins now.
    """

    def __init__(
        self,
        authenticator: Authenticator | None,
        exempt: Collection[str],
        failures: Quota | None,
        *,
        deadline: Callable[[], Deadline],
    ) -> None:
        self._authenticator = authenticator
        self._exempt = frozenset(exempt)
        self._failures = failures
        self._deadline = deadline

    def process_request(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Refuse a request whose sender is nobody who may ask.

        Raises:
            HTTPUnauthorized: The answer tells how to authenticate.
            HTTPTooManyRequests: The client has offered too much that was wrong.
            ReadError: Who it is could not be found out.
        """
        req.context.deadline = deadline = self._deadline()
        if req.path in self._exempt or is_preflight(req):
            return
        authenticator = self._authenticator
        if authenticator is None:
            req.context.caller = EVERYONE
            return
        offered = _offered(req)
        self._refuse_guessing(req, len(offered))
        caller = None
        if 0 < len(offered) <= _MOST_OFFERED:
            caller = authenticator.caller(offered, deadline)
        if caller is None:
            self._note_failure(req, len(offered))
            problem = "the token is not valid" if offered else "a token is needed"
            raise falcon.HTTPUnauthorized(
                description=f"{problem}: {authenticator.hint}",
                challenges=[f'{scheme} realm="k8s-heartbeat"' for scheme in authenticator.schemes],
            )
        req.context.caller = caller

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


def _offered(req: falcon.Request) -> list[Credential]:
    offered: list[Credential] = []
    scheme, _, credentials = (req.get_header("Authorization") or "").partition(" ")
    if scheme.lower() in ("basic", "bearer"):
        value = credentials.strip().encode("latin-1", "replace")
        offered.append(Credential(value, scheme.lower() == "bearer"))
    for text in req.get_param_as_list("token") or []:
        # A base64 token pasted as it is: in a query a plus means a space, and no token has one.
        offered.append(Credential(text.replace(" ", "+").encode("utf-8", "replace")))
    return offered
