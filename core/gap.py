"""What was not read, and why: a verdict is worth no more than what it rests on."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from .assessment import Cause
from .kinds import Kind

__all__ = ["Gap", "GapReason"]


class GapReason(StrEnum):
    """Why something was not read, or not all of it."""

    REFUSED = "Forbidden"
    """The cluster's RBAC does not let the service see it."""
    FAILED = "ReadFailed"
    """The API server failed or did not answer in time."""
    CUT = "Truncated"
    """There is more than is taken in."""
    NOT_SERVED = "NotServed"
    """The cluster serves no such kind."""
    NOT_GIVEN = "NotGiven"
    """Nothing of the kind is in the input; whether the cluster has any is not known."""


@dataclass(frozen=True, slots=True)
class Gap:
    """Something that was not read whole.

    Attributes:
        reason: The kind of fault.
        kind: The kind of the objects.
        name: Which one; empty for a list.
        why: What came of the reading, for people.
    """

    reason: GapReason
    kind: Kind
    name: str
    why: str

    def __str__(self) -> str:
        """What was not read and why."""
        return f"{' '.join(filter(None, (self.kind.plural, self.name)))}: {self.why}"

    def as_cause(self) -> Cause:
        """The gap as a cause of a verdict that rests on it."""
        return Cause(str(self.reason), self.kind.kind, self.name, self.why)
