"""Verdicts on groups: each computed once for all who ask, and no longer told than it is worth."""

from __future__ import annotations

import copy
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from k8s_heartbeat.adapters.cache import Lifetimes
from k8s_heartbeat.adapters.cached import CachedReader
from k8s_heartbeat.adapters.groups import Groups
from k8s_heartbeat.adapters.memory import Memory
from k8s_heartbeat.adapters.slots import ComputeSlots
from k8s_heartbeat.core import Health, Policy, Threshold
from k8s_heartbeat.core.checks.component import Component, Member
from k8s_heartbeat.core.checks.overview import Overview
from k8s_heartbeat.core.checks.reader import (
    Deadline,
    Forbidden,
    NotServed,
    ReadError,
    Reading,
    ReadTimeout,
    UpstreamError,
)
from k8s_heartbeat.core.checks.result import SelectionResult
from k8s_heartbeat.core.checks.selection import Selection
from k8s_heartbeat.core.kinds import POD
from k8s_heartbeat.core.query import Query
from k8s_heartbeat.core.rules import KINDS, WORKLOADS
from tests.builders import NOW, deployment, stateful_set
from tests.http.support import FORBIDDEN, TIMEOUT, UPSTREAM, FakeReader
from tests.unit.adapters.support import TINY, Clock, Crowd, Places, failures, holding

SHOP, ALL = Selection("shop"), Selection()
PODS = Selection("shop", (POD,))
PAY = Component("pay", "Pay", (Member(("shop",), "deploy", "api"), Member(("shop",), "sts", "db")))
WHOLE = Component("whole", "Whole", (Member(("shop",)),))
GROUPS: dict[str, Selection | Component] = {
    "selection": SHOP,
    "named component": PAY,
    "component": WHOLE,
}
groups = pytest.mark.parametrize("group", GROUPS.values(), ids=GROUPS)
CUSTOM = [kind.kind for kind in WORKLOADS if "." in kind.group]


class Reader(FakeReader):
    """A reader of which everything may be changed, and that may be held.

    Attributes:
        before: Called before each reading.
        takes: Seconds of its clock that each reading takes.
        age: How old its readings are besides.
    """

    def __init__(self, clock: Clock) -> None:
        super().__init__([deployment(), stateful_set()])
        self._clock = clock
        self.before: Callable[[], None] = lambda: None
        self.takes = self.age = 0.0
        self.errors: dict[str, ReadError] = {}

    def read(self, query: Query, deadline: Deadline) -> Reading:
        """As it was at the beginning of the reading."""
        self.before()
        began = self._clock() - self.age
        self._clock.time += self.takes
        if query.kind.kind in self.errors:
            self.queries.append(query)
            raise copy.copy(self.errors[query.kind.kind])
        reading = super().read(query, deadline)
        return Reading(reading.objects, began, reading.stale, reading.gap)


@dataclass(slots=True)
class World:
    """Groups over a reader, and their clock."""

    clock: Clock = field(default_factory=Clock)
    places: Places = field(default_factory=lambda: Places(64))
    policy: Policy = Policy()
    cached: CachedReader | None = None
    reader: Reader = field(init=False)
    slots: ComputeSlots = field(default_factory=lambda: ComputeSlots(1))
    groups: Groups = field(init=False)

    def __post_init__(self) -> None:
        self.reader = Reader(self.clock)
        self.groups = self.over(self.reader)

    def over(self, reader: Reader | CachedReader) -> Groups:
        """Groups over a reader."""
        return Groups(
            reader,
            self.policy,
            clock=self.clock,
            lifetimes=Lifetimes(),
            memory=Memory(),
            places=self.places,
            slots=self.slots,
        )

    def check(self, group: Selection | Component = SHOP, seconds: float = 60.0) -> SelectionResult:
        """What comes of a check."""
        return self.groups.check(group, NOW, self.clock.deadline(seconds))

    def calls(self, group: Selection | Component) -> int:
        """How many readings a check costs."""
        before = len(self.reader.queries)
        with suppress(ReadError):
            self.check(group)
        return len(self.reader.queries) - before

    def is_computed_after(self, seconds: float, group: Selection | Component = SHOP) -> bool:
        """Whether a group is computed after so long, and not a moment before."""
        self.clock.time += seconds - TINY
        before = self.calls(group)
        self.clock.time += TINY
        return not before and self.calls(group) > 0


@pytest.fixture
def world() -> World:
    """A working API server and a standing clock."""
    return World()


@groups
def test_one_computation_serves_all_who_ask_in_a_lifetime(
    world: World, group: Selection | Component
) -> None:
    """The very same result; what of it a selector lets through is each caller's own."""
    assert world.calls(group) > 0
    assert world.check(group) is world.check(group)
    assert world.is_computed_after(5.0, group)


def test_a_result_is_shared_no_longer_than_its_oldest_reading_counts(world: World) -> None:
    """From when that began; and it stands in no longer than that would."""
    world.reader.age = 4.0
    world.check()
    assert world.is_computed_after(1.0)
    world.reader.failure = UPSTREAM
    world.clock.time = 1147.0 - TINY
    assert world.check().stale
    world.clock.time = 1149.0
    with pytest.raises(UpstreamError):
        world.check()


def test_groups_are_apart(world: World) -> None:
    """Namespaces, kinds and components."""
    results = [world.check(group) for group in (SHOP, ALL, PODS, PAY, WHOLE)]
    assert len(set(map(id, results))) == 5


def test_a_cold_group_is_computed_once_for_all_who_ask_at_once(world: World) -> None:
    """64 callers; each has the result."""
    with holding() as hold:
        world.reader.before = hold
        crowd = Crowd(world.check)
        crowd.start(64)
        world.places.wait_for(64)
        hold.release()
        outcomes = crowd.end()
    assert len(world.reader.queries) == len(WORKLOADS)
    assert len(set(map(id, outcomes))) == 1
    assert isinstance(outcomes[0], SelectionResult)


def test_nobody_waits_longer_than_they_have(world: World) -> None:
    """While the one who computes goes on, and it is no wasted work."""
    with holding() as hold:
        world.reader.before = hold
        leader = Crowd(world.check)
        leader.start(1)
        hold.wait_for()
        waiters = Crowd(lambda: world.check(seconds=0.05))
        waiters.start(8)
        assert {type(outcome) for outcome in waiters.end()} == {ReadTimeout}
        assert not leader.outcomes
        hold.release()
        leader.end()
    assert world.calls(SHOP) == 0


def test_who_comes_past_the_places_is_answered_at_once() -> None:
    """With what is stale, otherwise with a timeout that nobody remembers."""
    world = World(places=Places(1))
    world.check(PODS)
    world.clock.time += 6.0
    with holding() as hold:
        world.reader.before = hold
        crowd = Crowd(world.check)
        crowd.start(1)
        hold.wait_for()
        for group in (SHOP, ALL):
            with pytest.raises(ReadTimeout, match="overloaded"):
                world.check(group, seconds=3600.0)
        assert world.check(PODS, seconds=3600.0).stale
        hold.release()
        crowd.end()
    assert world.check(ALL).members


class TestFailures:
    """Where nothing could be read, what was known stands in for a while."""

    @groups
    @failures
    def test_an_older_result_stands_in_and_says_so(
        self, world: World, group: Selection | Component, error: ReadError
    ) -> None:
        """With its members and its age, while it may; each then has an error of their own."""
        whole = world.check(group)
        world.reader.failure = error
        for moment in (5.0, 30.0, 150.0 - TINY):
            world.clock.time = 1000.0 + moment
            found = world.check(group)
            assert found.members == whole.members
            assert (found.stale, found.worth(world.clock()).stale) == (True, True)
            assert found.worth(world.clock()).age(world.clock()) == moment
        world.clock.time = 1152.0
        errors: list[ReadError] = []
        for _ in range(2):
            with pytest.raises(type(error)) as caught:
                world.check(group)
            errors.append(caught.value)
        assert errors[0] is not errors[1]

    @pytest.mark.parametrize(
        ("error", "seconds"), [(UPSTREAM, 1.5), (TIMEOUT, 1.5), (FORBIDDEN, 10.0)], ids=repr
    )
    def test_it_is_remembered_as_that_of_a_reading_is(
        self, world: World, error: ReadError, seconds: float
    ) -> None:
        """A failure heals sooner than what is refused."""
        world.reader.failure = error
        with pytest.raises(type(error)):
            world.check()
        assert world.is_computed_after(seconds)

    def test_a_kind_that_is_not_served_is_no_outage(self, world: World) -> None:
        """It is as old as a reading may be, and stands in for a failure."""
        world.reader.errors = {"Pod": NotServed("pods", "there is no such kind")}
        with pytest.raises(NotServed):
            world.check(PODS)
        assert world.is_computed_after(5.0, PODS)
        world.reader.errors = {"Pod": UpstreamError("pods", "it broke")}
        world.clock.time += 11.0
        with pytest.raises(NotServed):
            world.check(PODS)

    @pytest.mark.parametrize(
        ("errors", "seconds"),
        [
            pytest.param({}, 5.0, id="nothing"),
            pytest.param({"StatefulSet": UPSTREAM}, 1.5, id="a list that failed"),
            pytest.param({"StatefulSet": TIMEOUT}, 1.5, id="a list that took too long"),
            pytest.param({"StatefulSet": FORBIDDEN}, 5.0, id="a list that is refused"),
            pytest.param(
                dict.fromkeys(CUSTOM, NotServed("it", "none")), 5.0, id="kinds that are not served"
            ),
        ],
    )
    @groups
    def test_part_of_it_that_failed_is_soon_tried_again(
        self,
        world: World,
        group: Selection | Component,
        errors: dict[str, ReadError],
        seconds: float,
    ) -> None:
        """What is refused or not there will be so in a moment too, and costs nobody more."""
        world.reader.errors = errors
        result = world.check(group)
        assert result.faulty is (seconds == 1.5)
        assert world.is_computed_after(seconds, group)

    def test_evidence_that_failed_counts_too(self, world: World) -> None:
        """Of a member by name as of one in a list."""
        web: dict[str, Any] = {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": {"name": "web", "namespace": "shop"},
            "spec": {"selector": {"app": "web"}},
            "status": {"loadBalancer": {}},
        }
        world.reader.objects = (web,)
        world.reader.errors = {"EndpointSlice": UPSTREAM}
        for members in (Member(("shop",), "svc", "web"), Member(("shop",), "svc")):
            assert world.check(Component("web", "Web", (members,))).faulty


def test_a_result_grows_old_as_its_readings_do(world: World) -> None:
    """One that took long answers for longer; its age is told, and that it is past its time."""
    world.reader.takes = 4.0
    pods = Selection(kinds=(POD,))
    result = world.check(pods)
    assert world.groups.worth(result).age(world.clock()) == 4.0
    assert not world.groups.worth(result).stale
    world.clock.time += 3.0
    assert world.check(pods) is result
    assert world.groups.worth(result).age(world.clock()) == 7.0
    assert world.groups.worth(result).stale


class TestSlots:
    """Groups are computed one at a time; nothing else waits for that."""

    def test_who_finds_none_free_in_time_is_told_so(self, world: World) -> None:
        """Of another group, and of an answer that is made."""
        with holding() as hold:
            world.reader.before = hold
            crowd = Crowd(world.check)
            crowd.start(1)
            hold.wait_for()
            for ask in (
                lambda: world.check(ALL, seconds=0.05),
                lambda: world.groups.computing(world.clock.deadline(0.05)).__enter__(),
            ):
                with pytest.raises(ReadTimeout, match="no slot became free in time"):
                    ask()
            hold.release()
            crowd.end()

    def test_who_waits_for_a_reading_leaves_it_to_others(self, world: World) -> None:
        """And an object by itself needs none at any time."""
        cached = CachedReader(world.reader, clock=world.clock, slots=world.slots)
        world.groups = world.over(cached)
        with holding() as hold:
            world.reader.before = hold
            crowd = Crowd(world.check)
            crowd.start(1)
            hold.wait_for()
            world.reader.before = lambda: None
            assert world.check(PODS) is world.check(PODS)
            with world.groups.computing(world.clock.deadline()):
                alone = Crowd(
                    lambda: cached.read(Query(KINDS[0], "shop", "api"), world.clock.deadline(0.05))
                )
                alone.start(1)
                (outcome,) = alone.end()
                assert isinstance(outcome, Reading)
            hold.release()
            (result,) = crowd.end()
        assert isinstance(result, SelectionResult)
        assert not result.faulty


def test_the_policy_is_the_services_but_for_components() -> None:
    """Which have their own."""
    world = World(policy=Policy(zero=Health.DOWN))
    world.reader.objects = (deployment(0),)
    (member,) = world.check().members
    assert member.assessment.health is Health.DOWN
    (member,) = world.check(Component("all", "All", (Member(("shop",), "deploy"),))).members
    assert member.assessment.health is Health.HEALTHY


def test_what_nobody_may_see_is_refused(world: World) -> None:
    """As one reading of it would be."""
    world.reader.failure = FORBIDDEN
    with pytest.raises(Forbidden):
        world.check()


@pytest.fixture
def no_room(monkeypatch: pytest.MonkeyPatch) -> None:
    """Groups that keep no result, as none is so small."""
    monkeypatch.setattr("k8s_heartbeat.adapters.groups._KEPT", 1)


class TestOverviews:
    """Components without most of their members, which are kept where the members do not fit."""

    def overview(self, world: World, component: Component = WHOLE) -> Overview:
        """That of a component."""
        return world.groups.overview(component, NOW, world.clock.deadline(60.0))

    def test_it_is_made_once_in_a_lifetime(self, world: World) -> None:
        """The very same one, for as long as the result behind it counts."""
        world.reader.age = 2.0
        found = self.overview(world)
        assert (found.total, found.available, found.verdict.health) == (2, 2, Health.HEALTHY)
        assert world.groups.worth(found).age(world.clock()) == 2.0
        world.clock.time += 3.0 - TINY
        assert self.overview(world) is found
        world.reader.objects = (deployment(3, 0), stateful_set())
        assert self.overview(world).verdict.health is Health.HEALTHY
        world.clock.time += TINY
        assert self.overview(world).verdict.health is Health.DOWN

    def test_that_of_a_part_that_failed_is_soon_made_anew(self, world: World) -> None:
        """As the result itself is."""
        world.reader.errors = {"StatefulSet": UPSTREAM}
        assert self.overview(world).verdict.health is Health.UNKNOWN
        world.reader.errors = {}
        world.clock.time += 1.5 - TINY
        assert self.overview(world).verdict.health is Health.UNKNOWN
        world.clock.time += TINY
        assert self.overview(world).verdict.health is Health.HEALTHY

    def test_it_stays_where_the_members_do_not_fit(self, no_room: None) -> None:
        """Then they are read anew for who asks for them, and not for it."""
        world = World()
        found = self.overview(world)
        assert world.calls(WHOLE) > 0
        before = len(world.reader.queries)
        assert self.overview(world) is found
        assert len(world.reader.queries) == before

    @failures
    def test_an_older_one_stands_in_and_says_so(self, world: World, error: ReadError) -> None:
        """No longer than the members would."""
        self._outlives(world, error)

    @failures
    def test_it_stands_in_for_members_that_do_not_fit(
        self, no_room: None, error: ReadError
    ) -> None:
        """As for those that do."""
        self._outlives(World(), error)

    def _outlives(self, world: World, error: ReadError) -> None:
        fresh = self.overview(world)
        world.reader.failure = error
        for moment in (5.0, 6.0, 30.0, 150.0 - TINY):
            world.clock.time = 1000.0 + moment
            found = self.overview(world)
            assert found.verdict == fresh.verdict
            assert found.read.stale
            assert world.groups.worth(found).age(world.clock()) == moment
        world.clock.time = 1152.0
        with pytest.raises(type(error)):
            self.overview(world)

    def test_components_are_apart(self, world: World) -> None:
        """Also those that only differ in what they need."""
        lenient = replace(WHOLE, up=Threshold(1))
        world.reader.objects = (deployment(3, 0), stateful_set())
        assert not self.overview(world).verdict.up
        assert self.overview(world, lenient).verdict.up
