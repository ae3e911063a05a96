"""A redis-server on a free loopback port, that can be killed, restarted and made to hang."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

import pytest

from .api_server import PATIENCE, until
from .process import free_port

__all__ = ["RedisServer"]


@dataclass(slots=True)
class RedisServer:
    """One that keeps nothing, and listens on ``redis.sock`` too; a context manager that ends it.

    Attributes:
        folder: Where it runs.
        password: What it asks for; empty for nothing.
        port: The port that it listens on, after a restart too.
        host: The address that it listens on; for another one than this it needs a password.
    """

    folder: Path
    password: str = ""
    port: int = field(default_factory=free_port)
    host: str = "127.0.0.1"
    _process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.kill()

    @property
    def url(self) -> str:
        """Its address, with the password."""
        user = f":{self.password}@" if self.password else ""
        return f"redis://{user}{self.host}:{self.port}/0"

    def start(self) -> None:
        """Start it, empty, and return once it answers."""
        binary = shutil.which("redis-server")
        if binary is None:
            if os.environ.get("CI"):
                pytest.fail("redis-server is not installed, and CI has to test with it")
            pytest.skip("redis-server is not installed (Debian's package redis-server)")
        options = {
            "port": str(self.port),
            "bind": self.host,
            "dir": str(self.folder),
            "save": "",
            "appendonly": "no",
            "requirepass": self.password,
            "unixsocket": str(self.folder / "redis.sock"),
        }
        arguments = [text for name, value in options.items() for text in (f"--{name}", value)]
        self._process = subprocess.Popen(
            [binary, *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        until(self._listens, "an answer of redis-server")

    def kill(self) -> None:
        """End it as a machine that burns does."""
        if self._process is not None:
            self._process.kill()
            self._process.wait(PATIENCE)
            self._process = None

    def hang(self) -> None:
        """Let it accept connections, and answer nothing."""
        self._signal(signal.SIGSTOP)

    def go_on(self) -> None:
        """Let it answer again."""
        self._signal(signal.SIGCONT)

    def tell(self, *words: str) -> bytes:
        """What it answers to one command."""
        with socket.create_connection((self.host, self.port), timeout=PATIENCE) as sock:
            if self.password:
                sock.sendall(_command("AUTH", self.password))
                assert sock.recv(2**16) == b"+OK\r\n"
            sock.sendall(_command(*words))
            return sock.recv(2**16)

    def _signal(self, number: signal.Signals) -> None:
        assert self._process is not None
        self._process.send_signal(number)

    def _listens(self) -> bool:
        try:
            return self.tell("PING") == b"+PONG\r\n"
        except OSError:
            return False


def _command(*words: str) -> bytes:
    parts = [f"*{len(words)}", *(text for word in words for text in (f"${len(word)}", word))]
    return ("\r\n".join(parts) + "\r\n").encode()
