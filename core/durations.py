"""Durations as Go and Kubernetes write them: ``90s``, ``1h30m``."""

from __future__ import annotations

import re
from datetime import timedelta

__all__ = ["format_duration", "parse_duration", "print_duration"]

_PART = r"(\d{1,9}(?:\.\d{1,9})?)(ms|s|m|h)"
_WHOLE = re.compile(rf"(?:{_PART})+", re.ASCII)
_PARTS = re.compile(_PART, re.ASCII)
_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}
_LONGEST = timedelta(days=366)


def parse_duration(text: str) -> timedelta:
    """The duration that a Go duration such as ``90s``, ``2m`` or ``1h30m`` states.

    Raises:
        ValueError: `text` has another form, or states more than a year.
    """
    if not _WHOLE.fullmatch(text):
        raise ValueError("is not a duration of hours, minutes and seconds, such as 1h30m or 90s")
    seconds = sum(float(number) * _SECONDS[unit] for number, unit in _PARTS.findall(text))
    if seconds > _LONGEST.total_seconds():
        raise ValueError("is longer than a year; a duration is such as 1h30m or 90s")
    return timedelta(seconds=seconds)


def print_duration(duration: timedelta) -> str:
    """A duration as `parse_duration` takes it: ``36h1m1s``, ``1.5s``."""
    minutes, seconds = divmod(duration.total_seconds(), 60)
    hours, minutes = divmod(int(minutes), 60)
    parts = (f"{hours}h" * bool(hours), f"{minutes}m" * bool(minutes))
    rest = f"{seconds:.6f}".rstrip("0").rstrip(".")
    return "".join(parts) + (f"{rest}s" if rest != "0" or not any(parts) else "")


def format_duration(duration: timedelta) -> str:
    """A duration for people, in its two largest units and never negative: ``3h5m``, ``42s``."""
    seconds = max(0, int(duration.total_seconds()))
    units = (("d", 86400), ("h", 3600), ("m", 60), ("s", 1))
    parts: list[str] = []
    for unit, size in units:
        number, seconds = divmod(seconds, size)
        if number:
            parts.append(f"{number}{unit}")
        elif parts:
            break
    return "".join(parts[:2]) or "0s"
