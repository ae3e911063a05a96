"""The headline of a page: one sentence on what is most wrong, or that nothing is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from k8s_heartbeat.core import SEVERITY, Assessment, Health, Summary
from k8s_heartbeat.core.checks.overview import Overview

from .contents import Contents
from .lines import Lines
from .phrases import counted
from .states import UNKNOWN, State

__all__ = ["headline_of_all", "headline_of_components", "headline_of_object"]

_STATES = {
    Health.DOWN: "is down",
    Health.UNKNOWN: "could not be judged",
    Health.MISSING: "is missing",
    Health.DEGRADED: "is degraded",
    Health.HEALTHY: "is not up",
}
_LACKS_A_MEMBER = "lacks a member"


@dataclass(frozen=True, slots=True)
class _Verdict:
    """A component or an object that the sentence may name.

    Attributes:
        name: What people call it.
        state: Its state.
        members: The verdicts behind it.
        is_group: Whether it is a component.
    """

    name: str
    state: State
    members: Sequence[Assessment]
    is_group: bool = False

    @property
    def is_bad(self) -> bool:
        return self.state.health is not Health.HEALTHY or not self.state.up

    @property
    def rank(self) -> tuple[int, bool]:
        return SEVERITY.index(self.state.health), self.state.up

    def statement(self, lines: Lines | None) -> str:
        """What is wrong with it."""
        health = self.state.health
        is_group_lacking = self.is_group and health is Health.MISSING
        text = _LACKS_A_MEMBER if is_group_lacking else _STATES[health]
        if self.state.alarming:
            text = f"{text} and not up"
        text = f"{self.name} {text}"
        failing = [item for item in self.members if item.health is not Health.HEALTHY]
        if lines is None or not failing:
            return text
        worst = next((item for item in failing if not item.up), failing[0])
        return f"{text}: {lines.why(worst, named=not self.is_group)}"


def headline_of_object(name: str, item: Assessment, lines: Lines | None) -> str:
    """The headline of an object's page.

    Args:
        name: What people call the object.
        item: The verdict on it.
        lines: Says why it fails; None if the caller may not know.
    """
    return _sentence([_Verdict(name, State.of(item), (item,))], lines, "object")


def headline_of_components(overviews: Sequence[Overview], lines: Lines | None) -> tuple[State, str]:
    """The state of components as one, and the headline.

    Args:
        overviews: The components.
        lines: Says why one fails; None if the caller may not know.
    """
    if not overviews:
        return UNKNOWN, "There are no components"
    verdicts = [
        _Verdict(entry.title, State.of(entry.verdict), entry.items, is_group=True)
        for entry in overviews
    ]
    worst = min(verdicts, key=lambda entry: entry.rank).state.health
    up = all(entry.state.up for entry in verdicts)
    return State(worst, up), _sentence(verdicts, lines, "component")


def headline_of_all(
    contents: Contents, summary: Summary | None, lines: Lines | None
) -> tuple[State, str]:
    """The state of all that a caller sees, and the headline.

    It is on the components if there are any, and on the workloads otherwise.

    Args:
        contents: What was read.
        summary: The verdict on the workloads; None if the caller sees none.
        lines: Says why something fails; None if the caller may not know.
    """
    place = contents.namespace
    if contents.components:
        state, text = headline_of_components(contents.components, lines)
        if state.health is Health.HEALTHY and summary is not None and summary.items:
            state, text = _with_workloads(text, summary, lines)
    elif summary is None:
        where = f"the namespace {place}" if place else "all namespaces"
        return UNKNOWN, f"There is nothing that you may see in {where}"
    elif not summary.items:
        where = f"the namespace {place}" if place else "any namespace"
        return UNKNOWN, f"There are no workloads in {where}"
    else:
        state, text = State.of(summary), _on_workloads(summary, lines, place)
    if state.health is Health.HEALTHY and contents.unread:
        state, text = UNKNOWN, f"{text}, but {contents.unread} could not be read"
    return state, f"In {place}: {text}" if place else text


def _on_workloads(summary: Summary, lines: Lines | None, place: str) -> str:
    if lines is None:
        if summary.health is Health.HEALTHY:
            return "All workloads work"
        return "A workload needs attention" if summary.up else "A workload is not up"
    verdicts = [
        _Verdict(_full_name(item, place), State.of(item), (item,)) for item in summary.items
    ]
    return _sentence(verdicts, lines, "workload")


def _full_name(item: Assessment, place: str) -> str:
    """What people call a workload; without its namespace if the headline names that."""
    if not item.name:
        return f"Part of the {item.kind}s" if item.kind else "A part"
    is_named = not item.namespace or item.namespace == place
    return item.name if is_named else f"{item.namespace}/{item.name}"


def _with_workloads(text: str, summary: Summary, lines: Lines | None) -> tuple[State, str]:
    """The headline on components that all work, with the workloads beside them that do not."""
    bad = sum(not item.up for item in summary.items)
    if not bad:
        return State(Health.HEALTHY, up=True), text
    degraded = State(Health.DEGRADED, up=True)
    if lines is None:
        return degraded, f"{text}, but not every workload does"
    of = f"{bad:,} of {counted(len(summary.items), 'workload')}"
    return degraded, f"{text}, but {of} {'is' if bad == 1 else 'are'} not up"


def _sentence(verdicts: Sequence[_Verdict], lines: Lines | None, one: str) -> str:
    """One sentence on what is most wrong, or that nothing is.

    Args:
        verdicts: At least one.
        lines: Says why; None if the caller may not know.
        one: What each of them is, such as ``component``.
    """
    bad = [entry for entry in verdicts if entry.is_bad]
    if not bad:
        if len(verdicts) == 1:
            return f"{verdicts[0].name} works"
        return f"All {counted(len(verdicts), one)} work"
    text = min(bad, key=lambda entry: entry.rank).statement(lines)
    others = len(bad) - 1
    if not others:
        return text
    need = "needs" if others == 1 else "need"
    return f"{text}; {counted(others, f'other {one}')} {need} attention too"
