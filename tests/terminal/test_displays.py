"""`check` on a real terminal: colours, --wait, --watch, and how they leave it."""

from __future__ import annotations

import json
import os
import re
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.builders import Manifest, deployment, progressing
from tests.servers.api_server import ApiServer, until
from tests.servers.faults import FAULTS

from .tmux import Terminal, terminal

STARTING = deployment(3, 0, updated=1, conditions=[progressing("ReplicaSetUpdated")])
OFTEN = "--interval 100ms"
SCREEN = {"alternate_on": "1", "cursor_flag": "0"}


@pytest.fixture
def pane(needs: Callable[[str], str], home: Path, environ: dict[str, str]) -> Iterator[Terminal]:
    """A terminal with a shell at its prompt."""
    needs("tmux")
    with terminal(home, environ, needs("bash"), "--norc", "--noprofile") as pane:
        pane.says("$")
        yield pane


def named(manifest: Manifest, name: str) -> Manifest:
    """The same object under another name."""
    return {**manifest, "metadata": {**manifest["metadata"], "name": name, "uid": name}}


def test_colours_are_for_the_terminal(pane: Terminal, home: Path) -> None:
    """And the word stands beside the colour; a pipe, NO_COLOR and a flag have it plain."""
    (home / "dump.json").write_text(json.dumps(deployment(3, 0)), "utf-8")
    check = "kubectl-heartbeat deploy/api -f dump.json"
    pane.runs(f"{check}; echo coloured")
    pane.says("\ncoloured")
    assert "\x1b[31mdown" in pane.screen(with_colours=True)
    for number, command in enumerate(
        (f"{check} | cat", f"NO_COLOR=1 {check}", f"{check} --color never", f"TERM=dumb {check}")
    ):
        pane.runs(f"clear; {command}; echo plain{number}")
        pane.says(f"\nplain{number}")
        assert "down" in pane.screen()
        assert "\x1b[31m" not in pane.screen(with_colours=True), command
    pane.runs(f"clear; {check} --color always | cat; echo asked")
    pane.says("\nasked")
    assert "\x1b[31mdown" in pane.screen(with_colours=True)


def test_a_wait_has_one_live_line(pane: Terminal, api: ApiServer) -> None:
    """Which is gone in the end: the changes and the result remain."""
    api.objects = [STARTING]
    pane.runs(f"kubectl-heartbeat deploy/api --wait {OFTEN}; echo code $?")
    pane.says("1 of 1 not up and steady; ")
    pane.says(" of 5m")
    api.objects = [deployment()]
    pane.says("code 0")
    words = ("down ", "healthy ", "unknown ", "1 of 1")
    rows = [line.split()[0] for line in pane.lines() if line.startswith(words)]
    assert rows == ["down", "healthy", "healthy"]
    assert "not up and steady" not in pane.screen()
    assert pane.is_clean()


def test_a_wait_that_is_interrupted(pane: Terminal, api: ApiServer) -> None:
    """130, without the live line."""
    api.objects = [STARTING]
    pane.runs("kubectl-heartbeat deploy/api --wait; echo code $?")
    pane.says("1 of 1 not up and steady; ")
    pane.presses("C-c")
    pane.says("code 130")
    assert "not up and steady" not in pane.screen()
    assert pane.is_clean()


def test_a_watch_is_repainted(pane: Terminal, api: ApiServer) -> None:
    """In place, and what was last seen remains when it is interrupted."""
    api.objects = [STARTING]
    pane.runs(f"kubectl-heartbeat deploy/api --watch {OFTEN}; echo code $?")
    pane.says("0 of 3 replicas available")
    assert pane.state("alternate_on", "cursor_flag") == SCREEN
    assert "Ctrl-C ends it" in pane.lines()[0]
    api.objects = [deployment()]
    pane.says("3 of 3 replicas available")
    assert "0 of 3 replicas available" not in pane.screen()
    api.behave("/", FAULTS["internal-error"])
    pane.says("cannot be read")
    assert "healthy" not in pane.screen()
    api.forget("/")
    pane.says("3 of 3 replicas available")
    pane.presses("C-c")
    pane.says("code 130")
    assert pane.is_clean()
    assert pane.lines()[0].startswith("$ kubectl-heartbeat")
    assert "3 of 3 replicas available" in pane.screen()


def test_a_watch_follows_the_size(pane: Terminal, api: ApiServer) -> None:
    """Long lines are wrapped where there is room, and cut where there is none."""
    api.objects = [named(STARTING, f"api-{number:02}") for number in range(20)]
    pane.runs("kubectl-heartbeat --watch --interval 1h; echo code $?")
    pane.says("api-19")
    pane.resizes(40, 10)
    pane.says("... and ")
    lines = pane.lines()
    assert len(lines) == 10
    assert all(line.startswith("down ") and line.endswith("...") for line in lines[1:-1])
    assert re.fullmatch(r"\.\.\. and \d+ more lines", lines[-1])
    pane.resizes(200, 50)
    pane.says("api-19")
    assert "more lines" not in pane.screen()
    pane.presses("C-c")
    pane.says("code 130")
    assert pane.is_clean()


def test_a_watch_that_is_stopped(pane: Terminal, api: ApiServer, home: Path) -> None:
    """By another signal: 143, and as clean."""
    api.objects = [STARTING]
    pane.runs("sh -c 'echo $$ >pid; exec kubectl-heartbeat deploy/api --watch'; echo code $?")
    pane.says("0 of 3 replicas available")
    os.kill(int((home / "pid").read_text("utf-8")), signal.SIGTERM)
    pane.says("code 143")
    assert pane.is_clean()


def test_a_watch_that_is_suspended(pane: Terminal, api: ApiServer) -> None:
    """Ctrl-Z gives the terminal back, and fg takes it again."""
    api.objects = [STARTING]
    pane.runs(f"kubectl-heartbeat deploy/api --watch {OFTEN}")
    pane.says("0 of 3 replicas available")
    pane.presses("C-z")
    pane.says("Stopped")
    assert pane.is_clean()
    pane.runs("fg")
    until(lambda: pane.state("alternate_on", "cursor_flag") == SCREEN, "its screen again")
    pane.says("0 of 3 replicas available")
    pane.presses("C-c")
    until(pane.is_clean, "a clean terminal")


HOSTILE = (
    "a\x1b[2J\x1b[?1049l\x9b5;5H\r\n\x07\u202e\u2028"
    + "\u6f22\U0001f469\u200d\U0001f680\u0301\ufe0f" * 60
)


def test_hostile_text_does_not_break_it(pane: Terminal, api: ApiServer) -> None:
    """Control characters do nothing, and wide characters do not wrap where lines are cut."""
    condition = {**progressing("ProgressDeadlineExceeded", "False"), "message": HOSTILE}
    ill = deployment(3, 0, conditions=[condition])
    api.objects = [named(ill, f"api-{number:02}") for number in range(12)]
    pane.resizes(60, 9)
    pane.runs("kubectl-heartbeat --watch --interval 1h; echo code $?")
    pane.says("... and ")
    lines = pane.lines()
    assert len(lines) == 9
    assert lines[0].strip().startswith(tuple("0123456789"))
    assert [line[:4] for line in lines[1:-1]] == ["down"] * 7
    assert pane.state("alternate_on", "cursor_flag") == SCREEN
    pane.presses("C-c")
    pane.says("code 130")
    assert pane.is_clean()
    pane.runs("clear; kubectl-heartbeat deploy/api-00 --wait --timeout 2s; echo code $?")
    pane.says("code 1")
    assert pane.is_clean()
