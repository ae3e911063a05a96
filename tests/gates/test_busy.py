"""Requests that take much computing do not keep the probes waiting."""

from __future__ import annotations

import threading
from pathlib import Path

from tests.servers.api_server import PATIENCE, until

from .asking import slowest
from .figures import Figures
from .test_readers_that_never_read import many_objects

_CALLERS = 300
_GROUP = "/api/healthz"


def test_many_aggregates_at_once(home: Path, figures: Figures) -> None:
    """A kubelet gives a probe one second, and restarts who does not answer three of them.

    Where all threads compute at once, it takes nearly as long.
    """
    codes: list[int] = []
    with many_objects(home) as service:
        service.get(_GROUP)
        threads = [
            threading.Thread(target=lambda: codes.append(service.get(_GROUP).status), daemon=True)
            for _ in range(_CALLERS)
        ]
        for thread in threads:
            thread.start()
        until(lambda: len(codes) > 5, "the first answers", 60)
        took = slowest(service, ("/livez", "/readyz"), 3)
        busy = len(codes) < _CALLERS
        for thread in threads:
            thread.join(6 * PATIENCE)
    assert busy, "they were all answered before the probes had been asked"
    assert set(codes) <= {503, 504}
    figures.take(
        f"{_CALLERS} aggregates of 600 objects at once: /livez", took, 0.5, "s", below=True
    )
