"""The real nodes of these tests: they run pods, whose Services answer, and leave nothing behind."""

from __future__ import annotations

import contextlib
import http.client
import os
import signal
import socket
import struct
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.cluster.story import (
    HEALTHY,
    IMAGE,
    WEB,
    Scenario,
    Step,
    applies,
    container,
    every,
    observed,
    reports,
    workload,
)
from tests.node.cluster import NODES, ROOT, Cluster, missing
from tests.node.conftest import needs
from tests.node.namespace import NETWORK, cgroups

pytestmark = pytest.mark.node


def serving(replicas: int) -> dict[str, object]:
    """A Deployment of pods that answer HTTP, one a node."""
    probe = {"httpGet": {"path": "/ready", "port": 8080}, "periodSeconds": 1}
    spread = {
        "labelSelector": {"matchLabels": {"app": WEB}},
        "topologyKey": "kubernetes.io/hostname",
    }
    spec = {
        "affinity": {
            "podAntiAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": [spread]}
        },
        "containers": [container(WEB, IMAGE, args=["serve"], readinessProbe=probe)],
    }
    template = {"metadata": {"labels": {"app": WEB}}, "spec": spec}
    return workload("Deployment", template, replicas=replicas)


SERVICE = {
    "apiVersion": "v1",
    "kind": "Service",
    "metadata": {"name": WEB},
    "spec": {"selector": {"app": WEB}, "ports": [{"port": 80, "targetPort": 8080}]},
}
READY = Scenario(
    name="real-pods",
    steps=(
        Step(
            applies(serving(len(NODES)), SERVICE),
            every(observed, reports(availableReplicas=len(NODES))),
        ),
    ),
    expected=HEALTHY,
)


def test_pods_run_on_every_node_and_their_service_answers(cluster: Cluster) -> None:
    """Kubelets start real containers, kube-proxy leads to them, and DNS knows their Service."""
    try:
        view = READY.play(cluster)
        assert {pod["spec"]["nodeName"] for pod in view.pods} == set(NODES)
        address = cluster.get("Service", READY.name, WEB)["spec"]["clusterIP"]
        assert cluster.wait_until(lambda: status(address)) == 200
        assert looked_up(f"{WEB}.{READY.name}.svc.cluster.local") == address
    finally:
        READY.end(cluster)


def status(address: str) -> int | None:
    """The status code of a Service; None while it takes no connection."""
    connection = http.client.HTTPConnection(address, timeout=5)
    with contextlib.closing(connection), contextlib.suppress(OSError):
        connection.request("GET", "/live")
        return connection.getresponse().status
    return None


def looked_up(name: str) -> str:
    """The address that the cluster's DNS has for a name."""
    labels = b"".join(bytes([len(label)]) + label.encode() for label in name.split("."))
    query = struct.pack(">6H", 1, 0x0100, 1, 0, 0, 0) + labels + struct.pack(">x2H", 1, 1)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asked:
        asked.settimeout(10)
        asked.sendto(query, (f"{NETWORK}.1", 53))
        return socket.inet_ntoa(asked.recv(512)[-4:])


SLEEPS = """
import os, subprocess, time
subprocess.Popen(["sleep", "1000"], start_new_session=True)
print(os.environ["HEARTBEAT_NODE_NAMESPACE"], flush=True)
time.sleep(1000)
"""


@pytest.mark.parametrize(
    "number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL], ids=lambda number: number.name
)
def test_nothing_stays_behind(number: signal.Signals) -> None:
    """However a run ends, its processes end with it; after a kill the next run clears up."""
    with run_inside("-c", SLEEPS) as run:
        assert run.stdout
        name = run.stdout.readline().strip()
        inside = children_of(run.pid)
        assert len(inside) >= 3
        run.send_signal(number)
        run.wait(15)
        deadline = time.monotonic() + 15
        while any(Path(f"/proc/{pid}").exists() for pid in inside):
            assert time.monotonic() < deadline, inside
            time.sleep(0.02)
    if number is signal.SIGKILL:
        assert cgroup_exists(name)
        with run_inside("-c", "") as next_run:
            assert next_run.wait(30) == 0
    assert not cgroup_exists(name)


def test_run_leaves_the_control_groups_of_another_one_alone() -> None:
    """Two runs at once are two worlds."""
    with run_inside("-c", SLEEPS) as run:
        assert run.stdout
        name = run.stdout.readline().strip()
        with run_inside("-c", "") as other:
            assert other.wait(30) == 0
        assert cgroup_exists(name)
        run.send_signal(signal.SIGTERM)


def run_inside(*arguments: str) -> subprocess.Popen[str]:
    """Python with these arguments, in a namespace of its own."""
    needs(missing())
    command = [sys.executable, "-m", "tests.node", "run", sys.executable, *arguments]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT, env=environment)


def cgroup_exists(name: str) -> bool:
    """Whether a control group is there, for any controller."""
    return any(path.exists() for path in cgroups(name))


def children_of(pid: int) -> set[int]:
    """The processes below one, at whatever depth."""
    listed = subprocess.run(
        ["ps", "-e", "-o", "pid=,ppid="],  # noqa: S607  # wherever it is
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    pairs = [tuple(map(int, line.split())) for line in listed.splitlines()]
    found = {pid}
    while more := {child for child, parent in pairs if parent in found} - found:
        found |= more
    return found - {pid}
