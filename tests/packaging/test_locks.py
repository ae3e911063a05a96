"""The locks belong to pyproject.toml, and the hooks to the locks."""

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
LOCKS = sorted((ROOT / "requirements").glob("*.txt"))


def pins(lock: str) -> dict[str, str]:
    """The version of each distribution that a lock names."""
    text = (ROOT / "requirements" / f"{lock}.txt").read_text(encoding="utf-8")
    found = re.findall(r"^([\w.-]+)(?:\[[\w,-]+\])?==([^\s;\\]+)", text, flags=re.MULTILINE)
    return {canonicalize_name(name): version for name, version in found}


def extras() -> list[Requirement]:
    """Every requirement of every extra."""
    groups = PROJECT["project"]["optional-dependencies"].values()
    return [Requirement(line) for group in groups for line in group]


def group(name: str) -> list[Requirement]:
    """The requirements of a dependency group, with those of the groups that it includes."""
    return [
        requirement
        for entry in PROJECT["dependency-groups"][name]
        for requirement in (
            [Requirement(entry)] if isinstance(entry, str) else group(entry["include-group"])
        )
    ]


@pytest.mark.parametrize(
    ("lock", "required"),
    [
        ("build", group("build")),
        ("dev", extras() + group("dev")),
        ("docs", extras() + group("docs")),
        ("lint", group("lint")),
        ("lowest", extras() + group("tests")),
        ("openapi", extras() + group("openapi")),
        ("release", group("release")),
        ("sbom", group("sbom")),
        ("tests", extras() + group("tests")),
        ("tox", group("tox")),
        ("types", extras() + group("tests") + group("types")),
    ],
)
def test_lock_answers_every_requirement(lock: str, required: list[Requirement]) -> None:
    """Each requirement is pinned at a version that it allows; else run `tox -e lock`."""
    pinned = pins(lock)
    for requirement in required:
        version = pinned.get(canonicalize_name(requirement.name))
        assert version is not None, f"{requirement} is not in {lock}.txt"
        assert version in requirement.specifier, f"{lock}.txt has {version}, not {requirement}"


def test_lowest_lock_pins_the_lower_bounds() -> None:
    """What a lower bound promises is what is tested."""
    pinned = pins("lowest")
    for requirement in extras():
        (bound,) = (entry for entry in requirement.specifier if entry.operator != "<")
        assert bound.operator == ">=", requirement
        lowest = Requirement(f"{requirement.name}=={bound.version}")
        assert pinned[canonicalize_name(requirement.name)] in lowest.specifier


def test_locks_agree_with_the_developers_own() -> None:
    """One tool has one version wherever it runs; only the lower bounds stand apart."""
    everything = pins("dev")
    for lock in LOCKS:
        if lock.stem != "lowest":
            assert pins(lock.stem).items() <= everything.items(), lock.name


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.name)
def test_lock_names_no_place(lock: Path) -> None:
    """No address of a registry, no path of a machine; hashes alone say what is meant."""
    text = lock.read_text(encoding="utf-8")
    assert not re.search(r"://|^-|(^|\s)/\w", text, flags=re.MULTILINE)
    for block in re.split(r"\n(?=[a-zA-Z])", text)[1:]:
        assert "--hash=sha256:" in block


def test_hooks_run_the_versions_of_the_lock() -> None:
    """A commit is held to the same rules as CI."""
    text = (ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8")
    hooked = re.findall(r"([\w-]+)==([\w.]+)", text)
    assert hooked
    assert set(hooked) <= set(pins("dev").items())
