"""Gate: nobody is told 200 of what was not read, whichever list fails, how, and whoever asks."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

from k8s_heartbeat.core.kinds import Kind
from k8s_heartbeat.core.rules import KINDS, RULES
from tests.builders import Manifest, condition, deployment, metadata, owner, stamp
from tests.entrypoints.support import SERVE, TOKEN
from tests.servers.api_server import PLAIN, ApiServer, Behaviour, Exchange, truthful
from tests.servers.faults import FAULTS, forbidden
from tests.servers.kubeconfig import kubeconfig, write_kubeconfig
from tests.servers.process import Answer, Service, serving

from .figures import Figures

TTL, TIMEOUT = 0.1, 1.0
FORGOTTEN = 2 * TTL + 0.1
"""Seconds after which nothing is remembered: an absence is so for the longest."""
STALE_FOR = 2.0
LANES = 4
"""Services at one moment, each with an API server of its own."""
PLACES = ("shop", "yard")
WIDGET = Kind("Widget", "widgets", "example.com", "v1")


def endless(exchange: Exchange) -> None:
    """A list that goes on and on: it is cut at 20,000 objects."""
    plural = exchange.request.path.rpartition("/")[2]
    kind = next((kind for kind in KINDS if kind.plural == plural), WIDGET)
    page = int(exchange.request.parameters.get("continue", "0")) + 1
    about = {"kind": f"{kind.kind}List", "apiVersion": kind.api_version}
    exchange.json(200, {**about, "metadata": {"continue": str(page)}, "items": list[object]()})


FAILURES: Mapping[str, Behaviour] = {
    "refused": forbidden,
    "failing": FAULTS["internal-error"],
    "hung": FAULTS["hung"],
    "reset": FAULTS["reset"],
    "without end": endless,
    "no JSON": FAULTS["html-200"],
}


EVERYWHERE = ("refused", "without end")
OTHERS = tuple(name for name in FAILURES if name not in EVERYWHERE)


@dataclass(frozen=True, slots=True)
class Group:
    """What fails, and whose verdict rests on it.

    Attributes:
        plural: Whose lists fail, and single objects too.
        kind: The kind whose objects are asked for.
        name: The one that is asked for by its name.
        workload: Whether it counts where no kind is named.
    """

    plural: str
    kind: str
    name: str
    workload: bool = True


LISTS = (
    Group("deployments", "deployment", "api"),
    Group("statefulsets", "statefulset", "db"),
    Group("daemonsets", "daemonset", "agent"),
    Group("replicasets", "replicaset", "alone"),
    Group("replicationcontrollers", "replicationcontroller", "old"),
    Group("pods", "pod", "bare"),
    Group("jobs", "job", "once"),
    Group("cronjobs", "cronjob", "nightly"),
    # What is evidence for others.
    Group("jobs", "cronjob", "nightly"),
    Group("endpointslices", "service", "api", workload=False),
    Group("services", "service", "api", workload=False),
    Group("storageclasses", "pvc", "data", workload=False),
    Group("pods", "pvc", "data", workload=False),
)


def everything(place: str) -> list[Manifest]:
    """One object of each kind in a namespace, all of them well."""
    now = datetime.now(UTC)
    hour, minute = stamp(now - timedelta(hours=1)), stamp(now - timedelta(minutes=1))
    replicas = {"replicas": 1, "readyReplicas": 1, "availableReplicas": 1, "updatedReplicas": 1}
    ready = {"phase": "Running", "conditions": [condition("Ready")]}
    done = {"conditions": [condition("Complete", since=minute)], "completionTime": minute}
    made: list[Manifest] = [
        deployment(),
        _of("StatefulSet", "apps/v1", "db", spec={"replicas": 1}, status=replicas),
        _of("ReplicaSet", "apps/v1", "alone", spec={"replicas": 1}, status=replicas),
        _of("ReplicationController", "v1", "old", spec={"replicas": 1}, status=replicas),
        _of(
            "DaemonSet",
            "apps/v1",
            "agent",
            status={
                "desiredNumberScheduled": 1,
                "currentNumberScheduled": 1,
                "numberReady": 1,
                "numberAvailable": 1,
                "updatedNumberScheduled": 1,
            },
        ),
        _of("Pod", "v1", "bare", spec={}, status=ready),
        _of("Job", "batch/v1", "once", spec={}, status=done),
        # Whether its last run failed its Jobs alone tell.
        _of(
            "CronJob",
            "batch/v1",
            "nightly",
            spec={"schedule": "0 0 1 1 *", "timeZone": "Etc/UTC"},
            status={"lastScheduleTime": hour},
        ),
        _of(
            "Job",
            "batch/v1",
            "nightly-1",
            spec={},
            status={**done, "startTime": hour, "succeeded": 1},
        ),
        _of("Service", "v1", "api", spec={"selector": {"app": "api"}}, status={}),
        _of(
            "EndpointSlice",
            "discovery.k8s.io/v1",
            "api-x",
            addressType="IPv4",
            endpoints=[{"addresses": ["10.0.0.1"], "conditions": {"ready": True}}],
            ports=[{"port": 80}],
        ),
        # Nobody uses it, and its class waits for somebody who does.
        _of(
            "PersistentVolumeClaim",
            "v1",
            "data",
            spec={"storageClassName": "slow"},
            status={"phase": "Pending"},
        ),
    ]
    for entry in made:
        uid = f"{place}-{entry['kind']}-{entry['metadata']['name']}"
        entry["metadata"] = {**entry["metadata"], "namespace": place, "uid": uid}
        if entry["kind"] == "EndpointSlice":
            entry["metadata"]["labels"] = {"kubernetes.io/service-name": "api"}
        if entry["metadata"]["name"] == "nightly-1":
            entry["metadata"]["ownerReferences"] = [
                owner(f"{place}-CronJob-nightly", kind="CronJob")
            ]
        entry["metadata"]["creationTimestamp"] = hour
    return made


def _of(kind: str, api_version: str, name: str, **fields: object) -> Manifest:
    return {"kind": kind, "apiVersion": api_version, "metadata": metadata(name), **fields}


CLASS: Manifest = {
    "kind": "StorageClass",
    "apiVersion": "storage.k8s.io/v1",
    "metadata": {"name": "slow"},
    "volumeBindingMode": "WaitForFirstConsumer",
}
COMPONENT = "everything"
CONFIG = {
    "components": [
        {
            "name": COMPONENT,
            "members": [{"namespace": "shop"}]
            + [{"namespace": "shop", "kind": kind} for kind in ("service", "pvc")],
        }
    ]
}
ONE_PLACE = "one-place"
WORDS = sorted({entry.kind for entry in LISTS})


def tokens() -> str:
    """A caller who sees one namespace, and one of each kind."""
    place: dict[str, object] = {"namespaces": ["shop"]}
    found = [{"name": ONE_PLACE, "sha256": _digest(ONE_PLACE), **place}]
    found += [{"name": word, "sha256": _digest(word), "kinds": [word]} for word in WORDS]
    return json.dumps({"tokens": [{**entry, "components": [COMPONENT]} for entry in found]})


def _token(name: str) -> str:
    return TOKEN if not name else f"canary-of-{name}-0b61f2"


def _digest(name: str) -> str:
    return sha256(_token(name).encode()).hexdigest()


@dataclass(slots=True)
class Tally:
    """What was told wrongly."""

    answers: int = 0
    unread: list[str] = field(default_factory=list[str])
    disagreeing: list[str] = field(default_factory=list[str])
    late: float = 0.0
    lock: threading.Lock = field(default_factory=threading.Lock)


@dataclass(frozen=True, slots=True)
class Told:
    """What a caller was told."""

    status: int
    body: Mapping[str, Any]
    at: float
    took: float

    def is_from_before(self, moment: float) -> bool:
        """Whether it rests on what was read before a moment, and says so."""
        return self.status == 200 and self.body["ageSeconds"] + 0.1 >= self.at - moment

    @property
    def bad(self) -> frozenset[tuple[str, str, str, str]]:
        """The items that are not well: kind, namespace, name, word."""
        return frozenset(
            (item["kind"], item["namespace"], item["name"], item["status"])
            for item in self.body.get("items", ())
            if item["status"] != "healthy"
        )


@dataclass(slots=True)
class Lane:
    """A service over an API server of its own, one of whose lists fails."""

    api: ApiServer
    service: Service
    tally: Tally

    def ask(self, caller: str, path: str) -> Told:
        """What a caller is told."""
        began = time.monotonic()
        headers = {"Authorization": f"Bearer {_token(caller)}"}
        answer: Answer = self.service.get(path, headers=headers)
        took = time.monotonic() - began
        with self.tally.lock:
            self.tally.answers += 1
            self.tally.late = max(self.tally.late, took - TIMEOUT)
        return Told(answer.status, json.loads(answer.body), began + took, took)

    def fail(self, plural: str, failure: Behaviour) -> None:
        """Have the lists and objects of a kind fail, and all else told truthfully."""

        def behave(exchange: Exchange) -> None:
            steps = exchange.request.path.strip("/").split("/")
            (failure if plural in steps[-2:] else truthful)(exchange)

        self.api.behave("/", behave)

    def play(self, entry: Group, name: str) -> None:
        """Ask everything of one failing list."""
        self.fail(entry.plural, FAILURES[name])
        began = time.monotonic()
        time.sleep(FORGOTTEN)

        def right(told: Told) -> bool:
            # A reading that took long lives longer.
            return told.status != 200 or told.is_from_before(began)

        self.check(entry, f"{entry.plural} {name}", right)
        if name != "hung":
            # What hangs takes the time from what would be read after it.
            self.check_bystander(entry, f"{entry.plural} {name}")

    def play_stale(self, entry: Group, name: str) -> None:
        """Ask while what was read before stands in, and once it is too old to."""
        what = f"{entry.plural} {name} after it was read"
        self.api.forget("/")
        time.sleep(FORGOTTEN)
        began = time.monotonic()
        for (caller, path), told in self.all_told(entry).items():
            assert told.status == 200, (what, caller, path, told)
        self.fail(entry.plural, FAILURES[name])
        time.sleep(FORGOTTEN)
        marked = self.check(entry, what, lambda told: told.status != 200 or told.body["stale"])
        if time.monotonic() < began + STALE_FOR:
            # All of it is young enough to stand in.
            assert {told.status for told in marked} == {200}, (what, marked)
        time.sleep(max(0.0, began + STALE_FOR + TIMEOUT - time.monotonic()))
        self.check(entry, f"{what}, too long ago", lambda told: told.status != 200)

    def paths(self, entry: Group) -> list[str]:
        """All that rests on a list."""
        found = [f"/api/healthz{place}?kind={entry.kind}" for place in ("", "/shop")]
        found.append(f"/api/healthz/shop/{entry.kind}/{entry.name}")
        if entry.workload:
            found += ["/api/healthz", "/api/healthz/shop"]
        return [*found, f"/api/components/{COMPONENT}"]

    def all_told(self, entry: Group) -> dict[tuple[str, str], Told]:
        """What everybody is told of it, by who asks and what."""
        asked = [
            (caller, path) for path in self.paths(entry) for caller in ("", ONE_PLACE, entry.kind)
        ]
        with ThreadPoolExecutor(len(asked)) as callers:
            told = callers.map(self.ask, *zip(*asked, strict=True))
            return dict(zip(asked, told, strict=True))

    def check(self, entry: Group, what: str, right: Callable[[Told], bool]) -> list[Told]:
        """Note who is told what was not read, and who is told something else than others are."""
        found = self.all_told(entry)
        unread = [
            f"{what}: {caller or 'all'} {path}: {told.status}"
            for (caller, path), told in found.items()
            if not right(told)
        ]
        disagreeing = [
            f"{what}: {caller} {path}: {told}, and others {found['', path]}"
            for (caller, path), told in found.items()
            if not _agree(found["", path], told, caller)
        ]
        with self.tally.lock:
            self.tally.unread += unread
            self.tally.disagreeing += disagreeing
        return list(found.values())

    def check_bystander(self, entry: Group, what: str) -> None:
        """Whoever sees nothing of it is told nothing of it."""
        other = "statefulset" if entry.kind == "deployment" else "deployment"
        told = self.ask(other, "/api/healthz")
        if told.status != 200:
            with self.tally.lock:
                self.tally.disagreeing.append(f"{what}: {other}, who sees none: {told}")


def _agree(whole: Told, part: Told, caller: str) -> bool:
    """Whether somebody is told the same as who sees all, of what both see."""
    if caller in ("", ONE_PLACE):
        # Both see something of each list, so that each of them misses it.
        seen = frozenset(item for item in whole.bad if not caller or item[1] in ("shop", ""))
        return whole.status == part.status and part.bad == seen
    kind = RULES.kind_called(caller)
    assert kind is not None
    if "items" not in whole.body or part.body.get("kind") == "Component":
        return whole.status == part.status
    seen = frozenset(item for item in whole.bad if item[0] == kind.kind)
    if "items" in part.body:
        # Where one list takes all the time, who asks for fewer may be told of members where the
        # other is told of their list: both know that something is not known.
        lists = any(not name for _, _, name, _ in seen | part.bad)
        same = part.bad == seen or (lists and bool(part.bad) == bool(seen))
        return same and (part.status == 200) == (not seen)
    # Nothing of what it sees could be read.
    return bool(seen) and part.status != 200


def lane(home: Path, opened: ExitStack, tally: Tally, stale_for: str) -> Lane:
    """One service over one API server."""
    home.mkdir()
    objects = [entry for place in PLACES for entry in everything(place)]
    api = opened.enter_context(ApiServer([*objects, CLASS]))
    (home / "tokens.yaml").write_text(tokens(), "utf-8")
    (home / "heartbeat.yaml").write_text(json.dumps(CONFIG), "utf-8")
    variables = {
        "KUBECONFIG": str(write_kubeconfig(home / "config", kubeconfig(api.url))),
        "AUTH_TOKEN_BASIC": TOKEN,
        "HEARTBEAT_TOKENS_FILE": str(home / "tokens.yaml"),
        "HEARTBEAT_CONFIG": str(home / "heartbeat.yaml"),
        "HEARTBEAT_TIMEOUT": f"{TIMEOUT}s",
        "HEARTBEAT_CACHE_TTL": f"{TTL}s",
        "HEARTBEAT_STALE_FOR": stale_for,
        "HEARTBEAT_DRAIN_SECONDS": "0",
        "RATE_LIMIT": "1000000",
    }
    service = opened.enter_context(serving(home, SERVE, **variables))
    return Lane(api, service, tally)


def test_no_list_that_fails_is_told_as_well(home: Path, figures: Figures) -> None:
    """Each kind's list, in each way, by each route, to who sees all, a namespace, a kind."""
    tally = Tally()
    # Half of the ways are played in turns.
    played = [
        (entry, name)
        for at, entry in enumerate(LISTS)
        for name in (*EVERYWHERE, *(OTHERS + OTHERS)[at % 4 : at % 4 + 2])
    ]
    remembered = [
        (entry, ("failing", "hung")[at % 2]) for at, entry in enumerate((LISTS[0], *LISTS[8:]))
    ]
    with ExitStack() as opened:
        lanes = [lane(home / str(at), opened, tally, "0s") for at in range(LANES - 1)]
        last = lane(home / "stale", opened, tally, f"{STALE_FOR}s")
        for each in (*lanes, last):
            for entry in LISTS:
                for asked, told in each.all_told(entry).items():
                    assert told.status == 200, (asked, told)
        players = opened.enter_context(ThreadPoolExecutor(LANES))
        work = [
            players.submit(_play_all, each.play, played[at :: len(lanes)])
            for at, each in enumerate(lanes)
        ]
        work.append(players.submit(_play_all, last.play_stale, remembered))
        for done in work:
            done.result()
        for each in (*lanes, last):
            assert "Traceback" not in each.service.logged()
    print(*tally.unread, *tally.disagreeing, sep="\n")
    cells = len(played) + len(remembered)
    what = f"{cells} lists that fail, {tally.answers:,} answers"
    figures.take(f"{what}: of 200 for what was not read", len(tally.unread), 0, "answers")
    figures.take(
        f"{what}: scoped and unscoped disagree on what both see",
        len(tally.disagreeing),
        0,
        "answers",
    )
    figures.take(f"{what}: the slowest past the deadline", tally.late, 0.5, "s")


def _play_all(play: Callable[[Group, str], None], cells: Sequence[tuple[Group, str]]) -> None:
    for entry, name in cells:
        play(entry, name)


UNSEEN = (
    "/api/healthz/shop/ksvc/api",
    "/api/healthz/shop/services.serving.knative.dev/api",
    "/api/healthz/shop?kind=ksvc",
    "/api/healthz?kind=ksvc",
    "/api/healthz/shop?kind=deployment,ksvc",
    "/api/healthz/shop/revision/api",
    "/api/healthz/shop/rollout/api",
    "/api/healthz/shop?kind=rollouts",
    "/api/healthz/shop/widget/api",
    "/api/healthz/shop/widgets.example.com/api",
    "/api/healthz/shop?kind=widgets",
    "/api/healthz?kind=widgets.example.com",
)
"""What a token of Deployments sees nothing of."""
_VARYING = ("checkedAt", "ageSeconds", "stale")


def test_a_kind_limited_token_learns_nothing_of_what_is_served(
    home: Path, figures: Figures
) -> None:
    """Knative, Argo and a custom kind: served with objects, served without any, not served."""
    tally = Tally()
    knative = _of("Service", "serving.knative.dev/v1", "api", spec={}, status={})
    widget = _of(WIDGET.kind, WIDGET.api_version, "api", spec={}, status={})
    clusters: dict[str, tuple[Sequence[Kind], Sequence[Manifest]]] = {
        "not served": (PLAIN, ()),
        "served": ((*KINDS, WIDGET), ()),
        "there": ((*KINDS, WIDGET), (knative, widget)),
    }
    forms: dict[str, dict[str, str]] = {path: {} for path in UNSEEN}
    for name, (kinds, objects) in clusters.items():
        with ExitStack() as opened:
            one = lane(home / name, opened, tally, "0s")
            one.api.kinds = kinds
            one.api.objects = [*one.api.objects, *objects]
            for path in UNSEEN:
                told = one.ask("deployment", path)
                said = {key: value for key, value in told.body.items() if key not in _VARYING}
                forms[path][name] = f"{told.status} {json.dumps(said)}"
    odd = {path: said for path, said in forms.items() if len(set(said.values())) > 1}
    odd |= {path: said for path, said in forms.items() if "404" not in said["there"][:3]}
    print(json.dumps(odd, indent=1))
    what = f"a kind-limited token, {len(UNSEEN)} questions"
    figures.take(f"{what}: other forms of 404 than one", len(odd), 0, "questions")
