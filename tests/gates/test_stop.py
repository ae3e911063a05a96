"""SIGTERM under load, in both entry points: every request that was taken is answered."""

from __future__ import annotations

import signal
import socket
import threading
import time
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from tests.builders import deployment
from tests.entrypoints.support import API, SERVE, served
from tests.servers.api_server import PATIENCE, ApiServer, until
from tests.servers.faults import holding
from tests.servers.process import Service

from .figures import Figures

_KNATIVE = ("-m", "k8s_heartbeat.entrypoints.knative")
_ENTRIES = pytest.mark.parametrize("entry", ["classic", "knative"])
# More than there are threads.
_CALLERS = 200


@_ENTRIES
def test_all_that_is_in_flight_and_queued_is_answered(
    home: Path, api: ApiServer, figures: Figures, entry: str
) -> None:
    """200 callers of 40 objects whose answers wait for the cluster when the signal comes."""
    names = [f"api-{number}" for number in range(40)]
    api.objects = [_named(name) for name in names]
    with holding() as (hold, released), _served(home, api, entry) as service:
        api.behave("/apis/", hold)
        callers = [Caller(service, name) for name in names]
        api.wait_for(40)
        # Who waits for the same object takes a place as well, in whatever order threads come by.
        callers += [Caller(service, names[number % 40]) for number in range(40, _CALLERS)]
        service.process.send_signal(signal.SIGTERM)
        service.says("stopping")
        released.set()
        codes = [caller.status() for caller in callers]
        assert service.process.wait(PATIENCE) == 0
    # Half of the threads wait for the cluster; who is beyond them is told so at once.
    assert set(codes) <= {0, 200, 504}
    assert codes.count(200) >= 40
    lost = codes.count(0)
    figures.take(f"{entry}, SIGTERM amid {_CALLERS} requests: lost", lost, 0, "requests")


@_ENTRIES
def test_nobody_is_refused_before_the_listener_closes(
    home: Path, api: ApiServer, figures: Figures, entry: str
) -> None:
    """Eight callers that come without a pause: answers, until connections are refused for good."""
    with _served(home, api, entry, drain="1") as service:
        service.get(API)
        visitors = [Visitor(service) for _ in range(8)]
        until(lambda: sum(len(visitor.outcomes) for visitor in visitors) > 100, "answers")
        code = service.stop()
        for visitor in visitors:
            visitor.thread.join(PATIENCE)
    outcomes = [outcome for visitor in visitors for outcome in visitor.outcomes]
    lost = [outcome for outcome in outcomes if outcome != 200]
    assert code == 0
    assert not lost, lost
    assert max(visitor.began for visitor in visitors) < min(visitor.ended for visitor in visitors)
    # What the kernel took between the last look into its queue and the close.
    reset = sum(visitor.is_reset for visitor in visitors)
    figures.take(f"{entry}, SIGTERM under load: requests lost", len(lost), 0, f"of {len(outcomes)}")
    figures.take(f"{entry}, SIGTERM under load: connections reset", reset, 3, "of 8 callers'")


class Caller:
    """One request, sent on a connection of its own."""

    def __init__(self, service: Service, name: str) -> None:
        self._socket = socket.create_connection(("127.0.0.1", service.port), 2 * PATIENCE)
        line = f"GET /api/healthz/shop/deployment/{name} HTTP/1.1\r\nHost: a\r\n\r\n"
        self._socket.sendall(line.encode())

    def status(self) -> int:
        """The code that it got, 0 for none."""
        try:
            with self._socket, self._socket.makefile("rb") as stream:
                return int(stream.readline().split()[1])
        except (OSError, IndexError):
            return 0


class Visitor:
    """Asks again and again, each time on a new connection, until it is refused one.

    Attributes:
        outcomes: The codes that it got, or what went wrong.
        began: When it began to ask for the last time that it was answered.
        ended: When it was refused.
        is_reset: Whether it had a connection by then.
    """

    def __init__(self, service: Service) -> None:
        self.outcomes: list[int | str] = []
        self.began = self.ended = 0.0
        self.is_reset = False
        self._service = service
        self.thread = threading.Thread(target=self._keep_asking, daemon=True)
        self.thread.start()

    def _keep_asking(self) -> None:
        while not self.ended:
            began = time.monotonic()
            try:
                self.outcomes.append(self._service.get(API).status)
                self.began = began
            except ConnectionRefusedError:
                self.ended = time.monotonic()
            except ConnectionResetError:
                self.is_reset = True
                self.ended = time.monotonic()
            except OSError as error:
                self.outcomes.append(repr(error))
                self.ended = time.monotonic()


def _served(
    home: Path, api: ApiServer, entry: str, drain: str = "0"
) -> AbstractContextManager[Service]:
    arguments = SERVE if entry == "classic" else _KNATIVE
    return served(
        home, api, arguments=arguments, timeout="10s", drain=drain, HEARTBEAT_HOST="127.0.0.1"
    )


def _named(name: str) -> dict[str, object]:
    made = deployment()
    made["metadata"]["name"] = name
    return made
