"""The resources of the API; each one accepts GET and HEAD."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any, NamedTuple

import falcon

from k8s_heartbeat.core import Policy, Threshold, summarize
from k8s_heartbeat.core.checks.object import ObjectResult
from k8s_heartbeat.core.checks.readings import Worth
from k8s_heartbeat.core.checks.result import GroupMember, SelectionResult

from .judging import Judging
from .outages import Outages
from .own_url import OwnUrl
from .parameters import MEDIA_HEALTH, ResponseOptions, flag, response_options_of
from .problems import STATUS_HEADER
from .questions import NO_NAMESPACE, ObjectQuestion, SelectionQuestion
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
from .view import Absence, View

__all__ = [
    "ClusterScopedHealth",
    "ComponentHealth",
    "ComponentsHealth",
    "Dependencies",
    "GroupHealth",
    "ObjectHealth",
    "freshness",
    "set_age",
]


_ANSWER = "answer"


@dataclass(frozen=True, slots=True)
class Dependencies:
    """What the resources use.

    Attributes:
        judging: What requests are judged with.
        now: The wall clock, timezone-aware.
        codes: The HTTP code for each status word.
        outages: Records since when objects were seen failing.
        detail: How much detail callers get that have no setting of their own.
        own_url: Determines the URL of the service.
    """

    judging: Judging
    now: Callable[[], datetime]
    codes: Mapping[str, int]
    outages: Outages
    detail: Detail
    own_url: OwnUrl

    def view(self, state: RequestState) -> View:
        """The cluster as the caller of a request sees it."""
        return View(self.judging, self.now, state)

    def detail_for(self, state: RequestState) -> Detail:
        """How much detail the caller of a request gets."""
        return state.caller.detail or self.detail


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
        assessment, fresh = found.assessment, freshness(state, found.worth)
        detail = self._given.detail_for(state)
        state.reason = assessment.reason
        last: tuple[Freshness, Detail, ResponseOptions, _Written] | None = found.memo.get(_ANSWER)
        if last is not None and last[:3] == (fresh, detail, options):
            _write(resp, last[3], fresh)
            return
        given, now = self._given, self._given.now()
        policy = given.judging.policy.needing(options.min_available)
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
        fresh = freshness(state, given.judging.groups.worth(found))
        summary = summarize(found.assessments, needed)
        seen = partial(
            given.outages.since, failure_policy=options.failure_policy, now=now, policy=policy
        )
        passes = options.failure_policy.passes_group(summary, now, seen)
        code = code_of_group(summary, given.codes, passes=passes)
        detail = given.detail_for(state)
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


class ObjectHealth(_Health):
    """One object: is it doing its job?"""

    def on_get(
        self,
        req: falcon.Request,
        resp: falcon.Response,
        kind: str,
        name: str,
        namespace: str = NO_NAMESPACE,
    ) -> None:
        """The verdict, in the code, the header and the body.

        Raises:
            InvalidQuery: A namespace, kind, name or parameter is invalid.
            NotServed: The cluster serves no such kind.
            ReadError: The API server gave no reading.
        """
        state, options = state_of(req), response_options_of(req)
        explain_all = flag(req, "explain")
        question = ObjectQuestion.of(namespace, kind, name)
        try:
            found = self._given.view(state).object(
                question, options.min_available, explain_all=explain_all
            )
        except Absence as absence:
            found = absence.found
        self._answer_object(state, resp, found, options)

    on_head = on_get


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
        group, judging = Group.of_namespace(question.namespace), self._given.judging
        with judging.groups.answering():
            try:
                found = self._given.view(state).workloads(question)
            except Absence as absence:
                self._answer_object(state, resp, absence.found, options)
                return
            with judging.groups.computing(state.deadline):
                found = found.narrowed(selector=question.selector)
                policy = judging.policy.needing(options.min_available)
                self._answer_group(state, resp, group, found, None, policy, options)

    on_head = on_get


class ClusterScopedHealth(GroupHealth):
    """The cluster-scoped objects of some kinds as one."""

    def on_get(
        self, req: falcon.Request, resp: falcon.Response, namespace: str = NO_NAMESPACE
    ) -> None:
        """See `GroupHealth.on_get`."""
        super().on_get(req, resp, namespace)

    on_head = on_get


class ComponentHealth(_Health):
    """A named group of the configuration, as status pages show them."""

    def on_get(self, req: falcon.Request, resp: falcon.Response, name: str) -> None:
        """Answer with the verdict on its worst member; up while enough members are up.

        Raises:
            InvalidQuery: A name or parameter is invalid.
            ReadError: The API server gave no reading.
        """
        state, options = state_of(req), response_options_of(req)
        groups = self._given.judging.groups
        with groups.answering():
            try:
                component, found = self._given.view(state).component(name, options.min_available)
            except Absence as absence:
                self._answer_object(state, resp, absence.found, options)
                return
            group = Group("Component", name=name, title=component.title)
            needed, policy = component.up, component.policy
            with groups.computing(state.deadline):
                self._answer_group(state, resp, group, found, needed, policy, options)

    on_head = on_get


class ComponentsHealth(_Health):
    """The components that the caller may see, each as its verdict, and all of them as one."""

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Answer with the verdict on the worst of them; up while all are.

        Raises:
            InvalidQuery: A parameter is invalid.
            ReadError: The API server gave no reading.
        """
        state, options = state_of(req), response_options_of(req)
        judging = self._given.judging
        with judging.groups.answering():
            seen = self._given.view(state).components()
            with judging.groups.computing(state.deadline):
                members = tuple(
                    GroupMember(None, {}, entry.verdict, judging.groups.worth(entry))
                    for entry in seen
                )
                found = SelectionResult(members=members)
                titles = {entry.component.name: entry.component.title for entry in seen}
                group = Group("Components", titles=titles)
                self._answer_group(state, resp, group, found, None, judging.policy, options)

    on_head = on_get


def freshness(state: RequestState, worth: Worth) -> Freshness:
    """How old an answer is, noted down for the log too."""
    # Rounded up: the reported age is never below the true one.
    age = math.ceil(worth.age(state.deadline.clock()) * 10) / 10
    state.age, state.stale = age, worth.stale
    return Freshness(age, worth.stale)


def set_age(resp: falcon.Response, fresh: Freshness) -> None:
    """Set `Age`, in seconds, where a reading behind the answer is past its lifetime."""
    if fresh.stale:
        resp.set_header("Age", str(math.ceil(fresh.age)))


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
    set_age(resp, fresh)
