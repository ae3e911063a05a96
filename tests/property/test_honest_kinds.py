"""The fourth law for each kind that counts no replicas: what its own manifest must say."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone
from itertools import takewhile
from zoneinfo import ZoneInfo

import pytest
from cronsim import CronSim
from hypothesis import event, given
from hypothesis import strategies as st

from k8s_heartbeat.core import Activity, Assessment, Health, Policy
from tests.builders import NOW, Manifest, before, stamp
from tests.property import strategies as some
from tests.property.strategies import FAMILIES, KNATIVE, Case, Json
from tests.property.support import (
    closely,
    endpoints_of,
    judged,
    may_be,
    must_be,
    standing,
    stated,
    with_status,
)

PRIMARY = ("Ready", "Available", "Succeeded", "Established", "Healthy")
MINUTES_OF_OFFSETS = range(-12 * 60, 14 * 60 + 1, 15)


def read(time: str) -> datetime:
    """A time as the API writes it."""
    return datetime.strptime(time, "%Y-%m-%dT%H:%M:%S%z")


def cases(kind: str) -> st.SearchStrategy[Case]:
    """Cases of a kind, of which nobody has asked the deletion."""
    return some.case(FAMILIES[kind]).map(lambda case: (standing(case[0]), case[1]))


def judge(case: Case) -> Assessment:
    """The verdict on an object with what is around it."""
    verdict = judged(*case)
    event(f"{verdict.health} {verdict.activity}")
    return verdict


class TestPod:
    """A pod is well only as its phase and one of its conditions say."""

    @closely
    @given(cases("Pod"))
    def test_up_is_ready_finished_or_held_back(self, case: Case) -> None:
        """Failed is down, Unknown is unknown."""
        verdict, status = judge(case), case[0]["status"]
        gated = [
            entry
            for entry in stated(case[0], "PodScheduled")
            if (entry["status"], entry.get("reason")) == ("False", "SchedulingGated")
        ]
        if verdict.up:
            assert (
                status["phase"] == "Succeeded"
                or (status["phase"] == "Running" and may_be(case[0], "Ready"))
                or (status["phase"] == "Pending" and gated)
            )
        if status["phase"] == "Failed":
            assert verdict.health is Health.DOWN
        if status["phase"] == "Unknown":
            assert verdict.health is Health.UNKNOWN

    @closely
    @given(cases("Pod"), some.words("True", "False", "Unknown", "true", ""))
    def test_running_is_up_exactly_ready(self, case: Case, ready: str) -> None:
        """Whatever else is stated of it: only True is ready."""
        running = with_status(
            case[0], phase="Running", conditions=[{"type": "Ready", "status": ready}]
        )
        assert judged(running).up == (ready == "True")


class TestJob:
    """A Job is what it ended as, and while it runs as well as its pods and its deadline say."""

    @closely
    @given(cases("Job"))
    def test_failed_is_never_up(self, case: Case) -> None:
        """Nor is it healthy before it has completed, with failed pods or past its deadline."""
        verdict, job = judge(case), case[0]
        spec, status = job["spec"], job["status"]
        if must_be(job, "Failed"):
            assert (verdict.health, verdict.up) == (Health.DOWN, False)
        if verdict.health is Health.DOWN:
            assert may_be(job, "Failed") or may_be(job, "FailureTarget")
        ended = may_be(job, "Complete") or may_be(job, "SuccessCriteriaMet")
        if verdict.health is Health.HEALTHY and not ended and not spec.get("suspend"):
            assert not status.get("failed")
            seconds, started = spec.get("activeDeadlineSeconds"), status.get("startTime")
            if seconds is not None and started is not None:
                assert NOW - read(started) <= timedelta(seconds=seconds)
        if must_be(job, "Complete") and not may_be(job, "Failed"):
            assert (verdict.health, verdict.activity) == (Health.HEALTHY, Activity.STEADY)


class TestCronJob:
    """A missed run is down; of those that ended, the last ones decide."""

    @closely
    @given(cases("CronJob"))
    def test_a_missed_run_is_not_up(self, case: Case) -> None:
        """By another library's reading of the schedule, in the zone that it names or in any."""
        cron_job, _ = case
        verdict = judge(case)
        spec, status = cron_job["spec"], cron_job["status"]
        if spec.get("suspend"):
            assert (verdict.health, verdict.activity) == (Health.HEALTHY, Activity.SUSPENDED)
            return
        missed = _missed(cron_job)
        waits = spec.get("concurrencyPolicy") == "Forbid" and bool(status.get("active"))
        if missed and not waits:
            assert (verdict.health, verdict.up) == (Health.DOWN, False)
        if missed:
            assert verdict.health is not Health.HEALTHY
        if verdict.reason in ("MissedSchedule", "PreviousRunActive"):
            assert missed

    @closely
    @given(cases("CronJob"), st.integers(1, 100_000))
    def test_the_line_is_the_last_run_that_was_due(self, case: Case, earlier: int) -> None:
        """One that has started is not missed; any that is older has let it pass."""
        cron_job = case[0]
        spec: Manifest = {"timeZone": "UTC", **cron_job["spec"], "suspend": False}
        cron_job["spec"] = spec
        place = ZoneInfo(spec["timeZone"])
        seconds = max(10, spec.get("startingDeadlineSeconds", 120))
        by = (NOW - timedelta(seconds=seconds)).astimezone(place)
        due = next(CronSim(spec["schedule"], by + timedelta(seconds=1), reverse=True))
        words = ("MissedSchedule", "PreviousRunActive")
        last = due.astimezone(UTC)
        ran = judged(with_status(cron_job, active=[], lastScheduleTime=stamp(last)))
        assert ran.reason not in words
        last -= timedelta(seconds=earlier)
        missed = judged(with_status(cron_job, active=[], lastScheduleTime=stamp(last)))
        assert (missed.up, missed.reason) == (False, "MissedSchedule")

    @closely
    @given(cases("CronJob"), st.integers(1, 4))
    def test_as_many_failures_in_a_row_as_the_policy_says_are_down(
        self, case: Case, most: int
    ) -> None:
        """Each failed run is newer than the last success; one makes it degraded at best."""
        cron_job, around = case
        verdict = judged(cron_job, around, Policy(cron_failures=most))
        if cron_job["spec"].get("suspend"):
            return
        failures = _failures_in_a_row(cron_job, around)
        if failures >= most:
            assert verdict.health is Health.DOWN
        elif failures:
            assert verdict.health is not Health.HEALTHY
        if verdict.health is Health.DOWN and failures < most:
            assert verdict.reason == "MissedSchedule"


def _missed(cron_job: Manifest) -> bool:
    """Whether a run was due since the last one and should have started by now, wherever that is."""
    spec, status = cron_job["spec"], cron_job["status"]
    since = status.get("lastScheduleTime") or cron_job["metadata"].get("creationTimestamp")
    if since is None:
        return False
    deadline = spec.get("startingDeadlineSeconds")
    by = NOW - timedelta(seconds=120 if deadline is None else max(10, deadline))
    zone = spec.get("timeZone")
    if zone is not None:
        return _is_due(spec["schedule"], read(since), by, ZoneInfo(zone))
    places = [timezone(timedelta(minutes=minutes)) for minutes in MINUTES_OF_OFFSETS]
    last = status.get("lastScheduleTime")
    if last is not None:
        fitting = [place for place in places if _fits(spec["schedule"], read(last), place)]
        places = fitting or places
    # Clocks that go back make the next run an hour later.
    places += [
        timezone(offset - timedelta(hours=1))
        for place in places
        if (offset := place.utcoffset(None))
    ]
    return all(_is_due(spec["schedule"], read(since), by, place) for place in set(places))


def _is_due(schedule: str, since: datetime, by: datetime, place: timezone | ZoneInfo) -> bool:
    following = next(CronSim(schedule, since.astimezone(place)), None)
    return following is not None and following.astimezone(UTC) <= by


def _fits(schedule: str, moment: datetime, place: timezone) -> bool:
    minute = moment.astimezone(place).replace(second=0)
    return next(CronSim(schedule, minute - timedelta(seconds=1)), None) == minute


def _failures_in_a_row(cron_job: Manifest, around: list[Manifest]) -> int:
    """How many of its Jobs have failed after the last one that did not."""
    uid = cron_job["metadata"]["uid"]
    ended = [
        (read(condition["lastTransitionTime"]), condition["type"])
        for job in around
        if uid and job["kind"] == "Job" and job["metadata"]["ownerReferences"][0]["uid"] == uid
        for condition in job["status"].get("conditions", [])[:1]
        if (condition["type"], condition["status"]) in (("Complete", "True"), ("Failed", "True"))
        and len(job["status"]["conditions"]) == 1
        and condition.get("lastTransitionTime")
    ]
    stated_success = cron_job["status"].get("lastSuccessfulTime")
    if stated_success:
        ended.append((read(stated_success), "Complete"))
    # At the very same time, a success counts.
    newest_first = sorted(ended, key=lambda run: (run[0], run[1] == "Complete"), reverse=True)
    return len(list(takewhile(lambda run: run[1] == "Failed", newest_first)))


class TestService:
    """A Service that selects pods is as well as its endpoints are ready."""

    @closely
    @given(cases("Service"))
    def test_it_is_up_with_a_ready_endpoint_and_with_none_down(self, case: Case) -> None:
        """Of its own EndpointSlices; without any of them nothing is known."""
        service, around = case
        verdict = judge(case)
        spec = service["spec"]
        if not spec.get("selector") or spec.get("type") == "ExternalName":
            assert verdict.health is Health.HEALTHY
            return
        own = [entry for entry in around if _is_of(entry, service)]
        ready = [
            endpoint
            for entry in own
            for endpoint in endpoints_of(entry)
            if endpoint["addresses"] and endpoint.get("conditions", {}).get("ready") in (True, None)
        ]
        expected = Health.HEALTHY if ready else Health.DOWN if own else Health.UNKNOWN
        assert (verdict.health, verdict.up) == (expected, bool(ready))


def _is_of(entry: Manifest, service: Manifest) -> bool:
    if entry["kind"] != "EndpointSlice":
        return False
    meta, own = entry["metadata"], service["metadata"]
    named = meta["labels"]["kubernetes.io/service-name"] == own["name"]
    owned = own["uid"] != "" and meta["ownerReferences"][0]["uid"] == own["uid"]
    return bool(named or owned)


class TestIngress:
    """An Ingress is always healthy: many controllers never write an address."""

    @closely
    @given(cases("Ingress"))
    def test_it_is_never_down(self, case: Case) -> None:
        """It is progressing exactly while it has no address, or an older spec's."""
        verdict, ingress = judge(case), case[0]
        addresses = ingress["status"].get("loadBalancer", {}).get("ingress", [])
        given_one = any(entry.get("ip") or entry.get("hostname") for entry in addresses)
        assert (verdict.health, verdict.up) == (Health.HEALTHY, True)
        assert (verdict.activity is Activity.STEADY) == given_one


class TestVolumes:
    """Claims and volumes go by their phase."""

    @closely
    @given(cases("PersistentVolumeClaim"))
    def test_a_claim_is_healthy_only_bound_or_waiting_for_its_first_pod(self, case: Case) -> None:
        """And waiting it is only while its class says so and no pod that runs uses it."""
        claim, around = case
        verdict = judge(case)
        name, phase = claim["metadata"]["name"], claim["status"]["phase"]
        waits = any(
            entry["kind"] == "StorageClass"
            and entry["metadata"]["name"] == claim["spec"].get("storageClassName", "")
            and entry["volumeBindingMode"] == "WaitForFirstConsumer"
            for entry in around
        )
        owners = [
            reference["uid"]
            for reference in claim["metadata"].get("ownerReferences", [])
            if reference.get("controller")
        ]
        used = any(
            entry["kind"] == "Pod"
            and entry["status"]["phase"] not in ("Succeeded", "Failed")
            and (entry["metadata"]["uid"] == min(owners, default="") != "" or _uses(entry, name))
            for entry in around
        )
        if phase != "Pending":
            expected = Health.HEALTHY if phase == "Bound" else Health.DOWN
            assert verdict.health is expected
        elif used or not waits:
            assert (verdict.health, verdict.activity) == (Health.DEGRADED, Activity.PROGRESSING)
        else:
            assert (verdict.health, verdict.activity) == (Health.HEALTHY, Activity.SUSPENDED)

    @closely
    @given(cases("PersistentVolume"))
    def test_a_volume_is_down_exactly_when_it_has_failed(self, case: Case) -> None:
        """And degraded while it is made."""
        verdict, phase = judge(case), case[0]["status"]["phase"]
        expected = {"Failed": Health.DOWN, "Pending": Health.DEGRADED}
        assert verdict.health is expected.get(phase, Health.HEALTHY)


def _uses(pod: Manifest, claim: str) -> bool:
    volumes: list[Manifest] = pod["spec"].get("volumes", [])
    return any(volume["persistentVolumeClaim"]["claimName"] == claim for volume in volumes)


class TestAutoscaler:
    """An autoscaler that cannot scale is degraded, and nothing else makes it so."""

    @closely
    @given(cases("HorizontalPodAutoscaler"))
    def test_it_is_degraded_only_with_a_failure_that_lasts(self, case: Case) -> None:
        """Five minutes of a Failed or Invalid reason; it is never down."""
        verdict, scaler = judge(case), case[0]
        assert verdict.health is not Health.DOWN
        conditions = scaler["status"].get("conditions") or json.loads(
            scaler["metadata"]
            .get("annotations", {})
            .get("autoscaling.alpha.kubernetes.io/conditions", "[]")
        )
        watched = [
            entry for entry in conditions if entry["type"] in ("AbleToScale", "ScalingActive")
        ]
        lasting = [entry for entry in watched if _has_failed_for_long(entry)]
        if verdict.health is Health.DEGRADED:
            assert lasting
        types = [entry["type"] for entry in watched]
        if any(types.count(entry["type"]) == 1 for entry in lasting):
            assert verdict.health is Health.DEGRADED

    @closely
    @given(
        cases("HorizontalPodAutoscaler"),
        some.words("AbleToScale", "ScalingActive"),
        some.words("FailedGetScale", "InvalidSelector", "BackoffBoth", "ScalingDisabled"),
        st.sampled_from([300, 299, 301, 0, 3600]),
    )
    def test_five_minutes_are_the_line(self, case: Case, type_: str, reason: str, age: int) -> None:
        """A failure that is no older is a cause alone, and other reasons are no failures."""
        entry = {
            "type": type_,
            "status": "False",
            "reason": reason,
            "lastTransitionTime": before(seconds=age),
        }
        verdict = judged(with_status(case[0], conditions=[entry]))
        failed = reason in ("FailedGetScale", "InvalidSelector")
        assert (verdict.health is Health.DEGRADED) == (failed and age >= 300)


def _has_failed_for_long(entry: Manifest) -> bool:
    since: Json = entry.get("lastTransitionTime")
    failed = entry["status"] == "False" and str(entry.get("reason")).startswith(
        ("Failed", "Invalid")
    )
    return failed and (since is None or NOW - read(since) >= timedelta(minutes=5))


class TestBudget:
    """A budget is healthy with as many pods ready as it needs."""

    @closely
    @given(cases("PodDisruptionBudget"))
    def test_healthy_means_that_as_many_are_ready(self, case: Case) -> None:
        """Fewer is degraded, and it is never down: it serves nobody itself."""
        verdict, status = judge(case), case[0]["status"]
        enough = status.get("currentHealthy", 0) >= status["desiredHealthy"]
        assert verdict.up
        if verdict.health is Health.HEALTHY:
            assert enough
        if not stated(case[0], "DisruptionAllowed"):
            assert verdict.health is (Health.HEALTHY if enough else Health.DEGRADED)


class TestNode:
    """A node is up exactly while it is ready."""

    @closely
    @given(cases("Node"))
    def test_up_means_ready(self, case: Case) -> None:
        """Unknown and absent are down; pressure is at best degraded; cordoned is suspended."""
        verdict, node = judge(case), case[0]
        pressures = ("MemoryPressure", "DiskPressure", "PIDPressure", "NetworkUnavailable")
        if verdict.up:
            assert may_be(node, "Ready")
        if must_be(node, "Ready"):
            assert verdict.up
        if not may_be(node, "Ready"):
            assert (verdict.health, verdict.up) == (Health.DOWN, False)
        if any(must_be(node, type_) for type_ in pressures):
            assert verdict.health is not Health.HEALTHY
        if must_be(node, "Ready") and not any(may_be(node, type_) for type_ in pressures):
            assert verdict.health is Health.HEALTHY
        assert (verdict.activity is Activity.SUSPENDED) == (
            node["spec"].get("unschedulable") is True
        )


class TestNamespace:
    """A namespace is healthy unless its deletion fails."""

    @closely
    @given(cases("Namespace"))
    def test_degraded_means_that_its_deletion_fails(self, case: Case) -> None:
        """While it is active nothing is wrong with it; while it is not it is terminating."""
        verdict, namespace = judge(case), case[0]
        types = ("NamespaceDeletionDiscoveryFailure", "NamespaceDeletionContentFailure")
        terminating = namespace["status"]["phase"] == "Terminating"
        assert (verdict.activity is Activity.TERMINATING) == terminating
        if terminating and any(must_be(namespace, type_) for type_ in types):
            assert verdict.health is Health.DEGRADED
        if verdict.health is not Health.HEALTHY:
            assert terminating
            assert any(may_be(namespace, type_) for type_ in types)


class TestExtensions:
    """What extends the API is up exactly while the API serves it."""

    @closely
    @given(cases("CustomResourceDefinition"))
    def test_a_definition_is_up_only_established_with_its_names(self, case: Case) -> None:
        """Both conditions hold, and otherwise it is down."""
        verdict, definition = judge(case), case[0]
        types = ("Established", "NamesAccepted")
        if verdict.up:
            assert all(may_be(definition, type_) for type_ in types)
        if all(must_be(definition, type_) for type_ in types):
            assert verdict.health is Health.HEALTHY
        assert verdict.health is (Health.HEALTHY if verdict.up else Health.DOWN)

    @closely
    @given(cases("APIService"))
    def test_an_api_service_is_up_only_available(self, case: Case) -> None:
        """And otherwise it is down."""
        verdict, service = judge(case), case[0]
        if verdict.up:
            assert may_be(service, "Available")
        if must_be(service, "Available"):
            assert verdict.up
        assert verdict.health is (Health.HEALTHY if verdict.up else Health.DOWN)


class TestKnative:
    """Knative's kinds go by Ready, of the spec that stands."""

    @pytest.mark.parametrize("kind", KNATIVE)
    @closely
    @given(data=st.data())
    def test_healthy_means_ready(self, kind: str, data: st.DataObject) -> None:
        """False is down; what is on its way is up only while its routes serve."""
        case = data.draw(cases(f"Knative{kind}"))
        verdict, subject = judge(case), case[0]
        serves = {"Service": "RoutesReady", "Route": "AllTrafficAssigned"}.get(kind, "")
        observed = subject["status"].get("observedGeneration")
        stale = observed is not None and observed < subject["metadata"].get("generation", 0)
        severe = [entry for entry in stated(subject, "Ready") if not entry.get("severity")]
        if verdict.health is Health.HEALTHY:
            assert any(entry["status"] == "True" for entry in severe)
            assert not stale
        if verdict.health is Health.DOWN:
            assert any(entry["status"] == "False" for entry in severe)
            assert not stale
        if verdict.health is Health.DEGRADED:
            assert verdict.activity is Activity.PROGRESSING
            assert verdict.up <= may_be(subject, serves)
        if severe == stated(subject, "Ready") and not stale and must_be(subject, "Ready", "False"):
            assert verdict.health is Health.DOWN


class TestRollout:
    """A Rollout whose phase is Degraded, or that is aborted, is never healthy."""

    @closely
    @given(cases("Rollout"))
    def test_a_phase_that_is_degraded_is_never_healthy(self, case: Case) -> None:
        """And paused is suspended, healthy is steady, progressing is progressing."""
        verdict, rollout = judge(case), case[0]
        phase = rollout["status"].get("phase")
        if rollout["spec"].get("replicas") == 0 or not phase:
            return
        if phase == "Degraded":
            assert verdict.health is not Health.HEALTHY
        if phase == "Paused":
            assert verdict.activity is Activity.SUSPENDED
        if phase == "Progressing":
            assert verdict.activity is Activity.PROGRESSING


class TestCustom:
    """What nobody here knows is healthy only as a condition of its says."""

    @closely
    @given(cases("Custom"))
    def test_healthy_means_that_all_it_says_of_its_health_is_good(self, case: Case) -> None:
        """Some word of its health is True, none certainly otherwise, and no failure is stated."""
        verdict, subject = judge(case), case[0]
        if verdict.health is Health.HEALTHY:
            assert any(may_be(subject, type_) for type_ in PRIMARY)
            for type_ in PRIMARY:
                assert may_be(subject, type_) or not stated(subject, type_)
            for type_ in ("Stalled", "Degraded", "BackupFailed", "DiskPressure"):
                assert not must_be(subject, type_)
        if must_be(subject, "Stalled"):
            assert (verdict.health, verdict.up) == (Health.DOWN, False)
        if not stated(subject, "Stalled", *PRIMARY, "Degraded", "BackupFailed", "DiskPressure"):
            assert verdict.health is Health.UNKNOWN
        if must_be(subject, "Reconciling"):
            assert verdict.activity is Activity.PROGRESSING


class TestStatusless:
    """To exist is to be healthy."""

    @closely
    @given(cases("Statusless"))
    def test_it_exists(self, case: Case) -> None:
        """And that is all that is said of it."""
        verdict = judge(case)
        assert (verdict.health, verdict.up, verdict.reason) == (Health.HEALTHY, True, "Exists")
