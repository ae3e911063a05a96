"""The CronJob of `deploy/components/push`: admitted, and run as its container would be."""

from __future__ import annotations

import os
import subprocess
import sys
from base64 import b64decode
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.cluster.conftest import ROOT
from tests.cluster.plane import ControlPlane, Manifest
from tests.servers.receiver import CHECK, Receiver, healthchecks

pytestmark = pytest.mark.cluster

NAME = "k8s-heartbeat-push"
SECRET = "k8s-heartbeat-push"


def kustomization(folder: Path, overlay: str, namespace: str, **more: Any) -> Path:
    """A kustomization as a team would write it, with the component beside an overlay."""
    folder.mkdir()
    deploy = Path(os.path.relpath(ROOT / "deploy", folder.resolve()))
    content = {
        "namespace": namespace,
        "resources": [str(deploy / "overlays" / overlay)],
        "components": [str(deploy / "components" / "push")],
        **more,
    }
    (folder / "kustomization.yaml").write_text(yaml.safe_dump(content), encoding="utf-8")
    return folder


@pytest.fixture
def namespace(plane: ControlPlane) -> Iterator[str]:
    """A namespace that enforces `restricted`."""
    name = "heartbeat-that-pushes"
    plane.namespace(name, {"pod-security.kubernetes.io/enforce": "restricted"})
    yield name
    plane.delete("Namespace", "", name)
    plane.wait_gone("Namespace", "", name, 60)


def container_of(cron_job: Manifest) -> Manifest:
    """The one container of its pods."""
    (container,) = cron_job["spec"]["jobTemplate"]["spec"]["template"]["spec"]["containers"]
    found: Manifest = container
    return found


def run(
    plane: ControlPlane, cron_job: Manifest, *, check: bool = False
) -> subprocess.CompletedProcess[str]:
    """Run the container's command line as its service account, with the values of its Secret.

    Args:
        plane: Where it is.
        cron_job: The CronJob.
        check: Whether to ask `check` the same instead.
    """
    namespace, container = cron_job["metadata"]["namespace"], container_of(cron_job)
    account = cron_job["spec"]["jobTemplate"]["spec"]["template"]["spec"]["serviceAccountName"]
    config, _ = plane.service_account_kubeconfig(namespace, account)
    variables = {"PATH": os.environ.get("PATH", os.defpath), "KUBECONFIG": str(config)}
    for name in ("PYTHONPATH", "PYTHONSAFEPATH"):
        if name in os.environ:
            variables[name] = os.environ[name]
    for entry in container["env"]:
        source = entry["valueFrom"]["secretKeyRef"]
        data = plane.get("Secret", namespace, source["name"])["data"]
        if source["key"] in data or not source.get("optional"):
            variables[entry["name"]] = b64decode(data[source["key"]]).decode()
    arguments = container["args"]
    if check:
        arguments = ["check", *arguments[1:]]
    # The image's entry point, see deploy/Dockerfile.
    return subprocess.run(
        [sys.executable, "-m", "k8s_heartbeat", *arguments],
        env=variables,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def installed(plane: ControlPlane, folder: Path, url: str, namespace: str) -> Manifest:
    """The CronJob, once it and its Secret are there as its documentation says."""
    plane.kubectl("apply", "-k", str(folder))
    literal = f"--from-literal=url={url}/ping/{CHECK}"
    plane.kubectl("create", "secret", "generic", SECRET, "--namespace", namespace, literal)
    (cron_job,) = plane.objects("CronJob", namespace)
    return cron_job


def workload(name: str, fate: str) -> Manifest:
    """A Deployment whose pod meets that fate."""
    security = {
        "allowPrivilegeEscalation": False,
        "runAsNonRoot": True,
        "capabilities": {"drop": ["ALL"]},
        "seccompProfile": {"type": "RuntimeDefault"},
    }
    labels = {"app": name}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name, "labels": labels},
        "spec": {
            "selector": {"matchLabels": labels},
            "template": {
                "metadata": {"labels": labels, "annotations": {"kubelet.test/fate": fate}},
                "spec": {
                    "containers": [
                        {"name": "app", "image": "app.example/app:1", "securityContext": security}
                    ]
                },
            },
        },
    }


def test_its_pods_are_admitted_and_it_stands_in_for_the_service(
    plane: ControlPlane, namespace: str, tmp_path: Path
) -> None:
    """Of the classic overlay nothing is left that listens, and no right beyond namespaces."""
    folder = kustomization(tmp_path / "made", "classic", namespace, nameSuffix="-far")
    made = list(yaml.safe_load_all(plane.kubectl("kustomize", str(folder))))
    assert {entry["kind"] for entry in made} == {
        "Namespace",
        "ServiceAccount",
        "ClusterRole",
        "ClusterRoleBinding",
        "CronJob",
    }
    rights = [rule for entry in made for rule in entry.get("rules", ())]
    assert {verb for rule in rights for verb in rule["verbs"]} == {"get", "list"}
    read = {resource for rule in rights for resource in rule["resources"]}
    assert not read & {"secrets", "configmaps", "nodes", "namespaces"}
    with Receiver(healthchecks) as receiver:
        cron_job = installed(plane, folder, receiver.url, namespace)
        assert cron_job["spec"]["concurrencyPolicy"] == "Forbid"
        by_hand = ("create", "job", "by-hand", f"--from=cronjob/{NAME}-far")
        plane.kubectl(*by_hand, "--namespace", namespace)
        # A Job whose pod is refused has none.
        plane.wait_for("Job", namespace, "by-hand", lambda job: job["status"].get("active"))
        plane.apply(in_namespace(workload("web", "ready"), namespace))
        plane.wait_for("Deployment", namespace, "web", _is_available)
        checked = run(plane, cron_job, check=True)
        done = run(plane, cron_job)
    for kind in ("ClusterRole", "ClusterRoleBinding"):
        plane.delete(kind, "", "k8s-heartbeat-far")
    # Other tests have workloads here, in whatever state.
    assert checked.returncode in (0, 1), checked.stderr
    assert done.returncode == 0, done.stderr
    (taken,) = receiver.taken
    assert taken.path.endswith("/fail") is (checked.returncode == 1)
    assert f"{NAME}-far" not in taken.body.decode()


def test_under_the_namespaced_overlay_it_reports_its_namespace(
    plane: ControlPlane, namespace: str, tmp_path: Path
) -> None:
    """Up, down, and silence once its account may read nothing."""
    change = [
        {
            "op": "replace",
            "path": "/spec/jobTemplate/spec/template/spec/containers/0/args",
            "value": ["push", "deployments"],
        }
    ]
    patch = {"target": {"kind": "CronJob", "name": NAME}, "patch": yaml.safe_dump(change)}
    folder = kustomization(tmp_path / "made", "namespaced", namespace, patches=[patch])
    with Receiver(healthchecks) as receiver:
        cron_job = installed(plane, folder, receiver.url, namespace)
        plane.apply(in_namespace(workload("web", "ready"), namespace))
        plane.wait_for("Deployment", namespace, "web", _is_available)
        done = run(plane, cron_job)
        assert (done.returncode, done.stderr) == (0, "")
        assert receiver.taken[-1].path == f"/ping/{CHECK}"
        plane.apply(in_namespace(workload("broken", "crash-loop-waiting"), namespace))
        plane.wait_for("Deployment", namespace, "broken", _has_no_pod)
        done = run(plane, cron_job)
        assert (done.returncode, done.stderr) == (0, "")
        assert receiver.taken[-1].path == f"/ping/{CHECK}/fail"
        plane.delete("RoleBinding", namespace, "k8s-heartbeat")
        plane.wait_until(lambda: run(plane, cron_job).returncode == 3, what="it may read nothing")
        told = len(receiver.pushed)
        done = run(plane, cron_job)
        assert (done.returncode, len(receiver.pushed)) == (3, told)
        assert done.stderr.startswith("k8s-heartbeat: unknown, withheld from healthchecks: ")


def in_namespace(manifest: Manifest, namespace: str) -> Manifest:
    """The same object there."""
    return {**manifest, "metadata": {**manifest["metadata"], "namespace": namespace}}


def _is_available(deployment: Manifest) -> bool:
    return bool(deployment.get("status", {}).get("availableReplicas") == 1)


def _has_no_pod(deployment: Manifest) -> bool:
    """Whether its controller says that none is available."""
    conditions = deployment.get("status", {}).get("conditions", ())
    return any((item["type"], item["status"]) == ("Available", "False") for item in conditions)
