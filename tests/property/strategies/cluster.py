"""What belongs to the cluster: nodes, namespaces, extensions of the API, budgets, autoscalers."""

from __future__ import annotations

import json
from functools import cache

from hypothesis import strategies as st

from .pieces import Some, conditions, counts, generations, optional, partial, thing, words

__all__ = ["api_services", "autoscalers", "budgets", "definitions", "namespaces", "nodes"]

_SCALING = conditions(
    "AbleToScale",
    "ScalingActive",
    "ScalingLimited",
    reasons=(
        "FailedGetResourceMetric",
        "InvalidSelector",
        "ScalingDisabled",
        "TooManyReplicas",
        "BackoffBoth",
    ),
)


@cache
def autoscalers() -> Some:
    """HorizontalPodAutoscalers of v2, and of v1, which keeps conditions in an annotation."""
    bounds = optional(minReplicas=st.integers(0, 3), maxReplicas=st.integers(1, 5))
    figures = {"observedGeneration": generations, "currentReplicas": st.integers(0, 6)}
    newer = thing(
        "HorizontalPodAutoscaler",
        "autoscaling/v2",
        spec=bounds,
        status=optional(**figures, desiredReplicas=counts, conditions=_SCALING),
    )
    older = thing(
        "HorizontalPodAutoscaler", "autoscaling/v1", spec=bounds, status=optional(**figures)
    )
    name = "autoscaling.alpha.kubernetes.io/conditions"
    annotated = st.tuples(older, _SCALING.map(json.dumps)).map(
        lambda made: {
            **made[0],
            "metadata": {**made[0]["metadata"], "annotations": {name: made[1]}},
        }
    )
    return st.one_of(newer, annotated, older)


@cache
def budgets() -> Some:
    """PodDisruptionBudgets with every combination of figures."""
    return thing(
        "PodDisruptionBudget",
        "policy/v1",
        spec=optional(minAvailable=counts),
        status=partial(
            {"desiredHealthy": counts},
            optional={
                "observedGeneration": generations,
                "currentHealthy": counts,
                "expectedPods": counts,
                "disruptionsAllowed": counts,
                "conditions": conditions(
                    "DisruptionAllowed", reasons=("SyncFailed", "InsufficientPods")
                ),
            },
        ),
    )


@cache
def nodes() -> Some:
    """Nodes, ready or not, under any pressure, cordoned or not."""
    return thing(
        "Node",
        "v1",
        namespaced=False,
        spec=optional(unschedulable=st.booleans(), podCIDR=words("10.0.0.0/24")),
        status=optional(
            conditions=conditions(
                "Ready",
                "Ready",
                "MemoryPressure",
                "DiskPressure",
                "PIDPressure",
                "NetworkUnavailable",
                "ReadonlyFilesystem",
                "KubeletUnhealthy",
                "StorageReady",
                "EtcdIsVoter",
                reasons=("KubeletReady", "NodeStatusUnknown"),
            )
        ),
    )


@cache
def namespaces() -> Some:
    """Namespaces in both phases, with what may hold their deletion."""
    return thing(
        "Namespace",
        "v1",
        namespaced=False,
        spec=optional(finalizers=st.just(["kubernetes"])),
        status=partial(
            {"phase": words("Active", "Terminating", "Terminating")},
            optional={
                "conditions": conditions(
                    "NamespaceDeletionDiscoveryFailure",
                    "NamespaceDeletionContentFailure",
                    "NamespaceContentRemaining",
                    "NamespaceFinalizersRemaining",
                    reasons=("DiscoveryFailed", "SomeResourcesRemain"),
                )
            },
        ),
    )


@cache
def definitions() -> Some:
    """CustomResourceDefinitions, accepted or not."""
    return thing(
        "CustomResourceDefinition",
        "apiextensions.k8s.io/v1",
        namespaced=False,
        spec=optional(group=words("example.com")),
        status=optional(
            conditions=conditions(
                "Established",
                "NamesAccepted",
                "NonStructuralSchema",
                "Terminating",
                reasons=("InitialNamesAccepted", "ListKindConflict"),
            )
        ),
    )


@cache
def api_services() -> Some:
    """APIServices, available or not."""
    return thing(
        "APIService",
        "apiregistration.k8s.io/v1",
        namespaced=False,
        spec=optional(group=words("metrics.k8s.io")),
        status=optional(conditions=conditions("Available", reasons=("MissingEndpoints", "Passed"))),
    )
