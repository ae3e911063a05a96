"""Which form a URL has, and the requests of each form."""

from __future__ import annotations

import json
from urllib.parse import parse_qs, urlsplit

import pytest

from k8s_heartbeat.adapters.push import FORMS
from k8s_heartbeat.adapters.push.forms import ReceiverError, receiver_at, secrets_in
from k8s_heartbeat.adapters.push.receiver import Reply, Request
from k8s_heartbeat.core import Health
from tests.servers.receiver import CHECK

from .reports import report, verdict

GROUP = "http://pushgateway:9091/metrics/job/k8s-heartbeat"
TOLD = {
    f"https://hc-ping.com/{CHECK}": "healthchecks",
    "https://hc-ping.com/fqOOd6-F4MMNuCEnzTU01w/cluster?create=1": "healthchecks",
    f"https://checks.example.com/ping/{CHECK}": "healthchecks",
    "https://kuma.example.com/api/push/Wq7Zk2M9x4?status=up&msg=OK&ping=": "uptime-kuma",
    "https://example.com/kuma/api/push/Wq7Zk2M9x4": "uptime-kuma",
    "https://gatus.example.com/api/v1/endpoints/core_shop/external": "gatus",
    GROUP: "pushgateway",
    f"{GROUP}/cluster/eu-1": "pushgateway",
    "http://pushgateway:9091/metrics/job@base64/YQ/instance@base64/=": "pushgateway",
}
UNTOLD = (
    "https://example.com",
    f"https://example.com/{CHECK}",
    "https://example.com/hooks/abc",
    "http://pushgateway:9091",
    "http://pushgateway:9091/metrics",
    "https://kuma.example.com/api/push/",
    "https://kuma.example.com/api/push/a/b",
)
DOWN, UP = report(verdict(Health.DOWN)), report(verdict(Health.HEALTHY))


def request(url: str, form: str = "", *, good: bool = False) -> Request:
    """The request to a receiver."""
    return receiver_at(url, form)[1].request(UP if good else DOWN)


@pytest.mark.parametrize(("url", "form"), TOLD.items())
def test_a_form_that_is_unmistakable_is_told_by_the_url(url: str, form: str) -> None:
    """And naming it is no mistake."""
    assert receiver_at(url, "")[0] == form
    assert receiver_at(url, form)[0] == form
    assert receiver_at(url, "webhook")[0] == "webhook"


@pytest.mark.parametrize("url", UNTOLD)
def test_any_other_form_has_to_be_named(url: str) -> None:
    """The error lists the forms, and not the URL."""
    with pytest.raises(ReceiverError) as caught:
        receiver_at(url, "")
    assert all(form in str(caught.value) for form in FORMS)
    assert url not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "form"),
    [
        ("https://hc-ping.com", "healthchecks"),
        (f"https://hc-ping.com/{CHECK}/fail", "healthchecks"),
        (f"https://hc-ping.com/{CHECK}/start", "healthchecks"),
        (f"https://hc-ping.com/{CHECK}/0", "healthchecks"),
        ("https://kuma.example.com/dashboard/7", "uptime-kuma"),
        ("https://gatus.example.com", "gatus"),
        ("https://gatus.example.com/api/v1/endpoints/a_b/statuses", "gatus"),
        ("http://pushgateway:9091", "pushgateway"),
        (f"{GROUP}/cluster", "pushgateway"),
        (f"{GROUP}/namespace/shop", "pushgateway"),
        (f"{GROUP}/kind@base64/YQ", "pushgateway"),
    ],
)
def test_a_url_of_another_form_is_refused(url: str, form: str) -> None:
    """Also where the labels of a group would take the place of the metrics' own."""
    with pytest.raises(ReceiverError, match=f"does not fit {form}"):
        receiver_at(url, form)


def test_healthchecks_is_told_by_the_path() -> None:
    """What the URL asks for besides is kept."""
    url = f"https://hc-ping.com/{CHECK}/?create=1"
    assert request(url, good=True).target == f"/{CHECK}?create=1"
    failed = request(url)
    assert (failed.method, failed.target) == ("POST", f"/{CHECK}/fail?create=1")
    assert failed.body == b"down: Deployment shop/api: it is down"


def test_a_long_body_is_cut_where_healthchecks_cuts_it() -> None:
    """And not amid a letter."""
    items = [verdict(Health.DOWN, f"api-{number}", message="ä" * 400) for number in range(50)]
    body = receiver_at(f"https://hc-ping.com/{CHECK}", "")[1].request(report(*items)).body
    assert body is not None
    assert 9_990 < len(body) <= 10_000
    body.decode("utf-8")


def test_uptime_kumas_own_parameters_are_replaced() -> None:
    """The URL is copied with them."""
    url = "https://kuma.example.com/api/push/Wq7Zk2M9x4?status=up&msg=OK&ping=&a=b"
    told = request(url)
    query = parse_qs(urlsplit(told.target).query, strict_parsing=True)
    assert told.method == "GET"
    assert query == {
        "a": ["b"],
        "status": ["down"],
        "msg": ["Deployment shop/api: it is down"],
        "ping": ["250"],
    }
    assert "status=up" in request(url, good=True).target


def test_gatus_is_told_the_error_of_bad_news_only() -> None:
    """With how long judging took."""
    url = "https://gatus.example.com/api/v1/endpoints/core_shop/external"
    assert request(url, good=True).target.partition("?")[2] == "success=true&duration=250ms"
    query = parse_qs(urlsplit(request(url).target).query)
    assert query["error"] == ["Deployment shop/api: it is down"]
    assert query["success"] == ["false"]


def test_odd_letters_fit_into_a_query() -> None:
    """A message may hold half of a letter, and be as long as it likes."""
    odd = report(verdict(Health.DOWN, message="\ud800&status=up#" + "x" * 9_000))
    for url in TOLD:
        told = receiver_at(url, "")[1].request(odd)
        assert told.target.isascii()
        assert len(told.target) < 2_000
        assert "&status=up" not in told.target


def test_a_webhook_gets_the_body_with_the_outcome() -> None:
    """Which follows the policy, as a code would."""
    told = request("https://example.com/hooks/abc?d=e", "webhook")
    assert (told.method, told.target) == ("POST", "/hooks/abc?d=e")
    assert json.loads(told.body or b"") == {"outcome": "down", "status": "down", "up": False}
    assert request("https://example.com", "webhook").target == "/"


@pytest.mark.parametrize(
    ("url", "body", "took"),
    [
        (f"https://hc-ping.com/{CHECK}", b"OK", True),
        (f"https://hc-ping.com/{CHECK}", b"OK\n", True),
        (f"https://hc-ping.com/{CHECK}", b"Created", True),
        (f"https://hc-ping.com/{CHECK}", b"", False),
        (f"https://hc-ping.com/{CHECK}", b"Welcome", False),
        (f"https://checks.example.com/ping/{CHECK}", b"OK", True),
        (f"https://checks.example.com/ping/{CHECK}", b"OK (rate limited)", False),
        (f"https://checks.example.com/ping/{CHECK}", b"Welcome", False),
        (f"https://hc-ping.com/{CHECK}", b"OK (not found)", False),
        (f"https://hc-ping.com/{CHECK}", b"OK (rate limited)", False),
        (f"https://hc-ping.com/{CHECK}", b"\n<html>", False),
        ("https://kuma.example.com/api/push/a", b'{"ok":true}', True),
        ("https://kuma.example.com/api/push/a", b'{"ok":false}', False),
        ("https://kuma.example.com/api/push/a", b"[]", False),
        ("https://kuma.example.com/api/push/a", b"<html>", False),
        ("https://gatus.example.com/api/v1/endpoints/a/external", b"", True),
        ("https://gatus.example.com/api/v1/endpoints/a/external", b"<html>", False),
        (GROUP, b"", True),
        (GROUP, b"<html>", False),
    ],
)
def test_a_code_of_success_is_not_enough(url: str, body: bytes, took: bool) -> None:
    """A login page is 200 too."""
    assert receiver_at(url, "")[1].took(Reply(200, body)) is took


@pytest.mark.parametrize(
    ("body", "took"), [(b"thanks", True), (b"", True), (b"OK (not found)", False), (b"<p>", False)]
)
def test_what_is_only_like_healthchecks_has_its_own_words(body: bytes, took: bool) -> None:
    """Its URL is not Healthchecks' own, and neither need its answer be."""
    _, receiver = receiver_at("https://alike.example.com/a/b", "healthchecks")
    assert receiver.took(Reply(200, body)) is took


def test_the_secret_parts_of_a_url() -> None:
    """Those that let whoever has them report; the labels of a group are none."""
    url = "https://user:passwd@kuma.example.com/api/push/Wq7Zk2M9x4?key=0123456789"
    found = set(secrets_in(url, "uptime-kuma"))
    assert {url, "passwd", "Wq7Zk2M9x4", "/api/push/Wq7Zk2M9x4", "0123456789"} <= found
    assert set(secrets_in(GROUP, "pushgateway")) == {GROUP}
