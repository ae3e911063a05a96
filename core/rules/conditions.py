"""Any kind without a rule of its own: by the conditions that its controller states.

Source: Kubernetes' API conventions on conditions, and the kstatus library's reading of Ready,
Reconciling and Stalled (sigs.k8s.io/cli-utils/pkg/kstatus).
"""

from __future__ import annotations

from dataclasses import replace

from ..assessment import Activity, Cause, Health
from ..fields import CONDITIONS, FieldError
from ..kinds import Kind
from ..model import Condition, Conditions
from .rule import Context, Rule
from .stated import Stated, as_cause, is_false, is_on_its_way, is_true, read_stated, word_of
from .verdict import Verdict

__all__ = ["CONDITIONS_RULE"]

_PRIMARY = ("Ready", "Available", "Succeeded", "Established", "Healthy")
_NEGATIVE = ("Failed", "Failing", "Failure", "Pressure", "Error")
# Where one of these is False, the controller has not done it, whatever serves meanwhile.
_DONE = ("Accepted", "Applied", "Programmed", "Reconciled", "Synced", "Valid")


def _judge(subject: Stated, context: Context) -> Verdict:
    """By Ready, Available, Succeeded, Established and Healthy: the worst of those that it states.

    All True is healthy. False is down, unless its reason or another condition says that it is on
    its way; then, and with Unknown, it is degraded and progressing, and up. Stalled is down.
    Degraded and what ends in Failed, Failing, Failure, Pressure or Error make it degraded at best.
    So do Accepted, Applied, Programmed, Reconciled, Synced and Valid that are False, where one of
    the first ones is stated too. Reconciling is progressing. With none of these it is unknown.
    """
    verdict = _by_health(subject)
    if is_true(subject.conditions, "Reconciling"):
        return replace(verdict, activity=Activity.PROGRESSING)
    return verdict


def _by_health(subject: Stated) -> Verdict:
    conditions = subject.conditions
    if is_true(conditions, "Stalled"):
        return _down(subject, conditions["Stalled"], "Stalled", "it is stalled")
    primaries = [conditions[type_] for type_ in _PRIMARY if type_ in conditions]
    waiting = [entry for entry in primaries if entry.status != "True"]
    for entry in waiting:
        if entry.status == "False" and not is_on_its_way(entry, conditions):
            return _down(subject, entry, "NotReady", _said(entry))
    if any(entry.status not in ("False", "Unknown") for entry in waiting):
        raise FieldError("status.conditions[].status is not one of a condition, such as True")
    failed = _failed(conditions)
    if waiting:
        return _on_its_way(subject, waiting[0], failed)
    if failed:
        return _failing(subject, failed)
    return _converged(primaries)


def _failed(conditions: Conditions) -> list[Condition]:
    failed = [
        conditions[type_]
        for type_ in sorted(conditions)
        if is_true(conditions, type_) and (type_ == "Degraded" or type_.endswith(_NEGATIVE))
    ]
    # By itself, what is not done says nothing of what serves.
    if any(type_ in conditions for type_ in _PRIMARY):
        failed += [conditions[type_] for type_ in _DONE if is_false(conditions, type_)]
    return failed


def _failure(condition: Condition) -> str:
    return condition.type if condition.status == "True" else f"Not{condition.type}"


def _said(condition: Condition) -> str:
    # The name itself would put the word that monitors look for into bad news.
    named = "health condition" if condition.type == "Healthy" else f"condition {condition.type}"
    return f"its {named} is {condition.status}"


def _down(subject: Stated, condition: Condition, fallback: str, message: str) -> Verdict:
    failed = [entry for entry in _failed(subject.conditions) if entry is not condition]
    return Verdict(
        Health.DOWN,
        Activity.STEADY,
        up=False,
        reason=word_of(condition, fallback),
        message=message,
        causes=(as_cause(subject.meta, condition, fallback), *_causes(subject, failed)),
        since=condition.since,
    )


def _on_its_way(subject: Stated, condition: Condition, failed: list[Condition]) -> Verdict:
    # Controllers pass through this at each reconciliation: what serves goes on serving.
    return Verdict(
        Health.DEGRADED,
        Activity.PROGRESSING,
        up=True,
        reason=word_of(condition, "NotReady"),
        message=f"{_said(condition)}, it is on its way",
        causes=(as_cause(subject.meta, condition, "NotReady"), *_causes(subject, failed)),
        since=condition.since,
    )


def _failing(subject: Stated, failed: list[Condition]) -> Verdict:
    first = failed[0]
    undone = first.status == "False"
    moving = undone and is_on_its_way(first, subject.conditions)
    return Verdict(
        Health.DEGRADED,
        Activity.PROGRESSING if moving else Activity.STEADY,
        up=True,
        reason=word_of(first, _failure(first), "Degraded"),
        message=_said(first) if undone else "its controller states a failure",
        causes=_causes(subject, failed),
        since=first.since,
    )


def _converged(primaries: list[Condition]) -> Verdict:
    if not primaries:
        looked_for = ", ".join(_PRIMARY[:-1])
        message = f"it states no condition {looked_for}, nor one of its health"
        return Verdict(Health.UNKNOWN, Activity.STEADY, False, "NoConditions", message)
    first = primaries[0]
    reason, message = word_of(first, first.type), _said(first)
    return Verdict(Health.HEALTHY, Activity.STEADY, True, reason, message, since=first.since)


def _causes(subject: Stated, failed: list[Condition]) -> tuple[Cause, ...]:
    return tuple(as_cause(subject.meta, entry, _failure(entry), "Degraded") for entry in failed)


CONDITIONS_RULE = Rule(Kind("", "", "", ""), _judge, read_stated, fields=CONDITIONS)
