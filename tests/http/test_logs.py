"""One line of JSON for each request, and nothing secret in it."""

from __future__ import annotations

from urllib.parse import quote

import falcon
import pytest

from k8s_heartbeat.adapters.http.state import state_of
from k8s_heartbeat.core.checks.reader import Forbidden, NotFound, ReadTimeout, UpstreamError
from tests.http.conftest import Log
from tests.http.support import (
    GUARDED,
    PATH,
    PROBES,
    TOKEN,
    FakeReader,
    ask,
    degraded,
    down,
    healthy,
    service,
)

WRONG = "wr0ng-t0ken"


def test_request_is_one_line_with_what_was_asked_and_what_came_of_it(log: Log) -> None:
    """Method, path, code, verdict, duration and client, under names that tools can query."""
    served = service(down())
    served.get(remote_addr="192.0.2.9", query_string="fail_on=degraded")
    lines = log.lines()
    assert len(lines) == 1
    expected = {
        "level": "INFO",
        "logger": "k8s_heartbeat.requests",
        "message": f"GET {PATH} 503",
        "method": "GET",
        "path": PATH,
        "status": 503,
        "health": "down",
        "durationMs": 0.0,
        "client": "192.0.2.9",
        "reason": "MinimumReplicasUnavailable",
    }
    assert {key: lines[0][key] for key in expected} == expected
    assert lines[0]["time"].endswith("+00:00")


def test_line_tells_what_the_reading_was_worth_and_what_it_cost(log: Log) -> None:
    """Each under its name where it is known, and not at all where it is not."""

    class Read:
        def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
            state = state_of(req)
            state.age, state.stale, state.api_calls = 0.0, False, 0

    served = service()
    served.client.app.add_route("/read", Read())
    served.get("/read")
    served.get("/livez")
    read, probe = log.lines()
    assert (read["age"], read["stale"], read["apiCalls"]) == (0.0, False, 0)
    assert not {"age", "stale", "apiCalls", "caller", "reason", "cause"} & probe.keys()


@pytest.mark.parametrize(
    ("path", "failure", "level"),
    [
        *((path, None, "DEBUG") for path in PROBES),
        ("/livez/", None, "DEBUG"),
        (PATH, None, "INFO"),
        ("/nothing", None, "INFO"),
        ("/healthz", UpstreamError("deployments shop/api", "answered 500"), "WARNING"),
        ("/health", RuntimeError("a bug"), "ERROR"),
    ],
)
def test_probe_that_finds_nothing_wrong_is_told_to_who_debugs(
    log: Log, path: str, failure: Exception | None, level: str
) -> None:
    """A kubelet asks every few seconds, and would fill the log."""
    service(reader=FakeReader([healthy()], failure=failure)).get(path)
    assert log.lines()[-1]["level"] == level


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "OPTIONS", "BREW", "WEBSOCKET"])
@pytest.mark.parametrize("path", [PATH, "/livez", "/nothing", "/a\nb", "/\xff\xfe", "/\x00", ""])
def test_every_request_is_one_line_whatever_it_holds(log: Log, method: str, path: str) -> None:
    """Line ends and odd bytes in a path cannot forge a second line."""
    ask(service(healthy()), method, path)
    told = "?" if method in ("BREW", "WEBSOCKET") else method
    assert [line["method"] for line in log.lines()] == [told]


@pytest.mark.parametrize(
    ("failure", "status"),
    [
        (Forbidden("deployments shop/api", "forbidden by the cluster's RBAC"), 404),
        (NotFound("deployments shop/api", "not found"), 404),
        (UpstreamError("deployments shop/api", "the API server answered 500"), 502),
        (ReadTimeout("deployments shop/api", "no answer in time"), 504),
    ],
)
def test_line_tells_the_operator_what_callers_are_not_told(
    log: Log, failure: Exception, status: int
) -> None:
    """Missing and forbidden answer alike; the log tells them apart."""
    service(reader=FakeReader(failure=failure)).get()
    line = log.lines()[-1]
    assert (line["status"], line["cause"]) == (status, str(failure))


def test_bug_is_logged_with_its_traceback_in_one_line(log: Log) -> None:
    """A person finds the place, a tool finds the line."""
    service(reader=FakeReader(failure=RuntimeError("a bug"))).get()
    error, request = log.lines()
    assert error["level"] == "ERROR"
    assert "Traceback" in error["exception"]
    assert "RuntimeError: a bug" in error["exception"]
    assert request["status"] == 500


def test_long_path_is_cut_off(log: Log) -> None:
    """A caller cannot fill the disk with one line."""
    ask(service(), path="/" + "a" * 5000)
    assert len(log.text) < 1500


EVERY_BYTE = "".join(f"%{ord(letter):02X}" for letter in WRONG)
CARRIED: list[tuple[str, str, dict[str, str]]] = [
    (PATH, "", {"Authorization": f"Bearer {TOKEN}"}),
    (PATH, "", {"Authorization": f"Basic {TOKEN}"}),
    (PATH, "", {"Authorization": f"Bearer {WRONG}"}),
    (PATH, f"token={TOKEN}", {}),
    (PATH, f"token={WRONG}", {}),
    (PATH, f"token={EVERY_BYTE}", {}),
    (PATH, f"token={WRONG}&token={TOKEN}", {}),
    (PATH, f"fail_on={TOKEN}", {"Authorization": f"Bearer {TOKEN}"}),
    (PATH, f"for={TOKEN}", {"Authorization": f"Bearer {TOKEN}"}),
    (f"{PATH}&token={WRONG}", "", {}),
    (f"{PATH}?token={WRONG}", "", {}),
    (f"{PATH}/token={TOKEN}", "", {}),
    (f"/api/healthz/{TOKEN}/deployment/api", "", {}),
    (f"/api/healthz/{TOKEN}/{TOKEN}/{TOKEN}", f"token={TOKEN}", {}),
    (f"/{quote(TOKEN)}", f"token={TOKEN}", {}),
    (PATH, f"token={TOKEN}", {"Referer": f"https://x/?token={TOKEN}", "User-Agent": TOKEN}),
    ("/livez", f"token={WRONG}", {"Authorization": f"Bearer {TOKEN}"}),
]


@pytest.mark.parametrize(("path", "query", "headers"), CARRIED)
@pytest.mark.parametrize(
    "reader",
    [
        FakeReader([degraded()]),
        FakeReader(failure=RuntimeError(f"asked with Bearer {TOKEN} or ?token={WRONG}")),
        FakeReader(failure=UpstreamError("deployments shop/api", f"asked with {TOKEN}")),
    ],
    ids=["read", "bug", "upstream"],
)
def test_no_line_holds_a_token(
    log: Log, path: str, query: str, headers: dict[str, str], reader: FakeReader
) -> None:
    """Neither the right one nor a wrong one, wherever it stood: request, exception, upstream."""
    ask(service(reader=reader, contract=GUARDED), "GET", path, query, headers)
    assert log.lines()
    for secret in (TOKEN, WRONG, EVERY_BYTE):
        assert secret not in log.text


@pytest.mark.parametrize("length", range(285, 305))
def test_path_cut_off_amid_a_token_shows_no_part_of_it(log: Log, length: int) -> None:
    """What is cut off is cut off after it is cleaned."""
    ask(service(), path="/".ljust(length, "a") + TOKEN)
    assert "right" not in log.text


def test_query_is_not_logged_at_all(log: Log) -> None:
    """A parameter may be misspelt, and hold the token all the same."""
    ask(service(healthy()), query="tokn=s3cret-by-mistake")
    assert "s3cret" not in log.text
