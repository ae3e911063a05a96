"""What becomes of real pods, and the answer that is due; most of it kwok's stages play too."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from tests.cluster.kinds import DEGRADED, PROGRESSING
from tests.cluster.plane import POOL, ControlPlane, Manifest
from tests.cluster.story import (
    DOWN,
    HEALTHY,
    IMAGE,
    TOLERATIONS,
    WEB,
    Expected,
    Predicate,
    Scenario,
    Step,
    View,
    applies,
    caused_by,
    changes,
    condition,
    container,
    deployment,
    every,
    in_phase,
    nothing,
    pods_say,
    reports,
    rolled_out,
    template,
    terminated,
    waiting,
)

ABSENT_IMAGE = "localhost:5000/gone:1"
"""An image that the registry of these tests says it does not have."""
SMALL, FRAIL = "real-small", "real-frail"
"""A node with little memory, and one that is lost; only pods that ask for them go there."""
PLAYED, PLAYED_FRAIL = "played", "played-frail"
"""Nodes of kwok, the second of which is lost."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fate:
    """Something that becomes of an object's pods, with the answer that is due then."""

    name: str
    make: Callable[[Manifest], Manifest]
    """The object whose pods have these fields, which say on which node they run."""
    until: Predicate
    expected: Expected
    kind: str = "Deployment"
    path_kind: str = "deployment"
    pool: str = ""
    """The node that its pods must run on; empty for any."""
    then: tuple[Step, ...] = ()
    """Further steps up to its point."""
    before: tuple[Step, ...] = ()
    recovery: tuple[Step, ...] = ()
    played: bool = True
    """Whether a stage of kwok plays it too."""
    varies: tuple[str, ...] = ()
    """How the paths of those fields begin that kubelets write one way or another."""

    def real(self) -> Scenario:
        """The story with real containers."""
        return self._scenario("real", on(self.pool) if self.pool else {}, self.recovery)

    def by_stages(self) -> Scenario:
        """The same story, played by kwok."""
        return self._scenario("played", on(PLAYED_FRAIL if self.pool == FRAIL else PLAYED), ())

    def _scenario(self, how: str, where: Manifest, recovery: tuple[Step, ...]) -> Scenario:
        first = Step(applies(self.make(where)), self.until, DEADLINE)
        return Scenario(
            name=f"{how}-{self.name}",
            kind=self.kind,
            path_kind=self.path_kind,
            steps=(*self.before, first, *self.then),
            expected=self.expected,
            recovery=recovery,
        )


DEADLINE = 120
"""Seconds that a fate may take: all of them happen at once, on few cores."""


def on(node: str) -> Manifest:
    """What makes pods run on a node that is kept for those that ask for it."""
    return {"nodeSelector": {POOL: node}, "tolerations": TOLERATIONS}


def acts(*arguments: str, name: str = WEB, **more: object) -> Manifest:
    """A container that does what the test's own binary does for these arguments."""
    return container(name, IMAGE, **{"args": list(arguments), **more})


def probe(path: str, **more: object) -> Manifest:
    """A quick HTTP probe."""
    return {"httpGet": {"path": path, "port": 8080}, "periodSeconds": 1, **more}


def _template(fate: str, containers: Sequence[Manifest], *more: Mapping[str, object]) -> Manifest:
    made = template(fate, containers=list(containers))
    for fields in more:
        made["spec"] |= fields
    return made


def one(fate: str, *containers: Manifest, **spec: object) -> Callable[[Manifest], Manifest]:
    """A Deployment of one pod, whose stage is named."""

    def make(where: Manifest) -> Manifest:
        return deployment(replicas=1, template=_template(fate, containers, where, spec))

    return make


def alone(fate: str, *containers: Manifest, **spec: object) -> Callable[[Manifest], Manifest]:
    """A pod of its own, whose stage is named."""

    def make(where: Manifest) -> Manifest:
        made = _template(fate, containers, where, spec)
        metadata = made["metadata"] | {"name": WEB}
        return {"apiVersion": "v1", "kind": "Pod", **made, "metadata": metadata}

    return make


def job(fate: str, *containers: Manifest, **spec: object) -> Callable[[Manifest], Manifest]:
    """A Job, whose pods' stage is named."""

    def make(where: Manifest) -> Manifest:
        made = _template(fate, containers, where, {"restartPolicy": "Never"})
        return {
            "apiVersion": "batch/v1",
            "kind": "Job",
            "metadata": {"name": WEB},
            "spec": {"template": made, **spec},
        }

    return make


def each_minute(where: Manifest) -> Manifest:
    """A CronJob that runs each minute."""
    spec = job("completed", acts("exit", "0"))(where)["spec"]
    return {
        "apiVersion": "batch/v1",
        "kind": "CronJob",
        "metadata": {"name": WEB},
        "spec": {"schedule": "* * * * *", "jobTemplate": {"spec": spec}},
    }


def sidecar(*arguments: str) -> Manifest:
    """A native sidecar."""
    return acts(*arguments, name="proxy", restartPolicy="Always")


# --- what the API server says ---

DEAD = every(reports(replicas=1, availableReplicas=0), condition("Available", "False"))
READY = rolled_out(1)


def ended(phase: str) -> Predicate:
    """The object, a pod, has ended, its sandbox too."""
    return every(in_phase(phase), condition("PodReadyToStartContainers", "False"))


def has_run(view: View) -> bool:
    """The CronJob has had a run that succeeded."""
    return "lastSuccessfulTime" in view.status


def has_restarted(view: View) -> bool:
    """A container runs, and did before."""
    statuses = [one for pod in view.pods for one in pod["status"].get("containerStatuses", ())]
    return any("running" in one["state"] and one["lastState"] for one in statuses)


def has_restarted_twice(view: View) -> bool:
    """A container has ended twice."""
    statuses = [one for pod in view.pods for one in pod["status"].get("containerStatuses", ())]
    return any(one["restartCount"] > 1 for one in statuses)


def runs(view: View) -> bool:
    """A container runs."""
    statuses = [one for pod in view.pods for one in pod["status"].get("containerStatuses", ())]
    return any("running" in one["state"] for one in statuses)


def loops(view: View) -> bool:
    """A container of whatever sort has ended, not for the first time, and does not run."""
    kinds = ("initContainerStatuses", "containerStatuses")
    statuses = [one for pod in view.pods for kind in kinds for one in pod["status"].get(kind, ())]
    return any(one["lastState"] and "running" not in one["state"] for one in statuses)


def is_terminating(view: View) -> bool:
    """A pod is about to end."""
    return any("deletionTimestamp" in pod["metadata"] for pod in view.pods)


def init_runs(view: View) -> bool:
    """An init container runs."""
    statuses = [one for pod in view.pods for one in pod["status"].get("initContainerStatuses", ())]
    return any("running" in one["state"] for one in statuses)


def starts(view: View) -> bool:
    """A container runs that has not started yet, as its startup probe sees it."""
    statuses = [one for pod in view.pods for one in pod["status"].get("containerStatuses", ())]
    return any("running" in one["state"] and not one["started"] for one in statuses)


def preempts(plane: ControlPlane, namespace: str) -> None:
    """Ask for the room of the others on the node, with a higher priority."""
    plane.apply(
        {
            "apiVersion": "scheduling.k8s.io/v1",
            "kind": "PriorityClass",
            "metadata": {"name": "urgent"},
            "value": 1000,
        }
    )
    made = alone("ready", greedy(), priorityClassName="urgent")(on(FRAIL))
    made["metadata"] = {"name": "urgent"}
    applies(made)(plane, namespace)


def greedy() -> Manifest:
    """A container that wants more than half of the frail node."""
    return acts("serve", resources={"requests": {"cpu": "1200m"}})


def loses_node(plane: ControlPlane, namespace: str) -> None:
    """Kill the kubelet under the pods of this namespace."""
    real = namespace.startswith("real")
    plane.stop_part(f"kubelet-{FRAIL}" if real else f"kwok-{PLAYED_FRAIL}")


DATA: Manifest = {"volumes": [{"name": "data", "emptyDir": {}}]}
LITTLE: Manifest = {"resources": {"requests": {"memory": "20Mi"}}}
MOUNTED: Manifest = {"volumeMounts": [{"name": "data", "mountPath": "/data"}]}
STARTING = replace(DOWN, activity="progressing")

FATES = (
    Fate(
        name="ready",
        make=one("ready", acts("serve", readinessProbe=probe("/ready"))),
        until=READY,
        expected=HEALTHY,
    ),
    Fate(
        name="ready-after-init",
        make=one("ready", acts("serve"), initContainers=[acts("exit", "0", name="migrate")]),
        until=READY,
        expected=HEALTHY,
    ),
    Fate(
        name="ready-with-sidecar",
        make=one("ready", acts("serve"), initContainers=[sidecar()]),
        until=READY,
        expected=HEALTHY,
    ),
    Fate(
        name="starting",
        make=one(
            "starting", acts("serve", "45", startupProbe=probe("/ready", failureThreshold=90))
        ),
        until=every(DEAD, starts),
        expected=STARTING,
        recovery=(Step(nothing, READY, DEADLINE),),
        played=False,
    ),
    Fate(
        name="not-ready",
        make=one("not-ready", acts("serve", "0", "/nowhere", readinessProbe=probe("/ready"))),
        until=every(DEAD, runs, pods_say("Ready", "False", "ContainersNotReady")),
        expected=caused_by(STARTING, "NotReady"),
    ),
    Fate(
        name="crash-loop-waiting",
        make=one("crash-loop-waiting", acts("exit", "1", readinessProbe=probe("/ready"))),
        until=every(DEAD, waiting("CrashLoopBackOff")),
        expected=caused_by(STARTING, "CrashLoopBackOff"),
    ),
    Fate(
        # It counts as ready while it runs, and its rollout may so become complete.
        name="crash-loop-without-probe",
        make=one("crash-loop", acts("exit", "1")),
        until=every(DEAD, loops),
        expected=caused_by(replace(DOWN, activity=None), "CrashLoopBackOff", "Error"),
        played=False,
    ),
    Fate(
        name="crash-loop-running",
        make=one("crash-loop-running", acts("exit", "1", "12")),
        until=every(READY, terminated("Error"), has_restarted_twice),
        expected=caused_by(HEALTHY, "CrashLoopBackOff"),
    ),
    Fate(
        name="oom-killed-once",
        make=one("oom-killed-once", acts("once", "/data/ate", "eat", "400", **MOUNTED), **DATA),
        until=every(READY, terminated("OOMKilled")),
        expected=caused_by(HEALTHY, "OOMKilled"),
    ),
    Fate(
        name="oom-killed-again",
        make=one("oom-killed-again", acts("eat", "400")),
        until=every(DEAD, terminated("OOMKilled")),
        expected=caused_by(replace(DOWN, activity=None), "CrashLoopBackOff", "OOMKilled"),
        played=False,
    ),
    Fate(
        name="image-pull",
        make=one("image-pull", container(WEB, ABSENT_IMAGE)),
        until=every(DEAD, waiting("ImagePullBackOff")),
        expected=caused_by(STARTING, "ImagePullBackOff"),
    ),
    Fate(
        name="config-error",
        make=one("config-error", acts(envFrom=[{"secretRef": {"name": "settings"}}])),
        until=every(DEAD, waiting("CreateContainerConfigError")),
        expected=caused_by(STARTING, "CreateContainerConfigError"),
    ),
    Fate(
        name="liveness-fails",
        make=one(
            "liveness-fails",
            acts("serve", "0", "/nowhere", livenessProbe=probe("/ready", failureThreshold=2)),
            terminationGracePeriodSeconds=1,
        ),
        until=every(condition("Available", "True"), has_restarted),
        expected=caused_by(HEALTHY, "CrashLoopBackOff"),
        played=False,
    ),
    Fate(
        name="init-hangs",
        make=one("init-hangs", acts("serve"), initContainers=[acts(name="migrate")]),
        until=every(DEAD, init_runs),
        expected=STARTING,
        played=False,
    ),
    Fate(
        name="init-crash-loop",
        make=one(
            "init-crash-loop", acts("serve"), initContainers=[acts("exit", "1", name="migrate")]
        ),
        until=every(DEAD, waiting("CrashLoopBackOff")),
        expected=caused_by(STARTING, "Init:CrashLoopBackOff"),
    ),
    Fate(
        name="sidecar-fails",
        make=one(
            "sidecar-fails",
            acts("serve"),
            initContainers=[sidecar("exit", "1")],
        ),
        until=every(DEAD, loops),
        # Without a probe it is ready for a moment, and the rollout may be complete.
        expected=caused_by(replace(DOWN, activity=None), "CrashLoopBackOff", "Error"),
        # While it waits to be restarted a sidecar is now waiting, now still terminated.
        varies=("initContainerStatuses[proxy].state.",),
    ),
    Fate(
        name="slow-terminate",
        make=one("never-terminates", acts("sleep", "300"), terminationGracePeriodSeconds=40),
        until=READY,
        then=(Step(changes("Deployment", {"spec": {"replicas": 0}}), is_terminating, DEADLINE),),
        expected=replace(HEALTHY, activity=None),
    ),
    Fate(
        name="completed",
        kind="Pod",
        path_kind="pod",
        make=alone("completed", acts("exit", "0"), restartPolicy="Never"),
        until=ended("Succeeded"),
        expected=replace(HEALTHY, activity="suspended"),
    ),
    Fate(
        name="failed",
        kind="Pod",
        path_kind="pod",
        make=alone("failed", acts("exit", "1"), restartPolicy="Never"),
        until=ended("Failed"),
        expected=DOWN,
    ),
    Fate(
        name="exits-with-3",
        kind="Pod",
        path_kind="pod",
        make=alone("exits-with-3", acts("exit", "3"), restartPolicy="Never"),
        until=ended("Failed"),
        expected=DOWN,
        played=False,
    ),
    Fate(
        name="evicted",
        kind="Pod",
        path_kind="pod",
        make=alone("evicted", acts("eat", "230", "deaf", **LITTLE)),
        until=ended("Failed"),
        expected=caused_by(DOWN, "Evicted"),
        pool=SMALL,
        # The kubelet may have lost sight of the container before it wrote down how it ended.
        varies=("containerStatuses[web].",),
    ),
    Fate(
        name="preempted",
        make=one("preempted", greedy()),
        until=READY,
        then=(
            Step(
                preempts,
                every(DEAD, pods_say("PodScheduled", "False", "Unschedulable")),
                DEADLINE,
            ),
        ),
        expected=replace(DOWN, activity=None),
        pool=FRAIL,
        played=False,
    ),
    Fate(
        name="job-completes",
        kind="Job",
        path_kind="job",
        make=job("completed", acts("exit", "0")),
        until=condition("Complete", "True"),
        expected=HEALTHY,
    ),
    Fate(
        name="job-fails",
        kind="Job",
        path_kind="job",
        make=job("failed", acts("exit", "1"), backoffLimit=0),
        until=condition("Failed", "True"),
        expected=replace(DOWN, reason="BackoffLimitExceeded"),
    ),
    Fate(
        name="job-retries",
        kind="Job",
        path_kind="job",
        make=job("failed", acts("exit", "1"), backoffLimit=6),
        until=lambda view: view.status.get("failed", 0) > 0,
        expected=replace(DEGRADED, activity="progressing"),
    ),
    Fate(
        name="job-runs",
        kind="Job",
        path_kind="job",
        make=job("ready", acts("serve")),
        until=lambda view: view.status.get("ready", 0) == 1,
        expected=PROGRESSING,
    ),
    Fate(
        name="cronjob-each-minute",
        kind="CronJob",
        path_kind="cronjob",
        make=each_minute,
        until=has_run,
        expected=HEALTHY,
        played=False,
    ),
)

LATER = (
    Fate(
        name="evicted-and-exits-with-0",
        kind="Pod",
        path_kind="pod",
        make=alone("evicted", acts("eat", "230", **LITTLE)),
        until=ended("Succeeded"),
        expected=caused_by(DOWN, "DisruptionTarget"),
        pool=SMALL,
        played=False,
    ),
    Fate(
        name="node-lost",
        make=one("ready", acts("serve")),
        until=READY,
        then=(Step(loses_node, every(DEAD, pods_say("Ready", "False")), DEADLINE),),
        expected=caused_by(DOWN, "NodeLost"),
        pool=FRAIL,
    ),
)
"""What would hurt others on the same node, which must be over before."""

BY_NAME = {fate.name: fate for fate in (*FATES, *LATER)}

RECORDED = tuple(
    f"real-{name}"
    for name in (
        "crash-loop-running",
        "crash-loop-without-probe",
        "evicted",
        "evicted-and-exits-with-0",
        "image-pull",
        "init-hangs",
        "liveness-fails",
        "node-lost",
        "oom-killed-again",
        "preempted",
        "sidecar-fails",
        "starting",
    )
)
"""The scenarios whose statuses are kept: what no stage plays, or is easily misjudged."""
SCENARIOS = {scenario.name: scenario for scenario in (fate.real() for fate in BY_NAME.values())}
