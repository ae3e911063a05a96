"""Wheel, wheel built from the sdist, and editable install: one importable tree, on every Python."""

import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.packaging

ROOT = Path(__file__).parents[2]
LAYERS = ("core", "adapters", "entrypoints")
PYTHONS = ("3.11", "3.12", "3.13")
FORMS = ("wheel", "sdist", "editable")

# runs inside the environment that is looked at
LOOK = """
import hashlib, importlib, json, pathlib, sys
from importlib.metadata import distribution
import k8s_heartbeat, k8s_heartbeat.core
root = pathlib.Path(k8s_heartbeat.__file__).parent
files = {}
for layer in ("", "core", "adapters", "entrypoints"):
    found = (root / layer).rglob("*") if layer else root.glob("*")
    for path in found:
        if path.is_file() and "__pycache__" not in path.parts:
            digest = hashlib.sha256(path.read_bytes()).hexdigest()
            files[path.relative_to(root).as_posix()] = digest
strays = []
for name in ("core", "adapters", "entrypoints", "tests"):
    try:
        importlib.import_module(name)
    except ModuleNotFoundError:
        continue
    strays.append(name)
dist = distribution("k8s-heartbeat")
print(json.dumps({
    "files": files,
    "strays": strays,
    "version": [dist.version, k8s_heartbeat.__version__],
    "scripts": sorted((e.name, e.value) for e in dist.entry_points),
    "core": k8s_heartbeat.core.__name__,
}))
"""


def run(*command: str | Path, cwd: Path) -> str:
    """Runs a command that has to succeed, and returns what it printed."""
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=cwd)
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def build(hook: str, source: Path, target: Path) -> Path:
    """Calls a hook of the build backend, as pip does."""
    code = f"import hatchling.build as backend, sys; print(backend.{hook}(sys.argv[1]))"
    return target / run(sys.executable, "-c", code, target, cwd=source).splitlines()[-1]


def sources() -> set[str]:
    """Every file of the three folders, as it is to be found under the import name."""
    return {
        path.relative_to(ROOT).as_posix()
        for layer in LAYERS
        for path in (ROOT / layer).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }


@pytest.fixture(scope="module")
def sdist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The source distribution of the checkout."""
    return build("build_sdist", ROOT, tmp_path_factory.mktemp("sdist"))


@pytest.fixture(scope="module")
def unpacked(sdist: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The source distribution as a folder."""
    folder = tmp_path_factory.mktemp("unpacked")
    with tarfile.open(sdist) as archive:
        archive.extractall(folder, filter="data")
    return next(folder.iterdir())


@pytest.fixture(scope="module")
def wheels(unpacked: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """What is installed for each form: also an editable install is a wheel."""
    return {
        "wheel": build("build_wheel", ROOT, tmp_path_factory.mktemp("wheel")),
        "sdist": build("build_wheel", unpacked, tmp_path_factory.mktemp("from-sdist")),
        "editable": build("build_editable", ROOT, tmp_path_factory.mktemp("editable")),
    }


def interpreter(version: str) -> str:
    """A Python of this version; where there is none a person skips the test, and CI fails it."""
    if sys.version_info[:2] == tuple(map(int, version.split("."))):
        return sys.executable
    found = shutil.which(f"python{version}")
    # a version manager's shim can be there without the version behind it
    if found and not subprocess.run([found, "-c", ""], capture_output=True, check=False).returncode:
        return found
    if os.environ.get("CI"):
        pytest.fail(f"there is no python{version}")
    pytest.skip(f"there is no python{version}")


def install(wheel: Path, version: str, folder: Path) -> dict[str, Any]:
    """Installs into a new environment without anything else, and looks at what is there."""
    run(interpreter(version), "-m", "venv", "--without-pip", folder, cwd=folder)
    python = folder / "bin" / "python"
    pip = (sys.executable, "-m", "pip", "--python", python, "install", "--quiet")
    run(*pip, "--no-index", "--no-deps", wheel, cwd=folder)
    seen: dict[str, Any] = json.loads(run(python, "-I", "-c", LOOK, cwd=folder))
    return seen


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("version", PYTHONS)
def test_every_form_installs_the_same_tree(
    version: str, form: str, wheels: dict[str, Path], tmp_path: Path
) -> None:
    """The files, their content, the commands and the version are the checkout's own."""
    seen = install(wheels[form], version, tmp_path)
    own = {"__init__.py", "__main__.py", "py.typed"}
    assert set(seen["files"]) == sources() | own
    assert seen["strays"] == []
    assert seen["core"] == "k8s_heartbeat.core"
    main = "k8s_heartbeat.entrypoints.cli:main"
    assert seen["scripts"] == [["k8s-heartbeat", main], ["kubectl-heartbeat", main]]
    assert len(set(seen["version"])) == 1


def test_wheel_and_wheel_from_sdist_hold_the_same_bytes(wheels: dict[str, Path]) -> None:
    """Nothing is lost or changed on the way through the source distribution."""

    def content(wheel: Path) -> dict[str, bytes]:
        with zipfile.ZipFile(wheel) as archive:
            return {name: archive.read(name) for name in archive.namelist()}

    assert content(wheels["wheel"]) == content(wheels["sdist"])


def test_wheel_requires_nothing_without_an_extra(wheels: dict[str, Path]) -> None:
    """Every requirement of the metadata belongs to an extra."""
    with zipfile.ZipFile(wheels["wheel"]) as archive:
        name = next(name for name in archive.namelist() if name.endswith("/METADATA"))
        metadata = archive.read(name).decode()
    required = [line for line in metadata.splitlines() if line.startswith("Requires-Dist:")]
    assert required
    assert [line for line in required if "extra ==" not in line] == []


def test_both_are_fit_for_the_index(sdist: Path, wheels: dict[str, Path]) -> None:
    """What twine and check-wheel-contents ask of an upload; the former's warnings count."""
    upload = (sdist, wheels["wheel"])
    told = run(sys.executable, "-m", "twine", "check", "--strict", *upload, cwd=ROOT)
    assert told.count("PASSED") == len(upload)
    told = run(sys.executable, "-m", "check_wheel_contents", wheels["wheel"], cwd=ROOT)
    assert told.endswith(": OK\n")


def test_a_wheel_with_a_file_lost_is_not_fit(wheels: dict[str, Path], tmp_path: Path) -> None:
    """The check above can fail: each file of the package has to be there, and on the record."""
    lost = "k8s_heartbeat/core/policy.py"
    lame = tmp_path / wheels["wheel"].name
    with zipfile.ZipFile(wheels["wheel"]) as whole, zipfile.ZipFile(lame, "w") as less:
        for name in whole.namelist():
            if name != lost:
                content = whole.read(name).decode()
                less.writestr(name, re.sub(rf"^{re.escape(lost)},.*\n", "", content, flags=re.M))
    command = [sys.executable, "-m", "check_wheel_contents", str(lame)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)
    assert (done.returncode, lost in done.stdout) == (1, True)


def test_the_index_shows_no_link_that_leads_nowhere(wheels: dict[str, Path]) -> None:
    """The README there has neither relative links nor pictures nor what is for tests."""
    with zipfile.ZipFile(wheels["wheel"]) as archive:
        name = next(name for name in archive.namelist() if name.endswith("/METADATA"))
        text = archive.read(name).decode()
    assert "\n# k8s-heartbeat\n" in text
    assert re.findall(r"\]\((?!https?:)|<!--", text) == []


def test_sdist_holds_what_it_takes_to_run_the_tests(unpacked: Path) -> None:
    """Tests, locks and tox.ini are in the source distribution, caches are not."""
    for name in ("LICENSE", "README.md", "pyproject.toml", "requirements/tests.txt", "tox.ini"):
        assert (unpacked / name).is_file(), name
    tests = {path.relative_to(ROOT) for path in (ROOT / "tests").rglob("*.py")}
    assert tests == {path.relative_to(unpacked) for path in (unpacked / "tests").rglob("*.py")}
    assert not list(unpacked.rglob("__pycache__"))
