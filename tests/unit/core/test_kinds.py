"""The well-known kinds."""

from __future__ import annotations

import pytest

from k8s_heartbeat.core.kinds import EVENT, KINDS, POD, REPLICA_SET, resolve


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
        found = resolve(word)
        assert found is not None
        assert found.kind == kind


@pytest.mark.parametrize("word", ["", "sprocket", "event", "events", "pod ", "deployments.apps"])
def test_a_word_that_stands_for_no_kind(word: str) -> None:
    """What cannot be asked for is not found; events are read and not asked for."""
    assert resolve(word) is None


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
    """A word stands for one kind."""
    names = [name for kind in KINDS for name in kind.names]
    assert len(names) == len(set(names))
