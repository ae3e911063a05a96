"""The reader that remembers: what it tells of the worth of a reading, and what is apart.

How long, how often and in how much memory anything is remembered is the cache's matter.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from k8s_heartbeat.adapters.cache import Lifetimes
from k8s_heartbeat.adapters.cached import CachedReader
from k8s_heartbeat.adapters.memory import Memory
from k8s_heartbeat.core.checks.reader import (
    Deadline,
    NotFound,
    ReadError,
    Reading,
    ReadTimeout,
)
from k8s_heartbeat.core.gap import Gap, GapReason
from k8s_heartbeat.core.kinds import POD, ServedKinds
from k8s_heartbeat.core.query import Query
from k8s_heartbeat.core.rules import KINDS
from k8s_heartbeat.core.selectors import LabelSelector, Requirement
from tests.builders import Manifest, deployment
from tests.unit.adapters.support import (
    ABSENCES,
    FAILURES,
    TINY,
    Clock,
    Crowd,
    Places,
    failures,
    holding,
)

API = Query(KINDS[0], "shop", "api")
PODS = Query(POD, "shop")
CUT = Gap(GapReason.CUT, POD, "", "there are more")


@dataclass(slots=True)
class Upstream:
    """A reader that answers as it is told, and notes what it was asked.

    Attributes:
        error: Raised in place of any answer.
        age: Of what it gives.
        takes: Seconds of the clock that an answer takes.
        stale: Whether it says that what it gives is stale.
        gap: Why what it gives is not whole.
        size: Bytes that what it gives takes.
        before: Called before each answer.
        asked: Every query; "ping" for a ping, "discover" for the kinds.
    """

    clock: Clock
    error: Exception | None = None
    objects: tuple[Manifest, ...] = (deployment(),)
    age: float = 0.0
    takes: float = 0.0
    stale: bool = False
    gap: Gap | None = None
    size: int = 0
    before: Callable[[], None] = lambda: None
    asked: list[Query | str] = field(default_factory=list[Query | str])

    def _answers(self, what: Query | str) -> float:
        began = self.clock()
        self.asked.append(what)
        self.before()
        self.clock.time += self.takes
        if self.error is not None:
            raise copy.copy(self.error)
        return began - self.age

    def read(self, query: Query, deadline: Deadline) -> Reading:
        return Reading(self.objects, self._answers(query), self.stale, self.gap, self.size)

    def discover(self, deadline: Deadline) -> ServedKinds:
        return ServedKinds(KINDS, whole=True, began=self._answers("discover"))

    def ping(self, deadline: Deadline) -> None:
        self._answers("ping")


@dataclass(slots=True)
class World:
    """A remembering reader, whom it asks, and its clock."""

    clock: Clock = field(default_factory=Clock)
    places: Places = field(default_factory=lambda: Places(64))
    lifetimes: Lifetimes = field(default_factory=Lifetimes)
    usual_time: float = 5.0
    memory: Memory = field(default_factory=Memory)
    upstream: Upstream = field(init=False)
    cached: CachedReader = field(init=False)

    def __post_init__(self) -> None:
        self.upstream = Upstream(self.clock)
        self.cached = CachedReader(
            self.upstream,
            clock=self.clock,
            lifetimes=self.lifetimes,
            memory=self.memory,
            places=self.places,
            usual_time=self.usual_time,
        )

    def read(self, query: Query = API, seconds: float = 60.0) -> Reading:
        """A reading with some seconds of time."""
        return self.cached.read(query, self.clock.deadline(seconds))

    def worth(self, query: Query = API) -> tuple[float, bool]:
        """How old a reading is now, and whether it says to be stale."""
        reading = self.read(query)
        return self.clock() - reading.began, reading.stale

    def discover(self) -> ServedKinds:
        """The kinds."""
        return self.cached.discover(self.clock.deadline())

    def ping(self) -> None:
        """A ping."""
        self.cached.ping(self.clock.deadline())


@pytest.fixture
def world() -> World:
    """A working API server and a standing clock."""
    return World()


class TestWorth:
    """A reading is as old as when it began, and stale once it is older than its lifetime."""

    def test_it_counts_from_the_beginning_of_the_reading(self, world: World) -> None:
        """The time that the API server took, and an age that it came with, are part of it."""
        world.upstream.takes, world.upstream.age = 1.0, 0.5
        assert world.worth() == (1.5, False)
        world.clock.time += 3.0
        assert world.worth() == (4.5, False)
        assert len(world.upstream.asked) == 1
        world.clock.time += 0.5
        assert world.worth() == (1.5, False)

    def test_it_is_stale_where_it_took_longer_than_it_lives(self, world: World) -> None:
        """It answers for a while all the same, and says so at once."""
        world.upstream.takes = 7.0
        assert world.worth() == (7.0, True)
        world.clock.time += 6.0
        assert world.worth() == (13.0, True)
        assert len(world.upstream.asked) == 1

    def test_it_is_stale_where_the_reader_below_says_so(self, world: World) -> None:
        """Whoever reads knows best."""
        world.upstream.stale = True
        assert world.worth() == (0.0, True)
        assert world.worth() == (0.0, True)

    @failures
    def test_it_is_stale_where_it_stands_in(self, world: World, error: ReadError) -> None:
        """With the age that it has, until its time is over."""
        world.read()
        world.upstream.error = error
        for moment in (5.0, 30.0, 150.0 - TINY):
            world.clock.time = 1000.0 + moment
            assert world.worth() == (moment, True)
            assert world.read().objects == (deployment(),)

    def test_lifetimes_are_what_the_operator_says(self) -> None:
        """HEARTBEAT_CACHE_TTL may be longer than the time that a stale reading stands in."""
        world = World(lifetimes=Lifetimes(reading=300.0, stale=0.0))
        world.read()
        world.clock.time += 299.0
        assert world.worth() == (299.0, False)
        world.clock.time += 2.0
        world.upstream.error = FAILURES["timeout"]
        with pytest.raises(ReadTimeout):
            world.read()

    def test_that_it_is_not_whole_is_remembered_with_it(self, world: World) -> None:
        """Also while it stands in; the next reading may be whole."""
        world.upstream.gap = CUT
        assert [world.read(PODS).gap for _ in range(2)] == [CUT, CUT]
        world.clock.time += 6.0
        world.upstream.error = FAILURES["timeout"]
        reading = world.read(PODS)
        assert (reading.stale, reading.gap) == (True, CUT)
        world.clock.time += 2.0
        world.upstream.error = world.upstream.gap = None
        assert world.read(PODS).gap is None


class TestQuestions:
    """Each is asked for itself."""

    def test_no_question_answers_for_another(self, world: World) -> None:
        """Another namespace, all of them, one object, or some of them by a selector."""
        some = LabelSelector((Requirement("app", "Exists"),))
        questions = [
            PODS,
            Query(POD, ""),
            Query(POD, "other"),
            Query(POD, "shop", "api"),
            Query(POD, "shop", selector=some),
        ]
        for query in (*questions, *questions):
            world.read(query)
        assert world.upstream.asked == questions

    def test_readings_discovery_and_pings_are_apart(self, world: World) -> None:
        """What is known of one says nothing of the others."""
        for ask in (world.discover, world.read, world.ping):
            ask()
        assert world.upstream.asked == ["discover", API, "ping"]

    def test_a_selector_weighs_what_it_takes(self) -> None:
        """It is a part of what is remembered, and a KiB of it takes some forty in memory."""
        world = World(memory=Memory(1))
        parts = [LabelSelector((Requirement(f"{'k' * 4_400}{at}", "Exists"),)) for at in range(300)]
        queries = [Query(POD, "shop", selector=selector) for selector in parts]
        for query in (*queries, *reversed(queries)):
            world.read(query)
        kept = 2 * len(queries) - len(world.upstream.asked)
        # The least budget is 40 MiB.
        assert 200 < kept < 240

    def test_a_reading_weighs_what_its_reader_has_counted(self, world: World) -> None:
        """Of more than there is room for, the longest unused goes."""
        world.upstream.size = 25 * 2**20
        queries = [Query(POD, f"ns-{number}") for number in range(4)]
        for query in queries:
            world.read(query)
        world.upstream.asked.clear()
        for query in reversed(queries):
            world.read(query)
        assert world.upstream.asked == [queries[0]]


class TestDiscovery:
    """What the cluster serves changes rarely, and answers for a minute."""

    @pytest.mark.parametrize("lifetime", [60.0, 2.0])
    def test_it_is_remembered_for_its_own_lifetime(self, lifetime: float) -> None:
        """Longer or shorter than that of a reading."""
        world = World(lifetimes=Lifetimes(discovery=lifetime))
        for moment, calls in ((0.0, 1), (lifetime - TINY, 1), (lifetime, 2)):
            world.clock.time = 1000.0 + moment
            assert world.discover().has(POD)
            assert len(world.upstream.asked) == calls

    @failures
    def test_a_failure_is_no_discovery(self, world: World, error: ReadError) -> None:
        """It is remembered as a failure is, and the next one after that asks again."""
        world.upstream.error = error
        for _ in range(3):
            with pytest.raises(type(error)):
                world.discover()
        assert world.upstream.asked == ["discover"]
        world.clock.time += 1.5
        world.upstream.error = None
        assert world.discover().kinds

    @failures
    def test_what_was_served_stands_in(self, error: ReadError) -> None:
        """As an old reading does, and no longer than one."""
        world = World(lifetimes=Lifetimes(discovery=20.0))
        began = world.discover().began
        world.upstream.error = error
        world.clock.time = 1150.0 - TINY
        assert world.discover().began == began
        world.clock.time = 1152.0
        with pytest.raises(type(error)):
            world.discover()


class TestPings:
    """Probes come every second from many sides."""

    def test_one_is_remembered_like_a_reading(self, world: World) -> None:
        """But nothing stands in: that it answered a minute ago says nothing of now."""
        for moment in (0.0, 4.0, 2.0):
            world.clock.time += moment
            world.ping()
        assert world.upstream.asked == ["ping", "ping"]
        world.clock.time += 6.0
        world.upstream.error = FAILURES["upstream error"]
        errors: list[ReadError] = []
        for _ in range(2):
            with pytest.raises(ReadError) as caught:
                world.ping()
            errors.append(caught.value)
        assert errors[0] is not errors[1]
        assert len(world.upstream.asked) == 3

    def test_strangers_who_ask_for_it_keep_no_reader_waiting(self) -> None:
        """They have few places of their own."""
        world = World(places=Places(1))
        with holding() as hold:
            world.upstream.before = hold
            pings: Crowd[Any] = Crowd(world.ping)
            pings.start(9)
            hold.wait_for()
            # Eight lead or wait; whoever is one too many leaves at once.
            while not pings.outcomes:
                pings.threads[0].join(0.001)
            assert [type(outcome) for outcome in pings.outcomes] == [ReadTimeout]
            world.upstream.before = lambda: None
            assert world.read().objects
            hold.release()
            assert pings.end().count(None) == 8


@pytest.mark.parametrize(("usual", "calls"), [(4.0, 2), (2.0, 1)])
@pytest.mark.parametrize("what", ["read", "discover", "ping"])
def test_what_did_not_come_in_little_time_is_asked_for_anew(
    what: str, usual: float, calls: int
) -> None:
    """A caller whose time was nearly over has learned nothing about the API server."""
    world = World(usual_time=usual)
    world.upstream.error, world.upstream.takes = FAILURES["timeout"], 1.0
    asking: dict[str, Callable[[Deadline], object]] = {
        "read": lambda deadline: world.cached.read(API, deadline),
        "discover": world.cached.discover,
        "ping": world.cached.ping,
    }
    for _ in range(2):
        with pytest.raises(ReadTimeout):
            asking[what](world.clock.deadline(1.0))
    assert len(world.upstream.asked) == calls


def test_every_caller_gets_an_error_of_its_own(world: World) -> None:
    """With the beginning of the reading that came to nothing."""
    world.upstream.error = ABSENCES["not found"]
    errors: list[ReadError] = []
    for _ in range(2):
        with pytest.raises(NotFound) as caught:
            world.read()
        errors.append(caught.value)
        world.clock.time += 7.0
    assert errors[0] is not errors[1]
    assert [error.began for error in errors] == [1000.0, 1000.0]


def test_who_comes_past_the_places_is_answered_from_what_is_stale() -> None:
    """A reading of a few seconds ago is better than none."""
    world = World(places=Places(1))
    world.read(PODS)
    world.clock.time += 6.0
    with holding() as hold:
        world.upstream.before = hold
        crowd = Crowd(world.read)
        crowd.start(1)
        hold.wait_for()
        assert world.worth(PODS) == (6.0, True)
        hold.release()
        crowd.end()
