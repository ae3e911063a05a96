"""The page of one object: what is wrong with it, since when, and what to look at next."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from urllib.parse import quote

import falcon

from k8s_heartbeat.core import Assessment, Health

from ..questions import NO_NAMESPACE, ObjectQuestion
from ..rendering import Detail, cause_body, message_of, reason_of
from ..state import state_of
from ..view import Absence
from .base import Page
from .headline import headline_of_object
from .kubectl import commands_for, kind_word
from .lines import Lines, since_of
from .markup import home_of, write
from .phrases import moment_of, phrase
from .states import State

__all__ = ["ObjectPage"]

_MOST_CAUSES = 50


class ObjectPage(Page):
    """One object with its verdict, its causes and the commands that show more."""

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
        item = found.assessment
        state.reason = item.reason
        at = self._read_at(state, resp, [found.worth], now)
        detailed = detail is not Detail.STATUS
        lines = Lines(detail, now)
        shown_kind, shown_name = item.kind or kind, item.name or name
        is_there = item.health is not Health.MISSING
        if is_there:
            called = f"{shown_kind} {shown_name}"
            headline = headline_of_object(called, item, lines if detailed else None)
        else:
            headline = f"There is no {shown_kind} {shown_name}, or you may not see it"
        causes = _causes(item, detail, now) if detailed else []
        selector = found.selector if detail is Detail.FULL else None
        word = kind_word(item.kind, item.api_version) if item.kind else kind
        path = "/".join(quote(part, safe="") for part in (namespace, word, shown_name))
        url = self._own_url(req)
        write(
            resp,
            "object.html",
            State.of(item),
            title=given.judging.title,
            home=home_of(req),
            base=req.root_path,
            repaints=True,
            headline=at.dated(headline),
            at=at,
            line=lines.line(item),
            place="" if namespace == NO_NAMESPACE else namespace,
            kind=shown_kind,
            name=shown_name,
            activity=str(item.activity),
            reason=reason_of(item.reason, item.health),
            message=message_of(item, detail),
            since=moment_of(since_of(item), now),
            detailed=detailed,
            causes=causes,
            omitted=len(item.causes) - len(causes) if detailed else 0,
            commands=commands_for(item, causes, selector) if detailed and is_there else [],
            api=f"{url}/api/healthz/{path}",
            badge=f"{url}/api/badge/{path}.svg",
        )

    on_head = on_get


def _causes(item: Assessment, detail: Detail, now: datetime) -> list[dict[str, Any]]:
    """The causes of a verdict as in the API, each with a phrase and its time for people."""
    absent = {"name": "", "container": "", "message": ""}
    return [
        {
            **absent,
            **cause_body(cause, item, detail),
            "phrase": phrase(reason_of(cause.reason, item.health)),
            "moment": moment_of(cause.since, now),
        }
        for cause in item.causes[:_MOST_CAUSES]
    ]
