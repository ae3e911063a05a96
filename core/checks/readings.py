"""The readings behind one answer, and how current they are together."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ..gap import Gap, GapReason
from ..model import Manifest
from ..query import Query
from ..related import RelatedObjects
from .reader import (
    ClusterReader,
    Deadline,
    Forbidden,
    NotFound,
    NotServed,
    ReadError,
    Reading,
)

__all__ = ["Part", "Readings", "Worth", "read", "reason_of"]


@dataclass(frozen=True, slots=True)
class Worth:
    """How old an answer is.

    Attributes:
        began: When the oldest reading behind it began, by the reader's monotonic clock.
        stale: Whether any reading behind it is older than the reader wants.
    """

    began: float
    stale: bool = False

    @classmethod
    def worst(cls, worths: Iterable[Worth], now: float) -> Worth:
        """The worst of these: the oldest, stale if any is; without any, as if read `now`."""
        stale = False
        for entry in worths:
            now, stale = min(now, entry.began), stale or entry.stale
        return cls(now, stale)

    def age(self, now: float) -> float:
        """Seconds from the beginning of the oldest reading until `now` on the same clock."""
        return max(0.0, now - self.began)


@dataclass(frozen=True, slots=True)
class Part:
    """One reading behind an answer.

    Attributes:
        objects: What was read.
        worth: How old it is.
        gap: Why it is incomplete; None if it is not.
        error: Why nothing was read; None if something was.
    """

    objects: Sequence[Manifest]
    worth: Worth
    gap: Gap | None = None
    error: ReadError | None = None


class Readings:
    """Everything that is read for one answer, each part once; errors are kept and not raised.

    Args:
        reader: Where it is read.
        deadline: When all of it must have been read.

    Attributes:
        related: All objects that were read.
        failed: Whether any reading failed that may succeed the next time: one that was refused
            or not served does not count.
    """

    def __init__(self, reader: ClusterReader, deadline: Deadline) -> None:
        self.related: RelatedObjects = RelatedObjects()
        self.failed: bool = False
        self._reader = reader
        self._deadline = deadline
        self._parts: dict[Query, Part] = {}

    def read(self, query: Query) -> Part:
        """Read something, unless it was read already."""
        part = self._parts.get(query)
        if part is not None:
            return part
        try:
            reading = read(self._reader, query, self._deadline)
        except ReadError as error:
            # That a named object does not exist is a complete answer.
            gap = None if isinstance(error, NotFound) else _gap(query, error)
            self.failed |= gap is not None and gap.reason is GapReason.FAILED
            part = Part((), Worth(error.began or 0.0), gap, error)
        else:
            return self.take(query, reading)
        self._parts[query] = part
        return part

    def take(self, query: Query, reading: Reading) -> Part:
        """Add what was read already."""
        self.related.add(reading.objects)
        part = Part(reading.objects, Worth(reading.began, reading.stale), reading.gap)
        self._parts[query] = part
        return part

    def are_only(self, query: Query) -> bool:
        """Whether nothing else was read."""
        return self._parts.keys() == {query}

    def worth(self, queries: Iterable[Query] | None = None) -> Worth:
        """The lowest worth of these parts; of all of them if none are named."""
        began, stale = self._deadline.clock(), False
        for query in self._parts if queries is None else queries:
            worth = self._parts[query].worth
            began, stale = min(began, worth.began), stale or worth.stale
        return Worth(began, stale)


def read(reader: ClusterReader, query: Query, deadline: Deadline) -> Reading:
    """A reading; an error says when it began.

    Raises:
        ReadError: There is none.
    """
    began = deadline.clock()
    try:
        return reader.read(query, deadline)
    except ReadError as error:
        if error.began is None:
            error.began = began
        raise


def reason_of(error: ReadError) -> GapReason:
    """Why an error leaves something unread."""
    if isinstance(error, Forbidden):
        return GapReason.REFUSED
    return GapReason.NOT_SERVED if isinstance(error, NotServed) else GapReason.FAILED


def _gap(query: Query, error: ReadError) -> Gap:
    return Gap(reason_of(error), query.kind, query.name, error.problem)
