"""Many assessments as one: the worst health, the figures, and what fails first."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from .assessment import SEVERITY, UNREAD, Activity, Assessment, Health, worst
from .threshold import Threshold

__all__ = ["Summary", "summarize"]


@dataclass(frozen=True, slots=True)
class Summary:
    """The verdict on a group.

    Attributes:
        health: The worst health of its members by `SEVERITY`; degraded at worst for a group that
            is up by a number of its own; unknown for an empty group.
        activity: What is being done with any of them: progressing before terminating before
            steady; suspended only when all are.
        up: Whether as many members are up as must be; false for an empty group.
        reason: The reason of the worst member, or of the worst that is not up if the group is not;
            ``NothingMatched`` for an empty group.
        message: One sentence with the figures and the worst member.
        counts: Members per health, every health named.
        items: The members, worst first, then by namespace, kind and name.
        needed: How many members must be up.
    """

    health: Health
    activity: Activity
    up: bool
    reason: str
    message: str
    counts: Mapping[Health, int]
    items: tuple[Assessment, ...]
    needed: int = 0


def summarize(assessments: Iterable[Assessment], needed: Threshold | None = None) -> Summary:
    """The verdict on a group: never better than its worst member.

    The exception is a group that is up because `needed` members are: it is degraded while any
    member is not healthy, since "down" and "up" in one answer mislead.

    Args:
        assessments: The members' verdicts.
        needed: How many members must be up; None for all of them.
    """
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
    least = len(items) if needed is None else needed.of(len(items))
    if needed is not None and needed.percent and any(map(_stands_for_many, items)):
        # The total for the percentage is unknown: all are needed, the unread ones too.
        least = len(items)
    up = sum(item.up for item in items) >= least
    # If the group is not up, a member that is down but kept up is not the cause.
    first = items[0] if up else next((item for item in items if not item.up), items[0])
    health = items[0].health
    if needed is not None and up and health is not Health.HEALTHY:
        health = Health.DEGRADED
    summary = Summary(
        health=health,
        activity=_activity({item.activity for item in items}),
        up=up,
        reason=first.reason,
        message=_message(items, first, least),
        counts=counts,
        items=items,
        needed=least,
    )
    if least <= len(items):
        return summary
    # All members may be healthy but too few.
    return replace(
        summary,
        health=worst(items[0].health, Health.DOWN),
        reason="TooFewMembers",
        message=f"{least} must be up and only {len(items)} are there; {summary.message}",
    )


def _stands_for_many(item: Assessment) -> bool:
    """Whether it represents an unknown number of members of an incomplete list."""
    return item.reason == UNREAD and not item.name


class _LastResort:
    """Two readings of one object: either may come first, but always the same one."""

    def __init__(self, item: Assessment) -> None:
        self._item = item

    def __lt__(self, other: _LastResort) -> bool:
        return repr(self._item) < repr(other._item)


def _order(item: Assessment) -> tuple[int, bool, str, str, str, str, _LastResort]:
    return (
        SEVERITY.index(item.health),
        item.up,
        item.namespace,
        item.kind,
        item.name,
        item.message,
        _LastResort(item),
    )


def _activity(activities: set[Activity]) -> Activity:
    for activity in (Activity.PROGRESSING, Activity.TERMINATING, Activity.STEADY):
        if activity in activities:
            return activity
    return Activity.SUSPENDED


def _message(items: tuple[Assessment, ...], first: Assessment, least: int) -> str:
    bad = sum(item.health is not Health.HEALTHY for item in items)
    if not bad:
        return f"all {len(items)} are doing their job" if len(items) > 1 else "it is doing its job"
    place = "/".join(part for part in (first.namespace, first.name) if part)
    named = " ".join(part for part in (first.kind, place) if part)
    enough = f" ({sum(item.up for item in items)} up, {least} needed)" * (least < len(items))
    worst_of = ": ".join(part for part in (named, first.message) if part)
    return f"{bad} of {len(items)} failing{enough}; worst: {worst_of}"
