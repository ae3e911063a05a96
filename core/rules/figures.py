"""What the figures, flags and times in the status of another project's kind say."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from ..assessment import Activity, Health
from ..fields import mapping, said, text, time
from ..model import record
from .finding import Custom, Finding, waiting
from .rule import Context

__all__ = ["COUNTED", "Figures", "by_errors", "by_figures", "by_flags", "by_time", "figures_of"]

COUNTED = ("spec.replicas", "spec.instances", "spec.nodes", "spec.size")
"""Where kinds say how many there should be."""

_HAVE = ("availableReplicas", "readyReplicas", "readyInstances")
_COUNTS = tuple(
    (want, f"status.{have}") for want in (*COUNTED, "status.replicas") for have in _HAVE
)
_FLAGS = ("status.ready", "status.healthy", "status.readyToUse")
_SOON = timedelta(days=1)


@record
class Figures:
    """How many there should be of what, and how many there are."""

    want: int
    have: int
    what: str


def figures_of(custom: Custom) -> Figures | None:
    """The figures that it states; a count that is absent is no count."""
    counts = custom.entry.counts
    if not counts and not any(have in custom.status for have in _HAVE):
        return None
    for want_path, have_path in counts or _COUNTS:
        have = _number(custom, have_path)
        want = None if have is None else _number(custom, want_path)
        if have is not None and want is not None and want > 0:
            return Figures(want, max(0, have), want_path.rpartition(".")[2])
    return None


def _number(custom: Custom, path: str) -> int | None:
    """The number at a path, and the sum of several."""
    numbers = [found for _, found in custom.at(path) if type(found) is int]
    return sum(numbers) if numbers else None


def by_figures(figures: Figures) -> Finding:
    """Some of what there should be is degraded, none is down."""
    want, have = figures.want, figures.have
    health, reason = Health.DEGRADED, "ReplicasUnavailable"
    if have >= want:
        health, reason = Health.HEALTHY, "AllReady"
    elif have == 0:
        health, reason = Health.DOWN, "NoneReady"
    message = f"{have} of {want} {figures.what} ready"
    return Finding(health, Activity.STEADY, have > 0, reason, message)


def by_flags(custom: Custom, context: Context) -> Iterator[Finding]:
    """Booleans that are true while it does its job."""
    for path in custom.entry.flags or _FLAGS:
        for place, flag in custom.at(path):
            if isinstance(flag, bool):
                named = path.rpartition(".")[2].replace("healthy", "its health flag")
                message = f"{place}: {named}" if place else named
                message = f"{message} is {str(flag).lower()}"
                if flag:
                    yield Finding(Health.HEALTHY, Activity.STEADY, True, "Ready", message)
                elif custom.ends:
                    yield waiting(custom, context, "NotReady", message, first=True)
                else:
                    yield Finding(Health.DOWN, Activity.STEADY, False, "NotReady", message)


def by_time(custom: Custom, now: datetime) -> Iterator[Finding]:
    """What expires: past is down, within a day and not renewed is degraded."""
    ends = time(custom.status.get("notAfter"))
    if ends is None or ends - now > _SOON:
        return
    stamp = f"{ends:%Y-%m-%dT%H:%M:%SZ}"
    renewal = time(custom.status.get("renewalTime"))
    if ends <= now:
        message = f"it expired at {stamp}"
        cause = custom.cause("Expired", message, ends)
        yield Finding(Health.DOWN, Activity.STEADY, False, "Expired", message, ends, cause)
    elif renewal is None or renewal <= now:
        reason, message = "ExpiresSoon", f"it expires at {stamp} and was not renewed"
        cause = custom.cause(reason, message)
        yield Finding(Health.DEGRADED, Activity.STEADY, True, reason, message, cause=cause)


def by_errors(custom: Custom) -> Iterator[Finding]:
    """What is there only on failure."""
    for _, found in custom.at(*custom.entry.error):
        if found:
            stated = found if isinstance(found, str) else text(mapping(found).get("message"))
            message = said(stated) or "an error is stated"
            cause = custom.cause("Error", message)
            yield Finding(Health.DOWN, Activity.STEADY, False, "Error", message, cause=cause)
