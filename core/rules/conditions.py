"""Judge the conditions of a custom resource, each by its role.

Source: Kubernetes' API conventions on conditions. Beyond these, the words of Flux
(ProgressingWithRetry), KEDA (Fallback), OpenShift (ProgressDeadlineExceeded), Cluster API
(severity Info) and prometheus-operator (the status Degraded).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from ..assessment import Activity, Cause, Health
from ..model import Condition, record
from .condition_view import as_cause, is_true, word_of
from .finding import Custom, Finding, held, waiting
from .roles import (
    has_failed,
    has_held,
    is_behind,
    is_change,
    is_given_up,
    is_on_its_way,
    is_progress,
)
from .rule import Context
from .words import Role, Sense, sense_of

__all__ = ["Beside", "by_conditions"]

# False while a run to completion goes on.
_COMPLETION = ("Complete", "Completed", "Finished")
_ENDS = (*_COMPLETION, "Succeeded", "Failed")
_RUNNING = ("Running", "Started", "Active")
# If one of these is False, the controller has not done it, even if the object serves.
_DONE = ("Accepted", "Applied", "Programmed", "Reconciled", "ResolvedRefs", "Synced", "Valid")


@record
class Beside:
    """What else an object states that affects how its conditions are read.

    Attributes:
        moving: A word says that it is in progress.
        failing: A failure is stated.
        serving: Its figures say that some of it serves.
        young: It was created recently, and nothing bad is stated.
    """

    moving: bool
    failing: bool
    serving: bool
    young: bool


class _Light(NamedTuple):
    """The context of one condition.

    Attributes:
        second: Another one states the overall health.
        way: If it is not met yet, it is in progress.
        serving: Some of the object serves.
        young: The object was created recently, and nothing failed.
        running: It runs to completion and has not ended.
    """

    second: bool
    way: bool
    serving: bool
    young: bool
    running: bool


def by_conditions(custom: Custom, context: Context, beside: Beside) -> list[Finding]:
    """The finding of each condition, given what else is stated."""
    entry = custom.entry
    said: list[Finding] = []
    for list_ in custom.conditions:
        place, conditions, roles = list_.place, list_.by_type, list_.roles
        running = custom.ends and not any(is_true(conditions, type_) for type_ in _ENDS)
        must = any(is_true(conditions, type_) for type_ in entry.must)
        moves = (
            beside.moving
            or any(is_progress(conditions[type_]) for type_ in roles.moving)
            or any(
                conditions[type_].status == "False" and is_on_its_way(conditions[type_])
                for type_, role in roles.by_type.items()
                if role is Role.POSITIVE
            )
        )
        for type_, role in roles.by_type.items():
            condition = conditions[type_]
            soft = moves or type_ in entry.soft or condition.reason in entry.soft
            way = not beside.failing and (soft or is_on_its_way(condition))
            serving = not place and (beside.serving or (must and type_ in entry.soft))
            second = roles.primary and role is Role.POSITIVE
            young = beside.young and not serving
            light = _Light(second, way, serving, young, running)
            finding = _by_condition(custom, context, condition, role, light)
            if finding is not None:
                finding.message = f"{place}: {finding.message}" if place else finding.message
                if finding.activity is Activity.STEADY and is_behind(custom, condition):
                    finding.activity = Activity.PROGRESSING
                said.append(finding)
    if entry.must and not is_true(custom.conditions[0].by_type, "Ready"):
        said += _not_stated(custom, context)
    return said


def _not_stated(custom: Custom, context: Context) -> Iterator[Finding]:
    """The conditions that the kind must have and the object does not have yet.

    If it is Ready, they belong to another version of its controller.
    """
    for type_ in custom.entry.must:
        if any(type_ in found.by_type for found in custom.conditions):
            continue
        message = f"its condition {_named(type_)} is not stated yet"
        if custom.ends:
            yield Finding(Health.HEALTHY, Activity.PROGRESSING, True, "Running", message)
        else:
            yield waiting(custom, context, "NotStated", message, first=True)


def _by_condition(
    custom: Custom, context: Context, condition: Condition, role: Role, light: _Light
) -> Finding | None:
    if role is Role.HOLDING or has_held(custom.entry, condition):
        stopped = role is not Role.HOLDING or condition.status == "True"
        finding = held(word_of(condition, condition.type), _told(condition)) if stopped else None
        if finding is not None and condition.type.endswith("Stopped"):
            # It may have given up.
            finding.is_weak = True
    elif role is Role.OTHER:
        finding = _bad(custom, condition, Health.DEGRADED)
    elif role is Role.MOVING or (condition.status == "True" and is_change(condition)):
        finding = _by_progress(custom, context, condition)
    elif role is Role.NEGATIVE:
        finding = _by_fault(custom, condition)
    elif role is Role.INVERSE:
        finding = _by_inverse(custom, context, condition, light)
    elif role is Role.POSITIVE and (light.second or _is_idle(condition)):
        finding = _by_part(custom, context, condition, way=light.way)
    else:
        finding = _by_state(custom, context, condition, light)
    return finding


def _by_progress(custom: Custom, context: Context, condition: Condition) -> Finding | None:
    if is_given_up(condition):
        return _bad(custom, condition, Health.DEGRADED)
    if is_progress(condition):
        reason, since = word_of(condition, condition.type), condition.since
        if custom.ends and sense_of(condition.type) is Sense.GOOD:
            # Running: it may take days.
            finding = Finding(Health.HEALTHY, Activity.PROGRESSING, True, reason, _told(condition))
        else:
            finding = waiting(custom, context, reason, _told(condition), since, serving=True)
        # A reason that is a good word may mean that it is done.
        finding.is_weak = not finding.is_late or sense_of(condition.reason) is Sense.GOOD
        finding.counts_alone = True
        return finding
    return None


def _by_fault(custom: Custom, condition: Condition) -> Finding | None:
    """A condition that should not be True."""
    if condition.status == "True":
        terminal = custom.ends or condition.type in ("Failed", "Stalled")
        return _bad(custom, condition, Health.DOWN if terminal else Health.DEGRADED)
    if condition.status == "False":
        finding = _aside(condition.type, "it states no fault")
        finding.counts_alone = True
        return finding
    return None


def _by_inverse(custom: Custom, context: Context, condition: Condition, light: _Light) -> Finding:
    """NotReady True, judged like Ready False."""
    if condition.status == "False":
        reason, message = word_of(condition, condition.type), _told(condition)
        return Finding(Health.HEALTHY, Activity.STEADY, True, reason, message, condition.since)
    return _unready(custom, context, condition, light)


def _is_idle(condition: Condition) -> bool:
    # It may have ended, or be waiting.
    return condition.status == "False" and condition.type.endswith("Running")


def _by_part(
    custom: Custom, context: Context, condition: Condition, *, way: bool
) -> Finding | None:
    """A condition beside Ready and the like: a cause, or a verdict if it was not done."""
    failed = has_failed(condition)
    if condition.status != "False":
        return _bad(custom, condition, Health.DEGRADED) if failed else None
    if _is_idle(condition) and not failed:
        return None
    if failed or condition.type in _DONE:
        if way:
            return _waiting(custom, context, condition, serving=True)
        return _bad(custom, condition, Health.DEGRADED)
    finding = _aside(condition.type, _told(condition))
    if is_on_its_way(condition):
        finding.activity = Activity.PROGRESSING
    else:
        finding.cause = _cause(custom, condition)
    return finding


def _by_state(custom: Custom, context: Context, condition: Condition, light: _Light) -> Finding:
    """A condition that should be True."""
    status, type_, ends = condition.status, condition.type, custom.ends
    failed = has_failed(condition)
    if status == "True" and not failed and light.running and type_ in _RUNNING:
        reason = word_of(condition, type_)
        return Finding(Health.HEALTHY, Activity.PROGRESSING, True, reason, _told(condition))
    if status == "True" and not failed:
        reason, message = word_of(condition, type_), _told(condition)
        return Finding(Health.HEALTHY, Activity.STEADY, True, reason, message, condition.since)
    if status not in ("False", "Unknown"):
        # An invalid status, or a reason of failure: not good news.
        return _bad(custom, condition, Health.DEGRADED if status else Health.UNKNOWN)
    going = status == "Unknown" or type_ in custom.entry.soft
    if not failed and (type_ in _COMPLETION or (ends and going)):
        reason = word_of(condition, "Running")
        return Finding(Health.HEALTHY, Activity.PROGRESSING, True, reason, _told(condition))
    return _unready(custom, context, condition, light)


def _unready(custom: Custom, context: Context, condition: Condition, light: _Light) -> Finding:
    """The object is not ready: not yet, or no longer."""
    failed = has_failed(condition)
    if not failed and (light.way or condition.status == "Unknown"):
        return _waiting(custom, context, condition, serving=light.serving)
    if not failed and light.young and not _is_blunt(condition.reason):
        # It has not been ready yet, and nothing says that it cannot become so.
        return _waiting(custom, context, condition, serving=False, first=True)
    return _bad(custom, condition, Health.DEGRADED if light.serving else Health.DOWN)


def _is_blunt(reason: str) -> bool:
    """Whether it is one word of failure, such as Broken; NotFound may just mean a start."""
    return reason.isalpha() and reason.istitle() and sense_of(reason) is Sense.FAILED


def _waiting(
    custom: Custom,
    context: Context,
    condition: Condition,
    *,
    serving: bool,
    first: bool = False,
) -> Finding:
    message = f"{_told(condition)}, it is on its way"
    reason, since = word_of(condition, "NotReady"), condition.since
    found = waiting(custom, context, reason, message, since, serving=serving, first=first)
    found.cause = _cause(custom, condition)
    return found


def _aside(reason: str, message: str) -> Finding:
    return Finding(Health.HEALTHY, Activity.STEADY, True, reason, message, is_weak=True)


def _bad(custom: Custom, condition: Condition, health: Health) -> Finding:
    cause, up = _cause(custom, condition), health in (Health.DEGRADED, Health.HEALTHY)
    told, since = _told(condition), condition.since
    return Finding(health, Activity.STEADY, up, cause.reason, told, since, cause)


def _cause(custom: Custom, condition: Condition) -> Cause:
    named = _named(condition.type)
    words = {"True": named, "False": f"Not{named}", "Unknown": "NotReady", "": "NoStatus"}
    word = words.get(condition.status, "Degraded")
    last = "Degraded" if condition.status == "True" else "NotReady"
    return as_cause(custom.meta, condition, word, last)


def _told(condition: Condition) -> str:
    type_ = condition.type
    named = "health condition" if type_ == "Healthy" else f"condition {_named(type_)}"
    return f"its {named} is {condition.status or 'not stated'}"


def _named(type_: str) -> str:
    # The name itself has the words that monitors take as good news.
    return type_.replace("Unhealthy", "NotWell").replace("Healthy", "Health")
