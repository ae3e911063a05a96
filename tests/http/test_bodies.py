"""What a body says, how much of it, and in which words."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from k8s_heartbeat.adapters.http.rendering import Detail
from k8s_heartbeat.core.checks.reader import Forbidden, ReadTimeout, UpstreamError
from tests.builders import (
    Manifest,
    available,
    before,
    container,
    deployment,
    event,
    pod,
    replica_set,
    terminated,
    waiting,
)
from tests.http.support import (
    GUARDED,
    PATH,
    TIMEOUT,
    UPSTREAM,
    FakeReader,
    ask,
    degraded,
    down,
    healthy,
    selecting,
    service,
    unread,
)

NAME_CANARY = "api-5d8f-canary"
MESSAGE_CANARY = "canary of a message"

POD_PATH = "/api/healthz/shop/pod/api-1"


def looping_pod(name: str = "api-1") -> Manifest:
    """A pod of the Deployment `api` whose container crashes again and again."""
    looping = container(
        state=waiting("CrashLoopBackOff", "back-off 5m0s"), last=terminated(1), restarts=7
    )
    return pod(name, ready=False, containers=[looping], owned_by="api-rs")


def test_headline_stands_first_and_flat() -> None:
    """Monitors' JSON queries take only primitives, and people read from the left."""
    body = service(down(before(minutes=5)), replica_set(3, 0), looping_pod()).get().json
    assert list(body) == [
        "status",
        "up",
        "activity",
        "kind",
        "namespace",
        "name",
        "reason",
        "message",
        "desired",
        "available",
        "since",
        "checkedAt",
        "ageSeconds",
        "stale",
        "causes",
    ]
    assert {key: body[key] for key in list(body)[:-1]} == {
        "status": "down",
        "up": False,
        "activity": "steady",
        "kind": "Deployment",
        "namespace": "shop",
        "name": "api",
        "reason": "MinimumReplicasUnavailable",
        "message": "0 of 3 replicas available, 2 needed; CrashLoopBackOff (Pod, container app)",
        "desired": 3,
        "available": 0,
        "since": "2026-03-02T11:55:00Z",
        "checkedAt": "2026-03-02T12:00:00Z",
        "ageSeconds": 0.0,
        "stale": False,
    }


def test_causes_say_what_is_wrong_beneath() -> None:
    """With full detail a cause names its pod, container, count, message and time."""
    served = service(
        down(),
        replica_set(3, 0),
        looping_pod("api-1"),
        looping_pod("api-2"),
        detail=Detail.FULL,
    )
    assert served.get().json["causes"] == [
        {
            "reason": "CrashLoopBackOff",
            "kind": "Pod",
            "name": "api-1",
            "container": "app",
            "count": 2,
            "message": "restarted 7 times, last ended with exit code 1 (Error)",
            "since": "2026-03-02T11:59:00Z",
        }
    ]


def test_body_is_compact_ascii_json() -> None:
    """No odd character of an object's breaks a monitor, and no space is spent."""
    served = service(down(), event(message="déjà \u2028 vu\x00"), detail=Detail.FULL)
    body = ask(served).body
    assert body.isascii()
    assert b'": ' not in body
    assert b"\n" not in body


def test_healthy_object_costs_one_reading_and_any_other_what_explains_it() -> None:
    """The happy path is one read; pods, ReplicaSets and events are read to explain."""
    well, ill = service(healthy()), service(down())
    well.get()
    ill.get()
    assert [str(query) for query in well.reader.queries] == ["deployments shop/api"]
    assert [str(query) for query in ill.reader.queries] == [
        "deployments shop/api",
        "replicasets in shop",
        "pods in shop",
        "events in shop",
    ]


@pytest.mark.parametrize(
    ("manifest", "word"),
    [
        (healthy(), "pass"),
        (degraded(), "warn"),
        (deployment(4, 1, conditions=[available("False")]), "fail"),
        (down(), "fail"),
        (unread(), "fail"),
    ],
)
@pytest.mark.parametrize(
    "accept",
    [
        "application/health+json",
        "Application/Health+JSON;q=0.5, */*;q=0.1",
        "application/json, application/health+json",
        "application/health+json ; profile=x ; q=1.000, application/json;q=0.9",
        "application/health+json;q=0.2, application/json;q=0.1, */*",
        "nonsense;q=x, ;;, application/health+json",
        "application/health+json;q=0.5, application/json;q=nan",
    ],
)
def test_health_json_is_given_where_it_is_named(manifest: Manifest, word: str, accept: str) -> None:
    """Pass, warn and fail take the place of our words, and nothing else changes."""
    plain = service(manifest).get()
    answer = service(manifest).get(headers={"Accept": accept})
    assert answer.headers["content-type"] == "application/health+json"
    assert answer.json == {**plain.json, "status": word}
    assert answer.status == plain.status
    assert answer.headers["heartbeat-status"] == plain.headers["heartbeat-status"]


@pytest.mark.parametrize(
    "accept",
    [
        None,
        "*/*",
        "application/*",
        "text/html",
        "application/json",
        "",
        ";",
        "application/health+json;q=0",
        "application/health+json; q=0.000, */*",
        "application/health+json;q=0.5, application/json",
        "application/health+json;q=0.5, */*",
        "application/health+json;q=much",
        "application/health+json;q=2",
        "application/health+json;q=",
        "application/health+jsonp",
        'text/plain;about="application/health+json"',
    ],
)
def test_json_is_given_to_everybody_else(accept: str | None) -> None:
    """Also where health+json is not wanted, or less; a wildcard never chooses it."""
    headers = {} if accept is None else {"Accept": accept}
    answer = ask(service(healthy()), headers=headers)
    assert answer.header("Content-Type") == "application/json"
    assert answer.json()["status"] == "healthy"


PROBLEMS: dict[str, tuple[FakeReader, str, dict[str, Any], int]] = {
    "bad name": (FakeReader(), "/api/healthz/shop/deployment/A", {}, 400),
    "no token": (FakeReader(), PATH, {"contract": GUARDED}, 401),
    "no route": (FakeReader(), "/nothing", {}, 404),
    "method": (FakeReader(), PATH, {}, 405),
    "bug": (FakeReader(failure=RuntimeError("a bug")), PATH, {}, 500),
    "upstream": (
        FakeReader(failure=UPSTREAM),
        PATH,
        {},
        502,
    ),
    "timeout": (
        FakeReader(failure=TIMEOUT),
        PATH,
        {},
        504,
    ),
    "health check": (
        FakeReader(failure=UPSTREAM),
        "/healthz",
        {},
        502,
    ),
}


@pytest.mark.parametrize("case", PROBLEMS)
@pytest.mark.parametrize(
    "accept",
    ["*/*", "text/html", "application/xml", "application/health+json", "image/png;q=0", "\xff"],
)
def test_errors_are_problems_whatever_is_accepted(case: str, accept: str) -> None:
    """RFC 9457, always: with a type, a title, the code and what is wrong; and nothing is up."""
    reader, path, options, code = PROBLEMS[case]
    method = "POST" if case == "method" else "GET"
    answer = ask(service(reader=reader, **options), method, path, headers={"Accept": accept})
    assert answer.status == code
    assert answer.header("Content-Type") == "application/problem+json"
    problem = answer.json()
    assert (problem["type"], problem["status"]) == ("about:blank", code)
    assert problem["title"]
    assert problem["up"] is False
    assert problem["detail"]


def test_bug_of_ours_is_not_shown_to_callers() -> None:
    """What an unforeseen exception says is for the log alone."""
    answer = service(reader=FakeReader(failure=RuntimeError(MESSAGE_CANARY))).get()
    assert answer.status_code == 500
    assert MESSAGE_CANARY not in answer.text
    assert "Traceback" not in answer.text


def test_stale_reading_says_so_with_its_age() -> None:
    """`Age` and `stale` tell a reading that stands in; `checkedAt` is when it was taken."""
    answer = service(reader=FakeReader([healthy()], age=42.34, stale=True)).get()
    assert answer.headers["age"] == "43"
    assert (answer.json["stale"], answer.json["ageSeconds"]) == (True, 42.4)
    assert answer.json["checkedAt"] == "2026-03-02T11:59:17Z"


def test_fresh_reading_has_no_age_header() -> None:
    """A reading within its TTL is not older than it should be."""
    answer = service(reader=FakeReader([healthy()], age=3.0)).get()
    assert "age" not in answer.headers
    assert (answer.json["stale"], answer.json["ageSeconds"]) == (False, 3.0)


@pytest.mark.parametrize(("manifest", "up"), [(healthy(), True), (down(), False)])
def test_least_detail_is_status_and_up(manifest: Manifest, up: bool) -> None:
    """A public status page says nothing about the cluster."""
    body = service(manifest, looping_pod(), detail=Detail.STATUS).get().json
    assert body == {"status": "healthy" if up else "down", "up": up}


canaries = st.sampled_from([MESSAGE_CANARY, f"pod {NAME_CANARY}: {MESSAGE_CANARY}", ""])
reasons = st.sampled_from(
    ["CrashLoopBackOff", "ImagePullBackOff", "CreateContainerConfigError", "ContainerCreating"]
)


@st.composite
def ill_pods(draw: st.DrawFn) -> Manifest:
    """A pod with a telling name, whose every message tells something too."""
    last = terminated(
        draw(st.sampled_from([0, 1, 137])), draw(st.sampled_from(["Error", "OOMKilled"]))
    )
    last["terminated"]["message"] = draw(canaries)
    state = draw(st.one_of(st.none(), st.builds(waiting, reasons, canaries)))
    conditions = [
        {"type": "PodScheduled", "status": draw(st.sampled_from(["True", "False"])),
         "message": draw(canaries), "lastTransitionTime": before(minutes=5)},
        {"type": "DisruptionTarget", "status": "True", "message": draw(canaries)},
    ]  # fmt: skip
    return pod(
        NAME_CANARY,
        phase=draw(st.sampled_from(["Running", "Pending", "Failed", "Unknown"])),
        ready=draw(st.sampled_from([True, False, None])),
        containers=[container(state=state, last=last, restarts=draw(st.integers(0, 9)))],
        conditions=conditions,
        owned_by="api-rs",
        message=draw(canaries),
        deleted=draw(st.sampled_from(["", before(hours=2)])),
    )


@st.composite
def ill_clusters(draw: st.DrawFn) -> list[Manifest]:
    """A Deployment that is not well, and everything around it with something to tell."""
    failed = {
        "type": "ReplicaFailure",
        "status": draw(st.sampled_from(["True", "False"])),
        "reason": "FailedCreate",
        "message": f"pods {NAME_CANARY} is forbidden: {MESSAGE_CANARY}",
    }
    about = draw(st.sampled_from(["api", "api-rs", NAME_CANARY]))
    return [
        selecting(deployment(3, draw(st.integers(0, 2)), conditions=[available("False"), failed])),
        replica_set(3, 0, conditions=[failed]),
        *draw(st.lists(ill_pods(), max_size=2)),
        event(about, draw(st.sampled_from(["Failed", "Unhealthy"])), message=MESSAGE_CANARY),
    ]


@given(ill_clusters(), st.sampled_from(["", "code=200", "fail_on=degraded"]))
def test_default_detail_tells_no_pods_name_and_no_message_of_one(
    objects: list[Manifest], query: str
) -> None:
    """The default answer says that pods crash, and neither which nor what they write."""
    answer = ask(service(*objects), query=query)
    assert answer.json()["causes"] is not None
    for line in (answer.body, *(value.encode() for _, value in answer.headers)):
        assert b"canary" not in line


def test_full_detail_tells_both() -> None:
    """Whoever may see all sees the pod's name and what is said about it."""
    gone = event(NAME_CANARY, "Failed", message=MESSAGE_CANARY)
    served = service(
        down(), replica_set(3, 0), pod(NAME_CANARY, owned_by="api-rs"), gone, detail=Detail.FULL
    )
    assert NAME_CANARY in served.get().text
    assert MESSAGE_CANARY in served.get().text


@given(ill_pods())
def test_pod_that_is_asked_for_shows_its_own_name_and_no_message(manifest: Manifest) -> None:
    """Who asks for a pod knows its name; what its containers say stays in the cluster."""
    body = ask(service(manifest), path=f"/api/healthz/shop/po/{NAME_CANARY}").body
    assert MESSAGE_CANARY.encode() not in body


def test_unread_causes_tell_no_message_of_the_api_server() -> None:
    """The API server's words may hold names too."""
    reader = FakeReader([down()], unrelated=Forbidden("pods in shop", MESSAGE_CANARY))
    answer = service(reader=reader).get()
    assert answer.json["causes"][0]["reason"] == "CausesUnreadable"
    assert MESSAGE_CANARY not in answer.text


PROBE = "Liveness probe failed: not Healthy; HEALTHY, unhealthy. Unhealthy: since 5m (unhealthy)"
FAILING: dict[str, tuple[str, list[Manifest]]] = {
    "event": (PATH, [down(), event(reason="Unhealthy", message=PROBE)]),
    "event about the ReplicaSet": (
        PATH,
        [down(), replica_set(3, 0), event("api-rs", "Unhealthy", message=PROBE)],
    ),
    "event in another case": (PATH, [down(), event(reason="HEALTHY")]),
    "condition": (
        PATH,
        [
            deployment(
                3,
                0,
                conditions=[
                    available("False"),
                    {
                        "type": "ReplicaFailure",
                        "status": "True",
                        "reason": "Unhealthy",
                        "message": PROBE,
                    },
                ],
            )
        ],
    ),
    "degraded": (PATH, [degraded(), event(reason="Unhealthy", message=PROBE)]),
    "waiting container": (
        POD_PATH,
        [pod(ready=False, containers=[container(state=waiting("ErrImagePull", PROBE))])],
    ),
    "evicted pod": (
        POD_PATH,
        [pod(phase="Failed", ready=None, reason="Unhealthy", message=PROBE)],
    ),
    "phase": (POD_PATH, [pod(phase="Healthy")]),
    "unread": (PATH, [unread(), event(reason="Unhealthy", message=PROBE)]),
}


@pytest.mark.parametrize("detail", Detail)
@pytest.mark.parametrize("accept", ["*/*", "application/health+json"])
@pytest.mark.parametrize("case", FAILING)
def test_failing_body_never_says_healthy(case: str, accept: str, detail: Detail) -> None:
    """A monitor that looks for the keyword finds it in good news alone; Unhealthy holds it too."""
    path, objects = FAILING[case]
    answer = service(*objects, detail=detail).get(
        path, headers={"Accept": accept}, query_string="fail_on=degraded"
    )
    assert answer.status_code == 503
    assert "healthy" not in answer.text.lower()


@pytest.mark.parametrize("failure", [UpstreamError, ReadTimeout])
@pytest.mark.parametrize("path", [PATH, "/healthz"])
def test_a_problem_names_what_was_asked_for_as_it_is_called(
    failure: type[Exception], path: str
) -> None:
    """Nobody looks for a Deployment by a name that we made up."""
    failed = failure("it", "healthy-shop/unhealthy is unhealthy")
    answer = service(reader=FakeReader(failure=failed)).get(path)
    assert answer.status_code in (502, 504)
    assert answer.json["detail"].endswith(": healthy-shop/unhealthy is unhealthy")


SHOP = "/api/healthz/shop"


def named(manifest: Manifest, name: str) -> Manifest:
    """The object under another name."""
    return {**manifest, "metadata": {**manifest["metadata"], "name": name}}


@pytest.mark.parametrize(
    ("objects", "path", "told"),
    [
        ([named(down(), "healthy-api")], SHOP, "worst: Deployment shop/healthy-api: 0 of 3"),
        ([named(down(), "unhealthy")], SHOP, "worst: Deployment shop/unhealthy: 0 of 3"),
        ([], "/api/healthz/shop/deployment/healthy-api", "healthy-api"),
        ([], "/api/healthz/shop/unhealthy/api", "serves no 'unhealthy'"),
        ([], "/api/healthz/Healthy/deployment/api", "namespace: 'Healthy' is not"),
        (
            [pod(ready=False, gates=["example.com/healthy"], containers=[container()])],
            POD_PATH,
            "readiness gates not open: example.com/healthy",
        ),
        (
            [pod(ready=False, containers=[container("healthy", ready=False), container("b")])],
            POD_PATH,
            "containers not ready: healthy",
        ),
    ],
)
def test_what_is_named_with_the_word_keeps_its_name(
    objects: list[Manifest], path: str, told: str
) -> None:
    """In bad news too: a message that changes a name sends people the wrong way."""
    answer = service(*objects, detail=Detail.FULL).get(path)
    assert told in answer.text
    assert "ready-api" not in answer.text


def test_reworded_event_is_still_told() -> None:
    """The kubelet's Unhealthy becomes ProbeFailed, and its message keeps its sense."""
    served = service(down(), event(reason="Unhealthy", message=PROBE), detail=Detail.FULL)
    cause = served.get().json["causes"][0]
    assert cause["reason"] == "ProbeFailed"
    assert cause["message"].startswith("Liveness probe failed: not ready")


def test_many_causes_are_cut_off() -> None:
    """An answer stays small however much is wrong."""
    events = [event(reason=f"Reason{number}") for number in range(200)]
    assert len(service(down(), *events).get().json["causes"]) == 20
