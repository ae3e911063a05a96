"""What becomes of kinds that are no rollouts: jobs, networks, volumes, nodes, the API itself."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from tests.cluster.custom_kinds import CUSTOM
from tests.cluster.plane import ControlPlane, Manifest
from tests.cluster.story import (
    DOWN,
    HEALTHY,
    MISSING,
    WEB,
    Action,
    Expected,
    Predicate,
    Scenario,
    Step,
    View,
    applies,
    caused_by,
    changes,
    condition,
    deletes,
    deployment,
    every,
    gone,
    has_condition,
    in_phase,
    nothing,
    template,
    there,
    turns,
)

PROGRESSING = replace(HEALTHY, activity="progressing")
SUSPENDED = replace(HEALTHY, activity="suspended")
DEGRADED = Expected("degraded", "steady", up=True, code=200)

CONTROLLERS = "kube-controller-manager"
EVERY_LEAP_DAY = "0 0 29 2 *"
"""A schedule that the tests do not live to see."""
LATE = 10
"""Seconds after which a run is not started any more."""
NO_PROVISIONER = "kubernetes.io/no-provisioner"


# --- manifests ---


def job(fate: str, **spec: object) -> Manifest:
    """A Job whose pods meet that fate."""
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"name": WEB},
        "spec": {"template": template(fate, restartPolicy="Never"), **spec},
    }


def cron_job(schedule: str = EVERY_LEAP_DAY, fate: str = "completed", **spec: object) -> Manifest:
    """A CronJob whose pods meet that fate; it keeps as many failed Jobs as successful ones."""
    return {
        "apiVersion": "batch/v1",
        "kind": "CronJob",
        "metadata": {"name": WEB},
        "spec": {
            "schedule": schedule,
            "failedJobsHistoryLimit": 3,
            "jobTemplate": {"spec": job(fate, backoffLimit=0)["spec"]},
            **spec,
        },
    }


def service(**spec: object) -> Manifest:
    """A Service of the pods of `deployment`."""
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": WEB},
        "spec": {"selector": {"app": WEB}, "ports": [{"port": 80}], **spec},
    }


INGRESS: Manifest = {
    "apiVersion": "networking.k8s.io/v1",
    "kind": "Ingress",
    "metadata": {"name": WEB},
    "spec": {"defaultBackend": {"service": {"name": WEB, "port": {"number": 80}}}},
}
AUTOSCALER: Manifest = {
    "apiVersion": "autoscaling/v2",
    "kind": "HorizontalPodAutoscaler",
    "metadata": {"name": WEB},
    "spec": {
        "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": WEB},
        "minReplicas": 1,
        "maxReplicas": 3,
        "metrics": [
            {
                "type": "Resource",
                "resource": {
                    "name": "cpu",
                    "target": {"type": "Utilization", "averageUtilization": 80},
                },
            }
        ],
    },
}
BUDGET: Manifest = {
    "apiVersion": "policy/v1",
    "kind": "PodDisruptionBudget",
    "metadata": {"name": WEB},
    "spec": {"minAvailable": 3, "selector": {"matchLabels": {"app": WEB}}},
}
HELD: Manifest = {
    "apiVersion": "v1",
    "kind": "ConfigMap",
    "metadata": {"name": WEB, "finalizers": ["example.com/hold"]},
}
CONSUMER: Manifest = {
    "apiVersion": "v1",
    "kind": "Pod",
    "metadata": {"name": "consumer"},
    "spec": {
        **template()["spec"],
        "volumes": [{"name": "data", "persistentVolumeClaim": {"claimName": WEB}}],
    },
}


def definition(plural: str, group: str, kind: str = "Gizmo") -> Manifest:
    """A CustomResourceDefinition of a kind without any content."""
    schema = {"openAPIV3Schema": {"type": "object"}}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{plural}.{group}"},
        "spec": {
            "group": group,
            "scope": "Namespaced",
            "names": {"plural": plural, "kind": kind},
            "versions": [{"name": "v1", "served": True, "storage": True, "schema": schema}],
        },
    }


def api_service(group: str) -> Manifest:
    """An APIService behind which there is no Service."""
    return {
        "apiVersion": "apiregistration.k8s.io/v1",
        "kind": "APIService",
        "metadata": {"name": f"v1.{group}"},
        "spec": {
            "group": group,
            "version": "v1",
            "groupPriorityMinimum": 100,
            "versionPriority": 100,
            "insecureSkipTLSVerify": True,
            "service": {"name": "nobody", "namespace": "default"},
        },
    }


# --- actions ---


def makes(*manifests: Manifest) -> Action:
    """Apply these, which stand in no namespace."""

    def do(plane: ControlPlane, _namespace: str) -> None:
        plane.apply([*manifests])

    return do


def removes(kind: str, name: str) -> Action:
    """Delete what stands in no namespace."""
    return lambda plane, _namespace: plane.delete(kind, "", name)


def runs(name: str, fate: str) -> Action:
    """Start a Job of the CronJob by hand, as `kubectl create job --from` does, and see it end."""

    def do(plane: ControlPlane, namespace: str) -> None:
        # Of two Jobs that end in one second nobody can say which ended last.
        ended = [_seconds(item) for item in plane.objects("Job", namespace)]
        plane.wait_until(lambda: int(time.time()) > max(ended, default=0.0) + 1)
        owner = plane.get("CronJob", namespace, WEB)
        manifest = job(fate, backoffLimit=0)
        manifest["metadata"] = {
            "name": name,
            "annotations": {"cronjob.kubernetes.io/instantiate": "manual"},
            "ownerReferences": [
                {
                    "apiVersion": "batch/v1",
                    "kind": "CronJob",
                    "name": WEB,
                    "uid": owner["metadata"]["uid"],
                    "controller": True,
                }
            ],
        }
        applies(manifest)(plane, namespace)
        plane.wait_for("Job", namespace, name, _ended)

    return do


def _ended(item: Manifest) -> bool:
    status = item.get("status", {})
    return has_condition(status, "Complete", "True") or has_condition(status, "Failed", "True")


def _seconds(item: Manifest) -> float:
    """When a Job last changed its state."""
    conditions = item.get("status", {}).get("conditions") or ()
    times = [datetime.fromisoformat(entry["lastTransitionTime"]) for entry in conditions]
    return max((moment.timestamp() for moment in times), default=0.0)


def does(*actions: Action) -> Action:
    """One after the other."""

    def do(plane: ControlPlane, namespace: str) -> None:
        for action in actions:
            action(plane, namespace)

    return do


def stops_controllers(plane: ControlPlane, _namespace: str) -> None:
    """Nobody starts what is due."""
    plane.stop_part(CONTROLLERS)


def starts_controllers(plane: ControlPlane, _namespace: str) -> None:
    """What is due is started again."""
    if CONTROLLERS not in plane.parts():
        plane.start_part(CONTROLLERS)


def adds_node(plane: ControlPlane, namespace: str) -> None:
    """Add a node, with a kubelet of its own, that bears the scenario's name."""
    plane.add_node(namespace, namespace)


def loses_node(plane: ControlPlane, namespace: str) -> None:
    """Kill the kubelet of the node."""
    plane.stop_part(f"kwok-{namespace}")


def finds_node(plane: ControlPlane, namespace: str) -> None:
    """Start the node's kubelet again."""
    plane.start_part(f"kwok-{namespace}")


def removes_node(plane: ControlPlane, namespace: str) -> None:
    """Remove the node and its kubelet."""
    plane.remove_node(namespace)


def cordons(cordoned: bool) -> Action:
    """Let no pod be scheduled to the node, as `kubectl cordon` does, or let them."""
    change = {"spec": {"unschedulable": cordoned or None}}

    def do(plane: ControlPlane, namespace: str) -> None:
        plane.patch("Node", "", namespace, change)

    return do


def makes_storage_class(provisioner: str, mode: str) -> Action:
    """Make a StorageClass with the scenario's name."""

    def do(plane: ControlPlane, namespace: str) -> None:
        plane.apply(
            {
                "apiVersion": "storage.k8s.io/v1",
                "kind": "StorageClass",
                "metadata": {"name": namespace},
                "provisioner": provisioner,
                "volumeBindingMode": mode,
            }
        )

    return do


def makes_volume(reclaim: str = "Retain") -> Action:
    """Make a PersistentVolume with the scenario's name, for claims of the class of that name."""

    def do(plane: ControlPlane, namespace: str) -> None:
        plane.apply(
            {
                "apiVersion": "v1",
                "kind": "PersistentVolume",
                "metadata": {"name": namespace},
                "spec": {
                    "accessModes": ["ReadWriteOnce"],
                    "capacity": {"storage": "1Gi"},
                    # The controller deletes such a path under /tmp alone.
                    "hostPath": {"path": "/nowhere"},
                    "persistentVolumeReclaimPolicy": reclaim,
                    "storageClassName": namespace,
                },
            }
        )
        plane.wait_for("PersistentVolume", "", namespace, _in_phase("Available"))

    return do


def claims(plane: ControlPlane, namespace: str) -> None:
    """Make a claim for the class of the scenario's name."""
    manifest = {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": {"name": WEB},
        "spec": {
            "accessModes": ["ReadWriteOnce"],
            "resources": {"requests": {"storage": "1Gi"}},
            "storageClassName": namespace,
        },
    }
    applies(manifest)(plane, namespace)


def claims_and_binds(plane: ControlPlane, namespace: str) -> None:
    """Make a claim and wait until it has its volume."""
    claims(plane, namespace)
    plane.wait_for("PersistentVolumeClaim", namespace, WEB, _in_phase("Bound"))


def loses_volume(plane: ControlPlane, namespace: str) -> None:
    """Delete the volume, though a claim is bound to it."""
    plane.delete("PersistentVolume", "", namespace)
    plane.patch("PersistentVolume", "", namespace, {"metadata": {"finalizers": None}})


def removes_storage(plane: ControlPlane, namespace: str) -> None:
    """Remove the claim, the volume and the StorageClass."""
    plane.delete("Pod", namespace, "consumer")
    plane.delete("PersistentVolumeClaim", namespace, WEB)
    plane.wait_gone("PersistentVolumeClaim", namespace, WEB)
    plane.delete("PersistentVolume", "", namespace)
    plane.delete("StorageClass", "", namespace)


def gizmos_established(plane: ControlPlane, _namespace: str) -> None:
    """Wait until the first of two definitions has the names."""
    name = "gizmos.conflict.example"
    plane.wait_for(
        "CustomResourceDefinition",
        "",
        name,
        lambda item: has_condition(item.get("status", {}), "Established", "True"),
    )


def deletes_namespace(plane: ControlPlane, namespace: str) -> None:
    """Delete the scenario's own namespace."""
    plane.delete("Namespace", "", namespace)


def lets_go(plane: ControlPlane, namespace: str) -> None:
    """Take the finalizer away that holds the ConfigMap, if it is there."""
    if plane.find("ConfigMap", namespace, WEB):
        plane.patch("ConfigMap", namespace, WEB, {"metadata": {"finalizers": None}})


def _in_phase(phase: str) -> Callable[[Manifest], bool]:
    return lambda item: bool(item["status"].get("phase") == phase)


# --- what the API server says ---


def has(**counts: int) -> Predicate:
    """The status has these counts, of a kind that does not say which spec it has seen."""
    return lambda view: all(view.status.get(name, 0) == count for name, count in counts.items())


def jobs(**states: int) -> Predicate:
    """So many Jobs of the CronJob are in these states."""

    def counted(view: View) -> bool:
        found = [item for item in view.around if item["kind"] == "Job"]
        return all(
            sum(has_condition(item.get("status", {}), state, "True") for item in found) == count
            for state, count in states.items()
        )

    return counted


def endpoints(ready: int, unready: int = 0) -> Predicate:
    """The EndpointSlices have so many endpoints that are ready, and so many that are not."""

    def counted(view: View) -> bool:
        slices = [item for item in view.around if item["kind"] == "EndpointSlice"]
        found = [entry for item in slices for entry in item["endpoints"] or ()]
        states = [entry["conditions"]["ready"] for entry in found]
        return bool(slices) and (states.count(True), states.count(False)) == (ready, unready)

    return counted


def happened(reason: str) -> Predicate:
    """An event about the object has that reason."""
    return lambda view: any(
        item["kind"] == "Event" and item["reason"] == reason for item in view.around
    )


def is_older_than(seconds: float) -> Predicate:
    """The object was made so long ago."""

    def aged(view: View) -> bool:
        if view.object is None:
            return False
        made = datetime.fromisoformat(view.object["metadata"]["creationTimestamp"])
        return time.time() > made.timestamp() + seconds

    return aged


def is_cordoned(view: View) -> bool:
    """No pod is scheduled to the node any more."""
    return view.object is not None and view.object["spec"].get("unschedulable") is True


def has_run(view: View) -> bool:
    """The CronJob's controller has seen a run of its own succeed."""
    return "lastSuccessfulTime" in view.status


# --- the stories ---

NEVER_RUN = Step(applies(cron_job()), there)
SERVED = Step(applies(deployment(replicas=2)), gone)
"""The pods of what is made next, which itself is not there yet."""
NODE_READY = Step(adds_node, condition("Ready", "True"))

JOBS = (
    Scenario(
        name="job-completes",
        kind="Job",
        path_kind="job",
        steps=(Step(applies(job("completed")), condition("Complete", "True")),),
        expected=HEALTHY,
    ),
    Scenario(
        name="job-fails",
        kind="Job",
        path_kind="job",
        steps=(Step(applies(job("failed", backoffLimit=0)), condition("Failed", "True")),),
        expected=replace(DOWN, reason="BackoffLimitExceeded"),
    ),
    Scenario(
        name="job-retries",
        kind="Job",
        path_kind="jobs",
        steps=(
            Step(
                applies(job("failed", backoffLimit=6)),
                lambda view: view.status.get("failed", 0) > 0,
            ),
        ),
        expected=replace(DEGRADED, activity="progressing"),
    ),
    Scenario(
        name="job-runs",
        kind="Job",
        path_kind="job",
        steps=(Step(applies(job("ready")), has(active=1, ready=1)),),
        expected=PROGRESSING,
        recovery=(Step(turns("completed", "Job"), condition("Complete", "True")),),
    ),
    Scenario(
        name="job-suspended",
        kind="Job",
        path_kind="job",
        steps=(Step(applies(job("ready", suspend=True)), condition("Suspended", "True")),),
        expected=SUSPENDED,
    ),
    Scenario(
        name="job-resumed",
        kind="Job",
        path_kind="job",
        steps=(
            Step(applies(job("ready", suspend=True)), condition("Suspended", "True")),
            Step(
                changes("Job", {"spec": {"suspend": False}}),
                every(condition("Suspended", "False", "JobResumed"), has(active=1, ready=1)),
            ),
        ),
        expected=PROGRESSING,
    ),
    Scenario(
        name="job-past-its-deadline",
        kind="Job",
        path_kind="job",
        steps=(Step(applies(job("ready", activeDeadlineSeconds=1)), condition("Failed", "True")),),
        expected=replace(DOWN, reason="DeadlineExceeded"),
    ),
    Scenario(
        name="cronjob-never-run",
        kind="CronJob",
        path_kind="cronjob",
        steps=(NEVER_RUN,),
        expected=HEALTHY,
    ),
    Scenario(
        name="cronjob-last-run-failed",
        kind="CronJob",
        path_kind="cj",
        steps=(
            NEVER_RUN,
            Step(
                does(runs("web-good", "completed"), runs("web-bad", "failed")),
                jobs(Complete=1, Failed=1),
            ),
        ),
        expected=DEGRADED,
        recovery=(Step(runs("web-better", "completed"), jobs(Complete=2)),),
    ),
    Scenario(
        name="cronjob-three-runs-failed",
        kind="CronJob",
        path_kind="cronjob",
        steps=(
            NEVER_RUN,
            Step(does(*(runs(f"web-{number}", "failed") for number in range(3))), jobs(Failed=3)),
        ),
        expected=DOWN,
        recovery=(Step(runs("web-better", "completed"), jobs(Complete=1)),),
    ),
    Scenario(
        name="cronjob-suspended",
        kind="CronJob",
        path_kind="cronjob",
        steps=(Step(applies(cron_job(suspend=True)), there),),
        expected=SUSPENDED,
    ),
    Scenario(
        name="cronjob-misses-a-run",
        kind="CronJob",
        path_kind="cronjob",
        steps=(
            Step(
                does(
                    stops_controllers,
                    applies(cron_job("@every 5s", startingDeadlineSeconds=LATE)),
                ),
                is_older_than(LATE + 5),
            ),
        ),
        ripens=LATE + 5,
        expected=replace(DOWN, reason="MissedSchedule"),
        recovery=(Step(starts_controllers, has_run, deadline=60),),
        recovered=replace(HEALTHY, activity=None),
        cleanup=starts_controllers,
    ),
)

NETWORK = (
    Scenario(
        name="service-ready",
        kind="Service",
        path_kind="service",
        steps=(SERVED, Step(applies(service()), endpoints(2))),
        expected=HEALTHY,
    ),
    Scenario(
        name="service-without-pods",
        kind="Service",
        path_kind="svc",
        steps=(Step(applies(service()), endpoints(0)),),
        expected=DOWN,
        recovery=(Step(applies(deployment(replicas=1)), endpoints(1)),),
    ),
    Scenario(
        name="service-pods-not-ready",
        kind="Service",
        path_kind="service",
        steps=(
            SERVED,
            Step(applies(service()), endpoints(2)),
            Step(turns("not-ready"), endpoints(0, unready=2)),
        ),
        expected=DOWN,
        recovery=(Step(turns("ready"), endpoints(2)),),
    ),
    Scenario(
        name="service-external-name",
        kind="Service",
        path_kind="service",
        steps=(
            Step(
                applies(service(type="ExternalName", externalName="shop.example", selector=None)),
                there,
            ),
        ),
        expected=HEALTHY,
    ),
    Scenario(
        name="service-load-balancer-pending",
        kind="Service",
        path_kind="services",
        steps=(SERVED, Step(applies(service(type="LoadBalancer")), endpoints(2))),
        expected=PROGRESSING,
    ),
    Scenario(
        name="ingress-without-address",
        kind="Ingress",
        path_kind="ingress",
        steps=(Step(applies(INGRESS), there),),
        expected=PROGRESSING,
    ),
)

STORAGE = (
    Scenario(
        name="claim-waits-for-its-consumer",
        kind="PersistentVolumeClaim",
        path_kind="pvc",
        steps=(
            Step(
                does(makes_storage_class(NO_PROVISIONER, "WaitForFirstConsumer"), claims),
                every(in_phase("Pending"), happened("WaitForFirstConsumer")),
            ),
        ),
        expected=SUSPENDED,
        # It has a consumer now, and nobody who makes volumes.
        recovery=(Step(applies(CONSUMER), lambda view: bool(view.pods)),),
        recovered=replace(DEGRADED, activity="progressing"),
        cleanup=removes_storage,
    ),
    Scenario(
        name="claim-without-provisioner",
        kind="PersistentVolumeClaim",
        path_kind="persistentvolumeclaim",
        steps=(
            Step(
                does(makes_storage_class("nobody.example/none", "Immediate"), claims),
                every(in_phase("Pending"), happened("ExternalProvisioning")),
            ),
        ),
        expected=replace(DEGRADED, activity="progressing"),
        cleanup=removes_storage,
    ),
    Scenario(
        name="claim-bound",
        kind="PersistentVolumeClaim",
        path_kind="pvc",
        steps=(Step(does(makes_volume(), claims), in_phase("Bound")),),
        expected=HEALTHY,
        cleanup=removes_storage,
    ),
    Scenario(
        name="claim-lost",
        kind="PersistentVolumeClaim",
        path_kind="pvc",
        steps=(
            Step(does(makes_volume(), claims), in_phase("Bound")),
            Step(loses_volume, in_phase("Lost")),
        ),
        expected=DOWN,
        cleanup=removes_storage,
    ),
    Scenario(
        name="volume-available",
        kind="PersistentVolume",
        path_kind="pv",
        cluster_scoped=True,
        steps=(Step(makes_volume(), in_phase("Available")),),
        expected=HEALTHY,
        cleanup=removes_storage,
    ),
    Scenario(
        name="volume-released",
        kind="PersistentVolume",
        path_kind="persistentvolume",
        cluster_scoped=True,
        steps=(
            Step(does(makes_volume(), claims_and_binds), in_phase("Bound")),
            Step(deletes("PersistentVolumeClaim"), in_phase("Released")),
        ),
        expected=HEALTHY,
        cleanup=removes_storage,
    ),
    Scenario(
        name="volume-not-reclaimed",
        kind="PersistentVolume",
        path_kind="pv",
        cluster_scoped=True,
        steps=(
            Step(does(makes_volume("Delete"), claims_and_binds), in_phase("Bound")),
            Step(deletes("PersistentVolumeClaim"), in_phase("Failed")),
        ),
        expected=DOWN,
        cleanup=removes_storage,
    ),
)

SCALING = (
    Scenario(
        name="autoscaler-without-metrics",
        kind="HorizontalPodAutoscaler",
        path_kind="hpa",
        steps=(
            SERVED,
            Step(
                applies(AUTOSCALER), condition("ScalingActive", "False", "FailedGetResourceMetric")
            ),
        ),
        # It fails all the while, and that counts after five minutes.
        expected=caused_by(HEALTHY, "FailedGetResourceMetric"),
    ),
    Scenario(
        name="autoscaler-of-what-is-scaled-to-zero",
        kind="HorizontalPodAutoscaler",
        path_kind="horizontalpodautoscaler",
        steps=(
            Step(
                applies(deployment(replicas=0), AUTOSCALER),
                condition("ScalingActive", "False", "ScalingDisabled"),
            ),
        ),
        expected=SUSPENDED,
    ),
    Scenario(
        name="budget-with-too-few-pods",
        kind="PodDisruptionBudget",
        path_kind="pdb",
        steps=(
            Step(
                applies(deployment(), BUDGET),
                has(currentHealthy=3, desiredHealthy=3),
            ),
            Step(turns("not-ready", count=1), has(currentHealthy=2, desiredHealthy=3)),
        ),
        expected=DEGRADED,
        # As many as it needs and none to spare: no disruption is allowed.
        recovery=(
            Step(
                turns("ready"),
                every(
                    has(currentHealthy=3),
                    condition("DisruptionAllowed", "False", "InsufficientPods"),
                ),
            ),
        ),
    ),
)

NODE_STORIES = (
    Scenario(
        name="node-lost-itself",
        kind="Node",
        path_kind="node",
        cluster_scoped=True,
        steps=(NODE_READY, Step(loses_node, condition("Ready", "Unknown"))),
        expected=replace(DOWN, reason="NodeStatusUnknown"),
        recovery=(Step(finds_node, condition("Ready", "True")),),
        cleanup=removes_node,
    ),
    Scenario(
        name="node-cordoned",
        kind="Node",
        path_kind="no",
        cluster_scoped=True,
        steps=(
            NODE_READY,
            Step(
                cordons(True),
                is_cordoned,
            ),
        ),
        expected=SUSPENDED,
        recovery=(Step(cordons(False), condition("Ready", "True")),),
        cleanup=removes_node,
    ),
)

NAMESPACES = (
    Scenario(
        name="namespace-active",
        kind="Namespace",
        path_kind="namespace",
        cluster_scoped=True,
        steps=(Step(nothing, in_phase("Active")),),
        expected=HEALTHY,
    ),
    Scenario(
        name="namespace-held-by-a-finalizer",
        kind="Namespace",
        path_kind="ns",
        cluster_scoped=True,
        steps=(
            Step(
                does(applies(HELD), deletes_namespace),
                condition("NamespaceFinalizersRemaining", "True"),
            ),
        ),
        expected=caused_by(replace(HEALTHY, activity="terminating"), "SomeFinalizersRemain"),
        recovery=(Step(lets_go, gone, deadline=60),),
        recovered=MISSING,
        cleanup=lets_go,
    ),
    Scenario(
        name="namespace-of-which-the-api-knows-too-little",
        kind="Namespace",
        path_kind="namespace",
        cluster_scoped=True,
        steps=(
            Step(
                does(makes(api_service("away.example")), deletes_namespace),
                condition("NamespaceDeletionDiscoveryFailure", "True"),
            ),
        ),
        expected=caused_by(replace(DEGRADED, activity="terminating"), "DiscoveryFailed"),
        recovery=(Step(removes("APIService", "v1.away.example"), gone, deadline=120),),
        recovered=MISSING,
        cleanup=removes("APIService", "v1.away.example"),
    ),
)

EXTENSIONS = (
    Scenario(
        name="definition-established",
        kind="CustomResourceDefinition",
        path_kind="crd",
        cluster_scoped=True,
        object_name="gizmos.established.example",
        steps=(
            Step(
                makes(definition("gizmos", "established.example")),
                condition("Established", "True"),
            ),
        ),
        expected=HEALTHY,
        cleanup=removes("CustomResourceDefinition", "gizmos.established.example"),
    ),
    Scenario(
        name="definitions-with-the-same-names",
        kind="CustomResourceDefinition",
        path_kind="customresourcedefinition",
        cluster_scoped=True,
        object_name="others.conflict.example",
        steps=(
            Step(
                does(makes(definition("gizmos", "conflict.example")), gizmos_established),
                gone,
            ),
            Step(
                makes(definition("others", "conflict.example")),
                condition("NamesAccepted", "False"),
            ),
        ),
        expected=DOWN,
        recovery=(
            Step(
                removes("CustomResourceDefinition", "gizmos.conflict.example"),
                every(condition("NamesAccepted", "True"), condition("Established", "True")),
            ),
        ),
        cleanup=does(
            removes("CustomResourceDefinition", "others.conflict.example"),
            removes("CustomResourceDefinition", "gizmos.conflict.example"),
        ),
    ),
    Scenario(
        name="api-served-by-itself",
        kind="APIService",
        path_kind="apiservice",
        cluster_scoped=True,
        object_name="v1.apps",
        steps=(Step(nothing, condition("Available", "True")),),
        expected=HEALTHY,
    ),
    Scenario(
        name="api-without-its-service",
        kind="APIService",
        path_kind="apiservice",
        cluster_scoped=True,
        object_name="v1.nobody.example",
        steps=(Step(makes(api_service("nobody.example")), condition("Available", "False")),),
        expected=replace(DOWN, reason="ServiceNotFound"),
        recovery=(Step(removes("APIService", "v1.nobody.example"), gone),),
        recovered=MISSING,
        cleanup=removes("APIService", "v1.nobody.example"),
    ),
)

KINDS = (*JOBS, *NETWORK, *STORAGE, *SCALING, *NODE_STORIES, *NAMESPACES, *EXTENSIONS, *CUSTOM)
