"""Any kind without a rule of its own: by the conditions that its controller states.

Source: Kubernetes' API conventions on conditions, and the kstatus library's reading of Ready,
Reconciling and Stalled (sigs.k8s.io/cli-utils/pkg/kstatus). Beyond these, the words of Flux
(ProgressingWithRetry), KEDA (Fallback), OpenShift (ProgressDeadlineExceeded), Cluster API
(severity Info) and prometheus-operator (the status Degraded).
"""

from __future__ import annotations

from dataclasses import replace

from ..assessment import Activity, Cause, Health
from ..fields import CONDITIONS, FieldError, conditions_of
from ..kinds import Kind
from ..model import Condition, Conditions, Source
from .replicas import scaled_to_zero
from .rule import Context, Rule
from .stated import Stated, as_cause, is_false, is_on_its_way, is_true, word_of
from .verdict import Verdict

__all__ = ["CONDITIONS_RULE"]

_PRIMARY = ("Ready", "Available", "Succeeded", "Established", "Healthy")
_NEGATIVE = ("Degraded", "Fallback")
_NEGATIVE_ENDINGS = ("Failed", "Failing", "Failure", "Pressure", "Error")
# Where one of these is False, the controller has not done it, whatever serves meanwhile.
_DONE = ("Accepted", "Applied", "Programmed", "Reconciled", "Synced", "Valid")


def _read(source: Source) -> Stated:
    replicas = source.spec.get("replicas")
    return Stated(
        source.meta, conditions_of(source.status), zero=type(replicas) is int and replicas == 0
    )


def _judge(subject: Stated, context: Context) -> Verdict:
    """By Ready, Available, Succeeded, Established and Healthy: the worst of those that it states.

    All True is healthy. False is down, unless its reason, its severity Info or another condition
    says that it is on its way; then, and with Unknown, it is degraded and progressing, and up.
    ProgressingWithRetry is not on its way. Stalled is down. Reconciling is progressing.

    It is degraded at best with Degraded, Fallback or what ends in Failed, Failing, Failure,
    Pressure or Error; with one of the first ones that has the status Degraded; with Progressing
    that is False for ProgressDeadlineExceeded; and, where one of the first ones is stated too, with
    Accepted, Applied, Programmed, Reconciled, Synced or Valid that is False.

    Where spec.replicas is 0 and neither Stalled nor any of those is stated, False and none of the
    first ones are scaled to zero: healthy (or what the policy says of zero) and suspended.
    Otherwise, with none of these conditions it is unknown.
    """
    if subject.zero and _is_quiet(subject.conditions):
        return scaled_to_zero(context.policy)
    verdict = _by_health(subject)
    if is_true(subject.conditions, "Reconciling"):
        return replace(verdict, activity=Activity.PROGRESSING)
    return verdict


def _is_quiet(conditions: Conditions) -> bool:
    """Whether what runs nothing on purpose would state just this."""
    if is_true(conditions, "Stalled") or _failed(conditions):
        return False
    statuses = {entry.status for entry in _primaries(conditions)}
    return not statuses or ("False" in statuses and statuses <= {"True", "False", "Unknown"})


def _primaries(conditions: Conditions) -> list[Condition]:
    return [conditions[type_] for type_ in _PRIMARY if type_ in conditions]


def _by_health(subject: Stated) -> Verdict:
    conditions = subject.conditions
    if is_true(conditions, "Stalled"):
        return _down(subject, conditions["Stalled"], "Stalled", "it is stalled")
    primaries = _primaries(conditions)
    waiting = [entry for entry in primaries if entry.status not in ("True", "Degraded")]
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
    failed = [conditions[type_] for type_ in sorted(conditions) if _is_failure(conditions[type_])]
    # By itself, what is not done says nothing of what serves.
    if _primaries(conditions):
        failed += [conditions[type_] for type_ in _DONE if is_false(conditions, type_)]
    return failed


def _is_failure(condition: Condition) -> bool:
    if condition.type in _PRIMARY:
        return condition.status == "Degraded"
    if condition.type == "Progressing":
        return condition.status == "False" and condition.reason == "ProgressDeadlineExceeded"
    negative = condition.type in _NEGATIVE or condition.type.endswith(_NEGATIVE_ENDINGS)
    return negative and condition.status == "True"


def _failure(condition: Condition) -> str:
    """Our word for it, where its controller has none."""
    words = {"True": condition.type, "False": f"Not{condition.type}"}
    return words.get(condition.status, "Degraded")


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
    moving = first.status == "False" and is_on_its_way(first, subject.conditions)
    return Verdict(
        Health.DEGRADED,
        Activity.PROGRESSING if moving else Activity.STEADY,
        up=True,
        reason=word_of(first, _failure(first), "Degraded"),
        message="its controller states a failure" if first.status == "True" else _said(first),
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


CONDITIONS_RULE = Rule(Kind("", "", "", ""), _judge, _read, fields=("spec.replicas", *CONDITIONS))
