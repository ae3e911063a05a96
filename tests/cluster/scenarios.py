"""What can become of a workload, made to happen in a real control plane, and the answer it is due.

`python -m tests.cluster.record` saves what the API server held of some of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from tests.cluster.plane import POOL, ControlPlane, Manifest, PlaneError

WEB = "web"
"""The name of the object that every scenario is about."""

FATE = "kubelet.test/fate"
IMAGE = "registry.example/web:1"
NEWER_IMAGE = "registry.example/web:2"

Action = Callable[[ControlPlane, str], None]
"""Does something to the namespace of that name."""


@dataclass(frozen=True, slots=True)
class View:
    """What the API server says about the object of a scenario."""

    object: Manifest | None
    pods: Sequence[Manifest]

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
    """The kind of the object, as manifests spell it."""
    path_kind: str = "deployment"
    """The kind as it stands in the service's paths."""
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
        return f"/api/healthz/{self.name}/{self.path_kind}/{WEB}"

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
        items = plane.dump(self.kind, self.name, WEB)["items"]
        root = items[0] if items else None
        return View(root, [item for item in items if item["kind"] == "Pod"])


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
    return any(
        item["type"] == kind and item["status"] == value and reason in (None, item.get("reason"))
        for item in status.get("conditions", [])
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


NODES = 3
"""How many nodes, of a shared kubelet, the scenarios need."""
GATE = "balancer.example/registered"
ROLLED_OUT = Step(applies(deployment()), rolled_out())
BACK = Step(applies(deployment()), rolled_out())


# --- the stories ---

ROLLOUTS = (
    Scenario(name="healthy", steps=(ROLLED_OUT,), expected=HEALTHY),
    Scenario(
        name="rolling-out-at-full-capacity",
        steps=(
            Step(applies(deployment(strategy=SURGE)), rolled_out()),
            Step(
                applies(deployment(strategy=SURGE, template=template("slow-start", NEWER_IMAGE))),
                reports(replicas=4, updatedReplicas=1, availableReplicas=3),
            ),
        ),
        expected=Expected("healthy", "progressing", up=True, code=200),
        # The new pods of this rollout start by themselves, one by one.
        recovery=(Step(nothing, rolled_out()),),
    ),
    Scenario(
        name="stuck-on-image-old-serves",
        steps=(
            Step(applies(deployment(strategy=SURGE)), rolled_out()),
            Step(
                applies(deployment("image-pull", strategy=SURGE, image=NEWER_IMAGE)),
                every(
                    reports(replicas=4, updatedReplicas=1, availableReplicas=3),
                    waiting("ImagePullBackOff"),
                ),
            ),
        ),
        expected=caused_by(
            Expected("healthy", "progressing", up=True, code=200), "ImagePullBackOff"
        ),
        recovery=(Step(applies(deployment(strategy=SURGE)), rolled_out()),),
    ),
    Scenario(
        name="stuck-with-nothing-serving",
        steps=(
            Step(
                applies(deployment("image-pull")),
                every(
                    reports(replicas=3, availableReplicas=0),
                    condition("Available", "False", "MinimumReplicasUnavailable"),
                    waiting("ImagePullBackOff", pods=3),
                ),
            ),
        ),
        expected=caused_by(replace(DOWN, activity="progressing"), "ImagePullBackOff"),
        recovery=(BACK,),
    ),
    Scenario(
        name="progress-deadline-exceeded",
        steps=(
            Step(applies(deployment(strategy=SURGE)), rolled_out()),
            Step(
                applies(
                    deployment(
                        "image-pull", strategy=SURGE, image=NEWER_IMAGE, progressDeadlineSeconds=3
                    )
                ),
                every(
                    reports(availableReplicas=3),
                    condition("Progressing", "False", "ProgressDeadlineExceeded"),
                    waiting("ImagePullBackOff"),
                ),
            ),
        ),
        expected=Expected(
            "degraded",
            None,
            up=True,
            code=200,
            reason="ProgressDeadlineExceeded",
            causes=frozenset({"ImagePullBackOff"}),
        ),
        recovery=(Step(applies(deployment(strategy=SURGE)), rolled_out()),),
    ),
    Scenario(
        name="progress-deadline-exceeded-nothing-serving",
        steps=(
            Step(
                applies(deployment("image-pull", progressDeadlineSeconds=3)),
                every(
                    reports(availableReplicas=0),
                    condition("Progressing", "False", "ProgressDeadlineExceeded"),
                    waiting("ImagePullBackOff", pods=3),
                ),
            ),
        ),
        expected=caused_by(replace(DOWN, activity=None), "ImagePullBackOff"),
        recovery=(BACK,),
    ),
    Scenario(
        name="paused",
        steps=(
            ROLLED_OUT,
            Step(
                applies(deployment(paused=True, image=NEWER_IMAGE)),
                every(
                    reports(replicas=3, availableReplicas=3),
                    condition("Progressing", "Unknown", "DeploymentPaused"),
                ),
            ),
        ),
        expected=replace(HEALTHY, activity="suspended"),
        recovery=(Step(applies(deployment(image=NEWER_IMAGE)), rolled_out()),),
    ),
    Scenario(
        name="scaled-to-zero",
        steps=(ROLLED_OUT, Step(changes("Deployment", {"spec": {"replicas": 0}}), rolled_out(0))),
        expected=replace(HEALTHY, activity="suspended", reason="ScaledToZero"),
        recovery=(Step(changes("Deployment", {"spec": {"replicas": 3}}), rolled_out()),),
    ),
    Scenario(
        name="scaling-up",
        steps=(
            Step(
                applies(deployment(template=template("slow-start", start_after="5s"))), rolled_out()
            ),
            Step(
                changes("Deployment", {"spec": {"replicas": 5}}),
                # No rollout: the Progressing condition stays as the last one left it.
                every(
                    reports(replicas=5, updatedReplicas=5, availableReplicas=3),
                    condition("Available", "False"),
                    condition("Progressing", "True", "NewReplicaSetAvailable"),
                ),
            ),
        ),
        expected=Expected("degraded", None, up=False, code=503),
        recovery=(Step(nothing, rolled_out(5)),),
    ),
    Scenario(
        name="rollout-restart",
        steps=(
            Step(applies(deployment(strategy=SURGE)), rolled_out()),
            Step(restarts, every(rolled_out(), revision("2"))),
        ),
        expected=HEALTHY,
    ),
    Scenario(
        name="terminating-pods-linger",
        steps=(
            Step(applies(deployment("never-terminates")), rolled_out()),
            Step(
                changes("Deployment", {"spec": {"replicas": 1}}),
                every(
                    reports(replicas=1, availableReplicas=1, terminatingReplicas=2),
                    condition("Available", "True"),
                ),
            ),
        ),
        expected=HEALTHY,
        cleanup=turns("ready"),
    ),
    Scenario(
        name="available-by-vacuity",
        steps=(
            Step(
                applies(deployment("not-ready", replicas=1, strategy=TOLERANT)),
                every(
                    reports(replicas=1, availableReplicas=0),
                    condition("Available", "True"),
                    pods_say("Ready", "False", "ContainersNotReady"),
                ),
            ),
        ),
        expected=caused_by(replace(DOWN, activity="progressing"), "NotReady"),
        recovery=(Step(turns("ready"), rolled_out(1)),),
    ),
)

PODS = (
    Scenario(
        name="crash-loop-waiting",
        steps=(
            Step(
                applies(deployment("crash-loop-waiting", replicas=2)),
                every(
                    reports(replicas=2, availableReplicas=0),
                    condition("Available", "False"),
                    waiting("CrashLoopBackOff", pods=2),
                ),
            ),
        ),
        expected=caused_by(replace(DOWN, activity="progressing"), "CrashLoopBackOff"),
        recovery=(Step(turns("ready"), rolled_out(2)),),
    ),
    Scenario(
        name="crash-loop-running",
        steps=(
            Step(
                applies(deployment("crash-loop-running", replicas=2)),
                every(rolled_out(2), terminated("Error", pods=2)),
            ),
        ),
        expected=caused_by(HEALTHY, "CrashLoopBackOff"),
        recovery=(Step(applies(deployment(replicas=2)), rolled_out(2)),),
    ),
    Scenario(
        name="oom-killed-once",
        steps=(
            Step(
                applies(deployment("oom-killed-once", replicas=1)),
                every(rolled_out(1), terminated("OOMKilled")),
            ),
        ),
        expected=caused_by(HEALTHY, "OOMKilled"),
    ),
    Scenario(
        name="config-error",
        steps=(
            Step(
                applies(deployment("config-error", replicas=1)),
                every(
                    reports(replicas=1, availableReplicas=0),
                    condition("Available", "False"),
                    waiting("CreateContainerConfigError"),
                ),
            ),
        ),
        expected=caused_by(replace(DOWN, activity="progressing"), "CreateContainerConfigError"),
        recovery=(Step(applies(deployment(replicas=1)), rolled_out(1)),),
    ),
    Scenario(
        name="unschedulable",
        steps=(
            Step(
                applies(deployment(replicas=1, template=template(nodeSelector=NOWHERE))),
                every(
                    reports(replicas=1, availableReplicas=0),
                    condition("Available", "False"),
                    pods_say("PodScheduled", "False", "Unschedulable"),
                ),
            ),
        ),
        expected=replace(
            DOWN,
            activity="progressing",
            causes=frozenset({"Unschedulable"}),
            causes_after=60,
        ),
        recovery=(Step(applies(deployment(replicas=1)), rolled_out(1)),),
    ),
    Scenario(
        name="total-outage",
        steps=(
            ROLLED_OUT,
            Step(
                turns("not-ready"),
                every(
                    reports(replicas=3, updatedReplicas=3, availableReplicas=0),
                    condition("Available", "False"),
                    condition("Progressing", "True", "NewReplicaSetAvailable"),
                ),
            ),
        ),
        expected=caused_by(DOWN, "NotReady"),
        recovery=(Step(turns("ready"), rolled_out()),),
    ),
    Scenario(
        name="crash-loop-everywhere",
        steps=(
            ROLLED_OUT,
            Step(
                turns("crash-loop-waiting"),
                every(
                    reports(replicas=3, updatedReplicas=3, availableReplicas=0),
                    condition("Available", "False"),
                    waiting("CrashLoopBackOff", pods=3),
                ),
            ),
        ),
        expected=caused_by(DOWN, "CrashLoopBackOff"),
        recovery=(Step(turns("ready"), rolled_out()),),
    ),
    Scenario(
        name="one-of-three-broken",
        steps=(
            ROLLED_OUT,
            Step(
                turns("crash-loop-waiting", count=1),
                every(
                    reports(availableReplicas=2),
                    condition("Available", "False"),
                    waiting("CrashLoopBackOff"),
                ),
            ),
        ),
        # A quarter of three, rounded down, is none: all three are the minimum.
        expected=caused_by(Expected("degraded", "steady", up=False, code=503), "CrashLoopBackOff"),
        recovery=(Step(turns("ready"), rolled_out()),),
    ),
    Scenario(
        name="one-of-three-broken-tolerated",
        steps=(
            Step(applies(deployment(strategy=TOLERANT)), rolled_out()),
            Step(
                turns("crash-loop-waiting", count=1),
                every(
                    reports(availableReplicas=2),
                    condition("Available", "True"),
                    waiting("CrashLoopBackOff"),
                ),
            ),
        ),
        expected=caused_by(Expected("degraded", "steady", up=True, code=200), "CrashLoopBackOff"),
        recovery=(Step(turns("ready"), rolled_out()),),
    ),
    Scenario(
        name="readiness-gate-closed",
        steps=(
            Step(
                applies(
                    deployment(
                        replicas=1, template=template(readinessGates=[{"conditionType": GATE}])
                    )
                ),
                every(
                    reports(availableReplicas=0),
                    pods_say("ContainersReady", "True"),
                    pods_say("Ready", "False", "ReadinessGatesNotReady"),
                ),
            ),
        ),
        expected=caused_by(replace(DOWN, activity="progressing"), "ReadinessGate"),
        recovery=(Step(opens_gates, rolled_out(1)),),
    ),
    Scenario(
        name="sidecar-fails",
        steps=(
            Step(
                applies(
                    deployment(
                        replicas=1,
                        template=template(
                            "sidecar-fails",
                            initContainers=[
                                container(
                                    "proxy", "registry.example/proxy:1", restartPolicy="Always"
                                )
                            ],
                        ),
                    )
                ),
                every(
                    reports(replicas=1, availableReplicas=0),
                    condition("Available", "False"),
                    waiting("CrashLoopBackOff"),
                ),
            ),
        ),
        expected=caused_by(replace(DOWN, activity="progressing"), "CrashLoopBackOff"),
        recovery=(Step(turns("ready"), rolled_out(1)),),
    ),
    Scenario(
        name="init-crash-loop",
        steps=(
            Step(
                applies(
                    deployment(
                        replicas=1,
                        template=template(
                            "init-crash-loop",
                            initContainers=[container("migrate", "registry.example/migrate:1")],
                        ),
                    )
                ),
                every(
                    reports(replicas=1, availableReplicas=0),
                    condition("Available", "False"),
                    waiting("CrashLoopBackOff"),
                ),
            ),
        ),
        expected=caused_by(replace(DOWN, activity="progressing"), "Init:CrashLoopBackOff"),
        recovery=(Step(turns("ready"), rolled_out(1)),),
    ),
)

CLUSTER = (
    Scenario(
        name="quota-refuses-pods",
        steps=(
            Step(limits_pods(1), gone),
            Step(
                applies(deployment()),
                every(
                    reports(replicas=1, availableReplicas=1),
                    condition("ReplicaFailure", "True", "FailedCreate"),
                    condition("Available", "False"),
                ),
            ),
        ),
        expected=Expected(
            "degraded",
            None,
            up=False,
            code=503,
            causes=frozenset({"ReplicaFailure"}),
        ),
        recovery=(Step(deletes("ResourceQuota", "pods"), rolled_out(), deadline=60),),
    ),
    Scenario(
        name="quota-refuses-the-surge",
        steps=(
            Step(limits_pods(3), gone),
            Step(applies(deployment(strategy=SURGE)), rolled_out()),
            Step(
                applies(deployment(strategy=SURGE, image=NEWER_IMAGE)),
                every(
                    reports(replicas=3, availableReplicas=3),
                    condition("ReplicaFailure", "True", "FailedCreate"),
                ),
            ),
        ),
        # All serve that should, and the rollout cannot begin.
        expected=Expected("degraded", "progressing", up=True, code=200, reason="ReplicaFailure"),
        recovery=(Step(deletes("ResourceQuota", "pods"), rolled_out(), deadline=60),),
    ),
    Scenario(
        name="quota-refuses-all-pods",
        steps=(
            Step(limits_pods(0), gone),
            Step(
                applies(deployment()),
                every(
                    reports(replicas=0, availableReplicas=0),
                    condition("ReplicaFailure", "True", "FailedCreate"),
                ),
            ),
        ),
        expected=replace(DOWN, activity=None, causes=frozenset({"ReplicaFailure"})),
        recovery=(Step(deletes("ResourceQuota", "pods"), rolled_out(), deadline=60),),
    ),
    Scenario(
        name="deleted",
        steps=(ROLLED_OUT, Step(deletes("Deployment"), gone)),
        expected=MISSING,
        recovery=(BACK,),
    ),
    Scenario(
        name="deleted-and-stuck-on-a-finalizer",
        steps=(
            ROLLED_OUT,
            Step(
                changes("Deployment", {"metadata": {"finalizers": ["example.com/hold"]}}), observed
            ),
            Step(
                deletes("Deployment"),
                lambda view: (
                    view.observed
                    and view.object is not None
                    and "deletionTimestamp" in view.object["metadata"]
                ),
            ),
        ),
        expected=replace(HEALTHY, activity="terminating"),
        recovery=(Step(changes("Deployment", {"metadata": {"finalizers": None}}), gone),),
        recovered=MISSING,
    ),
    Scenario(
        name="deleted-in-foreground",
        steps=(
            Step(applies(deployment("never-terminates")), rolled_out()),
            Step(
                deletes("Deployment", propagation="Foreground"),
                reports(replicas=0, availableReplicas=0, terminatingReplicas=3),
            ),
        ),
        expected=replace(DOWN, activity="terminating"),
        recovery=(Step(turns("ready"), gone),),
        recovered=MISSING,
    ),
    Scenario(
        name="node-lost",
        steps=(
            Step(adds_nodes, gone),
            Step(
                applies(
                    deployment(
                        replicas=1,
                        template=template(
                            nodeSelector={"kubernetes.io/hostname": "node-lost-goes"},
                            tolerations=TOLERATIONS,
                        ),
                    )
                ),
                rolled_out(1),
            ),
            Step(
                loses_node,
                every(
                    reports(availableReplicas=0),
                    condition("Available", "False"),
                    pods_say("Ready", "False"),
                ),
            ),
        ),
        expected=caused_by(DOWN, "NodeLost"),
        recovery=(Step(finds_node, rolled_out(1)),),
        cleanup=removes_nodes,
    ),
)

OTHER_WORKLOADS = (
    Scenario(
        name="statefulset-healthy",
        kind="StatefulSet",
        path_kind="statefulset",
        steps=(Step(applies(stateful_set()), stateful_set_rolled_out()),),
        expected=HEALTHY,
    ),
    Scenario(
        name="statefulset-on-delete",
        kind="StatefulSet",
        path_kind="statefulset",
        steps=(
            Step(
                applies(stateful_set(updateStrategy={"type": "OnDelete"})),
                stateful_set_rolled_out(),
            ),
            Step(
                applies(stateful_set(updateStrategy={"type": "OnDelete"}, image=NEWER_IMAGE)),
                every(
                    reports(replicas=3, availableReplicas=3, updatedReplicas=0),
                    lambda view: view.status["currentRevision"] != view.status["updateRevision"],
                ),
            ),
        ),
        expected=HEALTHY,
    ),
    Scenario(
        name="statefulset-partition",
        kind="StatefulSet",
        path_kind="statefulset",
        steps=(
            Step(applies(stateful_set()), stateful_set_rolled_out()),
            Step(
                applies(
                    stateful_set(
                        updateStrategy={
                            "type": "RollingUpdate",
                            "rollingUpdate": {"partition": 2},
                        },
                        image=NEWER_IMAGE,
                    )
                ),
                every(
                    reports(replicas=3, availableReplicas=3, updatedReplicas=1),
                    lambda view: view.status["currentRevision"] != view.status["updateRevision"],
                ),
            ),
        ),
        expected=HEALTHY,
        recovery=(
            Step(
                applies(
                    stateful_set(
                        updateStrategy={
                            "type": "RollingUpdate",
                            "rollingUpdate": {"partition": 0},
                        },
                        image=NEWER_IMAGE,
                    )
                ),
                stateful_set_rolled_out(),
            ),
        ),
    ),
    Scenario(
        name="statefulset-first-pod-broken",
        kind="StatefulSet",
        path_kind="statefulset",
        steps=(
            Step(
                applies(stateful_set("crash-loop-waiting")),
                every(
                    reports(replicas=1, availableReplicas=0),
                    waiting("CrashLoopBackOff"),
                ),
            ),
        ),
        expected=caused_by(replace(DOWN, activity="progressing"), "CrashLoopBackOff"),
        # A broken pod blocks the rollout of its own repair: the pod has to go.
        recovery=(
            Step(
                applies(stateful_set()),
                lambda view: view.status["currentRevision"] != view.status["updateRevision"],
            ),
            Step(deletes("Pod", f"{WEB}-0"), stateful_set_rolled_out()),
        ),
    ),
    Scenario(
        name="replicaset-half-broken",
        kind="ReplicaSet",
        path_kind="replicaset",
        steps=(
            Step(
                applies(workload("ReplicaSet", template(), replicas=2)),
                reports(replicas=2, availableReplicas=2),
            ),
            Step(
                turns("crash-loop-waiting", kind="ReplicaSet", count=1),
                every(reports(replicas=2, availableReplicas=1), waiting("CrashLoopBackOff")),
            ),
        ),
        # It states no minimum: half is enough.
        expected=caused_by(Expected("degraded", "steady", up=True, code=200), "CrashLoopBackOff"),
        recovery=(
            Step(turns("ready", kind="ReplicaSet"), reports(replicas=2, availableReplicas=2)),
        ),
    ),
    Scenario(
        name="daemonset-healthy",
        kind="DaemonSet",
        path_kind="daemonset",
        steps=(
            Step(
                applies(daemon_set({"kubernetes.io/os": "linux"})),
                every(
                    reports(numberAvailable=NODES, updatedNumberScheduled=NODES),
                    lambda view: view.status["desiredNumberScheduled"] == NODES,
                ),
            ),
        ),
        expected=HEALTHY,
    ),
    Scenario(
        name="daemonset-no-matching-nodes",
        kind="DaemonSet",
        path_kind="daemonset",
        steps=(Step(applies(daemon_set(NOWHERE)), reports(desiredNumberScheduled=0)),),
        expected=replace(HEALTHY, activity="suspended", reason="NoMatchingNodes"),
    ),
    Scenario(
        name="daemonset-one-node-lost",
        kind="DaemonSet",
        path_kind="daemonset",
        steps=(
            Step(adds_nodes, gone),
            Step(
                applies(daemon_set({POOL: "daemonset-one-node-lost"}, *LOST)),
                reports(desiredNumberScheduled=2, numberAvailable=2, updatedNumberScheduled=2),
            ),
            Step(
                loses_node,
                every(
                    reports(desiredNumberScheduled=2, numberAvailable=1),
                    pods_say("Ready", "False"),
                ),
            ),
        ),
        expected=caused_by(Expected("degraded", "steady", up=True, code=200), "NodeLost"),
        recovery=(Step(finds_node, reports(desiredNumberScheduled=2, numberAvailable=2)),),
        cleanup=removes_nodes,
    ),
    Scenario(
        name="pod-completed",
        kind="Pod",
        path_kind="pod",
        steps=(Step(applies(pod("completed", restartPolicy="Never")), in_phase("Succeeded")),),
        expected=replace(HEALTHY, activity="suspended"),
    ),
    Scenario(
        name="pod-failed",
        kind="Pod",
        path_kind="pod",
        steps=(Step(applies(pod("failed", restartPolicy="Never")), in_phase("Failed")),),
        expected=DOWN,
    ),
    Scenario(
        name="pod-evicted",
        kind="Pod",
        path_kind="pod",
        steps=(Step(applies(pod("evicted")), in_phase("Failed")),),
        expected=caused_by(DOWN, "Evicted"),
    ),
)

SCENARIOS = (*ROLLOUTS, *PODS, *CLUSTER, *OTHER_WORKLOADS)

ABSENT = (
    "/api/healthz/healthy/deployment/nobody",
    "/api/healthz/nowhere/deployment/web",
    "/api/healthz/kube-system/deployment/nobody",
)
"""Paths of what does not exist: one answer for all, and for what the service may not see."""
