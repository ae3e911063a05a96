"""One cluster with Knative Serving for all tests in this folder."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from tests.cluster import build
from tests.cluster.plane import Manifest
from tests.cluster.story import IMAGE, container
from tests.knative import serving
from tests.knative.served import BROKEN, SHOP, UP, WEB, Served
from tests.node.cluster import NODES, Cluster
from tests.node.conftest import cluster, figures, needs, own_image, pytest_terminal_summary
from tests.node.service import DEPLOY

__all__ = ["cluster", "figures", "own_image", "pytest_terminal_summary"]


@pytest.fixture(scope="session")
def gateway(cluster: Cluster, figures: list[str]) -> str:
    """The address of the gateway of Knative Serving, which is installed."""
    missing = [module for module in serving.MODULES if build.find(module) is None]
    needs("Knative is not built: python -m tests.knative build" if missing else None)
    began = time.monotonic()
    serving.install(cluster)
    figures.append(f"Knative Serving is at work after {time.monotonic() - began:.1f} s")
    return serving.gateway_address(cluster)


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where an operator has a kustomization of their own."""
    return tmp_path_factory.mktemp("knative")


@pytest.fixture(scope="session")
def service(
    cluster: Cluster, gateway: str, own_image: str, shop: str, folder: Path, figures: list[str]
) -> Served:
    """The Knative overlay, installed as the documentation says, and asked once."""
    assert shop
    served = Served(cluster, gateway)
    cluster.kubectl("apply", "-f", str(DEPLOY / "base" / "namespace.yaml"))
    served.make_secret()
    took, _ = served.deploy(folder, own_image)
    figures.append(f"kubectl apply -k deploy/overlays/knative: Ready after {took:.1f} s")
    answer = served.ask(UP)
    assert (answer.code, answer.body["up"]) == (200, True)
    return served


@pytest.fixture(scope="session")
def shop(cluster: Cluster) -> str:
    """A namespace with a workload that is up and one that is not."""
    cluster.namespace(SHOP)
    cluster.apply(
        [
            _workload("DaemonSet", WEB, IMAGE),
            _workload("Deployment", BROKEN, "registry.example/absent:1"),
        ]
    )
    cluster.wait_for(
        "DaemonSet", SHOP, WEB, lambda it: it["status"].get("numberAvailable") == len(NODES), 60
    )
    return SHOP


def _workload(kind: str, name: str, image: str) -> Manifest:
    labels = {"app": name}
    spec: Manifest = {
        "containers": [container(name, image, args=["serve"], imagePullPolicy="Never")]
    }
    return {
        "apiVersion": "apps/v1",
        "kind": kind,
        "metadata": {"name": name, "namespace": SHOP},
        "spec": {
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": spec},
        },
    }
