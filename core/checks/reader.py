"""The port to a cluster: what a reader is asked, and what its answer is worth.

A reader may answer from memory: a verdict depends on the time it is made at, so a reading is worth
keeping for seconds where a verdict is not. Each reading says when it began and whether it is whole.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Generic, Protocol, Self, TypeVar

from ..gap import Gap
from ..kinds import ServedKinds
from ..model import Manifest
from ..query import Query

__all__ = [
    "ClusterReader",
    "Deadline",
    "Forbidden",
    "Memo",
    "NotFound",
    "NotServed",
    "ReadError",
    "ReadTimeout",
    "Reading",
    "UndiscoveredError",
    "UpstreamError",
]

T = TypeVar("T")


class ReadError(Exception):
    """Something could not be read.

    Attributes:
        what: What was read, such as ``deployments shop/api``.
        problem: What came of it.
        began: When the reading began, by the reader's monotonic clock; None where nobody noted it.
    """

    began: float | None = None

    def __init__(self, what: str, problem: str) -> None:
        super().__init__(what, problem)
        self.what = what
        self.problem = problem

    def __str__(self) -> str:
        """What was read and what came of it."""
        return f"{self.what}: {self.problem}"

    def about(self, what: str) -> Self:
        """The same problem with something else."""
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
    """Part of the API does not answer, so that it is not known whether a kind is served."""


class ReadTimeout(ReadError):
    """The API server did not answer in time."""


@dataclass(frozen=True, slots=True)
class Deadline:
    """The moment until which an answer is worth something.

    Attributes:
        expires: Reading of `clock` at which it is over, in seconds.
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
        """An earlier deadline that leaves a share of the time that is left for something else."""
        return Deadline(self.expires - share * self.remaining(), self.clock)


@dataclass(slots=True, eq=False)
class Memo(Generic[T]):
    """What was last made of something, by whoever made it."""

    made: T | None = None


@dataclass(frozen=True, slots=True)
class Reading:
    """What a reader saw, and what that is worth.

    Attributes:
        objects: The manifests: exactly one for a query by name.
        began: When the reading began, by the clock of its deadline, in seconds.
        stale: Whether it is older than the reader would like, because no newer one was to be had.
        gap: Why it is not whole; None where it is.
        size: About how many bytes its objects take; 0 where nobody counted.
        memo: Where the last verdict on it is kept, as long as it is kept itself.
    """

    objects: tuple[Manifest, ...]
    began: float
    stale: bool = False
    gap: Gap | None = None
    size: int = 0
    memo: Memo[Any] = field(default_factory=Memo[Any], compare=False, repr=False)


class ClusterReader(Protocol):
    """Tells what a cluster holds."""

    def read(self, query: Query, deadline: Deadline) -> Reading:
        """The object or the list that is asked for.

        Raises:
            NotFound: There is no such object; never for a list.
            NotServed: The API server serves no such kind.
            Forbidden: It may not be seen.
            UpstreamError: The answer was no reading.
            ReadTimeout: No answer within the deadline.
        """
        ...

    def discover(self, deadline: Deadline) -> ServedKinds:
        """The kinds that the cluster serves.

        Raises:
            UpstreamError: The answer was no reading.
            ReadTimeout: No answer within the deadline.
        """
        ...

    def ping(self, deadline: Deadline) -> None:
        """Return when whoever is behind the reader answers at all.

        Raises:
            UpstreamError: It answered with an error.
            ReadTimeout: No answer within the deadline.
        """
        ...
