"""Our image from our manifests on real nodes: it starts, rolls over and keeps going."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import pytest

from tests.cluster.plane import Manifest
from tests.cluster.story import IMAGE, container
from tests.node.cluster import NODES, Cluster
from tests.node.load import Load
from tests.node.namespace import INSIDE, cgroups
from tests.node.service import (
    DEPLOY,
    NAME,
    SELECTOR,
    Installed,
    address_of,
    cordoned,
    kustomization,
    probed,
    setting,
)

pytestmark = pytest.mark.node

SHOP = "shop"
WEB = "web"
PATH = f"/api/healthz/{SHOP}/daemonset/{WEB}"
"""What is up the whole time: a drain leaves the pods of a DaemonSet alone."""
MEBIBYTE = 2**20
KUBELETS = ("/livez", "/readyz")
"""What the kubelet asks for."""
SOONER = setting(
    "Deployment", NAME, "/spec/template/spec/containers/0/livenessProbe/periodSeconds", 2
)
"""A liveness that fails sooner than the one that is shipped."""


@pytest.fixture(scope="module")
def shop(cluster: Cluster) -> Iterator[str]:
    """A workload that is up, on every node."""
    cluster.namespace(SHOP)
    labels = {"app": WEB}
    probe = {"httpGet": {"path": "/ready", "port": 8080}, "periodSeconds": 1}
    spec = {"containers": [container(WEB, IMAGE, args=["serve"], readinessProbe=probe)]}
    cluster.apply(
        {
            "apiVersion": "apps/v1",
            "kind": "DaemonSet",
            "metadata": {"name": WEB, "namespace": SHOP},
            "spec": {
                "selector": {"matchLabels": labels},
                "template": {"metadata": {"labels": labels}, "spec": spec},
            },
        }
    )
    cluster.wait_for(
        "DaemonSet", SHOP, WEB, lambda it: it["status"].get("numberAvailable") == len(NODES), 60
    )
    yield SHOP
    cluster.delete("Namespace", "", SHOP)


@pytest.fixture(scope="module")
def service(
    cluster: Cluster,
    own_image: str,
    shop: str,
    figures: list[str],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Installed]:
    """The classic overlay and its disruption budget, installed as the README says."""
    assert shop
    folder = tmp_path_factory.mktemp("classic")
    kustomization(folder, own_image, "classic", ["disruption-budget"], patches=[SOONER])
    installed = Installed(cluster)
    cluster.kubectl("apply", "-f", str(DEPLOY / "base" / "namespace.yaml"))
    installed.make_secret(NAME, token=installed.token)
    began = time.monotonic()
    cluster.kubectl("apply", "-k", str(folder))
    answer = installed.answers(PATH, 200)
    first = time.monotonic() - began
    installed.roll_out()
    figures.append(
        f"kubectl apply -k: the first verdict after {first:.1f} s, both pods Ready after "
        f"{time.monotonic() - began:.1f} s"
    )
    assert answer.body["up"] is True
    yield installed
    cluster.kubectl("delete", "-k", str(folder), "--wait=false")


@pytest.fixture
def load(service: Installed) -> Iterator[Load]:
    """Four clients that ask from before the test to after it."""
    service.roll_out()
    with Load(service.address, service.token, [PATH]) as running:
        running.goes_on(service.cluster)
        yield running


def test_pods_run_as_restricted_as_they_say(service: Installed, figures: list[str]) -> None:
    """On every node, as nobody, with nothing to write to, and no rights."""
    pods = service.pods()
    assert {pod["spec"]["nodeName"] for pod in pods} == set(NODES)
    for pod in pods:
        (status,) = pod["status"]["containerStatuses"]
        assert status["restartCount"] == 0
        assert {process_of(pod, key) for key in ("CapPrm", "CapEff", "CapBnd")} == {"0" * 16}
        assert process_of(pod, "Uid").split() == ["65532"] * 4
        assert process_of(pod, "Gid").split() == ["65532"] * 4
        assert (process_of(pod, "NoNewPrivs"), process_of(pod, "Seccomp")) == ("1", "2")
        root = next(line for line in mounts_of(pod) if line.split()[1] == "/")
        assert root.split()[3].split(",")[0] == "ro"
        memory = service.memory(pod)
        figures.append(
            f"{pod['spec']['nodeName']}: {memory.used / MEBIBYTE:.0f} MiB of memory after the "
            f"first verdicts, {memory.peak / MEBIBYTE:.0f} MiB at most, "
            f"{memory.limit / MEBIBYTE:.0f} MiB allowed"
        )


def test_service_rolls_over_without_losing_a_request(
    service: Installed, load: Load, figures: list[str]
) -> None:
    """A rollout restart under load."""
    before = {pod["metadata"]["uid"] for pod in service.pods()}
    service.cluster.kubectl("rollout", "restart", f"deployment/{NAME}", "-n", NAME)
    service.roll_out()
    load.goes_on(service.cluster)
    assert not before & {pod["metadata"]["uid"] for pod in service.pods()}
    figures.append(f"rollout restart: {load}")
    assert load.lost == []


def test_service_is_drained_from_a_node_without_losing_a_request(
    service: Installed, load: Load, figures: list[str]
) -> None:
    """Both pods stand on the node that is drained; its budget lets them go one by one."""
    cluster = service.cluster
    cluster.kubectl("cordon", NODES[1])
    with cordoned(cluster, NODES[1]):
        # All on one node: the worst that a drain can meet.
        for pod in service.pods():
            if pod["spec"]["nodeName"] == NODES[1]:
                cluster.delete("Pod", NAME, pod["metadata"]["name"])
        # The Deployment's status may not know yet that they go.
        cluster.wait_until(partial(stand_on, service, NODES[0]), 60, "both are on one node")
        service.roll_out()
    with cordoned(cluster, NODES[0]):
        how = ("--ignore-daemonsets", "--delete-emptydir-data", "--timeout=100s")
        out = cluster.kubectl("drain", NODES[0], f"--pod-selector={SELECTOR}", *how)
        service.roll_out()
        assert f"pod/{NAME}" in out
        assert {pod["spec"]["nodeName"] for pod in service.pods()} == {NODES[1]}
    load.goes_on(service.cluster)
    figures.append(f"kubectl drain of the node with both pods: {load}")
    assert load.lost == []


def test_nobody_is_left_hanging_at_zero(service: Installed, figures: list[str]) -> None:
    """Down to nothing each request is answered or refused at once; then all is well again."""
    cluster = service.cluster
    with Load(service.address, service.token, [PATH]) as load:
        load.goes_on(service.cluster)
        scale(service, 0)
        cluster.wait_until(lambda: load.lost, what="a caller is refused")
    began = time.monotonic()
    scale(service, 2, wait=False)
    refused = [what for what in load.lost if what.startswith("ConnectionRefusedError")]
    figures.append(f"scale to 0: {load.answers} answers, then {refused[0]}")
    assert load.lost == refused
    assert service.answers(PATH, 200).body["up"] is True
    took = time.monotonic() - began
    with Load(service.address, service.token, [PATH]) as load:
        service.roll_out()
        load.goes_on(service.cluster)
    figures.append(f"scale from 0 to 2: a verdict after {took:.1f} s; {load}")
    assert load.lost == []


def stand_on(service: Installed, node: str) -> bool:
    """Whether both pods are scheduled to a node."""
    return [pod["spec"].get("nodeName") for pod in service.pods()] == [node] * 2


def scale(service: Installed, replicas: int, *, wait: bool = True) -> None:
    """Have so many pods."""
    service.cluster.kubectl("scale", f"deployment/{NAME}", f"--replicas={replicas}", "-n", NAME)
    if wait:
        service.roll_out()


def process_of(pod: Manifest, key: str) -> str:
    """What the kernel says of the container's first process."""
    status = Path(f"/proc/{process_id(pod)}/status").read_text("utf-8")
    found = dict(line.split(":", 1) for line in status.splitlines())
    return found[key].strip()


def mounts_of(pod: Manifest) -> list[str]:
    """The mounts that the container's first process sees."""
    return Path(f"/proc/{process_id(pod)}/mounts").read_text("utf-8").splitlines()


def process_id(pod: Manifest) -> int:
    """The container's first process."""
    (status,) = pod["status"]["containerStatuses"]
    name = status["containerID"].rpartition("/")[2]
    for parent in cgroups(f"{os.environ[INSIDE]}/{pod['spec']['nodeName']}"):
        for found in parent.rglob(f"{name}/cgroup.procs"):
            return min(map(int, found.read_text(encoding="ascii").split()))
    raise AssertionError(f"no process of {name}")


def test_pods_outlive_an_api_server_that_hangs(service: Installed, figures: list[str]) -> None:
    """It is no fault of theirs: they stay ready, say what they last read and how old it is."""
    cluster = service.cluster
    service.roll_out()
    before = service.pods()
    nodes = {node: address_of(cluster.get("Node", "", node)) for node in NODES}
    own = [f"{pod['status']['podIP']}:8080" for pod in before]
    address = service.address

    def passed(kind: str, result: str = "successful") -> list[int]:
        return [probed(nodes[pod["spec"]["nodeName"]], pod, kind, result) for pod in before]

    def more(kind: str, counts: list[int]) -> bool:
        # As often as would have had it restarted, or taken out of the Service.
        return all(now > count + 3 for now, count in zip(passed(kind), counts, strict=True))

    assert {service.ask(PATH, address=pod).code for pod in own} == {200}
    elsewhere = f"/api/healthz/{SHOP}/deployment/unasked"
    began = time.monotonic()
    with cluster.paused("kube-apiserver"):
        counted = {kind: passed(kind) for kind in ("Liveness", "Readiness")}
        failed = passed("Readiness", "failed")
        stale = cluster.wait_until(
            lambda: [it for pod in own if (it := service.ask(PATH, address=pod)).body["stale"]],
            what="a reading is old",
        )
        assert {(answer.code, answer.body["up"]) for answer in stale} == {(200, True)}
        assert service.ask(elsewhere, address=address).code == 504
        assert service.ask("/healthz", address=address).code in (502, 504)
        for kind, counts in counted.items():
            cluster.wait_until(partial(more, kind, counts), 60, f"{kind} probes pass")
        assert {service.ask(path, address=pod).code for pod in own for path in KUBELETS} == {200}
        # It takes three for a pod to be taken out of the Service.
        since_then = zip(passed("Readiness", "failed"), failed, strict=True)
        assert all(now - count < 3 for now, count in since_then)
        hung = time.monotonic() - began
    began = time.monotonic()
    service.answers(elsewhere, 404)
    took = time.monotonic() - began
    cluster.wait_until(lambda: not service.ask(PATH).body["stale"], what="a reading is new")
    assert service.ask(PATH).code == 200
    # Those who watch the nodes may take them for lost meanwhile, and the pods with them.
    service.roll_out()
    assert [running(pod) for pod in service.pods()] == [running(pod) for pod in before]
    figures.append(
        f"API server hung for {hung:.0f} s: no restart, ready throughout; right again "
        f"{took:.1f} s after it went on"
    )


def test_memory_stays_below_its_limit(service: Installed, figures: list[str]) -> None:
    """Eight clients ask for all there is, in a namespace of 500 pods of 20 kB."""
    service.roll_out()
    crowd = service.cluster.namespace("crowd")
    try:
        with ThreadPoolExecutor(8) as threads:
            list(threads.map(partial(make_large, service.cluster, crowd), range(500)))
        paths = [
            *(f"/api/healthz/{crowd}?kind=pods{more}" for more in ("", "&items=all", "&min=1")),
            *("/api/healthz", "/api/metrics", "/api/targets", "/metrics", PATH),
            *(f"/api/healthz/{crowd}/{kind}/none" for kind in ("pod", "service", "job", "cronjob")),
        ]
        codes = (200, 404, 503)
        with Load(service.address, service.token, paths, clients=8, wanted=codes) as load:
            service.cluster.wait_until(lambda: load.answers >= 600, 90, "600 answers")
        assert load.lost == []
    finally:
        service.cluster.delete("Namespace", "", crowd)
    for pod in service.pods():
        memory = service.memory(pod)
        figures.append(
            f"{load.answers} answers about 500 pods: {memory.peak / MEBIBYTE:.0f} MiB at most "
            f"of {memory.limit / MEBIBYTE:.0f} MiB, {memory.used / MEBIBYTE:.0f} MiB after it"
        )
        assert memory.peak < memory.limit
        assert memory.kills == 0
        assert running(pod)[1] == 0


def make_large(cluster: Cluster, namespace: str, number: int) -> None:
    """A pod that nobody schedules, and that says much."""
    pod = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": f"pod-{number}", "annotations": {"example.org/much": "x" * 20_000}},
        "spec": {"schedulerName": "nobody", "containers": [container(WEB, IMAGE)]},
    }
    cluster.request("POST", f"/api/v1/namespaces/{namespace}/pods", pod)


def running(pod: Manifest) -> tuple[str, int]:
    """A pod's container, and how often it was restarted."""
    (status,) = pod["status"]["containerStatuses"]
    return status["containerID"], status["restartCount"]
