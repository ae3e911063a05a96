"""One cluster with real nodes for all tests in this folder."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from tests.node.cluster import Cluster, missing
from tests.node.namespace import INSIDE


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    """A cluster with real nodes; without them the test is skipped, or fails where CI is set."""
    needs(missing())
    if INSIDE not in os.environ:
        needs("run it inside: python -m tests.node run python -m pytest -m node")
    with Cluster() as running:
        yield running


def needs(what: str | None) -> None:
    """Skip the test if something is missing, or fail it where CI is set."""
    if what:
        (pytest.fail if os.environ.get("CI") else pytest.skip)(what)
