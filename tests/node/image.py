"""Builds the image of `deploy/Dockerfile` without a container engine, once for the same files.

Everything lies in a cache folder outside the tree; the machine's own images are not touched. For
people: `python -m tests.node.image` prints where the image is, and what is in it.
"""

from __future__ import annotations

import argparse
import ast
import contextlib
import fcntl
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import tomllib
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.cluster.build import BuildError, cache, publish

from .image_base import Base, find_base

ROOT = Path(__file__).resolve().parents[2]
DOCKERFILE = ROOT / "deploy" / "Dockerfile"
NAME = "localhost/k8s-heartbeat"
NEEDED = {"buildah": "buildah", "setpriv": "util-linux", "unshare": "util-linux"}
"""The programs that this takes beside those of the base, and the Debian packages that have them."""
SBOM = "k8s-heartbeat.cdx.json"

_KEPT = 8
"""Images that are kept: an older one is built again in a minute."""
_STEPS_KEPT = 600
"""Steps of builds that are kept, some forty each; where there are more, all are made anew."""
_ARCHIVE = "image.tar"
_BASE = "base-"
_WORK = ".building-"
_CERTIFICATES = "/run/ca.pem"
"""Where the Dockerfile puts the secret with the certificates that pip is to trust."""


@dataclass(frozen=True, slots=True)
class Layer:
    """A layer of an image.

    Attributes:
        digest: Of its files, not compressed.
        made_by: The instruction that made it.
        files: How many it has.
        size: Bytes of its files.
        compressed: Bytes that are pulled.
    """

    digest: str
    made_by: str
    files: int
    size: int
    compressed: int


class Image:
    """A built image.

    Args:
        home: The folder with its archive and its SBOM.
    """

    def __init__(self, home: Path) -> None:
        self.archive = home / _ARCHIVE
        """The image, as an OCI archive."""
        self.sbom = home / SBOM
        """What is in it, as CycloneDX."""
        with tarfile.open(self.archive) as tar:
            index = _json(tar, "index.json")["manifests"][0]
            self.digest: str = index["digest"]
            """Names exactly this image, wherever it is pushed to."""
            self.name: str = index["annotations"]["org.opencontainers.image.ref.name"]
            """What it is called where it is imported."""
            self._manifest = _json(tar, _blob(self.digest))
            self.config = _json(tar, _blob(self._manifest["config"]["digest"]))
            """Its configuration, as OCI has it."""

    def layers(self) -> list[Layer]:
        """The layers, the lowest first."""
        steps = self.config["history"]
        made_by = [step["created_by"] for step in steps if not step.get("empty_layer")]
        digests = self.config["rootfs"]["diff_ids"]
        found: list[Layer] = []
        with tarfile.open(self.archive) as tar:
            blobs = self._manifest["layers"]
            for blob, digest, step in zip(blobs, digests, made_by, strict=True):
                with _layer(tar, blob["digest"]) as layer:
                    files = [entry.size for entry in layer if not entry.isdir()]
                found.append(Layer(digest, step, len(files), sum(files), blob["size"]))
        return found

    def unpack(self, folder: Path) -> None:
        """Write its files below a folder, with their owners and rights."""
        with tarfile.open(self.archive) as tar:
            for blob in self._manifest["layers"]:
                with _layer(tar, blob["digest"]) as layer:
                    # our own; a link of an image may lead to the image's root
                    layer.extractall(folder, filter="fully_trusted")  # noqa: S202  # see above


def _blob(digest: str) -> str:
    return f"blobs/{digest.replace(':', '/')}"


def _json(tar: tarfile.TarFile, name: str) -> dict[str, Any]:
    member = tar.extractfile(name)
    if member is None:
        raise BuildError(f"the archive of the image has no {name}")
    with member:
        content: dict[str, Any] = json.load(member)
    return content


@contextlib.contextmanager
def _layer(tar: tarfile.TarFile, digest: str) -> Generator[tarfile.TarFile]:
    with tarfile.open(fileobj=tar.extractfile(_blob(digest))) as layer:
        yield layer


@dataclass(frozen=True, slots=True)
class Source:
    """What the image is built from.

    Attributes:
        base: The image that the Dockerfile starts from.
        version: The version that pyproject.toml names.
        revision: The commit that has these files; "unknown" where none has.
        key: Differs when the image would.
    """

    base: Base
    version: str
    revision: str
    key: str


def read_source() -> Source:
    """What the image would be built from now.

    Raises:
        BuildError: This machine cannot build it.
    """
    for command, package in NEEDED.items():
        if shutil.which(command) is None:
            raise BuildError(f"{command} is missing: apt-get install {package}")
    if os.geteuid() != 0:
        raise BuildError("the image is built by root alone")
    base = find_base(_python_image().partition(":")[2].partition("-")[0])
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    version: str = project["project"]["version"]
    names = ("deploy/Dockerfile", ".dockerignore", *_copied())
    revision = _commit(names)
    digest = hashlib.sha256(repr((base.key, version, revision)).encode())
    for path in _files(names):
        digest.update(repr((str(path.relative_to(ROOT)), path.stat().st_mode)).encode())
        digest.update(path.read_bytes())
    digest.update(Path(__file__).read_bytes())
    return Source(base, version, revision, digest.hexdigest()[:24])


def _python_image() -> str:
    """The image that the Dockerfile starts from."""
    found = re.search(r"^ARG PYTHON_IMAGE=(\S+)$", DOCKERFILE.read_text("utf-8"), re.MULTILINE)
    if found is None:
        raise BuildError("the Dockerfile names no PYTHON_IMAGE")
    return found[1]


def _copied() -> list[str]:
    """The files and folders that the Dockerfile copies from the tree."""
    lines = re.findall(r"^COPY (?!--from)(.+) \S+$", DOCKERFILE.read_text("utf-8"), re.MULTILINE)
    return sorted({name for line in lines for name in line.split()})


def _files(names: tuple[str, ...]) -> Iterator[Path]:
    for name in names:
        path = ROOT / name
        for file in sorted(path.rglob("*")) if path.is_dir() else [path]:
            if file.is_file() and "__pycache__" not in file.parts:
                yield file


def _commit(names: tuple[str, ...]) -> str:
    """The last commit that changed these files; unknown where they have changed since."""
    git = ("git", "-C", str(ROOT))
    with contextlib.suppress(FileNotFoundError, subprocess.CalledProcessError):
        changed = _output(*git, "status", "--porcelain", "--", *names)
        commit = _output(*git, "log", "-1", "--format=%H", "--", *names).strip()
        return "unknown" if changed else commit
    return "unknown"


def _output(*command: str) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def find() -> Image | None:
    """The image of the files as they are; None where it was not built yet.

    Raises:
        BuildError: This machine cannot build it.
    """
    home = cache("image") / read_source().key
    return Image(home) if home.is_dir() else None


def build() -> Image:
    """The image of the files as they are, which is built first where it is missing.

    Raises:
        BuildError: It cannot be built.
    """
    source = read_source()
    home = cache("image") / source.key
    with _alone():
        if not home.is_dir():
            with _work() as work:
                _build(source, work, anew=False)
                publish(work, home)
        home.touch()
        _prune(home.parent)
    return Image(home)


def build_anew(folder: Path) -> Image:
    """The image once more, into a folder, with nothing that an earlier build of it has left.

    Raises:
        BuildError: It cannot be built.
    """
    with _alone(), _work() as work:
        _build(read_source(), work, anew=True)
        shutil.copytree(work, folder, dirs_exist_ok=True)
    return Image(folder)


@contextlib.contextmanager
def _alone() -> Generator[None]:
    """One build at a time; what an interrupted one has left is removed."""
    home = cache("image")
    home.mkdir(parents=True, exist_ok=True)
    with (home / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        for left in home.glob(f"{_WORK}*"):
            shutil.rmtree(left)
        yield


@contextlib.contextmanager
def _work() -> Generator[Path]:
    work = Path(tempfile.mkdtemp(prefix=_WORK, dir=cache("image")))
    try:
        yield work
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _prune(home: Path) -> None:
    images = [path for path in home.iterdir() if (path / _ARCHIVE).is_file()]
    for old in sorted(images, key=lambda path: path.stat().st_mtime)[:-_KEPT]:
        shutil.rmtree(old)


class _Store:
    """Images and steps of builds, in a folder of their own.

    Args:
        root: That folder.
        work: A folder for one build. What says which mounts there are belongs there: each command
            has mounts of its own, which end with it.
    """

    def __init__(self, root: Path, work: Path) -> None:
        self._root = root
        self._run = work / "run"
        self._temporary = work / "tmp"
        self._temporary.mkdir()
        self._driver = "overlay"
        if self.buildah("info", check=False) is None:
            self._driver = "vfs"

    def buildah(self, *arguments: str, check: bool = True) -> str | None:
        """What a command prints; None for one that fails and may.

        Raises:
            BuildError: It has failed, and may not.
        """
        settings = {
            "BUILDAH_ISOLATION": "chroot",
            "STORAGE_DRIVER": self._driver,
            "TMPDIR": str(self._temporary),
        }
        command = (
            # However this process ends, so does all that the command has started.
            *("setpriv", "--pdeathsig", "KILL", "--"),
            *("unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc", "--"),
            *("buildah", "--root", str(self._root), "--runroot", str(self._run), *arguments),
        )
        done = subprocess.run(
            command,
            capture_output=True,
            text=True,
            check=False,
            cwd=ROOT,
            env=os.environ | settings,
        )
        if done.returncode == 0:
            return done.stdout.strip()
        if not check:
            return None
        tail = "\n".join((done.stdout + done.stderr).strip().splitlines()[-25:])
        raise BuildError(f"buildah {arguments[0]} failed:\n{tail}")

    def need_base(self, base: Base, name: str, work: Path) -> None:
        """Have the base image under a name; it is made where this machine has none yet."""
        look = ("inspect", "--type", "image", "--format", _KEY_LABEL, name)
        if self.buildah(*look, check=False) == base.key:
            return
        archive = cache("image") / f"{_BASE}{base.key}.tar"
        if not archive.is_file():
            print(f"{name} is made of Debian's packages, once", file=sys.stderr)
            self._make_base(base, work, archive)
        self.buildah("tag", self.buildah("pull", "--quiet", f"oci-archive:{archive}") or "", name)

    def _make_base(self, base: Base, work: Path, archive: Path) -> None:
        files = work / "base"
        base.write(files)
        container = self.buildah("from", "scratch") or ""
        self.buildah("copy", "--quiet", container, str(files), "/")
        shutil.rmtree(files)
        self.buildah("config", "--env", f"PATH={_PATH}", "--label", f"key={base.key}", container)
        image = self.buildah("commit", "--quiet", "--rm", container) or ""
        self.buildah("push", "--quiet", image, f"oci-archive:{work}/base.tar")
        for old in archive.parent.glob(f"{_BASE}*"):
            old.unlink()
        (work / "base.tar").rename(archive)


_KEY_LABEL = '{{index .OCIv1.Config.Labels "key"}}'
_PATH = "/usr/local/bin:/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin"


def _build(source: Source, work: Path, *, anew: bool) -> None:
    """Leave the archive and the SBOM in a folder."""
    scratch = work / "scratch"
    scratch.mkdir()
    kept = cache("image") / "steps"
    with contextlib.suppress(FileNotFoundError):
        steps = json.loads((kept / "overlay-images" / "images.json").read_bytes())
        if len(steps) > _STEPS_KEPT:
            shutil.rmtree(kept)
    store = _Store(kept, scratch)
    store.buildah("rm", "--all")
    store.need_base(source.base, _python_image(), scratch)
    # A name of its own: the image is what this build has made, whoever else builds meanwhile.
    image = f"{NAME}:{source.version}"
    common = (
        # Always the same date, or a step that is kept would carry that of another commit.
        *("bud", "--pull-never", "--layers", "--timestamp", "0"),
        *(["--no-cache"] if anew else []),
        *("--build-arg", f"VERSION={source.version}"),
        *("--build-arg", f"REVISION={source.revision}"),
        *_pip_secrets(scratch),
        *("--file", str(DOCKERFILE)),
    )
    store.buildah(*common, "--tag", image, ".")
    store.buildah("push", "--quiet", image, f"oci-archive:{work / _ARCHIVE}:{image}")
    cached = tuple(argument for argument in common if argument != "--no-cache")
    store.buildah(*cached, "--target", "sbom", "--output", f"type=local,dest={scratch}/sbom", ".")
    shutil.copy(scratch / "sbom" / SBOM, work / SBOM)
    shutil.rmtree(scratch)


def _pip_secrets(work: Path) -> list[str]:
    """This machine's configuration of pip, for the build alone."""
    lines = _output(sys.executable, "-m", "pip", "config", "list").splitlines()
    settings: dict[str, str] = {}
    # the environment's come after those of files, and before them in force
    for line in sorted(lines, key=lambda line: line.startswith(":env:")):
        name, _, value = line.partition("=")
        settings[name.rpartition(".")[2]] = ast.literal_eval(value)
    arguments: list[str] = []
    certificates = settings.get("cert")
    # A folder of this machine is not there in the build.
    settings = {name: value for name, value in settings.items() if not value.startswith("/")}
    if certificates:
        settings["cert"] = _CERTIFICATES
        arguments += ["--secret", f"id=ca.pem,src={certificates}"]
    configuration = work / "pip.conf"
    text = "".join(f"{name} = {value}\n" for name, value in settings.items())
    configuration.write_text(f"[global]\n{text}", "utf-8")
    return [*arguments, "--secret", f"id=pip.conf,src={configuration}"]


def main() -> int:
    """Build what is missing, print where it is and how large each layer is."""
    argparse.ArgumentParser(prog="python -m tests.node.image", description=__doc__).parse_args()
    try:
        image = build()
    except BuildError as error:
        print(f"image.py: {error}", file=sys.stderr)
        return 1
    print(f"archive  {image.archive}\nsbom     {image.sbom}\nname     {image.name}")
    print(f"digest   {image.digest}")
    for layer in image.layers():
        sizes = f"{layer.size / 1e6:6.2f} MB  {layer.compressed / 1e6:6.2f} MB compressed"
        print(f"{sizes}  {layer.files:5} files  {layer.made_by[:60]}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
