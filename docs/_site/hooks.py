"""What makes the site of files that are read on a Git host too.

The README is the site's first page, and the other documents at the top of the repository are pages
beside it. Whatever else a page links to outside of docs/, such as a manifest, is copied into the
site; a folder has no page, so that of a link to one the text is left. Links are written for the Git
host; here they are pointed at the site's own files.
"""

from __future__ import annotations

import re
from pathlib import Path, PurePosixPath
from posixpath import normpath, relpath

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

__all__ = ["on_files", "on_page_markdown"]

ROOT = Path(__file__).parents[2]
PAGES = {
    "README.md": "index.md",
    "CHANGELOG.md": "changelog.md",
    "CONTRIBUTING.md": "contributing.md",
    "RELEASING.md": "releasing.md",
    "SECURITY.md": "vulnerabilities.md",
}
"""The documents at the top, and what each is called in the site."""

_ROW = re.compile(r"^\|.*\|$", re.MULTILINE)
_CODE = re.compile(r"`[^`]*`")
_WHOLE_LINK = re.compile(r"\[([^]]+)\]\((?![a-z]+:|#)([^)#\s]+)\)")
_LINK = re.compile(r"(?<=\]\()(?![a-z]+:|#)([^)#\s]+)")


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages at the top of the repository, and the files that pages link to."""
    for name, page in PAGES.items():
        files.append(File.generated(config, page, abs_src_path=str(ROOT / name)))
    linked = {
        place
        for file in files.documentation_pages()
        for place in _linked(file)
        if not place.startswith("docs/") and place not in PAGES and (ROOT / place).is_file()
    }
    for place in sorted(linked):
        files.append(File.generated(config, place, abs_src_path=str(ROOT / place)))
    return files


def on_page_markdown(markdown: str, *, page: Page, **_: object) -> str:
    """Point the links at the site's own files, and write bars in tables as they are read here."""
    source = _source(page.file)
    here = PurePosixPath(page.file.src_uri).parent.as_posix()

    def pointed(match: re.Match[str]) -> str:
        place = _place(source, match[1])
        target = PAGES.get(place) or place.removeprefix("docs/")
        return relpath(target, here)

    def without_folder(match: re.Match[str]) -> str:
        return match[1] if (ROOT / _place(source, match[2])).is_dir() else match[0]

    # A Git host wants a bar in a cell's code escaped; Python-Markdown shows the backslash.
    def unescaped(row: re.Match[str]) -> str:
        return _CODE.sub(lambda code: code[0].replace("\\|", "|"), row[0])

    markdown = _WHOLE_LINK.sub(without_folder, _ROW.sub(unescaped, markdown))
    return _LINK.sub(pointed, markdown)


def _source(file: File) -> str:
    """The path of a page's file in the repository."""
    return Path(file.abs_src_path or "").relative_to(ROOT).as_posix()


def _linked(file: File) -> set[str]:
    """The paths in the repository that a page links to."""
    return {_place(_source(file), link) for link in _LINK.findall(file.content_string)}


def _place(source: str, link: str) -> str:
    return normpath((PurePosixPath(source).parent / link).as_posix())
