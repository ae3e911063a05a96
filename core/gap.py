"""What was not read, and why: a verdict is only as good as its evidence."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from .assessment import Cause
from .kinds import Kind

__all__ = ["Gap", "GapReason"]


class GapReason(StrEnum):
    """Why something was not read, or only in part."""

    REFUSED = "Forbidden"
    """The cluster's RBAC does not let the service see it."""
    FAILED = "ReadFailed"
    """The API server failed or did not answer in time."""
    CUT = "Truncated"
    """There is more than was read."""
    NOT_SERVED = "NotServed"
    """The cluster serves no such kind."""
    NOT_GIVEN = "NotGiven"
    """The input has no object of the kind; whether the cluster has any is unknown."""


@dataclass(frozen=True, slots=True)
class Gap:
    """Something that was not fully read.

    Attributes:
        reason: The kind of fault.
        kind: The kind of the objects.
        name: The object's name; empty for a list.
        why: What went wrong, for people.
    """

    reason: GapReason
    kind: Kind
    name: str
    why: str

    def __str__(self) -> str:
        """What was not read and why."""
        return f"{' '.join(filter(None, (self.kind.plural, self.name)))}: {self.why}"

    def as_cause(self) -> Cause:
        """The gap as a cause of a verdict that it affects."""
        return Cause(str(self.reason), self.kind.kind, self.name, self.why)
