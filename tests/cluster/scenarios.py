"""What can become of an object, made to happen in a real control plane, and the answer it is due.

`python -m tests.cluster.record` saves what the API server held of some of them.
"""

from __future__ import annotations

from dataclasses import replace

from tests.cluster.kinds import KINDS
from tests.cluster.plane import POOL
from tests.cluster.story import (
    DOWN,
    GATE,
    HEALTHY,
    LOST,
    MISSING,
    NEWER_IMAGE,
    NODES,
    NOWHERE,
    SURGE,
    TOLERANT,
    TOLERATIONS,
    WEB,
    Expected,
    Scenario,
    Step,
    adds_nodes,
    applies,
    caused_by,
    changes,
    condition,
    container,
    daemon_set,
    deletes,
    deployment,
    every,
    finds_node,
    gone,
    in_phase,
    limits_pods,
    loses_node,
    nothing,
    observed,
    opens_gates,
    pod,
    pods_say,
    removes_nodes,
    reports,
    restarts,
    revision,
    rolled_out,
    stateful_set,
    stateful_set_rolled_out,
    template,
    terminated,
    turns,
    waiting,
    workload,
)

ROLLED_OUT = Step(applies(deployment()), rolled_out())
BACK = Step(applies(deployment()), rolled_out())


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
        expected=Expected("degraded", None, up=True, code=200),
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
        # By its maxUnavailable all three are the minimum; by ours, half of them.
        expected=caused_by(Expected("degraded", "steady", up=True, code=200), "CrashLoopBackOff"),
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

SCENARIOS = (*ROLLOUTS, *PODS, *CLUSTER, *OTHER_WORKLOADS, *KINDS)

ABSENT = (
    "/api/healthz/healthy/deployment/nobody",
    "/api/healthz/nowhere/deployment/web",
    "/api/healthz/kube-system/deployment/nobody",
)
"""Paths of what does not exist: one answer for all, and for what the service may not see."""
