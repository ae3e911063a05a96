"""What can be asked of a cluster."""

from __future__ import annotations

import pytest

from k8s_heartbeat.core import RULES
from k8s_heartbeat.core.kinds import POD, Kind
from k8s_heartbeat.core.query import InvalidQuery, Query, WrongScope, check_namespace
from k8s_heartbeat.core.rules import KINDS


def called(word: str) -> Kind:
    """A well-known kind."""
    kind = RULES.kind_called(word)
    assert kind is not None
    return kind


NODE, CLUSTER_ROLE, ROLE = called("node"), called("clusterrole"), called("role")


@pytest.mark.parametrize(
    ("namespace", "name"),
    [
        ("shop", "api"),
        ("a", "0"),
        ("kube-system", "web-0.example.com"),
        ("n" * 63, "x" * 253),
        ("1", ""),
    ],
)
def test_names_that_kubernetes_knows_are_asked_for(namespace: str, name: str) -> None:
    """Labels for namespaces, subdomains for names; none for a list."""
    assert Query(POD, namespace, name).name == name


@pytest.mark.parametrize(
    "namespace",
    ["Shop", "a.b", "-a", "a-", "a_b", "a/b", "a\n", "é", "..", "n" * 64, "%2e%2e", " "],
)
def test_a_namespace_that_cannot_exist_is_refused(namespace: str) -> None:
    """Before anything is read, and in words that can be printed."""
    with pytest.raises(InvalidQuery, match=r"^namespace: .* such as shop$") as refused:
        Query(POD, namespace, "api")
    assert str(refused.value).isascii() or "…" in str(refused.value)
    assert str(refused.value).isprintable()


@pytest.mark.parametrize(
    "name", ["API", "a..b", ".a", "a.", "-a", "a_b", "a/b", "../x", "a\n", "٣", "x" * 254, "a b"]
)
def test_a_name_that_cannot_exist_is_refused(name: str) -> None:
    """Before anything is read, and in words that can be printed."""
    with pytest.raises(InvalidQuery, match=r"^name: .* such as api$") as refused:
        Query(POD, "shop", name)
    assert str(refused.value).isprintable()
    assert len(str(refused.value)) < 200


@pytest.mark.parametrize(
    ("query", "text"),
    [
        (Query(KINDS[0], "shop", "api"), "deployments shop/api"),
        (Query(POD, "shop"), "pods in shop"),
        (Query(POD, ""), "pods in all namespaces"),
        (Query(NODE, "", "node-1"), "nodes node-1"),
        (Query(NODE, ""), "nodes in all namespaces"),
    ],
)
def test_a_query_prints_as_kubectl_would_ask(query: Query, text: str) -> None:
    """Errors name what was read."""
    assert str(query) == text


def test_a_list_may_be_of_all_namespaces_and_an_object_may_not() -> None:
    """Without a namespace an object that stands in one is not named."""
    assert Query(POD, "").namespace == ""
    with pytest.raises(InvalidQuery, match=r"^namespace: "):
        Query(POD, "", "api")


@pytest.mark.parametrize(("kind", "name"), [(NODE, "node-1"), (NODE, ""), (CLUSTER_ROLE, "admin")])
def test_what_stands_in_no_namespace_is_not_asked_for_in_one(kind: Kind, name: str) -> None:
    """The error says which kind it is."""
    with pytest.raises(WrongScope, match=r"^namespace: a \w+ is cluster-scoped$") as refused:
        Query(kind, "shop", name)
    assert (refused.value.field, refused.value.kind) == ("namespace", kind)
    assert Query(kind, "", name).name == name


@pytest.mark.parametrize("name", ["system:node", "Admin", "a_b", "system::leader-locking", "..."])
def test_a_role_may_be_called_what_a_path_may_hold(name: str) -> None:
    """RBAC's names are of another grammar than those of all others."""
    assert Query(CLUSTER_ROLE, "", name).name == name
    assert Query(ROLE, "shop", name).name == name
    with pytest.raises(InvalidQuery):
        Query(POD, "shop", name)


@pytest.mark.parametrize("name", [".", "..", "a/b", "a%2fb", "a b", "a\n", "é", "a?b", "x" * 254])
def test_a_role_cannot_be_called_what_a_path_may_not_hold(name: str) -> None:
    """Least of all what leads elsewhere."""
    with pytest.raises(InvalidQuery, match=r"^name: "):
        Query(CLUSTER_ROLE, "", name)


@pytest.mark.parametrize("namespace", ["shop", "1", "n" * 63])
def test_a_namespace_that_can_exist_is_let_through(namespace: str) -> None:
    """The same grammar as in a query."""
    check_namespace(namespace)


@pytest.mark.parametrize("namespace", ["", "-", "Shop", "a.b", "n" * 64])
def test_a_namespace_alone_is_checked_too(namespace: str) -> None:
    """Before any kind is known."""
    with pytest.raises(InvalidQuery, match=r"^namespace: .* such as shop$"):
        check_namespace(namespace)


def test_an_object_that_stands_in_a_namespace_is_not_asked_for_without_one() -> None:
    """The error says which kind it is."""
    with pytest.raises(WrongScope, match=r"^namespace: a Pod is namespaced: name its namespace$"):
        Query(POD, "", "api")
