"""What is built for whom."""

from __future__ import annotations

import time
from pathlib import Path

from k8s_heartbeat.core.checks.reader import Deadline
from k8s_heartbeat.core.query import Query
from k8s_heartbeat.core.rules import KINDS, RULES
from k8s_heartbeat.entrypoints.config.settings import Settings
from k8s_heartbeat.entrypoints.wiring import Cluster, live_cluster, server_cluster
from tests.builders import deployment
from tests.servers.api_server import ApiServer, until
from tests.servers.kubeconfig import kubeconfig, write_kubeconfig


def _lists(api: ApiServer) -> int:
    return sum("limit" in request.parameters for request in api.requests)


def _ask(cluster: Cluster) -> None:
    """Ask for one object more often than many names would be in the lifetime of a reading."""
    reader = cluster.reader(RULES)
    for _ in range(40):
        reader.read(Query(KINDS[0], "shop", "api"), Deadline.after(5.0, time.monotonic))


def test_questions_share_lists_where_a_server_asks_them(tmp_path: Path) -> None:
    """A command line asks once, and lists nothing that nobody asked for."""
    with ApiServer([deployment()]) as api:
        path = write_kubeconfig(tmp_path / "config", kubeconfig(api.url))
        settings = Settings(kubeconfig=str(path))
        clusters = live_cluster(settings), server_cluster(settings)
        try:
            _ask(clusters[0])
            assert _lists(api) == 0
            _ask(clusters[1])
            until(lambda: _lists(api) == 1, "a LIST")
        finally:
            for cluster in clusters:
                assert cluster.client is not None
                cluster.client.close()
