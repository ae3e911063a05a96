"""Guessing: so many wrong tokens of an address, and no more is looked at."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from datetime import timedelta
from ipaddress import ip_network

import pytest

from k8s_heartbeat.adapters.http.callers import Caller, Credential
from k8s_heartbeat.adapters.http.quota import LocalQuota, RateLimit, Usage
from k8s_heartbeat.core.reader import Deadline, ReadError, ReadTimeout
from tests.http.support import GUARDED, PATH, PROBES, TOKEN, Service, caller, healthy, service
from tests.servers.api_server import until
from tests.servers.process import all_at_once

RIGHT = {"Authorization": f"Bearer {TOKEN}"}
WRONG = {"Authorization": "Bearer wrong"}


def guarded(failures: int = 3) -> Service:
    """A service that lets an address guess so many times a minute."""
    allowed = RateLimit(failures, timedelta(minutes=1))
    return service(healthy(), contract=GUARDED, failed_auth=allowed)


def codes(served: Service, *headers: dict[str, str], client: str = "192.0.2.1") -> list[int]:
    """The codes that requests with these headers get, one after the other."""
    return [served.get(remote_addr=client, headers=entry).status_code for entry in headers]


def test_guesses_are_refused_unseen_once_there_were_too_many() -> None:
    """Right or wrong, the answers are alike but for nothing, and say when to come again."""
    served = guarded()
    assert codes(served, *[WRONG] * 3) == [401] * 3
    served.clock.seconds = 17.5
    answers = [served.get(remote_addr="192.0.2.1", headers=headers) for headers in (WRONG, RIGHT)]
    for answer in answers:
        assert answer.status_code == 429
        assert answer.headers["retry-after"] == "43"
        assert "failed authentications of this address" in answer.json["detail"]
        assert "www-authenticate" not in answer.headers
    assert answers[0].text == answers[1].text
    assert served.reader.calls == 0
    served.clock.seconds = 60
    assert codes(served, RIGHT, WRONG) == [200, 401]


def test_other_addresses_are_not_shut_out() -> None:
    """Only who guesses pays for it."""
    served = guarded()
    assert codes(served, *[WRONG] * 4)[-1] == 429
    assert codes(served, WRONG, RIGHT, client="192.0.2.2") == [401, 200]


def test_request_without_a_credential_is_no_guess() -> None:
    """Clients that wait for the challenge send one each time, and probes need none."""
    served = guarded()
    assert codes(served, *[{}, RIGHT] * 20) == [401, 200] * 20
    assert codes(served, *[WRONG] * 4)[-1] == 429
    assert codes(served, {}) == [401]
    for path in PROBES:
        answer = served.get(path, remote_addr="192.0.2.1", headers=WRONG)
        assert answer.status_code == 200


def test_right_token_costs_nothing() -> None:
    """However often it is carried, beside a wrong one too."""
    served = guarded()
    assert codes(served, *[RIGHT] * 20) == [200] * 20
    both = [
        served.get(remote_addr="192.0.2.1", headers=WRONG, query_string=f"token={TOKEN}")
        for _ in range(5)
    ]
    assert {answer.status_code for answer in both} == {200}


@pytest.mark.parametrize(
    ("query", "guesses"),
    [
        ("token=a", 1),
        ("token=a+b", 1),
        ("token=", 1),
        ("token=a&token=b", 2),
        ("token=a&token=b&token=c", 3),
        ("token=a,b,c", 1),
    ],
)
def test_each_credential_of_a_request_is_a_guess(query: str, guesses: int) -> None:
    """A request with ten tokens tries ten."""
    served = guarded(failures=7)
    statuses = [
        served.get(remote_addr="192.0.2.1", query_string=query).status_code for _ in range(8)
    ]
    assert statuses.count(401) == 7 // guesses
    assert statuses.count(429) == 8 - 7 // guesses


def test_more_guesses_in_one_request_than_are_left_are_not_looked_at() -> None:
    """Not even where a right one is among them."""
    served = guarded()
    query = "&".join(["token=a", "token=b", "token=c", f"token={TOKEN}"])
    assert served.get(remote_addr="192.0.2.1", query_string=query).status_code == 429


def test_guesses_at_one_moment_learn_no_more_than_one_after_the_other(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """So many are told that they are wrong, though all were let in before the first was counted."""

    def nothing_yet(quota: LocalQuota, key: str) -> Usage:
        return Usage(quota.limit.requests, 0, 60)

    monkeypatch.setattr(LocalQuota, "usage", nothing_yet)
    assert codes(guarded(failures=3), *[WRONG] * 5) == [401, 401, 401, 429, 429]


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


class Slow:
    """An authenticator that takes its time, and knows one token."""

    schemes = ("Bearer",)
    hint = "a token"

    def __init__(self, failure: ReadError | None = None) -> None:
        self.go_on = threading.Event()
        self.asked: list[bytes] = []
        self._failure = failure

    def caller(self, offered: Sequence[Credential], deadline: Deadline) -> Caller | None:
        """Whose it is, once it may go on."""
        self.asked += [credential.value for credential in offered]
        self.go_on.wait(10)
        if self._failure is not None:
            raise self._failure
        return caller() if offered[0].value == TOKEN.encode() else None


def slow(authenticator: Slow, failures: int = 3) -> Service:
    """A service with it, that lets an address guess so many times a minute."""
    allowed = RateLimit(failures, timedelta(minutes=1))
    return service(healthy(), authenticator=authenticator, failed_auth=allowed)


def test_guesses_at_once_are_no_more_than_guesses_in_turn() -> None:
    """While some are looked at, what would be too many is refused unseen."""
    authenticator = Slow()
    served = slow(authenticator)
    numbers = iter(range(20))
    found: list[int] = []

    def guess() -> int:
        return codes(served, {"Authorization": f"Bearer guess-{next(numbers)}"})[0]

    def watch() -> None:
        until(lambda: found.count(429) >= 17, "the refusals")
        authenticator.go_on.set()

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    all_at_once(20, lambda: found.append(guess()))
    watcher.join()
    assert sorted(found) == [401] * 3 + [429] * 17
    assert len(authenticator.asked) == 3


def test_one_token_at_once_is_one_guess() -> None:
    """A page that asks for twenty things at once is let in, or not, as a whole."""
    authenticator = Slow()
    authenticator.go_on.set()
    served = slow(authenticator)
    assert all_at_once(20, lambda: codes(served, RIGHT)[0]) == [200] * 20


def test_what_nobody_could_tell_counts_too() -> None:
    """Otherwise an authenticator that hangs could be asked without end."""
    authenticator = Slow(ReadTimeout("it hung"))
    authenticator.go_on.set()
    assert codes(slow(authenticator), *[WRONG] * 5) == [504, 504, 504, 429, 429]
