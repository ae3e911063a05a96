"""`serve`, `token`, `config` and the WSGI module, as far as they need no cluster."""

from __future__ import annotations

import http.client
import json
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from k8s_heartbeat.entrypoints.config.settings import Settings, load, token_faults
from tests.builders import deployment
from tests.unit.entrypoints.support import Shell, environment, process

SECRET = "a-t0ken-of-ours"
FAULTS = {
    "PORT": "http",
    "RATE_LIMIT": "none",
    "HEARTBEAT_TIMEOUT": "soon",
    "AUTH_TOKEN_BASIC": f"{SECRET} {SECRET}",
}


def test_all_faults_of_a_service_are_told_at_once(tmp_path: Path) -> None:
    """Wrong settings and no cluster: every line says what, and none holds a secret."""
    done = process(tmp_path, "serve", "--drain-seconds", "x", environ=FAULTS)
    assert (done.returncode, done.stdout) == (2, "")
    for name in (*FAULTS, "--drain-seconds", "KUBECONFIG"):
        assert name in done.stderr
    assert all(line.startswith("k8s-heartbeat: ") for line in done.stderr.splitlines())
    assert SECRET not in done.stderr


@pytest.mark.parametrize(
    ("token", "says"), [("", "is not set"), ("xxx", "placeholder"), ("dGVzdDp0ZXN0", "placeholder")]
)
def test_service_refuses_to_start_without_a_token_of_its_own(
    tmp_path: Path, token: str, says: str
) -> None:
    """It says how to make one."""
    dump = tmp_path / "dump.json"
    dump.write_text(json.dumps(deployment()), encoding="utf-8")
    environ = {"AUTH_TOKEN_BASIC": token}
    done = process(tmp_path, "serve", "--snapshot", str(dump), environ=environ)
    assert done.returncode == 2
    assert says in done.stderr
    assert "k8s-heartbeat token" in done.stderr


def test_service_without_a_cluster_names_the_places_and_the_demo(tmp_path: Path) -> None:
    """It never falls back to made-up data by itself."""
    done = process(tmp_path, "serve", environ={"AUTH_TOKEN_BASIC": SECRET})
    assert done.returncode == 2
    for place in ("service account", "KUBECONFIG", ".kube/config", "--demo"):
        assert place in done.stderr


def test_service_over_a_dump_that_is_not_there_says_so(tmp_path: Path) -> None:
    """3, as for `check`, with the file's name."""
    environ = {"AUTH_TOKEN_BASIC": SECRET}
    done = process(tmp_path, "serve", "--snapshot", "none.json", environ=environ)
    assert (done.returncode, "none.json: No such file" in done.stderr) == (3, True)


def test_port_that_is_taken_is_told(tmp_path: Path, demo: Demo) -> None:
    """With the address and how to choose another."""
    port = str(urlsplit(demo.url).port)
    done = process(tmp_path, "serve", "--demo", "--port", port)
    assert done.returncode == 2
    assert f"cannot listen on 127.0.0.1 port {port}" in done.stderr
    assert "--port" in done.stderr


class Demo:
    """A running `serve --demo` and what it printed.

    Attributes:
        lines: What it printed to try.
        url: Where it listens.
    """

    def __init__(self, running: subprocess.Popen[str]) -> None:
        assert running.stderr is not None
        self.lines: list[str] = []
        for line in running.stderr:
            self.lines.append(line.rstrip("\n"))
            if line.startswith("Ctrl-C"):
                break
        found = re.search(r"http://[\d.]+:\d+", "\n".join(self.lines))
        assert found, self.lines
        self.url = found[0]

    def ask(self, url: str, method: str = "GET") -> tuple[int, dict[str, str], bytes]:
        """The answer to a request over the network."""
        parts = urlsplit(url)
        connection = http.client.HTTPConnection(parts.netloc, timeout=20)
        try:
            connection.request(method, parts.path)
            response = connection.getresponse()
            headers = {name.lower(): value for name, value in response.getheaders()}
            return response.status, headers, response.read()
        finally:
            connection.close()


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """The demo on a free port, stopped by SIGTERM afterwards."""
    running = subprocess.Popen(
        [sys.executable, "-m", "k8s_heartbeat", "serve", "--demo", "--port", "0"],
        env=environment(tmp_path_factory.mktemp("home")),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield Demo(running)
    finally:
        running.send_signal(signal.SIGTERM)
        _, rest = running.communicate(timeout=60)
    assert running.returncode == 0
    for line in rest.splitlines():
        json.loads(line)


def test_demo_answers_as_it_says(demo: Demo) -> None:
    """Every curl line that it prints gives the code and the word behind it, by HEAD too."""
    tried = [re.fullmatch(r"  curl -i (\S+) +# (\d+) (\w+).*", line) for line in demo.lines]
    promises = [match.groups() for match in tried if match]
    assert len(promises) == 10
    for url, code, word in promises:
        status, headers, body = demo.ask(url)
        assert (str(status), headers["heartbeat-status"]) == (code, word), url
        assert json.loads(body)["status"] == word
        assert demo.ask(url, "HEAD")[0] == status


def test_demo_listens_on_this_machine_alone(demo: Demo) -> None:
    """It is open, so it is not for the network; its log says that it is open."""
    assert demo.url.startswith("http://127.0.0.1:")
    assert any("running open" in line for line in demo.lines)
    assert demo.ask(f"{demo.url}/livez")[0] == 200


def test_token_is_made_once_and_shown_in_every_form(shell: Shell) -> None:
    """Standard output holds the token alone, for scripts; the forms are for people."""
    first, second = shell.run("token"), shell.run("token")
    token = first.out.strip()
    assert first.code == 0
    assert first.out.splitlines() == [token]
    assert token != second.out.strip()
    assert len(token) >= 32
    assert re.fullmatch(r"[\w-]+", token)
    for form in (
        f"Bearer {token}",
        f"Basic {token}",
        f"?token={token}",
        f"AUTH_TOKEN_BASIC={token}",
    ):
        assert form in first.err
    assert token_faults(load({"AUTH_TOKEN_BASIC": token})[0]) == []


def test_config_shows_settings_with_their_origin_and_no_secret(shell: Shell) -> None:
    """A line each, on standard output."""
    shell.monkeypatch.setenv("AUTH_TOKEN_BASIC", SECRET)
    shell.monkeypatch.setenv("PORT", "81")
    done = shell.run("config", "--context", "prod")
    assert (done.code, done.err) == (0, "")
    assert "PORT=81  (PORT)" in done.out.splitlines()
    assert "AUTH_TOKEN_BASIC=***  (AUTH_TOKEN_BASIC)" in done.out.splitlines()
    assert "HEARTBEAT_CONTEXT=prod  (--context)" in done.out.splitlines()
    assert SECRET not in done.out


def test_config_tells_all_faults(shell: Shell) -> None:
    """2, a line each."""
    for name, value in FAULTS.items():
        shell.monkeypatch.setenv(name, value)
    done = shell.run("config")
    assert (done.code, done.out) == (2, "")
    assert len(done.err.splitlines()) == len(FAULTS)
    assert SECRET not in done.err


@pytest.mark.parametrize(
    ("environ", "works"),
    [
        ({"HEARTBEAT_AUTH": "none"}, True),
        ({"AUTH_TOKEN_BASIC": SECRET}, True),
        ({}, False),
        ({"AUTH_TOKEN_BASIC": "xxx"}, False),
        ({"HEARTBEAT_AUTH": "none", "PORT": "x"}, False),
    ],
)
def test_wsgi_module_is_configured_by_the_environment(
    tmp_path: Path, environ: dict[str, str], works: bool
) -> None:
    """Any WSGI server can serve `application`; what is wrong stops it before a request."""
    dump = tmp_path / "dump.json"
    dump.write_text(json.dumps(deployment()), encoding="utf-8")
    code = (
        "from falcon.testing import TestClient\n"
        "from k8s_heartbeat.entrypoints.wsgi import application\n"
        "print(TestClient(application).simulate_get('/readyz').status_code)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=environment(tmp_path, {"HEARTBEAT_SNAPSHOT": str(dump), **environ}),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode == 0) is works, done.stderr
    assert done.stdout == ("200\n" if works else "")
    assert SECRET not in done.stderr


def test_wsgi_module_tells_all_that_is_wrong_at_once(tmp_path: Path) -> None:
    """Settings, files and tokens."""
    done = subprocess.run(
        [sys.executable, "-c", "import k8s_heartbeat.entrypoints.wsgi"],
        env=environment(
            tmp_path,
            {
                "RATE_LIMIT": "a",
                "AUTH_TOKEN_BASIC": "xxx",
                "HEARTBEAT_CONFIG": "/nowhere",
                "HEARTBEAT_TOKENS_FILE": "/nowhere",
            },
        ),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode != 0
    for word in ("RATE_LIMIT: ", "AUTH_TOKEN_BASIC: ", "TOKENS_FILE: ", "a configuration is"):
        assert word in done.stderr


def test_a_snapshot_that_is_not_there_beside_other_faults_is_one_of_them(
    shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    """2, for the configuration is wrong."""
    monkeypatch.setenv("AUTH_TOKEN_BASIC", "xxx")
    done = shell.run("serve", "--snapshot", "/nowhere")
    assert done.code == 2
    assert "placeholder" in done.err
    assert "snapshot: " in done.err


@pytest.mark.parametrize("argv", [(), ("serv",), ("serve", "--demo", "--snapshot", "x")])
def test_command_line_that_is_none_is_refused(shell: Shell, argv: tuple[str, ...]) -> None:
    """2, with the usage."""
    done = shell.run(*argv)
    assert done.code == 2
    assert "usage: " in done.err


def test_drain_waits_by_default_long_enough_for_a_load_balancer() -> None:
    """Kubernetes takes a moment to stop sending requests."""
    assert Settings().drain_seconds == 5
