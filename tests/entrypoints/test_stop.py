"""How the service ends: nobody who has a connection goes without an answer."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from contextlib import ExitStack
from http.client import HTTPConnection
from pathlib import Path

import pytest

from tests.builders import deployment
from tests.servers.api_server import PATIENCE, ApiServer, until
from tests.servers.faults import holding
from tests.servers.process import Service, environment, fetch, serving

from .support import API, DEFAULT_SIGNALS, SERVE, log_lines, served

KNATIVE = ("-m", "k8s_heartbeat.entrypoints.knative")
# Stands still while it reads its configuration, long before it listens.
STARTING = f"""
{DEFAULT_SIGNALS}
import threading
from k8s_heartbeat.entrypoints import cli, serve_command
def load(*_):
    print("starting", flush=True)
    threading.Event().wait(60)
serve_command.load = load
cli.main(["serve"])
"""
# Stands still once it listens, until a line comes in.
LISTENING = f"""
{DEFAULT_SIGNALS}
import sys
from k8s_heartbeat.adapters.server import Server
from k8s_heartbeat.entrypoints import cli
listen = Server._listen
def listen_and_stand_still(*arguments):
    made = listen(*arguments)
    print(made[0].getsockname()[1], flush=True)
    sys.stdin.readline()
    return made
Server._listen = listen_and_stand_still
sys.exit(cli.main(sys.argv[1:]))
"""
BY_DEFAULTS = f"""
{DEFAULT_SIGNALS}
import sys
from k8s_heartbeat.entrypoints.cli import main
sys.exit(main(["serve", "--host", "127.0.0.1"]))
"""
NOHUP = """
import signal, sys
from k8s_heartbeat.entrypoints.cli import main
signal.signal(signal.SIGHUP, signal.SIG_IGN)
sys.exit(main(["serve", "--host", "127.0.0.1"]))
"""
AS_FIRST = """
import os, sys
inner = [sys.executable, "-m", "k8s_heartbeat", "serve", "--host", "127.0.0.1"]
os.execv(sys.argv[1], [sys.argv[1], "--pid", "--fork", "--kill-child", *inner])
"""


class Callers:
    """Threads that ask for one object each; `codes` holds what each of them got."""

    def __init__(self, service: Service) -> None:
        self.codes: list[int | str] = []
        self._service = service
        self._threads: list[threading.Thread] = []
        self._sent: list[str] = []

    def ask(self, *paths: str) -> None:
        """Ask for each path on a connection of its own; returns once all have been sent."""
        for path in paths:
            thread = threading.Thread(target=self._ask, args=(path,), daemon=True)
            self._threads.append(thread)
            thread.start()
        until(lambda: len(self._sent) == len(self._threads), "all requests to be sent")

    def _ask(self, path: str) -> None:
        connection = HTTPConnection("127.0.0.1", self._service.port, timeout=2 * PATIENCE)
        try:
            connection.request("GET", path)
            self._sent.append(path)
            self.codes.append(connection.getresponse().status)
        except OSError as error:
            self.codes.append(repr(error))
        finally:
            connection.close()

    def end(self) -> list[int | str]:
        """What they got, once all of them got it."""
        for thread in self._threads:
            thread.join(PATIENCE)
        assert len(self.codes) == len(self._threads)
        return self.codes


@pytest.mark.parametrize("entry", ["classic", "knative"])
def test_requests_in_flight_and_queued_are_answered(home: Path, api: ApiServer, entry: str) -> None:
    """SIGTERM with 24 callers of 12 objects: 200 for each, exit 0."""
    names = [f"api-{number}" for number in range(12)]
    api.objects = [_named(name) for name in names]
    arguments = (*SERVE, "--drain-seconds", "0") if entry == "classic" else KNATIVE
    drain = "30" if entry == "knative" else "0"
    with ExitStack() as opened:
        hold, released = opened.enter_context(holding())
        api.behave("/apis/", hold)
        service = opened.enter_context(
            served(
                home,
                api,
                arguments=arguments,
                timeout="10s",
                drain=drain,
                HEARTBEAT_THREADS="64",
                HEARTBEAT_HOST="127.0.0.1",
            )
        )
        callers = Callers(service)
        callers.ask(*(f"/api/healthz/shop/deployment/{name}" for name in names))
        api.wait_for(12)
        callers.ask(*(f"/api/healthz/shop/deployment/{name}" for name in names))
        service.process.send_signal(signal.SIGTERM)
        service.says("stopping")
        released.set()
        assert callers.end() == [200] * 24
        assert service.process.wait(PATIENCE) == 0


def test_more_than_the_threads_are_all_answered(home: Path, api: ApiServer) -> None:
    """With two threads, one waits for the cluster, and the other tells the rest so."""
    with (
        holding() as (hold, released),
        served(home, api, timeout="10s", HEARTBEAT_THREADS="2") as service,
    ):
        api.behave("/apis/", hold)
        callers = Callers(service)
        callers.ask(API)
        api.wait_for(1)
        callers.ask(*[API] * 40)
        service.process.send_signal(signal.SIGTERM)
        service.says("stopping")
        released.set()
        codes = callers.end()
        assert set(codes) <= {200, 504}
        assert codes.count(200) >= 1
        assert service.process.wait(PATIENCE) == 0


def test_requests_queued_behind_another_on_one_connection_are_answered(
    home: Path, api: ApiServer
) -> None:
    """What the server has read it answers, also when it asks the client to go elsewhere."""
    with (
        holding() as (hold, released),
        served(home, api, timeout="10s") as service,
        socket.create_connection(("127.0.0.1", service.port), PATIENCE) as sock,
    ):
        api.behave("/apis/", hold)
        request = f"GET {API} HTTP/1.1\r\nHost: a\r\n\r\n".encode()
        # in one piece, so that the server has all of them once it works on the first
        sock.sendall(request * 3)
        api.wait_for(1)
        service.process.send_signal(signal.SIGTERM)
        service.says("stopping")
        released.set()
        with sock.makefile("rb") as stream:
            answers = stream.read()
        assert answers.count(b"HTTP/1.1 200 OK") == 3
        assert service.process.wait(PATIENCE) == 0


def test_while_it_drains_it_serves_on_and_is_unready(home: Path, api: ApiServer) -> None:
    """Load balancers need a while to notice; nobody who comes meanwhile is refused."""
    with served(home, api, drain="1") as service:
        service.process.send_signal(signal.SIGTERM)
        until(lambda: service.get("/readyz").status == 503, "its being unready")
        answer = service.get(API)
        assert (answer.status, answer.headers["Connection"]) == (200, "close")
        assert service.get("/livez").status == 200
        assert service.get("/readyz?verbose").status == 503
        began = time.monotonic()
        assert service.process.wait(PATIENCE) == 0
        assert time.monotonic() - began < 2.5
        with pytest.raises(ConnectionRefusedError):
            fetch(service.port, "/livez")


def test_no_caller_is_refused_before_the_listener_closes(home: Path, api: ApiServer) -> None:
    """Callers that come without a pause see answers until the kernel refuses or resets them."""
    with served(home, api, HEARTBEAT_CACHE_TTL="1m") as service:
        service.get(API)
        outcomes: list[int | str] = []

        def keep_asking() -> None:
            while True:
                try:
                    outcomes.append(service.get(API).status)
                except (ConnectionRefusedError, ConnectionResetError):
                    # the listener is closed, or was while the kernel had us in its queue
                    return
                except OSError as error:
                    outcomes.append(repr(error))
                    return

        threads = [threading.Thread(target=keep_asking, daemon=True) for _ in range(4)]
        for thread in threads:
            thread.start()
        until(lambda: len(outcomes) > 40, "answers")
        assert service.stop() == 0
        for thread in threads:
            thread.join(PATIENCE)
    assert set(outcomes) == {200}


def test_idle_connections_do_not_hold_it_up(home: Path, api: ApiServer) -> None:
    """A monitor keeps its connection open for minutes; one that never asks is no request."""
    with served(home, api) as service, ExitStack() as opened:
        for speech in (b"", b"GET /livez HT", b"GET /livez HTTP/1.1\r\nHost: a\r\n\r\n"):
            idle = opened.enter_context(socket.create_connection(("127.0.0.1", service.port)))
            idle.sendall(speech)
        until(lambda: service.get("/livez").status == 200, "its taking them in")
        began = time.monotonic()
        assert service.stop() == 0
        assert time.monotonic() - began < 3


def test_ctrl_c_answers_what_is_in_flight_and_exits_130(home: Path, api: ApiServer) -> None:
    """Without the wait of a drain, however long that is set to."""
    with holding() as (hold, released), served(home, api, drain="60", timeout="10s") as service:
        api.behave("/apis/", hold)
        callers = Callers(service)
        callers.ask(API)
        api.wait_for(1)
        service.process.send_signal(signal.SIGINT)
        service.says("stopping")
        released.set()
        assert callers.end() == [200]
        assert service.process.wait(PATIENCE) == 130
        assert "Traceback" not in service.logged()


def test_a_second_ctrl_c_ends_it_at_once(home: Path, api: ApiServer) -> None:
    """Whoever presses twice means it."""
    with holding() as (hold, _), served(home, api, drain="60", timeout="10s") as service:
        api.behave("/apis/", hold)
        callers = Callers(service)
        callers.ask(API)
        api.wait_for(1)
        service.process.send_signal(signal.SIGINT)
        service.says("stopping")
        assert service.stop(signal.SIGINT) == 130
        callers.end()


def test_knative_listens_on_the_port_it_is_given(home: Path, api: ApiServer) -> None:
    """On every address, open only when that is said, and its drain waits for nothing."""
    with served(home, api, arguments=KNATIVE, drain="30") as service:
        assert service.get(API).status == 200
        began = time.monotonic()
        assert service.stop() == 0
        assert time.monotonic() - began < 3
        assert any("stopped" in str(line["message"]) for line in log_lines(service))


def test_the_demo_ends_by_either_signal(home: Path) -> None:
    """At once: nobody balances a load over it."""
    for number, code in ((signal.SIGTERM, 0), (signal.SIGINT, 130)):
        with serving(home, ["-m", "k8s_heartbeat", "serve", "--demo"]) as service:
            assert service.stop(number) == code
            assert "Traceback" not in service.logged()


def dump(home: Path) -> str:
    """The path of a dump with one Deployment."""
    path = home / "dump.json"
    path.write_text(json.dumps(deployment()), "utf-8")
    return str(path)


def _named(name: str) -> dict[str, object]:
    made = deployment()
    made["metadata"]["name"] = name
    return made


@pytest.mark.parametrize("number", ["SIGTERM", "SIGHUP"])
def test_a_stop_while_it_starts_ends_it(home: Path, number: str) -> None:
    """Exit 0: it was asked to stop, and nobody was served yet."""
    with subprocess.Popen(
        [sys.executable, "-c", STARTING],
        cwd=home,
        env=environment(home),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"starting\n"
        process.send_signal(signal.Signals[number])
        assert (process.wait(PATIENCE), process.stdout.read()) == (0, b"")


@pytest.mark.parametrize(
    ("numbers", "code"),
    [
        ("SIGTERM", 0),
        ("SIGHUP", 0),
        ("SIGINT", 130),
        ("SIGTERM SIGHUP SIGTERM", 0),
    ],
)
@pytest.mark.parametrize("entry", ["classic", "knative"])
def test_a_stop_between_listening_and_serving_loses_no_request(
    home: Path, numbers: str, code: int, entry: str
) -> None:
    """Who connected is answered, as in any other drain."""
    arguments = ["serve", "--demo"] if entry == "classic" else ["serve", "--drain-seconds", "0"]
    with subprocess.Popen(
        [sys.executable, "-c", LISTENING, *arguments],
        cwd=home,
        env=environment(
            home,
            PORT="0",
            HEARTBEAT_HOST="127.0.0.1",
            HEARTBEAT_AUTH="none",
            HEARTBEAT_SNAPSHOT=dump(home),
        ),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        port = int(process.stdout.readline())
        connection = HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
        connection.request("GET", "/livez")
        for number in numbers.split():
            process.send_signal(signal.Signals[number])
        process.stdin.write(b"\n")
        process.stdin.flush()
        assert connection.getresponse().status == 200
        connection.close()
        _, logged = process.communicate(timeout=PATIENCE)
        assert process.returncode == code
        assert b'"message": "stopped"' in logged
        assert b"Traceback" not in logged


def test_a_second_sigterm_changes_nothing(home: Path, api: ApiServer) -> None:
    """Whoever is impatient has SIGKILL; what is in flight is answered."""
    with holding() as (hold, released), served(home, api, timeout="10s") as service:
        api.behave("/apis/", hold)
        callers = Callers(service)
        callers.ask(API)
        api.wait_for(1)
        service.process.send_signal(signal.SIGTERM)
        service.says("stopping")
        service.process.send_signal(signal.SIGTERM)
        released.set()
        assert callers.end() == [200]
        assert service.process.wait(PATIENCE) == 0


def test_sighup_is_a_stop(home: Path, api: ApiServer) -> None:
    """A terminal that closes, or who expects a reload: nobody goes without an answer."""
    with served(home, api, arguments=("-c", BY_DEFAULTS)) as service:
        assert service.stop(signal.SIGHUP) == 0
        service.says("stopped")


def test_nohup_is_heeded(home: Path, api: ApiServer) -> None:
    """What was started with SIGHUP ignored goes on ignoring it."""
    with served(home, api, arguments=("-c", NOHUP)) as service:
        service.process.send_signal(signal.SIGHUP)
        assert service.get(API).status == 200
        assert service.stop() == 0


def test_the_first_process_of_a_container_stops(home: Path, api: ApiServer) -> None:
    """The kernel drops signals to it that it has no handler for."""
    unshare = shutil.which("unshare")
    if not unshare or subprocess.run([unshare, "--pid", "--fork", "true"], check=False).returncode:
        pytest.skip("no PID namespaces here")
    with served(home, api, arguments=("-c", AS_FIRST, unshare)) as service:
        outer = service.process.pid
        children = Path(f"/proc/{outer}/task/{outer}/children").read_text("utf-8")
        os.kill(int(children), signal.SIGTERM)
        assert service.process.wait(PATIENCE) == 0
        service.says("stopped")
