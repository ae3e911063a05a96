"""The contract as it is published, held against what the service does (tox -e openapi)."""

from __future__ import annotations

import os
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import pytest

_HERE = Path(__file__).parent
_NEEDED = ("openapi_spec_validator", "schemathesis")
_rows: list[str] = []


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Every test in this folder needs what only its own environment has."""
    for item in items:
        if item.path.is_relative_to(_HERE):
            item.add_marker(pytest.mark.openapi)


@pytest.fixture(autouse=True)
def _tools() -> None:  # pyright: ignore[reportUnusedFunction] - pytest uses it
    """Skip where the tools are missing; never in CI."""
    missing = [name for name in _NEEDED if find_spec(name) is None]
    if missing and not os.environ.get("CI"):
        pytest.skip(f"not installed: {', '.join(missing)}")


@pytest.fixture
def note() -> Callable[[str], None]:
    """Keeps a line that is printed at the end."""
    return _rows.append


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print what was asked, and how often."""
    if _rows:
        terminalreporter.section("schemathesis")
        for row in _rows:
            terminalreporter.write_line(row)
