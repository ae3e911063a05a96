"""The demo keeps what `serve --demo` promises, whenever it is asked."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from falcon.testing import TestClient

from k8s_heartbeat.adapters.demo import shop
from k8s_heartbeat.adapters.http.app import create_app
from k8s_heartbeat.adapters.http.judging import Judging
from k8s_heartbeat.adapters.http.rendering import Detail
from k8s_heartbeat.adapters.snapshot import SnapshotReader
from k8s_heartbeat.core import RULES, Activity, Health, assess
from k8s_heartbeat.core.manifests import meta_of
from k8s_heartbeat.core.model import Malformed
from k8s_heartbeat.core.owners import owned_pods
from k8s_heartbeat.core.related import RelatedObjects
from tests.builders import NOW
from tests.http.support import OPEN, Clock, groups_over
from tests.models import parse

MOMENTS = [
    NOW,
    NOW + timedelta(seconds=90),
    NOW + timedelta(hours=7),
    NOW + timedelta(days=400),
    datetime(2026, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC),
    NOW.astimezone(timezone(timedelta(hours=-9, minutes=-30))),
]
moments = pytest.mark.parametrize("now", MOMENTS, ids=str)

PROMISES = [
    ("deployment/storefront", 200, "healthy", "steady", None),
    ("deployment/checkout", 200, "degraded", "steady", "CrashLoopBackOff"),
    ("deployment/payments", 503, "down", "steady", "CrashLoopBackOff"),
    ("deployment/recommendations", 200, "healthy", "progressing", None),
    ("deployment/search", 200, "degraded", None, "ProgressDeadlineExceeded"),
    ("deployment/newsletter", 200, "healthy", "suspended", None),
    ("deployment/wishlist", 404, "missing", "steady", None),
]


def ask(now: datetime, path: str) -> Any:
    """The demo's answer at a moment."""
    reader, contract = SnapshotReader(lambda: shop(now)), replace(OPEN, detail=Detail.FULL)
    clock = Clock()
    judging = Judging(reader, groups_over(reader, clock))
    app = create_app(lambda: judging, contract, clock=clock.monotonic, now=lambda: now)
    return TestClient(app).simulate_get(f"/api/healthz/shop/{path}")


@moments
@pytest.mark.parametrize(("path", "code", "word", "activity", "cause"), PROMISES)
def test_each_part_is_what_it_is_said_to_be(
    now: datetime, path: str, code: int, word: str, activity: str | None, cause: str | None
) -> None:
    """The same word, code and cause at every hour."""
    answer = ask(now, path)
    assert (answer.status_code, answer.json["status"]) == (code, word)
    assert activity in (None, answer.json["activity"])
    reasons = [entry["reason"] for entry in answer.json["causes"]]
    assert reasons[:1] == ([cause] if cause else [])


@moments
def test_answers_say_the_same_at_every_hour(now: datetime) -> None:
    """Only the times move, all by the same step."""

    def aged(at: datetime, path: str) -> Any:
        def age(match: re.Match[str]) -> str:
            return str((at - datetime.fromisoformat(match[1])).total_seconds() // 1)

        return re.sub(r'"(\d{4}-[^"]*Z)"', age, ask(at, path).text)

    for path, *_ in PROMISES:
        assert aged(now, path) == aged(NOW, path)


@moments
def test_no_time_lies_ahead(now: datetime) -> None:
    """Everything in the shop has happened already, and each time is one that the API writes."""
    text = repr(shop(now))
    times = re.findall(r"'(\d{4}-\d\d-\d\dT[^']*)'", text)
    assert len(times) > 100
    assert all(datetime.fromisoformat(time) <= now for time in times)
    assert "now-" not in text


def test_shop_is_a_dump_as_kubectl_makes_it() -> None:
    """Every object can be parsed, has a UID of its own, and belongs to something that is there."""
    objects = shop(NOW)
    assert not [entry for entry in objects if isinstance(parse(entry), Malformed)]
    uids = [entry["metadata"].get("uid") for entry in objects]
    assert len(set(uids)) == len(uids)
    assert None not in uids
    owners = {
        owner["uid"] for entry in objects for owner in entry["metadata"].get("ownerReferences", [])
    }
    assert owners <= set(uids)


def test_replicas_that_are_counted_are_there_as_pods() -> None:
    """A Deployment with three replicas has three pods: whoever looks closer is not let down."""
    objects = shop(NOW)
    related = RelatedObjects(objects)
    for entry in objects:
        if entry["kind"] in ("Deployment", "StatefulSet"):
            pods = owned_pods(meta_of(entry), related)
            assert len(pods) == entry["status"].get("replicas", 0), entry["metadata"]["name"]


def test_shop_shows_every_health_that_an_object_can_have() -> None:
    """There is something to try for each word."""
    verdicts = [
        assess(entry, now=NOW)
        for entry in shop(NOW)
        if RULES.own(entry["kind"], entry["apiVersion"])
    ]
    assert {entry.health for entry in verdicts} == {Health.HEALTHY, Health.DEGRADED, Health.DOWN}
    assert {entry.activity for entry in verdicts} >= {
        Activity.STEADY,
        Activity.PROGRESSING,
        Activity.SUSPENDED,
    }


def test_shops_are_not_shared_between_readings() -> None:
    """Whoever changes one changes no other."""
    shop(NOW)[0]["metadata"].clear()
    assert shop(NOW)[0]["metadata"]["name"] == "storefront"
