"""Since when this process has seen objects failing, for ``?for=``."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime, timedelta

from cachetools import TTLCache

from k8s_heartbeat.core import Assessment, Health, Policy
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
        self,
        assessment: Assessment,
        failure_policy: FailurePolicy,
        now: datetime,
        policy: Policy,
    ) -> datetime | None:
        """Since when an object has been failing, as far as this process knows.

        None if it is not failing, is unknown or missing, or if the request sets no time. What
        another request calls failing, by its own minimum, is remembered separately. An object that
        is missing is forgotten: if it is created again, it is another one.

        Args:
            assessment: The verdict on the object.
            failure_policy: What the request counts as failing.
            now: The time of the verdict.
            policy: What the object was judged by.
        """
        if not failure_policy.lasting or assessment.health is Health.UNKNOWN:
            return None
        said, moment = assessment, self._clock()
        by = failure_policy.fail_on, policy
        key = hash((said.api_version, said.kind, said.namespace, said.name, *by))
        with self._lock:
            if assessment.health is Health.MISSING:
                self._first.pop(key, None)
                return None
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
