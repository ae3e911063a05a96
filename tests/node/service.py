"""The service in a cluster of real nodes: installed from `deploy/`, asked through its Service."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import re
import ssl
import subprocess
import sys
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import yaml

from tests.cluster.plane import Manifest
from tests.cluster.service import Answer
from tests.node.cluster import ROOT, Cluster
from tests.node.namespace import INSIDE, cgroups

DEPLOY = ROOT / "deploy"
NAME = "k8s-heartbeat"
"""What the service's objects are called, and the namespace of the classic overlay."""
SELECTOR = f"app.kubernetes.io/name={NAME}"

# A pod starts in a second or two; on a machine that does much else in many more.
_DEADLINE = 120
_PROBES = re.compile(r"^prober_probe_total\{(.*)\} (\d+)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Memory:
    """What the kernel counted of a container's memory.

    Attributes:
        used: Bytes now, without what could be dropped at once.
        peak: The most that it ever was, in bytes, with the pages of files.
        limit: In bytes.
        kills: How often a process was killed for being past it.
    """

    used: int
    peak: int
    limit: int
    kills: int


def made_token() -> str:
    """A token that the service's own command has made."""
    command = [sys.executable, "-m", "k8s_heartbeat", "token"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return done.stdout.strip()


@dataclass(slots=True)
class Installed:
    """The service in a namespace of a cluster.

    Attributes:
        cluster: Where it is.
        namespace: The service's.
        token: What its callers carry.
        name: What its Deployment and its Service are called.
    """

    cluster: Cluster
    namespace: str = NAME
    token: str = field(default_factory=made_token, repr=False)
    name: str = NAME

    def make_secret(self, name: str, **values: str) -> None:
        """Make a Secret as the README does, or have it hold these values from now on."""
        create = ("create", "secret", "generic", name, "--namespace", self.namespace)
        literals = (
            f"--from-literal={key.replace('_', '.')}={text}" for key, text in values.items()
        )
        made = self.cluster.kubectl(*create, *literals, "--dry-run=client", "-o", "json")
        self.cluster.apply(json.loads(made))

    def roll_out(self, deadline: float = _DEADLINE) -> None:
        """Wait until the newest pods are those that there are, and all of them available."""
        self.cluster.wait_for("Deployment", self.namespace, self.name, rolled_out, deadline)

    def pods(self) -> list[Manifest]:
        """Its pods that are not on their way out."""
        pods = self.cluster.objects("Pod", self.namespace, SELECTOR)
        return [pod for pod in pods if "deletionTimestamp" not in pod["metadata"]]

    @property
    def address(self) -> str:
        """The Service's."""
        service = self.cluster.get("Service", self.namespace, self.name)
        address: str = service["spec"]["clusterIP"]
        return address

    def ask(
        self, path: str, *, address: str = "", token: str | None = None, timeout: float = 15
    ) -> Answer:
        """GET a path by the Service's address, or from one pod."""
        host, _, port = (address or self.address).partition(":")
        connection = http.client.HTTPConnection(host, int(port or 80), timeout=timeout)
        with contextlib.closing(connection):
            headers = {"Authorization": f"Bearer {self.token if token is None else token}"}
            connection.request("GET", path, headers=headers)
            response = connection.getresponse()
            text = response.read().decode()
            is_json = "json" in (response.headers["Content-Type"] or "")
            return Answer(
                response.status,
                {name.lower(): value for name, value in response.headers.items()},
                json.loads(text) if is_json else {"text": text},
            )

    def answers(self, path: str, *codes: int, token: str | None = None) -> Answer:
        """Ask by the Service's address until it answers with one of these codes."""

        def asked() -> Answer | None:
            with contextlib.suppress(OSError, http.client.HTTPException):
                answer = self.ask(path, token=token)
                return answer if answer.code in codes else None
            return None

        return self.cluster.wait_until(asked, _DEADLINE, f"{path} answers {codes}")

    # --- what the node knows ---

    def memory(self, pod: Manifest) -> Memory:
        """What the kernel counted of a pod's container."""
        (status,) = pod["status"]["containerStatuses"]
        container = status["containerID"].rpartition("/")[2]
        group = f"{os.environ[INSIDE]}/{pod['spec']['nodeName']}"
        for parent in cgroups(group):
            for found in parent.rglob(container):
                if (found / "memory.limit_in_bytes").exists():
                    return _memory_of_version_1(found)
                if (found / "memory.max").exists():
                    return _memory_of_version_2(found)
        raise AssertionError(f"no control group of {container} below {group}")


def probed(node: str, pod: Manifest, kind: str, result: str = "successful") -> int:
    """How often the kubelet at an address has had this result of a pod's probe of this kind."""
    name = pod["metadata"]["name"]
    # Its certificate is one that it made itself.
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    connection = http.client.HTTPSConnection(node, 10250, timeout=15, context=context)
    with contextlib.closing(connection):
        connection.request("GET", "/metrics/probes")
        text = connection.getresponse().read().decode()
    wanted = {f'pod="{name}"', f'probe_type="{kind}"', f'result="{result}"'}
    return sum(
        int(count) for labels, count in _PROBES.findall(text) if wanted <= {*labels.split(",")}
    )


def address_of(node: Manifest) -> str:
    """A node's address."""
    addresses = node["status"]["addresses"]
    found: str = next(item["address"] for item in addresses if item["type"] == "InternalIP")
    return found


def rolled_out(deployment: Manifest) -> bool:
    """Whether all pods are of the newest kind, available, and no others are left."""
    status, wanted = deployment["status"], deployment["spec"]["replicas"]
    counts = (status.get(name, 0) for name in ("replicas", "updatedReplicas", "availableReplicas"))
    seen = status.get("observedGeneration") == deployment["metadata"]["generation"]
    return seen and set(counts) == {wanted} and not status.get("terminatingReplicas")


def kustomization(
    folder: Path,
    image: str,
    overlay: str,
    components: Sequence[str] = (),
    **more: object,
) -> Path:
    """A kustomization as an operator writes it: an overlay, components, the image."""
    folder.mkdir(parents=True, exist_ok=True)
    deploy = Path(os.path.relpath(DEPLOY, folder.resolve()))
    name, _, tag = image.rpartition(":")
    content: Mapping[str, object] = {
        "apiVersion": "kustomize.config.k8s.io/v1beta1",
        "kind": "Kustomization",
        "resources": [str(deploy / "overlays" / overlay)],
        "components": [str(deploy / "components" / component) for component in components],
        "images": [{"name": NAME, "newName": name, "newTag": tag}],
        **more,
    }
    (folder / "kustomization.yaml").write_text(yaml.safe_dump(content), encoding="utf-8")
    return folder


def setting(kind: str, name: str, path: str, value: object) -> Manifest:
    """A patch of a kustomization that gives an object's field a value, in place of one or not."""
    operation = {"op": "add", "path": path, "value": value}
    return {"target": {"kind": kind, "name": name}, "patch": json.dumps([operation])}


@contextlib.contextmanager
def cordoned(cluster: Cluster, node: str) -> Generator[None]:
    """See that a node takes pods again at the end, whatever has happened to it."""
    try:
        yield
    finally:
        cluster.kubectl("uncordon", node)


def _memory_of_version_1(group: Path) -> Memory:
    def number(name: str) -> int:
        return int((group / f"memory.{name}").read_text(encoding="ascii"))

    stat, control = _table(group / "memory.stat"), _table(group / "memory.oom_control")
    used = number("usage_in_bytes") - stat["total_inactive_file"]
    peak, limit = number("max_usage_in_bytes"), number("limit_in_bytes")
    return Memory(used, peak, limit, control["oom_kill"])


def _memory_of_version_2(group: Path) -> Memory:
    def number(name: str) -> int:
        return int((group / f"memory.{name}").read_text(encoding="ascii"))

    stat, events = _table(group / "memory.stat"), _table(group / "memory.events")
    used = number("current") - stat["inactive_file"]
    return Memory(used, number("peak"), number("max"), events["oom_kill"])


def _table(file: Path) -> dict[str, int]:
    lines = (line.split() for line in file.read_text(encoding="ascii").splitlines())
    return {name: int(value) for name, value in lines}
