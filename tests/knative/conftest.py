"""One cluster with Knative Serving for all tests in this folder."""

from __future__ import annotations

import time

import pytest

from tests.cluster import build
from tests.cluster.plane import Manifest
from tests.cluster.story import IMAGE, container
from tests.knative import serving
from tests.node.cluster import NODES, Cluster
from tests.node.conftest import cluster, figures, needs, own_image, pytest_terminal_summary

__all__ = ["cluster", "figures", "own_image", "pytest_terminal_summary"]

SHOP = "shop"
WEB = "web"


@pytest.fixture(scope="session")
def gateway(cluster: Cluster, figures: list[str]) -> str:
    """The address of the gateway of Knative Serving, which is installed."""
    missing = [module for module in serving.MODULES if build.find(module) is None]
    needs("Knative is not built: python -m tests.knative.serving" if missing else None)
    began = time.monotonic()
    serving.install(cluster)
    figures.append(f"Knative Serving is at work after {time.monotonic() - began:.1f} s")
    return serving.gateway_address(cluster)


@pytest.fixture(scope="session")
def shop(cluster: Cluster) -> str:
    """A namespace with a workload that is up."""
    cluster.namespace(SHOP)
    labels = {"app": WEB}
    spec: Manifest = {"containers": [container(WEB, IMAGE, args=["serve"])]}
    cluster.apply(
        {
            "apiVersion": "apps/v1",
            "kind": "DaemonSet",
            "metadata": {"name": WEB, "namespace": SHOP},
            "spec": {
                "selector": {"matchLabels": labels},
                "template": {"metadata": {"labels": labels}, "spec": spec},
            },
        }
    )
    cluster.wait_for(
        "DaemonSet", SHOP, WEB, lambda it: it["status"].get("numberAvailable") == len(NODES), 60
    )
    return SHOP
