"""The Markdown pages: their headings, links, code, and the fenced blocks of commands.

A block of `console` has commands behind `$ `, and below each what it prints; a block of `sh` has
commands alone. Both are run, unless the line above the fence says why not:

    <!-- not run: needs a cluster -->
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

__all__ = ["PAGES", "ROOT", "Block", "Command", "blocks", "code", "headings", "links"]

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")])

_FENCED = re.compile(
    r"(?:^ *<!-- not run: (?P<reason>.+) -->\n)?^(?P<indent> *)```(?P<language>\w*).*\n"
    r"(?P<text>(?:.*\n)*?)(?P=indent)```$",
    re.MULTILINE,
)
_HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
_LINK = re.compile(r"(?<!\\)\[[^]]*\]\(([^)\s]+)\)")
_INLINE = re.compile(r"(?<!`)`([^`\n]+)`(?!`)")


@dataclass(frozen=True, slots=True)
class Command:
    """A command and what the page says that it prints.

    Attributes:
        text: The command, of several lines if it goes on.
        output: The lines below it.
    """

    text: str
    output: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced block.

    Attributes:
        page: The page's path in the repository.
        line: The line that it begins at, from 1.
        language: What it is fenced as.
        text: Its lines.
        reason: Why it is not run; empty if it is.
    """

    page: str
    line: int
    language: str
    text: str
    reason: str = ""

    @property
    def commands(self) -> tuple[Command, ...]:
        """Its commands; those of `sh` are one."""
        if self.language == "sh":
            return (Command(self.text.rstrip("\n")),)
        if self.language == "console":
            return tuple(_commands(self.text))
        return ()

    def __str__(self) -> str:
        return f"{self.page}:{self.line}"


def _commands(text: str) -> Iterator[Command]:
    for part in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]:
        lines = part.rstrip("\n").split("\n")
        more = 1
        while more < len(lines) and (
            lines[more].startswith("> ") or lines[more - 1].endswith("\\")
        ):
            more += 1
        command = "\n".join(line.removeprefix("> ") for line in lines[:more])
        yield Command(command, tuple(line for line in lines[more:] if line))


def blocks(page: Path) -> list[Block]:
    """The fenced blocks of a page, in their order."""
    text = page.read_text("utf-8")
    found: list[Block] = []
    for match in _FENCED.finditer(text):
        indent = len(match["indent"])
        body = "".join(line[indent:] for line in match["text"].splitlines(keepends=True))
        line = text.count("\n", 0, match.start("language")) + 1
        name = page.relative_to(ROOT).as_posix()
        found.append(Block(name, line, match["language"], body, match["reason"] or ""))
    return found


def _prose(page: Path) -> str:
    return _FENCED.sub("", page.read_text("utf-8"))


def headings(page: Path) -> set[str]:
    """The anchors of a page's headings, as Git hosts make them."""
    seen: dict[str, int] = {}
    anchors: set[str] = set()
    for title in _HEADING.findall(_prose(page)):
        text = re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", title).replace("`", "").lower()
        anchor = re.sub(r"[^\w\- ]", "", text).replace(" ", "-")
        number = seen.get(anchor, -1) + 1
        seen[anchor] = number
        anchors.add(f"{anchor}-{number}" if number else anchor)
    return anchors


def links(page: Path) -> list[str]:
    """Where a page's links and pictures lead."""
    return _LINK.findall(_INLINE.sub("", _prose(page)))


def code(page: Path) -> list[str]:
    """The pieces of code in a page's text, outside of the fenced blocks."""
    return _INLINE.findall(_prose(page))
