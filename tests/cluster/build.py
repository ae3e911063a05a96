"""Builds the binaries of the test cluster, once, into a cache folder outside the tree."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

HERE = Path(__file__).resolve().parent
KUBERNETES_VERSION = "v1.37.2"

_MAJOR, _MINOR = KUBERNETES_VERSION.removeprefix("v").split(".")[:2]
_VERSION = "k8s.io/component-base/version"
# Without a version of its own kubectl refuses the server's.
_LDFLAGS = (
    f"-s -w -X {_VERSION}.gitVersion={KUBERNETES_VERSION}"
    f" -X {_VERSION}.gitMajor={_MAJOR} -X {_VERSION}.gitMinor={_MINOR}"
)
_FLAGS = ("build", "-trimpath", "-ldflags", _LDFLAGS)
_ENVIRONMENT = {"CGO_ENABLED": "0", "GOFLAGS": "-buildvcs=false", "GOWORK": "off"}


class BuildError(Exception):
    """The binaries could not be built; the text is one line for people."""


def cache(name: str) -> Path:
    """The folder, outside the tree, for what is built of one kind."""
    home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(home, "k8s-heartbeat", name)


@dataclass(frozen=True, slots=True)
class Module:
    """A Go module here and the binaries that come from it."""

    folder: Path
    """Where its go.mod lies."""
    binaries: Mapping[str, str]
    """Name of each binary and the package that it is built from."""
    folders: Mapping[str, str] = field(default_factory=dict[str, str])
    """Name of each folder of files beside them, and the folder of another module: its path, `@`
    and where it is in there."""

    def home(self) -> Path:
        """The cache folder of exactly these sources and build flags."""
        digest = hashlib.sha256()
        for path in self._sources():
            digest.update(path.read_bytes())
            digest.update(b"\0")
        digest.update(repr((_FLAGS, sorted(_ENVIRONMENT.items()))).encode())
        digest.update(repr(sorted(self.binaries.items())).encode())
        if self.folders:
            digest.update(repr(sorted(self.folders.items())).encode())
        return cache("control-plane") / digest.hexdigest()[:24]

    def _sources(self) -> Iterator[Path]:
        for name in ("go.mod", "go.sum"):
            path = self.folder / name
            # A module that needs no other has no sums.
            if path.exists():
                yield path
        for package in sorted(self.binaries.values()):
            # The others are somebody else's, and go.sum holds them.
            if package.startswith("."):
                yield from sorted((self.folder / package).glob("*.go"))


CONTROL_PLANE = Module(HERE, {"control-plane": ".", "kwok": "sigs.k8s.io/kwok/cmd/kwok"})
NODE = Module(HERE, {"node": "./node"})
"""kubelet and kube-proxy: most of their packages are the control plane's."""
KNATIVE = Module(HERE / "knative", {"knative-check": "."})
HELM = Module(HERE / "helm", {"helm": "helm.sh/helm/v4/cmd/helm"})


def find(module: Module) -> Path | None:
    """The folder with the module's binaries, or None where they were not built yet."""
    home = module.home()
    return home if home.is_dir() else None


def build(module: Module) -> Path:
    """The folder with the module's binaries, which are built first where they are missing."""
    found = find(module)
    if found:
        return found
    go = shutil.which("go")
    if go is None:
        raise BuildError("Go is missing: the test cluster is built with Go 1.26 or newer")
    home = module.home()
    home.parent.mkdir(parents=True, exist_ok=True)
    scratch = Path(tempfile.mkdtemp(prefix=".building-", dir=home.parent))
    try:
        for name, package in module.binaries.items():
            _go(go, module.folder, *_FLAGS, "-o", str(scratch / name), package)
        for name, place in module.folders.items():
            other, _, folder = place.partition("@")
            home_of_other = _go(go, module.folder, "list", "-m", "-f", "{{.Dir}}", other)
            shutil.copytree(Path(home_of_other, folder), scratch / name)
        publish(scratch, home)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    return home


def _go(go: str, folder: Path, *arguments: str) -> str:
    """What Go prints in a module's folder."""
    done = subprocess.run(
        [go, *arguments],
        cwd=folder,
        env=os.environ | _ENVIRONMENT,
        stdout=subprocess.PIPE,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        what = f"go {arguments[0]} of {arguments[-1]}"
        raise BuildError(f"{what} failed with exit code {done.returncode}")
    return done.stdout.strip()


def publish(scratch: Path, home: Path) -> None:
    """Give the built folder its name; whoever built the same meanwhile has won."""
    scratch.chmod(0o755)
    try:
        scratch.rename(home)
    except OSError:
        if not home.is_dir():
            raise


def main() -> int:
    """Build what is missing and print where each module's binaries are."""
    try:
        for module in (CONTROL_PLANE, KNATIVE, HELM):
            print(build(module))
    except BuildError as error:
        print(f"build.py: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
