"""What each request is known by, in its answer and in every line that is logged meanwhile."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from itertools import islice

import falcon

from ..logs import Work, work_on
from ..masking import KNOWN, credentials_of, without_credentials

__all__ = ["REQUEST_ID_HEADER", "RequestId"]

REQUEST_ID_HEADER = "X-Request-Id"
"""Taken from the caller where it is harmless, and sent back."""

_HARMLESS = re.compile(r"[A-Za-z0-9._-]{1,128}")
_MOST_OFFERED = 20


class RequestId:
    """Middleware, to stand first of all, that gives each request its id.

    A caller's own id is taken unless it could be a secret: one that this process knows, one that
    the same request offers as a credential, or what looks like one.

    Args:
        make: Makes an id where there is none to take.
    """

    def __init__(self, make: Callable[[], str]) -> None:
        self._make = make

    def process_request(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Bind what is logged from now on to the request."""
        offered = list(islice(_offered(req), _MOST_OFFERED))
        request_id = req.get_header(REQUEST_ID_HEADER) or ""
        work = Work(request_id, offered)
        if not _HARMLESS.fullmatch(request_id) or _is_secret(request_id, work):
            work.request_id = self._make()
        req.context.request_id = work.request_id
        req.context.work = work
        work_on(work)

    def process_response(
        self,
        req: falcon.Request,
        resp: falcon.Response,
        resource: object,
        req_succeeded: bool,
    ) -> None:
        """Name the request in its answer, and end what is logged of it."""
        resp.set_header(REQUEST_ID_HEADER, req.context.request_id)
        work_on(None)


def _is_secret(text: str, work: Work) -> bool:
    return without_credentials(KNOWN.mask(work.mask(text))) != text


def _offered(req: falcon.Request) -> Iterator[str]:
    """All that a request carries to be let in by, here or elsewhere."""
    for name in ("Authorization", "Proxy-Authorization"):
        value = req.get_header(name) or ""
        yield from credentials_of(value)
        # Whatever its scheme: one that is unknown may hold a secret all the same.
        yield value.partition(" ")[2].strip()
    for value in req.get_param_as_list("token") or ():
        yield value
        yield value.replace(" ", "+")
    for entry in (req.get_header("Cookie") or "").split(";"):
        yield entry.partition("=")[2].strip(' "')
