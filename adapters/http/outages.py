"""Since when this process has seen what fails fail, for ``?for=``."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime, timedelta

from cachetools import TTLCache

from k8s_heartbeat.core import Assessment, Health
from k8s_heartbeat.core.line import Line

__all__ = ["Outages"]

# Some 400 bytes each.
_MOST = 4096
# What is polled more seldom begins anew.
_FORGOTTEN_SECONDS = 900.0

_Key = tuple[str, str, str, str, Health]


class Outages:
    """Remembers when an object was first seen failing, until it is seen well.

    Args:
        clock: A monotonic clock, in seconds.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._first: TTLCache[_Key, float] = TTLCache(_MOST, _FORGOTTEN_SECONDS, clock)

    def since(self, assessment: Assessment, line: Line, now: datetime) -> datetime | None:
        """Since when an object has been on the bad side of a line, as far as this process knows.

        None for what is not, for what is unknown or missing, and where no time is asked for.
        """
        if not line.lasting or assessment.health in (Health.UNKNOWN, Health.MISSING):
            return None
        said, moment = assessment, self._clock()
        key = (said.api_version, said.kind, said.namespace, said.name, line.fail_on)
        with self._lock:
            if line.is_good(assessment):
                self._first.pop(key, None)
                return None
            first = self._first[key] = self._first.get(key, moment)
        return now - timedelta(seconds=moment - first)
