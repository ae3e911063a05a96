"""The image that the Dockerfile starts from, made of Debian's packages and this machine's Python.

Where images can be pulled nobody needs it. It holds what `docker.io/library/python` holds: a small
Debian and a Python with pip under /usr/local.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from tests.cluster.build import BuildError

PREFIX = Path("/usr/local")
NEEDED = {"debootstrap": "debootstrap", "strip": "binutils", "unshare": "util-linux"}
"""The programs that this takes, and the Debian packages that have them."""

_LOOK = """
import json, sys, sysconfig
print(json.dumps([sys.base_prefix, sys.version, sysconfig.get_config_var("py_version_short")]))
"""
_LEFT_BEHIND = ("__pycache__", "site-packages", "test", "config-*", "*.a", "_tkinter*.so")


@dataclass(frozen=True, slots=True)
class Python:
    """A Python that has a folder of its own.

    Attributes:
        prefix: That folder.
        text: What it says of itself: version, date and compiler.
        version: Its version's first two numbers.
    """

    prefix: Path
    text: str
    version: str

    def copy(self, target: Path) -> None:
        """Copy it below another folder, as if it had been installed there."""
        ignore = shutil.ignore_patterns(*_LEFT_BEHIND)
        for name in ("bin", "include", "lib"):
            shutil.copytree(self.prefix / name, target / name, symlinks=True, ignore=ignore)
        (target / "lib" / f"python{self.version}" / "site-packages").mkdir()
        for path in target.rglob("*"):
            if path.is_file() and not path.is_symlink():
                self._settle(path)

    def _settle(self, path: Path) -> None:
        content = path.read_bytes()
        if content[:4] == b"\x7fELF":
            _run("strip", "--strip-unneeded", str(path))
            # Linkers share the ends of texts: only the beginning may change, and no length.
            beginning = f"{self.prefix.parent}/".encode()
            own = f"{PREFIX}/".encode().ljust(len(beginning), b"/")
            changed = path.read_bytes().replace(beginning, own)
        else:
            changed = content.replace(str(self.prefix).encode(), str(PREFIX).encode())
        if changed != content:
            path.write_bytes(changed)


def find_python(version: str) -> Python:
    """The newest Python of this machine with this version, such as 3.13.

    Raises:
        BuildError: There is none that can be copied.
    """
    root = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv", "versions")
    managed = sorted(root.glob(f"{version}.*/bin/python"), key=lambda path: _numbers(str(path)))
    for command in (sys.executable, *map(str, reversed(managed)), f"python{version}"):
        found = shutil.which(command)
        if found is None:
            continue
        done = subprocess.run(
            (found, "-I", "-c", _LOOK), capture_output=True, text=True, check=False
        )
        if done.returncode == 0:
            prefix, text, own = json.loads(done.stdout)
            # The system's own is spread over the system.
            if own == version and prefix != "/usr":
                return Python(Path(prefix).resolve(), text, own)
    raise BuildError(f"no Python {version} has a folder of its own: pyenv install {version}")


def _numbers(text: str) -> list[int]:
    return [int(number) for number in re.findall(r"\d+", text)]


@dataclass(frozen=True, slots=True)
class Base:
    """What such an image is made of.

    Attributes:
        python: The Python.
        suite: The release of Debian, which is this machine's.
        packages: Debian's packages that have the libraries of that Python.
    """

    python: Python
    suite: str
    packages: tuple[str, ...]

    @property
    def key(self) -> str:
        """Differs when the image would."""
        recipe = (Path(__file__).read_text("utf-8"), self.python.text, str(self.python.prefix))
        text = repr((recipe, self.suite, self.packages, platform.machine()))
        return hashlib.sha256(text.encode()).hexdigest()[:24]

    def write(self, root: Path) -> None:
        """Write all files below a folder that is not there yet; takes some four minutes.

        Raises:
            BuildError: A program is missing or has failed.
        """
        packages = ",".join(self.packages)
        _run(
            # its mounts end with it
            *("unshare", "--mount", "--propagation", "private"),
            *("debootstrap", "--variant=minbase", f"--include={packages}"),
            *(self.suite, str(root), _mirror(self.suite)),
        )
        for folder in ("var/cache/apt", "var/lib/apt/lists"):
            shutil.rmtree(root / folder, ignore_errors=True)
        # debootstrap leaves this machine's own
        for name in ("hostname", "resolv.conf", "apt/sources.list"):
            (root / "etc" / name).unlink(missing_ok=True)
        local = root / PREFIX.relative_to("/")
        shutil.rmtree(local)
        self.python.copy(local)
        _run("chroot", str(root), "ldconfig")
        python = f"{PREFIX}/bin/python3"
        _run("chroot", str(root), python, "-m", "ensurepip", "--default-pip")


def find_base(version: str) -> Base:
    """The base image with this version of Python, such as 3.13, as this machine can make it.

    Raises:
        BuildError: It cannot.
    """
    python = find_python(version)
    for command, package in NEEDED.items():
        if shutil.which(command) is None:
            raise BuildError(f"{command} is missing: apt-get install {package}")
    system = platform.freedesktop_os_release()
    if system["ID"] != "debian":
        raise BuildError("the base image is made of Debian's packages, on Debian")
    return Base(python, system["VERSION_CODENAME"], _packages_of(python))


def _packages_of(python: Python) -> tuple[str, ...]:
    """The packages of the shared libraries that a Python needs."""
    modules = (python.prefix / "lib" / f"python{python.version}" / "lib-dynload").glob("*.so")
    files = [python.prefix / "bin" / f"python{python.version}", *modules]
    text = _run("ldd", *(str(path) for path in files if not path.name.startswith("_tkinter")))
    libraries = {Path(found) for found in re.findall(r"=> (/\S+)", text)}
    outside = [path for path in libraries if not path.is_relative_to(python.prefix)]
    packages = {"ca-certificates", "netbase"}
    for path in outside:
        # packages were made with either of the two paths
        owned = _run("dpkg-query", "--search", str(path), f"/usr{path}", check=False)
        packages |= {line.partition(":")[0] for line in owned.splitlines()}
    return tuple(sorted(packages))


def _mirror(suite: str) -> str:
    """Where this machine gets the packages of a release from."""
    conditions = ("Identifier: Packages", f"Codename: {suite}", "Component: main")
    found = _run("apt-get", "indextargets", "--format", "$(REPO_URI)", *conditions).split()
    if not found:
        raise BuildError(f"apt knows no source of Debian {suite}")
    return found[0]


def _run(*command: str, check: bool = True) -> str:
    """What a command prints; it has to succeed unless it may fail."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        raise BuildError(f"{command[0]} is missing") from None
    if check and done.returncode:
        last = (done.stderr or done.stdout).strip().splitlines()[-1:] or ["no word"]
        raise BuildError(f"{' '.join(command[:6])} failed: {last[0]}")
    return done.stdout
