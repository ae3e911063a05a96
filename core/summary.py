"""Many assessments as one: the worst health, the figures, and what is not fine first."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from .assessment import SEVERITY, Activity, Assessment, Health

__all__ = ["Summary", "summarize"]


@dataclass(frozen=True, slots=True)
class Summary:
    """The verdict on a group.

    Attributes:
        health: The worst health of its members by `SEVERITY`; unknown for an empty group.
        activity: What is being done with any of them: progressing before terminating before
            steady; suspended only when all are.
        up: Whether every member is up; false for an empty group.
        reason: The worst member's reason; ``NothingMatched`` for an empty group.
        message: One sentence with the figures and the worst member.
        counts: Members per health, every health named.
        items: The members, worst first, alike ones by namespace, kind and name.
    """

    health: Health
    activity: Activity
    up: bool
    reason: str
    message: str
    counts: Mapping[Health, int]
    items: tuple[Assessment, ...]


def summarize(assessments: Iterable[Assessment]) -> Summary:
    """The verdict on a group: never better than its worst member."""
    items = tuple(sorted(assessments, key=_order))
    counts = dict.fromkeys(SEVERITY, 0)
    for item in items:
        counts[item.health] += 1
    if not items:
        return Summary(
            Health.UNKNOWN,
            Activity.STEADY,
            up=False,
            reason="NothingMatched",
            message="nothing matched that could be judged",
            counts=counts,
            items=(),
        )
    first = items[0]
    return Summary(
        health=first.health,
        activity=_activity({item.activity for item in items}),
        up=all(item.up for item in items),
        reason=first.reason,
        message=_message(items),
        counts=counts,
        items=items,
    )


def _order(item: Assessment) -> tuple[int, bool, str, str, str, str, str]:
    return (
        SEVERITY.index(item.health),
        item.up,
        item.namespace,
        item.kind,
        item.name,
        item.message,
        # Two readings of one object: either may stand first, but always the same one.
        repr(item),
    )


def _activity(activities: set[Activity]) -> Activity:
    for activity in (Activity.PROGRESSING, Activity.TERMINATING, Activity.STEADY):
        if activity in activities:
            return activity
    return Activity.SUSPENDED


def _message(items: tuple[Assessment, ...]) -> str:
    bad = [item for item in items if item.health is not Health.HEALTHY]
    if not bad:
        return f"all {len(items)} are doing their job"
    place = "/".join(part for part in (bad[0].namespace, bad[0].name) if part)
    return f"{len(bad)} of {len(items)} are not fine, first {bad[0].kind} {place}: {bad[0].message}"
