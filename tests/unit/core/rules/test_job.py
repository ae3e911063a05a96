"""The rule of the Job, case by case."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from k8s_heartbeat.core import RULES, Policy, RelatedObjects, assess
from k8s_heartbeat.core.gap import Gap, GapReason
from k8s_heartbeat.core.judgement import judge
from k8s_heartbeat.core.kinds import POD
from k8s_heartbeat.core.subject import Subject
from tests.builders import (
    NOW,
    Manifest,
    before,
    condition,
    container,
    event,
    metadata,
    pod,
    waiting,
)


def job(
    *conditions: Manifest,
    completions: object = 5,
    parallelism: object = None,
    active: object = 0,
    ready: object = None,
    succeeded: object = 0,
    failed: object = 0,
    suspend: object = None,
    deadline: object = None,
    started: object = None,
) -> Manifest:
    """A Job `import` that started ten minutes ago."""
    spec: Manifest = {
        "completions": completions,
        "parallelism": parallelism,
        "suspend": suspend,
        "activeDeadlineSeconds": deadline,
    }
    status: Manifest = {
        "active": active,
        "ready": ready,
        "succeeded": succeeded,
        "failed": failed,
        "startTime": before(minutes=10) if started is None else started,
        "conditions": list(conditions),
    }
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": metadata("import", generation=1),
        "spec": {name: value for name, value in spec.items() if value is not None},
        # Of all counts, only that of the ready ones is written when it is 0.
        "status": {name: value for name, value in status.items() if value != 0 or name == "ready"},
    }


FAILED = condition("Failed", "True", "BackoffLimitExceeded", "too many retries", before(minutes=2))
FAILING = condition("FailureTarget", "True", "PodFailurePolicy", since=before(minutes=2))
COMPLETE = condition("Complete", "True", "CompletionsReached", since=before(minutes=2))
COMPLETING = condition("SuccessCriteriaMet", "True", "SuccessPolicy", since=before(minutes=2))


@pytest.mark.parametrize(
    ("manifest", "health", "activity", "up", "reason"),
    [
        pytest.param(job(active=2), "healthy", "progressing", True, "Running", id="running"),
        pytest.param(job(), "healthy", "progressing", True, "Running", id="nothing yet"),
        pytest.param(
            job(COMPLETE, succeeded=5), "healthy", "steady", True, "CompletionsReached", id="done"
        ),
        pytest.param(
            job(condition("Complete")), "healthy", "steady", True, "Complete", id="no reason"
        ),
        pytest.param(
            job(COMPLETING, active=1),
            "healthy",
            "progressing",
            True,
            "SuccessPolicy",
            id="done but for its last pods",
        ),
        pytest.param(job(FAILED), "down", "steady", False, "BackoffLimitExceeded", id="failed"),
        pytest.param(
            job(condition("Failed", reason="no word")),
            "down",
            "steady",
            False,
            "JobFailed",
            id="failed without a word",
        ),
        pytest.param(
            job(FAILING, active=1),
            "down",
            "progressing",
            False,
            "PodFailurePolicy",
            id="failed but for its last pods",
        ),
        pytest.param(
            job(FAILING, FAILED), "down", "steady", False, "BackoffLimitExceeded", id="failed, both"
        ),
        pytest.param(
            job(FAILED, COMPLETE),
            "down",
            "steady",
            False,
            "BackoffLimitExceeded",
            id="failed goes before complete",
        ),
        pytest.param(
            job(suspend=True), "healthy", "suspended", True, "JobSuspended", id="suspended"
        ),
        pytest.param(
            job(suspend=True, failed=1),
            "healthy",
            "suspended",
            True,
            "JobSuspended",
            id="suspended after a failure",
        ),
        pytest.param(
            job(COMPLETE, suspend=True),
            "healthy",
            "steady",
            True,
            "CompletionsReached",
            id="done goes before suspended",
        ),
        pytest.param(
            job(FAILED, suspend=True),
            "down",
            "steady",
            False,
            "BackoffLimitExceeded",
            id="failed goes before suspended",
        ),
        pytest.param(
            job(condition("Suspended", "False"), active=1),
            "healthy",
            "progressing",
            True,
            "Running",
            id="resumed",
        ),
        pytest.param(
            job(condition("Failed", "False"), condition("Complete", "Unknown"), active=1),
            "healthy",
            "progressing",
            True,
            "Running",
            id="only True counts",
        ),
        pytest.param(
            job(active=1, failed=1),
            "healthy",
            "progressing",
            True,
            "Running",
            id="a pod failed earlier",
        ),
        pytest.param(
            job(active=1, ready=1, failed=1),
            "healthy",
            "progressing",
            True,
            "Running",
            id="a pod failed earlier, and another is ready",
        ),
        pytest.param(
            job(active=1, ready=0, failed=1),
            "degraded",
            "progressing",
            True,
            "PodsFailed",
            id="pods fail now",
        ),
        pytest.param(
            job(failed=1),
            "degraded",
            "progressing",
            True,
            "PodsFailed",
            id="a pod failed and its replacement waits",
        ),
        pytest.param(
            job(active=1, ready=0, started=before(minutes=15)),
            "healthy",
            "progressing",
            True,
            "Running",
            id="none ready for as long as one may wait",
        ),
        pytest.param(
            job(active=1, ready=0, started=before(minutes=15, seconds=1)),
            "degraded",
            "steady",
            True,
            "NoPodsReady",
            id="none ready for longer",
        ),
        pytest.param(
            job(started=before(minutes=15)),
            "healthy",
            "progressing",
            True,
            "Running",
            id="no pods for as long as one may wait",
        ),
        pytest.param(
            job(started=before(minutes=15, seconds=1)),
            "degraded",
            "steady",
            True,
            "NoPods",
            id="no pods for longer",
        ),
        pytest.param(
            job(ready=0, started=before(hours=2), suspend=True),
            "healthy",
            "suspended",
            True,
            "JobSuspended",
            id="suspended waits for nobody",
        ),
        pytest.param(
            job(parallelism=0, started=before(hours=2)),
            "healthy",
            "suspended",
            True,
            "JobSuspended",
            id="nor does what runs no pods on purpose",
        ),
        pytest.param(
            job(active=2, ready=1, started=before(days=2)),
            "healthy",
            "progressing",
            True,
            "Running",
            id="a long run",
        ),
        pytest.param(
            job(active=2, started=before(days=2)),
            "healthy",
            "progressing",
            True,
            "Running",
            id="a long run on a cluster that does not count ready pods",
        ),
        pytest.param(
            job(active=1, deadline=599),
            "degraded",
            "progressing",
            True,
            "DeadlineExceeded",
            id="past its deadline",
        ),
        pytest.param(
            job(active=1, deadline=600),
            "healthy",
            "progressing",
            True,
            "Running",
            id="at its deadline",
        ),
        pytest.param(
            job(active=1, failed=1, deadline=60),
            "degraded",
            "progressing",
            True,
            "DeadlineExceeded",
            id="the deadline goes before failed pods",
        ),
        pytest.param(
            job(active=1, deadline=2**62),
            "healthy",
            "progressing",
            True,
            "Running",
            id="a deadline beyond all times",
        ),
        pytest.param(
            job(active=1, deadline=60, started="soon"),
            "healthy",
            "progressing",
            True,
            "Running",
            id="a start that cannot be read",
        ),
    ],
)
def test_a_job_is_judged(
    manifest: Manifest, health: str, activity: str, up: bool, reason: str
) -> None:
    """The table of what a Job may look like, and what is said of it."""
    verdict = assess(manifest, now=NOW)
    assert (verdict.health, verdict.activity, verdict.up, verdict.reason) == (
        health,
        activity,
        up,
        reason,
    )


@pytest.mark.parametrize(
    ("manifest", "message"),
    [
        (
            job(succeeded=2, active=1, failed=1),
            "2 of 5 completions, 1 active, 1 failed",
        ),
        (job(completions=None), "0 of 1 completions"),
        (job(completions=None, parallelism=1), "0 of 1 completions"),
        (job(completions=None, parallelism=3, succeeded=1, active=2), "1 completions, 2 active"),
        (job(COMPLETE, succeeded=5), "it has completed, 5 of 5 completions"),
        (job(FAILED, failed=3), "it has failed, 0 of 5 completions, 3 failed: too many retries"),
        (job(suspend=True), "it is suspended, 0 of 5 completions"),
        (
            job(active=1, deadline=60),
            "it is past its deadline of 60 seconds, 0 of 5 completions, 1 active",
        ),
    ],
)
def test_the_figures_are_told(manifest: Manifest, message: str) -> None:
    """Completions of those that it needs, and the pods that run and have failed."""
    assert assess(manifest, now=NOW).sentence == message


@pytest.mark.parametrize("ending", [FAILED, FAILING])
def test_what_failed_is_a_cause(ending: Manifest) -> None:
    """In the controller's own words, since it said so."""
    verdict = assess(job(ending), now=NOW)
    assert [(cause.reason, cause.kind, cause.name) for cause in verdict.causes] == [
        (ending["reason"], "Job", "import")
    ]
    assert verdict.causes[0].message == ending.get("message", "")
    assert verdict.since == verdict.causes[0].since is not None


def test_success_has_a_time_and_no_cause() -> None:
    """It is well since it is done."""
    verdict = assess(job(COMPLETE), now=NOW)
    assert verdict.causes == ()
    assert verdict.since is not None


COUNTS: Sequence[tuple[str, str]] = [
    ("spec", "completions"),
    ("status", "active"),
    ("status", "succeeded"),
    ("status", "failed"),
]


@pytest.mark.parametrize(("part", "field"), COUNTS)
def test_a_count_that_is_none_is_named(part: str, field: str) -> None:
    """The verdict rests on it."""
    manifest = job()
    manifest[part][field] = "many"
    verdict = assess(manifest, now=NOW)
    assert verdict.health == "unknown"
    assert verdict.sentence == f"{part}.{field} is not a whole number of 0 or more, such as 3"


@pytest.mark.parametrize(
    ("age", "health", "reason"),
    [
        pytest.param(None, "degraded", "NoPodsReady", id="no pods given"),
        pytest.param({"minutes": 1}, "healthy", "Running", id="between two of many"),
        pytest.param({"minutes": 16}, "degraded", "NoPodsReady", id="the newest hangs"),
    ],
)
def test_a_job_of_many_pods_waits_since_the_newest(
    age: dict[str, float] | None, health: str, reason: str
) -> None:
    """Its status does not say when the last one of them ended."""
    manifest = job(active=1, ready=0, succeeded=3, started=before(hours=5))
    (evidence,) = Subject.of(manifest).evidence
    assert (evidence.kind.kind, evidence.namespace) == ("Pod", "shop")
    newest = pod("import-4", phase="Pending", ready=None, owned_by="import", containers=[])
    done = pod("import-3", phase="Succeeded", owned_by="import")
    around = [done]
    if age is not None:
        newest["metadata"]["creationTimestamp"] = before(**age)
        around.append(newest)
    verdict = assess(manifest, related=around, now=NOW)
    assert (verdict.health, verdict.reason) == (health, reason)
    # Without any pods to look at, its start is what counts.
    assert assess(manifest, now=NOW).reason == "NoPodsReady"


@pytest.mark.parametrize(
    ("phase", "state", "deleted", "health"),
    [
        ("Pending", waiting("ImagePullBackOff", "no such image"), "", "degraded"),
        ("Pending", waiting("ContainerCreating"), "", "healthy"),
        ("Running", waiting("CrashLoopBackOff"), "", "degraded"),
        ("Running", waiting("RunContainerError"), "", "degraded"),
        ("Running", None, "", "healthy"),
        ("Pending", waiting("ImagePullBackOff"), before(seconds=5), "healthy"),
    ],
)
def test_a_job_whose_pods_cannot_run_is_degraded_at_once(
    phase: str, state: Manifest | None, deleted: str, health: str
) -> None:
    """An image that cannot be pulled does not wait for what else may take its time."""
    manifest = job(active=1, ready=0, started=before(minutes=1))
    hurt = container(state=state, ready=False)
    own = pod(
        "import-1", phase=phase, ready=False, containers=[hurt], owned_by="import", deleted=deleted
    )
    verdict = assess(manifest, related=[own], now=NOW)
    assert (verdict.health, verdict.activity) == (health, "progressing")
    assert verdict.reason == ("Running" if health == "healthy" else "PodsFailing")


def test_pods_that_were_refused_may_fail() -> None:
    """What nobody could look at is not well; what waited for too long has, whatever they show."""
    refused = [Gap(GapReason.REFUSED, POD, "", "RBAC")]
    for minutes, health in ((1, "unknown"), (16, "degraded")):
        subject = Subject.of(job(active=1, ready=0, started=before(minutes=minutes)))
        assert judge(subject, RelatedObjects(), NOW, Policy(), refused).health == health


def test_pods_that_failed_earlier_are_a_cause() -> None:
    """Retries are what a Job is for."""
    verdict = assess(job(active=1, ready=1, failed=2), now=NOW)
    assert [(cause.reason, cause.count) for cause in verdict.causes] == [("PodsFailed", 2)]


def test_a_job_that_never_got_going_shows_why() -> None:
    """Its own warnings and those of its pods stand beneath it, and in its message."""
    refused = event("import", "FailedCreate", kind="Job", message="exceeded quota", count=60)
    verdict = assess(job(started=before(hours=2)), related=[refused], now=NOW)
    assert [cause.reason for cause in verdict.causes] == ["FailedCreate"]
    assert verdict.sentence == (
        "it has had no pod for 2h, 0 of 5 completions; FailedCreate (60 times): exceeded quota"
    )


def test_parallelism_matters_without_completions_alone() -> None:
    """It only tells a work queue from a single run."""
    assert assess(job(parallelism="many"), now=NOW).health == "healthy"
    assert assess(job(completions=None, parallelism="many"), now=NOW).health == "unknown"


def test_it_is_a_workload_with_pods_of_its_own() -> None:
    """A namespace's aggregate counts it, and its pods explain it."""
    rule = RULES.find("Job", "batch/v1")
    assert rule.workload
    assert [kind.kind for kind in rule.below] == ["Pod"]
    assert "spec.selector" in rule.fields
