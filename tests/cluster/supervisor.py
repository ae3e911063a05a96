"""Holds the processes and the temporary folder of a test cluster, and ends both with its parent.

Its standard input is a pipe that only the parent writes to: however the parent ends, the pipe
closes, and then nothing stays behind. Requests and replies are JSON, one a line.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

_PR_SET_PDEATHSIG = 1


def run_part(supervisor: int, command: list[str]) -> None:
    """Become the command, which the kernel kills when the supervisor dies."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    # It may have died before the line above.
    if os.getppid() != supervisor:
        return
    os.execv(command[0], command)  # noqa: S606  # no shell is the point


class Supervisor:
    """The processes by name, and the folder that they write to."""

    def __init__(self, home: Path) -> None:
        self._home = home
        self._parts: dict[str, subprocess.Popen[bytes]] = {}

    def answer(self, request: dict[str, Any]) -> dict[str, Any]:
        """Do what one request asks for."""
        name: str = request.get("name", "")
        if request["do"] == "start":
            self._start(name, request["command"])
        elif request["do"] == "stop":
            self._stop(name, request["grace"])
        elif request["do"] == "signal":
            self._parts[name].send_signal(request["number"])
        codes = {name: part.poll() for name, part in self._parts.items()}
        return {"ended": {name: code for name, code in codes.items() if code is not None}}

    def _start(self, name: str, command: list[str]) -> None:
        environment = {
            "PATH": os.environ.get("PATH", os.defpath),
            "HOME": str(self._home),
            "TMPDIR": str(self._home),
        }
        wrapper = [sys.executable, "-I", "-S", __file__, "part", str(os.getpid()), *command]
        with (self._home / f"{name}.log").open("ab") as output:
            self._parts[name] = subprocess.Popen(
                wrapper,
                cwd=self._home,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
            )

    def _stop(self, name: str, grace: float) -> None:
        part = self._parts.pop(name)
        if grace:
            part.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                part.wait(grace)
        part.kill()
        part.wait()

    def end(self) -> None:
        """Kill every process and remove the folder."""
        for part in self._parts.values():
            part.kill()
        for part in self._parts.values():
            part.wait()
        # A kubectl of the parent may be writing its cache there still.
        deadline = time.monotonic() + 5
        while self._home.exists() and time.monotonic() < deadline:
            shutil.rmtree(self._home, ignore_errors=True)


def requests(parent: int) -> Iterator[dict[str, Any]]:
    """The parent's requests, until it closes the pipe or is no longer there."""
    buffer = b""
    while os.getppid() == parent:
        ready, _, _ = select.select([0], [], [], 1)
        if not ready:
            continue
        data = os.read(0, 65536)
        if not data:
            return
        buffer += data
        *lines, buffer = buffer.split(b"\n")
        for line in lines:
            yield json.loads(line)


def supervise() -> None:
    """Serve the parent until it ends."""
    parent = os.getppid()
    home = Path(tempfile.mkdtemp(prefix="k8s-heartbeat-cluster-"))
    supervisor = Supervisor(home)
    try:
        print(json.dumps({"home": str(home)}), flush=True)
        for request in requests(parent):
            print(json.dumps(supervisor.answer(request)), flush=True)
    except BrokenPipeError:
        # Nobody reads the replies: the parent is gone.
        sys.stdout = None
    finally:
        supervisor.end()


def _leave(_signal: int, _frame: object) -> None:
    raise SystemExit(1)


if __name__ == "__main__":
    if sys.argv[1] == "part":
        run_part(int(sys.argv[2]), sys.argv[3:])
    else:
        for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
            signal.signal(number, _leave)
        supervise()
