"""What ``check`` prints: rows for people, names for scripts, the body of the HTTP contract."""

from __future__ import annotations

import os
import sys
from datetime import datetime

from k8s_heartbeat.core import Assessment, Cause, Health, Summary, summarize
from k8s_heartbeat.core.durations import format_duration
from k8s_heartbeat.core.failure_policy import FailurePolicy
from k8s_heartbeat.core.kinds import kubectl_name

from .answer import Answer

__all__ = ["report"]

_COLOURS = {
    Health.HEALTHY: "32",
    Health.DEGRADED: "33",
    Health.DOWN: "31",
    Health.MISSING: "31",
    Health.UNKNOWN: "35",
}


def report(answer: Answer, output: str, now: datetime, failure_policy: FailurePolicy) -> bool:
    """Print the result as `output`; return whether it passes the policy."""
    summary = summarize((entry.assessment for entry in answer.found), answer.needed)
    if output == "json":
        _print_json(answer, summary, now)
    elif output == "name":
        for item in summary.items:
            if not failure_policy.passes(item, now):
                print(_clean(f"{_kind(item)}/{item.name}"))
    else:
        _print_rows(answer, summary, now, wide=output == "wide")
    return failure_policy.passes_group(summary, now)


def _print_rows(answer: Answer, summary: Summary, now: datetime, *, wide: bool) -> None:
    several = len(answer.found) != 1 or bool(answer.uncounted)
    if several or answer.group:
        print(f"{_word(summary.health)} {_clean(summary.message)}")
    for item in summary.items:
        shown = wide or answer.listed or not (several or answer.group)
        if item.health is Health.HEALTHY and not shown:
            continue
        print(_row(item))
        if wide:
            for cause in item.causes:
                print(_cause_row(cause, now))
    for entry in answer.uncounted:
        print(f"{_row(entry.assessment)} (not counted)")


def _print_json(answer: Answer, summary: Summary, now: datetime) -> None:
    from k8s_heartbeat.adapters.http import rendering  # noqa: PLC0415  # for this form alone

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
        body = rendering.group_body(summary, group, fresh, now=now, detail=detail)
    if answer.uncounted:
        body["notCounted"] = [
            rendering.object_body(entry.assessment, fresh, now=now, detail=detail)
            for entry in answer.uncounted
        ]
    print(rendering.to_json(body))


def _row(item: Assessment) -> str:
    place = "/".join(filter(None, (item.namespace, _kind(item), item.name)))
    text = f"{_clean(place)}  {item.activity}  {_clean(item.reason)}: {_clean(item.sentence)}"
    return f"{_word(item.health)} {text}"


def _kind(item: Assessment) -> str:
    return kubectl_name(item.kind, item.api_version)


def _cause_row(cause: Cause, now: datetime) -> str:
    parts = [f"{cause.reason} {cause.kind.lower()}/{cause.name}"]
    if cause.container:
        parts.append(f"container {cause.container}")
    if cause.count > 1:
        parts.append(f"×{cause.count}")  # noqa: RUF001  # as it is written
    if cause.since is not None:
        parts.append(f"since {format_duration(now - cause.since)}")
    text = ", ".join(parts) + (f": {cause.message}" if cause.message else "")
    return f"          {_clean(text)}"


def _word(health: Health) -> str:
    word = f"{health!s:9}"
    if sys.stdout is not None and sys.stdout.isatty() and not os.environ.get("NO_COLOR"):
        return f"\033[{_COLOURS[health]}m{word}\033[0m"
    return word


def _clean(text: str) -> str:
    """An object's text without terminal control characters."""
    return "".join(letter if letter.isprintable() else " " for letter in text)
