"""Gate: what was good stands in while the API server is away, and nothing needs a restart."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from tests.builders import Manifest, deployment
from tests.entrypoints.support import API, SERVE, served, told
from tests.servers.api_server import ApiServer, Exchange, truthful, until
from tests.servers.certificates import self_signed
from tests.servers.faults import FAULTS
from tests.servers.kubeconfig import kubeconfig
from tests.servers.process import Service, serving

from .figures import Figures
from .opened_files import Openings

SECONDS, TTL = 2.0, 0.5
GRACE = 0.5
PLACES = [f"place-{number}" for number in range(8)]
BACK = 12.0
"""Seconds after which it works again: it looks once in ten."""
WATCHED = 15.0


def deployments() -> list[Manifest]:
    """Some in each namespace."""
    made = deployment()
    return [
        {**made, "metadata": {**made["metadata"], "namespace": place, "name": f"api-{number}"}}
        for place in PLACES
        for number in range(50)
    ]


def test_lists_stand_in(home: Path, figures: Figures) -> None:
    """Many groups at once, while every list hangs: each is told of what was read before."""
    paths = ["/api/healthz", "/api/healthz?kind=deploy,sts", "/api/components/all"]
    paths += [f"/api/healthz/{place}" for place in PLACES]
    paths += [f"/api/healthz/{place}?kind=deploy" for place in PLACES]
    config = home / "heartbeat.yaml"
    members = [{"namespace": place} for place in PLACES]
    config.write_text(json.dumps({"components": [{"name": "all", "members": members}]}), "utf-8")
    ttl, stated = f"{TTL}s", str(config)
    found: list[tuple[str, int, Mapping[str, Any], float, float]] = []
    with (
        ApiServer(deployments()) as api,
        served(
            home, api, timeout=f"{SECONDS}s", HEARTBEAT_CACHE_TTL=ttl, HEARTBEAT_CONFIG=stated
        ) as service,
    ):
        for path in paths:
            assert service.get(path).status == 200
        read = {path: came(api, path) for path in paths}
        api.behave("/", FAULTS["hung"])
        time.sleep(2 * TTL)

        def ask(path: str) -> None:
            began = time.monotonic()
            answer = service.get(path)
            now = time.monotonic()
            found.append((path, answer.status, told(answer), now, now - began))

        for _ in range(2):
            with ThreadPoolExecutor(2 * len(paths)) as callers:
                list(callers.map(ask, 2 * paths))
    wrong = [
        f"{path}: {status} {body}"
        for path, status, body, _, _ in found
        if status != 200 or body.get("stale") is not True
    ]
    print(*wrong, sep="\n")
    what = f"API server hung, {len(paths)} groups that were good"
    figures.take(f"{what}: not told from what was read", len(wrong), 0, f"of {len(found)} answers")
    slowest = max(took for *_, took in found) - SECONDS
    figures.take(f"{what}: the slowest past the deadline", slowest, GRACE, "s")
    errors = [now - read[path] - float(body["ageSeconds"]) for path, _, body, now, _ in found]
    figures.take(f"{what}: told as younger than it is by", max(errors), 0.25, "s")
    figures.take(f"{what}: told as older than it is by", -min(errors), 1, "s")


def came(api: ApiServer, path: str) -> float:
    """When the oldest of the readings came in that a group rests on."""
    place = next((each for each in PLACES if each in path), "")
    within = f"/namespaces/{place}/" if place else ""
    if "components" in path:
        within = f"/namespaces/{PLACES[0]}/"
    latest: dict[str, float] = {}
    for request in api.requests:
        if (within in request.path) if within else ("/namespaces/" not in request.path):
            latest[request.path] = request.came
    return min(moment for name, moment in latest.items() if name.endswith("deployments"))


def replace_config(path: Path, text: str) -> None:
    """Put another file in its place, at once."""
    made = path.with_name("config.new")
    made.write_text(text, "utf-8")
    made.replace(path)


def watched(home: Path) -> dict[str, str]:
    """The settings of a service that remembers next to nothing."""
    return {
        "KUBECONFIG": str(home / "config"),
        "HEARTBEAT_AUTH": "none",
        "HEARTBEAT_TIMEOUT": "1s",
        "HEARTBEAT_CACHE_TTL": "100ms",
        "HEARTBEAT_STALE_FOR": "0s",
        "HEARTBEAT_DRAIN_SECONDS": "0",
        "RATE_LIMIT": "1000000",
    }


def truth_once(exchange: Exchange) -> None:
    """The truth, over a connection that ends with it."""
    truthful(exchange)
    exchange.close()


def until_good(service: Service) -> float:
    """The seconds until the truth is told again."""
    began = time.monotonic()
    until(lambda: service.get(API).status == 200, "the truth", BACK + 10)
    return time.monotonic() - began


def replaced(home: Path) -> tuple[float, float]:
    """How long it takes after the server was replaced, and after its certificate was."""
    home.mkdir()
    old, new = self_signed(home / "old"), self_signed(home / "new")
    about = {"certificate-authority": str(old.certificate)}
    with ExitStack() as opened:
        second = opened.enter_context(ApiServer([deployment()], tls=old.context()))
        second.behave("/", truth_once)
        with ApiServer([deployment()], tls=old.context()) as first:
            first.behave("/", truth_once)
            replace_config(home / "config", json.dumps(kubeconfig(first.url, cluster=about)))
            service = opened.enter_context(serving(home, SERVE, **watched(home)))
            assert service.get(API).status == 200
        time.sleep(0.3)
        assert service.get(API).status == 502
        replace_config(home / "config", json.dumps(kubeconfig(second.url, cluster=about)))
        server = until_good(service)
        second.tls = new.context()
        about = {"certificate-authority": str(new.certificate)}
        replace_config(home / "config", json.dumps(kubeconfig(second.url, cluster=about)))
        time.sleep(0.3)
        authority = until_good(service) + 0.3
        assert "Traceback" not in service.logged()
    return server, authority


def broken(home: Path) -> tuple[int, float]:
    """How often it looks for a configuration that is broken, and when a mended one is in force."""
    home.mkdir()
    config = home / "config"
    with ExitStack() as opened:
        second = opened.enter_context(ApiServer([deployment()]))
        with ApiServer([deployment()]) as first:
            replace_config(config, json.dumps(kubeconfig(first.url)))
            service = opened.enter_context(serving(home, SERVE, **watched(home)))
            assert service.get(API).status == 200
        openings = opened.enter_context(Openings(config))
        replace_config(config, "clusters: [")
        ended = threading.Event()
        pollers = ThreadPoolExecutor(4)
        opened.callback(pollers.shutdown)
        opened.callback(ended.set)
        for number in range(4):
            pollers.submit(poll, service, number, ended)
        time.sleep(WATCHED)
        looks = len(openings.looks())
        assert service.get(API).status == 502
        replace_config(config, json.dumps(kubeconfig(second.url)))
        took = until_good(service)
        assert "Traceback" not in service.logged()
    return looks, took


def poll(service: Service, number: int, ended: threading.Event) -> None:
    """Ask for one object after the other, none of which is remembered."""
    asked = 0
    while not ended.wait(0.05):
        service.get(f"/api/healthz/shop/deployment/api-{number}-{asked}")
        asked += 1


def test_configurations_that_change(home: Path, figures: Figures) -> None:
    """The kubeconfig's server, its CA, and one that cannot be read; no process is started anew."""
    with ThreadPoolExecutor(2) as lanes:
        first = lanes.submit(replaced, home / "replaced")
        second = lanes.submit(broken, home / "broken")
        server, authority = first.result()
        looks, mended = second.result()
    figures.take("the kubeconfig's server is replaced: until it works", server, BACK, "s")
    figures.take("the API server's CA is replaced: until it works", authority, BACK, "s")
    figures.take(f"a broken kubeconfig: looks in {WATCHED:g} s", looks, 2, "looks")
    assert looks > 0
    figures.take("a broken kubeconfig is mended: until it works", mended, BACK, "s")
