"""What `deploy/` makes, in the real API server and by Knative's own types."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from tests.cluster import build
from tests.cluster.conftest import ROOT
from tests.cluster.plane import ApiError, ControlPlane, Manifest, PlaneError
from tests.cluster.service import NAMESPACE

pytestmark = pytest.mark.cluster

OVERLAYS = ROOT / "deploy" / "overlays"


def built(plane: ControlPlane, overlay: str) -> list[Manifest]:
    """The objects of an overlay."""
    text = plane.kubectl("kustomize", str(OVERLAYS / overlay))
    return list(yaml.safe_load_all(text))


def kinds(objects: list[Manifest]) -> set[str]:
    """The kinds of some objects."""
    return {entry["kind"] for entry in objects}


def is_running(deployment: Manifest) -> bool:
    """Whether all its pods were admitted and became available."""
    wanted = deployment["spec"]["replicas"]
    return bool(deployment["status"].get("availableReplicas", 0) == wanted)


def test_classic_pods_are_admitted_at_the_restricted_level(deployed: ControlPlane) -> None:
    """Every object is created, and the namespace that enforces `restricted` takes the pods."""
    level = deployed.get("Namespace", "", NAMESPACE)["metadata"]["labels"]
    assert level["pod-security.kubernetes.io/enforce"] == "restricted"
    deployed.wait_for("Deployment", NAMESPACE, "k8s-heartbeat", is_running)
    for entry in built(deployed, "classic"):
        namespace = entry["metadata"].get("namespace", "")
        assert deployed.find(entry["kind"], namespace, entry["metadata"]["name"])


def test_restricted_level_refuses_what_is_not_restricted(deployed: ControlPlane) -> None:
    """The check above can fail: a pod without the security context is refused."""
    template = deployed.get("Deployment", NAMESPACE, "k8s-heartbeat")["spec"]["template"]
    spec: Manifest = {**template["spec"], "securityContext": {}}
    pod: Manifest = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "open", "namespace": NAMESPACE},
        "spec": spec,
    }
    with pytest.raises(ApiError, match="violates PodSecurity"):
        deployed.apply(pod)


def moved(tmp_path: Path, overlay: str, namespace: str) -> Path:
    """A kustomization as a team would write it, to have an overlay in a namespace of its own."""
    folder = tmp_path / "kustomization"
    folder.mkdir()
    where = os.path.relpath(OVERLAYS / overlay, folder)
    content = {"resources": [where], "namespace": namespace}
    (folder / "kustomization.yaml").write_text(yaml.safe_dump(content), encoding="utf-8")
    return folder


@pytest.fixture
def elsewhere(plane: ControlPlane) -> Iterator[str]:
    """A namespace for a second copy."""
    name = "heartbeat-of-a-team"
    plane.namespace(name, {"pod-security.kubernetes.io/enforce": "restricted"})
    yield name
    plane.delete("Namespace", "", name)


def test_namespaced_variant_asks_for_no_right_beyond_its_namespace(
    plane: ControlPlane, elsewhere: str, tmp_path: Path
) -> None:
    """The namespace's admin installs it, its pods run, its account sees this namespace alone."""
    objects = built(plane, "namespaced")
    assert not kinds(objects) & {"ClusterRole", "ClusterRoleBinding", "Namespace"}
    here = ("--namespace", elsewhere)
    plane.kubectl("create", "serviceaccount", "boss", *here)
    account = f"--serviceaccount={elsewhere}:boss"
    plane.kubectl("create", "rolebinding", "boss", "--clusterrole=admin", account, *here)
    boss, _ = plane.service_account_kubeconfig(elsewhere, "boss")
    # Nobody may grant what he has not himself.
    folder = moved(tmp_path, "namespaced", elsewhere)
    plane.kubectl("apply", "-k", str(folder), kubeconfig=boss)
    plane.wait_for("Deployment", elsewhere, "k8s-heartbeat", is_running)
    config, _ = plane.service_account_kubeconfig(elsewhere, "k8s-heartbeat")
    get = ("get", "deployment", "nobody", "--namespace")
    with pytest.raises(PlaneError, match="NotFound"):
        plane.kubectl(*get, elsewhere, kubeconfig=config)
    with pytest.raises(PlaneError, match="Forbidden"):
        plane.kubectl(*get, "default", kubeconfig=config)


def test_knative_service_is_valid_by_knatives_own_types(plane: ControlPlane) -> None:
    """SetDefaults and Validate of serving.knative.dev find nothing wrong with it."""
    if os.environ.get("CI"):
        build.build(build.KNATIVE)
    binaries = build.find(build.KNATIVE)
    if binaries is None:
        pytest.skip("the checker is not built: python -m tests.cluster.build")
    objects = built(plane, "knative")
    assert "Deployment" not in kinds(objects)
    service = next(entry for entry in objects if entry["kind"] == "Service")
    assert service["apiVersion"] == "serving.knative.dev/v1"
    command = [str(binaries / "knative-check")]
    assert checked(command, service) == 0
    broken = yaml.safe_load(yaml.safe_dump(service))
    broken["spec"]["template"]["spec"]["containers"][0]["env"].append(
        {"name": "PORT", "value": "80"}
    )
    assert checked(command, broken) != 0


def checked(command: list[str], manifest: Manifest) -> int:
    """The exit code of the checker; what it says is shown when a test fails."""
    done = subprocess.run(
        command, input=yaml.safe_dump(manifest), text=True, capture_output=True, check=False
    )
    print(done.stdout, done.stderr)
    return done.returncode


def test_knative_pods_are_admitted_at_the_restricted_level(deployed: ControlPlane) -> None:
    """The pod that Knative would make of the Service passes `restricted` too."""
    service = next(
        entry for entry in built(deployed, "knative") if entry["apiVersion"].startswith("serving")
    )
    spec = dict(service["spec"]["template"]["spec"])
    spec.pop("timeoutSeconds")
    for container in spec["containers"]:
        for probe in ("readinessProbe", "livenessProbe"):
            # Knative fills in the port that it tells the container in PORT.
            container[probe] = {"httpGet": {**container[probe]["httpGet"], "port": 8080}}
    pod = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "as-knative-makes-it", "namespace": NAMESPACE},
        "spec": spec,
    }
    deployed.apply(pod)
    deployed.delete("Pod", NAMESPACE, "as-knative-makes-it")
