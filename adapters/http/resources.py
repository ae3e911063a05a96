"""The resources of the API; each one accepts GET and HEAD."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Any, NamedTuple

import falcon

from k8s_heartbeat.core import RULES, Policy, Rules, Threshold, summarize
from k8s_heartbeat.core.assessment import Assessment
from k8s_heartbeat.core.checks.component import Component
from k8s_heartbeat.core.checks.object import ObjectResult, absent, check_object, missing
from k8s_heartbeat.core.checks.reader import (
    ClusterReader,
    Forbidden,
    NotFound,
    NotServed,
    ReadError,
    UndiscoveredError,
)
from k8s_heartbeat.core.checks.readings import Worth
from k8s_heartbeat.core.checks.selection import Selection, SelectionResult
from k8s_heartbeat.core.query import InvalidQuery, Query

from ..groups import Groups
from .outages import Outages
from .parameters import MEDIA_HEALTH, ResponseOptions, flag, response_options_of
from .problems import STATUS_HEADER
from .questions import ObjectQuestion, SelectionQuestion, check_component_name
from .rendering import (
    Detail,
    Freshness,
    Group,
    code_of,
    code_of_group,
    group_body,
    health_body,
    object_body,
    to_json,
)
from .state import RequestState, state_of
from .visibility import (
    CallerSight,
    earliest,
    find_namespace,
    list_nothing,
    out_of_sight,
    read_nothing,
)

__all__ = ["ComponentHealth", "Dependencies", "GroupHealth", "ObjectHealth"]


_ANSWER = "answer"


@dataclass(frozen=True, slots=True)
class Dependencies:
    """What the resources use.

    Attributes:
        reader: Where objects are read.
        groups: Where the verdicts on groups come from.
        now: The wall clock, timezone-aware.
        policy: The parameters of the rules.
        rules: Which rule judges which kind.
        components: The named groups.
        codes: The HTTP code for each status word.
        outages: Records since when objects were seen failing.
        detail: How much detail callers get that have no setting of their own.
    """

    reader: ClusterReader
    groups: Groups
    now: Callable[[], datetime]
    policy: Policy
    rules: Rules
    components: Mapping[str, Component]
    codes: Mapping[str, int]
    outages: Outages
    detail: Detail


class _Health:
    """The base of the resources: turns a verdict into a response."""

    def __init__(self, dependencies: Dependencies) -> None:
        self._given = dependencies

    def _answer_object(
        self,
        state: RequestState,
        resp: falcon.Response,
        found: ObjectResult,
        options: ResponseOptions,
    ) -> None:
        assessment, fresh = found.assessment, _freshness(state, found.worth)
        detail = state.caller.detail or self._given.detail
        state.reason = assessment.reason
        last: tuple[Freshness, Detail, ResponseOptions, _Written] | None = found.memo.get(_ANSWER)
        if last is not None and last[:3] == (fresh, detail, options):
            _write(resp, last[3], fresh)
            return
        given, now = self._given, self._given.now()
        policy = given.policy.needing(options.min_available)
        seen = given.outages.since(assessment, options.failure_policy, now, policy)
        passes = options.failure_policy.passes(assessment, now, seen)
        code = code_of(assessment, given.codes, passes=passes)
        body = object_body(assessment, fresh, now=now, detail=detail)
        written = _written(body, options, code)
        if not options.failure_policy.lasting:
            # In the same tenth of a second the answer is the same.
            found.memo[_ANSWER] = fresh, detail, options, written
        _write(resp, written, fresh)

    def _answer_group(
        self,
        state: RequestState,
        resp: falcon.Response,
        group: Group,
        found: SelectionResult,
        needed: Threshold | None,
        policy: Policy,
        options: ResponseOptions,
    ) -> None:
        given, now = self._given, self._given.now()
        fresh = _freshness(state, given.groups.worth(found))
        summary = summarize(found.assessments, needed)
        seen = partial(
            given.outages.since, failure_policy=options.failure_policy, now=now, policy=policy
        )
        passes = options.failure_policy.passes_group(summary, now, seen)
        code = code_of_group(summary, given.codes, passes=passes)
        detail = state.caller.detail or given.detail
        body = group_body(
            summary,
            group,
            fresh,
            now=now,
            detail=detail,
            failing=not (summary.up and passes),
            all_items=options.all_items,
        )
        state.reason = summary.reason
        _write(resp, _written(body, options, code), fresh)

    def _answer_absence(
        self,
        state: RequestState,
        resp: falcon.Response,
        verdict: Assessment,
        error: ReadError,
        options: ResponseOptions,
    ) -> None:
        """Answer alike for every reason, so that no one can enumerate; the log has the reason."""
        state.cause = str(error)
        began = state.deadline.clock() if error.began is None else error.began
        self._answer_object(state, resp, ObjectResult(verdict, Worth(began)), options)


class ObjectHealth(_Health):
    """One object: is it doing its job?"""

    def on_get(
        self, req: falcon.Request, resp: falcon.Response, namespace: str, kind: str, name: str
    ) -> None:
        """The verdict, in the code, the header and the body.

        Raises:
            InvalidQuery: A namespace, kind, name or parameter is invalid.
            NotServed: The cluster serves no such kind.
            ReadError: The API server gave no reading.
        """
        given, state, options = self._given, state_of(req), response_options_of(req)
        explain_all = flag(req, "explain")
        question = ObjectQuestion.of(namespace, kind, name)
        query, deadline = question.known, state.deadline
        try:
            query = query or self._resolved(question, state)
            if not state.caller.may_get(query, deadline):
                read_nothing(given.reader, query, deadline)
            found = check_object(
                given.reader,
                query,
                now=given.now(),
                deadline=deadline,
                policy=given.policy.needing(options.min_available),
                rules=given.rules,
                explain_all=explain_all,
            )
        except (NotFound, Forbidden) as error:
            unknown = absent(str(question.kind).lower(), question.namespace, name)
            verdict = unknown if query is None else missing(query)
            self._answer_absence(state, resp, verdict, error, options)
        else:
            self._answer_object(state, resp, found, options)

    on_head = on_get

    def _resolved(self, question: ObjectQuestion, state: RequestState) -> Query:
        """Resolve a kind that only the cluster knows.

        Raises:
            NotFound: The caller may not know whether there is such a kind.
            InvalidQuery: The kind's scope does not fit.
            NotServed: The cluster serves no such kind.
            ReadError: What the cluster serves could not be read.
        """
        try:
            query = question.query(self._given.reader, state.deadline)
        except (InvalidQuery, NotServed, UndiscoveredError):
            if state.caller.may_know(None):
                raise
            raise out_of_sight() from None
        # The built-in kinds of Kubernetes are public knowledge.
        if not state.caller.may_know(query.kind):
            raise out_of_sight()
        return query


class GroupHealth(_Health):
    """The workloads of a namespace, or of all, as one; ``?kind=`` and ``?selector=`` narrow it."""

    def on_get(self, req: falcon.Request, resp: falcon.Response, namespace: str = "") -> None:
        """The verdict on the worst of them, with their figures.

        Raises:
            InvalidQuery: A namespace, kind, selector or parameter is invalid.
            NotServed: The cluster serves no such kind.
            ReadError: The API server gave no reading.
        """
        state, options = state_of(req), response_options_of(req)
        question = SelectionQuestion.of(req, namespace, options.min_available)
        place = question.namespace
        group = Group("Namespace", place, place) if place else Group("Cluster")
        groups = self._given.groups
        with groups.answering():
            try:
                found = self._found(self._resolved(question, state), state)
            except (NotFound, Forbidden) as error:
                verdict = absent(group.kind, group.namespace, group.name)
                self._answer_absence(state, resp, verdict, error, options)
                return
            with groups.computing(state.deadline):
                found = found.narrowed(selector=question.selector)
                policy = self._given.policy.needing(options.min_available)
                self._answer_group(state, resp, group, found, None, policy, options)

    on_head = on_get

    def _resolved(self, question: SelectionQuestion, state: RequestState) -> Selection:
        """Resolve the kinds by what the cluster serves; see `ObjectHealth`."""
        try:
            selection = question.selection(self._given.reader, state.deadline)
        except (InvalidQuery, NotServed, UndiscoveredError):
            if state.caller.may_know(None):
                raise
            raise out_of_sight() from None
        for kind in selection.kinds:
            if RULES.own(kind.kind, kind.api_version) is None and not state.caller.may_know(kind):
                raise out_of_sight()
        return selection

    def _found(self, selection: Selection, state: RequestState) -> SelectionResult:
        """The verdicts that the caller may see.

        Raises:
            NotFound: There is no such namespace, or it is out of the caller's scope.
            Forbidden: The service may see nothing of it.
            ReadError: Nothing of it could be read.
        """
        reader, groups, now = self._given.reader, self._given.groups, self._given.now()
        place, deadline = selection.namespace, state.deadline
        sight = CallerSight(state.caller, selection, deadline)
        if not sight.has_selection():
            if place:
                list_nothing(groups, reader, selection, now, deadline)
            raise out_of_sight()
        try:
            found = groups.check(sight.share(), now, deadline)
            seen = found.narrowed(sight)
            failure = seen.failure()
            if failure is not None:
                raise failure
        except Forbidden:
            if place:
                # It costs the same as one that does not exist.
                find_namespace(reader, place, deadline)
            raise
        if place and not found.listed:
            try:
                find_namespace(reader, place, deadline)
            except NotFound as error:
                error.began = earliest(error.began, found.worth(deadline.clock()).began)
                raise
        return seen


class ComponentHealth(_Health):
    """A named group of the configuration, as status pages show them."""

    def on_get(self, req: falcon.Request, resp: falcon.Response, name: str) -> None:
        """Answer with the verdict on its worst member; up while enough members are up.

        Raises:
            InvalidQuery: A name or parameter is invalid.
            ReadError: The API server gave no reading.
        """
        given, state, options = self._given, state_of(req), response_options_of(req)
        check_component_name(name)
        in_sight = state.caller.may_see_component(name, state.deadline)
        component = given.components.get(name) if in_sight else None
        if component is None:
            unknown = NotFound("component", "it is not in the configuration")
            error = unknown if in_sight else out_of_sight()
            self._answer_absence(state, resp, absent("Component", "", name), error, options)
            return
        policy = component.policy.needing(options.min_available)
        component = replace(component, policy=policy)
        group = Group("Component", name=name, title=component.title)
        with given.groups.answering():
            found = given.groups.check(component, given.now(), state.deadline)
            with given.groups.computing(state.deadline):
                self._answer_group(state, resp, group, found, component.up, policy, options)

    on_head = on_get


def _freshness(state: RequestState, worth: Worth) -> Freshness:
    # Rounded up: the reported age is never below the true one.
    age = math.ceil(worth.age(state.deadline.clock()) * 10) / 10
    state.age, state.stale = age, worth.stale
    return Freshness(age, worth.stale)


class _Written(NamedTuple):
    """A response without its `Age`."""

    code: int
    health: str
    media: str
    text: str


def _written(body: dict[str, Any], options: ResponseOptions, code: int) -> _Written:
    code, health = options.fixed_code or code, str(body["status"])
    if options.health_json:
        return _Written(code, health, MEDIA_HEALTH, to_json(health_body(body)))
    return _Written(code, health, falcon.MEDIA_JSON, to_json(body))


def _write(resp: falcon.Response, written: _Written, fresh: Freshness) -> None:
    resp.set_header(STATUS_HEADER, written.health)
    resp.status = written.code
    resp.content_type = written.media
    resp.text = written.text
    if fresh.stale:
        resp.set_header("Age", str(math.ceil(fresh.age)))
