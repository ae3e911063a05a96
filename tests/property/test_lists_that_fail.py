"""A cluster whose objects change and whose lists fail, while callers of every scope ask for it.

The model knows what is so, and for how long it has been. An answer rests on readings of up to its
age: what it says is well must have been so at some moment since the oldest of them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from hypothesis import event, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from k8s_heartbeat.core import RULES, Health, Kind, Threshold
from k8s_heartbeat.core.checks.component import Component, Member, check_component
from k8s_heartbeat.core.checks.object import check_object
from k8s_heartbeat.core.checks.reader import ClusterReader, Deadline, NotFound, ReadError, Reading
from k8s_heartbeat.core.checks.result import SelectionResult
from k8s_heartbeat.core.checks.selection import Selection, check_selection
from k8s_heartbeat.core.kinds import ServedKinds
from k8s_heartbeat.core.query import Query
from tests.builders import (
    NOW,
    Manifest,
    available,
    before,
    condition,
    deployment,
    metadata,
    owner,
    pod,
    progressing,
    replica_set,
    stamp,
    stateful_set,
)
from tests.property.reading import (
    Answer,
    Clock,
    Fault,
    FaultyReader,
    answer_of,
    result_of,
    summed,
)
from tests.property.support import closely

Key = tuple[str, str, str]
"""Kind, namespace and name of an object."""
NAMESPACES, NAMES = ("shop", "other"), ("a", "b")
OWNERS = ("Deployment", "StatefulSet", "CronJob")
WORKLOADS = (*OWNERS, "Pod")
KINDS: dict[str, Kind] = {
    rule.kind.kind: rule.kind
    for rule in reversed(list(RULES))
    if rule.kind.kind in (*WORKLOADS, "Service", "PersistentVolumeClaim")
}
LISTED = [
    "deployments",
    "replicasets",
    "pods",
    "statefulsets",
    "daemonsets",
    "replicationcontrollers",
    "jobs",
    "cronjobs",
    "rollouts",
    "services",
    "endpointslices",
    "persistentvolumeclaims",
    "storageclasses",
    "events",
    "groups",
]
EVIDENCE = ["pods", "jobs", "endpointslices", "replicasets"]
MEMBERS = ["deployments", "statefulsets", "cronjobs", "services", "persistentvolumeclaims"]
FAULTS = [Fault.REFUSED, Fault.FAILED, Fault.HUNG, Fault.UNSERVED, Fault.CUT]


@dataclass(frozen=True)
class Truth:
    """How well an object does its job, as the model has it."""

    healthy: bool
    up: bool


@dataclass(frozen=True)
class State:
    """What there is of an object.

    Attributes:
        wanted: Replicas of a workload that are asked for; of a claim whether anything uses it.
        serving: Replicas that are available, endpoints that are ready; of a claim whether it is
            bound.
        runs: A CronJob's runs: when each ended, and whether well.
    """

    wanted: int = 1
    serving: int = 1
    runs: tuple[tuple[datetime, bool], ...] = ()

    def truth(self, kind: str) -> Truth:
        """What the rules of the kind make of that, written down a second time."""
        wanted, serving = self.wanted, self.serving
        match kind:
            case "CronJob":
                failed = 0
                while failed < len(self.runs) and not self.runs[-1 - failed][1]:
                    failed += 1
                return Truth(not failed, failed < 3)
            case "Service":
                return Truth(serving > 0, serving > 0)
            case "PersistentVolumeClaim":
                return Truth(serving > 0 or not wanted, True)
            case _:
                return Truth(serving >= wanted, serving * 2 >= wanted and serving > 0)


def manifests(key: Key, state: State) -> list[Manifest]:
    """An object as the API gives it, with what belongs to it; the object itself comes first."""
    kind, namespace, name = key
    match kind:
        case "Deployment":
            wanted, serving = state.wanted, state.serving
            replicas = _called(replica_set(wanted, serving), namespace, name, _uid(key))
            pods = [
                _called(
                    pod(ready=number < serving), namespace, f"{name}-{number}", _uid_of(replicas)
                )
                for number in range(wanted)
            ]
            stated = [available("True" if state.truth(kind).up else "False"), progressing()]
            found = deployment(wanted, serving, conditions=stated)
            return [_called(found, namespace, name), replicas, *pods]
        case "StatefulSet":
            return [_called(stateful_set(state.wanted, state.serving), namespace, name)]
        case "Service":
            return _service(key, state)
        case "CronJob":
            return _cron_job(key, state)
        case _:
            return _claim(key, state)


def _called(manifest: Manifest, namespace: str, name: str, above: str = "") -> Manifest:
    kind = manifest["kind"]
    own: Manifest = {"namespace": namespace, "name": name, "uid": f"{kind}/{namespace}/{name}"}
    own["ownerReferences"] = [owner(above)] if above else []
    return {**manifest, "metadata": {**manifest["metadata"], **own}}


def _uid(key: Key) -> str:
    return "/".join(key)


def _uid_of(manifest: Manifest) -> str:
    return str(manifest["metadata"]["uid"])


def _thing(kind: str, api_version: str, **parts: Any) -> Manifest:
    return {"apiVersion": api_version, "kind": kind, "metadata": metadata("x"), **parts}


def _service(key: Key, state: State) -> list[Manifest]:
    _, namespace, name = key
    found = _thing("Service", "v1", spec={"selector": {"app": name}}, status={})
    endpoints = [
        {"addresses": [f"10.0.0.{number}"], "conditions": {"ready": number < state.serving}}
        for number in range(state.wanted)
    ]
    slice_ = _thing("EndpointSlice", "discovery.k8s.io/v1", addressType="IPv4", endpoints=endpoints)
    slice_ = _called(slice_, namespace, f"{name}-1", _uid(key))
    slice_["metadata"]["labels"] = {"kubernetes.io/service-name": name}
    return [_called(found, namespace, name), slice_]


def _cron_job(key: Key, state: State) -> list[Manifest]:
    _, namespace, name = key
    times = [ended for ended, _ in state.runs]
    status: Manifest = {}
    if times:
        status["lastScheduleTime"] = stamp(times[-1])
    if good := [ended for ended, well in state.runs if well]:
        status["lastSuccessfulTime"] = stamp(good[-1])
    spec = {"schedule": "0 0 29 2 *", "timeZone": "UTC"}
    found = [_called(_thing("CronJob", "batch/v1", spec=spec, status=status), namespace, name)]
    for number, (ended, well) in enumerate(state.runs):
        ending = condition("Complete" if well else "Failed", since=stamp(ended))
        job = _thing("Job", "batch/v1", spec={}, status={"conditions": [ending]})
        found.append(_called(job, namespace, f"{name}-{number}", _uid(key)))
    # Those that failed come last: they are what a list that is cut short lacks.
    return found


def _claim(key: Key, state: State) -> list[Manifest]:
    _, namespace, name = key
    status = {"phase": "Bound" if state.serving else "Pending"}
    spec = {"storageClassName": "late"}
    claim = _thing("PersistentVolumeClaim", "v1", spec=spec, status=status)
    # However long all this takes, it has only just begun to wait.
    claim["metadata"]["creationTimestamp"] = before(days=-1)
    found = [_called(claim, namespace, name)]
    if state.wanted:
        user = _called(pod(), namespace, f"user-{name}")
        user["spec"]["volumes"] = [{"persistentVolumeClaim": {"claimName": name}}]
        found.append(user)
    return found


STORAGE_CLASS: Manifest = {
    "apiVersion": "storage.k8s.io/v1",
    "kind": "StorageClass",
    "metadata": {"name": "late", "uid": "late"},
    "volumeBindingMode": "WaitForFirstConsumer",
}


@dataclass
class Model:
    """What is so, and what was so before."""

    clock: Clock
    states: dict[Key, State] = field(default_factory=dict[Key, State])
    history: list[tuple[float, dict[Key, Truth]]] = field(default_factory=lambda: [(0.0, {})])

    @property
    def now(self) -> datetime:
        """The time of day."""
        return NOW + timedelta(seconds=self.clock.now)

    def set(self, key: Key, state: State | None) -> None:
        """Change an object, or take it away."""
        self.states.pop(key, None)
        if state is not None:
            self.states[key] = state
        truths = {one: there.truth(one[0]) for one, there in self.states.items()}
        for (kind, namespace, name), there in self.states.items():
            if kind == "PersistentVolumeClaim" and there.wanted:
                # The pod that uses it is well, and nobody's.
                truths["Pod", namespace, f"user-{name}"] = Truth(True, True)
        self.history.append((self.clock.now, truths))

    def objects(self) -> list[Manifest]:
        """All that the cluster holds."""
        found = [entry for key, state in self.states.items() for entry in manifests(key, state)]
        return [STORAGE_CLASS, *found]

    def since(self, age: float) -> list[dict[Key, Truth]]:
        """What was so at any moment of the last seconds."""
        begin = self.clock.now - age
        last = max(index for index, (time, _) in enumerate(self.history) if time <= begin)
        return [truths for _, truths in self.history[last:]]


@dataclass(frozen=True)
class Caller:
    """Who sees some namespaces and some kinds; none named for all."""

    namespace: str = ""
    kinds: tuple[str, ...] = ()

    def sees(self, kind: Kind, namespace: str) -> bool:
        """Whether the objects of a kind in a namespace."""
        return self.namespace in ("", namespace) and self.sees_some(kind)

    def sees_some(self, kind: Kind) -> bool:
        """Whether any of a kind."""
        return not self.kinds or kind.kind in self.kinds


CALLERS = [
    Caller(),
    Caller("shop"),
    Caller("other"),
    Caller(kinds=("Deployment",)),
    Caller(kinds=("CronJob", "Service")),
    Caller("shop", ("Pod", "StatefulSet")),
]


CHOICES: list[tuple[str, ...]] = [
    (),
    ("Service",),
    ("Deployment", "Pod"),
    ("CronJob",),
    ("PersistentVolumeClaim",),
]
CHANGING = (*OWNERS[:2], "Service", "PersistentVolumeClaim")


def _states(kind: str) -> st.SearchStrategy[State]:
    """How an object may be."""
    if kind == "PersistentVolumeClaim":
        # One that is bound, one that nothing waits for, and one that something does.
        return st.sampled_from([State(1, 1), State(0, 0), State(1, 0)])
    # Most are well, so that one that is not makes the difference.
    missing = st.sampled_from([0, 0, 0, 0, 1, 3])
    return st.builds(_with_fewer, st.integers(1, 3), missing)


def _with_fewer(wanted: int, fewer: int) -> State:
    return State(wanted, max(0, wanted - fewer))


_NAMED = ("StatefulSet", "other", "a")


def _is_asked_for(kinds: tuple[str, ...], namespace: str, caller: Caller, key: Key) -> bool:
    """Whether an object is among those that a caller asks for, and in his sight."""
    asked = key[0] in (kinds or WORKLOADS) and namespace in ("", key[1])
    return asked and caller.sees(KINDS[key[0]], key[1])


def _may_be_orphans(moments: list[dict[Key, Truth]]) -> bool:
    """Whether pods may be seen without what controls them: it was not there all the time."""
    owners = [{key for key in truths if key[0] == "Deployment"} for truths in moments]
    return any(some != owners[0] for some in owners)


class Outages(RuleBasedStateMachine):
    """The cluster, its faults, and those who ask.

    A reader that is to be held to this wraps the faulty one: see `wrapped`.
    """

    def __init__(self) -> None:
        super().__init__()
        self.turn = 0
        self.clock = Clock()
        self.model = Model(self.clock)
        self.faults: dict[tuple[str, str, bool], Fault] = {}
        self.faulty = FaultyReader([], self._fault_of, self.clock, took=0.0)
        self.reader = self.wrapped(self.faulty, self.clock)

    @initialize(data=st.data())
    def begin(self, data: st.DataObject) -> None:
        """Some objects there are from the first."""
        for kind in data.draw(st.sets(st.sampled_from(CHANGING), min_size=1)):
            for namespace in NAMESPACES:
                self._set((kind, namespace, "a"), data.draw(_states(kind)))

    def wrapped(self, reader: ClusterReader, clock: Clock) -> ClusterReader:
        """The reader that is asked."""
        return reader

    def _fault_of(self, query: Query) -> Fault | None:
        plural, named = query.kind.plural, bool(query.name)
        everywhere = self.faults.get((plural, "", named))
        return self.faults.get((plural, query.namespace, named), everywhere)

    def _set(self, key: Key, state: State | None) -> None:
        # Whatever happens takes its time: no two things at once.
        self.clock.now += 1.0
        self.model.set(key, state)
        self.faulty.objects = self.model.objects()

    @rule(
        kind=st.sampled_from(CHANGING),
        namespace=st.sampled_from(NAMESPACES),
        name=st.sampled_from(NAMES),
        data=st.data(),
    )
    def change(self, kind: str, namespace: str, name: str, data: st.DataObject) -> None:
        """An object comes to be, or serves more or less than before."""
        self._set((kind, namespace, name), data.draw(_states(kind)))

    @rule(
        namespace=st.sampled_from(NAMESPACES),
        name=st.sampled_from(NAMES),
        endings=st.lists(st.booleans(), min_size=1, max_size=3),
    )
    def run(self, namespace: str, name: str, endings: list[bool]) -> None:
        """A CronJob runs, some times one after the other."""
        key = ("CronJob", namespace, name)
        for well in endings:
            state = self.model.states.get(key, State())
            self._set(key, replace(state, runs=(*state.runs, (self.model.now, well))))

    @rule(data=st.data())
    def delete(self, data: st.DataObject) -> None:
        """An object is gone."""
        if self.model.states:
            self._set(data.draw(st.sampled_from(sorted(self.model.states))), None)

    @rule(
        plurals=st.one_of(
            st.sets(st.sampled_from(EVIDENCE), min_size=1),
            st.sets(st.sampled_from(MEMBERS), min_size=1, max_size=1),
            st.sets(st.sampled_from(LISTED), min_size=1, max_size=3),
        ),
        namespace=st.sampled_from(("", "", *NAMESPACES)),
        named=st.sampled_from(((False,), (True,), (False, True))),
        fault=st.sampled_from(FAULTS),
        kept=st.integers(0, 1),
    )
    def fail(
        self, plurals: set[str], namespace: str, named: tuple[bool, ...], fault: Fault, kept: int
    ) -> None:
        """Some readings go wrong from now on; without a namespace, in all of them."""
        self.faulty.kept = kept
        for plural in plurals:
            for one in named:
                self.faults[plural, namespace, one] = fault

    @rule(data=st.data())
    def heal(self, data: st.DataObject) -> None:
        """Something that went wrong does not any more, or nothing does."""
        only_one = data.draw(st.booleans())
        if self.faults and only_one:
            del self.faults[data.draw(st.sampled_from(sorted(self.faults)))]
        else:
            self.faults.clear()

    @rule(seconds=st.sampled_from([1.0, 4.0, 20.0, 100.0]))
    def wait(self, seconds: float) -> None:
        """Time passes."""
        self.clock.now += seconds

    @invariant()
    def ask(self) -> None:
        """Whatever has happened, somebody asks: for one thing after the other."""
        turn, self.turn = self.turn, self.turn + 1
        self.ask_for_each()
        self.ask_for_many(("", *NAMESPACES)[turn % 3])
        places, kind = (
            (("",), NAMESPACES)[turn % 2],
            ("", "Deployment", "Service", "CronJob")[turn % 4],
        )
        self.ask_for_a_component(places, kind, named=turn % 5 == 0)

    def ask_for_each(self) -> None:
        """Every object that there is, and one that there is not."""
        for kind, namespace, name in (*self.model.states, ("Deployment", "shop", "none")):
            query = Query(KINDS[kind], namespace, name)
            deadline = Deadline.after(1e6, self.clock)
            try:
                found = check_object(self.reader, query, now=self.model.now, deadline=deadline)
            except NotFound as error:
                age = self.clock.now - (error.began or 0.0)
                moments = self.model.since(age)
                assert any((kind, namespace, name) not in truths for truths in moments)
            except ReadError:
                assert self.faults
            else:
                answer = summed([found.assessment], age=found.worth.age(self.clock.now))
                self._is_granted(answer, {(kind, namespace, name)}.__contains__)

    def ask_for_many(self, namespace: str) -> None:
        """A namespace or all of them, the workloads or some kinds, for every caller."""
        for kinds in CHOICES:
            selection = Selection(namespace, tuple(KINDS[kind] for kind in kinds))

            def ask(
                reader: ClusterReader, deadline: Deadline, chosen: Selection = selection
            ) -> SelectionResult:
                return check_selection(reader, chosen, now=self.model.now, deadline=deadline)

            found = result_of(ask, self.reader, self.clock)
            for caller in CALLERS:
                answer = answer_of(found, self.clock, sight=caller)
                self._is_granted(answer, partial(_is_asked_for, kinds, namespace, caller))

    def ask_for_a_component(self, namespaces: tuple[str, ...], kind: str, *, named: bool) -> None:
        """Members by their kind or all workloads, and perhaps one by its name."""
        members = [Member(namespaces, kind)]
        if named:
            members.append(Member((_NAMED[1],), _NAMED[0], _NAMED[2]))
        component = Component("one", "One", tuple(members))

        def ask(reader: ClusterReader, deadline: Deadline) -> SelectionResult:
            return check_component(reader, component, now=self.model.now, deadline=deadline)

        found = result_of(ask, self.reader, self.clock)
        for up in (None, Threshold(1), Threshold(3), Threshold(50, percent=True)):
            answer = answer_of(found, self.clock, up=up)
            self._is_granted(
                answer,
                lambda key: (
                    (named and key == _NAMED)
                    or (key[0] in ((kind,) if kind else WORKLOADS) and {"", key[1]} & {*namespaces})
                ),
                up,
            )

    def _is_granted(
        self, answer: Answer, asked: Callable[[Key], object], up: Threshold | None = None
    ) -> None:
        """Fail unless the model grants what is said to be well."""
        if answer.age is None:
            assert self.faults
            event("no answer")
            return
        moments = self.model.since(answer.age)
        keys = {key for truths in moments for key in truths if asked(key)}
        lasting = {key for key in keys if all(key in truths for truths in moments)}
        event(f"healthy {answer.healthy}, up {answer.up}, {'with' if self.faults else 'no'} faults")

        def ever(key: Key, word: Callable[[Truth], bool]) -> bool:
            return any(word(truths[key]) for truths in moments if key in truths)

        if answer.healthy or answer.up:
            assert keys or _may_be_orphans(moments)
        if answer.healthy:
            assert all(ever(key, lambda truth: truth.healthy) for key in lasting)
        if answer.up:
            well = {key for key in keys if ever(key, lambda truth: truth.up)}
            least = len(lasting) if up is None else up.of(len(lasting))
            assert len(well & lasting if up is None else well) >= least
        if not self.faults and len(moments) == 1 and up is None:
            self._is_true(answer, [moments[0][key] for key in keys])

    def _is_true(self, answer: Answer, truths: list[Truth]) -> None:
        """Fail unless what is well is said to be, where nothing is in the way."""
        vain = (Health.UNKNOWN, Health.MISSING)
        if truths and all(item.health not in vain for item in answer.items):
            assert answer.healthy == all(truth.healthy for truth in truths)
            assert answer.up == all(truth.up for truth in truths)


@dataclass
class Remembering:
    """Keeps good readings: new for some seconds, and after that for when there are no others."""

    reader: ClusterReader
    clock: Clock
    kept: dict[Query, Reading] = field(default_factory=dict[Query, Reading])

    def read(self, query: Query, deadline: Deadline) -> Reading:
        """A reading of the last five seconds, else a new one, else one of the last minute."""
        kept = self.kept.get(query)
        age = 0.0 if kept is None else self.clock.now - kept.began
        if kept is not None and age < 5.0:
            return kept
        try:
            found = self.kept[query] = self.reader.read(query, deadline)
        except NotFound:
            self.kept.pop(query, None)
            raise
        except ReadError:
            if kept is None or age >= 60.0:
                raise
            return replace(kept, stale=True)
        return found

    def discover(self, deadline: Deadline) -> ServedKinds:
        """Asked anew each time."""
        return self.reader.discover(deadline)

    def ping(self, deadline: Deadline) -> None:
        """It is there."""


class RememberedOutages(Outages):
    """The same by readings that are kept."""

    def wrapped(self, reader: ClusterReader, clock: Clock) -> ClusterReader:
        """A reader that remembers."""
        return Remembering(reader, clock)


_EXAMPLES = settings(closely).max_examples // 5

TestOutages = Outages.TestCase
TestOutages.settings = settings(max_examples=_EXAMPLES, stateful_step_count=30)
TestRememberedOutages = RememberedOutages.TestCase
TestRememberedOutages.settings = settings(max_examples=_EXAMPLES, stateful_step_count=30)
