"""Gate: an API server that hangs holds up those who need it, for no longer than they wait."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest

from tests.entrypoints.support import API, served, told
from tests.servers.api_server import ApiServer
from tests.servers.faults import FAULTS
from tests.servers.process import Service, all_at_once

from .figures import Figures

SECONDS = 1.0
"""HEARTBEAT_TIMEOUT of these services."""
GRACE = 0.5


def timed(service: Service, path: str) -> tuple[int, float]:
    """The code of an answer, and the seconds that it took."""
    began = time.monotonic()
    return service.get(path).status, time.monotonic() - began


class Probe(threading.Thread):
    """Asks for /livez as long as it runs, as the kubelet does, and more often."""

    def __init__(self, service: Service) -> None:
        super().__init__(daemon=True)
        self._service = service
        self._ended = threading.Event()
        self.answers: list[tuple[int, float]] = []

    def run(self) -> None:
        while not self._ended.wait(0.01):
            self.answers.append(timed(self._service, "/livez"))

    def __enter__(self) -> Probe:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self.join(10)


@pytest.mark.parametrize("pollers", [30, 100])
def test_livez_and_pollers(home: Path, api: ApiServer, figures: Figures, pollers: int) -> None:
    """They come within a second, each for objects of its own; 100 are more than may wait."""
    api.behave("/", FAULTS["hung"])
    with served(home, api, timeout=f"{SECONDS}s") as service, Probe(service) as probe:
        numbers = iter(range(2 * pollers))
        lock = threading.Lock()

        def poll() -> list[tuple[int, float]]:
            found: list[tuple[int, float]] = []
            for turn in range(2):
                with lock:
                    number = next(numbers)
                if turn == 0:
                    time.sleep(number / pollers)
                found.append(timed(service, f"/api/healthz/shop/deployment/hung-{number}"))
            return found

        found = [answer for answers in all_at_once(pollers, poll) for answer in answers]
        logged = service.logged()
    assert {code for code, _ in probe.answers} == {200}
    assert len(probe.answers) > 50
    assert {code for code, _ in found} == {504}
    assert "Traceback" not in logged
    hung = f"API server hung, {pollers} pollers"
    slowest = max(seconds for _, seconds in found)
    figures.take(f"{hung}: slowest poller past the deadline", slowest - SECONDS, GRACE, "s")
    slowest = max(seconds for _, seconds in probe.answers)
    figures.take(f"{hung}: slowest of {len(probe.answers)} /livez", slowest, 0.1, "s", below=True)


def test_what_was_read_before_stands_in(home: Path, api: ApiServer, figures: Figures) -> None:
    """30 pollers of one object get its last reading, marked, and none waits past the deadline."""
    with served(home, api, timeout=f"{SECONDS}s", HEARTBEAT_CACHE_TTL="100ms") as service:
        assert service.get(API).status == 200
        api.behave("/", FAULTS["hung"])
        time.sleep(0.15)
        with Probe(service) as probe:

            def poll() -> tuple[int, bool, float]:
                began = time.monotonic()
                answer = service.get(API)
                return answer.status, bool(told(answer)["stale"]), time.monotonic() - began

            found = all_at_once(30, poll)
    assert {(code, stale) for code, stale, _ in found} == {(200, True)}
    slowest = max(seconds for _, _, seconds in found)
    figures.take(
        "API server hung: slowest stale answer past the deadline", slowest - SECONDS, GRACE, "s"
    )
    assert {code for code, _ in probe.answers} == {200}


def test_who_comes_once_it_is_known_to_hang(home: Path, api: ApiServer, figures: Figures) -> None:
    """Checks of objects that nobody has read, and of groups: each is over within a second."""
    paths = [f"/api/healthz/shop/deployment/new-{number}" for number in range(20)]
    paths += ["/api/healthz", "/api/healthz/shop", "/api/healthz/shop?kind=services", API]
    with served(home, api, timeout="5s", HEARTBEAT_CACHE_TTL="100ms") as service:
        assert service.get(API).status == 200
        api.behave("/", FAULTS["hung"])
        assert service.get("/api/healthz/shop/deployment/first").status == 504
        # It asks something small, and gives that a second.
        time.sleep(1.5)
        found = [timed(service, path) for path in paths]
        api.forget("/")
        began = time.monotonic()
        while service.get("/api/healthz").status == 504:
            assert time.monotonic() - began < 10
        healed = time.monotonic() - began
    assert [code for code, _ in found] == [504] * 23 + [200]
    slowest = max(seconds for _, seconds in found)
    figures.take(
        "API server known to hang: the slowest answer at a timeout of 5 s", slowest, 1, "s"
    )
    figures.take("API server known to hang: seen to answer again after", healed, 5, "s")
