"""What the page on clusters tells people to type, on a control plane of its own."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cluster import build
from tests.cluster.conftest import ROOT
from tests.cluster.plane import ControlPlane
from tests.cluster.story import NODES
from tests.docs.pages import blocks

pytestmark = pytest.mark.cluster

PAGE = ROOT / "docs" / "cluster.md"


@pytest.fixture
def fresh(plane: ControlPlane) -> Iterator[ControlPlane]:
    """A second control plane, with nothing of ours in it."""
    del plane  # skips, or fails, where none is built
    with ControlPlane() as control_plane:
        control_plane.add_nodes(NODES)
        yield control_plane


def test_the_page_on_clusters_installs_the_service(fresh: ControlPlane, tmp_path: Path) -> None:
    """Each block that needs no more than a cluster, one after the other, as a shell takes them."""
    shutil.copytree(ROOT / "deploy", tmp_path / "deploy")
    found = blocks(PAGE)
    own = next(block for block in found if block.language == "yaml")
    (tmp_path / "kustomization.yaml").write_text(own.text)
    tools = tmp_path / "bin"
    tools.mkdir()
    folder = build.find(build.CONTROL_PLANE)
    assert folder is not None
    binary = folder / "control-plane"
    (tools / "kubectl").write_text(f'#!/bin/sh\nexec "{binary}" kubectl "$@"\n')
    (tools / "kubectl").chmod(0o755)
    script = "\n".join(block.text for block in found if block.reason == "needs a cluster")
    assert script.count("kubectl") >= 5
    done = subprocess.run(
        ["/bin/bash", "-euo", "pipefail", "-c", script],
        cwd=tmp_path,
        env={
            "PATH": f"{tools}:{Path(sys.executable).parent}:{os.environ['PATH']}",
            "HOME": str(tmp_path),
            "KUBECONFIG": str(fresh.kubeconfig),
            **{name: os.environ[name] for name in ("PYTHONPATH",) if name in os.environ},
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    image = fresh.get("Deployment", "k8s-heartbeat", "k8s-heartbeat")
    (container,) = image["spec"]["template"]["spec"]["containers"]
    assert container["image"].startswith("registry.example.com/k8s-heartbeat:")
    assert fresh.get("Secret", "k8s-heartbeat", "k8s-heartbeat")["data"]["token"]
