"""What was not read is never told as well, and nothing is told as younger than it is."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from k8s_heartbeat.adapters.http.rendering import Detail
from k8s_heartbeat.core.checks.component import Component, Member
from k8s_heartbeat.core.checks.reader import Deadline, NotServed, Reading
from k8s_heartbeat.core.query import Query
from k8s_heartbeat.core.rules import WORKLOADS
from k8s_heartbeat.core.selectors import parse_selector
from tests.builders import (
    Manifest,
    before,
    condition,
    daemon_set,
    metadata,
    owner,
    pod,
    replica_set,
    stateful_set,
)
from tests.http.support import (
    FORBIDDEN,
    TIMEOUT,
    UPSTREAM,
    Answer,
    Clock,
    FakeReader,
    ask,
    caller,
    degraded,
    down,
    guarding,
    healthy,
    remembering,
    service,
)

SECRET = "a-secret-of-somebody"
CUSTOM = [kind.kind for kind in WORKLOADS if "." in kind.group]


def labelled(manifest: Manifest, namespace: str = "shop") -> Manifest:
    """The object with a label, in a namespace."""
    own: Manifest = {"namespace": namespace, "labels": {"part": "pay"}}
    own["uid"] = f"{namespace}/{manifest['metadata']['name']}"
    return {**manifest, "metadata": {**manifest["metadata"], **own}}


def there(namespace: str) -> Manifest:
    """A namespace."""
    return {"kind": "Namespace", "apiVersion": "v1", "metadata": {"name": namespace}}


WORLD: Sequence[Manifest] = (
    there("shop"),
    there("bank"),
    *(
        labelled(entry, place)
        for entry in (healthy(), stateful_set())
        for place in ("shop", "bank")
    ),
)
PART = parse_selector("part=pay")
COMPONENTS = {
    "all": Component("all", "All", (Member(("shop",)),)),
    "kinds": Component(
        "kinds",
        "Kinds",
        (Member(("shop",), "deploy", selector=PART), Member(("shop",), "sts", selector=PART)),
    ),
    "deploy": Component("deploy", "Deployments", (Member(("shop",), "deploy"),)),
    "web": Component("web", "Web", (Member(("shop",), "svc", "web"),)),
    "services": Component("services", "Services", (Member(("shop",), "svc"),)),
    "nightly": Component("nightly", "Nightly", (Member(("shop",), "cj", "nightly"),)),
    "cronjobs": Component("cronjobs", "CronJobs", (Member(("shop",), "cj"),)),
    "data": Component("data", "Data", (Member(("shop",), "pvc", "data"),)),
    "claims": Component("claims", "Claims", (Member(("shop",), "pvc"),)),
}
SCOPES: Mapping[str, Mapping[str, Any]] = {
    "unscoped": {},
    "namespace": {"namespaces": frozenset({"shop"})},
    "kind": {"kinds": ("deploy", "sts", "svc", "cj", "pvc")},
}
scopes = pytest.mark.parametrize("scope", SCOPES)


def unread(kind: str, error: Exception) -> Mapping[str, Any]:
    """Options of a reader that reads nothing of a kind."""
    return {"unread": {kind: error}}


FAULTS: Mapping[str, tuple[str, int]] = {
    "refused": ("Forbidden", 404),
    "failed": ("ReadFailed", 502),
    "timed out": ("ReadFailed", 504),
    "cut": ("Truncated", 503),
}
"""The cause that is told of each fault, and the code where nothing else could be read."""
faults = pytest.mark.parametrize("fault", FAULTS)


def reader_with(faulty: Mapping[str, str], objects: Sequence[Manifest] = WORLD) -> FakeReader:
    """A reader that has a fault with each of these kinds, or stale readings of them."""
    errors = {"refused": FORBIDDEN, "failed": UPSTREAM, "timed out": TIMEOUT}
    return FakeReader(
        objects,
        unread={kind: errors[fault] for kind, fault in faulty.items() if fault in errors},
        truncated=[kind for kind, fault in faulty.items() if fault == "cut"],
        stale_kinds={kind: 42.34 for kind, fault in faulty.items() if fault == "stale"},
    )


def told(reader: FakeReader, path: str, scope: Mapping[str, Any] = SCOPES["unscoped"]) -> Answer:
    """What a caller with a scope is told; the path may have a query."""
    contract = guarding(caller(SECRET, **scope))
    served = service(reader=reader, contract=contract, components=COMPONENTS, detail=Detail.FULL)
    path, _, query = path.partition("?")
    return ask(served, path=path, query=query, headers={"Authorization": f"Bearer {SECRET}"})


def assert_unread(answer: Answer, *, of: str) -> None:
    """An answer says that something of it is not known, names what, and holds no good news."""
    body = answer.json()
    assert (answer.status, answer.header("Heartbeat-Status")) == (503, "unknown")
    assert (body["status"], body["up"], body["reason"]) == ("unknown", False, "EvidenceUnread")
    assert f"{of}" in body["message"]
    assert b"healthy" not in answer.body
    assert b'"up":true' not in answer.body


GROUPS = [
    "/api/healthz",
    "/api/healthz/shop",
    "/api/healthz?kind=deploy,sts",
    "/api/healthz/shop?kind=deploy,sts",
    "/api/healthz/shop?selector=part%3Dpay",
    "/api/healthz/shop?selector=part%3Dnone",
    "/api/components/all",
    "/api/components/kinds",
]


@scopes
@faults
@pytest.mark.parametrize("path", GROUPS)
def test_a_list_that_was_not_read_is_an_unknown_member(path: str, fault: str, scope: str) -> None:
    """Whoever could see anything of it hears so, beside what else there is."""
    answer = told(reader_with({"Deployment": fault}), path, SCOPES[scope])
    assert_unread(answer, of="deployments")
    (item,) = answer.json()["items"]
    assert (item["kind"], item["name"], item["reason"]) == ("Deployment", "", "EvidenceUnread")
    assert [cause["reason"] for cause in item["causes"]] == [FAULTS[fault][0]]
    assert answer.json()["counts"] == {"unknown": 1}
    # By the caller's own wish only the code is another.
    sign = "&" if "?" in path else "?"
    by_wish = told(reader_with({"Deployment": fault}), f"{path}{sign}code=200", SCOPES[scope])
    assert (by_wish.status, by_wish.body) == (200, answer.body)


@scopes
@faults
@pytest.mark.parametrize("path", ["/api/healthz?kind=deploy", "/api/healthz/shop?kind=deploy"])
def test_where_nothing_was_read_there_is_no_verdict(path: str, fault: str, scope: str) -> None:
    """404 for what is refused, 502 and 504 for what fails; what was cut is not known."""
    answer = told(reader_with({"Deployment": fault}), path, SCOPES[scope])
    assert answer.status == FAULTS[fault][1]
    assert answer.header("Heartbeat-Status") == ("missing" if fault == "refused" else "unknown")


@pytest.mark.parametrize(("fault", "code"), [("refused", 503), ("failed", 502), ("timed out", 504)])
def test_where_nothing_of_a_component_was_read(fault: str, code: int) -> None:
    """It is in the configuration, whatever the cluster refuses."""
    assert told(reader_with({"Deployment": fault}), "/api/components/deploy").status == code


@faults
@pytest.mark.parametrize("path", ["/api/healthz", "/api/healthz/shop"])
def test_what_is_out_of_sight_stays_there(path: str, fault: str) -> None:
    """A caller hears nothing of a kind that is none of theirs; that all is known, they may hear."""
    scope = {"kinds": ("deploy",)}
    whole = told(reader_with({}), path, scope)
    assert whole.status == 200
    assert told(reader_with({"StatefulSet": fault, "Pod": fault}), path, scope) == whole


@scopes
@pytest.mark.parametrize(
    ("options", "code"),
    [
        pytest.param(
            {"unread": dict.fromkeys(CUSTOM, NotServed("", "none")), "unserved": CUSTOM},
            200,
            id="not served",
        ),
        pytest.param(
            {"unread": dict.fromkeys(CUSTOM, NotServed("", "none"))},
            503,
            id="not served, and the cluster says that it is",
        ),
        pytest.param(
            {"unread": dict.fromkeys(CUSTOM, FORBIDDEN), "unserved": CUSTOM}, 200, id="no such kind"
        ),
        pytest.param({"unread": dict.fromkeys(CUSTOM, FORBIDDEN)}, 503, id="refused"),
        pytest.param(
            {"unread": dict.fromkeys(CUSTOM, FORBIDDEN), "undiscovered": UPSTREAM},
            503,
            id="refused, and nobody knows whether there is one",
        ),
        pytest.param(
            {"unread": dict.fromkeys(CUSTOM, FORBIDDEN), "unserved": CUSTOM, "partial": True},
            503,
            id="refused, and part of the API does not tell",
        ),
        pytest.param(
            {"unread": dict.fromkeys(CUSTOM, UPSTREAM), "unserved": CUSTOM}, 503, id="failed"
        ),
        pytest.param(
            {"unread": {"DaemonSet": FORBIDDEN}, "unserved": ["DaemonSet"]},
            503,
            id="refused, of Kubernetes' own kinds",
        ),
    ],
)
@pytest.mark.parametrize("path", ["/api/healthz", "/api/healthz/shop"])
def test_another_projects_workload_counts_unless_the_cluster_has_none(
    path: str, options: dict[str, Any], code: int, scope: str
) -> None:
    """Kubernetes refuses before it looks whether it serves a kind, so discovery is asked."""
    expected = 200 if scope == "kind" else code
    assert told(FakeReader(WORLD, **options), path, SCOPES[scope]).status == expected


members = st.lists(
    st.sampled_from(
        [
            labelled(healthy()),
            labelled(degraded(), "bank"),
            labelled(down()),
            labelled(stateful_set()),
            labelled(stateful_set(3, 2)),
            labelled(stateful_set(3, 0), "bank"),
            labelled(daemon_set()),
            labelled(pod("bare", ready=False)),
            labelled(replica_set(3, 0)),
        ]
    ),
    max_size=4,
)
kinds = st.sampled_from(["Deployment", "StatefulSet", "DaemonSet", "Pod", "ReplicaSet", "Event"])
faulty_kinds = st.dictionaries(kinds, st.sampled_from([*FAULTS, "stale"]), max_size=3)


@given(members, faulty_kinds)
def test_who_sees_less_hears_the_same_of_what_both_see(
    objects: list[Manifest], faulty: dict[str, str]
) -> None:
    """Whatever fails: to the byte where the question is the same, otherwise in word and code."""

    def answer(path: str, scope: Mapping[str, Any] = SCOPES["unscoped"]) -> Answer:
        return told(reader_with(faulty, [there("shop"), there("bank"), *objects]), path, scope)

    shop = {"namespaces": frozenset({"shop"})}
    whole, scoped, everywhere = (
        answer("/api/healthz/shop"),
        answer("/api/healthz/shop", shop),
        answer("/api/healthz", shop),
    )
    assert scoped == whole
    assert everywhere.status == whole.status
    for key in ("status", "up", "reason", "total", "counts", "ageSeconds", "stale"):
        assert everywhere.json()[key] == whole.json()[key]
    narrow = {"kinds": ("deploy", "sts")}
    limited, named = (
        answer("/api/healthz/shop", narrow),
        answer("/api/healthz/shop?kind=deploy,sts"),
    )
    assert (limited.status, limited.body) == (named.status, named.body)
    lost = {kind for kind, fault in faulty.items() if fault != "stale"} - {"Event"}
    assert not lost or whole.status != 200
    assert not lost & {"Deployment", "StatefulSet"} or limited.status != 200


WEB: Manifest = {
    "apiVersion": "v1",
    "kind": "Service",
    "metadata": metadata("web"),
    "spec": {"selector": {"app": "web"}},
    "status": {"loadBalancer": {}},
}
SLICE: Manifest = {
    "apiVersion": "discovery.k8s.io/v1",
    "kind": "EndpointSlice",
    "metadata": metadata("web-1", labels={"kubernetes.io/service-name": "web"}),
    "addressType": "IPv4",
    "endpoints": [{"addresses": ["10.0.0.1"], "conditions": {"ready": True, "serving": True}}],
    "ports": [{"port": 80}],
}
NIGHTLY: Manifest = {
    "apiVersion": "batch/v1",
    "kind": "CronJob",
    "metadata": metadata("nightly", created=before(days=9)),
    "spec": {"schedule": "0 3 * * *", "timeZone": "Etc/UTC"},
    "status": {"lastScheduleTime": before(hours=9), "lastSuccessfulTime": before(days=3)},
}
FAILED_RUN: Manifest = {
    "apiVersion": "batch/v1",
    "kind": "Job",
    "metadata": metadata("nightly-1", owners=[owner("nightly", kind="CronJob")]),
    "spec": {},
    "status": {"conditions": [condition("Failed", "True", "BackoffLimitExceeded")]},
}
DATA: Manifest = {
    "apiVersion": "v1",
    "kind": "PersistentVolumeClaim",
    "metadata": metadata("data"),
    "spec": {"storageClassName": "local"},
    "status": {"phase": "Pending"},
}
LOCAL: Manifest = {
    "apiVersion": "storage.k8s.io/v1",
    "kind": "StorageClass",
    "metadata": {"name": "local"},
    "volumeBindingMode": "WaitForFirstConsumer",
}
HELD = (there("shop"), WEB, SLICE, NIGHTLY, FAILED_RUN, DATA, LOCAL)
JUDGED: Mapping[str, tuple[str, str, str]] = {
    "service": ("Service/web", "EndpointSlice", "healthy"),
    "cron job": ("CronJob/nightly", "Job", "degraded"),
    "claim, its class": ("PersistentVolumeClaim/data", "StorageClass", "healthy"),
    "claim, its pods": ("PersistentVolumeClaim/data", "Pod", "healthy"),
}
"""What is judged by what, and the word where all of that is read."""
PLURALS = {
    "EndpointSlice": "endpointslices",
    "Job": "jobs",
    "StorageClass": "storageclasses local",
    "Pod": "pods",
}
GATHERED = {"Service": "services", "CronJob": "cronjobs", "PersistentVolumeClaim": "claims"}


def ways(subject: str) -> dict[str, str]:
    """How an object can be asked for: itself, among others of its kind, and in components."""
    kind, name = subject.split("/")
    return {
        "itself": f"/api/healthz/shop/{kind}/{name}",
        "in its namespace": f"/api/healthz/shop?kind={kind}",
        "in all": f"/api/healthz?kind={kind}",
        "by its name in a component": f"/api/components/{name}",
        "with its kind in a component": f"/api/components/{GATHERED[kind]}",
    }


@scopes
@pytest.mark.parametrize("way", ways("Service/web"))
@pytest.mark.parametrize("fault", [*FAULTS, "stale"])
@pytest.mark.parametrize("case", JUDGED)
def test_what_is_judged_by_what_was_not_read_is_unknown(
    case: str, fault: str, way: str, scope: str
) -> None:
    """The message names what could not be read; what is stale makes the verdict as old as it is."""
    subject, evidence, word = JUDGED[case]
    path = ways(subject)[way]
    whole = told(reader_with({}, HELD), path, SCOPES[scope])
    assert (whole.status, whole.header("Heartbeat-Status")) == (200, word)
    assert (whole.header("Age"), whole.json()["stale"]) == (None, False)
    if (evidence, fault) == ("StorageClass", "cut"):
        # There is one of this name, or none.
        return
    answer = told(reader_with({evidence: fault}, HELD), path, SCOPES[scope])
    if fault == "stale":
        said = answer.json()
        assert (answer.status, said["status"]) == (200, word)
        assert (answer.header("Age"), said["stale"], said["ageSeconds"]) == ("43", True, 42.4)
        assert said["checkedAt"] == "2026-03-02T11:59:17Z"
        return
    assert_unread(answer, of=PLURALS[evidence])
    body = answer.json()
    causes = (body["items"][0] if "items" in body else body)["causes"]
    assert causes[0]["reason"] == FAULTS[fault][0]


SUCCEEDED: Manifest = {**NIGHTLY, "status": {"lastScheduleTime": before(hours=9)}}
SUCCEEDED["status"]["lastSuccessfulTime"] = before(hours=8)
MISSED: Manifest = {**NIGHTLY, "status": {"lastScheduleTime": before(days=2)}}
BOUND: Manifest = {**DATA, "status": {"phase": "Bound"}}


@pytest.mark.parametrize(
    ("manifest", "evidence", "code", "reason"),
    [
        pytest.param(SUCCEEDED, ["Job"], 200, "LastRunSucceeded", id="the last run succeeded"),
        pytest.param(MISSED, ["Job"], 503, "MissedSchedule", id="a run did not start"),
        pytest.param(BOUND, ["StorageClass", "Pod"], 200, "Bound", id="bound"),
    ],
)
def test_what_a_status_settles_by_itself_needs_no_evidence(
    manifest: Manifest, evidence: list[str], code: int, reason: str
) -> None:
    """Nothing that could be read would change it."""
    reader = reader_with(dict.fromkeys(evidence, "refused"), [there("shop"), manifest])
    name = manifest["metadata"]["name"]
    answer = told(reader, f"/api/healthz/shop/{manifest['kind']}/{name}")
    assert (answer.status, answer.json()["reason"]) == (code, reason)
    if code == 200:
        assert not {query.kind.kind for query in reader.queries} & set(evidence)


def test_part_of_a_component_may_be_unread() -> None:
    """An unknown member beside those that are known; up while enough of these are."""
    reader = reader_with({"StatefulSet": "failed"})
    assert_unread(told(reader, "/api/components/kinds"), of="statefulsets")
    named = Component(
        "pair", "Pair", (Member(("shop",), "deploy", "api"), Member(("shop",), "sts", "db"))
    )
    answer = ask(service(reader=reader, components={"pair": named}), path="/api/components/pair")
    assert_unread(answer, of="statefulsets shop/db")


class SlowReader(FakeReader):
    """A reader whose every reading takes some seconds of a clock."""

    def __init__(self, clock: Clock, seconds: float = 0.5) -> None:
        super().__init__([*WORLD, *HELD])
        self._clock = clock
        self._seconds = seconds

    def read(self, query: Query, deadline: Deadline) -> Reading:
        """As it was before that time."""
        began = deadline.clock()
        self._clock.seconds += self._seconds
        return replace(super().read(query, deadline), began=began)


@pytest.mark.parametrize(
    ("path", "readings"),
    [
        ("/api/healthz/shop/deploy/api", 1),
        ("/api/healthz/shop/svc/web", 2),
        ("/api/healthz/shop?kind=deploy,sts", 2),
        ("/api/healthz?kind=svc", 2),
    ],
)
def test_the_age_is_that_of_the_oldest_reading_from_its_beginning(path: str, readings: int) -> None:
    """Also of what is remembered, and of what stands in while the API server is away."""
    clock = Clock()
    reader = SlowReader(clock)
    served = remembering(reader, clock=clock)
    path, _, query = path.partition("?")

    def aged() -> tuple[int, str | None, Any, Any]:
        answer = ask(served, path=path, query=query)
        body = answer.json()
        return answer.status, answer.header("Age"), body.get("ageSeconds"), body.get("stale")

    assert aged() == (200, None, 0.5 * readings, False)
    clock.seconds = 3.0
    assert aged() == (200, None, 3.0, False)
    assert len(reader.queries) == readings
    reader.failure = UPSTREAM
    clock.seconds = 30.0
    status, header, age, stale = aged()
    assert (status, stale) == (200, True)
    assert header == str(math.ceil(age))
    # What failed took no time here but the beginnings of those that stand in.
    assert age == clock.seconds
    clock.seconds = 190.0
    assert aged()[0] == 502


def test_a_verdict_that_took_long_says_when_it_is_past_its_time() -> None:
    """It is shared for as long again as it took, and is no younger for that."""
    clock = Clock()
    served = remembering(SlowReader(clock, 4.0), clock=clock)
    for moment, header, age, stale in ((0.0, None, 4.0, False), (7.0, "7", 7.0, True)):
        clock.seconds = moment
        answer = ask(served, path="/api/healthz/shop", query="kind=deploy")
        body = answer.json()
        assert (answer.status, answer.header("Age")) == (200, header)
        assert (body["ageSeconds"], body["stale"]) == (age, stale)
    assert len(served.reader.queries) == 1
