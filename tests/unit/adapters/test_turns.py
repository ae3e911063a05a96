"""Turns: so many compute, and whoever waits for something else makes room."""

from __future__ import annotations

import threading

import pytest
from falcon.testing import TestClient

from k8s_heartbeat.adapters.http.app import Contract, create_app
from k8s_heartbeat.adapters.snapshot import SnapshotReader
from k8s_heartbeat.adapters.turns import Turns
from tests.servers.api_server import PATIENCE


class Computing:
    """Threads that compute until they are told to stop, and how many did so at one moment."""

    def __init__(self, turns: Turns) -> None:
        self._turns = turns
        self._lock = threading.Lock()
        self.now = self.most = 0
        self.over = threading.Event()
        self.entered = threading.Semaphore(0)

    def compute(self) -> None:
        """Take a turn, and keep it."""
        with self._turns.taken():
            with self._lock:
                self.now += 1
                self.most = max(self.most, self.now)
            self.entered.release()
            self.over.wait(PATIENCE)
            with self._lock:
                self.now -= 1

    def start(self, count: int) -> list[threading.Thread]:
        """Have so many threads compute."""
        threads = [threading.Thread(target=self.compute, daemon=True) for _ in range(count)]
        for thread in threads:
            thread.start()
        return threads


def test_so_many_compute_and_all_come_to_their_turn() -> None:
    """The others wait, and none is left out."""
    computing = Computing(Turns(2))
    threads = computing.start(6)
    assert computing.entered.acquire(timeout=PATIENCE)
    assert computing.entered.acquire(timeout=PATIENCE)
    assert not computing.entered.acquire(blocking=False)
    computing.over.set()
    for thread in threads:
        thread.join(PATIENCE)
    assert computing.most == 2
    assert all(computing.entered.acquire(blocking=False) for _ in range(4))


def test_whoever_waits_makes_room() -> None:
    """Stepping aside lets another compute, and one's turn is taken anew afterwards."""
    turns = Turns(1)
    computing = Computing(turns)
    with turns.taken():
        (thread,) = computing.start(1)
        with turns.aside():
            assert computing.entered.acquire(timeout=PATIENCE)
            computing.over.set()
        thread.join(PATIENCE)
    assert computing.most == 1


def test_whoever_has_no_turn_gives_none_away() -> None:
    """A probe that waits for the API server leaves the bound as it is."""
    turns = Turns(1)
    with turns.aside():
        pass
    computing = Computing(turns)
    threads = computing.start(2)
    assert computing.entered.acquire(timeout=PATIENCE)
    assert not computing.entered.acquire(blocking=False)
    computing.over.set()
    for thread in threads:
        thread.join(PATIENCE)
    assert computing.most == 1


def test_a_turn_ends_with_what_raises() -> None:
    """Neither an error in a turn nor one aside loses it."""
    turns = Turns(1)
    for _ in range(3):
        with pytest.raises(KeyError), turns.taken(), turns.aside():
            raise KeyError
    with turns.taken():
        pass


def test_whose_turn_does_not_come_in_time_goes_on_without() -> None:
    """It takes no turn from anybody, and gives none away."""
    turns = Turns(1)
    computing = Computing(turns)
    (thread,) = computing.start(1)
    assert computing.entered.acquire(timeout=PATIENCE)
    with turns.taken(0.01), turns.aside():
        assert computing.now == 1
    computing.over.set()
    thread.join(PATIENCE)
    computing = Computing(turns)
    threads = computing.start(2)
    assert computing.entered.acquire(timeout=PATIENCE)
    assert not computing.entered.acquire(blocking=False)
    computing.over.set()
    for thread in threads:
        thread.join(PATIENCE)


def test_a_request_whose_turn_does_not_come_is_a_timeout_and_a_probe_needs_none() -> None:
    """504 within its deadline, however busy the service is."""
    turns = Turns(1)
    contract = Contract(authenticator=None, timeout=0.05)
    client = TestClient(create_app(SnapshotReader(lambda: ()), contract, turns=turns))
    with turns.taken():
        answer = client.simulate_get("/api/healthz")
        assert answer.status_code == 504
        assert "its turn did not come in time" in answer.json["detail"]
        for path in ("/livez", "/livez/", "/readyz/"):
            assert client.simulate_get(path).status_code == 200
