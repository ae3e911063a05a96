"""Error pages, in plain words."""

from __future__ import annotations

import falcon

from ..callers import Stranger
from ..state import state_of
from .markup import home_of, write
from .states import UNKNOWN

__all__ = ["write_failure"]

_TITLES = {
    400: "This address is not valid",
    401: "A token is required",
    404: "There is nothing here, or you may not see it",
    405: "Pages are read-only",
    429: "Too many requests",
    500: "The service itself failed",
    502: "The cluster could not be read",
    504: "The cluster did not answer in time",
}
_MEANINGS = {
    429: "The page retries automatically.",
    500: "See its log. Nothing is known about the workloads in the cluster.",
    502: "Nothing is known about its workloads: they may be up or down.",
    504: "Nothing is known about its workloads: they may be up or down.",
}
_PROMPT = "Reload the page and enter the token as the password, with any user name."
# Errors that can go away without anybody acting.
_PASSING = (429, 500, 502, 503, 504)


def write_failure(
    req: falcon.Request,
    resp: falcon.Response,
    status: int,
    title: str,
    detail: str,
    *,
    is_unread: bool,
) -> None:
    """Answer with a page that says what went wrong.

    Args:
        req: The request.
        resp: The response; its code is set.
        status: That code.
        title: The name of the code.
        detail: What went wrong, without secrets.
        is_unread: Whether the cluster could not be read.
    """
    kind = 502 if is_unread and status not in _TITLES else status
    is_public = isinstance(state_of(req).caller, Stranger)
    if is_public and status in _PASSING:
        # People without a token learn nothing about objects or the API server.
        headline, meaning, detail = "The status is not known at the moment", "", ""
    else:
        headline, meaning = _TITLES.get(kind, title), _MEANINGS.get(kind, "")
        if "Basic" in resp.get_header("WWW-Authenticate", default=""):
            meaning = _PROMPT
    write(
        resp,
        "failure.html",
        UNKNOWN,
        title="Status",
        home="" if is_public or status == 401 else home_of(req),
        repaints=status in _PASSING,
        headline=headline,
        meaning=meaning,
        detail="" if detail == title else detail,
    )
