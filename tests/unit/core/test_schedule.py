"""Cron schedules as the CronJob controller reads them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from cronsim import CronSim, CronSimError
from hypothesis import given
from hypothesis import strategies as st

from k8s_heartbeat.core.schedule import Schedule, zone_of

NEW_YORK = ZoneInfo("America/New_York")
SECOND = timedelta(seconds=1)


def utc(text: str) -> datetime:
    """A time such as 2026-03-02 12:00, in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def last(schedule: str, before: str, zone: str = "UTC") -> str | None:
    """When a schedule was last due, as a short text in UTC."""
    moment = Schedule.parse(schedule).last(utc(before), zone_of(zone))
    return None if moment is None else moment.strftime("%Y-%m-%d %H:%M")


@pytest.mark.parametrize(
    ("schedule", "due"),
    [
        ("* * * * *", "2026-03-04 12:34"),
        ("*/15 * * * *", "2026-03-04 12:30"),
        ("40 * * * *", "2026-03-04 11:40"),
        ("0-20/9 * * * *", "2026-03-04 12:18"),
        ("20/7 * * * *", "2026-03-04 12:34"),
        ("5,10 3,4 * * *", "2026-03-04 04:10"),
        ("0 13 * * *", "2026-03-03 13:00"),
        ("0 0 5 * *", "2026-02-05 00:00"),
        ("0 0 1 jan-Jun/3 *", "2026-01-01 00:00"),
        ("0 0 1 12 ?", "2025-12-01 00:00"),
        ("0 0 ? * sun", "2026-03-01 00:00"),
        ("0 0 * * 0", "2026-03-01 00:00"),
        ("0 0 * * TUE-thu", "2026-03-04 00:00"),
        ("0 0 29 2 *", "2024-02-29 00:00"),
        ("@yearly", "2026-01-01 00:00"),
        ("@annually", "2026-01-01 00:00"),
        ("@monthly", "2026-03-01 00:00"),
        ("@weekly", "2026-03-01 00:00"),
        ("@daily", "2026-03-04 00:00"),
        ("@midnight", "2026-03-04 00:00"),
        ("@hourly", "2026-03-04 12:00"),
        ("\t0   13 * *\n* ", "2026-03-03 13:00"),
    ],
)
def test_when_a_schedule_was_last_due(schedule: str, due: str) -> None:
    """Stars, lists, ranges, steps, names and descriptors, seen from a Wednesday."""
    assert last(schedule, "2026-03-04 12:34:56.789") == due


@pytest.mark.parametrize(
    ("schedule", "due"),
    [
        ("0 0 3 * 1", "2026-03-03 00:00"),
        ("0 0 3 * 3", "2026-03-04 00:00"),
        ("0 0 * * 1", "2026-03-02 00:00"),
        ("0 0 */1 * 1", "2026-03-02 00:00"),
        ("0 0 */2 * 1", "2026-03-03 00:00"),
        ("0 0 *,5 * 1", "2026-03-02 00:00"),
        ("0 0 2 * */4", "2026-03-02 00:00"),
        ("0 0 3 * */3", "2026-03-04 00:00"),
    ],
)
def test_two_restricted_day_fields_are_alternatives(schedule: str, due: str) -> None:
    """A field with a star restricts nothing, unless the star has steps of more than one."""
    assert last(schedule, "2026-03-04 12:00") == due


@pytest.mark.parametrize(
    "schedule", ["+5 007 * * *", "5,,5 7 * * *", "5,5 7/20 * * *", "5/70 7 * * *"]
)
def test_what_the_controllers_parser_lets_pass_is_read(schedule: str) -> None:
    """Signs, leading zeros, empty parts of a list and steps beyond the end."""
    assert last(schedule, "2026-03-04 12:00") == "2026-03-04 07:05"


def test_a_long_schedule_is_read() -> None:
    """Up to a length that nobody needs."""
    schedule = f"{'1,' * 490}1 * * * *"
    assert Schedule.parse(schedule.ljust(1000)) == Schedule.parse("1 * * * *")
    with pytest.raises(ValueError, match="such as"):
        Schedule.parse(schedule.ljust(1001))


def test_what_stands_behind_a_star_is_passed_over() -> None:
    """The controller's parser reads a range that begins with a star as the star alone."""
    assert Schedule.parse("*-9 *-x/6 * * *") == Schedule.parse("* */6 * * *")


@pytest.mark.parametrize(
    "schedule",
    [
        *("", "* * * *", "* * * * * *", "@Daily", " @daily", "@reboot", "TZ=UTC", "TZ=UTC "),
        *("60 * * * *", "* 24 * * *", "* * 0 * *", "* * 32 * *", "* * * 0 *", "* * * 13 *"),
        *("* * * * 7", "* * * * sat-sun", "30-10 * * * *", "*/0 * * * *", "5/0 * * * *"),
        *("-5 * * * *", "1-2-3 * * * *", "1/2/3 * * * *", "a * * * *", "1_0 * * * *"),
        *("٣ * * * *", "* * L * *", "* * * * 5#2", "* * * * mon#1", "1- * * * *", "1/ * * * *"),
        *("jan * * * *", "* * * mon *", "1.5 * * * *", f"{'1' * 30} * * * *"),
    ],
)
def test_what_is_no_schedule_is_refused(schedule: str) -> None:
    """The error says the form that is asked for, with an example."""
    with pytest.raises(ValueError, match=r"such as 30 3 \* \* 1-5 or @daily"):
        Schedule.parse(schedule)


@pytest.mark.parametrize("schedule", ["@every", "@every ", "@every 5", "@every  1h", "@every 1d"])
def test_an_interval_without_a_duration_is_refused(schedule: str) -> None:
    """The error has an example here too."""
    with pytest.raises(ValueError, match="such as"):
        Schedule.parse(schedule)


@pytest.mark.parametrize("schedule", ["0 0 30 2 *", "0 0 31 4,6,9,11 *", ", * * * *", "* , * * *"])
def test_what_is_never_due_was_never_due(schedule: str) -> None:
    """The search for it ends."""
    assert last(schedule, "2026-03-04 12:00") is None


class CountingZone(tzinfo):
    """UTC, and how often it was asked."""

    asked = 0

    def utcoffset(self, _: datetime | None) -> timedelta:
        self.asked += 1
        return timedelta(0)

    def dst(self, _: datetime | None) -> timedelta:
        return timedelta(0)

    def tzname(self, _: datetime | None) -> str:
        return "Counted"


@pytest.mark.parametrize(
    ("schedule", "most"),
    [
        ("0 0 30 2 *", 5000),
        (", * * * *", 0),
        ("* , * * *", 25000),
        ("0 0 29 2 *", 2000),
        ("7 3 * * *", 20),
    ],
)
def test_the_search_is_short(schedule: str, most: int) -> None:
    """By months, days and hours, never through all the minutes: anybody may write a schedule."""
    zone = CountingZone()
    Schedule.parse(schedule).last(utc("2026-03-04 12:00"), zone)
    assert zone.asked <= most


@pytest.mark.parametrize(
    ("schedule", "ever"),
    [
        ("0 0 30 2 *", False),
        ("0 0 31 4,6,9,11 *", False),
        ("0 0 31 2 1", True),
        ("0 0 29 2 *", True),
        ("0 0 31 */2 *", True),
        (", * * * *", False),
        ("* , * * *", False),
        ("* * , * *", False),
        ("* * * , *", False),
        ("* * * * ,", False),
        ("@every 1h", True),
    ],
)
def test_a_schedule_that_no_calendar_meets(schedule: str, ever: bool) -> None:
    """It is read, and never due."""
    assert Schedule.parse(schedule).is_ever_due is ever


def test_a_leap_day_is_found_across_a_century() -> None:
    """There is none for eight years around 2100."""
    assert last("0 0 29 2 *", "2104-02-28 23:59") == "2096-02-29 00:00"


@pytest.mark.parametrize(
    ("interval", "seconds"), [("1h30m", 5400), ("90s", 90), ("1.9s", 1), ("10ms", 1), ("0s", 1)]
)
def test_an_interval_counts_from_its_base(interval: str, seconds: int) -> None:
    """In whole seconds, at least one."""
    schedule, base = Schedule.parse(f"@every {interval}"), utc("2026-03-04 12:00:07")
    turn = timedelta(seconds=seconds)
    assert schedule.last(base + turn, base=base) == base + turn
    assert schedule.last(base + 5.5 * turn, base=base) == base + 5 * turn
    assert schedule.last(base + turn - SECOND / 2, base=base) is None
    assert schedule.last(base - turn, base=base) is None
    assert schedule.last(base) is None


@pytest.mark.parametrize("prefix", ["TZ=America/New_York ", "CRON_TZ=America/New_York  "])
@pytest.mark.parametrize("schedule", ["0 3 * * *", "0 3 */1 * *"])
def test_a_schedule_may_name_its_zone(prefix: str, schedule: str) -> None:
    """It goes before the one that is handed in."""
    assert last(prefix + schedule, "2026-01-15 12:00", "Europe/Berlin") == "2026-01-15 08:00"
    assert last(f"{prefix}@daily", "2026-01-15 12:00", "Europe/Berlin") == "2026-01-15 05:00"
    assert last("0 3 * * *", "2026-01-15 12:00", "Europe/Berlin") == "2026-01-15 02:00"


@pytest.mark.parametrize("name", ["", "UTC"])
def test_utc_needs_no_database(name: str) -> None:
    """Both of its names, as Go has them."""
    assert zone_of(name) is UTC
    assert Schedule.parse(f"TZ={name} 0 3 * * *").zone is UTC


@pytest.mark.parametrize(
    "name",
    [
        *("Mars/Base", "Europe", "..", "../etc/passwd", "/etc/localtime", "Europe/Berlin/", "/"),
        *("Europe//Berlin", "a" * 15, "a/b/c/d", "\0", "Zürich", "Europe/Berlin\n", "tzdata.zi"),
    ],
)
def test_a_zone_that_is_not_known_is_refused(name: str) -> None:
    """Nothing but names of the database ever gets to the file system."""
    with pytest.raises(ValueError, match=r"names no time zone .* such as Europe/Berlin"):
        zone_of(name)
    if "\n" not in name:
        with pytest.raises(ValueError, match="names no time zone"):
            Schedule.parse(f"TZ={name} * * * * *")


@pytest.mark.parametrize(
    ("schedule", "before", "due"),
    [
        # clocks go from 2:00 to 3:00 at 7:00 UTC on March 8th
        ("30 2 * * *", "2026-03-09 06:00", "2026-03-07 07:30"),
        ("30 2 * * *", "2026-03-09 06:30", "2026-03-09 06:30"),
        ("0 3 * * *", "2026-03-08 12:00", "2026-03-08 07:00"),
        ("59 1 * * *", "2026-03-08 12:00", "2026-03-08 06:59"),
        ("*/20 * * * *", "2026-03-08 07:00", "2026-03-08 07:00"),
        ("*/20 * * * *", "2026-03-08 06:59", "2026-03-08 06:40"),
        ("0 12 8 * *", "2026-03-20 12:00", "2026-03-08 16:00"),
        ("0 0 * 2 *", "2026-04-01 12:00", "2026-02-28 05:00"),
        # from 2:00 back to 1:00 at 6:00 UTC on November 1st
        ("30 1 * * *", "2026-11-01 12:00", "2026-11-01 06:30"),
        ("30 1 * * *", "2026-11-01 06:29", "2026-11-01 05:30"),
        ("0 1 * * *", "2026-11-01 06:00", "2026-11-01 06:00"),
        ("0 1 * * *", "2026-11-01 05:59", "2026-11-01 05:00"),
        ("30 0 * * *", "2026-11-01 12:00", "2026-11-01 04:30"),
        ("0 1 1 * *", "2026-11-01 12:00", "2026-11-01 06:00"),
        ("45 23 31 10 *", "2026-12-24 12:00", "2026-11-01 03:45"),
    ],
)
def test_clocks_that_are_changed(schedule: str, before: str, due: str) -> None:
    """What is left out is never due, what comes again is due again."""
    assert last(schedule, before, "America/New_York") == due


def test_clocks_that_are_changed_by_half_an_hour() -> None:
    """On Lord Howe Island 2:00 becomes 2:30, at 15:30 UTC, and full hours stay full hours.

    The controller's search passes over the three o'clock of that day, from where it starts.
    """
    zone = "Australia/Lord_Howe"
    assert last("15 2 * * *", "2026-10-03 20:00", zone) == "2026-10-02 15:45"
    assert last("45 2 * * *", "2026-10-03 20:00", zone) == "2026-10-03 15:45"
    assert last("0 3 * * *", "2026-10-03 20:00", zone) == "2026-10-03 16:00"
    assert last("59 1 * * *", "2026-10-03 20:00", zone) == "2026-10-03 15:29"


def controllers_word() -> Iterator[tuple[str, str, str, list[int]]]:
    """What the controller's own parser says; see cron-next.go.txt."""
    with Path(__file__).with_name("cron-next.json").open(encoding="utf-8") as lines:
        yield from map(json.loads, lines)


def test_the_controller_says_the_same() -> None:
    """Of some 300 schedules in four zones: due at those times, and at none between them."""
    checked = 0
    for text, zone, start, minutes in controllers_word():
        schedule, place = Schedule.parse(text), zone_of(zone)
        times = [datetime.fromisoformat(start) + timedelta(minutes=count) for count in minutes]
        for earlier, due in zip([None, *times], times, strict=False):
            found = schedule.last(due - SECOND, place)
            if earlier is None:
                assert found is None or found <= datetime.fromisoformat(start), text
            else:
                assert found == earlier, text
            assert schedule.last(due + 59 * SECOND, place) == due, text
            checked += 1
    assert checked > 1000


@st.composite
def fields(draw: st.DrawFn, low: int, high: int, *, all_steps: bool) -> str:
    """One field of a schedule, without what cronsim reads in another way."""
    first = draw(st.integers(low, high))
    end = draw(st.integers(first, high))
    step = draw(st.integers(1, high))
    forms = [f"{first}", f"{first}-{end}", f"{first},{end}"]
    if first < end:
        # Of a range of one, cronsim takes the steps up to the highest value.
        forms.append(f"{first}-{end}/{step}")
    if all_steps:
        forms += [f"*/{step}", f"{first}/{step}"]
    return draw(st.sampled_from(["*", "*", *forms]))


schedules = st.tuples(
    fields(0, 59, all_steps=True),
    fields(0, 23, all_steps=True),
    # Stars with steps make no alternatives of the two day fields in Debian's cron.
    fields(1, 31, all_steps=False),
    fields(1, 12, all_steps=True),
    # To Debian's cron, 7 is Sunday too.
    fields(0, 6, all_steps=False),
).map(" ".join)
moments = st.datetimes(datetime(2001, 1, 1), datetime(2099, 1, 1), timezones=st.just(UTC))


@given(schedules, moments)
def test_cronsim_says_the_same(text: str, moment: datetime) -> None:
    """Another library, which goes by Debian's cron, finds the same last time in UTC."""
    # It looks strictly before, and within 50 years.
    try:
        due = next(CronSim(text, moment.replace(microsecond=0) + SECOND, reverse=True), None)
    except CronSimError:
        due = None  # a day that none of the months has
    if due is not None and due < moment - timedelta(8 * 366):
        due = None
    assert Schedule.parse(text).last(moment) == due


@given(schedules, moments, st.sampled_from(["UTC", "Europe/Berlin", "America/New_York"]))
def test_the_last_time_fits(text: str, moment: datetime, zone: str) -> None:
    """It is none in the future, and one that the schedule says itself to be due at."""
    schedule, place = Schedule.parse(text), zone_of(zone)
    due = schedule.last(moment, place)
    if due is not None:
        assert due <= moment
        assert due.tzinfo is UTC
        assert schedule.fits(due, place)
        assert schedule.last(due + 30 * SECOND, place) == due


def test_a_time_at_the_end_of_all_times_fits_nothing() -> None:
    """Not even one that no zone has."""
    schedule = Schedule.parse("* * * * *")
    assert schedule.fits(datetime.max.replace(tzinfo=UTC), UTC)
    assert not schedule.fits(datetime.max.replace(tzinfo=UTC), timezone(timedelta(hours=1)))
    assert not schedule.fits(datetime.min.replace(tzinfo=UTC), timezone(-timedelta(hours=1)))
