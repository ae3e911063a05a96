"""What the routes of the API answer; each resource takes GET and HEAD alike."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import falcon

from k8s_heartbeat.core import RULES, Kind, Policy, Threshold, summarize
from k8s_heartbeat.core.check import Checked, absent, check, missing
from k8s_heartbeat.core.components import Component, check_component
from k8s_heartbeat.core.group import Found, Selection, check_selection
from k8s_heartbeat.core.reader import (
    ClusterReader,
    Deadline,
    Forbidden,
    InvalidQuery,
    NotFound,
    NotServed,
    Query,
    UndiscoveredError,
)

from .callers import Caller
from .parameters import (
    MEDIA_HEALTH,
    Wanted,
    check_component_name,
    flag,
    resolved_kinds,
    resolved_query,
    unresolved_query,
    unresolved_selection,
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
from .visibility import (
    find_namespace,
    is_in_sight,
    list_nothing,
    out_of_sight,
    read_nothing,
    sees,
)

__all__ = ["ComponentHealth", "GroupHealth", "Judge", "ObjectHealth"]


@dataclass(frozen=True, slots=True)
class Judge:
    """What it takes to answer for an object.

    Attributes:
        reader: Where objects are read.
        now: The wall clock, timezone-aware.
        policy: The knobs of the rules.
        components: The named groups.
        codes: Which code answers which word.
        detail: How much is said to callers for whom nothing else is set.
    """

    reader: ClusterReader
    now: Callable[[], datetime]
    policy: Policy
    components: Mapping[str, Component]
    codes: Mapping[str, int]
    detail: Detail


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
        caller, deadline = _asker(req)
        wanted = wanted_of(req)
        explain_all = flag(req, "explain")
        asked = unresolved_query(namespace, kind, name)
        query = asked
        now = judge.now()
        try:
            query = _known_query(judge, caller, asked, deadline)
            if not caller.may_get(query, deadline):
                read_nothing(judge.reader, query, deadline)
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
        selection, words = unresolved_selection(req, namespace)
        place, now = selection.namespace, judge.now()
        group = Group("Namespace", place, place) if place else Group("Cluster")
        try:
            kinds = _known_kinds(judge, req, words, namespace)
            found = self._find(req, replace(selection, kinds=kinds), now)
        except (NotFound, Forbidden) as error:
            req.context.cause = str(error)
            _answer_object(req, resp, judge, _absent(group, error.age), now, wanted)
            return
        _answer_group(req, resp, judge, group, found, None, now, wanted)

    def _find(self, req: falcon.Request, selection: Selection, now: datetime) -> Found:
        """What is there for the caller.

        Raises:
            NotFound: There is no such namespace, or it is out of the caller's scope.
            Forbidden: The service may see nothing of it.
            ReadError: It could not be read.
        """
        reader, place = self._judge.reader, selection.namespace
        caller, deadline = _asker(req)
        seen = sees(caller, selection, deadline)
        if place and not is_in_sight(selection, seen):
            list_nothing(reader, selection, now, deadline)
        if not (place or caller.knows_namespaces or is_in_sight(selection, seen)):
            raise out_of_sight()
        policy = self._judge.policy
        try:
            found = check_selection(
                reader, selection, now=now, deadline=deadline, policy=policy, sees=seen
            )
        except Forbidden:
            if place:
                # It costs the same as one that is not there.
                find_namespace(reader, place, deadline)
            raise
        if place and not found.listed:
            try:
                find_namespace(reader, place, deadline)
            except NotFound as error:
                error.age = max(error.age, found.age)
                raise
        return found

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
        caller, deadline = _asker(req)
        wanted = wanted_of(req)
        check_component_name(name)
        now = judge.now()
        in_sight = caller.may_see_component(name, deadline)
        component = judge.components.get(name) if in_sight else None
        if component is None:
            unknown = "no such component in the configuration"
            req.context.cause = unknown if in_sight else str(out_of_sight())
            absent = _absent(Group("Component", name=name), 0.0)
            _answer_object(req, resp, judge, absent, now, wanted)
            return
        found = check_component(judge.reader, component, now=now, deadline=deadline)
        group = Group("Component", name=name, title=component.title)
        _answer_group(req, resp, judge, group, found, component.up, now, wanted)

    on_head = on_get


def _asker(req: falcon.Request) -> tuple[Caller, Deadline]:
    """Who asks, and when all that is read for them must be over; authentication found both out."""
    return req.context.caller, req.context.deadline


def _detail(req: falcon.Request, judge: Judge) -> Detail:
    return _asker(req)[0].detail or judge.detail


def _known_query(judge: Judge, caller: Caller, asked: Query, deadline: Deadline) -> Query:
    """The object that is asked for, of the kind that the cluster serves.

    Raises:
        NotFound: The caller may not know of such a kind, or whether there is one.
        InvalidQuery: Objects of that kind cannot stand in that place.
        NotServed: The cluster serves no such kind.
        ReadError: What it serves could not be read.
    """
    try:
        query = resolved_query(asked, judge.reader, deadline)
    except (InvalidQuery, NotServed, UndiscoveredError):
        if caller.may_know(None):
            raise
        raise out_of_sight() from None
    # Which kinds Kubernetes itself has is known to everybody.
    if not asked.kind.plural and not caller.may_know(query.kind):
        raise out_of_sight()
    return query


def _known_kinds(
    judge: Judge, req: falcon.Request, words: tuple[str, ...], namespace: str
) -> tuple[Kind, ...]:
    """The kinds that are asked for; as `_known_query`."""
    caller, deadline = _asker(req)
    try:
        kinds = resolved_kinds(words, namespace, judge.reader, deadline)
    except (InvalidQuery, NotServed, UndiscoveredError):
        if caller.may_know(None):
            raise
        raise out_of_sight() from None
    foreign = (kind for kind in kinds if RULES.own(kind.kind, kind.api_version) is None)
    if not all(map(caller.may_know, foreign)):
        raise out_of_sight()
    return kinds


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
    body = object_body(checked, now=now, detail=_detail(req, judge))
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
    body = group_body(summary, group, now=now, detail=_detail(req, judge), failing=failing)
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
