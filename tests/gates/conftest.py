"""Gates: what is promised under load, faults and attack, each on the real entry point."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.builders import deployment
from tests.servers.api_server import ApiServer

from .figures import Figures

_HERE = Path(__file__).parent
_figures = Figures()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Every test in this folder is a gate."""
    for item in items:
        if item.path.is_relative_to(_HERE):
            item.add_marker(pytest.mark.gates)


@pytest.fixture(scope="session")
def figures() -> Figures:
    """Where a gate notes its figures; one past its bound fails the test."""
    return _figures


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


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print every figure beside its bound."""
    if _figures.taken:
        terminalreporter.section("gates")
        terminalreporter.write_line(_figures.table())
