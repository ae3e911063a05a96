"""The order of judgement: what holds for every kind, around the rule of the kind."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from .annotations import annotation_faults, maintenance_until, min_available
from .assessment import MAINTENANCE, Activity, Assessment, Health, worst
from .causes import explain
from .durations import format_duration
from .fields import FieldError, text
from .manifests import source_of
from .model import Malformed, Metadata, Source
from .policy import Policy
from .rules import RULES, Context, Rules, Verdict
from .surroundings import Surroundings
from .wording import listed

__all__ = ["assess"]

_ALONE = Surroundings()


def assess(
    manifest: Mapping[str, Any],
    *,
    related: Iterable[Mapping[str, Any]] | Surroundings = (),
    now: datetime,
    policy: Policy = Policy(),
    rules: Rules = RULES,
) -> Assessment:
    """Judge one object as the Kubernetes API gives it.

    Args:
        manifest: The object, as decoded JSON; odd data is survived, never raised on.
        related: What stands around it, in any order. Pods, ReplicaSets and events explain a verdict
            and never change it; a rule may need others as evidence: a Service its EndpointSlices, a
            CronJob its Jobs, a pending PersistentVolumeClaim its StorageClass and pods.
        now: The time to judge at, timezone-aware.
        policy: The knobs of the rules.
        rules: Which rule judges which kind.

    Raises:
        ValueError: `now` has no timezone.
    """
    if now.tzinfo is None:
        raise ValueError("now has no timezone; pass one such as datetime.now(UTC)")
    around = _ALONE
    if related:
        around = related if isinstance(related, Surroundings) else Surroundings(related)
    source = source_of(manifest)
    meta = source.meta
    verdict = _verdict(source, Context(now, policy, around), rules)
    if meta.terminating or meta.stale:
        verdict = _moving(meta, verdict, now, policy)
    causes = verdict.causes
    if around:
        well = verdict.health is Health.HEALTHY
        known = {(cause.reason, cause.kind, cause.name) for cause in causes}
        # What a condition says, an event often says once more.
        causes += tuple(
            cause
            for cause in explain(meta, around.parsed, now, policy, well=well)
            if (cause.reason, cause.kind, cause.name) not in known
        )
    if meta.annotations:
        causes += annotation_faults(meta)
        verdict = _maintained(meta, _with_minimum(meta, verdict), now)
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
        "" if isinstance(source, Malformed) else text(source.manifest.get("apiVersion")),
    )


def _verdict(source: Source | Malformed, context: Context, rules: Rules) -> Verdict:
    if isinstance(source, Malformed):
        return _unknown(source.problem)
    rule = rules.find(source.meta.kind, source.manifest.get("apiVersion"))
    if rule.needs_status and source.manifest.get("status") is None:
        return Verdict(
            Health.UNKNOWN,
            Activity.PROGRESSING,
            up=False,
            reason="NoStatus",
            message="the manifest has no status: no cluster has written one",
        )
    try:
        return rule.judge(rule.read(source), context)
    except FieldError as error:
        return _unknown(str(error))


def _unknown(problem: str) -> Verdict:
    return Verdict(Health.UNKNOWN, Activity.STEADY, up=False, reason="Malformed", message=problem)


def _moving(meta: Metadata, verdict: Verdict, now: datetime, policy: Policy) -> Verdict:
    """Deletion and a stale status, which speak of every kind alike."""
    if not meta.terminating:
        if verdict.activity is Activity.STEADY:
            return replace(verdict, activity=Activity.PROGRESSING)
        return verdict
    age = now - meta.deleted if meta.deleted else timedelta(0)
    if age <= policy.stuck_after:
        return replace(verdict, activity=Activity.TERMINATING)
    held = f", held by finalizers {listed(meta.finalizers)}" if meta.finalizers else ""
    return replace(
        verdict,
        health=worst(verdict.health, Health.DEGRADED),
        activity=Activity.TERMINATING,
        reason="TerminatingStuck",
        message=f"its deletion has lasted {format_duration(age)}{held}; {verdict.message}",
        since=verdict.since if verdict.health is Health.DOWN else meta.deleted,
    )


def _with_minimum(meta: Metadata, verdict: Verdict) -> Verdict:
    """What is not up for want of the replicas that its owner has asked for, and says how many."""
    stated = min_available(meta)
    if stated is None or not verdict.desired or verdict.up:
        return verdict
    least = min(stated.of(verdict.desired), verdict.desired)
    return replace(verdict, message=f"{verdict.message}, of which {least} must be")


def _maintained(meta: Metadata, verdict: Verdict, now: datetime) -> Verdict:
    """What is not well while its owner has announced work on it: up, and the reason says why."""
    until = maintenance_until(meta)
    if until is None or now >= until or verdict.health is Health.HEALTHY:
        return verdict
    return replace(
        verdict,
        up=True,
        reason=MAINTENANCE,
        message=f"in maintenance until {until:%Y-%m-%dT%H:%M:%SZ}; {verdict.message}",
    )
