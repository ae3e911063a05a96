"""A real terminal: a program in tmux, whose screen is read and whose keys are pressed."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.servers.api_server import until

__all__ = ["Terminal", "terminal"]


@dataclass(frozen=True, slots=True)
class Terminal:
    """A pane of a tmux server of its own.

    Attributes:
        socket: The server's socket.
        environ: The environment of its commands.
    """

    socket: Path
    environ: Mapping[str, str]

    def tmux(self, *arguments: str) -> str:
        """What a tmux command prints."""
        done = subprocess.run(
            ["tmux", "-f", "/dev/null", "-S", str(self.socket), *arguments],  # noqa: S607  # from PATH, as people have it
            env=dict(self.environ),
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def screen(self, *, with_colours: bool = False) -> str:
        """What is seen now."""
        return self.tmux("capture-pane", "-p", *(["-e"] * with_colours))

    def lines(self) -> list[str]:
        """What is seen now, without the empty lines below."""
        return self.screen().rstrip("\n").split("\n")

    def says(self, text: str) -> None:
        """Return once a text is seen."""
        until(lambda: text in self.screen(), f"{text!r} on:\n{self.screen()}")

    def presses(self, *keys: str) -> None:
        """Press keys, by tmux' names of them, such as ``C-c``."""
        self.tmux("send-keys", *keys)

    def types(self, text: str) -> None:
        """Type a text as it is."""
        self.tmux("send-keys", "-l", text)

    def runs(self, command: str) -> None:
        """Type a command, and press Enter."""
        self.types(command)
        self.presses("Enter")

    def resizes(self, columns: int, rows: int) -> None:
        """Give the window another size."""
        self.tmux("resize-window", "-x", str(columns), "-y", str(rows))

    def state(self, *flags: str) -> dict[str, str]:
        """Modes of the terminal, by tmux' names of them."""
        form = " ".join(f"#{{{flag}}}" for flag in flags)
        return dict(zip(flags, self.tmux("display-message", "-p", form).split(), strict=True))

    def is_clean(self) -> bool:
        """Whether it is as a program should leave it: no screen of its own, cursor, wrapping."""
        found = self.state("alternate_on", "cursor_flag", "wrap_flag")
        return found == {"alternate_on": "0", "cursor_flag": "1", "wrap_flag": "1"}


@contextmanager
def terminal(
    folder: Path, environ: Mapping[str, str], *shell: str, columns: int = 120, rows: int = 30
) -> Generator[Terminal]:
    """A terminal that runs a shell in a folder."""
    # The path of a socket must be short.
    socket = Path(os.path.relpath(folder / "tmux"))
    socket = min(socket, folder / "tmux", key=lambda path: len(str(path)))
    pane = Terminal(socket, environ)
    size = ("-x", str(columns), "-y", str(rows))
    pane.tmux("new-session", "-d", *size, "-c", str(folder), *shell)
    try:
        yield pane
    finally:
        pane.tmux("kill-server")
