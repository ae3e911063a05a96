"""Everything under a prefix, and probes without it too."""

from __future__ import annotations

from dataclasses import replace

import pytest

from k8s_heartbeat.adapters.http.base_path import below, is_quick
from tests.http.support import GUARDED, PATH, PROBES, TOKEN, FakeReader, ask, healthy, service

BASE = "/heartbeat"
BEARER = {"Authorization": f"Bearer {TOKEN}"}


@pytest.mark.parametrize(
    ("base", "path", "route"),
    [
        ("", "/", "/"),
        ("", PATH, PATH),
        (BASE, BASE, "/"),
        (BASE, f"{BASE}/", "/"),
        (BASE, f"{BASE}{PATH}", PATH),
        (BASE, f"{BASE}/livez/", "/livez/"),
        (BASE, f"{BASE}//livez", "//livez"),
        (BASE, "/livez", "/livez"),
        (BASE, "/healthz/", "/healthz/"),
        (BASE, "/", None),
        (BASE, "", None),
        (BASE, PATH, None),
        (BASE, f"/x{BASE}{PATH}", None),
        (BASE, f"/{BASE}{PATH}", None),
        (BASE, f"{BASE}x{PATH}", None),
        (BASE, BASE.upper() + PATH, None),
        (BASE, "/livez/x", None),
        ("/livez", "/livez", "/livez"),
        ("/livez", "/livez/livez", "/livez"),
        ("/api", "/api/api/healthz", "/api/healthz"),
        ("/api", "/api/healthz", "/healthz"),
    ],
)
def test_a_route_is_what_follows_the_prefix(base: str, path: str, route: str | None) -> None:
    """The whole prefix, once; a probe is one wherever it always is."""
    assert below(base, path) == route


@pytest.mark.parametrize("base", ["", BASE])
def test_what_never_waits_for_the_cluster_is_known_by_its_path(base: str) -> None:
    """With the prefix and without; nothing that is nearly so, and no probe of the API server."""
    for probe in ("/livez", "/livez/", "/readyz", "/readyz/"):
        assert is_quick(base, probe)
        assert is_quick(base, f"{base}{probe}")
    for path in ("", "/", "/livez/x", "/livez//", "/livez;", "/x/livez", "/healthz", PATH):
        assert not is_quick(base, path)
        assert not is_quick(base, f"{base}{path}")


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_every_route_is_under_it_with_and_without_a_slash(method: str) -> None:
    """As the same routes without a prefix."""
    served = service(healthy(), contract=replace(GUARDED, base_path=BASE))
    for path in (f"{BASE}{PATH}", f"{BASE}{PATH}/", f"{BASE}/api/healthz/shop"):
        answer = ask(served, method, path, headers=BEARER)
        assert (answer.status, answer.header("heartbeat-status")) == (200, "healthy")


def test_what_is_outside_is_no_route_and_reads_nothing() -> None:
    """Whoever carries a token gets a 404 as for any path, whoever carries none a 401."""
    served = service(healthy(), contract=replace(GUARDED, base_path=BASE))
    for path in (PATH, "/", f"/x{BASE}{PATH}", f"{BASE}x{PATH}"):
        told = ask(served, path=path, headers=BEARER)
        unknown = ask(served, path=f"{BASE}/nothing", headers=BEARER)
        assert (told.status, told.body) == (unknown.status, unknown.body)
        assert told.status == 404
        assert ask(served, path=path).status == 401
    assert served.reader.calls == 0


def test_probes_need_neither_the_prefix_nor_a_token() -> None:
    """A kubelet asks the process itself; a load balancer may ask through the proxy."""
    served = service(contract=replace(GUARDED, base_path=BASE))
    for probe in PROBES:
        assert ask(served, path=probe).status == 200
        assert ask(served, path=f"{BASE}{probe}").status == 200


def test_a_fault_names_paths_as_they_are_asked_for() -> None:
    """What it says to write can be written."""
    served = service(reader=FakeReader(), contract=replace(GUARDED, base_path=BASE))
    for path, named in (("shop/node/one", "-/node/NAME"), ("-", "-?kind=node")):
        told = ask(served, path=f"{BASE}/api/healthz/{path}", headers=BEARER)
        assert told.status == 400
        assert f"{BASE}/api/healthz/{named}" in told.json()["detail"]
