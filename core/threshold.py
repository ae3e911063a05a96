"""A threshold: a number, or a percentage of all, as in a PodDisruptionBudget."""

from __future__ import annotations

import re
from dataclasses import dataclass

__all__ = ["HALF", "Threshold"]

_NUMBER = re.compile(r"[1-9]\d{0,8}", re.ASCII)
_PERCENTAGE = re.compile(r"([1-9]\d?|100)%", re.ASCII)


@dataclass(frozen=True, slots=True)
class Threshold:
    """A number of things, or a percentage of all of them.

    Attributes:
        amount: The number, or the percentage; at least 1.
        percent: Whether it is a percentage.
    """

    amount: int
    percent: bool = False

    @classmethod
    def parse(cls, value: object) -> Threshold:
        """The threshold that ``2``, ``"2"`` or ``"50%"`` states.

        Raises:
            ValueError: It is neither a number from 1 nor a percentage from 1% to 100%.
        """
        stated = str(value) if isinstance(value, int) and not isinstance(value, bool) else value
        if isinstance(stated, str):
            percentage = _PERCENTAGE.fullmatch(stated)
            if percentage:
                return cls(int(percentage.group(1)), percent=True)
            if _NUMBER.fullmatch(stated):
                return cls(int(stated))
        raise ValueError("is neither a number from 1 nor a percentage, such as 2 or 50%")

    def of(self, total: int) -> int:
        """How many of `total` that is: a percentage is rounded up, and is at least one."""
        return max(1, -(-total * self.amount // 100)) if self.percent else self.amount

    def __str__(self) -> str:
        """The form that `parse` takes."""
        return f"{self.amount}%" if self.percent else str(self.amount)


HALF = Threshold(50, percent=True)
"""Half of them, rounded up."""
