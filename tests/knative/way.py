"""How long each part of the way from zero takes, seen from outside by the machine's one clock."""

from __future__ import annotations

import contextlib
import json
import re
import threading
import time
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median

from tests.cluster.plane import Manifest
from tests.cluster.service import Answer
from tests.knative.served import Served, moment
from tests.node.cluster import NODES, Cluster

PARTS = {
    "scaled": "activator and autoscaler: until the Deployment is to have a pod",
    "made": "controllers: until the pod is made",
    "bound": "scheduler: until it has a node",
    "sandbox": "kubelet, containerd, network: until its sandbox runs",
    "started": "containerd, runc: until our process is started",
    "listening": "ours: interpreter, imports, configuration, until it listens",
    "arrived": "queue-proxy's and activator's probes: until the request is there",
    "answered": "ours: connection to the API server, its answer, the verdict",
    "back": "until the caller has the answer",
}
"""The moments on the way, in order, and what happens before each."""
OURS = ("listening", "answered")
"""Those parts that the program itself takes."""

_EVENT = re.compile(r"^(\S+ \S+) \+0000 UTC \S+ /tasks/start (\{.*\})$")


@dataclass(frozen=True, slots=True)
class Way:
    """One way from zero.

    Attributes:
        answer: What the check was answered.
        parts: Seconds that each part took; a part that ended before the one before it took none.
    """

    answer: Answer
    parts: dict[str, float]

    @property
    def total(self) -> float:
        """Seconds from the request to its answer."""
        return sum(self.parts.values())

    @property
    def ours(self) -> float:
        """Seconds of it that are the program's."""
        return sum(self.parts[name] for name in OURS)


@dataclass(slots=True)
class _Seen:
    """What was seen, and when: seconds since the epoch."""

    objects: list[tuple[float, Manifest]] = field(default_factory=list[tuple[float, Manifest]])
    started: dict[str, float] = field(default_factory=dict[str, float])
    heard: set[str] = field(default_factory=set[str])


def from_zero(served: Served, path: str) -> Way:
    """Ask a service that is at zero, and see what happens."""
    revision = served.revision
    with _looking(served.cluster, served.namespace) as seen:
        asked = time.time()
        answer = served.ask(path)
        back = time.time()
        (pod,) = served.pods()
        # What is told of containers comes a little later than what they do.
        lines = served.cluster.wait_until(
            lambda: _both(served.log(pod)), what="the request is in the pod's log"
        )
    name = pod["metadata"]["name"]
    moments = {
        "scaled": _first(seen, f"{revision}-deployment", lambda it: it["spec"]["replicas"] > 0),
        "made": _first(seen, name, lambda _: True),
        "bound": _first(seen, name, lambda it: "nodeName" in it["spec"]),
    }
    statuses = pod["status"]["containerStatuses"]
    ids = {it["name"]: it["containerID"].rpartition("/")[2] for it in statuses}
    own = next(identity for name, identity in ids.items() if name != "queue-proxy")
    later = {key: at for key, at in seen.started.items() if at > moments["bound"]}
    moments["sandbox"] = min(at for key, at in later.items() if key not in ids.values())
    moments["started"] = later[own]
    moments["listening"], (moments["answered"], duration) = lines
    moments["arrived"] = moments["answered"] - duration
    moments["back"] = back
    parts: dict[str, float] = {}
    before = asked
    for name in PARTS:
        parts[name] = max(0.0, moments[name] - before)
        before = max(before, moments[name])
    return Way(answer, parts)


def table(ways: Mapping[str, Sequence[Way]]) -> Iterator[str]:
    """A row for each part: the median of the ways of each program, in seconds."""
    yield f"{'part':66}" + "".join(f"{name:>12}" for name in ways)
    for part, what in PARTS.items():
        row = (median(way.parts[part] for way in of) for of in ways.values())
        yield f"{what:66}" + "".join(f"{seconds:12.3f}" for seconds in row)
    for what, total in (("all of it", "total"), ("the program's", "ours")):
        row = (median(getattr(way, total) for way in of) for of in ways.values())
        yield f"{what:66}" + "".join(f"{seconds:12.3f}" for seconds in row)


@contextlib.contextmanager
def _looking(cluster: Cluster, namespace: str) -> Generator[_Seen]:
    """Watch pods, Deployments and containers for as long as the block runs."""
    seen = _Seen()
    with contextlib.ExitStack() as stack:
        for kind in ("Pod", "Deployment"):
            events = stack.enter_context(cluster.watch(kind, namespace))
            threading.Thread(target=_watch, args=(events, seen), daemon=True).start()
        for node in NODES:
            lines = stack.enter_context(cluster.runtime_events(node))
            threading.Thread(target=_listen, args=(node, lines, seen), daemon=True).start()
        cluster.wait_until(lambda: _is_heard(cluster, seen), what="containers' events are heard")
        yield seen


def _is_heard(cluster: Cluster, seen: _Seen) -> bool:
    """Whether something that happens now is heard of every node."""
    for node in NODES:
        cluster.runtime(node, "namespaces", "label", "k8s.io", f"moment={time.time()}")
    return seen.heard == {*NODES}


def _watch(events: Iterator[Manifest], seen: _Seen) -> None:
    for event in events:
        if event["type"] != "DELETED":
            seen.objects.append((time.time(), event["object"]))


def _listen(node: str, lines: Iterator[str], seen: _Seen) -> None:
    for line in lines:
        seen.heard.add(node)
        found = _EVENT.match(line.strip())
        if found:
            seen.started[json.loads(found[2])["container_id"]] = moment(found[1])


def _first(seen: _Seen, name: str, predicate: Callable[[Manifest], bool]) -> float:
    """When the object of a name was first seen to be so."""
    named = ((at, it) for at, it in seen.objects if it["metadata"]["name"] == name)
    return next(at for at, found in named if predicate(found))


def _both(lines: list[tuple[float, Manifest]]) -> tuple[float, tuple[float, float]] | None:
    """When it listened; when it had answered its first check, and how long that took."""
    listening = (at for at, it in lines if it.get("message", "").startswith("listening"))
    answered = ((at, it["durationMs"] / 1000) for at, it in lines if "durationMs" in it)
    first, second = next(listening, None), next(answered, None)
    return None if first is None or second is None else (first, second)
