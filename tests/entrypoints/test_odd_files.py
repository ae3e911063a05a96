"""Files that are named to us and are none, or have no end: refused at once, by name."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.builders import deployment
from tests.servers.api_server import PATIENCE
from tests.servers.process import environment, run

from .support import SERVE, TOKEN

UP = "healthy   shop/deployment/api  steady  MinimumReplicasAvailable: 3 of 3 replicas available\n"
BASH = "/bin/bash"
CHECK = (sys.executable, "-m", "k8s_heartbeat", "check", "-f")


def bound_socket(path: Path) -> None:
    """A socket under a path."""
    with socket.socket(socket.AF_UNIX) as bound:
        bound.bind(str(path))


def large(path: Path) -> None:
    """A file that is larger than any that is read, and takes no room on the disk."""
    path.touch()
    os.truncate(path, 2**40)


ODD: dict[str, Callable[[Path], object]] = {
    "FIFO": os.mkfifo,
    "folder": Path.mkdir,
    "socket": bound_socket,
    "device": lambda path: path.symlink_to("/dev/zero"),
    "large": large,
}
NAMING: dict[str, tuple[tuple[str, ...], str, int]] = {
    "token": (SERVE, "AUTH_TOKEN_BASIC_FILE", 2),
    "redis": (SERVE, "HEARTBEAT_RATE_LIMIT_STORAGE_FILE", 2),
    "tokens": (SERVE, "HEARTBEAT_TOKENS_FILE", 2),
    "configuration": (SERVE, "HEARTBEAT_CONFIG", 2),
    "snapshot": (SERVE, "HEARTBEAT_SNAPSHOT", 3),
    "WSGI": (("-c", "import k8s_heartbeat.entrypoints.wsgi"), "HEARTBEAT_SNAPSHOT", 1),
    "shown": (("-m", "k8s_heartbeat", "config"), "HEARTBEAT_TOKENS_FILE", 2),
    "check": (("-m", "k8s_heartbeat", "check", "-f"), "", 3),
}
FEW = [(naming, "FIFO") for naming in NAMING]
# Of each way to read a file, all that it may be.
ALL = [(naming, odd) for naming in ("token", "tokens", "check") for odd in ODD if odd != "FIFO"]


@pytest.mark.parametrize(("naming", "odd"), [*FEW, *ALL])
def test_what_is_no_file_is_refused_and_named(home: Path, naming: str, odd: str) -> None:
    """With the exit code of what cannot be read; nobody waits for a FIFO that nobody writes to."""
    path = home / "odd.json"
    ODD[odd](path)
    arguments, variable, code = NAMING[naming]
    variables = {"AUTH_TOKEN_BASIC": TOKEN, variable: str(path)}
    if naming == "token":
        del variables["AUTH_TOKEN_BASIC"]
    if not variable:
        arguments, variables = (*arguments, str(path)), {}
    ended = run(home, *arguments, **variables)
    assert ended.returncode == code, ended.stderr
    (line,) = (text for text in ended.stderr.splitlines() if "odd.json" in text)
    assert any(why in line for why in ("not a regular file", "Is a directory", "larger than"))
    assert "Traceback" not in ended.stderr or naming == "WSGI"


@pytest.mark.parametrize("name", ["-", "/dev/stdin", "/dev/fd/0"])
def test_a_person_may_have_a_pipe_read(home: Path, name: str) -> None:
    """The command waits for whoever writes into it; Ctrl-C ends the wait."""
    with subprocess.Popen(
        [*CHECK, name],
        env=environment(home),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        answer, _ = process.communicate(json.dumps(deployment()), PATIENCE)
    assert (process.returncode, answer) == (0, UP)


def test_what_a_shell_substitutes_is_read(home: Path) -> None:
    """`check -f <(kubectl get ...)` is a FIFO by the number of a descriptor."""
    (home / "dump.json").write_text(json.dumps(deployment()), "utf-8")
    ended = subprocess.run(
        [BASH, "-c", '"$@" <(sleep 0.2; cat dump.json)', "bash", *CHECK],
        cwd=home,
        env=environment(home),
        capture_output=True,
        text=True,
        timeout=2 * PATIENCE,
        check=False,
    )
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, UP, "")


def test_a_service_waits_for_no_pipe(home: Path) -> None:
    """Nobody is there to press Ctrl-C."""
    reading, writing = os.pipe()
    try:
        ended = subprocess.run(
            [sys.executable, *SERVE, "--snapshot", "/dev/stdin"],
            env=environment(home, HEARTBEAT_AUTH="none"),
            stdin=reading,
            capture_output=True,
            text=True,
            timeout=2 * PATIENCE,
            check=False,
        )
    finally:
        os.close(reading)
        os.close(writing)
    assert ended.returncode == 3
    assert "/dev/stdin: not a regular file" in ended.stderr


def test_standard_input_without_an_end_is_refused(home: Path) -> None:
    """Once more of it came than a dump may have."""
    with Path("/dev/zero").open("rb") as endless:
        ended = subprocess.run(
            [*CHECK, "-"],
            env=environment(home),
            stdin=endless,
            capture_output=True,
            text=True,
            timeout=3 * PATIENCE,
            check=False,
        )
    assert ended.returncode == 3
    assert "-: larger than 512 MiB" in ended.stderr
