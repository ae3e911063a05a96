"""One line and an exit code as the Monitoring Plugins' development guidelines have them.

``HEARTBEAT WARNING - text|performance data``; 0 is OK, 1 WARNING, 2 CRITICAL, 3 UNKNOWN.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from enum import IntEnum

from k8s_heartbeat.core import Health, Summary
from k8s_heartbeat.core.failure_policy import FailurePolicy

from .answer import Answer
from .report import place_of, word
from .terminal import printable

__all__ = ["report", "tell_unknown"]

_LONGEST = 1000


class Status(IntEnum):
    """The word of a service check; its value is the exit code."""

    OK = 0
    WARNING = 1
    CRITICAL = 2
    UNKNOWN = 3


def report(answer: Answer, summary: Summary, now: datetime, failure_policy: FailurePolicy) -> int:
    """Print the line; return the exit code.

    What passes the policy without being healthy is a warning. What does not pass is critical, but
    unknown where the objects that could not be judged decide it.
    """
    status = _status(summary, now, failure_policy)
    figures: list[str]
    if len(summary.items) == 1 and answer.group is None:
        (only,) = summary.items
        text = f"{place_of(only)} {word(only.health, up=only.up)}: {only.sentence}"
        figures = [
            _figure(label, number, most)
            for label, number, most in (
                ("available", only.available, only.desired),
                ("desired", only.desired, None),
            )
            if number is not None
        ]
    else:
        text = summary.message
        total = len(summary.items)
        figures = [_figure("up", sum(item.up for item in summary.items), total)]
        figures += [_figure(health, count, total) for health, count in summary.counts.items()]
    _tell(status, text, figures)
    return int(status)


def tell_unknown(text: str) -> int:
    """Print the line for what could not be judged at all; return the exit code."""
    _tell(Status.UNKNOWN, text, ())
    return int(Status.UNKNOWN)


def _status(summary: Summary, now: datetime, failure_policy: FailurePolicy) -> Status:
    if not summary.items:
        return Status.UNKNOWN
    if failure_policy.passes_group(summary, now):
        return Status.OK if summary.health is Health.HEALTHY else Status.WARNING
    # Would it pass if all that is unknown did?
    hope = sum(
        item.health is Health.UNKNOWN or failure_policy.passes(item, now) for item in summary.items
    )
    return Status.UNKNOWN if hope >= summary.needed else Status.CRITICAL


def _figure(label: str, number: int, most: int | None) -> str:
    """``'label'=value;warn;crit;min;max``; the thresholds are the policy's and not told."""
    return f"{label}={number};;;0;{'' if most is None else most}".rstrip(";")


def _tell(status: Status, text: str, figures: Sequence[str]) -> None:
    # A pipe begins the performance data, and a line break further output.
    text = " ".join(printable(text).replace("|", "/").split())
    if len(text) > _LONGEST:
        text = f"{text[: _LONGEST - 3]}..."
    data = f"|{' '.join(figures)}" if figures else ""
    print(f"HEARTBEAT {status.name} - {text}{data}", flush=True)
