"""The status page: all that a caller may see, one object, one component."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import NamedTuple
from urllib.parse import quote

import falcon

from k8s_heartbeat.core import SEVERITY, Assessment, Health, Summary, summarize
from k8s_heartbeat.core.checks.component import Component
from k8s_heartbeat.core.checks.object import ObjectResult
from k8s_heartbeat.core.checks.reader import ReadError
from k8s_heartbeat.core.checks.readings import Worth
from k8s_heartbeat.core.checks.selection import SelectionResult
from k8s_heartbeat.core.query import InvalidQuery

from ...groups import Groups
from ...masking import KNOWN, without_credentials
from ..callers import Stranger
from ..questions import NO_NAMESPACE, ObjectQuestion, SelectionQuestion
from ..rendering import Detail, Freshness, message_of, object_body, reason_of
from ..resources import Dependencies, freshness, set_age
from ..state import RequestState, state_of
from ..view import Absence, verdict_of
from .filters import PAGE_SIZE, STATUSES, Filters
from .kubectl import commands_for, kind_word
from .markup import home_of, write
from .phrases import Moment, age, counted, moment_of
from .verdicts import (
    Card,
    Line,
    Lines,
    Verdict,
    cause_lines,
    places,
    sentence,
    since_of,
    unread,
)

__all__ = ["ComponentPage", "ObjectPage", "StatusPage"]

_MOST_ON_CARD = 6
_MOST_MEMBERS = 200
_MOST_PLACES = 100
_MOST_PLACES_AT_ONCE = 10
_MOST_KINDS = 40


class _Judged(NamedTuple):
    """A component with the verdict on it and on its members.

    Attributes:
        component: The component.
        summary: The verdict on its members as one.
        worth: How old that is.
    """

    component: Component
    summary: Summary
    worth: Worth

    @property
    def title(self) -> str:
        """What people call it."""
        return self.component.title or self.component.name


@dataclass(frozen=True, slots=True)
class _ReadAt:
    """When what a page shows was read.

    Attributes:
        moment: When the oldest reading behind it began.
        age: How old that is.
        stale: Whether no newer one could be read.
    """

    moment: Moment | None
    age: str
    stale: bool


class _Page:
    """The base of the pages.

    Args:
        dependencies: What they use.
    """

    def __init__(self, dependencies: Dependencies) -> None:
        self._given = dependencies

    def _read_at(
        self, state: RequestState, resp: falcon.Response, worths: Sequence[Worth], now: datetime
    ) -> _ReadAt:
        worst = Worth.worst(worths, state.deadline.clock())
        fresh = freshness(state, worst)
        set_age(resp, fresh)
        moment = moment_of(now - timedelta(seconds=fresh.age), now)
        return _ReadAt(moment, age(fresh.age), fresh.stale)

    def _own_url(self, req: falcon.Request) -> str:
        try:
            return self._given.own_url.of(req)
        except InvalidQuery:
            # Paths are of use to people too.
            return req.root_path


class StatusPage(_Page):
    """All that the caller may see, on one page."""

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Answer with the components, and the workloads that the filters select.

        Raises:
            InvalidQuery: A filter has another form.
            ReadError: The API server gave no reading.
        """
        state = state_of(req)
        if isinstance(state.caller, Stranger):
            self._answer_stranger(state, resp)
            return
        filters, given = Filters.of(req), self._given
        with given.judging.groups.answering():
            seen = _Seen(given, state, filters)
            with given.judging.groups.computing(state.deadline):
                self._answer(req, resp, state, filters, seen)

    on_head = on_get

    def _answer_stranger(self, state: RequestState, resp: falcon.Response) -> None:
        judging = self._given.judging
        page = judging.public
        with judging.groups.answering():
            found = self._given.view(state).components()
            with judging.groups.computing(state.deadline):
                # As the configuration orders the page, and not as it orders the components.
                names = () if page is None else page.components
                found.sort(key=lambda entry: names.index(entry[0].name))
                judged = _judged(judging.groups, found)
                title = judging.title if page is None else page.title
                now = self._given.now()
                cards = [_bare_card(entry) for entry in judged]
                told = _told_of_components(judged, None)
                at = self._read_at(state, resp, [entry.worth for entry in judged], now)
                write(
                    resp,
                    "public.html",
                    _word(_verdicts(judged)),
                    title=title,
                    told=_as_of(told, at),
                    cards=cards,
                    at=at,
                    home="",
                    repaints=True,
                )

    def _answer(
        self,
        req: falcon.Request,
        resp: falcon.Response,
        state: RequestState,
        filters: Filters,
        seen: _Seen,
    ) -> None:
        given, now = self._given, self._given.now()
        detail = given.detail_for(state)
        told_all = detail is not Detail.STATUS
        lines = Lines(detail, now)
        summary = summarize(seen.found.assessments) if seen.found is not None else None
        items = () if summary is None else summary.items
        at = self._read_at(state, resp, seen.worths(), now)
        word, told = _summed_up(seen, summary, filters, lines if told_all else None)
        state.reason = word
        if summary is None and not seen.components:
            resp.status = falcon.HTTP_404
        shown = [item for item in items if filters.takes(item, lines.text)] if told_all else []
        last = max(1, -(-len(shown) // PAGE_SIZE))
        filters = replace(filters, page=min(filters.page, last))
        begin = (filters.page - 1) * PAGE_SIZE
        of_all = places(item for item in items if item.name) if told_all else []
        write(
            resp,
            "status.html",
            word,
            title=given.judging.title,
            home=home_of(req),
            base=req.root_path,
            repaints=True,
            told=_as_of(told, at),
            at=at,
            filters=filters,
            told_all=told_all,
            cards=[_card(entry, lines, told_all) for entry in seen.components],
            problems=[*seen.problems, *(unread(summary) if summary and told_all else ())],
            absent=seen.absent,
            summary=summary,
            counts=[
                (str(health), summary.counts[health])
                for health in SEVERITY
                if summary.counts[health]
            ]
            if summary
            else [],
            places=of_all[:_MOST_PLACES],
            places_at_once=_MOST_PLACES_AT_ONCE,
            more_places=max(0, len(of_all) - _MOST_PLACES),
            kinds=sorted({item.kind for item in items if item.kind})[:_MOST_KINDS],
            statuses=STATUSES,
            lines=[lines.line(item) for item in shown[begin : begin + PAGE_SIZE]],
            shown=len(shown),
            begin=begin,
            last=last,
        )


class _Seen:
    """What was read for the page of all: a part that cannot be read does not hide the other.

    Args:
        given: What is read with.
        state: The state of the request.
        filters: Which namespace.

    Attributes:
        components: The components.
        found: The workloads; None if there are none that the caller may see.
        absent: Whether there is no such namespace, or it may not be seen.
        problems: Why a part could not be read.

    Raises:
        ReadError: Nothing could be read.
    """

    def __init__(self, given: Dependencies, state: RequestState, filters: Filters) -> None:
        view, error = given.view(state), None
        self._groups = given.judging.groups
        self.components: Sequence[_Judged] = ()
        self.found: SelectionResult | None = None
        self.absent = False
        self.problems: list[str] = []
        self._absence: ObjectResult | None = None
        try:
            self.components = _judged(self._groups, view.components())
        except ReadError as raised:
            error = raised
            self._keep("The components", state, raised)
        try:
            self.found = view.workloads(SelectionQuestion(filters.namespace, (), None, False))
        except Absence as absence:
            self.absent, self._absence = True, absence.found
        except ReadError as raised:
            if error is not None or not self.components:
                raise
            self._keep("The workloads", state, raised)
        if error is not None and self.found is None:
            raise error

    def worths(self) -> list[Worth]:
        """What the readings are worth."""
        found = [entry.worth for entry in self.components]
        found += [self._groups.worth(self.found)] if self.found is not None else []
        return found or ([self._absence.worth] if self._absence is not None else [])

    def _keep(self, what: str, state: RequestState, error: ReadError) -> None:
        state.cause = str(error)
        told = KNOWN.mask(state.mask(without_credentials(str(error))))
        self.problems.append(f"{what} could not be read: {told}")


class ObjectPage(_Page):
    """One object: what is wrong with it, since when, and what to look at next."""

    def on_get(
        self, req: falcon.Request, resp: falcon.Response, namespace: str, kind: str, name: str
    ) -> None:
        """Answer with its verdict and all causes.

        Raises:
            InvalidQuery: A namespace, kind or name is invalid.
            NotServed: The cluster serves no such kind.
            ReadError: The API server gave no reading.
        """
        state, given = state_of(req), self._given
        question = ObjectQuestion.of(namespace, kind, name)
        try:
            found = given.view(state).object(question, explain_all=True)
        except Absence as absence:
            found, resp.status = absence.found, falcon.HTTP_404
        now, detail = given.now(), given.detail_for(state)
        item, full = found.assessment, detail is Detail.FULL
        state.reason = item.reason
        at = self._read_at(state, resp, [found.worth], now)
        body = object_body(item, Freshness(), now=now, detail=detail)
        told_all = detail is not Detail.STATUS
        lines = Lines(detail, now)
        shown_name = item.name or name
        verdict = Verdict(f"{item.kind or kind} {shown_name}", item.health, (item,))
        if item.health is Health.MISSING:
            told = f"There is no {verdict.name}, or you may not see it"
        else:
            told = sentence([verdict], _Own(lines) if told_all else None, "object")
        causes = cause_lines(item, detail, now) if told_all else []
        word = kind_word(item.kind, item.api_version) if item.kind else kind
        path = "/".join(quote(part, safe="") for part in (namespace, word, shown_name))
        write(
            resp,
            "object.html",
            str(item.health),
            title=given.judging.title,
            home=home_of(req),
            base=req.root_path,
            repaints=True,
            told=_as_of(told, at),
            at=at,
            line=lines.line(item),
            place="" if namespace == NO_NAMESPACE else namespace,
            kind=item.kind or kind,
            name=shown_name,
            body=body,
            reason=reason_of(item.reason, item.health),
            message=message_of(item, detail),
            since=moment_of(since_of(item), now),
            told_all=told_all,
            causes=causes,
            omitted=len(item.causes) - len(causes) if told_all else 0,
            commands=commands_for(item, causes, found.selector if full else None)
            if told_all and item.health is not Health.MISSING
            else [],
            api=f"{self._own_url(req)}/api/healthz/{path}",
            badge=f"{self._own_url(req)}/api/badge/{path}.svg",
        )

    on_head = on_get


class ComponentPage(_Page):
    """One component and all its members."""

    def on_get(self, req: falcon.Request, resp: falcon.Response, name: str) -> None:
        """Answer with its verdict and those on its members.

        Raises:
            InvalidQuery: No component can have that name.
            ReadError: The API server gave no reading.
        """
        state, given = state_of(req), self._given
        groups = given.judging.groups
        with groups.answering():
            try:
                component, found = given.view(state).component(name)
            except Absence as absence:
                resp.status = falcon.HTTP_404
                nothing = _Judged(Component(name, name, ()), summarize(()), absence.found.worth)
                self._answer(req, resp, state, nothing, is_there=False)
                return
            with groups.computing(state.deadline):
                (judged,) = _judged(groups, [(component, found)])
                self._answer(req, resp, state, judged)

    on_head = on_get

    def _answer(
        self,
        req: falcon.Request,
        resp: falcon.Response,
        state: RequestState,
        judged: _Judged,
        *,
        is_there: bool = True,
    ) -> None:
        given, now = self._given, self._given.now()
        component, summary = judged.component, judged.summary
        detail = given.detail_for(state)
        told_all = detail is not Detail.STATUS and is_there
        lines = Lines(detail, now)
        at = self._read_at(state, resp, [judged.worth], now)
        if is_there:
            word, state.reason = summary.health, summary.reason
            told = _told_of_components([judged], lines if told_all else None)
        else:
            word = Health.MISSING
            told = f"There is no component {component.name}, or you may not see it"
        path = quote(component.name, safe="")
        write(
            resp,
            "component.html",
            str(word),
            title=given.judging.title,
            home=home_of(req),
            base=req.root_path,
            repaints=True,
            told=_as_of(told, at),
            at=at,
            component=component,
            found=is_there,
            told_all=told_all,
            summary=summary,
            enough=_enough(summary),
            lines=[lines.line(item) for item in summary.items[:_MOST_MEMBERS]] if told_all else [],
            more=max(0, len(summary.items) - _MOST_MEMBERS),
            api=f"{self._own_url(req)}/api/components/{path}",
            badge=f"{self._own_url(req)}/api/badge/components/{path}.svg",
        )


class _Own(Lines):
    """Says why one object fails that the sentence has named already."""

    def __init__(self, lines: Lines) -> None:
        self._lines = lines

    def why(self, item: Assessment) -> str:
        """See `Lines.why`."""
        told = self._lines.why(item)
        return told.replace(f" {item.name} pods", " pods", 1).removeprefix(
            f"{item.kind} {item.name}: "
        )


def _judged(groups: Groups, found: Sequence[tuple[Component, SelectionResult]]) -> list[_Judged]:
    return [
        _Judged(component, verdict_of(component, result)[0], groups.worth(result))
        for component, result in found
    ]


def _verdicts(judged: Sequence[_Judged]) -> list[Verdict]:
    return [
        Verdict(entry.title, entry.summary.health, entry.summary.items, is_group=True)
        for entry in judged
    ]


def _word(verdicts: Sequence[Verdict]) -> str:
    """The worst status; unknown for none."""
    healths = {entry.health for entry in verdicts}
    return str(next((health for health in SEVERITY if health in healths), Health.UNKNOWN))


def _told_of_components(judged: Sequence[_Judged], lines: Lines | None) -> str:
    return sentence(_verdicts(judged), lines, "component") if judged else "There are no components"


def _summed_up(
    seen: _Seen, summary: Summary | None, filters: Filters, lines: Lines | None
) -> tuple[str, str]:
    """The status of all, and the sentence: on the components, where there are any."""
    if seen.components:
        verdicts = _verdicts(seen.components)
        word, told = _word(verdicts), sentence(verdicts, lines, "component")
        if word == Health.HEALTHY and summary is not None and summary.items:
            word, told = _with_workloads(told, summary, lines)
        if word == Health.HEALTHY and seen.problems:
            return str(Health.UNKNOWN), f"{told}, but the workloads could not be read"
        return word, told
    if summary is None:
        where = f"the namespace {filters.namespace}" if filters.namespace else "all namespaces"
        return str(Health.UNKNOWN), f"There is nothing that you may see in {where}"
    if not summary.items:
        where = f"the namespace {filters.namespace}" if filters.namespace else "any namespace"
        return str(Health.UNKNOWN), f"There are no workloads in {where}"
    if lines is None:
        return str(summary.health), _bare_sentence(summary)
    verdicts = [Verdict(_full_name(item), item.health, (item,)) for item in summary.items]
    return str(summary.health), sentence(verdicts, _OfWorkloads(lines), "workload")


class _OfWorkloads(_Own):
    """Says why a workload fails whose namespace and name the sentence has named already."""


def _full_name(item: Assessment) -> str:
    if not item.name:
        return f"Part of the {item.kind}s" if item.kind else "A part"
    return f"{item.namespace}/{item.name}" if item.namespace else item.name


def _bare_sentence(summary: Summary) -> str:
    if summary.health is Health.HEALTHY:
        return "All workloads work"
    return "A workload needs attention" if summary.up else "A workload is not up"


def _with_workloads(told: str, summary: Summary, lines: Lines | None) -> tuple[str, str]:
    """The sentence on components that all work, with what is wrong beside them."""
    bad = sum(not item.up for item in summary.items)
    if not bad:
        return str(Health.HEALTHY), told
    if lines is None:
        return str(Health.DEGRADED), f"{told}, but not every workload does"
    of = f"{bad:,} of {counted(len(summary.items), 'workload')}"
    return str(Health.DEGRADED), f"{told}, but {of} {'is' if bad == 1 else 'are'} not up"


def _as_of(told: str, at: _ReadAt) -> str:
    """A sentence that does not pass for current if what is behind it is not."""
    return f"At {at.moment.clock}: {told}" if at.stale and at.moment is not None else told


def _bare_card(entry: _Judged) -> Card:
    summary = entry.summary
    return Card(entry.component.name, entry.title, str(summary.health), summary.up)


def _card(entry: _Judged, lines: Lines, told_all: bool) -> Card:
    card = replace(_bare_card(entry), path=f"/status/components/{entry.component.name}")
    if not told_all:
        return card
    items = entry.summary.items
    shown: list[Line] = [lines.line(item) for item in items[:_MOST_ON_CARD]]
    more = len(items) - len(shown)
    return replace(card, enough=_enough(entry.summary), lines=shown, more=more)


def _enough(summary: Summary) -> str:
    up, total = sum(item.up for item in summary.items), len(summary.items)
    told = f"{up:,} of {total:,} up"
    return told if summary.needed == total else f"{told}, {summary.needed} needed"
