"""What a scenario is, and what its steps are made of: manifests, actions, what is waited for."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from tests.cluster.plane import POOL, ControlPlane, Manifest, PlaneError

WEB = "web"
"""The name of the object that a scenario is about, unless it says another."""

FATE = "kubelet.test/fate"
IMAGE = "registry.example/web:1"
NEWER_IMAGE = "registry.example/web:2"

NODES = 3
"""How many nodes, of a shared kubelet, the scenarios need."""
GATE = "balancer.example/registered"

Action = Callable[[ControlPlane, str], None]
"""Does something to the namespace of that name."""


@dataclass(frozen=True, slots=True)
class View:
    """What the API server says about the object of a scenario."""

    object: Manifest | None
    pods: Sequence[Manifest]
    around: Sequence[Manifest] = ()
    """What else it owns, and the events of all."""

    @property
    def status(self) -> Manifest:
        """The object's status; empty where there is none."""
        status: Manifest = (self.object or {}).get("status", {})
        return status

    @property
    def observed(self) -> bool:
        """Whether the object's controller has seen its newest spec."""
        if self.object is None:
            return False
        seen = self.status.get("observedGeneration")
        return bool(seen == self.object["metadata"]["generation"])


Predicate = Callable[[View], bool]


@dataclass(frozen=True, slots=True)
class Expected:
    """The answer that is due once the API server says so."""

    health: str
    activity: str | None
    """None where the rules leave it open."""
    up: bool
    code: int
    reason: str | None = None
    """None where the rules name none."""
    causes: frozenset[str] = frozenset()
    """One of these reasons must be among the causes; empty: none has to be."""
    causes_after: float = 0
    """Seconds for which the cause must have lasted before it counts."""


HEALTHY = Expected("healthy", "steady", up=True, code=200)
DOWN = Expected("down", "steady", up=False, code=503)
MISSING = Expected("missing", None, up=False, code=404)


def caused_by(expected: Expected, *reasons: str) -> Expected:
    """The same answer, naming one of these causes."""
    return replace(expected, causes=frozenset(reasons))


@dataclass(frozen=True, slots=True)
class Step:
    """Something done, and what the API server says when it has taken effect."""

    do: Action
    until: Predicate
    deadline: float = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """One story: the steps up to its point, the answer due there, and the way back."""

    name: str
    """Also the name of its namespace."""
    kind: str = "Deployment"
    """The kind of the object, as manifests spell it; with its apiVersion where several have it."""
    path_kind: str = "deployment"
    """The kind as it stands in the service's paths."""
    cluster_scoped: bool = False
    """Whether the object stands in no namespace."""
    object_name: str = ""
    """The object's name; empty for web, or in no namespace for the scenario's."""
    beyond_role: bool = False
    """Whether it takes more rights than `deploy/` grants."""
    ripens: float = 0
    """Seconds that the answer is due after the last time that the object states."""
    steps: tuple[Step, ...]
    expected: Expected
    recovery: tuple[Step, ...] = ()
    """Empty where the story has no way back."""
    recovered: Expected = HEALTHY
    """The answer due after the recovery."""
    cleanup: Action | None = None
    """What it leaves behind outside its namespace."""

    @property
    def path(self) -> str:
        """Where the service answers for it."""
        return f"/api/healthz/{self.place or '-'}/{self.path_kind}/{self.subject}"

    @property
    def place(self) -> str:
        """The object's namespace; empty where it stands in none."""
        return "" if self.cluster_scoped else self.name

    @property
    def subject(self) -> str:
        """The object's name."""
        return self.object_name or (self.name if self.cluster_scoped else WEB)

    def play(self, plane: ControlPlane) -> View:
        """Take all steps; returns what the API server says then."""
        plane.namespace(self.name)
        return self.take(plane, self.steps)

    def recover(self, plane: ControlPlane) -> View:
        """Take the way back; returns what the API server says then."""
        return self.take(plane, self.recovery)

    def end(self, plane: ControlPlane) -> None:
        """Remove what it made."""
        if self.cleanup:
            self.cleanup(plane, self.name)
        plane.delete("Namespace", "", self.name)

    def take(self, plane: ControlPlane, steps: Iterable[Step]) -> View:
        """Take some of the steps, in a namespace that exists, as with checks running meanwhile."""
        view = View(None, ())
        for number, step in enumerate(steps, 1):
            step.do(plane, self.name)
            what = f"step {number} of scenario {self.name} took effect"
            reached = partial(self._reached, plane, step.until)
            try:
                view = plane.wait_until(reached, step.deadline, what)
            except PlaneError as error:
                raise PlaneError(f"{error}\n--- the API server says\n{self.view(plane)}") from error
        return view

    def _reached(self, plane: ControlPlane, until: Predicate) -> View | None:
        view = self.view(plane)
        return view if until(view) else None

    def view(self, plane: ControlPlane) -> View:
        """What the API server says now."""
        items: list[Manifest] = plane.dump(self.kind, self.place, self.subject)["items"]
        root = items[0] if items else None
        pods = [item for item in items if item["kind"] == "Pod"]
        return View(root, pods, [item for item in items[1:] if item["kind"] != "Pod"])


# --- manifests ---


def template(
    fate: str = "ready", image: str = IMAGE, start_after: str = "3s", **spec: object
) -> Manifest:
    """A pod template whose pods meet that fate."""
    annotations = {FATE: fate}
    if fate == "slow-start":
        annotations["kubelet.test/start-after"] = start_after
    metadata = {"labels": {"app": WEB}, "annotations": annotations}
    return {"metadata": metadata, "spec": {"containers": [container(WEB, image)], **spec}}


def container(name: str, image: str, **more: object) -> Manifest:
    """A container that the restricted Pod Security level admits."""
    resources = {"requests": {"cpu": "50m", "memory": "64Mi"}, "limits": {"memory": "128Mi"}}
    return {"name": name, "image": image, "resources": resources, **more}


def workload(kind: str, pod_template: Manifest, **spec: object) -> Manifest:
    """A Deployment, StatefulSet or DaemonSet called web."""
    selector = {"matchLabels": {"app": WEB}}
    return {
        "apiVersion": "apps/v1",
        "kind": kind,
        "metadata": {"name": WEB},
        "spec": {"selector": selector, "template": pod_template, **spec},
    }


def deployment(fate: str = "ready", replicas: int = 3, **spec: Any) -> Manifest:
    """A Deployment whose pods meet that fate; `image` is the pods'."""
    image = spec.pop("image", IMAGE)
    pod_template = spec.pop("template", None) or template(fate, image)
    return workload("Deployment", pod_template, replicas=replicas, **spec)


def stateful_set(fate: str = "ready", replicas: int = 3, **spec: Any) -> Manifest:
    """A StatefulSet whose pods meet that fate; `image` is the pods'."""
    pod_template = template(fate, spec.pop("image", IMAGE))
    return workload("StatefulSet", pod_template, replicas=replicas, serviceName=WEB, **spec)


def daemon_set(node_selector: Manifest, *tolerations: Manifest) -> Manifest:
    """A DaemonSet for the nodes with these labels."""
    pod_template = template(nodeSelector=node_selector, tolerations=[*TOLERATIONS, *tolerations])
    return workload("DaemonSet", pod_template)


def pod(fate: str, **spec: Any) -> Manifest:
    """A pod of its own."""
    made = template(fate, **spec)
    return {"apiVersion": "v1", "kind": "Pod", **made, "metadata": made["metadata"] | {"name": WEB}}


SURGE = {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}}
TOLERANT = {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 1}}
NOWHERE = {POOL: "nowhere"}
LOST = [
    {"key": f"node.kubernetes.io/{key}", "operator": "Exists"}
    for key in ("unreachable", "not-ready")
]
"""Without these a DaemonSet wants a pod less once a node is lost, but not always at once."""
TOLERATIONS = [{"key": POOL, "operator": "Exists"}]


# --- actions ---


def applies(*manifests: Manifest) -> Action:
    """Apply these in the namespace."""

    def do(plane: ControlPlane, namespace: str) -> None:
        for manifest in manifests:
            metadata = manifest["metadata"] | {"namespace": namespace}
            plane.apply(manifest | {"metadata": metadata})

    return do


def changes(kind: str, change: Manifest) -> Action:
    """Merge a change into the object."""

    def do(plane: ControlPlane, namespace: str) -> None:
        plane.patch(kind, namespace, WEB, change)

    return do


def deletes(kind: str, name: str = WEB, propagation: str = "Background") -> Action:
    """Delete an object of the namespace."""
    return lambda plane, namespace: plane.delete(kind, namespace, name, propagation)


def turns(fate: str, kind: str = "Deployment", count: int | None = None) -> Action:
    """Give the first so many pods of the object, or all, another fate."""

    def do(plane: ControlPlane, namespace: str) -> None:
        change = {"metadata": {"annotations": {FATE: fate}}}
        for item in plane.pods_of(kind, namespace, WEB)[:count]:
            plane.patch("Pod", namespace, item["metadata"]["name"], change)

    return do


def opens_gates(plane: ControlPlane, namespace: str) -> None:
    """Set the pods' gate condition, as the gate's controller would."""
    change = {"status": {"conditions": [{"type": GATE, "status": "True"}]}}
    for item in plane.pods_of("Deployment", namespace, WEB):
        plane.patch("Pod", namespace, item["metadata"]["name"], change, "status")


def restarts(plane: ControlPlane, namespace: str) -> None:
    """Roll the Deployment out again."""
    plane.kubectl("rollout", "restart", "deployment", WEB, "--namespace", namespace)


def limits_pods(count: int) -> Action:
    """Allow the namespace so many pods, and wait until that is enforced."""
    quota = {
        "apiVersion": "v1",
        "kind": "ResourceQuota",
        "metadata": {"name": "pods"},
        "spec": {"hard": {"pods": str(count)}},
    }

    def do(plane: ControlPlane, namespace: str) -> None:
        applies(quota)(plane, namespace)
        plane.wait_for("ResourceQuota", namespace, "pods", lambda item: item["status"].get("used"))

    return do


def adds_nodes(plane: ControlPlane, namespace: str) -> None:
    """Add two nodes for this namespace alone: one that stays and one that can be lost."""
    for name in (f"{namespace}-stays", f"{namespace}-goes"):
        plane.add_node(name, namespace)


def removes_nodes(plane: ControlPlane, namespace: str) -> None:
    """Remove the nodes of `adds_nodes`, after their pods: no kubelet, no end of a pod."""
    plane.delete("Namespace", "", namespace)
    plane.wait_gone("Namespace", "", namespace)
    for name in (f"{namespace}-stays", f"{namespace}-goes"):
        plane.remove_node(name)


def loses_node(plane: ControlPlane, namespace: str) -> None:
    """Kill the kubelet of the node that can be lost."""
    plane.stop_part(f"kwok-{namespace}-goes")


def finds_node(plane: ControlPlane, namespace: str) -> None:
    """Start the lost node's kubelet again."""
    plane.start_part(f"kwok-{namespace}-goes")


def nothing(_plane: ControlPlane, _namespace: str) -> None:
    """Only wait."""


# --- what the API server says ---


def every(*predicates: Predicate) -> Predicate:
    """All of these."""
    return lambda view: all(predicate(view) for predicate in predicates)


def gone(view: View) -> bool:
    """The object does not exist."""
    return view.object is None


def there(view: View) -> bool:
    """The object exists."""
    return view.object is not None


def observed(view: View) -> bool:
    """The controller has seen the newest spec."""
    return view.observed


def reports(**counts: int) -> Predicate:
    """The status has these counts; an absent one is 0."""
    return lambda view: (
        view.observed and all(view.status.get(name, 0) == count for name, count in counts.items())
    )


def condition(kind: str, status: str, reason: str | None = None) -> Predicate:
    """The object's condition of that type says so."""
    return lambda view: has_condition(view.status, kind, status, reason)


def has_condition(status: Manifest, kind: str, value: str, reason: str | None = None) -> bool:
    """Whether a status has a condition with that value and reason."""
    # A definition that is new states null.
    return any(
        item["type"] == kind and item["status"] == value and reason in (None, item.get("reason"))
        for item in status.get("conditions") or ()
    )


def waiting(reason: str, pods: int = 1) -> Predicate:
    """That many pods have a container, of whatever sort, waiting for that reason."""

    def waits(item: Manifest) -> bool:
        status = item.get("status", {})
        statuses = [*status.get("initContainerStatuses", []), *status.get("containerStatuses", [])]
        return any(one["state"].get("waiting", {}).get("reason") == reason for one in statuses)

    return lambda view: sum(map(waits, view.pods)) == pods


def terminated(reason: str, pods: int = 1) -> Predicate:
    """That many pods have a container whose last run ended for that reason."""

    def ended(item: Manifest) -> bool:
        statuses = item.get("status", {}).get("containerStatuses", [])
        return any(
            one.get("lastState", {}).get("terminated", {}).get("reason") == reason
            for one in statuses
        )

    return lambda view: sum(map(ended, view.pods)) == pods


def pods_say(kind: str, status: str, reason: str | None = None, pods: int = 1) -> Predicate:
    """That many pods have a condition with that status and reason."""
    return lambda view: (
        sum(has_condition(item.get("status", {}), kind, status, reason) for item in view.pods)
        == pods
    )


def in_phase(phase: str) -> Predicate:
    """The object, a pod, is in that phase."""
    return lambda view: view.status.get("phase") == phase


def revision(number: str) -> Predicate:
    """The Deployment's newest rollout has that number."""
    key = "deployment.kubernetes.io/revision"
    return lambda view: (
        view.object is not None and view.object["metadata"]["annotations"].get(key) == number
    )


def rolled_out(replicas: int = 3) -> Predicate:
    """The Deployment's rollout is complete, and its controller says so."""
    counts = reports(
        replicas=replicas,
        updatedReplicas=replicas,
        readyReplicas=replicas,
        availableReplicas=replicas,
        unavailableReplicas=0,
        terminatingReplicas=0,
    )
    return every(
        counts,
        condition("Available", "True"),
        condition("Progressing", "True", "NewReplicaSetAvailable"),
    )


def stateful_set_rolled_out(replicas: int = 3) -> Predicate:
    """All pods of the StatefulSet are available, at the newest revision."""
    counts = reports(replicas=replicas, updatedReplicas=replicas, availableReplicas=replicas)
    return every(
        counts,
        lambda view: view.status.get("currentRevision") == view.status.get("updateRevision"),
    )
