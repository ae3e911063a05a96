"""An answer as the JSON body of the HTTP contract, in full detail."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from k8s_heartbeat.adapters.http import rendering
from k8s_heartbeat.core import Summary

from .answer import Answer

__all__ = ["body_of"]


def body_of(
    answer: Answer, summary: Summary, now: datetime, *, failing: bool = False
) -> dict[str, Any]:
    """The body: of the object where one was asked for, of a group otherwise.

    Args:
        answer: The answer.
        summary: The verdict on all of it.
        now: The time it was judged at.
        failing: Whether no word in it may be taken for good news.
    """
    detail = rendering.Detail.FULL
    fresh = rendering.Freshness(
        max((entry.age for entry in answer.found), default=0.0),
        any(entry.stale for entry in answer.found),
    )
    if len(answer.found) == 1 and answer.group is None and not answer.uncounted:
        (only,) = answer.found
        body = rendering.object_body(only.assessment, fresh, now=now, detail=detail)
    else:
        kind, name = answer.group or ("List", "")
        place = name if kind == "Namespace" else ""
        group = rendering.Group(kind, place, name, answer.title)
        body = rendering.group_body(summary, group, fresh, now=now, detail=detail, failing=failing)
    if answer.uncounted:
        body["notCounted"] = [
            rendering.object_body(entry.assessment, fresh, now=now, detail=detail)
            for entry in answer.uncounted
        ]
    return body
