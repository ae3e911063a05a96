"""JSON to manifests, keeping only what the rules read.

The decoder drops every field that no rule names while it parses, which saves most of the time and
memory of a large list. An object whose fields have other shapes is decoded whole, so that the core
judges its oddities.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any, TypedDict, cast

import msgspec

from k8s_heartbeat.core.annotations import KNOWN
from k8s_heartbeat.core.fields import is_list, is_mapping

__all__ = ["UnreadableError", "decode_list", "decode_object", "decode_whole"]

Manifest = Mapping[str, Any]

_COMMON = (
    ("apiVersion",),
    ("kind",),
    *(
        ("metadata", *path)
        for path in (
            ("name",),
            ("namespace",),
            ("uid",),
            ("generation",),
            ("labels",),
            ("deletionTimestamp",),
            ("finalizers",),
            ("ownerReferences[]", "uid"),
            ("ownerReferences[]", "controller"),
            *(("annotations", name) for name in KNOWN),
        )
    ),
    ("status", "observedGeneration"),
)
"""What is read of every object, whatever its kind."""


class UnreadableError(Exception):
    """The bytes are no JSON object."""


_whole = msgspec.json.Decoder()


def decode_object(body: bytes, fields: tuple[str, ...]) -> Manifest:
    """One object, of which these fields are kept besides the metadata; see `Rule.fields`.

    Raises:
        UnreadableError: The bytes are no JSON object.
    """
    return _decode(_decoder(fields, False), body)


def decode_whole(body: bytes) -> Manifest:
    """One object as it is.

    Raises:
        UnreadableError: The bytes are no JSON object.
    """
    return _decode(_whole, body)


def decode_list(body: bytes, kind: str, fields: tuple[str, ...]) -> tuple[list[Manifest], str]:
    """The items of a list, and the token that its next page is asked with, empty on the last.

    Raises:
        UnreadableError: The bytes are no list of that kind, such as ``PodList``.
    """
    page = _decode(_decoder(fields, True), body)
    metadata = page.get("metadata")
    items: object = page.get("items")
    if page.get("kind") != kind:
        raise UnreadableError(f"no {kind}")
    if items is None:
        items = []
    if not is_list(items):
        raise UnreadableError(f"no {kind}")
    objects = [item for item in items if is_mapping(item)]
    if len(objects) < len(items):
        # What an odd item stands for is not known, and may be what is down.
        raise UnreadableError(f"no {kind}")
    token = metadata.get("continue") if is_mapping(metadata) else None
    if token is not None and not isinstance(token, str):
        # There is more, and no way to ask for it.
        raise UnreadableError(f"no {kind}")
    return objects, token or ""


@cache
def _decoder(fields: tuple[str, ...], many: bool) -> msgspec.json.Decoder[Any]:
    """The decoder for objects, or lists of objects, with these fields."""
    # Whoever reads none of a part still reads that it is an object.
    tree: dict[str, Any] = {"spec": {}, "status": {}}
    for path in (*_COMMON, *(tuple(field.split(".")) for field in fields)):
        _plant(tree, path)
    kept = _typed(tree)
    if many:
        head = _typed_dict({"continue": Any})
        kept = _typed_dict({"kind": Any, "metadata": head, "items": _list_of(kept) | None})
    return msgspec.json.Decoder(kept)


def _plant(tree: dict[str, Any], path: Iterable[str]) -> None:
    """Add a path; what is named whole stays whole, whoever names a part of it."""
    *above, leaf = path
    for step in above:
        branch = tree.setdefault(step, {})
        if branch is None:
            return
        tree = branch
    tree[leaf] = None


def _typed(tree: Mapping[str, Any]) -> Any:
    types: dict[str, Any] = {}
    for name, branch in sorted(tree.items()):
        if name.removesuffix("[]") in types:
            # One rule names it whole, another a part of it.
            continue
        kept = Any if branch is None else _typed(branch)
        types[name.removesuffix("[]")] = _list_of(kept) if name.endswith("[]") else kept
    return _typed_dict(types)


def _list_of(kept: Any) -> Any:
    # Made as the process runs, out of what the rules name: no checker can follow.
    return cast(Any, list)[kept]


def _typed_dict(types: Mapping[str, Any]) -> Any:
    return cast(Any, TypedDict)("_Kept", types, total=False)


def _decode(decoder: msgspec.json.Decoder[Any], body: bytes) -> Manifest:
    try:
        try:
            decoded = decoder.decode(body)
        except msgspec.ValidationError:
            decoded = _whole.decode(body)
    except (msgspec.DecodeError, ValueError, RecursionError) as error:
        raise UnreadableError("no JSON") from error
    if not is_mapping(decoded):
        raise UnreadableError("no JSON object")
    return decoded
