"""Every command, flag, variable, route and file that a page names is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from .names import calls, is_file, is_route, is_variable, usage_fault, words
from .pages import PAGES, ROOT, blocks, code

# What it says of earlier versions was so then.
CURRENT = [page for page in PAGES if page.name != "CHANGELOG.md"]
FOLDERS = "adapters|core|deploy|docs|entrypoints|requirements|src|tests"

pages = pytest.mark.parametrize("page", CURRENT, ids=lambda page: page.name)


def _code(page: Path) -> list[str]:
    """All code of a page but for blocks that are no commands."""
    fenced = [command.text for block in blocks(page) for command in block.commands]
    return [*fenced, *code(page)]


@pages
def test_calls_are_as_the_command_line_takes_them(page: Path) -> None:
    """By the parser itself; where a word stands for any other, by its flags."""
    faults = {
        " ".join(given): fault
        for text in _code(page)
        for given in calls(text)
        if (fault := usage_fault(given))
    }
    # An error that a page shows on purpose.
    shown = page.read_text("utf-8")
    assert {call: fault for call, fault in faults.items() if fault.split(";")[0] not in shown} == {}


@pages
def test_variables_are_read(page: Path) -> None:
    """By the program, or by what is named beside it."""
    found = words(r"\bHEARTBEAT_[A-Z_]*[A-Z]\b", page.read_text("utf-8"))
    assert {name for name in found if not is_variable(name)} == set()


@pages
def test_routes_are_served(page: Path) -> None:
    """Whatever begins like a path of the service, in code and in the URLs of commands."""
    found = {text for text in code(page) if re.match(r"/(api|status|livez|readyz|healthz)\b", text)}
    for block in blocks(page):
        found |= words(r"(?:heartbeat\.example\.com|127\.0\.0\.1:8080)(/[^\s'\"`,)&]+)", block.text)
    assert {path for path in found if not is_route(path) and "$" not in path} == set()


@pages
def test_files_are_there(page: Path) -> None:
    """In the repository, where a page names them by a path from its top; deploy/web is none."""
    found = {text for text in code(page) if re.match(rf"({FOLDERS})/[\w./-]*$", text)}
    for block in blocks(page):
        if block.language in ("sh", "console"):
            found |= words(rf"(?<![\w/.-])((?:{FOLDERS})/[\w./-]*\w)", block.text)
    found = {path for path in found if not re.fullmatch(r"deploy/[\w-]+", path)}
    assert {path for path in found if not is_file(path)} == set()


def test_a_wrong_name_is_seen() -> None:
    """One of each sort."""
    assert usage_fault(["check", "--fail-onn", "degraded"])
    assert usage_fault(["chekc", "KIND"])
    assert usage_fault(["check", "-o", "jsn"])
    assert not usage_fault(["monitors", "CLIENT", "-n", "NS"])
    assert not is_variable("HEARTBEAT_TOKENS")
    assert not is_route("/api/health/shop")
    assert is_route("/api/healthz/{namespace}/{kind}/{name}?for=2m")
    assert not is_file("deploy/bas")
    assert (ROOT / "README.md") in CURRENT
