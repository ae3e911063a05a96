"""Kinds that state conditions and nothing else, and kinds that state nothing at all."""

from __future__ import annotations

from functools import cache

from hypothesis import strategies as st

from tests.builders import Manifest

from .pieces import Some, conditions, generations, metadata, optional, thing, times, words

__all__ = ["KNATIVE", "STATUSLESS", "custom_resources", "knative_objects", "statusless"]

KNATIVE = ("Service", "Route", "Configuration", "Revision")
"""Knative Serving's kinds."""
STATUSLESS = (
    ("ConfigMap", "v1"),
    ("Secret", "v1"),
    ("ServiceAccount", "v1"),
    ("Endpoints", "v1"),
    ("PodTemplate", "v1"),
    ("LimitRange", "v1"),
    ("Event", "v1"),
    ("ControllerRevision", "apps/v1"),
    ("Role", "rbac.authorization.k8s.io/v1"),
    ("RoleBinding", "rbac.authorization.k8s.io/v1"),
    ("ClusterRole", "rbac.authorization.k8s.io/v1"),
    ("ClusterRoleBinding", "rbac.authorization.k8s.io/v1"),
    ("NetworkPolicy", "networking.k8s.io/v1"),
    ("IngressClass", "networking.k8s.io/v1"),
    ("IPAddress", "networking.k8s.io/v1"),
    ("PriorityClass", "scheduling.k8s.io/v1"),
    ("RuntimeClass", "node.k8s.io/v1"),
    ("CSIDriver", "storage.k8s.io/v1"),
    ("CSINode", "storage.k8s.io/v1"),
    ("CSIStorageCapacity", "storage.k8s.io/v1"),
    ("StorageClass", "storage.k8s.io/v1"),
    ("VolumeAttributesClass", "storage.k8s.io/v1"),
    ("EndpointSlice", "discovery.k8s.io/v1"),
    ("ResourceQuota", "v1"),
    ("FlowSchema", "flowcontrol.apiserver.k8s.io/v1"),
    ("PriorityLevelConfiguration", "flowcontrol.apiserver.k8s.io/v1"),
    ("DeviceClass", "resource.k8s.io/v1"),
    ("ResourceSlice", "resource.k8s.io/v1"),
    ("ResourceClaimTemplate", "resource.k8s.io/v1"),
    ("MutatingWebhookConfiguration", "admissionregistration.k8s.io/v1"),
    ("ValidatingWebhookConfiguration", "admissionregistration.k8s.io/v1"),
    ("ValidatingAdmissionPolicyBinding", "admissionregistration.k8s.io/v1"),
    ("MutatingAdmissionPolicy", "admissionregistration.k8s.io/v1"),
    ("MutatingAdmissionPolicyBinding", "admissionregistration.k8s.io/v1"),
)
"""Kinds that have no status by design, with their apiVersions."""


@cache
def knative_objects(kind: str) -> Some:
    """Objects of one of Knative's kinds, with conditions of every severity."""
    return thing(
        kind,
        "serving.knative.dev/v1",
        spec=optional(template=st.just({})),
        status=optional(
            observedGeneration=generations,
            conditions=conditions(
                "Ready",
                "Ready",
                "RoutesReady",
                "ConfigurationsReady",
                "AllTrafficAssigned",
                "Active",
                "ContainerHealthy",
                reasons=("NoTraffic", "RevisionFailed", "Deploying"),
                severity=words("", "Info", "Warning"),
            ),
        ),
    )


@cache
def custom_resources() -> Some:
    """Objects of a kind that nobody here knows, as controllers of all sorts write them."""
    return thing(
        "Widget",
        "example.com/v1",
        spec=optional(size=st.integers(0, 3), replicas=st.integers(0, 3), suspend=st.booleans()),
        status=optional(
            observedGeneration=generations,
            phase=words("Running", "Failed", "Provisioning", "Updating", "Stopped", "Florid"),
            health=st.one_of(
                words("green", "red"), st.fixed_dictionaries({"status": words("Degraded")})
            ),
            nodeState=words("Updating", "Lost"),
            ready=st.booleans(),
            replicas=st.integers(0, 3),
            readyReplicas=st.integers(0, 3),
            failedNodeCount=st.integers(0, 1),
            notAfter=times(),
            startTime=times(),
            parents=st.lists(
                optional(
                    parentRef=st.fixed_dictionaries({"name": words("web", "tls")}),
                    conditions=conditions("Accepted", "ResolvedRefs", reasons=("NotAllowed",)),
                ),
                max_size=2,
            ),
            message=words("no such volume"),
            conditions=conditions(
                "Ready",
                "Available",
                "Succeeded",
                "Established",
                "Healthy",
                "Stalled",
                "Reconciling",
                "Progressing",
                "Degraded",
                "Synced",
                "NotReady",
                "Paused",
                "BackupFailed",
                "DiskPressure",
                reasons=(
                    "Pending",
                    "InProgress",
                    "NewReplicaSetAvailable",
                    "Broken",
                    "SyncFailed",
                    "ReconcilePaused",
                    "two words",
                ),
            ),
        ),
    )


@st.composite
def statusless(draw: st.DrawFn) -> Manifest:
    """Objects of the kinds that have no status: to exist is all that they do."""
    kind, api_version = draw(st.sampled_from(STATUSLESS))
    made: Manifest = {"apiVersion": api_version, "kind": kind, "metadata": draw(metadata())}
    return made | draw(optional(data=st.just({"key": "value"}), immutable=st.booleans()))
