"""Read single fields of Kubernetes JSON, tolerating malformed ones.

A field that only explains (a condition, a timestamp, a message) is ignored if malformed. A
field that a verdict depends on (a count, a phase) raises `FieldError`, which `assess` turns into
an unknown verdict that names the field.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import cache
from typing import TypeGuard

from .model import Condition, Conditions, Manifest
from .times import time

__all__ = [
    "CONDITIONS",
    "EMPTY",
    "FieldError",
    "boolean",
    "conditions_of",
    "count",
    "integer",
    "is_list",
    "is_mapping",
    "items",
    "mapping",
    "mappings",
    "said",
    "strings",
    "text",
    "time",
]

EMPTY: Manifest = {}
CONDITIONS = (
    "status.conditions[].type",
    "status.conditions[].status",
    "status.conditions[].reason",
    "status.conditions[].message",
    "status.conditions[].lastTransitionTime",
    "status.conditions[].severity",
    "status.conditions[].observedGeneration",
)
"""What `conditions_of` reads, in the notation of `Rule.fields`."""

_LONGEST_TEXT = 300
_INT32 = 2**31 - 1
_INT64 = 2**63
_DAWN = datetime.min.replace(tzinfo=UTC)


class FieldError(Exception):
    """A field that a verdict needs does not have the form that the API defines.

    The message names the field, the form and an example.
    """


def is_mapping(value: object) -> TypeGuard[Manifest]:
    """Whether a value is a JSON object."""
    # Nearly all are dicts, and that check takes an eighth of the time.
    return type(value) is dict or isinstance(value, Mapping)


def is_list(value: object) -> TypeGuard[Sequence[object]]:
    """Whether a value is a JSON array."""
    return isinstance(value, list | tuple)


def mapping(value: object) -> Manifest:
    """A JSON object; empty for anything else."""
    return value if is_mapping(value) else EMPTY


def items(value: object) -> Sequence[object]:
    """A JSON array; empty for anything else."""
    return value if is_list(value) else ()


def mappings(value: object) -> list[Manifest]:
    """The objects in a JSON array; other items are ignored."""
    return [entry for entry in items(value) if is_mapping(entry)]


def strings(value: object) -> list[str]:
    """The strings in a JSON array; other items are ignored."""
    return [entry for entry in items(value) if isinstance(entry, str)]


def text(value: object) -> str:
    """A string; empty for anything else."""
    return value if isinstance(value, str) else ""


def said(value: object) -> str:
    """A text from the cluster, shortened so that it cannot inflate a response."""
    if not isinstance(value, str):
        return ""
    stated = value.strip()
    return stated if len(stated) <= _LONGEST_TEXT else f"{stated[: _LONGEST_TEXT - 1]}…"


def boolean(value: object) -> bool:
    """Whether a value is exactly true."""
    return value is True


def integer(value: object) -> int | None:
    """A number that only explains; Argo Rollouts write generations as strings."""
    if value is None or (type(value) is int and -_INT64 <= value < _INT64):
        return value
    if isinstance(value, str) and value.isascii() and value.isdecimal() and len(value) < 20:
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or not -_INT64 <= value < _INT64:
        return None
    return value


def count(owner: Manifest, path: str, *, default: int = 0) -> int:
    """The whole number at the last part of `path`; absent and null mean `default`.

    Raises:
        FieldError: It is not a count, or exceeds the 32 bits of the API's counts.
    """
    value = owner.get(_leaf(path))
    if value is None:
        return default
    if type(value) is int and 0 <= value <= _INT32:
        return value
    raise FieldError(f"{path} is not a whole number of 0 or more, such as 3")


def conditions_of(status: Manifest) -> Conditions:
    """The conditions of a status by type; the newer one of duplicates."""
    found: dict[str, Condition] = {}
    for entry in items(status.get("conditions")):
        if not is_mapping(entry):
            continue
        get = entry.get
        type_, stated, reason, message = get("type"), get("status"), get("reason"), get("message")
        condition = Condition(
            # Most are strings, or absent when empty: skip the call for these.
            type_ if type(type_) is str else text(type_),
            stated if type(stated) is str else _as_word(stated),
            said(reason) if reason else "",
            said(message) if message else "",
            time(get("lastTransitionTime")),
            text(get("severity")) if "severity" in entry else "",
            integer(get("observedGeneration")) if "observedGeneration" in entry else None,
        )
        twin = found.get(condition.type)
        # The choice between two must not depend on their order in the list.
        if twin is None or _order(condition) > _order(twin):
            found[condition.type] = condition
    return found


def _as_word(status: object) -> str:
    # Some controllers write a boolean for a status.
    return str(status) if isinstance(status, bool) else text(status)


@cache
def _leaf(path: str) -> str:
    return path.rpartition(".")[2]


def _order(condition: Condition) -> tuple[datetime, str, str, str, str]:
    return (
        condition.since or _DAWN,
        condition.status,
        condition.reason,
        condition.message,
        condition.severity,
    )
