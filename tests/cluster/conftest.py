"""One control plane and one running service for all tests in this folder."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cluster import build
from tests.cluster.custom_kinds import GROUP
from tests.cluster.plane import ControlPlane
from tests.cluster.service import NAMESPACE, Answer, Service
from tests.cluster.story import NODES

ROOT = Path(__file__).parents[2]
ALLOWED = "k8s-heartbeat-allowed"
"""The namespace of an account that may read more."""
ROLES = ("k8s-heartbeat", "k8s-heartbeat-cluster")
"""What `deploy/` grants, in a namespace and beyond all of them."""
TTL = 0.5
"""Seconds that the service under test remembers a reading."""

_rows: list[str] = []


@pytest.fixture(scope="session")
def plane() -> Iterator[ControlPlane]:
    """A control plane with nodes; without one the test is skipped, or fails where CI is set."""
    if os.environ.get("CI"):
        build.build(build.CONTROL_PLANE)
    elif build.find(build.CONTROL_PLANE) is None:
        how = "python -m tests.cluster.build" if shutil.which("go") else "install Go 1.26 or newer"
        pytest.skip(f"the control plane is not built: {how}")
    with ControlPlane() as control_plane:
        control_plane.add_nodes(NODES)
        yield control_plane


@pytest.fixture(scope="session")
def deployed(plane: ControlPlane) -> ControlPlane:
    """The control plane with what `deploy/overlays/classic` makes, the ClusterRole included."""
    plane.kubectl("apply", "-k", str(ROOT / "deploy" / "overlays" / "classic"))
    return plane


@pytest.fixture(scope="session")
def service(deployed: ControlPlane) -> Iterator[Service]:
    """The service as a process, with the rights of its own service account and no others."""
    config, _ = deployed.service_account_kubeconfig(NAMESPACE, "k8s-heartbeat")
    with Service(config, ttl=TTL) as running:
        yield running


@pytest.fixture(scope="session")
def allowed(deployed: ControlPlane) -> Path:
    """The kubeconfig of an account that may read more, as `deploy/` says how to grant it."""
    deployed.namespace(ALLOWED)
    deployed.kubectl("create", "serviceaccount", "allowed", "--namespace", ALLOWED)
    more = {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "ClusterRole",
        "metadata": {"name": "k8s-heartbeat-more"},
        "rules": [
            {"apiGroups": [""], "resources": ["configmaps", "secrets"], "verbs": ["get", "list"]},
            {"apiGroups": [GROUP], "resources": ["gadgets"], "verbs": ["get", "list"]},
        ],
    }
    deployed.apply(more)
    for role in (*ROLES, "k8s-heartbeat-more"):
        account = f"--serviceaccount={ALLOWED}:allowed"
        deployed.kubectl(
            "create", "clusterrolebinding", f"{role}-more", f"--clusterrole={role}", account
        )
    return deployed.service_account_kubeconfig(ALLOWED, "allowed")[0]


@pytest.fixture(scope="session")
def allowed_service(allowed: Path) -> Iterator[Service]:
    """The service with more rights than `deploy/` grants."""
    with Service(allowed, ttl=TTL) as running:
        yield running


@pytest.fixture(scope="session")
def report() -> list[str]:
    """Lines of the table that is printed when the tests are done."""
    return _rows


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print what the service answered in each scenario, and how soon."""
    if _rows:
        terminalreporter.section("scenarios")
        for row in _rows:
            terminalreporter.write_line(row)


def row(name: str, answer: Answer, seconds: float) -> str:
    """A line of the table."""
    causes = ", ".join(dict.fromkeys(answer.causes)) or "-"
    words = f"{answer.health}/{answer.activity}"
    return f"{name:44} {answer.code} {words:22} {answer.reason:28} {seconds:5.2f} s  {causes}"
