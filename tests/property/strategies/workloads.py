"""Whatever counts replicas, with every combination of figures and conditions."""

from __future__ import annotations

from functools import cache

from hypothesis import strategies as st

from .pieces import Some, conditions, counts, generations, optional, partial, thing, words

__all__ = [
    "daemon_sets",
    "deployments",
    "replica_sets",
    "replication_controllers",
    "rollouts",
    "stateful_sets",
]

_ROLLOUT_CONDITIONS = conditions(
    "Available",
    "Progressing",
    "ReplicaFailure",
    reasons=("ProgressDeadlineExceeded", "NewReplicaSetAvailable"),
)


@cache
def deployments() -> Some:
    """Deployments."""
    return thing(
        "Deployment",
        "apps/v1",
        spec=optional(replicas=counts, paused=st.booleans(), minReadySeconds=st.integers(0, 60)),
        status=optional(
            observedGeneration=generations,
            replicas=counts,
            updatedReplicas=counts,
            readyReplicas=counts,
            availableReplicas=counts,
            unavailableReplicas=counts,
            conditions=_ROLLOUT_CONDITIONS,
        ),
    )


@cache
def replica_sets() -> Some:
    """ReplicaSets."""
    return _replica_sets("ReplicaSet", "apps/v1")


@cache
def replication_controllers() -> Some:
    """ReplicationControllers, which are alike."""
    return _replica_sets("ReplicationController", "v1")


def _replica_sets(kind: str, api_version: str) -> Some:
    return thing(
        kind,
        api_version,
        spec=optional(replicas=counts, minReadySeconds=st.integers(0, 60)),
        status=partial(
            {"replicas": counts},
            optional={
                "observedGeneration": generations,
                "readyReplicas": counts,
                "availableReplicas": counts,
                "conditions": conditions("ReplicaFailure", reasons=("FailedCreate",)),
            },
        ),
    )


@cache
def stateful_sets() -> Some:
    """StatefulSets with both strategies, partitions and revisions."""
    rolling = optional(partition=counts)
    strategies = partial(
        {"type": words("RollingUpdate", "OnDelete")}, optional={"rollingUpdate": rolling}
    )
    return thing(
        "StatefulSet",
        "apps/v1",
        spec=optional(
            replicas=counts, updateStrategy=strategies, minReadySeconds=st.integers(0, 60)
        ),
        status=partial(
            {"replicas": counts},
            optional={
                "observedGeneration": generations,
                "readyReplicas": counts,
                "updatedReplicas": counts,
                "availableReplicas": counts,
                "currentRevision": words("db-1", "db-2"),
                "updateRevision": words("db-1", "db-2"),
            },
        ),
    )


@cache
def daemon_sets() -> Some:
    """DaemonSets with both strategies."""
    strategies = st.fixed_dictionaries({"type": words("RollingUpdate", "OnDelete")})
    return thing(
        "DaemonSet",
        "apps/v1",
        spec=optional(updateStrategy=strategies, minReadySeconds=st.integers(0, 60)),
        status=partial(
            {"desiredNumberScheduled": counts},
            optional={
                "observedGeneration": generations,
                "updatedNumberScheduled": counts,
                "numberAvailable": counts,
                "numberReady": counts,
                "numberMisscheduled": counts,
            },
        ),
    )


@cache
def rollouts() -> Some:
    """Argo's Rollouts: with a phase, and of the older versions that state none."""
    stated = conditions(
        "Available",
        "Progressing",
        "ReplicaFailure",
        "Paused",
        "InvalidSpec",
        reasons=("ProgressDeadlineExceeded", "NewReplicaSetAvailable", "InvalidSpec"),
    )
    return thing(
        "Rollout",
        "argoproj.io/v1alpha1",
        spec=optional(replicas=counts, paused=st.booleans()),
        status=optional(
            observedGeneration=generations.map(str),
            replicas=counts,
            updatedReplicas=counts,
            readyReplicas=counts,
            availableReplicas=counts,
            phase=words("", "Healthy", "Progressing", "Paused", "Degraded"),
            message=words("", "CanaryPauseStep", "RolloutAborted: Rollout aborted update"),
            conditions=stated,
        ),
    )
