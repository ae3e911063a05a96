"""What the laws share: the share of examples of each kind, and oracles over raw manifests."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from typing import cast

import pytest
from hypothesis import settings

from k8s_heartbeat.core import Assessment, Policy, assess
from k8s_heartbeat.core.kinds import ENDPOINT_SLICE, JOB, POD, STORAGE_CLASS
from k8s_heartbeat.core.related import RelatedObjects
from tests.builders import NOW, Manifest
from tests.property.strategies import FAMILIES, Json, is_object

BADNESS = {"healthy": 0, "degraded": 1, "missing": 2, "unknown": 3, "down": 4}
"""The precedence of RULES.md, written down a second time."""
REPLICAS = [name for name, family in FAMILIES.items() if family.replicas]
"""Kinds that count replicas."""
ALONE = [name for name, family in FAMILIES.items() if family.evidence is None]
"""Kinds that are judged by nothing but their object."""

_EXAMPLES = settings().max_examples

share = settings(max_examples=_EXAMPLES if _EXAMPLES >= 1000 else _EXAMPLES // 5)
"""The examples of one kind: all that the profile has at night, a share of them in CI."""
closely = settings(max_examples=_EXAMPLES if _EXAMPLES >= 1000 else _EXAMPLES * 2)
"""More examples, for what has its edges in one kind alone."""
every_kind = pytest.mark.parametrize("kind", list(FAMILIES))
"""One test for each kind."""
every_workload = pytest.mark.parametrize("kind", REPLICAS)
"""One test for each kind that counts replicas."""


EVIDENCE = (ENDPOINT_SLICE, JOB, POD, STORAGE_CLASS)
"""Kinds that objects of other kinds are judged by."""


def judged(manifest: Json, related: Json = (), policy: Policy = Policy()) -> Assessment:
    """The assessment at the time that all tests share, by all the evidence that there is."""
    around = RelatedObjects(related, whole=EVIDENCE)
    return assess(manifest, related=around, now=NOW, policy=policy)


def decided(verdict: Assessment) -> tuple[object, ...]:
    """All of a verdict but what explains it: its causes, and the first of them in its message."""
    return (
        verdict.health,
        verdict.activity,
        verdict.up,
        verdict.reason,
        verdict.desired,
        verdict.available,
        verdict.since,
    )


def asked(manifest: Json) -> object:
    """How many replicas a workload is asked for, straight from its JSON."""
    if manifest["kind"] == "DaemonSet":
        return manifest["status"].get("desiredNumberScheduled")
    spec: Json = manifest.get("spec")
    replicas: Json = spec.get("replicas") if spec else None
    return 1 if replicas is None else replicas


def serving(manifest: Json) -> object:
    """How many replicas serve, straight from the JSON."""
    status = manifest["status"]
    if manifest["kind"] == "DaemonSet":
        return status.get("numberAvailable") or 0
    if manifest["kind"] == "StatefulSet" and status.get("availableReplicas") is None:
        return status.get("readyReplicas") or 0
    return status.get("availableReplicas") or 0


def figures(manifest: Json) -> tuple[int, int]:
    """Replicas asked for and replicas that serve, of a workload that is sound."""
    desired, available = asked(manifest), serving(manifest)
    assert isinstance(desired, int)
    assert isinstance(available, int)
    return desired, available


def with_status(manifest: Manifest, **fields: object) -> Manifest:
    """The same object with other fields in its status."""
    return {**manifest, "status": {**manifest["status"], **fields}}


def with_serving(manifest: Manifest, number: int) -> Manifest:
    """The same workload with so many replicas available."""
    daemon = manifest["kind"] == "DaemonSet"
    return with_status(manifest, **{"numberAvailable" if daemon else "availableReplicas": number})


def standing(manifest: Manifest) -> Manifest:
    """The same object, of which nobody has asked the deletion."""
    meta = {key: value for key, value in manifest["metadata"].items() if key != "deletionTimestamp"}
    return {**manifest, "metadata": meta}


def is_count(value: object) -> bool:
    """Whether a JSON value is a whole number of zero or more."""
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def stated(manifest: Manifest, *types: str) -> list[Manifest]:
    """All conditions of these types that an object states, in their order."""
    conditions: list[Manifest] = manifest["status"].get("conditions", [])
    return [entry for entry in conditions if entry["type"] in types]


def may_be(manifest: Manifest, type_: str, status: str = "True") -> bool:
    """Whether any condition of a type has that status, whichever of several counts."""
    return any(entry["status"] == status for entry in stated(manifest, type_))


def must_be(manifest: Manifest, type_: str, status: str = "True") -> bool:
    """Whether a type is stated, and all that is stated of it has that status."""
    statuses = {entry["status"] for entry in stated(manifest, type_)}
    return statuses == {status}


def endpoints_of(entry: Manifest) -> list[Manifest]:
    """The endpoints of an EndpointSlice, for which null may stand."""
    endpoints: list[Manifest] | None = entry["endpoints"]
    return endpoints or []


def on_the_wire(value: Json) -> bytes | None:
    """A value as the API server would send it; None where JSON cannot hold it."""
    if not all(map(_is_plain, _leaves(value))):
        return None
    try:
        return json.dumps(value, allow_nan=False).encode()
    except (TypeError, ValueError):
        return None


def _is_plain(leaf: object) -> bool:
    """Whether all decoders take a value: numbers of 64 bits, text without half characters."""
    if isinstance(leaf, str):
        return leaf.encode("utf-8", "replace").decode() == leaf
    if isinstance(leaf, float):
        return math.isfinite(leaf)
    return not isinstance(leaf, int) or -(2**63) <= leaf < 2**63


def _leaves(value: Json) -> Iterator[object]:
    if is_object(value):
        for key, member in value.items():
            yield key
            yield from _leaves(member)
    elif isinstance(value, list | tuple):
        for member in cast("Sequence[Json]", value):
            yield from _leaves(member)
    elif not isinstance(value, Mapping):
        yield value
