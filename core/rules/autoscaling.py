"""autoscaling/v2 HorizontalPodAutoscaler.

Source: the conditions that its controller sets
(kubernetes/pkg/controller/podautoscaler/horizontal.go); autoscaling/v1 keeps them in an annotation
(kubernetes/pkg/apis/autoscaling/v1/conversion.go).
"""

from __future__ import annotations

from datetime import timedelta

from ..annotations import HPA_CONDITIONS
from ..assessment import Activity, Cause, Health
from ..fields import CONDITIONS, EMPTY, conditions_of, integer, text
from ..kinds import Kind
from ..model import Condition, Conditions, Manifest, Metadata, Source, record
from ..waiting import has_waited
from ..wording import quoted
from .condition_view import as_cause, is_true, word_of
from .rule import Context, Rule
from .verdict import Verdict

__all__ = ["HORIZONTAL_POD_AUTOSCALER_RULE", "HorizontalPodAutoscaler"]

_LIMITED = "TooManyReplicas"
_DISABLED = "ScalingDisabled"


@record
class HorizontalPodAutoscaler:
    """An autoscaling/v2 HorizontalPodAutoscaler; None is a figure that is not stated."""

    meta: Metadata
    current: int
    least: int | None
    most: int | None
    conditions: Conditions


def _read(source: Source) -> HorizontalPodAutoscaler:
    spec, status = source.spec, source.status
    least = spec.get("minReplicas")
    return HorizontalPodAutoscaler(
        source.meta,
        current=max(0, integer(status.get("currentReplicas")) or 0),
        least=1 if least is None else integer(least),
        most=integer(spec.get("maxReplicas")),
        conditions=conditions_of(status) or conditions_of(_annotated(source.meta)),
    )


def _annotated(meta: Metadata) -> Manifest:
    stated = text(meta.annotations.get(HPA_CONDITIONS))
    if not stated:
        return EMPTY
    import json  # noqa: PLC0415 - only readings of autoscaling/v1 need it

    try:
        return {"conditions": json.loads(stated)}
    except (ValueError, RecursionError):
        return EMPTY


def _judge(scaler: HorizontalPodAutoscaler, context: Context) -> Verdict:
    """Healthy unless it fails to scale, or to read its metrics, for longer than the policy allows.

    It fails while AbleToScale or ScalingActive is False with a reason that starts with Failed or
    Invalid; then it is degraded. Being at its maximum is only a cause. Suspended while its
    target is scaled to zero.
    """
    failing = _failing(scaler.conditions)
    lasting = next((entry for entry in failing if _lasts(entry, context)), None)
    causes = (*(as_cause(scaler.meta, entry, entry.type) for entry in failing), *_at_most(scaler))
    if lasting is not None:
        return Verdict(
            Health.DEGRADED,
            Activity.STEADY,
            up=True,
            reason=word_of(lasting, lasting.type),
            message=f"it cannot scale, {_figures(scaler)}",
            detail=quoted(lasting.message),
            causes=causes,
            since=lasting.since,
        )
    return _well(scaler, causes, context)


def _failing(conditions: Conditions) -> list[Condition]:
    """Failures; ambiguous ones and back-offs have other reasons and do not count."""
    stated = [conditions.get(type_) for type_ in ("AbleToScale", "ScalingActive")]
    return [
        entry
        for entry in stated
        if entry and entry.status == "False" and entry.reason.startswith(("Failed", "Invalid"))
    ]


def _lasts(failure: Condition, context: Context) -> bool:
    since, allowed = failure.since, context.policy.autoscaler_failing_after
    # A time in the future does not say how long it has lasted.
    return since is None or not timedelta(0) <= context.now - since < allowed


def _well(scaler: HorizontalPodAutoscaler, causes: tuple[Cause, ...], context: Context) -> Verdict:
    active, figures = scaler.conditions.get("ScalingActive"), _figures(scaler)
    if not scaler.conditions and not scaler.current:
        # The API writes a status of zeros before any controller has observed it.
        message = "its controller has not looked at it yet"
        late = has_waited(context.now, context.policy.waiting_after, scaler.meta.created)
        activity = Activity.STEADY if late else Activity.PROGRESSING
        return Verdict(Health.UNKNOWN, activity, False, "NotObserved", message)
    if active is not None and active.status == "False" and active.reason == _DISABLED:
        message = "its target is scaled to zero"
        return Verdict(
            Health.HEALTHY, Activity.SUSPENDED, True, _DISABLED, message, since=active.since
        )
    reason = (
        word_of(active, "Scaling") if is_true(scaler.conditions, "ScalingActive") else "Scaling"
    )
    return Verdict(Health.HEALTHY, Activity.STEADY, True, reason, figures, causes=causes)


def _at_most(scaler: HorizontalPodAutoscaler) -> tuple[Cause, ...]:
    limited = scaler.conditions.get("ScalingLimited")
    stated = limited is not None and limited.status == "True" and limited.reason == _LIMITED
    if not stated and (not scaler.most or scaler.current < scaler.most):
        return ()
    since = limited.since if limited is not None and stated else None
    meta, message = scaler.meta, f"it is at its maximum: {_figures(scaler)}"
    return (Cause(_LIMITED, meta.kind, meta.name, message, since=since),)


def _figures(scaler: HorizontalPodAutoscaler) -> str:
    replicas = f"{scaler.current} replica{'' if scaler.current == 1 else 's'}"
    if scaler.least is None or scaler.most is None:
        return replicas
    return f"{replicas}, {scaler.least} to {scaler.most}"


HORIZONTAL_POD_AUTOSCALER_RULE = Rule(
    Kind("HorizontalPodAutoscaler", "horizontalpodautoscalers", "autoscaling", "v2", ("hpa",)),
    _judge,
    _read,
    fields=("spec.minReplicas", "spec.maxReplicas", "status.currentReplicas", *CONDITIONS),
)
