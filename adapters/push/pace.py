"""When to report next: at the same distance always, and never to make up for lost time."""

from __future__ import annotations

from dataclasses import dataclass
from math import floor

__all__ = ["Pace"]


@dataclass(frozen=True, slots=True)
class Pace:
    """A grid of times.

    Attributes:
        start: The first one, by a monotonic clock, in seconds.
        interval: Seconds from one to the next.
    """

    start: float
    interval: float

    def next(self, now: float) -> float:
        """The first one after now: those that passed meanwhile are left out."""
        return self.start + (floor((now - self.start) / self.interval) + 1) * self.interval
