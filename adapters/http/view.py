"""The cluster as the caller of a request sees it: verdicts on objects, workloads and components.

What a caller may not see is answered as if it did not exist; see `visibility`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from k8s_heartbeat.core import RULES, Threshold, summarize
from k8s_heartbeat.core.assessment import UNREAD, Activity, Assessment, Health
from k8s_heartbeat.core.checks.component import Component
from k8s_heartbeat.core.checks.object import ObjectResult, absent, check_object, missing
from k8s_heartbeat.core.checks.overview import Overview
from k8s_heartbeat.core.checks.reader import (
    Forbidden,
    NotFound,
    NotServed,
    ReadError,
    UndiscoveredError,
)
from k8s_heartbeat.core.checks.readings import Worth
from k8s_heartbeat.core.checks.result import SelectionResult
from k8s_heartbeat.core.checks.selection import Selection
from k8s_heartbeat.core.query import InvalidQuery, Query

from .judging import Judging
from .questions import ObjectQuestion, SelectionQuestion, check_component_name
from .rendering import Group
from .state import RequestState
from .visibility import (
    CallerSight,
    earliest,
    find_namespace,
    list_nothing,
    out_of_sight,
    read_nothing,
)

__all__ = ["Absence", "View"]


class Absence(Exception):  # noqa: N818  # it is an answer
    """The object or group does not exist, or the caller may not see it; the answer is the same.

    Attributes:
        found: The verdict that it is missing.
        error: The reason; for the log and for decisions, never for the caller.
    """

    def __init__(self, found: ObjectResult, error: ReadError) -> None:
        super().__init__(found.assessment.message)
        self.found = found
        self.error = error


class View:
    """Checks objects and groups for a caller, as far as the caller may see them.

    Args:
        judging: The reader, groups, rules and components.
        now: The wall clock, timezone-aware.
        state: The state of the request.
    """

    def __init__(self, judging: Judging, now: Callable[[], datetime], state: RequestState) -> None:
        self._given = judging
        self._now = now
        self._state = state

    def object(
        self,
        question: ObjectQuestion,
        needed: Threshold | None = None,
        *,
        explain_all: bool = False,
    ) -> ObjectResult:
        """The verdict on one object.

        Args:
            question: Which object.
            needed: How many replicas `up` needs; None for the policy's value.
            explain_all: Explain a healthy object at rest too.

        Raises:
            Absence: It does not exist, or may not be seen.
            InvalidQuery: The kind's scope does not fit.
            NotServed: The cluster serves no such kind.
            ReadError: The API server gave no reading.
        """
        given, deadline = self._given, self._state.deadline
        query = question.known
        try:
            query = query or self._resolved(question)
            if not self._state.caller.may_get(query, deadline):
                read_nothing(given.reader, query, deadline)
            return check_object(
                given.reader,
                query,
                now=self._now(),
                deadline=deadline,
                policy=given.policy.needing(needed),
                rules=given.rules,
                explain_all=explain_all,
            )
        except (NotFound, Forbidden) as error:
            kind = str(question.kind).lower()
            unknown = absent(kind, question.namespace, question.name)
            raise self._absence(unknown if query is None else missing(query), error) from None

    def workloads(self, question: SelectionQuestion) -> SelectionResult:
        """The verdicts on the objects that a question selects; its label selector is not applied.

        Raises:
            Absence: There is no such namespace, or it may not be seen.
            InvalidQuery: A kind's scope does not fit.
            NotServed: The cluster serves no such kind.
            ReadError: The API server gave no reading.
        """
        try:
            return self._found(self._selection(question))
        except (NotFound, Forbidden) as error:
            group = Group.of_namespace(question.namespace)
            verdict = absent(group.kind, group.namespace, group.name)
            raise self._absence(verdict, error) from None

    def component(
        self, name: str, needed: Threshold | None = None
    ) -> tuple[Component, SelectionResult]:
        """A named group and the verdicts on its members.

        Args:
            name: Its name.
            needed: How many replicas a member needs to be up; None for the policy's value.

        Raises:
            Absence: There is no such component, or it may not be seen.
            InvalidQuery: No component can have that name.
            ReadError: Nothing of it could be read.
        """
        check_component_name(name)
        given, deadline = self._given, self._state.deadline
        in_sight = self._state.caller.may_see_component(name, deadline)
        component = given.components.get(name) if in_sight else None
        if component is None:
            unknown = NotFound("component", "it is not in the configuration")
            error = unknown if in_sight else out_of_sight()
            raise self._absence(absent("Component", "", name), error)
        component = replace(component, policy=component.policy.needing(needed))
        return component, given.groups.check(component, self._now(), deadline)

    def components(self, *, even_unread: bool = False, within: str = "") -> list[Overview]:
        """The components that the caller may see, in the order of the configuration.

        A component that could not be read at all has one unknown member that says why.

        Args:
            even_unread: Whether to return components also if none of them could be read.
            within: Only components whose members are all in this namespace; empty for all
                components. Nothing else is read.

        Raises:
            ReadError: The caller's rights could not be read, or no component could be read.
        """
        given, deadline = self._given, self._state.deadline
        seen = self.seen_components()
        if within:
            seen = [component for component in seen if _is_within(component, within)]
        found: list[Overview] = []
        failures: list[ReadError] = []
        for component in seen:
            try:
                found.append(given.groups.overview(component, self._now(), deadline))
            except ReadError as error:
                failures.append(error)
                began = deadline.clock() if error.began is None else error.began
                summary = summarize([_unread(component, error)], component.up)
                found.append(Overview.of(component, summary, Worth(began)))
        if failures and len(failures) == len(seen) and not even_unread:
            raise failures[0]
        return found

    def seen_components(self) -> list[Component]:
        """The components that the caller may see, in the order of the configuration.

        Raises:
            ReadError: The caller's rights could not be read.
        """
        return [
            component
            for component in self._given.components.values()
            if self._state.caller.may_see_component(component.name, self._state.deadline)
        ]

    def _absence(self, verdict: Assessment, error: ReadError) -> Absence:
        """An absence; its reason is logged, and is not part of the answer."""
        self._state.cause = str(error)
        began = self._state.deadline.clock() if error.began is None else error.began
        return Absence(ObjectResult(verdict, Worth(began)), error)

    def _resolved(self, question: ObjectQuestion) -> Query:
        """Resolve a kind that only the cluster knows.

        Raises:
            NotFound: The caller may not know whether there is such a kind.
            InvalidQuery: The kind's scope does not fit.
            NotServed: The cluster serves no such kind.
            ReadError: What the cluster serves could not be read.
        """
        caller = self._state.caller
        try:
            query = question.query(self._given.reader, self._state.deadline)
        except (InvalidQuery, NotServed, UndiscoveredError):
            if caller.may_know(None):
                raise
            raise out_of_sight() from None
        # The built-in kinds of Kubernetes are public knowledge.
        if not caller.may_know(query.kind):
            raise out_of_sight()
        return query

    def _selection(self, question: SelectionQuestion) -> Selection:
        """Resolve the kinds of a question; see `_resolved`."""
        caller = self._state.caller
        try:
            selection = question.selection(self._given.reader, self._state.deadline)
        except (InvalidQuery, NotServed, UndiscoveredError):
            if caller.may_know(None):
                raise
            raise out_of_sight() from None
        for kind in selection.kinds:
            if RULES.own(kind.kind, kind.api_version) is None and not caller.may_know(kind):
                raise out_of_sight()
        return selection

    def _found(self, selection: Selection) -> SelectionResult:
        """The verdicts that the caller may see.

        Raises:
            NotFound: There is no such namespace, or it is out of the caller's scope.
            Forbidden: The service may see nothing of it.
            ReadError: Nothing of it could be read.
        """
        reader, groups, now = self._given.reader, self._given.groups, self._now()
        place, deadline = selection.namespace, self._state.deadline
        sight = CallerSight(self._state.caller, selection, deadline)
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
                # Takes as many calls as a namespace that does not exist.
                find_namespace(reader, place, deadline)
            raise
        if place and not found.listed:
            try:
                find_namespace(reader, place, deadline)
            except NotFound as error:
                error.began = earliest(error.began, found.worth(deadline.clock()).began)
                raise
        return seen


def _is_within(component: Component, namespace: str) -> bool:
    return all(member.namespaces == (namespace,) for member in component.members)


def _unread(component: Component, error: ReadError) -> Assessment:
    return Assessment(
        health=Health.UNKNOWN,
        activity=Activity.STEADY,
        up=False,
        reason=UNREAD,
        message=str(error),
        kind="Component",
        name=component.name,
    )
