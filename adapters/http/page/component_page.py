"""The page of one component: its verdict and its members."""

from __future__ import annotations

from urllib.parse import quote

import falcon

from k8s_heartbeat.core import Health, Summary, summarize
from k8s_heartbeat.core.checks.component import Component
from k8s_heartbeat.core.checks.overview import Overview
from k8s_heartbeat.core.checks.readings import Worth

from ..rendering import Detail
from ..state import RequestState, state_of
from ..view import Absence
from .base import Page
from .cards import enough
from .headline import headline_of_components
from .lines import Lines
from .markup import home_of, write
from .sizes import members_that_fit
from .states import State

__all__ = ["ComponentPage"]


class ComponentPage(Page):
    """One component and its members, failing ones first."""

    def on_get(self, req: falcon.Request, resp: falcon.Response, name: str) -> None:
        """Answer with its verdict and those on its members.

        Raises:
            InvalidQuery: The name is invalid for a component.
            ReadError: The API server gave no reading.
        """
        state, given = state_of(req), self._given
        groups = given.judging.groups
        with groups.answering():
            try:
                component, found = given.view(state).component(name)
            except Absence as absence:
                resp.status = falcon.HTTP_404
                nothing, worth = Component(name, name, ()), absence.found.worth
                self._answer(req, resp, state, nothing, summarize(()), worth, is_there=False)
                return
            with groups.computing(state.deadline):
                summary = summarize(found.assessments, component.up)
                self._answer(req, resp, state, component, summary, groups.worth(found))

    on_head = on_get

    def _answer(
        self,
        req: falcon.Request,
        resp: falcon.Response,
        state: RequestState,
        component: Component,
        summary: Summary,
        worth: Worth,
        *,
        is_there: bool = True,
    ) -> None:
        given, now, base = self._given, self._given.now(), req.root_path
        overview = Overview.of(component, summary, worth)
        detail = given.detail_for(state)
        detailed = detail is not Detail.STATUS and is_there
        lines = Lines(detail, now)
        at = self._read_at(state, resp, [worth], now)
        if is_there:
            state.reason = summary.reason
            overall, headline = headline_of_components([overview], lines if detailed else None)
        else:
            overall = State(Health.MISSING, up=False)
            headline = f"There is no component {component.name}, or you may not see it"
        items = summary.items if detailed else ()
        most = members_that_fit(items, base)
        path, url = quote(component.name, safe=""), self._own_url(req)
        write(
            resp,
            "component.html",
            overall,
            title=given.judging.title,
            home=home_of(req),
            base=base,
            repaints=True,
            headline=at.dated(headline),
            at=at,
            component=overview,
            found=is_there,
            detailed=detailed,
            enough=enough(overview),
            lines=[lines.line(item) for item in items[:most]],
            more=len(items) - most,
            api=f"{url}/api/components/{path}",
            badge=f"{url}/api/badge/components/{path}.svg",
        )
