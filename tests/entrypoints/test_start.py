"""How the service starts, or says why it does not."""

from __future__ import annotations

import json
import socket
import textwrap
from pathlib import Path

import pytest

from tests.builders import deployment
from tests.servers.api_server import ApiServer
from tests.servers.kubeconfig import kubeconfig, write_kubeconfig
from tests.servers.process import fetch, run, serving

from .support import API, SERVE, TOKEN

SERVER = textwrap.dedent(
    """
    import os
    from wsgiref.simple_server import make_server
    from k8s_heartbeat.entrypoints.wsgi import application
    make_server("127.0.0.1", int(os.environ["PORT"]), application).serve_forever()
    """
)

# As under a limit of processes, which root knows none of.
FEW_THREADS = textwrap.dedent(
    """
    import sys, threading
    from k8s_heartbeat.adapters.server import Server
    from k8s_heartbeat.entrypoints import cli
    start, left = threading.Thread.start, list(range(int(sys.argv[1])))
    def start_few(thread):
        if not left:
            raise RuntimeError("can't start new thread")
        left.pop()
        start(thread)
    threading.Thread.start = start_few
    Server._listen = None
    sys.exit(cli.main(["serve", "--demo"]))
    """
)


def test_without_a_cluster_it_names_the_places_and_the_demo(home: Path) -> None:
    """Exit 2, and never made-up data."""
    ended = run(home, *SERVE, AUTH_TOKEN_BASIC=TOKEN)
    assert (ended.returncode, ended.stdout) == (2, "")
    for place in ("service account", "KUBECONFIG", str(home / ".kube" / "config"), "--demo"):
        assert place in ended.stderr
    assert "Traceback" not in ended.stderr


def test_without_a_token_it_says_how_to_make_one(home: Path) -> None:
    """Together with what else is wrong; exit 2."""
    ended = run(home, *SERVE, RATE_LIMIT="many")
    assert ended.returncode == 2
    for said in ("AUTH_TOKEN_BASIC", "k8s-heartbeat token", "RATE_LIMIT", "no cluster was found"):
        assert said in ended.stderr


@pytest.mark.parametrize("token", ["xxx", "dGVzdDp0ZXN0"])
def test_a_placeholder_is_no_token(home: Path, api: ApiServer, token: str) -> None:
    """Half of the world knows it."""
    path = write_kubeconfig(home / "config", kubeconfig(api.url))
    ended = run(home, *SERVE, KUBECONFIG=str(path), AUTH_TOKEN_BASIC=token, PORT="0")
    assert ended.returncode == 2
    assert "placeholder" in ended.stderr
    assert api.requests == []


def test_a_port_that_is_taken_is_named(home: Path) -> None:
    """Exit 2, with the port and the setting."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        ended = run(home, "-m", "k8s_heartbeat", "serve", "--demo", PORT=port)
    assert ended.returncode == 2
    assert port in ended.stderr
    assert "PORT" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_snapshot_that_is_not_there_is_named(home: Path) -> None:
    """Exit 3: the command line is right, and there is nothing to read."""
    ended = run(home, *SERVE, "--snapshot", "no-such.json", HEARTBEAT_AUTH="none")
    assert ended.returncode == 3
    assert "no-such.json" in ended.stderr


def test_running_open_is_said_loudly(home: Path, api: ApiServer) -> None:
    """As a warning, at the start."""
    path = write_kubeconfig(home / "config", kubeconfig(api.url))
    with serving(home, SERVE, KUBECONFIG=str(path), HEARTBEAT_AUTH="none") as service:
        lines = [json.loads(line) for line in service.logged().splitlines()]
    assert [line["level"] for line in lines if "running open" in line["message"]] == ["CRITICAL"]


def test_another_wsgi_server_serves_the_application(home: Path, api: ApiServer) -> None:
    """Configured by the environment alone."""
    path = write_kubeconfig(home / "config", kubeconfig(api.url))
    variables = {"KUBECONFIG": str(path), "AUTH_TOKEN_BASIC": TOKEN}
    with serving(home, ["-c", SERVER], **variables) as service:
        assert service.get(API).status == 401
        answer = service.get(f"{API}?token={TOKEN}")
        assert (answer.status, answer.headers["Heartbeat-Status"]) == (200, "healthy")
        assert service.get(API, method="HEAD").status == 401


def test_the_application_refuses_a_configuration_that_is_wrong(home: Path) -> None:
    """Before it takes a request, with the reason."""
    ended = run(home, "-c", "import k8s_heartbeat.entrypoints.wsgi", PORT="0")
    assert ended.returncode != 0
    assert "AUTH_TOKEN_BASIC" in ended.stderr


def test_the_core_imports_the_standard_library_alone(home: Path) -> None:
    """Other tooling imports it where nothing else is installed."""
    script = (
        "import sys; before = set(sys.modules); import k8s_heartbeat.core; "
        "print(*sorted({name.partition('.')[0] for name in set(sys.modules) - before}))"
    )
    ended = run(home, "-W", "error", "-c", script)
    assert ended.returncode == 0, ended.stderr
    allowed = json.loads(run(home, "-c", _STANDARD).stdout)
    assert set(ended.stdout.split()) - set(allowed) == {"k8s_heartbeat"}


def test_the_offline_check_imports_no_server_and_no_client(home: Path) -> None:
    """It answers before either would be imported."""
    (home / "dump.json").write_text(json.dumps(deployment()), "utf-8")
    script = (
        "import sys; from k8s_heartbeat.entrypoints.cli import main; "
        "code = main(['check', '-f', 'dump.json']); "
        "print(*sorted({name.partition('.')[0] for name in sys.modules})); sys.exit(code)"
    )
    ended = run(home, "-c", script)
    assert ended.returncode == 0, ended.stderr
    loaded = set(ended.stdout.splitlines()[-1].split())
    assert not loaded & {"falcon", "kubernetes", "urllib3", "waitress", "cachetools", "msgspec"}


def test_help_is_no_error(home: Path) -> None:
    """Of the module by its name, as of the command."""
    ended = run(home, "-m", "k8s_heartbeat", "--help")
    assert ended.returncode == 0
    assert "serve" in ended.stdout


def test_fetching_from_a_closed_port_is_refused() -> None:
    """The helper of these tests tells a refusal from an answer."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        with pytest.raises(ConnectionRefusedError):
            fetch(bound.getsockname()[1], "/livez")


@pytest.mark.parametrize("started", [0, 1])
def test_without_room_for_its_first_threads_it_does_not_start(home: Path, started: int) -> None:
    """One line that says what to raise, and exit 2; the port is not even listened on."""
    ended = run(home, "-c", FEW_THREADS, str(started), AUTH_TOKEN_BASIC=TOKEN)
    assert (ended.returncode, ended.stdout) == (2, "")
    (line,) = ended.stderr.splitlines()
    assert line.startswith("k8s-heartbeat: threads are needed to serve, and none can be started")
    for said in ("can't start new thread", "ulimit -u", "pids limit"):
        assert said in line


_STANDARD = "import json, sys; print(json.dumps(sorted(sys.stdlib_module_names)))"
