"""The order of judgement: what holds for every kind, around the rule of the kind."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from .assessment import Activity, Assessment, Health, worst
from .causes import explain
from .durations import format_duration
from .manifests import parse
from .model import Malformed, Object
from .policy import Policy
from .rules import RULES, Verdict
from .wording import listed

__all__ = ["assess"]


def assess(
    manifest: Mapping[str, Any],
    *,
    related: Iterable[Mapping[str, Any]] = (),
    now: datetime,
    policy: Policy = Policy(),
) -> Assessment:
    """Judge one object as the Kubernetes API gives it.

    Args:
        manifest: The object, as decoded JSON; odd data is survived, never raised on.
        related: ReplicaSets, pods and events around it, in any order; they explain the verdict and
            never change it.
        now: The time to judge at, timezone-aware.
        policy: The knobs of the rules.

    Raises:
        ValueError: `now` has no timezone.
    """
    if now.tzinfo is None:
        raise ValueError("now has no timezone; pass one such as datetime.now(UTC)")
    subject = parse(manifest)
    meta = subject.meta
    verdict = _common(subject, _verdict(subject, now, policy), now, policy)
    causes = verdict.causes
    if related:
        well = verdict.health is Health.HEALTHY
        causes += explain(meta, [parse(entry) for entry in related], now, policy, well=well)
    return Assessment(
        health=verdict.health,
        activity=verdict.activity,
        up=verdict.up,
        reason=verdict.reason,
        message=verdict.message,
        kind=meta.kind,
        namespace=meta.namespace,
        name=meta.name,
        desired=verdict.desired,
        available=verdict.available,
        causes=causes,
        since=verdict.since,
    )


def _verdict(subject: Object, now: datetime, policy: Policy) -> Verdict:
    if isinstance(subject, Malformed):
        activity = Activity.PROGRESSING if subject.unread else Activity.STEADY
        reason = "NoStatus" if subject.unread else "Malformed"
        return Verdict(Health.UNKNOWN, activity, False, reason, subject.problem)
    rule = RULES.get(type(subject))
    if rule is None:
        message = f"no rule is written for the kind {subject.meta.kind[:63]}"
        return Verdict(Health.UNKNOWN, Activity.STEADY, False, "NoRule", message)
    return rule(subject, now, policy)


def _common(subject: Object, verdict: Verdict, now: datetime, policy: Policy) -> Verdict:
    """Deletion and a stale status, which speak of every kind alike."""
    meta = subject.meta
    if not meta.terminating:
        if meta.stale and verdict.activity is Activity.STEADY:
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
