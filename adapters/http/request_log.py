"""One log line a request: what was asked, what came of it, and nothing secret."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable

import falcon

from .problems import SERVICE, STATUS_HEADER

__all__ = ["RequestLog"]

_log = logging.getLogger("k8s_heartbeat.requests")

# While the API server is away, every request fails: at WARNING one of them tells it.
_QUIET_SECONDS = 60.0


class RequestLog:
    """Middleware, to stand first, that logs each request once it is answered.

    The query is never logged: it may carry a token. A request is at INFO, whatever the verdict; at
    ERROR where the service itself failed; and the first 502 and the first 504 in a minute, for
    which the API server gave no reading, at WARNING.

    Args:
        clock: A monotonic clock, in seconds.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._quiet_until: dict[int, float] = {}

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
        # Any other word is the caller's own, and may be anything.
        method = req.method if req.method in falcon.COMBINED_METHODS else "?"
        fields: dict[str, object] = {
            "method": method,
            "path": req.path,
            "status": status,
            "health": resp.get_header(STATUS_HEADER),
            "durationMs": round((self._clock() - req.context.began) * 1000, 1),
            "client": getattr(req.context, "client", None) or req.remote_addr,
        }
        caller = getattr(getattr(req.context, "caller", None), "name", "")
        if caller:
            fields["caller"] = caller
        for name in ("reason", "cause"):
            value = getattr(req.context, name, None)
            if value is not None:
                fields[name] = value
        level = self._level(req, status)
        _log.log(level, "%s %s %s", method, req.path, status, extra={"fields": fields})

    def _level(self, req: falcon.Request, status: int) -> int:
        failure = getattr(req.context, "failure", None)
        if failure is None:
            return logging.INFO
        if failure == SERVICE:
            return logging.ERROR
        now = self._clock()
        if now < self._quiet_until.get(status, -math.inf):
            return logging.INFO
        self._quiet_until[status] = now + _QUIET_SECONDS
        return logging.WARNING
