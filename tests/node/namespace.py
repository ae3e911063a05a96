"""Runs a command in a world of its own: processes, network and mounts, gone when it ends.

The kernel does the clearing up: when the first process of a PID namespace ends, for whatever
reason, all others in it are killed, and network and mounts go with the last of them. What they
write to /run and /var was only ever in memory. Control groups are no part of that: they have one
parent with the name of the run, which is removed after it, or by a later run.
"""

from __future__ import annotations

import contextlib
import ctypes
import fcntl
import os
import secrets
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import FrameType

from tests.cluster.plane import SERVICES

BRIDGE = "cni0"
NETWORK = "10.88.0"
"""The first three bytes of the addresses of nodes and pods."""
INSIDE = "HEARTBEAT_NODE_NAMESPACE"
"""The variable that holds, inside, the name of the control groups' parent."""
FIRST_PROCESS = "HEARTBEAT_NODE_PID"
"""The variable that holds, inside, the first process's id as it is seen outside."""

_CGROUPS = Path("/sys/fs/cgroup")
_PREFIX = "k8s-heartbeat-node-"
_CLONE_NEWNS = 0x00020000
_CLONE_NEWPID = 0x20000000
_CLONE_NEWNET = 0x40000000
_PR_SET_PDEATHSIG = 1
_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

# A kubelet sets these, which are the whole machine's, unless they are so already.
_KERNEL = {
    "vm/overcommit_memory": "1",
    "vm/panic_on_oom": "0",
    "kernel/panic": "10",
    "kernel/panic_on_oops": "1",
    "kernel/keys/root_maxkeys": "1000000",
    "kernel/keys/root_maxbytes": "25000000",
}
# These are the network namespace's own.
_NETWORK = {"net/ipv4/ip_forward": "1", "net/bridge/bridge-nf-call-iptables": "1"}


def run(command: Sequence[str]) -> int:
    """Run a command inside and return its exit code, or 128 and the signal that ended it."""
    _remove_left_cgroups()
    name = f"{_PREFIX}{secrets.token_hex(4)}"
    alive, held = os.pipe()
    try:
        # Whoever can take this lock finds a run that is over.
        locks = [_locked(path) for path in _made(name)]
        _libc("unshare", _CLONE_NEWPID)
        first = os.fork()
        if first == 0:
            os.close(held)
            os._exit(_first_process(name, command, alive))
        os.close(alive)
        _pass_signals_to(first)
        code = _code(os.waitpid(first, 0)[1])
        for lock in locks:
            os.close(lock)
        return code
    finally:
        _remove_cgroups(name)


def cgroups(name: str) -> list[Path]:
    """The folders of a control group: one, or with version 1 one for each controller."""
    if (_CGROUPS / "cgroup.procs").exists():
        return [_CGROUPS / name]
    return [path.parent / name for path in _CGROUPS.glob("*/cgroup.procs")]


def _made(name: str) -> Iterator[Path]:
    for path in cgroups(name):
        path.mkdir()
        yield path


def _locked(path: Path) -> int:
    """Take the lock of a folder that nobody else has, until the descriptor is closed everywhere."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        raise
    return descriptor


def _remove_left_cgroups() -> None:
    """Remove the control groups of runs that were killed."""
    for path in cgroups(""):
        for entry in path.glob(f"{_PREFIX}*"):
            with contextlib.suppress(OSError):
                os.close(_locked(entry))
                _remove_cgroups(entry.name)


def _remove_cgroups(name: str) -> None:
    for parent in cgroups(name):
        deadline = time.monotonic() + 5
        while parent.exists() and time.monotonic() < deadline:
            for folder, _, _ in os.walk(parent, topdown=False):
                # The kernel may need a moment to forget the last process.
                with contextlib.suppress(OSError):
                    Path(folder).rmdir()


def _first_process(name: str, command: Sequence[str], parent: int) -> int:
    """Be the first process inside: prepare, start the command, bury the orphans."""
    # What the terminal sends goes to the process outside, which passes it on, once.
    os.setsid()
    _libc("prctl", _PR_SET_PDEATHSIG, signal.SIGKILL)
    # It may have died before the line above.
    if select.select([parent], [], [], 0)[0]:
        return 1
    try:
        environment = _prepare(name)
    except (OSError, subprocess.CalledProcessError) as error:
        print(f"tests.node: no namespace: {error}", file=sys.stderr)
        return 1
    os.close(parent)
    child = subprocess.Popen(command, env=environment)
    _pass_signals_to(child.pid)
    while True:
        pid, status = os.wait()
        if pid == child.pid:
            return _code(status)


def _prepare(name: str) -> Mapping[str, str]:
    """Make the mounts and the network; returns the environment of what runs inside."""
    # This /proc is still the one outside.
    outside = str(Path("/proc/self").readlink())
    _libc("unshare", _CLONE_NEWNS | _CLONE_NEWNET)
    _do("mount --make-rprivate /")
    _do("mount -t proc proc /proc")
    _do("mount -t tmpfs -o mode=755 tmpfs /run")
    upper, work, kernel = Path("/run/var"), Path("/run/var.work"), Path("/run/kernel")
    for path in (upper, work, kernel, Path("/run/tmp")):
        path.mkdir()
    _do(f"mount -t overlay -o lowerdir=/var,upperdir={upper},workdir={work} overlay /var")
    for key, value in _KERNEL.items():
        file = kernel / key.replace("/", ".")
        file.write_text(f"{value}\n")
        _do(f"mount --bind {file} /proc/sys/{key}")
    _do("ip link set lo up")
    _do(f"ip link add {BRIDGE} type bridge")
    _do(f"ip address add {NETWORK}.1/24 dev {BRIDGE}")
    _do(f"ip link set {BRIDGE} up")
    # Their addresses are nowhere, but without a route nothing asks what kube-proxy makes of them.
    _do(f"ip route add {SERVICES} dev {BRIDGE}")
    for key, value in _NETWORK.items():
        Path("/proc/sys", key).write_text(value)
    search = f"{os.environ.get('PATH', os.defpath)}:/usr/sbin:/sbin"
    return os.environ | {"PATH": search, "TMPDIR": "/run/tmp", INSIDE: name, FIRST_PROCESS: outside}


def _do(command: str) -> None:
    subprocess.run(command.split(), check=True)


def _libc(name: str, *arguments: int) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if getattr(libc, name)(*arguments) != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{name}: {os.strerror(number)}")


def _pass_signals_to(pid: int) -> None:
    def pass_on(number: int, _frame: FrameType | None) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)

    for number in _SIGNALS:
        signal.signal(number, pass_on)


def _code(status: int) -> int:
    code = os.waitstatus_to_exitcode(status)
    return code if code >= 0 else 128 - code
