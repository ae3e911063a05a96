"""One cluster with real nodes for all tests in this folder."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from tests.cluster.build import BuildError
from tests.node import image as images
from tests.node.cluster import Cluster, missing
from tests.node.namespace import INSIDE

_rows: list[str] = []


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    """A cluster with real nodes; without them the test is skipped, or fails where CI is set."""
    needs(missing())
    if INSIDE not in os.environ:
        needs("run it inside: python -m tests.node run python -m pytest -m node")
    with Cluster() as running:
        yield running


@pytest.fixture(scope="session")
def own_image(cluster: Cluster) -> str:
    """The name of our own image, which every node has."""
    found, why = None, "the image is not built: python -m tests.node.image"
    try:
        found = images.find()
    except BuildError as error:
        why = str(error)
    needs(None if found else why)
    assert found
    cluster.load(found.archive)
    return found.name


@pytest.fixture(scope="session")
def figures() -> list[str]:
    """Lines that are printed when the tests are done."""
    return _rows


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print what was measured, once: the tests of Knative have this hook too."""
    if _rows:
        terminalreporter.section("the service on real nodes")
        for row in _rows:
            terminalreporter.write_line(row)
        _rows.clear()


def needs(what: str | None) -> None:
    """Skip the test if something is missing, or fail it where CI is set."""
    if what:
        (pytest.fail if os.environ.get("CI") else pytest.skip)(what)
