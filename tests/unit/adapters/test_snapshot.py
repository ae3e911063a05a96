"""Dumps and manifests: which are read, how they are taken apart, what belongs to what."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from k8s_heartbeat.adapters.snapshot import (
    SnapshotError,
    SnapshotReader,
    parse_documents,
)
from k8s_heartbeat.core import RULES
from k8s_heartbeat.core.checks.reader import Deadline, NotFound, Reading
from k8s_heartbeat.core.gap import GapReason
from k8s_heartbeat.core.kinds import EVENT, Kind
from k8s_heartbeat.core.query import Query
from k8s_heartbeat.core.related import RelatedObjects
from k8s_heartbeat.core.rules import KINDS
from k8s_heartbeat.core.selectors import selector_of
from tests.builders import (
    Manifest,
    deployment,
    event,
    pod,
    stateful_set,
)

ONE, OTHER = deployment(3), pod("api-1")
DEADLINE = Deadline(1e9, lambda: 0.0)


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
    with pytest.raises(SnapshotError, match=r"pip install 'k8s-heartbeat\[yaml\]'"):
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
    with pytest.raises(SnapshotError, match=r"no JSON: .*line 1"):
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
    with pytest.raises(SnapshotError) as caught:
        parse_documents(JUNK[junk])
    assert str(caught.value).isprintable()
    assert 10 < len(str(caught.value)) < 300


def test_kind_of_a_broken_list_is_not_repeated_raw() -> None:
    """An error goes to a terminal, which obeys control characters."""
    text = json.dumps({"kind": "\x1b]0;owned\x07List", "items": 3})
    with pytest.raises(SnapshotError) as caught:
        parse_documents(text)
    assert str(caught.value).isprintable()


@pytest.mark.parametrize("nested", ["a: [", "- {a: ", "- - "])
def test_deeply_nested_yaml_does_not_kill_the_process(nested: str) -> None:
    """libyaml's loader recurses in C: unguarded it ends in a segmentation fault."""
    code = (
        "from k8s_heartbeat.adapters.snapshot import SnapshotError, parse_documents\n"
        f"try: parse_documents({nested!r} + {nested[2:]!r} * 50_000)\n"
        "except SnapshotError: print('refused')"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=False)
    assert (done.returncode, done.stdout) == (0, b"refused\n"), done.stderr[-300:]


@given(st.text())
def test_any_text_is_read_or_refused(text: str) -> None:
    """There is no third way."""
    try:
        objects = parse_documents(text)
    except SnapshotError:
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
    except SnapshotError:
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


def names(found: list[Any]) -> list[str]:
    """Names of manifests, in alphabetical order."""
    return sorted(str(entry["metadata"]["name"]) for entry in found)


def held(kind: Kind, name: str = "one", namespace: str = "shop") -> Manifest:
    """An object of any kind."""
    place = {"namespace": namespace} if kind.namespaced else {}
    return {
        "apiVersion": kind.api_version,
        "kind": kind.kind,
        "metadata": {"name": name, **place},
        "type": "Warning",
    }


HELD = [held(kind) for kind in KINDS]


def reader_of(*objects: Manifest) -> SnapshotReader:
    """A reader over these objects."""
    return SnapshotReader(lambda: objects)


def query(word: str, name: str = "", namespace: str = "shop") -> Query:
    """A query by a kind's name."""
    kind = RULES.kind_called(word)
    assert kind is not None
    return Query(kind, namespace, name)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: f"{kind.kind}.{kind.group}")
def test_reader_finds_each_kind_by_name_and_in_a_list(kind: Kind) -> None:
    """One object for a query by name, of its own group, and it is fresh."""
    place = "shop" if kind.namespaced else ""
    for asked in (Query(kind, place, "one"), Query(kind, place), Query(kind, "")):
        reading = reader_of(*HELD).read(asked, DEADLINE)
        assert reading == Reading((held(kind),), DEADLINE.clock())


def test_reader_lists_all_namespaces() -> None:
    """Where none is named."""
    pods = query("pods").kind
    reader = reader_of(held(pods, "a", "one"), held(pods, "b", "two"))
    assert names(list(reader.read(Query(pods, ""), DEADLINE).objects)) == ["a", "b"]
    assert names(list(reader.read(Query(pods, "two"), DEADLINE).objects)) == ["b"]


def test_reader_counts_what_names_no_namespace_in_each() -> None:
    """A manifest that was not applied yet is for whichever it is applied to."""
    bare: Manifest = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a"}}
    for namespace in ("shop", "other", ""):
        assert reader_of(bare).read(Query(query("pods").kind, namespace), DEADLINE).objects


def test_of_several_readings_of_one_object_the_last_counts() -> None:
    """As kubectl calls one after the other leave them in a file."""
    reader = reader_of(deployment(3, 0), deployment(3, 3))
    assert reader.read(query("deploy", "api"), DEADLINE).objects == (deployment(3, 3),)


def test_reader_finds_a_kind_in_an_older_group_of_it() -> None:
    """One that its rule covers."""
    older = {**deployment(), "apiVersion": "extensions/v1beta1"}
    assert reader_of(older).read(query("deploy", "api"), DEADLINE).objects == (older,)


def test_reader_reads_events_of_either_api_and_only_warnings() -> None:
    """They say the same under other names."""
    newer: Manifest = {
        "apiVersion": "events.k8s.io/v1",
        "kind": "Event",
        "type": "Warning",
        "metadata": {"name": "new", "namespace": "shop"},
    }
    found = reader_of(newer, event("old"), event("fine", type_="Normal")).read(
        Query(EVENT, "shop"), DEADLINE
    )
    assert names(list(found.objects)) == ["new", "old.FailedCreate"]


def discovered(*objects: Manifest) -> dict[str, Kind]:
    """The kinds that a snapshot of these objects serves."""
    served = reader_of(*objects).discover(DEADLINE)
    assert served.whole
    return {kind.kind: kind for kind in served.kinds}


def test_what_a_snapshot_serves_is_what_is_in_it() -> None:
    """A kind with a rule is told as the rule says, and its group and version as they stand."""
    served = discovered(*HELD, *HELD)
    assert set(served) == {kind.kind for kind in KINDS}
    node = served["Node"]
    assert (node.plural, node.namespaced, node.short_names) == ("nodes", False, ("no",))


@pytest.mark.parametrize(
    ("kind", "plural"),
    [
        ("Widget", "widgets"),
        ("Policy", "policies"),
        ("Ingress", "ingresses"),
    ],
)
def test_the_plural_of_a_kind_without_a_rule_is_guessed(kind: str, plural: str) -> None:
    """Nowhere in a dump does it stand."""
    found = discovered({"apiVersion": "example.com/v1", "kind": kind, "metadata": {"name": "x"}})
    assert (found[kind].plural, found[kind].api_version) == (plural, "example.com/v1")


@pytest.mark.parametrize("odd", [{}, {"kind": 7}, {"kind": None}, {"kind": ""}, {"apiVersion": 7}])
def test_what_has_no_kind_is_not_served(odd: Manifest) -> None:
    """It cannot be asked for."""
    assert discovered(odd) == {}


@pytest.mark.parametrize(
    "asked",
    [query("deploy", "web"), query("deploy", "api", "other"), query("sts", "api")],
    ids=["name", "namespace", "kind"],
)
def test_reader_does_not_find_what_is_not_there(asked: Query) -> None:
    """Another name, namespace or kind is another object."""
    with pytest.raises(NotFound):
        reader_of(*HELD).read(asked, DEADLINE)


def test_kind_of_another_group_is_another_kind() -> None:
    """A Deployment of somebody else's API is not ours."""
    foreign = {**deployment(), "apiVersion": "example.com/v1"}
    with pytest.raises(NotFound):
        reader_of(foreign).read(query("deploy", "api"), DEADLINE)


def test_reader_lists_what_a_selector_lets_through() -> None:
    """As the API server does; that no object is of a kind says nothing of the cluster."""
    selector = selector_of({"spec": {"selector": {"matchLabels": {"app": "api"}}}})
    kind = query("pods").kind
    others = {**pod("db-0"), "metadata": {"name": "db-0", "namespace": "shop"}}
    listed = reader_of(pod("api-1"), others, *HELD[:2]).read(
        Query(kind, "shop", selector=selector), DEADLINE
    )
    assert names(list(listed.objects)) == ["api-1"]
    elsewhere, none = (
        reader_of(*objects).read(Query(kind, "other"), DEADLINE)
        for objects in ((pod("api-1"),), HELD[:2])
    )
    assert (elsewhere.objects, elsewhere.gap) == ((), None)
    assert none.gap is not None
    assert (none.objects, none.gap.reason, none.gap.kind) == ((), GapReason.NOT_GIVEN, kind)


@pytest.mark.parametrize(
    "odd",
    [
        {},
        {"kind": "Deployment"},
        {"kind": "Deployment", "metadata": None},
        {"kind": "Deployment", "metadata": []},
        {"kind": "Deployment", "apiVersion": 7, "metadata": {"name": 3, "namespace": "shop"}},
        {"kind": ["Deployment"]},
    ],
)
def test_odd_objects_beside_it_do_not_hide_one(odd: Manifest) -> None:
    """A dump holds whatever it holds."""
    reading = reader_of(odd, deployment()).read(query("deploy", "api"), DEADLINE)
    assert reading.objects == (deployment(),)


def test_objects_are_asked_for_at_every_reading() -> None:
    """The demo's move with the time."""
    states: list[Callable[[], Manifest]] = [lambda: deployment(3, 3), lambda: deployment(3, 0)]
    reader = SnapshotReader(lambda: [states.pop(0)()])
    asked = query("deploy", "api")
    assert reader.read(asked, DEADLINE) != reader.read(asked, DEADLINE)


def test_snapshot_is_always_there() -> None:
    """There is no API server behind it that could be away."""
    reader_of().ping(DEADLINE)
