"""Decoding keeps what the rules read: a trimmed object is judged as the whole one is."""

from __future__ import annotations

import gc
import json
import math
import tracemalloc
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path as PathLib
from typing import Any, cast

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from k8s_heartbeat.adapters.cluster.decode import (
    LARGEST_MADE,
    MOST_ITEMS,
    Page,
    UnreadableError,
    decode_object,
    decode_page,
    decode_whole,
    size_of,
)
from k8s_heartbeat.adapters.memory import LARGEST
from k8s_heartbeat.core import RULES, Rule, assess
from k8s_heartbeat.core.fields import CONDITIONS
from k8s_heartbeat.core.selectors import selector_of
from k8s_heartbeat.core.subject import Subject
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
from tests.property.strategies.catalogue import workloads

PADDING: Manifest = {
    "managedFields": [{"manager": "kubectl", "fieldsV1": {"f:spec": {"f:replicas": {}}}}],
    "annotations": {"kubectl.kubernetes.io/last-applied-configuration": "{" * 200},
}


RULED = list({(rule.judge, rule.fields): rule for rule in (*RULES, RULES.custom)}.values())
"""One rule for each way to judge: most kinds without a status share theirs."""
FIXTURES = sorted((PathLib(__file__).parents[3] / "fixtures").glob("*.json"))


def fields_of(manifest: Mapping[str, Any]) -> tuple[str, ...]:
    """The fields that the rule of an object's kind names."""
    kind = manifest.get("kind")
    return RULES.find(kind if isinstance(kind, str) else "", manifest.get("apiVersion")).fields


def trimmed(manifest: Mapping[str, Any]) -> Mapping[str, Any]:
    """An object as the live reader keeps it."""
    return decode_object(json.dumps(manifest).encode(), fields_of(manifest))


def decode(body: bytes) -> Mapping[str, Any]:
    """One object of no kind in particular."""
    return decode_object(body, ())


def on_the_wire(value: Any) -> bytes | None:
    """A value as the API server would send it; None where JSON cannot hold it."""
    try:
        return json.dumps(value, allow_nan=False).encode()
    except (TypeError, ValueError):
        return None


def decode_a_list(body: bytes) -> object:
    """A page of a list of any kind, decoded."""
    return decode_page(body, "AList", ())


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
        kept = [trimmed(entry) for entry in whole]
        assert assess(kept[0], related=kept[1:], now=NOW) == assess(
            whole[0], related=whole[1:], now=NOW
        )

    @given(manifest=some.damaged(some.manifests()))
    def test_trimming_changes_no_verdict_on_what_is_broken(self, manifest: Any) -> None:
        """An oddity in a field that is read is judged, not lost."""
        body = on_the_wire(manifest)
        if body is None or not is_plain(manifest) or not isinstance(manifest, dict):
            return
        whole = json.loads(body)
        assert assess(trimmed(whole), now=NOW) == assess(whole, now=NOW)

    @given(manifest=some.damaged(some.manifests()), subject=workloads())
    def test_trimming_changes_no_cause(self, manifest: Any, subject: Manifest) -> None:
        """A broken pod or event explains as much once it is trimmed."""
        body = on_the_wire(manifest)
        if body is None or not is_plain(manifest) or not isinstance(manifest, dict):
            return
        whole = json.loads(body)
        assert assess(subject, related=[trimmed(whole)], now=NOW) == assess(
            subject, related=[whole], now=NOW
        )

    @given(manifest=workloads())
    def test_trimming_keeps_the_selector(self, manifest: Manifest) -> None:
        """Without it no pod would be asked for."""
        manifest["spec"]["selector"] = {
            "matchLabels": {"app": "api"},
            "matchExpressions": [{"key": "tier", "operator": "In", "values": ["web"]}],
        }
        assert selector_of(trimmed(manifest)) == selector_of(manifest)

    @given(manifest=some.manifests())
    def test_an_item_of_a_list_is_trimmed_as_an_object_is(self, manifest: Manifest) -> None:
        """One rule for both ways to read a pod."""
        page = {"kind": "AnyList", "metadata": {"continue": "more"}, "items": [manifest]}
        found = decode_page(json.dumps(page).encode(), "AnyList", fields_of(manifest))
        assert (found.objects, found.token) == ([trimmed(manifest)], "more")


def objects_of(rule: Rule) -> st.SearchStrategy[Manifest]:
    """Objects of a rule's kind with any of its fields in their places, and others beside them."""

    @st.composite
    def build(draw: st.DrawFn) -> Manifest:
        made: Manifest = {
            "apiVersion": rule.kind.api_version or "example.com/v1",
            "kind": rule.kind.kind or "Widget",
            "metadata": {"name": "one", "namespace": "shop", "uid": "one", **draw(extras)},
            "spec": draw(extras),
            "status": draw(extras),
        }
        for field in rule.fields:
            if draw(st.booleans()):
                plant(made, field.split("."), draw(values(field)), draw(extras))
        return made

    return build()


extras = st.dictionaries(
    st.sampled_from(["other", "managedFields", "env", "name"]), some.json_values(), max_size=2
)


def values(field: str) -> st.SearchStrategy[Any]:
    """What may stand in a field: what stands in such fields, and anything else."""
    leaf = field.rpartition(".")[2]
    texts = ["True", "False", "Unknown", "Ready", "Available", "Failed", "Running", "Bound"]
    likely = {
        "lastTransitionTime": some.times(),
        "conditions": some.conditions("Ready", "Available"),
    }
    usual = st.one_of(st.integers(0, 5), st.sampled_from(texts), st.booleans(), some.times())
    return st.one_of(likely.get(leaf, usual), usual, some.json_values())


def plant(made: Manifest, steps: list[str], value: Any, beside: Manifest) -> None:
    """Put a value where a path leads; a step with brackets is one entry of a list."""
    holder: Any = made
    for step in steps[:-1]:
        name = step.removesuffix("[]")
        default: Any = [dict(beside)] if step.endswith("[]") else dict(beside)
        held: Any = holder.setdefault(name, default)
        if step.endswith("[]"):
            held = held[0] if some.is_list(held) and held else None
        if not some.is_object(held):
            return
        holder = held
    leaf = steps[-1]
    holder[leaf.removesuffix("[]")] = [value] if leaf.endswith("[]") else value


class TestRules:
    """What is dropped is read by no rule there is."""

    @pytest.mark.parametrize("rule", RULED, ids=lambda rule: f"{rule.kind.kind}.{rule.kind.group}")
    @given(data=st.data())
    def test_no_rule_misses_what_it_does_not_name(self, rule: Rule, data: st.DataObject) -> None:
        """With its fields in any form, and with others beside them."""
        manifest = data.draw(objects_of(rule))
        body = on_the_wire(manifest)
        if body is None or not is_plain(manifest):
            return
        whole = json.loads(body)
        kept = decode_object(body, rule.fields)
        assert assess(kept, related=[kept], now=NOW) == assess(whole, related=[whole], now=NOW)

    @pytest.mark.parametrize("path", FIXTURES, ids=lambda path: path.stem)
    def test_no_rule_misses_what_a_control_plane_writes(self, path: PathLib) -> None:
        """Each object of each recording, alone and with all that stands around it."""
        objects = json.loads(path.read_text("utf-8"))["items"]
        around = [trimmed(entry) for entry in objects]
        for whole, kept in zip(objects, around, strict=True):
            assert assess(kept, related=around, now=NOW) == assess(whole, related=objects, now=NOW)


class TestPaths:
    """What a path in the fields of a rule keeps."""

    @pytest.mark.parametrize(
        ("fields", "kept"),
        [
            ((), {}),
            (("spec.a",), {"a": {"b": 1, "c": [2]}}),
            (("spec.a.b",), {"a": {"b": 1}}),
            (("spec.a", "spec.a.b"), {"a": {"b": 1, "c": [2]}}),
            (("spec.a.b", "spec.a"), {"a": {"b": 1, "c": [2]}}),
            (("spec.list[].x",), {"list": [{"x": 1}, {"x": 3}]}),
            (("spec.list[].x", "spec.list[].y"), {"list": [{"x": 1, "y": 2}, {"x": 3}]}),
            (("spec.list",), {"list": [{"x": 1, "y": 2, "z": 0}, {"x": 3}]}),
            (("spec.list", "spec.list[].x"), {"list": [{"x": 1, "y": 2, "z": 0}, {"x": 3}]}),
            (("spec.list[].x", "spec.list"), {"list": [{"x": 1, "y": 2, "z": 0}, {"x": 3}]}),
            (("spec.list[]", "spec.list[].x"), {"list": [{"x": 1, "y": 2, "z": 0}, {"x": 3}]}),
            (("spec.absent.b", "spec.d"), {"d": None}),
        ],
    )
    def test_a_path_keeps_what_it_names(
        self, fields: tuple[str, ...], kept: Mapping[str, Any]
    ) -> None:
        """What is named whole is whole, whoever names a part of it."""
        spec: Manifest = {
            "a": {"b": 1, "c": [2]},
            "list": [{"x": 1, "y": 2, "z": 0}, {"x": 3}],
            "d": None,
            "e": "other",
        }
        body = json.dumps({"kind": "Widget", "spec": spec}).encode()
        found = decode_object(body, fields)
        assert found.get("spec", {}) == kept
        assert found["kind"] == "Widget"

    def test_the_whole_spec_may_be_named(self) -> None:
        """A path may be of one step."""
        body = json.dumps({"kind": "Widget", "spec": {"a": 1}, "data": {"b": 2}}).encode()
        assert decode_object(body, ("spec", "spec.a")) == {"kind": "Widget", "spec": {"a": 1}}
        assert decode_whole(body)["data"] == {"b": 2}

    @pytest.mark.parametrize("odd", ["text", 3, [1], None, [{"b": [1]}]])
    def test_an_object_of_another_shape_is_kept_whole(self, odd: object) -> None:
        """Its oddities are the core's to judge."""
        manifest = {"kind": "Widget", "spec": {"a": odd, "other": 1}}
        kept = decode_object(json.dumps(manifest).encode(), ("spec.a.b",))
        assert kept["spec"]["a"] == odd


class Watched(Mapping[str, Any]):
    """A manifest that notes which fields are asked for, and whether they were there."""

    def __init__(self, content: Mapping[str, Any], read: Reads, at: Path = ()) -> None:
        self._content, self._read, self._at = content, read, at

    def __getitem__(self, key: str) -> Any:
        path = (*self._at, key)
        self._read[path] = self._read.get(path, False) or key in self._content
        return _watched(self._content[key], self._read, path)

    def __iter__(self) -> Iterator[str]:
        return iter(self._content)

    def __len__(self) -> int:
        return len(self._content)


Path = tuple[str | int, ...]
Reads = dict[Path, bool]


def _watched(value: Any, read: Reads, path: Path) -> Any:
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
        read: Reads = {}
        watched = Watched(manifest, read)
        assess(watched, related=[watched, Watched(pod(owned_by="api"), {})], now=NOW)
        selector_of(watched)
        kept = trimmed(manifest)
        found = [path for path, was_there in read.items() if was_there]
        assert len(found) > 7
        for path in found:
            assert _at(kept, path[:-1]) is not None, path
            leaf = _at(manifest, path)
            if "{" not in str(leaf):
                assert _at(kept, path) == leaf, path


COMMON = (
    *("apiVersion", "kind", "status.observedGeneration"),
    *(
        f"metadata.{name}"
        for name in (
            *("name", "namespace", "uid", "generation", "labels"),
            *("deletionTimestamp", "finalizers", "ownerReferences", "annotations"),
            "creationTimestamp",
        )
    ),
)
"""What is kept of every object."""
PASSED_OVER = {"spec", "status", "status.conditions[].severity"}
"""Looked at to see that they are objects, and read of every condition but judged by few rules."""


def asked_of(rule: Rule, manifest: Manifest) -> set[str]:
    """The fields that the core asks for to judge an object, in the notation of `Rule.fields`."""
    read: Reads = {}
    watched = Watched(manifest, read)
    assess(watched, related=[watched], now=NOW)
    Subject.of(watched)
    if rule.below:
        selector_of(watched)
    return {_notation(path) for path in read}


def _notation(path: Path) -> str:
    text = ""
    for step in path:
        text += "[]" if isinstance(step, int) else f".{step}"
    return text.removeprefix(".")


def is_named(path: str, fields: Iterable[str]) -> bool:
    """Whether a field is named, or is above or below one that is."""
    steps = path.replace("[]", "").split(".")
    for field in fields:
        named = field.replace("[]", "").split(".")
        if steps[: len(named)] == named or named[: len(steps)] == steps:
            return True
    return False


class TestNames:
    """Each field that the core asks for is named by the rule, whether or not it is there."""

    @pytest.mark.parametrize("rule", RULED, ids=lambda rule: f"{rule.kind.kind}.{rule.kind.group}")
    @given(data=st.data())
    def test_no_field_is_asked_for_that_is_not_named(self, rule: Rule, data: st.DataObject) -> None:
        """Otherwise the live reader would drop it, and no object of a test would tell."""
        asked = asked_of(rule, data.draw(objects_of(rule)))
        unnamed = {
            path for path in asked - PASSED_OVER if not is_named(path, (*COMMON, *rule.fields))
        }
        assert unnamed == set()


class TestSize:
    """What no rule reads is not kept."""

    @pytest.mark.parametrize("manifest", [deployment(), pod()], ids=["deployment", "pod"])
    def test_what_no_rule_reads_is_dropped(self, manifest: Manifest) -> None:
        """Most of an object is its spec, its managed fields and its annotations."""
        manifest["metadata"] |= PADDING
        manifest["spec"] |= {"template": {"spec": {"containers": [{"env": ["x"] * 1000}]}}}
        kept = json.dumps(trimmed(manifest))
        assert "managedFields" not in kept
        assert "last-applied" not in kept
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
        for read in (decode, decode_whole, decode_a_list):
            with pytest.raises(UnreadableError):
                read(body)

    @pytest.mark.parametrize("stated", ["Pod", "DeploymentList", "podlist", "", None, ["PodList"]])
    def test_a_list_of_another_kind_is_unreadable(self, stated: object) -> None:
        """An empty list of something else says nothing about what was asked for."""
        pages: list[Manifest] = [{"kind": stated, "items": []}, {"kind": stated}, {"items": []}]
        for page in pages:
            with pytest.raises(UnreadableError, match="no PodList"):
                decode_page(json.dumps(page).encode(), "PodList", ())

    @pytest.mark.parametrize("items", [{}, {"a": 1}, "", "none", 0, 7, False])
    def test_a_list_whose_items_are_none_is_unreadable(self, items: object) -> None:
        """Only null stands for no items, as Go writes it; a list that has none is not whole."""
        for page in ({"items": items}, {}):
            with pytest.raises(UnreadableError, match="no PodList"):
                decode_page(json.dumps({"kind": "PodList", **page}).encode(), "PodList", ())

    @pytest.mark.parametrize("page", [{"items": None}, {"items": []}])
    def test_a_list_of_the_kind_may_be_empty(self, page: Manifest) -> None:
        """Nothing was found, and there is no next page."""
        body = json.dumps({"kind": "PodList", **page}).encode()
        assert decode_page(body, "PodList", ()) == Page()

    @given(body=st.binary(max_size=64))
    def test_any_bytes_are_an_object_or_unreadable(self, body: bytes) -> None:
        """No library's error comes through."""
        for read in (decode, decode_whole, decode_a_list):
            try:
                assert read(body) is not None
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
            for read in (decode, decode_whole, decode_a_list):
                try:
                    assert read(body) is not None
                except UnreadableError:
                    continue


DENSE = {
    "empty objects": b"{},",
    "objects": b'{"a":0},',
    "empty lists": b"[],",
    "lists in lists": b"[[[[]]]],",
    "numbers": b"0,",
    "texts": b'"ab",',
    "conditions": b'{"type":"a","status":"b"},',
}
"""Of few bytes each, what takes the most memory."""


def traced(work: Callable[[], object]) -> int:
    """Bytes that a call takes at most besides what was there."""
    tracemalloc.start()
    try:
        work()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


class TestBound:
    """What is made of an answer is bounded, whatever its bytes are."""

    @pytest.mark.parametrize("piece", DENSE.values(), ids=DENSE)
    @pytest.mark.parametrize("fields", [(), ("status.conditions",), CONDITIONS])
    def test_a_dense_answer_does_not_explode(self, piece: bytes, fields: tuple[str, ...]) -> None:
        """As an object, as one item of a list, as many, and in place of all of them."""
        many = piece * (2**22 // len(piece)) + b"{}"
        item = b'{"metadata":{"name":"a"},"status":{"conditions":[%b]}}'
        bodies = [
            item % many,
            b'{"kind":"AList","items":[%b]}' % (item % many),
            b'{"kind":"AList","items":[%b]}' % many,
            b'{"kind":"AList","items":[%b]}' % b",".join([item % many[:300_000] + b"{}"] * 14),
            b'{"kind":"AList","metadata":{"continue":[%b]}}' % many,
        ]
        for body in bodies:
            for read in (decode_whole, decode_a_list, partial(decode_object, fields=fields)):
                with suppress(UnreadableError):
                    assert traced(partial(read, body)) < LARGEST

    def test_a_list_is_cut_where_its_objects_take_too_much(self) -> None:
        """Those before are whole, and their size is told."""
        item = b'{"metadata":{"name":"a"},"status":{"conditions":[%b{}]}}' % (b"{}," * 10_000)
        body = b'{"kind":"AList","items":[%b]}' % b",".join([item] * 20)
        fields = ("status.conditions",)
        page = decode_page(body, "AList", fields)
        assert page.cut
        assert 5 < len(page.objects) < 20
        assert sum(map(size_of, page.objects)) <= page.size <= LARGEST_MADE
        assert page.objects[0] == decode_object(item, fields)
        assert not decode_page(body, "AList", ()).cut

    def test_a_list_is_cut_where_it_is_longer_than_a_page(self) -> None:
        """A server that knows no limit sends all it has."""
        for count, cut in ((MOST_ITEMS, False), (MOST_ITEMS + 1, True), (3 * MOST_ITEMS, True)):
            body = json.dumps({"kind": "AList", "items": [{"kind": "A"}] * count}).encode()
            page = decode_page(body, "AList", ())
            assert (len(page.objects), page.cut) == (MOST_ITEMS, cut)

    def test_an_odd_item_leaves_the_others_trimmed(self) -> None:
        """Otherwise one object could make all others of a page many times as large."""
        odd = {"kind": "Widget", "spec": {"a": 7, "other": 1}}
        plain = {"kind": "Widget", "spec": {"a": {"b": 1}, "other": 1}}
        body = json.dumps({"kind": "AList", "items": [plain, odd]}).encode()
        found = decode_page(body, "AList", ("spec.a.b",)).objects
        assert found == [{"kind": "Widget", "spec": {"a": {"b": 1}}}, odd]

    def test_the_collector_is_left_as_it_was(self) -> None:
        """It pauses while a page is decoded, also when that fails."""
        for was in (True, False):
            with suppress(UnreadableError):
                (gc.enable if was else gc.disable)()
                decode_page(b'{"kind":"AList","items":[7]}', "AList", ())
            assert gc.isenabled() is was
        gc.enable()

    @pytest.mark.parametrize("manifest", FULL.values(), ids=FULL)
    def test_the_size_is_seldom_too_low(self, manifest: Manifest) -> None:
        """Measured on many alike, whose keys are the same texts."""
        body = json.dumps(manifest).encode()
        kept = [decode_object(body, fields_of(manifest))]
        taken = traced(
            lambda: kept.extend(decode_object(body, fields_of(manifest)) for _ in kept * 99)
        )
        assert 0.6 * taken / 100 < size_of(kept[0]) < 3 * taken / 100
