"""How often: a quota for each client, stated on every answer."""

from __future__ import annotations

from datetime import timedelta

import pytest

from k8s_heartbeat.adapters.http.app import Contract
from k8s_heartbeat.adapters.http.client_address import client_of, parse_network
from k8s_heartbeat.adapters.http.quota import RateLimit
from k8s_heartbeat.core.checks.reader import UpstreamError
from tests.builders import NOW
from tests.http.support import (
    GUARDED,
    OPEN,
    PATH,
    PROBES,
    Clock,
    FakeReader,
    Service,
    healthy,
    service,
)

THREE_A_MINUTE = RateLimit(3, timedelta(minutes=1))
RATE_HEADERS = {
    "ratelimit",
    "ratelimit-policy",
    "x-ratelimit-limit",
    "x-ratelimit-remaining",
    "x-ratelimit-reset",
}


def limited(limit: RateLimit = THREE_A_MINUTE, contract: Contract = OPEN) -> Service:
    """A service that takes three requests a minute."""
    return service(healthy(), clock=Clock(), contract=contract, limit=limit)


def codes(served: Service, times: int, client: str = "192.0.2.1") -> list[int]:
    """The codes that a client gets, one request after the other."""
    return [served.get(remote_addr=client).status_code for _ in range(times)]


def test_headers_state_the_quota_in_both_dialects() -> None:
    """The IETF draft's headers and the original's: what is left, and when there is one more."""
    served = limited()
    for remaining, left in ((2, 20), (1, 15), (0, 10)):
        headers = served.get().headers
        assert headers["ratelimit-policy"] == '"default";q=3;w=60'
        assert headers["ratelimit"] == f'"default";r={remaining};t={left}'
        assert headers["x-ratelimit-limit"] == "3"
        assert headers["x-ratelimit-remaining"] == str(remaining)
        assert headers["x-ratelimit-reset"] == str(int(NOW.timestamp()) + 20)
        served.clock.seconds += 5


def test_request_over_the_quota_is_refused_before_anything_else() -> None:
    """429 says when to come again, and reads nothing."""
    served = limited()
    assert codes(served, 3) == [200, 200, 200]
    served.clock.seconds = 17.5
    answer = served.get(remote_addr="192.0.2.1")
    assert answer.status_code == 429
    assert answer.headers["retry-after"] == "3"
    assert answer.headers["ratelimit"] == '"default";r=0;t=3'
    assert answer.headers["x-ratelimit-remaining"] == "0"
    assert answer.headers["x-ratelimit-reset"] == str(int(NOW.timestamp()) + 20)
    assert answer.headers["heartbeat-status"] == "unknown"
    assert answer.headers["content-type"] == "application/problem+json"
    assert len(served.reader.queries) == 3


def test_limit_comes_before_authentication() -> None:
    """Whoever carries nothing is limited by address, and a 401 states the quota too."""
    served = limited(contract=GUARDED)
    answers = [served.get() for _ in range(4)]
    assert [answer.status_code for answer in answers] == [401, 401, 401, 429]
    assert "over 3 requests of this address" in answers[-1].json["detail"]
    assert all(answer.headers.keys() >= RATE_HEADERS for answer in answers)


def test_who_is_over_waits_for_one_and_not_for_a_period() -> None:
    """One more each third of the period; refused requests lengthen nothing."""
    served = limited()
    assert codes(served, 9) == [200] * 3 + [429] * 6
    for moment in (20, 40, 60):
        served.clock.seconds = moment - 0.1
        refused = served.get(remote_addr="192.0.2.1")
        assert (refused.status_code, refused.headers["retry-after"]) == (429, "1")
        served.clock.seconds = moment
        assert codes(served, 2) == [200, 429]
    served.clock.seconds = 120
    assert codes(served, 4) == [200, 200, 200, 429]


def test_an_hours_limit_is_no_outage_of_an_hour() -> None:
    """By default a request too many is answered a second later."""
    served = service(healthy())
    found = {served.get().status_code for _ in range(3600)}
    refused = served.get()
    assert (found, refused.status_code) == ({200}, 429)
    assert refused.headers["retry-after"] == "1"
    served.clock.seconds += 1
    assert [served.get().status_code for _ in range(2)] == [200, 429]


def test_every_answer_and_every_method_counts() -> None:
    """An error costs as much as a verdict, a HEAD as much as a GET."""
    served = limited()
    assert served.get("/api/healthz/shop/deployment/A").status_code == 400
    assert served.head("/nothing").status_code == 404
    assert served.client.simulate_request("POST", PATH).status_code == 405
    assert served.get().status_code == 429


@pytest.mark.parametrize("path", [*PROBES, "/livez/"])
def test_probes_are_exempt(path: str) -> None:
    """A kubelet's probes are never refused and never counted."""
    served = limited(RateLimit(1))
    answers = [served.get(path) for _ in range(5)]
    assert {answer.status_code for answer in answers} == {200}
    assert not any(answer.headers.keys() & RATE_HEADERS for answer in answers)
    assert served.get().status_code == 200


def test_failing_probe_is_exempt_too() -> None:
    """An API server that is away does not turn the original's check into 429."""
    reader = FakeReader(failure=UpstreamError("deployments shop/api", "answered 500"))
    served = service(reader=reader, limit=RateLimit(1))
    assert [served.get("/healthz").status_code for _ in range(3)] == [502, 502, 502]


def test_clients_do_not_share_a_quota() -> None:
    """One poller that runs wild shuts out itself alone."""
    served = limited()
    assert codes(served, 4, "192.0.2.1")[-1] == 429
    assert codes(served, 3, "192.0.2.2") == [200, 200, 200]


@pytest.mark.parametrize("header", ["X-Forwarded-For", "Forwarded", "X-Real-IP", "Client-IP"])
def test_forwarding_headers_buy_no_quota(header: str) -> None:
    """The peer's address counts; anybody can write a header."""
    served = limited()
    answers = [
        served.get(headers={header: f"for=198.51.100.{number}"}).status_code for number in range(4)
    ]
    assert answers == [200, 200, 200, 429]


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff:ffff:ffff:ffff", True),
        ("2001:db8:1:2::1", "2001:0DB8:0001:0002::0001", True),
        ("2001:db8:1:2::1", "2001:db8:1:3::1", False),
        ("fe80::1%eth0", "fe80::2", True),
        ("::ffff:192.0.2.1", "192.0.2.1", True),
        ("::ffff:192.0.2.1", "::ffff:192.0.2.2", False),
        ("192.0.2.1", "192.0.2.2", False),
        ("", "", True),
        ("unix:", "192.0.2.1", False),
    ],
)
def test_ipv6_counts_by_its_network_of_64_bits(one: str, other: str, same: bool) -> None:
    """A host roams freely in a /64; IPv4 counts by its address, however it is written."""
    assert (client_of(one) == client_of(other)) is same
    served = limited(RateLimit(1))
    assert codes(served, 1, one) == [200]
    assert codes(served, 1, other) == [429 if same else 200]


def test_client_behind_a_trusted_proxy_has_a_quota_of_its_own() -> None:
    """And nobody else's: an address that a client invents stands left of its own."""
    trusted = [parse_network("10.0.0.0/8")]
    served = service(healthy(), limit=RateLimit(1), trusted_proxies=trusted)

    def code(forwarded: str, peer: str = "10.0.0.1") -> int:
        headers = {"X-Forwarded-For": forwarded}
        return served.get(remote_addr=peer, headers=headers).status_code

    assert [code("192.0.2.1"), code("192.0.2.2")] == [200, 200]
    assert [code("192.0.2.1"), code("192.0.2.9, 192.0.2.1, 10.0.0.2")] == [429, 429]
    assert [code("2001:db8::1"), code("2001:db8::2")] == [200, 429]
    assert [code("192.0.2.3", "198.51.100.1"), code("192.0.2.4", "198.51.100.1")] == [200, 429]


def test_memory_holds_so_many_clients_and_forgets_the_one_quiet_longest(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Past the bound a client that keeps asking stays known, and a quiet one starts anew."""
    monkeypatch.setattr("k8s_heartbeat.adapters.http.quota._MOST_KEYS", 3)
    monkeypatch.setattr("k8s_heartbeat.adapters.http.quota._TABLES", 1)
    served = limited()

    def remaining(client: str) -> int:
        return int(served.get(remote_addr=client).headers["x-ratelimit-remaining"])

    assert [remaining(f"192.0.2.{last}") for last in (1, 2, 3)] == [2, 2, 2]
    assert remaining("192.0.2.1") == 1
    assert remaining("192.0.2.4") == 2
    assert remaining("192.0.2.1") == 0
    assert remaining("192.0.2.2") == 2


def test_fractions_of_a_second_round_up() -> None:
    """Whoever comes back when told to is let in."""
    served = limited(RateLimit(1, timedelta(seconds=1.5)))
    headers = served.get().headers
    assert headers["ratelimit-policy"] == '"default";q=1;w=2'
    assert headers["x-ratelimit-reset"] == str(int(NOW.timestamp()) + 2)
    refused = served.get()
    served.clock.seconds = float(refused.headers["retry-after"])
    assert served.get().status_code == 200
