"""What a command found out: verdicts, and how they form a group."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from k8s_heartbeat.core import Assessment, Threshold

__all__ = ["Answer", "Verdict"]


@dataclass(frozen=True, slots=True)
class Verdict:
    """A verdict on one object.

    Attributes:
        assessment: The assessment.
        age: Seconds since the oldest reading behind it began.
        stale: Whether any of them is older than it should be.
    """

    assessment: Assessment
    age: float = 0.0
    stale: bool = False


@dataclass(frozen=True, slots=True)
class Answer:
    """A check's result.

    Attributes:
        found: A verdict on each object.
        listed: Whether every object is shown, and not only those that are not fine.
        group: The kind and name of the group; None if objects were named.
        title: The group's title for people.
        needed: How many must be up; None for all.
        uncounted: Verdicts of objects whose evidence is not in the input: they are shown, but do
            not count.
    """

    found: Sequence[Verdict]
    listed: bool = False
    group: tuple[str, str] | None = None
    title: str = ""
    needed: Threshold | None = None
    uncounted: Sequence[Verdict] = ()
