"""Reasons, times and numbers in plain words."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from html import escape

from k8s_heartbeat.core.durations import format_duration

__all__ = ["Moment", "age", "clock_time", "counted", "moment_of", "phrase", "plain", "shortened"]

_PHRASES = {
    "BackOff": "back-off after failed starts",
    "BackoffLimitExceeded": "failed too often",
    "CrashLoopBackOff": "crash loop",
    "CreateContainerConfigError": "its configuration is missing or wrong",
    "CreateContainerError": "a container cannot be created",
    "DeadlineExceeded": "out of time",
    "ErrImageNeverPull": "its image is not on the node",
    "ErrImagePull": "its image cannot be pulled",
    "Error": "a container ended with an error",
    "Evicted": "evicted from its node",
    "FailedCreate": "pods cannot be created",
    "FailedMount": "a volume cannot be mounted",
    "FailedScheduling": "no node fits",
    "ImagePullBackOff": "its image cannot be pulled",
    "InvalidImageName": "the name of its image is invalid",
    "NodeLost": "its node stopped reporting",
    "NotReady": "not ready",
    "OOMKilled": "out of memory",
    "ProbeFailed": "a probe fails",
    "ProgressDeadlineExceeded": "the rollout does not finish",
    "ReadinessGate": "a readiness gate is not open",
    "RunContainerError": "a container cannot be started",
    "TerminatingStuck": "its deletion does not finish",
    "Unschedulable": "no node fits",
}
_INIT = "Init:"
_RECENT = timedelta(hours=20)
_UNITS = ((timedelta(days=1), "d"), (timedelta(hours=1), "h"), (timedelta(minutes=1), "min"))


@dataclass(frozen=True, slots=True)
class Moment:
    """A time for people.

    Attributes:
        ago: How long ago, such as ``12 min``.
        exact: The time in UTC, to the second.
        iso: The same, in the form of RFC 3339.
        clock: The time of day, with the date if it is not recent.
    """

    ago: str
    exact: str
    iso: str
    clock: str


def moment_of(moment: datetime | None, now: datetime) -> Moment | None:
    """A time for people; None for none."""
    if moment is None:
        return None
    utc = moment.astimezone(UTC).replace(microsecond=0)
    iso = f"{utc.replace(tzinfo=None).isoformat()}Z"
    return Moment(_ago(now - moment), f"{utc:%Y-%m-%d %H:%M:%S} UTC", iso, clock_time(moment, now))


def clock_time(moment: datetime, now: datetime) -> str:
    """``10:42 UTC``, or ``24 Nov, 09:07 UTC`` if it is not recent."""
    utc = moment.astimezone(UTC)
    day = f"{utc.day} {utc:%b}"
    if abs(now - moment) > timedelta(days=300):
        day = f"{day} {utc.year}"
    return f"{utc:%H:%M} UTC" if abs(now - moment) < _RECENT else f"{day}, {utc:%H:%M} UTC"


def _ago(span: timedelta) -> str:
    for size, unit in _UNITS:
        if span >= size:
            return f"{span // size} {unit}"
    return f"{max(0, int(span.total_seconds()))} s"


def phrase(reason: str) -> str:
    """A reason of Kubernetes in plain words, or the reason itself."""
    if reason.startswith(_INIT):
        return f"init container: {phrase(reason.removeprefix(_INIT))}"
    return _PHRASES.get(reason, reason)


def counted(number: int, one: str, many: str = "") -> str:
    """``1 workload``, ``2,000 workloads``."""
    return f"{number:,} {one if number == 1 else many or f'{one}s'}"


def plain(text: str) -> str:
    """A text on one line, without characters that change how other text is read.

    These are control characters, marks that change the direction of text, and surrogates.
    """
    if text.isprintable():
        return text
    joined = " ".join(text.split())
    return "".join(
        letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in joined
    )


def shortened(text: str, most: int) -> str:
    """A text cut to about so many bytes of HTML, with an ellipsis if it is cut."""
    # No character takes more bytes than `&quot;`.
    if len(text) * 6 <= most:
        return text
    size = 0
    for index, letter in enumerate(text):
        size += len(escape(letter).encode(errors="replace"))
        if size > most:
            return f"{text[: max(0, index - 1)]}…"
    return text


def age(seconds: float) -> str:
    """How old something is: ``3 s``, ``2m5s``."""
    return f"{round(seconds)} s" if seconds < 100 else format_duration(timedelta(seconds=seconds))
