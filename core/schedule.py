"""Cron schedules as the CronJob controller reads them: when should the last run have started?

Source: ParseStandard and SpecSchedule.Next of github.com/robfig/cron v3.0.1 (parser.go, spec.go).
What they reject is rejected here: 7 for Sunday, ranges that wrap around, a step of 0.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from typing import NamedTuple

from .durations import parse_duration

__all__ = ["Schedule", "zone_of"]

_FORM = "is not a cron schedule of five fields, such as 30 3 * * 1-5 or @daily"
_DESCRIPTORS = {
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
    "@monthly": "0 0 1 * *",
    "@weekly": "0 0 * * 0",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@hourly": "0 * * * *",
}
_MONTHS = "jan feb mar apr may jun jul aug sep oct nov dec"
_DAYS = "sun mon tue wed thu fri sat"
_NO_NAMES: Mapping[str, int] = {}
# lowest and highest value, and the names, of each of the five fields
_FIELDS: tuple[tuple[int, int, Mapping[str, int]], ...] = (
    (0, 59, _NO_NAMES),
    (0, 23, _NO_NAMES),
    (1, 31, _NO_NAMES),
    (1, 12, {name: number for number, name in enumerate(_MONTHS.split(), 1)}),
    (0, 6, {name: number for number, name in enumerate(_DAYS.split())}),
)
_NUMBER = re.compile(r"\+?[0-9]{1,18}", re.ASCII)
_ZONE_PREFIX = re.compile(r"(?:CRON_)?TZ=([^ ]*) (.*)", re.ASCII | re.DOTALL)
_ZONE = re.compile(r"[A-Za-z0-9_+-]{1,14}(/[A-Za-z0-9_+-]{1,14}){0,2}", re.ASCII)
_LONGEST = 1000
_MINUTE = timedelta(minutes=1)
# From one February 29 to the next it is eight years at most: 2096 to 2104.
_REACH = timedelta(days=8 * 366)
_LENGTHS = (0, 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


def zone_of(name: str) -> tzinfo:
    """The time zone of that name in the IANA database, such as ``Europe/Berlin``.

    Raises:
        ValueError: This machine has no zone of that name.
    """
    if name in ("", "UTC"):
        return UTC
    # It reads the machine's database, which only a named zone needs.
    from zoneinfo import ZoneInfo  # noqa: PLC0415  # see above

    try:
        if _ZONE.fullmatch(name):
            return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        pass
    raise ValueError("names no time zone that this machine knows, such as Europe/Berlin")


@dataclass(frozen=True, slots=True)
class Schedule:
    """When something is due.

    Attributes:
        minutes: Minutes of the hour.
        hours: Hours of the day.
        days: Days of the month.
        months: Months of the year.
        weekdays: Days of the week; Sunday is 0.
        either_day: Whether a day needs to be only one of `days` and `weekdays`: both are
            restricted.
        zone: The zone that the schedule itself names.
        every: The interval of an ``@every``, in whole seconds; the other fields mean nothing then.
    """

    minutes: frozenset[int] = frozenset()
    hours: frozenset[int] = frozenset()
    days: frozenset[int] = frozenset()
    months: frozenset[int] = frozenset()
    weekdays: frozenset[int] = frozenset()
    either_day: bool = False
    zone: tzinfo | None = None
    every: timedelta | None = None

    @classmethod
    def parse(cls, text: str) -> Schedule:
        """The schedule that a CronJob's `spec.schedule` states.

        Raises:
            ValueError: It is invalid; the message has the form and an example.
        """
        if len(text) > _LONGEST:
            raise ValueError(_FORM)
        prefix = _ZONE_PREFIX.fullmatch(text)
        zone, text = (zone_of(prefix[1]), prefix[2].strip()) if prefix else (None, text)
        if text.startswith("@every "):
            return cls(zone=zone, every=_interval(text.removeprefix("@every ")))
        fields = _DESCRIPTORS.get(text, text).split()
        if len(fields) != len(_FIELDS):
            raise ValueError(_FORM)
        minutes, hours, days, months, weekdays = (
            _field(field, *form) for field, form in zip(fields, _FIELDS, strict=True)
        )
        return cls(
            minutes.values,
            hours.values,
            days.values,
            months.values,
            weekdays.values,
            either_day=not (days.star or weekdays.star),
            zone=zone,
        )

    def last(
        self, before: datetime, zone: tzinfo = UTC, base: datetime | None = None
    ) -> datetime | None:
        """The latest time, in UTC, that it was due at, `before` included.

        A time that a change of the clocks leaves out is never due, one that it repeats is due
        twice. None if it was not due for eight years.

        Args:
            before: The time to look back from, timezone-aware.
            zone: The time zone of its hours, unless it names its own.
            base: What an ``@every`` counts from.
        """
        if self.every is not None:
            turns = 0 if base is None else (before - base) // self.every
            return None if base is None or turns < 1 else base + turns * self.every
        if not self.minutes:
            # A field of commas alone; the search would go through every hour.
            return None
        try:
            return self._last(before, self.zone or zone)
        except OverflowError:
            # At either end of the calendar.
            return None

    def _last(self, before: datetime, zone: tzinfo) -> datetime | None:
        moment = before.astimezone(UTC).replace(second=0, microsecond=0)
        first = moment - _REACH
        while moment >= first:
            back = self._misfit(moment.astimezone(zone))
            if back is None:
                return moment
            moment = _earlier(moment, back, zone)
        return None

    @property
    def is_ever_due(self) -> bool:
        """Whether it is ever due; one for February 30 never is."""
        if self.every is not None:
            return True
        dated = any(day <= _LENGTHS[month] for day in self.days for month in self.months)
        weekly = bool(self.weekdays and self.months)
        on_a_day = (dated or weekly) if self.either_day else (dated and weekly)
        return on_a_day and bool(self.hours and self.minutes)

    def fits(self, moment: datetime, zone: tzinfo) -> bool:
        """Whether it is due in the minute of `moment`, if its hours are meant in that zone."""
        try:
            return self._misfit(moment.astimezone(zone)) is None
        except OverflowError:
            return False

    def _misfit(self, local: datetime) -> int | None:
        """How many minutes before this one it cannot have been due; None if it is due now."""
        if local.month not in self.months:
            return ((local.day - 1) * 24 + local.hour) * 60 + local.minute
        if not self._is_on(local):
            return local.hour * 60 + local.minute
        if local.hour not in self.hours:
            return _gap(self.hours, local.hour) * 60 + local.minute
        return None if local.minute in self.minutes else _gap(self.minutes, local.minute)

    def _is_on(self, local: datetime) -> bool:
        day, weekday = local.day in self.days, local.isoweekday() % 7 in self.weekdays
        return (day or weekday) if self.either_day else (day and weekday)


def _interval(text: str) -> timedelta:
    try:
        seconds = int(parse_duration(text).total_seconds())
    except ValueError:
        raise ValueError("has no duration of up to a year, such as @every 1h30m") from None
    return timedelta(seconds=max(1, seconds))


def _earlier(moment: datetime, back: int, zone: tzinfo) -> datetime:
    """The minute before the last `back` ones; not as far back where the clocks were changed."""
    offset = moment.astimezone(zone).utcoffset()
    for minutes in (back, back % (24 * 60), back % 60):
        earlier = moment - minutes * _MINUTE - _MINUTE
        if earlier.astimezone(zone).utcoffset() == offset:
            return earlier
    return moment - _MINUTE


def _gap(values: frozenset[int], value: int) -> int:
    """How many values lie between this one and the next lower one, or the lowest of all, 0."""
    return value - 1 - max((lower for lower in values if lower < value), default=-1)


class _Field(NamedTuple):
    values: frozenset[int]
    star: bool
    """Whether a star is among its parts."""


def _field(text: str, low: int, high: int, names: Mapping[str, int]) -> _Field:
    values, star = set[int](), False
    for part in filter(None, text.split(",")):
        span, slash, step = part.partition("/")
        by = _number(step) if slash else 1
        first, dash, last = span.partition("-")
        if first in ("*", "?"):
            # Anything else after a star is ignored, and a star with steps does not count.
            start, end, star = low, high, star or by == 1
        else:
            start = _number(first, names)
            end = _number(last, names) if dash else high if slash else start
        if by < 1 or not low <= start <= end <= high:
            raise ValueError(_FORM)
        values.update(range(start, end + 1, by))
    return _Field(frozenset(values), star)


def _number(text: str, names: Mapping[str, int] = _NO_NAMES) -> int:
    named = names.get(text.lower())
    if named is not None:
        return named
    if not _NUMBER.fullmatch(text):
        raise ValueError(_FORM)
    return int(text)
