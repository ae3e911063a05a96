"""The page of all that a caller may see: the components, and the workloads that filters select."""

from __future__ import annotations

from dataclasses import replace

import falcon

from k8s_heartbeat.core import Summary, summarize
from k8s_heartbeat.core.assessment import UNREAD

from ..callers import Stranger
from ..rendering import Detail
from ..resources import Dependencies
from ..state import RequestState, state_of
from .base import Page
from .cards import card
from .contents import Contents
from .counts import count, places
from .filters import STATUSES, Filters
from .headline import headline_of_all
from .lines import Lines
from .markup import home_of, write
from .phrases import shortened
from .public_page import PublicPage
from .sizes import chips_that_fit, lines_on_each_card, rows_on_each_page
from .states import State

__all__ = ["StatusPage"]

_MOST_PLACES_AT_ONCE = 10
_MOST_KINDS = 40
_MOST_PROBLEMS = 10
_LONGEST_PROBLEM = 400


class StatusPage(Page):
    """All that the caller may see, on one page; the public page for people without a token.

    Args:
        dependencies: What the pages use.
    """

    def __init__(self, dependencies: Dependencies) -> None:
        super().__init__(dependencies)
        self._public = PublicPage(dependencies)

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Answer with the components, and the workloads that the filters select.

        Raises:
            InvalidQuery: A filter is invalid.
            ReadError: The API server gave no reading.
        """
        state = state_of(req)
        if isinstance(state.caller, Stranger):
            self._public.answer(state, resp)
            return
        filters, groups = Filters.of(req), self._given.judging.groups
        with groups.answering():
            contents = Contents(self._given, state, filters.namespace)
            with groups.computing(state.deadline):
                self._answer(req, resp, state, filters, contents)

    on_head = on_get

    def _answer(
        self,
        req: falcon.Request,
        resp: falcon.Response,
        state: RequestState,
        filters: Filters,
        contents: Contents,
    ) -> None:
        given, now, base = self._given, self._given.now(), req.root_path
        detail = given.detail_for(state)
        detailed = detail is not Detail.STATUS
        lines = Lines(detail, now)
        summary = None if contents.found is None else summarize(contents.found.assessments)
        items = summary.items if summary is not None and detailed else ()
        at = self._read_at(state, resp, contents.worths(), now)
        overall, headline = headline_of_all(contents, summary, lines if detailed else None)
        state.reason = overall.word
        if summary is None and not contents.components:
            resp.status = falcon.HTTP_404
        shown = [item for item in items if filters.takes(item, lines.text)]
        size = rows_on_each_page(items, base, len(contents.components))
        last = max(1, -(-len(shown) // size))
        filters = replace(filters, page=min(filters.page, last))
        begin = (filters.page - 1) * size
        of_all = places(item for item in items if item.name)
        most_places = chips_that_fit([place.name for place in of_all], filters.link(namespace=""))
        on_each = lines_on_each_card([entry.items for entry in contents.components], base)
        problems = [*contents.problems, *(_unread(summary) if detailed else ())]
        write(
            resp,
            "status.html",
            overall,
            title=given.judging.title,
            home=home_of(req),
            base=base,
            repaints=True,
            headline=at.dated(headline),
            at=at,
            filters=filters,
            detailed=detailed,
            cards=[
                card(entry, lines if detailed else None, on_each) for entry in contents.components
            ],
            other_components=contents.other_components,
            problems=[shortened(text, _LONGEST_PROBLEM) for text in problems[:_MOST_PROBLEMS]],
            absent=contents.absent,
            workloads=None if summary is None else State.of(summary),
            total=len(items),
            counts=count(items),
            places=of_all[:most_places],
            places_at_once=_MOST_PLACES_AT_ONCE,
            more_places=max(0, len(of_all) - most_places),
            kinds=sorted({item.kind for item in items if item.kind})[:_MOST_KINDS],
            statuses=STATUSES,
            lines=[lines.line(item) for item in shown[begin : begin + size]],
            shown=len(shown),
            begin=begin,
            last=last,
        )


def _unread(summary: Summary | None) -> list[str]:
    """Why each list of workloads could not be read, each in a sentence."""
    items = () if summary is None else summary.items
    return [item.message for item in items if item.reason == UNREAD and not item.name]
