"""Whoever is limited stands in the log: who, by which limit, and which setting raises it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from itertools import count
from typing import Any

import pytest

from k8s_heartbeat.adapters.http.quota import RateLimit
from tests.http.conftest import Log
from tests.http.support import GUARDED, OPEN, TOKEN, Service, healthy, service

MINUTE = timedelta(minutes=1)
_NUMBERS = count()
RIGHT = {"Authorization": f"Bearer {TOKEN}"}


TWO = RateLimit(2, MINUTE)
MANY = RateLimit(1000)


def limited(limit: str) -> Service:
    """A guarded service with one limit that is soon reached."""
    limits: dict[str, Any] = dict.fromkeys(("limit", "token_limit", "failed_auth"), MANY)
    return service(healthy(), contract=replace(GUARDED, **{**limits, limit: TWO}))


def warnings(log: Log) -> list[str]:
    """The messages at WARNING."""
    return [line["message"] for line in log.lines() if line["level"] == "WARNING"]


def nothing(served: Service, client: str) -> int:
    """Ask without a token."""
    return served.get(remote_addr=client).status_code


def right(served: Service, client: str) -> int:
    """Ask with the token."""
    return served.get(remote_addr=client, headers=RIGHT).status_code


def wrong(served: Service, client: str) -> int:
    """Ask with a token that nobody has asked with."""
    headers = {"Authorization": f"Bearer gu3ss-{next(_NUMBERS)}"}
    return served.get(remote_addr=client, headers=headers).status_code


@pytest.mark.parametrize(
    ("ask", "limit", "message"),
    [
        (
            nothing,
            "limit",
            "address 192.0.2.7 is over its limit of 2 requests in 1m and gets 429: "
            "RATE_LIMIT raises the limit",
        ),
        (
            right,
            "token_limit",
            "token test is over its limit of 2 requests in 1m and gets 429: "
            "HEARTBEAT_TOKEN_RATE_LIMIT raises the limit",
        ),
        (
            wrong,
            "failed_auth",
            "address 192.0.2.7 is over its limit of 2 failed authentications in 1m and gets 429: "
            "HEARTBEAT_FAILED_AUTH_LIMIT raises the limit",
        ),
    ],
)
def test_who_is_limited_is_named_at_most_once_a_minute(
    ask: Callable[[Service, str], int], limit: str, message: str, log: Log
) -> None:
    """At once, and again after a minute; the log has no token of anybody."""
    served = limited(limit)

    def codes(times: int) -> list[int]:
        return [ask(served, "192.0.2.7") for _ in range(times)]

    assert 429 not in codes(2)
    assert warnings(log) == []
    assert codes(9) == [429] * 9
    assert warnings(log) == [message]
    served.clock.seconds = 59.9
    codes(3)
    assert warnings(log) == [message]
    served.clock.seconds = 60.0
    codes(9)
    assert warnings(log) == [message] * 2
    assert "gu3ss" not in log.text
    assert TOKEN not in log.text


def test_others_are_named_too_until_they_are_too_many(
    monkeypatch: pytest.MonkeyPatch, log: Log
) -> None:
    """So many a minute and no more, of each limit for itself; nobody twice."""
    monkeypatch.setattr("k8s_heartbeat.adapters.http.limits._MOST_NAMED", 3)
    served = service(healthy(), contract=GUARDED, limit=RateLimit(1), token_limit=RateLimit(1))
    for last in range(9):
        for _ in range(3):
            nothing(served, f"192.0.2.{last}")
    right(served, "192.0.2.1")
    right(served, "192.0.2.1")
    said = warnings(log)
    addresses = [f"192.0.2.{last}" for last in range(3)]
    assert [message.split()[1] for message in said] == [*addresses, "test"]


def test_who_asks_openly_is_named_by_network(log: Log) -> None:
    """An IPv6 client is its /64."""
    served = service(healthy(), contract=OPEN, limit=RateLimit(1, MINUTE))
    for _ in range(2):
        nothing(served, "2001:db8:1:2::7")
    assert [message.split()[1] for message in warnings(log)] == ["2001:db8:1:2::/64"]
