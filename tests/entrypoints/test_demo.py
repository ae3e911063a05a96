"""`serve --demo`: the first thing that a stranger runs."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.servers.api_server import until
from tests.servers.process import Answer, Service, serving

from .support import TOKEN, told

DEMO = ("-m", "k8s_heartbeat", "serve", "--demo")
SHOP = "/api/healthz/shop"
COUNTED = ("date", "ratelimit", "x-ratelimit-remaining", "x-ratelimit-reset", "x-request-id")
"""Headers that tell one answer from the next."""

answers = pytest.mark.parametrize(
    ("path", "code", "health"),
    [
        ("/deployment/storefront", 200, "healthy"),
        ("/deployment/checkout", 200, "degraded"),
        ("/deployment/payments", 503, "down"),
        ("/deployment/recommendations", 200, "healthy"),
        ("/deployment/search", 200, "degraded"),
        ("/deployment/newsletter", 200, "healthy"),
        ("/deployment/wishlist", 404, "missing"),
        ("/Deployment/storefront", 200, "healthy"),
        ("/deploy/storefront/", 200, "healthy"),
        ("/deployment/storefront?cb=17&token=whatever", 200, "healthy"),
        ("/deployment/checkout?fail_on=degraded", 503, "degraded"),
        ("/deployment/payments?code=200", 200, "down"),
        ("/deployment/Payments", 400, "unknown"),
    ],
)


def steady_headers(answer: Answer) -> dict[str, str]:
    """The headers but for those that change with each request."""
    return {
        name.lower(): value for name, value in answer.headers.items() if name.lower() not in COUNTED
    }


@answers
def test_an_answer_is_as_the_contract_says(
    demo: Service, path: str, code: int, health: str
) -> None:
    """The code, the header and the body say the same."""
    answer = demo.get(SHOP + path)
    assert (answer.status, answer.headers["Heartbeat-Status"]) == (code, health)
    assert told(answer).get("status") == (health if code != 400 else 400)
    assert answer.headers["Cache-Control"] == "no-store"


@answers
def test_head_answers_as_get_does_without_a_body(
    demo: Service, path: str, code: int, health: str
) -> None:
    """Free tiers of monitors send only HEAD: the same code and the same headers."""
    got, headed = (demo.get(SHOP + path, method=method) for method in ("GET", "HEAD"))
    assert (headed.status, headed.body) == (code, b"")
    assert set(map(str.lower, headed.headers)) == set(map(str.lower, got.headers))
    seen, expected = steady_headers(headed), steady_headers(got)
    if code not in (404, 400):
        # ages of causes grow between two requests, and with them lengths
        seen.pop("content-length")
        expected.pop("content-length")
    assert seen == expected


@pytest.mark.parametrize("path", ["/livez", "/readyz", "/healthz", "/health", "/readyz?verbose"])
def test_a_probe_answers(demo: Service, path: str) -> None:
    """Also by HEAD, and without a limit."""
    for method in ("GET", "HEAD"):
        answer = demo.get(path, method=method)
        assert answer.status == 200
        assert "X-RateLimit-Limit" not in answer.headers


def test_an_unknown_route_is_a_problem(demo: Service) -> None:
    """As JSON, whatever is accepted, and marked as ours."""
    answer = demo.get("/nothing/here", headers={"Accept": "text/html"})
    assert (answer.status, answer.headers["Heartbeat-Status"]) == (404, "unknown")
    assert answer.headers["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize(
    "path",
    ["/api/healthz/../deployment/a", "/api/healthz/%2e%2e/deployment/a", "/api/healthz//pod/a"],
)
def test_a_path_of_dots_is_an_error(demo: Service, path: str) -> None:
    """And never a redirect."""
    assert demo.get(path).status in (400, 404)


def test_it_says_what_to_try(demo: Service) -> None:
    """With the address that it has, and what each of the lines answers."""
    told = demo.logged().splitlines()
    page = f"http://127.0.0.1:{demo.port}/"
    assert next(line for line in told if "http" in line).strip() == page
    assert demo.get("/").headers["Content-Type"] == "text/html; charset=utf-8"
    lines = [line for line in told if "curl -i" in line]
    assert len(lines) == 10
    for line in lines:
        url, _, promise = line.partition("curl -i ")[2].partition(" ")
        code, health = promise.strip(" #").replace(",", "").split(" ")[:2]
        assert url.startswith(f"http://127.0.0.1:{demo.port}/")
        answer = demo.get(url.removeprefix(f"http://127.0.0.1:{demo.port}"))
        assert (str(answer.status), answer.headers["Heartbeat-Status"]) == (code, health)


def test_a_token_may_be_carried_in_each_way_and_is_in_no_log_line(tmp_path: Path) -> None:
    """Right or wrong, in whatever place, plain or quoted."""
    wrong = "canary-wrong-5d5d"
    storefront = f"{SHOP}/deployment/storefront"
    with serving(tmp_path, DEMO, AUTH_TOKEN_BASIC=TOKEN, LOG_LEVEL="DEBUG") as service:
        asked: list[tuple[str, str, int]] = []
        for token, code in ((TOKEN, 200), (wrong, 401)):
            asked += [(scheme, token, code) for scheme in ("Bearer", "Basic", "query", "quoted")]
        for scheme, token, code in asked:
            path, headers = storefront, {"Authorization": f"{scheme} {token}"}
            if scheme in ("query", "quoted"):
                shown = token if scheme == "query" else f"%{ord(token[0]):x}{token[1:]}"
                path, headers = f"{storefront}?a=b&token={shown}", {}
            answer = service.get(path, headers=headers)
            assert answer.status == code
            assert token not in answer.body.decode() + str(answer.headers)
        missing = service.get(storefront)
        assert missing.status == 401
        assert "Basic" in (missing.headers["WWW-Authenticate"] or "")
        service.get(f"/nowhere/{TOKEN}")
        service.get(f"/nowhere?x={TOKEN}")
        assert service.get("/livez").status == 200
        until(lambda: service.logged().count('"path"') >= 12, "the log line of the last request")
        assert service.stop() == 0
        logged = service.logged()
    assert TOKEN not in logged
    assert wrong not in logged
    # what is not for people to read at the start is one JSON object a line
    started = [line for line in logged.splitlines() if not line.startswith("{")]
    assert len(started) == 15


def test_an_address_may_be_given(tmp_path: Path) -> None:
    """By flag, before the environment."""
    with serving(tmp_path, [*DEMO, "--log-level", "ERROR"], HEARTBEAT_HOST="127.0.0.1") as service:
        assert service.get(f"{SHOP}/deployment/storefront").status == 200
        assert '"path"' not in service.logged()
