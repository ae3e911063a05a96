"""Many questions about one namespace share a LIST: when, how old its answers are, and when not."""

from __future__ import annotations

import copy
import json
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pytest

from k8s_heartbeat.adapters.cache import Lifetimes
from k8s_heartbeat.adapters.cached import CachedReader
from k8s_heartbeat.adapters.cluster import SharedLists, shared_lists
from k8s_heartbeat.adapters.memory import Memory
from k8s_heartbeat.core.assessment import Health
from k8s_heartbeat.core.checks.object import ObjectResult, check_object
from k8s_heartbeat.core.checks.reader import (
    ClusterReader,
    Deadline,
    Forbidden,
    NotFound,
    NotServed,
    ReadError,
    Reading,
    ReadTimeout,
    UpstreamError,
)
from k8s_heartbeat.core.gap import Gap, GapReason
from k8s_heartbeat.core.kinds import EVENT, POD, ServedKinds
from k8s_heartbeat.core.query import Query
from k8s_heartbeat.core.rules import KINDS, RULES
from k8s_heartbeat.core.selectors import LabelSelector, Requirement
from tests.builders import Manifest, container, deployment, pod, replica_set, waiting
from tests.servers.api_server import ApiServer, Request, status_object
from tests.servers.kubeconfig import kubeconfig, live_reader, write_kubeconfig
from tests.unit.adapters.support import PATIENCE, Clock, holding

DEPLOYMENT = KINDS[0]
TTL = 5.0
EVERYTHING = Query(DEPLOYMENT, "shop")
NOW = datetime(2026, 1, 1, tzinfo=UTC)
FIXTURES = Path(__file__).resolve().parents[3] / "fixtures"


def workload(number: int, namespace: str = "shop") -> Manifest:
    """One of many Deployments, with pods of its own."""
    name = f"w{number:05}"
    made = deployment()
    made["metadata"] |= {"name": name, "uid": name, "namespace": namespace, "labels": {"app": name}}
    made["spec"] |= {"selector": {"matchLabels": {"app": name}}}
    return made


def workloads(count: int) -> list[Manifest]:
    """So many of them in one namespace."""
    return [workload(number) for number in range(count)]


def named(number: int, namespace: str = "shop") -> Query:
    """The question after one of them."""
    return Query(DEPLOYMENT, namespace, f"w{number:05}")


def selected(number: int) -> Query:
    """The question after its pods."""
    selector = LabelSelector((Requirement("app", "In", (f"w{number:05}",)),))
    return Query(POD, "shop", selector=selector)


@dataclass(slots=True)
class Upstream:
    """A reader over objects at hand that notes what it is asked.

    Attributes:
        refusals: Raised in place of every LIST of everything.
        get_refusals: Raised in place of every object.
        weight: Bytes of each object.
        before_list: Called before a LIST is answered.
        before_get: Called before an object is.
        asked: Every question, and how many objects it may have at most.
        patience: How many seconds the last LIST had.
    """

    clock: Clock
    objects: Sequence[Manifest] = ()
    refusals: ReadError | None = None
    get_refusals: ReadError | None = None
    weight: int = 1_000
    before_list: Callable[[], None] = lambda: None
    before_get: Callable[[], None] = lambda: None
    asked: list[tuple[Query, int]] = field(default_factory=list[tuple[Query, int]])
    patience: float = 0.0

    @property
    def lists(self) -> list[int]:
        """How many objects each LIST of everything might have."""
        return [most for query, most in self.asked if not query.name and query.selector is None]

    def read(self, query: Query, deadline: Deadline, most: int = 20_000) -> Reading:
        began = self.clock()
        self.asked.append((query, most))
        is_list = not query.name and query.selector is None
        error = self.refusals if is_list else self.get_refusals
        if is_list:
            self.patience = deadline.remaining()
            self.before_list()
        else:
            self.before_get()
        if error is not None:
            raise copy.copy(error)
        found = [
            entry
            for entry in self.objects
            if entry["kind"] == query.kind.kind
            and entry["metadata"]["namespace"] == query.namespace
            and query.name in ("", entry["metadata"]["name"])
            and (query.selector is None or query.selector.matches(entry["metadata"]["labels"]))
        ]
        if query.name and not found:
            raise NotFound(str(query), "not found")
        gap = Gap(GapReason.CUT, query.kind, "", "there are more") if len(found) > most else None
        return Reading(tuple(found[:most]), began, gap=gap, size=self.weight * len(found))

    def discover(self, deadline: Deadline) -> ServedKinds:
        return ServedKinds(KINDS, whole=True, began=self.clock())

    def ping(self, deadline: Deadline) -> None:
        self.asked.append((EVERYTHING, 0))


@dataclass(slots=True)
class World:
    """A reader that shares lists, whom it asks, and its clock."""

    clock: Clock = field(default_factory=Clock)
    upstream: Upstream = field(init=False)
    shared: SharedLists = field(init=False)
    start: Callable[[Callable[[], None]], None] = lambda fetch: fetch()
    lifetime: float = TTL
    timeout: float = 5.0

    def __post_init__(self) -> None:
        self.upstream = Upstream(self.clock)
        self.shared = SharedLists(
            self.upstream,
            clock=self.clock,
            lifetime=self.lifetime,
            timeout=self.timeout,
            memory=Memory(),
            start=self.start,
        )

    def read(self, query: Query) -> Reading:
        """The answer to a question."""
        return self.shared.read(query, self.clock.deadline())

    def outcome(self, query: Query) -> object:
        """What a question comes to: the objects, or the kind of the error and its words."""
        try:
            return self.read(query).objects
        except ReadError as error:
            return type(error), str(error)

    def ask(self, queries: Iterable[Query]) -> list[object]:
        """What several come to."""
        return [self.outcome(query) for query in queries]


@pytest.fixture
def world() -> World:
    """A namespace of 40 Deployments; a LIST is there before the question goes on."""
    made = World()
    made.upstream.objects = workloads(40)
    return made


class TestCost:
    """A LIST is had where it costs no more than what is asked within the lifetime of a reading."""

    @pytest.mark.parametrize(
        ("asked", "objects", "lists"),
        [
            (14, 14, []),
            (15, 15, [300]),
            (40, 300, [300]),
            # One more than is worth it, until twice as much is asked for.
            (29, 301, [300]),
            (30, 301, [300, 600]),
            # All of a large namespace: what is cut on the way is less than the last one.
            (167, 2_000, [300, 600, 1_200, 2_400]),
            # Few of many.
            (167, 10_000, [300, 600, 1_200, 2_400]),
        ],
    )
    def test_a_name_is_worth_20_objects(
        self, world: World, asked: int, objects: int, lists: list[int]
    ) -> None:
        """And 15 names are the fewest that are worth a LIST."""
        world.upstream.objects = workloads(objects)
        found = world.ask(map(named, range(asked)))
        assert found == [(entry,) for entry in world.upstream.objects[:asked]]
        assert world.upstream.lists == lists

    @pytest.mark.parametrize(
        ("asked", "objects", "lists"), [(2, 2, []), (3, 300, [300]), (5, 301, [300])]
    )
    def test_a_selector_is_worth_100_objects(
        self, world: World, asked: int, objects: int, lists: list[int]
    ) -> None:
        """The API server looks through everything for it."""
        world.upstream.objects = [
            {**workload(number), "apiVersion": "v1", "kind": "Pod"} for number in range(objects)
        ]
        found = world.ask(map(selected, range(asked)))
        assert found == [(entry,) for entry in world.upstream.objects[:asked]]
        assert world.upstream.lists == lists

    def test_how_many_objects_there_are_is_known_from_the_last_list(self, world: World) -> None:
        """No LIST is begun that would be cut, until ten minutes later."""
        world.upstream.objects = workloads(1_000)

        def ask_for(seconds: int) -> None:
            for turn in range(4 * seconds):
                world.ask([named(turn % 1_000)])
                world.clock.time += 1 / 4

        ask_for(600)
        # The first one while demand still grew.
        assert world.upstream.lists == [300, 420]
        ask_for(30)
        assert len(world.upstream.lists) == 3

    @pytest.mark.parametrize("count", [700, 1_100, 1_500])
    def test_what_is_worth_it_is_listed_from_the_second_lifetime_on(
        self, world: World, count: int
    ) -> None:
        """However many objects there are: all are asked for once in twelve lifetimes."""
        world.upstream.objects = workloads(count)
        for number in range(count):
            if number == count // 4:
                world.upstream.asked.clear()
            world.ask([named(number)])
            world.clock.time += 60 / count
        assert {query for query, _ in world.upstream.asked} == {EVERYTHING}
        assert len(world.upstream.asked) in (8, 9)

    def test_a_list_that_was_just_worth_it_may_grow(self, world: World) -> None:
        """It is not cut for a few objects more; then it is known that it is worth it no more."""
        world.upstream.objects = workloads(300)
        world.ask(map(named, range(15)))
        assert len(world.upstream.asked) == 15
        world.clock.time += 3 * TTL
        world.upstream.objects = workloads(310)
        world.ask(map(named, range(15)))
        assert (len(world.upstream.asked), world.upstream.lists) == (30, [300, 375])
        world.clock.time += 3 * TTL
        world.ask(map(named, range(15)))
        assert (len(world.upstream.asked), world.upstream.lists) == (45, [300, 375])
        world.ask([named(15)])
        assert world.upstream.lists == [300, 375, 387]

    def test_few_names_in_each_of_many_namespaces_are_worth_none(self, world: World) -> None:
        """3 in each of 100, asked every second."""
        places = [(number, f"ns-{place}") for number in range(3) for place in range(100)]
        world.upstream.objects = [workload(*place) for place in places]
        for _ in range(3):
            world.ask(named(*place) for place in places)
            world.clock.time += TTL
        assert (len(world.upstream.asked), world.upstream.lists) == (900, [])

    def test_what_was_asked_long_ago_is_worth_nothing(self, world: World) -> None:
        """One name a second is five within a lifetime."""
        for second in range(60):
            world.ask([named(second % 40)])
            world.clock.time += 1
        assert world.upstream.lists == []

    def test_names_that_come_evenly_have_one_list_in_a_lifetime(self, world: World) -> None:
        """40 names, 8 a second."""
        for turn in range(8 * 60):
            world.ask([named(turn % 40)])
            world.clock.time += 1 / 8
        assert len(world.upstream.lists) == 12
        assert len(world.upstream.asked) == 12 + 14


class TestAnswers:
    """What a LIST answers is what the API server would have answered when it was begun."""

    def test_they_are_as_old_as_the_list(self, world: World) -> None:
        """What exists and what does not; and never older than a lifetime."""
        world.ask(map(named, range(15)))
        began = world.clock()
        for age in (0.0, 4.9):
            world.clock.time = began + age
            assert world.read(named(39)).began == began
            with pytest.raises(NotFound, match=r"deployments shop/w00040: not found") as caught:
                world.read(named(40))
            assert caught.value.began == began
        world.upstream.refusals = UpstreamError("it", "there is no other one")
        world.clock.time = began + TTL
        assert world.read(named(39)).began == world.clock()

    def test_an_absence_is_remembered_from_the_beginning_of_the_list(self, world: World) -> None:
        """As long as one that the API server stated, and it says how old it is."""
        lifetimes = Lifetimes(reading=TTL, absence=2 * TTL)
        cached = CachedReader(world.shared, clock=world.clock, lifetimes=lifetimes)
        world.ask(map(named, range(15)))
        began = world.clock()
        world.clock.time += 4
        for moment in (began + 4, began + 9.9):
            world.clock.time = moment
            with pytest.raises(NotFound) as caught:
                cached.read(named(40), world.clock.deadline())
            assert caught.value.began == began
        world.clock.time = began + 10
        world.upstream.objects = workloads(41)
        assert cached.read(named(40), world.clock.deadline()).objects == (workload(40),)

    def test_the_next_list_is_begun_before_the_last_is_too_old(self, world: World) -> None:
        """By twice the time that it took, at most by half of the lifetime."""
        for takes, ahead in ((0.25, 0.5), (2.0, 2.5)):
            world.clock.time += 100

            def wait(takes: float = takes) -> None:
                world.clock.time += takes

            world.upstream.before_list = wait
            world.ask(map(named, range(15)))
            began = world.read(named(0)).began
            count = len(world.upstream.lists)
            world.clock.time = began + TTL - ahead - 0.01
            world.ask(map(named, range(15)))
            assert len(world.upstream.lists) == count
            world.clock.time = began + TTL - ahead
            world.read(named(0))
            assert len(world.upstream.lists) == count + 1

    @pytest.mark.parametrize(
        "query",
        [
            EVERYTHING,
            Query(POD, "shop", selector=LabelSelector()),
            Query(EVENT, "shop", "w00001"),
            Query(EVENT, "shop", selector=LabelSelector((Requirement("a", "Exists"),))),
        ],
        ids=["everything", "an empty selector", "an event", "some events"],
    )
    def test_other_questions_are_passed_on(self, world: World, query: Query) -> None:
        """Whole lists are what they are; those of events leave out what is no warning."""
        for _ in range(100):
            world.outcome(query)
        assert [asked for asked, _ in world.upstream.asked] == [query] * 100


class TestFallback:
    """Where a LIST cannot be had or believed, questions are passed on, and that is remembered."""

    @pytest.mark.parametrize(
        ("error", "pause"),
        [
            (Forbidden("it", "no"), 300),
            (NotServed("it", "no"), 300),
            (UpstreamError("it", "no"), 30),
            (ReadTimeout("it", "no"), 30),
        ],
        ids=lambda value: type(value).__name__,
    )
    def test_a_list_that_fails(self, world: World, error: ReadError, pause: float) -> None:
        """It is tried again after a while, and answers as soon as it is there."""
        world.upstream.refusals = error
        began = world.clock()
        while world.clock() < began + pause:
            found = world.ask(map(named, range(40)))
            assert found == [(entry,) for entry in world.upstream.objects]
            assert len(world.upstream.lists) == 1
            world.clock.time += TTL
        world.upstream.refusals = None
        world.upstream.asked.clear()
        world.ask(map(named, range(40)))
        assert [query for query, _ in world.upstream.asked] == [EVERYTHING]

    def test_a_list_in_which_a_name_has_two_objects(self, world: World) -> None:
        """It is not known which of them a GET would have shown."""
        world.upstream.objects = [*workloads(40), workload(0)]
        world.ask(map(named, range(1, 40)))
        assert len(world.upstream.asked) == 40

    def test_a_list_that_there_is_no_room_for(self, world: World) -> None:
        """It is not fetched over and over."""
        world.upstream.weight = 2 * 2**20
        for second in range(5):
            world.clock.time = 1_000 + second
            found = world.ask(map(named, range(40)))
            assert found == [(entry,) for entry in world.upstream.objects]
        assert len(world.upstream.lists) == 1

    def test_what_may_not_be_got_is_not_shown_by_a_list(self, world: World) -> None:
        """Not by one that is there already, either."""
        world.upstream.get_refusals = Forbidden("it", "no")
        assert {type(entry) for entry in world.ask(map(named, range(40)))} == {tuple}
        assert world.upstream.lists == []
        world.upstream.get_refusals = None
        world.clock.time += 300
        world.ask(map(named, range(40)))
        assert len(world.upstream.lists) == 1

    @pytest.mark.parametrize("meanwhile", [True, False])
    def test_a_list_that_comes_as_an_object_is_refused_shows_nothing(self, meanwhile: bool) -> None:
        """Neither one that is there before the refusal is, nor one that is there after it."""
        fetches: list[Callable[[], None]] = []
        world = World(start=fetches.append)
        world.upstream.objects = workloads(40)
        world.ask(map(named, range(15)))
        (fetch,) = fetches
        world.upstream.get_refusals = refusal = Forbidden("it", "no")
        if meanwhile:
            world.upstream.before_get = fetch
        world.outcome(named(20))
        world.upstream.before_get = lambda: None
        if not meanwhile:
            fetch()
        assert world.outcome(named(0)) == (Forbidden, str(refusal))

    @pytest.mark.parametrize(("lifetime", "timeout", "has"), [(5, 5, 2.5), (60, 5, 5)])
    def test_a_list_has_half_a_lifetime(self, lifetime: float, timeout: float, has: float) -> None:
        """One that takes longer would not answer for long."""
        world = World(lifetime=lifetime, timeout=timeout)
        world.ask(map(named, range(15)))
        assert world.upstream.patience == has

    def test_a_list_that_takes_long_keeps_no_question_waiting(self) -> None:
        """Objects are got one by one meanwhile, and there is no second LIST."""
        threads: list[threading.Thread] = []

        def start(fetch: Callable[[], None]) -> None:
            threads.append(threading.Thread(target=fetch, daemon=True))
            threads[-1].start()

        world = World(start=start)
        world.upstream.objects = workloads(40)
        with holding() as hold:
            world.upstream.before_list = hold
            found = world.ask(map(named, range(40)))
            hold.wait_for()
        assert found == [(entry,) for entry in world.upstream.objects]
        assert len(world.upstream.asked) == 41
        for thread in threads:
            thread.join(PATIENCE)
        assert world.ask(map(named, range(40))) == found
        assert len(world.upstream.asked) == 41

    def test_at_most_two_lists_are_fetched_at_once(self) -> None:
        """A flood of questions about many namespaces is no flood of LISTs."""
        fetches: list[Callable[[], None]] = []
        world = World(start=fetches.append)
        for place in range(5):
            world.ask(named(number, f"ns-{place}") for number in range(20))
        assert len(fetches) == 2
        for fetch in fetches:
            fetch()
        world.ask(named(number, "ns-4") for number in range(20))
        assert len(fetches) == 3

    def test_without_a_thread_questions_are_passed_on(self) -> None:
        """And tried again half a minute later."""
        tries = 0

        def fail(_: Callable[[], None]) -> None:
            nonlocal tries
            tries += 1
            raise RuntimeError("can't start new thread")

        world = World(start=fail)
        world.upstream.objects = workloads(40)
        for _ in range(2):
            assert world.ask(map(named, range(40))) == [(each,) for each in workloads(40)]
        assert tries == 1
        world.clock.time += 30
        world.ask(map(named, range(40)))
        assert tries == 2


@pytest.mark.parametrize("path", sorted(FIXTURES.glob("*.json")), ids=lambda path: path.stem)
def test_verdicts_by_lists_are_those_by_gets(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """To the letter, on all that a real cluster wrote and on what does not exist there."""
    monkeypatch.setattr(shared_lists, "_LEAST", 1)
    monkeypatch.setattr(shared_lists, "_BY_NAME", 2_000)
    monkeypatch.setattr(shared_lists, "_BY_SELECTOR", 2_000)
    objects = json.loads(path.read_text())["items"]
    questions = list(_questions(objects))
    with (
        ApiServer(objects, kinds=KINDS) as api,
        live_reader(write_kubeconfig(tmp_path / "config", kubeconfig(api.url))) as live,
    ):
        clock = Clock()
        shared = SharedLists(
            live,
            clock=clock,
            lifetime=TTL,
            timeout=5.0,
            memory=Memory(),
            start=lambda fetch: fetch(),
        )
        by_get = [_verdict(live, query, clock) for query in questions]
        asked = len(api.requests)
        assert [_verdict(shared, query, clock) for query in questions] == by_get
        later = api.requests[asked:]
    assert [request.line for request in later if "limit" not in request.parameters] == []
    assert all("labelSelector" not in request.parameters for request in later)


def _questions(objects: Sequence[Manifest]) -> Iterator[Query]:
    for entry in objects:
        kind = RULES.find(entry["kind"], entry["apiVersion"]).kind
        if kind.kind == entry["kind"] and not kind.list_fields:
            place = entry["metadata"].get("namespace", "")
            yield Query(kind, place, entry["metadata"]["name"])
            yield Query(kind, place, "not-there")


def _verdict(reader: ClusterReader, query: Query, clock: Clock) -> object:
    try:
        return check_object(
            reader, query, now=NOW, deadline=clock.deadline(), explain_all=True
        ).assessment
    except ReadError as error:
        return type(error), str(error)


@dataclass(slots=True)
class Polling:
    """Deployments that are polled once a minute, through all that remembers."""

    api: ApiServer
    clock: Clock
    cached: CachedReader

    def minute(
        self, queries: Sequence[Query] = tuple(map(named, range(2_000)))
    ) -> tuple[list[ObjectResult], list[Request]]:
        """What is told of each of them, and what the API server was asked meanwhile."""
        before = len(self.api.requests)
        told: list[ObjectResult] = []
        for query in queries:
            self.clock.time += 60 / len(queries)
            told.append(self.check(query))
        return told, self.api.requests[before:]

    def check(self, query: Query) -> ObjectResult:
        """One poll; a verdict is no older than it says, and is said to be young."""
        found = check_object(self.cached, query, now=NOW, deadline=self.clock.deadline())
        assert not found.worth.stale
        assert found.worth.age(self.clock()) <= TTL
        return found


@pytest.fixture
def polling(tmp_path: Path) -> Iterator[Polling]:
    """2,000 of one namespace, all of them well, over sockets to a fake API server."""
    clock = Clock()
    with (
        ApiServer(workloads(2_000)) as api,
        live_reader(
            write_kubeconfig(tmp_path / "config", kubeconfig(api.url)), clock=clock
        ) as live,
    ):
        memory = Memory()
        shared = SharedLists(
            live,
            clock=clock,
            lifetime=TTL,
            # of the real clock, as sockets know no other: a busy machine may take its time
            timeout=60.0,
            memory=memory,
            start=lambda fetch: fetch(),
        )
        cached = CachedReader(
            shared, clock=clock, lifetimes=Lifetimes(reading=TTL, absence=2 * TTL), memory=memory
        )
        yield Polling(api, clock, cached)


class TestPolling:
    """Many names, each polled once a minute, cost the API server few calls."""

    def test_2000_names_cost_at_most_200_calls_a_minute(self, polling: Polling) -> None:
        """From the first minute on, and a verdict changes within the lifetime of a reading."""
        told, calls = polling.minute()
        assert {entry.assessment.health for entry in told} == {Health.HEALTHY}
        assert len(calls) <= 200
        polling.api.objects = [broken(number) for number in range(2_000)]
        polling.clock.time += TTL
        assert polling.check(named(0)).assessment.health is Health.DOWN

    def test_400_that_are_unavailable_cost_at_most_5_lists_more_a_lifetime(
        self, polling: Polling
    ) -> None:
        """Their pods, ReplicaSets and warnings are read once for all of them."""
        unwell = range(0, 2_000, 5)
        polling.api.objects = [
            broken(number) if number in unwell else workload(number) for number in range(2_000)
        ] + [entry for number in range(2_000) for entry in below(number, number in unwell)]
        polling.minute()
        told, calls = polling.minute()
        assert [entry.assessment.health for entry in told].count(Health.DOWN) == 400
        assert all(
            [cause.reason for cause in told[number].assessment.causes] == ["CrashLoopBackOff"]
            for number in unwell
        )
        more = [call for call in calls if "/deployments" not in call.path]
        assert len(more) <= 5 * 60 / TTL
        assert len(calls) <= 200

    def test_3_names_in_each_of_100_namespaces_are_not_listed(self, polling: Polling) -> None:
        """Whether their turns come evenly or namespace by namespace."""
        places = [(number, f"ns-{place}") for number in range(3) for place in range(100)]
        polling.api.objects = [workload(*place) for place in places]
        for order in (places, sorted(places, key=lambda place: place[1])):
            _, calls = polling.minute([named(*place) for place in order])
            assert len(calls) == 300
            assert not any("limit" in call.parameters for call in calls)

    def test_what_was_known_stands_in_while_the_api_server_fails(self, polling: Polling) -> None:
        """For each name by itself, however it was read."""
        polling.minute()
        polling.api.behave("/", lambda exchange: exchange.json(500, status_object(500, "Broken")))
        polling.clock.time += 30
        for number in (0, 1_000, 1_999):
            found = check_object(
                polling.cached, named(number), now=NOW, deadline=polling.clock.deadline()
            )
            assert found.worth.stale
            assert found.assessment.health is Health.HEALTHY
            assert found.worth.age(polling.clock()) >= 30


def broken(number: int) -> Manifest:
    """One of them of which nothing serves."""
    made = workload(number)
    made["status"]["availableReplicas"] = 0
    return made


def below(number: int, is_broken: bool) -> list[Manifest]:
    """Its ReplicaSet and a pod."""
    name = f"w{number:05}"
    statuses = [container(state=waiting("CrashLoopBackOff"))] if is_broken else None
    above = replica_set(name=f"{name}-rs", owned_by=name)
    beneath = pod(f"{name}-1", containers=statuses, ready=None, owned_by=f"{name}-rs")
    for entry in (above, beneath):
        entry["metadata"]["labels"] = {"app": name}
    return [above, beneath]
