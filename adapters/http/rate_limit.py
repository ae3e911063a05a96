"""How often: so many requests per client address and period, in bounded memory."""

from __future__ import annotations

import ipaddress
import math
import threading
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import timedelta

import falcon
from cachetools import TTLCache

__all__ = ["RateLimit", "RateLimiter", "client_of"]

# Past this many addresses in one period, the one that was quiet longest is forgotten.
_MOST_CLIENTS = 65_536


@dataclass(frozen=True, slots=True)
class RateLimit:
    """A quota of requests for each client.

    Attributes:
        requests: How many, in each period.
        period: How long a period lasts, from a client's first request on.
    """

    requests: int = 3600
    period: timedelta = timedelta(hours=1)


@dataclass(slots=True)
class _Window:
    """A client's current period: when it ends, and what it has used."""

    ends: float
    used: int = 0


class RateLimiter:
    """Middleware that refuses a client's requests over its quota, before anything else.

    Args:
        limit: The quota.
        exempt: Paths that are not counted.
        clock: A monotonic clock, in seconds.
        now: The wall clock, in Unix seconds; for the header that states one.
    """

    def __init__(
        self,
        limit: RateLimit,
        exempt: Collection[str],
        *,
        clock: Callable[[], float],
        now: Callable[[], float],
    ) -> None:
        self._requests = limit.requests
        self._period = limit.period.total_seconds()
        self._exempt = frozenset(exempt)
        self._clock = clock
        self._now = now
        self._lock = threading.Lock()
        self._windows: TTLCache[str, _Window] = TTLCache(_MOST_CLIENTS, self._period, clock)

    def process_request(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Count a request and state the quota in the answer's headers.

        Raises:
            HTTPTooManyRequests: It is over; `Retry-After` says when to come again.
        """
        if req.path in self._exempt:
            return
        used, left = self._count(client_of(req.remote_addr))
        # Not a second more for what the clock's floating point adds.
        seconds = max(1, math.ceil(left - 1e-6))
        remaining = max(0, self._requests - used)
        policy = f'"default";q={self._requests};w={math.ceil(self._period)}'
        resp.set_headers(
            {
                "RateLimit-Policy": policy,
                "RateLimit": f'"default";r={remaining};t={seconds}',
                "X-RateLimit-Limit": str(self._requests),
                "X-RateLimit-Remaining": str(remaining),
                "X-RateLimit-Reset": str(math.ceil(self._now() + left)),
            }
        )
        if used > self._requests:
            raise falcon.HTTPTooManyRequests(
                description=f"over {self._requests} requests; come again in {seconds} s",
                retry_after=seconds,
            )

    def _count(self, client: str) -> tuple[int, float]:
        """Requests that a client has used of its period, this one included, and seconds left."""
        now = self._clock()
        with self._lock:
            window = self._windows.get(client)
            if window is None or window.ends <= now:
                window = self._windows[client] = _Window(now + self._period)
            window.used += 1
            return window.used, max(0.0, window.ends - now)


def client_of(address: str) -> str:
    """Who counts as one client: an IPv4 address, or the /64 that an IPv6 host may roam in."""
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(parsed, ipaddress.IPv6Address):
        if parsed.ipv4_mapped is not None:
            return str(parsed.ipv4_mapped)
        return str(ipaddress.ip_network((parsed, 64), strict=False))
    return str(parsed)
