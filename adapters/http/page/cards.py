"""A component on a card: its state and its first members."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from k8s_heartbeat.core.checks.overview import MOST_ITEMS, Overview

from .lines import Line, Lines
from .states import State

__all__ = ["Card", "bare_card", "card", "enough"]


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


def bare_card(entry: Overview) -> Card:
    """A component without its members and without a link."""
    return Card(entry.component.name, entry.title, State.of(entry.verdict))


def card(entry: Overview, lines: Lines | None, most: int) -> Card:
    """A component with its first members.

    Args:
        entry: The component.
        lines: Makes lines of its members; None if the caller may not see them.
        most: How many members to show.
    """
    found = replace(bare_card(entry), path=f"/status/components/{entry.component.name}")
    if lines is None:
        return found
    items = entry.items[: min(most, MOST_ITEMS)]
    return replace(
        found,
        enough=enough(entry),
        lines=list(map(lines.line, items)),
        more=entry.total - len(items),
    )


def enough(entry: Overview) -> str:
    """How many members are up, and how many must be: ``1 of 2 up, 1 needed``."""
    text = f"{entry.available:,} of {entry.total:,} up"
    return text if entry.needed == entry.total else f"{text}, {entry.needed} needed"
