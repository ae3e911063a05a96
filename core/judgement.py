"""Judge an object by the rule of its kind, and by what is common to all kinds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from .annotations import annotation_faults, maintenance_until
from .assessment import MAINTENANCE, UNREAD, Activity, Assessment, Cause, Health, worst
from .causes import briefly, detail_of, explain, foremost
from .durations import format_duration
from .fields import FieldError
from .gap import Gap, GapReason
from .model import Metadata
from .policy import Policy
from .related import RelatedObjects
from .rules import RULES, Context, Rules, Verdict
from .subject import Subject
from .wording import listed, quoted

__all__ = ["assess", "explained", "judge"]

_ALONE = RelatedObjects()


def assess(
    manifest: Mapping[str, Any],
    *,
    related: Iterable[Mapping[str, Any]] | RelatedObjects = (),
    now: datetime,
    policy: Policy = Policy(),
    rules: Rules = RULES,
) -> Assessment:
    """Judge one object as the Kubernetes API gives it.

    Args:
        manifest: The object, as decoded JSON; malformed data never raises.
        related: Related objects, in any order. Pods, ReplicaSets and events explain a verdict and
            never change it; a rule may need others as evidence: a Service its EndpointSlices, a
            CronJob its Jobs, a pending PersistentVolumeClaim its StorageClass and pods. If no
            object of such a kind is given, the verdict is unknown, unless `RelatedObjects` says
            that there are no others.
        now: The time to judge at, timezone-aware.
        policy: The settings of the rules.
        rules: Which rule judges which kind.

    Raises:
        ValueError: `now` has no timezone.
    """
    if now.tzinfo is None:
        raise ValueError("now has no timezone; pass one such as datetime.now(UTC)")
    if isinstance(related, RelatedObjects):
        around = related
    else:
        around = RelatedObjects(related) if related else _ALONE
    subject = Subject.of(manifest, rules)
    gaps = [gap for entry in subject.evidence if (gap := around.gap(entry))]
    assessment = judge(subject, around, now, policy, gaps)
    return explained(assessment, subject, around, now, policy) if around else assessment


def judge(
    subject: Subject,
    related: RelatedObjects,
    now: datetime,
    policy: Policy,
    gaps: Sequence[Gap] = (),
) -> Assessment:
    """The verdict on an object, without causes from related objects.

    Args:
        subject: The object.
        related: The evidence that its rule needs; it may hold more.
        now: The time to judge at, timezone-aware.
        policy: The settings of the rules.
        gaps: Evidence that was not read.
    """
    meta = subject.meta
    verdict = _verdict(subject, Context(now, policy, related), gaps)
    if meta.terminating or meta.stale:
        verdict = _moving(meta, verdict, now, policy)
    causes = verdict.causes
    if meta.annotations:
        causes += annotation_faults(meta)
        verdict = _maintained(meta, verdict, now)
    detail = verdict.detail or _said(verdict)
    return Assessment(
        verdict.health,
        verdict.activity,
        verdict.up,
        verdict.reason,
        verdict.message,
        meta.kind,
        meta.namespace,
        meta.name,
        verdict.desired,
        verdict.available,
        causes,
        verdict.since,
        subject.api_version,
        detail,
    )


def explained(
    assessment: Assessment,
    subject: Subject,
    related: RelatedObjects,
    now: datetime,
    policy: Policy,
) -> Assessment:
    """The verdict with the causes from related objects; its message names the foremost one."""
    well = assessment.health is Health.HEALTHY
    known = {(cause.reason, cause.kind, cause.name) for cause in assessment.causes}
    # An event often repeats what a condition says.
    found = [
        cause
        for cause in explain(subject.meta, related, now, policy, well=well)
        if (cause.reason, cause.kind, cause.name) not in known
    ]
    if not found:
        return assessment
    # A malformed annotation explains least.
    last = len(assessment.causes) - len(annotation_faults(subject.meta))
    causes = (*assessment.causes[:last], *found, *assessment.causes[last:])
    first = None if well else foremost(found)
    if first is None:
        return replace(assessment, causes=causes)
    message = f"{assessment.message}; {briefly(first, subject.meta)}"
    return replace(
        assessment, causes=causes, message=message, detail=detail_of(first, subject.meta)
    )


def _verdict(subject: Subject, context: Context, gaps: Sequence[Gap]) -> Verdict:
    if subject.problem:
        return _unknown("Malformed", subject.problem)
    if subject.fields is None:
        unseen = _unknown("NoStatus", "the manifest has no status: no cluster has written one")
        return replace(unseen, activity=Activity.PROGRESSING)
    rule = subject.rule
    try:
        if not gaps:
            return rule.judge(subject.fields, context)
        settled = rule.settle(subject.fields, context) if rule.settle else None
        if settled is None and rule.presume and all(map(_is_left_out, gaps)):
            settled = rule.presume(subject.fields, context)
    except FieldError as error:
        return _unknown("Malformed", str(error))
    return settled or _unread(gaps)


def _said(verdict: Verdict) -> str:
    """The message of an unhealthy verdict's first cause, unless its own includes that."""
    if verdict.health is Health.HEALTHY or not verdict.causes:
        return ""
    stated = quoted(verdict.causes[0].message)
    return "" if stated in verdict.message else stated


def _is_left_out(gap: Gap) -> bool:
    """Whether something was only missing from the input, as opposed to refused or failed."""
    return gap.reason is GapReason.NOT_GIVEN


def _unread(gaps: Sequence[Gap]) -> Verdict:
    """The verdict if the evidence could not be read."""
    unread = listed([str(gap) for gap in gaps])
    verdict = _unknown(UNREAD, f"it is judged by what could not be read: {unread}")
    return replace(verdict, causes=tuple(gap.as_cause() for gap in gaps))


def _unknown(reason: str, problem: str) -> Verdict:
    return Verdict(Health.UNKNOWN, Activity.STEADY, up=False, reason=reason, message=problem)


def _moving(meta: Metadata, verdict: Verdict, now: datetime, policy: Policy) -> Verdict:
    """Apply a deletion and a stale status, which all kinds share."""
    if meta.stale:
        message = f"its controller has not looked at it yet: {_generations(meta)}"
        cause = Cause("NotObserved", meta.kind, meta.name, message)
        verdict = replace(verdict, causes=(*verdict.causes, cause))
    if not meta.terminating:
        if verdict.activity is Activity.STEADY:
            return replace(verdict, activity=Activity.PROGRESSING)
        return verdict
    age = now - meta.deleted if meta.deleted else timedelta(0)
    held = f", held by finalizers {listed(meta.finalizers)}" if meta.finalizers else ""
    if held and age > policy.pod_stuck_after and meta.kind != "Pod":
        message = f"its deletion has lasted {format_duration(age)}{held}"
        cause = Cause("FinalizersRemaining", meta.kind, meta.name, message, since=meta.deleted)
        verdict = replace(verdict, causes=(*verdict.causes, cause))
    if age <= policy.stuck_after:
        return replace(verdict, activity=Activity.TERMINATING)
    return replace(
        verdict,
        health=worst(verdict.health, Health.DEGRADED),
        activity=Activity.TERMINATING,
        reason="TerminatingStuck",
        message=f"its deletion has lasted {format_duration(age)}{held}; {verdict.message}",
        since=verdict.since if verdict.health is Health.DOWN else meta.deleted,
    )


def _generations(meta: Metadata) -> str:
    return f"generation {meta.generation}, observed {meta.observed_generation}"


def _maintained(meta: Metadata, verdict: Verdict, now: datetime) -> Verdict:
    """Keep an unhealthy object up during announced maintenance; the reason says so."""
    until = maintenance_until(meta)
    if until is None or now >= until or verdict.health is Health.HEALTHY:
        return verdict
    return replace(
        verdict,
        up=True,
        reason=MAINTENANCE,
        message=f"in maintenance until {until:%Y-%m-%dT%H:%M:%SZ}; {verdict.message}",
    )
