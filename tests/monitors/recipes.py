"""The configuration in docs/monitors.md, and clients that take it."""

from __future__ import annotations

import os
import re
import socket
import subprocess
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.servers.api_server import until
from tests.servers.certificates import self_signed
from tests.servers.process import free_port

from .tools import tool

__all__ = [
    "HOST",
    "TOKEN",
    "TOKEN_FILE",
    "WRONG",
    "Front",
    "block",
    "fitted",
    "front",
    "running",
]

HOST = "heartbeat.example.com"
"""The host in every recipe."""
TOKEN_FILE = "/etc/prometheus/secrets/k8s-heartbeat-token"
"""The token's file in the recipes of Prometheus."""
TOKEN = "a-token-of-the-monitors"
WRONG = "a-token-of-nobody"

_PAGE = Path(__file__).parents[2] / "docs" / "monitors.md"
_PATIENCE = 30.0
_STOP_SECONDS = 10.0
_NGINX = """\
daemon off;
master_process off;
pid {folder}/nginx.pid;
error_log stderr;
events {{}}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
{server}
}}
"""


def block(section: str, language: str, number: int = 0) -> str:
    """A fenced block of the page.

    Args:
        section: The heading that it is under.
        language: What it is fenced as.
        number: Which of these, from 0.
    """
    _, found, rest = _PAGE.read_text("utf-8").partition(f"\n## {section}\n")
    assert found, f"there is no section {section}"
    text = rest.partition("\n## ")[0]
    fenced = re.compile(rf"^```{language}\n(.*?)^```", re.DOTALL | re.MULTILINE)
    return [match[1] for match in fenced.finditer(text)][number]


def fitted(text: str, changes: Mapping[str, str]) -> str:
    """A recipe with other hosts, ports and paths, each of which has to be in it."""
    for old, new in changes.items():
        assert old in text, f"{old!r} is not in the recipe"
        text = text.replace(old, new)
    return text


@contextmanager
def running(
    command: Sequence[str],
    folder: Path,
    ready: Callable[[], bool],
    **variables: str,
) -> Generator[Path]:
    """A client at work, once it is ready; the file that its output goes to.

    Args:
        command: The program and its arguments.
        folder: Where it runs.
        ready: Whether it is.
        variables: What its environment has besides.
    """
    log = folder / "output.log"
    with log.open("wb") as stream:
        process = subprocess.Popen(
            command,
            cwd=folder,
            env={**os.environ, **variables},
            stdin=subprocess.DEVNULL,
            stdout=stream,
            stderr=stream,
        )
    name = Path(command[0]).name

    def is_ready() -> bool:
        assert process.poll() is None, f"{name} ended by itself: {log.read_text('utf-8')}"
        try:
            return ready()
        except OSError:
            return False

    try:
        until(is_ready, f"{name} is ready", _PATIENCE)
        yield log
    finally:
        process.terminate()
        try:
            process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@dataclass(frozen=True, slots=True)
class Front:
    """A service behind nginx, by TLS.

    Attributes:
        port: The port on 127.0.0.1.
        certificate: The file of the certificate that clients have to trust.
    """

    port: int
    certificate: Path

    @property
    def url(self) -> str:
        """What stands before its paths."""
        return f"https://127.0.0.1:{self.port}"


@contextmanager
def front(folder: Path, upstream: int) -> Generator[Front]:
    """nginx as the page has it, before a service.

    Args:
        folder: Where its files go.
        upstream: The port of the service on 127.0.0.1.
    """
    program = tool("/usr/sbin/nginx", "nginx-light")
    made, port = self_signed(folder / "tls"), free_port()
    changes = {
        "listen 443 ssl": f"listen 127.0.0.1:{port} ssl",
        "/etc/nginx/heartbeat.crt": str(made.certificate),
        "/etc/nginx/heartbeat.key": str(made.key),
        "http://k8s-heartbeat.k8s-heartbeat.svc": f"http://127.0.0.1:{upstream}",
    }
    server = fitted(block("nginx", "nginx"), changes)
    path = folder / "nginx.conf"
    path.write_text(_NGINX.format(folder=folder, server=server), "utf-8")
    command = (program, "-c", str(path), "-p", str(folder), "-e", "stderr")
    with running(command, folder, lambda: _listens(port)):
        yield Front(port, made.certificate)


def _listens(port: int) -> bool:
    with socket.create_connection(("127.0.0.1", port), timeout=1):
        return True
