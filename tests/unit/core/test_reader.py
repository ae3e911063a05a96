"""The port: what a reader is asked."""

from __future__ import annotations

import pytest

from k8s_heartbeat.core.kinds import KINDS, POD
from k8s_heartbeat.core.reader import (
    Deadline,
    Forbidden,
    InvalidQuery,
    NotFound,
    Query,
    ReadError,
    ReadTimeout,
    UpstreamError,
)


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
    ["", "Shop", "a.b", "-a", "a-", "a_b", "a/b", "a\n", "é", "..", "n" * 64, "%2e%2e", " "],
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
    ],
)
def test_a_query_prints_as_kubectl_would_ask(query: Query, text: str) -> None:
    """Errors name what was read."""
    assert str(query) == text


def test_a_deadline_runs_out() -> None:
    """Its clock decides, and less than nothing is never left."""
    time = [100.0]
    deadline = Deadline.after(2.5, lambda: time[0])
    assert deadline.remaining() == 2.5
    time[0] = 102.0
    assert deadline.remaining() == 0.5
    time[0] = 200.0
    assert deadline.remaining() == 0.0


@pytest.mark.parametrize("error", [NotFound, Forbidden, UpstreamError, ReadTimeout])
def test_every_failed_reading_is_of_one_family(error: type[ReadError]) -> None:
    """Callers catch one; a query that is wrong is not among them."""
    assert issubclass(error, ReadError)
    assert not issubclass(InvalidQuery, ReadError)
