"""Knative Serving on real nodes: its own binaries, its own manifests, and a gateway of ours."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import yaml

from tests.cluster import build
from tests.cluster.plane import ApiError, Manifest
from tests.node.cluster import Cluster
from tests.node.images import write_archive

HERE = Path(__file__).resolve().parent

SERVING = build.Module(
    build.HERE / "knative",
    {
        name: f"knative.dev/serving/cmd/{name}"
        for name in ("activator", "autoscaler", "controller", "queue", "webhook")
    },
    {
        "serving": "knative.dev/serving@config/core",
        "networking": "knative.dev/networking@config",
        "caching": "knative.dev/caching@config",
    },
)
"""Knative Serving's programs, each with its image, and the manifests that it is installed from."""
PARTS = build.Module(HERE / "parts", {"gateway": "./gateway", "floor": "./floor"})
"""The gateway, and the program that does the least that a verdict takes."""
MODULES = (SERVING, PARTS)

NAMESPACE = "knative-serving"
GATEWAY = "gateway"
"""The gateway's name and namespace."""
DOMAIN = "knative.test"
"""What the hosts of all services end with."""
STABLE_WINDOW, GRACE_PERIOD = 6, 5
"""Seconds: the shortest window that the autoscaler takes, where it has 60 by default, and for how
long the last pod stays after it, where it has 30."""

_REGISTRY = "dev.local"
_CLASS = "gateway.test"
_PROGRAM = "ko://knative.dev/serving/cmd/"
_WEBHOOKS = ("MutatingWebhookConfiguration", "ValidatingWebhookConfiguration")
_DEPLOYMENTS = ("activator", "autoscaler", "controller", "webhook")
_SETTINGS: Mapping[str, Mapping[str, str]] = {
    "config-autoscaler": {
        "stable-window": f"{STABLE_WINDOW}s",
        "scale-to-zero-grace-period": f"{GRACE_PERIOD}s",
    },
    # No registry is asked which digest a tag has; without one of its own an image's is Docker Hub.
    "config-deployment": {"registries-skipping-tag-resolving": f"{_REGISTRY},index.docker.io"},
    "config-domain": {DOMAIN: ""},
    "config-network": {"ingress-class": _CLASS},
}


def install(cluster: Cluster) -> None:
    """Install Knative Serving and the gateway, and return when both are at work."""
    _load_images(cluster)
    manifests = [_set_up(entry) for entry in _manifests()]
    definitions = [it for it in manifests if it["kind"] == "CustomResourceDefinition"]
    webhooks = [it for it in manifests if it["kind"] in _WEBHOOKS]
    cluster.namespace(NAMESPACE)
    cluster.apply(definitions)
    for definition in definitions:
        name = definition["metadata"]["name"]
        cluster.wait_for("CustomResourceDefinition", "", name, _is_established)
    # A definition that is established may not be served yet.
    cluster.wait_until(
        lambda: _applied(cluster, [it for it in manifests if it not in [*definitions, *webhooks]]),
        what="the manifests of Knative are taken",
    )
    for name in _DEPLOYMENTS:
        cluster.wait_for("Deployment", NAMESPACE, name, _is_available, 120)
    # From here on every object is looked at by those that have just started.
    cluster.apply(webhooks)
    cluster.apply(_gateway())
    cluster.wait_for("Deployment", GATEWAY, GATEWAY, _is_available)


def gateway_address(cluster: Cluster) -> str:
    """Where requests to services are sent, with their host in the header Host."""
    address: str = cluster.get("Service", GATEWAY, GATEWAY)["spec"]["clusterIP"]
    return address


def image_of(program: str) -> str:
    """The name of a program's image, which every node has."""
    return f"{_REGISTRY}/{program}:1"


def _load_images(cluster: Cluster) -> None:
    for module in MODULES:
        home = build.find(module)
        if home is None:
            raise build.BuildError("Knative is not built: run `python -m tests.knative build`")
        for program in module.binaries:
            archive = cluster.home / f"{program}.tar"
            cluster.load(write_archive(archive, home / program, [image_of(program)]))


def _manifests() -> Iterator[Manifest]:
    home = build.find(SERVING)
    assert home
    for folder in SERVING.folders:
        for path in sorted((home / folder).rglob("*.yaml")):
            for entry in yaml.safe_load_all(path.read_text("utf-8")):
                # Two replicas of these would only take longer.
                if entry and entry["kind"] not in ("HorizontalPodAutoscaler", "Namespace"):
                    yield entry


def _set_up(entry: Manifest) -> Manifest:
    text = yaml.safe_dump(entry)
    for program in SERVING.binaries:
        text = text.replace(f"{_PROGRAM}{program}", image_of(program))
    changed: Manifest = yaml.safe_load(text)
    if changed["kind"] == "ConfigMap":
        changed.setdefault("data", {}).update(_SETTINGS.get(changed["metadata"]["name"], {}))
    return changed


def _applied(cluster: Cluster, manifests: list[Manifest]) -> bool:
    try:
        cluster.apply(manifests)
    except ApiError as error:
        if error.code not in (404, 429):
            raise
        return False
    return True


def _is_established(definition: Manifest) -> bool:
    conditions = definition.get("status", {}).get("conditions", ())
    return any(it["type"] == "Established" and it["status"] == "True" for it in conditions)


def _is_available(deployment: Manifest) -> bool:
    available: int = deployment.get("status", {}).get("availableReplicas", 0)
    wanted: int = deployment["spec"].get("replicas", 1)
    return available == wanted


def _gateway() -> list[Manifest]:
    labels = {"app": GATEWAY}
    own = {"name": GATEWAY, "namespace": GATEWAY}
    own_name = f"{GATEWAY}.{GATEWAY}.svc.cluster.local"
    container = {
        "name": GATEWAY,
        "image": image_of(GATEWAY),
        "env": [
            {"name": "INGRESS_CLASS", "value": _CLASS},
            {"name": "OWN_NAME", "value": own_name},
        ],
        "readinessProbe": {"tcpSocket": {"port": 8080}, "periodSeconds": 1},
    }
    rules = [
        {
            "apiGroups": ["networking.internal.knative.dev"],
            "resources": ["ingresses", "ingresses/status"],
            "verbs": ["get", "list", "patch"],
        }
    ]
    rbac = "rbac.authorization.k8s.io"
    role = {"apiGroup": rbac, "kind": "ClusterRole", "name": GATEWAY}
    return [
        {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": GATEWAY}},
        {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": own},
        {
            "apiVersion": f"{rbac}/v1",
            "kind": "ClusterRole",
            "metadata": {"name": GATEWAY},
            "rules": rules,
        },
        {
            "apiVersion": f"{rbac}/v1",
            "kind": "ClusterRoleBinding",
            "metadata": {"name": GATEWAY},
            "roleRef": role,
            "subjects": [{"kind": "ServiceAccount", **own}],
        },
        {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": own,
            "spec": {
                "selector": {"matchLabels": labels},
                "template": {
                    "metadata": {"labels": labels},
                    "spec": {"serviceAccountName": GATEWAY, "containers": [container]},
                },
            },
        },
        {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": own,
            "spec": {"selector": labels, "ports": [{"port": 80, "targetPort": 8080}]},
        },
    ]
