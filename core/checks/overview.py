"""A component in a few lines: its verdict and its worst members, of however many there are."""

from __future__ import annotations

from dataclasses import dataclass

from ..assessment import Assessment
from ..summary import Summary
from .component import Component
from .readings import Worth

__all__ = ["MOST_ITEMS", "Overview"]

MOST_ITEMS = 6
"""Members that an overview lists, beside the first that is not up."""


@dataclass(frozen=True, slots=True)
class Overview:
    """What is said about a component where its members are not listed.

    Thousands of members take megabytes: of many such components only the overviews can be kept.

    Attributes:
        component: The component.
        verdict: The verdict on it, as that on one object.
        items: The first `MOST_ITEMS` members, worst first; if all of these are up, the first that
            is not follows.
        total: How many members it has.
        available: How many of them are up.
        needed: How many must be.
        read: How old all that is.
    """

    component: Component
    verdict: Assessment
    items: tuple[Assessment, ...]
    total: int
    available: int
    needed: int
    read: Worth

    @classmethod
    def of(cls, component: Component, summary: Summary, read: Worth) -> Overview:
        """That of a component whose members were summed up.

        Args:
            component: The component.
            summary: The verdict on all its members.
            read: What that is worth.
        """
        first, rest = summary.items[:MOST_ITEMS], summary.items[MOST_ITEMS:]
        if all(item.up for item in first):
            first += tuple(item for item in rest if not item.up)[:1]
        verdict = Assessment(
            health=summary.health,
            activity=summary.activity,
            up=summary.up,
            reason=summary.reason,
            message=summary.message,
            kind="Component",
            name=component.name,
        )
        available = sum(item.up for item in summary.items)
        return cls(component, verdict, first, len(summary.items), available, summary.needed, read)

    @property
    def title(self) -> str:
        """What people call it."""
        return self.component.title or self.component.name
