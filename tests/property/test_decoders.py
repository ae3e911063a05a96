"""Whatever bytes come in: a value or the decoder's own error, in as many steps as they are long."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from itertools import count
from types import FrameType
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from k8s_heartbeat.adapters.cluster import LiveReader
from k8s_heartbeat.adapters.cluster.decode import (
    LARGEST_MADE,
    UnreadableError,
    decode_object,
    decode_page,
    decode_whole,
    size_of,
)
from k8s_heartbeat.adapters.dump import DumpError, parse_documents
from k8s_heartbeat.adapters.memory import Memory
from k8s_heartbeat.adapters.yaml_text import YamlError, load_document
from k8s_heartbeat.core import RULES
from k8s_heartbeat.core.checks.reader import Deadline, ReadError
from k8s_heartbeat.core.durations import parse_duration
from k8s_heartbeat.core.kinds import Kind, ServedKinds
from k8s_heartbeat.core.selectors import parse_selector
from tests.servers.told_client import ToldClient

FIELDS = st.sampled_from([rule.fields for rule in RULES])

WHOLE: dict[str, Any] = {
    "apiVersion": "apps/v1",
    "kind": "Deployment",
    "metadata": {
        "name": "api",
        "namespace": "shop",
        "generation": 3,
        "labels": {"app": "api"},
        "annotations": {"k8s-heartbeat.io/ignore": "true"},
        "ownerReferences": [{"uid": "u", "controller": True}],
        "finalizers": ["foregroundDeletion"],
    },
    "spec": {"replicas": 3, "selector": {"matchLabels": {"app": "api"}}, "paused": False},
    "status": {
        "availableReplicas": 3,
        "conditions": [{"type": "Available", "status": "True", "lastTransitionTime": "2026-01-01"}],
    },
}
LIST = {"kind": "DeploymentList", "metadata": {"continue": "more"}, "items": [WHOLE, WHOLE]}
AGGREGATED: dict[str, Any] = {
    "kind": "APIGroupDiscoveryList",
    "items": [
        {
            "metadata": {"name": "apps"},
            "versions": [
                {
                    "version": "v1",
                    "freshness": "Current",
                    "resources": [
                        {
                            "resource": "deployments",
                            "responseKind": {"kind": "Deployment"},
                            "scope": "Namespaced",
                            "verbs": ["get", "list"],
                            "shortNames": ["deploy"],
                        }
                    ],
                }
            ],
        }
    ],
}
GROUPS = {
    "kind": "APIGroupList",
    "versions": ["v1"],
    "groups": [{"name": "apps", "versions": [{"groupVersion": "apps/v1"}]}],
}
RESOURCES = {
    "kind": "APIResourceList",
    "resources": [{"name": "deployments", "kind": "Deployment", "verbs": ["get"]}],
}

# What a value may be replaced by: of other types, and at the edges of theirs.
odd_values = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.sampled_from([2**53, 2**63, -(2**63), 2**64, 10**400, 1e308, -0.0, "", "\ud800", "\x00"]),
    st.text(max_size=3),
    st.just([]),
    st.just({}),
    st.just([[[[]]]]),
)


@st.composite
def changed(draw: st.DrawFn, value: Any) -> Any:
    """A value of which some parts are others, or stand elsewhere."""
    if draw(st.integers(0, 11)) == 0:
        return draw(odd_values)
    if isinstance(value, dict):
        return {key: draw(changed(entry)) for key, entry in value.items()}  # pyright: ignore[reportUnknownVariableType]  # JSON has no types
    if isinstance(value, list):
        return [draw(changed(entry)) for entry in value]  # pyright: ignore[reportUnknownVariableType]  # JSON has no types
    return value


@st.composite
def damaged(draw: st.DrawFn, *values: Any) -> bytes:
    """The bytes of a value, flipped, cut, doubled, spliced or nested."""
    raw = bytearray(json.dumps(draw(st.sampled_from(values).flatmap(changed))).encode())
    for _ in range(draw(st.integers(0, 3))):
        at = draw(st.integers(0, max(0, len(raw) - 1)))
        how = draw(st.sampled_from(["flip", "cut", "splice", "double", "nest"]))
        if how == "flip" and raw:
            raw[at] ^= 1 << draw(st.integers(0, 7))
        elif how == "cut":
            del raw[at:]
        elif how == "splice":
            piece = draw(st.sampled_from(PIECES))
            raw[at:at] = piece
        elif how == "double":
            # A key that stands twice, an item more, a comma too many.
            raw[at:at] = raw[at : at + draw(st.integers(1, 40))]
        else:
            depth = draw(st.sampled_from([10, 500, 2_000]))
            raw[at:at] = b"[" * depth
    return bytes(raw)


PIECES = [
    b"\xff",
    b"\x00",
    b"\xef\xbb\xbf",
    b'"\\ud800"',
    b"\xed\xa0\x80",
    b"1e999",
    b"-",
    b"9" * 5_000,
    b"NaN",
    b"null",
    b"}{",
    b"]]",
    b'"kind":"Secret",',
    b"\r\n---\r\n",
    b"&a *a",
    b"!!python/object:os.system x",
    b"<<: *a",
    b"\t",
]

bodies = st.one_of(st.binary(max_size=40), damaged(WHOLE, LIST, AGGREGATED, GROUPS, RESOURCES))


@given(bodies, FIELDS)
@example(b"[" * 100_000, RULES.find("Deployment", "apps/v1").fields)
@example(b'{"a":' * 100_000, RULES.find("Deployment", "apps/v1").fields)
@example(b'{"status":{"conditions":' + b"[" * 5_000, RULES.find("Pod", "v1").fields)
def test_body_is_an_object_or_unreadable(body: bytes, fields: tuple[str, ...]) -> None:
    """Of what the API server answers, nothing else raises; and what is kept is JSON again."""
    for decode in (decode_whole, partial(decode_object, fields=fields)):
        try:
            found = decode(body)
        except UnreadableError:
            continue
        assert isinstance(found, dict)
        json.dumps(found)


@given(bodies, FIELDS)
def test_body_is_a_list_or_unreadable(body: bytes, fields: tuple[str, ...]) -> None:
    """Its items are objects, and its token a text."""
    try:
        found = decode_page(body, "DeploymentList", fields)
    except UnreadableError:
        return
    assert all(isinstance(item, dict) for item in found.objects)
    assert isinstance(found.token, str)
    assert sum(map(size_of, found.objects)) <= found.size <= LARGEST_MADE
    assert not found.cut


@given(st.lists(bodies, min_size=1, max_size=4))
def test_discovery_is_resources_or_an_error_of_reading(answers: list[bytes]) -> None:
    """In whatever order odd answers come; and they are no reason to ask without end."""
    turns = count()
    client = ToldClient(lambda _: (200, answers[next(turns) % len(answers)]))
    with suppress(ReadError):
        served = discovered(client)
        assert all(isinstance(kind, Kind) for kind in served.kinds)
    asked = [request.path for request in client.asked]
    assert len(asked) <= 402
    assert all(".." not in path and path.isprintable() and "?" not in path for path in asked)


def discovered(client: ToldClient) -> ServedKinds:
    """What a client's API server says that it serves."""
    return LiveReader(client, Memory()).discover(Deadline.after(60, time.monotonic))


YAML_PIECES = (
    *("a: ", "- ", "&x ", "*x", "[", "]", "{", "}", "? ", "| ", ">-", "\n", "  ", "<<: ", "'", '"'),
    *("!!int ", "!!timestamp ", "!!binary ", "!!set ", "!!omap ", "!!float ", "%YAML 1.1\n", "#"),
    *("---\n", "...\n", "\t", "2026-13-45", "0o9", "\x85", "1:99:99", "=", ".inf", "1"),
)
texts = st.one_of(
    st.text(max_size=40),
    bodies.map(lambda body: body.decode("utf-8", "replace")),
    bodies.map(lambda body: body.decode("utf-8", "surrogateescape")),
    st.lists(
        st.sampled_from(YAML_PIECES),
        max_size=12,
    ).map("".join),
)


@given(texts)
@example("[" * 10_000)
@example("a: " * 10_000)
@example("- " * 10_000)
@example("? " * 10_000)
@example("{a: &a [" * 300)
@example(
    "a: &a [x]\n"
    + "".join(f"{chr(98 + n)}: &{chr(98 + n)} [{f'*{chr(97 + n)},' * 9}]\n" for n in range(9))
)
def test_text_is_a_document_or_no_yaml(text: str) -> None:
    """A configuration that people wrote, or what they took for one."""
    try:
        load_document(text)
    except YamlError as error:
        assert error.problem.isascii()
        assert error.problem.isprintable()


@given(texts)
@example("[" * 100_000)
@example('{"items":' * 10_000)
def test_text_is_a_snapshot_or_none(text: str) -> None:
    """A dump is objects, or an error that says what is wrong with it."""
    try:
        found = parse_documents(text)
    except DumpError:
        return
    assert all(isinstance(entry, dict) for entry in found)


words = st.text(st.sampled_from("aA0-_./=!,()in tx\u0130\u0660\n\x00\ud800"), max_size=30)


@given(st.one_of(words, st.text(max_size=20)))
def test_text_is_a_selector_or_none(text: str) -> None:
    """What is one says so again in the words of kubectl."""
    try:
        selector = parse_selector(text)
    except ValueError:
        return
    assert parse_selector(str(selector)) == selector
    selector.matches({"a": "x"})


@given(st.one_of(st.text(st.sampled_from("0123456789.hms\u0663\n-"), max_size=30), st.text()))
def test_text_is_a_duration_or_none(text: str) -> None:
    """Of more than nothing, and of a year at most."""
    try:
        assert 0 <= parse_duration(text).total_seconds() <= 366 * 86_400
    except ValueError:
        return


def steps(work: Callable[[], object]) -> int:
    """How many lines of Python a call runs: the same on every machine."""
    count = 0

    def trace(frame: FrameType, event: str, _: object) -> Any:
        nonlocal count
        count += event == "line"
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        work()
    except (UnreadableError, DumpError, YamlError, ReadError, ValueError):
        pass
    finally:
        sys.settrace(before)
    return count


def snapshot_of(size: int) -> str:
    return json.dumps({"kind": "List", "items": [WHOLE] * size})


GROWING: dict[str, tuple[Callable[[int], str], Callable[[str], object]]] = {
    "objects": (snapshot_of, parse_documents),
    "documents": (lambda size: "{} " * size, parse_documents),
    "spaces": (lambda size: " " * size + "{}", parse_documents),
    "YAML keys": (lambda size: "".join(f"k{n}: 1\n" for n in range(size)), load_document),
    "repeated YAML keys": (lambda size: "k: 1\n" * size, load_document),
    "YAML aliases": (lambda size: "a: &a 1\nb: [" + "*a," * size + "]", load_document),
    "YAML anchors": (
        lambda size: "[" + ",".join(f"&a{n} 1" for n in range(size)) + "]",
        load_document,
    ),
    "merges": (lambda size: "a: &a {x: 1}\n" + "- <<: *a\n" * size, load_document),
    "items of a list": (
        lambda size: json.dumps({"kind": "DeploymentList", "items": [{}] * size}),
        lambda text: decode_page(text.encode(), "DeploymentList", ()),
    ),
    "resources": (
        lambda size: json.dumps({**AGGREGATED, "items": AGGREGATED["items"] * size}),
        lambda text: discovered(ToldClient(lambda _: (200, text.encode()))),
    ),
}


@pytest.mark.parametrize("what", GROWING)
def test_work_grows_with_the_size_alone(what: str) -> None:
    """Four times as much takes four times the steps, not sixteen."""
    make, work = GROWING[what]
    small, large = (steps(partial(work, make(size))) for size in (200, 800))
    assert large < 5 * small + 200


@pytest.mark.parametrize(
    ("piece", "tail"),
    [("a", "!"), ("a.", "/"), ("a,", "("), ("(", ""), (" ", "x y"), ("!", "a"), ("-", "a")],
)
def test_selector_of_any_length_is_refused_at_once(piece: str, tail: str) -> None:
    """Past its bound nothing is matched; before it a pattern that backtracks would not end."""
    for size in (1_000 // len(piece), 10**6):
        with pytest.raises(ValueError, match="label selector"):
            parse_selector(piece * size + tail)
