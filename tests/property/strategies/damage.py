"""What becomes of manifests: broken, extended by newer fields, put into another order."""

from __future__ import annotations

import copy
import random
from collections.abc import Iterator
from typing import TypeGuard

from hypothesis import strategies as st

from tests.builders import Manifest

from .pieces import Json, json_values, words

__all__ = [
    "Path",
    "at",
    "broken",
    "damaged",
    "extended",
    "is_list",
    "is_object",
    "listed",
    "paths",
    "removed",
    "replaced",
    "shuffled",
]

Path = tuple[str | int, ...]

_FREE = frozenset({"annotations", "labels", "matchLabels", "selector"})
"""Objects whose keys are anybody's words, so that none of them is unknown."""


def is_object(value: Json) -> TypeGuard[Manifest]:
    """Whether a JSON value is an object."""
    return isinstance(value, dict)


def is_list(value: Json) -> TypeGuard[list[Json]]:
    """Whether a JSON value is a list."""
    return isinstance(value, list)


def listed(value: Json) -> list[Json]:
    """A list as it is, and anything else as the only member of one."""
    return value if is_list(value) else [value]


def paths(value: Json, root: Path = ()) -> Iterator[Path]:
    """Where something stands in a JSON value, the value itself included."""
    yield root
    if is_object(value):
        for key, member in value.items():
            yield from paths(member, (*root, key))
    elif is_list(value):
        for index, member in enumerate(value):
            yield from paths(member, (*root, index))


def at(value: Json, path: Path) -> Json:
    """What stands at a path."""
    for step in path:
        value = value[step]
    return value


def replaced(value: Json, path: Path, by: Json) -> Json:
    """A copy of a JSON value with another value at a path."""
    if not path:
        return by
    result = copy.copy(value)
    result[path[0]] = replaced(value[path[0]], path[1:], by)
    return result


def removed(value: Json, path: Path) -> Json:
    """A copy of a JSON value without what stands at a path that is not its root."""
    *above, last = path
    owner = copy.copy(at(value, tuple(above)))
    del owner[last]
    return replaced(value, tuple(above), owner)


@st.composite
def broken(draw: st.DrawFn, manifest: Json) -> Json:
    """A manifest with any JSON value, or nothing, in the place of up to three of its values."""
    for _ in range(draw(st.integers(1, 3))):
        places = list(paths(manifest))
        # What the verdicts rest on stands near the root, most of what is there does not.
        near = [path for path in places if 0 < len(path) < 3] or places
        path = draw(st.sampled_from(draw(st.sampled_from([near, places]))))
        if path and not draw(st.integers(0, 3)):
            manifest = removed(manifest, path)
        else:
            manifest = replaced(manifest, path, draw(json_values()))
    return manifest


def damaged(manifest: st.SearchStrategy[Manifest]) -> st.SearchStrategy[Json]:
    """A strategy's manifests, `broken`."""
    return manifest.flatmap(broken)


@st.composite
def extended(draw: st.DrawFn, manifest: Manifest) -> Manifest:
    """The same manifest with fields in it that no rule knows, real ones and made-up ones."""
    places = [
        path for path in paths(manifest) if _FREE.isdisjoint(path) and is_object(at(manifest, path))
    ]
    result = manifest
    for path in draw(st.lists(st.sampled_from(places), min_size=1, max_size=4)):
        name = draw(words("managedFields", "collisionCount", "hostIPs", "zz", "x-y"))
        result = replaced(result, path, {**at(result, path), name: draw(json_values())})
    return result


def shuffled(value: Json) -> st.SearchStrategy[Json]:
    """The same value with every list and every mapping in it in another order."""
    return st.integers(0, 2**16).map(lambda seed: _shuffle(value, random.Random(seed)))  # noqa: S311 - no secret is shuffled


def _shuffle(value: Json, dice: random.Random) -> Json:
    if is_object(value):
        keys = list(value)
        dice.shuffle(keys)
        return {key: _shuffle(value[key], dice) for key in keys}
    if is_list(value):
        members = [_shuffle(member, dice) for member in value]
        dice.shuffle(members)
        return members
    return value
