"""Running out of file descriptors: no spin, no flood in the log, and it recovers by itself."""

from __future__ import annotations

import resource
import time
from contextlib import ExitStack
from http.client import HTTPConnection
from pathlib import Path

from tests.entrypoints.support import API, served
from tests.servers.api_server import PATIENCE, ApiServer, until
from tests.servers.crowd import crowd
from tests.servers.process import Service

from .asking import slowest
from .figures import Figures

_IDLE = b"GET /livez HTTP/1.1\r\nHost: a\r\n\r\n"


def test_it_lives_when_descriptors_run_out(home: Path, api: ApiServer, figures: Figures) -> None:
    """The limit falls below what is open, as if something else had used them up."""
    with ExitStack() as opened:
        service = opened.enter_context(served(home, api, LOG_LEVEL="WARNING"))
        opened.enter_context(crowd(service.port, 300, _IDLE))
        until(lambda: _open(service) > 250, "the crowd")
        assert service.get(API).status == 200
        quiet = len(service.logged().splitlines())
        limit = _open(service)
        _limit(service, limit)
        took = slowest(service, ("/livez", API), 6)
        # What is left of the crowd comes back all the time; the process does not spin over it.
        lines = len(service.logged().splitlines()) - quiet
        service.says("no file descriptor is left")
        assert "Traceback" not in service.logged()
    figures.take("no descriptor left, 300 that come back: a request", took, 1, "s", below=True)
    figures.take("no descriptor left: lines in the log in 6 s", lines, 10, "lines")


def test_it_waits_when_there_is_nobody_to_close(
    home: Path, api: ApiServer, figures: Figures
) -> None:
    """Not one descriptor for a client: it does next to nothing, and lives on once it has some."""
    with ExitStack() as opened:
        service = opened.enter_context(served(home, api))
        service.get(API)
        _limit(service, 3)
        waiting = HTTPConnection("127.0.0.1", service.port, timeout=2 * PATIENCE)
        opened.callback(waiting.close)
        waiting.request("GET", "/livez")
        service.says("no file descriptor is left")
        busy, began = _processor(service), time.monotonic()
        time.sleep(2)  # for a rate there has to be a time
        share = (_processor(service) - busy) / (time.monotonic() - began)
        assert "Traceback" not in service.logged()
        _limit(service, 1024)
        began = time.monotonic()
        assert waiting.getresponse().status == 200
        recovered = time.monotonic() - began
    figures.take("no descriptor at all: share of a core", 100 * share, 20, "%")
    figures.take("no descriptor at all, then some: until /livez answers", recovered, 1, "s")


def _open(service: Service) -> int:
    return len(list(Path(f"/proc/{service.process.pid}/fd").iterdir()))


def _limit(service: Service, count: int) -> None:
    _, hard = resource.prlimit(service.process.pid, resource.RLIMIT_NOFILE)
    resource.prlimit(service.process.pid, resource.RLIMIT_NOFILE, (count, hard))


def _processor(service: Service) -> float:
    """Seconds of a processor that it has used."""
    fields = Path(f"/proc/{service.process.pid}/stat").read_text("utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / 100
