"""A report: what is certain about a group, and how it is said to people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from k8s_heartbeat.core import Assessment, Health, Summary, Threshold
from k8s_heartbeat.core.assessment import UNREAD
from k8s_heartbeat.core.failure_policy import FailurePolicy

__all__ = ["Outcome", "Report", "outcome_of"]

_MOST_LINES = 50


class Outcome(StrEnum):
    """What a report says of everything that was asked for."""

    UP = "up"
    """It passes the policy."""
    DOWN = "down"
    """It does not, whatever could not be judged."""
    UNKNOWN = "unknown"
    """What could not be judged would decide."""


@dataclass(frozen=True, slots=True)
class Report:
    """What is reported.

    Attributes:
        outcome: Whether it is good news.
        summary: The verdict on all of it, and its members.
        uncounted: Verdicts on objects that do not count, as their evidence was not given.
        now: The time it was judged at.
        seconds: How long judging took.
        body: All of it as the JSON body of the HTTP contract.
        component: The name of the component that was asked for; empty for none.
    """

    outcome: Outcome
    summary: Summary
    now: datetime
    seconds: float
    body: Mapping[str, Any] = field(default_factory=dict[str, Any])
    uncounted: Sequence[Assessment] = ()
    component: str = ""

    @property
    def message(self) -> str:
        """One line for people."""
        items = self.summary.items
        if len(items) != 1 or self.component:
            return _printable(self.summary.message)
        return _line(items[0])

    @property
    def text(self) -> str:
        """Some lines for people: the message, and the members that are not healthy."""
        lines = [f"{self.outcome}: {self.message}"]
        if len(self.summary.items) != 1 or self.component:
            bad = [item for item in self.summary.items if item.health is not Health.HEALTHY]
            lines += [f"{item.health}: {_line(item)}" for item in bad[:_MOST_LINES]]
            if len(bad) > _MOST_LINES:
                lines.append(f"and {len(bad) - _MOST_LINES} more")
        return "\n".join(lines)


def outcome_of(
    summary: Summary, needed: Threshold | None, policy: FailurePolicy, now: datetime
) -> Outcome:
    """What can be said for certain: up and down both need evidence, and else it is unknown.

    Args:
        summary: The verdict on a group.
        needed: How many of its members must be up; None for all of them.
        policy: What counts as failing.
        now: The time it was judged at.
    """
    if policy.passes_group(summary, now):
        return Outcome.UP
    unknown = [item for item in summary.items if item.health is Health.UNKNOWN]
    good = sum(policy.passes(item, now) for item in summary.items)
    if not summary.items:
        return Outcome.UNKNOWN
    # A list that was not read may hold any number of members that are up.
    unbounded = needed is not None and any(map(_stands_for_many, unknown))
    if unbounded or good + len(unknown) >= summary.needed:
        return Outcome.UNKNOWN
    return Outcome.DOWN


def _stands_for_many(item: Assessment) -> bool:
    return item.reason == UNREAD and not item.name


def _line(item: Assessment) -> str:
    place = "/".join(part for part in (item.namespace, item.name) if part)
    named = " ".join(part for part in (item.kind, place) if part)
    return _printable(": ".join(part for part in (named, item.sentence) if part))


def _printable(text: str) -> str:
    """A text of objects on one line, without control characters."""
    return "".join(letter if letter.isprintable() else " " for letter in text)
