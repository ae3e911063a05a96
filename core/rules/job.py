"""batch/v1 Job.

Source: the Job controller's syncJob (kubernetes/pkg/controller/job/job_controller.go) and the API's
JobConditionType (k8s.io/api/batch/v1/types.go).
"""

from __future__ import annotations

from datetime import datetime

from ..assessment import Activity, Health
from ..fields import CONDITIONS, boolean, conditions_of, count, integer, time
from ..kinds import JOB, POD
from ..model import Condition, Conditions, Metadata, Source, record
from .rule import Context, Rule
from .stated import as_cause, is_true, word_of
from .verdict import Verdict

__all__ = ["JOB_RULE", "Job", "read_job"]


@record
class Job:
    """A batch/v1 Job."""

    meta: Metadata
    desired: int | None
    """Completions that it needs; None for a work queue, whose pods say when it is done."""
    active: int
    succeeded: int
    failed: int
    suspended: bool
    started: datetime | None
    seconds: int | None
    """How long it may be active."""
    completed: datetime | None
    conditions: Conditions

    @property
    def ending(self) -> Condition | None:
        """The condition that it has ended with; None while it has not."""
        for type_ in ("Failed", "Complete"):
            if is_true(self.conditions, type_):
                return self.conditions[type_]
        return None


def read_job(source: Source) -> Job:
    """A batch/v1 Job.

    Raises:
        FieldError: One of its counts is none.
    """
    spec, status = source.spec, source.status
    queue = spec.get("completions") is None and count(spec, "spec.parallelism", default=1) > 1
    return Job(
        source.meta,
        desired=None if queue else count(spec, "spec.completions", default=1),
        active=count(status, "status.active"),
        succeeded=count(status, "status.succeeded"),
        failed=count(status, "status.failed"),
        suspended=boolean(spec.get("suspend")),
        started=time(status.get("startTime")),
        seconds=integer(spec.get("activeDeadlineSeconds")),
        completed=time(status.get("completionTime")),
        conditions=conditions_of(status),
    )


def _judge(job: Job, context: Context) -> Verdict:
    """By the condition that it has ended with; while it runs, by its failed pods and its deadline.

    Complete is healthy, Failed is down; both are progressing while its last pods end
    (SuccessCriteriaMet, FailureTarget). Suspended is healthy and suspended. Running is healthy and
    progressing, and degraded once a pod of it has failed or its active deadline is over.
    """
    conditions = job.conditions
    ending = job.ending
    if ending is not None:
        return _ended(job, ending, Activity.STEADY)
    for type_ in ("FailureTarget", "SuccessCriteriaMet"):
        if is_true(conditions, type_):
            return _ended(job, conditions[type_], Activity.PROGRESSING)
    if job.suspended:
        message = f"it is suspended, {_figures(job)}"
        return Verdict(Health.HEALTHY, Activity.SUSPENDED, True, "JobSuspended", message)
    return _running(job, context.now)


def _ended(job: Job, condition: Condition, activity: Activity) -> Verdict:
    failed = condition.type in ("Failed", "FailureTarget")
    reason = word_of(condition, "JobFailed" if failed else "Complete")
    return Verdict(
        Health.DOWN if failed else Health.HEALTHY,
        activity,
        up=not failed,
        reason=reason,
        message=f"it has {'failed' if failed else 'completed'}, {_figures(job)}",
        causes=(as_cause(job.meta, condition, reason),) if failed else (),
        since=condition.since,
    )


def _running(job: Job, now: datetime) -> Verdict:
    health, reason, message = Health.HEALTHY, "Running", _figures(job)
    if _is_overdue(job, now):
        health, reason = Health.DEGRADED, "DeadlineExceeded"
        message = f"it is past its deadline of {job.seconds} seconds, {message}"
    elif job.failed:
        health, reason = Health.DEGRADED, "PodsFailed"
    return Verdict(health, Activity.PROGRESSING, True, reason, message)


def _is_overdue(job: Job, now: datetime) -> bool:
    if job.started is None or job.seconds is None:
        return False
    return (now - job.started).total_seconds() > job.seconds


def _figures(job: Job) -> str:
    done = f"{job.succeeded}" if job.desired is None else f"{job.succeeded} of {job.desired}"
    parts = [f"{done} completions"]
    parts += [f"{job.active} active"] if job.active else []
    parts += [f"{job.failed} failed"] if job.failed else []
    return ", ".join(parts)


JOB_RULE = Rule(
    JOB,
    _judge,
    read_job,
    fields=(
        "spec.selector",
        "spec.completions",
        "spec.parallelism",
        "spec.suspend",
        "spec.activeDeadlineSeconds",
        "status.active",
        "status.succeeded",
        "status.failed",
        "status.startTime",
        "status.completionTime",
        *CONDITIONS,
    ),
    workload=True,
    below=(POD,),
    owns=(POD,),
)
