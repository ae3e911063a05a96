"""Limits by token, behind whatever authentication names the caller."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

import falcon
import pytest
from falcon.testing import Result, TestClient

from k8s_heartbeat.adapters.http.callers import EVERYONE, Caller, Everyone
from k8s_heartbeat.adapters.http.client_address import ClientAddress
from k8s_heartbeat.adapters.http.quota import LocalQuota, RateLimit
from k8s_heartbeat.adapters.http.rate_limit import ClientLimiter, TokenLimiter
from tests.builders import NOW
from tests.http.support import Clock


class Named(Everyone):
    """A caller with a name."""

    def __init__(self, name: str) -> None:
        self.name = name


@dataclass(frozen=True, slots=True)
class Authentication:
    """Middleware that takes the header X-Name for a caller."""

    callers: dict[str, Caller]

    def process_request(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Set the caller."""
        name = req.get_header("X-Name")
        if name is not None:
            req.context.caller = self.callers[name]


class Resource:
    """Answers."""

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Answer."""
        resp.text = "ok"


@dataclass(frozen=True, slots=True)
class Service:
    """An app with both limits, and its clock."""

    clock: Clock
    client: TestClient

    def get(self, name: str | None, address: str = "192.0.2.1", path: str = "/") -> Result:
        """The answer to somebody at an address."""
        headers = {} if name is None else {"X-Name": name}
        return self.client.simulate_get(path, headers=headers, remote_addr=address)


def service(clients: RateLimit, tokens: RateLimit) -> Service:
    """An app that limits addresses and tokens."""
    clock = Clock()
    callers: dict[str, Caller] = {name: Named(name) for name in ("monitor", "page")}
    app: falcon.App[falcon.Request, falcon.Response] = falcon.App(
        middleware=[
            ClientLimiter(
                LocalQuota(clients, clock.monotonic),
                ("/livez",),
                ClientAddress(),
                now=lambda: clock.wall().timestamp(),
            ),
            Authentication(callers | {"": EVERYONE}),
            TokenLimiter(LocalQuota(tokens, clock.monotonic), now=lambda: clock.wall().timestamp()),
        ]
    )
    app.add_route("/", Resource())
    app.add_route("/livez", Resource())
    return Service(clock, TestClient(app))


MINUTE = timedelta(minutes=1)


def test_token_has_one_quota_wherever_it_is_carried() -> None:
    """A token that a hundred machines carry is still one; 429 names what is over."""
    served = service(RateLimit(10, MINUTE), RateLimit(2, timedelta(seconds=30)))
    answers = [served.get("monitor", f"192.0.2.{number}") for number in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert answers[-1].headers["retry-after"] == "30"
    assert "over 2 requests with this token" in answers[-1].text
    assert served.get("page").status_code == 200


@pytest.mark.parametrize("name", [None, ""])
def test_who_has_no_name_has_no_such_quota(name: str | None) -> None:
    """A service that runs open counts addresses alone, and says so."""
    served = service(RateLimit(10, MINUTE), RateLimit(1, MINUTE))
    for remaining in (9, 8, 7):
        answer = served.get(name)
        assert answer.status_code == 200
        assert answer.headers["ratelimit-policy"] == '"default";q=10;w=60'
        assert answer.headers["ratelimit"] == f'"default";r={remaining};t=60'


def test_headers_state_both_and_in_the_older_ones_the_tighter() -> None:
    """By what is left of each; where that is alike, the one that takes longer to return."""
    served = service(RateLimit(3, MINUTE), RateLimit(2, timedelta(seconds=90)))
    reset = int(NOW.timestamp())

    def stated(address: str = "192.0.2.1") -> tuple[str, ...]:
        headers = served.get("monitor", address).headers
        assert headers["ratelimit-policy"] == '"default";q=3;w=60, "token";q=2;w=90'
        return (
            headers["ratelimit"],
            headers["x-ratelimit-limit"],
            headers["x-ratelimit-remaining"],
            headers["x-ratelimit-reset"],
        )

    assert stated() == ('"default";r=2;t=60, "token";r=1;t=90', "2", "1", str(reset + 90))
    served.get(None)
    assert stated() == ('"default";r=0;t=60, "token";r=0;t=90', "2", "0", str(reset + 90))
    served.clock.seconds = 90
    for _ in range(2):
        served.get(None)
    assert stated() == ('"default";r=0;t=60, "token";r=1;t=90', "3", "0", str(reset + 150))


def test_address_over_its_quota_does_not_use_up_a_token() -> None:
    """Who is refused before authentication is nobody yet."""
    served = service(RateLimit(1, MINUTE), RateLimit(2, MINUTE))
    assert [served.get("monitor").status_code for _ in range(5)] == [200, 429, 429, 429, 429]
    assert served.get("monitor", "192.0.2.2").status_code == 200


def test_exempt_path_counts_for_nothing() -> None:
    """A probe that carries a token too."""
    served = service(RateLimit(1, MINUTE), RateLimit(1, MINUTE))
    answers = [served.get("monitor", path="/livez") for _ in range(3)]
    assert {answer.status_code for answer in answers} == {200}
    assert not any("ratelimit" in answer.headers for answer in answers)
    assert served.get("monitor").status_code == 200
