"""The runs of a CronJob that have ended: which of the last failed, when one last succeeded."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from ..assessment import Activity, Health
from ..fields import FieldError
from ..kinds import JOB
from ..manifests import source_of
from ..model import Condition, Malformed, Manifest, Metadata, record
from ..related import RelatedObjects
from ..wording import quoted
from .condition_view import as_cause, word_of
from .job import read_job
from .rule import Context
from .verdict import Verdict

__all__ = ["STAMP", "Runs", "by_runs", "runs_of"]

STAMP = "%Y-%m-%dT%H:%M:%SZ"
"""The format of times in messages."""

_DAWN = datetime.min.replace(tzinfo=UTC)
# This long after a run was due, it is among the active ones if it has started.
_STARTED = timedelta(minutes=1)


@record
class Run:
    """A Job that has ended."""

    meta: Metadata
    ending: Condition
    finished: datetime


@record
class Runs:
    """What is known of the runs that have ended."""

    failed: tuple[Run, ...]
    """Those that have failed since the last success, newest first."""
    succeeded: datetime | None
    """When a run last succeeded."""


def runs_of(cron_job: Metadata, stated: datetime | None, related: RelatedObjects) -> Runs:
    """The ended runs whose Jobs were read; the last success may only be `stated` by the status.

    Jobs of failed and of successful runs are kept for different times, so the last success may be
    known only from the status.
    """
    runs = _finished(
        entry for entry in related.controlled_by(cron_job.uid) if entry.get("kind") == JOB.kind
    )
    successes = [run.finished for run in runs if run.ending.type == "Complete"]
    if stated is not None:
        successes.append(stated)
    succeeded = max(successes, default=None)
    failed = [
        run
        for run in runs
        if run.ending.type == "Failed" and (succeeded is None or run.finished > succeeded)
    ]
    failed.sort(key=lambda run: (run.finished, repr(run)), reverse=True)
    return Runs(tuple(failed), succeeded)


def _finished(manifests: Iterable[Manifest]) -> list[Run]:
    """The runs that have ended, each once even if a dump repeats it."""
    found: dict[tuple[str, str], Run] = {}
    for manifest in manifests:
        run = _run(manifest)
        if run is not None:
            key = (run.meta.name, run.meta.uid)
            found[key] = max(found[key], run, key=repr) if key in found else run
    return list(found.values())


def _run(manifest: Manifest) -> Run | None:
    source = source_of(manifest)
    if isinstance(source, Malformed):
        return None
    try:
        job = read_job(source)
    except FieldError:
        return None
    if job.ending is None:
        return None
    return Run(job.meta, job.ending, job.ending.since or job.completed or _DAWN)


def by_runs(
    runs: Runs, turns: int, scheduled: datetime | None, active: int, context: Context
) -> Verdict:
    """The verdict on the ended runs.

    Args:
        runs: What is known of the runs that have ended.
        turns: How many were due since the last success and have ended, including those whose Job
            is gone; 0 if that is not known.
        scheduled: When the last run that has started was due.
        active: How many are active.
        context: The time and the policy.
    """
    succeeded = runs.succeeded
    if runs.failed:
        return _failed(runs.failed, turns, context.policy.cron_failures)
    if scheduled is None and succeeded is None:
        return Verdict(Health.HEALTHY, Activity.STEADY, True, "NeverRun", "it has not run yet")
    if (
        scheduled is not None
        and (succeeded is None or succeeded < scheduled)
        and not active
        and context.now - scheduled >= _STARTED
    ):
        message = f"the run that was due at {scheduled:{STAMP}} has ended without success"
        down = turns >= context.policy.cron_failures
        health = Health.DOWN if down else Health.DEGRADED
        return Verdict(health, Activity.STEADY, not down, "LastRunFailed", message)
    others = f", {active} active" if active else ""
    if succeeded is None:
        message = f"no run of it has ended yet{others}"
        return Verdict(Health.HEALTHY, Activity.STEADY, True, "FirstRun", message)
    message = f"a run last succeeded at {succeeded:{STAMP}}{others}"
    return Verdict(Health.HEALTHY, Activity.STEADY, True, "LastRunSucceeded", message)


def _failed(runs: tuple[Run, ...], turns: int, most: int) -> Verdict:
    count = max(len(runs), min(turns, most))
    down = count >= most
    newest = runs[0].ending
    return Verdict(
        Health.DOWN if down else Health.DEGRADED,
        Activity.STEADY,
        up=not down,
        reason=word_of(newest, "JobFailed"),
        message=_told(len(runs), count),
        detail=quoted(newest.message),
        causes=tuple(as_cause(run.meta, run.ending, "JobFailed") for run in runs),
        since=newest.since,
    )


def _told(seen: int, count: int) -> str:
    if count == 1:
        return "the last run failed"
    if count == seen:
        return f"the last {count} runs failed"
    return f"the last run failed, and none of at least {count} that were due has succeeded"
