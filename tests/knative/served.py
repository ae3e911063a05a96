"""A Knative Service on real nodes, asked through the gateway as monitors ask."""

from __future__ import annotations

import contextlib
import http.client
import json
from dataclasses import dataclass, field
from typing import Any

from tests.cluster.plane import Manifest
from tests.cluster.service import Answer
from tests.knative.serving import DOMAIN
from tests.node.cluster import Cluster
from tests.node.service import NAME, made_token

SERVICE = "serving.knative.dev/v1 Service"
# To zero go a window, a grace period and what the autoscaler waits for on the way.
_DEADLINE = 120


@dataclass(slots=True)
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
        """Its pods that are not on their way out."""
        selector = f"serving.knative.dev/service={self.name}"
        pods = self.cluster.objects("Pod", self.namespace, selector)
        return [pod for pod in pods if "deletionTimestamp" not in pod["metadata"]]

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


def condition(found: Manifest, kind: str) -> str:
    """The status of an object's condition: True, False or Unknown; empty where it has none."""
    conditions: list[dict[str, Any]] = found.get("status", {}).get("conditions", [])
    return next((str(it["status"]) for it in conditions if it["type"] == kind), "")
