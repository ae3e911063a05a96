"""Models that several modules share: metadata, conditions, pods and events.

The models of the other kinds are next to their rules, in `rules`. Times are in UTC, counts are
whole numbers of zero or more, and an absent field has the value that its absence means.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar, dataclass_transform

from .times import time

__all__ = [
    "Condition",
    "Conditions",
    "Container",
    "Event",
    "Malformed",
    "Manifest",
    "Metadata",
    "Other",
    "Pod",
    "Related",
    "Source",
    "Termination",
    "record",
]

Manifest = Mapping[str, Any]
"""An object as the Kubernetes API gives it: decoded JSON."""

T = TypeVar("T")


@dataclass_transform(frozen_default=True)
def record(cls: type[T]) -> type[T]:
    """A slotted dataclass that type checkers treat as frozen.

    A dataclass that is frozen at run time takes five times as long to create, and a verdict needs
    half a dozen.
    """
    return dataclass(slots=True)(cls)


@record
class Metadata:
    """What is read of an object's metadata, and how far its controller has observed it."""

    kind: str
    namespace: str
    name: str
    uid: str
    owner_uid: str
    """UID of the controller owner; empty for an object that nothing controls."""
    generation: int | None
    observed_generation: int | None
    terminating: bool
    """Whether its deletion was requested, even if the time is malformed."""
    deleted: datetime | None
    finalizers: tuple[str, ...]
    annotations: Mapping[str, object]
    """Those that a rule reads, unparsed; see `annotations`."""
    creation: str | datetime | None = None
    """Its creationTimestamp, unparsed because few rules read it."""

    @property
    def created(self) -> datetime | None:
        """When it was created; None if that is not stated."""
        return time(self.creation)

    @property
    def stale(self) -> bool:
        """Whether the status was written for an older spec than the current one."""
        observed, generation = self.observed_generation, self.generation
        return observed is not None and generation is not None and observed < generation


@record
class Condition:
    """One entry of `status.conditions`."""

    type: str
    status: str
    reason: str
    message: str
    since: datetime | None
    severity: str = ""
    """Knative only: if not empty, the condition cannot fail its object."""
    observed: int | None = None
    """The generation that it was stated for, if given."""


Conditions = Mapping[str, Condition]
"""Conditions by type: their order means nothing."""


@record
class Source:
    """An object before its rule has read it.

    Attributes:
        meta: Its metadata.
        spec: Its `spec`; empty if it has none.
        status: Its `status`; empty if it has none.
        manifest: All of it.
    """

    meta: Metadata
    spec: Manifest
    status: Manifest
    manifest: Manifest


@record
class Termination:
    """How a run of a container ended."""

    reason: str
    exit_code: int
    started: datetime | None
    finished: datetime | None

    @property
    def failed(self) -> bool:
        """Whether the run ended other than by finishing its work."""
        return self.exit_code != 0 or self.reason == "OOMKilled"


@record
class Container:
    """The status of one container; ephemeral containers have none here."""

    name: str
    initial: bool
    """Whether it is an init container; a native sidecar that has started is not."""
    ready: bool
    restarts: int
    running: bool
    running_since: datetime | None
    waiting_reason: str
    waiting_message: str
    terminated: Termination | None
    last_terminated: Termination | None


@record
class Pod:
    """A v1 Pod."""

    meta: Metadata
    phase: str
    reason: str
    message: str
    conditions: Conditions
    containers: tuple[Container, ...]
    readiness_gates: tuple[str, ...]
    claims: tuple[str, ...]
    """Names of the PersistentVolumeClaims that its volumes use."""
    assigned: bool = False
    """Whether it has a node."""
    scheduler: str = ""
    """The scheduler that must find one."""
    started: datetime | None = None
    """When a kubelet accepted it."""

    @property
    def finished(self) -> bool:
        """Whether the pod has ended and will not run again."""
        return self.phase in ("Succeeded", "Failed")


@record
class Event:
    """An event of v1 or events.k8s.io/v1, with only its relevant time."""

    meta: Metadata
    type: str
    reason: str
    message: str
    involved_kind: str
    involved_name: str
    involved_uid: str
    count: int
    time: datetime | None


@record
class Other:
    """A related object of which only the metadata is used: a ReplicaSet, a Job."""

    meta: Metadata


@record
class Malformed:
    """An object that cannot be judged: `problem` names the field and the form it should have."""

    meta: Metadata
    problem: str
    unread: bool = False
    """Whether the status is absent, as in a manifest that was never applied."""


Related = Pod | Event | Other | Malformed
"""A parsed related object."""
