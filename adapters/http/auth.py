"""Authentication: what a request carries, and whom an authenticator takes its sender for."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import Protocol

import falcon

from k8s_heartbeat.core.reader import Deadline

from .callers import EVERYONE, Caller, Credential

__all__ = ["Authentication", "Authenticator", "is_preflight"]

# One in the header and one in the query; whoever sends more is trying keys on a lock.
_MOST_OFFERED = 2


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
        deadline: The deadline of a request that begins now.
    """

    def __init__(
        self,
        authenticator: Authenticator | None,
        exempt: Collection[str],
        *,
        deadline: Callable[[], Deadline],
    ) -> None:
        self._authenticator = authenticator
        self._exempt = frozenset(exempt)
        self._deadline = deadline

    def process_request(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Refuse a request whose sender is nobody who may ask.

        Raises:
            HTTPUnauthorized: The answer tells how to authenticate.
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
        caller = None
        if len({credential.value.replace(b" ", b"+") for credential in offered}) <= _MOST_OFFERED:
            caller = authenticator.caller(offered, deadline) if offered else None
        if caller is None:
            problem = "the token is not valid" if offered else "a token is needed"
            raise falcon.HTTPUnauthorized(
                description=f"{problem}: {authenticator.hint}",
                challenges=[f'{scheme} realm="k8s-heartbeat"' for scheme in authenticator.schemes],
            )
        req.context.caller = caller


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
        offered.append(Credential(text.encode("utf-8", "replace")))
        if " " in text:
            # A base64 token pasted as it is: in a query a plus means a space, and no token has one.
            offered.append(Credential(text.replace(" ", "+").encode("utf-8", "replace")))
    return offered
