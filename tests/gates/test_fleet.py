"""Gate: a fleet of monitors meets no limit, and whoever does waits for seconds."""

from __future__ import annotations

import threading
import time
from collections import Counter
from pathlib import Path

from tests.entrypoints.support import API, SERVE, TOKEN
from tests.servers.api_server import ApiServer
from tests.servers.kubeconfig import kubeconfig, write_kubeconfig
from tests.servers.process import Answer, Service, serving

from .figures import Figures

# The default settings with an hour of six seconds: one request a second for an address, and twenty
# for a token, with a burst that is too small to carry a fleet for as long as it is tried.
SCALED = {"RATE_LIMIT": "6", "RATE_LIMIT_PERIOD": "6s"}
URLS = 500
SECONDS_BETWEEN = 30.0
SECONDS = 10.0
CALLERS = 10


class Fleet:
    """Monitors with one token: so many URLs, each at its time."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self.codes: Counter[int] = Counter()
        self._lock = threading.Lock()

    def poll(self, number: int) -> None:
        """Ask for the URLs of one of the callers, until it is over."""
        began = time.monotonic()
        each = SECONDS_BETWEEN / URLS
        for at in range(number, int(SECONDS / each), CALLERS):
            time.sleep(max(0.0, began + at * each - time.monotonic()))
            answer = ask(self._service, {"Authorization": f"Bearer {TOKEN}"}, at)
            with self._lock:
                self.codes[answer.status] += 1


def ask(service: Service, headers: dict[str, str], number: int = 0) -> Answer:
    """The answer to one of five hundred URLs."""
    return service.get(f"{API}?for={number % URLS + 1}s", headers=headers)


def test_a_fleet_meets_no_limit(home: Path, api: ApiServer, figures: Figures) -> None:
    """From the same address somebody without a token asks all the time, and is limited."""
    path = write_kubeconfig(home / "config", kubeconfig(api.url))
    with serving(home, SERVE, KUBECONFIG=str(path), AUTH_TOKEN_BASIC=TOKEN, **SCALED) as service:
        fleet = Fleet(service)
        threads = [
            threading.Thread(target=fleet.poll, args=(number,), daemon=True)
            for number in range(CALLERS)
        ]
        for thread in threads:
            thread.start()
        nobody: Counter[int] = Counter()
        waits: list[int] = []
        while any(thread.is_alive() for thread in threads):
            answer = ask(service, {})
            nobody[answer.status] += 1
            if answer.status == 429:
                waits.append(int(answer.headers["retry-after"]))
            time.sleep(0.05)
        # As it was told: a second later there is one more.
        while ask(service, {}).status != 429:
            pass
        time.sleep(1.0)
        after = ask(service, {}).status
        warned = service.logged().count("RATE_LIMIT raises the limit")
    what = f"{URLS} URLs every {SECONDS_BETWEEN:g} s with one token"
    asked = fleet.codes.total()
    figures.take(f"{what}: answers other than 200", asked - fleet.codes[200], 0, f"of {asked}")
    figures.take("over the limit of an address: the longest wait", max(waits), 1, "s")
    figures.take("over the limit of an address: lines in the log", warned, 1, "a minute")
    assert asked >= 160
    assert nobody[429] > nobody[401] > 6
    assert after == 401
