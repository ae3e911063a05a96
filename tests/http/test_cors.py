"""Browsers: pages of any origin may read answers, and never with a browser's own credentials."""

from __future__ import annotations

import pytest

from k8s_heartbeat.adapters.http.app import Contract
from tests.http.support import (
    GUARDED,
    OPEN,
    PATH,
    PROBES,
    TOKEN,
    Answer,
    FakeReader,
    ask,
    healthy,
    service,
)

PAGE = "https://status.example.com"
NARROWED = Contract(authenticator=None, cors_origins=[PAGE])


def preflight(
    contract: Contract, *, path: str = PATH, origin: str = PAGE, method: str = "GET"
) -> tuple[Answer, FakeReader]:
    """What a browser is told when it asks if it may ask, and the reader behind."""
    served = service(healthy(), contract=contract)
    headers = {
        "Origin": origin,
        "Access-Control-Request-Method": method,
        "Access-Control-Request-Headers": "authorization",
    }
    return ask(served, "OPTIONS", path, headers=headers), served.reader


@pytest.mark.parametrize("contract", [OPEN, GUARDED, NARROWED], ids=["open", "token", "narrowed"])
@pytest.mark.parametrize("path", [PATH, *PROBES])
def test_preflight_is_answered_before_authentication(contract: Contract, path: str) -> None:
    """A browser sends no credentials with it, and reads nothing by it."""
    answer, reader = preflight(contract, path=path)
    assert answer.status in (200, 204)
    assert answer.header("Access-Control-Allow-Origin") in ("*", PAGE)
    assert set((answer.header("Access-Control-Allow-Methods") or "").split(", ")) == {"GET", "HEAD"}
    assert (answer.header("Access-Control-Allow-Headers") or "").lower() in ("authorization", "*")
    assert reader.calls == 0


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("status", [200, 401, 404])
def test_any_origin_reads_answers_and_refusals(method: str, status: int) -> None:
    """A status page can tell its reader what went wrong."""
    contract = GUARDED if status == 401 else OPEN
    path = "/nothing" if status == 404 else PATH
    answer = ask(service(healthy(), contract=contract), method, path, headers={"Origin": PAGE})
    assert answer.status == status
    assert answer.header("Access-Control-Allow-Origin") == "*"
    exposed = (answer.header("Access-Control-Expose-Headers") or "").split(", ")
    assert {"Heartbeat-Status", "Age", "Retry-After", "RateLimit"} <= set(exposed)


def test_named_origin_alone_reads_answers_where_origins_are_narrowed() -> None:
    """`HEARTBEAT_CORS_ORIGINS` shuts all others out, in preflights too."""
    served = service(healthy(), contract=NARROWED)
    ours, theirs = (ask(served, headers={"Origin": origin}) for origin in (PAGE, f"{PAGE}.evil"))
    assert ours.header("Access-Control-Allow-Origin") == PAGE
    assert theirs.status == 200
    assert theirs.header("Access-Control-Allow-Origin") is None
    assert preflight(NARROWED, origin="null")[0].header("Access-Control-Allow-Origin") is None


@pytest.mark.parametrize("contract", [OPEN, GUARDED, NARROWED], ids=["open", "token", "narrowed"])
def test_credentials_mode_is_never_allowed(contract: Contract) -> None:
    """Nobody's cookies or saved passwords are lent to a page."""
    served = service(healthy(), contract=contract)
    carried = {"Origin": PAGE, "Authorization": f"Bearer {TOKEN}", "Cookie": "a=b"}
    for answer in (preflight(contract)[0], ask(served, headers=carried)):
        assert answer.header("Access-Control-Allow-Credentials") is None


@pytest.mark.parametrize("method", ["POST", "DELETE"])
def test_preflight_offers_no_method_that_changes_something(method: str) -> None:
    """Whatever a page asks for, GET and HEAD are what it may do."""
    answer, _ = preflight(OPEN, method=method)
    assert method not in (answer.header("Access-Control-Allow-Methods") or "")


def test_no_origin_no_cors() -> None:
    """A monitor is no browser."""
    headers = dict(ask(service(healthy())).headers)
    assert not any(name.startswith("access-control") for name in headers)


def test_options_that_is_no_preflight_needs_the_token() -> None:
    """Only a browser's question is let past authentication."""
    assert ask(service(contract=GUARDED), "OPTIONS").status == 401
    asked_by_get = {"Origin": PAGE, "Access-Control-Request-Method": "GET"}
    assert ask(service(contract=GUARDED), "GET", headers=asked_by_get).status == 401
