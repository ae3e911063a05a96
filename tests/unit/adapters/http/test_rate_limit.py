"""Limits by token, behind whatever authentication names the caller."""

from __future__ import annotations

from datetime import timedelta

from falcon.testing import Result

from k8s_heartbeat.adapters.http.quota import RateLimit
from tests.builders import NOW
from tests.http.support import PATH, Service, caller, guarding, healthy, service

MINUTE = timedelta(minutes=1)
GUARDED = guarding(*(caller(name, name=name) for name in ("monitor", "page")))


def limited(clients: RateLimit, tokens: RateLimit) -> Service:
    """A service that limits addresses and tokens."""
    return service(healthy(), contract=GUARDED, limit=clients, token_limit=tokens)


def get(served: Service, token: str | None, address: str = "192.0.2.1", path: str = PATH) -> Result:
    """The answer to somebody at an address."""
    headers = {} if token is None else {"Authorization": f"Bearer {token}"}
    return served.get(path, headers=headers, remote_addr=address)


def test_token_has_one_quota_wherever_it_is_carried() -> None:
    """A token that a hundred machines carry is still one; 429 names what is over."""
    served = limited(RateLimit(10, MINUTE), RateLimit(2, timedelta(seconds=30)))
    answers = [get(served, "monitor", f"192.0.2.{number}") for number in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert answers[-1].headers["retry-after"] == "15"
    assert "over 2 requests of this token" in answers[-1].text
    assert get(served, "page").status_code == 200


def test_who_has_no_name_has_no_such_quota() -> None:
    """A service that runs open counts addresses alone, and says so."""
    served = service(healthy(), limit=RateLimit(10, MINUTE), token_limit=RateLimit(1, MINUTE))
    for remaining in (9, 8, 7):
        answer = get(served, None)
        assert answer.status_code == 200
        assert answer.headers["ratelimit-policy"] == '"default";q=10;w=60'
        assert answer.headers["ratelimit"] == f'"default";r={remaining};t=6'


def test_headers_state_the_limit_that_counted() -> None:
    """That of the token, where one is valid, and of the address where none is."""
    served = limited(RateLimit(3, MINUTE), RateLimit(2, timedelta(seconds=90)))

    def stated(token: str | None, address: str = "192.0.2.1") -> tuple[str, ...]:
        headers = get(served, token, address).headers
        return (
            headers["ratelimit-policy"],
            headers["ratelimit"],
            headers["x-ratelimit-limit"],
            headers["x-ratelimit-remaining"],
            headers["x-ratelimit-reset"],
        )

    reset = int(NOW.timestamp())
    token = '"token";q=2;w=90'
    assert stated("monitor") == (token, '"token";r=1;t=45', "2", "1", str(reset + 45))
    assert stated("monitor") == (token, '"token";r=0;t=45', "2", "0", str(reset + 45))
    address = '"default";q=3;w=60'
    assert stated(None) == (address, '"default";r=2;t=20', "3", "2", str(reset + 20))
    assert stated("wrong") == (address, '"default";r=1;t=20', "3", "1", str(reset + 20))


def test_a_token_uses_nothing_of_its_address_and_needs_nothing_of_it() -> None:
    """Neither is anybody else's flood its outage, nor is it the outage of anybody else."""
    served = limited(RateLimit(2, MINUTE), RateLimit(50, MINUTE))
    assert [get(served, "monitor").status_code for _ in range(20)] == [200] * 20
    assert [get(served, None).status_code for _ in range(3)] == [401, 401, 429]
    # One that was never seen from there, too.
    assert [get(served, token).status_code for token in ("monitor", "page")] == [200, 200]
    assert get(served, "wrong").status_code == 429
    assert [get(served, "monitor").status_code for _ in range(30)] == [200] * 29 + [429]


def test_a_token_may_ask_twenty_times_as_often_where_nothing_else_is_said() -> None:
    """So that hundreds of URLs with one token meet no limit."""
    served = service(healthy(), contract=GUARDED, limit=RateLimit(3, MINUTE))
    assert get(served, "monitor").headers["ratelimit-policy"] == '"token";q=60;w=60'


def test_exempt_path_counts_for_nothing() -> None:
    """A probe that carries a token too."""
    served = limited(RateLimit(1, MINUTE), RateLimit(1, MINUTE))
    answers = [get(served, "monitor", path="/livez") for _ in range(3)]
    assert {answer.status_code for answer in answers} == {200}
    assert not any("ratelimit" in answer.headers for answer in answers)
    assert get(served, "monitor").status_code == 200
