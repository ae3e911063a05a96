"""What the strategies of all kinds are made of: odd values, times, metadata, conditions."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import Any

from hypothesis import strategies as st

from tests.builders import NOW, Manifest, stamp

__all__ = [
    "CAMEL",
    "MESSAGES",
    "ODDITIES",
    "UIDS",
    "WAITING",
    "Json",
    "Some",
    "conditions",
    "counts",
    "generations",
    "json_values",
    "metadata",
    "optional",
    "owner_references",
    "partial",
    "statuses",
    "thing",
    "times",
    "uids",
    "words",
]

Json = Any
Some = st.SearchStrategy[Manifest]
"""A strategy that makes manifests."""

ODDITIES: tuple[Json, ...] = (
    # absent, empty, null lists
    None,
    "",
    [],
    {},
    [None],
    [[]],
    {"": None},
    # wrong types
    True,
    False,
    "True",
    "False",
    "3",
    0.5,
    3.0,
    float("nan"),
    float("inf"),
    "randomstatus",
    # numbers at their edges
    0,
    -1,
    "-1",
    2**31 - 1,
    2**31,
    -(2**31) - 1,
    2**63,
    10**30,
    "9" * 400,
    # unknown enums, and enums in the wrong case
    "true",
    "Sideways",
    "running",
    # times that do not parse, that no calendar holds, that overflow on their way to UTC
    "yesterday",
    "2026-02-30T12:00:00Z",
    "2026-03-02T12:00:00",
    "2026-03-02",
    "0001-01-01T00:00:00+23:59",
    "9999-12-31T23:59:59-23:59",
    "2026-03-02T11:59:00.123456789Z",
    "+292277026596-12-04T15:30:07Z",
    "\ud800",
    # what YAML loaders make of timestamps
    datetime(2026, 3, 2, 11, 59, tzinfo=UTC),
    datetime(2026, 3, 2, 11, 59),
    datetime.min.replace(tzinfo=UTC),
    datetime.max.replace(tzinfo=UTC),
    date(2026, 3, 2),
    # conditions as a map, with a boolean status, with null members, of an unknown type
    {"Ready": {"status": "True"}},
    {"Ready": True},
    [{"type": "Ready", "status": True}],
    [{"type": "Available", "status": False}],
    [{"type": "Available", "status": "randomstatus"}, None],
    [{"type": None, "status": None, "lastTransitionTime": None}],
    [{"type": {"a": 1}, "status": ["True"]}],
    # container statuses of a form that no kubelet writes
    [{"name": None, "state": None, "lastState": [], "restartCount": "many"}],
    [{"state": {"waiting": None, "running": None, "terminated": "Error"}}],
    [{"lastState": {"terminated": {"exitCode": "1", "finishedAt": "soon"}}}],
    # two owners that both control
    [{"uid": "api", "controller": True}, {"uid": "db", "controller": True}],
    [{"uid": 7, "controller": "true"}],
    # a selector's or a name's place taken by something else
    "Déjà\x00vu\r\nX: y",
    ("a", "tuple"),
)
"""Values that were met where another was expected."""

CAMEL = ("", "Completed", "Error", "OOMKilled", "ContainerStatusUnknown", "StartError")
WAITING = (
    "ContainerCreating",
    "PodInitializing",
    "CrashLoopBackOff",
    "ImagePullBackOff",
    "ErrImagePull",
    "CreateContainerConfigError",
    "RunContainerError",
    "SignatureValidationFailed",
    "no word",
)
MESSAGES = (
    "",
    "back-off 5m0s restarting",
    "failed to sync configmap cache: timed out",
    "no such key",
)
UIDS = ("api", "rs", "pod", "stranger", "")

counts = st.one_of(st.integers(0, 5), st.integers(0, 200), st.just(2**31 - 1))
statuses = st.sampled_from(["True", "False", "Unknown"])
generations = st.integers(0, 3)
uids = st.sampled_from(UIDS)


_THRESHOLDS = (0, 60, 120, 300, 600, 900, 3600, 86400)
_IS_THERE = st.sampled_from([False, True, True, True])
_EDGES = [age + step for age in _THRESHOLDS for step in (-1, 0, 1)]


def words(*choices: str) -> st.SearchStrategy[str]:
    """One of these."""
    return st.sampled_from(choices)


@st.composite
def _partial(
    draw: st.DrawFn,
    required: Mapping[str, st.SearchStrategy[Any]],
    maybe: Mapping[str, st.SearchStrategy[Any]],
) -> Manifest:
    made = {name: draw(strategy) for name, strategy in required.items()}
    # Of `st.fixed_dictionaries`, most examples lack most fields.
    return made | {name: draw(strategy) for name, strategy in maybe.items() if draw(_IS_THERE)}


def partial(
    required: Mapping[str, st.SearchStrategy[Any]],
    *,
    optional: Mapping[str, st.SearchStrategy[Any]],
) -> Some:
    """An object of which some fields may be missing."""
    return _partial(required, optional)


def optional(**fields: st.SearchStrategy[Any]) -> Some:
    """An object of which every field may be missing."""
    return _partial({}, fields)


def times() -> st.SearchStrategy[str]:
    """Times around now: at the thresholds of the rules, a second beside them, and any other."""
    ages = st.one_of(st.sampled_from(_EDGES), st.integers(0, 299), st.integers(-7200, 10**8))
    return ages.map(lambda age: stamp(NOW - timedelta(seconds=age)))


@cache
def json_values() -> st.SearchStrategy[Json]:
    """Any JSON value, those of the pool more often than others."""
    leaves = st.one_of(
        st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=8), times()
    )
    trees = st.recursive(
        leaves,
        lambda children: st.one_of(
            st.lists(children, max_size=3),
            st.dictionaries(words("type", "status", "name", "x"), children, max_size=3),
        ),
        max_leaves=6,
    )
    return st.one_of(st.sampled_from(ODDITIES), trees).map(copy.deepcopy)


def conditions(
    *types: str, reasons: Sequence[str] = (), **more: st.SearchStrategy[Any]
) -> st.SearchStrategy[list[Manifest]]:
    """A list of conditions in any order, with a type missing, twice or unknown."""
    return st.lists(
        partial(
            {"type": words(*types, "SomethingNew"), "status": statuses},
            optional={
                "reason": words("", "Whatever", *reasons),
                "message": words(*MESSAGES),
                "lastTransitionTime": times(),
                **more,
            },
        ),
        max_size=5,
    )


def owner_references() -> st.SearchStrategy[list[Manifest]]:
    """Owners, of which at most some control."""
    return st.lists(
        st.fixed_dictionaries(
            {"uid": uids, "kind": st.just("Some")}, optional={"controller": st.booleans()}
        ),
        max_size=3,
    )


def metadata(*, namespaced: bool = True) -> Some:
    """An object's metadata."""
    place = {"namespace": st.just("shop")} if namespaced else {}
    return st.fixed_dictionaries(
        {"name": words("api", "db", "web-1"), "uid": uids, **place},
        optional={
            "generation": st.integers(1, 3),
            "creationTimestamp": times(),
            "deletionTimestamp": times(),
            "finalizers": st.lists(words("foregroundDeletion", "x/y"), max_size=2),
            "ownerReferences": owner_references(),
            "labels": st.just({"app": "api"}),
            "annotations": st.just({"example.com/note": "none of ours"}),
        },
    )


def thing(
    kind: str,
    api_version: str,
    *,
    namespaced: bool = True,
    **parts: st.SearchStrategy[Any],
) -> Some:
    """An object of a kind: its `spec`, its `status`, and whatever else stands beside them."""
    return st.fixed_dictionaries(
        {
            "apiVersion": st.just(api_version),
            "kind": st.just(kind),
            "metadata": metadata(namespaced=namespaced),
            **parts,
        }
    )
