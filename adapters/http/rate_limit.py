"""How often: so many requests per client address, and per token, in each period."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection

import falcon

from .client_address import ClientAddress, counted
from .quota import Quota, Usage

__all__ = ["ClientLimiter", "TokenLimiter", "too_many"]


class ClientLimiter:
    """Middleware that refuses a client's requests over its quota, before anything else.

    It notes the client's address at ``req.context.client``.

    Args:
        quota: What each client may use.
        exempt: Paths that are not counted.
        addresses: Tells the client's address.
        now: The wall clock, in Unix seconds; for the header that states one.
    """

    def __init__(
        self,
        quota: Quota,
        exempt: Collection[str],
        addresses: ClientAddress,
        *,
        now: Callable[[], float],
    ) -> None:
        self._quota = quota
        self._exempt = frozenset(exempt)
        self._addresses = addresses
        self._now = now

    def process_request(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Count a request and state the quota in the answer's headers.

        Raises:
            HTTPTooManyRequests: It is over; `Retry-After` says when to come again.
        """
        req.context.client = self._addresses.of(req)
        if req.path in self._exempt:
            return
        usage = self._quota.hit(counted(req))
        req.context.quotas = {"default": (self._quota, usage)}
        _state(req, resp, self._now())
        if usage.over:
            raise too_many("requests of this address", usage)


class TokenLimiter:
    """Middleware, behind authentication, that refuses a token's requests over its quota.

    Args:
        quota: What each token may use.
        now: The wall clock, in Unix seconds; for the header that states one.
    """

    def __init__(self, quota: Quota, *, now: Callable[[], float]) -> None:
        self._quota = quota
        self._now = now

    def process_request(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Count a request whose caller has a name, and state the quota beside the client's.

        Raises:
            HTTPTooManyRequests: It is over; `Retry-After` says when to come again.
        """
        caller = getattr(req.context, "caller", None)
        if caller is None or not caller.name or not hasattr(req.context, "quotas"):
            return
        usage = self._quota.hit(caller.name)
        req.context.quotas["token"] = (self._quota, usage)
        _state(req, resp, self._now())
        if usage.over:
            raise too_many("requests with this token", usage)


def too_many(what: str, usage: Usage) -> falcon.HTTPTooManyRequests:
    """The refusal of what is over its limit."""
    return falcon.HTTPTooManyRequests(
        description=f"over {usage.limit} {what}; come again in {usage.seconds} s",
        retry_after=usage.seconds,
    )


def _state(req: falcon.Request, resp: falcon.Response, now: float) -> None:
    """State every quota that a request counted for, and in the older headers the tightest one."""
    quotas: dict[str, tuple[Quota, Usage]] = req.context.quotas
    policies = [
        f'"{name}";q={usage.limit};w={math.ceil(quota.limit.period.total_seconds())}'
        for name, (quota, usage) in quotas.items()
    ]
    states = [
        f'"{name}";r={usage.remaining};t={usage.seconds}' for name, (_, usage) in quotas.items()
    ]
    tightest = min(
        (usage for _, usage in quotas.values()), key=lambda usage: (usage.remaining, -usage.left)
    )
    resp.set_headers(
        {
            "RateLimit-Policy": ", ".join(policies),
            "RateLimit": ", ".join(states),
            "X-RateLimit-Limit": str(tightest.limit),
            "X-RateLimit-Remaining": str(tightest.remaining),
            "X-RateLimit-Reset": str(math.ceil(now + tightest.left)),
        }
    )
