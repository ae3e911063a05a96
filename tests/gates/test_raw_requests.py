"""Requests that are none: refused, by one answer, without a call to the API server."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from tests.entrypoints.support import served
from tests.servers.api_server import ApiServer
from tests.servers.process import Service
from tests.servers.raw_requests import HARMLESS, REFUSED, Raw, converse

from .figures import Figures


def test_what_is_no_request_is_refused(home: Path, api: ApiServer, figures: Figures) -> None:
    """In one piece, in two and in seven: wherever the network cuts them, the answer is one."""
    with served(home, api) as service:
        wrong = _wrong(service, REFUSED)
        calls = [request.line for request in api.requests]
        assert service.get("/api/healthz/shop/deployment/api").status == 200
        logged = service.logged()
        assert service.stop() == 0
    assert "Traceback" not in logged
    assert '"ERROR"' not in logged
    assert not wrong, wrong
    assert not calls, calls
    figures.take(
        f"{len(REFUSED)} raw requests in 1, 2, 7 pieces: not refused", len(wrong), 0, "requests"
    )
    figures.take(f"{len(REFUSED)} raw requests: calls to the API server", len(calls), 0, "calls")


def test_what_is_odd_but_a_request_is_answered(
    home: Path, api: ApiServer, figures: Figures
) -> None:
    """Strict is no excuse for turning a monitor away."""
    with served(home, api) as service:
        wrong = _wrong(service, HARMLESS)
    assert not wrong, wrong
    figures.take(f"{len(HARMLESS)} odd requests: not answered", len(wrong), 0, "requests")


def _wrong(service: Service, table: Mapping[str, Raw]) -> dict[str, str]:
    """Whatever was not answered as the table has it, and how."""
    found: dict[str, str] = {}
    for name, raw in table.items():
        for pieces in (1, 2, 7):
            try:
                fault = raw.fault(converse(service.port, raw, pieces))
            except OSError as error:
                fault = repr(error)
            if fault:
                found[f"{name} in {pieces}"] = fault
    return found
