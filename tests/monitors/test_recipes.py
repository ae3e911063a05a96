"""docs/monitors.md: each recipe as it stands there, and what its client shows."""

from __future__ import annotations

import csv
import http.client
import json
import os
import re
import socket
import ssl
import subprocess
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.builders import deployment
from tests.entrypoints.support import served
from tests.servers.api_server import ApiServer, Exchange, status_object, until
from tests.servers.process import fetch, free_port, serving

from .prometheus import Prometheus
from .recipes import HOST, TOKEN, TOKEN_FILE, WRONG, Front, block, fitted, front, running
from .tools import tool

Start = Callable[[Mapping[str, Any]], Prometheus]

_DEMO = ("-m", "k8s_heartbeat", "serve", "--demo")
_MANY = "100000000"
_PATIENCE = 30.0


@dataclass(frozen=True, slots=True)
class State:
    """Something that is asked for.

    Attributes:
        name: What is the matter with it.
        front: Where.
        deployment: Its name.
        token: What it is asked for with.
        code: What answers.
        health: The word for it.
        reason: The reason; empty where no verdict is made.
    """

    name: str
    front: Front
    deployment: str
    token: str
    code: int
    health: str
    reason: str = ""

    @property
    def path(self) -> str:
        """Its path."""
        return f"/api/healthz/shop/deployment/{self.deployment}"

    @property
    def is_up(self) -> bool:
        """Whether its client is to be green."""
        return self.code == 200


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Front]:
    """The demo, which wants a token, behind nginx."""
    home = tmp_path_factory.mktemp("shop")
    settings = {"AUTH_TOKEN_BASIC": TOKEN, "HEARTBEAT_TRUSTED_PROXIES": "127.0.0.1"}
    with (
        serving(home, _DEMO, RATE_LIMIT=_MANY, **settings) as service,
        front(tmp_path_factory.mktemp("nginx"), service.port) as found,
    ):
        yield found


@pytest.fixture(scope="module")
def states(shop: Front, tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[State]]:
    """Everything that a client may meet."""
    home = tmp_path_factory.mktemp("away")
    with ExitStack() as stack:
        api = stack.enter_context(ApiServer())
        api.behave("/", failing)
        service = stack.enter_context(served(home, api, auth="token", AUTH_TOKEN_BASIC=TOKEN))
        away = stack.enter_context(front(tmp_path_factory.mktemp("nginx"), service.port))
        yield [
            State("healthy", shop, "storefront", TOKEN, 200, "healthy", "MinimumReplicasAvailable"),
            State("degraded", shop, "checkout", TOKEN, 200, "degraded", "ReplicasUnavailable"),
            State("down", shop, "payments", TOKEN, 503, "down", "MinimumReplicasUnavailable"),
            State("missing", shop, "wishlist", TOKEN, 404, "missing", "NotFound"),
            State("unauthorised", shop, "storefront", WRONG, 401, "unknown"),
            State("away", away, "payments", TOKEN, 502, "unknown"),
        ]


def ask(found: Front, path: str, token: str = TOKEN) -> tuple[int, str | None, Any]:
    """The code, the word and the body of an answer."""
    context = ssl.create_default_context(cafile=str(found.certificate))
    connection = http.client.HTTPSConnection("127.0.0.1", found.port, context=context)
    try:
        connection.request("GET", path, headers={"Authorization": f"Bearer {token}"})
        answer = connection.getresponse()
        body = answer.read()
        is_json = "json" in (answer.getheader("Content-Type") or "")
        word = answer.getheader("Heartbeat-Status")
        return answer.status, word, json.loads(body) if is_json else None
    finally:
        connection.close()


def test_nginx_passes_every_code_through(states: list[State], tmp_path: Path) -> None:
    """Again and again: a 503 about a workload takes nothing out of service."""
    for _ in range(3):
        for state in states:
            seen = ask(state.front, state.path, state.token)[:2]
            assert seen == (state.code, state.health), state.name
    with front(tmp_path, free_port()) as nothing:
        assert ask(nothing, states[0].path) == (502, None, None)


def test_behind_nginx_targets_have_its_url(shop: Front) -> None:
    """The scheme and the port that clients use."""
    code, _, found = ask(shop, "/api/targets")
    assert code == 200
    assert len(found) == 10
    assert all(url.startswith(f"{shop.url}/api/") for entry in found for url in entry["targets"])


def test_check_http(states: list[State], tmp_path: Path) -> None:
    """Critical for all that is not up, with the reason below the status line."""
    folder = Path(tool("/usr/lib/nagios/plugins/check_http", "monitoring-plugins-basic")).parent
    recipe = block("Nagios and Icinga", "sh")
    for state in states:
        changes = {
            HOST: "127.0.0.1",
            "-p 443": f"-p {state.front.port}",
            "deployment/payments": f"deployment/{state.deployment}",
        }
        done = subprocess.run(
            ["/bin/sh", "-c", fitted(recipe, changes)],
            cwd=tmp_path,
            env={"PATH": f"{folder}:{os.environ['PATH']}", "HEARTBEAT_TOKEN": state.token},
            capture_output=True,
            text=True,
            check=False,
        )
        first, _, body = done.stdout.partition("\n")
        assert done.returncode == (0 if state.is_up else 2), done.stdout + done.stderr
        assert first.startswith("HTTP OK" if state.is_up else "HTTP CRITICAL"), state.name
        assert state.is_up or str(state.code) in first
        assert f'"reason":"{state.reason}"' in body or not state.reason


def test_monit(states: list[State], tmp_path: Path) -> None:
    """Failed for all that is not up, with the code."""
    program, log = tool("monit", "monit"), tmp_path / "monit.log"
    lines = [
        "set daemon 1",
        f"set log {log}",
        f"set httpd unixsocket {tmp_path}/monit.sock",
        "    allow monit:monit",
        *(f"set {name}file {tmp_path}/monit.{name}" for name in ("pid", "id", "state")),
    ]
    for state in states:
        changes = {
            "check host payments": f"check host {state.name}",
            HOST: "127.0.0.1",
            "port 443": f"port {state.front.port}",
            "deployment/payments": f"deployment/{state.deployment}",
            "Bearer TOKEN": f"Bearer {state.token}",
        }
        lines.append(fitted(block("Monit", "monit"), changes))
    path = tmp_path / "monitrc"
    path.touch(0o600)
    path.write_text("\n".join(lines), "utf-8")

    def shown() -> dict[str, str]:
        asked = [program, "-c", str(path), "status"]
        told = subprocess.run(asked, capture_output=True, text=True, check=False).stdout
        return dict(re.findall(r"^Remote Host '(\w+)'\n  status +(.*?) *$", told, re.MULTILINE))

    expected = {state.name: "OK" if state.is_up else "Connection failed" for state in states}
    command = (program, "-I", "-c", str(path))
    with running(command, tmp_path, lambda: len(shown()) == len(states)):
        # The good ones have then been through as many cycles.
        until(lambda: shown() == expected, f"{expected}", _PATIENCE)
    for state in states:
        said = f"'{state.name}' failed protocol test [HTTP]"
        told = [line for line in log.read_text("utf-8").splitlines() if said in line]
        assert all(f"Server returned status {state.code}" in line for line in told)
        assert bool(told) is not state.is_up


def test_haproxy(states: list[State], tmp_path: Path) -> None:
    """Down for all that is not up, with the reason in its statistics and its log."""
    program = tool("/usr/sbin/haproxy", "haproxy")
    control = tmp_path / "haproxy.sock"
    lines = [
        f"global\n    stats socket {control} mode 600",
        "defaults\n    mode http\n    timeout connect 5s\n    timeout client 30s",
        "    timeout server 30s\n    timeout check 10s",
    ]
    for state in states:
        changes = {
            "backend shop": f"backend {state.name}",
            f"addr {HOST} port 443": f"addr 127.0.0.1 port {state.front.port}",
            "deployment/payments": f"deployment/{state.deployment}",
            "HEARTBEAT_TOKEN": "TOKEN" if state.token == TOKEN else "WRONG",
            "/etc/ssl/certs/ca-certificates.crt": str(state.front.certificate),
            "inter 10s": "inter 500ms",
        }
        lines.append(fitted(block("HAProxy", "haproxy"), changes))
    path = tmp_path / "haproxy.cfg"
    path.write_text("\n".join([*lines, ""]), "utf-8")

    def shown() -> dict[str, dict[str, str]]:
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(str(control))
            client.sendall(b"show stat\n")
            text = b"".join(iter(lambda: client.recv(65536), b"")).decode()
        rows = csv.DictReader(text.removeprefix("# ").splitlines())
        return {row["pxname"]: row for row in rows if row["svname"] == "cluster-a"}

    def is_settled() -> bool:
        found = shown()
        return len(found) == len(states) and all(
            found[state.name]["status"] == ("UP" if state.is_up else "DOWN")
            and found[state.name]["check_status"] == ("L7OK" if state.is_up else "L7RSP")
            for state in states
        )

    command = (program, "-db", "-f", str(path))
    with running(command, tmp_path, is_settled, TOKEN=TOKEN, WRONG=WRONG) as log:
        found = shown()
        said = log.read_text("utf-8")
    for state in states:
        expected = f"{state.health} {state.reason}"
        assert state.is_up or found[state.name]["last_chk"].startswith(expected), found
        assert state.is_up or expected in said


@dataclass(frozen=True, slots=True)
class Exporter:
    """A blackbox exporter.

    Attributes:
        port: Its port on 127.0.0.1.
    """

    port: int

    def probe(self, module: str, target: str) -> dict[str, float]:
        """The series of a probe that have no labels."""
        text = fetch(self.port, f"/probe?module={module}&target={target}").body.decode()
        found = re.findall(r"^(\w+) (\S+)$", text, re.MULTILINE)
        return {name: float(value) for name, value in found}


SECTION = "Prometheus and blackbox_exporter"


@pytest.fixture
def exporter(states: list[State], tmp_path: Path) -> Iterator[Exporter]:
    """A blackbox exporter with the module of the page, and the same with a wrong token."""
    program = tool("prometheus-blackbox-exporter", "prometheus-blackbox-exporter")
    modules: dict[str, Any] = {}
    for name, token in (("heartbeat", TOKEN), ("wrong", WRONG)):
        file = tmp_path / f"{name}-token"
        file.write_text(token, "ascii")
        document = yaml.safe_load(fitted(block(SECTION, "yaml"), {TOKEN_FILE: str(file)}))
        modules[name] = document["modules"]["heartbeat"]
    folder = tmp_path / "exporter"
    folder.mkdir()
    path = folder / "blackbox.yml"
    path.write_text(json.dumps({"modules": modules}), "utf-8")
    port = free_port()
    trusted = folder / "trusted.pem"
    fronts = {state.front.certificate for state in states}
    trusted.write_text("".join(file.read_text("ascii") for file in sorted(fronts)), "ascii")
    command = (program, f"--config.file={path}", f"--web.listen-address=127.0.0.1:{port}")
    with running(
        command,
        folder,
        lambda: fetch(port, "/-/healthy").status == 200,
        SSL_CERT_FILE=str(trusted),
    ):
        yield Exporter(port)


def test_blackbox_exporter(states: list[State], exporter: Exporter) -> None:
    """It succeeds for what is up, and tells the code."""
    for state in states:
        module = "heartbeat" if state.token == TOKEN else "wrong"
        found = exporter.probe(module, f"{state.front.url}{state.path}")
        seen = found["probe_success"], found["probe_http_status_code"]
        assert seen == (float(state.is_up), float(state.code)), state.name
    degraded = f"{states[1].front.url}{states[1].path}?fail_on=degraded"
    assert exporter.probe("heartbeat", degraded)["probe_success"] == 0


def test_prometheus_finds_and_probes_all_there_is(
    shop: Front,
    exporter: Exporter,
    start_prometheus: Start,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As the page has it; what it then knows is what the service says, and its rules tell it."""
    token = tmp_path / "token"
    token.write_text(TOKEN, "ascii")
    changes = {
        f"https://{HOST}": shop.url,
        TOKEN_FILE: str(token),
        "127.0.0.1:9115": f"127.0.0.1:{exporter.port}",
    }
    job = yaml.safe_load(fitted(block(SECTION, "yaml", 1), changes))
    rules = tmp_path / "rules.yml"
    rules.write_text(block(SECTION, "yaml", 2), "utf-8")
    told = tmp_path / "told.yml"
    # What the metrics have.
    series = {"namespace": "shop", "kind": "deployment", "name": "payments", "reason": "CrashLoop"}
    record = {"record": "k8s_heartbeat_reason_info", "expr": "vector(1)", "labels": series}
    told.write_text(json.dumps({"groups": [{"name": "told", "rules": [record]}]}), "utf-8")
    monkeypatch.setenv("SSL_CERT_FILE", str(shop.certificate))
    every = {"scrape_interval": "1s", "scrape_timeout": "1s", "evaluation_interval": "250ms"}
    running = start_prometheus({"global": every, "rule_files": [str(rules), str(told)], **job})
    running.until(lambda: len(running.query("probe_success")) == 10, "a probe of each target")
    for found in running.query("probe_success"):
        path = found.labels["instance"].removeprefix(shop.url)
        _, _, body = ask(shop, path)
        assert found.value == float(body["up"]), path
        assert found.labels["kind"] == body["kind"].lower()
        assert found.labels.get("namespace", "") == body["namespace"]
        assert found.labels["name"] == body["name"]
    failing = {entry.labels["name"] for entry in running.query("probe_success == 0")}
    assert failing == {"payments"}

    def reasons() -> dict[str, str]:
        return {
            entry["labels"]["name"]: entry["annotations"]["reason"]
            for entry in running.alerts()
            if entry["labels"]["alertname"] == "WorkloadNotUp"
        }

    running.until(lambda: reasons() == {"payments": "CrashLoop"}, "the alert with its reason")
    (alert,) = (entry for entry in running.alerts() if entry["labels"]["name"] == "payments")
    assert alert["state"] == "pending"
    summary = "deployment shop/payments is not up, code 503"
    assert " ".join(alert["annotations"]["summary"].split()) == summary


def test_an_outage_of_the_api_server_drops_no_target(
    start_prometheus: Start, tmp_path: Path
) -> None:
    """What could not be read is still probed; what is gone is not."""
    token = tmp_path / "token"
    token.write_text(TOKEN, "ascii")
    found = yaml.safe_load(block(SECTION, "yaml", 1))["scrape_configs"][0]["http_sd_configs"][0]
    with (
        ApiServer([deployment()]) as api,
        served(
            tmp_path,
            api,
            auth="token",
            AUTH_TOKEN_BASIC=TOKEN,
            HEARTBEAT_STALE_FOR="0s",
            HEARTBEAT_CACHE_TTL="100ms",
        ) as service,
    ):
        found |= {
            "url": f"http://127.0.0.1:{service.port}/api/targets",
            "refresh_interval": "500ms",
            "authorization": {"type": "Bearer", "credentials_file": str(token)},
        }
        # No exporter is needed to see what is found.
        relabel = {"target_label": "__address__", "replacement": f"127.0.0.1:{free_port()}"}
        job = {
            "job_name": "heartbeat",
            "http_sd_configs": [found],
            "relabel_configs": [relabel],
        }
        running = start_prometheus({"scrape_configs": [job]})
        running.until(lambda: len(running.targets()) == 1, "the target")
        # One kind is enough: a list without it would look whole.
        api.behave("/apis/batch/v1/cronjobs", failing)
        api.objects = []
        before = failures(running)
        running.until(lambda: failures(running) >= before + 3, "refreshes that fail")
        assert len(running.targets()) == 1
        api.forget("/apis/batch/v1/cronjobs")
        running.until(lambda: running.targets() == [], "that it is gone")


def failing(exchange: Exchange) -> None:
    """Answer with an error."""
    exchange.json(500, status_object(500, "InternalError"))


def failures(running: Prometheus) -> int:
    """How many refreshes have failed."""
    text = fetch(running.port, "/metrics").body.decode()
    (count,) = re.findall(r"^prometheus_sd_http_failures_total (\d+)$", text, re.MULTILINE)
    return int(count)
