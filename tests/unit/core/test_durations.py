"""Durations as Go and Kubernetes write them."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from k8s_heartbeat.core.durations import format_duration, parse_duration


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("90s", 90),
        ("2m", 120),
        ("1h30m", 5400),
        ("1h0m1s", 3601),
        ("0s", 0),
        ("1.5h", 5400),
        ("250ms", 0.25),
        ("1m250ms", 60.25),
        ("30s1m", 90),
        ("8784h", 366 * 86400),
    ],
)
def test_a_go_duration_is_read(text: str, seconds: float) -> None:
    """Hours, minutes, seconds and milliseconds, with fractions, add up."""
    assert parse_duration(text) == timedelta(seconds=seconds)


@pytest.mark.parametrize(
    "text",
    [
        *("", "90", "s", "-5s", "+5s", "1d", "1 h", "1h ", " 1h", "1h\n", "1,5h", ".5h", "1.h"),
        *("1e3s", "٣s", "1hm", "PT1H", "1H", "9999999999s"),
    ],
)
def test_what_is_no_duration_is_refused(text: str) -> None:
    """The error says the form that is asked for, with an example."""
    with pytest.raises(ValueError, match="such as 1h30m or 90s"):
        parse_duration(text)


@pytest.mark.parametrize("text", ["8785h", "999999999h", "8784h1s"])
def test_more_than_a_year_is_refused(text: str) -> None:
    """Nobody means to wait so long."""
    with pytest.raises(ValueError, match="longer than a year"):
        parse_duration(text)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0s"),
        (0.9, "0s"),
        (-5, "0s"),
        (42, "42s"),
        (60, "1m"),
        (61, "1m1s"),
        (3600, "1h"),
        (3601, "1h"),
        (11100, "3h5m"),
        (11101, "3h5m"),
        (86399, "23h59m"),
        (86400, "1d"),
        (86400 + 59 * 60, "1d"),
        (90061, "1d1h"),
        (86400 * 400, "400d"),
    ],
)
def test_a_duration_is_told_in_its_two_largest_units(seconds: float, text: str) -> None:
    """People want to know how long about."""
    assert format_duration(timedelta(seconds=seconds)) == text


@given(st.integers(0, 86399))
def test_what_is_told_is_never_more_than_what_was(seconds: int) -> None:
    """Read back, a duration is at most a unit shorter than it was, and never longer."""
    told = parse_duration(format_duration(timedelta(seconds=seconds))).total_seconds()
    assert 0 <= seconds - told < 60


@given(st.text(max_size=12))
def test_any_text_is_a_duration_or_refused(text: str) -> None:
    """Nothing but a ValueError comes of a wrong text."""
    try:
        assert parse_duration(text) >= timedelta(0)
    except ValueError as error:
        assert "1h30m or 90s" in str(error)
