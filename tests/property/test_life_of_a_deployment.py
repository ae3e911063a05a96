"""A Deployment's life, from its creation to its deletion, as its controller tells it.

The model is a small Deployment controller with its ReplicaSets and pods. It writes a status when it
comes to it, so that the status lags behind, and what is judged is what a client would read.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)

from k8s_heartbeat.core import Activity, Assessment, Health
from tests.builders import Manifest, before, condition
from tests.property.support import BADNESS, closely, judged

PAUSED, RESUMED = "DeploymentPaused", "DeploymentResumed"
CREATED, UPDATED = "NewReplicaSetCreated", "ReplicaSetUpdated"
DONE, LATE = "NewReplicaSetAvailable", "ProgressDeadlineExceeded"


@dataclass
class ReplicaSet:
    """How many pods of one template there should be, and whether each that is there serves."""

    size: int = 0
    pods: list[bool] = field(default_factory=list[bool])

    def act(self) -> None:
        """Start pods that are missing; end those that are too many, what does not serve first."""
        self.pods.sort(reverse=True)
        self.pods = [*self.pods, *[False] * (self.size - len(self.pods))][: self.size]


@dataclass(frozen=True)
class Seen:
    """What the controller saw when it last wrote the status.

    Attributes:
        replicas: Pods of all templates.
        updated: Pods of the newest template.
        available: Pods that serve.
        least: How many must serve.
        settled: Whether the controller has found a rollout finished, and none begun since.
        late: Whether its rollout was past its deadline.
    """

    replicas: int
    updated: int
    available: int
    least: int
    settled: bool
    late: bool


class Model:
    """A Deployment, its controller and its pods.

    Args:
        desired: Replicas to begin with.
        unavailable: How many of them may be unavailable in a rollout.
        surge: How many more there may be.
    """

    def __init__(self, desired: int, unavailable: int, surge: int) -> None:
        self.desired, self.unavailable, self.surge = desired, unavailable, surge
        self.template = 0
        self.paused = False
        self.generation = 1
        self.observed = 0
        self.deleted = ""
        self.sets: dict[int, ReplicaSet] = {}
        self.status: Manifest = {}
        self.seen: Seen | None = None
        self.scaled_for = desired
        self.time_is_up = False
        self.progressing = ""

    def manifest(self) -> Manifest:
        """What the API gives of it."""
        meta: Manifest = {"name": "api", "namespace": "shop", "generation": self.generation}
        if self.deleted:
            meta |= {"deletionTimestamp": self.deleted, "finalizers": ["foregroundDeletion"]}
        spec: Manifest = {"replicas": self.desired}
        if self.paused:
            spec["paused"] = True
        return {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": meta,
            "spec": spec,
            "status": self.status,
        }

    def sync(self) -> None:
        """Bring the ReplicaSets nearer to the spec and write the status, as of before that."""
        self._enter_pause()
        rolls = False
        if not self.deleted and self.sets and self.desired != self.scaled_for:
            self._scale()
        elif not self.deleted and not self.paused:
            rolls = True
            if self.template not in self.sets:
                self.sets[self.template] = ReplicaSet()
                self.progressing = CREATED
        seen = self._look()
        if rolls:
            self._roll()
            seen = self._note_progress(seen)
        self._write(seen)

    def _enter_pause(self) -> None:
        if self.paused and self.progressing not in (PAUSED, LATE):
            self.progressing = PAUSED
        elif not self.paused and self.progressing == PAUSED:
            self.progressing = RESUMED

    def _scale(self) -> None:
        self.scaled_for = self.desired
        active = [entry for entry in self.sets.values() if entry.size]
        newest = self.sets.get(self.template)
        if len(active) <= 1:
            only = active[0] if active else newest
            if only is not None:
                only.size = self.desired
        else:
            most = self.desired + self.surge if self.desired else 0
            spare = most - sum(entry.size for entry in active)
            for entry in sorted(active, key=lambda entry: -entry.size):
                size = max(0, entry.size + spare)
                spare -= size - entry.size
                entry.size = size

    def _roll(self) -> None:
        newest = self.sets[self.template]
        total = sum(entry.size for entry in self.sets.values())
        size = min(self.desired, newest.size + max(0, self.desired + self.surge - total))
        if size != newest.size:
            newest.size = size
            return
        serving = sum(sum(entry.pods) for entry in self.sets.values())
        least = self.desired - self._may_be_missing()
        missing = newest.size - sum(newest.pods)
        spare = total - least - missing
        for old in [entry for entry in self.sets.values() if entry is not newest]:
            broken = min(max(0, spare), max(0, old.size - sum(old.pods)))
            ended = min(max(0, serving - least), old.size - broken)
            old.size -= broken + ended
            spare, serving = spare - broken - ended, serving - ended

    def _may_be_missing(self) -> int:
        return min(self.unavailable, self.desired)

    def _look(self) -> Seen:
        newest = self.sets.get(self.template, ReplicaSet())
        return Seen(
            replicas=sum(len(entry.pods) for entry in self.sets.values()),
            updated=len(newest.pods),
            available=sum(sum(entry.pods) for entry in self.sets.values()),
            least=self.desired - self._may_be_missing(),
            settled=self.progressing == DONE,
            late=self.progressing == LATE,
        )

    def _note_progress(self, seen: Seen) -> Seen:
        if seen.replicas == seen.updated and self.progressing == DONE:
            return seen
        last = self.seen or Seen(0, 0, 0, 0, settled=False, late=False)
        if seen.replicas == seen.updated == seen.available == self.desired:
            self.progressing, self.time_is_up = DONE, False
        elif (
            seen.updated > last.updated
            or seen.replicas - seen.updated < last.replicas - last.updated
            or seen.available > last.available
        ):
            self.progressing, self.time_is_up = UPDATED, False
        elif self.time_is_up and self.progressing not in ("", DONE):
            self.progressing = LATE
        return self._look()

    def _write(self, seen: Seen) -> None:
        self.seen, self.observed = seen, self.generation
        figures = {
            "observedGeneration": self.generation,
            "replicas": seen.replicas,
            "updatedReplicas": seen.updated,
            "availableReplicas": seen.available,
            "unavailableReplicas": max(0, self.desired - seen.available),
        }
        enough = str(seen.available >= seen.least)
        conditions = [condition("Available", enough)]
        if self.progressing:
            doubt = self.progressing in (PAUSED, RESUMED)
            word = "Unknown" if doubt else str(self.progressing != LATE)
            conditions.insert(0, condition("Progressing", word, self.progressing))
        self.status = {name: value for name, value in figures.items() if value}
        self.status["conditions"] = conditions


class Life(RuleBasedStateMachine):
    """What may happen to a Deployment, and what may be said of it then."""

    def __init__(self) -> None:
        super().__init__()
        self.model = Model(1, 1, 1)
        self.last: Assessment | None = None
        self.last_desired = 0

    @initialize(desired=st.integers(0, 4), unavailable=st.integers(0, 4), surge=st.integers(0, 2))
    def create(self, desired: int, unavailable: int, surge: int) -> None:
        """Somebody applies it; nothing has looked at it yet."""
        self.model = Model(desired, unavailable, surge or (0 if unavailable else 1))

    @rule()
    def the_controller_looks(self) -> None:
        """It acts on what it sees, and writes that down."""
        self.model.sync()

    @rule()
    def the_replica_sets_act(self) -> None:
        """They start and end pods."""
        for entry in self.model.sets.values():
            entry.act()

    @rule(turns=st.sampled_from([1, 2, 3, 12]))
    def all_goes_well_for_a_while(self, turns: int) -> None:
        """Every pod that is there comes to serve and the controller sees it, turn by turn."""
        for _ in range(turns):
            for entry in self.model.sets.values():
                entry.act()
                entry.pods = [True] * len(entry.pods)
            self.model.sync()

    @rule(data=st.data(), serves=st.booleans())
    def a_pod_changes(self, data: st.DataObject, serves: bool) -> None:
        """One comes to serve, or ceases to."""
        sets = [entry for entry in self.model.sets.values() if (not serves) in entry.pods]
        if sets:
            entry = data.draw(st.sampled_from(sets))
            entry.pods[entry.pods.index(not serves)] = serves

    @rule()
    def all_pods_die(self) -> None:
        """None of them serves."""
        for entry in self.model.sets.values():
            entry.pods = [False] * len(entry.pods)

    @precondition(lambda self: not self.model.deleted)
    @rule(desired=st.integers(0, 5))
    def scale(self, desired: int) -> None:
        """Somebody asks for another number of replicas."""
        if desired != self.model.desired:
            self.model.desired = desired
            self.model.generation += 1

    @precondition(lambda self: not self.model.deleted)
    @rule(template=st.integers(0, 2))
    def deploy(self, template: int) -> None:
        """Somebody asks for another template, or for one that was there before."""
        if template != self.model.template:
            self.model.template = template
            self.model.generation += 1

    @precondition(lambda self: not self.model.deleted)
    @rule()
    def pause_or_resume(self) -> None:
        """Somebody pauses it, or lets it go on."""
        self.model.paused = not self.model.paused
        self.model.generation += 1

    @rule()
    def the_progress_deadline_passes(self) -> None:
        """The controller may give up a rollout, unless it still moves."""
        self.model.time_is_up = True

    @precondition(lambda self: not self.model.deleted)
    @rule(sure=st.integers(0, 5))
    def delete(self, sure: int) -> None:
        """Now and then somebody deletes it, and its pods go first."""
        if sure:
            return
        self.model.deleted = before(minutes=1)
        self.model.generation += 1

    @precondition(lambda self: self.model.deleted)
    @rule()
    def hours_pass(self) -> None:
        """And it is still there."""
        self.model.deleted = before(hours=3)

    @invariant()
    def the_words_are_those_of_the_model(self) -> None:
        """What is said now, and how it has changed."""
        model, verdict = self.model, judged(self.model.manifest())
        available = model.seen.available if model.seen else 0
        stuck = model.deleted == before(hours=3)
        failed = model.seen is not None and model.seen.late and model.desired > 0
        self._check_health(verdict, available, stuck=stuck, failed=failed)
        self._check_change(verdict, available, stuck=stuck, failed=failed)
        self._check_up(verdict, available)
        self._check_activity(verdict)
        self.last, self.last_desired = verdict, model.desired

    def _check_health(
        self, verdict: Assessment, available: int, *, stuck: bool, failed: bool
    ) -> None:
        desired = self.model.desired
        if desired and not available:
            assert verdict.health is Health.DOWN
        elif available < desired or stuck or failed:
            assert verdict.health is Health.DEGRADED
        else:
            # At full capacity nothing but a failure matters: no rollout, no pause, no lag.
            assert verdict.health is Health.HEALTHY
        assert (verdict.desired, verdict.available) == (desired, available if desired else 0)

    def _check_change(
        self, verdict: Assessment, available: int, *, stuck: bool, failed: bool
    ) -> None:
        last, desired = self.last, self.model.desired
        if last is None or BADNESS[verdict.health] <= BADNESS[last.health]:
            return
        fewer = available < desired and (
            last.available is None or available < last.available or desired > self.last_desired
        )
        assert fewer or failed or stuck

    def _check_up(self, verdict: Assessment, available: int) -> None:
        model, seen = self.model, self.model.seen
        if model.desired == 0:
            assert verdict.up
        else:
            # Half of them, whatever a rollout may take away.
            assert verdict.up == (
                seen is not None and available * 2 >= model.desired > 0 < available
            )

    def _check_activity(self, verdict: Assessment) -> None:
        model, seen = self.model, self.model.seen
        if model.deleted:
            assert verdict.activity is Activity.TERMINATING
        elif model.paused or model.desired == 0:
            assert verdict.activity is Activity.SUSPENDED
        else:
            busy = (
                seen is None
                or model.observed < model.generation
                or seen.updated < model.desired
                or seen.replicas > seen.updated
                or (seen.available < seen.updated and not seen.settled)
            )
            assert verdict.activity is (Activity.PROGRESSING if busy else Activity.STEADY)


TestLife = Life.TestCase
TestLife.settings = settings(closely, stateful_step_count=40)
