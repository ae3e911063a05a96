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
    related_index,
)
from k8s_heartbeat.core import assess
from k8s_heartbeat.core.kinds import KINDS, resolve
from k8s_heartbeat.core.reader import Deadline, NotFound, Query
from k8s_heartbeat.core.selectors import selector_of
from tests.builders import (
    NOW,
    Manifest,
    daemon_set,
    deployment,
    event,
    pod,
    replica_set,
    stateful_set,
)
from tests.property import strategies as some

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
    related_to = related_index(objects)
    for number, workload in enumerate(workloads):
        names = {entry["metadata"]["name"] for entry in related_to(workload)}
        assert names == {f"db-{number}-{at}" for at in range(number, 5000, 100)}


def names(found: list[Any]) -> list[str]:
    """Names of manifests, in alphabetical order."""
    return sorted(str(entry["metadata"]["name"]) for entry in found)


def test_workload_is_related_to_all_that_it_controls_and_to_the_events_of_all() -> None:
    """Deployment to ReplicaSets to pods, and the events about each of them."""
    objects = [
        deployment(),
        replica_set(name="api-rs"),
        replica_set(name="api-old"),
        pod("api-1", owned_by="api-rs"),
        pod("api-2", owned_by="api-rs"),
        event("api"),
        event("api-rs", kind="ReplicaSet"),
        event("api-2", kind="Pod"),
        stateful_set(),
        pod("db-0", owned_by="db"),
        event("db"),
        event("elsewhere"),
    ]
    related_to = related_index(objects)
    assert names(related_to(objects[0])) == [
        "api-1",
        "api-2",
        "api-2.FailedCreate",
        "api-old",
        "api-rs",
        "api-rs.FailedCreate",
        "api.FailedCreate",
    ]
    assert names(related_to(objects[1])) == [
        "api-1",
        "api-2",
        "api-2.FailedCreate",
        "api-rs.FailedCreate",
    ]
    assert names(related_to(objects[8])) == ["db-0", "db.FailedCreate"]
    assert related_to(objects[3]) == []


@pytest.mark.parametrize(
    "objects",
    [
        pytest.param([replica_set(name="a", owned_by="a")], id="of itself"),
        pytest.param(
            [replica_set(name="a", owned_by="b"), replica_set(name="b", owned_by="a")],
            id="of each other",
        ),
        pytest.param(
            [pod(f"p{number}", owned_by=f"p{(number + 1) % 9}") for number in range(9)],
            id="in a ring",
        ),
    ],
)
def test_owners_in_a_circle_end(objects: list[Manifest]) -> None:
    """A dump may state what no cluster holds."""
    related_to = related_index(objects)
    for entry in objects:
        assert len(related_to(entry)) == len(objects)


def test_objects_without_a_uid_are_nobodys() -> None:
    """Manifests that were never applied have none, and do not all belong together."""
    bare: Manifest = {"kind": "Deployment", "metadata": {"name": "api"}}
    stray: list[Manifest] = [
        {"kind": "Pod", "metadata": {"name": "a"}},
        {"kind": "Event", "reason": "Failed"},
        {},
    ]
    assert related_index([bare, *stray])(bare) == []


@given(st.lists(some.damaged(some.manifests()), max_size=4))
def test_index_takes_any_object(objects: list[Any]) -> None:
    """Odd dumps are survived, for the verdict is still to be had."""
    held: list[Manifest] = [entry for entry in objects if isinstance(entry, dict)]
    related_to = related_index(held)
    for entry in held:
        assert all(found in held for found in related_to(entry))


def test_order_in_the_dump_changes_no_verdict() -> None:
    """`kubectl get pods,deploy` is as good as `kubectl get deploy,pods`."""
    objects = [deployment(3, 1), replica_set(3, 1), pod("api-1", ready=False, owned_by="api-rs")]

    def judged(held: list[Manifest]) -> Any:
        subject = next(entry for entry in held if entry["kind"] == "Deployment")
        return assess(subject, related=related_index(held)(subject), now=NOW)

    assert judged(objects) == judged(objects[::-1])


HELD = [deployment(), stateful_set(), daemon_set(), replica_set(), pod()]


def reader_of(*objects: Manifest) -> SnapshotReader:
    """A reader over these objects."""
    return SnapshotReader(lambda: objects)


def query(word: str, name: str = "", namespace: str = "shop") -> Query:
    """A query by a kind's name."""
    kind = resolve(word)
    assert kind is not None
    return Query(kind, namespace, name)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.kind)
def test_reader_finds_each_kind_by_name(kind: Any) -> None:
    """One object for a query by name, and it is fresh."""
    held = next(entry for entry in HELD if entry["kind"] == kind.kind)
    reading = reader_of(*HELD).read(Query(kind, "shop", held["metadata"]["name"]), DEADLINE)
    assert (reading.objects, reading.age, reading.stale) == ((held,), 0.0, False)


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
    """As the API server does; an empty list is an answer."""
    selector = selector_of({"spec": {"selector": {"matchLabels": {"app": "api"}}}})
    kind = query("pods").kind
    others = {**pod("db-0"), "metadata": {"name": "db-0", "namespace": "shop"}}
    listed = reader_of(pod("api-1"), others, *HELD[:2]).read(
        Query(kind, "shop", selector=selector), DEADLINE
    )
    assert names(list(listed.objects)) == ["api-1"]
    assert reader_of().read(Query(kind, "shop"), DEADLINE).objects == ()


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
