"""What polls at an interval cost: how long pods are there in an hour, with Knative's defaults."""

from __future__ import annotations

from collections.abc import Iterator

from tests.knative.serving import STABLE_WINDOW

HOUR = 3600
INTERVALS = (10, 60, 300, 900)
"""Seconds from one poll to the next."""

_DEFAULT_WINDOW = 60


def table(life: float) -> Iterator[str]:
    """A row for each interval.

    Args:
        life: Seconds that a pod was there for one check, with the window of these tests. The rest
            of it, from the start to the end of the drain, does not depend on the window.
    """
    default_life = life - STABLE_WINDOW + _DEFAULT_WINDOW
    yield f"a check from zero keeps a pod for {life:.0f} s with a window of {STABLE_WINDOW} s"
    yield f"so for {default_life:.0f} s with Knative's {_DEFAULT_WINDOW} s; in an hour, computed:"
    for interval in INTERVALS:
        # A request within the window keeps the pod.
        sleeps = interval > _DEFAULT_WINDOW
        alive = min(HOUR, HOUR / interval * default_life) if sleeps else HOUR
        from_zero = HOUR // interval if sleeps else 0
        yield (
            f"  polled each {interval} s: a pod for {alive:.0f} s, {from_zero} checks from zero; "
            f"classic: {HOUR} s for each replica"
        )
