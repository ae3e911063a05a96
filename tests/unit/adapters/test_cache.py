"""Answers by key: for how long, in whose place, how often they are had, in how much memory."""

from __future__ import annotations

import copy
import gc
from collections.abc import Callable
from dataclasses import dataclass, field
from types import FrameType
from typing import Any

import pytest

from k8s_heartbeat.adapters.cache import Cache, Entry, Flight, Lifetimes
from k8s_heartbeat.adapters.memory import Memory
from k8s_heartbeat.adapters.slots import ComputeSlots
from k8s_heartbeat.core.checks.reader import (
    Deadline,
    Forbidden,
    NotFound,
    NotServed,
    ReadError,
    ReadTimeout,
    UpstreamError,
)
from tests.unit.adapters.support import (
    ABSENCES,
    FAILURES,
    TINY,
    Clock,
    Crowd,
    Hold,
    Places,
    absences,
    errors,
    failures,
    holding,
)

KIB = 2**10
USUAL = 5.0
"""Seconds that callers usually have."""


@dataclass(slots=True)
class World:
    """A cache, and what answers to it.

    Attributes:
        answer: Has the answer for a key, or raises.
        size: About how many bytes it says that an answer takes.
        asked: Every key that was asked for.
    """

    clock: Clock = field(default_factory=Clock)
    places: Places = field(default_factory=lambda: Places(64))
    slots: ComputeSlots = field(default_factory=lambda: ComputeSlots(1))
    answer: Callable[[str], str] = str
    size: int = 0
    kept: int = 2**27
    refused: int = 2**23
    asked: list[str] = field(default_factory=list[str])
    cache: Cache[str, str] = field(init=False)

    def __post_init__(self) -> None:
        self.cache = Cache(
            Memory(),
            self.clock,
            Lifetimes(),
            self.places,
            self.slots,
            usual_time=USUAL,
            kept=self.kept,
            refused=self.refused,
        )

    def get(self, key: str = "api", deadline: Deadline | None = None) -> Entry[str]:
        """What is had for a key, as every user of a cache has it."""
        entry = self.cache.recall(key)
        if entry is None:
            with Flight(self.cache, key, deadline or self.clock.deadline()) as flight:
                if flight.leads:
                    self.asked.append(key)
                    flight.land(self.answer(key), self.size)
            entry = flight.entry
        return self.cache.settled(key, entry)

    def error(self, key: str = "api", deadline: Deadline | None = None) -> ReadError:
        """The error that there is for a key."""
        with pytest.raises(ReadError) as caught:
            self.get(key, deadline)
        return caught.value

    def is_stale(self, key: str = "api") -> bool:
        """Whether what is had is remembered past its time."""
        return self.clock() >= self.get(key).fresh

    def fails(self, error: BaseException) -> None:
        """Raise an error of this kind for every key from now on."""

        def answer(key: str) -> str:
            raise copy.copy(error)

        self.answer = answer

    def waits_at(self, hold: Hold) -> None:
        """Answer once that is released, from now on."""

        def answer(key: str) -> str:
            hold()
            return key

        self.answer = answer

    def works(self) -> None:
        """Answer from now on."""
        self.answer = str

    def calls_within(self, seconds: float) -> int:
        """How often it is asked now, just before so many seconds have passed, and then."""
        before = len(self.asked)
        for moment in (0.0, seconds - TINY, TINY):
            self.clock.time += moment
            try:
                self.get()
            except ReadError:
                continue
        return len(self.asked) - before


@pytest.fixture
def world() -> World:
    """A cache over what works, and a standing clock."""
    return World()


class TestLifetimes:
    """5 s for an answer, 10 s for an absence, 1.5 s for a failure."""

    def test_an_answer_counts_for_five_seconds(self, world: World) -> None:
        """It is had at first, and anew when its time is over."""
        assert world.calls_within(5.0) == 2

    @absences
    def test_an_absence_counts_for_ten_seconds(self, world: World, error: ReadError) -> None:
        """It is a guess more often than something that is polled."""
        world.fails(error)
        assert world.calls_within(10.0) == 2

    @failures
    def test_a_failure_counts_for_a_second_and_a_half(self, world: World, error: ReadError) -> None:
        """An API server in trouble is not asked at the rate of the pollers."""
        world.fails(error)
        assert world.calls_within(1.5) == 2

    def test_what_takes_long_is_not_asked_for_all_the_time(self, world: World) -> None:
        """It counts as long again as it took."""

        def slow(key: str) -> str:
            world.clock.time += 8.0
            return key

        world.answer = slow
        world.get()
        world.clock.time += 8.0 - TINY
        world.get()
        assert world.asked == ["api"]
        world.clock.time += TINY
        world.get()
        assert world.asked == ["api", "api"]

    @errors
    def test_an_error_says_when_it_began(self, world: World, error: ReadError) -> None:
        """What is told from memory was not read now."""
        world.fails(error)
        began = world.clock()
        world.error()
        world.clock.time += 1.0
        assert world.error().began == began
        assert len(world.asked) == 1

    def test_an_answer_ends_an_absence(self, world: World) -> None:
        """Once it is there, nothing remembers that it was not."""
        world.fails(ABSENCES["not found"])
        world.error()
        world.clock.time += 10.0
        world.works()
        world.get()
        world.clock.time += 6.0
        world.fails(FAILURES["timeout"])
        assert world.is_stale()

    @pytest.mark.parametrize(
        ("gone", "later"), [("not found", ReadTimeout), ("not served", NotServed)]
    )
    def test_an_absence_ends_an_answer(
        self, world: World, gone: str, later: type[ReadError]
    ) -> None:
        """What was deleted is not brought back by a later failure."""
        world.get()
        world.clock.time += 6.0
        world.fails(ABSENCES[gone])
        assert type(world.error()) is type(ABSENCES[gone])
        world.fails(FAILURES["timeout"])
        world.clock.time += 11.0
        assert type(world.error()) is later


class TestStale:
    """An old answer stands in for one that cannot be had, for as long as its lifetimes say."""

    @failures
    def test_it_stands_in_until_its_time_from_its_beginning(
        self, world: World, error: ReadError
    ) -> None:
        """However often it is asked for meanwhile."""
        began = world.clock()
        world.get()
        world.fails(error)
        for _ in range(150):
            assert world.get().began == began
            world.clock.time += 1.0
        world.clock.time += TINY
        assert type(world.error()) is type(error)

    @failures
    def test_an_age_that_it_had_counts(self, world: World, error: ReadError) -> None:
        """What was 20 s old when it came stands in for 20 s less."""
        with Flight(world.cache, "api", world.clock.deadline()) as flight:
            flight.land("api", 0, began=world.clock() - 20.0)
        world.fails(error)
        world.clock.time += 130.0 - TINY
        assert world.is_stale()
        world.clock.time += 2 * TINY
        assert type(world.error()) is type(error)

    def test_after_the_failure_the_answer_is_new(self, world: World) -> None:
        """A failure is remembered for its own time only."""
        world.get()
        world.clock.time += 6.0
        world.fails(FAILURES["timeout"])
        assert world.is_stale()
        world.answer = lambda key: "new"
        world.clock.time += 1.5
        assert world.get().value == "new"
        assert not world.is_stale()

    def test_while_an_api_server_that_starts_forbids_everything(self, world: World) -> None:
        """What was seen a moment ago is not out of sight; past the bound it is, and stays so."""
        world.get()
        world.clock.time += 6.0
        world.fails(ABSENCES["forbidden"])
        assert world.is_stale()
        world.works()
        world.clock.time += 2.0
        assert not world.is_stale()
        world.fails(ABSENCES["forbidden"])
        world.clock.time += 150.0 + TINY
        assert type(world.error()) is Forbidden
        asked = len(world.asked)
        world.clock.time += 9.0
        assert type(world.error()) is Forbidden
        assert len(world.asked) == asked

    @failures
    def test_that_a_kind_is_not_served_stands_in_too(self, world: World, error: ReadError) -> None:
        """As long as an answer would: an outage says nothing new of it."""
        began = world.clock()
        world.fails(ABSENCES["not served"])
        world.error()
        world.fails(error)
        world.clock.time += 150.0 - TINY
        found = world.error()
        assert (type(found), found.began) == (NotServed, began)
        world.clock.time += 2.0
        assert type(world.error()) is type(error)


class TestOneFlight:
    """64 callers of a cold key are one call."""

    def test_when_it_works(self, world: World) -> None:
        """All of them get the answer."""
        with holding() as hold:
            world.waits_at(hold)
            crowd = Crowd(world.get)
            crowd.start(64)
            world.places.wait_for(64)
            hold.release()
            outcomes = crowd.end()
        assert world.asked == ["api"]
        assert {entry.value for entry in outcomes if isinstance(entry, Entry)} == {"api"}
        assert len(outcomes) == 64

    def test_when_it_fails_each_gets_an_error_of_its_own(self, world: World) -> None:
        """An error that two threads raise grows the traceback of both."""
        with holding() as hold:

            def answer(key: str) -> str:
                hold()
                raise UpstreamError(key, "it broke")

            world.answer = answer
            crowd = Crowd(world.get)
            crowd.start(64)
            world.places.wait_for(64)
            hold.release()
            outcomes = crowd.end()
        assert world.asked == ["api"]
        assert {repr(error) for error in outcomes} == {"UpstreamError('api', 'it broke')"}
        assert len(set(map(id, outcomes))) == 64

    def test_when_it_hangs_the_others_leave_at_their_deadlines(self, world: World) -> None:
        """63 have their timeout while the call is still on its way, and it is no wasted one."""
        with holding() as hold:
            world.waits_at(hold)
            leader = Crowd(world.get)
            leader.start(1)
            hold.wait_for()
            waiters = Crowd(lambda: world.get(deadline=world.clock.deadline(0.05)))
            waiters.start(63)
            outcomes = waiters.end()
            assert not leader.outcomes
            hold.release()
            leader.end()
        assert {type(error) for error in outcomes} == {ReadTimeout}
        assert len(set(map(id, outcomes))) == 63
        assert world.get().value == "api"
        assert world.asked == ["api"]

    def test_keys_do_not_wait_for_each_other(self, world: World) -> None:
        """One that hangs holds up no other."""
        with holding() as hold:
            world.waits_at(hold)
            crowd = Crowd(world.get)
            crowd.start(1)
            hold.wait_for()
            world.works()
            assert world.get("other").value == "other"
            hold.release()
            crowd.end()

    @pytest.mark.parametrize("error", [KeyError("odd"), RecursionError(), MemoryError()], ids=repr)
    def test_an_unexpected_error_leaves_no_flight_behind(
        self, world: World, error: Exception
    ) -> None:
        """The first caller sees it, the others an error of the port's, the next ones can ask."""
        with holding() as hold:

            def answer(key: str) -> str:
                hold()
                raise error

            world.answer = answer
            crowd = Crowd(world.get)
            crowd.start(8)
            world.places.wait_for(8)
            hold.release()
            kinds = [type(outcome) for outcome in crowd.end()]
        assert (kinds.count(type(error)), kinds.count(UpstreamError)) == (1, 7)
        world.works()
        world.clock.time += 1.5
        assert world.get().value == "api"

    def test_no_time_left_is_no_call(self, world: World) -> None:
        """And it is remembered of nobody."""
        assert type(world.error(deadline=world.clock.deadline(0.0))) is ReadTimeout
        assert world.asked == []
        assert world.get().value == "api"


class TestScarceTime:
    """Who had less than half of the usual time, and no answer in it, has found out nothing."""

    def late(self, world: World, hold: Callable[[], None] = lambda: None) -> None:
        """Answer with a timeout once the time of the first caller is over, and work from then."""

        def answer(key: str) -> str:
            world.works()
            hold()
            world.clock.time += USUAL / 2
            raise ReadTimeout(key, "it did not answer in time")

        world.answer = answer

    def test_its_timeout_is_remembered_of_nobody(self, world: World) -> None:
        """The next one asks, and has an answer."""
        self.late(world)
        assert type(world.error(deadline=world.clock.deadline(USUAL / 2 - TINY))) is ReadTimeout
        assert world.get().value == "api"
        assert world.asked == ["api", "api"]

    @pytest.mark.parametrize("seconds", [USUAL / 2, USUAL])
    def test_a_timeout_after_half_of_the_time_is_remembered(
        self, world: World, seconds: float
    ) -> None:
        """An API server that takes so long is in trouble."""
        self.late(world)
        assert type(world.error(deadline=world.clock.deadline(seconds))) is ReadTimeout
        assert type(world.error()) is ReadTimeout
        assert world.asked == ["api"]

    @errors
    def test_what_was_told_in_time_is_remembered(self, world: World, error: ReadError) -> None:
        """Also a timeout: of an API server that is known to hang it comes early."""
        world.fails(error)
        world.error(deadline=world.clock.deadline(1.0))
        world.works()
        assert type(world.error()) is type(error)
        assert world.asked == ["api"]

    def test_any_other_failure_is_remembered_however_late(self, world: World) -> None:
        """It was the API server that said so."""

        def answer(key: str) -> str:
            world.clock.time += 1.0
            raise UpstreamError(key, "it broke")

        world.answer = answer
        for _ in range(2):
            assert type(world.error(deadline=world.clock.deadline(1.0))) is UpstreamError
        assert world.asked == ["api"]

    def test_an_older_answer_stands_in_for_it(self, world: World) -> None:
        """As for any failure."""
        began = world.get().began
        world.clock.time += 6.0
        self.late(world)
        assert world.get(deadline=world.clock.deadline(2.0)).began == began
        assert not world.is_stale()

    def test_who_waited_for_it_asks_on(self, world: World) -> None:
        """One of them does, and the others have its answer."""
        with holding() as hold:
            self.late(world, hold)
            leader = Crowd(lambda: world.get(deadline=world.clock.deadline(2.0)))
            leader.start(1)
            hold.wait_for()
            world.places.wait_for(1)
            waiters = Crowd(lambda: world.get(deadline=world.clock.deadline(60.0)))
            waiters.start(16)
            world.places.wait_for(16)
            hold.release()
            outcomes = waiters.end()
            assert [type(outcome) for outcome in leader.end()] == [ReadTimeout]
        assert [entry.value for entry in outcomes if isinstance(entry, Entry)] == ["api"] * 16
        assert world.asked == ["api", "api"]
        # It is as old as when it was asked for, and not as when it was first waited for.
        assert world.get().began == world.clock()

    def test_who_waited_for_it_and_has_no_time_left_does_not(self, world: World) -> None:
        """That would be a call for nobody."""
        with holding() as hold:
            self.late(world, hold)
            crowd = Crowd(lambda: world.get(deadline=world.clock.deadline(2.0)))
            crowd.start(8)
            world.places.wait_for(8)
            hold.wait_for()
            hold.release()
            assert {type(outcome) for outcome in crowd.end()} == {ReadTimeout}
        assert world.asked == ["api"]

    def test_a_slot_that_was_left_is_taken_again(self, world: World) -> None:
        """Also by one who waits first and leads then."""
        with holding() as hold:
            self.late(world, hold)
            leader = Crowd(lambda: world.get(deadline=world.clock.deadline(2.0)))
            leader.start(1)
            hold.wait_for()
            world.places.wait_for(1)

            def compute() -> bool:
                with world.slots.taken(world.clock.deadline()):
                    world.get(deadline=world.clock.deadline(60.0))
                    return world.slots.leave()

            waiter = Crowd(compute)
            waiter.start(1)
            world.places.wait_for(1)
            hold.release()
            leader.end()
            assert waiter.end() == [True]
        assert world.asked == ["api", "api"]


class TestPlaces:
    """Only so many lead or wait; the next ones are answered at once."""

    def test_too_many_are_answered_at_once(self) -> None:
        """With a timeout, which is not remembered as one of the API server's."""
        world = World(places=Places(2))
        forever = world.clock.deadline(3600)
        with holding() as hold:
            world.waits_at(hold)
            crowd = Crowd(world.get)
            crowd.start(2)
            world.places.wait_for(2)
            for key in ("api", "other"):
                assert type(world.error(key, forever)) is ReadTimeout
            hold.release()
            crowd.end()
        assert world.asked == ["api"]
        assert world.get("other").value == "other"

    def test_what_is_remembered_needs_no_place(self) -> None:
        """Answers, absences, failures, and what stands in answer while all places are taken."""
        world = World(places=Places(1))
        world.get("old")
        world.clock.time += 6.0
        world.get("young")
        world.fails(ABSENCES["not found"])
        world.error("gone")
        world.fails(FAILURES["upstream error"])
        world.error("broken")
        with holding() as hold:
            world.waits_at(hold)
            crowd = Crowd(world.get)
            crowd.start(1)
            hold.wait_for()
            assert not world.is_stale("young")
            assert world.is_stale("old")
            assert type(world.error("gone")) is NotFound
            assert type(world.error("broken")) is UpstreamError
            hold.release()
            crowd.end()

    @pytest.mark.parametrize(
        "error", [KeyError("odd"), *ABSENCES.values(), *FAILURES.values()], ids=repr
    )
    def test_a_place_is_given_back_whatever_comes_of_it(self, error: Exception) -> None:
        """Otherwise the service would fall silent after so many errors."""
        world = World(places=Places(1))
        world.fails(error)
        with pytest.raises(type(error)):
            world.get()
        world.works()
        world.clock.time += 20.0
        assert world.get().value == "api"

    def test_who_leads_or_waits_leaves_the_slot(self, world: World) -> None:
        """Others compute meanwhile; afterwards it is taken again."""

        def compute() -> str:
            with world.slots.taken(world.clock.deadline(0.01)):
                return "computed"

        def in_another_thread(key: str) -> str:
            crowd = Crowd(compute)
            crowd.start(1)
            (outcome,) = crowd.end()
            return str(outcome)

        world.answer = in_another_thread
        with world.slots.taken(world.clock.deadline()):
            assert world.get().value == "computed"
            assert in_another_thread("") == "computing: overloaded: no slot became free in time"
        assert compute() == "computed"


def alive(kind: type[Any]) -> int:
    """How many objects of a class the interpreter holds."""
    gc.collect()
    return sum(isinstance(entry, kind) for entry in gc.get_objects())


class TestBounds:
    """Whatever is asked, memory has an end."""

    @errors
    def test_guessing_cannot_evict_what_is_polled(self, error: ReadError) -> None:
        """What cannot be had has a memory of its own, with a bound of its own, and of no caller.

        A traceback keeps every frame below it, with the request and the body read in it.
        """
        world = World(kept=64 * KIB, refused=64 * KIB)
        for number in range(60):
            world.get(f"api-{number}")
        held, frames = alive(ReadError), alive(FrameType)
        world.fails(error)
        for number in range(1_000):
            try:
                world.get(f"guess-{number}")
            except ReadError:
                continue
        assert 10 < alive(ReadError) - held < 64
        assert alive(FrameType) - frames < 10
        world.asked.clear()
        assert not any(world.is_stale(f"api-{number}") for number in range(60))
        assert world.asked == []

    def test_answers_weigh_what_they_say(self, world: World) -> None:
        """Of more than there is room for, the longest unused go first."""
        world.size = 2**20
        keys = [f"api-{number}" for number in range(200)]
        for key in keys:
            world.get(key)
        world.get("api-199")
        world.asked.clear()
        for key in reversed(keys):
            world.get(key)
        kept = len(keys) - len(world.asked)
        # 80 MiB is the whole budget.
        assert 74 <= kept < 80
        assert world.asked == [f"api-{number}" for number in reversed(range(200 - kept))]

    def test_an_answer_over_the_bound_is_given_and_not_kept(self, world: World) -> None:
        """It evicts nothing, and what it overtakes is not brought back later."""
        world.get("small")
        world.get()
        world.clock.time += 4.0
        world.size = 2**28
        world.clock.time += 2.0
        assert [world.get().value for _ in range(2)] == ["api", "api"]
        assert world.asked == ["small", "api", "api", "api"]
        world.fails(FAILURES["upstream error"])
        assert type(world.error()) is UpstreamError
        assert world.is_stale("small")
