"""The port to a cluster: what a reader returns, and how current that is.

A reader may answer from a cache: a verdict depends on the time it is made at, so a reading can be
cached for seconds but a verdict cannot. Each reading says when it began and if it is complete.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol, Self

from ..gap import Gap
from ..kinds import ServedKinds
from ..model import Manifest
from ..query import Query

__all__ = [
    "ClusterReader",
    "Deadline",
    "Forbidden",
    "NotFound",
    "NotServed",
    "ReadError",
    "ReadTimeout",
    "Reading",
    "UndiscoveredError",
    "UpstreamError",
]


class ReadError(Exception):
    """Something could not be read.

    Attributes:
        what: What was read, such as ``deployments shop/api``.
        problem: What went wrong.
        began: When the reading began, by the reader's monotonic clock; None if not known.
    """

    began: float | None = None

    def __init__(self, what: str, problem: str) -> None:
        super().__init__(what, problem)
        self.what = what
        self.problem = problem

    def __str__(self) -> str:
        """What was read and what went wrong."""
        return f"{self.what}: {self.problem}"

    def about(self, what: str) -> Self:
        """The same problem for something else."""
        other = copy.copy(self)
        other.what = what
        return other


class NotFound(ReadError):
    """The API server says that the object does not exist."""


class NotServed(ReadError):
    """The API server serves no such kind."""


class Forbidden(ReadError):
    """The API server's RBAC does not let the service see the object."""


class UpstreamError(ReadError):
    """The API server refused, answered with an error, or with something unreadable."""


class UndiscoveredError(UpstreamError):
    """Part of the API does not answer, so it is unknown whether a kind is served."""


class ReadTimeout(ReadError):
    """The API server did not answer in time."""


@dataclass(frozen=True, slots=True)
class Deadline:
    """The moment by which an answer is needed.

    Attributes:
        expires: Time of `clock` at which it expires, in seconds.
        clock: A monotonic clock, in seconds.
    """

    expires: float
    clock: Callable[[], float]

    @classmethod
    def after(cls, seconds: float, clock: Callable[[], float]) -> Deadline:
        """A deadline some seconds from now."""
        return cls(clock() + seconds, clock)

    def remaining(self) -> float:
        """Seconds left; 0 once it is over."""
        return max(0.0, self.expires - self.clock())

    def reserving(self, share: float) -> Deadline:
        """An earlier deadline that reserves a share of the remaining time for something else."""
        return Deadline(self.expires - share * self.remaining(), self.clock)


@dataclass(frozen=True, slots=True)
class Reading:
    """What a reader read, and how current it is.

    Attributes:
        objects: The manifests: exactly one for a query by name.
        began: When the reading began, by the clock of its deadline, in seconds.
        stale: Whether it is older than the reader wants, because no newer one was available.
        gap: Why it is incomplete; None if it is not.
        size: About how many bytes its objects take; 0 if not counted.
        memo: Holds the last verdict on it, for as long as it is cached itself.
    """

    objects: tuple[Manifest, ...]
    began: float
    stale: bool = False
    gap: Gap | None = None
    size: int = 0
    memo: dict[str, Any] = field(default_factory=dict[str, Any], compare=False, repr=False)


class ClusterReader(Protocol):
    """Reads from a cluster."""

    def read(self, query: Query, deadline: Deadline) -> Reading:
        """Read the object or the list of a query.

        Raises:
            NotFound: There is no such object; never for a list.
            NotServed: The API server serves no such kind.
            Forbidden: It may not be seen.
            UpstreamError: The answer was not usable.
            ReadTimeout: No answer within the deadline.
        """
        ...

    def discover(self, deadline: Deadline) -> ServedKinds:
        """The kinds that the cluster serves.

        Raises:
            UpstreamError: The answer was not usable.
            ReadTimeout: No answer within the deadline.
        """
        ...

    def ping(self, deadline: Deadline) -> None:
        """Return once the API behind the reader answers at all.

        Raises:
            UpstreamError: It answered with an error.
            ReadTimeout: No answer within the deadline.
        """
        ...
