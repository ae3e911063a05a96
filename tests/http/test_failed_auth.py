"""Guessing: so many wrong tokens of an address, and no more is looked at."""

from __future__ import annotations

import threading
from base64 import b64encode
from dataclasses import replace
from datetime import timedelta
from ipaddress import ip_network

import pytest

from k8s_heartbeat.adapters.http.app import Contract
from k8s_heartbeat.adapters.http.callers import Caller, Credential
from k8s_heartbeat.adapters.http.quota import LocalQuota, RateLimit, Usage
from k8s_heartbeat.adapters.http.tokens import Token, TokenAuthenticator
from k8s_heartbeat.core.checks.reader import Deadline, ReadError, ReadTimeout, UpstreamError
from tests.http.support import (
    GUARDED,
    PATH,
    PROBES,
    TOKEN,
    Service,
    caller,
    guarding,
    healthy,
    service,
)
from tests.servers.api_server import until
from tests.servers.process import all_at_once

HERE, ELSEWHERE = "192.0.2.1", "192.0.2.2"
HOUR = 3600.0


def bearing(token: str) -> dict[str, str]:
    """The header that carries a token."""
    return {"Authorization": f"Bearer {token}"}


RIGHT, WRONG = bearing(TOKEN), bearing("wrong")


def guesses(count: int, name: str = "guess") -> list[dict[str, str]]:
    """So many wrong tokens, each another."""
    return [bearing(f"{name}-{number}") for number in range(count)]


def guarded(failures: int = 3) -> Service:
    """A service that lets an address guess so many times a minute."""
    allowed = RateLimit(failures, timedelta(minutes=1))
    return service(healthy(), contract=GUARDED, failed_auth=allowed)


def codes(served: Service, *headers: dict[str, str], client: str = HERE) -> list[int]:
    """The codes that requests with these headers get, one after the other."""
    return [served.get(remote_addr=client, headers=entry).status_code for entry in headers]


def test_guesses_are_refused_unseen_once_there_were_too_many() -> None:
    """Right or wrong, the answers are alike but for nothing, and say when to come again."""
    served = guarded()
    assert codes(served, *guesses(3)) == [401] * 3
    served.clock.seconds = 17.5
    answers = [served.get(remote_addr=HERE, headers=headers) for headers in (WRONG, RIGHT)]
    for answer in answers:
        assert answer.status_code == 429
        assert answer.headers["retry-after"] == "3"
        assert answer.headers["ratelimit-policy"] == '"failed-auth";q=3;w=60'
        assert answer.headers["ratelimit"] == '"failed-auth";r=0;t=3'
        assert answer.headers["x-ratelimit-remaining"] == "0"
        assert "failed authentications of this address" in answer.json["detail"]
        assert "www-authenticate" not in answer.headers
    assert answers[0].text == answers[1].text
    assert served.reader.calls == 0
    served.clock.seconds = 20.5
    assert codes(served, RIGHT, WRONG, *guesses(1, "another")) == [200, 401, 429]


def test_the_same_wrong_token_counts_once_a_period() -> None:
    """A monitor with an old token shuts out nobody, and is told what is wrong all along."""
    served = guarded()
    assert codes(served, *[WRONG] * 20, RIGHT) == [401] * 20 + [200]
    # Two more are left, then what is known already is still told what it is.
    assert codes(served, *guesses(3), WRONG) == [401, 401, 429, 401]
    for _ in range(4):
        served.clock.seconds += 60
        assert codes(served, WRONG, *guesses(3)) == [401, 401, 401, 429]


def test_a_token_is_one_however_it_is_spelled() -> None:
    """As a password its user's name says nothing: neither of a wrong one nor of a right one."""
    served = guarded()

    def basic(user: str, token: str) -> dict[str, str]:
        return {"Authorization": f"Basic {b64encode(f'{user}:{token}'.encode()).decode()}"}

    assert codes(served, *[basic(f"monitor-{at}", "old") for at in range(9)]) == [401] * 9
    assert codes(served, bearing("old"), basic("monitor-1", TOKEN)) == [401, 200]
    assert codes(served, *guesses(3)) == [401, 401, 429]
    assert codes(served, basic("monitor-2", TOKEN), RIGHT) == [200, 200]


def test_a_wrong_token_may_have_become_right() -> None:
    """It is looked at each time, in a lock-out too."""
    tokens: list[Token] = []
    contract = Contract(authenticator=TokenAuthenticator(lambda: tokens))
    served = service(healthy(), contract=contract, failed_auth=RateLimit(3, timedelta(minutes=1)))
    assert codes(served, RIGHT, *guesses(3)) == [401, 401, 401, 429]
    tokens.append(caller())
    assert codes(served, RIGHT) == [200]


@pytest.mark.parametrize(
    ("later", "client", "expected"),
    [
        (0.0, HERE, [200, 200]),
        (HOUR - 1, HERE, [200, 200]),
        (HOUR, HERE, [429, 429]),
        (0.0, ELSEWHERE, [429, 429]),
    ],
)
def test_who_was_right_from_there_is_let_in_during_a_lock_out(
    later: float, client: str, expected: list[int]
) -> None:
    """For an hour; elsewhere it is a token like any other."""
    served = guarded()
    assert codes(served, RIGHT) == [200]
    served.clock.seconds = later
    assert codes(served, *guesses(4), client=client) == [401, 401, 401, 429]
    assert codes(served, RIGHT, RIGHT, client=client) == expected


def test_an_hour_lasts_from_when_it_was_right_last() -> None:
    """Whoever polls is never forgotten."""
    served = guarded()
    for _ in range(4):
        assert codes(served, RIGHT, *guesses(4), RIGHT) == [200, 401, 401, 401, 429, 200]
        served.clock.seconds += HOUR - 1


def test_who_was_right_is_still_asked_who_it_is() -> None:
    """A token that was taken out opens nothing, and is no guess."""
    tokens = [caller()]
    contract = Contract(authenticator=TokenAuthenticator(lambda: tokens))
    served = service(healthy(), contract=contract, failed_auth=RateLimit(3, timedelta(minutes=1)))
    assert codes(served, RIGHT) == [200]
    tokens.clear()
    assert codes(served, RIGHT, *guesses(4), RIGHT) == [401, 401, 401, 401, 429, 401]


def test_other_addresses_are_not_shut_out() -> None:
    """Only who guesses pays for it."""
    served = guarded()
    assert codes(served, *guesses(4))[-1] == 429
    assert codes(served, WRONG, RIGHT, client=ELSEWHERE) == [401, 200]


def test_request_without_a_credential_is_no_guess() -> None:
    """Clients that wait for the challenge send one each time, and probes need none."""
    served = guarded()
    assert codes(served, *[{}, RIGHT] * 20) == [401, 200] * 20
    assert codes(served, *guesses(4))[-1] == 429
    assert codes(served, {}) == [401]
    for path in PROBES:
        answer = served.get(path, remote_addr="192.0.2.1", headers=WRONG)
        assert answer.status_code == 200


@pytest.mark.parametrize(
    ("headers", "query", "cost"),
    [
        (RIGHT, "", 0),
        (RIGHT, f"token={TOKEN}", 0),
        ({}, f"token={TOKEN}&token={TOKEN}", 0),
        (RIGHT, "token=a", 1),
        (WRONG, f"token={TOKEN}", 1),
        (RIGHT, "token=a&token=a", 1),
        (RIGHT, "token=a&token=b&token=c", 3),
        ({}, f"token=a&token=b&token={TOKEN}&token=c", 3),
    ],
)
def test_what_is_offered_beside_a_right_token_counts(
    headers: dict[str, str], query: str, cost: int
) -> None:
    """Whoever has a token guesses no faster than who has none; the same one twice is one."""
    served = guarded(failures=4)
    for _ in range(5):
        answer = served.get(remote_addr=HERE, headers=headers, query_string=query)
        assert answer.status_code == 200
    assert codes(served, *guesses(5)) == [401] * (4 - cost) + [429] * (1 + cost)


def test_a_lock_out_looks_at_nothing_beside_a_token_that_was_right() -> None:
    """Who is right is let in whatever else a proxy or a habit adds, and learns nothing of it."""
    served = guarded()
    other = bearing("other-t0ken")
    assert codes(served, RIGHT, *guesses(4)) == [200, 401, 401, 401, 429]
    query = f"token=new&token={TOKEN}"
    answers = [served.get(remote_addr=HERE, query_string=query) for _ in range(2)]
    assert {answer.status_code for answer in answers} == {200}
    assert codes(served, other) == [429]
    # Of a known wrong one and an unknown one it is not told that they are wrong.
    answer = served.get(remote_addr=HERE, headers=guesses(1)[0], query_string="token=new")
    assert answer.status_code == 429


@pytest.mark.parametrize("first", ["one", "two"])
def test_the_first_that_is_right_is_who_asks(first: str) -> None:
    """The header's goes before the query's."""
    tokens = [replace(caller(name), name=name) for name in ("one", "two")]
    served = service(healthy(), contract=guarding(*tokens), token_limit=RateLimit(5))
    second = {"one": "two", "two": "one"}[first]
    for _ in range(2):
        served.get(headers=bearing(first), query_string=f"token={second}")
    left = [served.get(headers=bearing(name)).headers["ratelimit"] for name in (first, second)]
    assert ['"token";r=2' in left[0], '"token";r=4' in left[1]] == [True, True]


@pytest.mark.parametrize(
    ("query", "cost"),
    [
        ("token={0}a", 1),
        ("token={0}a+b", 1),
        ("token={0}a&token={0}a", 1),
        ("token={0}a&token={0}b", 2),
        ("token={0}a&token={0}b&token={0}c", 3),
        ("token={0}a,b,c", 1),
        ("token={0}a&token={0}b&token={0}c&token={0}d&token={0}e", 5),
    ],
)
def test_each_credential_of_a_request_is_a_guess(query: str, cost: int) -> None:
    """A request with ten tokens tries ten."""
    served = guarded(failures=7)
    statuses = [
        served.get(remote_addr=HERE, query_string=query.format(number)).status_code
        for number in range(8)
    ]
    assert statuses == [401] * (7 // cost) + [429] * (8 - 7 // cost)


def test_an_empty_token_is_a_guess_too() -> None:
    """And the same one each time."""
    served = guarded(failures=1)
    answers = [served.get(remote_addr=HERE, query_string="token=") for _ in range(3)]
    assert {answer.status_code for answer in answers} == {401}
    assert codes(served, WRONG) == [429]


def test_more_guesses_in_one_request_than_are_left_are_not_looked_at() -> None:
    """Not even where a right one is among them."""
    served = guarded()
    query = "&".join(["token=a", "token=b", "token=c", f"token={TOKEN}"])
    assert served.get(remote_addr=HERE, query_string=query).status_code == 429


def test_guesses_at_one_moment_learn_no_more_than_one_after_the_other(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """So many are told that they are wrong, though all were let in before the first was counted."""

    def nothing_yet(quota: LocalQuota, key: str) -> Usage:
        return quota.limit.usage(0)

    monkeypatch.setattr(LocalQuota, "usage", nothing_yet)
    served = guarded(failures=3)
    assert codes(served, *guesses(5)) == [401, 401, 401, 429, 429]
    # Nor by asking again for what was not told.
    assert codes(served, *guesses(5)) == [401, 401, 401, 429, 429]
    answer = served.get(remote_addr=HERE, headers=RIGHT, query_string="token=another")
    assert answer.status_code == 429


def test_guesses_count_for_the_client_behind_a_trusted_proxy() -> None:
    """One guesser does not shut out the proxy."""
    served = service(
        healthy(),
        contract=GUARDED,
        failed_auth=RateLimit(1),
        trusted_proxies=[ip_network("192.0.2.0/24")],
    )

    def code(client: str, headers: dict[str, str]) -> int:
        headers = {"X-Forwarded-For": client, **headers}
        return served.get(PATH, remote_addr="192.0.2.1", headers=headers).status_code

    assert [code("203.0.113.1", WRONG), code("203.0.113.1", RIGHT)] == [401, 429]
    assert code("203.0.113.2", RIGHT) == 200
    assert code("203.0.113.2", WRONG) == 401
    assert code("203.0.113.2", RIGHT) == 200


class Slow:
    """An authenticator that takes its time, and knows one token."""

    schemes = ("Bearer",)
    hint = "a token"
    asks_api_server = True
    takes_query = False

    def __init__(self, failure: ReadError | None = None) -> None:
        self.go_on = threading.Event()
        self.asked: list[bytes] = []
        self.failure = failure

    def caller(self, credential: Credential, deadline: Deadline) -> Caller | None:
        """Whose it is, once it may go on."""
        self.asked.append(credential.value)
        self.go_on.wait(10)
        if self.failure is not None:
            raise self.failure
        return caller() if credential.value == TOKEN.encode() else None


class Brief:
    """An authenticator that takes a moment, and knows everybody."""

    schemes = ("Bearer",)
    hint = "a token"
    asks_api_server = True
    takes_query = False

    def caller(self, credential: Credential, deadline: Deadline) -> Caller | None:
        """Whose it is, after a moment."""
        threading.Event().wait(0.01)
        return caller()


def slow(authenticator: Slow, failures: int = 3) -> Service:
    """A service with it, that lets an address guess so many times a minute."""
    allowed = RateLimit(failures, timedelta(minutes=1))
    return service(healthy(), authenticator=authenticator, failed_auth=allowed)


@pytest.mark.parametrize(
    ("failure", "told"), [(None, 401), (ReadTimeout("a TokenReview", "it hung"), 504)]
)
def test_guesses_at_once_are_no_more_than_guesses_in_turn(
    failure: ReadError | None, told: int
) -> None:
    """While some are looked at, what would be too many is refused unseen.

    So an authenticator that hangs, whose answers do not count, is not asked without end.
    """
    authenticator = Slow(failure)
    served = slow(authenticator)
    each = iter(guesses(20))
    found: list[int] = []

    def watch() -> None:
        until(lambda: found.count(429) >= 17, "the refusals")
        authenticator.go_on.set()

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    all_at_once(20, lambda: found.extend(codes(served, next(each))))
    watcher.join()
    assert sorted(found) == sorted([told] * 3 + [429] * 17)
    assert len(authenticator.asked) == 3


@pytest.mark.parametrize(("carried", "code"), [(RIGHT, 200), (WRONG, 401)])
def test_one_token_at_once_is_one_guess(carried: dict[str, str], code: int) -> None:
    """A page that asks for twenty things at once is let in, or not, as a whole."""
    authenticator = Slow()
    served = slow(authenticator)

    def watch() -> None:
        until(lambda: len(authenticator.asked) >= 20, "all of them at once")
        authenticator.go_on.set()

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    assert all_at_once(20, lambda: codes(served, carried)[0]) == [code] * 20
    watcher.join()
    # At most one of them counted.
    assert codes(served, *guesses(2)) == [401, 401]


def test_many_that_are_new_at_once_wait_for_one_another() -> None:
    """As after a restart, with a monitor in each of twenty pods behind one address."""
    everybody = service(healthy(), authenticator=Brief(), failed_auth=RateLimit(3))
    tokens = iter(guesses(20, "right"))
    assert all_at_once(20, lambda: codes(everybody, next(tokens))) == [[200]] * 20


def test_who_is_known_waits_for_no_trial() -> None:
    """While all that may be guessed is being looked at."""
    authenticator = Slow()
    authenticator.go_on.set()
    served = slow(authenticator)
    assert codes(served, RIGHT, WRONG) == [200, 401]
    authenticator.go_on.clear()
    threads = [
        threading.Thread(target=codes, args=(served, headers), daemon=True)
        for headers in guesses(2)
    ]
    for thread in threads:
        thread.start()
    until(lambda: len(authenticator.asked) == 4, "two guesses on trial")
    refused = served.get(remote_addr=HERE, headers=bearing("one-more"))
    assert (refused.status_code, refused.headers["retry-after"]) == (429, "1")
    assert refused.headers["x-ratelimit-remaining"] == "0"
    authenticator.go_on.set()
    assert codes(served, RIGHT, WRONG) == [200, 401]
    for thread in threads:
        thread.join()


@pytest.mark.parametrize(
    ("failure", "code"),
    [
        (ReadTimeout("a TokenReview", "it hung"), 504),
        (UpstreamError("a TokenReview", "answered 500"), 502),
    ],
)
def test_what_nobody_could_tell_is_no_guess(failure: ReadError, code: int) -> None:
    """An API server that is away shuts out nobody, and once it is back everything counts."""
    authenticator = Slow(failure)
    authenticator.go_on.set()
    served = slow(authenticator)
    assert codes(served, *guesses(10), RIGHT) == [code] * 11
    authenticator.failure = None
    assert codes(served, RIGHT, *guesses(4), RIGHT) == [200, 401, 401, 401, 429, 200]
