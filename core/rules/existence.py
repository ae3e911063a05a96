"""Kinds without a status by design, or with one that says nothing of health.

Source: the types of the Kubernetes API (k8s.io/api); names and scopes as
``kubectl api-resources`` of 1.37 prints them.
"""

from __future__ import annotations

from ..assessment import Activity, Health
from ..kinds import EVENT, Kind
from ..model import Source
from .rule import Context, Rule
from .verdict import Verdict

__all__ = ["EXISTENCE_RULES"]

_FLOW = "flowcontrol.apiserver.k8s.io"
_ADMISSION = "admissionregistration.k8s.io"
_RBAC = "rbac.authorization.k8s.io"
_RESOURCE = "resource.k8s.io"

# kind, plural, group, short names, whether it is namespaced; all of version v1
_TABLE: tuple[tuple[str, str, str, tuple[str, ...], bool], ...] = (
    ("ConfigMap", "configmaps", "", ("cm",), True),
    ("Secret", "secrets", "", (), True),
    ("ServiceAccount", "serviceaccounts", "", ("sa",), True),
    # Its status counts usage, which says nothing about health.
    ("ResourceQuota", "resourcequotas", "", ("quota",), True),
    ("PodTemplate", "podtemplates", "", (), True),
    ("LimitRange", "limitranges", "", ("limits",), True),
    ("ControllerRevision", "controllerrevisions", "apps", (), True),
    ("Role", "roles", _RBAC, (), True),
    ("RoleBinding", "rolebindings", _RBAC, (), True),
    ("ClusterRole", "clusterroles", _RBAC, (), False),
    ("ClusterRoleBinding", "clusterrolebindings", _RBAC, (), False),
    ("NetworkPolicy", "networkpolicies", "networking.k8s.io", ("netpol",), True),
    ("IngressClass", "ingressclasses", "networking.k8s.io", (), False),
    # Their only condition says whether their references are valid.
    ("FlowSchema", "flowschemas", _FLOW, (), False),
    ("PriorityLevelConfiguration", "prioritylevelconfigurations", _FLOW, (), False),
    ("PriorityClass", "priorityclasses", "scheduling.k8s.io", ("pc",), False),
    ("RuntimeClass", "runtimeclasses", "node.k8s.io", (), False),
    ("IPAddress", "ipaddresses", "networking.k8s.io", ("ip",), False),
    ("CSIStorageCapacity", "csistoragecapacities", "storage.k8s.io", (), True),
    ("CSIDriver", "csidrivers", "storage.k8s.io", (), False),
    ("CSINode", "csinodes", "storage.k8s.io", (), False),
    ("VolumeAttributesClass", "volumeattributesclasses", "storage.k8s.io", ("vac",), False),
    ("DeviceClass", "deviceclasses", _RESOURCE, (), False),
    ("ResourceSlice", "resourceslices", _RESOURCE, (), False),
    ("ResourceClaimTemplate", "resourceclaimtemplates", _RESOURCE, (), True),
    ("MutatingWebhookConfiguration", "mutatingwebhookconfigurations", _ADMISSION, (), False),
    ("ValidatingWebhookConfiguration", "validatingwebhookconfigurations", _ADMISSION, (), False),
    ("MutatingAdmissionPolicy", "mutatingadmissionpolicies", _ADMISSION, (), False),
    ("MutatingAdmissionPolicyBinding", "mutatingadmissionpolicybindings", _ADMISSION, (), False),
    (
        "ValidatingAdmissionPolicyBinding",
        "validatingadmissionpolicybindings",
        _ADMISSION,
        (),
        False,
    ),
)
_OLDER_GROUPS = {"NetworkPolicy": frozenset({"extensions"})}


def _judge(source: Source, context: Context) -> Verdict:
    """Healthy if it exists: nothing in it says anything of health."""
    return Verdict(Health.HEALTHY, Activity.STEADY, True, "Exists", "it exists")


def _rules() -> tuple[Rule, ...]:
    return tuple(
        Rule(
            Kind(kind, plural, group, "v1", short_names, namespaced=namespaced, metadata_only=True),
            _judge,
            groups=_OLDER_GROUPS.get(kind, frozenset()),
            needs_status=False,
        )
        for kind, plural, group, short_names, namespaced in _TABLE
    )


_EVENT_RULE = Rule(
    EVENT,
    _judge,
    # Read whole: an event explains other objects.
    fields=(
        "metadata.creationTimestamp",
        "type",
        "reason",
        "message",
        "note",
        "involvedObject",
        "regarding",
        "series",
        "count",
        "deprecatedCount",
        "lastTimestamp",
        "deprecatedLastTimestamp",
        "eventTime",
    ),
    groups=frozenset({"events.k8s.io"}),
    needs_status=False,
)

EXISTENCE_RULES: tuple[Rule, ...] = (*_rules(), _EVENT_RULE)
"""A rule for each of them."""
