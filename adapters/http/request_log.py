"""One log line a request: what was asked, what came of it, and nothing secret."""

from __future__ import annotations

import logging
from collections.abc import Callable

import falcon

from .problems import STATUS_HEADER

__all__ = ["RequestLog"]

_log = logging.getLogger("k8s_heartbeat.requests")


class RequestLog:
    """Middleware, to stand first, that logs each request once it is answered.

    The query is never logged: it may carry a token.

    Args:
        clock: A monotonic clock, in seconds.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock

    def process_request(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Note when the request came."""
        req.context.began = self._clock()

    def process_response(
        self,
        req: falcon.Request,
        resp: falcon.Response,
        resource: object,
        req_succeeded: bool,
    ) -> None:
        """Log the answer, with what lies behind it where there is something to say."""
        status = resp.status_code
        fields = {
            "method": req.method,
            "path": req.path,
            "status": status,
            "health": resp.get_header(STATUS_HEADER),
            "durationMs": round((self._clock() - req.context.began) * 1000, 1),
            "client": req.remote_addr,
        }
        for name in ("reason", "cause"):
            value = getattr(req.context, name, None)
            if value is not None:
                fields[name] = value
        _log.info("%s %s %s", req.method, req.path, status, extra={"fields": fields})
