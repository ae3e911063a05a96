"""``rules``: how each kind is judged, in the words of the rules themselves."""

from __future__ import annotations

import argparse
import inspect
import sys
from textwrap import fill

from k8s_heartbeat.core import RULES, Rule
from k8s_heartbeat.core.kinds import is_word
from k8s_heartbeat.core.rules.conditions import CONDITIONS_RULE

from .errors import EXIT_USAGE, CommandError

__all__ = ["run"]

_WIDTH = 96


def run(arguments: argparse.Namespace) -> int:
    """Print the rule of one kind, or of all.

    Raises:
        CommandError: No kind can be called so.
    """
    if arguments.kind is None:
        print("\n\n".join(_described(rule) for rule in (*RULES, CONDITIONS_RULE)))
        return 0
    if not is_word(arguments.kind):
        raise CommandError(
            f"{arguments.kind[:60]!a} is no name of a kind, such as deployment", EXIT_USAGE
        )
    known = RULES.kind_called(arguments.kind)
    if known is None:
        print(f"{arguments.kind} has no rule of its own; it is judged so:", file=sys.stderr)
    print(_described(RULES.find(known.kind, known.api_version) if known else CONDITIONS_RULE))
    return 0


def _described(rule: Rule) -> str:
    """A rule's names, its prose, its fields and its source."""
    kind = rule.kind
    if kind.kind:
        others = [kind.plural, *kind.short_names]
        head = f"{kind.kind} ({', '.join(others)}), {kind.api_version}"
    else:
        head = "Any other kind"
    prose = inspect.getdoc(rule.judge) or "(python -OO leaves the prose of the rules out)"
    # Of a list's items one name says enough.
    read = dict.fromkeys("".join(field.partition("[]")[:2]) for field in rule.fields)
    fields = ", ".join(read) or "none but its metadata"
    module = inspect.getdoc(sys.modules[rule.judge.__module__]) or ""
    _, _, source = module.partition("\n\n")
    parts = [head, _indented(prose), _indented(fill(f"Fields: {fields}", _WIDTH))]
    parts.append(f"  Module: {rule.judge.__module__}")
    return "\n".join([*parts, _indented(source)] if source else parts)


def _indented(text: str) -> str:
    return "\n".join(f"  {line}" if line else "" for line in text.splitlines())
