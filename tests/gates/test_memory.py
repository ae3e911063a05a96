"""Gate: a full cache and many large readings at once stay below the memory that is shipped."""

from __future__ import annotations

import json
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from functools import cache, partial
from pathlib import Path
from typing import Any

import yaml

from tests.builders import Manifest, deployment, metadata, pod
from tests.entrypoints.support import served
from tests.servers.api_server import ApiServer, Exchange, truthful
from tests.servers.process import Service

from .figures import Figures
from .prober import Prober
from .processes import peak, resident

MIB = 2**20
SPARE = 0.15
"""What has to be left of the limit."""
FULL = 60
"""Namespaces whose lists are read first: more than there is room for."""
SOME, LISTED = 250, 2_000
"""Objects of each of these lists, and on a page of a large one."""
BIG = 10
BIG_BYTES = 30 * MIB
SOMEBODY = 160
"""Tokens of the cluster, each of somebody else."""


def limit() -> int:
    """The memory that the shipped manifest allows, in bytes."""
    manifest = Path(__file__).parents[2] / "deploy" / "base" / "deployment.yaml"
    found = yaml.safe_load(manifest.read_text("utf-8"))
    (container,) = found["spec"]["template"]["spec"]["containers"]
    stated: str = container["resources"]["limits"]["memory"]
    assert stated.endswith("Mi")
    return int(stated.removesuffix("Mi")) * MIB


@cache
def page(kind: str, padding: int, token: str, count: int = LISTED) -> bytes:
    """A page of a list in the namespace PLACE."""
    many = {"managedFields": [{"manager": "x" * padding}]}
    objects: list[Manifest] = []
    for number in range(count):
        made = pod(f"p-{number}") if kind == "Pod" else deployment()
        labels = {"app": f"app-{number}", "team": f"team-{number % 20}", "release": f"r-{number}"}
        meta = {**metadata(f"o-{number}", uid=f"{number}-{token}", labels=labels), **many}
        made = {key: value for key, value in made.items() if key not in ("kind", "apiVersion")}
        objects.append({**made, "metadata": {**meta, "namespace": "PLACE"}})
    about = {"continue": token} if token else {}
    form = {"kind": f"{kind}List", "apiVersion": "v1" if kind == "Pod" else "apps/v1"}
    return json.dumps({**form, "metadata": about, "items": objects}).encode()


def cluster(exchange: Exchange) -> None:
    """Namespaces by their names: `full-…` has some MiB each, `many-…` and `wide-…` 30 MiB."""
    path = exchange.request.path
    if exchange.request.body:
        review(exchange)
        return
    steps = path.split("/")
    place = steps[-2] if steps[-1] in ("deployments", "pods") else ""
    word, _, _ = place.partition("-")
    kind = "Pod" if steps[-1] == "pods" else "Deployment"
    asked = int(exchange.request.parameters.get("continue", "0"))
    if word == "full":
        body = page(kind, 100, "", SOME)
    elif word == "many":
        # More than is taken in: it is cut.
        padding = BIG_BYTES // 10 // LISTED - 900
        body = page(kind, padding, str(asked + 1) if asked < 9 else "")
    elif word == "wide":
        body = page(kind, BIG_BYTES // 2 // LISTED - 900, "" if asked else "1")
    else:
        truthful(exchange)
        return
    exchange.answer(200, body.replace(b"PLACE", place.encode()))


def write_pages() -> None:
    """Make all pages before anybody waits for one."""
    for kind in ("Deployment", "Pod"):
        page(kind, 100, "", SOME)
    for token in (*map(str, range(1, 10)), ""):
        page("Deployment", BIG_BYTES // 10 // LISTED - 900, token)
    for token in ("1", ""):
        page("Deployment", BIG_BYTES // 2 // LISTED - 900, token)


def review(exchange: Exchange) -> None:
    """Everybody is somebody, in many groups, and may do everything."""
    asked = json.loads(exchange.request.body)
    status: dict[str, Any] = {"allowed": True}
    if asked["kind"] == "TokenReview":
        name = asked["spec"]["token"]
        groups = [f"{name}-group-{at:04}-{'g' * 40}" for at in range(400)]
        extra = {f"example.com/{at:04}": [f"{name}-{'e' * 60}"] for at in range(200)}
        user = {"username": name, "uid": name, "groups": groups, "extra": extra}
        status = {"authenticated": True, "user": user}
    exchange.json(201, {**asked, "spec": {}, "status": status})


def ask(service: Service, codes: Counter[int], who: str, path: str) -> None:
    """Note what somebody gets."""
    codes[service.get(path, headers={"Authorization": f"Bearer {who}"}).status] += 1


def identities(service: Service, codes: Counter[int], ended: threading.Event) -> None:
    """Somebody new, again and again."""
    for number in range(SOMEBODY):
        if not ended.is_set():
            ask(service, codes, f"somebody-{number}", "/api/healthz/shop/deployment/api")


def test_all_that_is_held(home: Path, figures: Figures) -> None:
    """The peak of memory, while all of it is asked for at once."""
    fills, bigs, others = Counter[int](), Counter[int](), Counter[int]()
    with ApiServer([deployment()]) as api:
        api.behave("/", cluster)
        write_pages()
        with served(
            home, api, auth="kubernetes", timeout="10s", HEARTBEAT_CACHE_TTL="3s"
        ) as service:
            pid = service.process.pid
            idle = resident(pid)
            fill = [
                f"/api/healthz/full-{number}?kind={kind}"
                for number in range(FULL)
                for kind in ("deploy", "pod")
            ]
            with ThreadPoolExecutor(2) as callers:
                list(callers.map(partial(ask, service, fills, "filler"), fill))
            full = resident(pid)
            ended = threading.Event()
            stranger = threading.Thread(
                target=identities, args=(service, others, ended), daemon=True
            )
            stranger.start()
            big = [
                f"/api/healthz/{word}-{number}?kind=deploy"
                for number in range(BIG // 2)
                for word in ("many", "wide")
            ]
            with (
                Prober(service.port, ["/livez"], 0.05) as probes,
                ThreadPoolExecutor(BIG) as callers,
            ):
                list(callers.map(partial(ask, service, bigs, "asker"), big))
            stranger.join(60)
            ended.set()
            most = peak(pid)
            assert service.process.poll() is None
            ask(service, others, "somebody-last", "/api/healthz/shop/deployment/api")
            logged = service.logged()
    assert "Traceback" not in logged
    print(f"idle {idle / MIB:.1f}, full {full / MIB:.1f}, peak {most / MIB:.1f} MiB")
    print(f"lists {fills}, large ones {bigs}, others {others}, /livez {max(probes.took):.3f}")
    assert set(fills) == {200}
    assert full > idle + 40 * MIB
    assert set(bigs) <= {200, 503, 504}
    assert bigs[200] + bigs[503] > 0
    assert others == {200: SOMEBODY + 1}
    allowed = limit()
    figures.take(
        f"a full cache, {BIG} readings of 30 MiB and {SOMEBODY} identities at once: peak of memory",
        most / MIB,
        allowed * (1 - SPARE) / MIB,
        f"MiB of {allowed // MIB}",
    )
