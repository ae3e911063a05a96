"""Whether a CronJob has missed a run: something was due, and nothing has started since.

Source: mostRecentScheduleTime (kubernetes/pkg/controller/cronjob/utils.go). Without spec.timeZone
it takes the hours in its own machine's time zone, which is not stated.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta, timezone, tzinfo

from ..fields import FieldError
from ..schedule import Schedule, zone_of

__all__ = ["overdue", "timetable", "turns_since"]

_MINUTE = timedelta(minutes=1)
_DAWN = datetime.min.replace(tzinfo=UTC)
_HOUR = timedelta(hours=1)
# Every zone lies a whole number of quarter hours off UTC; the likeliest first.
_OFFSETS = sorted((timedelta(minutes=15 * number) for number in range(-48, 57)), key=abs)
_PLACES: tuple[tuple[tzinfo, tzinfo | None], ...] = (
    (UTC, None),
    *((timezone(offset), timezone(offset - _HOUR)) for offset in _OFFSETS[1:]),
)


def timetable(text: str, zone: str | None) -> tuple[Schedule, tzinfo | None]:
    """A CronJob's schedule and the time zone that its hours are meant in; None if not stated.

    Raises:
        FieldError: One of them cannot be read.
    """
    field = "spec.schedule"
    try:
        schedule = Schedule.parse(text)
        field = "spec.timeZone"
        return schedule, None if zone is None else zone_of(zone)
    except ValueError as error:
        raise FieldError(f"{field} {error}") from error


def overdue(
    schedule: Schedule,
    zone: tzinfo | None,
    *,
    scheduled: datetime | None,
    created: datetime | None,
    by: datetime,
) -> datetime | None:
    """The latest due time of a run that should have started; None if there is none.

    Without a stated zone, a run must be overdue in every possible zone.

    Args:
        schedule: When runs are due.
        zone: The zone of its hours; None if not stated.
        scheduled: When the last run that has started was due.
        created: Since when there can be runs.
        by: Runs that were due by this time should have started.
    """
    since = scheduled or created
    if since is None:
        return None
    found: list[datetime] = []
    for place, later in _places(schedule, zone, scheduled):
        # If the clocks went back since, all until then is due by the clock that they had before.
        until = by if later is None else schedule.last(by, later, since)
        due = None if until is None else schedule.last(until, place, since)
        if due is None or due <= since:
            return None
        found.append(due)
    # The likeliest zone comes first.
    return found[0]


def turns_since(
    schedule: Schedule,
    zone: tzinfo | None,
    *,
    since: datetime | None,
    last: datetime | None,
    most: int,
) -> int:
    """How many runs were due after `since`, up to and with the `last` one that has started.

    Args:
        schedule: When runs are due.
        zone: The zone of its hours; the number is much the same in any zone.
        since: The time to count from; None for no limit.
        last: When the last run that has started was due.
        most: Where to stop counting.
    """
    turns = 0
    turn = last
    while turn is not None and turns < most and (since is None or turn > since):
        turns += 1
        before = max(turn, _DAWN + _MINUTE) - _MINUTE
        turn = schedule.last(before, zone or UTC, since)
    return turns


def _places(
    schedule: Schedule, zone: tzinfo | None, scheduled: datetime | None
) -> Sequence[tuple[tzinfo, tzinfo | None]]:
    """The possible zones of the hours: those in which the last run fits the schedule.

    Each comes with the zone that it becomes when its clocks go back; a stated zone does not need
    that.
    """
    if zone is not None:
        return ((zone, None),)
    if schedule.zone is not None or schedule.every is not None:
        return ((UTC, None),)
    if scheduled is None:
        return _PLACES
    fitting = [entry for entry in _PLACES if schedule.fits(scheduled, entry[0])]
    return fitting or _PLACES
