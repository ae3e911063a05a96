"""What the routes answer; each resource takes GET and HEAD alike."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

import falcon

from k8s_heartbeat.core import Health, Policy
from k8s_heartbeat.core.check import Checked, check, missing
from k8s_heartbeat.core.durations import parse_duration
from k8s_heartbeat.core.kinds import KINDS, resolve
from k8s_heartbeat.core.line import Line
from k8s_heartbeat.core.reader import (
    ClusterReader,
    Deadline,
    Forbidden,
    InvalidQuery,
    NotFound,
    Query,
)

from .problems import STATUS_HEADER
from .rendering import Detail, code_of, health_body, object_body, to_json

__all__ = ["ApiServerHealth", "Judge", "Liveness", "ObjectHealth", "Readiness"]

_MEDIA_HEALTH = "application/health+json"


@dataclass(frozen=True, slots=True)
class Judge:
    """What it takes to answer for an object.

    Attributes:
        reader: Where objects are read.
        now: The wall clock, timezone-aware.
        clock: A monotonic clock, in seconds.
        timeout: Seconds that the API server has for all that one request reads.
        policy: The knobs of the rules.
        codes: Which code answers which word.
        detail: How much is said.
    """

    reader: ClusterReader
    now: Callable[[], datetime]
    clock: Callable[[], float]
    timeout: float
    policy: Policy
    codes: Mapping[str, int]
    detail: Detail

    def deadline(self) -> Deadline:
        """The deadline of a request that begins now."""
        return Deadline.after(self.timeout, self.clock)


class ObjectHealth:
    """One object: is it doing its job?"""

    def __init__(self, judge: Judge) -> None:
        self._judge = judge

    def on_get(
        self, req: falcon.Request, resp: falcon.Response, namespace: str, kind: str, name: str
    ) -> None:
        """The verdict, in the code, the header and the body.

        Raises:
            InvalidQuery: A namespace, kind, name or parameter that cannot be.
            ReadError: The API server gave no reading.
        """
        query = _query(namespace, kind, name)
        line, fixed_code = _line(req), _fixed_code(req)
        checked = self._check(req, query, explain_all=_wants_causes(req))
        now = self._judge.now()
        code = fixed_code or code_of(
            checked.assessment, now=now, line=line, codes=self._judge.codes
        )
        body = object_body(checked, now=now, detail=self._judge.detail)
        resp.status = code
        resp.content_type = falcon.MEDIA_JSON
        if _wants_health_json(req):
            resp.content_type, body = _MEDIA_HEALTH, health_body(body)
        resp.text = to_json(body)
        resp.set_header(STATUS_HEADER, str(checked.assessment.health))
        if checked.stale:
            resp.set_header("Age", str(int(checked.age)))
        req.context.reason = checked.assessment.reason

    on_head = on_get

    def _check(self, req: falcon.Request, query: Query, *, explain_all: bool) -> Checked:
        judge = self._judge
        try:
            return check(
                judge.reader,
                query,
                now=judge.now(),
                deadline=judge.deadline(),
                policy=judge.policy,
                explain_all=explain_all,
            )
        except (NotFound, Forbidden) as error:
            # One answer for both, so that nobody can enumerate; the log tells the operator.
            req.context.cause = str(error)
            return Checked(missing(query), error.age)


class Liveness:
    """200 while the process runs: an outage of the API server must not restart the monitor."""

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Say that the process runs."""
        _plain(resp, 200, "ok\n")

    on_head = on_get


class Readiness:
    """200 when the service takes requests; ``?verbose`` lists the checks as Kubernetes does."""

    def __init__(self, draining: Callable[[], bool]) -> None:
        self._draining = draining

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Say whether requests should come here."""
        ready = not self._draining()
        text = "ok\n" if ready else "draining\n"
        if req.has_param("verbose"):
            # A process that is not configured does not get as far as answering.
            text = "[+]configured ok\n"
            text += "[+]draining ok\n" if ready else "[-]draining failed: shutting down\n"
            text += f"readyz check {'passed' if ready else 'failed'}\n"
        _plain(resp, 200 if ready else 503, text)

    on_head = on_get


class ApiServerHealth:
    """200 when the API server answers: the check of k8s-controller-heartbeat."""

    def __init__(self, judge: Judge) -> None:
        self._judge = judge

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Say that the API server answers.

        Raises:
            ReadError: It does not.
        """
        self._judge.reader.ping(self._judge.deadline())
        _plain(resp, 200, "ok\n")

    on_head = on_get


def _plain(resp: falcon.Response, code: int, text: str) -> None:
    resp.status = code
    resp.content_type = falcon.MEDIA_TEXT
    resp.text = text
    resp.set_header(STATUS_HEADER, str(Health.HEALTHY if code == 200 else Health.DOWN))


def _query(namespace: str, kind: str, name: str) -> Query:
    resolved = resolve(kind)
    if resolved is None:
        known = ", ".join(entry.kind.lower() for entry in KINDS)
        raise InvalidQuery(f"kind: {kind[:40]!a} is none of {known}, such as deployment")
    if not name:
        raise InvalidQuery("name: it is empty; a name is such as api")
    return Query(resolved, namespace, name)


def _line(req: falcon.Request) -> Line:
    fail_on = req.get_param("fail_on", default="down")
    if fail_on not in (Health.DEGRADED, Health.DOWN):
        raise InvalidQuery("fail_on: it is neither degraded nor down, such as fail_on=degraded")
    lasting = req.get_param("for", default="0s")
    try:
        return Line(Health(fail_on), parse_duration(lasting))
    except ValueError as error:
        raise InvalidQuery(f"for: {lasting[:40]!a} {error}; here for=2m") from None


def _fixed_code(req: falcon.Request) -> int | None:
    code = req.get_param("code")
    if code not in (None, "200"):
        raise InvalidQuery("code: it can only be 200, as in code=200")
    return 200 if code else None


def _wants_causes(req: falcon.Request) -> bool:
    explain = req.get_param("explain", default="false")
    if explain not in ("true", "false"):
        raise InvalidQuery("explain: it is neither true nor false, as in explain=true")
    return explain == "true"


def _wants_health_json(req: falcon.Request) -> bool:
    """Whether health+json is named; it is never chosen by a wildcard."""
    return _MEDIA_HEALTH in (req.get_header("Accept") or "").lower()
