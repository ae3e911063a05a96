"""A page as a browser reads it: its text, its links, its elements."""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass, field
from hashlib import sha256
from html.parser import HTMLParser

from tests.http.support import Answer

__all__ = ["Page", "page_of"]

_SILENT = ("script", "style", "title", "noscript")


@dataclass(frozen=True, slots=True)
class Page:
    """What is on a page.

    Attributes:
        text: All text that is shown, with single spaces.
        title: The title.
        heading: The sentence that sums up.
        links: Where links and forms lead.
        elements: Every element with its attributes.
        inline: The text of each script and each style.
    """

    text: str
    title: str
    heading: str
    links: tuple[str, ...]
    elements: tuple[tuple[str, dict[str, str]], ...]
    inline: dict[str, list[str]]


@dataclass(eq=False)
class _Reader(HTMLParser):
    parts: list[str] = field(default_factory=list[str])
    named: dict[str, list[str]] = field(default_factory=dict[str, list[str]])
    elements: list[tuple[str, dict[str, str]]] = field(
        default_factory=list[tuple[str, dict[str, str]]]
    )
    within: list[str] = field(default_factory=list[str])

    def __post_init__(self) -> None:
        super().__init__()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note the element."""
        self.elements.append((tag, {name: value or "" for name, value in attrs}))
        self.within.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note the element."""
        self.elements.append((tag, {name: value or "" for name, value in attrs}))

    def handle_endtag(self, tag: str) -> None:
        """Leave the element, and those in it that need no end."""
        if tag in self.within:
            while self.within.pop() != tag:
                pass

    def handle_data(self, data: str) -> None:
        """Note the text."""
        for name in (*_SILENT, "h1"):
            if name in self.within:
                self.named.setdefault(name, []).append(data)
        if not any(name in self.within for name in _SILENT):
            self.parts.append(data)


def page_of(answer: Answer) -> Page:
    """The page, which only what is its own may run on."""
    assert answer.header("Content-Type") == "text/html; charset=utf-8"
    assert answer.header("Cache-Control") == "no-store"
    assert answer.header("Referrer-Policy") == "no-referrer"
    reader = _Reader()
    reader.feed(answer.body.decode())
    reader.close()
    inline = {name: reader.named.get(name, []) for name in ("script", "style")}
    policy = answer.header("Content-Security-Policy") or ""
    for name, texts in inline.items():
        for text in texts:
            digest = base64.b64encode(sha256(text.encode()).digest()).decode()
            assert f"{name}-src 'sha256-{digest}'" in policy
    assert policy.startswith("default-src 'none'; ")
    assert "unsafe" not in policy
    assert not re.search(r"https?:|\*", policy)
    return Page(
        " ".join("".join(reader.parts).split()),
        "".join(reader.named["title"]),
        "".join(reader.named["h1"]),
        tuple(
            attributes[name]
            for tag, attributes in reader.elements
            for name in ("href", "action", "src")
            if name in attributes and tag != "use"
        ),
        tuple(reader.elements),
        inline,
    )
