"""The well-known kinds."""

from __future__ import annotations

import pytest

from k8s_heartbeat.core.kinds import (
    EVENT,
    POD,
    REPLICA_SET,
    Kind,
    KindIndex,
    ServedKinds,
    is_custom,
    is_word,
    kind_of,
    kubectl_name,
)
from k8s_heartbeat.core.rules import KINDS, RULES


@pytest.mark.parametrize(
    ("words", "kind"),
    [
        (("deployment", "deployments", "deploy", "Deployment", "DEPLOY"), "Deployment"),
        (("statefulset", "statefulsets", "sts", "StatefulSet"), "StatefulSet"),
        (("daemonset", "daemonsets", "ds"), "DaemonSet"),
        (("replicaset", "replicasets", "rs"), "ReplicaSet"),
        (("pod", "pods", "po", "Pods"), "Pod"),
    ],
)
def test_a_kind_is_found_by_all_its_names(words: tuple[str, ...], kind: str) -> None:
    """Singular, plural and short names, in any case, as with kubectl."""
    for word in words:
        found = RULES.kind_called(word)
        assert found is not None
        assert found.kind == kind


@pytest.mark.parametrize(
    ("word", "group"),
    [
        ("deployments.apps", "apps"),
        ("deployment.v1.apps", "apps"),
        ("Deploy.Apps", "apps"),
        ("service", ""),
        ("services.serving.knative.dev", "serving.knative.dev"),
        ("service.v1.serving.knative.dev", "serving.knative.dev"),
        ("ksvc", "serving.knative.dev"),
        ("pods.v1.", ""),
    ],
)
def test_a_kind_is_found_in_its_group(word: str, group: str) -> None:
    """KIND.group and KIND.version.group, as kubectl takes them; short names of their own."""
    found = RULES.kind_called(word)
    assert found is not None
    assert found.group == group


@pytest.mark.parametrize(
    "word",
    ["", "sprocket", "pod ", "deployments.batch", "deployments.v1beta1.apps", "route", "deploy."],
)
def test_a_word_that_stands_for_no_well_known_kind(word: str) -> None:
    """Another group's or version's; and what two groups call alike is the cluster's to say."""
    assert RULES.kind_called(word) is None


@pytest.mark.parametrize(
    ("word", "can"),
    [
        ("deploy", True),
        ("certificates.cert-manager.io", True),
        ("Certificates.v1.cert-manager.io", True),
        ("pods.v1.", True),
        ("", False),
        ("-a", False),
        ("a/b", False),
        ("a b", False),
        ("..", False),
        ("é", False),
        ("x" * 300, False),
    ],
)
def test_what_a_kind_can_be_called(word: str, can: bool) -> None:
    """Letters, digits, dots and dashes."""
    assert is_word(word) is can


WIDGET = {
    "name": "widgets",
    "kind": "Widget",
    "group": "example.com",
    "version": "v1",
    "shortNames": ["wi"],
    "namespaced": True,
}


def test_a_kind_is_made_of_what_discovery_says() -> None:
    """An APIResource with its group and version."""
    found = kind_of(WIDGET)
    assert found is not None
    assert found == Kind("Widget", "widgets", "example.com", "v1", ("wi",))
    assert KindIndex([found]).find("wi") is found
    assert KindIndex([found]).find("widget.example.com") is found


@pytest.mark.parametrize("field", ["name", "kind", "version"])
@pytest.mark.parametrize("value", [None, "", 3])
def test_an_odd_resource_is_no_kind(field: str, value: object) -> None:
    """What has no name cannot be asked for."""
    assert kind_of({**WIDGET, field: value}) is None


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", ".."),
        ("name", "a/b"),
        ("name", "a?b"),
        ("name", "Widgets"),
        ("version", ".."),
        ("version", "v1/x"),
        ("group", ".."),
        ("group", "a..b"),
        ("group", "a/b"),
        ("group", "a b"),
    ],
)
def test_a_name_that_leads_elsewhere_is_no_kind(field: str, value: str) -> None:
    """What a server says of itself becomes a path to it."""
    assert kind_of({**WIDGET, field: value}) is None


def test_a_subresource_is_no_kind() -> None:
    """`deployments/scale` is a part of another."""
    assert kind_of({**WIDGET, "name": "widgets/scale"}) is None


def test_words_that_two_groups_share_are_found_among_what_is_served() -> None:
    """There the order of the cluster decides."""
    route = Kind("Route", "routes", "serving.knative.dev", "v1", ("rt",), shared_words=True)
    assert KindIndex([route]).find("route") is None
    assert KindIndex([route]).find("rt") is route
    assert KindIndex([route], alone=True).find("route") is route


@pytest.mark.parametrize(
    ("kind", "api_version", "plural"),
    [
        (POD, "v1", "pods"),
        (REPLICA_SET, "apps/v1", "replicasets"),
        (EVENT, "v1", "events"),
        (KINDS[0], "apps/v1", "deployments"),
    ],
)
def test_a_kind_knows_its_place_in_the_api(kind: object, api_version: str, plural: str) -> None:
    """The apiVersion of its manifests and its name in paths."""
    assert (getattr(kind, "api_version", ""), getattr(kind, "plural", "")) == (api_version, plural)


def test_of_events_only_the_warnings_are_listed() -> None:
    """The others explain nothing; the API server need not send them."""
    assert EVENT.list_fields == "type=Warning"
    assert not POD.list_fields


def test_no_two_kinds_share_a_name() -> None:
    """A word stands for one kind, but for those that are marked as sharing it."""
    names = [name for kind in KINDS if not kind.shared_words for name in kind.names]
    names += [name for kind in KINDS if kind.shared_words for name in kind.short_names]
    assert len(names) == len(set(names))


def test_a_short_name_takes_no_other_kinds_name() -> None:
    """Whoever defines a kind may call it as they like, and stand first in discovery."""
    evil = Kind("Evil", "evils", "a.example", "v1", ("certificates", "certificate", "cert"))
    good = Kind("Certificate", "certificates", "cert-manager.io", "v1", ("cert",))
    assert KindIndex([evil, good], alone=True).find("certificates") is good
    assert KindIndex([evil, good], alone=True).find("Certificate") is good
    assert KindIndex([evil, good], alone=True).find("cert") is evil
    assert KindIndex([evil, good], alone=True).find("cert.cert-manager.io") is good


@pytest.mark.parametrize(
    ("kind", "custom"),
    [
        (POD, False),
        (REPLICA_SET, False),
        (Kind("Lease", "leases", "coordination.k8s.io", "v1"), False),
        (Kind("Rollout", "rollouts", "argoproj.io", "v1alpha1"), True),
    ],
)
def test_another_projects_kind_need_not_be_there(kind: Kind, custom: bool) -> None:
    """Its group has a domain that is not Kubernetes' own."""
    assert is_custom(kind) is custom


def test_the_kinds_that_a_cluster_serves_are_known_by_name_and_by_themselves() -> None:
    """Whichever version of them it is; a bare word means the first of them."""
    older = Kind("Route", "routes", "serving.knative.dev", "v1beta1", shared_words=True)
    served = ServedKinds(iter([older, POD]), whole=True, began=7.0)
    assert served.kinds == (older, POD)
    assert (served.whole, served.began) == (True, 7.0)
    assert served.find("route") is older
    assert served.find("sprocket") is None
    assert served.has(Kind("Route", "routes", "serving.knative.dev", "v1"))
    assert not served.has(Kind("Route", "routes", "route.openshift.io", "v1"))


@pytest.mark.parametrize(
    ("kind", "api_version", "name"),
    [
        ("Deployment", "apps/v1", "deployment"),
        ("Pod", "v1", "pod"),
        ("Ingress", "networking.k8s.io/v1", "ingress"),
        ("Rollout", "argoproj.io/v1alpha1", "rollout.argoproj.io"),
        ("Component", "", "component"),
    ],
)
def test_kubectl_names_the_group_of_another_project(kind: str, api_version: str, name: str) -> None:
    """Two of them may have a kind of one name."""
    assert kubectl_name(kind, api_version) == name
