"""How long something may be on its way before that is no excuse any more."""

from __future__ import annotations

from datetime import datetime, timedelta

from .durations import format_duration

__all__ = ["has_waited", "waited"]

_NONE = timedelta(0)


def waited(now: datetime, *times: datetime | None) -> timedelta:
    """How long something has been on its way.

    A time ahead of our clock does not say how long; without any other, it has only just begun.

    Args:
        now: The time to judge at.
        times: Since when, the time that says it best first; the first one that is stated counts.
    """
    since = next((moment for moment in times if moment is not None and moment <= now), None)
    return _NONE if since is None else now - since


def has_waited(now: datetime, bound: timedelta, *times: datetime | None) -> str:
    """How long something has been on its way, in words, where that is past a bound; else empty."""
    age = waited(now, *times)
    return format_duration(age) if age > bound else ""
