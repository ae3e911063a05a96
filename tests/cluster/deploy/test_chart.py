"""The Helm chart in `deploy/chart`: rendered by real Helm, taken and run by the real API server."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import subprocess
import sys
from base64 import b64decode, b64encode
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from k8s_heartbeat.core.fields import is_list, is_mapping
from k8s_heartbeat.entrypoints.config.settings import SETTINGS
from tests.cluster import build, crds
from tests.cluster.charts import (
    CHART,
    ROOT,
    VALUES,
    Helm,
    HelmError,
    commands,
    named,
    notes,
)
from tests.cluster.plane import ControlPlane, Manifest, PlaneError
from tests.cluster.service import Service

pytestmark = pytest.mark.cluster

DOCUMENTED = (ROOT / "docs" / "helm.md").read_text("utf-8")
COMPONENTS = sorted(path.name for path in (ROOT / "deploy").glob("components/*"))
FEATURES = sorted((VALUES / "features").glob("*.yaml"))
RELEASE = "trial"
NAME = f"{RELEASE}-k8s-heartbeat"
SHELL = "/bin/sh"
DRY = "heartbeat-that-is-not-made"
RESTRICTED = {"pod-security.kubernetes.io/enforce": "restricted"}
# What Helm adds, and kustomize has no word for.
HELM_LABELS = {
    "app.kubernetes.io/instance",
    "app.kubernetes.io/managed-by",
    "app.kubernetes.io/version",
    "helm.sh/chart",
}


@pytest.fixture(scope="session")
def helm(tmp_path_factory: pytest.TempPathFactory) -> Helm:
    """Helm without a cluster; without Helm the test is skipped, or fails where CI is set."""
    if os.environ.get("CI"):
        build.build(build.HELM)
    binaries = build.find(build.HELM)
    if binaries is None:
        pytest.skip("Helm is not built: python -m tests.cluster.build")
    return Helm(binaries / "helm", tmp_path_factory.mktemp("helm"))


@pytest.fixture(scope="session")
def served(plane: ControlPlane) -> ControlPlane:
    """The control plane, serving the kinds of other projects that the chart makes."""
    if not all(crds.define(plane, kind) for kind in crds.FILES):
        pytest.skip("install Go 1.26 or newer: the definitions are in Go modules")
    plane.namespace(DRY, RESTRICTED)
    return plane


@pytest.fixture
def namespace(plane: ControlPlane) -> Iterator[str]:
    """A namespace that enforces `restricted`."""
    name = "heartbeat-by-helm"
    plane.namespace(name, RESTRICTED)
    yield name
    for kind in ("ClusterRole", "ClusterRoleBinding"):
        for suffix in ("", "-cluster"):
            plane.delete(kind, "", NAME + suffix)
    plane.delete("Namespace", "", name)
    plane.wait_gone("Namespace", "", name, 60)


# --- what it renders ---


@pytest.mark.parametrize("values", [None, *FEATURES], ids=lambda path: path and path.stem)
def test_helm_finds_nothing_to_object_to(helm: Helm, values: Path | None) -> None:
    """`helm lint --strict`, with the values as they are and with each feature's."""
    given = ("-f", str(values)) if values else ()
    assert "0 chart(s) failed" in helm.run("lint", "--strict", str(CHART), *given)


def dry_run(plane: ControlPlane, folder: Path, text: str) -> None:
    """Have the API server judge what was rendered, every field of it."""
    made = folder / "made.yaml"
    made.write_text(text, encoding="utf-8")
    for entry in yaml.safe_load_all(text):
        if entry and entry["kind"] == "Pod":
            # The account is not made either, and without it no pod is taken.
            name = {"name": entry["spec"]["serviceAccountName"], "namespace": DRY}
            plane.apply({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": name})
    said = plane.kubectl("apply", "--dry-run=server", "--validate=strict", "-f", str(made))
    assert set(re.findall(r"\((.*)\)$", said, re.M)) == {"server dry run"}


@pytest.mark.parametrize("values", [None, *FEATURES], ids=lambda path: path and path.stem)
def test_the_api_server_takes_what_is_rendered(
    helm: Helm, served: ControlPlane, tmp_path: Path, values: Path | None
) -> None:
    """`helm template | kubectl apply --dry-run=server`: it knows every field, and takes them."""
    given = ("-f", str(values)) if values else ()
    dry_run(served, tmp_path, helm.rendered("-n", DRY, *given))


@pytest.mark.parametrize("text", re.findall(r"```yaml\n(.*?)```", DOCUMENTED, re.S))
def test_the_recipes_of_the_documentation_work(
    helm: Helm, served: ControlPlane, tmp_path: Path, text: str
) -> None:
    """Each by itself is taken by the schema and by the API server, and changes what is made."""
    values = yaml.safe_load(text)
    dry_run(served, tmp_path, helm.rendered("-n", DRY, **values))
    secret: Manifest = {"auth": {"existingSecret": "k8s-heartbeat"}}
    assert helm.objects(**(secret | values)) != helm.objects(**secret)


def _more(groups: str, resources: str) -> str:
    """Values with a further rule."""
    rule = f"{{apiGroups: {groups}, resources: {resources}, verbs: [get]}}"
    return f"rbac: {{extraRules: [{rule}]}}"


TOKEN = f"{{name: a, sha256: '{'0' * 64}'}}"
RULE = "{apiGroups: [cert-manager.io], resources: [certificates], verbs: [get, list]}"
TYPOS = {
    "imgae: {tag: v1}": "imgae",
    "image: {tagg: v1}": "tagg",
    "image: {tag: 'v 1'}": "/image/tag",
    "image: {digest: 0123}": "/image/digest",
    "replicas: two": "/replicas",
    "auth: {mode: tokn}": "/auth/mode",
    "auth: {mode: tokens, tokens: [{name: a, sha256: abc}]}": "/auth/tokens/0/sha256",
    "rbac: {scope: namespace}": "/rbac/scope",
    "rbac: {extraRules: [{apiGroups: [a], resources: [b], verbs: ['*']}]}": "/extraRules/0/verbs/0",
    _more("['*']", "[widgets]"): "/rbac/extraRules/0/apiGroups/0",
    _more("['']", "['*']"): "/rbac/extraRules/0/resources/0",
    _more("['']", "['*/log']"): "/rbac/extraRules/0/resources/0",
    _more("['']", "[pods/exec]"): "/rbac/extraRules/0/resources/0",
    _more("['']", "[configmaps, secrets]"): "rbac.extraRules: secrets are never read",
    "settings: {HEARTBEAT_DETIAL: full}": "HEARTBEAT_DETIAL",
    "settings: {HEARTBEAT_DETAIL: verbose}": "/settings/HEARTBEAT_DETAIL",
    "settings: {HEARTBEAT_CACHE_TTL: '5'}": "/settings/HEARTBEAT_CACHE_TTL",
    "settings: {HEARTBEAT_URL: 'https://'}": "/settings/HEARTBEAT_URL",
    "settings: {HEARTBEAT_CORS_ORIGINS: status.example.com}": "/settings/HEARTBEAT_CORS_ORIGINS",
    "settings: {RATE_LIMIT: 100000001}": "/settings/RATE_LIMIT",
    "podSecurityContext: {runAsUser: nobody}": "/podSecurityContext/runAsUser",
    "securityContext: {runAsUser: '65532'}": "/securityContext/runAsUser",
    "securityContext: {privileged: 'no'}": "/securityContext/privileged",
    "settings: {AUTH_TOKEN_BASIC: in-the-open}": "AUTH_TOKEN_BASIC",
    "config: {policy: {stuckafter: 2h}}": "stuckafter",
    "config: {components: [{name: shop}]}": "members",
    "config: {components: [{name: shop, members: [{}]}]}": "/config/components/0/members/0",
    "ingress: {enabled: true}": "ingress.hosts",
    "httpRoute: {enabled: true}": "httpRoute.parentRefs",
    "auth: {mode: tokens}": "auth.tokens",
    "server: {enabled: false}": "server.enabled",
    "{existingConfigMap: a, config: {page: {title: A}}}": "existingConfigMap",
    "{auth: {mode: kubernetes}, serviceMonitor: {enabled: true}}": "serviceMonitor.existingSecret",
    # What would be ignored, and leave more open, or less, than it says.
    "rbac: {namespaces: [shop]}": "rbac.namespaces: with rbac.scope: cluster",
    "rbac: {scope: cluster, namespaces: [shop]}": "set rbac.scope: namespaced",
    f"rbac: {{create: false, extraRules: [{RULE}]}}": "rbac.extraRules",
    f"auth: {{tokens: [{TOKEN}]}}": "auth.tokens: is read with auth.mode: tokens alone",
    f"auth: {{mode: none, tokens: [{TOKEN}]}}": "auth.tokens",
    f"auth: {{mode: tokens, existingSecret: a, tokens: [{TOKEN}]}}": "beside auth.existingSecret",
    "auth: {mode: none, existingSecret: a}": "auth.existingSecret: auth.mode: none reads no Secret",
    "auth: {mode: kubernetes, existingSecret: a}": "auth.existingSecret: auth.mode: kubernetes",
    "auth: {audiences: [monitors]}": "auth.audiences: is read with auth.mode: kubernetes alone",
    "networkPolicy: {from: [{podSelector: {}}]}": "set networkPolicy.enabled: true",
    "{push: {enabled: true}, rbac: {scope: namespaced, namespaces: [shop, pay]}}": "push.args",
    "serviceAccount: {create: false}": "serviceAccount.name",
    "commonLabels: {app.kubernetes.io/managed-by: us}": "app.kubernetes.io/managed-by is the",
    "commonLabels: {app.kubernetes.io/name: other}": "commonLabels: app.kubernetes.io/name",
    "podLabels: {app.kubernetes.io/instance: other}": "podLabels: app.kubernetes.io/instance",
    "settings: {HEARTBEAT_DRAIN_SECONDS: 11}": "terminationGracePeriodSeconds: 30 is less",
    "terminationGracePeriodSeconds: 24": "set at least 25",
    "extraEnv: [{name: HEARTBEAT_AUTH, value: none}]": "another value; use auth.mode",
    "extraEnv: [{name: HEARTBEAT_DETAIL, value: full}]": "use settings.HEARTBEAT_DETAIL",
    "push: {extraEnv: [{name: HEARTBEAT_PUSH_URL, value: a}]}": "use push.existingSecret",
}


@pytest.mark.parametrize(("text", "told"), TYPOS.items(), ids=TYPOS)
def test_wrong_values_are_refused_by_name(helm: Helm, text: str, told: str) -> None:
    """A typo, a word of the wrong form, and values that make nothing together."""
    with pytest.raises(HelmError, match=re.escape(told)) as refused:
        helm.rendered(**yaml.safe_load(text))
    assert len(str(refused.value).partition("Error: ")[2].strip().splitlines()) <= 6


def test_no_further_variable_takes_the_place_of_another_value(helm: Helm) -> None:
    """Whatever setting it is, the value to use is named; a secret one that no value has is free."""
    free = {"HEARTBEAT_RATE_LIMIT_STORAGE", "HEARTBEAT_CONTEXT", "HEARTBEAT_SNAPSHOT"}
    variables = {setting.variable for setting in SETTINGS if setting.variable}
    pushing = {name for name in variables if name.startswith("HEARTBEAT_PUSH_")}
    for name in (variables - pushing - free) | {"AUTH_TOKEN_BASIC_FILE"}:
        with pytest.raises(HelmError, match=f"extraEnv: {name} is set by another value; use "):
            helm.rendered(extraEnv=[{"name": name, "value": "a"}])
    helm.rendered(extraEnv=[{"name": name, "value": "a"} for name in free])
    for name in ("HEARTBEAT_CONFIG", "HEARTBEAT_PUSH_URL", "HEARTBEAT_PUSH_TOKEN_FILE"):
        with pytest.raises(HelmError, match=rf"push\.extraEnv: {name} is set by another value"):
            helm.rendered(push={"enabled": True, "extraEnv": [{"name": name, "value": "a"}]})


def test_the_refusals_in_the_documentation_are_what_helm_says(helm: Helm) -> None:
    """Word for word, but for Helm's hint at an option of its own."""
    shown = re.findall(r"```\nError: (.*?)\n```", DOCUMENTED, re.S)
    refused: tuple[Manifest, ...] = (
        {"settings": {"HEARTBEAT_DETIAL": "full"}},
        {"rbac": {"namespaces": ["shop"]}},
    )
    said: list[str] = []
    for values in refused:
        with pytest.raises(HelmError) as error:
            helm.rendered(**values)
        said.append(
            str(error.value).partition("Error: ")[2].partition("\n\nUse --debug")[0].strip()
        )
    assert said == shown


def plain(value: Any) -> Any:
    """A value without Helm's labels, and without empty lists, which mean that there is none."""
    if is_list(value):
        return [plain(entry) for entry in value]
    if not is_mapping(value):
        return value
    return {
        key: plain(entry)
        for key, entry in value.items()
        if key not in HELM_LABELS and not (is_list(entry) and not entry)
    }


def by_name(objects: list[Manifest]) -> dict[str, Manifest]:
    """Objects by kind, namespace and name; a configuration file as what it says."""
    found: dict[str, Manifest] = {}
    for entry in objects:
        metadata = entry["metadata"]
        made = plain(entry)
        if entry["kind"] == "ConfigMap" and "heartbeat.yaml" in entry["data"]:
            made["data"]["heartbeat.yaml"] = yaml.safe_load(entry["data"]["heartbeat.yaml"])
        found[f"{entry['kind']} {metadata.get('namespace', '')}/{metadata['name']}"] = made
    assert len(found) == len(objects)
    return found


@pytest.mark.parametrize(
    ("rbac", "judged"),
    [
        ({"scope": "cluster"}, ["--all-namespaces"]),
        ({"scope": "namespaced"}, []),
        ({"scope": "namespaced", "namespaces": ["shop"]}, ["--namespace", "shop"]),
    ],
)
def test_what_is_pushed_is_what_may_be_read(helm: Helm, rbac: Manifest, judged: list[str]) -> None:
    """Everything, the release's own namespace, or the one in which its Role is."""
    cron_job = named(helm.objects(push={"enabled": True}, rbac=rbac), "CronJob")
    (container,) = cron_job["spec"]["jobTemplate"]["spec"]["template"]["spec"]["containers"]
    assert container["args"][: len(judged) + 2] == ["push", *judged, "--selector"]


def test_every_component_has_values_that_render_it() -> None:
    """The priority alone has not: the chart takes a PriorityClass that is there."""
    assert {name for name in COMPONENTS if not (VALUES / f"{name}.yaml").exists()} <= {"priority"}


@pytest.mark.parametrize("overlay", ["classic", "namespaced"])
@pytest.mark.parametrize("component", ["", *(name for name in COMPONENTS if name != "priority")])
def test_it_renders_the_same_objects_as_kustomize(
    helm: Helm, plane: ControlPlane, tmp_path: Path, overlay: str, component: str
) -> None:
    """Each overlay, and each component beside it; Helm adds its labels, and makes no namespace."""
    deploy = Path(os.path.relpath(ROOT / "deploy", tmp_path.resolve()))
    chart = yaml.safe_load((CHART / "Chart.yaml").read_text("utf-8"))
    image = {"newName": "registry.example.com/k8s-heartbeat", "newTag": chart["appVersion"]}
    kustomization: Manifest = {
        "namespace": "k8s-heartbeat",
        "resources": [str(deploy / "overlays" / overlay)],
        "components": [str(deploy / "components" / component)] if component else [],
        "images": [{"name": "k8s-heartbeat", **image}],
    }
    if (overlay, component) == ("namespaced", "push"):
        # It may read no other namespace, as the component says.
        path = "/spec/jobTemplate/spec/template/spec/containers/0/args/1"
        patch = yaml.safe_dump([{"op": "remove", "path": path}])
        kustomization["patches"] = [{"target": {"kind": "CronJob"}, "patch": patch}]
    (tmp_path / "kustomization.yaml").write_text(yaml.safe_dump(kustomization), encoding="utf-8")
    made = by_name(list(yaml.safe_load_all(plane.kubectl("kustomize", str(tmp_path)))))
    made.pop("Namespace /k8s-heartbeat", None)
    parts = (overlay, component) if component else (overlay,)
    files = [argument for name in parts for argument in ("-f", str(VALUES / f"{name}.yaml"))]
    assert by_name(helm.objects(*files)) == made


def test_rules_and_dashboard_are_those_of_the_monitoring_folder(helm: Helm) -> None:
    """As Prometheus and Grafana read them, with the labels by which they are found."""
    objects = helm.objects("-f", str(VALUES / "features" / "prometheus.yaml"))
    monitoring = ROOT / "deploy" / "monitoring"
    rule = named(objects, "PrometheusRule")
    assert rule["spec"] == yaml.safe_load((monitoring / "alerts.yml").read_text("utf-8"))
    assert rule["metadata"]["labels"]["release"] == "prometheus"
    dashboard = named(objects, "ConfigMap")
    shown = (monitoring / "grafana-dashboard.json").read_text("utf-8")
    assert json.loads(dashboard["data"]["k8s-heartbeat.json"]) == json.loads(shown)
    assert dashboard["metadata"]["labels"]["grafana_dashboard"] == "1"


def test_the_pods_of_one_role_are_never_taken_for_those_of_another(helm: Helm) -> None:
    """Neither the Service nor a disruption budget finds the pods of the CronJob or of the test."""
    values: Manifest = {"push": {"enabled": True}, "podDisruptionBudget": {"enabled": True}}
    objects = [entry for entry in yaml.safe_load_all(helm.rendered(**values)) if entry]
    wanted = named(objects, "Service")["spec"]["selector"].items()
    assert (
        named(objects, "PodDisruptionBudget")["spec"]["selector"]["matchLabels"].items() == wanted
    )
    cron_job = named(objects, "CronJob")
    others = [
        cron_job["spec"]["jobTemplate"]["spec"]["template"],
        named(objects, "Pod"),
    ]
    served = named(objects, "Deployment")["spec"]["template"]
    assert wanted <= served["metadata"]["labels"].items()
    assert not any(wanted <= other["metadata"]["labels"].items() for other in others)


# --- what a release does ---


def value(secret: Manifest, key: str = "token") -> str:
    """What a Secret holds."""
    return b64decode(secret["data"][key]).decode()


def template(plane: ControlPlane, namespace: str) -> Manifest:
    """What the Deployment's pods are made from."""
    found: Manifest = plane.get("Deployment", namespace, NAME)["spec"]["template"]
    return found


def pods(plane: ControlPlane, namespace: str) -> set[str]:
    """The pods that are there to stay."""
    return {
        pod["metadata"]["uid"]
        for pod in plane.pods_of("Deployment", namespace, NAME)
        if "deletionTimestamp" not in pod["metadata"]
    }


def left(plane: ControlPlane) -> list[str]:
    """What is still called like the release, of whatever kind; events stay for an hour."""
    kinds = plane.kubectl("api-resources", "--verbs=list", "-o", "name").split()
    listed = plane.kubectl("get", ",".join(kinds), "-A", "-o", "name", "--ignore-not-found")
    return [
        line for line in listed.splitlines() if RELEASE in line and not line.startswith("event")
    ]


def tools(plane: ControlPlane, folder: Path) -> dict[str, str]:
    """An environment in which the commands of the notes run against the control plane."""
    folder.mkdir()
    binary = build.find(build.CONTROL_PLANE)
    assert binary
    script = folder / "kubectl"
    script.write_text(
        f'#!/bin/sh\nexec {binary / "control-plane"} kubectl "$@"\n', encoding="utf-8"
    )
    script.chmod(0o755)
    return {
        "PATH": f"{folder}:{os.environ['PATH']}",
        "HOME": str(folder),
        "KUBECONFIG": str(plane.kubeconfig),
    }


def as_service(plane: ControlPlane, namespace: str, token: str) -> Service:
    """The service as its pods run it: the release's account, and the token of its Secret."""
    config, _ = plane.service_account_kubeconfig(namespace, NAME)
    return Service(config, ttl=0.1, AUTH_TOKEN_BASIC=token)


def test_a_release_from_its_installation_to_its_end(
    helm: Helm, plane: ControlPlane, namespace: str, tmp_path: Path
) -> None:
    """Installed as its notes say, upgraded, rolled back and gone; one token all the time."""
    here, cluster = ("-n", namespace, "--wait", "--timeout", "60s"), helm.of(plane.kubeconfig)
    said = notes(cluster.run("install", RELEASE, str(CHART), *here))
    secret = plane.get("Secret", namespace, NAME)
    assert len(value(secret)) >= 40
    assert plane.get("Deployment", namespace, NAME)["status"]["availableReplicas"] == 2
    first, running = template(plane, namespace), pods(plane, namespace)
    check_notes(plane, namespace, said, tmp_path)
    check_test_pod(
        plane, namespace, cluster.run("get", "hooks", RELEASE, "-n", namespace), tmp_path
    )

    # A configuration file appears, which the pods have to mount; from then on it only changes.
    policy: Manifest = {"config": {"policy": {"stuckAfter": "2h"}}}
    cluster.run("upgrade", RELEASE, str(CHART), *here, *helm.given(policy))
    configured, restarted = template(plane, namespace), pods(plane, namespace)
    assert configured != first
    assert not running & restarted
    # A rollback would bring the first one back, so it is looked at before.
    assert plane.get("Secret", namespace, NAME)["data"] == secret["data"]
    (mount,) = (
        entry
        for entry in configured["spec"]["containers"][0]["volumeMounts"]
        if entry["name"] == "config"
    )
    assert "subPath" not in mount
    policy["config"]["policy"]["stuckAfter"] = "3h"
    cluster.run("upgrade", RELEASE, str(CHART), *here, *helm.given(policy))
    assert template(plane, namespace) == configured
    assert pods(plane, namespace) == restarted
    written = plane.get("ConfigMap", namespace, NAME)["data"]["heartbeat.yaml"]
    assert yaml.safe_load(written) == policy["config"]

    settings: Manifest = {"settings": {"HEARTBEAT_DETAIL": "full"}}
    cluster.run("upgrade", RELEASE, str(CHART), *here, *helm.given(policy | settings))
    assert template(plane, namespace) != configured
    cluster.run("rollback", RELEASE, *here)
    assert template(plane, namespace) == configured
    cluster.run("rollback", RELEASE, "1", *here)
    assert template(plane, namespace) == first
    assert plane.find("ConfigMap", namespace, NAME) is None
    assert plane.get("Secret", namespace, NAME)["data"] == secret["data"]

    assert left(plane)
    cluster.run("uninstall", RELEASE, *here)
    # What the garbage collector has not come to yet.
    with contextlib.suppress(PlaneError):
        plane.wait_until(lambda: not left(plane))
    assert not left(plane)


def check_notes(plane: ControlPlane, namespace: str, said: str, folder: Path) -> None:
    """The commands are a shell's, and the last of them asks the service about itself."""
    forward, token, curl = commands(said)
    assert forward == f"kubectl -n {namespace} port-forward service/{NAME} 8080:80 &"
    for line in (forward, token, curl):
        subprocess.run([SHELL, "-n", "-c", line], check=True)
    # A shell says what it would ask for: not every machine has curl.
    asked = "curl() { printf '%s\\n' \"$@\"; }"
    done = subprocess.run(
        [SHELL, "-c", "\n".join((token, asked, curl))],
        env=tools(plane, folder / "bin"),
        capture_output=True,
        text=True,
        check=True,
    )
    include, header_option, header, url = done.stdout.splitlines()
    assert (include, header_option) == ("-i", "-H")
    secret = value(plane.get("Secret", namespace, NAME))
    assert header == f"Authorization: Bearer {secret}"
    path = url.removeprefix("http://127.0.0.1:8080")
    # In place of the forwarded port, the process that stands in for the pods.
    with as_service(plane, namespace, secret) as service:
        answer = service.ask(path, token=secret)
    assert (answer.code, answer.body["name"], answer.health) == (200, NAME, "healthy")


def check_test_pod(plane: ControlPlane, namespace: str, hooks: str, folder: Path) -> None:
    """The pod of `helm test` is admitted, and its command tells good news from bad."""
    pod: Manifest = yaml.safe_load(hooks)
    assert plane.apply(pod)
    plane.delete("Pod", namespace, pod["metadata"]["name"])
    (container,) = pod["spec"]["containers"]
    python, *command = container["command"]
    assert python == "python"
    variables = {entry["name"]: entry["value"] for entry in container["env"]}
    token = folder / "token"
    token.write_text(value(plane.get("Secret", namespace, NAME)), encoding="ascii")
    address = f"{NAME}.{namespace}.svc:80"
    assert address in variables["HEARTBEAT_TEST_URL"]

    def run(port: int) -> subprocess.CompletedProcess[str]:
        url = variables["HEARTBEAT_TEST_URL"].replace(address, f"127.0.0.1:{port}")
        return subprocess.run(
            [sys.executable, *command],
            env={
                "HEARTBEAT_TEST_URL": url,
                "HEARTBEAT_TEST_TOKEN_FILE": str(token),
                "HEARTBEAT_TEST_SECONDS": "0",
            },
            capture_output=True,
            text=True,
            check=False,
        )

    with as_service(plane, namespace, token.read_text("ascii")) as service:
        good = run(service.port)
        assert (good.returncode, good.stderr) == (0, "")
        assert '"status":"healthy"' in good.stdout
        port = service.port
        token.write_text("another-token", encoding="ascii")
        refused = run(port)
    assert refused.returncode == 1
    assert ": 401 " in refused.stdout
    assert run(port).returncode == 1


def test_the_token_of_the_chart_is_replaced_as_its_documentation_says(
    helm: Helm, plane: ControlPlane, namespace: str
) -> None:
    """Deleted and made anew; a rollback brings the old one back, unless its revision is deleted."""
    here, cluster = ("-n", namespace), helm.of(plane.kubeconfig)

    def token() -> str:
        return value(plane.get("Secret", namespace, NAME))

    cluster.run("install", RELEASE, str(CHART), *here)
    first = token()
    assert b64encode(first.encode()).decode() in cluster.run("get", "manifest", RELEASE, *here)
    plane.delete("Secret", namespace, NAME)
    cluster.run("upgrade", RELEASE, str(CHART), *here)
    second = token()
    assert second != first
    cluster.run("rollback", RELEASE, "1", *here)
    assert token() == first
    cluster.run("rollback", RELEASE, "2", *here)
    assert token() == second
    earlier = f"owner=helm,name={RELEASE},status!=deployed"
    plane.kubectl("delete", "secret", "-l", earlier, "--namespace", namespace)
    with pytest.raises(HelmError):
        cluster.run("rollback", RELEASE, "1", *here)
    assert token() == second

    # Changed by hand: an upgrade keeps it, a rollback is refused unless it is forced.
    patch = json.dumps({"data": {"token": b64encode(b"changed-by-hand").decode()}})
    plane.kubectl("patch", "secret", NAME, "--namespace", namespace, "-p", patch)
    values: Manifest = {"config": {"policy": {"stuckAfter": "2h"}}}
    cluster.run("upgrade", RELEASE, str(CHART), *here, *helm.given(values))
    assert token() == "changed-by-hand"
    with pytest.raises(HelmError, match="conflict"):
        cluster.run("rollback", RELEASE, "4", *here)
    cluster.run("rollback", RELEASE, "4", *here, "--force-conflicts")
    assert token() == second
    cluster.run("uninstall", RELEASE, *here, "--wait")


def test_a_token_of_ones_own_is_read_and_no_secret_made(
    helm: Helm, plane: ControlPlane, namespace: str
) -> None:
    """With `existingSecret` nothing of the release holds a token."""
    objects = helm.objects(auth={"existingSecret": "of-another-tool", "secretKey": "password"})
    assert not [entry for entry in objects if entry["kind"] == "Secret"]
    pod = named(objects, "Deployment")["spec"]["template"]["spec"]
    assert pod["volumes"] == [
        {
            "name": "token",
            "secret": {
                "secretName": "of-another-tool",
                "items": [{"key": "password", "path": "token"}],
            },
        }
    ]


def test_two_installations_have_two_tokens(helm: Helm) -> None:
    """What is made is random."""
    made = {value(named(helm.objects(), "Secret")) for _ in range(2)}
    assert len(made) == 2


def test_the_admin_of_a_namespace_installs_it_there(
    helm: Helm, plane: ControlPlane, namespace: str
) -> None:
    """With `rbac.scope: namespaced` nothing beyond it is asked for, or seen."""
    here = ("--namespace", namespace)
    plane.kubectl("create", "serviceaccount", "boss", *here)
    account = f"--serviceaccount={namespace}:boss"
    plane.kubectl("create", "rolebinding", "boss", "--clusterrole=admin", account, *here)
    boss, _ = plane.service_account_kubeconfig(namespace, "boss")
    given = helm.given({"rbac": {"scope": "namespaced"}, "podDisruptionBudget": {"enabled": True}})
    install = ("install", RELEASE, str(CHART), "--wait", "--timeout", "60s")
    with pytest.raises(HelmError, match="forbidden"):
        helm.of(boss).run(*install, *here)
    helm.of(boss).run("uninstall", RELEASE, *here, "--ignore-not-found")
    helm.of(boss).run(*install, *here, *given)
    config, _ = plane.service_account_kubeconfig(namespace, NAME)
    get = ("get", "deployment", "nobody", "--namespace")
    with pytest.raises(PlaneError, match="NotFound"):
        plane.kubectl(*get, namespace, kubeconfig=config)
    with pytest.raises(PlaneError, match="Forbidden"):
        plane.kubectl(*get, "default", kubeconfig=config)
    helm.of(boss).run("uninstall", RELEASE, *here)


NOTES = {
    "ingress": "https://heartbeat.example.com/heartbeat/api/healthz/",
    "gateway": "https://heartbeat.example.com/api/healthz/",
    "cluster-tokens": "create token k8s-heartbeat --audience=k8s-heartbeat)",
    "node-port": "get secret of-another-tool -o jsonpath='{.data.password}'",
    "namespaces": "curl -i http://127.0.0.1:8080/api/healthz/",
    "tokens": "http://127.0.0.1:8080/api/healthz/NAMESPACE/KIND/NAME",
    "own-account": "heartbeat-eu-push reports to the URL in the Secret receiver.",
}


@pytest.mark.parametrize("feature", [path.stem for path in FEATURES])
def test_the_notes_of_each_feature_are_commands(helm: Helm, feature: str) -> None:
    """Every command line is a shell's, and the words that matter are in it."""
    values = str(VALUES / "features" / f"{feature}.yaml")
    dry = ("--dry-run=client", "-n", "k8s-heartbeat", "-f", values)
    said = notes(helm.run("install", "k8s-heartbeat", str(CHART), *dry))
    assert NOTES.get(feature, "curl -i -H ") in said
    for line in commands(said):
        subprocess.run([SHELL, "-n", "-c", line], check=True)
    assert len([line for line in commands(said) if line.startswith("curl ")]) == 1


def test_the_configuration_is_what_the_service_reads(helm: Helm, tmp_path: Path) -> None:
    """Every form that the schema takes is one that the file may have."""
    objects = helm.objects("-f", str(VALUES / "features" / "configured.yaml"))
    written = named(objects, "ConfigMap")["data"]["heartbeat.yaml"]
    file = tmp_path / "heartbeat.yaml"
    file.write_text(written, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "k8s_heartbeat", "config", "--config", str(file)],
        env={"PATH": os.environ.get("PATH", os.defpath)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "policy.stuckAfter=2h" in done.stdout, done.stderr
    assert "component checkout (Checkout), up: 2" in done.stdout


def test_the_package_has_everything_in_it(helm: Helm, tmp_path: Path) -> None:
    """`helm package` makes a chart that renders the same."""
    helm.run("package", str(CHART), "-d", str(tmp_path))
    (archive,) = tmp_path.glob("*.tgz")
    given = ("-n", "k8s-heartbeat", "-f", str(VALUES / "features" / "prometheus.yaml"))
    secret = ("--set", "auth.existingSecret=k8s-heartbeat")
    packed = helm.run("template", "k8s-heartbeat", str(archive), *given, *secret)
    assert packed == helm.run("template", "k8s-heartbeat", str(CHART), *given, *secret)
    shutil.rmtree(tmp_path)
