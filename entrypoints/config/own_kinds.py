"""``kinds`` of the configuration file: how kinds of one's own state their health."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from k8s_heartbeat.core.fields import is_mapping
from k8s_heartbeat.core.rules.entry import Entry
from k8s_heartbeat.core.rules.reading import Catalogue
from k8s_heartbeat.core.rules.words import Sense, plain

from .document import Value
from .forms import Form, any_text, listed, matching

__all__ = ["KIND_EXAMPLE", "take_kinds"]

KIND_EXAMPLE = "{Oven.example.com: {words: [status.stage], means: {baking: good}}}"
_ENTRY_EXAMPLE = "{words: [status.stage], means: {baking: good}}"
_KEY = re.compile(
    r"(\*|[A-Za-z][A-Za-z0-9]{0,62})\.(?=.{1,253}\Z)(\*\.)?[a-z0-9]([a-z0-9.-]*[a-z0-9])?"
)
_PATH = re.compile(r"(status|spec)(\.(\*|[A-Za-z0-9_-]+(\[\])?))+")
_NAME = re.compile(r"[A-Za-z0-9]([A-Za-z0-9./_-]{0,314}[A-Za-z0-9])?")
_MOST = 100
_SENSES = {sense.name.lower(): sense for sense in Sense}


def take_kinds(value: Value) -> Catalogue:
    """The entries in the file; errors in one are recorded as faults."""
    if value.found is None:
        return MappingProxyType({})
    if not is_mapping(value.found):
        value.take(_KINDS)
        return MappingProxyType({})
    found = {key: _entry(value.at(str(key))) for key in value.found if _is_kind(value, key)}
    entries: dict[tuple[str, str], Entry] = {}
    for key, entry in found.items():
        kind, _, group = key.partition(".")
        if entry is not None:
            entries[group, kind] = entry
    return MappingProxyType(entries)


def _is_kind(value: Value, key: object) -> bool:
    known = isinstance(key, str) and _KEY.fullmatch(key) is not None
    if not known:
        Value(key, value.place, value.faults, value.name).take(_KIND)
    return known


def _entry(value: Value) -> Entry | None:
    """An entry; None where there are faults in it."""
    before = len(value.faults)
    if not value.is_mapping_of(_FORMS, _ENTRY_EXAMPLE):
        return None
    if not value.found:
        value.refuse(f"an empty entry says nothing; an entry is such as {_ENTRY_EXAMPLE}")
        return None
    stated = {name: value.take_at(name, form) for name, form in _FORMS.items()}
    if len(value.faults) > before:
        return None
    given: dict[str, Any] = {name: found for name, found in stated.items() if found is not None}
    given.setdefault("source", "the configuration file")
    return Entry(**given)


def _refuse(_: object) -> object:
    raise ValueError


def _text(found: object) -> str:
    if not any_text(found).isprintable() or not 0 < len(any_text(found)) <= 200:
        raise ValueError
    return any_text(found)


def _boolean(found: object) -> bool:
    if not isinstance(found, bool):
        raise ValueError
    return found


def _each(check: Callable[[object], Any]) -> Callable[[object], tuple[Any, ...]]:
    entries = listed(least=1, most=_MOST)
    return lambda found: tuple(map(check, entries(found)))


def _hold(found: object) -> str:
    path, equals, _ = _text(found).partition("=")
    matching(_PATH if equals else _NAME)(path)
    return _text(found)


def _count(found: object) -> tuple[str, str]:
    if not is_mapping(found) or set(found) != {"want", "have"}:
        raise ValueError
    path = matching(_PATH)
    return path(found["want"]), path(found["have"])


def _means(found: object) -> dict[str, Sense]:
    if not is_mapping(found) or not 0 < len(found) <= _MOST:
        raise ValueError
    if not all(isinstance(sense, str) and sense in _SENSES for sense in found.values()):
        raise ValueError
    return {plain(_text(word)): _SENSES[sense] for word, sense in found.items()}


_PATHS = Form(_each(matching(_PATH)), "a list of paths below status or spec", "[status.stage]")
_NAMES = Form(_each(matching(_NAME)), "a list of condition types", "[Ready]")
_FLAG = Form(_boolean, "true or false", "true")
_KINDS = Form(_refuse, "a mapping of kinds by KIND.GROUP", KIND_EXAMPLE)
_KIND = Form(
    _refuse, "a KIND.GROUP", "Oven.example.com, or *.example.com for every kind of a group"
)
_FORMS: Mapping[str, Form[Any]] = {
    "source": Form(_text, "printable text of 1 to 200 characters", "docs/oven.md"),
    "words": _PATHS,
    "means": Form(
        _means,
        f"a mapping of words to one of {', '.join(_SENSES)}",
        "{baking: good, cold: starting}",
    ),
    "must": _NAMES,
    "soft": _NAMES,
    "fails": _NAMES,
    "moves": _NAMES,
    "holds": Form(
        _each(_hold), "a list of conditions, reasons, or PATH=VALUE", "[Paused, spec.stopped=true]"
    ),
    "ignore": Form(
        _each(matching(re.compile(rf"\*|{_NAME.pattern}"))),
        "a list of condition types, or * for all",
        "[Scheduled]",
    ),
    "lists": _PATHS,
    "counts": Form(
        _each(_count),
        "a list of paths to compare",
        "[{want: spec.ovens, have: status.hotOvens}]",
    ),
    "flags": _PATHS,
    "error": _PATHS,
    "message": _PATHS,
    "ends": _FLAG,
    "silent": _FLAG,
}
