"""The fields that the rules read, and nothing else.

Every object here is made by `manifests`; times are in UTC, counts are whole numbers of zero or
more, and what the API leaves out stands at the value that its absence means.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

__all__ = [
    "Condition",
    "Conditions",
    "Container",
    "DaemonSet",
    "Deployment",
    "Event",
    "Malformed",
    "Metadata",
    "Object",
    "Pod",
    "ReplicaSet",
    "StatefulSet",
    "Termination",
    "Unruled",
    "Workload",
]


@dataclass(frozen=True, slots=True)
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
    created: datetime | None
    terminating: bool
    """Whether its deletion was asked for, be it at a time that cannot be read."""
    deleted: datetime | None
    finalizers: tuple[str, ...]

    @property
    def stale(self) -> bool:
        """Whether the status was written for an older spec than the one that stands."""
        observed, generation = self.observed_generation, self.generation
        return observed is not None and generation is not None and observed < generation


@dataclass(frozen=True, slots=True)
class Condition:
    """One entry of `status.conditions`."""

    type: str
    status: str
    reason: str
    message: str
    since: datetime | None


Conditions = Mapping[str, Condition]
"""Conditions by type: they are looked up, never counted through."""


@dataclass(frozen=True, slots=True)
class Deployment:
    """An apps/v1 Deployment."""

    meta: Metadata
    desired: int
    replicas: int
    updated: int
    available: int
    paused: bool
    conditions: Conditions


@dataclass(frozen=True, slots=True)
class ReplicaSet:
    """An apps/v1 ReplicaSet."""

    meta: Metadata
    desired: int
    replicas: int
    available: int
    conditions: Conditions


@dataclass(frozen=True, slots=True)
class StatefulSet:
    """An apps/v1 StatefulSet."""

    meta: Metadata
    desired: int
    replicas: int
    updated: int
    available: int
    partition: int
    on_delete: bool
    current_revision: str
    update_revision: str
    conditions: Conditions


@dataclass(frozen=True, slots=True)
class DaemonSet:
    """An apps/v1 DaemonSet; `desired` counts the nodes that should run its pod."""

    meta: Metadata
    desired: int
    updated: int
    available: int
    misscheduled: int
    on_delete: bool
    conditions: Conditions


@dataclass(frozen=True, slots=True)
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


@dataclass(frozen=True, slots=True)
class Container:
    """The status of one container; ephemeral containers have none here."""

    name: str
    initial: bool
    """An init container that pods wait for; a native sidecar once started is none."""
    ready: bool
    restarts: int
    running: bool
    waiting_reason: str
    waiting_message: str
    terminated: Termination | None
    last_terminated: Termination | None


@dataclass(frozen=True, slots=True)
class Pod:
    """A v1 Pod."""

    meta: Metadata
    phase: str
    reason: str
    message: str
    conditions: Conditions
    containers: tuple[Container, ...]
    readiness_gates: tuple[str, ...]

    @property
    def finished(self) -> bool:
        """Whether the pod has ended and will not run again."""
        return self.phase in ("Succeeded", "Failed")


@dataclass(frozen=True, slots=True)
class Event:
    """An event of v1 or events.k8s.io/v1: of its times, the one that counts."""

    meta: Metadata
    type: str
    reason: str
    message: str
    involved_kind: str
    involved_name: str
    involved_uid: str
    count: int
    time: datetime | None


@dataclass(frozen=True, slots=True)
class Unruled:
    """An object of a kind that no rule is written for."""

    meta: Metadata


@dataclass(frozen=True, slots=True)
class Malformed:
    """An object that cannot be judged: `problem` names the field and the form it should have."""

    meta: Metadata
    problem: str
    unread: bool = False
    """The status is not there at all: a manifest that no cluster has answered for."""


Workload = Deployment | ReplicaSet | StatefulSet | DaemonSet
Object = Workload | Pod | Event | Unruled | Malformed
