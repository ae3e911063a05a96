"""When a report is sent again, with a clock that only goes on while somebody waits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import pytest

from k8s_heartbeat.adapters.masking import KNOWN
from k8s_heartbeat.adapters.push.delivery import Delivery, DeliveryError
from k8s_heartbeat.adapters.push.forms import receiver_at
from k8s_heartbeat.adapters.push.pace import Pace
from k8s_heartbeat.adapters.push.receiver import Reply, Request
from k8s_heartbeat.adapters.push.sender import SendError
from k8s_heartbeat.core import Health
from tests.servers.receiver import CHECK

from .reports import report, verdict

AWAY = SendError("it cannot be reached: Connection refused")


@dataclass
class World:
    """A clock, and a server with answers in store; each attempt takes a second."""

    answers: Sequence[Reply | SendError]
    url: str = f"https://hc-ping.com/{CHECK}"
    form: str = ""
    now: float = 100.0
    chance: float = 1.0
    waits: list[float] = field(default_factory=list[float])
    sent: list[Request] = field(default_factory=list[Request])

    def send(self, request: Request) -> Reply:
        answer = self.answers[min(len(self.sent), len(self.answers) - 1)]
        self.sent.append(request)
        self.now += 1
        if isinstance(answer, SendError):
            raise answer
        return answer

    def wait(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.now += seconds

    def deliver(self, health: Health = Health.DOWN, *, seconds: float = 60.0) -> str:
        """The problem of delivering; empty for none."""
        receiver = receiver_at(self.url, self.form)[1]
        delivery = Delivery(receiver, self.send, lambda: self.now, self.wait, lambda: self.chance)
        try:
            delivery.deliver(report(verdict(health)), self.now + seconds)
        except DeliveryError as error:
            return str(error)
        return ""


@pytest.mark.parametrize(
    "first",
    [AWAY, Reply(500), Reply(503), Reply(429), Reply(408)],
    ids=["away", "500", "503", "429", "408"],
)
def test_what_may_pass_is_tried_again(first: Reply | SendError) -> None:
    """With the same report."""
    world = World([first, Reply(200, b"OK")])
    assert world.deliver() == ""
    assert world.sent == [world.sent[0]] * 2
    assert world.waits == [1.0]


@pytest.mark.parametrize(
    ("first", "told"),
    [
        (Reply(400, b"bad"), "it answered 400: bad"),
        (Reply(401), "it answered 401"),
        (Reply(404, b"<html>x"), "it answered 404"),
        (Reply(302), "it answered 302, a redirect, which is not followed"),
        (Reply(200, b"OK (not found)"), "it answered 200: OK (not found)"),
        (Reply(200), "it answered 200 with an empty body"),
        (Reply(200, b"<html>x"), "it answered 200 with a page"),
        (SendError("its certificate is not trusted", passing=False), "its certificate is not"),
    ],
)
def test_what_will_not_pass_is_not_tried_again(first: Reply | SendError, told: str) -> None:
    """It would be a thousand errors in the log of whoever runs the receiver."""
    world = World([first])
    assert told in world.deliver()
    assert len(world.sent) == 1


def test_waits_double_up_to_a_bound_and_end_with_the_interval() -> None:
    """No attempt begins once the next report is due."""
    world = World([Reply(500)])
    assert world.deliver(seconds=100) == "it answered 500"
    assert world.waits == [1, 2, 4, 8, 16, 30, 30]
    assert world.now <= 200


def test_half_of_a_wait_is_chance() -> None:
    """So that many that fail together do not come back together."""
    world = World([Reply(500)], chance=0.0)
    world.deliver(seconds=10)
    assert world.waits == [0.5, 1.0, 2.0]


def test_what_the_receiver_asks_for_is_heeded() -> None:
    """A wait that outlasts the interval is none at all."""
    world = World([Reply(429, retry_after=7.0), Reply(200, b"OK")])
    assert world.deliver() == ""
    assert world.waits == [7.0]
    world = World([Reply(429, retry_after=3600.0)])
    assert world.deliver() == "it answered 429"
    assert world.waits == []


@pytest.mark.parametrize(
    ("url", "form", "requests"),
    [
        (f"https://hc-ping.com/{CHECK}", "", 0),
        ("https://kuma.example.com/api/push/a", "", 0),
        ("https://gatus.example.com/api/v1/endpoints/a/external", "", 0),
        ("http://pushgateway:9091/metrics/job/a", "", 1),
        ("https://example.com/a", "webhook", 1),
    ],
)
def test_what_is_unknown_is_withheld_where_it_cannot_be_said(
    url: str, form: str, requests: int
) -> None:
    """Silence is what the receiver alarms for."""
    world = World([Reply(200)], url, form)
    assert world.deliver(Health.UNKNOWN) == ""
    assert len(world.sent) == requests


def test_an_answer_that_repeats_a_secret_is_masked() -> None:
    """Some receivers quote the token that they refuse."""
    KNOWN.keep("Zq3v8Kx2mLwR7tYn0PbJc5")
    world = World([Reply(401, b"invalid token Zq3v8Kx2mLwR7tYn0PbJc5" + b" x" * 999)])
    told = world.deliver()
    assert "***" in told
    assert "Zq3v8" not in told
    assert len(told) < 250


def test_a_pace_neither_drifts_nor_catches_up() -> None:
    """What took too long leaves out what is past."""
    pace = Pace(100.0, 60.0)
    assert [pace.next(now) for now in (100.0, 100.1, 159.9, 160.0, 400.0)] == [
        160.0,
        160.0,
        160.0,
        220.0,
        460.0,
    ]


def test_a_url_is_split_as_it_is() -> None:
    """The receivers' paths are the URL's own, percent-encoding included."""
    url = "http://pushgateway:9091/metrics/job/a%20b"
    told = receiver_at(url, "")[1].request(report(verdict(Health.HEALTHY)))
    assert told.target == urlsplit(url).path
