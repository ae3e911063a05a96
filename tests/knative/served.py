"""A Knative Service on real nodes, asked through the gateway as monitors ask."""

from __future__ import annotations

import contextlib
import http.client
import json
import re
import time
from collections.abc import Generator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tests.cluster.plane import Manifest
from tests.cluster.service import Answer
from tests.knative.serving import DOMAIN
from tests.node.cluster import Cluster
from tests.node.service import NAME, Installed, kustomization, made_token, setting

SHOP, WEB, BROKEN = "shop", "web", "broken"
"""A namespace, its DaemonSet that is up, and its Deployment that is not."""
UP = f"/api/healthz/{SHOP}/daemonset/{WEB}"
DOWN = f"/api/healthz/{SHOP}/deployment/{BROKEN}"
MISSING = f"/api/healthz/{SHOP}/deployment/nothing"

_LOG_LINE = re.compile(r"^(\S+)Z std(?:out|err) F (.*)$")
# To zero go a window, a grace period and what the autoscaler waits for on the way.
_DEADLINE = 120


@dataclass(slots=True, eq=False)
class Served:
    """A Knative Service.

    Attributes:
        cluster: Where it is.
        gateway: The gateway's address.
        namespace: The service's.
        name: Its own.
        token: What its callers carry.
    """

    cluster: Cluster
    gateway: str
    namespace: str = NAME
    name: str = NAME
    token: str = field(default_factory=made_token, repr=False)

    @property
    def host(self) -> str:
        """What its URL has for a host."""
        return f"{self.name}.{self.namespace}.{DOMAIN}"

    def ask(
        self,
        path: str,
        method: str = "GET",
        *,
        token: str | None = None,
        source: str = "",
        timeout: float = 30,
        **headers: str,
    ) -> Answer:
        """Ask once; from the address `source`, which is one of the nodes'."""
        connection = http.client.HTTPConnection(
            self.gateway, timeout=timeout, source_address=(source, 0) if source else None
        )
        with contextlib.closing(connection):
            token = self.token if token is None else token
            given = {"Host": self.host} | ({"Authorization": f"Bearer {token}"} if token else {})
            named = {name.replace("_", "-"): value for name, value in headers.items()}
            connection.request(method, path, headers=given | named)
            response = connection.getresponse()
            text = response.read().decode()
            is_json = bool(text) and "json" in (response.headers["Content-Type"] or "")
            return Answer(
                response.status,
                {name.lower(): value for name, value in response.headers.items()},
                json.loads(text) if is_json else {"text": text},
            )

    def make_secret(self) -> None:
        """Make the Secret that the overlay takes the token from."""
        Installed(self.cluster, self.namespace, self.token).make_secret(self.name, token=self.token)

    def deploy(
        self, folder: Path, image: str, *patches: Manifest, wait: bool = True
    ) -> tuple[float, Manifest]:
        """Apply the overlay, changed by patches; seconds until it was ready, and what it is."""
        began = time.monotonic()
        kustomization(folder, image, "knative", patches=patches)
        self.cluster.kubectl("apply", "-k", str(folder))
        found = self.wait_ready() if wait else self.get()
        return time.monotonic() - began, found

    def get(self) -> Manifest:
        """The Knative Service itself."""
        return self.find("serving.knative.dev/v1", "services", self.name)

    def find(self, api_version: str, plural: str, name: str) -> Manifest:
        """An object of its namespace."""
        where = f"/apis/{api_version}/namespaces/{self.namespace}/{plural}/{name}"
        return self.cluster.request("GET", where)

    @property
    def revision(self) -> str:
        """The newest revision that is ready."""
        name: str = self.get()["status"]["latestReadyRevisionName"]
        return name

    def wait_ready(self) -> Manifest:
        """Wait until it and its newest revision are ready, and return it."""

        def ready() -> Manifest | None:
            found = self.get()
            status = found.get("status", {})
            latest = status.get("latestCreatedRevisionName")
            seen = status.get("observedGeneration") == found["metadata"]["generation"]
            is_latest = latest and latest == status.get("latestReadyRevisionName")
            return found if seen and is_latest and condition(found, "Ready") == "True" else None

        return self.cluster.wait_until(ready, _DEADLINE, f"{self.name} is ready")

    def pods(self) -> list[Manifest]:
        """The pods of its newest revision that is ready, without those on their way out."""
        return [pod for pod in self._all_pods() if "deletionTimestamp" not in pod["metadata"]]

    def _all_pods(self) -> list[Manifest]:
        selector = f"serving.knative.dev/revision={self.revision}"
        return self.cluster.objects("Pod", self.namespace, selector)

    def log(self, pod: Manifest) -> list[tuple[float, Manifest]]:
        """The lines that a pod's own container has printed, each with the moment that it came."""
        metadata, node = pod["metadata"], pod["spec"]["nodeName"]
        name = f"{metadata['namespace']}_{metadata['name']}_{metadata['uid']}"
        files = (self.cluster.logs(node) / name).glob("*/0.log")
        (file,) = (path for path in files if path.parent.name != "queue-proxy")
        found = (_LOG_LINE.match(line) for line in file.read_text("utf-8").splitlines())
        return [(moment(it[1]), json.loads(it[2])) for it in found if it]

    @contextlib.contextmanager
    def new_pods(self) -> Generator[set[str]]:
        """The names of the pods that it gets until the block ends."""
        known = {pod["metadata"]["name"] for pod in self._all_pods()}
        names: set[str] = set()
        yield names
        # One that has come and gone meanwhile is still on its way out.
        names |= {pod["metadata"]["name"] for pod in self._all_pods()} - known

    def wait_zero(self) -> None:
        """Wait until it has no pods, and requests go to the activator."""

        def at_zero() -> bool:
            revision = self.revision
            serverless = self.find(
                "networking.internal.knative.dev/v1alpha1", "serverlessservices", revision
            )
            deployment = self.cluster.get("Deployment", self.namespace, f"{revision}-deployment")
            is_proxied = serverless["spec"]["mode"] == "Proxy"
            return is_proxied and deployment["spec"]["replicas"] == 0 and not self.pods()

        self.cluster.wait_until(at_zero, _DEADLINE, f"{self.name} is at zero")


def moment(text: str) -> float:
    """Seconds since the epoch of a time in UTC, such as the runtime prints, with nanoseconds."""
    whole, _, fraction = text.replace(" ", "T").partition(".")
    at = datetime.fromisoformat(whole).replace(tzinfo=UTC).timestamp()
    return at + float(f"0.{fraction or 0}")


def variable(name: str, value: str) -> Manifest:
    """A patch of the overlay that gives the service an environment variable."""
    where = "/spec/template/spec/containers/0/env/-"
    return setting("Service", NAME, where, {"name": name, "value": value})


def annotated(**values: str) -> Manifest:
    """A patch of the overlay that annotates its revisions, as in `autoscaling__target="1"`."""
    named = {
        f"{group}.knative.dev/{key.replace('_', '-')}": text
        for (group, _, key), text in ((name.partition("__"), it) for name, it in values.items())
    }
    return setting("Service", NAME, "/spec/template/metadata", {"annotations": named})


def condition(found: Manifest, kind: str) -> str:
    """The status of an object's condition: True, False or Unknown; empty where it has none."""
    conditions: list[dict[str, Any]] = found.get("status", {}).get("conditions", [])
    return next((str(it["status"]) for it in conditions if it["type"] == kind), "")


def is_ready(pod: Manifest) -> bool:
    """Whether the kubelet says so."""
    return condition(pod, "Ready") == "True"
