"""How long something has been on its way."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from k8s_heartbeat.core.waiting import has_waited, waited
from tests.builders import NOW

AHEAD = NOW + timedelta(seconds=1)
LONG_AGO = NOW - timedelta(hours=3)
BEFORE = NOW - timedelta(minutes=5)
QUARTER = timedelta(minutes=15)


@pytest.mark.parametrize(
    ("times", "since"),
    [
        ((), NOW),
        ((None, None), NOW),
        ((BEFORE, LONG_AGO), BEFORE),
        ((None, LONG_AGO), LONG_AGO),
        ((AHEAD,), NOW),
        ((AHEAD, LONG_AGO), LONG_AGO),
    ],
)
def test_the_first_time_that_is_stated_counts(
    times: tuple[datetime | None, ...], since: datetime
) -> None:
    """One ahead of our clock says nothing; with no other it has only just begun."""
    assert waited(NOW, *times) == NOW - since


@pytest.mark.parametrize(
    ("age", "words"),
    [
        (QUARTER, ""),
        (QUARTER + timedelta(seconds=1), "15m1s"),
        (timedelta(days=2, hours=3), "2d3h"),
    ],
)
def test_past_its_bound_it_is_told(age: timedelta, words: str) -> None:
    """And not at it."""
    assert has_waited(NOW, QUARTER, NOW - age) == words
