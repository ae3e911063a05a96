"""A client that means well, and how long it waits while others mean no good."""

from __future__ import annotations

import time
from collections.abc import Sequence

from tests.servers.process import Service

__all__ = ["slowest"]


def slowest(service: Service, paths: Sequence[str], seconds: float, *, code: int = 200) -> float:
    """Ask for one path after the other for a while, on connections of their own.

    Returns:
        The seconds that the slowest of them took; each is answered with the code.
    """
    ends = time.monotonic() + seconds
    took = 0.0
    asked = 0
    while time.monotonic() < ends:
        began = time.monotonic()
        assert service.get(paths[asked % len(paths)]).status == code
        took = max(took, time.monotonic() - began)
        asked += 1
        # As monitors do, and not as a load.
        time.sleep(0.05)
    assert asked >= len(paths)
    return took
