"""What the routes answer; each resource takes GET and HEAD alike."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import falcon

from k8s_heartbeat.core import Health, Policy, Threshold, summarize
from k8s_heartbeat.core.check import Checked, absent, check, missing
from k8s_heartbeat.core.components import Component, check_component
from k8s_heartbeat.core.group import Found, check_selection
from k8s_heartbeat.core.reader import (
    ClusterReader,
    Deadline,
    Forbidden,
    NotFound,
)

from .parameters import (
    MEDIA_HEALTH,
    Wanted,
    check_component_name,
    flag,
    object_query,
    selection_of,
    wanted_of,
)
from .problems import STATUS_HEADER
from .rendering import (
    Detail,
    Group,
    code_of,
    code_of_group,
    group_body,
    health_body,
    object_body,
    to_json,
)

__all__ = [
    "ApiServerHealth",
    "ComponentHealth",
    "GroupHealth",
    "Judge",
    "Liveness",
    "ObjectHealth",
    "Readiness",
]


@dataclass(frozen=True, slots=True)
class Judge:
    """What it takes to answer for an object.

    Attributes:
        reader: Where objects are read.
        now: The wall clock, timezone-aware.
        clock: A monotonic clock, in seconds.
        timeout: Seconds that the API server has for all that one request reads.
        policy: The knobs of the rules.
        components: The named groups.
        codes: Which code answers which word.
        detail: How much is said.
    """

    reader: ClusterReader
    now: Callable[[], datetime]
    clock: Callable[[], float]
    timeout: float
    policy: Policy
    components: Mapping[str, Component]
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
            NotServed: The cluster serves no such kind.
            ReadError: The API server gave no reading.
        """
        judge = self._judge
        wanted = wanted_of(req)
        explain_all = flag(req, "explain")
        deadline = judge.deadline()
        query = object_query(judge.reader, deadline, namespace, kind, name)
        now = judge.now()
        try:
            checked = check(
                judge.reader,
                query,
                now=now,
                deadline=deadline,
                policy=judge.policy,
                explain_all=explain_all,
            )
        except (NotFound, Forbidden) as error:
            # One answer for both, so that nobody can enumerate; the log tells the operator.
            req.context.cause = str(error)
            checked = Checked(missing(query), error.age)
        _answer_object(req, resp, judge, checked, now, wanted)

    on_head = on_get


class GroupHealth:
    """The workloads of a namespace, or of all, as one; ``?kind=`` and ``?selector=`` narrow it."""

    def __init__(self, judge: Judge) -> None:
        self._judge = judge

    def on_get(self, req: falcon.Request, resp: falcon.Response, namespace: str = "") -> None:
        """The verdict on the worst of them, with their figures.

        Raises:
            InvalidQuery: A namespace, kind, selector or parameter that cannot be.
            NotServed: The cluster serves no such kind.
            ReadError: The API server gave no reading.
        """
        judge = self._judge
        wanted = wanted_of(req)
        deadline = judge.deadline()
        selection = selection_of(req, judge.reader, deadline, namespace)
        now = judge.now()
        place = selection.namespace
        group = Group("Namespace", place, place) if place else Group("Cluster")
        try:
            found = check_selection(
                judge.reader, selection, now=now, deadline=deadline, policy=judge.policy
            )
        except Forbidden as error:
            req.context.cause = str(error)
            _answer_object(req, resp, judge, _absent(group, error.age), now, wanted)
            return
        _answer_group(req, resp, judge, group, found, None, now, wanted)

    on_head = on_get


class ComponentHealth:
    """A named group of the configuration, as status pages show them."""

    def __init__(self, judge: Judge) -> None:
        self._judge = judge

    def on_get(self, req: falcon.Request, resp: falcon.Response, name: str) -> None:
        """The verdict on its worst member; up while as many members are as must be.

        Raises:
            InvalidQuery: A name or parameter that cannot be.
            ReadError: The API server gave no reading.
        """
        judge = self._judge
        wanted = wanted_of(req)
        check_component_name(name)
        now = judge.now()
        component = judge.components.get(name)
        if component is None:
            req.context.cause = "no such component in the configuration"
            absent = _absent(Group("Component", name=name), 0.0)
            _answer_object(req, resp, judge, absent, now, wanted)
            return
        found = check_component(judge.reader, component, now=now, deadline=judge.deadline())
        group = Group("Component", name=name, title=component.title)
        _answer_group(req, resp, judge, group, found, component.up, now, wanted)

    on_head = on_get


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


def _answer_object(
    req: falcon.Request,
    resp: falcon.Response,
    judge: Judge,
    checked: Checked,
    now: datetime,
    wanted: Wanted,
) -> None:
    assessment = checked.assessment
    code = code_of(assessment, now=now, line=wanted.line, codes=judge.codes)
    body = object_body(checked, now=now, detail=judge.detail)
    _answer(resp, code, body, wanted, checked.age if checked.stale else None)
    req.context.reason = assessment.reason


def _answer_group(
    req: falcon.Request,
    resp: falcon.Response,
    judge: Judge,
    group: Group,
    found: Found,
    needed: Threshold | None,
    now: datetime,
    wanted: Wanted,
) -> None:
    summary = summarize(found.assessments, needed)
    code = code_of_group(summary, now=now, line=wanted.line, codes=judge.codes)
    group = replace(group, age=found.age, stale=found.stale)
    failing = not (summary.up and wanted.line.passes_group(summary, now))
    body = group_body(summary, group, now=now, detail=judge.detail, failing=failing)
    _answer(resp, code, body, wanted, found.age if found.stale else None)
    req.context.reason = summary.reason


def _answer(
    resp: falcon.Response,
    code: int,
    body: dict[str, Any],
    wanted: Wanted,
    stale_for: float | None,
) -> None:
    resp.set_header(STATUS_HEADER, body["status"])
    resp.status = wanted.fixed_code or code
    resp.content_type = falcon.MEDIA_JSON
    if wanted.health_json:
        resp.content_type, body = MEDIA_HEALTH, health_body(body)
    resp.text = to_json(body)
    if stale_for is not None:
        resp.set_header("Age", str(int(stale_for)))


def _absent(group: Group, age: float) -> Checked:
    """A group that does not exist, or may not be seen: as an object that does not."""
    return Checked(absent(group.kind, group.namespace, group.name), age)
