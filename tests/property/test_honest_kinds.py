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
        """Nor is it healthy past its deadline, or too long without a pod that is ready."""
        verdict, job = judge(case), case[0]
        spec, status = job["spec"], job["status"]
        if must_be(job, "Failed"):
            assert (verdict.health, verdict.up) == (Health.DOWN, False)
        if verdict.health is Health.DOWN:
            assert may_be(job, "Failed") or may_be(job, "FailureTarget")
        ended = may_be(job, "Complete") or may_be(job, "SuccessCriteriaMet")
        halted = spec.get("suspend") or spec.get("parallelism") == 0
        if verdict.health is Health.HEALTHY and not ended and not halted:
            runs = status.get("active") and status.get("ready") != 0
            assert runs or not status.get("failed")
            started = status.get("startTime")
            if not runs and started and not status.get("succeeded") and read(started) <= NOW:
                assert NOW - read(started) <= timedelta(minutes=15)
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
            status = cron_job["status"]
            unsuccessful = verdict.reason == "LastRunFailed" and cron_job["spec"].get(
                "failedJobsHistoryLimit"
            ) in (0, failures)
            hanging = verdict.reason == "RunsDoNotEnd" and status.get("active")
            counted = cron_job["spec"].get("failedJobsHistoryLimit", 1) <= failures
            assert verdict.reason == "MissedSchedule" or unsuccessful or hanging or counted


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
    """How many of its Jobs have failed after the last one that did not.

    None of them where its own status says that the last run that was scheduled succeeded.
    """
    status = cron_job["status"]
    stated_success, scheduled = status.get("lastSuccessfulTime"), status.get("lastScheduleTime")
    if stated_success and scheduled and read(stated_success) >= read(scheduled):
        return 0
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
    if stated_success:
        ended.append((read(stated_success), "Complete"))
    # At the very same time, a success counts.
    newest_first = sorted(ended, key=lambda run: (run[0], run[1] == "Complete"), reverse=True)
    return len(list(takewhile(lambda run: run[1] == "Failed", newest_first)))


class TestService:
    """A Service is as well as its endpoints serve, whoever made them."""

    @closely
    @given(cases("Service"))
    def test_it_is_up_with_an_endpoint_that_serves_and_with_none_down(self, case: Case) -> None:
        """Of its own EndpointSlices; without any of them nothing is known."""
        service, around = case
        verdict = judge(case)
        spec = service["spec"]
        if spec.get("type") == "ExternalName":
            assert verdict.health is Health.HEALTHY
            return
        own = [entry for entry in around if _is_of(entry, service)]
        serving = [
            endpoint.get("conditions", {}).get("terminating") is not True
            for entry in own
            if entry["ports"] or not spec.get("ports")
            for endpoint in endpoints_of(entry)
            if endpoint["addresses"] and _serves(endpoint.get("conditions", {}))
        ]
        if not serving:
            assert (verdict.health, verdict.up) == (
                Health.DOWN if own else Health.UNKNOWN,
                False,
            )
            return
        late = spec.get("type") == "LoadBalancer" and verdict.activity is Activity.STEADY
        addresses = service["status"].get("loadBalancer", {}).get("ingress")
        expected = Health.HEALTHY
        if not any(serving) or (late and not addresses and _is_old(service)):
            expected = Health.DEGRADED
        assert (verdict.health, verdict.up) == (expected, True)


def _serves(conditions: Manifest) -> bool:
    """By its own word, and without one by whether it is ready."""
    stated = conditions.get("serving")
    return (conditions.get("ready") if stated is None else stated) in (True, None)


def _is_old(manifest: Manifest) -> bool:
    """Whether an object has been there for longer than anything may be on its way."""
    created = manifest["metadata"].get("creationTimestamp")
    return created is not None and NOW - read(created) > timedelta(minutes=15)


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
        """It is progressing while it has no address, or an older spec's, and for so long only."""
        verdict, ingress = judge(case), case[0]
        addresses = ingress["status"].get("loadBalancer", {}).get("ingress", [])
        given_one = any(entry.get("ip") or entry.get("hostname") for entry in addresses)
        assert (verdict.health, verdict.up) == (Health.HEALTHY, True)
        assert (verdict.activity is Activity.STEADY) == (given_one or _is_old(ingress))


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
        if phase == "Bound":
            assert verdict.up
            if verdict.health is not Health.HEALTHY:
                assert verdict.reason in ("Resizing", "ModifyingVolume")
        elif phase != "Pending":
            assert verdict.health is Health.DOWN
        elif used or not waits:
            words = (verdict.health, verdict.activity)
            assert words in (
                (Health.DEGRADED, Activity.PROGRESSING),
                (Health.DOWN, Activity.STEADY),
            )
            if not waits:
                assert (words[0] is Health.DOWN) == _is_old(claim)
        else:
            assert (verdict.health, verdict.activity) == (Health.HEALTHY, Activity.SUSPENDED)

    @closely
    @given(cases("PersistentVolume"))
    def test_a_volume_is_down_exactly_when_it_has_failed(self, case: Case) -> None:
        """Or is not made in time; it is degraded while it is made."""
        verdict, phase = judge(case), case[0]["status"]["phase"]
        if phase == "Pending":
            assert verdict.health in (Health.DEGRADED, Health.DOWN)
            assert (verdict.health is Health.DOWN) == (verdict.activity is Activity.STEADY)
        else:
            assert (verdict.health is Health.DOWN) == (phase == "Failed")


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
        pressures = (
            "MemoryPressure",
            "DiskPressure",
            "PIDPressure",
            "NetworkUnavailable",
            "ReadonlyFilesystem",
            "KubeletUnhealthy",
        )
        if verdict.up:
            assert may_be(node, "Ready")
        if must_be(node, "Ready"):
            assert verdict.up
        if not may_be(node, "Ready"):
            assert (verdict.health, verdict.up) == (Health.DOWN, False)
        if any(must_be(node, type_) for type_ in pressures):
            assert verdict.health is not Health.HEALTHY
        bad = any(may_be(node, type_) for type_ in pressures)
        if must_be(node, "Ready") and not bad and not may_be(node, "StorageReady", "False"):
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
    def test_a_definition_is_up_exactly_while_it_is_established(self, case: Case) -> None:
        """And otherwise it is down; what it states against its names or its schema degrades it."""
        verdict, definition = judge(case), case[0]
        if verdict.up:
            assert may_be(definition, "Established")
        if must_be(definition, "Established"):
            assert verdict.up
        assert (verdict.health is Health.DOWN) == (not verdict.up)
        if verdict.health is Health.DEGRADED:
            refused = may_be(definition, "NamesAccepted", "False")
            assert refused or may_be(definition, "NonStructuralSchema")
        if verdict.up and must_be(definition, "NamesAccepted", "False"):
            assert verdict.health is Health.DEGRADED

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
            late = not any(entry["status"] == "True" for entry in severe) and not verdict.up
            assert late or any(entry["status"] == "False" for entry in severe)
            assert not stale
        if verdict.health is Health.DEGRADED:
            assert verdict.up <= may_be(subject, serves)
            if verdict.activity is not Activity.PROGRESSING:
                assert verdict.up
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
    """What nobody here knows is healthy only where nothing bad is stated."""

    @closely
    @given(cases("Custom"))
    def test_healthy_means_that_all_it_says_of_its_health_is_good(self, case: Case) -> None:
        """No primary condition is certainly False, but of what was stopped on purpose."""
        verdict, subject = judge(case), case[0]
        if verdict.health is Health.HEALTHY:
            for type_ in ("Stalled", "Degraded", "BackupFailed", "DiskPressure"):
                assert not must_be(subject, type_)
            status = subject["status"]
            assert status.get("phase") != "Failed"
            assert status.get("health") not in ("red", {"status": "Degraded"})
            if verdict.activity is not Activity.SUSPENDED:
                assert status.get("ready") is not False
                assert all(
                    may_be(subject, type_) or not stated(subject, type_) for type_ in PRIMARY
                )
        if must_be(subject, "Stalled"):
            assert (verdict.health, verdict.up) == (Health.DOWN, False)


class TestStatusless:
    """To exist is to be healthy."""

    @closely
    @given(cases("Statusless"))
    def test_it_exists(self, case: Case) -> None:
        """And that is all that is said of it."""
        verdict = judge(case)
        assert (verdict.health, verdict.up, verdict.reason) == (Health.HEALTHY, True, "Exists")
