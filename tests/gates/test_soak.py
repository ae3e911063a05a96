"""Gate: at the highest rate that one core carries, under random faults, no answer is wrong."""

from __future__ import annotations

import json
import os
import random
import statistics
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.builders import Manifest, condition, deployment
from tests.entrypoints.support import SERVE
from tests.servers.api_server import ApiServer, Behaviour, Exchange, truthful
from tests.servers.faults import FAULTS
from tests.servers.kubeconfig import kubeconfig, write_kubeconfig
from tests.servers.lies import LIES
from tests.servers.process import Service, serving

from . import load
from .figures import Figures
from .processes import descriptors, resident

SECONDS = float(os.environ.get("HEARTBEAT_SOAK_SECONDS") or 30)
SEED = os.environ.get("HEARTBEAT_SOAK_SEED") or "224022"
LOADERS, CONNECTIONS = 2, 12
MIB = 2**20
FAULTY = 0.03
"""Share of the requests upstream that meet a fault."""
CYCLE, OUTAGE = 25.0, 4.0
"""Every so many seconds, and that long, every request upstream meets one."""

# A list may hold other names, and repeats no version.
_LIES = [lie for name, lie in LIES.items() if name not in ("another-name", "another-version")]
# These take seconds of a core that is to carry load; test_api_answers has them.
_HEAVY = ("flood", "without-end", "large", "bomb", "megabytes", "100000", "deep", "negative")
_LIGHT = [fault for name, fault in FAULTS.items() if not any(word in name for word in _HEAVY)]
_OUTAGES = [FAULTS[name] for name in ("hung", "reset", "hung-up", "unavailable", "html-502")]


class Cluster:
    """An API server's behaviour: the truth of the names, or by chance something else."""

    def __init__(self, seed: str) -> None:
        self._dice = random.Random(seed)  # noqa: S311  # chance that can be repeated, no secret
        self._lock = threading.Lock()
        self._began = time.monotonic()
        self.faults = 0
        self.healthy = False

    def __call__(self, exchange: Exchange) -> None:
        now = time.monotonic()
        exchange.server.objects = objects_at(now)
        with self._lock:
            behaviour = self._behaviour(now - self._began)
            self.faults += behaviour is not truthful
        behaviour(exchange)

    def _behaviour(self, elapsed: float) -> Behaviour:
        if self.healthy:
            return truthful
        turn, within = divmod(elapsed, CYCLE)
        if within > CYCLE - OUTAGE:
            return _OUTAGES[int(turn) % len(_OUTAGES)]
        if self._dice.random() > FAULTY:
            return truthful
        heavy = self._dice.random() < 0.02
        return self._dice.choice([*FAULTS.values()] if heavy else [*_LIGHT, *_LIES])


def manifest(name: str, health: str, namespace: str = "soak") -> Manifest:
    """A Deployment of three with this health."""
    serving_now = {load.UP: 3, load.DEGRADED: 2, load.DOWN: 0}[health]
    up = "False" if health == load.DOWN else "True"
    conditions = [
        condition("Available", up, "Soak"),
        condition("Progressing", "True", "NewReplicaSetAvailable"),
    ]
    made = deployment(3, serving_now, conditions=conditions)
    return {
        **made,
        "metadata": {**made["metadata"], "name": name, "uid": name, "namespace": namespace},
    }


_MADE = {
    (name, health): manifest(name, health)
    for word, count, healths in (
        ("up", 60, [load.UP]),
        ("degraded", 12, [load.DEGRADED]),
        ("down", 12, [load.DOWN]),
        ("turns", 14, [load.UP, load.DOWN]),
        ("comes", 14, [load.UP]),
    )
    for name in (f"{word}-{at}" for at in range(count))
    for health in healths
}
_NAMES = sorted({name for name, _ in _MADE})
_AROUND = [
    *(
        manifest(f"api-{at}", load.UP, place)
        for place in ("well", "ill", "turning")
        for at in range(20)
    ),
    manifest("bad", load.DOWN, "ill"),
]
_TURNING = {health: manifest("turns", health, "turning") for health in (load.UP, load.DOWN)}


def objects_at(now: float) -> Sequence[Manifest]:
    """What there is at a moment."""
    there = ((name, load.state_of(name, now)) for name in _NAMES)
    found = [_MADE[name, health] for name, health in there if health != load.GONE]
    return [*found, *_AROUND, _TURNING[load.ill_now(now)]]


@contextmanager
def on_core(core: int) -> Generator[None]:
    """Whatever this thread starts meanwhile stays on one core."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {core})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


@contextmanager
def one_core(home: Path, api: ApiServer, core: int) -> Generator[Service]:
    """The service on a core of its own."""
    path = write_kubeconfig(home / "config", kubeconfig(api.url))
    variables = {
        "KUBECONFIG": str(path),
        "AUTH_TOKEN_BASIC": load.TOKEN,
        "HEARTBEAT_TIMEOUT": f"{load.TIMEOUT}s",
        "HEARTBEAT_CACHE_TTL": f"{load.TTL}s",
        "HEARTBEAT_STALE_FOR": f"{load.STALE_FOR}s",
        "HEARTBEAT_DRAIN_SECONDS": "0",
        "RATE_LIMIT": str(10**8),
        # Whoever means well and whoever guesses share an address here.
        "HEARTBEAT_FAILED_AUTH_LIMIT": str(10**8),
        "LOG_LEVEL": "ERROR",
    }
    served = serving(home, SERVE, **variables)
    with on_core(core):
        service = served.__enter__()
    try:
        yield service
    finally:
        served.__exit__(None, None, None)


def sample(pid: int, ended: threading.Event, into: list[tuple[float, int, int]]) -> None:
    """Note memory and descriptors, each half second."""
    began = time.monotonic()
    while not ended.wait(0.5):
        into.append((time.monotonic() - began, resident(pid), descriptors(pid)))


def test_soak(home: Path, figures: Figures) -> None:
    """Wrong verdicts, odd codes and broken connections: none; memory and descriptors: flat."""
    print(f"HEARTBEAT_SOAK_SECONDS={SECONDS:g} HEARTBEAT_SOAK_SEED={SEED}")
    first, *others = sorted(os.sched_getaffinity(0))
    other = others[-1] if others else first
    samples: list[tuple[float, int, int]] = []
    ended = threading.Event()
    cluster = Cluster(SEED)
    with on_core(other), ApiServer() as api:
        api.behave("/", cluster)
        with one_core(home, api, first) as service:
            sampler = threading.Thread(
                target=sample, args=(service.process.pid, ended, samples), daemon=True
            )
            sampler.start()
            found = loaded(service.port)
            ended.set()
            sampler.join(5)
            cluster.healthy = True
            assert service.process.poll() is None
            logged = service.logged()
        asked = len(api.requests)
    codes = Counter[str]()
    for each in found:
        codes.update(each["codes"])
    answers = codes.total()
    wrong: list[str] = [entry for each in found for entry in each["wrong"]]
    broken: list[str] = [entry for each in found for entry in each["broken"]]
    stale: int = sum(each["stale"] for each in found)
    grown, opened = growth(samples)
    print(
        f"{answers} answers, {answers / SECONDS:.0f}/s, codes {dict(codes)}, {stale} stale; "
        f"{asked} requests upstream, {cluster.faults} of them met a fault",
        "MiB in use, by the time: "
        + " ".join(f"{each[1] / MIB:.1f}" for each in samples[:: max(1, len(samples) // 20)]),
        *(entry for each in found for entry in each["late"][:20]),
        sep="\n",
    )
    assert "Traceback" not in logged
    assert cluster.faults > SECONDS
    assert codes["200"] > answers / 3
    assert stale > 0
    what = f"soak of {SECONDS:g} s, {answers / SECONDS:,.0f} requests a second on one core"
    odd = sum(count for code, count in codes.items() if code[0] == "5" and code not in CODES)
    figures.take(f"{what}: 5xx other than 502, 503, 504", odd, 0, "answers")
    assert wrong[:3] == []
    figures.take(f"{what}: wrong verdicts", len(wrong), 0, "verdicts")
    assert broken[:3] == []
    figures.take(f"{what}: requests without an answer", len(broken), 0, "requests")
    figures.take(f"{what}: resident memory after warm-up", grown / MIB, 10, "MiB more", below=True)
    figures.take(f"{what}: descriptors after warm-up", opened, 24, "more")
    slowest = max(each["slowest"] for each in found) - load.TIMEOUT
    figures.take(f"{what}: the slowest answer past the deadline", slowest, 2, "s")


CODES = ("502", "503", "504")


def loaded(port: int) -> list[dict[str, Any]]:
    """What the loaders found, each in a process of its own."""
    script = Path(load.__file__)
    commands = [
        [sys.executable, str(script), str(port), str(SECONDS), f"{SEED}-{at}", str(CONNECTIONS)]
        for at in range(LOADERS)
    ]
    loaders = [subprocess.Popen(command, stdout=subprocess.PIPE) for command in commands]
    try:
        told = [loader.communicate(timeout=SECONDS + 30)[0] for loader in loaders]
    finally:
        for loader in loaders:
            loader.kill()
            loader.wait()
    assert [loader.returncode for loader in loaders] == [0] * LOADERS
    return [json.loads(each) for each in told]


def growth(samples: Sequence[tuple[float, int, int]]) -> tuple[float, float]:
    """How much more memory and descriptors there are in the last part than in the first.

    The first fifth is warm-up; of a long soak a part is a minute.
    """
    length = samples[-1][0]
    part = min(60.0, length / 5)
    first = [each for each in samples if part <= each[0] < 2 * part]
    last = [each for each in samples if each[0] > length - part]
    memory, opened = (
        statistics.median(each[of] for each in last) - statistics.median(each[of] for each in first)
        for of in (1, 2)
    )
    return memory, opened
