"""Many clients and many names take a bounded memory; a shared limit that hangs holds up nobody."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Generator
from contextlib import contextmanager
from ipaddress import IPv4Address, IPv6Address
from pathlib import Path

from tests.entrypoints.support import SERVE, TOKEN
from tests.servers import empty_cluster
from tests.servers.api_server import PATIENCE, until
from tests.servers.kubeconfig import kubeconfig, write_kubeconfig
from tests.servers.process import Service, all_at_once, fetch, free_port, serving
from tests.servers.redis_server import RedisServer

from .figures import Figures

MIB = 2**20
CLIENTS = int(os.environ.get("HEARTBEAT_GATE_CLIENTS") or 40_000)
# More than twice as many as any of them is kept of.
GUESSES = 20_000
WARM = 2_000
PIPELINED = 25
CONNECTIONS = 4
PATH = "/api/healthz/shop/deployment"

Lines = Callable[[int], str]


def test_memory_of_many_clients_and_names(home: Path, figures: Figures) -> None:
    """Each request comes from another client; some guess, all others ask for a name of their own.

    The guesses fill the quotas of failed authentications, the names what is kept of readings and
    absences: each is asked for upstream.
    """
    with cluster_of_nothing() as url:
        path = write_kubeconfig(home / "config", kubeconfig(url))
        with serving(
            home,
            SERVE,
            KUBECONFIG=str(path),
            AUTH_TOKEN_BASIC=TOKEN,
            HEARTBEAT_TRUSTED_PROXIES="127.0.0.1/32",
            HEARTBEAT_TOKEN_RATE_LIMIT="100000000",
            LOG_LEVEL="ERROR",
        ) as service:
            assert ask(service, range(WARM), guess) == {401: WARM}
            assert ask(service, range(WARM), name) == {404: WARM}
            before = resident(service)
            assert ask(service, range(WARM, GUESSES), guess) == {401: GUESSES - WARM}
            assert ask(service, range(WARM, CLIENTS), name) == {404: CLIENTS - WARM}
            grown = resident(service) - before
    figures.take(
        f"{CLIENTS:,} distinct clients and names, {GUESSES:,} clients that guess: resident memory",
        grown / MIB,
        20,
        "MiB",
        below=True,
    )


def guess(number: int) -> str:
    """A wrong token from an address of its own, of IPv4 and of IPv6."""
    address = IPv6Address((0x20010DB8 << 96) + (number << 64))
    client = address if number % 2 else IPv4Address(0x64000000 + number)
    return (
        f"HEAD {PATH}/api HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: {client}\r\n"
        f"Authorization: Bearer guess-{number}\r\n\r\n"
    )


def name(number: int) -> str:
    """A name that nobody has asked for, from an address of its own."""
    client = IPv4Address(0x0B000000 + number)
    return (
        f"HEAD {PATH}/no-such-workload-{number} HTTP/1.1\r\nHost: a\r\n"
        f"X-Forwarded-For: {client}\r\nAuthorization: Bearer {TOKEN}\r\n\r\n"
    )


def ask(service: Service, numbers: range, request: Lines) -> Counter[int]:
    """How often each code came, over few connections and many requests at once on each."""
    found: Counter[int] = Counter()
    lock = threading.Lock()

    def work(mine: range) -> None:
        codes = pipelined(service.port, mine, request)
        with lock:
            found.update(codes)

    threads = [
        threading.Thread(target=work, args=[numbers[start::CONNECTIONS]], daemon=True)
        for start in range(CONNECTIONS)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found


def pipelined(port: int, numbers: range, request: Lines) -> Counter[int]:
    """The codes of answers without a body, to requests sent some at a time."""
    found: Counter[int] = Counter()
    with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as sock:
        for start in range(0, len(numbers), PIPELINED):
            batch = numbers[start : start + PIPELINED]
            sock.sendall("".join(map(request, batch)).encode())
            data = b""
            while data.count(b"\r\n\r\n") < len(batch):
                chunk = sock.recv(2**16)
                assert chunk, "the service closed the connection"
                data += chunk
            found.update(int(answer[9:12]) for answer in data.split(b"\r\n\r\n")[:-1])
    return found


def resident(service: Service) -> int:
    """Bytes of memory that the process has in use."""
    status = Path(f"/proc/{service.process.pid}/status").read_text("utf-8")
    line = next(line for line in status.splitlines() if line.startswith("VmRSS:"))
    return int(line.split()[1]) * 1024


@contextmanager
def cluster_of_nothing() -> Generator[str]:
    """The address of an API server in a process of its own, which knows no object at all."""
    port = free_port()
    process = subprocess.Popen([sys.executable, empty_cluster.__file__, str(port)])

    def answers() -> bool:
        try:
            return fetch(port, "/").status == 404
        except OSError:
            return False

    try:
        until(answers, "an answer of the empty cluster")
        yield f"http://127.0.0.1:{port}"
    finally:
        process.kill()
        process.wait(PATIENCE)


def test_hanging_redis_delays_nobody(home: Path, tmp_path: Path, figures: Figures) -> None:
    """Sixty-four callers at once when it stops answering, and again while it does not."""
    with RedisServer(tmp_path) as redis:
        settings = {"HEARTBEAT_RATE_LIMIT_STORAGE": redis.url}
        arguments = ("-m", "k8s_heartbeat", "serve", "--demo")
        with serving(home, arguments, LOG_LEVEL="ERROR", **settings) as service:

            def seconds() -> float:
                began = time.monotonic()
                answer = service.get("/api/healthz/shop/deployment/storefront")
                assert answer.status == 200
                return time.monotonic() - began

            all_at_once(64, seconds)
            redis.hang()
            slowest = max(max(all_at_once(64, seconds)) for _ in range(4))
            redis.go_on()
            service.says("limits are not shared")
            assert service.logged().count("limits are not shared") == 1
    figures.take("Redis hangs, 64 callers at once: the slowest answer", slowest, 0.5, "s")
