"""The port: deadlines, readings and the errors of readings."""

from __future__ import annotations

import pytest

from k8s_heartbeat.core.checks.reader import (
    Deadline,
    Forbidden,
    NotFound,
    NotServed,
    ReadError,
    Reading,
    ReadTimeout,
    UndiscoveredError,
    UpstreamError,
)
from k8s_heartbeat.core.query import InvalidQuery


def test_a_deadline_runs_out() -> None:
    """Its clock decides, and less than nothing is never left."""
    time = [100.0]
    deadline = Deadline.after(2.5, lambda: time[0])
    assert deadline.remaining() == 2.5
    time[0] = 102.0
    assert deadline.remaining() == 0.5
    time[0] = 200.0
    assert deadline.remaining() == 0.0


def test_a_deadline_may_leave_time_for_something_else() -> None:
    """A share of what is left, of which nothing is left once it is over."""
    time = [100.0]
    deadline = Deadline.after(10.0, lambda: time[0])
    assert deadline.reserving(0.2).remaining() == 8.0
    time[0] = 105.0
    assert deadline.reserving(0.2).remaining() == 4.0
    time[0] = 111.0
    assert deadline.reserving(0.2).remaining() == 0.0


@pytest.mark.parametrize(
    "error", [NotFound, NotServed, Forbidden, UpstreamError, UndiscoveredError, ReadTimeout]
)
def test_every_failed_reading_is_of_one_family(error: type[ReadError]) -> None:
    """Callers catch one; a query that is wrong is not among them."""
    assert issubclass(error, ReadError)
    assert not issubclass(InvalidQuery, ReadError)


def test_an_error_says_what_was_read_and_what_came_of_it() -> None:
    """In fields, and as one text; when its reading began, only where somebody noted it."""
    error = Forbidden("pods in shop", "not for us")
    assert (error.what, error.problem, error.began) == ("pods in shop", "not for us", None)
    assert str(error) == "pods in shop: not for us"


def test_the_same_problem_may_be_with_something_else() -> None:
    """The error of one reading is not changed by what another makes of it."""
    error = ReadTimeout("pods in shop", "it hung")
    error.began = 7.0
    other = error.about("pods shop/api")
    assert isinstance(other, ReadTimeout)
    assert (str(other), other.began) == ("pods shop/api: it hung", 7.0)
    assert str(error) == "pods in shop: it hung"


def test_a_reading_is_new_and_whole_where_nothing_is_said() -> None:
    """A reader that does not remember need not say so."""
    reading = Reading((), 7.0)
    assert (reading.began, reading.stale, reading.gap, reading.size) == (7.0, False, None, 0)
