"""The argument parser of the command line: its help, its errors, and what it knows of its flags."""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, NoReturn, cast

from k8s_heartbeat.adapters.refused import is_plain, repeated

from .errors import EXIT_USAGE, PROGRAM, CommandError

__all__ = ["DECLARED", "FILE", "Parser", "called_as", "help_of"]

DECLARED = "as its setting is declared"
"""The help of a flag that sets a setting; it is shown as the setting's meaning."""
FILE = "FILE"
"""The metavar of a flag whose value is a path; the shells' completion goes by it."""

_PLUGIN = "kubectl-heartbeat"
_FLAG = re.compile("--[a-z]+(-[a-z]+)*")
_LINK = re.compile(r"\[([^]]+)\]\([^)]+\)")

if TYPE_CHECKING:
    # It has no public name.
    _Subparsers = argparse._SubParsersAction[argparse.ArgumentParser]  # pyright: ignore[reportPrivateUsage]  # it has no public name


def called_as(path: str) -> str:
    """The program's name for people: a plugin of kubectl's is called through kubectl.

    Args:
        path: What the process was started as.
    """
    name = path.rpartition("/")[2]
    return "kubectl heartbeat" if name == _PLUGIN else PROGRAM


def help_of(action: argparse.Action) -> str:
    """What a flag does; of a flag for a setting, the setting's declared meaning."""
    if action.help != DECLARED:
        return action.help or ""
    from .config.settings import SETTINGS  # noqa: PLC0415  # not worth its import otherwise

    (meaning,) = (entry.meaning for entry in SETTINGS if entry.field == action.dest)
    return _LINK.sub(r"\1", meaning).replace("`", "")


class _Help(argparse.HelpFormatter):
    """Help that looks settings up only when it is shown, and keeps the lines of a text."""

    def _get_help_string(self, action: argparse.Action) -> str | None:
        return help_of(action)

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        if "\n" in text:
            return "\n".join(f"{indent}{line}" for line in text.splitlines())
        return super()._fill_text(text, width, indent)


class Parser(argparse.ArgumentParser):
    """A parser whose errors do not quote what may be a secret in the wrong place.

    Args:
        given: The command line.
        named: Arguments of argparse.
    """

    def __init__(self, *, given: Sequence[str], **named: Any) -> None:
        super().__init__(formatter_class=_Help, **named)
        self._given = given
        self._commands: _Subparsers | None = None

    def error(self, message: str) -> NoReturn:
        """Print the usage and raise a `CommandError`; given values in the message are masked."""
        for text in sorted(_values(self._given), key=len, reverse=True):
            if not is_plain(text):
                told = repeated(text)
                message = message.replace(repr(text), told).replace(text, told)
        self.print_usage(sys.stderr)
        raise CommandError(message, EXIT_USAGE)

    def exit(self, status: int = 0, message: str | None = None) -> NoReturn:
        """End after the help or the version was printed; an `OSError` if it could not be."""
        # argparse ignores what its own write raises, and most of it is written here.
        print(end="", flush=True)
        super().exit(status, message)

    def with_commands(self, metavar: str = "COMMAND", *, dest: str | None = None) -> _Subparsers:
        """Where the parser of each command is added.

        Args:
            metavar: What a command is called in the help.
            dest: Where the name of the command is kept; None for nowhere.
        """
        made = cast("type[argparse.ArgumentParser]", partial(Parser, given=self._given))
        self._commands = self.add_subparsers(
            required=True, metavar=metavar, dest=dest or argparse.SUPPRESS, parser_class=made
        )
        return self._commands

    @property
    def commands(self) -> Mapping[str, Parser]:
        """The parser of each command."""
        if self._commands is None:
            return {}
        return cast("Mapping[str, Parser]", self._commands.choices)

    @property
    def summaries(self) -> Mapping[str, str]:
        """What each command does, in a few words."""
        if self._commands is None:
            return {}
        listed = self._commands._choices_actions  # pyright: ignore[reportPrivateUsage]  # argparse shows them in its help alone
        return {action.dest: action.help or "" for action in listed}

    @property
    def flags(self) -> Mapping[str, argparse.Action]:
        """The flags, each by all its spellings."""
        return {text: action for action in self._actions for text in action.option_strings}

    @property
    def words(self) -> Sequence[argparse.Action]:
        """The arguments that are no flags, in their order."""
        return [action for action in self._actions if not action.option_strings]


def _values(given: Iterable[str]) -> set[str]:
    """The values in a command line, without the flags."""
    found: set[str] = set()
    for text in given:
        flag, _, value = text.partition("=")
        # Unknown flags count as flags too: a typo must be shown.
        found |= {value} if _FLAG.fullmatch(flag) else {text, value}
        if not text.startswith("--"):
            # The value directly after a flag of one letter.
            found |= {text[2:]}
    return found
