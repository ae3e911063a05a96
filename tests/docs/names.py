"""What pages name of this project: commands, flags, variables, routes, files."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from functools import cache

from k8s_heartbeat.adapters.http.routes import ROUTES
from k8s_heartbeat.entrypoints import cli
from k8s_heartbeat.entrypoints.command_line import all_flags, arranged
from k8s_heartbeat.entrypoints.config.settings import SETTINGS
from k8s_heartbeat.entrypoints.errors import PROGRAM, CommandError
from k8s_heartbeat.entrypoints.parser import Parser

from .pages import ROOT

__all__ = ["calls", "is_file", "is_route", "is_variable", "usage_fault", "words"]

_CALL = re.compile(
    r"(?:^|[|(;&]|\b[A-Z_]+=\S*(?= )|/bin/|\bpython -m )\s*"
    r"(?:k8s-heartbeat|kubectl[ -]heartbeat|k8s_heartbeat)(?= |$)"
)
_REDIRECTION = re.compile(r"\d?>+\s*\S+")
_STAND_INS = re.compile(r"…|\.\.\.|^[A-Z][A-Z_]*$|\|")
"""Words that stand for any other: NAMESPACE, and what is left out."""
_VARIABLES = {setting.variable for setting in SETTINGS}
_ELSEWHERE = {
    "HEARTBEAT_DETIAL": "misspelt on purpose, to show what is refused",
    "HEARTBEAT_TOKEN": "the callers' own, in what `k8s-heartbeat monitors` prints",
    "HEARTBEAT_BROWSER_WORK": "of the tests",
    "HEARTBEAT_GATE_CLIENTS": "of the tests",
    "HEARTBEAT_SOAK_SECONDS": "of the tests",
    "HEARTBEAT_SITE": "of the tests",
}


def calls(text: str) -> Iterator[list[str]]:
    """The arguments of each call of the program in a shell's text."""
    for line in re.sub(r"\\\n\s*", " ", text).splitlines():
        for found in _CALL.finditer(line):
            rest = _REDIRECTION.sub("", line[found.end() :])
            lexer = shlex.shlex(rest, posix=True, punctuation_chars=True)
            lexer.whitespace_split = True
            try:
                given = list(lexer)
            except ValueError:  # inside of the quotes of another command
                continue
            ends = (at for at, word in enumerate(given) if re.fullmatch("[|&;<>()]+", word))
            yield given[: next(ends, len(given))]


def usage_fault(given: list[str]) -> str:
    """What is wrong with the arguments of a call; empty if nothing is."""
    if given == [cli.COMPLETE, "$@"] or (len(given) == 1 and given[0] in _parser().commands):
        return ""
    if any(map(_STAND_INS.search, given)):
        wrong = [word for word in given if word.startswith("-") and _no_flag(word)]
        return f"no flag: {', '.join(wrong)}" if wrong else _command_fault(given)
    try:
        _parser().parse_args(arranged(given, _parser(), plugin=True))
    except CommandError as error:
        return str(error)
    except SystemExit:  # --help and --version
        return ""
    return ""


def _command_fault(given: list[str]) -> str:
    """Whether the first word, in a call with stand-ins, is a command or could be an object."""
    word = next((word for word in given if not word.startswith("-")), "check")
    known = word in _parser().commands or "/" in word or _STAND_INS.search(word)
    return "" if known else f"no command: {word}"


def _no_flag(word: str) -> bool:
    """Whether a word that begins with a dash is a flag of no command."""
    flag = word.partition("=")[0]
    return flag not in all_flags(_parser()) and flag not in ("-", "-h", "--help")


@cache
def _parser() -> Parser:
    return cli._parser([], PROGRAM)  # pyright: ignore[reportPrivateUsage]  # the command line's own


def words(pattern: str, text: str) -> set[str]:
    """The matches of a pattern."""
    return set(re.findall(pattern, text))


def is_variable(name: str) -> bool:
    """Whether the program, or what is around it, reads such a variable."""
    return name.removesuffix("_FILE") in _VARIABLES or name in _VARIABLES or name in _ELSEWHERE


def is_route(path: str) -> bool:
    """Whether a path, without its query, is served; or paths that begin so, if it is left open."""
    path, _, _ = path.partition("?")
    if path.endswith(("…", "/")) and any(
        route.path.startswith(path.removesuffix("…")) for route in ROUTES
    ):
        return True
    path = path.removesuffix("/")
    return any(
        re.fullmatch(re.sub(r"\\{\w+\\}", "[^/]+", re.escape(route.path)), path) for route in ROUTES
    )


def is_file(path: str) -> bool:
    """Whether a path, from the top of the repository, is there."""
    return (ROOT / path).exists()
