"""The service over an API server: how often it asks, and what it says when that misbehaves."""

from __future__ import annotations

import json
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.builders import deployment
from tests.servers.api_server import ApiServer, Behaviour, status_object, truthful
from tests.servers.faults import FAULTS, forbidden, holding
from tests.servers.process import Service, all_at_once, serving

from .support import API, SERVE, TOKEN, log_lines, served, told

TIMEOUT = 0.5
GRACE = 0.5


def quick(service: Service, path: str) -> tuple[int, float]:
    """The code of an answer, and the seconds that it took."""
    began = time.monotonic()
    return service.get(path).status, time.monotonic() - began


def test_a_healthy_workload_is_one_get_and_then_none(home: Path, api: ApiServer) -> None:
    """Whatever the method, the slashes and the parameters, while the reading is young."""
    with served(home, api, HEARTBEAT_CACHE_TTL="1m") as service:
        for path in (API, f"{API}/", f"{API}?cb=1", f"{API}?cb=2", API.replace("ment", "ments")):
            for method in ("GET", "HEAD"):
                assert service.get(path, method=method).status == 200
    assert [request.line for request in api.requests] == [
        "GET /apis/apps/v1/namespaces/shop/deployments/api HTTP/1.1"
    ]


def test_a_reading_is_read_again_when_its_time_is_over(home: Path, api: ApiServer) -> None:
    """And what changed is told."""
    with served(home, api, HEARTBEAT_CACHE_TTL="100ms") as service:
        assert service.get(API).status == 200
        api.objects = [deployment(3, 0, conditions=[])]
        ends = time.monotonic() + 5
        while service.get(API).status == 200:
            assert time.monotonic() < ends


def test_what_cannot_exist_and_who_may_not_ask_cost_no_call(home: Path, api: ApiServer) -> None:
    """400, 401, and the probes that must not depend on the API server."""
    with served(home, api, auth="token", AUTH_TOKEN_BASIC=TOKEN) as service:
        for path in (API, "/api/healthz/%2e%2e/pod/a", "/livez", "/readyz"):
            service.get(path)
        headers = {"Authorization": f"Bearer {TOKEN}"}
        for path in (
            "/..%2fx/pod/a",
            "/%2e%2e/pod/a",
            "/shop/pod/A",
            "/shop/secret/A",
            "/a%00/pod/a",
        ):
            assert service.get(f"/api/healthz{path}", headers=headers).status in (400, 404)
    assert api.requests == []


@pytest.mark.parametrize("then", ["works", "fails", "hangs"])
def test_many_callers_of_a_cold_key_are_one_call(home: Path, api: ApiServer, then: str) -> None:
    """64 at once, whatever becomes of the call."""
    outcome: dict[str, Behaviour] = {
        "works": truthful,
        "fails": FAULTS["internal-error"],
        "hangs": FAULTS["hung"],
    }
    expected = {"works": 200, "fails": 502, "hangs": 504}[then]
    with holding(outcome[then]) as (hold, released), served(home, api, timeout="1s") as service:
        api.behave("/", hold)
        release = threading.Timer(0.3, released.set)
        release.start()
        found = all_at_once(64, lambda: quick(service, API))
        release.join()
        assert {code for code, _ in found} == {expected}
        assert max(seconds for _, seconds in found) < 1 + GRACE
        # One that hangs is asked besides whether it does.
        assert sum(request.path != "/healthz" for request in api.requests) == 1


def test_a_timeout_is_remembered_by_the_time_that_is_set(home: Path, api: ApiServer) -> None:
    """HEARTBEAT_TIMEOUT says how much time is usual: who had all of it has found something out."""
    path = "/apis/apps/v1/namespaces/shop/deployments/api"
    with served(home, api, timeout="500ms") as service:
        api.behave(path, FAULTS["hung"])
        assert [service.get(API).status for _ in range(3)] == [504] * 3
        assert [request.path for request in api.requests].count(path) == 1


def test_a_missing_object_and_a_forbidden_one_are_told_apart_by_nobody(
    home: Path, api: ApiServer
) -> None:
    """The same answer to the letter, but for the name; the log tells the operator."""
    api.behave(
        "/apis/apps/v1/namespaces/shop/deployments/secret",
        lambda exchange: exchange.json(403, status_object(403, "Forbidden")),
    )
    with served(home, api) as service:
        paths = [f"/api/healthz/shop/deployment/{name}" for name in ("absent", "secret")]
        answers = [service.get(path) for path in paths]
        logged = service.logged()
    assert [answer.status for answer in answers] == [404, 404]
    absent, hidden = ({**told(answer), "name": "", "checkedAt": ""} for answer in answers)
    assert absent == hidden
    assert "forbidden" in logged


class TestFaults:
    """502 or 504 in time, and /livez as if nothing were."""

    def test_every_fault_is_502_or_504_in_time(self, home: Path, api: ApiServer) -> None:
        """Each has a name of its own, so that nothing is remembered; /livez is asked meanwhile.

        No LIST says that there is nothing of these names.
        """
        api.behave("/apis/apps/v1/namespaces/shop/deployments", forbidden)
        for name, fault in FAULTS.items():
            api.behave(f"/apis/apps/v1/namespaces/shop/deployments/{name}", fault)
        with served(home, api) as service:
            for name in FAULTS:
                path = f"/api/healthz/shop/deployment/{name}"
                with ThreadPoolExecutor(1) as callers:
                    caller = callers.submit(quick, service, path)
                    api.wait_for(1, f"/deployments/{name}")
                    code, seconds = quick(service, "/livez")
                    assert (code, seconds < 0.1) == (200, True), (name, seconds)
                    code, seconds = caller.result(5)
                assert code in (502, 504), name
                assert seconds < TIMEOUT + GRACE, name
            assert "Traceback" not in service.logged()
            assert all(line["level"] != "ERROR" for line in log_lines(service))

    def test_an_api_server_that_refuses_is_502(self, home: Path, api: ApiServer) -> None:
        """Also for the check of the API server itself; /livez and /readyz do not care."""
        with served(home, api) as service:
            api.__exit__(None, None, None)
            assert quick(service, API)[0] == 502
            assert service.get("/healthz").status == 502
            assert service.get("/livez").status == 200
            assert service.get("/readyz").status == 200

    def test_many_names_that_hang_leave_livez_alone(self, home: Path, api: ApiServer) -> None:
        """Half of the threads wait at most, and the rest answer."""
        api.behave("/apis/", FAULTS["hung"])
        with served(home, api, timeout="1s", HEARTBEAT_THREADS="8") as service:
            numbers = iter(range(30))
            found: list[list[tuple[int, float]]] = []

            def ask() -> tuple[int, float]:
                return quick(service, f"/api/healthz/shop/deployment/hung-{next(numbers)}")

            callers = threading.Thread(target=lambda: found.append(all_at_once(30, ask)))
            callers.start()
            api.wait_for(4)
            for _ in range(20):
                code, seconds = quick(service, "/livez")
                assert (code, seconds < 0.1) == (200, True), seconds
            callers.join(10)
            assert {code for code, _ in found[0]} == {504}
            assert max(seconds for _, seconds in found[0]) < 1 + GRACE
            assert sum(request.path != "/healthz" for request in api.requests) == 4

    def test_a_stale_reading_stands_in_and_says_so(self, home: Path, api: ApiServer) -> None:
        """200 with its age, for as long as the operator allows, and then no more."""
        with served(home, api, HEARTBEAT_CACHE_TTL="100ms", HEARTBEAT_STALE_FOR="2s") as service:
            assert service.get(API).status == 200
            api.behave("/", FAULTS["internal-error"])
            ends = time.monotonic() + 1.5
            while not told(answer := service.get(API))["stale"]:
                assert time.monotonic() < ends
            assert answer.status == 200
            assert int(answer.headers["Age"]) in (1, 2)
            ends = time.monotonic() + 5
            while service.get(API).status == 200:
                assert time.monotonic() < ends
            assert service.get(API).status == 502


def test_a_snapshot_is_served(home: Path) -> None:
    """A dump in place of a cluster."""
    dump = home / "dump.json"
    content = {"kind": "List", "apiVersion": "v1", "items": [deployment()]}
    dump.write_text(json.dumps(content), "utf-8")
    arguments = [*SERVE, "--snapshot", str(dump)]
    with serving(home, arguments, HEARTBEAT_AUTH="none", HEARTBEAT_DRAIN_SECONDS="0") as service:
        assert service.get(API).status == 200
        assert service.get("/api/healthz/shop/deployment/other").status == 404
        assert service.get("/healthz").status == 200
        assert service.stop() == 0
