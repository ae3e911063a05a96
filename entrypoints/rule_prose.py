"""How kinds are judged, in the words of the rules: for ``rules`` and for docs/kinds.md."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping

from k8s_heartbeat.core import Rule
from k8s_heartbeat.core.rules.entry import Entry
from k8s_heartbeat.core.rules.words import Sense

__all__ = ["fields_of", "prose_of", "source_of", "statements"]

_SAYS: Mapping[str, str] = {
    "words": "Its words are at {}.",
    "must": "These conditions have to be True, and False is down: {}.",
    "soft": "False means on its way of these conditions: {}.",
    "fails": "True is a failure of these conditions: {}.",
    "moves": "True is progress of these conditions: {}.",
    "holds": "It is stopped on purpose by {}.",
    "ignore": "These conditions are ignored: {}.",
    "lists": "More conditions are at {}.",
    "flags": "True while it does its job: {}.",
    "error": "There only on failure: {}.",
    "message": "It explains itself at {}.",
}


def prose_of(rule: Rule) -> str:
    """What a rule decides, in paragraphs."""
    return inspect.getdoc(rule.judge) or "(python -OO leaves the prose of the rules out)"


def source_of(rule: Rule) -> str:
    """Where the rule comes from, in Kubernetes' source or documentation; empty if it says none."""
    module = inspect.getdoc(sys.modules[rule.judge.__module__]) or ""
    _, _, source = module.partition("\n\n")
    return source


def fields_of(rule: Rule) -> list[str]:
    """The fields that a rule reads; a list's own name stands for all fields of its items."""
    return list(dict.fromkeys("".join(field.partition("[]")[:2]) for field in rule.fields))


def statements(entry: Entry, mark: Callable[[str], str] = str) -> Iterator[str]:
    """What an entry of the catalogue says, a sentence for each of its fields.

    Args:
        entry: The entry.
        mark: How a name is written.
    """

    def listed(names: Iterable[str]) -> str:
        return ", ".join(map(mark, names))

    for field, says in _SAYS.items():
        if found := getattr(entry, field):
            yield says.format(listed(found))
    by_sense: dict[Sense, list[str]] = {}
    for word, sense in entry.means.items():
        by_sense.setdefault(sense, []).append(word)
    for sense, words in by_sense.items():
        yield f"{sense.name.capitalize()}: {listed(words)}."
    for want, have in entry.counts:
        yield f"{mark(have)} counts against {mark(want)}."
    if entry.ends is not None:
        yield "It runs to completion." if entry.ends else "It does not run to completion."
    if entry.silent:
        yield "Where it states nothing bad it is healthy if it exists."
