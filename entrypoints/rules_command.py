"""``rules``: how each kind is judged, in the words of the rules themselves."""

from __future__ import annotations

import argparse
import os
import sys
from textwrap import fill

from k8s_heartbeat.adapters.refused import repeated
from k8s_heartbeat.core import RULES, Rule, Rules
from k8s_heartbeat.core.kinds import is_word
from k8s_heartbeat.core.rules.catalogue import CATALOGUE
from k8s_heartbeat.core.rules.entry import Entry
from k8s_heartbeat.core.rules.reading import Catalogue

from .errors import EXIT_USAGE, CommandError
from .rule_prose import fields_of, prose_of, source_of, statements

__all__ = ["run"]

_WIDTH = 96


def run(arguments: argparse.Namespace) -> int:
    """Print the rule of one kind, or of all.

    Raises:
        CommandError: No kind can be called so, or the configuration file is wrong.
    """
    rules, own = _in_force(arguments)
    if arguments.kind is None:
        print("\n\n".join(_described(rule) for rule in (*rules, rules.custom)))
        return 0
    if not is_word(arguments.kind):
        raise CommandError(
            f"{repeated(arguments.kind)} is no name of a kind, such as deployment", EXIT_USAGE
        )
    known = rules.kind_called(arguments.kind)
    if known is not None:
        print(_described(rules.find(known.kind, known.api_version)))
        return 0
    entries = {**CATALOGUE, **own}
    called = [key for key in entries if _is_called(key, arguments.kind)]
    if not called and "." not in arguments.kind:
        raise CommandError(
            f"{repeated(arguments.kind)} is no kind that is known, such as deployment; another"
            " project's kind is named with its group, such as certificate.cert-manager.io",
            EXIT_USAGE,
        )
    name = arguments.kind if called else repeated(arguments.kind)
    print(f"{name} has no rule of its own; it is judged so:", file=sys.stderr)
    # An entry for a whole group does not apply to kinds with an entry of their own.
    called = [key for key in called if key[1] != "*"] or called
    stated = [_stated(key, entries[key]) for key in called]
    print("\n\n".join([*stated, _described(rules.custom)]))
    return 0


def _in_force(arguments: argparse.Namespace) -> tuple[Rules, Catalogue]:
    """The rules, and the entries that the configuration file adds."""
    path = arguments.config or os.environ.get("HEARTBEAT_CONFIG")
    if not path:
        return RULES, {}
    from .config.configuration_file import read_configuration  # noqa: PLC0415  # few have a file of their own
    from .config.document import ConfigurationError  # noqa: PLC0415  # as above

    try:
        configuration = read_configuration(path).current()
    except ConfigurationError as error:
        raise CommandError(str(error), EXIT_USAGE) from None
    return configuration.rules, configuration.kinds


def _is_called(key: tuple[str, str], word: str) -> bool:
    """Whether an entry is for a kind written as KIND or KIND.GROUP."""
    group, kind = key
    name, dot, place = word.lower().partition(".")
    names = (kind.lower(), f"{kind.lower()}s")
    if not dot:
        return name in names
    fits = group == place or (group[:2] == "*." and place.partition(".")[2] == group[2:])
    return fits and (kind == "*" or name in names)


def _stated(key: tuple[str, str], entry: Entry) -> str:
    """An entry in prose, with its source."""
    group, kind = key
    named = "Every other kind" if kind == "*" else kind
    body = [fill(line, _WIDTH) for line in (*statements(entry), f"Source: {entry.source}")]
    return "\n".join([f"{named} of {group}", *map(_indented, body)])


def _described(rule: Rule) -> str:
    """A rule's names, its prose, its fields and its source."""
    kind = rule.kind
    if kind.kind:
        others = [kind.plural, *kind.short_names]
        head = f"{kind.kind} ({', '.join(others)}), {kind.api_version}"
    else:
        head = "Any other kind"
    fields = ", ".join(fields_of(rule)) or "none but its metadata"
    parts = [head, _indented(prose_of(rule)), _indented(fill(f"Fields: {fields}", _WIDTH))]
    parts.append(f"  Module: {rule.judge.__module__}")
    source = source_of(rule)
    return "\n".join([*parts, _indented(source)] if source else parts)


def _indented(text: str) -> str:
    return "\n".join(f"  {line}" if line else "" for line in text.splitlines())
