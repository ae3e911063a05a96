"""The chart on real nodes: from `helm install` to a verdict, new and old again under load, gone."""

from __future__ import annotations

import time
from base64 import b64decode
from collections.abc import Iterator

import pytest

from tests.cluster import build
from tests.cluster.charts import CHART, Helm
from tests.node.cluster import Cluster
from tests.node.conftest import needs
from tests.node.load import Load
from tests.node.service import NAME, Installed

pytestmark = pytest.mark.node

NAMESPACE = "by-helm"
RELEASE = "trial"
WHOLE = f"{RELEASE}-{NAME}"
HERE = ("--namespace", NAMESPACE)
WAIT = ("--wait", "--timeout", "120s")


@pytest.fixture(scope="module")
def helm(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Helm:
    """Helm, for this cluster."""
    binaries = build.find(build.HELM)
    needs(None if binaries else "Helm is not built: python -m tests.cluster.build")
    assert binaries
    return Helm(binaries / "helm", tmp_path_factory.mktemp("helm"), cluster.kubeconfig)


@pytest.fixture(scope="module")
def namespace(cluster: Cluster) -> Iterator[str]:
    """A namespace that enforces `restricted`."""
    yield cluster.namespace(NAMESPACE, {"pod-security.kubernetes.io/enforce": "restricted"})
    cluster.delete("Namespace", "", NAMESPACE)


def test_release_is_installed_upgraded_rolled_back_and_gone(
    helm: Helm, cluster: Cluster, namespace: str, own_image: str, figures: list[str]
) -> None:
    """Not one request is lost meanwhile, and nothing is left."""
    repository, _, tag = own_image.rpartition(":")
    image = helm.given({"image": {"repository": repository, "tag": tag}})
    before = named_like_release(cluster)
    began = time.monotonic()
    helm.run("install", RELEASE, str(CHART), *HERE, *WAIT, *image)
    ready = time.monotonic() - began
    secret = cluster.get("Secret", namespace, WHOLE)["data"]["token"]
    installed = Installed(cluster, namespace, b64decode(secret).decode(), WHOLE)
    path = f"/api/healthz/{namespace}/deployment/{WHOLE}"
    assert installed.answers(path, 200).body["up"] is True
    figures.append(
        f"helm install --wait: {ready:.1f} s, with a verdict {time.monotonic() - began:.1f} s"
    )
    began = time.monotonic()
    helm.run("test", RELEASE, *HERE, "--timeout", "120s")
    figures.append(f"helm test: {time.monotonic() - began:.1f} s")

    with Load(installed.address, installed.token, [path]) as load:
        changed = helm.given({"settings": {"HEARTBEAT_DETAIL": "full"}})
        helm.run("upgrade", RELEASE, str(CHART), *HERE, *WAIT, *image, *changed)
        installed.roll_out()
        upgraded = str(load)
        helm.run("rollback", RELEASE, "1", *HERE, *WAIT)
        installed.roll_out()
    figures.append(f"helm upgrade: {upgraded}")
    figures.append(f"helm upgrade and rollback: {load}")
    assert load.lost == []
    assert load.answers > 100

    helm.run("uninstall", RELEASE, *HERE, *WAIT)
    # Its pods are told to go, and take their time.
    cluster.wait_until(
        lambda: named_like_release(cluster) == before, 60, "nothing of the release is left"
    )


def named_like_release(cluster: Cluster) -> set[str]:
    """What is called like the release, of whatever kind; events stay for an hour."""
    kinds = cluster.kubectl("api-resources", "--verbs=list", "-o", "name").split()
    wanted = ",".join(kind for kind in kinds if not kind.startswith("events"))
    listed = cluster.kubectl("get", wanted, "-A", "-o", "name", "--ignore-not-found")
    return {line for line in listed.splitlines() if RELEASE in line}
