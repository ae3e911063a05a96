"""A fake API server and a reader that follows a kubeconfig to it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from k8s_heartbeat.adapters.cluster import LiveReader
from tests.builders import deployment
from tests.servers.api_server import ApiServer
from tests.servers.kubeconfig import kubeconfig, live_reader, write_kubeconfig


@pytest.fixture
def api() -> Iterator[ApiServer]:
    """An API server with one Deployment, `api`, in the namespace `shop`."""
    with ApiServer([deployment()]) as server:
        yield server


@pytest.fixture
def reader(api: ApiServer, tmp_path: Path) -> Iterator[LiveReader]:
    """A reader of that API server."""
    with live_reader(write_kubeconfig(tmp_path / "config", kubeconfig(api.url))) as made:
        yield made
