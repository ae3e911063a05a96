"""Processes that several tests look at."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.builders import deployment
from tests.servers.api_server import ApiServer
from tests.servers.process import Service, serving


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """`serve --demo`, open."""
    home = tmp_path_factory.mktemp("demo")
    with serving(home, ["-m", "k8s_heartbeat", "serve", "--demo"]) as service:
        yield service


@pytest.fixture
def api() -> Iterator[ApiServer]:
    """An API server with one healthy Deployment, `api`, in the namespace `shop`."""
    with ApiServer([deployment()]) as server:
        yield server


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home folder without a kubeconfig."""
    (tmp_path / "home").mkdir()
    return tmp_path / "home"
