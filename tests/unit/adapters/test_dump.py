"""Dumps and manifests: which are read, how they are taken apart, what belongs to what."""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from k8s_heartbeat.adapters.dump import DumpError, parse_documents, read_file
from k8s_heartbeat.core.related import RelatedObjects
from tests.builders import Manifest, deployment, pod, stateful_set

ONE, OTHER = deployment(3), pod("api-1")


def list_of(*items: object, kind: str = "List", **fields: object) -> Manifest:
    """A List as kubectl prints it."""
    return {"apiVersion": "v1", "kind": kind, "metadata": {}, "items": list(items), **fields}


def untyped(manifest: Manifest) -> Manifest:
    """An object as it stands in the API's own lists, which state the kind once for all."""
    return {key: value for key, value in manifest.items() if key not in ("kind", "apiVersion")}


TYPED = {"apiVersion": "apps/v1", "kind": "DeploymentList"}

DUMPS: dict[str, tuple[str, list[Manifest]]] = {
    "one object": (json.dumps(ONE), [ONE]),
    "indented": (json.dumps(ONE, indent=4), [ONE]),
    "a List": (json.dumps(list_of(ONE, OTHER)), [ONE, OTHER]),
    "an empty List": (json.dumps(list_of()), []),
    "a List of null": (json.dumps({"kind": "List", "items": None}), []),
    "a List of null objects": (json.dumps({"kind": "List", "items": [None]}), []),
    "a bare list": (json.dumps([{"kind": "Pod"}]), [{"kind": "Pod"}]),
    "a List without items": (json.dumps({"kind": "List"}), []),
    "Lists in a List": (json.dumps(list_of(list_of(ONE), list_of(list_of(OTHER)))), [ONE, OTHER]),
    "a typed list": (json.dumps({**TYPED, "items": [untyped(ONE), untyped(ONE)]}), [ONE, ONE]),
    "a typed list with kinds": (json.dumps({**TYPED, "items": [ONE, OTHER]}), [ONE, OTHER]),
    "several objects": (json.dumps(ONE) + json.dumps(OTHER), [ONE, OTHER]),
    "several, parted": (f"\n{json.dumps(ONE)}\r\n \t{json.dumps(OTHER)}\n\n", [ONE, OTHER]),
    "after a byte order mark": ("\ufeff" + json.dumps(ONE), [ONE]),
    "an object of its own kind": ('{"kind":"Wishlist"}', [{"kind": "Wishlist"}]),
    "no kind": ('{"a": 1}', [{"a": 1}]),
    "an odd kind": ('{"kind": 7}', [{"kind": 7}]),
    "an empty object": ("{}", [{}]),
}


@pytest.mark.parametrize("dump", DUMPS)
def test_json_dump_is_taken_apart(dump: str) -> None:
    """Objects, Lists, typed lists and several of them in one file; kinds as kubectl leaves them."""
    text, objects = DUMPS[dump]
    assert parse_documents(text) == objects


YAML_ONE = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: api, namespace: shop}
spec:
  replicas: 3
"""
READ_ONE: Manifest = {
    "apiVersion": "apps/v1",
    "kind": "Deployment",
    "metadata": {"name": "api", "namespace": "shop"},
    "spec": {"replicas": 3},
}
YAML_DUMPS: dict[str, tuple[str, list[Manifest]]] = {
    "one object": (YAML_ONE, [READ_ONE]),
    "several documents": (f"---\n{YAML_ONE}---\n{YAML_ONE}...\n", [READ_ONE, READ_ONE]),
    "empty documents": (f"---\n---\n# nothing\n---\n{YAML_ONE}---\n", [READ_ONE]),
    "a comment first": (f"# made by hand\n{YAML_ONE}", [READ_ONE]),
    "after a byte order mark": (f"\ufeff{YAML_ONE}", [READ_ONE]),
    "a List": (
        "kind: List\nitems:\n- {kind: Pod}\n- {kind: Job}\n",
        [{"kind": "Pod"}, {"kind": "Job"}],
    ),
    "a typed list": (
        "kind: PodList\napiVersion: v1\nitems:\n- metadata: {name: a}\n",
        [{"kind": "Pod", "apiVersion": "v1", "metadata": {"name": "a"}}],
    ),
    "JSON after YAML": (f'{YAML_ONE}---\n{{"kind": "Pod"}}\n', [READ_ONE, {"kind": "Pod"}]),
    "an alias": ("kind: List\nitems:\n- &a {kind: Pod}\n- *a\n", [{"kind": "Pod"}] * 2),
    "only empty documents": ("---\n---\n", []),
}


@pytest.mark.parametrize("dump", YAML_DUMPS)
def test_yaml_dump_is_taken_apart(dump: str) -> None:
    """What `kubectl get -o yaml` prints and what people keep in files."""
    text, objects = YAML_DUMPS[dump]
    assert parse_documents(text) == objects


@pytest.mark.parametrize("text", ["a: 1", "---\n", "kind", "- a", "\ufeffa: 1"])
def test_yaml_without_pyyaml_says_which_extra_to_install(
    monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    """The base install reads JSON alone, and says what more there is."""
    monkeypatch.setitem(sys.modules, "yaml", None)
    with pytest.raises(DumpError, match=r"pip install 'k8s-heartbeat\[yaml\]'"):
        parse_documents(text)


@pytest.mark.parametrize("dump", DUMPS)
def test_json_is_read_without_pyyaml(monkeypatch: pytest.MonkeyPatch, dump: str) -> None:
    """No form of JSON needs the extra."""
    monkeypatch.setitem(sys.modules, "yaml", None)
    text, objects = DUMPS[dump]
    assert parse_documents(text) == objects


def test_broken_json_is_not_blamed_on_a_missing_pyyaml(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever truncated a dump hears of that."""
    monkeypatch.setitem(sys.modules, "yaml", None)
    with pytest.raises(DumpError, match=r"no JSON: .*line 1"):
        parse_documents('{"kind": "List", "items": [')


JUNK: dict[str, str] = {
    "empty": "",
    "white space": " \n\t\n",
    "a byte order mark": "\ufeff",
    "a number": "42",
    "a string": '"Deployment"',
    "true": "true",
    "a List of words": '{"kind": "List", "items": ["Pod"]}',
    "items that are no list": '{"kind": "PodList", "items": {"a": 1}}',
    "items that are text": '{"kind": "PodList", "items": "abc"}',
    "a page of a list": '{"kind": "PodList", "metadata": {"continue": "x"}, "items": []}',
    "a list of which some remain": (
        '{"kind": "PodList", "metadata": {"remainingItemCount": 7}, "items": []}'
    ),
    "cut off": '{"kind": "Deployment", "metadata": {"na',
    "something behind": '{"kind": "Deployment"} trailing',
    "a sentence": "Unable to connect to the server",
    "HTML": "<!doctype html><html><body>502 Bad Gateway</body></html>",
    "a table": "NAME   READY   STATUS\napi-1  1/1     Running\n",
    "control characters": "\x00\x01\x02",
    "a lone surrogate": "\ud800",
    "a lone surrogate in YAML": "a: \ud800",
    "a tab in YAML": "a:\n\t- b",
    "a duplicate anchor": "&a a: *b",
    "an unknown tag": "!!python/object/apply:os.system ['true']",
    "a bad boolean": "a: !!bool maybe",
    "a bad number": 'a: !!int ""',
    "a bad float": 'a: !!float ""',
    "a bad time": "a: !!timestamp x",
    "a time that no calendar holds": "a: 2026-02-30",
    "an unhashable key": "? [a]\n: b",
    "a huge number": '{"kind": "Pod", "x": ' + "1" * 5000 + "}",
    "a huge number in YAML": "kind: Pod\nx: " + "1" * 5000,
    "nested JSON": "[" * 100_000,
    "nested JSON objects": '{"a":' * 100_000,
    "lists in lists": '{"kind":"List","items":[' * 50 + "]}" * 50,
    "a List of itself": "&a\nkind: List\nitems: [*a]\n",
}


@pytest.mark.parametrize("junk", JUNK)
def test_junk_is_refused_in_one_line_that_says_what_is_wrong(junk: str) -> None:
    """Never another exception, never a line end or a control character out of the file."""
    with pytest.raises(DumpError) as caught:
        parse_documents(JUNK[junk])
    assert str(caught.value).isprintable()
    assert 10 < len(str(caught.value)) < 300


def test_kind_of_a_broken_list_is_not_repeated_raw() -> None:
    """An error goes to a terminal, which obeys control characters."""
    text = json.dumps({"kind": "\x1b]0;owned\x07List", "items": 3})
    with pytest.raises(DumpError) as caught:
        parse_documents(text)
    assert str(caught.value).isprintable()


@pytest.mark.parametrize("nested", ["a: [", "- {a: ", "- - "])
def test_deeply_nested_yaml_does_not_kill_the_process(nested: str) -> None:
    """libyaml's loader recurses in C: unguarded it ends in a segmentation fault."""
    code = (
        "from k8s_heartbeat.adapters.dump import DumpError, parse_documents\n"
        f"try: parse_documents({nested!r} + {nested[2:]!r} * 50_000)\n"
        "except DumpError: print('refused')"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=False)
    assert (done.returncode, done.stdout) == (0, b"refused\n"), done.stderr[-300:]


@given(st.text())
def test_any_text_is_read_or_refused(text: str) -> None:
    """There is no third way."""
    try:
        objects = parse_documents(text)
    except DumpError:
        return
    assert all(hasattr(entry, "keys") for entry in objects)


def json_values(leaves: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """JSON around these leaves, rich in Lists."""
    return st.recursive(
        leaves,
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.fixed_dictionaries(
                {}, optional={"kind": st.sampled_from(["List", "PodList", 1]), "items": inner}
            )
        ),
        max_leaves=10,
    )


@given(json_values(st.none() | st.integers() | st.text(max_size=3) | st.just({"kind": "Pod"})))
def test_any_json_is_read_or_refused(value: object) -> None:
    """Lists in odd places are taken apart or refused, and nothing that comes out is a List."""
    try:
        objects = parse_documents(json.dumps(value))
    except DumpError:
        return
    assert not any(str(entry.get("kind")).endswith("List") for entry in objects)


def test_large_dump_is_read_whole_and_related() -> None:
    """Thousands of pods are read, and each workload finds its own and no other's."""
    workloads = [
        {**stateful_set(), "metadata": {"name": f"db-{number}", "uid": f"db-{number}"}}
        for number in range(100)
    ]
    pods = [
        pod(f"db-{number % 100}-{number}", owned_by=f"db-{number % 100}") for number in range(5000)
    ]
    objects = parse_documents(json.dumps(list_of(*workloads, *pods)))
    assert len(objects) == 5100
    related = RelatedObjects(objects)
    for number in range(len(workloads)):
        names = {entry["metadata"]["name"] for entry in related.controlled_by(f"db-{number}")}
        assert names == {f"db-{number}-{at}" for at in range(number, 5000, 100)}


ENCODED: dict[str, bytes] = {
    "UTF-8": json.dumps(ONE).encode(),
    "UTF-8 with a byte order mark": json.dumps(ONE).encode("utf-8-sig"),
    "UTF-16 as PowerShell writes it": b"\xff\xfe" + json.dumps(ONE).encode("utf-16-le"),
    "UTF-16, big end first": b"\xfe\xff" + json.dumps(ONE).encode("utf-16-be"),
    "UTF-16 without a byte order mark": json.dumps(ONE).encode("utf-16-le"),
    "UTF-16 with YAML": YAML_ONE.encode("utf-16"),
    "gzip": gzip.compress(json.dumps(ONE).encode()),
    "gzip in two members": gzip.compress(b"[" + json.dumps(ONE).encode()) + gzip.compress(b"]"),
    "gzip of UTF-16": gzip.compress(json.dumps(ONE).encode("utf-16")),
}


@pytest.mark.parametrize("encoded", ENCODED)
def test_file_is_read_in_any_encoding_that_shells_write(encoded: str, tmp_path: Path) -> None:
    """UTF-8 and UTF-16 with and without their marks, gzip or not."""
    file = tmp_path / "dump"
    file.write_bytes(ENCODED[encoded])
    (read,) = read_file(str(file))
    assert read == (READ_ONE if "YAML" in encoded else ONE)


UNREADABLE: dict[str, tuple[bytes, str]] = {
    "Latin-1": ("kind: Café".encode("latin-1"), "neither UTF-8 nor UTF-16"),
    "half of a UTF-16 character": (b"\xff\xfea", "neither UTF-8 nor UTF-16"),
    "cut gzip": (gzip.compress(json.dumps(ONE).encode())[:-9], "gzip that is damaged or cut off"),
    "damaged gzip": (b"\x1f\x8b\x08\x00" + b"\xff" * 40, "gzip that is damaged or cut off"),
    "no gzip": (b"\x1f\x8bno", "gzip that is damaged or cut off"),
    "zip": (b"PK\x03\x04\x14\x00", r"compressed \(zip\)"),
    "xz": (b"\xfd7zXZ\x00", r"compressed \(xz\)"),
}


@pytest.mark.parametrize("unreadable", UNREADABLE)
def test_file_that_cannot_be_read_says_why(unreadable: str, tmp_path: Path) -> None:
    """What it is, and what would be read."""
    content, problem = UNREADABLE[unreadable]
    file = tmp_path / "dump"
    file.write_bytes(content)
    with pytest.raises(DumpError, match=problem):
        read_file(str(file))


def test_gzip_that_unpacks_to_more_than_fits_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A few bytes stand for any number of them."""
    monkeypatch.setattr("k8s_heartbeat.adapters.dump._MOST_BYTES", 2**20)
    file = tmp_path / "dump"
    file.write_bytes(gzip.compress(b" " * (2**20 + 1)))
    with pytest.raises(DumpError, match="larger than 1 MiB"):
        read_file(str(file))


def watched(type_: str, state: Manifest) -> str:
    """A watch event as `kubectl get --watch --output-watch-events -o json` prints it."""
    return json.dumps({"type": type_, "object": state}, indent=4)


DOWN, GONE = deployment(3, 0), {"kind": "Pod", "apiVersion": "v1", "metadata": {"name": "gone"}}


def test_of_watch_events_the_last_state_of_each_object_counts() -> None:
    """What was deleted is not there any more; a bookmark tells of no object."""
    events = [
        watched("ADDED", ONE),
        watched("ADDED", GONE),
        watched("ADDED", OTHER),
        watched("MODIFIED", DOWN),
        watched("DELETED", GONE),
        watched("BOOKMARK", {"kind": "Deployment", "apiVersion": "apps/v1", "metadata": {}}),
    ]
    assert parse_documents("\n".join(events)) == [OTHER, DOWN]


EXPIRED: Manifest = {
    "kind": "Status",
    "apiVersion": "v1",
    "metadata": {},
    "status": "Failure",
    "message": 'deployments.apps "front" not found',
    "reason": "NotFound",
    "code": 404,
}
REFUSED: dict[str, tuple[str, str]] = {
    "an error of the API server": (json.dumps(EXPIRED), r'API server .*"front" not found'),
    "a watch that ended in an error": (
        watched("ADDED", ONE) + watched("ERROR", EXPIRED),
        r'API server .*"front" not found',
    ),
    "a Table": (
        json.dumps({"kind": "Table", "apiVersion": "meta.k8s.io/v1", "rows": []}),
        "a Table, .*-o json",
    ),
    "a printed table": ("NAME   READY   STATUS\napi-1  1/1     Running\n", "a table, .*-o json"),
    "a printed table of all namespaces": ("NAMESPACE  NAME\nshop  api-1\n", "a table, .*-o json"),
    "a warning before": (
        "Warning: v1 Endpoints is deprecated\n" + json.dumps(ONE, indent=4),
        "begin at line 2; before them it says 'Warning: v1 Endpoints is deprecated'.*2>&1",
    ),
    "two lines before": (
        f"Warning: old\nI1120 11:59:01.1   12 request.go:601] Waited\n{YAML_ONE}",
        "begin at line 3; before them it says 'Warning: old'",
    ),
}


@pytest.mark.parametrize("pyyaml", [True, False])
@pytest.mark.parametrize("refused", REFUSED)
def test_what_is_no_dump_is_named(
    refused: str, pyyaml: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With what to run instead, whether PyYAML is there or not."""
    if not pyyaml:
        monkeypatch.setitem(sys.modules, "yaml", None)
    text, problem = REFUSED[refused]
    with pytest.raises(DumpError, match=problem) as caught:
        parse_documents(text)
    assert str(caught.value).isprintable()


def test_a_status_of_another_api_is_an_object() -> None:
    """Its name alone does not make it an error of the API server."""
    own = {"kind": "Status", "apiVersion": "example.com/v1", "metadata": {"name": "x"}}
    assert parse_documents(json.dumps(own)) == [own]
