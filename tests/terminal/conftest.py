"""Real terminals and real shells; what the machine lacks skips its tests, and fails them in CI."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.builders import deployment
from tests.servers.api_server import ApiServer
from tests.servers.kubeconfig import kubeconfig, write_kubeconfig

_HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Every test in this folder needs a terminal or a shell."""
    for item in items:
        if item.path.is_relative_to(_HERE):
            item.add_marker(pytest.mark.terminal)


@pytest.fixture
def needs() -> Callable[[str], str]:
    """The path of a program."""

    def find(program: str) -> str:
        found = shutil.which(program)
        if found is None and os.environ.get("CI"):
            pytest.fail(f"{program} is not installed")
        if found is None:
            pytest.skip(f"{program} is not installed")
        return found

    return find


@pytest.fixture
def api() -> Iterator[ApiServer]:
    """An API server with one healthy Deployment, `api`, in the namespace `shop`."""
    with ApiServer([deployment()]) as server:
        yield server


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home folder with nothing in it."""
    return tmp_path


@pytest.fixture
def environ(home: Path, api: ApiServer) -> dict[str, str]:
    """The variables of a shell in which both names of the program are installed."""
    path = write_kubeconfig(home / "config", kubeconfig(api.url, namespace="shop"))
    kept = {name: os.environ[name] for name in ("PYTHONPATH",) if name in os.environ}
    return {
        **kept,
        "HOME": str(home),
        "KUBECONFIG": str(path),
        "LANG": "C.UTF-8",
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "PS1": "$ ",
        "TERM": "xterm-256color",
    }
