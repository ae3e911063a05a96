"""Links lead somewhere, as a Git host resolves them; `mkdocs build --strict` sees to the site."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from .pages import PAGES, ROOT, headings, links


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    """A file or folder of the repository, and the heading that the link names."""
    broken: list[str] = []
    for link in links(page):
        address = urlsplit(link)
        if address.scheme:
            assert address.scheme in ("http", "https"), link
            assert address.hostname, link
            continue
        target = (page.parent / unquote(address.path)).resolve() if address.path else page
        there = target.exists() and target.is_relative_to(ROOT)
        if not there or (address.fragment and address.fragment not in headings(target)):
            broken.append(link)
    assert broken == []
