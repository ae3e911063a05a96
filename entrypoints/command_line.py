"""What a command line means before it is parsed: kubectl's habits that argparse does not have.

Flags may come before, between and after the words, and without a command it is ``check``.
"""

from __future__ import annotations

import argparse
import os
import re
from collections.abc import Mapping, Sequence
from itertools import zip_longest

from k8s_heartbeat.adapters.refused import repeated

from .parser import Parser

__all__ = ["IMPLIED", "Split", "all_flags", "arranged", "asks_for_nagios", "is_kind"]

IMPLIED = "check"
"""The command that is meant where none is named."""

_ENDS_IT = ("--help", "--version")
_FILES = (".json", ".yaml", ".yml", ".gz")
_SIMILARITY = 0.6
_NAGIOS = re.compile(r"(?:-A*o=?|--o[utp]*=?)(nagios)?")


class Split:
    """The parts of a command line.

    Attributes:
        flags: The flags with their values.
        words: Everything else.
        before: How many of `flags` come before the first word.
        named: The flags by their full names, as far as they are known.
        pending: The flag whose value is still to come.
        literal: Whether ``--`` says that only words follow.
    """

    def __init__(self) -> None:
        self.flags: list[str] = []
        self.words: list[str] = []
        self.before = 0
        self.named: list[str] = []
        self.pending: argparse.Action | None = None
        self.literal = False

    @classmethod
    def of(cls, given: Sequence[str], known: Mapping[str, argparse.Action]) -> Split:
        """The parts of a command line whose flags are these; an unknown flag takes no value."""
        split = cls()
        for text in given:
            if split.pending is not None:
                split.flags.append(text)
                split.pending = None
            elif split.literal or text == "-" or not text.startswith("-"):
                if not split.words:
                    split.before = len(split.flags)
                split.words.append(text)
            elif text == "--":
                split.literal = True
            else:
                split._flag(text, known)
        if not split.words:
            split.before = len(split.flags)
        return split

    def _flag(self, text: str, known: Mapping[str, argparse.Action]) -> None:
        self.flags.append(text)
        if text.startswith("--"):
            name, has_value, _ = text.partition("=")
            # argparse takes the beginning of a flag for the flag.
            whole = [flag for flag in known if flag.startswith(name)]
            name = name if name in known else whole[0] if len(whole) == 1 else name
            self._named(known.get(name), has_value)
            return
        for at, letter in enumerate(text[1:], 2):
            action = known.get(f"-{letter}")
            self._named(action, text[at:])
            if action is None or action.nargs != 0:
                break

    def _named(self, action: argparse.Action | None, value: str) -> None:
        if action is not None:
            self.named.append(action.option_strings[-1])
            if action.nargs != 0 and not value:
                self.pending = action


def all_flags(parser: Parser) -> Mapping[str, argparse.Action]:
    """The flags of all commands, where it is not yet known which one is meant."""
    commands = parser.commands.values()
    return {name: flag for each in (*commands, parser) for name, flag in each.flags.items()}


def arranged(given: Sequence[str], parser: Parser, *, plugin: bool) -> list[str]:
    """A command line in the order that argparse needs: the command, its flags, its words.

    Args:
        given: The command line as it was typed.
        parser: The parser with its commands.
        plugin: Whether it was called as kubectl's plugin, where nothing at all means a check too.

    Raises:
        CommandError: The first word is neither a command nor a kind.
    """
    split = Split.of(given, all_flags(parser))
    if split.words and split.words[0] in parser.commands:
        command = split.words[0]
        at = _index(given, split)
        rest, leading = [*given[:at], *given[at + 1 :]], split.flags[: split.before]
    elif split.words:
        _must_be_kind(split.words[0], parser)
        command, rest, leading = IMPLIED, list(given), split.flags[: split.before]
    else:
        own = set(parser.flags)
        asked = any(name in parser.commands[IMPLIED].flags for name in set(split.named) - own)
        if any(name in _ENDS_IT for name in split.named) or not (plugin or asked):
            return list(given)
        command, rest, leading = IMPLIED, list(given), split.flags
    # What is the program's own flag in front stays there.
    front = [text for text in leading if text in parser.flags]
    for text in front:
        rest.remove(text)
    if parser.commands[command].commands:
        # The nested command defines which flags it takes.
        return [*front, command, *rest]
    split = Split.of(rest, parser.commands[command].flags)
    return [*front, command, *split.flags, *(["--"] * split.literal), *split.words]


def _index(given: Sequence[str], split: Split) -> int:
    """Where the first word is: after the flags in front, and ``--``."""
    return split.before + (split.literal and given[split.before] == "--")


def _must_be_kind(word: str, parser: Parser) -> None:
    kind, slash, _ = word.partition("/")
    if slash and is_kind(kind, known=False):
        return
    if not slash and all(is_kind(part) for part in word.split(",")):
        return
    import difflib  # noqa: PLC0415  # for what is refused alone

    near = difflib.get_close_matches(word.lower(), parser.commands, n=1, cutoff=_SIMILARITY)
    told = repeated(word, parser.commands)
    commands = f"the commands are {', '.join(parser.commands)}"
    if near:
        hint = f"did you mean {near[0]}?"
    elif os.path.lexists(word) or word.endswith(_FILES):
        hint = f"a dump is judged by {parser.prog} {IMPLIED} -f FILE; {commands}"
    else:
        hint = (
            "name an object as KIND/NAME, such as deployment/api, and a kind that is not "
            f"well-known after the command, as in {parser.prog} {IMPLIED} sprockets; {commands}"
        )
    parser.error(f"{told} is neither a command nor a well-known kind; {hint}")


def is_kind(word: str, *, known: bool = True) -> bool:
    """Whether a word names a kind and cannot be a slip in a command.

    Args:
        word: A word of the command line.
        known: Whether a word without a group must name a kind that has a rule.
    """
    from k8s_heartbeat.core import RULES  # noqa: PLC0415  # `serve` and others do without
    from k8s_heartbeat.core.kinds import is_word  # noqa: PLC0415  # as above

    if not is_word(word) or word.endswith(_FILES):
        return False
    return not known or "." in word or RULES.kind_called(word) is not None


def asks_for_nagios(given: Sequence[str]) -> bool:
    """Whether a command line, which may be wrong otherwise, asks for a monitoring plugin's line."""
    for flag, value in zip_longest(given, given[1:], fillvalue=""):
        asked = _NAGIOS.fullmatch(flag)
        if asked and "nagios" in (asked[1], value):
            return True
    return False
