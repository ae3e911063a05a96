"""What a caller counts as failing, and after how long."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from .assessment import MAINTENANCE, Assessment, Health
from .causes import CRASH_LOOP
from .summary import Summary

__all__ = ["FailurePolicy", "failing_since"]

# Causes whose `since` is the transition of a pod's Ready condition.
_NOT_READY = ("NotReady", "ReadinessGate", "NodeLost")


def _never_seen(_: Assessment) -> datetime | None:
    return None


@dataclass(frozen=True, slots=True)
class FailurePolicy:
    """What counts as failing.

    Attributes:
        fail_on: Degraded to count degraded as failing; down otherwise.
        lasting: How long it must have been failing. A crash loop, a start of the failure in the
            future, and an unknown or missing object are never excused.
    """

    fail_on: Health = Health.DOWN
    lasting: timedelta = timedelta(0)

    def is_good(self, assessment: Assessment) -> bool:
        """Whether an assessment is not failing, regardless of how long."""
        strict = self.fail_on is Health.DEGRADED and assessment.reason != MAINTENANCE
        return assessment.up and not (strict and assessment.health is Health.DEGRADED)

    def passes(self, assessment: Assessment, now: datetime, seen: datetime | None = None) -> bool:
        """Whether an assessment is good enough, or has not been failing for long enough.

        Args:
            assessment: The verdict.
            now: The time it was judged at.
            seen: When it was first seen failing; used if the API states no time.
        """
        if self.is_good(assessment):
            return True
        if not self.lasting or assessment.health in (Health.UNKNOWN, Health.MISSING):
            return False
        if any(CRASH_LOOP in cause.reason for cause in assessment.causes):
            return False
        since = failing_since(assessment) or seen
        # A time in the future does not say how long it has lasted.
        return since is not None and timedelta(0) <= now - since < self.lasting

    def passes_group(
        self,
        summary: Summary,
        now: datetime,
        seen: Callable[[Assessment], datetime | None] = _never_seen,
    ) -> bool:
        """Whether enough members of a group are good enough; an empty group never passes."""
        good = sum(self.passes(item, now, seen(item)) for item in summary.items)
        return bool(summary.items) and good >= summary.needed


def failing_since(assessment: Assessment) -> datetime | None:
    """When a failure began: from the verdict, or else from its earliest pod that is not ready."""
    if assessment.since is not None:
        return assessment.since
    times = [cause.since for cause in assessment.causes if cause.reason in _NOT_READY]
    return min((time for time in times if time is not None), default=None)
