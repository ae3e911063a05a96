"""k8s-heartbeat as a process of its own, and callers of what it serves."""

from __future__ import annotations

import http.client
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from email.message import Message
from pathlib import Path
from typing import TypeVar

from .api_server import PATIENCE, until

__all__ = ["Answer", "Service", "all_at_once", "fetch", "free_port", "run", "serving"]

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP answer."""

    status: int
    headers: Message
    body: bytes


@dataclass(frozen=True, slots=True)
class Service:
    """A process that serves.

    Attributes:
        process: The process.
        port: The port on 127.0.0.1 that it listens on.
        log: The file that its stderr goes to.
    """

    process: subprocess.Popen[bytes]
    port: int
    log: Path

    def get(
        self, path: str, *, method: str = "GET", headers: Mapping[str, str] | None = None
    ) -> Answer:
        """Its answer to one request."""
        return fetch(self.port, path, method=method, headers=headers)

    def logged(self) -> str:
        """All that it wrote so far."""
        return self.log.read_text("utf-8")

    def says(self, text: str) -> None:
        """Return once its log says so: a thread of its own writes it, after the answer."""
        until(lambda: text in self.logged(), f"{text!r} in the log")

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Send a signal; the exit code that follows."""
        self.process.send_signal(number)
        return self.process.wait(PATIENCE)


def fetch(
    port: int, path: str, *, method: str = "GET", headers: Mapping[str, str] | None = None
) -> Answer:
    """One request to 127.0.0.1 on a connection of its own."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=2 * PATIENCE)
    try:
        connection.request(method, path, headers=dict(headers or {}))
        response = connection.getresponse()
        return Answer(response.status, response.headers, response.read())
    finally:
        connection.close()


def environment(home: Path, **variables: str) -> dict[str, str]:
    """What a process sees: nothing of the machine's own configuration."""
    kept = {name: os.environ[name] for name in ("PATH", "LANG", "PYTHONPATH") if name in os.environ}
    return {**kept, "HOME": str(home), "PYTHONSAFEPATH": "1", **variables}


def run(home: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run Python with these arguments to its end."""
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=home,
        env=environment(home, **variables),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=2 * PATIENCE,
        check=False,
    )


@contextmanager
def serving(home: Path, arguments: Sequence[str], **variables: str) -> Generator[Service]:
    """Python with these arguments, once it answers on the port that PORT names."""
    port = free_port()
    log = home / f"serve-{port}.log"
    with log.open("wb") as stream:
        process = subprocess.Popen(
            [sys.executable, *arguments],
            cwd=home,
            env=environment(home, PORT=str(port), **variables),
            stdin=subprocess.DEVNULL,
            stdout=stream,
            stderr=stream,
        )
    service = Service(process, port, log)
    try:
        until(lambda: _answers(service), "its first answer")
        yield service
    finally:
        if process.poll() is None:
            process.kill()
        process.wait(PATIENCE)


def all_at_once(count: int, ask: Callable[[], T]) -> list[T]:
    """What `ask` returns to so many threads that start it at one moment; it raises for none."""
    start = threading.Barrier(count)
    found: list[T] = []

    def work() -> None:
        start.wait(PATIENCE)
        found.append(ask())

    threads = [threading.Thread(target=work, daemon=True) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(3 * PATIENCE)
    assert len(found) == count, f"{count - len(found)} of {count} callers got nothing"
    return found


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


def _answers(service: Service) -> bool:
    if service.process.poll() is not None:
        raise AssertionError(f"it ended by itself: {service.logged()}")
    try:
        return service.get("/livez").status == 200
    except OSError:
        return False
