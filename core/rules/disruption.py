"""policy/v1 PodDisruptionBudget.

Source: the API's PodDisruptionBudgetStatus (k8s.io/api/policy/v1/types.go), which the disruption
controller writes (kubernetes/pkg/controller/disruption/disruption.go).
"""

from __future__ import annotations

from ..assessment import Activity, Health
from ..fields import CONDITIONS, FieldError, conditions_of, count
from ..kinds import Kind
from ..model import Conditions, Metadata, Source, record
from .rule import Context, Rule
from .stated import as_cause, word_of
from .verdict import Verdict

__all__ = ["POD_DISRUPTION_BUDGET_RULE", "PodDisruptionBudget"]


@record
class PodDisruptionBudget:
    """A policy/v1 PodDisruptionBudget: pods that are ready, and how many of them it needs."""

    meta: Metadata
    ready: int
    needed: int
    conditions: Conditions


def _read(source: Source) -> PodDisruptionBudget:
    status = source.status
    if status.get("desiredHealthy") is None:
        # The API writes it in any case, and its absence must not pass for "none needed".
        raise FieldError("status.desiredHealthy is not stated; it is a number such as 2")
    return PodDisruptionBudget(
        source.meta,
        ready=count(status, "status.currentHealthy"),
        needed=count(status, "status.desiredHealthy"),
        conditions=conditions_of(status),
    )


def _judge(budget: PodDisruptionBudget, context: Context) -> Verdict:
    """Degraded with fewer pods ready than it needs, or when its controller cannot count them.

    No disruption allowed is healthy as long as as many pods are ready as it needs.
    """
    stated = budget.conditions.get("DisruptionAllowed")
    if stated is not None and stated.status == "False" and stated.reason == "SyncFailed":
        return Verdict(
            Health.DEGRADED,
            Activity.STEADY,
            up=True,
            reason="SyncFailed",
            message="its controller cannot count its pods",
            causes=(as_cause(budget.meta, stated, "SyncFailed"),),
            since=stated.since,
        )
    if budget.ready < budget.needed:
        message = f"{budget.ready} of {budget.needed} pods that the budget needs are ready"
        return Verdict(Health.DEGRADED, Activity.STEADY, True, "InsufficientPods", message)
    message = f"pods ready: {budget.ready}, needed: {budget.needed}"
    reason = word_of(stated, "SufficientPods")
    return Verdict(Health.HEALTHY, Activity.STEADY, True, reason, message)


POD_DISRUPTION_BUDGET_RULE = Rule(
    Kind("PodDisruptionBudget", "poddisruptionbudgets", "policy", "v1", ("pdb",)),
    _judge,
    _read,
    fields=("status.currentHealthy", "status.desiredHealthy", *CONDITIONS),
)
