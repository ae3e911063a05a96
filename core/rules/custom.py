"""Any kind without a rule of its own: by its catalogue entry, its conditions, words and figures.

Sources: Kubernetes' API conventions on conditions, phases and observedGeneration; the API types and
documentation that the entries of `catalogue` name.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from ..annotations import HOLDING_ANNOTATIONS
from ..assessment import Activity, Cause, Health
from ..fields import mapping, said
from ..kinds import Kind
from ..model import Source
from .conditions import Beside, by_conditions
from .entry import Entry
from .figures import Figures, by_errors, by_figures, by_flags, by_time, figures_of
from .finding import Custom, Finding, held, waiting
from .reading import HELD_SPECS, Catalogue, fields_of, known_of, read_custom
from .replicas import scaled_to_zero
from .roles import is_behind, is_ready, states_failure
from .rule import Context, Rule
from .states import by_words, faults, parts_of, second_words, words_of
from .verdict import Verdict
from .words import Sense, is_under_way

__all__ = ["custom_rule"]

_MESSAGES = ("status.message", "status.reason", "status.error", "status.errors[]")
_SEVERITY = (Health.DOWN, Health.UNKNOWN, Health.DEGRADED, Health.HEALTHY)
_MOST_FAULTS = 8


_EXISTS = Verdict(
    Health.HEALTHY,
    Activity.STEADY,
    True,
    "Exists",
    "its kind states no health: it exists",
)


def custom_rule(catalogue: Catalogue) -> Rule:
    """The rule for kinds without a rule of their own, with these entries."""

    @lru_cache(2048)
    def known(group: str, kind: str) -> tuple[Entry, bool]:
        return known_of(catalogue, group, kind)

    def read(source: Source) -> Custom:
        return read_custom(source, known)

    return Rule(Kind("", "", "", ""), _judge, read, fields=fields_of(catalogue), needs_status=False)


def _judge(custom: Custom, context: Context) -> Verdict:
    """By everything that it states; the worst of that counts.

    Conditions: Ready, Available, Succeeded, Established and Healthy True are healthy. False is
    down, or degraded if figures say that some of it serves; but while its reason, its severity
    Info, another condition or a word says that it is in progress, and no failure is stated, it is
    degraded, progressing and up, as with Unknown. After an hour it is down. Others count by the
    meaning of their names. If none of the first ones is stated, a good condition that is False is
    down; beside them it is a cause, or degraded if it was not done (Synced, Accepted, Programmed
    and the like) or its reason is a failure. A bad condition that is True is degraded; Failed and
    Stalled are down. An invalid condition status is degraded. An object that is not ready in its
    first minutes (`waitingAfter`) is down and progressing, if nothing bad is stated.

    Words (status.phase, state, status, health and the like): those of a first start are down and
    progressing, those of a change degraded, progressing and up, those of failure down, or degraded
    beside Ready True. An unknown word makes it unknown. Words elsewhere in the status only worsen
    or move. Kinds that run to completion are healthy and progressing while they run.

    Figures (replicas, instances, nodes): some are degraded and up, none is down. Flags (ready,
    healthy, readyToUse), nested conditions and status.notAfter count too.

    Stopped on purpose (spec.suspend, spec.paused, spec.running, replicas 0, a condition, a word or
    an annotation that says so) is healthy and suspended, unless a failure is stated.
    """
    if not custom.status and (custom.entry.source or custom.manifest.get("status") is None):
        return _stateless(custom, context)
    words, figures = words_of(custom), figures_of(custom)
    second, errors = second_words(custom, words), by_errors(custom)
    senses = {word.sense for word in (*words, *second)}
    expired = by_time(custom, context.now)
    failed = states_failure(custom) or Sense.FAILED in senses or bool(errors or expired)
    moving = any(word.sense in (Sense.STARTING, Sense.CHANGING) for word in words)
    serving = figures is not None and figures.have > 0
    excused = not failed and Sense.DEGRADED not in senses
    young = excused and custom.is_young(context)
    found = by_conditions(custom, context, Beside(moving, failed, serving, young))
    if words:
        found += by_words(custom, words, context, ready=is_ready(custom), serving=serving)
    if figures:
        found += by_figures(custom, context, figures, young=young)
    found += by_flags(custom, context, young=young)
    found += expired
    found += errors
    found += faults(custom, second)[:_MOST_FAULTS]
    if not words and not any(finding.counts for finding in found):
        # If nothing states the overall health, that of its parts counts.
        found += by_words(custom, parts_of(custom), context, ready=False, serving=serving)
    return _combined(custom, found, figures, context, failed=failed, excused=excused)


def _stateless(custom: Custom, context: Context) -> Verdict:
    """The verdict on a manifest that was never applied, or an object without a status."""
    stopped = _stopped(custom)
    if stopped and (custom.meta.uid or custom.entry.silent):
        return _suspended(stopped[0], context)
    if custom.entry.silent:
        return _EXISTS
    if not custom.meta.uid:
        message = "the manifest has no status: no cluster has written one"
        return Verdict(Health.UNKNOWN, Activity.PROGRESSING, False, "NoStatus", message)
    message = "its controller has stated nothing yet"
    found = waiting(custom, context, "NoStatus", message, first=True)
    if not custom.entry.source:
        # Its controller may never write a status.
        return Verdict(Health.UNKNOWN, found.activity, False, "NoStatus", "it states nothing")
    return Verdict(found.health, found.activity, False, "NoStatus", message, since=found.since)


def _stopped(custom: Custom) -> list[Finding]:
    """Findings, outside of its status, that it was stopped on purpose."""
    stated = not HELD_SPECS.keys().isdisjoint(custom.spec)
    if stated or custom.entry.holds or custom.meta.annotations:
        return list(_stops(custom))
    return []


def _stops(custom: Custom) -> Iterator[Finding]:
    for key, value in HELD_SPECS.items():
        stated = custom.spec.get(key)
        if type(stated) is type(value) and stated == value:
            reason = "ScaledToZero" if value == 0 and value is not False else "Suspended"
            yield held(reason, f"spec.{key} is {_written(stated)}")
    for hold in custom.entry.holds:
        path, equals, value = hold.partition("=")
        if equals and any(_written(stated) == value for _, stated in custom.at(path)):
            yield held("Suspended", f"{path} is {value}")
    for name, values in HOLDING_ANNOTATIONS.items() if custom.meta.annotations else ():
        stated = custom.meta.annotations.get(name)
        if isinstance(stated, str) and (stated in values or not values):
            yield held("Suspended", f"its annotation {name} is {said(stated)[:40]}")


def _written(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _suspended(stop: Finding, context: Context) -> Verdict:
    if stop.reason == "ScaledToZero":
        return scaled_to_zero(context.policy)
    return Verdict(Health.HEALTHY, Activity.SUSPENDED, True, stop.reason, stop.message)


def _combined(
    custom: Custom,
    found: list[Finding],
    figures: Figures | None,
    context: Context,
    *,
    failed: bool,
    excused: bool,
) -> Verdict:
    """The worst finding; suspended before progressing before steady.

    Args:
        custom: The object.
        found: What it states.
        figures: Its figures.
        context: The time and the policy.
        failed: Whether a failure is stated, which no progress excuses.
        excused: Whether an object stopped on purpose is healthy.
    """
    held, stopped = [finding for finding in found if finding.is_held], _stopped(custom)
    if excused and (held or stopped):
        return _suspended((*held, *stopped)[0], context)
    strong = [finding for finding in found if finding.counts]
    strong = strong or [finding for finding in found if finding.counts_alone]
    if any(finding.cause and finding.health is Health.DEGRADED for finding in strong):
        # A stated fault says more than an unknown word.
        strong = [finding for finding in strong if finding.health is not Health.UNKNOWN]
    worst = min(strong, key=_severity) if len(strong) > 1 else strong[0] if strong else None
    # An object stated to be down, with a cause, does not progress; one not ready yet may.
    stated = failed or (worst is not None and worst.health is Health.DOWN and worst.cause)
    moves = _is_behind(custom) or (not stated and _is_moving(found))
    if worst is None and custom.entry.silent:
        return _EXISTS
    if worst is None:
        return _nothing_stated(custom, context, moves=moves)
    activity = worst.activity
    if stopped or any(worst.health is not Health.DOWN or not stop.is_weak for stop in held):
        # A word for a stop does not explain a down object; its spec or a condition may.
        activity = Activity.SUSPENDED
    elif moves and activity is Activity.STEADY:
        activity = Activity.PROGRESSING
    return Verdict(
        worst.health,
        activity,
        all(entry.up for entry in strong),
        worst.reason,
        _explained(custom, worst),
        desired=figures.want if figures else None,
        available=figures.have if figures else None,
        causes=_causes(found),
        since=worst.since,
    )


def _nothing_stated(custom: Custom, context: Context, *, moves: bool) -> Verdict:
    """The verdict if its status does not state its health."""
    message = "it states no condition and no word of its health that is known"
    found = waiting(custom, context, "NoConditions", message, first=True)
    if custom.entry.states_health:
        return Verdict(found.health, found.activity, False, found.reason, message)
    activity = Activity.PROGRESSING if moves or custom.is_young(context) else Activity.STEADY
    return Verdict(Health.UNKNOWN, activity, False, "NoConditions", message)


def _is_moving(found: list[Finding]) -> bool:
    """Whether anything is in progress, and nothing for too long."""
    moves = any(finding.activity is Activity.PROGRESSING for finding in found)
    return moves and not any(finding.is_late for finding in found)


def _is_behind(custom: Custom) -> bool:
    for found in custom.conditions:
        for condition in found.by_type.values():
            if condition.observed is not None and is_behind(custom, condition):
                return True
    return False


def _severity(finding: Finding) -> tuple[int, bool, bool]:
    # Of equally bad ones, those without a cause or with a reason like Progressing explain less.
    moving = is_under_way(finding.reason)
    return _SEVERITY.index(finding.health), finding.cause is None, moving


def _causes(found: list[Finding]) -> tuple[Cause, ...]:
    """The causes, worst first, without duplicates."""
    wrong = [finding for finding in found if finding.cause is not None]
    if len(wrong) > 1:
        wrong.sort(key=_severity)
    return tuple(dict.fromkeys([finding.cause for finding in wrong if finding.cause]))


def _explained(custom: Custom, worst: Finding) -> str:
    """A verdict's message, with the status' own if it is bad news."""
    if worst.health is Health.HEALTHY:
        return worst.message
    for _, found in custom.at(*(custom.entry.message or _MESSAGES)):
        stated = said(found if isinstance(found, str) else mapping(found).get("message"))
        if stated and stated != worst.reason and stated not in worst.message:
            return f"{worst.message}: {stated}"
    return worst.message
