"""How lists of names are put into a message."""

from __future__ import annotations

import re
from collections.abc import Sequence

__all__ = ["as_word", "listed", "quoted"]

_MOST_NAMES = 3
_LONGEST_DETAIL = 160
_WORD = re.compile(r"[A-Za-z]([A-Za-z0-9_,:]{0,98}[A-Za-z0-9_])?", re.ASCII)
# Monitors search response bodies for it and take it as good news.
_GOOD_NEWS = "healthy"


def listed(names: Sequence[str]) -> str:
    """The first few names and how many more there are: ``a, b, c and 4 more``."""
    text = ", ".join(names[:_MOST_NAMES])
    more = len(names) - _MOST_NAMES
    return f"{text} and {more} more" if more > 0 else text


def as_word(text: str, ours: str) -> str:
    """The cluster's reason if it is one word, and otherwise our own word."""
    return text if _WORD.fullmatch(text) else ours


def quoted(*texts: str) -> str:
    """The first text that may be quoted in bad news, on one line and shortened.

    Empty if there is none: a text with the word that monitors search for is not quoted.
    """
    for text in texts:
        line = " ".join(text.split())
        if line and _GOOD_NEWS not in line.lower():
            return line if len(line) <= _LONGEST_DETAIL else f"{line[: _LONGEST_DETAIL - 1]}…"
    return ""
