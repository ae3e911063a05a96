"""Gate: names that do not exist are no way to make the service forget, or swell."""

from __future__ import annotations

import http.client
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from tests.builders import Manifest, deployment
from tests.entrypoints.support import served
from tests.servers.api_server import ApiServer
from tests.servers.process import Service

from .figures import Figures
from .processes import resident

POLLED = 5
GUESSES = 6_000
CALLERS = 4
MIB = 2**20


def polled(number: int) -> Manifest:
    """One of the few that exist."""
    made = deployment()
    return {**made, "metadata": {**made["metadata"], "name": f"api-{number}"}}


def ask(connection: http.client.HTTPConnection, path: str) -> int:
    """The code of an answer over a connection that is kept."""
    connection.request("GET", path)
    with connection.getresponse() as response:
        response.read()
        return response.status


def guess(service: Service, numbers: Iterator[int], codes: dict[str, int]) -> None:
    """Ask for objects and for namespaces that are not there; `codes` has the code of each path."""
    with closing(http.client.HTTPConnection("127.0.0.1", service.port, timeout=10)) as connection:
        for number in numbers:
            paths = [f"/api/healthz/shop/deployment/guess-{number}"]
            if number % 10 == 0:
                paths.append(f"/api/healthz/guess-{number}?kind=deploy")
            for path in paths:
                codes[path] = ask(connection, path)


def test_guesses_forget_nothing(home: Path, figures: Figures) -> None:
    """A few objects are polled meanwhile, and read no more often than without the guesses."""
    objects = [polled(number) for number in range(POLLED)]
    with ApiServer(objects) as api, served(home, api, HEARTBEAT_CACHE_TTL="10m") as service:
        paths = [f"/api/healthz/shop/deployment/{each['metadata']['name']}" for each in objects]
        for path in paths:
            assert service.get(path).status == 200
        codes: dict[str, int] = {}
        guess(service, iter(range(10**6, 10**6 + 500)), codes)
        before = resident(service.process.pid)
        callers = [
            threading.Thread(
                target=guess, args=(service, iter(range(at, GUESSES, CALLERS)), codes), daemon=True
            )
            for at in range(CALLERS)
        ]
        for caller in callers:
            caller.start()
        polls = 0
        while any(caller.is_alive() for caller in callers):
            assert [service.get(path).status for path in paths] == [200] * POLLED
            polls += POLLED
            time.sleep(0.05)
        grown = resident(service.process.pid) - before
        assert set(codes.values()) == {404}
        again = len([each for each in api.requests_for("deployments/") if "guess" not in each.path])
        logged = service.logged()
    assert polls > 10 * POLLED
    assert "Traceback" not in logged
    what = f"{len(codes):,} names that do not exist"
    figures.take(
        f"{what}: reads of {POLLED} polled objects beyond the first", again - POLLED, 0, "reads"
    )
    figures.take(f"{what}: resident memory", grown / MIB, 20, "MiB more", below=True)
