"""What the conditions of another project's kind say, each by its role.

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

# False while something runs that is to end.
_COMPLETION = ("Complete", "Completed", "Finished")
_ENDS = (*_COMPLETION, "Succeeded", "Failed")
_RUNNING = ("Running", "Started", "Active")
# Where one of these is False, the controller has not done it, whatever serves meanwhile.
_DONE = ("Accepted", "Applied", "Programmed", "Reconciled", "ResolvedRefs", "Synced", "Valid")


@record
class Beside:
    """What else an object states, which its conditions are read in the light of.

    Attributes:
        moving: A word says that it is on its way.
        failing: A failure is stated.
        serving: Its figures say that some of it serves.
        young: It was made a moment ago, and nothing bad is stated.
    """

    moving: bool
    failing: bool
    serving: bool
    young: bool


class _Light(NamedTuple):
    """What one condition is read in.

    Attributes:
        second: Another one states the health of the whole.
        way: It is on its way, where it is not there yet.
        serving: Some of the object serves.
        young: The object was made a moment ago, and nothing failed.
        running: It is to end, and has not ended yet.
    """

    second: bool
    way: bool
    serving: bool
    young: bool
    running: bool


def by_conditions(custom: Custom, context: Context, beside: Beside) -> list[Finding]:
    """What each condition says, in the light of what is stated beside it."""
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
    """The conditions that the kind has to have and the object has not yet.

    Of one that is Ready they are those of another version of its controller.
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
            # Who gave up stops too.
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
        # What is called by a word that is good may be what has been done.
        finding.is_weak = not finding.is_late or sense_of(condition.reason) is Sense.GOOD
        finding.counts_alone = True
        return finding
    return None


def _by_fault(custom: Custom, condition: Condition) -> Finding | None:
    """What something says that should not be True."""
    if condition.status == "True":
        terminal = custom.ends or condition.type in ("Failed", "Stalled")
        return _bad(custom, condition, Health.DOWN if terminal else Health.DEGRADED)
    if condition.status == "False":
        finding = _aside(condition.type, "it states no fault")
        finding.counts_alone = True
        return finding
    return None


def _by_inverse(custom: Custom, context: Context, condition: Condition, light: _Light) -> Finding:
    """NotReady that is True, as Ready that is False."""
    if condition.status == "False":
        reason, message = word_of(condition, condition.type), _told(condition)
        return Finding(Health.HEALTHY, Activity.STEADY, True, reason, message, condition.since)
    return _unready(custom, context, condition, light)


def _is_idle(condition: Condition) -> bool:
    # What has ended, or waits, does not run.
    return condition.status == "False" and condition.type.endswith("Running")


def _by_part(
    custom: Custom, context: Context, condition: Condition, *, way: bool
) -> Finding | None:
    """What is stated beside Ready and the like: a cause, and a verdict where it was not done."""
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
    """What something says that should be True."""
    status, type_, ends = condition.status, condition.type, custom.ends
    failed = has_failed(condition)
    if status == "True" and not failed and light.running and type_ in _RUNNING:
        reason = word_of(condition, type_)
        return Finding(Health.HEALTHY, Activity.PROGRESSING, True, reason, _told(condition))
    if status == "True" and not failed:
        reason, message = word_of(condition, type_), _told(condition)
        return Finding(Health.HEALTHY, Activity.STEADY, True, reason, message, condition.since)
    if status not in ("False", "Unknown"):
        # A status that is no condition's, or a reason of failure: no good news.
        return _bad(custom, condition, Health.DEGRADED if status else Health.UNKNOWN)
    going = status == "Unknown" or type_ in custom.entry.soft
    if not failed and (type_ in _COMPLETION or (ends and going)):
        reason = word_of(condition, "Running")
        return Finding(Health.HEALTHY, Activity.PROGRESSING, True, reason, _told(condition))
    return _unready(custom, context, condition, light)


def _unready(custom: Custom, context: Context, condition: Condition, light: _Light) -> Finding:
    """It does not do its job: not yet, or not any more."""
    failed = has_failed(condition)
    if not failed and (light.way or condition.status == "Unknown"):
        return _waiting(custom, context, condition, serving=light.serving)
    if not failed and light.young and not _is_blunt(condition.reason):
        # It has not been ready yet, and nothing says why it should not become so.
        return _waiting(custom, context, condition, serving=False, first=True)
    return _bad(custom, condition, Health.DEGRADED if light.serving else Health.DOWN)


def _is_blunt(reason: str) -> bool:
    """Whether it is one word for a failure, such as Broken: of what starts, NotFound is none."""
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
    # The name itself would put the words that monitors look for into bad news.
    return type_.replace("Unhealthy", "NotWell").replace("Healthy", "Health")
