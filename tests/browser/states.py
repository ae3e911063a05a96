"""What a cluster can look like to a person."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from tests.builders import (
    Manifest,
    available,
    container,
    deployment,
    event,
    pod,
    progressing,
    replica_set,
    stamp,
    stateful_set,
    terminated,
    waiting,
)

__all__ = ["CONFIGURATION", "HOSTILE", "below", "crashing", "hostile", "many", "named", "well"]

HOSTILE = "<img src=x onerror=window.hacked=1>"
CONFIGURATION = """
page:
  title: Shop
  public:
    title: Is the shop up?
    components: [pay]
components:
  - name: pay
    title: Payments
    members: [{namespace: shop, kind: deployment, name: api}]
  - name: data
    title: Data
    members: [{namespace: shop, kind: statefulset, name: db}]
"""


def ago(minutes: float) -> str:
    """The time so long ago, by the clock of the machine."""
    return stamp(datetime.now(UTC) - timedelta(minutes=minutes))


def named(name: str, namespace: str = "shop", serving: int = 3) -> Manifest:
    """A Deployment."""
    found = deployment(3, serving)
    own = {"name": name, "namespace": namespace, "uid": f"{namespace}/{name}"}
    return {**found, "metadata": {**found["metadata"], **own}}


def well() -> list[Manifest]:
    """Everything works."""
    return [deployment(3), stateful_set(), named("web"), named("agent", "tools")]


def crashing(*, pod_name: str = "api-1", message: str = "Back-off restarting") -> list[Manifest]:
    """The Deployment `api` is down in a crash loop, and the rest works."""
    down = deployment(3, 0, conditions=[available("False", ago(12)), progressing()])
    down["spec"]["selector"] = {"matchLabels": {"app": "api"}}
    ended = terminated(3, ended=ago(1), started=ago(2))
    state = container(
        state=waiting("CrashLoopBackOff", message), last=ended, ready=False, restarts=5
    )
    replicas = replica_set(3, 0)
    replicas["metadata"]["labels"] = {"app": "api"}
    return [
        down,
        replicas,
        pod(pod_name, ready=False, containers=[state], owned_by="api-rs"),
        event(pod_name, "BackOff", kind="Pod", message=message, last=ago(1)),
        *well()[1:],
    ]


def below() -> list[Manifest]:
    """The Deployment `api` is degraded and below its owner's minimum; `db` is degraded and up."""
    api = deployment(3, 2)
    own = {"annotations": {"k8s-heartbeat.io/min-available": "3"}}
    short = {**api, "metadata": {**api["metadata"], **own}}
    return [short, stateful_set(3, 2), *well()[2:]]


def hostile() -> list[Manifest]:
    """Every text that somebody else may choose is an attempt to run a script."""
    found = crashing(pod_name=HOSTILE, message=HOSTILE * 5)
    return [*found, named(HOSTILE, serving=0), named("a" * 250, "n" * 63, 1)]


def many() -> list[Manifest]:
    """2,000 workloads in 40 namespaces, every hundredth of them down."""
    return [
        named(f"workload-{number:04}", f"team-{number % 40:02}", 0 if number % 100 == 0 else 3)
        for number in range(2000)
    ]
