"""Jobs, and CronJobs with the runs that they own."""

from __future__ import annotations

from datetime import timedelta
from functools import cache

from hypothesis import strategies as st

from tests.builders import NOW, Manifest, stamp

from .pieces import Some, conditions, counts, optional, partial, thing, times, words
from .pods import odd_pods

__all__ = ["cron_jobs", "job_pods", "jobs", "runs"]

SCHEDULES = (
    "* * * * *",
    "* * * * *",
    "*/2 * * * *",
    "*/5 * * * *",
    "0 * * * *",
    "58 11 * * *",
    "59 11 * * *",
    "0 12 * * *",
    "30 3 * * 1-5",
    "0 0 1 * *",
    "0 0 29 2 *",
    "0 0 13 * 5",
    "15,45 */6 * * *",
)
"""Schedules that every implementation of cron reads alike, due near now or long ago."""
ENDINGS = ("Complete", "Failed", "SuccessCriteriaMet", "FailureTarget", "Suspended")


@cache
def jobs() -> Some:
    """Jobs in every stage, with the conditions of several at once."""
    return thing(
        "Job",
        "batch/v1",
        spec=optional(
            completions=st.one_of(st.none(), counts),
            parallelism=st.integers(0, 3),
            suspend=st.sampled_from([False, False, True]),
            activeDeadlineSeconds=words("0", "59", "60", "299", "3600").map(int),
        ),
        status=optional(
            active=st.integers(0, 3),
            ready=st.integers(0, 2),
            succeeded=st.one_of(st.just(0), counts),
            failed=st.integers(0, 3),
            startTime=times(),
            completionTime=times(),
            conditions=conditions(*ENDINGS, reasons=("BackoffLimitExceeded", "JobResumed")),
        ),
    )


@st.composite
def job_pods(draw: st.DrawFn, job: Manifest) -> list[Manifest]:
    """Pods, of which most are this Job's."""
    found: list[Manifest] = []
    for number in range(draw(st.integers(0, 2))):
        pod = draw(odd_pods())
        uid = draw(st.sampled_from([job["metadata"]["uid"]] * 3 + ["stranger"]))
        pod["metadata"] |= {
            "name": f"api-{number}",
            "uid": f"pod-{number}",
            "ownerReferences": [{"uid": uid, "kind": "Job", "controller": True}],
        }
        found.append(pod)
    return found


def _recent() -> st.SearchStrategy[str]:
    """Times at which something is due by one of the schedules, and any other time."""
    ages = st.sampled_from([2, 1, 0, 3, 5, 60, 120, 8 * 60 + 30, 24 * 60])
    minutes = ages.map(lambda age: stamp(NOW - timedelta(minutes=age)))
    return st.one_of(minutes, minutes, times())


@cache
def cron_jobs() -> Some:
    """CronJobs of every schedule, whose last run was due at any time."""
    return thing(
        "CronJob",
        "batch/v1",
        spec=partial(
            {"schedule": words(*SCHEDULES)},
            optional={
                "timeZone": words("UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata"),
                "suspend": st.sampled_from([False, False, False, True]),
                "startingDeadlineSeconds": words("0", "9", "10", "60", "3600").map(int),
                "concurrencyPolicy": words("Allow", "Forbid", "Replace"),
                "failedJobsHistoryLimit": st.integers(0, 3),
            },
        ),
        status=optional(
            active=st.lists(st.fixed_dictionaries({"name": words("api-1", "api-2")}), max_size=7),
            lastScheduleTime=_recent(),
            lastSuccessfulTime=_recent(),
        ),
    )


@st.composite
def runs(draw: st.DrawFn, cron_job: Manifest) -> list[Manifest]:
    """Jobs, of which most are this CronJob's and have ended."""
    found: list[Manifest] = []
    for number in range(draw(st.sampled_from([1, 2, 3, 4, 0]))):
        job = draw(jobs())
        uid = draw(st.sampled_from([cron_job["metadata"]["uid"]] * 3 + ["stranger"]))
        job["metadata"] |= {
            "name": f"api-{number}",
            "uid": f"run-{number}",
            "ownerReferences": [{"uid": uid, "kind": "CronJob", "controller": True}],
        }
        ending = draw(words("", "Complete", "Failed", "Failed", "Failed"))
        if ending:
            entry = {"type": ending, "status": "True", "lastTransitionTime": draw(_recent())}
            job["status"]["conditions"] = [entry]
        found.append(job)
    return found
