"""Verdicts as monitors read them: the one table of codes, and the bodies."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any, NamedTuple

from k8s_heartbeat.core import Assessment, Cause, Health, Summary

__all__ = [
    "DEFAULT_CODES",
    "DEGRADED_NOT_UP",
    "Detail",
    "Freshness",
    "Group",
    "cause_body",
    "code_of",
    "code_of_group",
    "group_body",
    "health_body",
    "message_of",
    "object_body",
    "reason_of",
    "status_text",
    "to_json",
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
"""The HTTP code of each status. A health's code is used when it fails the caller's policy; `error`
and `timeout` are for an API server that gives no reading."""

DEGRADED_NOT_UP = "degraded, not up"
"""What people read for an object or group that is degraded and below its minimum."""

_COMPACT = json.JSONEncoder(separators=(",", ":"))
_MOST_CAUSES = 20
_MOST_ITEMS = 500
# The words that monitors look for, where they are not part of a name; text in quotes or brackets is
# matched as a whole, so that no word in it is found.
_TELLTALE = re.compile(
    r"""(?<!\w)(["'`]).*?(?:\1(?!\w)|\Z)|\[[^\]]*"""
    r"""|(?<![\w./:@=-])(?P<word>(?:un)?healthy)(?![\w/@=-]|[.:]\S)""",
    re.IGNORECASE | re.DOTALL,
)
# The core's prefixes of lists of names.
_OWN_LISTS = ("containers not ready: ", "readiness gates not open: ")


class Detail(StrEnum):
    """How much an answer says."""

    STATUS = "status"
    """The word and `up`."""
    SUMMARY = "summary"
    """No pod names, and no messages from pods, containers and events."""
    FULL = "full"
    """Everything."""


def status_text(health: Health, *, up: bool) -> str:
    """A status for people: degraded says whether it is up, as it can be either."""
    return DEGRADED_NOT_UP if health is Health.DEGRADED and not up else str(health)


def code_of(assessment: Assessment, codes: Mapping[str, int], *, passes: bool) -> int:
    """The HTTP code of a verdict; that of `up` if it passes the policy."""
    return codes["up" if passes else str(assessment.health)]


def code_of_group(summary: Summary, codes: Mapping[str, int], *, passes: bool) -> int:
    """The HTTP code of a verdict on a group; a missing member does not make it a 404."""
    if passes:
        return codes["up"]
    word = Health.DOWN if summary.health in (Health.MISSING, Health.HEALTHY) else summary.health
    return codes[str(word)]


class Freshness(NamedTuple):
    """How old an answer is.

    Attributes:
        age: Seconds since the oldest reading behind it began.
        stale: Whether one of them is older than its lifetime, as no newer one could be read.
    """

    age: float = 0.0
    stale: bool = False


_JUST_READ = Freshness()


def object_body(
    assessment: Assessment, fresh: Freshness, *, now: datetime, detail: Detail
) -> dict[str, Any]:
    """The body for one object: the headline first, flat, and `since` null where none is stated."""
    body: dict[str, Any] = {"status": str(assessment.health), "up": assessment.up}
    if detail is Detail.STATUS:
        return body
    body |= _headline(assessment, detail)
    body["since"] = _rfc3339(assessment.since)
    body["checkedAt"] = _rfc3339(now - timedelta(seconds=fresh.age))
    body["ageSeconds"] = round(fresh.age, 1)
    body["stale"] = fresh.stale
    body["causes"] = [
        cause_body(cause, assessment, detail) for cause in assessment.causes[:_MOST_CAUSES]
    ]
    return body


def group_body(
    summary: Summary,
    group: Group,
    fresh: Freshness = _JUST_READ,
    *,
    now: datetime,
    detail: Detail,
    failing: bool = False,
    all_items: bool = False,
) -> dict[str, Any]:
    """The body for a group; `items` lists members that are not healthy first.

    For a group that is not up it lists only those, and the others are in `counts` only: no item's
    status or `up` may be taken for good news about the whole.

    Args:
        summary: The verdict.
        group: The group.
        fresh: How old it is.
        now: The time it was judged at.
        detail: The level of detail.
        failing: Whether the response is to raise an alarm at a monitor that may look for a word:
            then healthy members are in `total` only.
        all_items: Whether to list every member anyway, with its `up`.
    """
    body: dict[str, Any] = {"status": str(summary.health), "up": summary.up}
    if detail is Detail.STATUS:
        return body
    fine = not failing and summary.up and summary.health in (Health.HEALTHY, Health.DEGRADED)
    counted = {str(health): count for health, count in summary.counts.items() if count}
    if failing and not all_items:
        counted.pop(str(Health.HEALTHY), None)
    most = len(summary.items) if all_items else _MOST_ITEMS
    fine = fine or all_items
    shown = [item for item in summary.items if fine or item.health is not Health.HEALTHY]
    body |= {
        "activity": str(summary.activity),
        **group.headline(),
        "reason": reason_of(summary.reason, summary.health),
        "message": summary.message,
        "total": len(summary.items),
        "needed": summary.needed,
        "counts": counted,
        "checkedAt": _rfc3339(now - timedelta(seconds=fresh.age)),
        "ageSeconds": round(fresh.age, 1),
        "stale": fresh.stale,
        "items": [_item(item, group, now, detail, fine) for item in shown[:most]],
        "itemsOmitted": max(0, len(shown) - most),
    }
    return body


@dataclass(frozen=True, slots=True)
class Group:
    """What identifies a group in its body.

    Attributes:
        kind: Namespace, Component, Components or Cluster.
        namespace: The namespace, where it is of one.
        name: The component's name, or the namespace's; empty for the cluster.
        title: Its title for people; empty if none is set.
        titles: The titles of its members by their names, where they have some.
    """

    kind: str
    namespace: str = ""
    name: str = ""
    title: str = ""
    titles: Mapping[str, str] = field(default_factory=dict[str, str])

    @classmethod
    def of_namespace(cls, namespace: str) -> Group:
        """That of a namespace; of the cluster where it is empty."""
        return cls("Namespace", namespace, namespace) if namespace else cls("Cluster")

    def headline(self) -> dict[str, Any]:
        """The first fields of the body, for the group."""
        title = {"title": self.title} if self.title else {}
        return {"kind": self.kind, "namespace": self.namespace, "name": self.name, **title}


def _item(
    item: Assessment, group: Group, now: datetime, detail: Detail, fine: bool
) -> dict[str, Any]:
    body: dict[str, Any] = {"status": str(item.health)}
    if fine or not item.up:
        body["up"] = item.up
    body |= _headline(item, detail)
    if item.name in group.titles:
        body["title"] = group.titles[item.name]
    body["since"] = _rfc3339(item.since)
    body["causes"] = [cause_body(cause, item, detail) for cause in item.causes[:_MOST_CAUSES]]
    return body


def health_body(body: Mapping[str, Any]) -> dict[str, Any]:
    """A body as application/health+json: pass, warn or fail in place of the word."""
    told = {**body, "status": _health_word(body)}
    if "items" in body:
        told["items"] = [{**item, "status": _health_word(item)} for item in body["items"]]
    return told


def _health_word(body: Mapping[str, Any]) -> str:
    words = {Health.HEALTHY: "pass", Health.DEGRADED: "warn"}
    # An item without `up` is up.
    return words.get(body["status"], "fail") if body.get("up", True) else "fail"


def to_json(body: Mapping[str, Any] | Sequence[Mapping[str, Any]]) -> str:
    """Compact JSON, in ASCII, so that no odd character of an object's can break it."""
    return _COMPACT.encode(body)


def _headline(assessment: Assessment, detail: Detail) -> dict[str, Any]:
    headline: dict[str, Any] = {
        "activity": str(assessment.activity),
        "kind": assessment.kind,
        "namespace": assessment.namespace,
        "name": assessment.name,
        "reason": reason_of(assessment.reason, assessment.health),
        "message": message_of(assessment, detail),
    }
    if assessment.desired is not None:
        headline |= {"desired": assessment.desired, "available": assessment.available}
    return headline


def message_of(assessment: Assessment, detail: Detail) -> str:
    """The sentence of a verdict, without what the cluster says unless all may be said."""
    return assessment.sentence if detail is Detail.FULL else assessment.message


def cause_body(cause: Cause, assessment: Assessment, detail: Detail) -> dict[str, Any]:
    """One cause of a verdict: no names of others and no messages unless all may be said."""
    own = (cause.kind, cause.name) == (assessment.kind, assessment.name)
    reason = reason_of(cause.reason, assessment.health)
    body: dict[str, Any] = {"reason": reason, "kind": cause.kind}
    if detail is Detail.FULL or own:
        body["name"] = cause.name
    if cause.container is not None:
        body["container"] = cause.container
    body["count"] = cause.count
    if detail is Detail.FULL:
        body["message"] = _message(cause, assessment)
    body["since"] = _rfc3339(cause.since)
    return body


def reason_of(reason: str, health: Health) -> str:
    """A reason; in bad news, replaced if monitors would take the word for good news."""
    if health is Health.HEALTHY:
        return reason
    # The first is the kubelet's, of a failed probe.
    return {"unhealthy": "ProbeFailed", "healthy": "Ready"}.get(reason.lower(), reason)


def _message(cause: Cause, assessment: Assessment) -> str:
    """A cause's message; in bad news, without that word, unless it is part of a name."""
    message = cause.message
    if assessment.health is Health.HEALTHY or message.startswith(_OWN_LISTS):
        return message
    causes = assessment.causes
    names = {assessment.name, assessment.namespace, assessment.kind}
    names |= {name for entry in causes for name in (entry.name, entry.kind, entry.container or "")}
    known = {name.lower() for name in names}

    def reworded(match: re.Match[str]) -> str:
        word = (match["word"] or "").lower()
        if not word or word in known:
            return match.group()
        return "ready" if word == "healthy" else "not ready"

    return _TELLTALE.sub(reworded, message)


def _rfc3339(moment: datetime | None) -> str | None:
    if moment is None:
        return None
    return moment.astimezone(UTC).replace(microsecond=0, tzinfo=None).isoformat() + "Z"
