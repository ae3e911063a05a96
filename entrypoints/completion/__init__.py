"""``completion``: what a shell offers for a half-typed command line.

The scripts of the shells ask the hidden command ``__complete``, which speaks the protocol of
kubectl's: one candidate a line, its description behind a tab, and in the last line what else to
offer. So kubectl's own completion can ask it too, and nothing in the scripts goes stale.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Iterator, Sequence
from importlib.resources import files

from k8s_heartbeat.core.rules import KINDS

from ..command_line import IMPLIED, Split, all_flags, is_kind
from ..parser import DECLARED, FILE, Parser, help_of

__all__ = ["complete", "run"]

_NOTHING_ELSE, _FILES_TOO = ":4", ":0"
_KIND = "KIND"

Candidate = tuple[str, str]


def run(arguments: argparse.Namespace) -> int:
    """Print the script of a shell."""
    print(files(__name__).joinpath(f"script.{arguments.shell}").read_text("utf-8"), end="")
    return 0


def complete(parser: Parser, words: Sequence[str]) -> int:
    """Print the candidates for the last word.

    Args:
        parser: The parser with its commands.
        words: The words after the program's name, the last one half-typed or empty.
    """
    *before, typed = words or [""]
    found, takes_file = _candidates(parser, before, typed)
    for text, meaning in found:
        if text.startswith(typed):
            # A description is one line.
            print(f"{text}\t{' '.join(meaning.split())}" if meaning else text)
    print(_FILES_TOO if takes_file else _NOTHING_ELSE)
    return 0


def _candidates(
    parser: Parser, before: Sequence[str], typed: str
) -> tuple[Iterable[Candidate], bool]:
    split = Split.of(before, all_flags(parser))
    first = split.words[0] if split.words else ""
    named = parser.commands.get(first)
    command = named or parser.commands[IMPLIED]
    words = split.words[1:] if named else split.words
    beneath = command.commands.get(words[0]) if words else None
    if beneath is not None:
        # The flags of `monitors gatus` are those of the command beneath.
        command, words = beneath, words[1:]
    # Once more with the flags of this command alone.
    split = Split.of(before, {**parser.flags, **command.flags})
    if split.pending is not None:
        return _values(split.pending)
    flag, has_value, _ = typed.partition("=")
    if typed.startswith("--") and has_value and not split.literal:
        action = command.flags.get(flag)
        if action is None or action.nargs == 0:
            return [], False
        found, takes_file = _values(action)
        return [(f"{flag}={value}", meaning) for value, meaning in found], takes_file
    if typed.startswith("-") and not split.literal:
        flags = {**command.flags, **(parser.flags if not split.words else {})}
        return [
            (text, help_of(action))
            for text, action in flags.items()
            if action.help != argparse.SUPPRESS
        ], False
    if not split.words:
        # The first word may be a kind too, offered once something is typed.
        return [*parser.summaries.items(), *(_kinds(typed) if typed else ())], False
    return _words(command, words, typed), False


def _values(action: argparse.Action) -> tuple[list[Candidate], bool]:
    """What may be the value of a flag, and whether a file may be."""
    choices = action.choices
    if action.help == DECLARED:
        from ..config.settings import SETTINGS  # noqa: PLC0415  # not for every word

        (choices,) = (entry.form.choices for entry in SETTINGS if entry.field == action.dest)
    return [(str(value), "") for value in choices or ()], action.metavar == FILE


def _words(command: Parser, words: Sequence[str], typed: str) -> Iterator[Candidate]:
    """The candidates for the next word of a command, after these."""
    if command.commands:
        yield from () if words else command.summaries.items()
        return
    places = command.words
    if not places or (len(words) >= len(places) and places[-1].nargs not in ("*", "+")):
        return
    place = places[min(len(words), len(places) - 1)]
    if place.choices is not None:
        yield from ((str(choice), "") for choice in place.choices)
    elif str(place.metavar).startswith(_KIND) and not (words and is_kind(words[0])):
        # Names follow a kind, and only the cluster knows them.
        yield from _kinds(typed)


def _kinds(typed: str) -> Iterator[Candidate]:
    """The kinds by their singular and short names, the last of several in a row too."""
    row = typed[: typed.rfind(",") + 1]
    for kind in KINDS:
        if not kind.shared_words:
            for name in (kind.kind.lower(), *kind.short_names):
                yield f"{row}{name}", kind.kind
