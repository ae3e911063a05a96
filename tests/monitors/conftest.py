"""Real monitors, as Debian packages them, over the demo."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.servers.process import Service, serving

from .prometheus import Prometheus, prometheus
from .tools import tool

_HERE = Path(__file__).parent
_DEMO = ("-m", "k8s_heartbeat", "serve", "--demo")
_MANY = "100000000"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Every test in this folder needs a monitor."""
    for item in items:
        if item.path.is_relative_to(_HERE):
            item.add_marker(pytest.mark.monitors)


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """`serve --demo`, open and without a limit."""
    with serving(tmp_path_factory.mktemp("demo"), _DEMO, RATE_LIMIT=_MANY) as service:
        yield service


@pytest.fixture
def start_prometheus(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Callable[[Mapping[str, Any]], Prometheus]]:
    """Starts a Prometheus with a configuration; it ends with the test."""
    program = tool("prometheus", "prometheus")
    with ExitStack() as stack:

        def start(configuration: Mapping[str, Any]) -> Prometheus:
            folder = tmp_path_factory.mktemp("prometheus")
            return stack.enter_context(prometheus(program, folder, configuration))

        yield start
