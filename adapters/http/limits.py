"""Limits as callers and operators meet them: in headers, in a refusal, and in the log."""

from __future__ import annotations

import logging
import math
import threading
from collections.abc import Callable
from datetime import datetime

import falcon
from cachetools import TTLCache

from k8s_heartbeat.core.durations import print_duration

from .quota import Quota, Usage

__all__ = ["Limit", "OverLimit"]

_log = logging.getLogger(__name__)

_QUIET_SECONDS = 60.0
# Per limit; some 250 bytes each. Once so many were logged within a minute, others are not warned
# about: each refusal is still logged at INFO.
_MOST_NAMED = 1024


class Limit:
    """A quota with messages.

    Args:
        quota: The quota.
        name: What the `RateLimit` headers call it.
        who: What a key names, such as "address".
        what: What is counted, such as "requests".
        setting: The setting that raises it.
        clock: A monotonic clock, in seconds.

    Attributes:
        quota: The quota.
        name: Its name, of which there are only a few.
    """

    def __init__(
        self,
        quota: Quota,
        *,
        name: str,
        who: str,
        what: str,
        setting: str,
        clock: Callable[[], float],
    ) -> None:
        self.quota: Quota = quota
        requests, period = quota.limit.requests, quota.limit.period
        self.name: str = name
        self._who = who
        self._over = f"over {requests} {what} of this {who}"
        self._warning = (
            f"{who} %s is over its limit of {requests} {what} in {print_duration(period)} and gets "
            f"429: {setting} raises the limit"
        )
        self._policy = f'"{name}";q={requests};w={math.ceil(period.total_seconds())}'
        self._requests = str(requests)
        self._lock = threading.Lock()
        self._named: TTLCache[str, None] = TTLCache(_MOST_NAMED, _QUIET_SECONDS, clock)

    def hit(self, key: str) -> Usage:
        """Count one for a key.

        Raises:
            OverLimit: It has used up the limit.
        """
        usage = self.quota.hit(key)
        if usage.over:
            raise OverLimit(self, key, usage)
        return usage

    def refusal(self, usage: Usage) -> str:
        """The text of a refusal."""
        return f"{self._over}; retry in {usage.seconds} s"

    def warn(self, key: str) -> None:
        """Log that a key is limited, unless it was logged within the last minute."""
        with self._lock:
            self._named.expire()
            if key in self._named or len(self._named) >= _MOST_NAMED:
                return
            self._named[key] = None
        _log.warning(self._warning, key)

    def headers(self, usage: Usage, now: datetime) -> dict[str, str]:
        """A usage in the IETF draft's headers and in those of k8s-controller-heartbeat.

        Both say how many requests are left, and when there will be one more.
        """
        remaining = str(usage.remaining)
        return {
            "RateLimit-Policy": self._policy,
            "RateLimit": f'"{self.name}";r={remaining};t={usage.seconds}',
            "X-RateLimit-Limit": self._requests,
            "X-RateLimit-Remaining": remaining,
            "X-RateLimit-Reset": str(math.ceil(now.timestamp() + usage.wait)),
        }


class OverLimit(falcon.HTTPTooManyRequests):
    """A key has used up a limit; `Retry-After` says when to retry.

    Attributes:
        limit: The limit.
        key: The key, for the log.
        usage: What the key has left.
        is_warned: Whether an operator is to hear of it.
    """

    def __init__(self, limit: Limit, key: str, usage: Usage, why: str = "") -> None:
        description = why or limit.refusal(usage)
        super().__init__(description=description, retry_after=usage.seconds)
        self.is_warned: bool = not why
        self.limit: Limit = limit
        self.key: str = key
        self.usage: Usage = usage
