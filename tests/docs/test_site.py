"""The built site: whole by itself, and without a page that leads nowhere."""

from __future__ import annotations

import os
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from .pages import ROOT

pytestmark = pytest.mark.docs

_LOADS = {("script", "src"), ("img", "src"), ("iframe", "src"), ("source", "src"), ("video", "src")}
_RELATIONS = {"canonical", "next", "prev"}


class _Page(HTMLParser):
    """A page: what it loads, where it links to, and the anchors that it has."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.loads: list[str] = []
        self.links: list[str] = []
        self.anchors: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        named = {name: value or "" for name, value in attrs}
        if "id" in named:
            self.anchors.add(named["id"])
        self.loads += [value for name, value in named.items() if (tag, name) in _LOADS]
        if tag == "link" and named.get("rel") not in _RELATIONS:
            self.loads.append(named.get("href", ""))
        if tag == "a" and "href" in named:
            self.links.append(named["href"])


@pytest.fixture(scope="module")
def pages() -> dict[Path, _Page]:
    """Every page of the site that `tox -e docs` has built."""
    folder = os.environ.get("HEARTBEAT_SITE")
    if not folder:
        pytest.skip("HEARTBEAT_SITE names no built site: tox -e docs")
    found = {path: _Page(path.read_text("utf-8")) for path in Path(folder).rglob("*.html")}
    assert found
    return found


def _broken(pages: dict[Path, _Page]) -> Iterator[str]:
    for path, page in pages.items():
        # What is not there is answered by any path, so that its links begin at the top.
        if path.name == "404.html":
            continue
        for link in [*page.links, *page.loads]:
            address = urlsplit(link)
            if address.scheme or not link:
                continue
            target = (path.parent / unquote(address.path)).resolve() if address.path else path
            target = target / "index.html" if target.is_dir() else target
            known = (
                pages[target].anchors | {"", "__toc"} if target in pages else {"", address.fragment}
            )
            if not target.is_file() or unquote(address.fragment) not in known:
                yield f"{path.name}: {link}"


def test_every_link_of_the_site_leads_somewhere(pages: dict[Path, _Page]) -> None:
    """Also those that the theme makes, and those to files of the repository."""
    assert list(_broken(pages)) == []


def test_the_site_loads_nothing_from_elsewhere(pages: dict[Path, _Page]) -> None:
    """No font, script, style or picture."""
    foreign = {
        (path.name, load) for path, page in pages.items() for load in page.loads if "//" in load
    }
    assert foreign == set()


def test_pages_are_rendered_as_they_are_meant(pages: dict[Path, _Page]) -> None:
    """No mark-up is left over that a Git host reads and the site does not."""
    assert (ROOT / "mkdocs.yml").is_file()
    for path in pages:
        text = path.read_text("utf-8")
        assert "<p>|" not in text, f"{path.name}: a table without a blank line above"
        assert "\\|" not in text, f"{path.name}: an escaped bar in a table"
        assert "<p>```" not in text, f"{path.name}: a fence that is none"
