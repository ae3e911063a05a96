"""Small strategies that make manifests of every kind from its fields, and break them.

The clean ones (`deployments`, `pods`, …) hold every combination of statuses, sensible or not, in
the forms that the API gives. The odd ones draw from `ODDITIES`, which people met in the wild.
"""

from __future__ import annotations

from .answers import MAINTENANCE, MINIMUM, annotated, assessments, futures, pasts, policies
from .around import events, related
from .batch import cron_jobs, jobs, runs
from .catalogue import FAMILIES, KINDS, STATED, Case, Family, case, cases, manifests, workloads
from .cluster import api_services, autoscalers, budgets, definitions, namespaces, nodes
from .clusters import NAMESPACES, chains, clusters, placed
from .custom import KNATIVE, STATUSLESS, custom_resources, knative_objects, statusless
from .damage import (
    Path,
    at,
    broken,
    damaged,
    extended,
    is_list,
    is_object,
    listed,
    paths,
    removed,
    replaced,
    shuffled,
)
from .fields import from_fields, from_paths
from .network import endpoint_slices, endpoints, ingresses, services, slices
from .pieces import ODDITIES, Json, Some, conditions, json_values, metadata, times, words
from .pods import odd_pods, pods, troubled_pods
from .storage import claims, consumers, storage_classes, volumes
from .workloads import (
    daemon_sets,
    deployments,
    replica_sets,
    replication_controllers,
    rollouts,
    stateful_sets,
)

__all__ = [
    "FAMILIES",
    "KINDS",
    "KNATIVE",
    "MAINTENANCE",
    "MINIMUM",
    "NAMESPACES",
    "ODDITIES",
    "STATED",
    "STATUSLESS",
    "Case",
    "Family",
    "Json",
    "Path",
    "Some",
    "annotated",
    "api_services",
    "assessments",
    "at",
    "autoscalers",
    "broken",
    "budgets",
    "case",
    "cases",
    "chains",
    "claims",
    "clusters",
    "conditions",
    "consumers",
    "cron_jobs",
    "custom_resources",
    "daemon_sets",
    "damaged",
    "definitions",
    "deployments",
    "endpoint_slices",
    "endpoints",
    "events",
    "extended",
    "from_fields",
    "from_paths",
    "futures",
    "ingresses",
    "is_list",
    "is_object",
    "jobs",
    "json_values",
    "knative_objects",
    "listed",
    "manifests",
    "metadata",
    "namespaces",
    "nodes",
    "odd_pods",
    "pasts",
    "paths",
    "placed",
    "pods",
    "policies",
    "related",
    "removed",
    "replaced",
    "replica_sets",
    "replication_controllers",
    "rollouts",
    "runs",
    "services",
    "shuffled",
    "slices",
    "stateful_sets",
    "statusless",
    "storage_classes",
    "times",
    "troubled_pods",
    "volumes",
    "words",
    "workloads",
]
