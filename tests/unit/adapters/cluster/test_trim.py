"""Decoding keeps what the rules read: a trimmed object is judged as the whole one is."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, cast

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from k8s_heartbeat.adapters.cluster.trim import UnreadableError, decode_list, decode_object
from k8s_heartbeat.core import assess
from k8s_heartbeat.core.selectors import selector_of
from tests.builders import (
    NOW,
    Manifest,
    before,
    condition,
    container,
    daemon_set,
    deployment,
    event,
    pod,
    replica_set,
    stateful_set,
    terminated,
    waiting,
)
from tests.property import strategies as some

PADDING: Manifest = {
    "managedFields": [{"manager": "kubectl", "fieldsV1": {"f:spec": {"f:replicas": {}}}}],
    "annotations": {"kubectl.kubernetes.io/last-applied-configuration": "{" * 200},
}


def on_the_wire(value: Any) -> bytes | None:
    """A value as the API server would send it; None where JSON cannot hold it."""
    try:
        return json.dumps(value, allow_nan=False).encode()
    except (TypeError, ValueError):
        return None


def decode_a_list(body: bytes) -> object:
    """A page of a list of any kind, decoded."""
    return decode_list(body, "AList")


def is_plain(value: Any) -> bool:
    """Whether both decoders take a value: numbers of 64 bits, text without half characters."""
    if isinstance(value, dict):
        members = cast("dict[str, Any]", value)
        return all(is_plain(key) and is_plain(entry) for key, entry in members.items())
    if isinstance(value, list | tuple):
        return all(map(is_plain, cast("Sequence[Any]", value)))
    if isinstance(value, str):
        return value.isascii() or value.encode("utf-8", "replace").decode() == value
    if isinstance(value, float):
        return math.isfinite(value)
    return not isinstance(value, int) or -(2**63) <= value < 2**63


class TestVerdicts:
    """assess(trim(x)) == assess(x), for sound and for broken objects."""

    @given(manifest=some.manifests(), related=some.related())
    def test_trimming_changes_no_verdict(self, manifest: Manifest, related: list[Manifest]) -> None:
        """The verdict, its reason, its times and its causes are the same."""
        whole = [json.loads(json.dumps(entry)) for entry in (manifest, *related)]
        trimmed = [decode_object(json.dumps(entry).encode()) for entry in whole]
        assert assess(trimmed[0], related=trimmed[1:], now=NOW) == assess(
            whole[0], related=whole[1:], now=NOW
        )

    @given(manifest=some.damaged(some.manifests()))
    def test_trimming_changes_no_verdict_on_what_is_broken(self, manifest: Any) -> None:
        """An oddity in a field that is read is judged, not lost."""
        body = on_the_wire(manifest)
        if body is None or not is_plain(manifest) or not isinstance(manifest, dict):
            return
        assert assess(decode_object(body), now=NOW) == assess(json.loads(body), now=NOW)

    @given(manifest=some.damaged(some.manifests()), subject=some.workloads())
    def test_trimming_changes_no_cause(self, manifest: Any, subject: Manifest) -> None:
        """A broken pod or event explains as much once it is trimmed."""
        body = on_the_wire(manifest)
        if body is None or not is_plain(manifest) or not isinstance(manifest, dict):
            return
        assert assess(subject, related=[decode_object(body)], now=NOW) == assess(
            subject, related=[json.loads(body)], now=NOW
        )

    @given(manifest=some.workloads())
    def test_trimming_keeps_the_selector(self, manifest: Manifest) -> None:
        """Without it no pod would be asked for."""
        manifest["spec"]["selector"] = {
            "matchLabels": {"app": "api"},
            "matchExpressions": [{"key": "tier", "operator": "In", "values": ["web"]}],
        }
        assert selector_of(decode_object(json.dumps(manifest).encode())) == selector_of(manifest)

    @given(manifest=some.manifests())
    def test_an_item_of_a_list_is_trimmed_as_an_object_is(self, manifest: Manifest) -> None:
        """One rule for both ways to read a pod."""
        page = {"kind": "AnyList", "metadata": {"continue": "more"}, "items": [manifest]}
        items, token = decode_list(json.dumps(page).encode(), "AnyList")
        assert (items, token) == ([decode_object(json.dumps(manifest).encode())], "more")


class Watched(Mapping[str, Any]):
    """A manifest that notes which of its fields are read, whatever they hold."""

    def __init__(self, content: Mapping[str, Any], read: set[Path], at: Path = ()) -> None:
        self._content, self._read, self._at = content, read, at

    def __getitem__(self, key: str) -> Any:
        value, path = self._content[key], (*self._at, key)
        self._read.add(path)
        return _watched(value, self._read, path)

    def __iter__(self) -> Iterator[str]:
        return iter(self._content)

    def __len__(self) -> int:
        return len(self._content)


Path = tuple[str | int, ...]


def _watched(value: Any, read: set[Path], path: Path) -> Any:
    if isinstance(value, dict):
        return Watched(cast("dict[str, Any]", value), read, path)
    if isinstance(value, list):
        entries = cast("Sequence[Any]", value)
        return [_watched(entry, read, (*path, at)) for at, entry in enumerate(entries)]
    return value


def _at(value: Any, path: Path) -> Any:
    """What stands at a path; None where nothing does."""
    for step in path:
        try:
            value = value[step]
        except (KeyError, IndexError):
            return None
    return value


FULL: Mapping[str, Manifest] = {
    "deployment": deployment(
        2, paused=True, deleted=before(hours=2), finalizers=["example.com/hold"]
    ),
    "replica set": replica_set(
        conditions=[condition("ReplicaFailure", "True", "x", "y", before(minutes=3))]
    ),
    "stateful set": stateful_set(
        strategy={"type": "RollingUpdate", "rollingUpdate": {"partition": 1}}
    ),
    "daemon set": daemon_set(strategy="OnDelete", misscheduled=1),
    "pod": pod(
        containers=[
            container("a", state=waiting("CrashLoopBackOff", "5m"), last=terminated(), restarts=7),
            container("b", state=terminated(137, "OOMKilled"), started=False),
        ],
        init=[container("side", started=True)],
        sidecars=["side"],
        gates=["example.com/gate"],
        owned_by="api-rs",
        deleted=before(hours=2),
        finalizers=["example.com/hold"],
        reason="Evicted",
        message="no room",
    ),
    "event": event(
        eventTime=before(minutes=2), series={"count": 4, "lastObservedTime": before(minutes=1)}
    ),
}
"""Objects with every field that some rule reads."""


class TestFields:
    """Whatever the core looks at is still there."""

    @pytest.mark.parametrize("manifest", FULL.values(), ids=FULL)
    def test_every_field_that_is_read_is_kept(self, manifest: Manifest) -> None:
        """Found by watching what the core reads, not by a second list of fields."""
        read: set[Path] = set()
        watched = Watched(manifest, read)
        assess(watched, related=[watched, Watched(pod(owned_by="api"), set())], now=NOW)
        selector_of(watched)
        trimmed = decode_object(json.dumps(manifest).encode())
        assert len(read) > 10
        for path in read:
            assert _at(trimmed, path[:-1]) is not None, path
            leaf = _at(manifest, path)
            if "{" not in str(leaf):
                assert _at(trimmed, path) == leaf, path


class TestSize:
    """What no rule reads is not kept."""

    @pytest.mark.parametrize("manifest", [deployment(), pod()], ids=["deployment", "pod"])
    def test_what_no_rule_reads_is_dropped(self, manifest: Manifest) -> None:
        """Most of an object is its spec, its managed fields and its annotations."""
        manifest["metadata"] |= PADDING
        manifest["spec"] |= {"template": {"spec": {"containers": [{"env": ["x"] * 1000}]}}}
        kept = json.dumps(decode_object(json.dumps(manifest).encode()))
        assert "managedFields" not in kept
        assert "annotations" not in kept
        assert "env" not in kept


class TestUnreadable:
    """Bytes that are no object."""

    @pytest.mark.parametrize(
        "body",
        [
            b"",
            b" ",
            b"null",
            b"[]",
            b"7",
            b'"x"',
            b"{",
            b"{}x",
            b"<p>",
            b"\xff",
            b"NaN",
            b"[" * 10**6,
        ],
    )
    def test_what_is_no_object_is_unreadable(self, body: bytes) -> None:
        """And nothing but UnreadableError says so."""
        for decode in (decode_object, decode_a_list):
            with pytest.raises(UnreadableError):
                decode(body)

    @pytest.mark.parametrize("stated", ["Pod", "DeploymentList", "podlist", "", None, ["PodList"]])
    def test_a_list_of_another_kind_is_unreadable(self, stated: object) -> None:
        """An empty list of something else says nothing about what was asked for."""
        pages: list[Manifest] = [{"kind": stated, "items": []}, {"kind": stated}, {"items": []}]
        for page in pages:
            with pytest.raises(UnreadableError, match="no PodList"):
                decode_list(json.dumps(page).encode(), "PodList")

    @pytest.mark.parametrize("items", [{}, {"a": 1}, "", "none", 0, 7, False])
    def test_a_list_whose_items_are_none_is_unreadable(self, items: object) -> None:
        """Only null and an absent field stand for no items, as Go writes them."""
        with pytest.raises(UnreadableError, match="no PodList"):
            decode_list(json.dumps({"kind": "PodList", "items": items}).encode(), "PodList")

    @pytest.mark.parametrize("page", [{}, {"items": None}, {"items": []}])
    def test_a_list_of_the_kind_may_be_empty(self, page: Manifest) -> None:
        """Nothing was found, and there is no next page."""
        assert decode_list(json.dumps({"kind": "PodList", **page}).encode(), "PodList") == ([], "")

    @given(body=st.binary(max_size=64))
    def test_any_bytes_are_an_object_or_unreadable(self, body: bytes) -> None:
        """No library's error comes through."""
        for decode in (decode_object, decode_a_list):
            try:
                assert decode(body) is not None
            except UnreadableError:
                continue

    @given(value=some.json_values())
    def test_any_json_is_an_object_or_unreadable(self, value: Any) -> None:
        """Valid JSON of any shape, at the top and in each place that has a shape."""
        try:
            encoded = msgspec.json.encode(value)
        except (TypeError, ValueError, OverflowError):
            return
        for body in (encoded, b'{"kind":"AList","metadata":%b,"items":%b}' % (encoded, encoded)):
            for decode in (decode_object, decode_a_list):
                try:
                    assert decode(body) is not None
                except UnreadableError:
                    continue
