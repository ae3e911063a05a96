"""A kubelet's probes, while all else waits."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from tests.servers.api_server import ApiServer
from tests.servers.faults import holding
from tests.servers.process import Service

from .support import API, served

BASE = "/heartbeat"
REVIEWS = "/apis/authentication.k8s.io"


def ask_all(service: Service, paths: list[str], codes: list[int]) -> list[threading.Thread]:
    """Threads that ask for one path each, as somebody whom the cluster has to tell."""

    def ask(number: int, path: str) -> None:
        headers = {"Authorization": f"Bearer unknown-{number}"}
        codes.append(service.get(path, headers=headers).status)

    threads = [threading.Thread(target=ask, args=entry, daemon=True) for entry in enumerate(paths)]
    for thread in threads:
        thread.start()
    return threads


@pytest.mark.parametrize("path", ["/livez//", "/readyz//", "/livez/x", "/livez;", f"{BASE}{API}"])
def test_what_is_nearly_a_probe_waits_among_all_others(
    home: Path, api: ApiServer, path: str
) -> None:
    """A TokenReview that hangs holds none of the threads that answer the kubelet."""
    codes: list[int] = []
    with (
        holding() as (hold, released),
        served(home, api, auth="kubernetes", timeout="5s", HEARTBEAT_BASE_PATH=BASE) as service,
    ):
        api.behave(REVIEWS, hold)
        threads = ask_all(service, [path] * 6, codes)
        api.wait_for(6, REVIEWS)
        for probe in ("/livez", "/livez/", "/readyz", "/readyz/"):
            assert service.get(probe).status == 200
            assert service.get(f"{BASE}{probe}").status == 200
        assert codes == []
        released.set()
        for thread in threads:
            thread.join(10)
    assert len(codes) == 6


def test_strangers_who_ask_for_the_api_servers_health_keep_nobody_waiting(
    home: Path, api: ApiServer
) -> None:
    """That is open to everybody, and so has few places of its own."""
    codes: list[int] = []
    with holding() as (hold, released), served(home, api, timeout="5s") as service:
        api.behave("/healthz", hold)
        threads = ask_all(service, ["/healthz"] * 70, codes)
        api.wait_for(1, "/healthz")
        assert service.get(API).status == 200
        released.set()
        for thread in threads:
            thread.join(10)
    assert set(codes) <= {200, 504}
    assert len(codes) == 70
