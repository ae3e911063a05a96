"""The laws of the rules, each in a class that quotes it; the oracles read the raw manifests."""

from __future__ import annotations

import copy
from collections import Counter
from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import assume, event, given
from hypothesis import strategies as st

from k8s_heartbeat.core import Activity, Assessment, Health, Policy, Summary, assess, summarize
from tests.builders import NOW, Manifest, stateful_set
from tests.property import strategies as some
from tests.property.strategies import Json

BADNESS = {"healthy": 0, "degraded": 1, "missing": 2, "unknown": 3, "down": 4}
"""The precedence of RULES.md, written down a second time."""


def judged(manifest: Json, related: Json = ()) -> Assessment:
    """The assessment at the time that all tests share."""
    return assess(manifest, related=related, now=NOW)


def asked(manifest: Json) -> object:
    """How many replicas a workload is asked for, straight from its JSON."""
    if manifest["kind"] == "DaemonSet":
        return manifest["status"].get("desiredNumberScheduled")
    spec: Json = manifest.get("spec")
    replicas: Json = spec.get("replicas") if spec else None
    return 1 if replicas is None else replicas


def serving(manifest: Json) -> object:
    """How many replicas serve, straight from the JSON."""
    status = manifest["status"]
    if manifest["kind"] == "DaemonSet":
        return status.get("numberAvailable") or 0
    if manifest["kind"] == "StatefulSet" and status.get("availableReplicas") is None:
        return status.get("readyReplicas") or 0
    return status.get("availableReplicas") or 0


def with_serving(manifest: Manifest, number: int) -> Manifest:
    """The same workload with so many replicas available."""
    field = "numberAvailable" if manifest["kind"] == "DaemonSet" else "availableReplicas"
    return {**manifest, "status": {**manifest["status"], field: number}}


def is_count(value: object) -> bool:
    """Whether a JSON value is a whole number of zero or more."""
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


class TestTotal:
    """1. Total: any JSON value in place of any field gives an Assessment, never an exception."""

    @given(some.damaged(some.manifests()), st.lists(some.damaged(some.pods()), max_size=2))
    def test_any_value_anywhere_gives_an_assessment(self, manifest: Json, related: Json) -> None:
        """A broken object with broken pods is judged, in words that the API of the core knows."""
        verdict = judged(manifest, related)
        assert isinstance(verdict, Assessment)
        assert isinstance(verdict.health, Health)
        assert isinstance(verdict.activity, Activity)
        assert isinstance(verdict.up, bool)
        assert verdict.reason
        assert verdict.message
        event(verdict.health)

    @given(some.json_values())
    def test_any_value_instead_of_a_manifest_is_unknown(self, value: Json) -> None:
        """What is no manifest at all is unknown and not up."""
        verdict = judged(value)
        assert (verdict.health, verdict.up) == (Health.UNKNOWN, False)

    @given(some.manifests(), st.lists(some.json_values(), max_size=3))
    def test_anything_may_stand_around_an_object(self, manifest: Manifest, around: Json) -> None:
        """Related objects that are none explain nothing and disturb nothing."""
        verdict, alone = judged(manifest, around), judged(manifest)
        assert (verdict.health, verdict.up) == (alone.health, alone.up)

    @given(some.workloads(), st.lists(some.damaged(some.events()), max_size=3))
    def test_any_value_in_an_event_is_survived(self, manifest: Manifest, events: Json) -> None:
        """A broken event is no reason to fail."""
        assert isinstance(judged(manifest, events), Assessment)

    @given(some.workloads(), some.json_values(), st.sampled_from(["asked", "serving"]))
    def test_a_count_that_is_no_count_is_unknown(
        self, manifest: Manifest, value: Json, which: str
    ) -> None:
        """A figure that the verdict rests on is whole and not negative, or nothing is known."""
        assume(value is not None and not is_count(value))
        daemon = manifest["kind"] == "DaemonSet"
        if which == "asked":
            path = ("status", "desiredNumberScheduled") if daemon else ("spec", "replicas")
        else:
            path = ("status", "numberAvailable" if daemon else "availableReplicas")
        owner = {**manifest[path[0]], path[1]: value}
        verdict = judged({**manifest, path[0]: owner})
        assert (verdict.health, verdict.up) == (Health.UNKNOWN, False)

    @given(some.assessments())
    def test_every_severity_has_a_place(self, verdict: Assessment) -> None:
        """Every health there is can be ranked and summed up."""
        assert summarize([verdict]).health is verdict.health


class TestDetermined:
    """2. Determined: same object and `now`, same answer.

    Key order and list order change nothing.
    """

    @given(some.manifests(), some.related())
    def test_the_same_question_has_the_same_answer(
        self, manifest: Manifest, related: list[Manifest]
    ) -> None:
        """Judging twice says the same twice, and leaves the manifests as they were."""
        kept = copy.deepcopy((manifest, related))
        first = judged(manifest, related)
        assert judged(manifest, related) == first
        assert judged(*copy.deepcopy((manifest, related))) == first
        assert (manifest, related) == kept

    @given(st.data(), some.workloads())
    def test_the_order_in_a_workload_changes_nothing(
        self, data: st.DataObject, manifest: Manifest
    ) -> None:
        """Neither conditions, a type stated twice among them, nor keys have an order."""
        assert judged(data.draw(some.shuffled(manifest))) == judged(manifest)

    @given(st.data(), some.pods())
    def test_the_order_in_a_pod_changes_nothing(
        self, data: st.DataObject, manifest: Manifest
    ) -> None:
        """Neither containers nor gates nor conditions have an order."""
        assert judged(data.draw(some.shuffled(manifest))) == judged(manifest)

    @given(st.data(), some.manifests(), some.related())
    def test_the_order_around_an_object_changes_nothing(
        self, data: st.DataObject, manifest: Manifest, related: list[Manifest]
    ) -> None:
        """Neither pods, ReplicaSets and events nor what is in them have an order."""
        assert judged(manifest, data.draw(some.shuffled(related))) == judged(manifest, related)

    @given(st.data(), st.lists(some.troubled_pods(), min_size=2, max_size=2))
    def test_two_readings_of_one_pod_have_no_order(
        self, data: st.DataObject, pods: list[Manifest]
    ) -> None:
        """Of a pod that a dump holds twice, the same reading counts in any order of anything."""
        owners = [{"uid": "db", "controller": True}]
        for pod in pods:
            pod["metadata"] = {"name": "db-0", "uid": "pod-1", "ownerReferences": owners}
        owner = stateful_set()
        owner["metadata"]["uid"] = "db"
        assert judged(owner, data.draw(some.shuffled(pods))) == judged(owner, pods)

    @given(st.data(), some.damaged(some.manifests()))
    def test_the_order_in_a_broken_object_changes_nothing(
        self, data: st.DataObject, manifest: Json
    ) -> None:
        """What is passed over is passed over wherever it stands."""
        assert judged(data.draw(some.shuffled(manifest))) == judged(manifest)

    @given(st.data(), st.lists(some.assessments(), max_size=5))
    def test_the_order_of_an_aggregate_changes_nothing(
        self, data: st.DataObject, members: list[Assessment]
    ) -> None:
        """Members may come in any order, two of the same name among them."""
        assert summarize(data.draw(st.permutations(members))) == summarize(members)

    @given(some.manifests(), some.related(), st.sampled_from([-12, 5.5, 14]))
    def test_the_timezone_of_now_changes_nothing(
        self, manifest: Manifest, related: list[Manifest], hours: float
    ) -> None:
        """The same moment told in another timezone is the same moment."""
        elsewhere = NOW.astimezone(timezone(timedelta(hours=hours)))
        assert assess(manifest, related=related, now=elsewhere) == judged(manifest, related)

    @given(some.manifests(), some.related())
    def test_times_as_yaml_loaders_make_them_change_nothing(
        self, manifest: Manifest, related: list[Manifest]
    ) -> None:
        """A datetime object says what the text says that it was made of."""
        assert judged(_dated(manifest), _dated(related)) == judged(manifest, related)


class TestMonotone:
    """3. Monotone: with all else equal, one more available replica never makes health worse."""

    @given(some.workloads(), st.integers(0, 8))
    def test_one_more_replica_never_makes_it_worse(self, manifest: Manifest, number: int) -> None:
        """Health does not fall from n to n + 1 available replicas, and up does not go out."""
        fewer, more = (judged(with_serving(manifest, number + step)) for step in (0, 1))
        assert BADNESS[more.health] <= BADNESS[fewer.health]
        assert more.up >= fewer.up

    @given(some.stateful_sets(), st.integers(0, 8))
    def test_nor_where_only_readiness_is_stated(self, manifest: Manifest, number: int) -> None:
        """The same for a StatefulSet of an older cluster, which states readyReplicas alone."""
        del manifest["status"]["replicas"]
        manifest["status"].pop("availableReplicas", None)
        fewer, more = (
            judged({**manifest, "status": {**manifest["status"], "readyReplicas": number + step}})
            for step in (0, 1)
        )
        assert BADNESS[more.health] <= BADNESS[fewer.health]
        assert more.up >= fewer.up


class TestHonest:
    """4. Honest.

    `healthy` with desired > 0 implies available >= desired; `up` with desired > 0 implies
    available >= 1.
    """

    @given(some.workloads())
    def test_healthy_means_that_all_serve(self, manifest: Manifest) -> None:
        """No workload is healthy with less than it was asked for."""
        verdict = judged(manifest)
        desired, available = asked(manifest), serving(manifest)
        assert isinstance(desired, int)
        assert isinstance(available, int)
        if desired > 0 and verdict.health is Health.HEALTHY:
            assert available >= desired
        if desired > 0 and verdict.up:
            assert available >= 1
        if verdict.health in (Health.HEALTHY, Health.DEGRADED, Health.DOWN):
            assert verdict.desired == desired
            assert verdict.available == (available if desired else 0)

    @given(some.damaged(some.workloads()))
    def test_a_broken_workload_is_not_healthy_by_accident(self, manifest: Json) -> None:
        """Whatever was broken: healthy and up still rest on figures that the JSON holds."""
        verdict = judged(manifest)
        if verdict.health is not Health.UNKNOWN and verdict.kind != "Pod":
            desired, available = asked(manifest), serving(manifest)
            # A DaemonSet without its count has a unit test of its own.
            assume(desired is not None)
            assert is_count(desired)
            assert is_count(available)
            assert isinstance(desired, int)
            assert isinstance(available, int)
            if desired > 0:
                assert verdict.health is not Health.HEALTHY or available >= desired
                assert not verdict.up or available >= 1

    @given(some.workloads())
    def test_down_means_that_nothing_serves(self, manifest: Manifest) -> None:
        """Wanted, and nothing serves: that, and no failed rollout, is down."""
        if asked(manifest) != 0:
            assert (judged(manifest).health is Health.DOWN) == (serving(manifest) == 0)

    @given(some.workloads())
    def test_up_and_healthy_never_contradict(self, manifest: Manifest) -> None:
        """What is healthy is up; what is down, unknown or missing is not."""
        verdict = judged(manifest)
        if verdict.health is not Health.DEGRADED:
            assert verdict.up == (verdict.health is Health.HEALTHY)

    @given(some.pods())
    def test_a_healthy_pod_is_ready_finished_or_held_back(self, manifest: Manifest) -> None:
        """A pod is well only as its phase and one of its conditions say."""
        verdict = judged(manifest)
        status = manifest["status"]
        stated = {
            (entry["type"], entry["status"], entry.get("reason"))
            for entry in status.get("conditions", [])
        }
        if verdict.up:
            assert (
                status["phase"] == "Succeeded"
                or (
                    status["phase"] == "Running"
                    and any(entry[:2] == ("Ready", "True") for entry in stated)
                )
                or (
                    status["phase"] == "Pending"
                    and ("PodScheduled", "False", "SchedulingGated") in stated
                )
            )
        if status["phase"] == "Failed":
            assert verdict.health is Health.DOWN
        if status["phase"] == "Unknown":
            assert verdict.health is Health.UNKNOWN

    @given(some.manifests())
    def test_a_deletion_that_hangs_is_never_healthy(self, manifest: Manifest) -> None:
        """A deletion of more than an hour is at best degraded, whatever serves."""
        manifest["metadata"]["deletionTimestamp"] = "2026-03-02T10:59:59Z"
        verdict = judged(manifest)
        assert verdict.health is not Health.HEALTHY
        assert (verdict.activity, verdict.reason) == (Activity.TERMINATING, "TerminatingStuck")


class TestUnknownFields:
    """5. Unknown fields change nothing."""

    @given(st.data(), some.manifests(), some.related())
    def test_a_field_that_no_rule_knows_changes_nothing(
        self, data: st.DataObject, manifest: Manifest, related: list[Manifest]
    ) -> None:
        """Fields of newer API versions, anywhere in the object or around it, are passed over."""
        newer = data.draw(some.extended(manifest))
        around = [data.draw(some.extended(entry)) for entry in related]
        assert judged(newer, around) == judged(manifest, related)

    @given(some.manifests(), some.conditions("Novel", "ContainersReady"))
    def test_a_condition_that_no_rule_knows_changes_nothing(
        self, manifest: Manifest, novel: list[Manifest]
    ) -> None:
        """Conditions of other controllers are passed over."""
        status = manifest["status"]
        stated = [*status.get("conditions", []), *novel]
        assert judged({**manifest, "status": {**status, "conditions": stated}}) == judged(manifest)

    @given(some.pods(), some.json_values())
    def test_ephemeral_containers_never_count(self, manifest: Manifest, debuggers: Json) -> None:
        """A debugging session in a pod is nobody's failure."""
        status = {**manifest["status"], "ephemeralContainerStatuses": debuggers}
        assert judged({**manifest, "status": status}) == judged(manifest)


class TestAggregates:
    """6. An aggregate is never better than its worst member.

    And adding a healthy member never makes it worse.
    """

    @given(st.lists(some.assessments(), min_size=1, max_size=6))
    def test_an_aggregate_is_as_bad_as_its_worst(self, members: list[Assessment]) -> None:
        """Its health is the worst there is, and it is up only when all are."""
        group = summarize(members)
        assert BADNESS[group.health] == max(BADNESS[member.health] for member in members)
        assert group.up == (not any(not member.up for member in members))
        assert group.items[0].health is group.health

    @given(st.lists(some.assessments(), min_size=1, max_size=6), some.assessments())
    def test_a_healthy_member_never_makes_it_worse(
        self, members: list[Assessment], another: Assessment
    ) -> None:
        """One more that does its job leaves the verdict where it was."""
        assume(another.health is Health.HEALTHY)
        before, after = summarize(members), summarize([*members, another])
        assert (after.health, after.up) == (before.health, before.up)

    @given(st.lists(some.assessments(), max_size=6))
    def test_nobody_is_lost_in_an_aggregate(self, members: list[Assessment]) -> None:
        """Every member is counted and listed once, those that are not healthy first."""
        group = summarize(members)
        assert Counter(group.items) == Counter(members)
        assert dict(group.counts) == {
            health: sum(member.health is health for member in members) for health in Health
        }
        badness = [BADNESS[item.health] for item in group.items]
        assert badness == sorted(badness, reverse=True)

    @given(st.lists(some.manifests(), max_size=4))
    def test_real_verdicts_sum_up_like_any_other(self, manifests: list[Manifest]) -> None:
        """The law holds for what the rules say of objects, too."""
        members = [judged(manifest) for manifest in manifests]
        group = summarize(members)
        assert (group.health is Health.HEALTHY) == (
            bool(members) and all(member.health is Health.HEALTHY for member in members)
        )

    def test_nothing_is_unknown(self) -> None:
        """An empty aggregate says that nothing matched, and is never healthy."""
        group = summarize([])
        assert isinstance(group, Summary)
        assert (group.health, group.up, group.reason) == (Health.UNKNOWN, False, "NothingMatched")


class TestEvents:
    """7. Events alone never change `health` or `up`."""

    @given(some.manifests(), some.related(), st.lists(some.events(), min_size=1, max_size=4))
    def test_events_change_no_verdict(
        self, manifest: Manifest, related: list[Manifest], events: list[Manifest]
    ) -> None:
        """With any events about anything, all that is decided stays as it was."""
        quiet, loud = judged(manifest, related), judged(manifest, related + events)
        assert _decided(loud) == _decided(quiet)

    @given(some.manifests(), some.related())
    def test_nothing_around_an_object_changes_its_verdict(
        self, manifest: Manifest, related: list[Manifest]
    ) -> None:
        """Pods and ReplicaSets explain a workload too, and decide nothing either."""
        assert _decided(judged(manifest, related)) == _decided(judged(manifest))

    @given(some.manifests(), some.related(), st.lists(some.events(), max_size=4))
    def test_events_explain_only_what_is_not_well(
        self, manifest: Manifest, related: list[Manifest], events: list[Manifest]
    ) -> None:
        """A healthy object carries no event among its causes."""
        quiet = judged(manifest, [entry for entry in related if entry["kind"] != "Event"])
        if quiet.health is Health.HEALTHY:
            assert judged(manifest, related + events).causes == quiet.causes


class TestPolicy:
    """`policy.zero` may make a workload at zero degraded or down; it touches nothing else."""

    @given(some.workloads(), st.sampled_from([Health.HEALTHY, Health.DEGRADED, Health.DOWN]))
    def test_zero_concerns_only_what_is_at_zero(self, manifest: Manifest, zero: Health) -> None:
        """Asked for none: as the policy says. Asked for some: as without it."""
        verdict = assess(manifest, now=NOW, policy=Policy(zero=zero))
        if asked(manifest) != 0 or manifest["kind"] == "DaemonSet":
            assert verdict == judged(manifest)
        elif "deletionTimestamp" not in manifest["metadata"]:
            assert (verdict.health, verdict.up) == (zero, zero is not Health.DOWN)
            assert verdict.reason == "ScaledToZero"


@pytest.mark.parametrize("kind", ["deployments", "replica_sets", "stateful_sets", "daemon_sets"])
@given(data=st.data())
def test_the_table_of_the_workloads_holds(kind: str, data: st.DataObject) -> None:
    """Enough is healthy, some is degraded, none is down, where nothing else is stated."""
    manifest = data.draw(getattr(some, kind)())
    manifest["metadata"].pop("deletionTimestamp", None)
    manifest["status"].pop("conditions", None)
    desired, available = asked(manifest), serving(manifest)
    assert isinstance(desired, int)
    assert isinstance(available, int)
    assume(desired > 0)
    expected = "healthy" if available >= desired else "degraded" if available else "down"
    verdict = judged(manifest)
    assert verdict.health == expected
    assert verdict.up == (available >= max(1, desired / 2))
    assert verdict.message.startswith(f"{available} of {desired} replicas available")


def _decided(verdict: Assessment) -> tuple[object, ...]:
    return (
        verdict.health,
        verdict.activity,
        verdict.up,
        verdict.reason,
        verdict.message,
        verdict.desired,
        verdict.available,
        verdict.since,
    )


def _dated(value: Json) -> Json:
    """The same JSON with datetimes where RFC 3339 times stand, as YAML loaders give it."""
    if some.is_object(value):
        return {key: _dated(member) for key, member in value.items()}
    if some.is_list(value):
        return [_dated(member) for member in value]
    if isinstance(value, str) and value.endswith("Z") and value[:1] in "12":
        return datetime.strptime(value, "%Y-%m-%dT%H:%M:%S%z")
    return value
