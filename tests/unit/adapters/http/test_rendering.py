"""The one table of codes, and the bodies, without an app around them."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from k8s_heartbeat.adapters.http.rendering import (
    DEFAULT_CODES,
    Detail,
    code_of,
    health_body,
    object_body,
    summary_body,
    to_json,
)
from k8s_heartbeat.core import Activity, Assessment, Cause, Health, summarize
from k8s_heartbeat.core.check import Checked
from k8s_heartbeat.core.line import Line
from tests.builders import NOW


def verdict(
    health: Health = Health.HEALTHY,
    *,
    up: bool | None = None,
    reason: str = "Because",
    message: str = "it is so",
    causes: tuple[Cause, ...] = (),
    since: datetime | None = None,
    name: str = "api",
) -> Assessment:
    """An assessment; up is what the health is alone."""
    return Assessment(
        health=health,
        activity=Activity.STEADY,
        up=health in (Health.HEALTHY, Health.DEGRADED) if up is None else up,
        reason=reason,
        message=message,
        kind="Deployment",
        namespace="shop",
        name=name,
        causes=causes,
        since=since,
    )


@pytest.mark.parametrize(
    ("health", "up", "fail_on", "code"),
    [
        (Health.HEALTHY, True, Health.DOWN, 200),
        (Health.HEALTHY, True, Health.DEGRADED, 200),
        (Health.DEGRADED, True, Health.DOWN, 200),
        (Health.DEGRADED, True, Health.DEGRADED, 503),
        (Health.DEGRADED, False, Health.DOWN, 503),
        (Health.DOWN, False, Health.DOWN, 503),
        (Health.DOWN, True, Health.DOWN, 200),
        (Health.UNKNOWN, False, Health.DOWN, 503),
        (Health.MISSING, False, Health.DOWN, 404),
    ],
)
def test_up_is_the_line_and_the_word_is_the_code(
    health: Health, up: bool, fail_on: Health, code: int
) -> None:
    """The code follows `up`; below the line it is the one of the word."""
    found = code_of(verdict(health, up=up), now=NOW, line=Line(fail_on), codes=DEFAULT_CODES)
    assert found == code


@given(
    st.sampled_from(Health),
    st.booleans(),
    st.sampled_from([Health.DOWN, Health.DEGRADED]),
    st.one_of(st.none(), st.integers(-7200, 7200)),
    st.integers(0, 7200),
)
def test_patience_lasts_exactly_as_long_as_it_was_asked_for(
    health: Health, up: bool, fail_on: Health, age: int | None, patience: int
) -> None:
    """Below the line a verdict passes for less than `for`, counted from the API's own time."""
    since = None if age is None else NOW - timedelta(seconds=age)
    line = Line(fail_on, timedelta(seconds=patience))
    good = up and not (health is Health.DEGRADED and fail_on is Health.DEGRADED)
    patient = age is not None and max(age, 0) < patience
    assert line.passes(verdict(health, up=up, since=since), NOW) is (good or patient)


def test_every_word_has_a_code() -> None:
    """No verdict and no failed reading is left without an answer."""
    assert DEFAULT_CODES.keys() == {"up", *(set(Health) - {Health.HEALTHY}), "error", "timeout"}


CAUSE = Cause("CrashLoopBackOff", "Pod", "api-1", "back-off", "app", 2, NOW)
OWN = Cause("FailedCreate", "Deployment", "api", "quota", since=NOW)


@pytest.mark.parametrize(
    ("detail", "causes"),
    [
        (
            Detail.SUMMARY,
            [
                {"reason": "CrashLoopBackOff", "kind": "Pod", "container": "app", "count": 2},
                {"reason": "FailedCreate", "kind": "Deployment", "name": "api", "count": 1},
            ],
        ),
        (
            Detail.FULL,
            [
                {
                    "reason": "CrashLoopBackOff",
                    "kind": "Pod",
                    "name": "api-1",
                    "container": "app",
                    "count": 2,
                    "message": "back-off",
                },
                {
                    "reason": "FailedCreate",
                    "kind": "Deployment",
                    "name": "api",
                    "count": 1,
                    "message": "quota",
                },
            ],
        ),
    ],
)
def test_detail_decides_what_a_cause_tells(detail: Detail, causes: list[dict[str, object]]) -> None:
    """A summary names no pod and repeats no message; the object's own name is no secret."""
    checked = Checked(verdict(Health.DOWN, causes=(CAUSE, OWN)))
    body = object_body(checked, now=NOW, detail=detail)
    stated = {"since": "2026-03-02T12:00:00Z"}
    assert body["causes"] == [cause | stated for cause in causes]


@pytest.mark.parametrize(
    ("health", "up", "word"),
    [
        (Health.HEALTHY, True, "pass"),
        (Health.DEGRADED, True, "warn"),
        (Health.DEGRADED, False, "fail"),
        (Health.DOWN, False, "fail"),
        (Health.UNKNOWN, False, "fail"),
        (Health.MISSING, False, "fail"),
    ],
)
@pytest.mark.parametrize("detail", Detail)
def test_health_json_passes_warns_or_fails(
    health: Health, up: bool, word: str, detail: Detail
) -> None:
    """Only the word changes, at every level of detail."""
    body = object_body(Checked(verdict(health, up=up)), now=NOW, detail=detail)
    assert health_body(body) == {**body, "status": word}


@pytest.mark.parametrize(
    ("moment", "text"),
    [
        (NOW, "2026-03-02T12:00:00Z"),
        (NOW + timedelta(microseconds=999_999), "2026-03-02T12:00:00Z"),
        (NOW.astimezone(timezone(timedelta(hours=5, minutes=45))), "2026-03-02T12:00:00Z"),
        (None, None),
    ],
)
def test_times_are_rfc_3339_in_utc(moment: datetime | None, text: str | None) -> None:
    """Whatever timezone a time came in, whole seconds and a Z."""
    body = object_body(Checked(verdict(Health.DOWN, since=moment)), now=NOW, detail=Detail.FULL)
    assert body["since"] == text


@given(st.text(), st.text())
def test_json_holds_any_text(reason: str, message: str) -> None:
    """Lone surrogates and control characters go out as ASCII escapes and come back as they were."""
    body = {"reason": reason, "message": message}
    text = to_json(body)
    assert text.isascii()
    assert text.isprintable()
    assert json.loads(text) == body


@given(
    st.sampled_from([Health.DOWN, Health.DEGRADED, Health.UNKNOWN, Health.MISSING]),
    st.lists(st.sampled_from(["Healthy", "UnHEALTHY", "un", "Not", "-", " "])).map("".join),
    st.sampled_from(Detail),
)
def test_no_text_of_the_clusters_brings_the_telltale_word_into_a_failing_body(
    health: Health, text: str, detail: Detail
) -> None:
    """Neither a reason nor a message, of the object or of a cause, however it is put together."""
    cause = Cause(text, "Pod", "api-1", text)
    checked = Checked(verdict(health, up=False, reason=text, message=text, causes=(cause,)))
    assert "healthy" not in to_json(object_body(checked, now=NOW, detail=detail)).lower()


def test_good_news_may_say_so() -> None:
    """In a passing body the word stands where monitors look for it."""
    assert to_json(object_body(Checked(verdict()), now=NOW, detail=Detail.STATUS)) == (
        '{"status":"healthy","up":true}'
    )


def test_group_names_what_is_not_fine_first() -> None:
    """Counts hold only the words that occur, items the worst first."""
    members = [
        verdict(name="a"),
        verdict(Health.DOWN, name="b"),
        verdict(Health.DEGRADED, name="c"),
    ]
    body = summary_body(summarize(members), now=NOW, detail=Detail.SUMMARY)
    assert (body["status"], body["up"]) == ("down", False)
    assert body["counts"] == {"down": 1, "degraded": 1, "healthy": 1}
    assert [item["name"] for item in body["items"]] == ["b", "c", "a"]
    assert list(body)[:4] == ["status", "up", "activity", "reason"]


def test_group_with_least_detail_is_status_and_up() -> None:
    """A public page says nothing about members either."""
    body = summary_body(summarize([verdict(Health.DOWN)]), now=NOW, detail=Detail.STATUS)
    assert body == {"status": "down", "up": False}


def test_failing_groups_headline_has_no_telltale_word() -> None:
    """A group repeats its worst member's words, and has to mind them too."""
    member = verdict(Health.DOWN, reason="Unhealthy", message="its probe says unhealthy")
    body = summary_body(summarize([member]), now=NOW, detail=Detail.FULL)
    assert "healthy" not in f"{body['reason']} {body['message']}".lower()


def test_rendering_needs_nothing_but_the_core() -> None:
    """The offline check renders too, without the extra that brings falcon."""
    code = (
        "import sys, k8s_heartbeat.adapters.http.rendering\n"
        "assert not {'falcon', 'kubernetes', 'cachetools', 'yaml'} & sys.modules.keys()"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
