"""Badges: one word and a colour, for shields.io and as a picture, with 200 whatever it says."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from xml.etree import ElementTree

import pytest
from falcon.testing import TestClient
from hypothesis import example, given
from hypothesis import strategies as st

from k8s_heartbeat.adapters.http.app import create_app
from k8s_heartbeat.adapters.http.judging import Judging
from k8s_heartbeat.adapters.http.picture import cleaned, picture
from k8s_heartbeat.adapters.http.public import PublicPage
from k8s_heartbeat.adapters.http.quota import RateLimit
from k8s_heartbeat.core.checks.component import Component, Member
from k8s_heartbeat.core.checks.reader import NotServed
from tests.builders import Manifest, stateful_set
from tests.http.support import (
    FORBIDDEN,
    GUARDED,
    NOT_FOUND,
    TIMEOUT,
    TOKEN,
    UPSTREAM,
    Clock,
    FakeReader,
    Service,
    ask,
    caller,
    degraded,
    down,
    groups_over,
    guarding,
    healthy,
    service,
    unread,
)

BADGE = "/api/badge/shop/deployment/api"
PAY = "/api/badge/components/pay"
SHIELDS = {"schemaVersion", "label", "message", "color", "isError", "cacheSeconds"}
BEARER = {"Authorization": f"Bearer {TOKEN}"}
SVG = "{http://www.w3.org/2000/svg}"
API, DB = Member(("shop",), "deploy", "api"), Member(("shop",), "sts", "db")
COMPONENTS = {
    "pay": Component("pay", "Payments of <Acme>", (API, DB)),
    "hidden": Component("hidden", "Hidden", (API,)),
}


def with_components(
    *objects: Manifest, reader: FakeReader | None = None, **changes: Any
) -> Service:
    """A service of two components, of which `pay` is public."""
    clock = Clock()
    reader = reader or FakeReader(objects)
    judging = Judging(
        reader,
        groups_over(reader, clock),
        components=COMPONENTS,
        public=PublicPage("Shop", ("pay",)),
    )
    contract = replace(changes.pop("contract", GUARDED), **changes)
    app = create_app(lambda: judging, contract, clock=clock.monotonic, now=clock.wall)
    return Service(reader, clock, TestClient(app))


@pytest.mark.parametrize(
    ("objects", "word", "color", "is_error"),
    [
        ([healthy()], "healthy", "brightgreen", False),
        ([degraded()], "degraded", "orange", False),
        ([down()], "down", "red", True),
        ([unread()], "unknown", "lightgrey", True),
        ([], "missing", "lightgrey", True),
    ],
)
def test_the_word_is_the_status(
    objects: list[Manifest], word: str, color: str, is_error: bool
) -> None:
    """With only the keys that shields.io knows: it refuses a badge with any other."""
    answer = ask(service(*objects), path=BADGE)
    assert answer.status == 200
    assert answer.header("Heartbeat-Status") == word
    assert answer.header("Content-Type") == "application/json"
    assert answer.json() == {
        "schemaVersion": 1,
        "label": "api",
        "message": word,
        "color": color,
        "isError": is_error,
        "cacheSeconds": 60,
    }
    assert set(answer.json()) == SHIELDS


@pytest.mark.parametrize(
    ("failure", "word"),
    [
        (UPSTREAM, "no data"),
        (TIMEOUT, "no data"),
        (FORBIDDEN, "missing"),
        (NOT_FOUND, "missing"),
        (NotServed("kind", "none such"), "missing"),
    ],
)
@pytest.mark.parametrize("path", [BADGE, PAY, "/api/badge/shop/widget/one"])
def test_what_cannot_be_read_is_never_good_news(failure: Exception, word: str, path: str) -> None:
    """Whatever the page that shows it does with the colour."""
    reader = FakeReader(failure=failure)
    told = ask(with_components(reader=reader), path=path, headers=BEARER).json()
    if failure.__class__ is NotServed and path == PAY:
        # A member of a kind that is not served.
        word = "unknown"
    assert (told["message"], told["color"], told["isError"]) == (word, "lightgrey", True)


@pytest.mark.parametrize(
    "path",
    [
        "/api/badge/shop/deployment/API",
        "/api/badge/Shop/deployment/api",
        "/api/badge/shop/de_ployment/api",
        "/api/badge/shop/node/api",
        "/api/badge/-/deployment/api",
        "/api/badge/components/PAY",
    ],
)
@pytest.mark.parametrize("suffix", ["", ".svg"])
def test_what_cannot_exist_is_a_word_too(path: str, suffix: str) -> None:
    """Before any call."""
    served = service(healthy())
    answer = ask(served, path=path + suffix)
    assert (answer.status, answer.header("Heartbeat-Status")) == (200, "unknown")
    assert b"invalid" in answer.body
    assert served.reader.calls == 0


@pytest.mark.parametrize(
    ("objects", "query", "word"),
    [
        ([healthy(), stateful_set()], "", "healthy"),
        ([healthy(), stateful_set(3, 0)], "", "down"),
        ([healthy()], "", "missing"),
        ([degraded(), stateful_set()], "", "degraded"),
        ([degraded(), stateful_set()], "min=3", "degraded, not up"),
    ],
)
def test_a_component_is_the_worst_of_its_members(
    objects: list[Manifest], query: str, word: str
) -> None:
    """Under its name: the caller knows that already, and its title may not be for everyone."""
    told = ask(with_components(*objects), path=PAY, query=query, headers=BEARER).json()
    assert (told["label"], told["message"]) == ("pay", word)
    assert told["isError"] is (word not in ("healthy", "degraded"))


def test_how_many_replicas_it_takes_is_the_callers_choice() -> None:
    """As on the other routes."""
    served = service(degraded())
    assert ask(served, path=BADGE).json()["isError"] is False
    told = ask(served, path=BADGE, query="min=3").json()
    assert (told["message"], told["isError"]) == ("degraded, not up", True)


@pytest.mark.parametrize("path", [PAY, f"{PAY}.svg", f"{PAY}/"])
@pytest.mark.parametrize("reader", [FakeReader([healthy()]), FakeReader(failure=UPSTREAM)])
def test_a_public_component_needs_no_token(path: str, reader: FakeReader) -> None:
    """The same to the byte as with one, and whoever stands between may keep it."""
    served = with_components(reader=reader)
    stranger, known = (ask(served, path=path, headers=headers) for headers in ({}, BEARER))
    assert (stranger.status, stranger.body) == (200, known.body)
    for answer in (stranger, known):
        assert answer.header("Cache-Control") == "max-age=60"
        assert b"Payments" not in answer.body


def test_who_has_no_token_cannot_count_replicas() -> None:
    """By asking for more and more of them; whoever has one may."""
    served = with_components(degraded(), stateful_set())

    def word(needed: str, headers: dict[str, str]) -> str:
        answer = ask(served, path=PAY, query=f"min={needed}", headers=headers)
        return str(answer.json()["message"])

    assert {word(needed, {}) for needed in ("1", "2", "3", "100%")} == {"degraded"}
    assert (word("1", BEARER), word("3", BEARER)) == ("degraded", "degraded, not up")


@pytest.mark.parametrize("name", ["hidden", "none", "pay.svg.svg", "PAY", "pay.json", "-"])
@pytest.mark.parametrize("suffix", ["", ".svg"])
def test_no_other_component_is_told_of(name: str, suffix: str) -> None:
    """Whether it exists or not."""
    served = with_components(healthy(), stateful_set())
    path = f"/api/badge/components/{name}{suffix}"
    answer = ask(served, path=path)
    assert (answer.status, served.reader.calls) == (401, 0)
    gone = ask(served, path="/api/badge/components/nothing-like-it")
    same = ("X-Request-Id", "RateLimit", "X-RateLimit-Remaining", "X-RateLimit-Reset")
    kept = [
        {name: value for name, value in each.headers if name.lower() not in map(str.lower, same)}
        for each in (answer, gone)
    ]
    assert (kept[0], answer.body) == (kept[1], gone.body)


@pytest.mark.parametrize("path", [BADGE, f"{BADGE}.svg", PAY])
def test_who_may_not_ask_gets_no_badge(path: str) -> None:
    """401 and 429 as anywhere, and neither is kept."""
    served = with_components(healthy(), limit=RateLimit(requests=1))
    wrong = {"Authorization": "Bearer wr0ng-t0ken"}
    for code in (401, 429):
        answer = ask(served, path=path, headers=wrong)
        assert (answer.status, answer.header("Cache-Control")) == (code, "no-store")


def test_a_scope_hides_as_if_nothing_were_there() -> None:
    """Outside of it everything is missing, whatever it is."""
    contract = guarding(caller(namespaces=frozenset({"other"}), components=frozenset()))
    served = with_components(healthy(), contract=contract)
    for path in (BADGE, "/api/badge/components/hidden"):
        answer = ask(served, path=path, headers=BEARER)
        assert answer.json()["message"] == "missing"
        assert answer.header("Cache-Control") == "private, max-age=60"


@pytest.mark.parametrize("path", [BADGE, f"{BADGE}.svg", PAY, f"{PAY}.svg"])
def test_head_is_get_without_a_body(path: str) -> None:
    """Same code, same headers."""
    got, headed = (
        ask(service(healthy(), components=COMPONENTS), method, path) for method in ("GET", "HEAD")
    )
    assert (headed.status, headed.headers, headed.body) == (got.status, got.headers, b"")


def test_an_old_reading_has_its_age() -> None:
    """So that a cache does not keep it any longer."""
    answer = ask(service(reader=FakeReader([healthy()], age=90.0, stale=True)), path=BADGE)
    assert (answer.json()["message"], answer.header("Age")) == ("healthy", "90")


@pytest.mark.parametrize(
    ("query", "label"),
    [
        ("label=Check%20out", "Check out"),
        ("label=", ""),
        ("label", ""),
        ("label=%E6%B1%BA%E6%B8%88", "決済"),
        ("label=%00a%0a%20%20b%e2%80%ae", "a b"),
        ("style=flat&color=green&labelColor=f&cb=17&logo=x", "api"),
        ("label=" + "x" * 400, "x" * 253),
    ],
)
def test_the_label_is_the_callers_choice(query: str, label: str) -> None:
    """Without what is not text; and what shields.io has of its own is ignored."""
    assert ask(service(healthy()), path=BADGE, query=query).json()["label"] == label


@pytest.mark.parametrize(
    ("query", "right"),
    [
        ("Label=x", "label=Checkout"),
        ("lable=x", "label=Checkout"),
        ("labels=x", "label=Checkout"),
        ("label=x&label=y", "label=Checkout"),
        ("failOn=degraded", "fail_on=degraded"),
        ("min=0", "min=2"),
        ("Min=2", "min=50%"),
    ],
)
def test_a_misspelled_parameter_is_an_error(query: str, right: str) -> None:
    """As anywhere; on the other routes a label is a selector, as it always was."""
    answer = ask(service(healthy()), path=BADGE, query=query)
    assert (answer.status, answer.header("Cache-Control")) == (400, "no-store")
    assert right in answer.json()["detail"]
    elsewhere = ask(service(healthy()), query="label=app%3Dapi")
    assert (elsewhere.status, "selector=app=api" in elsewhere.json()["detail"]) == (400, True)


def test_an_object_whose_name_ends_so_has_its_picture_below_its_whole_name() -> None:
    """One `.svg` is ours, and no more."""
    manifest = healthy()
    logo = {**manifest, "metadata": {**manifest["metadata"], "name": "logo.svg"}}
    served = service(logo)
    path = "/api/badge/shop/deployment/logo.svg"
    assert b'aria-label="logo: missing"' in ask(served, path=path).body
    assert b'aria-label="logo.svg: healthy"' in ask(served, path=f"{path}.svg").body


@pytest.mark.parametrize("namespace", ["components", "-"])
def test_no_namespace_is_out_of_reach(namespace: str) -> None:
    """Neither one that is called as the other routes are, nor none."""
    kind = "node" if namespace == "-" else "deployment"
    served = service(healthy())
    answer = ask(served, path=f"/api/badge/{namespace}/{kind}/api")
    assert answer.json()["message"] == "missing"
    assert [query.namespace for query in served.reader.queries] == [namespace.strip("-")]


def drawn(svg: str) -> tuple[ElementTree.Element, list[str]]:
    """A picture as a browser reads it, and the texts that are in it."""
    root = ElementTree.fromstring(svg)  # noqa: S314  # our own
    return root, [entry.text or "" for entry in root.iter(f"{SVG}text")]


def test_the_picture_says_the_same_in_every_form() -> None:
    """To who sees it, to who hears it, and to who points at it."""
    answer = ask(service(down()), path=f"{BADGE}.svg", query="label=%3Cb%3E%22Shop%22%20%26%20co")
    assert answer.header("Content-Type") == "image/svg+xml"
    assert answer.header("Content-Security-Policy") == "default-src 'none'; sandbox"
    assert answer.header("Cache-Control") == "private, max-age=60"
    root, texts = drawn(answer.body.decode())
    assert texts == ['<b>"Shop" & co', '<b>"Shop" & co', "down", "down"]
    assert (root.get("role"), root.get("aria-label")) == ("img", '<b>"Shop" & co: down')
    title = root.find(f"{SVG}title")
    assert title is not None
    assert title.text == root.get("aria-label")
    assert (root.get("height"), len(answer.body) < 1200) == ("20", True)


@pytest.mark.parametrize(
    ("label", "word", "width"),
    [
        # What shields.io draws for the same texts.
        ("build", "passing", 88),
        ("license", "MIT", 78),
        ("coverage", "100%", 104),
        ("", "passing", 51),
    ],
)
def test_the_picture_is_as_wide_as_that_of_shields(label: str, word: str, width: int) -> None:
    """To the pixel."""
    assert drawn(picture(label, word, "#555"))[0].get("width") == str(width)


def test_a_long_name_keeps_both_of_its_ends() -> None:
    """What is drawn is short; the title has all of it."""
    name = "payments-worker-" + "x" * 200 + "-7d4f9c"
    root, texts = drawn(picture(name, "down", "#555"))
    assert texts[0].startswith("payments-worker-")
    assert texts[0].endswith("-7d4f9c")
    assert int(root.get("width") or 0) < 350
    assert root.get("aria-label") == f"{name}: down"


@given(st.text(max_size=300))
@example("决済 🛒 خدمة")
@example("\ud800\x00\u202e\ufffe<!--]]>&'\"")
@example("e\u0301" * 40)
def test_any_label_is_a_picture(text: str) -> None:
    """Well-formed, without anything that runs or is fetched."""
    label = cleaned(text)
    root, texts = drawn(picture(label, "healthy", "#555").encode().decode())
    assert texts[-1] == "healthy"
    assert {entry.tag.removeprefix(SVG) for entry in root.iter()} <= {
        "svg",
        "title",
        "path",
        "g",
        "text",
    }
    for entry in root.iter():
        assert not any(name.startswith("on") or "href" in name for name in entry.attrib)
