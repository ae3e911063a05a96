"""The image of `deploy/Dockerfile`: what is in it, what is not, and that it runs."""

from __future__ import annotations

import importlib.metadata
import json
import os
import re
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from tests.builders import deployment
from tests.cluster.build import BuildError, cache
from tests.entrypoints.test_imports import OF_THE_IMAGE
from tests.servers import pod
from tests.servers.api_server import ApiServer, until
from tests.servers.certificates import self_signed
from tests.servers.kubeconfig import kubeconfig, write_kubeconfig
from tests.servers.process import fetch, free_port

from . import image as images
from .container import Container
from .image import ROOT, Image
from .image_base import find_python

pytestmark = pytest.mark.node

SITE = "usr/local/lib/python3.13/site-packages"
ACCOUNT = "/var/run/secrets/kubernetes.io/serviceaccount"
MEGABYTE = 1_000_000
BOUNDS = {
    "/image/runtime/": (45 * MEGABYTE, 17 * MEGABYTE),
    "/image/libraries/": (40 * MEGABYTE, 13 * MEGABYTE),
    "/image/own/": (5 * MEGABYTE, 2 * MEGABYTE),
    "/sbom/": (1 * MEGABYTE, MEGABYTE // 4),
}
"""For each layer, by what is copied: its size and what is pulled of it, in bytes at most."""
LABELS = {"title", "description", "licenses", "version", "revision", "source", "base.name"}
PROGRAMS = {"python3.13", "k8s-heartbeat", "kubectl-heartbeat"}


@pytest.fixture(scope="session")
def built() -> Image:
    """The image; where it cannot be had the test is skipped, or fails where CI is set."""
    try:
        if os.environ.get("CI"):
            return images.build()
        found = images.find()
    except BuildError as error:
        if os.environ.get("CI"):
            raise
        pytest.skip(str(error))
    if found is None:
        pytest.skip("the image is not built: python -m tests.node.image")
    return found


@pytest.fixture(scope="session")
def root(built: Image, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The image's files, which no test changes."""
    folder = tmp_path_factory.mktemp("image") / "rootfs"
    built.unpack(folder)
    return folder


@pytest.fixture(scope="session")
def container(
    built: Image, root: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Container]:
    """The image as it runs, from a copy, in which runc makes the folders that it mounts on."""
    copy = tmp_path_factory.mktemp("container") / "rootfs"
    built.unpack(copy)
    # whoever it runs as has to get there
    for folder in copy.parents:
        if folder.is_relative_to(tmp_path_factory.getbasetemp()):
            folder.chmod(0o755)
    for mounted in (ACCOUNT, "/config"):
        (copy / mounted.lstrip("/")).mkdir(parents=True)
    yield Container(copy, built.config, tmp_path_factory.mktemp("runc"))


def files(root: Path) -> Iterator[Path]:
    """Each regular file below a folder."""
    for path in sorted(root.rglob("*")):
        if path.is_file() and not path.is_symlink():
            yield path


def distributions(root: Path) -> list[importlib.metadata.Distribution]:
    """What is installed in the image."""
    return list(importlib.metadata.distributions(path=[str(root / SITE)]))


def canonical(name: str) -> str:
    """A distribution's name, as all of its spellings are compared."""
    return re.sub(r"[-_.]+", "-", name).lower()


# --- it runs --------------------------------------------------------------------------------------


def test_it_tells_its_version(built: Image, container: Container) -> None:
    """The label says the same."""
    done = container.run("version")
    labels = built.config["config"]["Labels"]
    assert done.returncode == 0, done.stderr
    assert labels["org.opencontainers.image.version"] in done.stdout


def test_it_judges_a_file(container: Container) -> None:
    """Without a cluster, as a user without rights, and with nothing that can be written."""
    done = container.run("check", "-f", "-", given=json.dumps(deployment()))
    assert done.returncode == 0, done.stdout + done.stderr
    assert "healthy" in done.stdout


def test_it_serves_the_demo_until_it_is_told_to_stop(container: Container) -> None:
    """As process 1, which gets its signals itself."""
    port = free_port()
    with container.start("serve", "--demo", "--port", str(port)) as process:

        def answers() -> bool:
            assert process.poll() is None, process.communicate()
            try:
                return fetch(port, "/readyz").status == 200
            except OSError:
                return False

        until(answers, "the service")
        assert fetch(port, "/api/healthz/shop/deployment/storefront").status == 200
        assert fetch(port, "/api/healthz/shop/deployment/payments").status == 503
        assert b"storefront" in fetch(port, "/").body
        process.terminate()
        assert process.wait(30) == 0


def test_it_finds_the_cluster_that_it_runs_in(container: Container, tmp_path: Path) -> None:
    """By the account that a kubelet mounts."""
    certificate = self_signed(tmp_path / "tls")
    account = pod.account(tmp_path / "account", certificate)
    with ApiServer([deployment()], tls=certificate.context()) as api:
        check = ("check", "-n", "shop", "deployment/api")
        variables = pod.variables(api.url)
        done = container.run(*check, mounts={ACCOUNT: account}, variables=variables)
        asked = {request.headers.get("authorization") for request in api.requests}
    assert done.returncode == 0, done.stdout + done.stderr
    assert asked == {f"bearer {pod.TOKEN}"}


def test_it_takes_a_kubeconfig(container: Container, tmp_path: Path) -> None:
    """The largest part of the official client that there is use for is in it."""
    certificate = self_signed(tmp_path / "tls")
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "ca.pem").write_bytes(certificate.certificate.read_bytes())
    with ApiServer([deployment()], tls=certificate.context()) as api:
        content = kubeconfig(
            api.url, user={"token": "of-a-person"}, cluster={"certificate-authority": "ca.pem"}
        )
        write_kubeconfig(tmp_path / "config" / "config", content)
        check = ("check", "-n", "shop", "deployment/api")
        mounts = {"/config": tmp_path / "config"}
        done = container.run(*check, mounts=mounts, variables={"KUBECONFIG": "/config/config"})
        asked = {request.headers.get("authorization") for request in api.requests}
    assert done.returncode == 0, done.stdout + done.stderr
    assert {value.lower() for value in asked if value} == {"bearer of-a-person"}


def test_a_thread_can_end(container: Container) -> None:
    """The C library loads one more library then, which no file of the image names."""
    code = "import ctypes, threading; ctypes.CDLL('libgcc_s.so.1')"
    done = container.run("-c", code, entrypoint=("python",))
    assert done.returncode == 0, done.stderr


def test_it_trusts_public_authorities(container: Container) -> None:
    """Where a webhook or a monitor is told by HTTPS."""
    code = "import ssl; print(len(ssl.create_default_context().get_ca_certs()))"
    done = container.run("-c", code, entrypoint=("python",))
    assert int(done.stdout) > 50, done.stderr


def test_it_cannot_write(container: Container) -> None:
    """Nor has it to: what the other tests run is mounted read-only too."""
    for folder in ("/tmp", "/", f"/{SITE}"):  # noqa: S108  # that of the image
        code = f"open({folder + '/x'!r}, 'w')"
        done = container.run("-c", code, entrypoint=("python",))
        assert "Read-only file system" in done.stderr


# --- what is in it --------------------------------------------------------------------------------


def test_layers_are_small(built: Image) -> None:
    """What changes with each commit is the least of it."""
    layers = built.layers()
    assert len(layers) == len(BOUNDS)
    for layer, (what, (size, compressed)) in zip(layers, BOUNDS.items(), strict=True):
        assert layer.size < size, (what, layer)
        assert layer.compressed < compressed, (what, layer)


def test_the_programs_are_python_and_ours(root: Path) -> None:
    """No shell, no package manager, no pip: nothing else that could be run."""
    folders = [root / name for name in ("bin", "sbin", "usr/bin", "usr/sbin", "usr/local/sbin")]
    assert [path for path in folders if path.exists()] == []
    present = {path.name for path in (root / "usr/local/bin").iterdir() if not path.is_symlink()}
    assert present == PROGRAMS
    for path in files(root):
        if path.stat().st_mode & stat.S_IXUSR and path.parent.name != "bin":
            assert ".so" in path.name, path
    installers = [
        folder / name
        for folder in (root / SITE, (root / SITE).parent)
        for name in ("pip", "ensurepip", "setuptools", "venv")
    ]
    assert [path for path in installers if path.exists()] == []


def test_no_file_gives_more_rights(root: Path) -> None:
    """None is run as somebody else, and only root may write, but for the empty /tmp."""
    for path in root.rglob("*"):
        mode = path.lstat().st_mode
        assert path.lstat().st_uid == 0, path
        assert not mode & (stat.S_ISUID | stat.S_ISGID), path
        if not path.is_symlink() and path != root / "tmp":
            assert not mode & (stat.S_IWGRP | stat.S_IWOTH), path
    assert list((root / "tmp").iterdir()) == []


def test_its_own_files_are_those_of_an_install(root: Path, tmp_path: Path) -> None:
    """`pip install` of the same files gives the same bytes."""
    install = ("install", "--quiet", "--no-deps", "--no-compile", "--target", str(tmp_path))
    subprocess.run((sys.executable, "-m", "pip", *install, str(ROOT)), check=True)

    def own(site: Path) -> dict[str, bytes]:
        # what pip writes of where and how it has installed
        how = ("RECORD", "INSTALLER", "REQUESTED", "direct_url.json")
        return {
            path.relative_to(site).as_posix(): path.read_bytes()
            for pattern in ("k8s_heartbeat", "k8s_heartbeat-*.dist-info")
            for folder in site.glob(pattern)
            for path in files(folder)
            if path.name not in how and path.suffix != ".pyc"
        }

    assert own(root / SITE) == own(tmp_path)


def test_everything_is_compiled(root: Path) -> None:
    """Each module has its bytecode, which is not checked against the source: a start reads it."""
    sources = [path for path in files(root) if path.suffix == ".py"]
    assert len(sources) > 500
    for path in sources:
        compiled = path.parent / "__pycache__" / f"{path.stem}.cpython-313.pyc"
        header = compiled.read_bytes()[:8]
        assert header[4:] == (1).to_bytes(4, "little"), compiled
    assert not [path for path in files(root) if ".opt-" in path.name]


def test_what_nothing_can_reach_is_left_out(root: Path) -> None:
    """The official client's models above all, and the libraries that its other half needs."""
    modules = list((root / SITE / "kubernetes").rglob("*.py"))
    assert len(modules) < 40
    assert not list((root / SITE / "kubernetes" / "client" / "models").glob("v1*"))
    names = {canonical(entry.name) for entry in distributions(root)}
    assert not names & {"aiohttp", "yarl", "multidict", "websocket-client", "pip"}


def test_every_file_belongs_to_a_distribution(root: Path) -> None:
    """What is installed is what the records say, neither more nor less."""
    site = root / SITE
    recorded = {
        Path(os.path.normpath(site / path))
        for entry in distributions(root)
        for path in entry.files or ()
    }
    present = {path for path in files(site) if path.suffix != ".pyc"}
    assert {path for path in recorded if path.is_relative_to(site)} == present
    assert {path.name for path in recorded - present} == {"k8s-heartbeat", "kubectl-heartbeat"}


def texts_of_this_machine() -> dict[str, bytes]:
    """What must not be found, by what it is."""
    found = {
        "the folder of the tree": str(ROOT),
        "the folder of this Python": sys.prefix,
        "the folder of the Python that was copied": str(find_python("3.13").prefix),
        "the cache": str(cache("")),
    }
    listed = subprocess.run(
        (sys.executable, "-m", "pip", "config", "list"), capture_output=True, text=True, check=True
    )
    for line in listed.stdout.splitlines():
        addresses: list[str] = re.findall(r"https?://[^\s'\"]+", line)
        for number, address in enumerate(addresses):
            parts = urlsplit(address)
            found[f"{line.partition('=')[0]} {number}"] = parts.netloc
            if parts.password:
                found[f"a password {number}"] = unquote(parts.password)
    certificates = Path("/usr/local/share/ca-certificates")
    for path in certificates.rglob("*.crt") if certificates.is_dir() else ():
        found[f"the certificate {path.name}"] = path.read_text("ascii").splitlines()[1]
    return {name: text.encode() for name, text in found.items()}


def test_nothing_of_this_machine_is_in_it(built: Image, root: Path) -> None:
    """No path, no address of a registry, no authority that only this machine trusts."""
    unwanted = texts_of_this_machine()
    for path in files(root):
        content = path.read_bytes()
        for name, text in unwanted.items():
            assert text not in content, f"{name} in {path}"
    configuration = json.dumps(built.config).encode()
    for name, text in unwanted.items():
        assert text not in configuration, name


# --- what is said of it ---------------------------------------------------------------------------


def test_labels_say_what_it_is(built: Image) -> None:
    """As OCI names them; nothing checks its health but the cluster."""
    configuration = built.config["config"]
    labels = configuration["Labels"]
    prefix = "org.opencontainers.image."
    assert {name.removeprefix(prefix) for name in labels} >= LABELS
    assert all(labels[prefix + name] for name in LABELS)
    assert labels[prefix + "licenses"] == "MIT"
    assert "Healthcheck" not in configuration
    assert configuration["User"] == "65532:65532"
    assert configuration["Entrypoint"] == ["python", "-m", "k8s_heartbeat"]


def test_the_sbom_lists_what_is_there(built: Image, root: Path) -> None:
    """The distributions, the interpreter and the packages of the base; no more and no less."""
    shipped = built.sbom.read_bytes()
    assert (root / "usr/share/sbom/k8s-heartbeat.cdx.json").read_bytes() == shipped
    document = json.loads(shipped)
    assert document["bomFormat"] == "CycloneDX"
    components = [*document["components"], document["metadata"]["component"]]
    listed = {
        (canonical(entry["name"]), entry["version"])
        for entry in components
        if entry.get("purl", "pkg:pypi/").startswith("pkg:pypi/")
    }
    assert listed == {(canonical(entry.name), entry.version) for entry in distributions(root)}
    packages = {entry["name"] for entry in components if "pkg:deb/" in entry.get("purl", "")}
    assert packages == {path.name for path in (root / "var/lib/dpkg/status.d").iterdir()}
    assert {"libc6", "libssl3", "ca-certificates"} <= packages
    assert [entry["version"] for entry in components if entry["name"] == "python"] == ["3.13.0"]


def test_the_sbom_names_the_archives_of_the_lock(built: Image) -> None:
    """Each distribution was installed from an archive whose hash the lock has."""
    lock = (ROOT / "requirements" / "server.txt").read_text("utf-8")
    document = json.loads(built.sbom.read_bytes())
    libraries = [entry for entry in document["components"] if entry["purl"].startswith("pkg:pypi/")]
    assert len(libraries) > 15
    for entry in libraries:
        (digest,) = entry["hashes"]
        assert f"--hash=sha256:{digest['content']}" in lock, entry["name"]
        assert entry["licenses"], entry["name"]


def test_its_allocator_is_set_up_by_variables(built: Image) -> None:
    """So that a start need not load what would do so."""
    assert {f"{name}={value}" for name, value in OF_THE_IMAGE.items()} <= {
        *built.config["config"]["Env"]
    }


def test_every_shared_library_has_a_package(root: Path) -> None:
    """Scanners find each by its package, with its licence."""
    for path in (root / "var/lib/dpkg/status.d").iterdir():
        text = path.read_text("utf-8")
        assert re.search(r"^Version: \S+$", text, re.MULTILINE), path
        assert (root / "usr/share/doc" / path.name / "copyright").stat().st_size > 0


def test_a_second_build_gives_the_same_image(built: Image, tmp_path: Path) -> None:
    """Byte for byte: its digest is that of all layers and of the configuration.

    For exactly these files that is shown once, as the image is built once.
    """
    shown = built.archive.with_name("built-twice")
    if shown.exists():
        assert shown.read_text("utf-8") == built.digest
        return
    again = images.build_anew(tmp_path)
    assert [layer.digest for layer in again.layers()] == [layer.digest for layer in built.layers()]
    assert again.digest == built.digest
    assert again.sbom.read_bytes() == built.sbom.read_bytes()
    shown.write_text(built.digest, "utf-8")
