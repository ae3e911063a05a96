"""Kubeconfig files, and readers that follow them."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from k8s_heartbeat.adapters.cluster import Client, LiveReader, connect
from k8s_heartbeat.adapters.cluster.connect import ClusterConfig, Connection
from k8s_heartbeat.adapters.memory import Memory

__all__ = ["kubeconfig", "live_reader", "write_kubeconfig"]


def kubeconfig(
    server: str,
    *,
    name: str = "test",
    namespace: str = "",
    user: Mapping[str, Any] | None = None,
    cluster: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """A kubeconfig with one context, cluster and user of this name."""
    context = {"cluster": name, "user": name} | ({"namespace": namespace} if namespace else {})
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": name,
        "clusters": [{"name": name, "cluster": {"server": server, **(cluster or {})}}],
        "users": [{"name": name, "user": dict(user or {})}],
        "contexts": [{"name": name, "context": context}],
    }


def write_kubeconfig(path: Path, content: Mapping[str, Any]) -> Path:
    """Write a kubeconfig; JSON is YAML."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content), "utf-8")
    return path


@contextmanager
def live_reader(
    path: Path, *, clock: Callable[[], float] = time.monotonic
) -> Generator[LiveReader]:
    """A reader by the kubeconfig at `path`, whose connections end with it."""

    def reconnect() -> Connection:
        return connect(ClusterConfig(str(path), environ={}))

    client = Client(reconnect, clock=clock)
    try:
        yield LiveReader(client, Memory())
    finally:
        # An error that somebody still holds keeps them open otherwise.
        client.close()
