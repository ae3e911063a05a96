"""Which strategy makes the objects of which kind, and what is read around them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from hypothesis import strategies as st

from tests.builders import Manifest

from .around import related
from .attachments import (
    admission_policies,
    attachments,
    certificate_requests,
    leases,
    resource_claims,
)
from .batch import cron_jobs, job_pods, jobs, runs
from .cluster import api_services, autoscalers, budgets, definitions, namespaces, nodes
from .custom import KNATIVE, STATUSLESS, custom_resources, knative_objects, statusless
from .network import ingresses, services, slices
from .pieces import Some
from .pods import pods
from .storage import claims, consumers, volumes
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
    "STATED",
    "Case",
    "Family",
    "case",
    "cases",
    "manifests",
    "workloads",
]

Case = tuple[Manifest, list[Manifest]]
"""An object, and what was read around it."""
Around = st.SearchStrategy[list[Manifest]]


@dataclass(frozen=True)
class Family:
    """How the objects of a kind are made.

    Attributes:
        objects: The objects, every combination of what they can state.
        evidence: What its rule needs besides an object; None where it needs nothing.
        replicas: Whether it counts replicas.
    """

    objects: Some
    evidence: Callable[[Manifest], Around] | None = None
    replicas: bool = False


KINDS: Mapping[tuple[str, str], Family] = {
    ("Deployment", "apps"): Family(deployments(), replicas=True),
    ("StatefulSet", "apps"): Family(stateful_sets(), replicas=True),
    ("DaemonSet", "apps"): Family(daemon_sets(), replicas=True),
    ("ReplicaSet", "apps"): Family(replica_sets(), replicas=True),
    ("ReplicationController", ""): Family(replication_controllers(), replicas=True),
    ("Rollout", "argoproj.io"): Family(rollouts(), replicas=True),
    ("Pod", ""): Family(pods()),
    ("Job", "batch"): Family(jobs(), job_pods),
    ("CronJob", "batch"): Family(cron_jobs(), runs),
    ("Service", ""): Family(services(), slices),
    ("Ingress", "networking.k8s.io"): Family(ingresses()),
    ("PersistentVolumeClaim", ""): Family(claims(), consumers),
    ("PersistentVolume", ""): Family(volumes()),
    ("HorizontalPodAutoscaler", "autoscaling"): Family(autoscalers()),
    ("PodDisruptionBudget", "policy"): Family(budgets()),
    ("Node", ""): Family(nodes()),
    ("Namespace", ""): Family(namespaces()),
    ("CustomResourceDefinition", "apiextensions.k8s.io"): Family(definitions()),
    ("APIService", "apiregistration.k8s.io"): Family(api_services()),
    ("Lease", "coordination.k8s.io"): Family(leases()),
    ("VolumeAttachment", "storage.k8s.io"): Family(attachments()),
    ("ResourceClaim", "resource.k8s.io"): Family(resource_claims()),
    ("CertificateSigningRequest", "certificates.k8s.io"): Family(certificate_requests()),
    ("ValidatingAdmissionPolicy", "admissionregistration.k8s.io"): Family(admission_policies()),
    **{(kind, "serving.knative.dev"): Family(knative_objects(kind)) for kind in KNATIVE},
}
"""Every kind that has a rule of its own and states something."""

FAMILIES: Mapping[str, Family] = {
    **{
        f"Knative{kind}" if group == "serving.knative.dev" else kind: family
        for (kind, group), family in KINDS.items()
    },
    "Custom": Family(custom_resources()),
    "Statusless": Family(statusless()),
}
"""All of them by one word, and what is judged by its conditions, or by its being there."""

STATED = frozenset(KINDS) | {
    (kind, api_version.rpartition("/")[0]) for kind, api_version in STATUSLESS
}
"""The kinds, with their groups, that some strategy is written for."""


def workloads() -> Some:
    """Whatever counts replicas."""
    return st.one_of([family.objects for family in KINDS.values() if family.replicas])


def manifests() -> Some:
    """Any kind that a rule is written for, and one that none is written for."""
    return st.one_of([family.objects for family in FAMILIES.values()])


@st.composite
def case(draw: st.DrawFn, family: Family) -> Case:
    """An object of a family, with its evidence, and now and then with what explains it."""
    manifest = draw(family.objects)
    around = draw(family.evidence(manifest)) if family.evidence else []
    if not draw(st.integers(0, 2)):
        around = around + draw(related(2))
    return manifest, around


def cases() -> st.SearchStrategy[Case]:
    """A `case` of any family."""
    return st.one_of([case(family) for family in FAMILIES.values()])
