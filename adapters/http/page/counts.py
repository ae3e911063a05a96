"""How many workloads are in which state, in total and by namespace."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from k8s_heartbeat.core import SEVERITY, Assessment, Health

from .states import State

__all__ = ["Count", "Place", "count", "places"]


class Count(NamedTuple):
    """How many workloads have a status.

    Attributes:
        state: The status; not up if any of them is not.
        number: How many have it.
        not_up: How many of them are degraded and not up.
    """

    state: State
    number: int
    not_up: int

    @property
    def text(self) -> str:
        """The count in words, such as ``2 degraded (1 not up)``."""
        text = f"{self.number:,} {self.state.word}"
        return f"{text} ({self.not_up:,} not up)" if self.not_up else text


@dataclass(frozen=True, slots=True)
class Place:
    """A namespace.

    Attributes:
        name: Its name; empty for cluster-scoped objects.
        state: The worst state in it.
        figures: How many of its workloads are in which state.
    """

    name: str
    state: State
    figures: str


def count(items: Iterable[Assessment]) -> list[Count]:
    """The counts of verdicts, worst first, without those that are zero."""
    return _counts(Counter(map(State.of, items)))


def places(items: Iterable[Assessment]) -> list[Place]:
    """The namespaces of verdicts, worst first."""
    found: dict[str, Counter[State]] = {}
    for item in items:
        found.setdefault(item.namespace, Counter())[State.of(item)] += 1
    counted = [(name, _counts(states)) for name, states in found.items()]
    counted.sort(key=lambda entry: (*_rank(entry[1][0].state), entry[0]))
    return [Place(name, counts[0].state, _figures(counts)) for name, counts in counted]


def _counts(states: Counter[State]) -> list[Count]:
    found: list[Count] = []
    for health in SEVERITY:
        up, not_up = states[State(health, up=True)], states[State(health, up=False)]
        if up + not_up:
            below = not_up if health is Health.DEGRADED else 0
            found.append(Count(State(health, up=not not_up), up + not_up, below))
    return found


def _rank(state: State) -> tuple[int, bool]:
    return SEVERITY.index(state.health), state.up


def _figures(counts: Iterable[Count]) -> str:
    total = sum(entry.number for entry in counts)
    bad = [entry.text for entry in counts if entry.state.health is not Health.HEALTHY]
    return f"{', '.join(bad)} of {total:,}" if bad else f"{total:,} healthy"
