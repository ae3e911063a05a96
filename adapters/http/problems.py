"""Errors: pages on the status page, elsewhere RFC 9457 problem details, whatever Accept says."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

import falcon

from k8s_heartbeat.core import Health
from k8s_heartbeat.core.checks.reader import NotServed, ReadError, ReadTimeout
from k8s_heartbeat.core.query import InvalidQuery, WrongScope

from ..masking import KNOWN, without_credentials
from .questions import NoPlace
from .rendering import to_json
from .state import is_page, state_of

__all__ = ["API_SERVER", "MEDIA_PROBLEM", "SERVICE", "STATUS_HEADER", "add_problem_handlers"]

STATUS_HEADER = "Heartbeat-Status"
"""Marks every response as the service's own: an ingress or a sidecar sends 502 to 504 too."""

API_SERVER = "API server"
"""The failure, in a request's state, of what gave no reading."""
SERVICE = "service"
"""A request's `failure` if the service itself failed."""

MEDIA_PROBLEM = "application/problem+json"
"""The media type of every error (RFC 9457)."""

_log = logging.getLogger(__name__)


def add_problem_handlers(app: falcon.App[Any, Any], codes: Mapping[str, int]) -> None:
    """Make every error of an app a problem."""

    def bad_request(
        req: falcon.Request, resp: falcon.Response, error: InvalidQuery, params: object
    ) -> None:
        told = str(error) if is_page(req) else _told(error, req.root_path)
        raise falcon.HTTPBadRequest(description=without_credentials(told))

    def upstream(
        req: falcon.Request, resp: falcon.Response, error: ReadError, params: object
    ) -> None:
        state = state_of(req)
        state.failure, state.cause = API_SERVER, str(error)
        raise falcon.HTTPError(codes["error"], description=without_credentials(str(error)))

    def not_served(
        req: falcon.Request, resp: falcon.Response, error: NotServed, params: object
    ) -> None:
        raise falcon.HTTPNotFound(description=without_credentials(str(error)))

    def timeout(
        req: falcon.Request, resp: falcon.Response, error: ReadTimeout, params: object
    ) -> None:
        state = state_of(req)
        state.failure, state.cause = API_SERVER, str(error)
        raise falcon.HTTPError(codes["timeout"], description=without_credentials(str(error)))

    def unforeseen(
        req: falcon.Request, resp: falcon.Response, error: Exception, params: object
    ) -> None:
        state = state_of(req)
        state.failure, state.cause = SERVICE, type(error).__name__
        _log.error("an error in the service itself", exc_info=error)
        raise falcon.HTTPInternalServerError(description="an error in the service itself")

    # Falcon tries the handlers of an error's most specific class first.
    app.add_error_handler(Exception, unforeseen)
    app.add_error_handler(InvalidQuery, bad_request)
    app.add_error_handler(NotServed, not_served)
    # This includes an object's absence where no object was requested by name.
    app.add_error_handler(ReadError, upstream)
    app.add_error_handler(ReadTimeout, timeout)
    app.set_error_serializer(_serialize)


def _told(error: InvalidQuery, base: str) -> str:
    """What is wrong with a query, and how to correct it in a path."""
    if isinstance(error, NoPlace):
        root = f"{base}/api/healthz"
        return f"{error}, as in {root}/-?kind=node; {root} is for all namespaces"
    if not isinstance(error, WrongScope):
        return str(error)
    word = error.kind.kind.lower()
    place = "shop" if error.kind.namespaced else "-"
    root = f"{base}/api/healthz/{place}"
    return f"{error}; write {root}/{word}/NAME for one, {root}?kind={word} for all"


def _serialize(req: falcon.Request, resp: falcon.Response, error: falcon.HTTPError) -> None:
    status = falcon.http_status_to_code(error.status)
    title = falcon.code_to_http_status(status).partition(" ")[2]
    state = state_of(req)
    if state.cause is None:
        state.cause = error.description or title
    detail = _without_secrets(req, error.description or title)
    if is_page(req):
        from .page import write_failure  # noqa: PLC0415  # Jinja2, which monitors have no use for

        read = state.failure == API_SERVER
        write_failure(req, resp, status, title, detail, is_unread=read)
        return
    resp.content_type = MEDIA_PROBLEM
    resp.text = to_json(
        {
            "type": "about:blank",
            "title": title,
            "status": status,
            # Monitors compare this field; "status" holds a number here.
            "up": False,
            "detail": detail,
        }
    )
    resp.set_header(STATUS_HEADER, str(Health.UNKNOWN))


def _without_secrets(req: falcon.Request, detail: str) -> str:
    """A detail without secrets, as it may quote the request or an error from below."""
    return KNOWN.mask(state_of(req).mask(detail))
