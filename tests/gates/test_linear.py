"""Gate: what a group costs grows with its objects, and no faster."""

from __future__ import annotations

import json
import statistics
import time
from collections.abc import Sequence
from pathlib import Path

from k8s_heartbeat.core.kinds import Kind
from tests.builders import Manifest
from tests.entrypoints.support import served
from tests.servers.api_server import PLAIN, ApiServer
from tests.servers.large_cluster import Remembered, write_down
from tests.servers.process import Service

from .figures import Figures
from .processes import busy

LARGE, SMALL = 2_000, 500
TIMES = 12
RATIO = 6
"""How much longer four times as many may take: sorting and rendering are not quite linear."""
CLASSES = 40
CRDS = 1_500


def named(kind: str, api_version: str, namespace: str, name: str, **fields: object) -> Manifest:
    """An object."""
    metadata = {"name": name, "namespace": namespace, "uid": f"{kind}-{namespace}-{name}"}
    return {"kind": kind, "apiVersion": api_version, "metadata": metadata, **fields}


def services(namespace: str, count: int) -> list[Manifest]:
    """So many Services, each with an EndpointSlice."""
    found: list[Manifest] = []
    for number in range(count):
        name = f"api-{number}"
        spec = {"type": "ClusterIP", "selector": {"app": name}}
        found.append(named("Service", "v1", namespace, name, spec=spec, status={}))
        endpoints = [{"addresses": ["10.0.0.1"], "conditions": {"ready": True, "serving": True}}]
        entry = named(
            "EndpointSlice",
            "discovery.k8s.io/v1",
            namespace,
            f"{name}-x",
            addressType="IPv4",
            endpoints=endpoints,
            ports=[{"port": 80}],
        )
        entry["metadata"]["labels"] = {"kubernetes.io/service-name": name}
        entry["metadata"]["ownerReferences"] = [
            {"uid": f"Service-{namespace}-{name}", "kind": "Service", "controller": True}
        ]
        found.append(entry)
    return found


def claims(namespace: str, count: int) -> list[Manifest]:
    """A quarter as many pending claims as pods, of several classes, each of which waits."""
    found: list[Manifest] = []
    for number in range(count // 4):
        spec = {"storageClassName": f"slow-{number % CLASSES}"}
        status = {"phase": "Pending"}
        entry = named(
            "PersistentVolumeClaim", "v1", namespace, f"data-{number}", spec=spec, status=status
        )
        found.append(entry)
    for number in range(count):
        volumes = [{"name": "v", "persistentVolumeClaim": {"claimName": f"other-{number}"}}]
        running = {"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]}
        found.append(
            named("Pod", "v1", namespace, f"p-{number}", spec={"volumes": volumes}, status=running)
        )
    return found


def classes() -> list[Manifest]:
    """The classes of all claims."""
    api_version = "storage.k8s.io/v1"
    made = [
        named("StorageClass", api_version, "", f"slow-{number}", volumeBindingMode=_WAITING)
        for number in range(CLASSES)
    ]
    return [{**entry, "metadata": {"name": entry["metadata"]["name"]}} for entry in made]


_WAITING = "WaitForFirstConsumer"


def components(kind: str, namespaces: Sequence[str]) -> str:
    """A configuration with some components of each namespace, alike but for their names."""
    found: list[dict[str, object]] = [
        {"name": f"{place}-{number}", "members": [{"namespace": place, "kind": kind}]}
        for place in namespaces
        for number in range(TIMES)
    ]
    return json.dumps({"components": found})


def timed(service: Service, path: str, code: int = 200) -> float:
    """The seconds that an answer takes."""
    began = time.perf_counter()
    answer = service.get(path)
    took = time.perf_counter() - began
    assert answer.status == code, answer.body[:500]
    return took


def judged(service: Service, place: str, kind: str) -> tuple[float, float]:
    """The least seconds that a verdict on a namespace takes, and what each one takes to compute.

    Its lists are at hand. Verdicts are remembered too, so that each component has its own.
    """
    timed(service, f"/api/components/{place}-0")
    paths = [f"/api/components/{place}-{number}" for number in range(1, TIMES)]
    before = busy(service.process.pid)
    took = [timed(service, path) for path in (f"/api/healthz/{place}?kind={kind}", *paths)]
    return min(took), (busy(service.process.pid) - before) / TIMES


def measure(
    home: Path, figures: Figures, objects: Sequence[Manifest], kind: str, what: str
) -> None:
    """How long a large and a small namespace take."""
    config = home / "heartbeat.yaml"
    config.write_text(components(kind, ("large", "small")), "utf-8")
    with ApiServer(objects) as api:
        api.behave("/", Remembered())
        plurals = {"services": ("services",), "pvc": ("persistentvolumeclaims", "pods")}[kind]
        write_down(api, [f"/api/v1/namespaces/large/{plural}" for plural in plurals])
        ttl, path = "10m", str(config)
        with served(
            home, api, timeout="20s", HEARTBEAT_CACHE_TTL=ttl, HEARTBEAT_CONFIG=path
        ) as service:
            took, large = judged(service, "large", kind)
            _, small = judged(service, "small", kind)
        # To write it down, and for the service: once each.
        assert len(api.requests_for("namespaces/large/services")) <= 2
    figures.take(f"{what}: a verdict", took, 0.5, "s", below=True)
    figures.take(f"{what}: times as long as a quarter of them", large / small, RATIO, "times")


def test_services(home: Path, figures: Figures) -> None:
    """Each Service finds its own EndpointSlices among those of all."""
    objects = [*services("large", LARGE), *services("small", SMALL)]
    measure(home, figures, objects, "services", f"{LARGE:,} Services and EndpointSlices")


def test_pending_claims(home: Path, figures: Figures) -> None:
    """Each finds its StorageClass, and whether one of all the pods uses it."""
    objects = [*claims("large", LARGE), *claims("small", SMALL), *classes()]
    what = f"{LARGE // 4} pending claims of {CLASSES} classes, {LARGE:,} pods"
    measure(home, figures, objects, "pvc", what)


def test_custom_kinds(home: Path, figures: Figures) -> None:
    """What the cluster serves is looked through once, not for each question."""
    kinds = [
        Kind(f"Widget{at}", f"widget{at}s", f"group-{at % 100}.example.com", "v1", (f"w{at}",))
        for at in range(CRDS)
    ]
    api_version = kinds[-1].api_version
    status = {"conditions": [{"type": "Ready", "status": "True"}]}
    custom = named(kinds[-1].kind, api_version, "shop", "one", status=status)
    plain = named("Service", "v1", "shop", "one", spec={"type": "ExternalName"}, status={})
    with ApiServer([custom, plain], kinds=[*PLAIN, *kinds]) as api:
        with served(home, api, timeout="10s", HEARTBEAT_CACHE_TTL="10m") as service:
            word = f"{kinds[-1].plural}.{kinds[-1].group}"
            paths = [f"/api/healthz/shop/{each}/one" for each in (word, "service")]
            for path in paths:
                timed(service, path)
            took = {path: [timed(service, path) for _ in range(60)] for path in paths}
        assert len(api.requests_for("/apis")) <= 3
    custom_took, plain_took = (statistics.median(took[path]) for path in paths)
    figures.take(
        f"a kind among {CRDS:,} CRDs, for the second time: longer than a well-known one",
        custom_took - plain_took,
        0.005,
        "s",
        below=True,
    )
