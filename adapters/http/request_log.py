"""The ID of each request, and its log line."""

from __future__ import annotations

import logging
import math
import re
from collections.abc import Callable, Mapping

import falcon

from k8s_heartbeat.core.checks.reader import Deadline

from ..counters import COUNTERS
from ..masking import KNOWN, without_credentials
from ..work import Work, work_on
from .client_address import ClientAddress
from .probes import PROBES
from .problems import SERVICE, STATUS_HEADER
from .state import BEGAN, RequestState, offered_by, state_of

__all__ = ["REQUEST_ID_HEADER", "RequestLog", "Say", "log"]

REQUEST_ID_HEADER = "X-Request-Id"
"""Taken from the caller where it is harmless, and sent back."""

_log = logging.getLogger("k8s_heartbeat.requests")

_METHODS = ("GET", "HEAD")
_REQUEST_ID = "HTTP_X_REQUEST_ID"
_HARMLESS = re.compile(r"[A-Za-z0-9._-]{1,128}")
# While the API server is away, every request fails: one warning in this time is enough.
_QUIET_SECONDS = 60.0


Say = Callable[[str, int, str, Mapping[str, object]], None]


def log(logger: str, level: int, message: str, fields: Mapping[str, object]) -> None:
    """Log a line by `logging`, wherever its host sends it."""
    logging.getLogger(logger).log(level, "%s", message, extra={"fields": fields})


class RequestLog:
    """Middleware, the first one: creates a request's state, counts and logs it once it is answered.

    A caller's own request id is used unless it could be a secret: one that this process knows, one
    that the same request carries as a credential, or text that looks like one.

    The query is never logged: it may carry a token. A request is at INFO, whatever the verdict, and
    a probe at DEBUG; at ERROR where the service itself failed; and the first 502 and the first 504
    in a minute, for which the API server gave no reading, at WARNING.

    Args:
        clock: A monotonic clock, in seconds.
        timeout: Seconds that everything that is read for one request may take.
        new_id: Makes an id where none can be used.
        addresses: Determines a client's address.
        say: Logs a line of a logger: its name, a level that it is enabled for, the message and the
            fields.
    """

    def __init__(
        self,
        clock: Callable[[], float],
        timeout: float,
        new_id: Callable[[], str],
        addresses: ClientAddress,
        say: Say = log,
    ) -> None:
        self._say = say
        self._clock = clock
        self._timeout = timeout
        self._new_id = new_id
        self._addresses = addresses
        self._quiet_until: dict[int, float] = {}

    def process_request(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Create the state, and bind further log lines to the request."""
        began: float = req.env[BEGAN]
        masked, credentials = offered_by(req)
        state = req.context.state = RequestState(
            req.env.get(_REQUEST_ID, ""),
            masked,
            began=began,
            deadline=Deadline(began + self._timeout, self._clock),
            client=req.remote_addr,
            credentials=credentials,
        )
        COUNTERS.in_flight.add(state)
        if not state.request_id or not _is_harmless(state.request_id, state):
            state.request_id = self._new_id()
        work_on(state)
        state.client = self._addresses.of(req)

    def process_response(
        self,
        req: falcon.Request,
        resp: falcon.Response,
        resource: object,
        req_succeeded: bool,
    ) -> None:
        """Add the request id to the response, and count and log the result."""
        state = state_of(req)
        resp.set_header(REQUEST_ID_HEADER, state.request_id)
        status = resp.status_code
        took = self._clock() - state.began
        # A request that is refused first has no route, and one that has may be for none of ours.
        method = req.method if req.method in _METHODS else "other"
        COUNTERS.requests.add((req.uri_template or "other", method, status), took)
        COUNTERS.in_flight.discard(state)
        if state.failure is not None:
            level = self._failure_level(state.failure, status)
        else:
            level = logging.DEBUG if req.path in PROBES else logging.INFO
        if _log.isEnabledFor(level):
            path = req.path
            fields: dict[str, object] = {
                "method": req.method,
                "path": path,
                "status": status,
                "health": resp.get_header(STATUS_HEADER),
                "durationMs": round(took * 1000, 1),
                "client": state.client,
            }
            if state.caller.name:
                fields["caller"] = state.caller.name
            if state.reason is not None:
                fields["reason"] = state.reason
            if state.cause is not None:
                fields["cause"] = state.cause
            if state.age is not None:
                fields["age"] = state.age
                fields["stale"] = state.stale
                fields["apiCalls"] = state.api_calls
            self._say(_log.name, level, f"{req.method} {path} {status}", fields)
        work_on(None)

    def _failure_level(self, failure: str, status: int) -> int:
        if failure == SERVICE:
            return logging.ERROR
        now = self._clock()
        if now < self._quiet_until.get(status, -math.inf):
            return logging.INFO
        self._quiet_until[status] = now + _QUIET_SECONDS
        return logging.WARNING


def _is_harmless(request_id: str, work: Work) -> bool:
    if not _HARMLESS.fullmatch(request_id):
        return False
    return without_credentials(KNOWN.mask(work.mask(request_id))) == request_id
