"""The service beside what it is made of: load, application time, start, memory and API calls.

    python -m tests.benchmarks.service                # all of it, some four minutes
    python -m tests.benchmarks.service load livez     # parts of it, by name

Each figure is a ratio of two things that are measured in turn in the same run, or a count; a busy
machine moves both. It needs the extra `server`, openssl and Linux. `docs/benchmarks.md` has what it
printed.
"""

from __future__ import annotations

import argparse
import io
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path
from statistics import median
from typing import Any

from k8s_heartbeat.adapters.logs import configure_logging
from k8s_heartbeat.entrypoints import wiring
from k8s_heartbeat.entrypoints.config.files import read_files
from k8s_heartbeat.entrypoints.config.settings import load as load_settings
from tests.builders import deployment, metadata
from tests.servers import pod
from tests.servers.api_server import ApiServer
from tests.servers.certificates import self_signed
from tests.servers.kubeconfig import kubeconfig, write_kubeconfig
from tests.servers.process import Service, environment, free_port, serving

from .bare import bare_app
from .load import sustained

ROOT = Path(__file__).parents[2]
OBJECT, LIVEZ = "/api/healthz/shop/deployment/api", "/livez"
TOKEN = "a-token-of-the-benchmark"  # of no service that runs
CONNECTIONS = (1, 16, 64)
NAMES = 2_000
UNAVAILABLE = 400
PERIOD = 60.0

Row = tuple[str, float, str]
"""What was measured, the figure, and what it is to be."""


def request(path: str) -> bytes:
    """A request as monitors send it."""
    return (
        f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nUser-Agent: benchmark\r\nAccept: */*\r\n"
        f"Authorization: Bearer {TOKEN}\r\n\r\n"
    ).encode()


@contextmanager
def service(folder: Path, api: ApiServer, **variables: str) -> Generator[Service]:
    """The service over a fake API server, with nothing to keep anybody from asking."""
    path = write_kubeconfig(folder / "config", kubeconfig(api.url))
    command = ("-m", "k8s_heartbeat", "serve", "--host", "127.0.0.1", "--kubeconfig", str(path))
    limits = {"AUTH_TOKEN_BASIC": TOKEN, "RATE_LIMIT": "100000000"}
    with serving(folder, command, **limits, **variables) as served:
        yield served


@contextmanager
def bare(folder: Path) -> Generator[int]:
    """The port of Falcon and waitress with next to nothing in them."""
    port = free_port()
    command = [sys.executable, "-m", "tests.benchmarks.bare", str(port)]
    with subprocess.Popen(
        command, cwd=ROOT, env=environment(folder, PYTHONPATH=str(ROOT)), stderr=subprocess.DEVNULL
    ) as process:
        try:
            _first_answer(port, LIVEZ, process)
            yield port
        finally:
            process.kill()


def load(folder: Path, path: str = OBJECT, rounds: int = 5, seconds: float = 1.0) -> list[Row]:
    """Sustained requests of what is cached, over 1, 16 and 64 connections, beside bare ones."""
    found: dict[tuple[int, bool], list[float]] = {}
    with (
        ApiServer([deployment()]) as api,
        service(folder, api, HEARTBEAT_CACHE_TTL="5m") as ours,
        bare(folder) as port,
    ):
        ours.get(OBJECT, headers={"Authorization": f"Bearer {TOKEN}"})
        for _ in range(rounds):
            for count in CONNECTIONS:
                for is_ours in (False, True):
                    rate = sustained(
                        ours.port if is_ours else port, request(path), count, seconds, 200
                    )
                    found.setdefault((count, is_ours), []).append(rate)

    def compared(count: int, is_ours: bool, other: int, is_other_ours: bool) -> float:
        rounds = zip(found[count, is_ours], found[other, is_other_ours], strict=True)
        return median(one / two for one, two in rounds)

    rows: list[Row] = []
    for count in CONNECTIONS:
        rates = median(found[count, True]), median(found[count, False])
        what = (
            f"{path}, {count} connections: ours / bare ({rates[0]:.0f} / {rates[1]:.0f} a second)"
        )
        wanted = "" if count != 16 else ">= 0.6" if path == OBJECT else ">= 0.8"
        rows.append((what, compared(count, True, count, False), wanted))
    rows.append((f"{path}: 16 connections / 1", compared(16, True, 1, True), ">= 1"))
    rows.append((f"{path}: 64 connections / 16", compared(64, True, 16, True), ">= 1"))
    return rows


def livez(folder: Path) -> list[Row]:
    """The same of the kubelet's probe."""
    return load(folder, LIVEZ)


def app(folder: Path, rounds: int = 9, count: int = 1_000) -> list[Row]:
    """Processor time of an application's answer to what is cached, beside a bare Falcon app's."""
    with ApiServer([deployment()]) as api, (folder / "log").open("w") as log:
        path = write_kubeconfig(folder / "config", kubeconfig(api.url))
        settings, _ = load_settings(
            {
                "AUTH_TOKEN_BASIC": TOKEN,
                "RATE_LIMIT": "100000000",
                "HEARTBEAT_CACHE_TTL": "5m",
            },
            {"kubeconfig": str(path)},
        )
        ours = wiring.application(
            settings,
            wiring.server_cluster(settings),
            read_files(settings),
            lines=configure_logging("INFO", [TOKEN], log),
        )
        beside = bare_app()
        rows: list[Row] = []
        for route, wanted in ((OBJECT, "<= 13"), (LIVEZ, "")):
            _processor_time(ours, route, 10)
            ratio = median(
                _processor_time(ours, route, count) / _processor_time(beside, route, count)
                for _ in range(rounds)
            )
            rows.append((f"{route}: application time, ours / bare", ratio, wanted))
    return rows


def start(folder: Path, rounds: int = 7) -> list[Row]:
    """From nothing to the first verdict in a pod, beside bare imports; and its memory then."""
    certificate = self_signed(folder / "tls")
    account = pod.account(folder / "account", certificate)
    ratios: list[float] = []
    resident: list[float] = []
    with ApiServer([deployment()], tls=certificate.context()) as api:
        for _ in range(rounds):
            began = time.perf_counter()
            imports = "import falcon, waitress, urllib3, ssl"
            subprocess.run(
                [sys.executable, "-c", imports], check=True, env=environment(folder)
            )  # our own
            imported = time.perf_counter() - began
            took, size = _first_verdict(folder, api, account)
            ratios.append(took / imported)
            resident.append(size)
    return [
        ("start until the first verdict / bare imports", median(ratios), "<= 1.6"),
        ("resident after the first verdict on a live cluster, MiB", median(resident), "<= 42"),
    ]


def calls(folder: Path) -> list[Row]:
    """API calls of a minute in which 2,000 names of one namespace are polled, 400 of them down."""
    return [_calls(folder / "well", 0), _calls(folder / "down", UNAVAILABLE)]


def _calls(folder: Path, down: int) -> Row:
    folder.mkdir()
    objects = [_numbered(number, number < down) for number in range(NAMES)]
    with ApiServer(objects) as api, service(folder, api) as ours:
        began = time.monotonic()
        for number in range(NAMES):
            time.sleep(max(0.0, began + number * PERIOD / NAMES - time.monotonic()))
            path = f"/api/healthz/shop/deployment/api-{number}"
            answer = ours.get(path, headers={"Authorization": f"Bearer {TOKEN}"})
            assert answer.status == (503 if number < down else 200), answer
        lists = sum("limit" in each.parameters for each in api.requests)
        made = len(api.requests)
    what = f"{NAMES} names in {PERIOD:g} s, {down} of them down: API calls, {lists} of them LISTs"
    return what, made, "" if down else "<= 200"


def _numbered(number: int, down: bool) -> dict[str, Any]:
    made = {**deployment(), "metadata": metadata(f"api-{number}")}
    if down:
        made["status"] = {**made["status"], "availableReplicas": 0, "readyReplicas": 0}
    return made


def _processor_time(app: Any, path: str, count: int) -> float:
    """Seconds of the processor that so many answers take."""
    environs = [_environ(path) for _ in range(count)]
    began = time.thread_time()
    for environ in environs:
        app(environ, _start_response)
    return time.thread_time() - began


def _environ(path: str) -> dict[str, Any]:
    """As waitress makes it."""
    return {
        "REQUEST_METHOD": "GET",
        "PATH_INFO": path,
        "QUERY_STRING": "",
        "SCRIPT_NAME": "",
        "REMOTE_ADDR": "127.0.0.1",
        "REMOTE_HOST": "127.0.0.1",
        "REMOTE_PORT": "40000",
        "SERVER_NAME": "waitress.invalid",
        "SERVER_PORT": "8080",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "SERVER_SOFTWARE": "waitress",
        "HTTP_ACCEPT": "*/*",
        "HTTP_AUTHORIZATION": f"Bearer {TOKEN}",
        "HTTP_HOST": "127.0.0.1:8080",
        "HTTP_USER_AGENT": "benchmark",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }


def _start_response(status: str, headers: list[tuple[str, str]], error: Any = None) -> None:
    assert status.startswith("200"), status


def _first_verdict(folder: Path, api: ApiServer, account: Path) -> tuple[float, float]:
    """Seconds until a new process has given its first verdict; MiB that are resident then."""
    port = free_port()
    command = [sys.executable, "-m", "tests.servers.pod", str(account), str(folder / "modules")]
    variables = {"PYTHONPATH": str(ROOT), "PORT": str(port), "AUTH_TOKEN_BASIC": TOKEN}
    environ = environment(folder, **variables, **pod.variables(api.url))
    began = time.perf_counter()
    with (
        (folder / "log").open("w") as log,
        subprocess.Popen(
            [*command, "serve", "--host", "127.0.0.1"], env=environ, cwd=ROOT, stderr=log
        ) as process,
    ):
        try:
            _first_answer(port, OBJECT, process)
            took = time.perf_counter() - began
            return took, _resident(process.pid)
        finally:
            process.terminate()


def _first_answer(port: int, path: str, process: subprocess.Popen[bytes]) -> None:
    """Return once a process answers with 200."""
    while process.poll() is None:
        connection = HTTPConnection("127.0.0.1", port, timeout=10)
        try:
            connection.request("GET", path, headers={"Authorization": f"Bearer {TOKEN}"})
            status = connection.getresponse().status
        except ConnectionError:
            time.sleep(0.002)
        else:
            assert status == 200, status
            return
        finally:
            connection.close()
    raise AssertionError(f"it ended by itself, with {process.returncode}")


def _resident(pid: int) -> float:
    status = Path(f"/proc/{pid}/status").read_text("ascii")
    return int(status.partition("VmRSS:")[2].split()[0]) / 1024


PARTS: dict[str, Callable[[Path], list[Row]]] = {
    "load": load,
    "livez": livez,
    "app": app,
    "start": start,
    "calls": calls,
}


def main() -> None:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("parts", nargs="*", choices=[[], *PARTS], help="all where none is named")
    print("| what | figure | to be |\n|---|---|---|")
    for name in parser.parse_args().parts or PARTS:
        with tempfile.TemporaryDirectory() as folder:
            for what, figure, wanted in PARTS[name](Path(folder)):
                print(f"| {what} | {figure:.4g} | {wanted} |", flush=True)


if __name__ == "__main__":
    main()
