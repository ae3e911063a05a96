"""The import contracts fail when they are broken."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.packaging

ROOT = Path(__file__).parents[2]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A copy of the package that a test may break, with the contracts as they are."""
    package = tmp_path / "k8s_heartbeat"
    shutil.copytree(ROOT / "src" / "k8s_heartbeat", package)
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    helpers = tmp_path / "tests" / "packaging"
    helpers.mkdir(parents=True)
    shutil.copy(Path(__file__).with_name("contracts.py"), helpers)
    return tmp_path


def lint(project: Path) -> subprocess.CompletedProcess[str]:
    """Checks the contracts of a copy: the folder at hand goes before what is installed."""
    command = Path(sys.executable).with_name("lint-imports")
    return subprocess.run(
        [command, "--no-cache"], capture_output=True, text=True, check=False, cwd=project
    )


def test_contracts_hold_for_the_package_as_it_is(project: Path) -> None:
    """Without this, the tests below could pass for the wrong reason."""
    done = lint(project)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(
    ("module", "line"),
    [
        ("core/broken.py", "import os"),
        ("core/broken.py", "from random import random"),
        ("core/broken.py", "import urllib.request"),
        ("core/broken.py", "import msgspec"),
        ("core/rules/broken.py", "def late():\n    import time"),
        ("core/broken.py", "import k8s_heartbeat.adapters"),
        ("core/broken.py", "from k8s_heartbeat import entrypoints"),
        ("adapters/broken.py", "from k8s_heartbeat.entrypoints import cli"),
        ("adapters/broken.py", "from ..entrypoints import cli"),
        ("helpers/__init__.py", "import this"),
    ],
)
def test_contracts_fail_on_an_import_that_breaks_one(module: str, line: str, project: Path) -> None:
    """What the core may not use, what points upwards, and a package that no layer names."""
    broken = project / "k8s_heartbeat" / module
    broken.parent.mkdir(exist_ok=True)
    broken.write_text(f"{line}\n", encoding="utf-8")
    done = lint(project)
    assert done.returncode == 1, done.stdout
    assert "BROKEN" in done.stdout
