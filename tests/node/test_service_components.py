"""Every overlay with every component on real nodes: what each is for, it does in running pods."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest
import yaml

from tests.cluster.custom_kinds import defines
from tests.cluster.plane import Manifest
from tests.cluster.story import IMAGE, WEB, container, workload
from tests.node.cluster import Cluster
from tests.node.namespace import NETWORK
from tests.node.service import DEPLOY, NAME, SELECTOR, Installed, kustomization, made_token, setting
from tests.servers.receiver import CHECK, Receiver, healthchecks

pytestmark = pytest.mark.node

OVERLAYS = ("classic", "namespaced")
COMPONENTS = {path.parent.name for path in DEPLOY.glob("components/*/kustomization.yaml")}
CALLERS = ("tokens-file", "cluster-tokens")
"""The two ways to tell callers apart: one at a time."""
BESIDE = sorted(COMPONENTS - {"push", *CALLERS})
SERVED = (
    "HTTPRoute.gateway.networking.k8s.io",
    "PrometheusRule.monitoring.coreos.com",
    "ServiceMonitor.monitoring.coreos.com",
)
"""Kinds of others, that some components make objects of."""
RESTRICTED = {"pod-security.kubernetes.io/enforce": "restricted"}
PUSH = f"{NAME}-push"
EACH_MINUTE = setting("CronJob", PUSH, "/spec/schedule", "* * * * *")
OWN_NAMESPACE = setting(
    "CronJob", PUSH, "/spec/jobTemplate/spec/template/spec/containers/0/args", ["push"]
)
"""As the component's own text has it for the namespaced overlay."""


@dataclass(frozen=True, slots=True)
class Pushing:
    """CronJobs that report: their namespaces and the receivers, by overlay."""

    namespaces: dict[str, str]
    receivers: dict[str, Receiver]


@pytest.fixture(scope="module")
def pushing(
    cluster: Cluster, own_image: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Pushing]:
    """The push component beside each overlay, each minute; it goes on while other tests run."""
    # Two classic ones in two namespaces would take each other's rights away.
    namespaces = {"classic": "team-classic", "namespaced": "pushing-namespaced"}
    # What it judges is no part of what is tested, and not restricted.
    cluster.namespace(namespaces["namespaced"])
    labels = {"metadata": {"labels": {"app": WEB}}}
    pod = {"containers": [container(WEB, IMAGE, args=["serve"])]}
    serving = workload("Deployment", labels | {"spec": pod}, replicas=1)
    serving["metadata"]["namespace"] = namespaces["namespaced"]
    cluster.apply(serving)
    address = f"{NETWORK}.1"
    with (
        Receiver(healthchecks, address=address) as one,
        Receiver(healthchecks, address=address) as other,
    ):
        receivers = {"classic": one, "namespaced": other}
        for overlay, namespace in namespaces.items():
            patches = [EACH_MINUTE, *([OWN_NAMESPACE] if overlay == "namespaced" else [])]
            folder = tmp_path_factory.mktemp(f"push-{overlay}")
            kustomization(
                folder, own_image, overlay, ["push"], namespace=namespace, patches=patches
            )
            cluster.namespace(namespace)
            installed = Installed(cluster, namespace)
            installed.make_secret(PUSH, url=f"{receivers[overlay].url}/ping/{CHECK}")
            cluster.kubectl("apply", "-k", str(folder))
        yield Pushing(namespaces, receivers)
    for namespace in {*namespaces.values(), *(f"team-{overlay}" for overlay in OVERLAYS)}:
        cluster.delete("Namespace", "", namespace)
    for kind in ("ClusterRole", "ClusterRoleBinding"):
        for name in (NAME, f"{NAME}-cluster", f"{NAME}-auth-delegator"):
            cluster.delete(kind, "", name)


@pytest.fixture(scope="module", params=OVERLAYS)
def team(
    request: pytest.FixtureRequest, cluster: Cluster, own_image: str, pushing: Pushing
) -> Installed:
    """A namespace in which an overlay is, with one set of components after the other."""
    assert pushing.receivers
    assert own_image
    overlay: str = request.param
    for name in SERVED:
        defines(name)(cluster, "")
    name = f"team-{overlay}"
    cluster.namespace(name, RESTRICTED)
    return Installed(cluster, name)


def install(team: Installed, image: str, folder: Path, callers: str) -> None:
    """Have an overlay with all components and one way to tell callers apart, and its pods ready."""
    overlay = team.namespace.removeprefix("team-")
    components = [callers, *BESIDE]
    # Two pods would show no more, and there is little room.
    replicas = [{"name": NAME, "count": 1}]
    kustomization(folder, image, overlay, components, namespace=team.namespace, replicas=replicas)
    team.cluster.kubectl("apply", "-k", str(folder))
    team.roll_out()


def itself(team: Installed) -> str:
    """Where the service answers for itself."""
    return f"/api/healthz/{team.namespace}/deployment/{NAME}"


def test_files_are_read_again_by_the_running_pod(
    team: Installed, own_image: str, tmp_path: Path
) -> None:
    """A changed ConfigMap and a changed Secret are in force as soon as the kubelet brought them."""
    before, after = made_token(), made_token()
    team.make_secret(f"{NAME}-tokens", tokens_yaml=tokens(before))
    install(team, own_image, tmp_path / "made", "tokens-file")
    (pod,) = team.pods()
    assert team.answers(itself(team), 200, token=before).body["up"] is True
    assert team.ask(itself(team), token=after).code == 401
    assert team.ask("/api/components/own", token=before).code == 404
    team.make_secret(f"{NAME}-tokens", tokens_yaml=tokens(after))
    members = [{"namespace": team.namespace, "kind": "deployments"}]
    text = yaml.safe_dump({"components": [{"name": "own", "members": members}]})
    change: Manifest = {"data": {"heartbeat.yaml": text}}
    team.cluster.patch("ConfigMap", team.namespace, NAME, change)
    answer = team.answers("/api/components/own", 200, token=after)
    assert answer.body["up"] is True
    team.answers(itself(team), 401, token=before)
    (now,) = team.pods()
    assert containers(now) == containers(pod)


def test_callers_carry_tokens_of_the_cluster(
    team: Installed, own_image: str, tmp_path: Path, figures: list[str]
) -> None:
    """In place of the file; RBAC says what an account may see, as docs/access.md grants it."""
    install(team, own_image, tmp_path / "made", "cluster-tokens")
    here = ("--namespace", team.namespace)
    kubectl = team.cluster.kubectl
    kubectl("create", "serviceaccount", "monitor", *here)
    kubectl("create", "role", "monitor", "--verb=get,list", "--resource=deployments.apps", *here)
    account = f"--serviceaccount={team.namespace}:monitor"
    kubectl("create", "rolebinding", "monitor", "--role=monitor", account, *here)
    token = kubectl("create", "token", "monitor", "--audience=k8s-heartbeat", *here).strip()
    assert team.answers(itself(team), 200, token=token).body["up"] is True
    assert team.ask(f"/api/healthz/{team.namespace}/service/{NAME}", token=token).code == 404
    assert team.ask(itself(team), token=made_token()).code == 401
    (pod,) = team.pods()
    memory = team.memory(pod)
    figures.append(
        f"{team.namespace} with {', '.join(['cluster-tokens', *BESIDE])}: ready, "
        f"{memory.used >> 20} MiB"
    )


def test_cron_job_reports(pushing: Pushing, cluster: Cluster, figures: list[str]) -> None:
    """The CronJob runs by itself, its pod is admitted, and the receiver hears of it."""
    for overlay, receiver in pushing.receivers.items():
        namespace = pushing.namespaces[overlay]
        cluster.wait_until(partial(ended, cluster, namespace), 100, f"{overlay} has run")
        said = cluster.kubectl("logs", "-n", namespace, "-l", f"{SELECTOR}-push", "--tail=-1")
        assert receiver.pushed, said
        report = receiver.pushed[0]
        assert report.path.removesuffix("/fail") == f"/ping/{CHECK}"
        assert succeeded(cluster, namespace), said
        figures.append(f"push beside {overlay}: {report.method} {report.path}")
    assert pushing.receivers["namespaced"].pushed[0].path == f"/ping/{CHECK}"


def ended(cluster: Cluster, namespace: str) -> bool:
    """Whether a Job of a namespace has ended, well or not."""
    jobs = [job["status"] for job in cluster.objects("Job", namespace)]
    return any(job.get("succeeded") or job.get("failed") for job in jobs)


def succeeded(cluster: Cluster, namespace: str) -> bool:
    """Whether a Job of a namespace has done its work."""
    return any(job["status"].get("succeeded") for job in cluster.objects("Job", namespace))


def tokens(*valid: str) -> str:
    """A tokens file in which these see everything."""
    entries = [
        {"name": f"caller-{number}", "sha256": hashlib.sha256(token.encode()).hexdigest()}
        for number, token in enumerate(valid)
    ]
    return json.dumps({"tokens": entries})


def containers(pod: Manifest) -> list[tuple[str, int]]:
    """A pod's containers, and how often each was restarted."""
    statuses = pod["status"]["containerStatuses"]
    return [(status["containerID"], status["restartCount"]) for status in statuses]
