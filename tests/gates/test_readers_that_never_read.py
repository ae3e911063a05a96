"""Clients that ask for much and take none of it hold neither threads nor memory for long."""

from __future__ import annotations

import json
import signal
import time
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path

import pytest

from tests.builders import Manifest, deployment
from tests.entrypoints.support import SERVE
from tests.servers.api_server import until
from tests.servers.crowd import crowd
from tests.servers.process import Service, serving

from .asking import slowest
from .figures import Figures

# More than there are threads.
_CLIENTS = 150
_GROUP = "/api/healthz"
_ASKED = f"GET {_GROUP} HTTP/1.1\r\nHost: a\r\n\r\n".encode()


@pytest.mark.parametrize(
    ("what", "opening"),
    [("two answers each", _ASKED * 2), ("100 answers each", _ASKED * 100)],
    ids=["two", "hundred"],
)
def test_who_never_reads_stops_nobody(
    home: Path, figures: Figures, what: str, opening: bytes
) -> None:
    """They hold no thread, and are given up after ten seconds; so is what they were to get."""
    with ExitStack() as opened:
        service = opened.enter_context(many_objects(home))
        # More than a socket takes that nobody reads from.
        assert len(service.get(_GROUP).body) > 200_000
        before, idle = _resident(service), _descriptors(service)
        opened.enter_context(crowd(service.port, _CLIENTS, opening, reads=False, returns=False))
        until(lambda: service.logged().count(f"GET {_GROUP} ") > _CLIENTS, "answers for all", 60)
        took = slowest(service, ("/livez",), 3)
        assert _descriptors(service) >= idle + 0.8 * _CLIENTS
        grown = _resident(service) - before
        until(lambda: _descriptors(service) < idle + 10, "their being given up", 30)
    figures.take(f"{_CLIENTS} clients that never read {what}: /livez", took, 1, "s", below=True)
    figures.take(f"{_CLIENTS} clients that never read {what}: memory grows", grown, 100, "MiB")


def test_a_drain_does_not_wait_for_who_never_reads(home: Path, figures: Figures) -> None:
    """They are given up, and the process ends well before it would be killed."""
    with ExitStack() as opened:
        service = opened.enter_context(many_objects(home))
        opened.enter_context(crowd(service.port, 20, _ASKED, reads=False, returns=False))
        until(lambda: service.logged().count(f"GET {_GROUP} ") >= 20, "answers for all")
        began = time.monotonic()
        service.process.send_signal(signal.SIGTERM)
        assert service.process.wait(30) == 0
        took = time.monotonic() - began
        assert "unanswered" not in service.logged()
    figures.take("a drain while 20 clients never read", took, 15, "s")


def many_objects(home: Path) -> AbstractContextManager[Service]:
    dump = home / "dump.json"
    items: list[Manifest] = []
    for number in range(600):
        made = deployment(serving=0)
        made["metadata"]["name"] = f"api-{number:04}".ljust(250, "x")
        items.append(made)
    dump.write_text(json.dumps({"kind": "List", "apiVersion": "v1", "items": items}), "utf-8")
    return serving(
        home,
        SERVE,
        HEARTBEAT_AUTH="none",
        HEARTBEAT_SNAPSHOT=str(dump),
        HEARTBEAT_DETAIL="full",
        HEARTBEAT_DRAIN_SECONDS="0",
        RATE_LIMIT="1000000",
    )


def _resident(service: Service) -> float:
    pages = Path(f"/proc/{service.process.pid}/statm").read_text("utf-8").split()[1]
    return int(pages) * 4096 / 2**20


def _descriptors(service: Service) -> int:
    return len(list(Path(f"/proc/{service.process.pid}/fd").iterdir()))
