"""The settings of the rules, with their units and defaults."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final, Literal

from .assessment import Health
from .threshold import HALF, Threshold

__all__ = ["STATED", "Policy"]

STATED: Final = "stated"
"""A minimum that Kubernetes itself states, where it does."""


@dataclass(frozen=True, slots=True)
class Policy:
    """The settings of the rules.

    Raises:
        ValueError: `zero` is not healthy, degraded or down, or `min_available` is a text other
            than "stated".
    """

    zero: Health = Health.HEALTHY
    """Health of a workload scaled to zero: healthy, degraded or down."""
    min_available: Threshold | Literal["stated"] = HALF
    """How many of the desired replicas must be available for `up`, where the owner's annotation
    does not say: a number, or a percentage rounded up; at least one. "stated": for a Deployment,
    what its Available condition says (maxUnavailable), and half for any other kind."""
    waiting_after: timedelta = timedelta(minutes=15)
    """How long Kubernetes' own operations may take: a pod that starts, a Job without ready pods,
    a claim without a volume, a load balancer without an address."""
    stuck_after: timedelta = timedelta(hours=1)
    """How long a custom resource may take to get ready, and the age of a deletion past which an
    object is at best degraded."""
    pod_stuck_after: timedelta = timedelta(minutes=15)
    """Age of a pod's deletion past which the pod is a cause."""
    unschedulable_after: timedelta = timedelta(seconds=60)
    """How long a pod may wait for a node before that is a cause."""
    crash_loop_memory: timedelta = timedelta(minutes=5)
    """How long a crash loop stays a cause while its container runs again."""
    termination_memory: timedelta = timedelta(hours=1)
    """How long a container's failed termination stays a cause."""
    event_memory: timedelta = timedelta(minutes=10)
    """How old a Warning event may be and still explain."""
    cron_failures: int = 3
    """How many runs of a CronJob must have failed in a row before it is down."""
    schedule_grace: timedelta = timedelta(minutes=2)
    """How late a CronJob's run may start if startingDeadlineSeconds is not set."""
    autoscaler_failing_after: timedelta = timedelta(minutes=5)
    """How long a HorizontalPodAutoscaler may fail before it is degraded."""

    def __post_init__(self) -> None:
        if isinstance(self.min_available, str) and self.min_available != STATED:
            raise ValueError(
                f"Policy.min_available: {self.min_available!r} is neither a Threshold nor "
                f'"{STATED}", as in Policy(min_available=Threshold.parse("50%"))'
            )
        if self.zero not in (Health.HEALTHY, Health.DEGRADED, Health.DOWN):
            raise ValueError(
                f"Policy.zero: {self.zero!r} is not healthy, degraded or down, as in "
                "Policy(zero=Health.DOWN)"
            )
        # It may be a plain string.
        object.__setattr__(self, "zero", Health(self.zero))

    def needing(self, min_available: Threshold | None) -> Policy:
        """A copy with another minimum for `up`; unchanged if that is None."""
        return self if min_available is None else replace(self, min_available=min_available)
