"""A reader of objects at hand, for the tests of what is made of readings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from k8s_heartbeat.core.checks.reader import Deadline, NotFound, ReadError, Reading
from k8s_heartbeat.core.gap import Gap, GapReason
from k8s_heartbeat.core.kinds import ServedKinds, kind_of
from k8s_heartbeat.core.query import Query
from tests.builders import Manifest

MOMENT = 100.0
"""What the clock reads, which stands still."""
DEADLINE = Deadline(MOMENT + 5.0, lambda: MOMENT)


@dataclass
class Shelf:
    """A reader of what lies on it; it notes what it was asked.

    Attributes:
        objects: What lies on it.
        errors: Raised for the lists of a plural; "discovery" for the kinds.
        truncated: Plurals of which there are more than it gives; "discovery" for the kinds.
        ages: How long ago a plural's readings began, in seconds; from 5 on they are stale.
        resources: What discovery tells.
        asked: Every query as it prints, with its selector.
        discoveries: How often it was asked for the kinds.
    """

    objects: Sequence[Manifest] = ()
    errors: Mapping[str, ReadError] = field(default_factory=dict[str, ReadError])
    truncated: Sequence[str] = ()
    ages: Mapping[str, float] = field(default_factory=dict[str, float])
    resources: Sequence[Manifest] = ()
    asked: list[str] = field(default_factory=list[str])
    discoveries: int = 0

    def read(self, query: Query, deadline: Deadline) -> Reading:
        """What lies there under a kind, and under a name if one is asked for."""
        assert deadline.clock is DEADLINE.clock
        assert deadline.expires <= DEADLINE.expires
        self.asked.append(f"{query} {query.selector or ''}".strip())
        plural = query.kind.plural
        if plural in self.errors:
            raise self.errors[plural]
        found = tuple(entry for entry in self.objects if _is_asked_for(entry, query))
        if query.name and not found:
            raise NotFound(str(query), "there is none")
        age = self.ages.get(plural, 0.0)
        gap = None
        if not query.name and plural in self.truncated:
            gap = Gap(GapReason.CUT, query.kind, "", "there are more than were read")
        return Reading(found, MOMENT - age, age >= 5.0, gap)

    def discover(self, deadline: Deadline) -> ServedKinds:
        """The kinds that it was told."""
        self.discoveries += 1
        if "discovery" in self.errors:
            raise self.errors["discovery"]
        kinds = filter(None, map(kind_of, self.resources))
        began = MOMENT - self.ages.get("discovery", 0.0)
        return ServedKinds(kinds, whole="discovery" not in self.truncated, began=began)

    def ping(self, deadline: Deadline) -> None:
        """A shelf always answers."""


def named(manifest: Manifest, name: str, namespace: str = "shop", **metadata: Any) -> Manifest:
    """The object under another name and UID, with more of its metadata."""
    own = {"name": name, "namespace": namespace, "uid": f"{manifest['kind']}/{namespace}/{name}"}
    return {**manifest, "metadata": {**manifest["metadata"], **own, **metadata}}


def _is_asked_for(manifest: Manifest, query: Query) -> bool:
    metadata = manifest["metadata"]
    return (
        (manifest["kind"], manifest["apiVersion"]) == (query.kind.kind, query.kind.api_version)
        and query.name in ("", metadata["name"])
        and query.namespace in ("", metadata.get("namespace", ""))
    )
