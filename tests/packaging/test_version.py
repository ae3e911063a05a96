"""The version stands in pyproject.toml; whatever else names it says the same."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import k8s_heartbeat

ROOT = Path(__file__).parents[2]
VERSION = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["version"]
# An image's tag, in commands and in kustomizations, and the version of what a chart installs.
NAMED = re.compile(
    r"""\bk8s-heartbeat:(\d[\w.+-]*)|\bnewTag: "?(\d[\w.+-]*)|^appVersion: "?(\d[\w.+-]*)""",
    re.MULTILINE,
)
PLACES = [
    path
    for path in (ROOT / "README.md", *(ROOT / "docs").rglob("*"), *(ROOT / "deploy").rglob("*"))
    if path.suffix in (".md", ".yaml", ".yml") or path.name == "Dockerfile"
]


def test_every_place_names_the_same_version() -> None:
    """A release changes them together: RELEASING says so."""
    named = {
        (path.relative_to(ROOT).as_posix(), version)
        for path in PLACES
        for match in NAMED.finditer(path.read_text("utf-8"))
        for version in match.groups()
        if version
    }
    assert named
    assert {(place, version) for place, version in named if version != VERSION} == set()


def test_what_is_installed_is_of_that_version() -> None:
    """`k8s-heartbeat version` looks it up in the metadata."""
    assert k8s_heartbeat.__version__ == VERSION


def test_the_changelog_has_it_on_top() -> None:
    """By Keep a Changelog: what is unreleased, then each release with its day."""
    text = (ROOT / "CHANGELOG.md").read_text("utf-8")
    headings = re.findall(r"^## (.+)$", text, re.MULTILINE)
    assert headings[0] == "Unreleased"
    releases = [re.fullmatch(r"(\d+\.\d+\.\d+) - \d{4}-\d\d-\d\d", each) for each in headings[1:]]
    assert all(releases)
    assert headings[1].startswith(f"{VERSION} - ")
    kinds = set(re.findall(r"^### (.+)$", text, re.MULTILINE))
    assert kinds <= {"Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"}
