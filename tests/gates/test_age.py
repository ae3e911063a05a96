"""Gate: how old an answer is, as it is told, is never less than it is."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from k8s_heartbeat.core.checks.selection import workload_kinds
from tests.builders import Manifest, deployment, metadata
from tests.entrypoints.support import served, told
from tests.servers.api_server import ApiServer, Exchange, Request
from tests.servers.faults import FAULTS, truth_of
from tests.servers.process import Answer, Service

from .figures import Figures

TTL, TIMEOUT = 2.2, 3.0
BOUND = 0.1
WELL, WITHOUT_SLICES, HUNG = 7.0, 5.0, 4.0
"""Seconds of each part: all is read slowly; EndpointSlices fail; everything hangs."""
DELAYS = {"deployments": 0.8, "services": 0.4, "endpointslices": 1.7, "pods": 0.2}
"""Seconds that a reading takes; of all others a tenth. Together they take two seconds at most."""
NAMESPACE = "/namespaces/shop/"
SERVICE, SERVICES = "/api/healthz/shop/service/api", "/api/healthz/shop?kind=service"
SLICES = "endpointslices"


def paths() -> Mapping[str, list[str]]:
    """What is asked, and the ends of the API server's paths whose readings it rests on."""
    workloads = [kind.plural for kind in workload_kinds() if kind.group != "argoproj.io"]
    return {
        "/api/healthz/shop/deployment/api": ["/deployments/api"],
        SERVICE: ["/services/api", f"/{SLICES}?api"],
        SERVICES: ["/services", f"/{SLICES}"],
        "/api/healthz/shop?kind=deploy": ["/deployments"],
        "/api/healthz/shop": [f"/{plural}" for plural in workloads],
        "/api/components/shop": [*(f"/{plural}" for plural in workloads), f"/{SLICES}"],
    }


COMPONENT = {
    "name": "shop",
    "members": [{"namespace": "shop"}, {"namespace": "shop", "kind": "service"}],
}


@dataclass(slots=True)
class Ledger:
    """When each good reading came in and was answered, by the end of its path."""

    began: float = field(default_factory=time.monotonic)
    lock: threading.Lock = field(default_factory=threading.Lock)
    good: dict[str, list[tuple[float, float]]] = field(
        default_factory=dict[str, list[tuple[float, float]]]
    )

    def answer(self, exchange: Exchange) -> None:
        """The truth as it was when the request came in, some time later."""
        request = exchange.request
        answer = _stamped(truth_of(exchange), request.came - self.began)
        steps = request.path.rsplit("/", 2)
        delays = (DELAYS[step] for step in steps if step in DELAYS)
        exchange.server.wait(next(delays, 0.1))
        with self.lock:
            self.good.setdefault(_end_of(request), []).append((request.came, time.monotonic()))
        exchange.send(answer)

    def newest(self, end: str, now: float) -> float:
        """When the newest good reading came in that may have been used until now."""
        with self.lock:
            readings = list(self.good.get(end, ()))
        return max((came for came, answered in readings if answered <= now), default=self.began)

    def stamp_of(self, body: Mapping[str, Any]) -> float | None:
        """The moment that the oldest object of an answer bears; None where none bears any."""
        items = (body, *body.get("items", ()))
        found = [
            item["desired"] for item in items if item["kind"] == "Deployment" and "desired" in item
        ]
        return min(found) / 1000 + self.began if found else None


def _end_of(request: Request) -> str:
    end = request.path.partition(NAMESPACE)[2]
    selected = "?api" if "labelSelector" in request.parameters else ""
    return f"/{end}{selected}"


def _stamped(answer: bytes, moment: float) -> bytes:
    """An answer whose Deployments have so many replicas as milliseconds have passed."""
    opening, _, body = answer.partition(b"\r\n\r\n")
    if b'"replicas": 7' not in body:
        return answer
    body = body.replace(b": 7,", b": %d," % (moment * 1000)).replace(
        b": 7}", b": %d}" % (moment * 1000)
    )
    lines = [line for line in opening.split(b"\r\n") if not line.startswith(b"Content-Length")]
    return b"\r\n".join([*lines, b"Content-Length: %d" % len(body), b"", body])


@dataclass(slots=True)
class Tally:
    """What was told."""

    ledger: Ledger
    errors: list[tuple[float, str]] = field(default_factory=list[tuple[float, str]])
    headers: list[tuple[float, str]] = field(default_factory=list[tuple[float, str]])
    unmarked: list[str] = field(default_factory=list[str])
    answers: int = 0
    stale: int = 0
    stale_slices: int = 0

    def poll(self, service: Service, path: str, ends: list[str], ended: threading.Event) -> None:
        """Ask again and again."""
        while not ended.wait(0.07):
            answer = service.get(path)
            self.hear(path, ends, answer, time.monotonic())

    def hear(self, path: str, ends: list[str], answer: Answer, now: float) -> None:
        """Compare an answer with what it rests on at best."""
        body = told(answer)
        if "ageSeconds" not in body:
            return
        stamp = self.ledger.stamp_of(body)
        newest = min(self.ledger.newest(end, now) for end in ends)
        # Of a reading that came in just now, the object itself tells.
        true = now - (newest if stamp is None else min(stamp, newest))
        what = f"{path}: {true:.3f} s, and is told as {body['ageSeconds']}"
        self.errors.append((true - float(str(body["ageSeconds"])), what))
        if "Age" in answer.headers:
            self.headers.append(
                (true - float(answer.headers["Age"]), f"{what}, Age {answer.headers['Age']}")
            )
        self.answers += 1
        self.stale += body["stale"] is True
        self.stale_slices += body["stale"] is True and path in (SERVICE, SERVICES)
        # A part of an object's verdict may have waited for another one.
        waited = TTL if path.count("/") > 4 else 0.0
        if true > TTL + waited + 0.3 and body["stale"] is not True:
            self.unmarked.append(what)


def objects() -> list[Manifest]:
    """A Deployment whose figures are stamps, and a Service with its EndpointSlice."""
    spec: Manifest = {"selector": {"app": "api"}}
    slice_meta = metadata("api-x", labels={"kubernetes.io/service-name": "api"})
    endpoints = [{"addresses": ["10.0.0.1"], "conditions": {"ready": True}}]
    return [
        deployment(7),
        {
            "kind": "Service",
            "apiVersion": "v1",
            "metadata": metadata("api"),
            "spec": spec,
            "status": {},
        },
        {
            "kind": "EndpointSlice",
            "apiVersion": "discovery.k8s.io/v1",
            "metadata": slice_meta,
            "addressType": "IPv4",
            "endpoints": endpoints,
            "ports": [{"port": 80}],
        },
    ]


def test_ages(home: Path, figures: Figures) -> None:
    """Under lists that take up to 1.5 s, then failing EndpointSlices, then a server that hangs."""
    config = home / "heartbeat.yaml"
    config.write_text(json.dumps({"components": [COMPONENT]}), "utf-8")
    ttl, path = f"{TTL}s", str(config)
    tally = Tally(Ledger())
    ended = threading.Event()
    with (
        ApiServer(objects()) as api,
        served(
            home, api, timeout=f"{TIMEOUT}s", HEARTBEAT_CACHE_TTL=ttl, HEARTBEAT_CONFIG=path
        ) as service,
    ):
        api.behave("/", tally.ledger.answer)
        pollers = [
            threading.Thread(target=tally.poll, args=(service, *asked, ended), daemon=True)
            for asked in paths().items()
        ]
        for poller in pollers:
            poller.start()
        time.sleep(WELL)
        api.behave(f"/apis/discovery.k8s.io/v1{NAMESPACE}", FAULTS["internal-error"])
        time.sleep(WITHOUT_SLICES)
        api.behave("/", FAULTS["hung"])
        time.sleep(HUNG)
        ended.set()
        for poller in pollers:
            poller.join(3 * TIMEOUT)
        assert "Traceback" not in service.logged()
    for found in (tally.errors, tally.headers):
        print(*(what for _, what in sorted(found)[-5:]), sep="\n")
    print(*tally.unmarked[:5], sep="\n")
    assert tally.answers > 100
    assert 20 < tally.stale < tally.answers
    assert tally.stale_slices > 10
    what = f"{tally.answers} answers of slow readings"
    worst = max(error for error, _ in tally.errors)
    figures.take(f"{what}: the age told below the true one by", worst, BOUND, "s")
    worst = max(error for error, _ in tally.headers)
    figures.take(f"{what}: the Age header below the true one by", worst, BOUND, "s")
    figures.take(f"{what}: stale, and told as fresh", len(tally.unmarked), 0, "answers")
