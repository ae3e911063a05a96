"""Objects of any kind made from nothing but the fields that its rule says that it reads."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from k8s_heartbeat.core import Rule

from .network import ADDRESSES
from .pieces import (
    CAMEL,
    MESSAGES,
    Some,
    counts,
    json_values,
    metadata,
    partial,
    statuses,
    times,
    words,
)
from .pods import container_states

__all__ = ["from_fields", "from_paths"]

_TEXTS = words("", *CAMEL, *MESSAGES)
_POOLS: dict[str, st.SearchStrategy[Any]] = {
    "type": words(
        "Ready",
        "Available",
        "Progressing",
        "Failed",
        "Complete",
        "Established",
        "Stalled",
        "DiskPressure",
        "LoadBalancer",
        "SomethingNew",
    ),
    "status": statuses,
    "severity": words("", "Info", "Warning"),
    "phase": words("Pending", "Running", "Succeeded", "Failed", "Bound", "Active", "Healthy"),
    "reason": _TEXTS,
    "message": _TEXTS,
    "note": _TEXTS,
    "schedule": words("* * * * *", "0 3 * * *"),
    "timeZone": words("UTC", "Europe/Berlin"),
    "paused": st.booleans(),
    "suspend": st.booleans(),
    "unschedulable": st.booleans(),
    "ready": st.booleans(),
    "started": st.booleans(),
    "name": words("app", "proxy"),
    "restartPolicy": words("Always", "OnFailure"),
    "state": container_states(),
    "lastState": container_states(),
    "ingress": ADDRESSES,
    "addresses": st.just(["10.0.0.1"]),
    "selector": st.just({"matchLabels": {"app": "api"}}),
    "updateStrategy": st.just({"type": "RollingUpdate", "rollingUpdate": {"partition": 1}}),
    "readinessGates": st.just([{"conditionType": "lb"}]),
    "volumeBindingMode": words("Immediate", "WaitForFirstConsumer"),
}
"""What stands under a field of that name; of others, the ending says what they hold."""


def from_fields(rule: Rule) -> Some:
    """Objects of a rule's kind, with any of the fields that the rule reads."""
    kind = rule.kind
    common = {
        "apiVersion": st.just(kind.api_version),
        "kind": st.just(kind.kind),
        "metadata": metadata(namespaced=kind.namespaced),
    }
    paths = [path for path in rule.fields if not path.startswith("metadata.")]
    return st.tuples(st.fixed_dictionaries(common), from_paths(paths)).map(
        lambda made: {**made[1], **made[0]}
    )


def from_paths(paths: list[str]) -> Some:
    """Objects with any of these fields, in the notation of `Rule.fields`."""
    below: dict[str, list[str]] = {}
    for path in paths:
        name, _, rest = path.partition(".")
        below.setdefault(name, []).append(rest)
    return partial(
        {},
        optional={name.removesuffix("[]"): _member(name, rests) for name, rests in below.items()},
    )


def _member(name: str, rests: list[str]) -> st.SearchStrategy[Any]:
    if "" in rests:
        return _pool(name)
    inner = from_paths(rests)
    return st.lists(inner, max_size=3) if name.endswith("[]") else inner


def _pool(name: str) -> st.SearchStrategy[Any]:
    if name in _POOLS:
        return _POOLS[name]
    if name.endswith(("Time", "Timestamp")):
        return times()
    if name.endswith(("plicas", "Seconds", "Scheduled", "Available", "Healthy", "count", "Count")):
        return counts
    return st.one_of(counts, _TEXTS, json_values())
