"""Who is closed first when there are more clients than there is room for."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any, cast
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest
from waitress.adjustments import Adjustments

from k8s_heartbeat.adapters.server import Server
from k8s_heartbeat.adapters.server.connections import Connection, State, victims
from k8s_heartbeat.adapters.server.listener import Listener

NOW = 1_000.0
ADJUSTMENTS = Adjustments(max_request_header_size=8192, max_request_body_size=1024)


class Somewhere:
    """As much of a listener as a connection needs here."""

    def __init__(self) -> None:
        self.active_channels: dict[int, Any] = {}
        self.handed_over: list[Connection] = []

    def hand_over(self, connection: Connection, _: object) -> None:
        self.handed_over.append(connection)


class Crowd:
    """Connections over pairs of sockets."""

    def __init__(self, opened: ExitStack) -> None:
        self._opened = opened
        self._listener = cast(Listener, Somewhere())

    def come(self, state: State, *, ago: float, client: str = "") -> Connection:
        """One that is in a state since so many seconds, by default of a client of its own."""
        ours, theirs = socket.socketpair()
        self._opened.enter_context(ours)
        self._opened.enter_context(theirs)
        address = (client or f"10.0.0.{ours.fileno()}", 1)
        made = Connection(self._listener, ours, address, ADJUSTMENTS, map={})
        if state is State.ASKING:
            made.received(b"GET /livez HTTP/1.1\r\nHo")
        elif state is State.WORKED_ON:
            made.received(b"GET /livez HTTP/1.1\r\nHost: a\r\n\r\n")
        elif state is State.READING:
            made.total_outbufs_len = 1
        made.since = NOW - ago
        assert made.state is state
        return made


@pytest.fixture
def crowd() -> Iterator[Crowd]:
    """Nobody yet."""
    with ExitStack() as opened:
        yield Crowd(opened)


def test_the_idle_go_before_who_is_in_the_middle_of_something(crowd: Crowd) -> None:
    """However long either of them is at it; of the idle the one that is so the longest."""
    asking = crowd.come(State.ASKING, ago=4)
    reading = crowd.come(State.READING, ago=5)
    idle = crowd.come(State.IDLE, ago=2)
    longer = crowd.come(State.IDLE, ago=3)
    everyone = [asking, reading, idle, longer]
    assert victims(everyone, 4, NOW) == [longer, idle, reading, asking]


def test_who_has_just_come_goes_last(crowd: Crowd) -> None:
    """What it asks for may be on its way."""
    fresh = crowd.come(State.IDLE, ago=0.1)
    fresher = crowd.come(State.ASKING, ago=0.05)
    asking = crowd.come(State.ASKING, ago=2)
    assert victims([fresher, fresh, asking], 3, NOW) == [asking, fresh, fresher]


def test_nobody_goes_who_is_worked_on(crowd: Crowd) -> None:
    """Not even if there is no other."""
    worked_on = crowd.come(State.WORKED_ON, ago=60)
    idle = crowd.come(State.IDLE, ago=2)
    assert victims([worked_on, idle], 2, NOW) == [idle]


def test_who_holds_most_of_all_gives_way_to_strangers(crowd: Crowd) -> None:
    """A stranger that is slow stays, while one address has more than all others together."""
    stranger = crowd.come(State.IDLE, ago=50)
    crowding = [crowd.come(State.ASKING, ago=0.1, client="10.9.9.9") for _ in range(3)]
    assert victims([stranger, *crowding], 3, NOW) == crowding


def test_a_crowd_behind_one_proxy_is_told_apart_by_what_it_does(crowd: Crowd) -> None:
    """Where all have one address, that says nothing."""
    asking = crowd.come(State.ASKING, ago=3, client="10.9.9.9")
    idle = crowd.come(State.IDLE, ago=2, client="10.9.9.9")
    assert victims([asking, idle], 1, NOW) == [idle]


def test_one_request_is_worked_on_at_a_time(crowd: Crowd) -> None:
    """The others wait until its answer is taken: nobody has a thousand answers made at once."""
    connection = crowd.come(State.IDLE, ago=2)
    connection.received(b"GET /livez HTTP/1.1\r\nHost: a\r\n\r\n" * 3)
    assert len(connection.requests) == 1
    assert connection.ahead.count(b"GET") == 2
    assert not connection.readable()
    cast(list[object], connection.requests).clear()
    connection.total_outbufs_len = 1
    assert not connection.readable()
    assert not connection.requests
    connection.total_outbufs_len = 0
    assert not connection.readable()
    assert (len(connection.requests), connection.ahead.count(b"GET")) == (1, 1)


class Asked:
    """A stop that is asked for."""

    interrupted = False

    def __init__(self) -> None:
        self._asked = threading.Event()
        self.is_asked = self._asked.is_set
        self.ask = self._asked.set


def test_an_application_that_fails_is_told_as_an_error_of_ours(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """And not as one of the request, which whoever asked would look for in vain."""

    def fails(*_: object) -> list[bytes]:
        raise RuntimeError("a secret of the cluster")

    stop = Asked()
    server = Server(
        fails, host="127.0.0.1", port=0, threads=1, drain_seconds=0, stop=stop, is_quick=bool
    )
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        with pytest.raises(HTTPError) as caught:
            urlopen(f"http://127.0.0.1:{server.port}/", timeout=5)
        with caught.value as answer:
            body = json.load(answer)
    finally:
        stop.ask()
        thread.join()
    assert (answer.code, body["status"], body["up"]) == (500, 500, False)
    assert body["detail"] == "an error in the service itself"
    assert [
        record.getMessage() for record in caplog.records if "service itself" in record.message
    ] == ["an error in the service itself: 500 Internal Server Error"]
