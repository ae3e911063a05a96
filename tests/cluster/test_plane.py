"""The control plane of these tests leaves nothing behind, however it ends."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cluster.conftest import ROOT
from tests.cluster.plane import ControlPlane

pytestmark = [pytest.mark.cluster, pytest.mark.usefixtures("plane")]


def test_output_of_each_part_is_kept(plane: ControlPlane) -> None:
    """Whoever debugs a failure sees what the part said."""
    assert "kube-apiserver" in plane.parts()
    assert plane.output("kube-apiserver").exists()
    assert plane.tail("kube-apiserver")


def signals(number: signal.Signals) -> Callable[[subprocess.Popen[str], set[int]], None]:
    """Send the holder a signal."""
    return lambda held, _pids: held.send_signal(number)


def kills_supervisor(held: subprocess.Popen[str], pids: set[int]) -> None:
    """Kill the supervisor, then end the holder in the ordinary way."""
    for pid in pids:
        if parent_of(Path(f"/proc/{pid}")) == held.pid:
            os.kill(pid, signal.SIGKILL)
    held.send_signal(signal.SIGINT)


@pytest.mark.parametrize(
    "end",
    [
        pytest.param(signals(signal.SIGINT), id="SIGINT"),
        pytest.param(signals(signal.SIGTERM), id="SIGTERM"),
        pytest.param(signals(signal.SIGKILL), id="SIGKILL"),
        pytest.param(kills_supervisor, id="supervisor killed"),
    ],
)
def test_nothing_stays_behind(end: Callable[[subprocess.Popen[str], set[int]], None]) -> None:
    """Every process and the folder of a held control plane are gone soon after its end."""
    command = [sys.executable, "-m", "tests.cluster.plane", "hold"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, cwd=ROOT, env=environment
    ) as held:
        assert held.stdout
        line = held.stdout.readline().strip()
        home = Path(line.removeprefix("KUBECONFIG=")).parent
        before = users_of(home)
        assert len(before) > 4
        end(held, before)
        deadline = time.monotonic() + 15
        while any(map(alive, before)) or home.exists():
            left = [pid for pid in before if alive(pid)]
            assert time.monotonic() < deadline, f"processes {left}, folder {home.exists()}"
            time.sleep(0.02)


WITH_A_SERVICE = """
from tests.cluster.plane import ControlPlane
from tests.cluster.service import Service
import signal
with ControlPlane() as plane, Service(plane.kubeconfig, ttl=1) as service:
    print(service.pid, plane.home, flush=True)
    signal.pause()
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL], ids=lambda number: number.name)
def test_no_service_stays_behind_a_killed_run(number: signal.Signals) -> None:
    """What a cancelled CI job ends so takes the service under test and its log with it."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", WITH_A_SERVICE]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, cwd=ROOT, env=environment
    ) as run:
        assert run.stdout
        pid, home = run.stdout.readline().split()
        before = {int(pid), *users_of(Path(home))}
        run.send_signal(number)
        deadline = time.monotonic() + 15
        while any(map(alive, before)) or Path(home).exists():
            assert time.monotonic() < deadline, f"{before}, {Path(home).exists()}"
            time.sleep(0.02)


def users_of(home: Path) -> set[int]:
    """The processes that were started with this folder, and the supervisor above them."""
    found: set[int] = set()
    for entry in Path("/proc").iterdir():
        # A process may end while it is looked at.
        with contextlib.suppress(OSError):
            if entry.name.isdigit() and str(home).encode() in (entry / "cmdline").read_bytes():
                found |= {int(entry.name), parent_of(entry)}
    return found - {os.getpid(), 1}


def parent_of(process: Path) -> int:
    """The process id of a process's parent."""
    return int((process / "stat").read_text(encoding="utf-8").rpartition(")")[2].split()[1])


def alive(pid: int) -> bool:
    """Whether a process exists and is no zombie."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8")
    except OSError:
        return False
    return stat.rpartition(")")[2].split()[0] != "Z"
