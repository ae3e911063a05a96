"""The components of `deploy/`, beside each overlay: what the API server says to what they make."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
import yaml

from tests.cluster.conftest import ROOT
from tests.cluster.custom_kinds import defines
from tests.cluster.plane import ControlPlane, Manifest, PlaneError
from tests.cluster.service import NAMESPACE

pytestmark = pytest.mark.cluster

DEPLOY = ROOT / "deploy"
COMPONENTS = sorted(path.parent.name for path in DEPLOY.glob("components/*/kustomization.yaml"))
OVERLAYS = ("classic", "namespaced")
EXCLUSIVE = {"push", "tokens-file", "cluster-tokens"}
"""In place of the service, and the two ways to tell callers apart: not all at once."""
BESIDE_ANY = sorted(set(COMPONENTS) - EXCLUSIVE)
NOT_FOR_KNATIVE = {
    "dual-stack": "no matches for Id Service",
}
ADDED = {
    "ConfigMap",
    "HTTPRoute",
    "Ingress",
    "NetworkPolicy",
    "PodDisruptionBudget",
    "PriorityClass",
    "PrometheusRule",
    "ServiceMonitor",
}
NAMES = {"k8s-heartbeat", "k8s-heartbeat-push", "k8s-heartbeat-dashboard"}
BOUND = {"k8s-heartbeat-cluster", "k8s-heartbeat-auth-delegator"}


@pytest.fixture(scope="module")
def served(deployed: ControlPlane) -> ControlPlane:
    """A control plane that serves the kinds of the Prometheus Operator and of the Gateway API."""
    for name in (
        "HTTPRoute.gateway.networking.k8s.io",
        "PrometheusRule.monitoring.coreos.com",
        "Service.serving.knative.dev",
        "ServiceMonitor.monitoring.coreos.com",
    ):
        defines(name)(deployed, "")
    return deployed


@pytest.fixture(scope="module")
def elsewhere(plane: ControlPlane) -> Iterator[str]:
    """A namespace that is there already, for the namespaced overlay."""
    name = "heartbeat-with-components"
    plane.namespace(name, {"pod-security.kubernetes.io/enforce": "restricted"})
    yield name
    plane.delete("Namespace", "", name)


def beside(
    folder: Path, overlay: str, *components: str, also: Sequence[str] = (), **more: object
) -> Path:
    """A kustomization as an operator writes it: an overlay, and components in an order."""
    folder.mkdir(parents=True, exist_ok=True)
    deploy = Path(os.path.relpath(DEPLOY, folder.resolve()))
    content = {
        "apiVersion": "kustomize.config.k8s.io/v1beta1",
        "kind": "Kustomization",
        "resources": [str(deploy / "overlays" / overlay)],
        "components": [*(str(deploy / "components" / name) for name in components), *also],
        **more,
    }
    (folder / "kustomization.yaml").write_text(yaml.safe_dump(content), encoding="utf-8")
    return folder


def built(plane: ControlPlane, folder: Path) -> list[Manifest]:
    """The objects that a kustomization makes."""
    return list(yaml.safe_load_all(plane.kubectl("kustomize", str(folder))))


def pod_of(objects: list[Manifest]) -> Manifest:
    """The pod's spec of the service, whatever makes its pods."""
    (spec,) = (
        item["spec"]["template"]["spec"] for item in objects if "template" in item.get("spec", {})
    )
    found: Manifest = spec
    return found


def taken(plane: ControlPlane, folder: Path) -> None:
    """Fail where the API server would refuse anything of it, asked as an operator asks it."""
    plane.kubectl("apply", "--dry-run=server", "-k", str(folder))


def admitted(plane: ControlPlane, spec: Manifest) -> None:
    """Fail where the namespace of the service, which enforces `restricted`, refuses such a pod."""
    plane.apply(
        {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {"name": "as-its-controller-makes-it", "namespace": NAMESPACE},
            "spec": spec,
        },
        dry_run=True,
    )


def namespace_of(overlay: str, elsewhere: str) -> str:
    """Where an overlay goes."""
    return elsewhere if overlay == "namespaced" else NAMESPACE


def namespaces(objects: list[Manifest]) -> set[str]:
    """Every namespace that objects stand in or name an account of."""
    found = {item["metadata"]["namespace"] for item in objects if not is_cluster_scoped(item)}
    subjects = (subject for item in objects for subject in item.get("subjects", ()))
    return found | {subject["namespace"] for subject in subjects}


def is_cluster_scoped(item: Manifest) -> bool:
    """Whether an object stands in no namespace."""
    return item["kind"].startswith("Cluster") or item["kind"] in ("Namespace", "PriorityClass")


@pytest.mark.parametrize("overlay", OVERLAYS)
@pytest.mark.parametrize("component", COMPONENTS)
def test_each_component_is_taken_beside_an_overlay(
    served: ControlPlane, elsewhere: str, tmp_path: Path, component: str, overlay: str
) -> None:
    """By itself, with names that say whose it is, in the namespace that the operator chose."""
    folder = beside(tmp_path / "made", overlay, component, namespace=elsewhere)
    objects = built(served, folder)
    assert {item["metadata"]["name"] for item in objects} - {elsewhere} <= NAMES | BOUND
    assert namespaces(objects) == {elsewhere}
    served.apply(objects, dry_run=True)


@pytest.mark.parametrize("component", COMPONENTS)
def test_where_no_namespace_is_chosen_a_component_is_where_the_service_is(
    served: ControlPlane, tmp_path: Path, component: str
) -> None:
    """An overlay's own namespace does not reach what stands beside it."""
    objects = built(served, beside(tmp_path / "made", "classic", component))
    assert namespaces(objects) == {NAMESPACE}
    served.apply(objects, dry_run=True)


@pytest.mark.parametrize("overlay", OVERLAYS)
@pytest.mark.parametrize(
    "components",
    [
        BESIDE_ANY,
        ["tokens-file", *BESIDE_ANY],
        [*BESIDE_ANY, "tokens-file"],
        ["cluster-tokens", *BESIDE_ANY],
        [*BESIDE_ANY, "cluster-tokens"],
    ],
    ids=["token", "tokens-file-first", "tokens-file-last", "cluster-first", "cluster-last"],
)
def test_all_components_are_taken_together(
    served: ControlPlane, elsewhere: str, tmp_path: Path, components: list[str], overlay: str
) -> None:
    """In any order; each keeps what it added, the configuration above all."""
    namespace = namespace_of(overlay, elsewhere)
    folder = beside(tmp_path / "made", overlay, *components, namespace=namespace)
    objects = built(served, folder)
    if components == BESIDE_ANY:
        taken(served, folder)
    else:
        served.apply(objects, dry_run=True)
    (service,) = (item for item in objects if item["kind"] == "Service")
    assert service["spec"]["ipFamilyPolicy"] == "PreferDualStack"
    assert {item["kind"] for item in objects} > ADDED
    spec = pod_of(objects)
    (container,) = spec["containers"]
    mounted = {item["name"]: item["mountPath"] for item in container["volumeMounts"]}
    volumes = {item["name"] for item in spec["volumes"]}
    assert mounted.keys() == volumes
    assert mounted["config"] == "/etc/k8s-heartbeat"
    assert ("token" in mounted) is ("cluster-tokens" not in components)
    variables = {item["name"] for item in container["env"]}
    assert {"HEARTBEAT_AUTH", "HEARTBEAT_TOKENS_FILE", "AUTH_TOKEN_BASIC_FILE"} & variables == {
        "HEARTBEAT_AUTH"
        if "cluster-tokens" in components
        else "HEARTBEAT_TOKENS_FILE"
        if "tokens-file" in components
        else "AUTH_TOKEN_BASIC_FILE"
    }
    assert {"topologySpreadConstraints", "affinity"} < spec.keys()
    assert spec.pop("priorityClassName") == "k8s-heartbeat"
    admitted(served, spec)


@pytest.mark.parametrize("component", sorted(set(COMPONENTS) - {"push"}))
def test_beside_knative_a_component_is_taken_or_refused(
    served: ControlPlane, tmp_path: Path, component: str
) -> None:
    """`push` takes the service's place, and says itself that it is for the other overlays."""
    folder = beside(tmp_path / "made", "knative", component)
    if component in NOT_FOR_KNATIVE:
        with pytest.raises(PlaneError, match=NOT_FOR_KNATIVE[component]):
            built(served, folder)
        return
    served.apply(built(served, folder), dry_run=True)


def documented() -> str:
    """The operator's own component, as it stands in the comment of ours."""
    text = (DEPLOY / "components" / "configuration" / "kustomization.yaml").read_text("utf-8")
    (shown,) = re.findall(r"^#   apiVersion(?:.*\n#  )*.*\n", text, re.M)
    return re.sub("^#   ", "", shown, flags=re.M)


def test_a_configuration_of_ones_own_is_what_the_pods_and_runs_read(
    served: ControlPlane, tmp_path: Path
) -> None:
    """In place of the sample, under the name that is mounted; for the service and for `push`."""
    own = tmp_path / "own"
    own.mkdir()
    text = "policy: {zero: down}\n"
    (own / "heartbeat.yaml").write_text(text, "utf-8")
    (own / "kustomization.yaml").write_text(documented(), "utf-8")
    for overlay, components in (
        ("classic", ["configuration"]),
        ("knative", ["configuration"]),
        ("classic", ["push", "configuration"]),
    ):
        folder = tmp_path / "-".join([overlay, *components])
        beside(folder, overlay, *components, also=["../own"])
        objects = built(served, folder)
        served.apply(objects, dry_run=True)
        (config_map,) = (item for item in objects if item["kind"] == "ConfigMap")
        assert config_map["metadata"]["name"] == "k8s-heartbeat"
        assert config_map["data"] == {"heartbeat.yaml": text}
        if "push" in components:
            (cron_job,) = (item for item in objects if item["kind"] == "CronJob")
            spec = cron_job["spec"]["jobTemplate"]["spec"]["template"]["spec"]
            admitted(served, spec)
        else:
            spec = pod_of(objects)
        (container,) = spec["containers"]
        assert {"name": "config", "configMap": {"name": "k8s-heartbeat"}} in spec["volumes"]
        assert {
            "name": "HEARTBEAT_CONFIG",
            "value": "/etc/k8s-heartbeat/heartbeat.yaml",
        } in container["env"]
        # With `subPath` the kubelet would never bring a change.
        (mount,) = (item for item in container["volumeMounts"] if item["name"] == "config")
        assert mount == {"name": "config", "mountPath": "/etc/k8s-heartbeat", "readOnly": True}
