"""Callers by the cluster's own tokens: its TokenReview and its RBAC decide, as they change."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from tests.cluster.conftest import ROLES, ROOT, TTL
from tests.cluster.plane import ControlPlane, Manifest
from tests.cluster.service import Answer, Service

pytestmark = pytest.mark.cluster

HERE, OTHER = "callers", "callers-elsewhere"
PATH = f"/api/healthz/{HERE}/deployment/web"
TIMEOUT = 2.0
REVIEW_SECONDS = 1.0
COMPONENT = {
    "components": [
        {"name": "web", "members": [{"namespace": HERE, "kind": "deployment", "name": "web"}]}
    ]
}


@dataclass(frozen=True, slots=True)
class Callers:
    """A service that takes the cluster's tokens, and the accounts of a namespace that ask it."""

    plane: ControlPlane
    service: Service

    def account(self, name: str) -> str:
        """A token of an account without any right."""
        if self.plane.find("ServiceAccount", HERE, name) is None:
            self.plane.kubectl("create", "serviceaccount", name, "--namespace", HERE)
        return self.plane.token(HERE, name)

    def bind(self, name: str, role: str, namespace: str = HERE) -> None:
        """Let an account do in a namespace what a role in it says."""
        account = f"--serviceaccount={HERE}:{name}"
        binding = f"{name}-{role}"
        self.plane.kubectl(
            "create", "rolebinding", binding, f"--role={role}", account, "-n", namespace
        )

    def told(self, token: str, path: str = PATH) -> Answer:
        """What the service answers to a token."""
        return self.service.ask(path, token=token)


@pytest.fixture(scope="module")
def callers(deployed: ControlPlane, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callers]:
    """A Deployment that is well, roles that see it, and the service as another account of its own.

    What it asks for beside the roles of `deploy/base` must not count as asked for by them.
    """
    plane = deployed
    viewer = ("viewer", "--verb=get,list", "--resource=deployments.apps")
    one = ("one", "--verb=get", "--resource=deployments.apps", "--resource-name=web")
    for namespace in (HERE, OTHER):
        plane.namespace(namespace)
        for role in (viewer, one):
            plane.kubectl("create", "role", *role, "-n", namespace)
    for namespace in (HERE, OTHER):
        plane.kubectl("create", "deployment", "web", "--image=web", "-n", namespace)
        plane.wait_for("Deployment", namespace, "web", _is_up)
    plane.kubectl("create", "serviceaccount", "heartbeat", "-n", HERE)
    for name in (*ROLES, "system:auth-delegator"):
        account = f"--serviceaccount={HERE}:heartbeat"
        binding = f"callers-{name.replace(':', '-')}"
        plane.kubectl("create", "clusterrolebinding", binding, f"--clusterrole={name}", account)
    config = tmp_path_factory.mktemp("callers") / "heartbeat.yaml"
    config.write_text(yaml.safe_dump(COMPONENT), encoding="utf-8")
    kubeconfig, _ = plane.service_account_kubeconfig(HERE, "heartbeat")
    with Service(
        kubeconfig,
        ttl=TTL,
        config=config,
        HEARTBEAT_AUTH="kubernetes",
        HEARTBEAT_REVIEW_TTL=f"{REVIEW_SECONDS:g}s",
        HEARTBEAT_TIMEOUT=f"{TIMEOUT:g}s",
        HEARTBEAT_FAILED_AUTH_LIMIT="1000000",
    ) as service:
        yield Callers(plane, service)
    for namespace in (HERE, OTHER):
        plane.delete("Namespace", "", namespace)


def _is_up(deployment: Manifest) -> bool:
    return bool(deployment["status"].get("availableReplicas") == 1)


def test_who_may_and_who_may_not(callers: Callers) -> None:
    """The same object: 200 for an account with the right, 404 for one without."""
    may, may_not = callers.account("may"), callers.account("may-not")
    callers.bind("may", "viewer")
    assert callers.told(may).code == 200
    assert callers.told(may_not).code == 404
    for path, code in (
        (f"/api/healthz/{HERE}", 200),
        ("/api/healthz", 404),
        (f"/api/healthz/{OTHER}/deployment/web", 404),
        (f"/api/healthz/{OTHER}", 404),
        ("/api/components/web", 404),
    ):
        assert callers.told(may, path).code == code, path
    everywhere = callers.account("everywhere")
    account = f"--serviceaccount={HERE}:everywhere"
    callers.plane.kubectl(
        "create", "clusterrolebinding", "everywhere", "--clusterrole=view", account
    )
    assert callers.told(everywhere, "/api/healthz").body["kind"] == "Cluster"
    assert callers.told(everywhere, "/api/healthz").code in (200, 503)


def test_denied_missing_and_elsewhere_are_one_answer(callers: Callers) -> None:
    """A caller learns nothing of what they may not see, by no byte and no header."""
    token = callers.account("curious")
    callers.bind("curious", "viewer")
    answers = [
        callers.told(token, path)
        for path in (
            f"/api/healthz/{HERE}/deployment/gone",
            f"/api/healthz/{OTHER}/deployment/web",
            f"/api/healthz/{OTHER}/deployment/gone",
            "/api/healthz/no-such-namespace/deployment/web",
        )
    ]
    ours = {"namespace", "name", "checkedAt", "ageSeconds"}
    bodies = [{k: v for k, v in answer.body.items() if k not in ours} for answer in answers]
    varying = ("ratelimit", "x-ratelimit", "date", "content-length", "x-request-id")
    headers = [
        {k: v for k, v in answer.headers.items() if not k.startswith(varying)} for answer in answers
    ]
    assert bodies == [bodies[0]] * 4
    assert headers == [headers[0]] * 4
    assert {answer.code for answer in answers} == {404}


def test_one_object_by_its_name(callers: Callers) -> None:
    """A role with a resourceName lets see that object, and no list."""
    token = callers.account("narrow")
    callers.bind("narrow", "one")
    assert callers.told(token).code == 200
    assert callers.told(token, f"/api/healthz/{HERE}").code == 404


def test_a_component_needs_no_right_to_what_it_is_made_of(callers: Callers) -> None:
    """RBAC grants a resource that no API server serves, by its name."""
    token = callers.account("page")
    callers.plane.apply(
        {
            "apiVersion": "rbac.authorization.k8s.io/v1",
            "kind": "ClusterRole",
            "metadata": {"name": "see-web"},
            "rules": [
                {
                    "apiGroups": ["k8s-heartbeat.io"],
                    "resources": ["components"],
                    "resourceNames": ["web"],
                    "verbs": ["get"],
                }
            ],
        }
    )
    account = f"--serviceaccount={HERE}:page"
    callers.plane.kubectl(
        "create", "clusterrolebinding", "see-web", "--clusterrole=see-web", account
    )
    assert callers.told(token, "/api/components/web").code == 200
    assert callers.told(token).code == 404


def test_a_right_that_is_withdrawn_ends(callers: Callers) -> None:
    """Once a yes is no longer believed; by the same process."""
    token = callers.account("dismissed")
    callers.bind("dismissed", "viewer")
    assert callers.told(token).code == 200
    callers.plane.delete("RoleBinding", HERE, "dismissed-viewer")
    began = time.monotonic()
    callers.plane.wait_until(lambda: callers.told(token).code == 404, 10)
    assert time.monotonic() - began < REVIEW_SECONDS + 2
    assert [callers.told(token).code for _ in range(5)] == [404] * 5


def test_a_token_that_expires_is_refused(callers: Callers) -> None:
    """401, as soon as the API server refuses it."""
    callers.account("brief")
    callers.bind("brief", "viewer")
    token = callers.plane.token(HERE, "brief", 4)
    assert callers.told(token).code == 200
    callers.plane.wait_until(lambda: not callers.plane.accepts(token), 60)
    callers.plane.wait_until(lambda: callers.told(token).code == 401, REVIEW_SECONDS + 12)
    assert "Bearer" in callers.told(token).headers["www-authenticate"]


@pytest.mark.parametrize("token", ["", "garbage", "a.b.c"])
def test_whom_the_cluster_does_not_know_is_refused(callers: Callers, token: str) -> None:
    """The API server's own answer to a token that is none."""
    assert callers.told(token).code == 401


def test_a_token_for_somebody_else_is_refused(callers: Callers) -> None:
    """Where an audience is asked for, a token that opens the API server itself is none of ours."""
    everything = callers.account("audience")
    callers.bind("audience", "viewer")
    made = ("create", "token", "audience", "-n", HERE, "--audience=k8s-heartbeat")
    own = callers.plane.kubectl(*made).strip()
    with Service(
        callers.service.kubeconfig,
        ttl=TTL,
        HEARTBEAT_AUTH="kubernetes",
        HEARTBEAT_AUDIENCES="k8s-heartbeat",
    ) as service:
        assert service.ask(PATH, token=everything).code == 401
        assert service.ask(PATH, token=own).code == 200


def test_an_account_that_is_deleted_is_refused(callers: Callers) -> None:
    """Its token is still signed and in time, and nobody's any more."""
    token = callers.account("former")
    callers.bind("former", "viewer")
    assert callers.told(token).code == 200
    callers.plane.delete("ServiceAccount", HERE, "former")
    callers.plane.wait_until(lambda: callers.told(token).code == 401, REVIEW_SECONDS + 15)


def test_a_review_that_hangs_is_a_504_in_time(callers: Callers) -> None:
    """Neither 401 nor 404, within the deadline; and `/livez` answers meanwhile."""
    token = callers.account("patient")
    callers.bind("patient", "viewer")
    with callers.plane.paused("kube-apiserver"):
        began = time.monotonic()
        assert callers.told(token).code == 504
        assert time.monotonic() - began < TIMEOUT + 0.5
        began = time.monotonic()
        assert callers.service.ask("/livez").code == 200
        assert time.monotonic() - began < 0.5
    callers.plane.wait_until(lambda: callers.told(token).code == 200, 30)


def test_without_the_right_to_review_it_says_so(callers: Callers) -> None:
    """502, and the log tells which ClusterRole is missing."""
    token = callers.account("unable")
    kubeconfig, _ = callers.plane.service_account_kubeconfig(HERE, "unable")
    with Service(kubeconfig, ttl=TTL, HEARTBEAT_AUTH="kubernetes") as service:
        answer = service.ask("/api/healthz/default/deployment/web", token=token)
        assert answer.code == 502
        assert "system:auth-delegator" in service.log()


def test_what_a_review_asks_for_is_what_the_component_grants(callers: Callers) -> None:
    """Two verbs on two resources, as Kubernetes' own role has them."""
    token = callers.account("last")
    callers.told(token)
    user = f"system:serviceaccount:{HERE}:heartbeat"
    asked = {(event.resource, event.verb) for event in callers.plane.audit_events(user)}
    assert {(resource, verb) for resource, verb in asked if "review" in resource} == {
        ("tokenreviews", "create"),
        ("subjectaccessreviews", "create"),
    }
    role = callers.plane.get("ClusterRole", "", "system:auth-delegator")
    granted = {
        (resource, verb)
        for rule in role["rules"]
        for resource in rule["resources"]
        for verb in rule["verbs"]
    }
    assert granted == {("tokenreviews", "create"), ("subjectaccessreviews", "create")}


def kustomized(plane: ControlPlane, folder: Path, overlay: str, component: str) -> list[Manifest]:
    """What a kustomization makes that has a component of `deploy/` beside an overlay."""
    folder.mkdir()
    deploy = Path("../" * (len(folder.resolve().parts) - 1)) / str(ROOT / "deploy").lstrip("/")
    content = {
        "resources": [str(deploy / "overlays" / overlay)],
        "components": [str(deploy / "components" / component)],
    }
    (folder / "kustomization.yaml").write_text(yaml.safe_dump(content), encoding="utf-8")
    return list(yaml.safe_load_all(plane.kubectl("kustomize", str(folder))))


def pod_of(made: list[Manifest]) -> Manifest:
    """The pod that runs the service, by a Deployment or by Knative."""
    (runs,) = [entry for entry in made if "template" in entry.get("spec", {})]
    spec: Manifest = runs["spec"]["template"]["spec"]
    return spec


@pytest.mark.parametrize("overlay", ["classic", "knative", "namespaced"])
def test_component_for_the_clusters_tokens(
    deployed: ControlPlane, tmp_path: Path, overlay: str
) -> None:
    """Beside any overlay it binds the role, and leaves no token of the service's own."""
    made = kustomized(deployed, tmp_path / "made", overlay, "cluster-tokens")
    (binding,) = [entry for entry in made if entry["metadata"]["name"].endswith("delegator")]
    assert binding["subjects"][0]["name"] == "k8s-heartbeat"
    pod = pod_of(made)
    variables = {entry["name"]: entry["value"] for entry in pod["containers"][0]["env"]}
    assert variables == {
        "HEARTBEAT_AUTH": "kubernetes",
        "HEARTBEAT_AUDIENCES": "k8s-heartbeat",
    }
    assert not pod["volumes"]
    if overlay == "classic":
        deployed.kubectl("apply", "--dry-run=server", "-k", str(tmp_path / "made"))


@pytest.mark.parametrize("overlay", ["classic", "knative", "namespaced"])
def test_component_for_a_tokens_file(deployed: ControlPlane, tmp_path: Path, overlay: str) -> None:
    """Beside any overlay it mounts the file, and leaves no token for everything."""
    pod = pod_of(kustomized(deployed, tmp_path / "made", overlay, "tokens-file"))
    container = pod["containers"][0]
    variables = {entry["name"]: entry["value"] for entry in container["env"]}
    folder = container["volumeMounts"][0]["mountPath"]
    assert variables == {"HEARTBEAT_TOKENS_FILE": f"{folder}/tokens.yaml"}
    assert pod["volumes"][0]["secret"] == {"secretName": "k8s-heartbeat-tokens"}
    if overlay == "classic":
        deployed.kubectl("apply", "--dry-run=server", "-k", str(tmp_path / "made"))
