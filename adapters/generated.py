"""Tables in the documentation that are written by a command, between two markers."""

from __future__ import annotations

from collections.abc import Iterable

__all__ = ["with_generated"]

_END = "<!-- end -->\n"


def with_generated(text: str, command: str, rows: Iterable[str]) -> str:
    """A Markdown text with these lines between the markers of a command.

    Args:
        text: The text; the first marker names the command that writes what follows.
        command: The command.
        rows: The lines.

    Raises:
        ValueError: It has no markers.
    """
    begin = f"<!-- begin: {command} -->\n"
    before, _, rest = text.partition(begin)
    _, found, after = rest.partition(_END)
    if not found:
        raise ValueError(f"there are no markers: {begin.strip()} and {_END.strip()}")
    return "".join((before, begin, *(f"{row}\n" for row in rows), _END, after))
