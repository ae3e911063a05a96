"""Gate: many callers of large groups at once are all answered, and keep nobody waiting."""

from __future__ import annotations

import statistics
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from tests.builders import Manifest, metadata
from tests.entrypoints.support import served, told
from tests.servers.api_server import PATIENCE, ApiServer
from tests.servers.large_cluster import Remembered, write_down
from tests.servers.process import Service

from .figures import Figures
from .prober import Prober
from .processes import busy

SECONDS, GRACE = 5.0, 0.5
"""HEARTBEAT_TIMEOUT, and how much later than that an answer may come."""
TTL = 5.0
"""HEARTBEAT_CACHE_TTL, as it is by itself."""
IN_NAMESPACE, IN_ALL = 60, 12
"""Callers at once."""
NAMESPACE, ALL = 2_000, 20_000
"""Objects."""
KINDS = {
    "deployments": ("Deployment", "apps", 0.4),
    "statefulsets": ("StatefulSet", "apps", 0.3),
    "replicasets": ("ReplicaSet", "apps", 0.3),
}
"""By the plural: the kind, its group, and which share of the objects is of it."""
TEAMS = 20


def made(kind: str, namespace: str, number: int) -> Manifest:
    """A healthy object, as an API server tells it."""
    counts = ("replicas", "readyReplicas", "updatedReplicas", "availableReplicas")
    meta = metadata(
        f"{kind.lower()}-{number}",
        uid=f"{kind}-{namespace}-{number}",
        labels={"app": f"app-{number}", "team": f"team-{number % TEAMS}"},
    )
    return {
        "kind": kind,
        "apiVersion": "apps/v1",
        "metadata": {**meta, "namespace": namespace},
        "spec": {"replicas": 2},
        "status": dict.fromkeys(counts, 2),
    }


def objects() -> list[Manifest]:
    """2,000 in one namespace, and as many in each of nine others."""
    return [
        made(kind, f"place-{place}", number)
        for place in range(ALL // NAMESPACE)
        for kind, _, share in KINDS.values()
        for number in range(round(NAMESPACE * share))
    ]


@dataclass(slots=True)
class Found:
    """What the callers were told, and when."""

    codes: Counter[int] = field(default_factory=Counter[int])
    took: list[float] = field(default_factory=list[float])

    def ask(self, service: Service, path: str) -> None:
        """One caller."""
        began = time.monotonic()
        answer = service.get(path)
        self.took.append(time.monotonic() - began)
        self.codes[answer.status] += 1
        if answer.status == 200:
            assert told(answer)["status"] == "healthy"


def at_once(asks: list[Callable[[], None]]) -> None:
    """So many callers at one moment."""
    start = threading.Barrier(len(asks))

    def work(ask: Callable[[], None]) -> None:
        start.wait(PATIENCE)
        ask()

    threads = [threading.Thread(target=work, args=(ask,), daemon=True) for ask in asks]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(3 * PATIENCE)


def test_large_groups_at_once(home: Path, figures: Figures) -> None:
    """The first that come find nothing at hand; single objects and probes are asked meanwhile."""
    found = Found()
    with ApiServer(objects()) as api:
        api.behave("/", Remembered())
        places = ("", "/namespaces/place-0")
        write_down(api, [f"/apis/apps/v1{place}/{plural}" for plural in KINDS for place in places])
        before = len(api.requests)
        with served(home, api, timeout=f"{SECONDS}s") as service:
            single = [f"/api/healthz/place-1/deploy/deployment-{number}" for number in range(20)]
            with (
                Prober(service.port, single, 0.01) as ones,
                Prober(service.port, ["/livez"], 0.005) as probes,
            ):
                spent, began = busy(service.process.pid), time.monotonic()
                at_once([partial(found.ask, service, path) for path in paths()])
                lasted = time.monotonic() - began
                spent = busy(service.process.pid) - spent
                began = time.monotonic()
                answer = service.get(f"/api/healthz?selector=team%3Dteam-{TEAMS - 1}")
                again = time.monotonic() - began
            assert "Traceback" not in service.logged()
        asked = Counter(each.line for each in api.requests[before:] if "limit=" in each.line)
    print(f"{lasted:.2f} s, of which it computed {spent:.2f}; {found.codes}, {ones.codes}")
    print("the slowest", *(f"{took:.3f}" for took in sorted(found.took)[-5:]))
    print("the slowest /livez", *(f"{took:.3f}" for took in sorted(probes.took)[-5:]))
    what = f"{IN_NAMESPACE} callers of {NAMESPACE:,} objects, {IN_ALL} of {ALL:,}"
    callers = len(found.took)
    assert callers == IN_NAMESPACE + IN_ALL
    figures.take(f"{what}: the slowest past the deadline", max(found.took) - SECONDS, GRACE, "s")
    without = callers - found.codes[200]
    figures.take(f"{what}: without a verdict", without, callers // 4, f"of {callers} callers")
    assert set(ones.codes) == set(probes.codes) == {200}
    for name, took, bound in (
        (f"{len(ones.took)} single objects", ones.took, 0.5),
        (f"{len(probes.took)} /livez", probes.took, 0.1),
    ):
        figures.take(f"{what}: p99 of {name}", p99(took), bound, "s", below=True)
    if lasted < TTL:
        repeated = [line for line, count in asked.items() if count > 1]
        figures.take(f"{what}: pages asked for more than once", len(repeated), 0, "pages")
    assert answer.status == 200
    figures.take(f"{ALL:,} objects, asked again", again, 1, "s", below=True)


def paths() -> list[str]:
    """What each of the callers asks for."""
    selectors = [f"?selector=team%3Dteam-{number}" for number in range(TEAMS)]
    in_namespace = [f"/api/healthz/place-0{selectors[at % TEAMS]}" for at in range(IN_NAMESPACE)]
    return [*in_namespace, *(f"/api/healthz{selectors[at]}" for at in range(IN_ALL))]


def p99(took: list[float]) -> float:
    """What one of a hundred exceeds."""
    return statistics.quantiles(took, n=100)[98]
