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
    assert answers[-1].headers["retry-after"] == "30"
    assert "over 2 requests with this token" in answers[-1].text
    assert get(served, "page").status_code == 200


def test_who_has_no_name_has_no_such_quota() -> None:
    """A service that runs open counts addresses alone, and says so."""
    served = service(healthy(), limit=RateLimit(10, MINUTE), token_limit=RateLimit(1, MINUTE))
    for remaining in (9, 8, 7):
        answer = get(served, None)
        assert answer.status_code == 200
        assert answer.headers["ratelimit-policy"] == '"default";q=10;w=60'
        assert answer.headers["ratelimit"] == f'"default";r={remaining};t=60'


def test_headers_state_both_and_in_the_older_ones_the_tighter() -> None:
    """By what is left of each; where that is alike, the one that takes longer to return."""
    served = limited(RateLimit(3, MINUTE), RateLimit(2, timedelta(seconds=90)))
    reset = int(NOW.timestamp())

    def stated(address: str = "192.0.2.1") -> tuple[str, ...]:
        headers = get(served, "monitor", address).headers
        assert headers["ratelimit-policy"] == '"default";q=3;w=60, "token";q=2;w=90'
        return (
            headers["ratelimit"],
            headers["x-ratelimit-limit"],
            headers["x-ratelimit-remaining"],
            headers["x-ratelimit-reset"],
        )

    assert stated() == ('"default";r=2;t=60, "token";r=1;t=90', "2", "1", str(reset + 90))
    get(served, None)
    assert stated() == ('"default";r=0;t=60, "token";r=0;t=90', "2", "0", str(reset + 90))
    served.clock.seconds = 90
    for _ in range(2):
        get(served, None)
    assert stated() == ('"default";r=0;t=60, "token";r=1;t=90', "3", "0", str(reset + 150))


def test_address_over_its_quota_does_not_use_up_a_token() -> None:
    """Who is refused before authentication is nobody yet."""
    served = limited(RateLimit(1, MINUTE), RateLimit(2, MINUTE))
    assert [get(served, "monitor").status_code for _ in range(5)] == [200, 429, 429, 429, 429]
    assert get(served, "monitor", "192.0.2.2").status_code == 200


def test_exempt_path_counts_for_nothing() -> None:
    """A probe that carries a token too."""
    served = limited(RateLimit(1, MINUTE), RateLimit(1, MINUTE))
    answers = [get(served, "monitor", path="/livez") for _ in range(3)]
    assert {answer.status_code for answer in answers} == {200}
    assert not any("ratelimit" in answer.headers for answer in answers)
    assert get(served, "monitor").status_code == 200
