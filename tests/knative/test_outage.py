"""A check from zero while the pod that starts for it cannot reach the API server."""

from __future__ import annotations

import contextlib
import subprocess
import time
from collections.abc import Generator

import pytest

from tests.knative.served import UP, Served, is_ready
from tests.node.cluster import Cluster
from tests.node.namespace import NETWORK

pytestmark = pytest.mark.node


@contextlib.contextmanager
def cut_off(cluster: Cluster, *fault: str) -> Generator[None]:
    """Keep pods that start from now on from the API server, in the way that iptables is told."""
    server = cluster.server.rpartition(":")[2]
    to_server = ("--protocol", "tcp", "--dport", server)
    addresses = {pod["status"].get("podIP") for pod in cluster.objects("Pod")} - {None}
    # The nodes' own addresses are below those of pods.
    later = ("--match", "iprange", "--src-range", f"{NETWORK}.16-{NETWORK}.254")
    rules: list[tuple[str, ...]] = [
        ("--source", address, *to_server, "--jump", "ACCEPT") for address in addresses
    ]
    rules.append((*later, *to_server, *fault))
    for rule in reversed(rules):
        iptables("--insert", "INPUT", *rule)
    try:
        yield
    finally:
        for rule in rules:
            iptables("--delete", "INPUT", *rule)


def iptables(*arguments: str) -> None:
    """Change a rule of the namespace that the nodes are in."""
    command = ["iptables", "--wait", *arguments]
    subprocess.run(command, check=True)


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        (("--jump", "REJECT", "--reject-with", "icmp-port-unreachable"), 502),
        (("--jump", "DROP"), 504),
    ],
    ids=["refused", "silent"],
)
def test_from_zero_without_an_api_server_there_is_no_good_news(
    service: Served, figures: list[str], fault: tuple[str, ...], code: int
) -> None:
    """The pod is ready all the same: it is no fault of its own, and it says what it knows."""
    service.wait_zero()
    with cut_off(service.cluster, *fault):
        began = time.monotonic()
        answer = service.ask(UP)
        figures.append(
            f"from zero, the API server out of reach: {answer.code} after "
            f"{time.monotonic() - began:.1f} s"
        )
        assert (answer.code, answer.body["up"]) == (code, False)
        assert answer.headers["heartbeat-status"] == "unknown"
        (pod,) = service.pods()
        name = pod["metadata"]["name"]
        service.cluster.wait_for("Pod", service.namespace, name, is_ready)

    def back() -> bool:
        return service.ask(UP).code == 200

    service.cluster.wait_until(back, what="it reads the cluster again")
    assert [it["metadata"]["name"] for it in service.pods()] == [name]
