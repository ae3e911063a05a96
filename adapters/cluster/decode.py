"""Decodes JSON to manifests, keeping only what the rules read, within a memory bound.

The decoder drops every field that no rule names while it parses, which saves most of the time and
memory of a large list. An object whose fields have other shapes is decoded whole, so that the core
judges its oddities.
"""

from __future__ import annotations

import gc
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any, TypedDict, cast

import msgspec

from k8s_heartbeat.core.annotations import KNOWN

from ..memory import LARGEST

__all__ = [
    "LARGEST_MADE",
    "MOST_ITEMS",
    "Page",
    "UnreadableError",
    "decode_object",
    "decode_page",
    "decode_whole",
    "size_of",
    "weigh",
]

Made = dict[str, Any]

LARGEST_MADE = LARGEST * 3 // 5
"""Bytes that the objects of one reading may take; the rest is for the answer they are made of."""
MOST_ITEMS = 2_000
"""Objects on a page at most."""

# The most memory per byte of JSON, for `{},{},…`, by `size_of`.
_DENSEST = 81
_METADATA = (
    *("name", "namespace", "uid", "generation", "labels", "finalizers"),
    *("creationTimestamp", "deletionTimestamp"),
    *("ownerReferences[].uid", "ownerReferences[].controller"),
)
_COMMON = (
    *(("apiVersion",), ("kind",), ("status", "observedGeneration")),
    *(("metadata", *path.split(".")) for path in _METADATA),
    # Their names have dots in them.
    *(("metadata", "annotations", name) for name in KNOWN),
)
"""The fields that are read of objects of any kind."""


class UnreadableError(Exception):
    """The bytes are not the requested JSON, or would take too much memory."""


class _TooMuchError(UnreadableError):
    """The objects may take more memory than there is room for."""


class _ListMeta(msgspec.Struct):
    token: str | None = msgspec.field(default=None, name="continue")
    remaining: int | None = msgspec.field(default=None, name="remainingItemCount")


@dataclass(slots=True)
class Page:
    """The objects of one page of a list.

    Attributes:
        objects: In their order.
        size: About how many bytes they take.
        token: The continue token of the next page; empty on the last.
        cut: Whether there are more on the page.
        api_version: The group and version that the list says to be of; empty where it says none.
    """

    objects: list[Made] = field(default_factory=list[Made])
    size: int = 0
    token: str = ""
    cut: bool = False
    api_version: str = ""


_whole = msgspec.json.Decoder()
_encode = msgspec.json.Encoder().encode


def decode_object(body: bytes, fields: tuple[str, ...]) -> Made:
    """Decode one object, keeping these fields besides the metadata; see `Rule.fields`.

    Raises:
        UnreadableError: The bytes are no JSON object, or too large.
    """
    return _decode(_decoder(fields), body, LARGEST_MADE)


def decode_whole(body: bytes) -> Made:
    """One object as it is.

    Raises:
        UnreadableError: The bytes are no JSON object, or too large.
    """
    return _decode(_whole, body, LARGEST_MADE)


def decode_page(body: bytes, kind: str, fields: tuple[str, ...], room: int = LARGEST_MADE) -> Page:
    """A page of a list, cut where its objects would take more room than there is.

    Args:
        body: The answer.
        kind: The kind of the list, such as ``PodList``.
        fields: The fields to keep of each object.
        room: Bytes that the objects may take.

    Raises:
        UnreadableError: The bytes are not a list of that kind.
    """
    try:
        head = _page_decoder().decode(body)
    except (ValueError, msgspec.MsgspecError, RecursionError) as error:
        raise UnreadableError(f"no {kind}") from error
    if head.kind != kind or head.items is msgspec.UNSET:
        raise UnreadableError(f"no {kind}")
    token = (head.metadata and head.metadata.token) or ""
    if head.metadata and head.metadata.remaining and not token:
        raise UnreadableError(f"part of a {kind} and no way to the rest")
    page = Page(token=token, api_version=head.apiVersion)
    collecting = gc.isenabled()
    # It would look through all that was made so far again and again, and there are no cycles.
    gc.disable()
    try:
        _fill(page, head.items, _decoder(fields), room)
    finally:
        if collecting:
            gc.enable()
    return page


def size_of(made: Mapping[str, Any]) -> int:
    """About how many bytes an object takes: its text, and each part that it is made of."""
    return weigh(_encode(made))


def weigh(text: bytes) -> int:
    """About how many bytes JSON takes once it is decoded whole."""
    # The size of lists is in that of their commas.
    return len(text) + 160 * text.count(b"{") + 80 * text.count(b",")


def _fill(page: Page, items: Any, decoder: msgspec.json.Decoder[Any], room: int) -> None:
    """Decode items until there are no more, or no more room."""
    for item in msgspec.structs.astuple(items) if items else ():
        if item is None:
            return
        if len(page.objects) == MOST_ITEMS:
            break
        try:
            made = _decode(decoder, item, room - page.size)
        except _TooMuchError:
            break
        page.size += weigh(_encode(made))
        page.objects.append(made)
    else:
        return
    page.cut = True


@cache
def _page_decoder() -> msgspec.json.Decoder[Any]:
    """The decoder of pages, which leaves each item for later.

    An array of any length would be decoded whole; a struct takes as many items as it has fields
    and passes over the others.
    """
    names = [(f"item{number}", msgspec.Raw, None) for number in range(MOST_ITEMS + 1)]
    items = msgspec.defstruct("_Items", names, array_like=True)
    page = [
        ("apiVersion", str, ""),
        ("kind", str, ""),
        ("metadata", _ListMeta | None, None),
        ("items", items | None | msgspec.UnsetType, msgspec.UNSET),
    ]
    return msgspec.json.Decoder(msgspec.defstruct("_Page", page))


@cache
def _decoder(fields: tuple[str, ...]) -> msgspec.json.Decoder[Any]:
    """The decoder that keeps these fields of objects."""
    paths = [*_COMMON, *[tuple(path.split(".")) for path in fields]]
    # Even if no field of a part is read, it is checked to be an object.
    parts: dict[tuple[str, ...], Made] = {(): {}, ("spec",): {}, ("status",): {}}
    whole = {".".join(path).replace("[]", "") for path in paths}
    for path in paths:
        for depth in range(1, len(path)):
            # A field named whole stays whole, even if a part is named too.
            if ".".join(path[:depth]).replace("[]", "") in whole:
                break
            parts.setdefault(path[:depth], {})
        else:
            parts[path[:-1]][path[-1].removesuffix("[]")] = Any
    # Built at runtime from the fields of the rules: no type checker can follow.
    kept: Any = Any
    for path in sorted(parts, key=len, reverse=True):
        kept = cast(Any, TypedDict)("_Kept", parts[path], total=False)
        if path:
            above, name = parts[path[:-1]], path[-1]
            above.setdefault(name.removesuffix("[]"), list[kept] if name.endswith("[]") else kept)
    return msgspec.json.Decoder(kept)


def _decode(decoder: msgspec.json.Decoder[Any], text: bytes | msgspec.Raw, room: int) -> Made:
    # The size is estimated only if the length alone does not settle it.
    if _DENSEST * len(text) > room and weigh(bytes(text)) > room:
        raise _TooMuchError("larger than what is taken in")
    try:
        try:
            made = decoder.decode(text)
        except msgspec.ValidationError:
            made = _whole.decode(text)
    except (ValueError, msgspec.MsgspecError, RecursionError) as error:
        raise UnreadableError("no JSON") from error
    if type(made) is not dict:
        raise UnreadableError("no JSON object")
    return cast("Made", made)
