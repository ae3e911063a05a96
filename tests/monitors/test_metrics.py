"""What is shipped for Prometheus and Grafana, with a real Prometheus that scrapes the demo."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
import yaml

from k8s_heartbeat.core import Health
from tests.servers.process import Service, serving

from .prometheus import Prometheus, prometheus
from .tools import run_tool, tool

ROOT = Path(__file__).parents[2]
SHIPPED = ROOT / "deploy" / "monitoring"
DASHBOARD: dict[str, Any] = json.loads((SHIPPED / "grafana-dashboard.json").read_text("utf-8"))
PANELS: list[dict[str, Any]] = DASHBOARD["panels"]
QUERIES = {
    f"{panel['title']} {target['refId']}": target["expr"]
    for panel in PANELS
    for target in panel.get("targets", ())
}
EMPTY = {
    # The demo is a dump: there is no API server.
    "Requests to the API server A",
    "Latency of the API server (99th percentile) A",
}
VALUES = {
    "$namespace": ".*",
    "$kind": ".*",
    "$__rate_interval": "10s",
}
TOKEN = "canary-token-of-prometheus"
WORDS = {str(word) for word in Health}

Start = Callable[[Mapping[str, Any]], Prometheus]


@pytest.fixture(scope="module")
def promtool() -> str:
    """The program that checks what Prometheus reads."""
    return tool("promtool", "prometheus")


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """The demo behind a token."""
    home = tmp_path_factory.mktemp("guarded")
    command = ("-m", "k8s_heartbeat", "serve", "--demo")
    with serving(home, command, AUTH_TOKEN_BASIC=TOKEN, RATE_LIMIT="100000000") as service:
        yield service


@pytest.fixture(scope="module")
def scraping(guarded: Service, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prometheus]:
    """A Prometheus by the jobs and rules that are shipped, over the demo."""
    program = tool("prometheus", "prometheus")
    folder = tmp_path_factory.mktemp("scraping")
    with ExitStack() as stack:
        running = stack.enter_context(prometheus(program, folder, shipped(guarded, folder)))
        running.until_scraped(3)
        yield running


def shipped(service: Service, folder: Path, token: str = TOKEN) -> dict[str, Any]:
    """The configuration that is shipped, but for what only a cluster has."""
    configuration: dict[str, Any] = yaml.safe_load((SHIPPED / "prometheus.yml").read_text("utf-8"))
    (folder / "token").write_text(token, "utf-8")
    shutil.copy(SHIPPED / "alerts.yml", folder)
    for job in configuration["scrape_configs"]:
        # Debian's build knows no `kubernetes_sd_configs`.
        for name in ("kubernetes_sd_configs", "relabel_configs"):
            job.pop(name, None)
        for name in ("scrape_interval", "scrape_timeout"):
            job.pop(name, None)
        job["authorization"]["credentials_file"] = str(folder / "token")
        job["static_configs"] = [{"targets": [f"127.0.0.1:{service.port}"]}]
    return configuration


@pytest.mark.parametrize("path", ["/metrics", "/api/metrics", "/api/metrics/shop"])
@pytest.mark.parametrize("accept", ["text/plain", "application/openmetrics-text"])
def test_promtool_has_no_objection(
    demo: Service, promtool: str, tmp_path: Path, path: str, accept: str
) -> None:
    """To names, units and help; it reads the text form, and of the other one what both have."""
    body = demo.get(path, headers={"Accept": accept}).body
    if accept != "text/plain":
        body = _as_text(body)
    assert run_tool(promtool, "check", "metrics", cwd=tmp_path, given=body) == (0, "")


def test_the_rules_do_as_they_should(promtool: str, tmp_path: Path) -> None:
    """Each alert fires when it is to, with its annotations, and not otherwise."""
    shutil.copy(SHIPPED / "alerts.yml", tmp_path)
    shutil.copy(Path(__file__).with_name("alerts_test.yml"), tmp_path)
    code, text = run_tool(promtool, "check", "rules", "alerts.yml", cwd=tmp_path)
    assert code == 0, text
    code, text = run_tool(promtool, "test", "rules", "alerts_test.yml", cwd=tmp_path)
    assert code == 0, text


def test_every_alert_is_tested_and_says_what_to_do() -> None:
    """By its name."""
    rules = yaml.safe_load((SHIPPED / "alerts.yml").read_text("utf-8"))
    tested = yaml.safe_load(Path(__file__).with_name("alerts_test.yml").read_text("utf-8"))
    firing = {
        case["alertname"]
        for test in tested["tests"]
        for case in test["alert_rule_test"]
        if case["exp_alerts"]
    }
    alerts = [rule for group in rules["groups"] for rule in group["rules"]]
    assert {rule["alert"] for rule in alerts} == firing
    for rule in alerts:
        assert rule["labels"]["severity"] in ("critical", "warning")
        assert rule["annotations"].keys() == {"summary", "description", "action"}


class TestScraped:
    """What Prometheus has of the demo."""

    def test_every_verdict_is_there_with_its_own_labels(self, scraping: Prometheus) -> None:
        """Each object once, with one word."""
        up = scraping.query('k8s_heartbeat_up{job="k8s-heartbeat-workloads"}')
        assert {
            (entry.labels["namespace"], entry.labels["kind"], entry.labels["name"], entry.value)
            for entry in up
        } >= {
            ("shop", "deployment", "payments", 0.0),
            ("shop", "deployment", "storefront", 1.0),
            ("shop", "statefulset", "orders-db", 1.0),
            ("platform", "daemonset", "log-agent", 1.0),
        }
        components = scraping.query('k8s_heartbeat_up{kind="component"}')
        assert {entry.labels["name"] for entry in components} == {"checkout", "storefront"}
        held = scraping.query("k8s_heartbeat_status == 1")
        assert len(held) == len(up) + len(components)
        words = scraping.query("count by (status) (k8s_heartbeat_status)")
        assert {entry.labels["status"] for entry in words} == WORDS

    def test_the_token_is_in_none_of_it(self, scraping: Prometheus) -> None:
        """Nor in what is counted of requests."""
        series = scraping.api("series", **{"match[]": '{job=~".+"}'})
        assert series
        assert TOKEN not in json.dumps(series)

    def test_an_alert_is_pending_for_what_is_down(self, scraping: Prometheus) -> None:
        """By the rules that are shipped."""

        def pending() -> set[tuple[str, str]]:
            alerts = [entry["labels"] for entry in scraping.alerts()]
            return {(labels["alertname"], labels["name"]) for labels in alerts}

        expected = {("WorkloadDown", "payments"), ("WorkloadDegraded", "checkout")}
        scraping.until(lambda: expected <= pending(), "the alerts of the demo")
        (down,) = [
            entry for entry in scraping.alerts() if entry["labels"].get("name") == "payments"
        ]
        assert "MinimumReplicasUnavailable" in down["annotations"]["description"]

    @pytest.mark.parametrize("name", QUERIES)
    def test_a_query_of_the_dashboard_has_data(self, scraping: Prometheus, name: str) -> None:
        """As Grafana sends it for all namespaces and kinds."""
        expression = QUERIES[name]
        for variable, value in VALUES.items():
            expression = expression.replace(variable, value)
        assert "$" not in expression
        found = scraping.query(expression)
        assert bool(found) == (name not in EMPTY), (expression, found)


def test_a_wrong_token_is_a_target_that_is_down(
    guarded: Service, start_prometheus: Start, tmp_path: Path
) -> None:
    """So that the alert on the scrape says it."""
    running = start_prometheus(shipped(guarded, tmp_path, "wrong"))
    refused = {"server returned HTTP status 401 Unauthorized"}
    running.until(
        lambda: {entry["lastError"] for entry in running.targets()} == refused,
        "scrapes that fail",
    )
    running.until(lambda: {entry.value for entry in running.query("up")} == {0.0}, "up is 0")
    assert running.query("k8s_heartbeat_up") == []


class TestDashboard:
    """What Grafana needs to import it."""

    def test_it_has_what_a_dashboard_has(self) -> None:
        """Under an identity that stays, so that a later version replaces it."""
        assert DASHBOARD["title"] == DASHBOARD["uid"] == "k8s-heartbeat"
        assert DASHBOARD["id"] is None
        assert DASHBOARD["schemaVersion"] >= 36
        assert {entry["name"]: entry["type"] for entry in DASHBOARD["templating"]["list"]} == {
            "datasource": "datasource",
            "namespace": "query",
            "kind": "query",
        }

    def test_each_panel_is_whole(self) -> None:
        """With an id of its own, a description, and the data source that is chosen."""
        identities = [panel["id"] for panel in PANELS]
        assert len(set(identities)) == len(identities)
        for panel in PANELS:
            if panel["type"] == "row":
                continue
            assert panel["title"]
            assert panel["description"]
            references = [target["refId"] for target in panel["targets"]]
            assert len(set(references)) == len(references)
            for entry in (panel, *panel["targets"]):
                assert entry["datasource"] == {"type": "prometheus", "uid": "${datasource}"}

    def test_no_panel_covers_another(self) -> None:
        """In the 24 columns that Grafana has."""
        taken: set[tuple[int, int]] = set()
        for panel in PANELS:
            place = panel["gridPos"]
            assert place["x"] + place["w"] <= 24
            cells = {
                (place["x"] + column, place["y"] + line)
                for column in range(place["w"])
                for line in range(place["h"])
            }
            assert not cells & taken, panel["title"]
            taken |= cells

    def test_every_variable_is_one_that_there_is(self) -> None:
        """Or Grafana sends its name."""
        used = {name for query in QUERIES.values() for name in re.findall(r"\$\w+", query)}
        assert used == VALUES.keys()


def _as_text(body: bytes) -> bytes:
    """What `promtool check metrics`, which reads the text form alone, can read of OpenMetrics."""
    names = re.sub(rb"^# (HELP|TYPE) (\S+) ", _named(body), body, flags=re.MULTILINE)
    lines = names.removesuffix(b"# EOF\n").splitlines(keepends=True)
    return b"".join(
        re.sub(rb" (info|stateset)\n$", b" gauge\n", line) if line.startswith(b"# TYPE") else line
        for line in lines
    )


def _named(body: bytes) -> Callable[[re.Match[bytes]], bytes]:
    """The suffix that the text form has in its comments too."""
    counters = set(re.findall(rb"^# TYPE (\S+) counter$", body, re.MULTILINE))
    infos = set(re.findall(rb"^# TYPE (\S+) info$", body, re.MULTILINE))

    def rename(match: re.Match[bytes]) -> bytes:
        word, name = match.groups()
        suffix = b"_total" if name in counters else b"_info" if name in infos else b""
        return b"# " + word + b" " + name + suffix + b" "

    return rename
