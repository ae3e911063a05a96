"""Authentication: what a request carries, and whom an authenticator takes its sender for."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Collection, Generator, Sequence
from contextlib import contextmanager
from hashlib import sha256
from typing import Protocol, cast

import falcon

from k8s_heartbeat.core.reader import Deadline, ReadError, ReadTimeout

from .callers import EVERYONE, Caller, Credential
from .client_address import counted
from .quota import Quota
from .rate_limit import too_many

__all__ = ["DEADLINE", "Authentication", "Authenticator", "is_preflight"]

DEADLINE = "k8s_heartbeat.deadline"
"""Where a request's WSGI environ has the moment when all of it must be over."""

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
        failures: What each client may offer that is wrong.
    """

    def __init__(
        self,
        authenticator: Authenticator | None,
        exempt: Collection[str],
        failures: Quota,
    ) -> None:
        self._authenticator = authenticator
        self._exempt = frozenset(exempt)
        self._failures = failures
        self._lock = threading.Lock()
        # What each client offers that is being looked at: guessing at once is not guessing faster.
        self._looked_at: dict[str, Counter[bytes]] = {}

    def process_request(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Refuse a request whose sender is nobody who may ask.

        Raises:
            HTTPUnauthorized: The answer tells how to authenticate.
            HTTPTooManyRequests: The client has offered too much that was wrong.
            ReadError: Who it is could not be found out.
        """
        req.context.deadline = deadline = cast(Deadline, req.env[DEADLINE])
        if req.path in self._exempt or is_preflight(req):
            return
        if deadline.remaining() <= 0:
            raise ReadTimeout("too many requests are worked on: its turn did not come in time")
        authenticator = self._authenticator
        if authenticator is None:
            req.context.caller = EVERYONE
            return
        offered = _offered(req)
        with self._guessing(req, offered):
            caller = None
            if 0 < len(offered) <= _MOST_OFFERED:
                caller = authenticator.caller(offered, deadline)
            if caller is None:
                problem = "the token is not valid" if offered else "a token is needed"
                raise falcon.HTTPUnauthorized(
                    description=f"{problem}: {authenticator.hint}",
                    challenges=[
                        f'{scheme} realm="k8s-heartbeat"' for scheme in authenticator.schemes
                    ],
                )
        req.context.caller = caller

    @contextmanager
    def _guessing(self, req: falcon.Request, offered: list[Credential]) -> Generator[None]:
        """Look at what a client offers, if it may still guess that much.

        What was found wrong counts, and so does what nobody could tell in time: otherwise an
        authenticator that hangs could be asked without end.
        """
        failures = self._failures
        if not offered:
            yield
            return
        client = counted(req)
        digests = Counter(sha256(credential.value).digest() for credential in offered)
        usage = failures.usage(client)
        with self._lock:
            others = self._looked_at.setdefault(client, Counter())
            if usage.used + len(others.keys() | digests.keys()) > usage.limit:
                self._look_away(client, Counter())
                raise too_many(_FAILURES, usage)
            others.update(digests)
        try:
            yield
        except (falcon.HTTPUnauthorized, ReadError) as error:
            usage = failures.hit(client, len(offered))
            if usage.over and not isinstance(error, ReadError):
                raise too_many(_FAILURES, usage) from None
            raise
        finally:
            with self._lock:
                self._look_away(client, digests)

    def _look_away(self, client: str, digests: Counter[bytes]) -> None:
        """Forget what is looked at no longer; the caller holds the lock."""
        left = self._looked_at[client] - digests
        if left:
            self._looked_at[client] = left
        else:
            del self._looked_at[client]


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
