"""Puts the files of the image together, in a build stage; what goes in is told by docs/image.md.

    python assemble.py RUNTIME LIBRARIES OWN

LIBRARIES and OWN hold what pip has installed, as if each of them was the root. RUNTIME is filled
with the interpreter, the shared libraries that it all needs, and the few files that a C library
reads.
"""

from __future__ import annotations

import compileall
import importlib.metadata
import os
import re
import shutil
import stat
import subprocess
import sys
import sysconfig
from collections.abc import Iterable, Iterator
from pathlib import Path
from py_compile import PycInvalidationMode

from reach import Reach, Tree

OWN = "k8s_heartbeat"
CLIENT = "kubernetes"
"""The one library of which single modules are left out, models above all."""
BY_NAME = ("tzdata",)
"""Imported by the standard library (zoneinfo), by a name that is in no statement."""
NOT_OF_USE = frozenset(
    (
        # a terminal's, a window's and a database's, with libraries of their own
        *("_curses", "_curses_panel", "_tkinter", "curses", "idlelib", "readline", "tkinter"),
        *("turtle", "turtledemo", "_dbm", "_gdbm", "_sqlite3", "dbm", "sqlite3"),
        # for installing, reading help, and the interpreter's own tests
        *("ensurepip", "lib2to3", "pydoc_data", "venv", "antigravity", "test", "_ctypes_test"),
        *("_testbuffer", "_testcapi", "_testclinic", "_testclinic_limited", "_testlimitedcapi"),
        *("_testexternalinspection", "_testimportmultiple", "_testinternalcapi"),
        *("_testmultiphase", "_testsinglephase", "_xxtestfuzz", "xxlimited", "xxlimited_35"),
        "xxsubtype",
    )
)
"""Of the standard library: the build fails where an import of ours or of a library asks for one."""
USER = 65532
BUNDLE = Path("/etc/ssl/certs/ca-certificates.crt")
OF_THE_BUNDLE = Path("/usr/sbin/update-ca-certificates")
"""The bundle itself is written on installation: this is a file of the package that does so."""

STDLIB = Path(sysconfig.get_path("stdlib"))
SITE = Path(sysconfig.get_path("purelib"))


def within(root: Path, path: Path) -> Path:
    """Where a path of the image is while it is put together."""
    return root / path.relative_to("/")


def main(runtime: Path, libraries: Path, own: Path) -> None:
    """Fill and trim the three folders."""
    leave_out(libraries, own)
    copy_interpreter(runtime)
    system = copy_shared_libraries(runtime, (runtime, libraries, own))
    write_configuration(runtime)
    describe_packages(runtime, (*system, OF_THE_BUNDLE, Path("/etc/os-release")))
    for root in (runtime, libraries, own):
        compile_all(root)
        set_times(root, int(os.environ.get("SOURCE_DATE_EPOCH") or 0))


# --- libraries ------------------------------------------------------------------------------------


def modules_under(folder: Path, package: str) -> Iterator[str]:
    """The full names of a package's modules."""
    for path in sorted((folder / package).rglob("*.py")):
        yield ".".join(path.relative_to(folder).with_suffix("").parts).removesuffix(".__init__")


def leave_out(libraries: Path, own: Path) -> None:
    """Remove distributions of which no module can be reached, and such modules of the client."""
    site, ours = within(libraries, SITE), within(own, SITE)
    official = empty_packages(ours / OWN / "adapters" / "cluster" / "official.py")
    reach = Reach(
        Tree((STDLIB, STDLIB / "lib-dynload", ours, site)),
        OWN,
        ends=frozenset(sys.stdlib_module_names),
        empty=official,
    )
    reach.follow((*modules_under(ours, OWN), *BY_NAME))
    roots = {name.partition(".")[0] for name in reach.modules}
    refused = NOT_OF_USE & roots
    if refused:
        raise SystemExit(f"assemble.py: left out of the standard library, but needed: {refused}")
    for distribution in importlib.metadata.distributions(path=[str(site)]):
        files = [path for path in distribution.files or () if ".." not in path.parts]
        offered = {
            path.parts[0].partition(".")[0] for path in files if path.suffix in (".py", ".so")
        }
        if not offered & roots:
            print(f"left out: {distribution.name} {distribution.version}")
            remove(site, (Path(path) for path in files))
    kept = {module.path for module in reach.modules.values()}
    models = {path for path in (site / CLIENT).rglob("*.py") if path not in kept}
    print(f"left out: {len(models)} modules of {CLIENT}")
    remove(site, (path.relative_to(site) for path in models))
    shutil.rmtree(within(libraries, Path(sys.base_prefix, "bin")), ignore_errors=True)
    for record in site.glob("*.dist-info/RECORD"):
        lines = record.read_text("utf-8").splitlines(keepends=True)
        record.write_text("".join(line for line in lines if listed_file(site, line)), "utf-8")


def empty_packages(path: Path) -> frozenset[str]:
    """The packages of the client that our adapter keeps empty."""
    namespace: dict[str, object] = {"__name__": "official"}
    exec(compile(path.read_bytes(), str(path), "exec"), namespace)  # noqa: S102  # our own file
    names = namespace["_PACKAGES"]
    if not isinstance(names, frozenset):
        raise SystemExit(f"assemble.py: {path} names no packages to keep empty")
    return names


def listed_file(site: Path, line: str) -> bool:
    """Whether the file of a line of a RECORD is there."""
    return (site / line.partition(",")[0].strip('"')).exists()


def remove(site: Path, files: Iterable[Path]) -> None:
    """Remove files, and the folders that this empties."""
    for file in files:
        path = site / file
        path.unlink(missing_ok=True)
        for folder in path.parents:
            if folder == site or not folder.is_dir() or any(folder.iterdir()):
                break
            folder.rmdir()


# --- the interpreter and what it runs on ----------------------------------------------------------


def copy_interpreter(runtime: Path) -> None:
    """The executable under its three names, and the standard library."""
    executable = Path(sys.executable).resolve()
    target = within(runtime, Path(sys.base_prefix, "bin"))
    target.mkdir(parents=True)
    shutil.copy2(executable, target / executable.name)
    for name in ("python3", "python"):
        (target / name).symlink_to(executable.name)

    def unwanted(folder: str, names: list[str]) -> set[str]:
        top = Path(folder) in (STDLIB, STDLIB / "lib-dynload")
        return {
            name
            for name in names
            if name in ("__pycache__", "site-packages")
            or name.endswith((".a", ".o", ".exe"))
            or (top and (name.partition(".")[0] in NOT_OF_USE or name.startswith("config-")))
        }

    shutil.copytree(STDLIB, within(runtime, STDLIB), symlinks=True, ignore=unwanted)


def copy_shared_libraries(runtime: Path, roots: Iterable[Path]) -> set[Path]:
    """Copy each shared library that something in the image needs; their paths in the base image."""
    executables = [
        path
        for root in roots
        for path in sorted(root.rglob("*"))
        if path.is_file() and not path.is_symlink() and path.read_bytes()[:4] == b"\x7fELF"
    ]
    needed = {path for file in executables for path in shared_libraries(file)}
    # The C library loads it by itself when a thread is ended.
    needed |= {path.with_name("libgcc_s.so.1") for path in needed if path.name == "libc.so.6"}
    copied = {file for path in needed for file in copy_with_links(runtime, path)}
    for path in Path("/").iterdir():
        if path.name.startswith("lib") and path.is_symlink():
            shutil.copy2(path, runtime / path.name, follow_symlinks=False)
    configuration = runtime / "etc" / "ld.so.conf"
    configuration.parent.mkdir(exist_ok=True)
    folders = sorted({str(path.parent) for path in copied})
    configuration.write_text("".join(f"{folder}\n" for folder in folders))
    run("ldconfig", "-X", "-r", str(runtime))
    shutil.rmtree(runtime / "var" / "cache", ignore_errors=True)
    return copied


def shared_libraries(file: Path) -> Iterator[Path]:
    """The paths that the loader finds for an ELF file, its own among them."""
    for line in run("ldd", str(file)).splitlines():
        if "not found" in line:
            raise SystemExit(
                f"assemble.py: {file} needs a library that is not there: {line.strip()}"
            )
        found = re.search(r"(/\S+) \(0x", line)
        # a library that a wheel brings along is there already
        if found and not Path(found[1]).is_relative_to(file.parents[-3]):
            yield Path(found[1])


def copy_with_links(runtime: Path, path: Path) -> Iterator[Path]:
    """Copy a library with the links that lead to it; the paths of all of them."""
    path = path.parent.resolve() / path.name
    target = within(runtime, path)
    target.parent.mkdir(parents=True, exist_ok=True)
    if not target.is_symlink() and not target.exists():
        shutil.copy2(path, target, follow_symlinks=False)
    yield path
    if path.is_symlink():
        yield from copy_with_links(runtime, path.parent / path.readlink())


def write_configuration(runtime: Path) -> None:
    """The certificates of public authorities, and what the C library looks up."""
    etc = runtime / "etc"
    bundle = within(runtime, BUNDLE)
    bundle.parent.mkdir(parents=True)
    shutil.copy(BUNDLE, bundle)
    (etc / "passwd").write_text(
        f"root:x:0:0:root:/:/sbin/nologin\nnonroot:x:{USER}:{USER}:nonroot:/:/sbin/nologin\n"
    )
    (etc / "group").write_text(f"root:x:0:\nnonroot:x:{USER}:\n")
    (etc / "nsswitch.conf").write_text("passwd: files\ngroup: files\nhosts: files dns\n")
    shutil.copy("/etc/os-release", etc / "os-release")
    # For a kubeconfig with certificates in it, where something that can be written is mounted here.
    (runtime / "tmp").mkdir()
    (runtime / "tmp").chmod(0o1777)


def describe_packages(runtime: Path, files: Iterable[Path]) -> None:
    """Tell scanners which of the distribution's packages the files are from, and their licences.

    In the form of images without a package manager: a paragraph for each package under
    var/lib/dpkg/status.d.
    """
    status = runtime / "var" / "lib" / "dpkg" / "status.d"
    status.mkdir(parents=True)
    for package in sorted({name for file in files for name in owners(file)}):
        name = package.partition(":")[0]
        (status / name).write_text(run("dpkg-query", "--status", package), "utf-8")
        licence = Path("/usr/share/doc", name, "copyright")
        target = within(runtime, licence)
        target.parent.mkdir(parents=True)
        shutil.copy(licence, target)


def owners(file: Path) -> list[str]:
    """The packages that a file is from; none for what was not installed by one."""
    # Before the folders were merged, packages were made with the other path.
    unmerged = Path("/", *file.parts[2:]) if file.parts[1] == "usr" else file
    found = subprocess.run(
        ("dpkg-query", "--search", str(file), str(unmerged)),
        capture_output=True,
        text=True,
        check=False,
    )
    return [line.partition(": ")[0] for line in found.stdout.splitlines() if ": /" in line]


# --- the same bytes from the same sources ---------------------------------------------------------


def compile_all(root: Path) -> None:
    """Compile each module, in one order; the sources are never looked at when they are loaded."""
    compiled = compileall.compile_dir(
        root,
        quiet=1,
        maxlevels=100,
        stripdir=str(root),
        prependdir="/",
        workers=1,
        invalidation_mode=PycInvalidationMode.UNCHECKED_HASH,
    )
    if not compiled:
        raise SystemExit("assemble.py: a module does not compile")


def set_times(root: Path, seconds: int) -> None:
    """Give all files one time, and those rights that do not depend on who builds."""
    for path in (root, *root.rglob("*")):
        os.utime(path, (seconds, seconds), follow_symlinks=False)
        mode = path.lstat().st_mode
        if stat.S_ISREG(mode):
            program = path.parent.name == "bin" or ".so" in path.name
            path.chmod(0o755 if program and mode & 0o100 else 0o644)
        elif stat.S_ISDIR(mode) and path.name != "tmp":
            path.chmod(0o755)


def run(*command: str) -> str:
    """What a command prints; it has to succeed."""
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"assemble.py: {command[0]} failed: {done.stderr.strip()}")
    return done.stdout


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
