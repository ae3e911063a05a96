"""The verdict: what an assessment says, and the precedence of its words."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

__all__ = [
    "MAINTENANCE",
    "SEVERITY",
    "UNREAD",
    "Activity",
    "Assessment",
    "Cause",
    "Health",
    "worst",
]

MAINTENANCE = "Maintenance"
"""The reason of what is not well while its owner has announced work on it."""
UNREAD = "EvidenceUnread"
"""The reason of what is not known because something could not be read."""


class Health(StrEnum):
    """How well an object does its job at this moment."""

    HEALTHY = "healthy"
    """It serves all that was asked for, or was told to serve nothing."""
    DEGRADED = "degraded"
    """It serves, but with less than was asked for or with a failed rollout behind it."""
    DOWN = "down"
    """It is wanted, and nothing (or less than its minimum) serves."""
    UNKNOWN = "unknown"
    """It could not be judged: malformed, unreadable, or never looked at by its controller."""
    MISSING = "missing"
    """It does not exist."""


class Activity(StrEnum):
    """What an object's controller is doing with it."""

    STEADY = "steady"
    """Nothing is under way."""
    PROGRESSING = "progressing"
    """The controller moves it towards its spec."""
    SUSPENDED = "suspended"
    """It stands still on purpose: paused, scaled to zero, finished."""
    TERMINATING = "terminating"
    """Its deletion was asked for."""


SEVERITY: tuple[Health, ...] = (
    Health.DOWN,
    Health.UNKNOWN,
    Health.MISSING,
    Health.DEGRADED,
    Health.HEALTHY,
)
"""The precedence of aggregates, worst first. Unknown is never healthy and never down."""

_RANK = {health: rank for rank, health in enumerate(SEVERITY)}


def worst(first: Health, second: Health) -> Health:
    """The one of two healths that stands earlier in `SEVERITY`."""
    return first if _RANK[first] <= _RANK[second] else second


@dataclass(frozen=True, slots=True)
class Cause:
    """One thing that is wrong beneath a verdict; alike ones are counted together.

    Attributes:
        reason: One CamelCase word, Kubernetes' own where it has one.
        kind: Kind of the object that shows it, such as ``Pod``.
        name: Name of that object; of several alike, the first by name.
        message: One sentence for people; may be empty.
        container: Name of the container, where it is one that shows it.
        count: How many objects show it; for an event, how often it was seen.
        since: The earliest time that the API states for it.
    """

    reason: str
    kind: str
    name: str
    message: str = ""
    container: str | None = None
    count: int = 1
    since: datetime | None = None


@dataclass(frozen=True, slots=True)
class Assessment:
    """The answer to one question: is this object doing its job right now?

    Attributes:
        health: How well it does its job.
        activity: What its controller is doing with it.
        up: The line that a monitor's HTTP code follows.
        reason: Why, in one CamelCase word, for machines.
        message: Why, in one sentence with the figures, for people.
        kind: Kubernetes kind of the object; empty where it states none.
        namespace: Its namespace; empty for cluster-scoped objects.
        name: Its name; empty where it states none.
        desired: Replicas asked for, for kinds that count them.
        available: Replicas that serve, for kinds that count them.
        causes: What is wrong beneath it.
        since: Last transition behind this verdict that the API states, in UTC.
        api_version: The object's apiVersion, such as ``apps/v1``; empty where it states none.
        detail: What others say of what is wrong, in their own words: a condition, a container, an
            event. It may name pods and images, which `message` never does.
    """

    health: Health
    activity: Activity
    up: bool
    reason: str
    message: str
    kind: str = ""
    namespace: str = ""
    name: str = ""
    desired: int | None = None
    available: int | None = None
    causes: tuple[Cause, ...] = ()
    since: datetime | None = None
    api_version: str = ""
    detail: str = ""

    @property
    def sentence(self) -> str:
        """The message with what others say, for those who may read it all."""
        return f"{self.message}: {self.detail}" if self.detail else self.message
