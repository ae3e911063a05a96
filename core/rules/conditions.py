"""What the conditions of another project's kind say, each by its role.

Source: Kubernetes' API conventions on conditions. Beyond these, the words of Flux
(ProgressingWithRetry), KEDA (Fallback), OpenShift (ProgressDeadlineExceeded), Cluster API
(severity Info) and prometheus-operator (the status Degraded).
"""

from __future__ import annotations

from collections.abc import Iterator

from ..assessment import Activity, Cause, Health
from ..model import Condition, record
from .finding import Custom, Finding, held, waiting
from .roles import LATE, has_failed, has_held, is_behind, is_on_its_way, is_progress
from .rule import Context
from .stated import as_cause, is_true, word_of
from .words import Role

__all__ = ["Beside", "by_conditions"]

# False while something runs that is to end.
_COMPLETION = ("Complete", "Completed", "Finished")
# Where one of these is False, the controller has not done it, whatever serves meanwhile.
_DONE = ("Accepted", "Applied", "Programmed", "Reconciled", "ResolvedRefs", "Synced", "Valid")


@record
class Beside:
    """What else an object states, which its conditions are read in the light of.

    Attributes:
        moving: A word says that it is on its way.
        failing: A failure is stated.
        serving: Its figures say that some of it serves.
    """

    moving: bool
    failing: bool
    serving: bool


def by_conditions(custom: Custom, context: Context, beside: Beside) -> list[Finding]:
    """What each condition says, in the light of what is stated beside it."""
    entry = custom.entry
    said: list[Finding] = []
    for list_ in custom.conditions:
        place, conditions, roles = list_.place, list_.by_type, list_.roles
        must = any(is_true(conditions, type_) for type_ in entry.must)
        moves = beside.moving or any(is_progress(conditions[type_]) for type_ in roles.moving)
        for type_, role in roles.by_type.items():
            condition = conditions[type_]
            soft = moves or type_ in entry.soft
            way = not beside.failing and (soft or is_on_its_way(condition))
            serving = not place and (beside.serving or (must and type_ in entry.soft))
            second = roles.primary and role is Role.POSITIVE
            finding = _by_condition(custom, context, condition, role, (second, way, serving))
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
    custom: Custom,
    context: Context,
    condition: Condition,
    role: Role,
    beside: tuple[bool, bool, bool],
) -> Finding | None:
    if role is Role.HOLDING or has_held(custom.entry, condition):
        stopped = role is not Role.HOLDING or condition.status == "True"
        return held(word_of(condition, condition.type), _told(condition)) if stopped else None
    if role is Role.MOVING:
        return _by_progress(custom, context, condition)
    if role is Role.NEGATIVE:
        return _by_fault(custom, condition)
    if role is Role.INVERSE:
        return _by_inverse(custom, context, condition, way=beside[1], serving=beside[2])
    if role is Role.POSITIVE and (beside[0] or _is_idle(condition)):
        return _by_part(custom, context, condition, way=beside[1])
    return _by_state(custom, context, condition, way=beside[1], serving=beside[2])


def _by_progress(custom: Custom, context: Context, condition: Condition) -> Finding | None:
    if condition.status == "False" and condition.reason == LATE:
        return _bad(custom, condition, Health.DEGRADED)
    if is_progress(condition):
        reason, since = word_of(condition, condition.type), condition.since
        finding = waiting(custom, context, reason, _told(condition), since)
        finding.is_weak = finding.counts_alone = True
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


def _by_inverse(
    custom: Custom, context: Context, condition: Condition, *, way: bool, serving: bool
) -> Finding:
    """NotReady that is True, as Ready that is False."""
    if condition.status == "False":
        reason, message = word_of(condition, condition.type), _told(condition)
        return Finding(Health.HEALTHY, Activity.STEADY, True, reason, message, condition.since)
    if way and not has_failed(condition):
        return _waiting(custom, context, condition, serving=serving)
    return _bad(custom, condition, Health.DEGRADED if serving else Health.DOWN)


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
    finding.cause = _cause(custom, condition)
    return finding


def _by_state(
    custom: Custom, context: Context, condition: Condition, *, way: bool, serving: bool
) -> Finding:
    """What something says that should be True."""
    status, type_, ends = condition.status, condition.type, custom.ends
    failed = has_failed(condition)
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
    if not failed and (way or status == "Unknown"):
        return _waiting(custom, context, condition, serving=serving)
    return _bad(custom, condition, Health.DEGRADED if serving else Health.DOWN)


def _waiting(custom: Custom, context: Context, condition: Condition, *, serving: bool) -> Finding:
    message = f"{_told(condition)}, it is on its way"
    reason = word_of(condition, "NotReady")
    found = waiting(custom, context, reason, message, condition.since, serving=serving)
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
