"""Where a caller draws the line between good and bad."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from .assessment import MAINTENANCE, Assessment, Health
from .summary import Summary

__all__ = ["Line"]


@dataclass(frozen=True, slots=True)
class Line:
    """A line across assessments.

    Attributes:
        fail_on: Degraded to count degraded as failing; down otherwise.
        lasting: How long it must have been failing, by the API's own times; a failure without
            a time, or with one that is ahead of our clock, is not excused.
    """

    fail_on: Health = Health.DOWN
    lasting: timedelta = timedelta(0)

    def passes(self, assessment: Assessment, now: datetime) -> bool:
        """Whether an assessment is good enough; where the API states no time, at once not."""
        strict = self.fail_on is Health.DEGRADED and assessment.reason != MAINTENANCE
        if assessment.up and not (strict and assessment.health is Health.DEGRADED):
            return True
        if assessment.since is None:
            return False
        # A time ahead of our clock does not say how long it has lasted.
        return timedelta(0) <= now - assessment.since < self.lasting

    def passes_group(self, summary: Summary, now: datetime) -> bool:
        """Whether as many members of a group are good enough as must be; none never is."""
        good = sum(self.passes(item, now) for item in summary.items)
        return bool(summary.items) and good >= summary.needed
