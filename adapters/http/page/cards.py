"""A component on a card: its state and its first members."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from k8s_heartbeat.core import Summary
from k8s_heartbeat.core.checks.component import Component
from k8s_heartbeat.core.checks.readings import Worth
from k8s_heartbeat.core.checks.selection import SelectionResult

from ...groups import Groups
from ..view import verdict_of
from .lines import Line, Lines
from .states import State

__all__ = ["Card", "JudgedComponent", "bare_card", "card", "enough", "judge"]


class JudgedComponent(NamedTuple):
    """A component and the verdict on its members.

    Attributes:
        component: The component.
        summary: The verdict on its members as one.
        worth: How old that is.
    """

    component: Component
    summary: Summary
    worth: Worth

    @property
    def title(self) -> str:
        """Its title, or its name if it has none."""
        return self.component.title or self.component.name


@dataclass(frozen=True, slots=True)
class Card:
    """A component on a card.

    Attributes:
        name: Its name.
        title: Its title.
        state: Its state.
        path: The path of its page, below the prefix; empty on the public page.
        enough: How many of its members are up, and how many must be; empty at `Detail.STATUS`.
        lines: Its members, failing ones first.
        more: How many further members it has.
    """

    name: str
    title: str
    state: State
    path: str = ""
    enough: str = ""
    lines: Sequence[Line] = ()
    more: int = 0


def judge(
    groups: Groups, found: Sequence[tuple[Component, SelectionResult]]
) -> list[JudgedComponent]:
    """The verdicts on components."""
    return [
        JudgedComponent(component, verdict_of(component, result)[0], groups.worth(result))
        for component, result in found
    ]


def bare_card(entry: JudgedComponent) -> Card:
    """A component without its members and without a link."""
    return Card(entry.component.name, entry.title, State.of(entry.summary))


def card(entry: JudgedComponent, lines: Lines | None, most: int) -> Card:
    """A component with its first members.

    Args:
        entry: The component.
        lines: Makes lines of its members; None if the caller may not see them.
        most: How many members to show.
    """
    found = replace(bare_card(entry), path=f"/status/components/{entry.component.name}")
    if lines is None:
        return found
    items = entry.summary.items
    return replace(
        found,
        enough=enough(entry.summary),
        lines=[lines.line(item) for item in items[:most]],
        more=max(0, len(items) - most),
    )


def enough(summary: Summary) -> str:
    """How many members are up, and how many must be: ``1 of 2 up, 1 needed``."""
    up, total = sum(item.up for item in summary.items), len(summary.items)
    text = f"{up:,} of {total:,} up"
    return text if summary.needed == total else f"{text}, {summary.needed} needed"
