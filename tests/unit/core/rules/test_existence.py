"""The kinds that have no status: to exist is all that they do."""

from __future__ import annotations

import pytest

from k8s_heartbeat.core import RULES, assess
from k8s_heartbeat.core.kinds import Kind
from k8s_heartbeat.core.rules.existence import EXISTENCE_RULES
from tests.builders import NOW, Manifest, event, metadata

KINDS = [rule.kind for rule in EXISTENCE_RULES]

# What `kubectl api-resources` of 1.37 prints: name, short names, apiVersion, namespaced, kind.
PRINTED = """
configmaps cm v1 true ConfigMap
events ev v1 true Event
limitranges limits v1 true LimitRange
podtemplates - v1 true PodTemplate
resourcequotas quota v1 true ResourceQuota
secrets - v1 true Secret
serviceaccounts sa v1 true ServiceAccount
mutatingadmissionpolicies - admissionregistration.k8s.io/v1 false MutatingAdmissionPolicy
mutatingadmissionpolicybindings - admissionregistration.k8s.io/v1 false \
MutatingAdmissionPolicyBinding
mutatingwebhookconfigurations - admissionregistration.k8s.io/v1 false MutatingWebhookConfiguration
validatingadmissionpolicybindings - admissionregistration.k8s.io/v1 false \
ValidatingAdmissionPolicyBinding
validatingwebhookconfigurations - admissionregistration.k8s.io/v1 false \
ValidatingWebhookConfiguration
controllerrevisions - apps/v1 true ControllerRevision
ingressclasses - networking.k8s.io/v1 false IngressClass
flowschemas - flowcontrol.apiserver.k8s.io/v1 false FlowSchema
prioritylevelconfigurations - flowcontrol.apiserver.k8s.io/v1 false PriorityLevelConfiguration
ipaddresses ip networking.k8s.io/v1 false IPAddress
networkpolicies netpol networking.k8s.io/v1 true NetworkPolicy
runtimeclasses - node.k8s.io/v1 false RuntimeClass
clusterrolebindings - rbac.authorization.k8s.io/v1 false ClusterRoleBinding
clusterroles - rbac.authorization.k8s.io/v1 false ClusterRole
rolebindings - rbac.authorization.k8s.io/v1 true RoleBinding
roles - rbac.authorization.k8s.io/v1 true Role
deviceclasses - resource.k8s.io/v1 false DeviceClass
resourceclaimtemplates - resource.k8s.io/v1 true ResourceClaimTemplate
resourceslices - resource.k8s.io/v1 false ResourceSlice
priorityclasses pc scheduling.k8s.io/v1 false PriorityClass
csidrivers - storage.k8s.io/v1 false CSIDriver
csinodes - storage.k8s.io/v1 false CSINode
csistoragecapacities - storage.k8s.io/v1 true CSIStorageCapacity
volumeattributesclasses vac storage.k8s.io/v1 false VolumeAttributesClass
"""


def of(kind: Kind) -> Manifest:
    """An object of a kind, with nothing but its metadata."""
    return {"apiVersion": kind.api_version, "kind": kind.kind, "metadata": metadata("some")}


@pytest.mark.parametrize("kind", KINDS, ids=[kind.kind for kind in KINDS])
def test_to_exist_is_to_be_healthy(kind: Kind) -> None:
    """Without a status nothing is missing."""
    verdict = assess(of(kind), now=NOW)
    assert (verdict.health, verdict.activity, verdict.up) == ("healthy", "steady", True)
    assert (verdict.reason, verdict.message) == ("Exists", "it exists")


def test_the_table_is_what_kubectl_prints() -> None:
    """Names, short names, API versions and scopes are those of the API server."""
    printed = {
        (name, short, version, namespaced == "true", kind)
        for name, short, version, namespaced, kind in map(str.split, PRINTED.strip().split("\n"))
    }
    assert printed == {
        (
            kind.plural,
            ",".join(kind.short_names) or "-",
            kind.api_version,
            kind.namespaced,
            kind.kind,
        )
        for kind in KINDS
    }


def test_no_content_is_read() -> None:
    """A Secret's data never enters the process; of events, who reads them reads what they say."""
    assert {kind.kind for kind in KINDS if not kind.metadata_only} == {"Event"}


@pytest.mark.parametrize(
    ("kind", "api_version"),
    [("NetworkPolicy", "extensions/v1beta1"), ("Event", "events.k8s.io/v1")],
)
def test_other_groups_of_a_kind_are_judged_alike(kind: str, api_version: str) -> None:
    """Older manifests and the newer API of events mean the same thing."""
    manifest = {"apiVersion": api_version, "kind": kind, "metadata": metadata("some")}
    assert assess(manifest, now=NOW).reason == "Exists"


def test_a_status_that_is_there_changes_nothing() -> None:
    """Some versions of the API gave a NetworkPolicy one, and its conditions are not asked."""
    policy = {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": metadata("deny-all"),
        "status": {"conditions": [{"type": "Ready", "status": "False"}]},
    }
    assert assess(policy, now=NOW).reason == "Exists"


def test_all_that_explains_of_an_event_is_named() -> None:
    """A reader that trims by the fields of the rule keeps what events say of other objects."""
    rule = RULES.own("Event", "v1")
    assert rule is not None
    assert {*event()} - {"apiVersion", "kind", "metadata"} < {*rule.fields}
