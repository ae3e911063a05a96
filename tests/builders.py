"""Small builders of manifests, as the Kubernetes API gives them; the defaults are all well."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

Manifest = dict[str, Any]

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
"""The time that every test judges at."""


def before(**units: float) -> str:
    """The RFC 3339 time so long before `NOW`; takes what `timedelta` takes."""
    return stamp(NOW - timedelta(**units))


def stamp(moment: datetime) -> str:
    """A time as the API writes it."""
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def condition(
    type_: str, status: object = "True", reason: str = "", message: str = "", since: str = ""
) -> Manifest:
    """One entry of `status.conditions`."""
    entry: Manifest = {"type": type_, "status": status}
    if reason:
        entry["reason"] = reason
    if message:
        entry["message"] = message
    if since:
        entry["lastTransitionTime"] = since
    return entry


def owner(uid: str, *, kind: str = "ReplicaSet", controller: bool = True) -> Manifest:
    """One entry of `metadata.ownerReferences`."""
    return {
        "apiVersion": "apps/v1",
        "kind": kind,
        "name": uid,
        "uid": uid,
        "controller": controller,
    }


def metadata(
    name: str,
    *,
    uid: str | None = None,
    owners: Sequence[Manifest] = (),
    generation: int | None = None,
    deleted: str = "",
    finalizers: Sequence[str] = (),
    created: str = "",
    labels: Manifest | None = None,
) -> Manifest:
    """An object's metadata; its UID is its name where none is given."""
    meta: Manifest = {
        "name": name,
        "namespace": "shop",
        "uid": name if uid is None else uid,
        "creationTimestamp": created or before(minutes=10),
    }
    if owners:
        meta["ownerReferences"] = list(owners)
    if generation is not None:
        meta["generation"] = generation
    if deleted:
        meta["deletionTimestamp"] = deleted
    if finalizers:
        meta["finalizers"] = list(finalizers)
    if labels is not None:
        meta["labels"] = labels
    return meta


def available(status: object = "True", since: str = "") -> Manifest:
    """A Deployment's Available condition."""
    word = "MinimumReplicasAvailable" if status == "True" else "MinimumReplicasUnavailable"
    return condition("Available", status, word, since=since)


def progressing(reason: str = "NewReplicaSetAvailable", status: str = "True") -> Manifest:
    """A Deployment's Progressing condition: by default, of a rollout that is through."""
    return condition("Progressing", status, reason, since=before(minutes=30))


def deployment(
    desired: int | None = 3,
    serving: int | None = None,
    *,
    replicas: int | None = None,
    updated: int | None = None,
    conditions: Sequence[Manifest] | None = None,
    paused: bool = False,
    generation: int = 1,
    observed: object = None,
    deleted: str = "",
    finalizers: Sequence[str] = (),
) -> Manifest:
    """A Deployment `api`; what is not given is at the count that is desired."""
    full = 1 if desired is None else desired
    status: Manifest = {
        "observedGeneration": generation if observed is None else observed,
        "replicas": full if replicas is None else replicas,
        "updatedReplicas": full if updated is None else updated,
        "availableReplicas": full if serving is None else serving,
        "conditions": [available(), progressing()] if conditions is None else list(conditions),
    }
    spec: Manifest = {} if desired is None else {"replicas": desired}
    if paused:
        spec["paused"] = True
    meta = metadata("api", generation=generation, deleted=deleted, finalizers=finalizers)
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": meta,
        "spec": spec,
        "status": {name: value for name, value in status.items() if value != 0},
    }


def replica_set(
    desired: int | None = 3,
    serving: int | None = None,
    *,
    replicas: int | None = None,
    conditions: Sequence[Manifest] = (),
    name: str = "api-rs",
    owned_by: str = "api",
) -> Manifest:
    """A ReplicaSet `api-rs` of the Deployment `api`."""
    full = 1 if desired is None else desired
    return {
        "apiVersion": "apps/v1",
        "kind": "ReplicaSet",
        "metadata": metadata(name, owners=[owner(owned_by, kind="Deployment")]),
        "spec": {} if desired is None else {"replicas": desired},
        "status": {
            "replicas": full if replicas is None else replicas,
            "availableReplicas": full if serving is None else serving,
            "conditions": list(conditions),
        },
    }


def stateful_set(
    desired: int = 3,
    serving: int | None = None,
    *,
    replicas: int | None = None,
    updated: int | None = None,
    current: str = "db-1",
    update: str = "db-1",
    strategy: Manifest | None = None,
) -> Manifest:
    """A StatefulSet `db`."""
    spec: Manifest = {"replicas": desired}
    if strategy is not None:
        spec["updateStrategy"] = strategy
    return {
        "apiVersion": "apps/v1",
        "kind": "StatefulSet",
        "metadata": metadata("db", generation=1),
        "spec": spec,
        "status": {
            "observedGeneration": 1,
            "replicas": desired if replicas is None else replicas,
            "updatedReplicas": desired if updated is None else updated,
            "readyReplicas": desired if serving is None else serving,
            "availableReplicas": desired if serving is None else serving,
            "currentRevision": current,
            "updateRevision": update,
        },
    }


def daemon_set(
    desired: int = 3,
    serving: int | None = None,
    *,
    updated: int | None = None,
    misscheduled: int = 0,
    strategy: str = "RollingUpdate",
    observed: int | None = 1,
) -> Manifest:
    """A DaemonSet `agent`."""
    status: Manifest = {
        "desiredNumberScheduled": desired,
        "updatedNumberScheduled": desired if updated is None else updated,
        "numberAvailable": desired if serving is None else serving,
        "numberMisscheduled": misscheduled,
    }
    if observed is not None:
        status["observedGeneration"] = observed
    return {
        "apiVersion": "apps/v1",
        "kind": "DaemonSet",
        "metadata": metadata("agent", generation=1),
        "spec": {"updateStrategy": {"type": strategy}},
        "status": status,
    }


def running() -> Manifest:
    """The state of a container that runs."""
    return {"running": {"startedAt": before(minutes=1)}}


def waiting(reason: str, message: str = "") -> Manifest:
    """The state of a container that waits."""
    return {"waiting": {"reason": reason, "message": message}}


def terminated(
    exit_code: object = 1, reason: str = "Error", *, ended: str = "", started: str = ""
) -> Manifest:
    """The state of a container that ended; by default a minute ago, with failure."""
    return {
        "terminated": {
            "exitCode": exit_code,
            "reason": reason,
            "startedAt": started or before(minutes=2),
            "finishedAt": ended or before(minutes=1),
        }
    }


def container(
    name: str = "app",
    *,
    state: Manifest | None = None,
    last: Manifest | None = None,
    ready: bool | None = None,
    restarts: int = 0,
    started: bool | None = None,
) -> Manifest:
    """The status of a container, which by default runs and is ready if it runs."""
    state = running() if state is None else state
    status: Manifest = {
        "name": name,
        "state": state,
        "lastState": {} if last is None else last,
        "ready": "running" in state if ready is None else ready,
        "restartCount": restarts,
    }
    if started is not None:
        status["started"] = started
    return status


def pod(
    name: str = "api-1",
    *,
    phase: str = "Running",
    ready: bool | None = True,
    containers: Sequence[Manifest] | None = None,
    init: Sequence[Manifest] = (),
    conditions: Sequence[Manifest] = (),
    sidecars: Sequence[str] = (),
    gates: Sequence[str] = (),
    owned_by: str = "",
    deleted: str = "",
    finalizers: Sequence[str] = (),
    reason: str = "",
    message: str = "",
) -> Manifest:
    """A Pod, by default one that runs and is ready; `ready=None` leaves the condition out."""
    stated = list(conditions)
    if ready is not None:
        stated.append(condition("Ready", str(ready), since=before(minutes=3)))
    status: Manifest = {
        "phase": phase,
        "conditions": stated,
        "containerStatuses": [container()] if containers is None else list(containers),
        "initContainerStatuses": list(init),
    }
    if reason:
        status["reason"] = reason
    if message:
        status["message"] = message
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": metadata(
            name,
            owners=[owner(owned_by)] if owned_by else [],
            deleted=deleted,
            finalizers=finalizers,
            labels={"app": "api"},
        ),
        "spec": {
            "nodeName": "node-1",
            "initContainers": [{"name": entry, "restartPolicy": "Always"} for entry in sidecars],
            "readinessGates": [{"conditionType": gate} for gate in gates],
        },
        "status": status,
    }


def event(
    uid: str = "api",
    reason: str = "FailedCreate",
    *,
    kind: str = "Deployment",
    type_: str = "Warning",
    message: str = "it went wrong",
    last: object = None,
    count: object = 1,
    name: str = "",
    **fields: object,
) -> Manifest:
    """A v1 Event about the object with this UID, a minute old; `last=""` states no time."""
    found: Manifest = {
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": {
            "name": f"{uid}.{reason}",
            "namespace": "shop",
            "uid": f"event-{uid}-{reason}",
        },
        "type": type_,
        "reason": reason,
        "message": message,
        "involvedObject": {"kind": kind, "name": name or uid, "uid": uid},
        "count": count,
    }
    if last != "":
        found["lastTimestamp"] = before(minutes=1) if last is None else last
    return found | fields
