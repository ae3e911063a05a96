"""Judge the figures, flags and times in the status of a custom resource."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from ..assessment import Activity, Health
from ..fields import mapping, said, text, time
from ..model import Manifest, record
from .finding import Custom, Finding, waiting
from .rule import Context

__all__ = ["COUNTED", "Figures", "by_errors", "by_figures", "by_flags", "by_time", "figures_of"]

COUNTED = ("spec.replicas", "spec.instances", "spec.nodes", "spec.size")
"""Where kinds state the desired number."""

_HAVE = ("availableReplicas", "readyReplicas", "readyInstances")
_FLAGS = {
    key: f"status.{key}"
    for key in ("ready", "healthy", "readyToUse", "available", "synced", "isReady")
}
_SOON = timedelta(days=1)


@record
class Figures:
    """The desired and the actual number of something."""

    want: int
    have: int
    what: str


def figures_of(custom: Custom) -> Figures | None:
    """The figures that it states; an absent count is ignored."""
    if not custom.entry.counts:
        return _usual_figures(custom.spec, custom.status)
    for want_path, have_path in custom.entry.counts:
        have, want = _number(custom, have_path), _number(custom, want_path)
        if have is None and want_path.startswith("status."):
            # Kinds with both in the status omit a zero.
            have = 0
        if have is not None and want is not None and want > 0:
            return Figures(want, max(0, have), want_path.rpartition(".")[2])
    return None


def _usual_figures(spec: Manifest, status: Manifest) -> Figures | None:
    haves = [have for key in _HAVE if type(have := status.get(key)) is int]
    if not haves:
        return None
    for path in (*COUNTED, "status.replicas"):
        part, _, key = path.partition(".")
        want = (spec if part == "spec" else status).get(key)
        if type(want) is int and want > 0:
            return Figures(want, max(0, haves[0]), key)
    return None


def _number(custom: Custom, path: str) -> int | None:
    """The number at a path, or the sum of several."""
    numbers = [found for _, found in custom.at(path) if type(found) is int]
    return sum(numbers) if numbers else None


def by_figures(custom: Custom, context: Context, figures: Figures, *, young: bool) -> list[Finding]:
    """Fewer than desired is degraded, none is down; fewer updated ones are a change."""
    want, have = figures.want, figures.have
    message = f"{have} of {want} {figures.what} ready"
    found: list[Finding] = []
    if have >= want:
        found.append(Finding(Health.HEALTHY, Activity.STEADY, True, "AllReady", message))
    elif young:
        reason = "ReplicasUnavailable" if have else "NoneReady"
        found.append(waiting(custom, context, reason, message, first=not have))
    elif have:
        reason = "ReplicasUnavailable"
        found.append(Finding(Health.DEGRADED, Activity.STEADY, True, reason, message))
    else:
        found.append(Finding(Health.DOWN, Activity.STEADY, False, "NoneReady", message))
    updated = custom.status.get("updatedReplicas")
    if not custom.entry.counts and type(updated) is int and updated < want:
        message = f"{updated} of {want} {figures.what} updated"
        moving = Finding(Health.HEALTHY, Activity.PROGRESSING, True, "Updating", message)
        moving.is_weak = True
        found.append(moving)
    return found


def by_flags(custom: Custom, context: Context, *, young: bool) -> list[Finding]:
    """Booleans that are true while it does its job."""
    flags = custom.entry.flags
    if not flags and custom.status.keys().isdisjoint(_FLAGS):
        return []
    waits = young or custom.ends
    return list(_by_flags(custom, context, flags or tuple(_FLAGS.values()), waits=waits))


def _by_flags(
    custom: Custom, context: Context, flags: Iterable[str], *, waits: bool
) -> Iterator[Finding]:
    for path in flags:
        for place, flag in custom.at(path):
            if isinstance(flag, bool):
                named = path.rpartition(".")[2].replace("healthy", "its health flag")
                message = f"{place}: {named}" if place else named
                message = f"{message} is {str(flag).lower()}"
                if flag:
                    yield Finding(Health.HEALTHY, Activity.STEADY, True, "Ready", message)
                elif waits:
                    yield waiting(custom, context, "NotReady", message, first=True)
                else:
                    yield Finding(Health.DOWN, Activity.STEADY, False, "NotReady", message)


def by_time(custom: Custom, now: datetime) -> list[Finding]:
    """Expiry times: past is down, within a day and not renewed is degraded."""
    ends = time(custom.status.get("notAfter"))
    if ends is None or ends - now > _SOON:
        return []
    stamp = f"{ends:%Y-%m-%dT%H:%M:%SZ}"
    renewal = time(custom.status.get("renewalTime"))
    if ends <= now:
        message = f"it expired at {stamp}"
        cause = custom.cause("Expired", message, ends)
        return [Finding(Health.DOWN, Activity.STEADY, False, "Expired", message, ends, cause)]
    if renewal is None or renewal <= now:
        reason, message = "ExpiresSoon", f"it expires at {stamp} and was not renewed"
        cause = custom.cause(reason, message)
        return [Finding(Health.DEGRADED, Activity.STEADY, True, reason, message, cause=cause)]
    return []


def by_errors(custom: Custom) -> list[Finding]:
    """Fields present only on failure."""
    errors: list[Finding] = []
    for _, found in custom.at(*custom.entry.error) if custom.entry.error else ():
        if found:
            stated = found if isinstance(found, str) else text(mapping(found).get("message"))
            message = said(stated) or "an error is stated"
            cause = custom.cause("Error", message)
            error = Finding(Health.DOWN, Activity.STEADY, False, "Error", message, cause=cause)
            errors.append(error)
    return errors
