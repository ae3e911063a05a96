"""The reader that remembers: for how long, in whose place, and in how much memory."""

from __future__ import annotations

import gc
import threading
import tracemalloc
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from types import FrameType
from typing import Any

import pytest

from k8s_heartbeat.adapters.cached import CachedReader, Lifetimes
from k8s_heartbeat.core.kinds import POD
from k8s_heartbeat.core.reader import (
    Deadline,
    Forbidden,
    NotFound,
    NotServed,
    Query,
    ReadError,
    Reading,
    ReadTimeout,
    UpstreamError,
)
from k8s_heartbeat.core.rules import KINDS
from k8s_heartbeat.core.selectors import LabelSelector, Requirement
from tests.builders import Manifest, deployment, pod

PATIENCE = 10.0
"""Seconds that a test waits for a thread; it only costs a failing one."""
TINY = 2.0**-20
"""So little time that a clock of whole seconds still tells it apart."""
API = Query(KINDS[0], "shop", "api")
PODS = Query(POD, "shop")


@dataclass(slots=True)
class Clock:
    """A clock that stands until it is moved."""

    time: float = 1000.0

    def __call__(self) -> float:
        return self.time


@dataclass(slots=True)
class Upstream:
    """A reader that answers as it is told, and notes what it was asked.

    Attributes:
        answer: Gives the objects for a query, or raises.
        age: Of what it gives.
        truncated: Whether there is more than it gives.
        asked: Every query; "ping" for a ping, "discover" for the kinds.
    """

    answer: Callable[[Query], tuple[Manifest, ...]] = lambda query: (deployment(),)
    age: float = 0.0
    truncated: bool = False
    asked: list[Query | str] = field(default_factory=list[Query | str])

    def read(self, query: Query, deadline: Deadline) -> Reading:
        self.asked.append(query)
        return Reading(self.answer(query), self.age, truncated=self.truncated)

    def discover(self, deadline: Deadline) -> Reading:
        self.asked.append("discover")
        return Reading(self.answer(API), self.age)

    def ping(self, deadline: Deadline) -> None:
        self.asked.append("ping")
        self.answer(API)

    def fails(self, error: Callable[[], Exception]) -> None:
        """Raise a new error for every question from now on."""

        def answer(query: Query) -> tuple[Manifest, ...]:
            raise error()

        self.answer = answer

    def works(self, *objects: Manifest) -> None:
        """Give these objects from now on."""
        self.answer = lambda query: objects or (deployment(),)


@dataclass(slots=True)
class World:
    """A remembering reader, whom it asks, and its clock."""

    clock: Clock = field(default_factory=Clock)
    upstream: Upstream = field(default_factory=Upstream)
    most_waiting: int = 64
    cached: CachedReader = field(init=False)

    def __post_init__(self) -> None:
        places = threading.BoundedSemaphore(self.most_waiting)
        self.cached = CachedReader(self.upstream, clock=self.clock, places=places)

    def read(self, query: Query = API, seconds: float = 5.0) -> Reading:
        """A reading with some seconds of time, of which none pass."""
        return self.cached.read(query, Deadline.after(seconds, self.clock))

    def error(self, query: Query = API, seconds: float = 5.0) -> ReadError:
        """The error of a reading."""
        with pytest.raises(ReadError) as caught:
            self.read(query, seconds)
        return caught.value

    def calls_within(self, seconds: float) -> int:
        """Calls upstream for `API` now and just before so many seconds passed, and just then."""
        before = len(self.upstream.asked)
        for moment in (0.0, seconds - TINY, TINY):
            self.clock.time += moment
            try:
                self.read()
            except ReadError:
                continue
        return len(self.upstream.asked) - before


@pytest.fixture
def world() -> World:
    """A working API server and a standing clock."""
    return World()


FAILURES: dict[str, Callable[[], ReadError]] = {
    "upstream error": lambda: UpstreamError("it broke"),
    "timeout": lambda: ReadTimeout("it hung"),
}
ABSENCES: dict[str, Callable[[], ReadError]] = {
    "not found": lambda: NotFound("it is gone"),
    "forbidden": lambda: Forbidden("it is not for us"),
    "not served": lambda: NotServed("there is no such kind"),
}
failures = pytest.mark.parametrize("error", FAILURES.values(), ids=FAILURES)
absences = pytest.mark.parametrize("error", ABSENCES.values(), ids=ABSENCES)


class TestLifetimes:
    """5 s for a reading, 10 s for an absence, 1.5 s for a failure."""

    def test_a_reading_answers_for_five_seconds(self, world: World) -> None:
        """One call at first, and one when its time is over."""
        assert world.calls_within(5.0) == 2

    @absences
    def test_an_absence_answers_for_ten_seconds(
        self, world: World, error: Callable[[], ReadError]
    ) -> None:
        """It is a guess more often than something that is polled."""
        world.upstream.fails(error)
        assert world.calls_within(10.0) == 2

    @failures
    def test_a_failure_answers_for_a_second_and_a_half(
        self, world: World, error: Callable[[], ReadError]
    ) -> None:
        """An API server in trouble is not asked at the rate of the pollers."""
        world.upstream.fails(error)
        assert world.calls_within(1.5) == 2

    def test_lifetimes_are_what_the_operator_says(self) -> None:
        """HEARTBEAT_CACHE_TTL may be longer than the time that a stale reading stands in."""
        clock, upstream = Clock(), Upstream()
        lifetimes = Lifetimes(reading=300.0, stale=0.0)
        cached = CachedReader(upstream, clock=clock, lifetimes=lifetimes)
        for moment in (0.0, 299.0):
            clock.time = 1000.0 + moment
            reading = cached.read(API, Deadline.after(5, clock))
            assert (reading.age, reading.stale) == (moment, False)
        assert len(upstream.asked) == 1
        clock.time += 2.0
        upstream.fails(lambda: UpstreamError("it broke"))
        with pytest.raises(UpstreamError):
            cached.read(API, Deadline.after(5, clock))

    def test_a_reading_says_how_old_it_is(self, world: World) -> None:
        """Also the age that it had when it came counts."""
        world.upstream.age = 2.0
        assert world.read().age == 2.0
        world.clock.time += 1.5
        assert world.read().age == 3.5
        assert len(world.upstream.asked) == 1
        world.clock.time += 2.0
        world.read()
        assert len(world.upstream.asked) == 2

    def test_a_new_reading_ends_an_absence(self, world: World) -> None:
        """Once the object is there, nothing remembers that it was not."""
        world.upstream.fails(ABSENCES["not found"])
        world.error()
        world.clock.time += 10.0
        world.upstream.works()
        assert world.read().objects
        world.clock.time += 6.0
        world.upstream.fails(FAILURES["timeout"])
        assert world.read().stale

    def test_an_absence_ends_a_reading(self, world: World) -> None:
        """What was deleted is not brought back when the API server fails later."""
        world.read()
        world.clock.time += 6.0
        world.upstream.fails(ABSENCES["not found"])
        assert type(world.error()) is NotFound
        world.clock.time += 11.0
        world.upstream.fails(FAILURES["timeout"])
        assert type(world.error()) is ReadTimeout

    @absences
    def test_an_absence_says_how_old_it_is(
        self, world: World, error: Callable[[], ReadError]
    ) -> None:
        """What is answered from memory was not read now."""
        world.upstream.fails(error)
        assert world.error().age == 0.0
        world.clock.time += 7.0
        assert world.error().age == 7.0

    def test_a_ping_is_remembered_like_a_reading(self, world: World) -> None:
        """Probes come every second from many sides."""
        deadline = Deadline.after(5, world.clock)
        for moment in (0.0, 4.0, 2.0):
            world.clock.time += moment
            world.cached.ping(deadline)
        assert world.upstream.asked == ["ping", "ping"]

    def test_a_ping_is_never_stood_in_for(self, world: World) -> None:
        """That the API server answered a minute ago says nothing of now."""
        deadline = Deadline.after(5, world.clock)
        world.cached.ping(deadline)
        world.clock.time += 6.0
        world.upstream.fails(FAILURES["upstream error"])
        with pytest.raises(UpstreamError):
            world.cached.ping(deadline)


class TestDiscovery:
    """What the cluster serves changes rarely, and answers for a minute."""

    @staticmethod
    def discover(world: World) -> Reading:
        """The kinds."""
        return world.cached.discover(Deadline.after(5, world.clock))

    def test_it_is_remembered_for_its_own_lifetime(self, world: World) -> None:
        """Longer than a reading, and all that time it is not stale."""
        for moment in (0.0, 30.0, 60.0 - TINY):
            world.clock.time = 1000.0 + moment
            reading = self.discover(world)
            assert (reading.age, reading.stale) == (moment, False)
        assert world.upstream.asked == ["discover"]
        world.clock.time = 1060.0
        self.discover(world)
        assert world.upstream.asked == ["discover", "discover"]

    def test_its_lifetime_is_what_the_operator_says(self) -> None:
        """Longer or shorter than that of a reading."""
        clock, upstream = Clock(), Upstream()
        cached = CachedReader(upstream, clock=clock, lifetimes=Lifetimes(300.0, discovery=2.0))
        for moment in (0.0, 2.0 - TINY, 2.0):
            clock.time = 1000.0 + moment
            cached.discover(Deadline.after(5, clock))
        assert upstream.asked == ["discover", "discover"]

    @failures
    def test_a_failure_is_no_discovery(self, world: World, error: Callable[[], ReadError]) -> None:
        """It is remembered as a failure is, and the next one after that asks again."""
        world.upstream.fails(error)
        for _ in range(3):
            with pytest.raises(type(error())):
                self.discover(world)
        assert world.upstream.asked == ["discover"]
        world.clock.time += 1.5
        world.upstream.works()
        assert self.discover(world).objects

    @failures
    def test_what_was_served_stands_in(self, world: World, error: Callable[[], ReadError]) -> None:
        """As an old reading does, and no longer than one."""
        clock, upstream = Clock(), Upstream()
        cached = CachedReader(upstream, clock=clock, lifetimes=Lifetimes(discovery=20.0))
        cached.discover(Deadline.after(5, clock))
        upstream.fails(error)
        clock.time = 1060.0 - TINY
        assert cached.discover(Deadline.after(5, clock)).stale
        clock.time = 1062.0
        with pytest.raises(type(error())):
            cached.discover(Deadline.after(5, clock))

    def test_it_is_no_reading_and_no_ping(self, world: World) -> None:
        """Each is asked for itself."""
        self.discover(world)
        world.read()
        world.cached.ping(Deadline.after(5, world.clock))
        assert world.upstream.asked == ["discover", API, "ping"]


class TestLists:
    """What is remembered of a list."""

    def test_that_it_was_cut_short_is_remembered(self, world: World) -> None:
        """Also while it stands in: behind it there is more."""
        world.upstream.truncated = True
        assert world.read(PODS).truncated
        assert world.read(PODS).truncated
        world.clock.time += 6.0
        world.upstream.fails(FAILURES["timeout"])
        reading = world.read(PODS)
        assert (reading.stale, reading.truncated) == (True, True)

    def test_that_it_is_whole_again_is_noticed(self, world: World) -> None:
        """The newer reading counts."""
        world.upstream.truncated = True
        world.read(PODS)
        world.clock.time += 6.0
        world.upstream.truncated = False
        assert not world.read(PODS).truncated

    def test_a_kind_that_is_not_served_any_more_is_gone(self, world: World) -> None:
        """What was read of it is not brought back, as what was deleted is not."""
        world.read(PODS)
        world.clock.time += 6.0
        world.upstream.fails(ABSENCES["not served"])
        assert type(world.error(PODS)) is NotServed
        world.upstream.fails(FAILURES["timeout"])
        for moment, error in ((11.0, NotServed), (60.0, ReadTimeout)):
            world.clock.time += moment
            assert type(world.error(PODS)) is error

    @failures
    def test_that_a_kind_is_not_served_stands_in(
        self, world: World, error: Callable[[], ReadError]
    ) -> None:
        """As long as a reading would, with its age: an outage says nothing new of it."""
        world.upstream.fails(ABSENCES["not served"])
        world.error(PODS)
        world.upstream.fails(error)
        world.clock.time += 60.0 - TINY
        found = world.error(PODS)
        assert (type(found), found.age) == (NotServed, 60.0 - TINY)
        world.clock.time += 2.0
        assert type(world.error(PODS)) is type(error())

    def test_a_kind_that_is_served_now_is_read(self, world: World) -> None:
        """And a failure after that does not bring back that it was not."""
        world.upstream.fails(ABSENCES["not served"])
        world.error(PODS)
        world.clock.time += 10.0
        world.upstream.works(pod())
        assert world.read(PODS).objects
        world.clock.time += 6.0
        world.upstream.fails(FAILURES["timeout"])
        assert world.read(PODS).stale

    def test_namespaces_and_all_of_them_are_different_questions(self, world: World) -> None:
        """One does not answer for the other."""
        for namespace in ("shop", "", "other"):
            world.read(Query(POD, namespace))
        assert len(world.upstream.asked) == 3


class TestStale:
    """An old reading stands in for one that cannot be had, for a minute."""

    @failures
    def test_a_reading_stands_in_and_says_so(
        self, world: World, error: Callable[[], ReadError]
    ) -> None:
        """Its age is what it is, and it is flagged from its lifetime on."""
        world.read()
        world.upstream.fails(error)
        for moment in (5.0, 30.0, 60.0 - TINY):
            world.clock.time = 1000.0 + moment
            reading = world.read()
            assert (reading.age, reading.stale) == (moment, True)
            assert reading.objects == (deployment(),)

    def test_a_reading_stands_in_while_an_api_server_that_starts_forbids_everything(
        self, world: World
    ) -> None:
        """What was seen a moment ago is not out of sight; past the bound it is, and stays so."""
        world.read()
        world.clock.time += 6.0
        world.upstream.fails(ABSENCES["forbidden"])
        assert world.read().stale
        world.upstream.works()
        world.clock.time += 2.0
        assert not world.read().stale
        world.upstream.fails(ABSENCES["forbidden"])
        world.clock.time += 60.0 + TINY
        assert type(world.error()) is Forbidden
        asked = len(world.upstream.asked)
        world.clock.time += 9.0
        assert type(world.error()) is Forbidden
        assert len(world.upstream.asked) == asked

    @failures
    def test_no_reading_older_than_a_minute_stands_in(
        self, world: World, error: Callable[[], ReadError]
    ) -> None:
        """Past the bound there is no evidence, whatever its age was when it came."""
        world.upstream.age = 20.0
        world.read()
        world.upstream.fails(error)
        world.clock.time += 40.0 + TINY
        assert type(world.error()) is type(error())

    @failures
    def test_reading_a_stale_one_does_not_make_it_younger(
        self, world: World, error: Callable[[], ReadError]
    ) -> None:
        """Polled every second, it ends after a minute all the same."""
        world.read()
        world.upstream.fails(error)
        for _ in range(60):
            assert world.read().objects
            world.clock.time += 1.0
        world.clock.time += TINY
        assert type(world.error()) is type(error())

    def test_after_the_failure_the_reading_is_new(self, world: World) -> None:
        """A failure is remembered for its own time only."""
        world.read()
        world.clock.time += 6.0
        world.upstream.fails(FAILURES["timeout"])
        assert world.read().stale
        world.upstream.works(deployment(7))
        world.clock.time += 1.5
        reading = world.read()
        assert (reading.stale, reading.age) == (False, 0.0)
        assert reading.objects == (deployment(7),)


@contextmanager
def held(
    upstream: Upstream, then: Callable[[Query], tuple[Manifest, ...]]
) -> Generator[tuple[threading.Event, threading.Event]]:
    """Make an upstream hang: an event that it was asked, and one that lets it answer."""
    entered, released = threading.Event(), threading.Event()

    def answer(query: Query) -> tuple[Manifest, ...]:
        entered.set()
        assert released.wait(PATIENCE)
        return then(query)

    upstream.answer = answer
    try:
        yield entered, released
    finally:
        released.set()


@dataclass(slots=True)
class Crowd:
    """Threads that ask the same at once; `outcomes` holds what each of them got."""

    world: World
    outcomes: list[Reading | BaseException] = field(default_factory=list[Reading | BaseException])
    threads: list[threading.Thread] = field(default_factory=list[threading.Thread])
    looked: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))

    def ask(self, count: int, seconds: float, query: Query = API) -> None:
        """Start so many threads, each with its own deadline."""
        for _ in range(count):
            thread = threading.Thread(target=self._ask, args=(query, seconds), daemon=True)
            self.threads.append(thread)
            thread.start()

    def _ask(self, query: Query, seconds: float) -> None:
        looks = iter((0.0,))

        def clock() -> float:
            # its second look is that of a waiter, at how long it may wait
            if next(looks, None) is None:
                self.looked.release()
            return self.world.clock()

        try:
            self.outcomes.append(self.world.cached.read(query, Deadline.after(seconds, clock)))
        except BaseException as error:
            self.outcomes.append(error)

    def wait_for_waiters(self, count: int) -> None:
        """Return once so many threads wait for the flight of another."""
        for _ in range(count):
            assert self.looked.acquire(timeout=PATIENCE)

    def end(self) -> None:
        """Return once every thread has its outcome."""
        for thread in self.threads:
            thread.join(PATIENCE)
        assert len(self.outcomes) == len(self.threads)


def give(query: Query) -> tuple[Manifest, ...]:
    """An upstream that works."""
    return (deployment(),)


def break_down(query: Query) -> tuple[Manifest, ...]:
    """An upstream that fails."""
    raise UpstreamError("it broke")


class TestOneFlight:
    """64 callers of a cold key are one call upstream."""

    def test_when_it_works(self, world: World) -> None:
        """All of them get the reading."""
        crowd = Crowd(world)
        with held(world.upstream, give) as (_, released):
            crowd.ask(64, 60.0)
            crowd.wait_for_waiters(63)
            released.set()
            crowd.end()
        assert world.upstream.asked == [API]
        assert crowd.outcomes == [Reading((deployment(),))] * 64

    def test_when_it_fails_each_gets_an_error_of_its_own(self, world: World) -> None:
        """An error that two threads raise grows the traceback of both."""
        crowd = Crowd(world)
        with held(world.upstream, break_down) as (_, released):
            crowd.ask(64, 60.0)
            crowd.wait_for_waiters(63)
            released.set()
            crowd.end()
        assert world.upstream.asked == [API]
        assert {type(error) for error in crowd.outcomes} == {UpstreamError}
        assert {str(error) for error in crowd.outcomes} == {"it broke"}
        assert len(set(map(id, crowd.outcomes))) == 64

    def test_when_it_hangs_the_others_leave_at_their_deadlines(self, world: World) -> None:
        """63 have their timeout while the call is still on its way."""
        crowd = Crowd(world)
        with held(world.upstream, give) as (entered, released):
            crowd.ask(1, 60.0)
            assert entered.wait(PATIENCE)
            waiters = Crowd(world)
            waiters.ask(63, 0.05)
            waiters.end()
            assert not crowd.outcomes
            assert world.upstream.asked == [API]
            released.set()
            crowd.end()
        assert {type(error) for error in waiters.outcomes} == {ReadTimeout}
        assert len(set(map(id, waiters.outcomes))) == 63
        assert world.read().objects
        assert world.upstream.asked == [API]

    def test_whoever_comes_after_a_failure_is_not_first_again(self, world: World) -> None:
        """Waiters that wake up one after the other must not ask one after the other."""
        world.upstream.fails(FAILURES["timeout"])
        crowd = Crowd(world)
        crowd.ask(64, 5.0)
        crowd.end()
        assert world.upstream.asked == [API]

    def test_keys_do_not_wait_for_each_other(self, world: World) -> None:
        """One object that hangs holds up no other."""
        crowd = Crowd(world)
        with held(world.upstream, give) as (entered, _):
            crowd.ask(1, 60.0)
            assert entered.wait(PATIENCE)
            world.upstream.works()
            assert world.read(PODS).objects
        crowd.end()

    @pytest.mark.parametrize("error", [KeyError("odd"), RecursionError(), MemoryError()], ids=repr)
    def test_an_unexpected_error_leaves_no_flight_behind(
        self, world: World, error: Exception
    ) -> None:
        """The first caller sees it, the others an error of the port's, the next ones can ask."""

        def raise_it(query: Query) -> tuple[Manifest, ...]:
            raise error

        crowd = Crowd(world)
        with held(world.upstream, raise_it) as (_, released):
            crowd.ask(8, 60.0)
            crowd.wait_for_waiters(7)
            released.set()
            crowd.end()
        kinds = [type(outcome) for outcome in crowd.outcomes]
        assert (kinds.count(type(error)), kinds.count(UpstreamError)) == (1, 7)
        world.upstream.works()
        world.clock.time += 1.5
        assert world.read().objects

    def test_a_place_is_given_back_after_every_outcome(self) -> None:
        """Otherwise the service would fall silent after so many errors."""
        world = World(most_waiting=1)
        for error in (KeyError, RecursionError, ReadTimeout, UpstreamError, NotFound):
            world.upstream.fails(error)
            with pytest.raises(error):
                world.read()
            world.clock.time += 20.0
        world.upstream.works()
        assert world.read().objects


class TestPlaces:
    """Only so many wait for the API server; the next ones are answered at once."""

    def test_too_many_are_answered_at_once(self) -> None:
        """With a timeout, which is not remembered as one of the API server's."""
        world = World(most_waiting=2)
        crowd = Crowd(world)
        other = Query(KINDS[0], "shop", "other")
        with held(world.upstream, give) as (_, released):
            crowd.ask(2, 60.0)
            crowd.wait_for_waiters(1)
            assert type(world.error(other, seconds=3600)) is ReadTimeout
            assert type(world.error(API, seconds=3600)) is ReadTimeout
            released.set()
            crowd.end()
        assert world.upstream.asked == [API]
        assert world.read(other).objects

    def test_too_many_are_answered_from_what_is_stale(self) -> None:
        """A reading of a few seconds ago is better than none."""
        world = World(most_waiting=1)
        world.read(PODS)
        world.clock.time += 6.0
        crowd = Crowd(world)
        with held(world.upstream, give) as (entered, released):
            crowd.ask(1, 60.0)
            assert entered.wait(PATIENCE)
            reading = world.read(PODS, seconds=3600)
            assert (reading.age, reading.stale) == (6.0, True)
            released.set()
            crowd.end()

    def test_what_is_remembered_needs_no_place(self) -> None:
        """Readings, absences and failures answer while all places are taken."""
        world = World(most_waiting=1)
        gone, broken = Query(POD, "shop", "gone"), Query(POD, "shop", "broken")
        world.read(PODS)
        world.upstream.fails(ABSENCES["not found"])
        world.error(gone)
        world.upstream.fails(FAILURES["upstream error"])
        world.error(broken)
        crowd = Crowd(world)
        with held(world.upstream, give) as (entered, released):
            crowd.ask(1, 60.0)
            assert entered.wait(PATIENCE)
            assert not world.read(PODS).stale
            assert type(world.error(gone)) is NotFound
            assert type(world.error(broken)) is UpstreamError
            released.set()
            crowd.end()


def alive(kind: type[Any]) -> int:
    """How many objects of a class the interpreter holds."""
    gc.collect()
    return sum(isinstance(entry, kind) for entry in gc.get_objects())


SHAPES: dict[str, Callable[[], object]] = {
    "text": lambda: [{"message": "x" * 2**21}],
    "texts": lambda: [f"é{at}" for at in range(20_000)],
    "maps": lambda: [dict[str, int]() for _ in range(30_000)],
    "lists": lambda: [list[int]() for _ in range(30_000)],
    "fields": lambda: [{"a": at} for at in range(10_000)],
}
"""What a MiB or two of memory may hold."""


def long_selector(number: int) -> LabelSelector:
    """One of many parts."""
    parts = (f"k{number}-{at}" for at in range(60))
    return LabelSelector(tuple(Requirement(part, "Exists") for part in parts))


class TestBounds:
    """Whatever is asked, memory has an end."""

    def test_guessing_cannot_evict_what_is_polled(self, world: World) -> None:
        """Names that do not exist have a memory of their own."""
        world.read()
        world.upstream.fails(ABSENCES["not found"])
        for number in range(10_000):
            world.error(Query(POD, "shop", f"guess-{number}"))
        asked = len(world.upstream.asked)
        assert not world.read().stale
        assert len(world.upstream.asked) == asked

    @pytest.mark.parametrize(
        "error", [*ABSENCES.values(), *FAILURES.values()], ids=[*ABSENCES, *FAILURES]
    )
    def test_errors_of_many_names_are_bounded(
        self, world: World, error: Callable[[], ReadError]
    ) -> None:
        """However many names are asked for, a few thousand errors are left behind."""
        before = alive(ReadError)
        world.upstream.fails(error)
        for number in range(10_000):
            try:
                world.read(Query(POD, "shop", f"guess-{number}"))
            except ReadError:
                world.upstream.asked.clear()
        assert alive(ReadError) - before < 5_000

    @pytest.mark.parametrize(
        "error", [ABSENCES["not found"], FAILURES["timeout"]], ids=["absence", "failure"]
    )
    def test_a_remembered_error_holds_no_caller(
        self, world: World, error: Callable[[], ReadError]
    ) -> None:
        """A traceback keeps every frame below it, with the request and the body read in it."""
        before = alive(FrameType)
        world.upstream.fails(error)
        for number in range(500):
            try:
                world.read(Query(POD, "shop", f"guess-{number}"))
            except ReadError:
                continue
        assert alive(FrameType) - before < 50

    def test_readings_of_many_names_are_bounded(self, world: World) -> None:
        """Not all objects that exist are kept."""
        world.upstream.works(deployment())
        before = alive(Reading)
        for number in range(60_000):
            world.read(Query(POD, "shop", f"web-{number}"))
            world.upstream.asked.clear()
        assert alive(Reading) - before <= 50_000

    def test_a_list_weighs_what_it_holds(self, world: World) -> None:
        """Three lists of 15,000 pods are over the bound, so the first goes."""
        world.upstream.works(*[pod()] * 15_000)
        queries = [Query(POD, f"ns-{number}") for number in range(3)]
        for query in queries:
            world.read(query)
        world.upstream.asked.clear()
        for query in reversed(queries):
            world.read(query)
        assert world.upstream.asked == [queries[0]]

    def test_a_list_over_the_bound_is_answered_and_not_kept(self, world: World) -> None:
        """It evicts nothing, and it is no error."""
        world.read()
        world.upstream.works(*[pod()] * 90_000)
        for _ in range(2):
            assert len(world.read(PODS).objects) == 90_000
        assert world.upstream.asked == [API, PODS, PODS]
        assert not world.read().stale
        assert len(world.upstream.asked) == 3

    def test_a_list_over_the_bound_ends_what_it_overtakes(self, world: World) -> None:
        """What was there before it is not brought back when the API server fails later."""
        world.read(PODS)
        world.clock.time += 6.0
        world.upstream.works(*[pod()] * 90_000)
        world.read(PODS)
        world.upstream.fails(FAILURES["upstream error"])
        assert type(world.error(PODS)) is UpstreamError

    @pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
    def test_objects_of_any_size_are_bounded_together(
        self, world: World, shape: Callable[[], object]
    ) -> None:
        """Whoever may write to an object decides how large it is, and what it is made of."""
        tracemalloc.start()
        try:
            made = shape()
            size, _ = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        world.upstream.works({"status": {"conditions": made}})
        queries = [Query(POD, "shop", f"web-{at}") for at in range(300)]
        for query in (*queries, *reversed(queries)):
            world.read(query)
        kept = 2 * len(queries) - len(world.upstream.asked)
        assert size > 2**20
        assert 2**24 < kept * size < 140 * 2**20

    def test_an_object_of_which_no_text_can_be_made_is_answered(self, world: World) -> None:
        """Half of a character stands in some dumps."""
        world.upstream.works({**pod(), "status": {"message": "\ud800"}})
        assert world.read(PODS).objects

    @pytest.mark.parametrize("error", [*ABSENCES.values(), *FAILURES.values()])
    def test_errors_of_long_selectors_are_bounded(
        self, world: World, error: Callable[[], ReadError]
    ) -> None:
        """A selector is a part of the question, and some of a KiB take forty."""
        world.upstream.fails(error)
        queries = [Query(POD, "shop", selector=long_selector(at)) for at in range(600)]
        for query in (*queries, *reversed(queries)):
            with suppress(ReadError):
                world.read(query)
        kept = 2 * len(queries) - len(world.upstream.asked)
        assert 100 < kept < 500
