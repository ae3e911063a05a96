"""Limits that keep each page below 300 KB, also with many objects and the longest names."""

from __future__ import annotations

from collections.abc import Sequence

from k8s_heartbeat.core import Assessment, Health

__all__ = [
    "LONGEST_MESSAGE",
    "LONGEST_REASON",
    "LONGEST_WHERE",
    "PAGE_SIZE",
    "chips_that_fit",
    "lines_on_each_card",
    "members_that_fit",
    "rows_on_each_page",
]

PAGE_SIZE = 200
"""The most workloads on one page."""
LONGEST_REASON = 80
LONGEST_WHERE = 90
LONGEST_MESSAGE = 230
"""The most bytes of HTML for each of these texts on a line."""

_PAGE_SIZES = (PAGE_SIZE, 150, 100, 50, 25)
# Bytes of HTML: the room for each part of a page, and the size of one entry without its names.
_ROWS, _MEMBERS, _CARDS, _CHIPS = 202_000, 268_000, 45_000, 22_000
_ROW, _WHY, _CARD, _CARD_LINE, _CHIP = 490, 330, 420, 470, 210
_MOST_ON_CARD, _MOST_CHIPS = 6, 100


def rows_on_each_page(items: Sequence[Assessment], base: str, cards: int) -> int:
    """How many workloads to show on each page: fewer if names are very long.

    It does not depend on which workloads fail, so that the size of pages stays the same.

    Args:
        items: The verdicts on all workloads.
        base: The prefix of each link.
        cards: How many components are on the page.
    """
    longest = _ROW + _WHY + max((_names(item, base) for item in items), default=0)
    room = _ROWS - max(0, cards * _CARD - _CARDS)
    return next((size for size in _PAGE_SIZES if size * longest <= room), _PAGE_SIZES[-1])


def members_that_fit(items: Sequence[Assessment], base: str) -> int:
    """How many members fit on the page of their component."""
    room = _MEMBERS
    for number, item in enumerate(items[:PAGE_SIZE]):
        room -= _ROW + _names(item, base) + _WHY * (item.health is not Health.HEALTHY)
        if room < 0:
            return number
    return min(len(items), PAGE_SIZE)


def lines_on_each_card(cards: Sequence[Sequence[Assessment]], base: str) -> int:
    """How many members to show on each component's card.

    Args:
        cards: The verdicts on the members of each component.
        base: The prefix of each link.
    """
    if not cards:
        return 0
    shown = (item for items in cards for item in items[:_MOST_ON_CARD])
    longest = _CARD_LINE + max((_names(item, base) for item in shown), default=0)
    return max(0, min(_MOST_ON_CARD, (_CARDS // len(cards) - _CARD) // longest))


def chips_that_fit(namespaces: Sequence[str], link: str) -> int:
    """How many namespaces to show.

    Args:
        namespaces: Their names.
        link: A link to one of them, with the other filters.
    """
    longest = _CHIP + len(link) + 3 * max(map(len, namespaces), default=0)
    return min(_MOST_CHIPS, _CHIPS // longest)


def _names(item: Assessment, base: str) -> int:
    """Bytes of an object's names: in a link and, once more, as text."""
    return (
        len(base)
        + len(item.api_version)
        + 2 * (len(item.namespace) + len(item.kind) + len(item.name))
    )
