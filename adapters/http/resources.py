"""What the routes answer; each resource takes GET and HEAD alike."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import falcon

from k8s_heartbeat.core import RULES, Health, Kind, Policy, Threshold, summarize
from k8s_heartbeat.core.check import Checked, absent, check, missing
from k8s_heartbeat.core.components import Component, check_component
from k8s_heartbeat.core.durations import parse_duration
from k8s_heartbeat.core.group import Found, Selection, check_selection
from k8s_heartbeat.core.line import Line
from k8s_heartbeat.core.reader import (
    ClusterReader,
    Deadline,
    Forbidden,
    InvalidQuery,
    NotFound,
    Query,
    check_namespace,
)
from k8s_heartbeat.core.resolution import check_word, resolve
from k8s_heartbeat.core.selectors import parse_selector

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

_MEDIA_HEALTH = "application/health+json"
_NO_NAMESPACE = "-"
_MOST_KINDS = 20


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
        wanted = _wanted(req)
        explain_all = _flag(req, "explain")
        deadline = judge.deadline()
        query = _query(judge, namespace, kind, name, deadline)
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
        wanted = _wanted(req)
        deadline = judge.deadline()
        selection = _selection(req, judge, namespace, deadline)
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
        wanted = _wanted(req)
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


@dataclass(frozen=True, slots=True)
class _Wanted:
    """How a caller wants the verdict told."""

    line: Line
    fixed_code: int | None
    health_json: bool


def _wanted(req: falcon.Request) -> _Wanted:
    return _Wanted(_line(req), _fixed_code(req), _wants_health_json(req))


def _answer_object(
    req: falcon.Request,
    resp: falcon.Response,
    judge: Judge,
    checked: Checked,
    now: datetime,
    wanted: _Wanted,
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
    wanted: _Wanted,
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
    wanted: _Wanted,
    stale_for: float | None,
) -> None:
    resp.set_header(STATUS_HEADER, body["status"])
    resp.status = wanted.fixed_code or code
    resp.content_type = falcon.MEDIA_JSON
    if wanted.health_json:
        resp.content_type, body = _MEDIA_HEALTH, health_body(body)
    resp.text = to_json(body)
    if stale_for is not None:
        resp.set_header("Age", str(int(stale_for)))


def _absent(group: Group, age: float) -> Checked:
    """A group that does not exist, or may not be seen: as an object that does not."""
    return Checked(absent(group.kind, group.namespace, group.name), age)


def _query(judge: Judge, namespace: str, word: str, name: str, deadline: Deadline) -> Query:
    if not name:
        raise InvalidQuery("name: it is empty; a name is such as api")
    place = _place(namespace)
    # What cannot exist is refused before anything is asked, what the cluster serves included.
    unresolved = Kind("", "", "", "", namespaced=bool(place))
    query = Query(RULES.kind_called(word) or unresolved, place, name)
    return replace(query, kind=resolve(word, judge.reader, deadline))


def _place(namespace: str) -> str:
    """The namespace of a path; what stands in none is asked for with a dash."""
    if namespace == _NO_NAMESPACE:
        return ""
    check_namespace(namespace)
    return namespace


def _selection(req: falcon.Request, judge: Judge, namespace: str, deadline: Deadline) -> Selection:
    place = _place(namespace) if namespace else ""
    selector = None
    stated = req.get_param("selector")
    if stated is not None:
        try:
            selector = parse_selector(stated)
        except ValueError as error:
            raise InvalidQuery(f"selector: {stated[:40]!a} {error}") from None
    # Two commas side by side, or one at an end, are no name.
    words = [
        word.strip() for text in req.get_param_as_list("kind") or [] for word in text.split(",")
    ]
    if len(words) > _MOST_KINDS:
        raise InvalidQuery(f"kind: more than {_MOST_KINDS} are asked for, as in kind=deploy,sts")
    for word in words:
        # What cannot exist is refused before anything is asked, what the cluster serves included.
        check_word(word)
    if namespace == _NO_NAMESPACE and not words:
        raise InvalidQuery(_NO_PLACE)
    _check_places(namespace, filter(None, map(RULES.kind_called, words)))
    kinds = tuple(dict.fromkeys(resolve(word, judge.reader, deadline) for word in words))
    _check_places(namespace, kinds)
    return Selection(place, kinds, selector)


_NO_PLACE = (
    "namespace: - is for kinds that stand in none, as in /api/healthz/-?kind=node; "
    "/api/healthz is for all namespaces"
)


def _check_places(namespace: str, kinds: Iterable[Kind]) -> None:
    """Raise unless objects of these kinds can stand in that place of a path."""
    for kind in kinds:
        if namespace == _NO_NAMESPACE:
            if kind.namespaced:
                raise InvalidQuery(_NO_PLACE)
        else:
            Query(kind, namespace)


def check_component_name(name: str) -> None:
    """Raise unless a component can be called so: as a namespace.

    Raises:
        InvalidQuery: It cannot.
    """
    try:
        check_namespace(name)
    except InvalidQuery as error:
        raise InvalidQuery(str(error).replace("namespace:", "name:", 1)) from None


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


def _flag(req: falcon.Request, name: str) -> bool:
    value = req.get_param(name, default="false")
    if value not in ("true", "false"):
        raise InvalidQuery(f"{name}: it is neither true nor false, as in {name}=true")
    return value == "true"


def _wants_health_json(req: falcon.Request) -> bool:
    """Whether health+json is named; it is never chosen by a wildcard."""
    return _MEDIA_HEALTH in (req.get_header("Accept") or "").lower()
