"""The rule of the CronJob: runs that are missed, and runs that failed."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from k8s_heartbeat.core import RULES, Assessment, Policy, assess
from k8s_heartbeat.core.kinds import JOB
from k8s_heartbeat.core.related import RelatedObjects
from k8s_heartbeat.core.subject import Subject
from tests.builders import NOW, Manifest, before, condition, metadata, owner, stamp

BERLIN = "Europe/Berlin"


def cron_job(
    schedule: object = "0 * * * *",
    *,
    scheduled: object = "2026-03-02T12:00:00Z",
    succeeded: object = "",
    active: int = 0,
    created: str = "2026-01-01T00:00:00Z",
    **spec: object,
) -> Manifest:
    """A CronJob `report`, every full hour; its last run was due at that time, now by default."""
    status = {
        "active": [{"name": f"report-{number}"} for number in range(active)],
        "lastScheduleTime": scheduled,
        "lastSuccessfulTime": succeeded,
    }
    return {
        "apiVersion": "batch/v1",
        "kind": "CronJob",
        "metadata": metadata("report", created=created, generation=1),
        "spec": {"schedule": schedule, **spec},
        "status": {name: value for name, value in status.items() if value},
    }


def run(
    name: str,
    ending: str = "Complete",
    *,
    minutes: float | None = 30,
    reason: str = "",
    owned_by: str = "report",
    completed: str = "",
) -> Manifest:
    """A Job of it that ended so many minutes ago; without, its condition has no time."""
    since = "" if minutes is None else before(minutes=minutes)
    status: Manifest = {"conditions": [condition(ending, "True", reason, since=since)]}
    if completed:
        status["completionTime"] = completed
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": metadata(name, owners=[owner(owned_by, kind="CronJob")]),
        "spec": {},
        "status": status,
    }


def judged(
    manifest: Manifest,
    *,
    jobs: Iterable[Manifest] = (),
    now: datetime = NOW,
    policy: Policy = Policy(),
) -> Assessment:
    """The verdict where these are all the Jobs that there are."""
    return assess(manifest, related=RelatedObjects(jobs, whole=(JOB,)), now=now, policy=policy)


def at(manifest: Manifest, moment: str, *, policy: Policy = Policy()) -> Assessment:
    """The verdict at a time such as 2026-03-02 12:00."""
    now = datetime.fromisoformat(moment).replace(tzinfo=UTC)
    return judged(manifest, now=now, policy=policy)


@pytest.mark.parametrize(
    ("manifest", "health", "activity", "up", "reason"),
    [
        pytest.param(
            cron_job(suspend=True), "healthy", "suspended", True, "Suspended", id="suspended"
        ),
        pytest.param(
            cron_job("0 0 30 2 *", succeeded="2026-03-02T12:00:00Z"),
            "unknown",
            "steady",
            False,
            "NeverDue",
            id="on a day that no month has",
        ),
        pytest.param(
            cron_job("* * * * *", suspend=True, scheduled="", timeZone="Mars/Base"),
            "healthy",
            "suspended",
            True,
            "Suspended",
            id="suspended before all else",
        ),
        pytest.param(
            cron_job(scheduled="", created=before(minutes=20)),
            "healthy",
            "steady",
            True,
            "NeverRun",
            id="never run",
        ),
        pytest.param(
            cron_job(active=1), "healthy", "steady", True, "FirstRun", id="its first run is active"
        ),
        pytest.param(
            cron_job(active=1, succeeded=before(minutes=50)),
            "healthy",
            "steady",
            True,
            "LastRunSucceeded",
            id="a run is active",
        ),
        pytest.param(
            cron_job(scheduled="2026-03-02T09:00:00Z"),
            "down",
            "steady",
            False,
            "MissedSchedule",
            id="runs missed",
        ),
        pytest.param(
            cron_job(scheduled="2026-03-02T09:00:00Z", active=1, concurrencyPolicy="Forbid"),
            "degraded",
            "steady",
            True,
            "PreviousRunActive",
            id="held up by the previous run",
        ),
        pytest.param(
            cron_job(scheduled="2026-03-02T09:00:00Z", concurrencyPolicy="Forbid"),
            "down",
            "steady",
            False,
            "MissedSchedule",
            id="held up by nothing",
        ),
        pytest.param(
            cron_job(scheduled="2026-03-02T09:00:00Z", active=1, concurrencyPolicy="Replace"),
            "down",
            "steady",
            False,
            "MissedSchedule",
            id="not held up by an active run",
        ),
    ],
)
def test_a_cron_job_is_judged(
    manifest: Manifest, health: str, activity: str, up: bool, reason: str
) -> None:
    """The table of what a CronJob may look like, and what is said of it."""
    verdict = judged(manifest)
    assert (verdict.health, verdict.activity, verdict.up, verdict.reason) == (
        health,
        activity,
        up,
        reason,
    )


class TestMissed:
    """A run that should have started and did not is down."""

    @pytest.mark.parametrize(
        ("spec", "on_time", "late"),
        [
            pytest.param({}, "13:01:59", "13:02:00", id="the policy's two minutes"),
            pytest.param({"startingDeadlineSeconds": 600}, "13:09:59", "13:10:00", id="a deadline"),
            pytest.param({"startingDeadlineSeconds": 0}, "13:00:09", "13:00:10", id="the least"),
            pytest.param({"startingDeadlineSeconds": -5}, "13:00:09", "13:00:10", id="an odd one"),
            pytest.param({"startingDeadlineSeconds": "soon"}, "13:01:59", "13:02:00", id="none"),
        ],
    )
    def test_it_is_late_after_its_grace(
        self, spec: dict[str, Any], on_time: str, late: str
    ) -> None:
        """That is its starting deadline, and otherwise the policy's."""
        manifest = cron_job(succeeded="2026-03-02T12:00:30Z", timeZone="UTC", **spec)
        assert at(manifest, f"2026-03-02 {on_time}").health == "healthy"
        assert at(manifest, f"2026-03-02 {late}").reason == "MissedSchedule"

    def test_a_deadline_of_decades_is_survived(self) -> None:
        """The API takes any number."""
        manifest = cron_job(active=1, startingDeadlineSeconds=2**62)
        assert at(manifest, "2026-04-01 00:00").health == "healthy"

    def test_the_policy_sets_the_grace(self) -> None:
        """Where the CronJob does not."""
        patient = Policy(schedule_grace=timedelta(minutes=30))
        manifest = cron_job(active=1, timeZone="UTC")
        assert at(manifest, "2026-03-02 13:29:59", policy=patient).health == "healthy"
        assert at(manifest, "2026-03-02 13:30:00", policy=patient).health == "down"

    @pytest.mark.parametrize(
        ("scheduled", "known"),
        [
            ("2026-03-02T12:00:00Z", "the last one was due at 2026-03-02T12:00:00Z"),
            ("", "none ever has"),
        ],
    )
    def test_both_times_are_told(self, scheduled: str, known: str) -> None:
        """When it should have started, and what is known of the last one."""
        manifest = cron_job(scheduled=scheduled, timeZone="UTC")
        message = f"the run that was due at 2026-03-02T15:00:00Z has not started, {known}"
        assert at(manifest, "2026-03-02 15:30").message == message

    def test_what_holds_it_up_is_told(self) -> None:
        """People look at the previous run then."""
        manifest = cron_job(active=1, concurrencyPolicy="Forbid")
        message = at(manifest, "2026-03-02 15:30").message
        assert message.endswith("; the previous one is still active")

    def test_one_that_never_ran_is_late_from_its_creation_on(self) -> None:
        """What was due before it was there, or in that very moment, is not missed."""
        manifest = cron_job(
            "0 3 * * *", scheduled="", created="2026-03-01T03:00:00Z", timeZone="UTC"
        )
        assert at(manifest, "2026-03-02 03:01:59").reason == "NeverRun"
        assert at(manifest, "2026-03-02 03:02:00").reason == "MissedSchedule"

    @pytest.mark.parametrize("created", ["soon", None])
    def test_without_a_creation_nothing_is_late(self, created: object) -> None:
        """Nobody knows since when it is there."""
        manifest = cron_job(scheduled="")
        manifest["metadata"]["creationTimestamp"] = created
        assert judged(manifest).reason == "NeverRun"

    def test_an_interval_counts_from_the_last_run(self) -> None:
        """And before there is one, from the creation."""
        manifest = cron_job("@every 90m", active=1)
        assert at(manifest, "2026-03-02 13:31:59").health == "healthy"
        assert at(manifest, "2026-03-02 13:32:00").health == "down"
        fresh = cron_job("@every 90m", scheduled="", created="2026-03-02T11:10:00Z")
        assert at(fresh, "2026-03-02 12:41:59").health == "healthy"
        assert at(fresh, "2026-03-02 12:42:00").health == "down"

    @pytest.mark.parametrize("prefixed", [False, True])
    def test_hours_are_meant_in_the_stated_zone(self, prefixed: bool) -> None:
        """In `timeZone`, or, as long ago, in the schedule itself."""
        schedule = f"TZ={BERLIN} 0 3 * * *" if prefixed else "0 3 * * *"
        spec: dict[str, Any] = {} if prefixed else {"timeZone": BERLIN}
        manifest = cron_job(schedule, scheduled="2026-03-28T02:00:00Z", active=1, **spec)
        # the clocks go forward that night
        assert at(manifest, "2026-03-29 01:01:59").health == "healthy"
        assert at(manifest, "2026-03-29 01:02:00").health == "down"


class TestNoZoneStated:
    """Without `timeZone` the controller's own zone counts, and a run is late if it is in each."""

    @pytest.mark.parametrize(
        ("scheduled", "late"),
        [
            pytest.param("2026-03-01T03:00:00Z", "2026-03-02 03:02:00", id="UTC"),
            pytest.param("2026-03-01T02:00:00Z", "2026-03-02 03:02:00", id="Berlin"),
            pytest.param("2026-02-28T18:00:00Z", "2026-03-01 19:02:00", id="Tokyo"),
            pytest.param("2026-03-01T08:00:00Z", "2026-03-02 09:02:00", id="New York"),
            pytest.param("2026-02-28T21:30:00Z", "2026-03-01 22:32:00", id="Kolkata"),
        ],
    )
    def test_a_daily_run_tells_its_zone(self, scheduled: str, late: str) -> None:
        """Where that is not UTC, the next may be an hour later: clocks may have gone back."""
        manifest = cron_job("0 3 * * *", scheduled=scheduled, active=1)
        moment = datetime.fromisoformat(late).replace(tzinfo=UTC)
        assert judged(manifest, now=moment - timedelta(seconds=1)).health == "healthy"
        assert judged(manifest, now=moment).reason == "MissedSchedule"

    @pytest.mark.parametrize(
        ("schedule", "scheduled", "now"),
        [
            pytest.param("0 9-17 * * 1-5", "2026-02-27T16:00:00Z", "2026-03-02 07:59", id="Berlin"),
            pytest.param("0 9-17 * * 1-5", "2026-02-27T08:00:00Z", "2026-03-01 23:59", id="Tokyo"),
            pytest.param("0 9-17 * * 1-5", "2026-02-28T01:00:00Z", "2026-03-02 16:59", id="west"),
            pytest.param("0 3 * * *", "2026-10-24T01:00:00Z", "2026-10-25 01:59", id="summer ends"),
            pytest.param("0 3 * * *", "2026-03-28T02:00:00Z", "2026-03-29 00:59", id="it begins"),
        ],
    )
    def test_an_office_in_another_zone_is_not_late(
        self, schedule: str, scheduled: str, now: str
    ) -> None:
        """Not through a night, a weekend, or the night that the clocks are changed."""
        assert at(cron_job(schedule, scheduled=scheduled, active=1), now).health == "healthy"

    @pytest.mark.parametrize("schedule", ["* * * * *", "*/5 * * * *"])
    def test_what_runs_around_the_clock_is_late_at_once(self, schedule: str) -> None:
        """It makes no difference in which zone."""
        manifest = cron_job(schedule, active=1)
        assert at(manifest, "2026-03-02 12:02:59").health == "healthy"
        assert at(manifest, "2026-03-02 12:07:00").reason == "MissedSchedule"

    def test_one_that_never_ran_may_be_meant_anywhere(self) -> None:
        """A day later it should have run wherever that is."""
        manifest = cron_job("0 3 * * *", scheduled="", created="2026-03-01T02:30:00Z")
        assert at(manifest, "2026-03-01 14:00").reason == "NeverRun"
        assert at(manifest, "2026-03-02 05:00").reason == "MissedSchedule"

    def test_the_run_that_is_told_is_the_likeliest(self) -> None:
        """That of UTC, where it may be meant; else that of the zone nearest to it."""
        manifest = cron_job("0 3 * * *", scheduled="")
        assert "was due at 2026-03-02T03:00:00Z has not" in judged(manifest).message

    def test_a_run_that_fits_nowhere_tells_nothing(self) -> None:
        """The schedule was another one then."""
        manifest = cron_job("7 3 * * *", scheduled="2026-03-01T12:00:00Z", active=1)
        assert at(manifest, "2026-03-02 03:30").health == "healthy"
        assert at(manifest, "2026-03-02 17:30").reason == "MissedSchedule"

    def test_a_last_run_at_the_end_of_all_times_is_survived(self) -> None:
        """It is no zone's, and nothing is later."""
        assert judged(cron_job(scheduled="9999-12-31T23:59:00Z")).up
        assert not judged(cron_job(scheduled="0001-01-01T00:00:00Z")).up


class TestHistory:
    """Kubernetes keeps few failed Jobs: the turns since the last success tell of the others."""

    @pytest.mark.parametrize(
        ("kept", "succeeded", "active", "count"),
        [
            pytest.param(1, "2026-03-02T11:00:30Z", 0, 1, id="one turn since"),
            pytest.param(1, "2026-03-02T10:00:30Z", 0, 2, id="two turns since"),
            pytest.param(1, "2026-03-02T09:00:30Z", 0, 3, id="three turns since"),
            pytest.param(1, "2026-02-02T09:00:30Z", 0, 3, id="many turns since"),
            pytest.param(1, "", 0, 3, id="never a success"),
            pytest.param(1, "2026-03-02T09:00:30Z", 1, 2, id="one of them is active"),
            pytest.param(2, "2026-02-02T09:00:30Z", 0, 1, id="the history is not full"),
            pytest.param(None, "2026-02-02T09:00:30Z", 0, 1, id="nothing is said of a history"),
            pytest.param("all", "2026-02-02T09:00:30Z", 0, 1, id="an odd history"),
        ],
    )
    def test_turns_count_where_the_history_is_full(
        self, kept: object, succeeded: str, active: int, count: int
    ) -> None:
        """Once the last run has failed, every turn since the last success has."""
        manifest = cron_job(succeeded=succeeded, active=active, failedJobsHistoryLimit=kept)
        verdict = judged(manifest, jobs=[run("a", "Failed", minutes=0)])
        assert verdict.health == ("down" if count == 3 else "degraded")
        told = f", and none of at least {count} that were due has succeeded" * (count > 1)
        assert verdict.message == f"the last run failed{told}"

    @pytest.mark.parametrize(
        "spec", [{"concurrencyPolicy": "Forbid"}, {"startingDeadlineSeconds": 300}]
    )
    def test_turns_that_may_have_been_left_out_do_not_count(self, spec: Manifest) -> None:
        """A run that was forbidden, or came too late to start, has not failed."""
        manifest = cron_job(succeeded="2026-02-02T08:00:30Z", failedJobsHistoryLimit=1, **spec)
        verdict = judged(manifest, jobs=[run("a", "Failed", minutes=0)])
        assert (verdict.health, verdict.message) == ("degraded", "the last run failed")

    @pytest.mark.parametrize("scheduled", ["9999-12-31T23:59:00Z", "0001-01-01T00:00:00Z"])
    @pytest.mark.parametrize("zone", ["Asia/Tokyo", "America/New_York", None])
    def test_a_turn_at_the_end_of_all_times_is_survived(
        self, scheduled: str, zone: str | None
    ) -> None:
        """Go's zero time among them, and whatever a clock gone mad has written."""
        manifest = cron_job("* * * * *", scheduled=scheduled, failedJobsHistoryLimit=0)
        manifest["metadata"]["creationTimestamp"] = None
        if zone:
            manifest["spec"]["timeZone"] = zone
        assert isinstance(judged(manifest), Assessment)

    def test_a_policy_says_how_many(self) -> None:
        """Five in a row are asked for, and four turns there were."""
        manifest = cron_job(succeeded="2026-03-02T08:00:30Z", failedJobsHistoryLimit=1)
        failed = [run("a", "Failed", minutes=0)]
        for most, health in ((4, "down"), (5, "degraded")):
            policy = Policy(cron_failures=most)
            assert judged(manifest, jobs=failed, policy=policy).health == health

    @pytest.mark.parametrize(("kept", "health"), [(0, "down"), (1, "degraded"), (None, "degraded")])
    def test_a_history_of_none_is_full(self, kept: object, health: str) -> None:
        """Then the CronJob's own status says that the last run failed, and the turns how many."""
        manifest = cron_job(
            scheduled="2026-03-02T11:00:00Z",
            succeeded="2026-03-02T08:00:30Z",
            failedJobsHistoryLimit=kept,
        )
        verdict = at(manifest, "2026-03-02 11:30")
        assert (verdict.health, verdict.reason) == (health, "LastRunFailed")

    def test_a_success_of_a_job_at_hand_begins_anew(self) -> None:
        """Whatever the status says of an earlier one."""
        manifest = cron_job(succeeded="2026-02-02T08:00:30Z", failedJobsHistoryLimit=1)
        runs = [run("a", "Failed", minutes=0), run("b", minutes=59)]
        assert judged(manifest, jobs=runs).health == "degraded"


class TestFailed:
    """The newest finished runs decide."""

    @pytest.mark.parametrize(
        ("runs", "health", "up", "reason", "message"),
        [
            pytest.param(
                [run("a", "Failed", reason="DeadlineExceeded")],
                "degraded",
                True,
                "DeadlineExceeded",
                "the last run failed",
                id="the last",
            ),
            pytest.param(
                [run("a", "Failed"), run("b", "Failed", minutes=10, reason="no word"), run("c")],
                "degraded",
                True,
                "JobFailed",
                "the last run failed",
                id="the last, in no word",
            ),
            pytest.param(
                [run("a", "Failed", minutes=20), run("b", "Failed", minutes=10), run("c")],
                "degraded",
                True,
                "JobFailed",
                "the last 2 runs failed",
                id="the last two",
            ),
            pytest.param(
                [
                    run("a", "Failed", minutes=28),
                    run("b", "Failed", minutes=20),
                    run("c", "Failed", minutes=10, reason="PodFailurePolicy"),
                    run("d"),
                ],
                "down",
                False,
                "PodFailurePolicy",
                "the last 3 runs failed",
                id="three in a row",
            ),
            pytest.param(
                [run(name, "Failed", minutes=None) for name in "abc"],
                "down",
                False,
                "JobFailed",
                "the last 3 runs failed",
                id="three at times unknown",
            ),
        ],
    )
    def test_failed_runs_are_counted(
        self, runs: list[Manifest], health: str, up: bool, reason: str, message: str
    ) -> None:
        """Those since the last success, as many as the policy says being down."""
        for around in (runs, runs[::-1]):
            verdict = judged(cron_job(), jobs=around)
            assert (verdict.health, verdict.activity, verdict.up) == (health, "steady", up)
            assert (verdict.reason, verdict.message) == (reason, message)

    @pytest.mark.parametrize(
        "runs",
        [
            pytest.param([run("a", "Failed", minutes=40), run("b")], id="before a success"),
            pytest.param([run("a", "Failed"), run("b")], id="with a success"),
            pytest.param(
                [run("z", minutes=90), run("a", "Failed", minutes=40), run("b")],
                id="between two successes",
            ),
            pytest.param([run("a", "Failed", minutes=None), run("b")], id="some time"),
            pytest.param([run("a", "Failed", owned_by="other"), run("b")], id="of another"),
            pytest.param([run("a", "Suspended"), run("b")], id="not finished"),
            pytest.param([run("a", "Failed") | {"status": "odd"}, run("b")], id="malformed"),
            pytest.param(
                [run("a", "Failed") | {"spec": {"completions": "many"}}, run("b")], id="odd count"
            ),
            pytest.param(
                [run("a", "Failed"), run("b", minutes=None, completed=before(minutes=5))],
                id="success known by its completion",
            ),
        ],
    )
    def test_other_jobs_are_passed_over(self, runs: list[Manifest]) -> None:
        """What failed before the last success, belongs to others, or cannot be read."""
        verdict = judged(cron_job(active=1), jobs=runs)
        assert (verdict.health, verdict.reason) == ("healthy", "LastRunSucceeded")
        assert verdict.causes == ()

    def test_the_policy_says_how_many_are_down(self) -> None:
        """As few as one."""
        policy = Policy(cron_failures=1)
        verdict = judged(cron_job(), jobs=[run("a", "Failed")], policy=policy)
        assert (verdict.health, verdict.up) == ("down", False)

    def test_each_failed_run_is_a_cause(self) -> None:
        """The newest first, with its time; one that a dump holds twice is one."""
        older = run("old", "Failed", minutes=20, reason="DeadlineExceeded")
        newer = run("new", "Failed", minutes=10, reason="BackoffLimitExceeded")
        again = run("new", "Failed", minutes=10)
        for runs in ([older, newer, again], [again, newer, older]):
            verdict = judged(cron_job(), jobs=runs)
            assert [(cause.kind, cause.name, cause.reason) for cause in verdict.causes] == [
                ("Job", "new", "BackoffLimitExceeded"),
                ("Job", "old", "DeadlineExceeded"),
            ]
            assert verdict.since == NOW - timedelta(minutes=10) == verdict.causes[0].since

    @pytest.mark.parametrize(
        ("failures", "active", "health", "reason"),
        [
            (1, 0, "down", "MissedSchedule"),
            (3, 0, "down", "MissedSchedule"),
            (1, 1, "degraded", "PreviousRunActive"),
            (3, 1, "down", "JobFailed"),
        ],
    )
    def test_the_worse_verdict_counts(
        self, failures: int, active: int, health: str, reason: str
    ) -> None:
        """Missed before failed where both are as bad; what failed is a cause in any case."""
        manifest = cron_job(
            scheduled="2026-03-02T09:00:00Z", active=active, concurrencyPolicy="Forbid"
        )
        runs = [run(f"r{number}", "Failed") for number in range(failures)]
        verdict = judged(manifest, jobs=runs)
        assert (verdict.health, verdict.reason) == (health, reason)
        assert len(verdict.causes) == failures


class TestRunsThatAreGone:
    """Where the Job of the last run is not at hand, the CronJob's own status tells."""

    @pytest.mark.parametrize("runs", [[], [run("a", minutes=90)]])
    @pytest.mark.parametrize("succeeded", ["", "2026-03-02T11:00:20Z"])
    def test_a_run_that_ended_without_success_failed(
        self, succeeded: str, runs: list[Manifest]
    ) -> None:
        """It is active no more, and the last success is older than it."""
        manifest = cron_job(succeeded=succeeded)
        verdict = judged(manifest, jobs=runs, now=NOW + timedelta(seconds=60))
        assert (verdict.health, verdict.up, verdict.reason) == ("degraded", True, "LastRunFailed")
        assert verdict.message == (
            "the run that was due at 2026-03-02T12:00:00Z has ended without success"
        )

    @pytest.mark.parametrize(
        ("manifest", "runs", "seconds", "reason"),
        [
            pytest.param(cron_job(active=1), [], 60, "FirstRun", id="still active"),
            pytest.param(cron_job(), [], 59, "FirstRun", id="hardly begun"),
            pytest.param(
                cron_job(succeeded="2026-03-02T12:00:00Z"), [], 60, "LastRunSucceeded", id="success"
            ),
            pytest.param(
                cron_job(), [run("a", minutes=-0.5)], 60, "LastRunSucceeded", id="not yet stated"
            ),
            pytest.param(
                cron_job(scheduled="", created=before(minutes=5)),
                [run("a", minutes=2)],
                60,
                "LastRunSucceeded",
                id="started by hand",
            ),
        ],
    )
    def test_what_may_yet_succeed_has_not_failed(
        self, manifest: Manifest, runs: list[Manifest], seconds: int, reason: str
    ) -> None:
        """Or what has."""
        verdict = judged(manifest, jobs=runs, now=NOW + timedelta(seconds=seconds))
        assert (verdict.health, verdict.reason) == ("healthy", reason)

    def test_a_failed_run_that_is_kept_is_no_news_after_a_success(self) -> None:
        """The Jobs of successful runs may be kept for a shorter time."""
        manifest = cron_job(succeeded="2026-03-02T12:00:10Z")
        verdict = judged(manifest, jobs=[run("a", "Failed")], now=NOW + timedelta(seconds=60))
        assert verdict.health == "healthy"

    @pytest.mark.parametrize(
        ("manifest", "message"),
        [
            (cron_job(scheduled="", created=before(minutes=5)), "it has not run yet"),
            (cron_job(active=1), "no run of it has ended yet, 1 active"),
            (cron_job(), "no run of it has ended yet"),
            (
                cron_job(succeeded="2026-03-02T11:00:20Z", active=2),
                "a run last succeeded at 2026-03-02T11:00:20Z, 2 active",
            ),
        ],
    )
    def test_what_is_well_is_told(self, manifest: Manifest, message: str) -> None:
        """The last success and the runs under way."""
        assert judged(manifest).message == message


@pytest.mark.parametrize(
    ("manifest", "problem"),
    [
        (cron_job(None), "spec.schedule is not a cron schedule, such as 30 3 * * 1-5"),
        (cron_job(["0 * * * *"]), "spec.schedule is not a cron schedule, such as 30 3 * * 1-5"),
        (
            cron_job("0 25 * * *"),
            "spec.schedule is not a cron schedule of five fields, such as 30 3 * * 1-5 or @daily",
        ),
        (
            cron_job("TZ=Mars/Base 0 3 * * *"),
            "spec.schedule names no time zone that this machine knows, such as Europe/Berlin",
        ),
        (
            cron_job("@every day"),
            "spec.schedule has no duration of up to a year, such as @every 1h30m",
        ),
        (
            cron_job(timeZone="Mars/Base"),
            "spec.timeZone names no time zone that this machine knows, such as Europe/Berlin",
        ),
        (
            cron_job(timeZone=1),
            "spec.timeZone is not the name of a time zone, such as Europe/Berlin",
        ),
        (
            cron_job(scheduled="soon"),
            "status.lastScheduleTime is not a time, such as 2026-01-01T12:00:00Z",
        ),
    ],
)
def test_what_cannot_be_read_is_named(manifest: Manifest, problem: str) -> None:
    """Of what the verdict rests on: the field, its form and an example."""
    verdict = judged(manifest)
    assert (verdict.health, verdict.reason, verdict.message) == ("unknown", "Malformed", problem)


def test_its_jobs_are_asked_for() -> None:
    """All of its namespace: no label says which are its own."""
    (evidence,) = Subject.of(cron_job()).evidence
    query = evidence.query()
    assert (query.kind.kind, query.namespace, query.name, query.selector) == (
        "Job",
        "shop",
        "",
        None,
    )


@pytest.mark.parametrize(
    "manifest",
    [
        pytest.param(cron_job(suspend=True), id="suspended"),
        pytest.param(cron_job(succeeded="2026-03-02T12:00:00Z"), id="the last run succeeded"),
    ],
)
def test_what_its_status_settles_needs_no_jobs(manifest: Manifest) -> None:
    """It is well by its own word, and a failed run of before is no news."""
    assert Subject.of(manifest).evidence == ()
    for around in ([], [run("a", "Failed")]):
        assert assess(manifest, related=around, now=NOW).health == "healthy"


@pytest.mark.parametrize(
    "manifest",
    [
        pytest.param(cron_job(succeeded=before(minutes=50)), id="the last run ended somehow"),
        pytest.param(cron_job(succeeded=before(minutes=50), active=1), id="it is active"),
        pytest.param(cron_job(scheduled="", created=before(minutes=5)), id="never scheduled"),
        pytest.param(
            cron_job(scheduled="", succeeded=before(minutes=3), created=before(minutes=5)),
            id="started by hand",
        ),
    ],
)
def test_without_its_jobs_nothing_is_known(manifest: Manifest) -> None:
    """A run of which nobody knows how it ended may have failed, one by hand among them."""
    verdict = assess(manifest, now=NOW)
    assert (verdict.health, verdict.up, verdict.reason) == ("unknown", False, "EvidenceUnread")
    assert [(cause.reason, cause.kind) for cause in verdict.causes] == [("NotGiven", "Job")]


def test_without_its_uid_its_jobs_cannot_be_told_from_others() -> None:
    """That none of those at hand is its own is no news of how its runs ended."""
    manifest = cron_job(succeeded=before(minutes=50))
    del manifest["metadata"]["uid"]
    verdict = assess(manifest, related=RelatedObjects([run("a", "Failed")], whole=(JOB,)), now=NOW)
    assert (verdict.health, verdict.up) == ("unknown", False)
    assert "metadata.uid" in verdict.message


def test_a_run_that_is_missed_is_missed_without_jobs() -> None:
    """None of them could make it any worse; one that is held up might be."""
    late = "2026-03-02T09:00:00Z"
    assert assess(cron_job(scheduled=late), now=NOW).reason == "MissedSchedule"
    held = cron_job(scheduled=late, active=1, concurrencyPolicy="Forbid")
    assert assess(held, now=NOW).reason == "EvidenceUnread"


def test_it_is_a_workload() -> None:
    """A namespace's aggregate counts it."""
    assert RULES.find("CronJob", "batch/v1").workload


def test_an_older_version_is_judged_alike() -> None:
    """Until 1.25 it was served as v1beta1."""
    manifest = cron_job(scheduled=stamp(NOW - timedelta(hours=3)))
    assert judged({**manifest, "apiVersion": "batch/v1beta1"}).reason == "MissedSchedule"


@pytest.mark.parametrize(
    ("active", "fields", "health", "up"),
    [
        pytest.param(2, {}, "healthy", True, id="fewer than failures make it down"),
        pytest.param(3, {}, "degraded", True, id="as many"),
        pytest.param(5, {}, "degraded", True, id="more"),
        pytest.param(6, {}, "down", False, id="twice as many"),
        pytest.param(6, {"suspend": True}, "healthy", True, id="suspended"),
        pytest.param(
            6, {"succeeded": before(minutes=30)}, "healthy", True, id="one has succeeded since"
        ),
        pytest.param(
            6, {"succeeded": before(hours=3, minutes=30)}, "degraded", True, id="four turns ago"
        ),
        pytest.param(6, {"succeeded": before(hours=7)}, "down", False, id="seven turns ago"),
        pytest.param(
            1,
            {"concurrencyPolicy": "Replace", "succeeded": before(hours=3, minutes=30)},
            "degraded",
            True,
            id="each was replaced by the next",
        ),
        pytest.param(
            1,
            {"concurrencyPolicy": "Replace", "succeeded": before(hours=7)},
            "down",
            False,
            id="each was replaced by the next, often",
        ),
        pytest.param(
            0,
            {"concurrencyPolicy": "Replace", "succeeded": before(minutes=1)},
            "healthy",
            True,
            id="nothing is active",
        ),
    ],
)
def test_runs_that_start_and_do_not_end_count(
    active: int, fields: dict[str, Any], health: str, up: bool
) -> None:
    """They are no better than runs that fail."""
    verdict = judged(cron_job(active=active, **fields))
    assert (verdict.health, verdict.up) == (health, up)
    assert (verdict.reason == "RunsDoNotEnd") == (health != "healthy")


def test_so_many_runs_that_do_not_end_are_down_whatever_its_jobs_say() -> None:
    """Its own status says it; fewer of them may have ended, as only the Jobs tell."""
    assert assess(cron_job(active=6), now=NOW).reason == "RunsDoNotEnd"
    assert assess(cron_job(active=5), now=NOW).reason == "EvidenceUnread"
    message = assess(cron_job(active=6), now=NOW).message
    assert message == "6 runs are active, none has succeeded"


def test_runs_that_do_not_end_hide_no_failure_and_are_hidden_by_none() -> None:
    """The worse of both counts, and failed Jobs are causes all the same."""
    failed = [run("report-0", "Failed", minutes=70)]
    verdict = judged(cron_job(active=6), jobs=failed)
    assert (verdict.health, verdict.reason) == ("down", "RunsDoNotEnd")
    assert [cause.reason for cause in verdict.causes] == ["JobFailed"]
