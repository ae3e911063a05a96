"""Whatever is sent: never a 500, GET and HEAD alike, and every answer known as ours."""

from __future__ import annotations

import json
from collections.abc import Mapping

from hypothesis import example, given
from hypothesis import strategies as st

from k8s_heartbeat.adapters.http.app import Contract
from tests.builders import Manifest
from tests.http.support import (
    GUARDED,
    OPEN,
    PATH,
    TOKEN,
    Answer,
    ask,
    degraded,
    down,
    healthy,
    service,
)

WORDS = {"healthy", "degraded", "down", "unknown", "missing"}

# A WSGI server gives each byte of the decoded path as one character.
odd = st.text(st.characters(max_codepoint=0xFF), max_size=12)
segments = st.one_of(
    st.sampled_from(
        [
            "api",
            "healthz",
            "shop",
            "deployment",
            "deploy",
            "po",
            "components",
            "widget",
            "node",
            "livez",
            "readyz",
            "-",
            "..",
            "",
            "a" * 254,
            "{name}",
            "\xff",
            "\x00",
        ]
    ),
    odd,
)
routes = st.sampled_from(
    [
        PATH,
        "/api/healthz",
        "/api/healthz/shop",
        "/api/healthz/-",
        "/api/components/shop",
        "/livez",
        "/readyz",
        "/healthz",
        "/health",
        "/",
    ]
)
paths = st.one_of(
    routes,
    st.tuples(routes, odd).map("".join),
    st.lists(segments, max_size=6).map(lambda parts: "/" + "/".join(parts)),
    st.tuples(segments, segments, segments).map(lambda parts: f"/api/healthz/{'/'.join(parts)}"),
    odd,
)
names = st.sampled_from(["fail_on", "for", "code", "token", "verbose", "kind", "selector", "_"])
values = st.one_of(
    st.sampled_from(
        [
            "degraded",
            "down",
            "2m",
            "1h30m",
            "200",
            "deploy,sts",
            "node",
            ",",
            "app%3Dapi",
            "app%20in%20(a,b)",
            "",
            TOKEN,
            "%ff",
            "%",
            "%zz",
            "+",
        ]
    ),
    odd,
)
queries = st.one_of(
    st.lists(st.tuples(names, values).map("=".join), max_size=4).map("&".join), names, odd
)
header_values = st.one_of(
    st.sampled_from(
        [
            "*/*",
            "application/health+json",
            "text/html;q=0",
            f"Bearer {TOKEN}",
            "Basic",
            "https://a.example",
            "GET",
            "-1",
            "chunked",
            "bytes=0-",
            "127.0.0.1",
            "\xff",
            "",
        ]
    ),
    odd,
)
headers = st.dictionaries(
    st.sampled_from(
        [
            "Accept",
            "Accept-Encoding",
            "Access-Control-Request-Headers",
            "Access-Control-Request-Method",
            "Authorization",
            "Content-Length",
            "Content-Type",
            "Cookie",
            "Date",
            "Expect",
            "Forwarded",
            "Host",
            "If-Match",
            "If-None-Match",
            "If-Modified-Since",
            "Origin",
            "Range",
            "Transfer-Encoding",
            "Upgrade",
            "X-Forwarded-For",
            "X-HTTP-Method-Override",
        ]
    ),
    header_values,
    max_size=4,
)
tokens = st.text(st.sampled_from("ABCDEFGHIJKLMNOPQRSTUVWXYZget-!#$%&'*+.^_`|~0"), min_size=1)
methods = st.one_of(
    st.sampled_from(["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "TRACE", "PROPFIND"]),
    tokens,
)
contracts = st.sampled_from([OPEN, GUARDED])
objects = st.sampled_from([healthy(), degraded(), down()])


def is_in_order(answer: Answer) -> bool:
    """Whether an answer has all that every answer has."""
    return (
        answer.status < 500
        or (answer.status == 503 and answer.header("Content-Type") != "application/problem+json")
    ) and (
        answer.header("Heartbeat-Status") in WORDS and answer.header("Cache-Control") == "no-store"
    )


@given(methods, paths, queries, headers, contracts, objects)
@example("GET", PATH, "for=" + "9" * 400, {}, OPEN, healthy())
@example("GET", PATH, "code=" + "2" * 5000, {}, OPEN, healthy())
@example("OPTIONS", "", "", {"Origin": "", "Access-Control-Request-Method": ""}, GUARDED, down())
def test_no_request_brings_the_service_down(
    method: str,
    path: str,
    query: str,
    headers: Mapping[str, str],
    contract: Contract,
    held: Manifest,
) -> None:
    """No method, path, query or header gives a 500, or an answer that is not told as ours."""
    served = service(held, contract=contract)
    answer = ask(served, method, path, query, headers)
    assert is_in_order(answer), answer
    assert all(value.isprintable() for _, value in answer.headers)
    if (answer.header("Content-Type") or "").endswith("json") and answer.body:
        json.loads(answer.body)


@given(paths, queries, headers, contracts, objects)
def test_head_is_get_without_a_body(
    path: str, query: str, headers: Mapping[str, str], contract: Contract, held: Manifest
) -> None:
    """Same code and same headers, whatever is asked and however."""
    got, headed = (
        ask(service(held, contract=contract), method, path, query, headers)
        for method in ("GET", "HEAD")
    )
    assert (headed.status, headed.headers) == (got.status, got.headers)
    assert headed.body == b""
