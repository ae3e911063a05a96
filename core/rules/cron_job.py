"""batch/v1 CronJob.

Source: the CronJob controller's syncCronJob
(kubernetes/pkg/controller/cronjob/cronjob_controllerv2.go).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta, tzinfo

from ..assessment import UNREAD, Activity, Health, worst
from ..fields import FieldError, boolean, integer, items, time
from ..kinds import JOB, Kind
from ..model import Metadata, Source, record
from ..policy import Policy
from ..schedule import Schedule
from ..wording import quoted
from .cron_runs import STAMP, Runs, by_runs, runs_of
from .overdue import overdue, timetable, turns_since
from .rule import Context, Evidence, Rule
from .verdict import Verdict

__all__ = ["CRON_JOB_RULE", "CronJob"]

# The controller needs some time to start a run, whatever the deadline is.
_LEAST_GRACE, _MOST_GRACE = 10, 2**31


@record
class CronJob:
    """A batch/v1 CronJob."""

    meta: Metadata
    schedule: str
    time_zone: str | None
    suspended: bool
    deadline: int | None
    """Seconds after which a run that is due is no longer started."""
    forbids: bool
    """Whether no run starts while another one is active."""
    replaces: bool
    """Whether a run that starts ends the one that is active."""
    kept: int | None
    """How many Jobs of failed runs are kept; None if that is not stated."""
    active: int
    created: datetime | None
    scheduled: datetime | None
    """When the last run that has started was due."""
    succeeded: datetime | None

    @property
    def has_succeeded(self) -> bool:
        """Whether its status alone says that no run has failed since one last succeeded.

        One that was never scheduled may have run manually: only its Jobs show that.
        """
        if self.scheduled is None or self.succeeded is None:
            return False
        return self.succeeded >= self.scheduled


def _read(source: Source) -> CronJob:
    spec, status = source.spec, source.status
    schedule, time_zone = spec.get("schedule"), spec.get("timeZone")
    if not isinstance(schedule, str):
        raise FieldError("spec.schedule is not a cron schedule, such as 30 3 * * 1-5")
    if not isinstance(time_zone, str | None):
        raise FieldError("spec.timeZone is not the name of a time zone, such as Europe/Berlin")
    scheduled = status.get("lastScheduleTime")
    if scheduled is not None and time(scheduled) is None:
        raise FieldError("status.lastScheduleTime is not a time, such as 2026-01-01T12:00:00Z")
    return CronJob(
        source.meta,
        schedule,
        time_zone,
        suspended=boolean(spec.get("suspend")),
        deadline=integer(spec.get("startingDeadlineSeconds")),
        forbids=spec.get("concurrencyPolicy") == "Forbid",
        replaces=spec.get("concurrencyPolicy") == "Replace",
        kept=integer(spec.get("failedJobsHistoryLimit")),
        active=len(items(status.get("active"))),
        created=source.meta.created,
        scheduled=time(scheduled),
        succeeded=time(status.get("lastSuccessfulTime")),
    )


def _judge(cron_job: CronJob, context: Context) -> Verdict:
    """By the run that is due and by its finished Jobs; the worse of both counts.

    Suspended is healthy, and so is a CronJob that never had to run. A schedule that is never due,
    as on February 30, is unknown. A run that has not started is down once startingDeadlineSeconds,
    or else the policy's grace, is over; it is degraded while the previous run blocks it (Forbid). A
    last run that failed is degraded, and down if the policy's number of runs have failed in a row;
    if its Job is gone, the CronJob's own status decides. Kubernetes keeps
    spec.failedJobsHistoryLimit failed Jobs, one by default: with that many, all runs due since the
    last success count, unless Forbid or startingDeadlineSeconds may have skipped some. Runs that do
    not end count too: without a success since, as many active runs as the policy's number of
    failures are degraded, and twice as many are down. Without spec.timeZone, a run is late if it is
    late in every time zone that fits the last one.

    Kubernetes does not say when a CronJob was resumed or its schedule changed: with
    startingDeadlineSeconds, a run that was due before then counts as missed until the next one.
    """
    if cron_job.suspended:
        return Verdict(Health.HEALTHY, Activity.SUSPENDED, True, "Suspended", "it is suspended")
    schedule, zone = timetable(cron_job.schedule, cron_job.time_zone)
    if not schedule.is_ever_due:
        message = f"its schedule {quoted(cron_job.schedule)} never comes due"
        return Verdict(Health.UNKNOWN, Activity.STEADY, False, "NeverDue", message)
    missed = _missed(cron_job, schedule, zone, context)
    runs = Runs((), cron_job.succeeded)
    if not (cron_job.has_succeeded or cron_job.meta.uid or missed):
        message = "its runs cannot be found: metadata.uid is not stated"
        return Verdict(Health.UNKNOWN, Activity.STEADY, False, UNREAD, message)
    if not cron_job.has_succeeded:
        runs = runs_of(cron_job.meta, cron_job.succeeded, context.related)
    turns = 0
    full = cron_job.kept is not None and len(runs.failed) >= cron_job.kept
    if full and not cron_job.forbids and cron_job.deadline is None:
        since = runs.succeeded or cron_job.created
        most = context.policy.cron_failures + cron_job.active
        turns = turns_since(schedule, zone, since=since, last=cron_job.scheduled, most=most)
    ran = by_runs(runs, turns - cron_job.active, cron_job.scheduled, cron_job.active, context)
    hanging = _hanging(cron_job, schedule, zone, runs.succeeded, context)
    for other in (hanging, missed):
        if other is not None and worst(other.health, ran.health) is other.health:
            ran = replace(other, causes=ran.causes)
    return ran


def _hanging(
    cron_job: CronJob,
    schedule: Schedule,
    zone: tzinfo | None,
    succeeded: datetime | None,
    context: Context,
) -> Verdict | None:
    """Runs that do not end: degraded at the policy's number of failures, down at twice that."""
    if not cron_job.active or cron_job.scheduled is None:
        return None
    most, count = context.policy.cron_failures, cron_job.active
    if succeeded is not None or cron_job.replaces:
        since = succeeded or cron_job.created
        if since is None:
            return None
        turns = turns_since(schedule, zone, since=since, last=cron_job.scheduled, most=2 * most)
        count = turns if cron_job.replaces else min(count, turns)
    if count < most:
        return None
    if cron_job.replaces:
        figures = f"each of at least {count} runs was replaced by the next before it ended"
    else:
        figures = f"{cron_job.active} runs are active"
    ended = f"the last success was at {succeeded:{STAMP}}" if succeeded else "none has succeeded"
    down = count >= 2 * most
    return Verdict(
        Health.DOWN if down else Health.DEGRADED,
        Activity.STEADY,
        up=not down,
        reason="RunsDoNotEnd",
        message=f"{figures}, {ended}",
    )


def _missed(
    cron_job: CronJob, schedule: Schedule, zone: tzinfo | None, context: Context
) -> Verdict | None:
    scheduled = cron_job.scheduled
    by = context.now - _grace(cron_job, context.policy)
    due = overdue(schedule, zone, scheduled=scheduled, created=cron_job.created, by=by)
    if due is None:
        return None
    last = f"the last one was due at {scheduled:{STAMP}}" if scheduled else "none ever has"
    message = f"the run that was due at {due:{STAMP}} has not started, {last}"
    if cron_job.forbids and cron_job.active:
        message = f"{message}; the previous one is still active"
        return Verdict(Health.DEGRADED, Activity.STEADY, True, "PreviousRunActive", message)
    return Verdict(Health.DOWN, Activity.STEADY, False, "MissedSchedule", message)


def _grace(cron_job: CronJob, policy: Policy) -> timedelta:
    if cron_job.deadline is None:
        return policy.schedule_grace
    return timedelta(seconds=min(max(cron_job.deadline, _LEAST_GRACE), _MOST_GRACE))


def _evidence(cron_job: CronJob) -> Iterable[Evidence]:
    if cron_job.suspended or cron_job.has_succeeded:
        return ()
    return (Evidence(JOB, cron_job.meta.namespace),)


def _settle(cron_job: CronJob, context: Context) -> Verdict | None:
    missed = _missed(cron_job, *timetable(cron_job.schedule, cron_job.time_zone), context)
    return missed if missed is not None and missed.health is Health.DOWN else None


def _presume(cron_job: CronJob, context: Context) -> Verdict | None:
    """Down by its own status if too many runs do not end; fewer runs may still end."""
    place = timetable(cron_job.schedule, cron_job.time_zone)
    hanging = _hanging(cron_job, *place, cron_job.succeeded, context)
    return hanging if hanging is not None and hanging.health is Health.DOWN else None


CRON_JOB_RULE = Rule(
    Kind("CronJob", "cronjobs", "batch", "v1", ("cj",)),
    _judge,
    _read,
    fields=(
        "spec.schedule",
        "spec.timeZone",
        "spec.suspend",
        "spec.startingDeadlineSeconds",
        "spec.concurrencyPolicy",
        "spec.failedJobsHistoryLimit",
        "status.active[].name",
        "status.lastScheduleTime",
        "status.lastSuccessfulTime",
    ),
    workload=True,
    owns=(JOB,),
    evidence=_evidence,
    settle=_settle,
    presume=_presume,
)
