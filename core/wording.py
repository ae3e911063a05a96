"""How lists of names are put into a message."""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["listed"]

_MOST_NAMES = 3


def listed(names: Sequence[str]) -> str:
    """The first few names and how many more there are: ``a, b, c and 4 more``."""
    text = ", ".join(names[:_MOST_NAMES])
    more = len(names) - _MOST_NAMES
    return f"{text} and {more} more" if more > 0 else text
