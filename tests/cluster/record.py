"""Records what a real control plane held: the fixtures of the offline tests, and the demo's shop.

`python -m tests.cluster.record` writes both anew, and with the names of scenarios behind it their
fixtures alone; look at the difference before you commit it.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from k8s_heartbeat.core.fields import is_list, is_mapping
from tests.cluster.plane import ControlPlane, Manifest, PlaneError
from tests.cluster.scenarios import SCENARIOS
from tests.cluster.story import NODES, WEB, Scenario

ROOT = Path(__file__).parents[2]
FIXTURES = ROOT / "tests" / "fixtures"
SHOP = ROOT / "adapters" / "demo" / "shop.json"

RECORDED = (
    "api-without-its-service",
    "autoscaler-without-metrics",
    "available-by-vacuity",
    "budget-with-too-few-pods",
    "claim-lost",
    "claim-waits-for-its-consumer",
    "crash-loop-running",
    "cronjob-last-run-failed",
    "cronjob-misses-a-run",
    "cronjob-three-runs-failed",
    "definitions-with-the-same-names",
    "deleted-in-foreground",
    "init-crash-loop",
    "job-fails",
    "job-resumed",
    "job-retries",
    "namespace-held-by-a-finalizer",
    "namespace-of-which-the-api-knows-too-little",
    "node-lost",
    "node-lost-itself",
    "one-of-three-broken",
    "oom-killed-once",
    "paused",
    "pod-evicted",
    "progress-deadline-exceeded",
    "quota-refuses-all-pods",
    "readiness-gate-closed",
    "rolling-out-at-full-capacity",
    "scaling-up",
    "service-pods-not-ready",
    "service-without-pods",
    "sidecar-fails",
    "statefulset-first-pod-broken",
    "statefulset-partition",
    "total-outage",
)
"""The scenarios whose statuses are kept: one for each thing that is easily judged wrongly."""


@dataclass(frozen=True, slots=True)
class Part:
    """A part of the demo's shop: a scenario under a name, longer ago and slower than it was."""

    name: str
    scenario: str
    ago: int
    """Seconds that its last event lies back."""
    stretch: int
    """How many seconds each of its seconds took."""
    namespace: str = "shop"


PARTS = (
    Part("storefront", "healthy", 500_000, 1_000),
    Part("checkout", "one-of-three-broken-tolerated", 100, 300),
    Part("payments", "crash-loop-everywhere", 200, 300),
    Part("recommendations", "rolling-out-at-full-capacity", 40, 60),
    Part("search", "progress-deadline-exceeded", 300, 60),
    Part("newsletter", "scaled-to-zero", 3_000_000, 1_000),
    Part("orders-db", "statefulset-healthy", 2_000_000, 1_000),
    Part("log-agent", "daemonset-healthy", 4_000_000, 1_000, namespace="platform"),
)

BY_NAME = {scenario.name: scenario for scenario in SCENARIOS}

_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")
_WEB = re.compile(rf"\b{WEB}\b")
_POD_SPEC = ("containers", "initContainers", "nodeName", "readinessGates", "restartPolicy")


def record(plane: ControlPlane, names: Sequence[str] = RECORDED) -> None:
    """Play these scenarios and write their fixtures."""
    FIXTURES.mkdir(exist_ok=True)
    for name in names:
        write(FIXTURES / f"{name}.json", _played(plane, BY_NAME[name]))


def record_shop(plane: ControlPlane) -> None:
    """Play what the demo's shop is made of and write its file."""
    items: list[Manifest] = []
    for part in PARTS:
        scenario = replace(BY_NAME[part.scenario], name=f"shop-{part.name}")
        items += _moved(_played(plane, scenario), part, scenario.name)
    write(SHOP, {"apiVersion": "v1", "kind": "List", "items": items})


def latest(dump: object) -> datetime:
    """The latest time in a dump: a moment at which what it holds was true."""
    times = [text for text in _texts(dump) if _TIME.fullmatch(text)]
    return max(map(datetime.fromisoformat, times))


def _played(plane: ControlPlane, scenario: Scenario) -> Manifest:
    print(scenario.name, file=sys.stderr)
    try:
        scenario.play(plane)
        dump = plane.dump(scenario.kind, scenario.place, scenario.subject)
        # The pods of a lost node end only once it is found again.
        scenario.recover(plane)
    finally:
        scenario.end(plane)
    return for_keeping(dump)


def for_keeping(dump: Manifest) -> Manifest:
    """A dump without what is of no use, or of this machine."""
    # A Pod that is judged for itself is among the pods too.
    items = {item["metadata"]["uid"]: _for_keeping(item) for item in dump["items"]}
    return {**dump, "items": list(items.values())}


def _for_keeping(item: Manifest) -> Manifest:
    """An object without server-side apply's bookkeeping and without this machine's name."""
    kept: Manifest = {**item, "metadata": {**item["metadata"]}}
    kept["metadata"].pop("managedFields", None)
    if kept.get("reportingInstance"):
        # The scheduler's is its host's name.
        kept["reportingInstance"] = kept["reportingComponent"]
    if kept["kind"] == "Pod":
        # Nothing is judged by volumes, tolerations and the like.
        kept["spec"] = {key: value for key, value in kept["spec"].items() if key in _POD_SPEC}
    return kept


def _moved(dump: Manifest, part: Part, namespace: str) -> list[Manifest]:
    """The objects of a dump under a part's name, their times relative to now."""
    now = latest(dump)

    def reworded(text: str) -> str:
        if _TIME.fullmatch(text):
            age = (now - datetime.fromisoformat(text)).total_seconds()
            return f"now-{round(part.ago + age * part.stretch)}s"
        return _WEB.sub(part.name, text.replace(namespace, part.namespace))

    return [_each_text(item, reworded) for item in dump["items"]]


def _each_text(value: Any, change: Callable[[str], str]) -> Any:
    if is_mapping(value):
        return {change(key): _each_text(entry, change) for key, entry in value.items()}
    if is_list(value):
        return [_each_text(entry, change) for entry in value]
    return change(value) if isinstance(value, str) else value


def _texts(value: object) -> Iterator[str]:
    if is_mapping(value):
        for entry in value.values():
            yield from _texts(entry)
    elif is_list(value):
        for entry in value:
            yield from _texts(entry)
    elif isinstance(value, str):
        yield value


def write(path: Path, content: Manifest) -> None:
    """Write a recording."""
    text = json.dumps(content, indent=1, sort_keys=True)
    path.write_text(f"{text}\n", encoding="utf-8")


def main(names: Sequence[str]) -> int:
    """Record with a control plane of its own."""
    unknown = set(names) - set(RECORDED)
    if unknown:
        print(f"record: not recorded: {', '.join(sorted(unknown))}", file=sys.stderr)
        return 2
    try:
        with ControlPlane() as plane:
            plane.add_nodes(NODES)
            record(plane, names or RECORDED)
            if not names:
                record_shop(plane)
    except PlaneError as error:
        # Of two, the first says why.
        print(f"record: {error.__context__ or error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
