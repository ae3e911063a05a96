"""A real Prometheus Pushgateway takes what `push` sends, and shows it to Prometheus."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.builders import Manifest, deployment, stateful_set
from tests.servers.api_server import PATIENCE, ApiServer, until
from tests.servers.faults import closed_port
from tests.servers.kubeconfig import kubeconfig, write_kubeconfig
from tests.servers.process import fetch, free_port, run

pytestmark = pytest.mark.monitors

GROUP = "/metrics/job/k8s-heartbeat/cluster/eu-1"
OBJECT = 'cluster="eu-1",instance="",job="k8s-heartbeat",kind="{}",name="{}",namespace="shop"'
ODD: Manifest = {
    "apiVersion": "shop.example/v1",
    "kind": "Odd",
    "metadata": {"name": 'o"d\\d\n\ud800é', "namespace": "shop", "uid": "odd"},
    "status": {
        "conditions": [{"type": "Ready", "status": "False", "reason": "Odd", "message": "no"}]
    },
}


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """The port of a Pushgateway that keeps nothing."""
    binary = shutil.which("prometheus-pushgateway") or shutil.which("pushgateway")
    if binary is None:
        if os.environ.get("CI"):
            pytest.fail("pushgateway is not installed, and CI has to test with it")
        pytest.skip("pushgateway is not installed (Debian's package prometheus-pushgateway)")
    port = free_port()
    with subprocess.Popen(
        [binary, f"--web.listen-address=127.0.0.1:{port}"],
        cwd=tmp_path_factory.mktemp("pushgateway"),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        try:
            until(lambda: _is_ready(port), "an answer of the Pushgateway")
            yield port
        finally:
            process.terminate()
            process.wait(PATIENCE)


def _is_ready(port: int) -> bool:
    try:
        return fetch(port, "/-/ready").status == 200
    except OSError:
        return False


def push(
    home: Path, port: int, server: str, *arguments: str, group: str = GROUP
) -> subprocess.CompletedProcess[str]:
    """Push once."""
    path = write_kubeconfig(home / "config", kubeconfig(server))
    return run(
        home,
        *("-m", "k8s_heartbeat", "push", *arguments),
        *("--to", f"http://127.0.0.1:{port}{group}"),
        KUBECONFIG=str(path),
        HEARTBEAT_TIMEOUT="1s",
    )


def shown(port: int) -> dict[str, float]:
    """The samples of ours that Prometheus would scrape."""
    text = fetch(port, "/metrics").body.decode("utf-8")
    samples = [line.rpartition(" ") for line in text.splitlines() if line[0] != "#"]
    return {
        name: float(value)
        for name, _, value in samples
        if name.startswith("k8s_heartbeat_") or "push_time" in name or "failure_time" in name
    }


def test_verdicts_are_shown_and_what_is_gone_vanishes(gateway: int, tmp_path: Path) -> None:
    """With the labels of the group, and none of them in the way of the metrics' own."""
    api = OBJECT.format("deployment", "api")
    database = OBJECT.format("statefulset", "db")
    stateful = stateful_set()
    stateful["metadata"]["name"] = "db"
    with ApiServer([deployment(3, 0, conditions=[]), stateful]) as server:
        done = push(tmp_path, gateway, server.url, "-n", "shop")
        assert (done.returncode, done.stderr) == (0, "")
        found = shown(gateway)
        assert found[f"k8s_heartbeat_up{{{api}}}"] == 0
        assert found[f"k8s_heartbeat_up{{{database}}}"] == 1
        assert found[f'k8s_heartbeat_status{{{api},status="down"}}'] == 1
        assert found[f"k8s_heartbeat_replicas_desired{{{api}}}"] == 3
        server.objects = [deployment()]
        assert push(tmp_path, gateway, server.url, "-n", "shop").returncode == 0
    found = shown(gateway)
    assert found[f"k8s_heartbeat_up{{{api}}}"] == 1
    assert not [name for name in found if 'name="db"' in name]
    whole = '{cluster="eu-1",instance="",job="k8s-heartbeat"}'
    assert found[f"k8s_heartbeat_push_up{whole}"] == 1
    assert found[f"push_failure_time_seconds{whole}"] == 0
    judged = found[f"k8s_heartbeat_push_timestamp_seconds{whole}"]
    assert 0 <= found[f"push_time_seconds{whole}"] - judged < 60


def test_what_cannot_be_read_replaces_good_news(gateway: int, tmp_path: Path) -> None:
    """A Pushgateway shows for ever what nobody replaces."""
    with ApiServer([deployment()]) as server:
        assert push(tmp_path, gateway, server.url, "-n", "shop").returncode == 0
    with closed_port() as away:
        assert push(tmp_path, gateway, away, "-n", "shop").returncode == 3
    found = shown(gateway)
    whole = 'cluster="eu-1",instance="",job="k8s-heartbeat"'
    assert found[f"k8s_heartbeat_push_up{{{whole}}}"] == 0
    assert found[f'k8s_heartbeat_push_status{{{whole},status="unknown"}}'] == 1
    assert not [name for name in found if name.startswith("k8s_heartbeat_up")]


def test_a_named_object_that_cannot_be_read_is_unknown(gateway: int, tmp_path: Path) -> None:
    """By the labels that it always has."""
    with closed_port() as away:
        done = push(tmp_path, gateway, away, "deploy/api", "-n", "shop")
    assert done.returncode == 3
    found = shown(gateway)
    api = OBJECT.format("deployment", "api")
    assert found[f"k8s_heartbeat_up{{{api}}}"] == 0
    assert found[f'k8s_heartbeat_status{{{api},status="unknown"}}'] == 1


def test_odd_texts_are_taken(gateway: int, tmp_path: Path) -> None:
    """Quotes, line ends and half a letter in a name; the same object twice in a dump."""
    dump = tmp_path / "dump.json"
    twice: list[Any] = [ODD, {**ODD, "metadata": {**ODD["metadata"], "uid": "other"}}]
    dump.write_text(json.dumps({"kind": "List", "items": twice}), "utf-8")
    done = push(tmp_path, gateway, "http://127.0.0.1:1", "odds.shop.example", "-f", str(dump))
    assert (done.returncode, done.stderr) == (0, "")
    odd = OBJECT.format("odd.shop.example", r"o\"d\\d\n?é")
    assert shown(gateway)[f"k8s_heartbeat_up{{{odd}}}"] == 0


def test_a_label_of_ours_in_the_group_is_a_usage_error(gateway: int, tmp_path: Path) -> None:
    """It would make one object of all."""
    with closed_port() as away:
        done = push(tmp_path, gateway, away, group="/metrics/job/a/namespace/shop")
    assert done.returncode == 2
    assert "a group without the label namespace" in done.stderr
