"""How long something may take before it counts as a failure."""

from __future__ import annotations

from datetime import datetime, timedelta

from .durations import format_duration

__all__ = ["has_waited", "waited"]

_NONE = timedelta(0)


def waited(now: datetime, *times: datetime | None) -> timedelta:
    """How long something has been in progress.

    Times in the future are ignored; without any other, it has only just begun.

    Args:
        now: The time to judge at.
        times: When it began, the most exact time first; the first one that is stated counts.
    """
    since = next((moment for moment in times if moment is not None and moment <= now), None)
    return _NONE if since is None else now - since


def has_waited(now: datetime, bound: timedelta, *times: datetime | None) -> str:
    """How long something has been in progress, as text, if past a bound; else empty."""
    age = waited(now, *times)
    return format_duration(age) if age > bound else ""
