"""Whatever is sent: never a 500, GET and HEAD alike, and every answer known as ours."""

from __future__ import annotations

import logging
import re
from base64 import b64encode
from collections.abc import Callable, Collection, Mapping
from dataclasses import replace

import falcon
from hypothesis import example, given
from hypothesis import strategies as st

from k8s_heartbeat.adapters.http.app import Contract
from k8s_heartbeat.adapters.http.quota import RateLimit
from k8s_heartbeat.adapters.http.rendering import Detail
from k8s_heartbeat.core.checks.reader import (
    Forbidden,
    NotFound,
    NotServed,
    ReadTimeout,
    UpstreamError,
)
from k8s_heartbeat.core.query import InvalidQuery
from tests.builders import Manifest
from tests.http.conftest import logged
from tests.http.support import (
    GUARDED,
    OPEN,
    PATH,
    TOKEN,
    Answer,
    FakeReader,
    ask,
    degraded,
    down,
    healthy,
    service,
)

WRONG = "wr0ng-t0ken-0f-somebody"
Make = Callable[[], Exception]
ORIGIN = "https://status.example.com"
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
        "/api/components",
        "/api/components/shop",
        "/api/badge/shop/deployment/api",
        "/api/badge/shop/deployment/api.svg",
        "/api/badge/components/shop",
        "/openapi.json",
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
names = st.sampled_from(
    ["fail_on", "for", "code", "token", "verbose", "kind", "selector", "label", "_"]
)
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
            f"Bearer {WRONG}",
            f"Basic {TOKEN}",
            f"Basic {b64encode(WRONG.encode()).decode()}",
            "Basic",
            "Bearer ",
            "Basic =",
            "Basic \xff",
            f"session={WRONG}; a",
            "a" * 20_000,
            ", " * 5_000,
            "X-A, X-B",
            "a\r\nSet-Cookie: a=b",
            "application/json;q=" + "1" * 400,
            "text/html, application/xml;q=0.9, */*;q=0.8",
            "\u20ac".encode().decode("latin-1"),
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
            "Proxy-Authorization",
            "Transfer-Encoding",
            "Upgrade",
            "X-Forwarded-For",
            "X-Forwarded-Host",
            "X-Forwarded-Proto",
            "X-Request-Id",
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
bodies = st.one_of(st.just(b""), st.binary(max_size=20))
LIMITED = replace(GUARDED, limit=RateLimit(requests=1))
contracts = st.sampled_from([OPEN, GUARDED, LIMITED, replace(OPEN, cors_origins=[ORIGIN])])
objects = st.sampled_from([healthy(), degraded(), down()])
# Made anew for each request: an exception gathers a traceback of all that it was raised in.
read_errors = st.sampled_from(
    [
        lambda: NotFound("deployments shop/api", "not found"),
        lambda: Forbidden("deployments shop/api", "forbidden"),
        lambda: NotServed("kind", "the cluster serves no such kind"),
        lambda: UpstreamError("deployments shop/api", f"asked with Bearer {WRONG}"),
        lambda: ReadTimeout("deployments shop/api", "no answer in time"),
        lambda: InvalidQuery("name", "it is none"),
    ]
)
unforeseen = st.sampled_from(
    [
        lambda: RuntimeError(f"b00m {WRONG}"),
        lambda: KeyError("b00m"),
        lambda: RecursionError("b00m"),
        lambda: MemoryError("b00m"),
        lambda: UnicodeDecodeError("utf-8", b"b00m\xff", 4, 5, "b00m"),
        lambda: OSError(24, "b00m"),
        lambda: StopIteration("b00m"),
        lambda: falcon.HTTPInternalServerError(title="b00m"),
    ]
)
preflights = st.fixed_dictionaries(
    {"Origin": st.just(ORIGIN), "Access-Control-Request-Method": header_values},
    optional={"Access-Control-Request-Headers": header_values, "X-Request-Id": header_values},
)


def assert_in_order(answer: Answer, *, codes: Collection[int] = ()) -> None:
    """Whatever holds of every answer: that it is ours, whole, and says nothing that it may not.

    Args:
        answer: The answer.
        codes: Which codes from 500 on it may have as a problem.
    """
    kind = answer.header("Content-Type") or ""
    problem = kind == "application/problem+json"
    assert answer.status < 500 or answer.status in codes or (answer.status == 503 and not problem)
    assert answer.header("Heartbeat-Status") in WORDS
    kept = answer.status == 200 and answer.header("Cache-Control") == "private, max-age=60"
    assert kept or answer.header("Cache-Control") == "no-store"
    assert re.fullmatch(r"[A-Za-z0-9._-]{1,128}", answer.header("X-Request-Id") or "")
    names = [name.lower() for name, _ in answer.headers]
    assert len(set(names)) == len(names) or answer.status == 401  # it challenges twice
    for name, value in answer.headers:
        assert re.fullmatch(r"[A-Za-z0-9-]+", name)
        assert not re.search(r"[\x00-\x1f\x7f]", value)
        value.encode("latin-1")
    said = f"{answer.headers}{answer.body.decode()}"
    for secret in ("Traceback", "b00m", WRONG, b64encode(WRONG.encode()).decode()):
        assert secret not in said
    if kind.endswith("json") and answer.body:
        told = answer.json()
        if problem:
            assert told["status"] == answer.status
            assert set(told) == {"type", "title", "status", "up", "detail"}
    if answer.status >= 400 and answer.body and not problem:
        assert answer.header("Heartbeat-Status") != "healthy"


@given(methods, paths, queries, headers, bodies, contracts, objects)
@example("GET", PATH, "for=" + "9" * 400, {}, b"", OPEN, healthy())
@example("WEBSOCKET", PATH, "", {}, b"", OPEN, healthy())
@example("GET", PATH, "code=" + "2" * 5000, {}, b"", OPEN, healthy())
@example(
    "OPTIONS", "", "", {"Origin": "", "Access-Control-Request-Method": ""}, b"", GUARDED, down()
)
@example("GET", "/" + "/a" * 5000, "&" * 5000, {}, b"", OPEN, healthy())
@example("GET", PATH, "token=" + "%" * 3000, {"Cookie": ";=" * 3000}, b"", GUARDED, healthy())
def test_no_request_brings_the_service_down(
    method: str,
    path: str,
    query: str,
    headers: Mapping[str, str],
    body: bytes,
    contract: Contract,
    held: Manifest,
) -> None:
    """No method, path, query, header or body gives a 500, or an answer that is not told as ours."""
    served = service(held, contract=contract)
    for _ in range(2):
        assert_in_order(ask(served, method, path, query, headers, body))


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


@given(routes, queries, headers, read_errors, st.sampled_from(Detail))
def test_what_cannot_be_read_is_a_problem_and_no_failure_of_ours(
    path: str, query: str, headers: Mapping[str, str], failure: Make, detail: Detail
) -> None:
    """502 and 504 as a problem; what was asked for and what is missing as ever."""
    got, headed = (
        ask(
            service(reader=FakeReader(failure=failure()), contract=replace(OPEN, detail=detail)),
            method,
            path,
            query,
            headers,
        )
        for method in ("GET", "HEAD")
    )
    assert_in_order(got, codes=(502, 504))
    assert (headed.status, headed.headers, headed.body) == (got.status, got.headers, b"")


@given(routes, headers, read_errors)
def test_what_explains_may_be_unreadable(
    path: str, headers: Mapping[str, str], failure: Make
) -> None:
    """The verdict stands, and says what could not be read."""
    reader = FakeReader([down()], unrelated=failure())
    served = service(reader=reader, contract=replace(OPEN, detail=Detail.SUMMARY))
    assert_in_order(ask(served, "GET", path, "", headers), codes=(502, 504))


@given(routes, queries, headers, unforeseen)
def test_what_nobody_foresaw_is_told_to_the_log_alone(
    path: str, query: str, headers: Mapping[str, str], failure: Make
) -> None:
    """A 500 without a word on what it was."""
    for method in ("GET", "HEAD"):
        served = service(reader=FakeReader(failure=failure()))
        answer = ask(served, method, path, query, headers)
        assert_in_order(answer, codes=(500,))
        assert method == "GET" or answer.body == b""


@given(methods, paths, preflights, contracts)
@example(
    "OPTIONS",
    PATH,
    {
        "Origin": ORIGIN,
        "Access-Control-Request-Method": "GET",
        "Access-Control-Request-Headers": "a\r\nb: c",
    },
    OPEN,
)
def test_preflights_are_in_order(
    method: str, path: str, headers: Mapping[str, str], contract: Contract
) -> None:
    """Browsers' questions are answered from what they hold; nothing of it splits the answer."""
    for asked in (method, "OPTIONS"):
        assert_in_order(ask(service(healthy(), contract=contract), asked, path, "", headers))


requests = st.tuples(methods, paths, queries, headers)


@given(st.lists(requests, min_size=1, max_size=5), contracts)
def test_requests_do_not_touch_each_other(
    asked: list[tuple[str, str, str, Mapping[str, str]]], contract: Contract
) -> None:
    """Each has lines of its own under its own id, and what follows has none of it."""
    served = service(healthy(), contract=contract)
    with logged() as log:
        for entry in asked:
            before = len(log.lines())
            answer = ask(served, *entry)
            ids = [line["requestId"] for line in log.lines()[before:]]
            assert set(ids) == {answer.header("X-Request-Id")}
            assert WRONG not in log.text
            assert TOKEN not in log.text
        logging.getLogger("between").info("requests")
        assert "requestId" not in log.lines()[-1]
