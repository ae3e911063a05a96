"""Verdicts on groups, each computed once per lifetime of a reading for all callers.

What is kept is the same for all callers: what each one may see is decided for each answer.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import datetime
from typing import Any, cast

from k8s_heartbeat.core import RULES, Policy, Rules, summarize
from k8s_heartbeat.core.assessment import Assessment
from k8s_heartbeat.core.checks.component import Component, check_component
from k8s_heartbeat.core.checks.overview import Overview
from k8s_heartbeat.core.checks.reader import ClusterReader, Deadline, ReadError
from k8s_heartbeat.core.checks.readings import Worth
from k8s_heartbeat.core.checks.result import SelectionResult
from k8s_heartbeat.core.checks.selection import Selection, check_selection

from .cache import Cache, Entry, Flight, Lifetimes
from .memory import Memory
from .slots import ComputeSlots

__all__ = ["Groups"]

_KEPT = 32 * 2**20
_REFUSED = 2**20
# Thousands of overviews, as the members of only a few large components fit in the other.
_OVERVIEWS = 8 * 2**20
# Approximate bytes of a member's verdict, of each cause, of a list and of a label.
_VERDICT, _CAUSE, _LIST, _LABEL = 1_500, 500, 400, 150


class Groups:
    """Checks selections and components, and shares the results.

    Args:
        reader: Where objects are read; it leaves its caller's slot while it waits.
        policy: The parameters of the rules for selections.
        rules: Which rule judges which kind.
        clock: A monotonic clock, in seconds; that of every deadline.
        lifetimes: How long verdicts are shared: as long as readings are.
        memory: The budget of the results.
        places: How many callers may compute or wait for a group at one moment.
        slots: Their compute slots.
    """

    def __init__(
        self,
        reader: ClusterReader,
        policy: Policy,
        *,
        rules: Rules = RULES,
        clock: Callable[[], float],
        lifetimes: Lifetimes,
        memory: Memory,
        places: threading.Semaphore,
        slots: ComputeSlots,
    ) -> None:
        self._reader = reader
        self._policy = policy
        self._rules = rules
        self._clock = clock
        self._lifetimes = lifetimes
        self._slots = slots
        self._memory = memory
        self._results: Cache[Selection | Component, SelectionResult] = Cache(
            memory, clock, lifetimes, places, kept=_KEPT, refused=_REFUSED
        ).counted("groups")
        # Members may be evicted while the overview of them is kept.
        self._overviews: Cache[Component, Overview] = Cache(
            memory, clock, lifetimes, places, kept=_OVERVIEWS, refused=0
        ).counted("groups")

    def answering(self) -> AbstractContextManager[None]:
        """Wraps a check and its answer, so that the results are counted while they are in use."""
        return self._memory.holding()

    def computing(self, deadline: Deadline) -> AbstractContextManager[None]:
        """Wraps the rendering of a result, which takes a while too for thousands of members.

        Raises:
            ReadTimeout: No slot became free in time.
        """
        return self._slots.taken(deadline)

    def check(
        self, group: Selection | Component, now: datetime, deadline: Deadline
    ) -> SelectionResult:
        """The verdicts on the members of a group.

        Args:
            group: Which.
            now: The time to judge at, timezone-aware.
            deadline: When the answer must be there.

        Raises:
            InvalidQuery: The namespace cannot exist, or a kind is cluster-scoped.
            NotServed: The cluster serves no such kind.
            ReadError: Nothing of it could be read.
        """
        result, _ = self._shared(group, now, deadline)
        return result

    def overview(self, component: Component, now: datetime, deadline: Deadline) -> Overview:
        """A component without most of its members; see `check`.

        It is kept where there is no room for all members of many components.
        """
        cache = self._overviews
        entry = cache.recall(component)
        if entry is not None:
            return entry.value
        began = self._clock()
        try:
            # In hand for this component alone: those of many would not fit.
            with self._memory.holding():
                result, fresh = self._shared(component, now, deadline)
                with self._slots.taken(deadline):
                    summary = summarize(result.assessments, component.up)
                    found = Overview.of(component, summary, result.worth(self._clock()))
        except ReadError as error:
            began = began if error.began is None else error.began
            failed = Entry(cast("Overview", None), error, began, began, began, 0)
            found = cache.settled(component, failed).value
            return replace(found, read=replace(found.read, stale=True))
        ends = max(fresh, found.read.began + self._lifetimes.stale)
        size = _size_of((found.verdict, *found.items))
        with self._memory.lock:
            cache.keep(component, Entry(found, None, found.read.began, fresh, ends, size))
        return found

    def _shared(
        self, group: Selection | Component, now: datetime, deadline: Deadline
    ) -> tuple[SelectionResult, float]:
        """A result, and until when it counts as fresh."""
        entry = self._results.recall(group)
        if entry is None:
            with Flight(self._results, group, deadline) as flight:
                if flight.leads:
                    with self._slots.taken(deadline), self._memory.holding():
                        result = self._checked(group, now, deadline)
                    failure = result.failure()
                    if failure is not None:
                        raise failure
                    began = result.worth(self._clock()).began
                    # A failure may be over sooner.
                    fresh = self._clock() + self._lifetimes.failure if result.faulty else None
                    flight.land(result, _size_of_result(result), began=began, fresh=fresh)
            entry = flight.entry
        fresh, stands_in = entry.fresh, entry.error is not None
        if stands_in:
            entry = self._results.settled(group, entry)
        self._memory.hand_over(self._results.kept, group, entry, entry.size)
        return (replace(entry.value, stale=True) if stands_in else entry.value), fresh

    def worth(self, result: SelectionResult | Overview) -> Worth:
        """What a result is worth now: the readings behind it age after it was made."""
        now = self._clock()
        found = result.read if isinstance(result, Overview) else result.worth(now)
        is_old = found.age(now) > self._lifetimes.reading
        return replace(found, stale=True) if is_old else found

    def _checked(
        self, group: Selection | Component, now: datetime, deadline: Deadline
    ) -> SelectionResult:
        if isinstance(group, Component):
            return check_component(
                self._reader, group, now=now, deadline=deadline, rules=self._rules
            )
        return check_selection(
            self._reader,
            group,
            now=now,
            deadline=deadline,
            policy=self._policy,
            rules=self._rules,
        )


def _size_of_labels(labels: Mapping[str, Any]) -> int:
    return sum(_LABEL + len(key) + len(str(value)) for key, value in labels.items())


def _size_of(assessments: Sequence[Assessment]) -> int:
    causes = sum(len(assessment.causes) for assessment in assessments)
    return _VERDICT * len(assessments) + _CAUSE * causes


def _size_of_result(result: SelectionResult) -> int:
    labels = sum(_size_of_labels(member.labels) for member in result.members)
    verdicts = _size_of([member.assessment for member in result.members])
    return verdicts + _LIST * len(result.lists) + labels
