"""Gate: however many ask for the same at once, the API server is asked once."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest

from tests.entrypoints.support import API, served
from tests.servers.api_server import ApiServer, Behaviour, truthful
from tests.servers.faults import FAULTS, holding
from tests.servers.process import Service, all_at_once

from .figures import Figures

CALLERS = 64
SECONDS = 1.0
OUTCOMES: dict[str, tuple[Behaviour, int]] = {
    "working": (truthful, 200),
    "failing": (FAULTS["internal-error"], 502),
    "hanging": (FAULTS["hung"], 504),
}
"""What the API server does, and the code that everyone gets."""


def timed(service: Service) -> tuple[int, float]:
    """The code of an answer, and the seconds that it took."""
    began = time.monotonic()
    return service.get(API).status, time.monotonic() - began


@pytest.mark.parametrize("outcome", OUTCOMES)
def test_one_call(home: Path, api: ApiServer, figures: Figures, outcome: str) -> None:
    """64 callers at once, of an object that nobody asked for before."""
    then, expected = OUTCOMES[outcome]
    with holding(then) as (hold, released):
        api.behave("/", hold)
        with served(home, api, timeout=f"{SECONDS}s") as service:
            # Long enough for all of them to have come.
            release = threading.Timer(SECONDS / 2, released.set)
            release.start()
            found = all_at_once(CALLERS, lambda: timed(service))
            release.join()
    assert {code for code, _ in found} == {expected}
    assert max(seconds for _, seconds in found) < SECONDS + 0.5
    # One that hangs is asked besides whether it does.
    calls = sum(request.path != "/healthz" for request in api.requests)
    assert calls > 0
    figures.take(f"{CALLERS} callers of a cold key, {outcome} upstream", calls, 1, "calls")
