"""The state of a request while it is processed."""

from __future__ import annotations

from base64 import b64decode
from dataclasses import dataclass

import falcon

from k8s_heartbeat.core.checks.reader import Deadline

from ..work import Work
from .callers import NOBODY, Caller, Credential
from .limits import Limit
from .quota import Usage

__all__ = ["BEGAN", "OUTSIDE", "RequestState", "is_page", "offered_by", "state_of"]

BEGAN = "k8s_heartbeat.began"
"""The key in a WSGI environ of the moment when the request came, by the monotonic clock."""

OUTSIDE = "k8s_heartbeat.outside"
"""The key in a WSGI environ of a request that is outside the prefix of every route."""

_MOST_MASKED = 20


@dataclass(slots=True, kw_only=True, eq=False, repr=False)
class RequestState(Work):
    """The state of a request; the first middleware makes it.

    Attributes:
        began: When the request came, by the monotonic clock.
        deadline: When everything that is read for the request must be over.
        client: The address of the client.
        credentials: What authentication tries.
        caller: The caller; `NOBODY` until authentication is done.
        used: The limit that the request counted against, or that refused it, and what is left.
        reason: The reason of the verdict.
        cause: What went wrong, for the log alone.
        failure: Which side failed: `problems.API_SERVER` or `problems.SERVICE`.
        age: How old the reading is, in seconds.
        stale: Whether the reading is older than its lifetime.
    """

    began: float
    deadline: Deadline
    client: str
    credentials: list[Credential]
    caller: Caller = NOBODY
    used: tuple[Limit, Usage] | None = None
    reason: str | None = None
    cause: str | None = None
    failure: str | None = None
    age: float | None = None
    stale: bool | None = None


def state_of(req: falcon.Request) -> RequestState:
    """The state of a request."""
    state: RequestState = req.context.state
    return state


def is_page(req: falcon.Request) -> bool:
    """Whether a request is for the status page, existing or not, and so made by a person."""
    if OUTSIDE in req.env:
        return False
    return req.path in ("/", "/status") or req.path.startswith("/status/")


def offered_by(req: falcon.Request) -> tuple[list[str], list[Credential]]:
    """The credentials of a request: all of them to mask, as in `Work`; those to authenticate by."""
    masked: list[str] = []
    ours: list[Credential] = []
    for name in ("HTTP_AUTHORIZATION", "HTTP_PROXY_AUTHORIZATION"):
        value: str = req.env.get(name, "")
        if not value:
            continue
        scheme, _, rest = value.partition(" ")
        # An unknown scheme may hold a secret as well.
        masked += value, f"Bearer {rest}"
        if name == "HTTP_AUTHORIZATION" and scheme.lower() in ("basic", "bearer"):
            credential = rest.strip(" ").encode("latin-1", "replace")
            is_bearer = scheme.lower() == "bearer"
            password = b"" if is_bearer else _password_in(credential)
            ours.append(Credential(credential, is_bearer, password))
    for value in (req.params and req.get_param_as_list("token")) or ():
        # A base64 token pasted as it is: in a query a plus means a space, and no token has one.
        token = value.replace(" ", "+")
        masked += f"Bearer {value}", f"Bearer {token}"
        ours.append(Credential(token.encode("utf-8", "replace")))
    cookies: str = req.env.get("HTTP_COOKIE", "")
    for cookie in cookies.split(";", _MOST_MASKED) if cookies else ():
        value = cookie.partition("=")[2].strip(' "')
        masked.append(f"Bearer {value}")
    return masked[:_MOST_MASKED], ours


def _password_in(credential: bytes) -> bytes:
    """The password of the text after ``Basic``; empty if that text is the token itself."""
    try:
        return b64decode(credential, validate=True).partition(b":")[2]
    except ValueError:
        return b""
