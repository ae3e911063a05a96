"""Verdicts on real pods with nothing scripted; kwok's stages held against what kubelets write."""

from __future__ import annotations

import http.server
import os
import threading
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

import pytest

from tests.cluster.plane import Manifest
from tests.cluster.service import Answer, Service, due, fits
from tests.cluster.story import Scenario
from tests.node.cluster import Cluster
from tests.node.fates import FATES, FRAIL, LOST, PLAYED, PLAYED_FRAIL, SMALL
from tests.node.shapes import differences

pytestmark = pytest.mark.node

_TTL = 0.5
# The machine is busy with all the others.
_WITHIN = 15
_BY_NAME = {fate.name: fate for fate in (*FATES, LOST)}


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the API server held at the point of a story, and what the service answered."""

    pods: list[Manifest]
    held: Manifest
    answer: Answer
    back: Answer | None


class Nothing(http.server.BaseHTTPRequestHandler):
    """A registry that has no image."""

    def do_HEAD(self) -> None:  # the name that http.server calls
        self.send_error(404)

    do_GET = do_HEAD  # noqa: N815  # the same

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # its name there
        pass


@pytest.fixture(scope="module")
def registry() -> Iterator[None]:
    """A registry at the port that ABSENT_IMAGE names; no other program is in this network."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 5000), Nothing)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def service(cluster: Cluster) -> Iterator[Service]:
    """The service as a process, with all rights."""
    with Service(cluster.kubeconfig, ttl=_TTL) as running:
        yield running


@pytest.fixture(scope="module")
def outcomes(
    cluster: Cluster, service: Service, registry: None
) -> Iterator[Mapping[str, Future[Outcome]]]:
    """What becomes of everything, at once; each is waited for by the test that judges it."""
    cluster.add_real_node(SMALL, pool=SMALL, **little_memory())
    # Two cores, so that two pods that want most of it do not fit.
    spare = max(0, (os.cpu_count() or 2) - 2)
    cluster.add_real_node(FRAIL, pool=FRAIL, systemReserved={"cpu": str(spare)})
    for name in (PLAYED, PLAYED_FRAIL):
        cluster.add_node(name, name)
    stories = [fate.real() for fate in FATES] + [f.by_stages() for f in FATES if f.played]
    with ThreadPoolExecutor(len(stories)) as pool:
        futures = {story.name: pool.submit(told, cluster, service, story) for story in stories}
        # Their nodes are lost when all else is done.
        rest = list(futures.values())
        for story in (LOST.real(), LOST.by_stages()):
            futures[story.name] = pool.submit(told_after, rest, cluster, service, story)
        yield futures


def little_memory() -> Manifest:
    """The configuration of a kubelet whose pods have little memory between them."""
    capacity = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 2**20
    return {
        "systemReserved": {"memory": f"{capacity - 300}Mi"},
        "enforceNodeAllocatable": ["pods"],
        "evictionHard": {"memory.available": "100Mi", "nodefs.available": "1%"},
        "evictionPressureTransitionPeriod": "1s",
    }


def told(cluster: Cluster, service: Service, story: Scenario) -> Outcome:
    """Tell a story up to its point and ask the service then, and after the way back."""
    view = story.play(cluster)
    held = cluster.dump(story.kind, story.place, story.subject)
    answer, _ = due(service, story.path, story.expected, _WITHIN)
    back = None
    if story.recovery:
        story.recover(cluster)
        back, _ = due(service, story.path, story.recovered, _WITHIN)
    return Outcome(list(view.pods), held, answer, back)


def told_after(
    others: list[Future[Outcome]], cluster: Cluster, service: Service, story: Scenario
) -> Outcome:
    """Tell a story once these are over, however they ended."""
    for other in others:
        other.exception()
    return told(cluster, service, story)


@pytest.mark.parametrize("name", _BY_NAME)
def test_answer_on_real_pods(name: str, outcomes: Mapping[str, Future[Outcome]]) -> None:
    """What real kubelets wrote is judged as it deserves, and its cause is named."""
    outcome = outcomes[f"real-{name}"].result()
    expected = _BY_NAME[name].expected
    assert fits(outcome.answer, expected), outcome.answer
    assert outcome.back is None or outcome.back.health == "healthy", outcome.back


@pytest.mark.parametrize("name", [fate.name for fate in _BY_NAME.values() if fate.played])
def test_stage_writes_what_a_kubelet_writes(
    name: str, outcomes: Mapping[str, Future[Outcome]]
) -> None:
    """A status that kwok plays has the fields and words of a real one."""
    real, played = (outcomes[f"{how}-{name}"].result() for how in ("real", "played"))
    assert differences(real.pods, played.pods) == []
