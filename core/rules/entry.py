"""An entry of the catalogue, for a kind of another project, and its paths.

A path is ``status.ceph.health``; ``*`` stands for every key of an object and ``[]`` behind a key
for every entry of its list: ``status.parents[].conditions``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from ..fields import is_mapping, items
from .words import Sense

__all__ = ["Entry", "field_of", "find_at"]


_NAMES = ("name", "host", "id", "parentRef", "ancestorRef", "targetRef")


@dataclass(frozen=True, slots=True, eq=False)
class Entry:
    """How a kind states its health, as far as its names do not show it.

    Attributes:
        source: Where that is documented.
        words: Paths of the words that state it.
        means: Words that the vocabulary lacks or reads otherwise, in lower case.
        must: Conditions that have to be True: False is down, absent is not yet.
        soft: Conditions whose False means that it is in progress; if those that it must have are
            True, it serves meanwhile.
        fails: Conditions whose True is a failure.
        moves: Conditions whose True is progress.
        holds: What stops it on purpose: conditions, reasons, or ``path=value``.
        ignore: Conditions that say nothing of health; ``*`` for all that are not named.
        lists: Paths of further lists of conditions.
        counts: Paths of how many there should be, and of how many there are.
        flags: Paths of booleans that are true while it does its job.
        error: Paths that exist only on failure.
        message: Paths of texts that explain.
        ends: Whether it runs to completion; None if its name says so.
        silent: Whether it is healthy if it exists and states nothing bad.
    """

    source: str = ""
    words: tuple[str, ...] = ()
    means: Mapping[str, Sense] = field(default_factory=dict[str, Sense])
    must: tuple[str, ...] = ()
    soft: tuple[str, ...] = ()
    fails: tuple[str, ...] = ()
    moves: tuple[str, ...] = ()
    holds: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    lists: tuple[str, ...] = ()
    counts: tuple[tuple[str, str], ...] = ()
    flags: tuple[str, ...] = ()
    error: tuple[str, ...] = ()
    message: tuple[str, ...] = ()
    ends: bool | None = None
    silent: bool = False

    @property
    def states_health(self) -> bool:
        """Whether the entry says where the kind states its health, so its absence is bad news."""
        stated = self.words or self.must or self.counts or self.flags
        return bool(self.source and stated) and not self.silent


def find_at(manifest: object, path: str) -> Iterator[tuple[str, Any]]:
    """What is at a path, each with the names that ``*`` and ``[]`` stand for."""
    return _walk(manifest, _steps(path), "", "")


@lru_cache(2048)
def field_of(path: str) -> str:
    """The field of the status that a path begins with."""
    return re.split(r"\.|\[\]", path)[1]


@lru_cache(2048)
def _steps(path: str) -> tuple[str, ...]:
    return tuple(path.replace("[]", ".[]").split("."))


def _walk(found: object, steps: tuple[str, ...], place: str, key: str) -> Iterator[tuple[str, Any]]:
    if not steps:
        yield place, found
        return
    step, rest = steps[0], steps[1:]
    if step == "[]":
        for entry in items(found):
            yield from _walk(entry, rest, _named(entry) or place or f"one of {key}", key)
    elif not is_mapping(found):
        return
    elif step == "*":
        for name, value in found.items():
            yield from _walk(value, rest, str(name), key)
    elif found.get(step) is not None:
        yield from _walk(found[step], rest, place, step)


def _named(entry: object) -> str:
    """The name of a list entry, from its own fields; its position means nothing."""
    if is_mapping(entry):
        for key in _NAMES:
            value = entry.get(key)
            value = value.get("name") if is_mapping(value) else value
            if isinstance(value, str) and value:
                return value
    return ""
