"""A custom resource, and the findings about its health."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from ..assessment import Activity, Cause, Health
from ..fields import mapping, text, time
from ..model import Conditions, Manifest, Metadata, record
from .entry import Entry, field_of, find_at
from .rule import Context
from .words import Role

__all__ = ["ConditionList", "Custom", "Finding", "Roles", "held", "waiting"]


_EPOCH = datetime(1971, 1, 1, tzinfo=UTC)


@record
class Roles:
    """The roles of conditions in a list.

    Attributes:
        by_type: The roles of those that have one, those that state health first.
        primary: Whether any states the overall health.
        moving: The types of those that state progress.
    """

    by_type: Mapping[str, Role]
    primary: bool
    moving: tuple[str, ...]


@record
class ConditionList:
    """A list of conditions.

    Attributes:
        place: What it is about; empty for the object itself.
        by_type: The conditions.
        roles: What they are for.
    """

    place: str
    by_type: Conditions
    roles: Roles


@record
class Custom:
    """An object of another project's kind."""

    meta: Metadata
    spec: Manifest
    status: Manifest
    manifest: Manifest
    entry: Entry
    conditions: tuple[ConditionList, ...]
    """The object's own list of conditions, and then any further ones."""
    ends: bool
    """Whether it runs to completion."""

    def at(self, *paths: str) -> list[tuple[str, Any]]:
        """What is at these paths, in an order independent of lists and maps; see `find_at`."""
        found: list[tuple[str, Any]] = []
        for path in paths:
            # Most paths are of absent fields.
            if path[:7] == "status." and field_of(path) not in self.status:
                continue
            at_path = list(find_at(self.manifest, path))
            found += sorted(at_path, key=_place) if len(at_path) > 1 else at_path
        return found

    def moved(self) -> datetime | None:
        """The newest transition of its conditions."""
        stated = (entry.since for found in self.conditions for entry in found.by_type.values())
        return max((since for since in stated if since is not None), default=None)

    def is_young(self, context: Context) -> bool:
        """Whether it was created so recently that it need not be up yet."""
        created = self.meta.created
        return created is not None and context.now - created <= context.policy.waiting_after

    def cause(self, reason: str, message: str, since: datetime | None = None) -> Cause:
        """A cause about itself."""
        return Cause(reason, self.meta.kind, self.meta.name, message, since=since)


def _place(found: tuple[str, Any]) -> tuple[str, str]:
    place, value = found
    return place, value if isinstance(value, str) else text(mapping(value).get("message"))


@dataclass(slots=True)
class Finding:
    """One thing that an object states about its health.

    Attributes:
        health: How well it does its job, if this were all that it states.
        activity: What its controller is doing with it.
        up: Whether it serves.
        reason: One word.
        message: A sentence.
        since: When it began.
        cause: What is wrong, in the words of its controller.
        is_weak: Whether it only worsens another finding or adds progress.
        is_late: Whether it has been in progress for too long.
        counts_alone: Whether it counts if nothing else is stated.
    """

    health: Health
    activity: Activity
    up: bool
    reason: str
    message: str
    since: datetime | None = None
    cause: Cause | None = None
    is_weak: bool = False
    is_late: bool = False
    counts_alone: bool = False

    @property
    def counts(self) -> bool:
        """Whether it says by itself how well the object does its job."""
        return not self.is_weak and self.activity is not Activity.SUSPENDED

    @property
    def is_held(self) -> bool:
        """Whether it says that the object was stopped on purpose."""
        return self.activity is Activity.SUSPENDED


def held(reason: str, message: str) -> Finding:
    """A stop on purpose."""
    return Finding(Health.HEALTHY, Activity.SUSPENDED, True, reason, message)


def waiting(
    custom: Custom,
    context: Context,
    reason: str,
    message: str,
    since: datetime | None = None,
    *,
    first: bool = False,
    serving: bool = False,
) -> Finding:
    """Something in progress, which is late after `stuck_after`.

    That counts from `since`, else from its startTime; and else, if it waits for its `first` start,
    from the newest transition in its status or from its creation.
    """
    began = since or time(custom.status.get("startTime"))
    created = custom.meta.created
    if began is None and first:
        began = custom.moved() or created
    if began is not None and (created is not None or began <= _EPOCH):
        # A default such as 1970 is not the time of any event.
        began = max(began, created) if created else None
        since = since and began
    if began is not None and context.now - began > context.policy.stuck_after:
        health = Health.DEGRADED if serving else Health.DOWN
        late = Finding(health, Activity.STEADY, serving, reason, message, began)
        late.is_late = True
        return late
    health = Health.DOWN if first else Health.DEGRADED
    return Finding(health, Activity.PROGRESSING, not first, reason, message, since)
