"""What a person sees on the status page, and does with it."""

from __future__ import annotations

import re
import shutil
import subprocess
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest

from tests.builders import Manifest

from .axe import PICTURES
from .states import HOSTILE, below, crashing, hostile, many, named, well

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from playwright.sync_api import Browser, Page, Route

    from .conftest import Cluster, Visitor

NEXT = 16_000
"""Milliseconds after which a page has repainted itself."""
UNKNOWN = "6342b0"
"""The colour of the icon of what is not known."""
BEYOND = """[...document.querySelectorAll('main *')].filter(e =>
  getComputedStyle(e).position !== 'absolute' && e.getBoundingClientRect().right > innerWidth + 1
).length"""
TOO_WIDE = """[...document.querySelectorAll('main .state')].filter(e =>
  e.scrollWidth > e.clientWidth + 1).length"""
HIDE = """hidden => {
  Object.defineProperty(document, 'hidden', {value: hidden, configurable: true});
  document.dispatchEvent(new Event('visibilitychange'));
}"""
VISIBLE = "e => { const r = e.getBoundingClientRect(); return r.top < innerHeight && r.bottom > 0 }"
STATES: dict[str, tuple[Callable[[], list[Manifest]] | None, str]] = {
    "well": (well, "/status"),
    "crash-loop": (crashing, "/status"),
    "below": (below, "/status"),
    "below-object": (below, "/status/shop/deployment/api"),
    "below-component": (below, "/status/components/pay"),
    "object": (crashing, "/status/shop/deployment/api"),
    "object-well": (well, "/status/shop/deployment/api"),
    "component": (crashing, "/status/components/pay"),
    "hostile": (hostile, "/status"),
    "hostile-object": (hostile, "/status/shop/deployment/api"),
    "hostile-filter": (hostile, "/status?q=%3Cimg%20src%3Dx%20onerror%3Dwindow.hacked%3D1%3E"),
    "many": (many, "/status"),
    "nothing-found": (well, "/status?kind=Job&status=down&q=none"),
    "namespace": (crashing, "/status?namespace=shop"),
    "missing": (well, "/status/shop/deployment/none"),
    "wrong": (well, "/status?page=none"),
    "away": (None, "/status"),
    "empty": (list[Manifest], "/status"),
}


def without_prompt(route: Route) -> None:
    """Show the page that a person sees who does not answer the prompt: it has nobody to ask."""
    answer = route.fetch()
    assert "Basic" in answer.headers["www-authenticate"]
    kept = {name: value for name, value in answer.headers.items() if name != "www-authenticate"}
    route.fulfill(response=answer, headers=kept)


def show(cluster: Cluster, page: Page, state: str) -> None:
    """Open a state."""
    objects, path = STATES[state]
    if objects is None:
        cluster.fails()
    else:
        cluster.becomes(objects())
    page.goto(cluster.url + path)


@pytest.mark.parametrize("state", STATES)
def test_every_state_is_fit_for_everybody(
    state: str, cluster: Cluster, visitor: Visitor, rules: str
) -> None:
    """No violation of axe-core's rules, light and dark; no scrolling sideways."""
    page = visitor.page
    show(cluster, page, state)
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        page.evaluate(rules)
        found: dict[str, Any] = page.evaluate("axe.run({resultTypes: ['violations']})")
        told = [
            (entry["id"], [node["html"] for node in entry["nodes"]][:3])
            for entry in found["violations"]
        ]
        assert told == []
        assert page.evaluate(TOO_WIDE) == 0
        picture(page, f"{state}-{scheme}")
    for width in (320, 700):
        page.set_viewport_size({"width": width, "height": 700})
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert page.evaluate(BEYOND) == 0
        assert page.evaluate(TOO_WIDE) == 0
    page.set_viewport_size({"width": 320, "height": 700})
    picture(page, f"{state}-320")
    assert page.evaluate("window.hacked") is None
    assert page.locator("main img, main script, main iframe").count() == 0


def picture(page: Page, name: str) -> Path:
    """Keep a picture for a look."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    path = PICTURES / f"{name}.png"
    height = min(3000, page.evaluate("document.documentElement.scrollHeight"))
    width = page.evaluate("innerWidth")
    page.screenshot(
        path=path, full_page=True, clip={"x": 0, "y": 0, "width": width, "height": height}
    )
    return path


def test_at_a_glance_it_says_what_is_broken_since_when_and_why(demo: str, visitor: Visitor) -> None:
    """Without scrolling, and in the tab of the browser too."""
    page = visitor.page
    page.goto(f"{demo}/")
    heading = page.get_by_role("heading", level=1)
    told = heading.inner_text()
    assert re.fullmatch(
        r"Checkout is degraded: 0 of 3 payments pods available, crash loop since \d\d:\d\d UTC",
        told,
    )
    assert heading.evaluate(VISIBLE)
    assert page.title().startswith(told)
    rows = page.locator(".row")
    assert rows.first.inner_text().split("\n")[0].strip() == "Down"
    assert "CrashLoopBackOff" in rows.first.inner_text()
    assert [row.split("\n")[0].strip() for row in rows.all_inner_texts()] == [
        "Down",
        "Degraded",
        "Degraded",
        *["Healthy"] * 5,
    ]
    page.get_by_role("link", name="payments").first.click()
    assert "Deployment payments is down" in page.get_by_role("heading", level=1).inner_text()
    command = page.get_by_text("kubectl logs payments-").inner_text()
    assert command.endswith("-c payments --previous -n shop")
    # One click takes all of a command.
    page.get_by_text("kubectl logs payments-").click()
    assert page.evaluate("getSelection().toString()").strip() == command
    page.get_by_role("link", name="shop", exact=True).click()
    assert page.url.endswith("/status?namespace=shop")
    page.get_by_role("link", name="Show all").click()
    page.get_by_role("link", name="Checkout", exact=True).first.click()
    assert "1 of 2 up, 1 needed" in page.locator("main").inner_text()


def test_filters_are_a_form_and_an_address(demo: str, visitor: Visitor) -> None:
    """What is typed stands in the address, and the way back works."""
    page = visitor.page
    page.goto(f"{demo}/")
    page.get_by_label("Text").fill("image")
    page.get_by_label("Status", exact=True).select_option("failing")
    page.get_by_role("button", name="Filter").click()
    assert page.url.endswith("/?namespace=&kind=&status=failing&q=image")
    assert page.locator(".row .what a").all_inner_texts() == ["search"]
    assert page.get_by_label("Text").input_value() == "image"
    page.go_back()
    assert page.locator(".row").count() == 8
    page.get_by_role("link", name="1 down", exact=True).click()
    assert page.locator(".row .what a").all_inner_texts() == ["payments"]
    page.get_by_role("link", name=re.compile("^platform")).click()
    assert "To see more:" in page.locator("main").inner_text()
    page.get_by_role("link", name="of any status").click()
    assert page.locator(".row .what a").all_inner_texts() == ["log-agent"]


def test_the_keyboard_alone_is_enough(demo: str, visitor: Visitor) -> None:
    """The way past the head comes first, the focus is seen, and goes as the eye does."""
    page = visitor.page
    page.goto(f"{demo}/")
    page.keyboard.press("Tab")
    skip = page.locator(":focus")
    assert skip.inner_text() == "Skip to the status"
    assert skip.evaluate("e => e.getBoundingClientRect().left") >= 0
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"
    places: list[tuple[float, str]] = []
    for _ in range(60):
        page.keyboard.press("Tab")
        focused = page.locator(":focus")
        if focused.count() == 0 or focused.evaluate(
            "e => e === document.body || !e.closest('main')"
        ):
            break
        outline = focused.evaluate(
            "e => [getComputedStyle(e).outlineStyle, getComputedStyle(e).outlineWidth]"
        )
        assert outline == ["solid", "3px"]
        assert focused.evaluate(VISIBLE)
        top = focused.evaluate("e => e.getBoundingClientRect().bottom + scrollY")
        places.append((top, focused.evaluate("e => e.id || e.textContent")))
    reached = [name for _, name in places]
    for name in ("f-namespace", "f-kind", "f-status", "f-q", "payments", "orders-db"):
        assert name in reached
    tops = [top for top, _ in places[reached.index("f-namespace") :]]
    assert all(later > top - 10 for top, later in pairwise(tops))
    page.get_by_label("Text").focus()
    page.keyboard.type("orders")
    page.keyboard.press("Enter")
    page.wait_for_url("**q=orders*")
    page.get_by_role("link", name="orders-db").last.focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/status/shop/statefulset/orders-db")


def test_it_repaints_itself_and_leaves_the_person_in_peace(
    cluster: Cluster, visitor: Visitor
) -> None:
    """The place, the focus, the caret and the typed text stay; the news comes in."""
    page = visitor.page
    cluster.becomes([*well(), *(named(f"w{number}") for number in range(60))])
    page.clock.install()
    page.goto(f"{cluster.url}/status")
    assert page.locator("h1").inner_text() == "All 2 components work"
    page.get_by_label("Text").fill("half a word")
    page.get_by_label("Text").evaluate("e => e.setSelectionRange(2, 4)")
    page.evaluate("scrollTo(0, 900)")
    link = page.locator(".row a", has_text="w30")
    page.evaluate("window.here = document.querySelector('a[href$=\"/w30\"]')")
    link.evaluate("e => e.focus({preventScroll: true})")
    cluster.becomes([*crashing(), *(named(f"w{number}") for number in range(60))])
    page.clock.run_for(NEXT)
    page.locator("h1", has_text="Payments is down").wait_for()
    assert page.title().startswith("Payments is down")
    assert page.locator(".row .state").first.inner_text().strip() == "Down"
    assert page.evaluate("document.activeElement === window.here && here.isConnected")
    assert page.evaluate("scrollY") == pytest.approx(900, abs=60)
    assert page.get_by_label("Text").input_value() == "half a word"
    assert page.get_by_label("Text").evaluate("e => [e.selectionStart, e.selectionEnd]") == [2, 4]
    icon = page.locator("link[rel=icon]").get_attribute("href") or ""
    assert "c0221f" in icon
    cluster.becomes(well())
    page.clock.run_for(NEXT)
    page.locator("h1", has_text="All 2 components work").wait_for()
    assert page.locator(".row").count() == 4


def test_what_is_opened_and_selected_stays_so(cluster: Cluster, visitor: Visitor) -> None:
    """Nobody has to open or mark anything twice."""
    page = visitor.page
    places = [named("web", f"team-{number:02}") for number in range(30)]
    cluster.becomes([*well(), *places])
    page.clock.install()
    page.goto(f"{cluster.url}/status")
    page.get_by_text("22 more namespaces").click()
    assert page.get_by_role("link", name="team-29").is_visible()
    page.locator("h1").click(click_count=3)
    assert page.evaluate("getSelection().toString()").strip() == "All 2 components work"
    cluster.becomes([*well(), *places, named("late", "team-00")])
    page.clock.run_for(NEXT)
    page.locator(".count", has_text="35 workloads").wait_for()
    assert page.get_by_role("link", name="team-29").is_visible()
    assert page.evaluate("getSelection().toString()").strip() == "All 2 components work"


@pytest.mark.parametrize("fault", ["cluster", "service", "stranger"])
def test_old_news_does_not_pass_for_current(fault: str, cluster: Cluster, visitor: Visitor) -> None:
    """It says since when it is old, also in the tab, until it is new again."""
    page = visitor.page
    cluster.becomes(well())
    page.clock.install()
    page.goto(f"{cluster.url}/status")
    told = "the service does not answer"
    if fault == "cluster":
        cluster.fails()
        told = "The cluster could not be read"
    elif fault == "service":
        page.route("**/status", lambda route: route.abort())
    else:
        page.route(
            "**/status",
            lambda route: route.fulfill(status=200, body="<main id=main>Sign in</main>"),
        )
        told = "the answer is not from this service"
    page.clock.run_for(NEXT)
    old = page.locator("#old")
    old.wait_for(state="visible")
    assert re.fullmatch(rf"Not refreshed since \d\d:\d\d:\d\d UTC: {told}", old.inner_text())
    assert page.title().startswith("Not refreshed: ")
    heading = page.locator("h1")
    assert re.fullmatch(r"At \d\d:\d\d:\d\d UTC: All 2 components work", heading.inner_text())
    assert UNKNOWN in (page.locator("link[rel=icon]").get_attribute("href") or "")
    assert page.locator("main").evaluate("e => getComputedStyle(e).filter") == "grayscale(1)"
    picture(page, f"old-{fault}")
    page.unroute_all()
    cluster.becomes(well())
    page.clock.run_for(NEXT)
    old.wait_for(state="hidden")
    assert page.title().startswith("All 2 components work")
    assert heading.inner_text() == "All 2 components work"
    assert UNKNOWN not in (page.locator("link[rel=icon]").get_attribute("href") or "")


def test_a_page_of_an_outage_mends_itself(cluster: Cluster, visitor: Visitor) -> None:
    """Whoever waits need not press a key."""
    page = visitor.page
    cluster.becomes(well())
    cluster.fails()
    page.clock.install()
    page.goto(f"{cluster.url}/status")
    assert page.locator("h1").inner_text() == "The cluster could not be read"
    cluster.becomes(well())
    page.clock.run_for(NEXT)
    page.locator("h1", has_text="All 2 components work").wait_for()
    assert page.locator(".row").count() == 4


def test_a_hidden_page_asks_for_nothing_and_a_refused_one_asks_once(
    cluster: Cluster, visitor: Visitor
) -> None:
    """A browser would ask for the password again and again."""
    page = visitor.page
    cluster.becomes(well())
    page.clock.install()
    page.goto(f"{cluster.url}/status")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.evaluate(HIDE, True)
    page.clock.run_for(10 * NEXT)
    assert asked == []
    page.route(
        "**/status",
        lambda route: route.fulfill(
            status=401,
            headers={"Heartbeat-Status": "unknown"},
            body="<h1 id=headline>A token is required</h1><main id=main data-failed=yes>",
        ),
    )
    page.evaluate(HIDE, False)
    page.locator("#old", has_text="retrying").or_(page.locator("#old", has_text="token")).wait_for()
    page.clock.run_for(NEXT)
    page.locator("#old", has_text="A token is required").wait_for()
    page.clock.run_for(10 * NEXT)
    assert len(asked) == 1


def test_nothing_needs_a_script(browser: Browser, cluster: Cluster) -> None:
    """The filters work, and the page reloads itself."""
    cluster.becomes(crashing())
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{cluster.url}/status")
    assert (
        page.locator("h1")
        .inner_text()
        .startswith("Payments is down: 0 of 3 api pods available, crash loop")
    )
    assert page.locator("meta[http-equiv=refresh]").get_attribute("content") == "60"
    page.get_by_label("Text").fill("agent")
    page.get_by_role("button", name="Filter").click()
    assert page.locator(".row .what a").all_inner_texts() == ["agent"]
    context.close()


def test_on_paper_and_in_forced_colours_it_reads_the_same(
    cluster: Cluster, visitor: Visitor
) -> None:
    """Without what only a screen has; the shapes stay."""
    page = visitor.page
    cluster.becomes(crashing())
    page.goto(f"{cluster.url}/status")
    page.emulate_media(media="print")
    assert not page.locator(".filters").is_visible()
    assert page.locator("h1").is_visible()
    assert page.locator(".row").first.is_visible()
    picture(page, "print")
    page.emulate_media(media="screen", forced_colors="active")
    assert page.locator(".row .shape").first.is_visible()
    picture(page, "forced-colours")


def test_strangers_see_the_public_page(
    browser: Browser, cluster: Cluster, visitor: Visitor, tmp_path: Path, rules: str
) -> None:
    """Where a token is asked for, the rest takes one, which the browser's own prompt sends."""
    from tests.entrypoints.support import TOKEN, served  # noqa: PLC0415  # for this one alone

    from .states import CONFIGURATION  # noqa: PLC0415  # the same

    cluster.becomes(crashing())
    file = tmp_path / "heartbeat.yaml"
    file.write_text(CONFIGURATION, "utf-8")
    with served(
        tmp_path,
        cluster.api,
        auth="token",
        timeout="5s",
        AUTH_TOKEN_BASIC=TOKEN,
        HEARTBEAT_CONFIG=str(file),
    ) as service:
        url = f"http://127.0.0.1:{service.port}"
        page = visitor.page
        page.goto(f"{url}/")
        assert page.locator("h1").inner_text() == "Payments is down"
        assert page.locator("a").all_inner_texts() == ["Skip to the status"]
        assert "Data" not in page.locator("body").inner_text()
        page.evaluate(rules)
        assert page.evaluate("axe.run()")["violations"] == []
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)
            picture(page, f"public-{scheme}")
        page.route("**/status/**", without_prompt)
        page.goto(f"{url}/status/components/pay")
        assert "A token is required" in page.locator("main").inner_text()
        picture(page, "needs-a-token")
        known = browser.new_context(http_credentials={"username": "me", "password": TOKEN})
        page = known.new_page()
        page.goto(f"{url}/status")
        assert page.locator("h2", has_text="Workloads").is_visible()
        page.get_by_role("link", name="api").last.click()
        assert page.locator("h1").inner_text().startswith("Deployment api is down")
        known.close()


def test_it_reads_well_in_a_text_browser(demo: str) -> None:
    """Words alone, in the same order."""
    lynx = shutil.which("lynx")
    if lynx is None:
        pytest.skip("lynx is not there")
    command = (lynx, "-dump", "-nolist", "-width=100", "-assume_charset=utf-8", f"{demo}/")
    told = " ".join(
        subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
    )
    words = (
        "Checkout is degraded: 0 of 3",
        "1 down",
        "payments down, 0/3 available",
        "payments Deployment in shop 0/3 available for",
        "CrashLoopBackOff (container payments, 3 times)",
        "orders-db StatefulSet in shop 3/3 available",
    )
    places = [told.find(word) for word in words]
    assert -1 not in places
    assert places == sorted(places)


def test_the_picture_of_the_readme_can_be_made(demo: str, browser: Browser) -> None:
    """As docs/page.png was: `python -m tests.browser.picture` writes it."""
    from .picture import take  # noqa: PLC0415  # for this one alone

    PICTURES.mkdir(parents=True, exist_ok=True)
    path = PICTURES / "readme.png"
    take(browser, demo, path)
    assert 10_000 < path.stat().st_size <= 150_000


def test_what_is_hostile_has_no_effect(cluster: Cluster, visitor: Visitor) -> None:
    """It stands there as it is called."""
    show(cluster, visitor.page, "hostile")
    assert HOSTILE in visitor.page.locator("main").inner_text()
    assert visitor.page.evaluate("window.hacked") is None
