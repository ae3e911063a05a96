"""Since when this process has seen objects failing, for ``?for=``."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime, timedelta

from cachetools import TTLCache

from k8s_heartbeat.core import Assessment, Health
from k8s_heartbeat.core.failure_policy import FailurePolicy

__all__ = ["Outages"]

# Some 200 bytes each. Beyond that, a new failure is not excused: evicting an entry would lose how
# long its object has been failing, and that object would be excused for ever.
_MOST = 16_384
# An entry that is unused for this time is dropped.
_FORGOTTEN_SECONDS = 6 * 3600.0


class Outages:
    """Remembers when an object was first seen failing, until it is seen well.

    Args:
        clock: A monotonic clock, in seconds.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        # By a hash: two objects that share one share the earlier time.
        self._first: TTLCache[int, float] = TTLCache(_MOST, _FORGOTTEN_SECONDS, clock)

    def since(
        self, assessment: Assessment, failure_policy: FailurePolicy, now: datetime
    ) -> datetime | None:
        """Since when an object has been failing by a policy, as far as this process knows.

        None if it is not failing, is unknown or missing, or if the request sets no time.
        """
        if not failure_policy.lasting or assessment.health in (Health.UNKNOWN, Health.MISSING):
            return None
        said, moment = assessment, self._clock()
        key = hash((said.api_version, said.kind, said.namespace, said.name, failure_policy.fail_on))
        with self._lock:
            first = self._first.get(key)
            if failure_policy.is_good(assessment):
                if first is not None:
                    del self._first[key]
                return None
            if first is None:
                self._first.expire()
                if len(self._first) >= _MOST:
                    return None
                first = moment
            self._first[key] = first
        return now - timedelta(seconds=moment - first)
