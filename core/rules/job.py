"""batch/v1 Job.

Source: the Job controller's syncJob (kubernetes/pkg/controller/job/job_controller.go) and the API's
JobStatus and JobConditionType (k8s.io/api/batch/v1/types.go).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime

from ..assessment import Activity, Cause, Health
from ..causes import CRASH_LOOP, STARTING, pod_causes
from ..fields import CONDITIONS, boolean, conditions_of, count, integer, time
from ..kinds import JOB, POD
from ..model import Condition, Conditions, Metadata, Pod, Source, record
from ..related import RelatedObjects
from ..selectors import selector_of
from ..waiting import has_waited
from ..wording import quoted
from .condition_view import as_cause, is_true, word_of
from .rule import Context, Evidence, Rule
from .verdict import Verdict

__all__ = ["JOB_RULE", "Job", "read_job"]


@record
class Job:
    """A batch/v1 Job."""

    source: Source
    desired: int | None
    """Completions that it needs; None for a work queue, whose pods say when it is done."""
    halted: bool
    """Whether it is suspended, or asked to run no pods at the same time."""
    active: int
    ready: int | None
    """How many of the active pods are ready; None if the cluster does not count them."""
    succeeded: int
    failed: int
    started: datetime | None
    seconds: int | None
    """How long it may be active."""
    completed: datetime | None
    conditions: Conditions

    @property
    def meta(self) -> Metadata:
        """Its metadata."""
        return self.source.meta

    @property
    def ending(self) -> Condition | None:
        """The condition that it has ended with; None while it has not."""
        for type_ in ("Failed", "Complete"):
            if is_true(self.conditions, type_):
                return self.conditions[type_]
        return None

    @property
    def runs(self) -> bool:
        """Whether one of its pods is ready, as far as the cluster counts them."""
        return self.active > 0 and self.ready != 0


def read_job(source: Source) -> Job:
    """A batch/v1 Job.

    Raises:
        FieldError: A count is malformed.
    """
    spec, status = source.spec, source.status
    queue = spec.get("completions") is None and count(spec, "spec.parallelism", default=1) > 1
    ready = status.get("ready")
    return Job(
        source,
        desired=None if queue else count(spec, "spec.completions", default=1),
        halted=boolean(spec.get("suspend")) or integer(spec.get("parallelism")) == 0,
        active=count(status, "status.active"),
        ready=None if ready is None else count(status, "status.ready"),
        succeeded=count(status, "status.succeeded"),
        failed=count(status, "status.failed"),
        started=time(status.get("startTime")),
        seconds=integer(spec.get("activeDeadlineSeconds")),
        completed=time(status.get("completionTime")),
        conditions=conditions_of(status),
    )


def _judge(job: Job, context: Context) -> Verdict:
    """By the condition that it has ended with; while it runs, by its pods and its deadline.

    Complete is healthy, Failed is down; both are progressing while its last pods end
    (SuccessCriteriaMet, FailureTarget). Suspended is healthy and suspended; so is a parallelism of
    0. Running is healthy and progressing while a pod of it is ready, and at first while none is.
    It is degraded past its active deadline; while none of its pods is ready and some have failed,
    or cannot start (an image that cannot be pulled, a crash loop, no node that has room); and once
    it has waited for a ready pod for longer than the policy allows, since its startTime (if some
    pods have succeeded: since the newest active pod was created). If a pod is ready, failed ones
    are only a cause. Without status.ready every active pod counts.
    """
    return _by_status(job, context, _pods_of(job, context.related))


def _settle(job: Job, context: Context) -> Verdict | None:
    """The verdict after too long a wait for its first pod, whatever its pods show."""
    verdict = _presume(job, context)
    return verdict if verdict.health is not Health.HEALTHY and job.succeeded == 0 else None


def _presume(job: Job, context: Context) -> Verdict:
    """If its pods are unknown, it has waited since its startTime."""
    return _by_status(job, context, ())


def _by_status(job: Job, context: Context, pods: Sequence[Pod]) -> Verdict:
    conditions = job.conditions
    ending = job.ending
    if ending is not None:
        return _ended(job, ending, Activity.STEADY)
    for type_ in ("FailureTarget", "SuccessCriteriaMet"):
        if is_true(conditions, type_):
            return _ended(job, conditions[type_], Activity.PROGRESSING)
    if job.halted:
        message = f"it is suspended, {_figures(job)}"
        return Verdict(Health.HEALTHY, Activity.SUSPENDED, True, "JobSuspended", message)
    return _running(job, context, pods)


def _ended(job: Job, condition: Condition, activity: Activity) -> Verdict:
    failed = condition.type in ("Failed", "FailureTarget")
    reason = word_of(condition, "JobFailed" if failed else "Complete")
    message = f"it has {'failed' if failed else 'completed'}, {_figures(job)}"
    return Verdict(
        Health.DOWN if failed else Health.HEALTHY,
        activity,
        up=not failed,
        reason=reason,
        message=message,
        detail=quoted(condition.message) if failed else "",
        causes=(as_cause(job.meta, condition, reason),) if failed else (),
        since=condition.since,
    )


def _running(job: Job, context: Context, pods: Sequence[Pod]) -> Verdict:
    figures = _figures(job)
    if _is_overdue(job, context.now):
        message = f"it is past its deadline of {job.seconds} seconds, {figures}"
        return _degraded(job, "DeadlineExceeded", message, Activity.PROGRESSING)
    if job.runs:
        verdict = Verdict(Health.HEALTHY, Activity.PROGRESSING, True, "Running", figures)
        return replace(verdict, causes=_failures(job))
    if job.failed:
        return _degraded(job, "PodsFailed", f"{figures}, none ready", Activity.PROGRESSING)
    newest, started = _newest(job, pods, context.now), job.started
    age = has_waited(context.now, context.policy.waiting_after, newest, started, job.meta.created)
    if not age:
        if any(_cannot_run(pod, context) for pod in pods):
            return _degraded(job, "PodsFailing", f"{figures}, none ready", Activity.PROGRESSING)
        return Verdict(Health.HEALTHY, Activity.PROGRESSING, True, "Running", figures)
    reason, message = "NoPods", f"it has had no pod for {age}, {figures}"
    if job.active:
        reason, message = "NoPodsReady", f"none of its pods has been ready for {age}, {figures}"
    return _degraded(job, reason, message, Activity.STEADY)


def _degraded(job: Job, reason: str, message: str, activity: Activity) -> Verdict:
    return Verdict(Health.DEGRADED, activity, True, reason, message, causes=_failures(job))


def _failures(job: Job) -> tuple[Cause, ...]:
    """Pods that have failed so far: retries are what a Job is for."""
    if not job.failed:
        return ()
    message = f"{job.failed} of its pods have failed so far"
    return (Cause("PodsFailed", job.meta.kind, job.meta.name, message, count=job.failed),)


def _pods_of(job: Job, related: RelatedObjects) -> list[Pod]:
    """Its pods that have not ended, if they decide."""
    if not _asks_for_pods(job):
        return []
    pods = [related.parsed(entry) for entry in related.controlled_by(job.meta.uid)]
    return [pod for pod in pods if isinstance(pod, Pod) and not pod.finished]


def _cannot_run(pod: Pod, context: Context) -> bool:
    """Whether something keeps a pod from running, and not only while it starts."""
    if pod.meta.terminating:
        return False
    causes = pod_causes(pod, context.now, context.policy)
    if pod.phase == "Pending":
        return bool(causes)
    waits = {entry.waiting_reason for entry in pod.containers} - STARTING
    return any(waits) or any(cause.reason == CRASH_LOOP for cause in causes)


def _newest(job: Job, pods: Iterable[Pod], now: datetime) -> datetime | None:
    """When the newest pod was created, if after the Job's start and others have succeeded."""
    started = job.started or job.meta.created
    if not job.succeeded or started is None:
        return None
    times = [pod.meta.created for pod in pods]
    return max((each for each in times if each and started < each <= now), default=None)


def _asks_for_pods(job: Job) -> bool:
    """Whether it needs its pods: its status does not show if they fail or are being replaced."""
    waits = job.active > 0 and job.ready == 0 and job.failed == 0
    return waits and job.ending is None and not job.halted


def _evidence(job: Job) -> Iterable[Evidence]:
    if not _asks_for_pods(job):
        return ()
    selector = selector_of(job.source.manifest)
    return (Evidence(POD, job.meta.namespace, selector=selector),)


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
        "status.ready",
        "status.succeeded",
        "status.failed",
        "status.startTime",
        "status.completionTime",
        *CONDITIONS,
    ),
    workload=True,
    below=(POD,),
    owns=(POD,),
    evidence=_evidence,
    settle=_settle,
    presume=_presume,
)
