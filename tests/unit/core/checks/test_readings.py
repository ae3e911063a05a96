"""What is read for one answer, and what that is worth."""

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
    UpstreamError,
)
from k8s_heartbeat.core.checks.readings import Readings, Worth
from k8s_heartbeat.core.gap import GapReason
from k8s_heartbeat.core.kinds import EVENT, POD
from k8s_heartbeat.core.query import Query
from tests.builders import pod
from tests.unit.core.checks.shelf import DEADLINE, MOMENT, Shelf

PODS, EVENTS = Query(POD, "shop"), Query(EVENT, "shop")


def test_the_oldest_counts_and_any_that_is_stale() -> None:
    """Nothing at all is as new as can be."""
    worths = [Worth(3.0), Worth(2.0), Worth(4.0, stale=True)]
    assert Worth.worst(worths, 9.0) == Worth(2.0, stale=True)
    assert Worth.worst([], 9.0) == Worth(9.0)


def test_an_age_is_never_less_than_nothing() -> None:
    """It counts from the beginning."""
    assert Worth(3.0).age(4.5) == 1.5
    assert Worth(3.0).age(2.0) == 0.0


def test_each_part_is_read_once() -> None:
    """And all of them are at hand together."""
    shelf = Shelf([pod("a"), pod("b")])
    readings = Readings(shelf, DEADLINE)
    assert readings.read(PODS) is readings.read(PODS)
    assert shelf.asked == ["pods in shop"]
    assert len(readings.related.of_kind("Pod")) == 2


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (Forbidden, GapReason.REFUSED),
        (NotServed, GapReason.NOT_SERVED),
        (UpstreamError, GapReason.FAILED),
        (ReadTimeout, GapReason.FAILED),
    ],
)
def test_a_fault_is_a_gap(error: type[ReadError], reason: GapReason) -> None:
    """It is kept, not raised, with the time at which its reading began."""
    fault = error("pods in shop", "so it is")
    fault.began = MOMENT - 4.0
    part = Readings(Shelf(errors={"pods": fault}), DEADLINE).read(PODS)
    assert (part.objects, part.error, part.worth) == ((), fault, Worth(MOMENT - 4.0))
    assert part.gap is not None
    assert (part.gap.reason, part.gap.kind, part.gap.why) == (reason, POD, "so it is")


def test_that_there_is_no_such_object_is_no_gap() -> None:
    """It is all that there is to know."""
    part = Readings(Shelf(), DEADLINE).read(Query(POD, "shop", "api"))
    assert isinstance(part.error, NotFound)
    assert part.gap is None


def test_all_of_it_is_worth_as_much_as_the_worst_of_it() -> None:
    """Or as the worst of what is named."""
    readings = Readings(Shelf(ages={"pods": 1.0, "events": 6.0}), DEADLINE)
    readings.read(PODS)
    readings.read(EVENTS)
    assert readings.worth() == Worth(MOMENT - 6.0, stale=True)
    assert readings.worth([PODS]) == Worth(MOMENT - 1.0)


def test_an_error_that_does_not_say_when_it_began_began_when_it_was_asked_for() -> None:
    """Not when it was there: a reading that hangs is as old as its waiting."""
    moment = [10.0]

    class Hung(Shelf):
        def read(self, query: Query, deadline: Deadline) -> Reading:
            moment[0] += 5.0
            raise ReadTimeout(str(query), "it hung")

    part = Readings(Hung(), Deadline(99.0, lambda: moment[0])).read(PODS)
    assert part.worth == Worth(10.0)
    assert part.error is not None
    assert part.error.began == 10.0
