"""A Kubernetes control plane on loopback ports, for tests and for people.

`python -m tests.cluster.plane hold` starts one, prints its kubeconfig and stays until interrupted.
"""

from __future__ import annotations

import base64
import contextlib
import http.client
import json
import os
import secrets
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple, Self, TypeVar
from urllib.parse import quote, urlencode

from tests.cluster import build

Manifest = dict[str, Any]
T = TypeVar("T")

HERE = Path(__file__).resolve().parent
ADMIN = "admin"
SERVICES = "10.0.0.0/16"
"""The addresses of Services."""
POOL = "kubelet.test/pool"
"""The label and taint of nodes that are kept for somebody."""

_ISSUER = "https://kubernetes.default.svc"
OWN_KUBELET = "kubelet.test/own-kubelet"
_OWNED = ("Job", "ReplicaSet", "ControllerRevision", "Pod", "EndpointSlice")
# Both sides of a node's life: the grace period must outlast several leases.
_LEASE_SECONDS = 4
_GRACE_SECONDS = 12
# TokenRequest refuses less.
_SHORTEST_REQUESTED_TOKEN = 600
# What the API server forgives after a token's expiry.
_EXPIRY_LEEWAY = 60


class PlaneError(Exception):
    """The control plane did not start, or stopped answering."""


class ApiError(Exception):
    """The API server answered with an error."""

    def __init__(self, code: int, reason: str, message: str) -> None:
        super().__init__(f"{code} {reason}: {message}")
        self.code = code
        self.reason = reason


class Audited(NamedTuple):
    """What one request to the API server asked for, as RBAC sees it."""

    verb: str
    group: str
    resource: str
    subresource: str


@dataclass(frozen=True, slots=True)
class _Resource:
    """Where the objects of a kind are served."""

    api_version: str
    plural: str
    namespaced: bool

    def path(self, namespace: str, name: str = "", subresource: str = "") -> str:
        root = "/apis/" if "/" in self.api_version else "/api/"
        parts = [root + self.api_version]
        if self.namespaced and namespace:
            parts += ["namespaces", namespace]
        parts += [self.plural, quote(name, safe=""), subresource]
        return "/".join(part for part in parts if part)


class _Supervisor:
    """The child that holds all processes and the temporary folder."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-S", str(HERE / "supervisor.py"), "supervise"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            # Ctrl-C is for the parent: the supervisor follows it, in its own time.
            start_new_session=True,
        )
        self.home = Path(self._reply()["home"])

    def ask(self, **request: object) -> Mapping[str, int]:
        """Send one request; the answer names the parts that ended and their exit codes."""
        with self._lock:
            assert self._process.stdin
            try:
                self._process.stdin.write(json.dumps(request) + "\n")
                self._process.stdin.flush()
            except (OSError, ValueError) as error:
                raise PlaneError("the control plane is closed") from error
            ended: Mapping[str, int] = self._reply()["ended"]
            return ended

    def _reply(self) -> Manifest:
        assert self._process.stdout
        line = self._process.stdout.readline()
        if not line:
            raise PlaneError("the supervisor of the control plane died")
        reply: Manifest = json.loads(line)
        return reply

    def close(self) -> None:
        """End every process and remove every file; returns when that is done."""
        assert self._process.stdin
        assert self._process.stdout
        with contextlib.suppress(OSError):
            self._process.stdin.close()
        self._process.stdout.close()
        try:
            self._process.wait(30)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        # Left over only where the supervisor was killed.
        shutil.rmtree(self.home, ignore_errors=True)


class ControlPlane:
    """etcd, the API server, the controllers, the scheduler and kubelets of kwok, as processes."""

    address = "127.0.0.1"
    """Where the API server listens."""
    poll = 0.05
    """Seconds between two looks while something is waited for."""
    home: Path
    """The temporary folder of everything that this control plane writes."""
    server: str
    """The API server's URL."""
    certificate: Path
    """The API server's own certificate, which is also the authority that it verifies against."""
    kubeconfig: Path
    """The administrator's kubeconfig."""

    def __init__(self, binaries: Path | None = None, deadline: float = 60) -> None:
        """Take the binaries from the cache unless told where; allow so many seconds to start."""
        self._given_binaries = binaries
        self._deadline = deadline
        self._supervisor: _Supervisor | None = None
        self._commands: dict[str, list[str]] = {}
        self._running: set[str] = set()
        self._resources: dict[str, _Resource] = {}
        self._kubelets = 0
        self._tls: ssl.SSLContext | None = None
        self._idle: list[http.client.HTTPSConnection] = []

    # --- start and end ---

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def start(self) -> None:
        """Start every part and return when the API server and the controllers work."""
        binaries = self._given_binaries or build.find(build.CONTROL_PLANE)
        if binaries is None:
            raise PlaneError("the control plane is not built: run `python -m tests.cluster.build`")
        self._binary, self._kwok = str(binaries / "control-plane"), str(binaries / "kwok")
        self._supervisor = _Supervisor()
        self.home = self._supervisor.home
        try:
            self._configure()
            self._start_all()
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """End every process and remove every file."""
        supervisor, self._supervisor = self._supervisor, None
        self._running.clear()
        while self._idle:
            self._idle.pop().close()
        if supervisor:
            supervisor.close()

    def _configure(self) -> None:
        api, client, peer = _free_ports(3)
        self.server = f"https://{self.address}:{api}"
        self.certificate = self.home / "certificates" / "apiserver.crt"
        self._tokens = {ADMIN: secrets.token_hex(16), "control-plane": secrets.token_hex(16)}
        self._write_files()
        self._key = self.home / "service-account.key"
        _openssl("genrsa", "-out", str(self._key), "2048")
        self._commands = self._part_commands(api, client, peer)

    def _write_files(self) -> None:
        rows = [f'{token},{user},{user},"system:masters"' for user, token in self._tokens.items()]
        self._write("tokens.csv", "\n".join(rows) + "\n")
        # The parts' own traffic would drown what the tests look for.
        rules = [
            {"level": "None", "users": ["control-plane", "system:apiserver"]},
            # What came back shows in which form it was asked for; the secrets here are none.
            {
                "level": "RequestResponse",
                "omitStages": ["RequestReceived"],
                "verbs": ["get", "list"],
                "resources": [{"group": "", "resources": ["secrets"]}],
            },
            {"level": "Metadata", "omitStages": ["RequestReceived"]},
        ]
        policy = {"apiVersion": "audit.k8s.io/v1", "kind": "Policy", "rules": rules}
        self._write("audit-policy.json", json.dumps(policy))
        admin = {"token": self._tokens[ADMIN]}
        self.kubeconfig = self._write_kubeconfig("admin.kubeconfig", admin)
        parts = {"token": self._tokens["control-plane"]}
        self._parts_kubeconfig = self._write_kubeconfig("parts.kubeconfig", parts)

    def _write(self, name: str, text: str) -> Path:
        """Write a file that only its owner reads, whole or not at all."""
        path = self.home / name
        scratch = path.with_name(f".{name}.new")
        descriptor = os.open(scratch, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
        scratch.replace(path)
        return path

    def _write_kubeconfig(self, name: str, user: Mapping[str, str], namespace: str = "") -> Path:
        cluster = {"server": self.server, "certificate-authority": str(self.certificate)}
        context = {"cluster": "test", "user": "test", "namespace": namespace or "default"}
        config = {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": "test",
            "clusters": [{"name": "test", "cluster": cluster}],
            "contexts": [{"name": "test", "context": context}],
            "users": [{"name": "test", "user": dict(user)}],
        }
        return self._write(name, json.dumps(config, indent=2) + "\n")

    def _part_commands(self, api: int, client: int, peer: int) -> dict[str, list[str]]:
        home, key, config = self.home, str(self._key), str(self._parts_kubeconfig)
        etcd_url, peer_url = f"http://127.0.0.1:{client}", f"http://127.0.0.1:{peer}"
        return {
            "etcd": _command(
                [self._binary, "etcd"],
                data_dir=str(home / "etcd"),
                unsafe_no_fsync="true",
                listen_client_urls=etcd_url,
                advertise_client_urls=etcd_url,
                listen_peer_urls=peer_url,
                initial_advertise_peer_urls=peer_url,
                initial_cluster=f"default={peer_url}",
                log_level="warn",
            ),
            "kube-apiserver": _command(
                [self._binary, "kube-apiserver"],
                etcd_servers=etcd_url,
                bind_address=self.address,
                advertise_address=self.address,
                secure_port=str(api),
                cert_dir=str(self.certificate.parent),
                token_auth_file=str(home / "tokens.csv"),
                authorization_mode="RBAC",
                service_account_issuer=_ISSUER,
                service_account_key_file=key,
                service_account_signing_key_file=key,
                service_cluster_ip_range=SERVICES,
                endpoint_reconciler_type="none",
                audit_policy_file=str(home / "audit-policy.json"),
                audit_log_path=str(home / "audit.log"),
            ),
            "kube-controller-manager": _command(
                [self._binary, "kube-controller-manager"],
                kubeconfig=config,
                leader_elect="false",
                secure_port="0",
                # It publishes an authority, and the API server's own certificate is none.
                controllers="*,-kube-apiserver-serving-clustertrustbundle-publisher-controller",
                root_ca_file=str(self.certificate),
                service_account_private_key_file=key,
                node_monitor_period="1s",
                node_monitor_grace_period=f"{_GRACE_SECONDS}s",
                # It looks at a new autoscaler only once a period is over.
                horizontal_pod_autoscaler_sync_period="1s",
            ),
            "kube-scheduler": _command(
                [self._binary, "kube-scheduler"],
                kubeconfig=config,
                leader_elect="false",
                secure_port="0",
            ),
            # Nodes with a kubelet of their own can be lost one by one.
            "kwok": self._kwok_command(0, manage_nodes_with_label_selector=f"!{OWN_KUBELET}"),
        }

    def _kwok_command(self, number: int, **nodes: str) -> list[str]:
        """The command of the so many-th kubelet, with addresses that no other one gives out."""
        return _command(
            [self._kwok],
            kubeconfig=str(self._parts_kubeconfig),
            config=str(HERE / "stages.yaml"),
            cidr=f"10.{128 + number}.0.0/16",
            node_ip=f"192.0.2.{1 + number}",
            node_lease_duration_seconds=str(_LEASE_SECONDS),
            v="WARN",
            **nodes,
        )

    def _start_all(self) -> None:
        self.start_part("etcd")
        self.start_part("kube-apiserver")
        for part in ("kube-controller-manager", "kube-scheduler", "kwok"):
            self.start_part(part)
        self.wait_until(
            lambda: self.find("ServiceAccount", "default", "default"),
            self._deadline,
            "the controller manager made the default service account",
        )

    def start_part(self, part: str) -> None:
        """Start a part; for the API server, return when it is ready, on the port it had."""
        self._ask(do="start", name=part, command=self._commands[part])
        self._running.add(part)
        if part == "kube-apiserver":
            self.wait_until(self.ready, self._deadline, "the API server is ready")

    def stop_part(self, part: str, grace: float = 0) -> None:
        """Stop a part: killed, or asked and given so many seconds first."""
        self._running.discard(part)
        self._ask(do="stop", name=part, grace=grace)

    @contextlib.contextmanager
    def paused(self, part: str) -> Generator[None]:
        """Have a part that hangs: its sockets are open, and nothing comes out of them."""
        self._ask(do="signal", name=part, number=signal.SIGSTOP)
        try:
            yield
        finally:
            self._ask(do="signal", name=part, number=signal.SIGCONT)

    def parts(self) -> set[str]:
        """The names of the parts that should be running."""
        return set(self._running)

    def ready(self) -> bool:
        """Whether the API server says that it is ready."""
        try:
            self._send("GET", "/readyz")
        except (ApiError, OSError, http.client.HTTPException):
            return False
        return True

    def _ask(self, **request: object) -> None:
        if self._supervisor is None:
            raise PlaneError("the control plane is closed")
        ended = self._supervisor.ask(**request)
        for part, code in ended.items():
            if part in self._running:
                self._running.discard(part)
                raise PlaneError(f"{part} ended with {code}\n{self.tail(part)}")

    def output(self, part: str) -> Path:
        """The file of what a part printed."""
        return self.home / f"{part}.log"

    def tail(self, *parts: str, lines: int = 10) -> str:
        """The last lines, clipped, that these parts printed, or all of them."""
        texts: list[str] = []
        for part in parts or sorted(self._commands):
            with contextlib.suppress(OSError):
                text = self.output(part).read_text(encoding="utf-8", errors="replace")
                last = [line[:300] for line in text.splitlines()[-lines:]]
                texts.append("\n".join([f"--- {part}", *last]))
        return "\n".join(texts)

    # --- waiting ---

    def wait_until(
        self, predicate: Callable[[], T | None], deadline: float = 30, what: str = "it is so"
    ) -> T:
        """Ask until the predicate's answer is true, and return it."""
        end = time.monotonic() + deadline
        while True:
            answer = predicate()
            if answer:
                return answer
            # A part that died will not make it true.
            self._ask(do="look")
            if time.monotonic() > end:
                raise PlaneError(f"waited {deadline:g} s until {what}\n{self.tail()}")
            time.sleep(self.poll)

    def wait_for(
        self,
        kind: str,
        namespace: str,
        name: str,
        predicate: Callable[[Manifest], object],
        deadline: float = 30,
    ) -> Manifest:
        """Ask for an object until it satisfies the predicate, and return it."""
        seen: Manifest = {}

        def settled() -> Manifest | None:
            seen.update(last=self.find(kind, namespace, name))
            return seen["last"] if seen["last"] and predicate(seen["last"]) else None

        try:
            return self.wait_until(settled, deadline, f"{kind} {namespace}/{name} settled")
        except PlaneError as error:
            last: Manifest | None = seen.get("last")
            status = last.get("status") if last else None
            raise PlaneError(f"{error}\n--- status\n{json.dumps(status, indent=1)}") from None

    def wait_gone(self, kind: str, namespace: str, name: str, deadline: float = 30) -> None:
        """Wait until an object no longer exists."""
        what = f"{kind} {namespace}/{name} is gone"
        self.wait_until(lambda: self.find(kind, namespace, name) is None, deadline, what)

    # --- objects ---

    def kubectl(self, *args: str, kubeconfig: Path | None = None) -> str:
        """Run kubectl as the administrator, or with another kubeconfig; returns its output."""
        environment = {
            "PATH": os.environ.get("PATH", os.defpath),
            "HOME": str(self.home),
            "KUBECONFIG": str(kubeconfig or self.kubeconfig),
        }
        done = subprocess.run(
            [self._binary, "kubectl", *args],
            capture_output=True,
            text=True,
            env=environment,
            check=False,
        )
        if done.returncode != 0:
            raise PlaneError(f"kubectl {' '.join(args)}: {done.stderr.strip()}")
        return done.stdout

    def request(
        self,
        method: str,
        path: str,
        body: object = None,
        content_type: str = "application/json",
    ) -> Manifest:
        """Send one request to the API server as the administrator."""
        payload = None if body is None else json.dumps(body).encode()
        answer: Manifest = json.loads(self._send(method, path, payload, content_type))
        return answer

    def _send(
        self,
        method: str,
        path: str,
        payload: bytes | None = None,
        content_type: str = "",
        token: str = "",
    ) -> bytes:
        headers = {"Authorization": f"Bearer {token or self._tokens[ADMIN]}"}
        if payload is not None:
            headers["Content-Type"] = content_type
        # A token is tried on a connection that has not seen another one.
        while self._idle and not token:
            connection = self._idle.pop()
            # The server may have ended it meanwhile.
            with contextlib.suppress(ConnectionError, ssl.SSLError):
                return self._exchange(connection, method, path, payload, headers)
        return self._exchange(self._connection(), method, path, payload, headers)

    def _connection(self, timeout: float | None = 30) -> http.client.HTTPSConnection:
        if self._tls is None:
            self._tls = ssl.create_default_context(cafile=str(self.certificate))
        host = self.server.removeprefix("https://")
        return http.client.HTTPSConnection(host, context=self._tls, timeout=timeout)

    def _exchange(
        self,
        connection: http.client.HTTPSConnection,
        method: str,
        path: str,
        payload: bytes | None,
        headers: Mapping[str, str],
    ) -> bytes:
        """Send one request and read the answer; the connection is kept for the next one."""
        try:
            connection.request(method, path, payload, headers)
            response = connection.getresponse()
            data = response.read()
        except BaseException:
            connection.close()
            raise
        self._idle.append(connection)
        if response.status >= 400:
            raise _api_error(response.status, data)
        return data

    def apply(
        self, manifests: Manifest | list[Manifest], *, dry_run: bool = False
    ) -> list[Manifest]:
        """Create or change objects by server-side apply; returns them as the server holds them.

        With `dry_run` nothing is changed, and a field that is not known is refused.
        """
        rehearsal = {"dryRun": "All", "fieldValidation": "Strict"} if dry_run else {}
        query = urlencode({"fieldManager": "tests", "force": "true", **rehearsal})
        applied: list[Manifest] = []
        for manifest in manifests if isinstance(manifests, list) else [manifests]:
            metadata = manifest["metadata"]
            resource = self._resource(manifest["kind"], manifest["apiVersion"])
            path = resource.path(metadata.get("namespace", "default"), metadata["name"])
            kind = "application/apply-patch+yaml"
            applied.append(self.request("PATCH", f"{path}?{query}", manifest, kind))
        return applied

    def get(self, kind: str, namespace: str, name: str) -> Manifest:
        """One object, or an ApiError."""
        return self.request("GET", self._resource(kind).path(namespace, name))

    def find(self, kind: str, namespace: str, name: str) -> Manifest | None:
        """One object, or None where it does not exist."""
        try:
            return self.get(kind, namespace, name)
        except ApiError as error:
            if error.code != 404:
                raise
            return None

    def objects(self, kind: str, namespace: str = "", labels: str = "") -> list[Manifest]:
        """All objects of a kind, each with its apiVersion and kind, which lists leave out."""
        resource = self._resource(kind)
        query = f"?{urlencode({'labelSelector': labels})}" if labels else ""
        items = self.request("GET", resource.path(namespace) + query)["items"]
        return [{"apiVersion": resource.api_version, "kind": kind} | item for item in items]

    @contextlib.contextmanager
    def watch(self, kind: str, namespace: str) -> Generator[Iterator[Manifest]]:
        """The events of a watch, from now until the block ends, for a thread to wait for."""
        where = self._resource(kind).path(namespace)
        version = self.request("GET", where)["metadata"]["resourceVersion"]
        query = urlencode({"watch": "true", "resourceVersion": version})
        connection = self._connection(timeout=None)
        headers = {"Authorization": f"Bearer {self._tokens[ADMIN]}"}
        connection.request("GET", f"{where}?{query}", headers=headers)
        response, transport = connection.getresponse(), connection.sock
        try:
            yield _events(connection, response)
        finally:
            # Whoever waits for the next event is told that there is none, and then closes it.
            transport.shutdown(socket.SHUT_RDWR)

    def patch(
        self, kind: str, namespace: str, name: str, change: Manifest, subresource: str = ""
    ) -> Manifest:
        """Change an object by a JSON merge patch; for a pod's status, by a strategic one."""
        path = self._resource(kind).path(namespace, name, subresource)
        strategic = kind == "Pod" and subresource == "status"
        merge = "strategic-merge-patch" if strategic else "merge-patch"
        return self.request("PATCH", path, change, f"application/{merge}+json")

    def delete(self, kind: str, namespace: str, name: str, propagation: str = "Background") -> None:
        """Delete an object, if it exists."""
        path = self._resource(kind).path(namespace, name)
        try:
            self.request("DELETE", path, {"propagationPolicy": propagation})
        except ApiError as error:
            if error.code != 404:
                raise

    def _resource(self, kind: str, api_version: str = "") -> _Resource:
        """Where a kind is served; of several, `serving.knative.dev/v1 Service` says which."""
        for _ in range(2):
            for key in (f"{api_version} {kind}", kind):
                found = self._resources.get(key)
                if found and api_version in ("", found.api_version):
                    return found
            # A CustomResourceDefinition may be newer than what was asked for last.
            self._discover()
        raise PlaneError(f"the API server serves no {api_version} {kind}")

    def _discover(self) -> None:
        groups = self.request("GET", "/apis")["groups"]
        versions = ["v1", *(item["groupVersion"] for group in groups for item in group["versions"])]
        for version in versions:
            root = "/apis/" if "/" in version else "/api/"
            for item in self._served(root + version):
                if "/" not in item["name"] and "get" in item["verbs"]:
                    found = _Resource(version, item["name"], item["namespaced"])
                    self._resources[f"{version} {item['kind']}"] = found
                    self._resources.setdefault(item["kind"], found)

    def _served(self, path: str) -> list[Manifest]:
        try:
            resources: list[Manifest] = self.request("GET", path)["resources"]
        except ApiError as error:
            # An APIService may have nobody behind it, and a definition may be gone by now.
            if error.code not in (404, 503):
                raise
            return []
        return resources

    def namespace(self, name: str, labels: Mapping[str, str] | None = None) -> str:
        """Make a namespace and wait until pods can be created in it."""
        metadata = {"name": name, "labels": dict(labels or {})}
        self.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": metadata})
        self.wait_until(
            lambda: self.find("ServiceAccount", name, "default"),
            what=f"namespace {name} has its service account",
        )
        return name

    def pods_of(self, kind: str, namespace: str, name: str) -> list[Manifest]:
        """The pods that belong to an object, by owner."""
        return [item for item in self.dump(kind, namespace, name)["items"] if item["kind"] == "Pod"]

    def dump(self, kind: str, namespace: str, name: str) -> Manifest:
        """The object, all that it owns and all events about these, as a v1 List.

        A claim's StorageClass and the pods that use it are in it too.
        """
        root = self.find(kind, namespace, name)
        items: list[Manifest] = [root] if root else []
        owners = {item["metadata"]["uid"] for item in items}
        # What stands in no namespace owns nothing here, and its events are in another place.
        for owned_kind in _OWNED if namespace else ():
            owned = [item for item in self.objects(owned_kind, namespace) if _owned(item, owners)]
            owners |= {item["metadata"]["uid"] for item in owned}
            items += owned
        for event in self.objects("Event", namespace or "default"):
            if event["involvedObject"].get("uid") in owners:
                items.append(event)
        if root and kind == "PersistentVolumeClaim":
            items += self._around_claim(root)
        return {"apiVersion": "v1", "kind": "List", "items": items}

    def _around_claim(self, claim: Manifest) -> list[Manifest]:
        """The StorageClass of a claim and the pods that use it."""
        name, namespace = claim["metadata"]["name"], claim["metadata"]["namespace"]
        storage_class = self.find("StorageClass", "", claim["spec"].get("storageClassName", "-"))
        users = [item for item in self.objects("Pod", namespace) if name in _claims(item)]
        return [*([storage_class] if storage_class else []), *users]

    # --- nodes ---

    def add_nodes(self, count: int, prefix: str = "node") -> list[str]:
        """Add nodes that share a kubelet and wait until pods can be scheduled to them."""
        names = [f"{prefix}-{index}" for index in range(count)]
        for name in names:
            self.apply(_node(name))
        for name in names:
            self.wait_for("Node", "", name, schedulable)
        return names

    def add_node(self, name: str, pool: str) -> str:
        """Add a node with a kubelet of its own, so that it can be lost; returns that part's name.

        Only pods that ask for its pool and tolerate it are scheduled there.
        """
        part = f"kwok-{name}"
        node = _node(name, {OWN_KUBELET: "true", POOL: pool})
        node["spec"] = {"taints": [{"key": POOL, "value": pool, "effect": "NoSchedule"}]}
        self.apply(node)
        self._kubelets += 1
        self._commands[part] = self._kwok_command(self._kubelets, manage_single_node=name)
        self.start_part(part)
        self.wait_for("Node", "", name, schedulable)
        return part

    def remove_node(self, name: str) -> None:
        """Remove a node, and its kubelet where it has one of its own."""
        if f"kwok-{name}" in self._running:
            self.stop_part(f"kwok-{name}")
        self.delete("Node", "", name)

    # --- identities ---

    def token(self, namespace: str, name: str, seconds: int = 3600) -> str:
        """A token of a service account that works for so many seconds, give or take the cache.

        The API server does not issue tokens for less than ten minutes, forgives a minute after
        their expiry and remembers for ten seconds that a token was good. A shorter one is
        signed here with the cluster's own key, and its expiry stands a minute early.
        """
        if seconds >= _SHORTEST_REQUESTED_TOKEN:
            path = self._resource("ServiceAccount").path(namespace, name, "token")
            spec = {"expirationSeconds": seconds}
            kind = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest"}
            answer = self.request("POST", path, {**kind, "spec": spec})
            issued: str = answer["status"]["token"]
            return issued
        uid = self.get("ServiceAccount", namespace, name)["metadata"]["uid"]
        now = int(time.time())
        claims = {
            "aud": [_ISSUER],
            "iss": _ISSUER,
            "sub": f"system:serviceaccount:{namespace}:{name}",
            "iat": now - 2 * _EXPIRY_LEEWAY,
            "nbf": now - 2 * _EXPIRY_LEEWAY,
            "exp": now + seconds - _EXPIRY_LEEWAY,
            "jti": secrets.token_hex(8),
            "kubernetes.io": {
                "namespace": namespace,
                "serviceaccount": {"name": name, "uid": uid},
            },
        }
        return self._sign(claims)

    def _sign(self, claims: Manifest) -> str:
        # Without a key id the API server tries every key that it has.
        head = _base64url(json.dumps({"alg": "RS256", "typ": "JWT"}).encode())
        text = f"{head}.{_base64url(json.dumps(claims).encode())}"
        signature = _openssl("dgst", "-sha256", "-sign", str(self._key), data=text.encode())
        return f"{text}.{_base64url(signature)}"

    def service_account_kubeconfig(
        self, namespace: str, name: str, seconds: int = 3600
    ) -> tuple[Path, Path]:
        """A kubeconfig of a service account, and the token file that it names."""
        token_file = self.write_token(namespace, name, seconds)
        user = {"tokenFile": str(token_file)}
        config = self._write_kubeconfig(f"{namespace}-{name}.kubeconfig", user, namespace)
        return config, token_file

    def write_token(self, namespace: str, name: str, seconds: int = 3600) -> Path:
        """Replace the token in a service account's token file, as a kubelet does."""
        return self._write(f"{namespace}-{name}.token", self.token(namespace, name, seconds))

    def accepts(self, token: str) -> bool:
        """Whether the API server takes a token, asked on a connection of its own."""
        try:
            self._send("GET", "/version", token=token)
        except ApiError as error:
            if error.code == http.client.UNAUTHORIZED:
                return False
            raise
        return True

    # --- audit ---

    def audit_events(self, user: str) -> set[Audited]:
        """What a user asked the API server for, as far as it concerns resources.

        A service account's user is `system:serviceaccount:NAMESPACE:NAME`.
        """
        return {
            Audited(
                event["verb"],
                event["objectRef"].get("apiGroup", ""),
                event["objectRef"]["resource"],
                event["objectRef"].get("subresource", ""),
            )
            for event in self._audit_lines()
            if event["user"].get("username") == user and "resource" in event.get("objectRef", {})
        }

    def audit_responses(self, user: str, resource: str) -> set[str]:
        """The kinds of what the API server answered a user who read a resource; of secrets only."""
        return {
            event["responseObject"]["kind"]
            for event in self._audit_lines()
            if event["user"].get("username") == user
            and event.get("objectRef", {}).get("resource") == resource
            and "responseObject" in event
        }

    def audit_paths(self, user: str) -> set[tuple[str, str]]:
        """The verbs and paths that a user asked for outside the resources, such as /version."""
        return {
            (event["verb"], event["requestURI"].partition("?")[0])
            for event in self._audit_lines()
            if event["user"].get("username") == user and "objectRef" not in event
        }

    def _audit_lines(self) -> Iterator[Manifest]:
        with (self.home / "audit.log").open(encoding="utf-8") as file:
            for line in file:
                # The last line may be half written.
                if line.endswith("\n"):
                    yield json.loads(line)


def _events(
    connection: http.client.HTTPSConnection, response: http.client.HTTPResponse
) -> Iterator[Manifest]:
    with (
        contextlib.closing(connection),
        response,
        contextlib.suppress(OSError, http.client.HTTPException),
    ):
        for line in response:
            yield json.loads(line)


def _command(program: list[str], **flags: str) -> list[str]:
    return program + [f"--{name.replace('_', '-')}={value}" for name, value in flags.items()]


def _free_ports(count: int) -> list[int]:
    """Ports that are free at this moment, all different."""
    with contextlib.ExitStack() as stack:
        ports: list[int] = []
        for _ in range(count):
            held = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_STREAM))
            held.bind(("127.0.0.1", 0))
            ports.append(int(held.getsockname()[1]))
        return ports


def _openssl(*args: str, data: bytes = b"") -> bytes:
    try:
        done = subprocess.run(["openssl", *args], input=data, capture_output=True, check=True)  # noqa: S607  # wherever it is
    except FileNotFoundError:
        raise PlaneError("openssl is missing: it makes the service accounts' key") from None
    except subprocess.CalledProcessError as error:
        raise PlaneError(f"openssl {args[0]}: {error.stderr.decode().strip()}") from error
    return done.stdout


def _base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _api_error(code: int, data: bytes) -> ApiError:
    try:
        status = json.loads(data)
        return ApiError(code, status.get("reason", ""), status.get("message", ""))
    except (ValueError, AttributeError):
        return ApiError(code, "", data[:500].decode(errors="replace"))


def _owned(item: Manifest, owners: set[str]) -> bool:
    references = item["metadata"].get("ownerReferences", [])
    return any(reference["uid"] in owners for reference in references)


def _claims(pod: Manifest) -> set[str]:
    volumes = pod["spec"].get("volumes", [])
    return {item["persistentVolumeClaim"]["claimName"] for item in volumes if _is_claim(item)}


def _is_claim(volume: Manifest) -> bool:
    return "persistentVolumeClaim" in volume


def _node(name: str, labels: Mapping[str, str] | None = None) -> Manifest:
    hostname = {"kubernetes.io/hostname": name, "kubernetes.io/os": "linux"}
    metadata = {"name": name, "labels": {**hostname, **(labels or {})}}
    return {"apiVersion": "v1", "kind": "Node", "metadata": metadata}


def schedulable(node: Manifest) -> bool:
    conditions = node.get("status", {}).get("conditions", [])
    ready = any(item["type"] == "Ready" and item["status"] == "True" for item in conditions)
    # The node controller takes its own taints away a moment after the node is ready.
    return ready and all(item["key"] == POOL for item in node["spec"].get("taints", []))


def hold() -> None:
    """Start a control plane with three nodes and keep it until interrupted."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.default_int_handler)
    with contextlib.suppress(KeyboardInterrupt), ControlPlane() as plane:
        plane.add_nodes(3)
        print(f"KUBECONFIG={plane.kubeconfig}", flush=True)
        while True:
            signal.pause()


def main(args: Sequence[str]) -> int:
    """Run the command line."""
    if list(args) != ["hold"]:
        print("usage: python -m tests.cluster.plane hold", file=sys.stderr)
        return 2
    try:
        hold()
    except PlaneError as error:
        print(f"plane.py: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
