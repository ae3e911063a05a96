"""What the gates measured: each figure beside its bound, printed, and written down on request."""

from __future__ import annotations

from dataclasses import dataclass, field

__all__ = ["Figure", "Figures"]


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure of one gate.

    Attributes:
        gate: What is promised, such as "1,000 slow clients: a normal request".
        value: What was measured.
        bound: What it may be at most.
        unit: Its unit, such as "s", or what was counted.
        below: Whether it has to stay below the bound; otherwise it may reach it.
    """

    gate: str
    value: float
    bound: float
    unit: str
    below: bool = False

    @property
    def holds(self) -> bool:
        """Whether it is within its bound."""
        return self.value < self.bound if self.below else self.value <= self.bound

    def row(self) -> str:
        """A row of a Markdown table."""
        sign = "<" if self.below else "≤"
        return f"| {self.gate} | {self.value:,.4g} | {sign} {self.bound:,.6g} {self.unit} |"


@dataclass(slots=True)
class Figures:
    """All figures of a run, in the order in which they were measured."""

    taken: list[Figure] = field(default_factory=list[Figure])

    def take(
        self, gate: str, value: float, bound: float, unit: str, *, below: bool = False
    ) -> None:
        """Note a figure down and fail where it is past its bound."""
        figure = Figure(gate, value, bound, unit, below)
        self.taken.append(figure)
        assert figure.holds, f"{gate}: {value:.4g} {unit}, and {bound:.6g} is the bound"

    def table(self) -> str:
        """All of them as a Markdown table."""
        rows = [figure.row() for figure in self.taken]
        return "\n".join(["| gate | measured | holds |", "|---|---|---|", *rows])
