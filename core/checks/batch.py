"""Judge many objects by one deadline: part of the time is for reading, the rest for judging."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from ..assessment import Assessment
from ..evidence import Evidence
from ..gap import Gap
from ..judgement import judge
from ..policy import Policy
from ..related import RelatedObjects
from ..subject import Subject
from .reader import Deadline, ReadTimeout

__all__ = ["EvidenceSource", "check_time", "is_over", "judge_members", "time_to_read"]

# Share of the remaining time that is reserved for judging.
_JUDGING = 0.2
# Members that are judged between two checks of the time.
_STRIDE = 64


class EvidenceSource(Protocol):
    """Provides evidence for verdicts."""

    def gap(self, evidence: Evidence) -> Gap | None:
        """Why some evidence could not be read; None if all of it is available."""
        ...


def time_to_read(deadline: Deadline) -> Deadline:
    """When all reading must end so that the rest can be judged by a deadline."""
    return deadline.reserving(_JUDGING)


def judge_members(
    subjects: Sequence[Subject],
    related: RelatedObjects,
    evidence: EvidenceSource,
    now: datetime,
    deadline: Deadline,
    policy: Policy,
) -> list[Assessment]:
    """The verdict on each of many objects by their related objects.

    Raises:
        ReadTimeout: There was no time left to judge all of them.
    """
    # Read all evidence before judging: lookups use an index, which would be rebuilt after each
    # reading.
    gaps: list[list[Gap]] = []
    for number, subject in enumerate(subjects):
        check_time(deadline, number, len(subjects))
        gaps.append([gap for entry in subject.evidence if (gap := evidence.gap(entry))])
    judged: list[Assessment] = []
    for number, subject in enumerate(subjects):
        check_time(deadline, number, len(subjects))
        judged.append(judge(subject, related, now, policy, gaps[number]))
    return judged


def check_time(deadline: Deadline, number: int, count: int) -> None:
    """Raise if no time is left for the object of this number; see `is_over`.

    Raises:
        ReadTimeout: None is; `count` objects were to be judged.
    """
    if is_over(deadline, number):
        raise ReadTimeout(f"{count} objects", "too many to be judged in time; narrow it")


def is_over(deadline: Deadline, number: int) -> bool:
    """Whether no time is left; the clock is read once for every `_STRIDE` objects."""
    return number % _STRIDE == 0 and deadline.remaining() <= 0
