"""Verdicts as people see them: lines, cards, and one sentence that sums up."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2b
from typing import Any
from urllib.parse import quote

from k8s_heartbeat.core import SEVERITY, Activity, Assessment, Cause, Health, Summary
from k8s_heartbeat.core.assessment import UNREAD
from k8s_heartbeat.core.causes import foremost
from k8s_heartbeat.core.failure_policy import failing_since

from ..questions import NO_NAMESPACE
from ..rendering import Detail, cause_body, message_of, reason_of
from .kubectl import kind_word
from .phrases import Moment, clock_time, counted, moment_of, phrase

__all__ = ["Card", "Line", "Lines", "Place", "Verdict", "places", "sentence", "unread"]

_LONGEST = 200
_STATES = {
    Health.DOWN: "is down",
    Health.UNKNOWN: "could not be judged",
    Health.MISSING: "is missing",
    Health.DEGRADED: "is degraded",
    Health.HEALTHY: "works",
}
_GROUP_STATES = {**_STATES, Health.MISSING: "lacks a member"}


@dataclass(frozen=True, slots=True)
class Line:
    """An object on one line.

    Attributes:
        key: Tells it from others on the page.
        word: Its status.
        up: Whether it is up.
        kind: Its kind.
        namespace: Its namespace; empty for none.
        name: Its name; empty for the part of a list that was not read.
        path: The path of its page, below the prefix; empty for none.
        activity: What is being done with it; empty if nothing is.
        figures: How many of its replicas are available, such as ``0/3``; empty if none are counted.
        short: Whether these are fewer than are desired.
        since: Since when.
        reason: The first cause, or the reason.
        where: What of it shows that cause, such as ``container app, 3 times``.
        message: What is to be said about it.
    """

    key: str
    word: str
    up: bool
    kind: str
    namespace: str
    name: str
    path: str
    activity: str
    figures: str
    short: bool
    since: Moment | None
    reason: str
    where: str
    message: str


@dataclass(frozen=True, slots=True)
class Card:
    """A component.

    Attributes:
        name: Its name.
        title: Its title.
        word: Its status.
        up: Whether it is up.
        path: The path of its page, below the prefix; empty for none.
        enough: How many of its members are up and must be; empty where that may not be told.
        lines: Its members, failing ones first.
        more: How many further members it has.
    """

    name: str
    title: str
    word: str
    up: bool
    path: str = ""
    enough: str = ""
    lines: Sequence[Line] = ()
    more: int = 0


@dataclass(frozen=True, slots=True)
class Place:
    """A namespace.

    Attributes:
        name: Its name.
        word: The worst status in it.
        figures: How many of its workloads are in which state.
    """

    name: str
    word: str
    figures: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """A component or a workload, for the sentence.

    Attributes:
        name: What people call it.
        health: Its health.
        members: The verdicts behind it.
        is_group: Whether it is a component.
    """

    name: str
    health: Health
    members: Sequence[Assessment]
    is_group: bool = False


class Lines:
    """Makes lines of verdicts, at one level of detail.

    Args:
        detail: How much may be told; `Detail.STATUS` tells of no object but its own name.
        now: The time of the page.
    """

    def __init__(self, detail: Detail, now: datetime) -> None:
        self._detail = detail
        self._now = now

    def line(self, item: Assessment) -> Line:
        """An object on one line."""
        first = _first(item)
        since = since_of(item)
        own = "/".join((item.api_version, item.kind, item.namespace, item.name, item.reason))
        return Line(
            key=blake2b(own.encode(errors="replace"), digest_size=6).hexdigest(),
            word=str(item.health),
            up=item.up,
            kind=item.kind,
            namespace=item.namespace,
            name=item.name,
            path=path_of(item),
            activity="" if item.activity is Activity.STEADY else str(item.activity),
            figures="" if item.desired is None else f"{item.available or 0}/{item.desired}",
            short=item.desired is not None and (item.available or 0) < item.desired,
            since=moment_of(since, self._now),
            reason=self._reason(item, first),
            where="" if first is None else _where(first),
            message=self.message(item, first),
        )

    def message(self, item: Assessment, first: Cause | None) -> str:
        """What is to be said on the line: of the first cause, where all may be said."""
        if first is None:
            message = message_of(item, self._detail)
        elif self._detail is Detail.FULL:
            message = str(cause_body(first, item, self._detail)["message"])
        else:
            return ""
        return message if len(message) <= _LONGEST else f"{message[: _LONGEST - 1]}…"

    def text(self, item: Assessment) -> str:
        """All text on the line: what can be looked for."""
        first = _first(item)
        where = "" if first is None else _where(first)
        reason, message = self._reason(item, first), self.message(item, first)
        return "\n".join((item.namespace, item.kind, item.name, reason, where, message))

    def _reason(self, item: Assessment, first: Cause | None) -> str:
        return reason_of(item.reason if first is None else first.reason, item.health)

    def why(self, item: Assessment) -> str:
        """Why an object fails, as the end of a sentence."""
        first = _first(item)
        desired, available = item.desired, item.available or 0
        if item.health is Health.MISSING and item.name:
            return f"there is no {item.kind} {item.name}"
        if desired is not None and available < desired:
            told = f"{available} of {desired} {item.name} pods available"
        else:
            about = " ".join(part for part in (item.kind, item.name) if part and item.name)
            message = item.message.partition("; ")[0]
            told = ": ".join(part for part in (about, message) if part)
        reason = "" if first is None else phrase(reason_of(first.reason, item.health))
        if reason and item.reason != UNREAD:
            told = f"{told}, {reason}"
        # Not the first cause's own time: that of a crash loop moves with every restart.
        since = since_of(item)
        return f"{told} since {clock_time(since, self._now)}" if since is not None else told


def since_of(item: Assessment) -> datetime | None:
    """Since when an object is as it is; for one that fails, its first cause may tell."""
    since = failing_since(item)
    if since is None and item.health is not Health.HEALTHY:
        first = _first(item)
        return None if first is None else first.since
    return since


def path_of(item: Assessment) -> str:
    """The path of an object's page, below the prefix; empty for what has no name or kind."""
    if not (item.kind and item.name):
        return ""
    place = item.namespace or NO_NAMESPACE
    parts = (place, kind_word(item.kind, item.api_version), item.name)
    return "/status/" + "/".join(quote(part, safe="", errors="replace") for part in parts)


def _first(item: Assessment) -> Cause | None:
    """The cause that is shown first; none where all is well.

    It is one that says more than the verdict's own reason, if there is any.
    """
    if item.health is Health.HEALTHY:
        return None
    others = [cause for cause in item.causes if cause.reason != item.reason]
    return foremost(others) or foremost(item.causes)


def _where(cause: Cause) -> str:
    parts = [f"container {cause.container}"] if cause.container else []
    parts += [f"{cause.count} times"] if cause.count > 1 else []
    return ", ".join(parts)


def sentence(verdicts: Sequence[Verdict], lines: Lines | None, one: str) -> str:
    """One sentence on what is most wrong, or that nothing is.

    Args:
        verdicts: At least one.
        lines: Says why; None where that may not be told.
        one: What each of them is, such as ``component``.
    """
    bad = [entry for entry in verdicts if entry.health is not Health.HEALTHY]
    if not bad:
        if len(verdicts) == 1:
            return f"{verdicts[0].name} works"
        return f"All {counted(len(verdicts), one)} work"
    bad.sort(key=lambda entry: SEVERITY.index(entry.health))
    first, others = bad[0], len(bad) - 1
    states = _GROUP_STATES if first.is_group else _STATES
    told = f"{first.name} {states[first.health]}"
    failing = [item for item in first.members if item.health is not Health.HEALTHY]
    if lines is not None and failing:
        told = f"{told}: {lines.why(next((item for item in failing if not item.up), failing[0]))}"
    if not others:
        return told
    need = "needs" if others == 1 else "need"
    return f"{told}; {counted(others, f'other {one}')} {need} attention too"


def places(items: Iterable[Assessment]) -> list[Place]:
    """The namespaces of verdicts, worst first."""
    found: dict[str, dict[Health, int]] = {}
    for item in items:
        counts = found.setdefault(item.namespace, dict.fromkeys(SEVERITY, 0))
        counts[item.health] += 1
    ranked = sorted(
        found.items(),
        key=lambda entry: (
            next(rank for rank, health in enumerate(SEVERITY) if entry[1][health]),
            entry[0],
        ),
    )
    return [
        Place(name, next(str(health) for health in SEVERITY if counts[health]), _figures(counts))
        for name, counts in ranked
    ]


def _figures(counts: dict[Health, int]) -> str:
    total = sum(counts.values())
    bad = [f"{counts[health]:,} {health}" for health in SEVERITY[:-1] if counts[health]]
    return f"{', '.join(bad)} of {total:,}" if bad else f"{total:,} healthy"


def unread(summary: Summary) -> list[str]:
    """What of a group could not be read, each in a sentence."""
    return [item.message for item in summary.items if _is_unread(item)]


def _is_unread(item: Assessment) -> bool:
    return item.reason == UNREAD and not item.name


def cause_lines(item: Assessment, detail: Detail, now: datetime) -> list[dict[str, Any]]:
    """The causes of a verdict, each as the API has it, with its time for people."""
    absent = {"name": "", "container": "", "message": ""}
    return [
        {
            **absent,
            **cause_body(cause, item, detail),
            "phrase": phrase(reason_of(cause.reason, item.health)),
            "moment": moment_of(cause.since, now),
        }
        for cause in item.causes[:MOST_CAUSES]
    ]


MOST_CAUSES = 50
"""Causes that the page of an object shows."""
