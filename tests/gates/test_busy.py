"""Requests that take much computing do not keep the probes waiting."""

from __future__ import annotations

import threading
from itertools import combinations
from pathlib import Path

from tests.servers.api_server import PATIENCE

from .figures import Figures
from .prober import Prober
from .test_readers_that_never_read import many_objects

_CALLERS = 300
# A verdict on a group is had once for all who ask: each of these asks for a group of its own.
_OTHERS = ("sts", "ds", "job", "cj", "rs", "po", "svc", "ing", "pvc", "pdb")
_GROUPS = [
    f"/api/healthz?kind={','.join(('deploy', *some))}"
    for count in range(5)
    for some in combinations(_OTHERS, count)
][:_CALLERS]


def test_many_aggregates_at_once(home: Path, figures: Figures) -> None:
    """A kubelet gives a probe one second, and restarts who does not answer three of them.

    Where all threads compute at once, it takes nearly as long.
    """
    codes: list[int] = []
    with many_objects(home) as service:
        service.get(_GROUPS[0])

        def ask(path: str) -> None:
            codes.append(service.get(path).status)

        threads = [threading.Thread(target=ask, args=(path,), daemon=True) for path in _GROUPS]
        assert len(threads) == _CALLERS
        with Prober(service.port, ["/livez", "/readyz"], 0.02) as probes:
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join(6 * PATIENCE)
    assert len(codes) == _CALLERS
    assert set(codes) <= {503, 504}
    assert set(probes.codes) == {200}
    figures.take(
        f"{_CALLERS} aggregates of 600 objects at once: /livez",
        max(probes.took),
        0.5,
        "s",
        below=True,
    )
