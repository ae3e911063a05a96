"""Times as Kubernetes writes them."""

from __future__ import annotations

from datetime import UTC, datetime

__all__ = ["time"]


def time(value: object) -> datetime | None:
    """An RFC 3339 time in UTC, None for anything else; YAML loaders make datetimes of them."""
    if value is None:
        return None
    try:
        moment = datetime.fromisoformat(value) if isinstance(value, str) else value
        if not isinstance(moment, datetime):
            return None
        zone = moment.tzinfo
        return moment if zone is UTC else None if zone is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
