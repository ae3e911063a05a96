"""The service while the API server is away, and while its credentials change."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import replace

import pytest

from tests.cluster.conftest import TTL
from tests.cluster.plane import ControlPlane
from tests.cluster.scenarios import SCENARIOS
from tests.cluster.service import NAMESPACE, Answer, Service

pytestmark = pytest.mark.cluster

HEALTHY = next(scenario for scenario in SCENARIOS if scenario.name == "healthy")
OUTAGE = replace(HEALTHY, name="outage")
RENEWAL = replace(HEALTHY, name="renewal")


class Load:
    """Threads that ask for a path until the block ends."""

    def __init__(self, service: Service, path: str, pollers: int = 4) -> None:
        self.answers: list[Answer] = []
        self._over = threading.Event()
        self._threads = [
            threading.Thread(target=self._poll, args=(service, path)) for _ in range(pollers)
        ]

    def _poll(self, service: Service, path: str) -> None:
        while not self._over.wait(0.02):
            self.answers.append(service.ask(path))

    def __enter__(self) -> Load:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join(60)


def test_api_server_restarted_under_load(plane: ControlPlane, deployed: ControlPlane) -> None:
    """Stale or 502 or 504 while it is away, right within a TTL afterwards, by the same process."""
    config, _ = deployed.service_account_kubeconfig(NAMESPACE, "k8s-heartbeat")
    OUTAGE.play(plane)
    try:
        with Service(config, ttl=TTL) as service, Load(service, OUTAGE.path) as load:
            wait_for(lambda: len(load.answers) > 20)
            cold = "/api/healthz/outage/deployment/never-asked-before"
            plane.stop_part("kube-apiserver")
            stopped = len(load.answers)
            wait_for(lambda: any(answer.body["stale"] for answer in load.answers[stopped:]))
            assert service.ask(cold).code in (502, 504)
            assert service.ask("/livez").code == 200
            assert service.ask("/healthz").code in (502, 504)
            plane.start_part("kube-apiserver")
            back = time.monotonic()
            wait_for(lambda: not service.ask(OUTAGE.path).body["stale"])
            assert time.monotonic() - back < 2 * TTL + 1
            assert service.ask(cold).code == 404
            assert service.running
        # Never a wrong word: the Deployment was well all the time.
        assert {(answer.code, answer.health) for answer in load.answers} == {(200, "healthy")}
        assert any(answer.headers.get("age") for answer in load.answers if answer.body["stale"])
    finally:
        OUTAGE.end(plane)


def test_a_token_replaced_on_disk_is_picked_up_without_a_failed_check(
    plane: ControlPlane, deployed: ControlPlane
) -> None:
    """The token expires while the service runs; its successor lies in the file by then."""
    config, token_file = deployed.service_account_kubeconfig(NAMESPACE, "k8s-heartbeat", 5)
    short = token_file.read_text("utf-8")
    RENEWAL.play(plane)
    try:
        with Service(config, ttl=TTL) as service, Load(service, RENEWAL.path) as load:
            wait_for(lambda: len(load.answers) > 5)
            deployed.write_token(NAMESPACE, "k8s-heartbeat")
            wait_for(lambda: not deployed.accepts(short), 60)
            asked = len(load.answers)
            fresh = time.monotonic() + 4 * TTL
            wait_for(lambda: time.monotonic() > fresh and len(load.answers) > asked + 20)
        answers = {(answer.code, answer.health, answer.body["stale"]) for answer in load.answers}
        assert answers == {(200, "healthy", False)}
    finally:
        RENEWAL.end(plane)


def wait_for(condition: Callable[[], bool], seconds: float = 30) -> None:
    """Wait until a condition holds."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)
