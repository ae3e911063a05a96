"""Tells what becomes of real pods, all at once, and what the service answers at each point."""

from __future__ import annotations

import contextlib
import http.server
import os
import threading
from collections.abc import Generator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

from tests.cluster.plane import Manifest
from tests.cluster.service import Answer, Service, due
from tests.cluster.story import Scenario
from tests.node.cluster import Cluster
from tests.node.fates import FATES, FRAIL, LATER, PLAYED, PLAYED_FRAIL, SMALL, Fate

TTL = 0.5
"""Seconds that the service remembers a reading."""
# The machine is busy with all the others.
_WITHIN = 15


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the API server held at the point of a story, and what the service answered."""

    pods: Sequence[Manifest]
    held: Manifest
    """All that belonged to the object then."""
    later: Manifest
    """The same after the answer: events are written when there is time."""
    answer: Answer
    back: Answer | None
    """The answer after the way back; None where there is none."""


Told = Mapping[str, Future[Outcome]]
"""By the name of the scenario."""


@contextlib.contextmanager
def telling(cluster: Cluster, service: Service) -> Generator[Told]:
    """Have all of it happen at once, on nodes of its own too; ends when all has."""
    cluster.add_real_node(SMALL, pool=SMALL, **_little_memory())
    # Two cores, so that two pods that want most of it do not fit.
    spare = max(0, (os.cpu_count() or 2) - 2)
    cluster.add_real_node(FRAIL, pool=FRAIL, systemReserved={"cpu": str(spare)})
    for name in (PLAYED, PLAYED_FRAIL):
        cluster.add_node(name, name)
    now, later = _scenarios(FATES), _scenarios(LATER)
    with _registry(), ThreadPoolExecutor(len(now) + len(later)) as pool:
        futures = {story.name: pool.submit(_told, cluster, service, story) for story in now}
        rest = list(futures.values())
        for story in later:
            futures[story.name] = pool.submit(_told_after, rest, cluster, service, story)
        yield futures


def _scenarios(fates: Sequence[Fate]) -> list[Scenario]:
    """The real story of each fate, and the one that kwok plays."""
    played = [fate.by_stages() for fate in fates if fate.played]
    return [fate.real() for fate in fates] + played


def _told(cluster: Cluster, service: Service, story: Scenario) -> Outcome:
    """Tell a story up to its point and ask the service then, and after the way back."""
    view = story.play(cluster)
    held = {
        "apiVersion": "v1",
        "kind": "List",
        "items": [*([view.object] if view.object else []), *view.pods, *view.around],
    }
    answer, _ = due(service, story.path, story.expected, _WITHIN)
    later = cluster.dump(story.kind, story.place, story.subject)
    back = None
    if story.recovery:
        story.recover(cluster)
        back, _ = due(service, story.path, story.recovered, _WITHIN)
    return Outcome(view.pods, held, later, answer, back)


def _told_after(
    others: list[Future[Outcome]], cluster: Cluster, service: Service, story: Scenario
) -> Outcome:
    """Tell a story once these are over, however they ended."""
    for other in others:
        other.exception()
    return _told(cluster, service, story)


def _little_memory() -> Manifest:
    """The configuration of a kubelet whose pods have little memory between them."""
    capacity = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 2**20
    return {
        "systemReserved": {"memory": f"{capacity - 300}Mi"},
        "enforceNodeAllocatable": ["pods"],
        "evictionHard": {"memory.available": "100Mi", "nodefs.available": "1%"},
        "evictionPressureTransitionPeriod": "1s",
    }


class _Nothing(http.server.BaseHTTPRequestHandler):
    """A registry that has no image."""

    def do_HEAD(self) -> None:  # the name that http.server calls
        self.send_error(404)

    do_GET = do_HEAD  # noqa: N815  # the same

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # its name there
        pass


@contextlib.contextmanager
def _registry() -> Generator[None]:
    """A registry at the port that ABSENT_IMAGE names; no other program is in this network."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 5000), _Nothing)
    serving = threading.Thread(target=server.serve_forever, daemon=True)
    serving.start()
    try:
        yield
    finally:
        server.shutdown()
        serving.join()
        server.server_close()
