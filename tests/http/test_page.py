"""The status page: what a person reads on it, and what nobody may."""

from __future__ import annotations

import shlex
from dataclasses import replace
from ipaddress import ip_network
from typing import Any

import pytest

from k8s_heartbeat.adapters.cache import Lifetimes
from k8s_heartbeat.adapters.http.public import PublicPage
from k8s_heartbeat.adapters.http.rendering import Detail
from k8s_heartbeat.core.checks.component import Component, Member
from k8s_heartbeat.core.checks.reader import ReadError
from tests.builders import (
    NOW,
    Manifest,
    before,
    condition,
    container,
    deployment,
    event,
    pod,
    replica_set,
    stamp,
    stateful_set,
    terminated,
    waiting,
)
from tests.http.pages import Page, page_of
from tests.http.support import (
    FORBIDDEN,
    GUARDED,
    PATH,
    TIMEOUT,
    TOKEN,
    UPSTREAM,
    Answer,
    Clock,
    FakeReader,
    Service,
    ask,
    caller,
    degraded,
    down,
    guarding,
    healthy,
    remembering,
    service,
)
from tests.http.test_scopes import CHECKOUT_ONLY, COMPONENTS, SHOP_ONLY, WORLD, placed, there

BEARER = {"Authorization": f"Bearer {TOKEN}"}
HOSTILE = "<img src=x onerror=alert(1)>\"'&\u202e\x1b"
PAY = Component("pay", "Payments", (Member(("shop",), "deploy", "api"),))
DB = Component("db", "Database", (Member(("shop",), "sts", "db"),))
OBJECT = "/status/shop/deployment/api"
PUBLIC = PublicPage("Is it up?", ("db", "pay"))


def crashing(
    *, pod_name: str = "api-1", container_name: str = "app", message: str = "it went wrong"
) -> list[Manifest]:
    """The Deployment `api`, down in a crash loop for twelve minutes, and what belongs to it."""
    ended = terminated(3, ended=before(minutes=2), started=before(minutes=3))
    state = container(
        container_name,
        state=waiting("CrashLoopBackOff", "back-off"),
        last=ended,
        ready=False,
        restarts=5,
    )
    return [
        down(before(minutes=12)),
        replica_set(3, 0),
        pod(pod_name, ready=False, containers=[state], owned_by="api-rs"),
        event(pod_name, "BackOff", kind="Pod", message=message),
    ]


def seen(
    *objects: Manifest, path: str = "/", query: str = "", code: int = 200, **given: Any
) -> Page:
    """The page of a service that runs open."""
    answer = ask(service(*objects, **given), path=path, query=query)
    assert answer.status == code
    return page_of(answer)


def rows_of(page: Page) -> list[str]:
    """The names of the workloads in their order."""
    found: list[str] = []
    in_row = False
    for tag, attributes in page.elements:
        in_row |= attributes.get("class", "").startswith("row ")
        if in_row and tag == "a":
            found.append(attributes["href"].rpartition("/")[2])
            in_row = False
    return found


def named(name: str, namespace: str = "shop", serving: int = 3) -> Manifest:
    """A Deployment."""
    return placed(deployment(3, serving), namespace, name)


def test_one_sentence_says_what_is_broken_since_when_and_why() -> None:
    """In the heading and in the title, before all else."""
    page = seen(*crashing(), stateful_set(), components={"pay": PAY, "db": DB})
    told = "Payments is down: 0 of 3 api pods available, crash loop since 11:48 UTC"
    assert page.heading == told
    assert page.title == f"{told} · Status"
    assert page.text.index(told) < page.text.index("Components")


@pytest.mark.parametrize(
    ("objects", "components", "told", "word"),
    [
        ([healthy(), stateful_set()], {"pay": PAY, "db": DB}, "All 2 components work", "healthy"),
        ([healthy()], {"pay": PAY}, "Payments works", "healthy"),
        ([healthy(), stateful_set()], {}, "All 2 workloads work", "healthy"),
        (
            [healthy(), stateful_set(3, 0)],
            {"pay": PAY},
            "Payments works, but 1 of 2 workloads is not up",
            "degraded",
        ),
        (
            [healthy()],
            {"pay": PAY, "db": DB},
            "Database lacks a member: there is no StatefulSet db",
            "missing",
        ),
        (
            [degraded(), stateful_set(3, 0)],
            {},
            "shop/db is down: 0 of 3 pods available; 1 other workload needs attention too",
            "down",
        ),
        ([], {}, "There are no workloads in any namespace", "unknown"),
    ],
)
def test_the_sentence_is_on_components_where_there_are_any(
    objects: list[Manifest], components: dict[str, Component], told: str, word: str
) -> None:
    """What fails beside them is said too, and the header says the same."""
    answer = ask(service(*objects, components=components), path="/")
    assert (page_of(answer).heading, answer.header("Heartbeat-Status")) == (told, word)


def test_failing_workloads_come_first_with_cause_figures_and_since() -> None:
    """In words, in whatever order they were read."""
    page = seen(named("a"), *crashing(), named("z"))
    text = page.text
    assert text.index("api Deployment in shop") < text.index("a Deployment in shop")
    assert "0/3 available for 12 min CrashLoopBackOff (container app)" in text
    assert "1 down 2 healthy" in text
    times = [found for tag, found in page.elements if tag == "time" and "title" in found]
    assert {"datetime": "2026-03-02T11:48:00Z", "title": "2026-03-02 11:48:00 UTC"} in times
    assert "Read 0 s ago, at 12:00:00 UTC" in text


def test_every_shape_has_a_word_beside_it() -> None:
    """A colour alone says nothing."""
    page = seen(*crashing())
    shapes = [found for tag, found in page.elements if tag == "svg"]
    assert shapes
    assert all(found["aria-hidden"] == "true" for found in shapes)
    assert "Down" in page.text


@pytest.mark.parametrize("path", ["/", OBJECT, "/status/components/pay", "/status", "/status/"])
@pytest.mark.parametrize("detail", list(Detail))
def test_a_hostile_name_is_text_and_nothing_else(path: str, detail: Detail) -> None:
    """Wherever it stands: in a name, a message, a title, a selector."""
    wild = crashing(pod_name=HOSTILE, container_name=HOSTILE, message=HOSTILE)
    wild[0] = {**wild[0], "spec": {**wild[0]["spec"], "selector": {"matchLabels": {"a": HOSTILE}}}}
    other = named(HOSTILE, HOSTILE, 0)
    component = replace(PAY, title=HOSTILE, members=(Member(("shop",)), *PAY.members))
    page = seen(
        *wild,
        other,
        {**named(HOSTILE), "kind": "StatefulSet"},
        path=path,
        query="q=%3Cimg%20src%3Dx%20onerror%3D&x=%22%3E%3Cscript%3E",
        components={"pay": component},
        title=HOSTILE,
        detail=detail,
    )
    assert not {"img", "iframe", "object", "base"} & {tag for tag, _ in page.elements}
    assert len(page.inline["script"]) == 1
    for _, attributes in page.elements:
        assert not [name for name in attributes if name.startswith("on")]
        assert not [name for name in attributes if '"' in name or "<" in name]
    assert not [link for link in page.links if link.lower().startswith("javascript:")]
    assert not {"\u202e", "\x1b"} & set(page.text)
    assert HOSTILE[:28] in page.text


@pytest.mark.parametrize(
    ("path", "query"),
    [
        ("/", "q=%3Cimg%20onerror%3D1%3E"),
        ("/", "namespace=%3Cimg%20onerror%3D1%3E"),
        ("/", "kind=%3Cimg%20onerror%3D1%3E"),
        ("/", "status=%3Cimg%20onerror%3D1%3E"),
        ("/status/<img onerror=1>", ""),
        ("/status/<img onerror=1>/pod/a", ""),
        ("/status/shop/<img onerror=1>/a", ""),
        ("/status/shop/pod/<img onerror=1>", ""),
        ("/status/components/<img onerror=1>", ""),
    ],
)
def test_what_an_address_carries_is_text_too(path: str, query: str) -> None:
    """On pages of errors as well."""
    page = page_of(ask(service(healthy()), path=path, query=query))
    assert "img" not in {tag for tag, _ in page.elements}


@pytest.mark.parametrize("path", ["/", OBJECT, "/status/components/pay"])
def test_less_detail_tells_no_pod_and_no_message(path: str) -> None:
    """The same as the API tells, and nothing of it can be looked for."""
    cluster = crashing(pod_name="pod-canary", message="message-canary")
    given: dict[str, Any] = {"path": path, "components": {"pay": PAY}}
    full, summary, status = (seen(*cluster, detail=level, **given) for level in reversed(Detail))
    for page in (summary, status):
        told = page.text + str(page.elements)
        assert "canary" not in told
        assert "app=api" not in told
    if path == OBJECT:
        assert "pod-canary" in full.text
        assert "message-canary" in full.text
        assert "-l app=api" in full.text
    assert "CrashLoopBackOff" in full.text
    assert "CrashLoopBackOff" in summary.text
    assert "CrashLoopBackOff" not in status.text
    assert "0/3" not in status.text
    assert "Not up" in status.text


def test_what_is_not_shown_cannot_be_looked_for() -> None:
    """Otherwise the filter would tell, letter by letter."""
    cluster = crashing(pod_name="pod-canary")
    cluster[2]["status"]["containerStatuses"][0]["lastState"]["terminated"]["reason"] = "Canary"
    query = "q=canary"
    assert "1 workload of 1" in seen(*cluster, query=query, detail=Detail.FULL).text
    for detail in (Detail.SUMMARY, Detail.STATUS):
        assert "1 workload of 1" not in seen(*cluster, query=query, detail=detail).text


def test_a_caller_with_the_least_detail_gets_words_alone() -> None:
    """No workload's name, no count; the components by their titles."""
    page = seen(*crashing(), named("other"), components={"pay": PAY}, detail=Detail.STATUS)
    assert page.heading == "Payments is down"
    for canary in ("other", "shop", "Deployment", "of 2"):
        assert canary not in page.text


@pytest.mark.parametrize(
    ("scope", "sees", "sees_not"),
    [
        ({}, ("bank", "shop", "Checkout", "Pay"), ()),
        (SHOP_ONLY, ("shop",), ("bank", "Checkout", "Pay")),
        (CHECKOUT_ONLY, ("Checkout",), ("shop", "Pay", "StatefulSet")),
    ],
)
def test_a_caller_sees_their_scope(
    scope: dict[str, Any], sees: tuple[str, ...], sees_not: tuple[str, ...]
) -> None:
    """And nothing tells that there is more."""
    served = service(
        reader=FakeReader(WORLD), contract=guarding(caller(**scope)), components=COMPONENTS
    )
    page = page_of(ask(served, path="/", headers=BEARER))
    for word in sees:
        assert word in page.text
    for word in sees_not:
        assert word not in page.text + str(page.elements)


def test_who_sees_nothing_is_asked_for_a_namespace() -> None:
    """Rights in one namespace alone do not say which."""
    scope: dict[str, Any] = {"namespaces": frozenset[str](), "components": frozenset[str]()}
    served = service(reader=FakeReader(WORLD), contract=guarding(caller(**scope)))
    answer = ask(served, path="/", headers=BEARER)
    assert (answer.status, answer.header("Heartbeat-Status")) == (404, "unknown")
    assert "enter it above" in page_of(answer).text


@pytest.mark.parametrize("namespace", ["bank", "nowhere"])
def test_a_namespace_out_of_sight_is_one_that_is_not_there(namespace: str) -> None:
    """But for its name."""
    served = service(reader=FakeReader(WORLD), contract=guarding(caller(**SHOP_ONLY)))
    answer = ask(served, path="/", query=f"namespace={namespace}", headers=BEARER)
    assert answer.status == 404
    told = page_of(answer).text.replace(namespace, "NAME")
    assert "There is no namespace NAME, or you may not see it" in told
    assert told.count("NAME") == 2


class TestPublic:
    """The page of people without a token."""

    @staticmethod
    def asked(
        path: str = "/", *objects: Manifest, headers: dict[str, str] | None = None, **given: Any
    ) -> Answer:
        """The answer of a service with two public components of three."""
        secret = Component("secret", "Secret", (Member(("shop",), "deploy", "hidden-one"),))
        served = service(
            *(objects or (*crashing(), stateful_set(), named("hidden-one"))),
            contract=GUARDED,
            components={"pay": PAY, "secret": secret, "db": DB},
            title="Of the operator",
            public=PUBLIC,
            **given,
        )
        return ask(served, path=path, headers=headers)

    def test_it_says_title_word_and_up_and_nothing_else(self) -> None:
        """To the last word; there is no link, and no number of others."""
        answer = self.asked()
        page = page_of(answer)
        assert page.text == (
            "Skip to the status Is it up? Payments is down Read 0 s ago, at 12:00:00 UTC "
            "Database Healthy Up Payments Down Not up"
        )
        assert page.title == "Payments is down · Is it up?"
        assert [link for link in page.links if not link.startswith("data:")] == ["#main"]
        assert (answer.status, answer.header("Heartbeat-Status")) == (200, "down")
        told = str(page.elements)
        for canary in ("ecret", "hidden-one", "shop", "rash", "api", "operator", "0.3"):
            assert canary not in told

    @pytest.mark.parametrize("path", ["/status", "/status/components/pay", OBJECT])
    def test_all_else_takes_a_token(self, path: str) -> None:
        """So a browser asks for one."""
        answer = self.asked(path)
        assert answer.status == 401
        assert "Basic" in (answer.header("WWW-Authenticate") or "")
        assert "A token is required" in page_of(answer).text

    @pytest.mark.parametrize("path", ["/", "/status"])
    def test_with_a_token_it_is_the_operators_page(self, path: str) -> None:
        """At both addresses; its links lead where a token is asked for."""
        page = page_of(self.asked(path, headers=BEARER))
        assert "hidden-one" in page.text
        assert "Secret" in page.text
        assert "Of the operator" in page.title
        assert "/status" in page.links

    def test_a_wrong_token_is_refused(self) -> None:
        """It does not fall back to what needs none."""
        assert self.asked(headers={"Authorization": "Bearer wrong"}).status == 401

    @pytest.mark.parametrize(("failure", "code"), [(UPSTREAM, 502), (TIMEOUT, 504)])
    def test_an_outage_tells_nothing_of_what_is_behind(self, failure: ReadError, code: int) -> None:
        """Not what was read, and not from whom."""
        answer = self.asked(reader=FakeReader(failure=failure))
        page = page_of(answer)
        assert (answer.status, answer.header("Heartbeat-Status")) == (code, "unknown")
        assert page.text == "Skip to the status Status The status is not known at the moment"

    def test_without_a_public_component_there_is_no_such_page(self) -> None:
        """It is a 401 like any other."""
        answer = ask(service(healthy(), contract=GUARDED), path="/")
        assert answer.status == 401
        assert "enter the token as the password" in page_of(answer).text


@pytest.mark.parametrize(
    ("path", "query", "code", "told"),
    [
        ("/status/nothing", "", 404, "There is nothing here"),
        ("/status/a/b/c/d", "", 404, "There is nothing here"),
        ("/status/shop/deployment/UPPER", "", 400, "name:"),
        ("/status/shop/widget/a", "", 404, "serves no"),
        ("/status/shop/node/a", "", 400, "cluster-scoped"),
        ("/status/components/NO", "", 400, "name:"),
        ("/status/components/none", "", 404, "There is no component none"),
        ("/status/shop/deployment/none", "", 404, "There is no Deployment none"),
        ("/", "namespace=NO", 400, "such as shop"),
        ("/", "status=fine", 400, "as in status=down"),
        ("/", "page=0", 400, "as in page=2"),
        ("/", "page=x", 400, "as in page=2"),
        ("/", "page=²", 400, "as in page=2"),
        ("/", "kind=a b", 400, "no name of a kind"),
        ("/", "q=" + "a" * 101, 400, "longer than 100"),
    ],
)
def test_an_error_of_the_page_is_a_page(path: str, query: str, code: int, told: str) -> None:
    """Whatever Accept says; and HEAD is like GET."""
    served = service(healthy())
    for accept in ("text/html", "application/json", "*/*"):
        answer = ask(served, path=path, query=query, headers={"Accept": accept})
        assert answer.status == code
        assert told in page_of(answer).text
    headed = ask(served, "HEAD", path, query)
    assert (headed.status, headed.header("Content-Type")) == (code, "text/html; charset=utf-8")


@pytest.mark.parametrize("path", ["/x", "/statuses", "/api/healthz/shop/deployment/UPPER"])
def test_an_error_of_anything_else_is_a_problem(path: str) -> None:
    """Monitors accept HTML as well."""
    answer = ask(service(healthy()), path=path, headers={"Accept": "text/html"})
    assert answer.header("Content-Type") == "application/problem+json"


@pytest.mark.parametrize(("failure", "code"), [(UPSTREAM, 502), (TIMEOUT, 504)])
@pytest.mark.parametrize("path", ["/", OBJECT, "/status/components/pay"])
def test_where_nothing_could_be_read_it_says_so(path: str, failure: ReadError, code: int) -> None:
    """In plain words, and without a word of what is up."""
    reader = FakeReader([healthy()], failure=failure)
    answer = ask(service(reader=reader, components={"pay": PAY}), path=path)
    page = page_of(answer)
    assert (answer.status, answer.header("Heartbeat-Status")) == (code, "unknown")
    assert "Nothing is known" in page.text or "nothing is known" in page.text
    assert "ealthy" not in page.text


def test_a_part_that_could_not_be_read_is_said() -> None:
    """The rest is shown, and it is not all well."""
    reader = FakeReader([healthy()], unread={"Job": FORBIDDEN})
    answer = ask(service(reader=reader), path="/")
    page = page_of(answer)
    assert (answer.status, answer.header("Heartbeat-Status")) == (200, "unknown")
    assert (
        "Not read Nothing is known about this part: jobs in all namespaces could not be"
        in page.text
    )
    assert page.heading.startswith("Part of the Jobs could not be judged")
    assert "api Deployment in shop" in page.text


def test_workloads_that_cannot_be_read_do_not_hide_the_components() -> None:
    """Which are read by name."""
    reader = FakeReader([healthy()], unrelated=UPSTREAM)
    page = seen(reader=reader, components={"pay": PAY})
    assert page.heading == "Payments works, but the workloads could not be read"
    assert "The workloads could not be read: " in page.text


def test_components_that_cannot_be_read_do_not_hide_the_workloads() -> None:
    """They are said to be missing from the page."""
    reader = FakeReader([healthy()], unread={"StatefulSet": UPSTREAM})
    page = seen(reader=reader, components={"db": DB})
    assert "The components could not be read: " in page.text
    assert "api Deployment in shop" in page.text


def test_a_stale_reading_is_not_shown_as_current() -> None:
    """The sentence itself says of when it is."""
    clock, reader = Clock(), FakeReader([healthy()])
    served = remembering(reader, clock=clock, lifetimes=Lifetimes())
    assert page_of(ask(served, path="/")).heading == "shop/api works"
    clock.seconds = 90.0
    reader.failure = UPSTREAM
    answer = ask(served, path="/")
    page = page_of(answer)
    assert answer.status == 200
    assert page.heading == "At 12:00 UTC: shop/api works"
    assert "Not current: the last reading was 90 s ago" in page.text


def short(*, up: bool) -> Manifest:
    """The Deployment `api` with two replicas of three; its owner says whether that is enough."""
    found = degraded()
    own = {"annotations": {"k8s-heartbeat.io/min-available": "2" if up else "3"}}
    return {**found, "metadata": {**found["metadata"], **own}}


@pytest.mark.parametrize("components", [{}, {"pay": PAY}])
@pytest.mark.parametrize("up", [True, False])
@pytest.mark.parametrize("path", ["/", OBJECT, "/status/components/pay"])
def test_degraded_and_not_up_differs_from_degraded_in_words_and_colour(
    path: str, up: bool, components: dict[str, Component]
) -> None:
    """In the headline, the tab, the rows, the cards, the counts and the namespaces."""
    given = {"pay": PAY} if "components" in path else components
    cluster = (short(up=up), named("web", "bank"))
    answer = ask(service(*cluster, components=given), path=path)
    page = page_of(answer)
    states = [found["class"] for _, found in page.elements if "degraded" in found.get("class", "")]
    assert states
    assert answer.header("Heartbeat-Status") == "degraded"
    icon = next(link for link in page.links if link.startswith("data:"))
    if up:
        assert "ot up" not in page.text.replace("503 while it is not", "")
        assert not [state for state in states if "not-up" in state]
        assert "8a5a00" in icon
        return
    assert " is degraded and not up" in page.heading
    assert " is degraded and not up" in page.title
    assert [state for state in states if "not-up" not in state] == []
    assert "c0221f" in icon
    assert "Degraded, not up" in page.text
    if path == "/":
        assert "1 degraded (1 not up) 1 healthy" in page.text
        assert "shop 1 degraded (1 not up) of 1" in page.text
        assert page.text.count("Degraded, not up") == 1 + len(given)


def test_the_public_page_colours_what_is_degraded_and_not_up_as_down() -> None:
    """It says so in words anyway."""
    served = service(
        short(up=False),
        stateful_set(),
        contract=GUARDED,
        components={"pay": PAY, "db": DB},
        public=PUBLIC,
    )
    page = page_of(ask(served, path="/"))
    assert page.heading == "Payments is degraded and not up"
    assert "Payments Degraded Not up" in page.text
    assert "state degraded not-up" in {found.get("class") for _, found in page.elements}


def test_the_worst_of_the_degraded_is_named_first() -> None:
    """What is not up comes before what is."""
    cluster = (short(up=False), named("a", serving=2))
    heading = seen(*cluster).heading
    assert heading.startswith("shop/api is degraded and not up: 2 of 3 pods available")
    assert heading.endswith("; 1 other workload needs attention too")


@pytest.mark.parametrize("path", ["/", "/status", OBJECT, "/status/components/pay"])
def test_a_page_made_of_an_old_reading_has_its_age(path: str) -> None:
    """In the header, as JSON answers have it; the public page too."""
    clock, reader = Clock(), FakeReader([healthy()])
    served = remembering(reader, clock=clock, components={"pay": PAY})
    assert ask(served, path=path).header("Age") is None
    clock.seconds = 90.0
    reader.failure = UPSTREAM
    answer = ask(served, path=path)
    assert (answer.status, answer.header("Age")) == (200, "90")
    assert "the last reading was 90 s ago" in page_of(answer).text


def test_the_public_page_has_the_age_of_its_reading() -> None:
    """Whoever asks."""
    reader = FakeReader([healthy(), stateful_set()], stale_kinds={"Deployment": 40.0})
    served = service(
        reader=reader, contract=GUARDED, components={"pay": PAY, "db": DB}, public=PUBLIC
    )
    assert ask(served, path="/").header("Age") == "40"


SHOP = (named("api"), named("web", serving=0), named("agent", "tools", 2), stateful_set())


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("", ["web", "agent", "api", "db"]),
        ("namespace=shop", ["web", "api", "db"]),
        ("kind=deploy", ["web", "agent", "api"]),
        ("kind=StatefulSet", ["db"]),
        ("status=failing", ["web", "agent"]),
        ("status=down", ["web"]),
        ("status=healthy&kind=sts", ["db"]),
        ("q=TOOLS", ["agent"]),
        ("q=ap", ["api"]),
        ("q=", ["web", "agent", "api", "db"]),
        ("namespace=&kind=&status=&q=&page=", ["web", "agent", "api", "db"]),
        ("namespace=shop&q=agent", []),
        ("cachebuster=1", ["web", "agent", "api", "db"]),
    ],
)
def test_filters_stand_in_the_address(query: str, names: list[str]) -> None:
    """The form shows them again, and nothing else is left out."""
    page = seen(*SHOP, there("shop"), query=query)
    assert rows_of(page) == names
    if not names:
        assert "No workload" in page.text
        assert "?namespace=shop" in page.links
        assert "?" in page.links


def test_a_namespace_alone_is_read_where_one_is_chosen() -> None:
    """So that rights in it are enough."""
    reader = FakeReader([named("api"), there("shop")])
    seen(reader=reader, query="namespace=shop")
    assert {query.namespace for query in reader.queries} == {"shop"}


BANK = Component("bank", "Bank", (Member(("bank",), "deploy", "web"), *PAY.members))


def test_components_elsewhere_are_not_read_where_a_namespace_is_chosen() -> None:
    """Those inside of it are shown, and it says that there are others."""
    reader = FakeReader([named("api"), named("web", "bank"), there("shop")])
    page = seen(reader=reader, query="namespace=shop", components={"pay": PAY, "bank": BANK})
    assert {query.namespace for query in reader.queries} == {"shop"}
    assert page.heading == "In shop: Payments works"
    assert "Bank" not in page.text
    assert "1 component with members in other namespaces not shown. Show all" in page.text


def test_without_components_inside_a_namespace_the_headline_is_on_its_workloads() -> None:
    """Whatever else is down."""
    cluster = (named("api"), named("web", "bank", 0), there("shop"))
    page = seen(*cluster, query="namespace=shop", components={"bank": BANK})
    assert page.heading == "In shop: api works"


def test_the_least_detail_does_not_tell_where_members_are() -> None:
    """Otherwise the filter would tell it, namespace by namespace."""
    page = seen(
        named("api"),
        there("shop"),
        query="namespace=shop",
        components={"pay": PAY},
        detail=Detail.STATUS,
    )
    assert page.heading == "In shop: All workloads work"
    assert "Payments" not in page.text


def test_an_empty_namespace_says_so() -> None:
    """And how to see more."""
    page = seen(there("shop"), query="namespace=shop")
    assert "There are no workloads in shop. Show all namespaces" in page.text


@pytest.fixture(scope="module")
def many() -> Service:
    """2,000 workloads, every tenth of them down."""
    return service(
        *(
            named(f"w-{number:04}", f"team-{number % 40}", 3 * (number % 10 > 0))
            for number in range(2000)
        )
    )


@pytest.mark.parametrize(("number", "first"), [(1, "w-0000"), (2, None), (10, None), (99, None)])
def test_many_workloads_come_in_pages_of_200(many: Service, number: int, first: str | None) -> None:
    """At most 300 KB each; one past the last is the last."""
    answer = ask(many, path="/", query=f"page={number}")
    page = page_of(answer)
    rows = rows_of(page)
    assert len(rows) == 200
    assert len(answer.body) <= 300_000
    assert f"Page {min(number, 10)} of 10" in page.text
    assert "200 down" in page.text
    if number == 1:
        assert all(row.endswith("0") for row in rows)


def test_a_page_of_long_messages_stays_small() -> None:
    """The page of an object has all of one."""
    message = 'Back-off pulling image "registry.example/web:2" ' * 20
    broken = [named(f"{number:03}" * 20, "n" * 40, 0) for number in range(200)]
    for manifest in broken:
        told = condition("ReplicaFailure", "True", "FailedCreate", message)
        manifest["status"]["conditions"].append(told)
    served = service(*broken, detail=Detail.FULL)
    assert len(ask(served, path="/").body) <= 300_000


def longest(number: int, serving: int, namespace: str) -> Manifest:
    """A Deployment with the longest names there are, and long messages if it fails."""
    manifest = named(f"{number:03}{'a' * 250}", namespace, serving)
    if serving < 3:
        message = "back-off & <quotes> " * 20
        told = condition("ReplicaFailure", "True", "FailedCreate" * 20, message, since=stamp(NOW))
        manifest["status"]["conditions"].append(told)
    return manifest


@pytest.mark.parametrize("number_of_components", [0, 12, 100])
def test_every_page_of_the_longest_names_is_below_300_kb(number_of_components: int) -> None:
    """Of many namespaces, with a filter, with few components or many."""
    places = [f"{number:03}{'n' * 60}" for number in range(100)]
    cluster = [longest(number, 0, places[number // 2]) for number in range(200)]
    members = [Member((places[number],), "sts", f"{number:03}{'b' * 250}") for number in range(10)]
    names = [f"{'c' * 60}{number:03}" for number in range(number_of_components)]
    components = {name: Component(name, "T" * 60, tuple(members)) for name in names}
    base = "/" + "p" * 50
    served = service(*cluster, components=components, detail=Detail.FULL, base_path=base)
    for path, query in (
        ("/status", "page=2"),
        ("/status", "q=" + "a" * 100),
        (f"/status/{places[0]}/deployment/000{'a' * 250}", ""),
    ):
        answer = ask(served, path=base + path, query=query)
        assert answer.status == 200
        assert len(answer.body) <= 300_000, (path, query)


def test_200_members_with_the_longest_names_are_on_one_page() -> None:
    """If they are well; otherwise it says how many are not shown."""
    place = "n" * 63
    component = Component("all", "All", (Member((place,)),))
    for serving in (3, 0):
        cluster = [longest(number, serving, place) for number in range(200)]
        served = service(*cluster, components={"all": component}, detail=Detail.FULL)
        answer = ask(served, path="/status/components/all")
        assert len(answer.body) <= 300_000
        page = page_of(answer)
        rows = len(rows_of(page))
        if serving:
            assert rows == 200
        else:
            assert 150 < rows < 200
            assert f"{200 - rows} further members not shown" in page.text


def test_every_workload_is_on_one_page_of_those_of_long_names() -> None:
    """However many fit on each."""
    served = service(*(longest(number, 0, "n" * 63) for number in range(230)))
    found: list[str] = []
    for number in (1, 2, 3):
        found += rows_of(page_of(ask(served, path="/", query=f"page={number}")))
    assert len(found) == len(set(found)) == 230


def test_links_keep_the_filters_and_the_prefix_and_never_the_token() -> None:
    """The address may carry it, and nothing on the page does."""
    contract = replace(GUARDED, base_path="/heartbeat")
    served = service(
        *SHOP,
        *(named(f"x{number}") for number in range(300)),
        there("shop"),
        contract=contract,
        components={"pay": PAY},
    )
    for path in (
        "/heartbeat/",
        "/heartbeat/status/shop/deployment/web",
        "/heartbeat/status/components/pay",
        "/heartbeat/status/nothing",
    ):
        answer = ask(served, path=path, query=f"token={TOKEN}&namespace=shop&kind=deploy")
        page = page_of(answer)
        assert TOKEN.encode() not in answer.body
        links = [link for link in page.links if not link.startswith(("data:", "?", "#"))]
        assert links
        assert all(link.startswith("/heartbeat/") for link in links)
        if path.endswith("t/"):
            assert "?namespace=shop&kind=Deployment&page=2#workloads" in page.links


def test_an_object_has_all_its_causes_and_what_to_look_at_next() -> None:
    """What, where, since when, how often; and commands that can be copied."""
    page = seen(*crashing(), path=OBJECT, detail=Detail.FULL, url="http://localhost:8080")
    assert (
        page.heading == "Deployment api is down: 0 of 3 pods available, crash loop since 11:48 UTC"
    )
    for told in (
        "CrashLoopBackOff crash loop Pod api-1, container app, since 11:58 UTC (2 min ago)",
        "restarted 5 times, last ended with exit code 3 (Error)",
        "it went wrong",
        "kubectl describe deployment api -n shop",
        "kubectl logs api-1 -c app --previous -n shop",
        "kubectl get pods -o wide -l app=api -n shop",
        "kubectl events --for deployment/api -n shop",
        f"http://localhost:8080{PATH}",
        "![Deployment api](http://localhost:8080/api/badge/shop/deployment/api.svg)",
    ):
        assert told in page.text


def test_the_address_for_a_monitor_is_what_a_trusted_proxy_says() -> None:
    """As the browser wrote it; a host that is none is left out."""
    headers = {"X-Forwarded-Proto": "https", "X-Forwarded-Host": "status.example.com"}
    served = service(healthy(), trusted_proxies=(ip_network("192.0.2.0/24"),))
    answer = ask(served, path=OBJECT, headers=headers)
    assert f"https://status.example.com{PATH}" in page_of(answer).text
    answer = ask(service(healthy()), path=OBJECT, headers={"Host": "a b"})
    assert f" {PATH} " in page_of(answer).text


def test_a_component_lists_its_members() -> None:
    """With how many must be up."""
    page = seen(
        *crashing(),
        stateful_set(),
        path="/status/components/pay",
        components={"pay": replace(PAY, members=(*PAY.members, *DB.members))},
    )
    assert "1 of 2 up; failing ones first" in page.text
    assert "/status/shop/deployment/api" in page.links
    assert "/status/shop/statefulset/db" in page.links


@pytest.mark.parametrize("path", ["/", "/status", OBJECT, "/status/components/pay"])
def test_head_is_get_without_a_body(path: str) -> None:
    """Same code, same headers."""
    got, headed = (
        ask(service(*crashing(), components={"pay": PAY}), method, path)
        for method in ("GET", "HEAD")
    )
    assert (headed.status, headed.headers, headed.body) == (got.status, got.headers, b"")


def test_no_other_origin_may_read_a_page() -> None:
    """The API may be read by any."""
    headers = {"Origin": "https://elsewhere.example"}
    served = service(healthy())
    assert ask(served, headers=headers).header("Access-Control-Allow-Origin") == "*"
    for path in ("/", OBJECT, "/status/none"):
        assert ask(served, path=path, headers=headers).header("Access-Control-Allow-Origin") is None


def test_commands_can_be_copied_without_harm() -> None:
    """Every name is one word to a shell, or the command is not offered."""
    wild = crashing(pod_name="$(reboot)", container_name="a;b")
    wild[0]["spec"]["selector"] = {
        "matchLabels": {"app": "api"},
        "matchExpressions": [{"key": "tier", "operator": "In", "values": ["a", "`b`"]}],
    }
    wild[2]["metadata"]["labels"]["tier"] = "`b`"
    page = seen(*wild, path=OBJECT, detail=Detail.FULL)
    lines = page.text.split("kubectl ")[1:]
    assert "kubectl logs" not in page.text
    selector = next(line for line in lines if " -l " in line)
    assert shlex.split(selector)[5:6] == ["app=api,tier in (a,`b`)"]


def test_the_time_is_the_time_of_the_reading() -> None:
    """By the clock of the service."""
    assert stamp(NOW) == "2026-03-02T12:00:00Z"
    reader = FakeReader([healthy()], age=30.0)
    page = seen(reader=reader)
    assert "30 s ago, at 11:59:30 UTC" in page.text


@pytest.mark.parametrize(
    ("query", "right"),
    [
        ("Status=failing", "status=failing"),
        ("name_space=shop", "namespace=shop"),
        ("kind=deploy&kind=sts", "kind=deployment"),
    ],
)
def test_a_filter_that_would_be_lost_is_an_error(query: str, right: str) -> None:
    """Otherwise everything would pass for what was looked for."""
    answer = ask(service(healthy()), path="/status", query=query)
    assert answer.status == 400
    assert right in answer.body.decode()


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({}, "http://falconframework.org/api/healthz/shop/deployment/api"),
        ({"url": "https://real.example"}, "https://real.example/api/healthz/shop/deployment/api"),
    ],
)
def test_the_address_for_a_monitor_is_not_what_anybody_claims(
    changes: dict[str, Any], told: str
) -> None:
    """But that which is set, or the host that was asked; proxies have to be trusted."""
    headers = {
        "Host": "falconframework.org",
        "X-Forwarded-Host": "evil.example",
        "Forwarded": "host=evil.example",
    }
    answer = ask(service(healthy(), **changes), path=OBJECT, headers=headers)
    assert told in answer.body.decode()
    assert b"evil.example" not in answer.body
