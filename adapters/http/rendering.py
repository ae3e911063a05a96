"""Verdicts as monitors read them: the one table of codes, and the bodies."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any

from k8s_heartbeat.core import Assessment, Cause, Health, Summary
from k8s_heartbeat.core.check import Checked
from k8s_heartbeat.core.line import Line

__all__ = [
    "DEFAULT_CODES",
    "Detail",
    "Group",
    "code_of",
    "code_of_group",
    "group_body",
    "health_body",
    "object_body",
    "to_json",
    "unmistakable",
]

DEFAULT_CODES: Mapping[str, int] = {
    "up": 200,
    "degraded": 503,
    "down": 503,
    "unknown": 503,
    "missing": 404,
    "error": 502,
    "timeout": 504,
}
"""Which HTTP code answers which word. A health's code is used when it falls below the line; error
and timeout are those of an API server that gives no reading."""

_MOST_CAUSES = 20
_MOST_ITEMS = 500
_TELLTALE = re.compile("(un)?healthy", re.IGNORECASE)


class Detail(StrEnum):
    """How much an answer says."""

    STATUS = "status"
    """The word and `up`."""
    SUMMARY = "summary"
    """No pod names, and no messages from pods, containers and events."""
    FULL = "full"
    """Everything."""


def code_of(
    assessment: Assessment, *, now: datetime, line: Line = Line(), codes: Mapping[str, int]
) -> int:
    """The HTTP code of a verdict."""
    return codes["up" if line.passes(assessment, now) else str(assessment.health)]


def code_of_group(
    summary: Summary, *, now: datetime, line: Line = Line(), codes: Mapping[str, int]
) -> int:
    """The HTTP code of a verdict on many; a member that is missing does not make it a 404."""
    if line.passes_group(summary, now):
        return codes["up"]
    word = Health.DOWN if summary.health in (Health.MISSING, Health.HEALTHY) else summary.health
    return codes[str(word)]


def object_body(checked: Checked, *, now: datetime, detail: Detail) -> dict[str, Any]:
    """The body for one object: the headline first, flat, and `since` null where none is stated."""
    assessment = checked.assessment
    body: dict[str, Any] = {"status": str(assessment.health), "up": assessment.up}
    if detail is Detail.STATUS:
        return body
    body |= _headline(assessment)
    body["since"] = _rfc3339(assessment.since)
    body["checkedAt"] = _rfc3339(now - timedelta(seconds=checked.age))
    body["ageSeconds"] = round(checked.age, 1)
    body["stale"] = checked.stale
    body["causes"] = [
        _cause(cause, assessment, detail) for cause in assessment.causes[:_MOST_CAUSES]
    ]
    return body if assessment.health is Health.HEALTHY else _unmistakable(body)


def group_body(
    summary: Summary,
    group: Group,
    *,
    now: datetime,
    detail: Detail,
    failing: bool = False,
) -> dict[str, Any]:
    """The body for many objects: `items` names those that are not fine first.

    Of a group that is not up it names those alone, and the others are in `counts` only: no item's
    word or `up` may pass for good news about the whole.

    Args:
        summary: The verdict.
        group: What it is about.
        now: The time it was judged at.
        detail: How much is said.
        failing: Whether it answers a monitor that is to raise an alarm, and that may look for a
            word: then what is well is in `total` only.
    """
    body: dict[str, Any] = {"status": str(summary.health), "up": summary.up}
    if detail is Detail.STATUS:
        return body
    fine = not failing and summary.up and summary.health in (Health.HEALTHY, Health.DEGRADED)
    counted = {str(health): count for health, count in summary.counts.items() if count}
    headline = group.headline()
    if failing:
        counted.pop(str(Health.HEALTHY), None)
        headline = {**headline, "title": unmistakable(group.title)} if group.title else headline
    shown = [item for item in summary.items if fine or item.health is not Health.HEALTHY]
    body |= {
        "activity": str(summary.activity),
        **headline,
        "reason": summary.reason,
        "message": summary.message,
        "total": len(summary.items),
        "needed": summary.needed,
        "counts": counted,
        "checkedAt": _rfc3339(now - timedelta(seconds=group.age)),
        "ageSeconds": round(group.age, 1),
        "stale": group.stale,
        "items": [_item(item, now, detail, fine) for item in shown[:_MOST_ITEMS]],
        "itemsOmitted": max(0, len(shown) - _MOST_ITEMS),
    }
    return body if fine else _unmistakable(body)


@dataclass(frozen=True, slots=True)
class Group:
    """What an aggregate's body says besides the verdict.

    Attributes:
        kind: Namespace, Component or Cluster.
        namespace: The namespace, where it is of one.
        name: The component's name, or the namespace's; empty for the cluster.
        title: What it is called for people; empty where nobody has said.
        age: Seconds since the oldest reading among its members.
        stale: Whether any reading is older than the reader would like.
    """

    kind: str
    namespace: str = ""
    name: str = ""
    title: str = ""
    age: float = 0.0
    stale: bool = False

    def headline(self) -> dict[str, Any]:
        """What the body says first of what it is about."""
        title = {"title": self.title} if self.title else {}
        return {"kind": self.kind, "namespace": self.namespace, "name": self.name, **title}


def _item(item: Assessment, now: datetime, detail: Detail, fine: bool) -> dict[str, Any]:
    body: dict[str, Any] = {"status": str(item.health)}
    if fine or not item.up:
        body["up"] = item.up
    body |= _headline(item)
    body["since"] = _rfc3339(item.since)
    body["causes"] = [_cause(cause, item, detail) for cause in item.causes[:_MOST_CAUSES]]
    return body if item.health is Health.HEALTHY else _unmistakable(body)


def health_body(body: Mapping[str, Any]) -> dict[str, Any]:
    """A body as application/health+json: pass, warn or fail in place of the word."""
    told = {**body, "status": _health_word(body)}
    if "items" in body:
        told["items"] = [{**item, "status": _health_word(item)} for item in body["items"]]
    return told


def _health_word(body: Mapping[str, Any]) -> str:
    words = {Health.HEALTHY: "pass", Health.DEGRADED: "warn"}
    # Where an item does not say whether it is up, it is.
    return words.get(body["status"], "fail") if body.get("up", True) else "fail"


def to_json(body: Mapping[str, Any]) -> str:
    """Compact JSON, in ASCII, so that no odd character of an object's can break it."""
    return json.dumps(body, separators=(",", ":"))


def _headline(assessment: Assessment) -> dict[str, Any]:
    headline: dict[str, Any] = {
        "activity": str(assessment.activity),
        "kind": assessment.kind,
        "namespace": assessment.namespace,
        "name": assessment.name,
        "reason": assessment.reason,
        "message": assessment.message,
    }
    if assessment.desired is not None:
        headline |= {"desired": assessment.desired, "available": assessment.available}
    return headline


def _cause(cause: Cause, assessment: Assessment, detail: Detail) -> dict[str, Any]:
    own = (cause.kind, cause.name) == (assessment.kind, assessment.name)
    body: dict[str, Any] = {"reason": cause.reason, "kind": cause.kind}
    if detail is Detail.FULL or own:
        body["name"] = cause.name
    if cause.container is not None:
        body["container"] = cause.container
    body["count"] = cause.count
    if detail is Detail.FULL:
        body["message"] = cause.message
    body["since"] = _rfc3339(cause.since)
    return body


def _unmistakable(body: dict[str, Any]) -> dict[str, Any]:
    """A failing body's reasons and messages without the word that keyword monitors look for.

    Names are left as they are: they are the caller's own.
    """
    for entry in (body, *body.get("causes", ())):
        # The kubelet's event for a failed probe.
        failed_probe = entry["reason"] == "Unhealthy"
        entry["reason"] = "ProbeFailed" if failed_probe else unmistakable(entry["reason"], "")
        if "message" in entry:
            entry["message"] = unmistakable(entry["message"])
    return body


def unmistakable(text: str, space: str = " ") -> str:
    """A text about something bad without the word that keyword monitors take for good news."""

    def reworded(match: re.Match[str]) -> str:
        if not space:
            return "NotReady" if match.group(1) else "Ready"
        return "not ready" if match.group(1) else "ready"

    return _TELLTALE.sub(reworded, text)


def _rfc3339(moment: datetime | None) -> str | None:
    if moment is None:
        return None
    return moment.astimezone(UTC).replace(microsecond=0, tzinfo=None).isoformat() + "Z"
