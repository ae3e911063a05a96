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
"""The reason for an unhealthy object during announced maintenance."""
UNREAD = "EvidenceUnread"
"""The reason for an unknown verdict if evidence could not be read."""


class Health(StrEnum):
    """How well an object does its job at this moment."""

    HEALTHY = "healthy"
    """It serves all that was requested, or is meant to serve nothing."""
    DEGRADED = "degraded"
    """It serves, but with less than was requested or after a failed rollout."""
    DOWN = "down"
    """It should serve, but nothing (or less than its minimum) does."""
    UNKNOWN = "unknown"
    """It could not be judged: malformed, unreadable, or not yet observed by its controller."""
    MISSING = "missing"
    """It does not exist."""


class Activity(StrEnum):
    """What an object's controller is doing with it."""

    STEADY = "steady"
    """Nothing is under way."""
    PROGRESSING = "progressing"
    """The controller moves it towards its spec."""
    SUSPENDED = "suspended"
    """It is idle on purpose: paused, scaled to zero, finished."""
    TERMINATING = "terminating"
    """Its deletion was requested."""


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
    """The worse of two healths, by the order of `SEVERITY`."""
    return first if _RANK[first] <= _RANK[second] else second


@dataclass(frozen=True, slots=True)
class Cause:
    """One problem behind a verdict; similar problems are counted together.

    Attributes:
        reason: One CamelCase word, Kubernetes' own where it has one.
        kind: Kind of the object that shows it, such as ``Pod``.
        name: Name of that object, or the first by name of several.
        message: One sentence for people; may be empty.
        container: Name of the container, if one shows it.
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
        up: The value that a monitor's HTTP code follows.
        reason: Why, in one CamelCase word, for machines.
        message: Why, in one sentence with the figures, for people.
        kind: Kubernetes kind of the object; empty if it states none.
        namespace: Its namespace; empty for cluster-scoped objects.
        name: Its name; empty if it states none.
        desired: Desired replicas, for kinds that count them.
        available: Replicas that serve, for kinds that count them.
        causes: The problems behind it.
        since: Last transition behind this verdict that the API states, in UTC.
        api_version: The object's apiVersion, such as ``apps/v1``; empty if it states none.
        detail: The cluster's own message about the problem: of a condition, a container or an
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
        """The message and the detail, for callers that may read both."""
        return f"{self.message}: {self.detail}" if self.detail else self.message
