"""policy/v1 PodDisruptionBudget.

Source: the API's PodDisruptionBudgetStatus (k8s.io/api/policy/v1/types.go), which the disruption
controller writes (kubernetes/pkg/controller/disruption/disruption.go).
"""

from __future__ import annotations

from ..assessment import Activity, Health
from ..fields import CONDITIONS, FieldError, conditions_of, count, integer
from ..kinds import Kind
from ..model import Conditions, Manifest, Metadata, Source, record
from ..wording import quoted
from .condition_view import as_cause, word_of
from .rule import Context, Rule
from .verdict import Verdict

__all__ = ["POD_DISRUPTION_BUDGET_RULE", "PodDisruptionBudget"]


@record
class PodDisruptionBudget:
    """A policy/v1 PodDisruptionBudget: pods that are ready, and how many of them it needs."""

    meta: Metadata
    ready: int
    needed: int
    covered: int | None
    """How many pods it counts; None if that is not stated."""
    allowed: int | None
    """How many may be evicted now; None if that is not stated."""
    conditions: Conditions


def _read(source: Source) -> PodDisruptionBudget:
    status = source.status
    if status.get("desiredHealthy") is None:
        # The API always writes it, and its absence must not count as "none needed".
        raise FieldError("status: how many pods it needs is not stated; it is a number such as 2")
    return PodDisruptionBudget(
        source.meta,
        ready=_pods(status, "currentHealthy", "how many pods are ready"),
        needed=_pods(status, "desiredHealthy", "how many pods it needs"),
        covered=integer(status.get("expectedPods")),
        allowed=integer(status.get("disruptionsAllowed")),
        conditions=conditions_of(status),
    )


def _pods(status: Manifest, name: str, words: str) -> int:
    """A count of pods; the field's name has a word that faults must not have."""
    try:
        return count(status, name)
    except FieldError:
        message = f"status: {words} is not a whole number of 0 or more, such as 3"
        raise FieldError(message) from None


def _judge(budget: PodDisruptionBudget, context: Context) -> Verdict:
    """Degraded with fewer pods ready than it needs, or when its controller cannot count them.

    With no disruption allowed it is healthy as long as enough pods are ready; the message says so,
    because no node with such a pod can be drained.
    """
    stated = budget.conditions.get("DisruptionAllowed")
    if stated is not None and stated.status == "False" and stated.reason == "SyncFailed":
        return Verdict(
            Health.DEGRADED,
            Activity.STEADY,
            up=True,
            reason="SyncFailed",
            message="its controller cannot count its pods",
            detail=quoted(stated.message),
            causes=(as_cause(budget.meta, stated, "SyncFailed"),),
            since=stated.since,
        )
    if budget.ready < budget.needed:
        message = f"pods ready: {budget.ready}, needed: {budget.needed}; no pod may be evicted"
        return Verdict(Health.DEGRADED, Activity.STEADY, True, "InsufficientPods", message)
    message = f"pods ready: {budget.ready}, needed: {budget.needed}"
    if budget.covered == 0:
        message = f"{message}; it covers no pod"
    elif budget.allowed == 0:
        message = f"{message}; no pod may be evicted"
    reason = word_of(stated, "SufficientPods")
    return Verdict(Health.HEALTHY, Activity.STEADY, True, reason, message)


POD_DISRUPTION_BUDGET_RULE = Rule(
    Kind("PodDisruptionBudget", "poddisruptionbudgets", "policy", "v1", ("pdb",)),
    _judge,
    _read,
    fields=(
        "status.currentHealthy",
        "status.desiredHealthy",
        "status.expectedPods",
        "status.disruptionsAllowed",
        *CONDITIONS,
    ),
)
