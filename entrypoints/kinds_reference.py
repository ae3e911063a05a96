"""The generated part of docs/kinds.md, out of the rules and the catalogue."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from itertools import groupby
from pathlib import Path

from k8s_heartbeat.adapters.generated import with_generated
from k8s_heartbeat.core import RULES, Rule
from k8s_heartbeat.core.rules.catalogue import CATALOGUE
from k8s_heartbeat.core.rules.entry import Entry

from .rule_prose import fields_of, prose_of, source_of, statements

__all__ = ["with_kinds"]

_COMMAND = "python -m k8s_heartbeat.entrypoints.kinds_reference docs/kinds.md"
_CROWD = 5
"""More kinds than this that share a rule are named in a table, not in a heading."""


def with_kinds(text: str) -> str:
    """A Markdown text with every rule and entry as it is now between the markers.

    Raises:
        ValueError: It has no markers.
    """
    lines = ["", "## Kinds with a rule of their own"]
    for _, shared in groupby(RULES, key=lambda rule: rule.judge):
        lines += ["", *_section(list(shared))]
    lines += ["", "## Any other kind", "", *_prose(RULES.custom)]
    lines += ["", "## Kinds of other projects", "", *_introduction(), ""]
    lines += ["| kind | how it is judged | source |", "|---|---|---|", *_rows(), ""]
    return with_generated(text, _COMMAND, lines)


def _section(rules: list[Rule]) -> Iterator[str]:
    """The kinds that one rule judges."""
    rule = rules[0]
    if len(rules) > _CROWD:
        yield "### Kinds that need only exist"
        yield ""
        named = (f"{_code(entry.kind.kind)} ({entry.kind.api_version})" for entry in rules)
        yield f"{', '.join(named)}."
        yield ""
    else:
        project = "Knative " if "knative" in rule.kind.group else ""
        yield f"### {project}{', '.join(entry.kind.kind for entry in rules)}"
        yield ""
        yield "; ".join(
            f"{_listed((entry.kind.plural, *entry.kind.short_names))} of"
            f" {_code(entry.kind.api_version)}"
            for entry in rules
        ) + ("." if not rule.workload else ". A workload: a namespace's verdict counts it.")
        yield ""
    yield from _prose(rule)


def _prose(rule: Rule) -> Iterator[str]:
    """What a rule says of itself."""
    yield from prose_of(rule).splitlines()
    yield ""
    if rule.below:
        kinds = ", ".join(kind.kind for kind in rule.below)
        yield f"- Explained by: {kinds}, and Warning events."
    if fields := fields_of(rule):
        yield f"- Reads: {_listed(fields)}."
    if source := source_of(rule):
        paragraph = " ".join(source.split("\n\n")[-1].split())
        yield f"- {paragraph}"


def _introduction() -> Iterator[str]:
    kinds = sum(kind != "*" for _, kind in CATALOGUE)
    groups = len({group for group, _ in CATALOGUE})
    yield (
        f"The catalogue has {len(CATALOGUE)} entries, for {kinds} kinds by name and for whole"
        f" groups, out of {groups} API groups. An entry adds to the rule for"
        " [any other kind](#any-other-kind) what the names of a status do not show."
    )


def _rows() -> Iterator[str]:
    """The catalogue, a row for all kinds of a group that share an entry."""
    shared: dict[tuple[str, int], list[str]] = {}
    for (group, kind), entry in CATALOGUE.items():
        shared.setdefault((group, id(entry)), []).append(kind)
    entries = {id(entry): entry for entry in CATALOGUE.values()}
    for (group, key), kinds in sorted(shared.items(), key=lambda item: (item[0][0], item[1])):
        yield _row(group, kinds, entries[key])


def _row(group: str, kinds: list[str], entry: Entry) -> str:
    names = "every other kind" if kinds == ["*"] else ", ".join(kinds)
    cells = (f"{names} of {_code(group)}", " ".join(statements(entry, _code)), entry.source)
    return f"| {' | '.join(cells)} |"


def _listed(names: Iterable[str]) -> str:
    return ", ".join(map(_code, names))


def _code(text: str) -> str:
    return f"`{text}`"


if __name__ == "__main__":
    page: Path = Path(sys.argv[1])
    page.write_text(with_kinds(page.read_text(encoding="utf-8")), encoding="utf-8")
