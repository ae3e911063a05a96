"""Many questions about one kind in one namespace, answered from one LIST of all its objects.

A query is for an object by its name, or for the objects that a selector matches. Each is passed on
until there were so many within the lifetime of a reading that a LIST of everything costs no more;
from then on a LIST answers them for as long as it is fresh. A LIST is fetched in the background,
without delaying the queries, and if that fails they are passed on as before.

The cost of a query is counted in objects of a LIST. For a client a GET costs as much as 13 to 22 of
them, measured on Pods and Deployments. For the API server, whose Priority and Fairness gives a GET
one seat, it is one seat's worth of a LIST: 100,000 bytes, or with the estimate by count 50 objects
read from etcd and 100 from the watch cache. A LIST by a selector gets seats as if it matched
everything, so there the bound is the cost to transfer and to keep its response
(apiserver/pkg/util/flowcontrol/request/list_work_estimator.go).
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from cachetools import LRUCache

from k8s_heartbeat.core.checks.reader import (
    ClusterReader,
    Deadline,
    Forbidden,
    NotFound,
    NotServed,
    ReadError,
    Reading,
)
from k8s_heartbeat.core.fields import mapping, text
from k8s_heartbeat.core.kinds import Kind, ServedKinds
from k8s_heartbeat.core.query import Query
from k8s_heartbeat.core.selectors import LabelSelector

from ..memory import Memory
from .decode import size_of

__all__ = ["MOST_FETCHING", "BoundedReader", "SharedLists"]

MOST_FETCHING = 2
"""LISTs that are fetched at once, at most."""

_Key = tuple[Kind, str]
"""A kind, and a namespace or the empty text."""

# In objects of a LIST: what one GET is worth, and one LIST by a selector.
_BY_NAME = 20
_BY_SELECTOR = 100
# Below that a LIST would save next to nothing: 15 names, or 3 selectors, in a lifetime.
_LEAST = 300
# Seconds: how long no LIST is tried after it was refused, or the kind is not served; after it
# failed or took too long; and how long the number of objects is remembered.
_REFUSED = 300.0
_FAILED = 30.0
_COUNTED = 600.0
_MOST_KEYS = 4_096
_KEPT = 64 * 2**20
# Approximate bytes of an object in the indexes of a LIST.
_INDEXED = 400


class BoundedReader(ClusterReader, Protocol):
    """A reader whose lists can be bounded."""

    def read(self, query: Query, deadline: Deadline, most: int = ...) -> Reading:
        """See `ClusterReader.read`; a list that has more objects than `most` may be cut."""
        ...


class SharedLists:
    """A `ClusterReader` that reads a whole list if many queries are for parts of it.

    Args:
        reader: The reader that it calls.
        clock: A monotonic clock, in seconds; that of every deadline.
        lifetime: How long a reading counts as fresh, in seconds.
        timeout: How long a LIST may take, in seconds; half of the lifetime where that is less.
        memory: The budget of the LISTs.
        start: Runs a function in the background.
    """

    def __init__(
        self,
        reader: BoundedReader,
        *,
        clock: Callable[[], float],
        lifetime: float,
        timeout: float,
        memory: Memory,
        start: Callable[[Callable[[], None]], None] | None = None,
    ) -> None:
        self._reader = reader
        self._clock = clock
        self._lifetime = lifetime
        self._timeout = min(timeout, lifetime / 2)
        self._memory = memory
        self._start = start or _start_thread
        self._demands: LRUCache[_Key, _Demand] = LRUCache(_MOST_KEYS)
        self._listings = memory.shelf(_KEPT, clock=clock, ends=self._ends, size=_size_of)
        self._fetching = 0

    def read(self, query: Query, deadline: Deadline) -> Reading:
        """See `ClusterReader.read`; an answer from a LIST is as old as the LIST."""
        worth = _worth_of(query)
        if not worth:
            return self._reader.read(query, deadline)
        listing = self._listing(query, worth)
        if listing is not None:
            return listing.answer(query)
        try:
            return self._reader.read(query, deadline)
        except Forbidden:
            # An object that may not be read is not shown from a LIST.
            self._give_up(_key_of(query), _REFUSED)
            raise

    def discover(self, deadline: Deadline) -> ServedKinds:
        """See `ClusterReader.discover`."""
        return self._reader.discover(deadline)

    def ping(self, deadline: Deadline) -> None:
        """See `ClusterReader.ping`."""
        self._reader.ping(deadline)

    def _listing(self, query: Query, worth: int) -> _Listing | None:
        """The fresh LIST that answers a query; None if there is none."""
        key = _key_of(query)
        with self._memory.lock:
            demand = self._demands.get(key)
            if demand is None:
                demand = self._demands[key] = _Demand(self._lifetime)
            now = self._clock()
            demand.add(worth, now)
            if demand.fetching or self._fetching >= MOST_FETCHING or not demand.pays(now):
                # A LIST that is too old is no longer kept.
                return self._listings.get(key)
            demand.fetching = True
            self._fetching += 1
        try:
            self._start(lambda: self._fetch(key, demand))
        except RuntimeError:
            # No thread can be started.
            self._landed(key, demand, None, _FAILED)
        with self._memory.lock:
            return self._listings.get(key)

    def _fetch(self, key: _Key, demand: _Demand) -> None:
        """Fetch a LIST and keep it; if that fails, set when to try again."""
        listing, pause = None, _FAILED
        try:
            began = self._clock()
            deadline = Deadline.after(self._timeout, self._clock)
            most = demand.bound(began)
            reading = self._reader.read(Query(*key), deadline, most)
            if reading.gap is not None:
                demand.cut(most, self._clock())
                pause = 0.0
            else:
                listing = _Listing.of(reading)
        except (Forbidden, NotServed):
            pause = _REFUSED
        except ReadError:
            pause = _FAILED
        finally:
            self._landed(key, demand, listing, pause)

    def _landed(self, key: _Key, demand: _Demand, listing: _Listing | None, pause: float) -> None:
        now = self._clock()
        with self._memory.lock:
            demand.fetching = False
            self._fetching -= 1
            if listing is None:
                demand.not_before = max(demand.not_before, now + pause)
            elif now >= demand.not_before:
                demand.count(len(listing.objects), now)
                # The next one must be there before this one is too old.
                ahead = min(2 * (now - listing.began), self._lifetime / 2)
                demand.not_before = listing.began + self._lifetime - ahead
                if listing.size <= self._listings.maxsize:
                    self._listings[key] = listing
                    self._memory.fit()

    def _give_up(self, key: _Key, pause: float) -> None:
        with self._memory.lock:
            self._listings.pop(key, None)
            demand = self._demands.get(key)
            if demand is not None:
                demand.not_before = self._clock() + pause

    def _ends(self, _: object, listing: _Listing, __: float) -> float:
        return listing.began + self._lifetime


@dataclass(slots=True)
class _Demand:
    """The recent queries for one kind and namespace, and what is known of its LIST.

    Attributes:
        lifetime: How long a LIST would answer, in seconds.
        not_before: When a LIST is tried at the earliest.
        fetching: Whether one is being fetched.
    """

    lifetime: float
    not_before: float = float("-inf")
    fetching: bool = False
    _began: float = float("-inf")
    _current: int = 0
    _before: int = 0
    _objects: int = 0
    _is_whole: bool = True
    _counted: float = float("-inf")

    def add(self, worth: int, now: float) -> None:
        """Add a query."""
        passed = now - self._began
        if passed >= 2 * self.lifetime:
            self._began, self._before, self._current = now, 0, 0
        elif passed >= self.lifetime:
            self._began += self.lifetime
            self._before, self._current = self._current, 0
        self._current += worth

    def at(self, now: float) -> int:
        """The cost of the queries within one lifetime, in objects."""
        left = max(0.0, 1 - (now - self._began) / self.lifetime)
        return self._current + int(left * self._before)

    def count(self, objects: int, now: float) -> None:
        """Note that a LIST has this number of objects."""
        self._objects, self._is_whole, self._counted = objects, True, now

    def cut(self, objects: int, now: float) -> None:
        """Note that a LIST has more objects than this."""
        self._objects, self._is_whole, self._counted = objects, False, now

    def pays(self, now: float) -> bool:
        """Whether a LIST costs no more than the queries, as far as is known."""
        return now >= self.not_before and self.at(now) >= max(_LEAST, self._needed(now))

    def bound(self, now: float) -> int:
        """How many objects a LIST may have, with a margin for new ones."""
        return max(self.at(now), self._needed(now) * 5 // 4 if self._is_whole else 0)

    def _needed(self, now: float) -> int:
        """The least cost of queries at which to read a LIST of everything."""
        passed = now - self._counted
        if passed >= _COUNTED:
            return 0
        if self._is_whole:
            return self._objects
        # Demand is noticed while it still grows, and all LISTs that are cut until a whole one is
        # worth it are to have no more objects than that.
        return self._objects * 2 if passed < self.lifetime else self._objects * 5 // 4


@dataclass(slots=True, eq=False)
class _Listing:
    """All objects of one kind in one namespace.

    Attributes:
        objects: In the order of the LIST.
        began: When it was begun, by the clock.
        size: About how many bytes it takes.
        by_name: The objects by their names.
    """

    objects: Sequence[Mapping[str, Any]]
    began: float
    size: int
    by_name: Mapping[str, Mapping[str, Any]]
    _by_label: Mapping[tuple[str, str], Sequence[int]] | None = None

    @classmethod
    def of(cls, reading: Reading) -> _Listing | None:
        """The objects of a whole reading; None where a name has two of them."""
        objects = reading.objects
        by_name = {text(_metadata(entry).get("name")): entry for entry in objects}
        if len(by_name) < len(objects):
            return None
        size = reading.size + _INDEXED * len(objects)
        return cls(objects, reading.began, size, by_name)

    def answer(self, query: Query) -> Reading:
        """The answer of the API server at the time when the LIST began.

        Raises:
            NotFound: There is no such object.
        """
        found: Sequence[Mapping[str, Any]]
        if query.name:
            if query.name not in self.by_name:
                error = NotFound(str(query), "not found")
                error.began = self.began
                raise error
            found = (self.by_name[query.name],)
        else:
            found = self._matching(query.selector or LabelSelector())
        return Reading(tuple(found), self.began, size=sum(map(size_of, found)))

    def _matching(self, selector: LabelSelector) -> list[Mapping[str, Any]]:
        return [
            self.objects[at]
            for at in self._candidates(selector)
            if selector.matches(mapping(_metadata(self.objects[at]).get("labels")))
        ]

    def _candidates(self, selector: LabelSelector) -> Sequence[int]:
        """Where the objects are that may match: all, where no label must have one value."""
        index = self._labels()
        stated = [
            index.get((requirement.key, requirement.values[0]), [])
            for requirement in selector.requirements
            if requirement.operator == "In" and len(requirement.values) == 1
        ]
        return min(stated, key=len, default=range(len(self.objects)))

    def _labels(self) -> Mapping[tuple[str, str], Sequence[int]]:
        """Where the objects are that have a label, by its key and value."""
        if self._by_label is None:
            index: dict[tuple[str, str], list[int]] = {}
            for at, entry in enumerate(self.objects):
                for key, value in mapping(_metadata(entry).get("labels")).items():
                    if isinstance(value, str):
                        index.setdefault((key, value), []).append(at)
            self._by_label = index
        return self._by_label


def _worth_of(query: Query) -> int:
    """The cost of a query; 0 if a LIST of everything cannot answer it better."""
    if query.kind.list_fields:
        # Its lists leave something out.
        return 0
    if query.name:
        return _BY_NAME
    return _BY_SELECTOR if query.selector is not None and query.selector.requirements else 0


def _key_of(query: Query) -> _Key:
    return query.kind, query.namespace


def _metadata(manifest: Mapping[str, Any]) -> Mapping[str, Any]:
    return mapping(manifest.get("metadata"))


def _size_of(listing: _Listing) -> int:
    return listing.size


def _start_thread(fetch: Callable[[], None]) -> None:
    threading.Thread(target=fetch, name="shared-list", daemon=True).start()
