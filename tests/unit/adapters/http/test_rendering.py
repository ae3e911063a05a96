"""The one table of codes, and the bodies, without an app around them."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from k8s_heartbeat.adapters.http.rendering import (
    DEFAULT_CODES,
    Detail,
    Freshness,
    Group,
    code_of,
    code_of_group,
    group_body,
    health_body,
    object_body,
    to_json,
)
from k8s_heartbeat.core import Activity, Assessment, Cause, Health, Threshold, summarize
from k8s_heartbeat.core.failure_policy import FailurePolicy
from tests.builders import NOW

FRESH = Freshness()


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
    judged = verdict(health, up=up)
    passes = FailurePolicy(fail_on).passes(judged, NOW)
    assert code_of(judged, DEFAULT_CODES, passes=passes) == code


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
    """Below the line what is known passes for less than `for`, by a time that is not ahead."""
    since = None if age is None else NOW - timedelta(seconds=age)
    line = FailurePolicy(fail_on, timedelta(seconds=patience))
    good = up and not (health is Health.DEGRADED and fail_on is Health.DEGRADED)
    known = health not in (Health.UNKNOWN, Health.MISSING)
    patient = known and age is not None and 0 <= age < patience
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
    judged = verdict(Health.DOWN, causes=(CAUSE, OWN))
    body = object_body(judged, FRESH, now=NOW, detail=detail)
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
    body = object_body(verdict(health, up=up), FRESH, now=NOW, detail=detail)
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
    body = object_body(verdict(Health.DOWN, since=moment), FRESH, now=NOW, detail=Detail.FULL)
    assert body["since"] == text


@given(st.text(), st.text())
def test_json_holds_any_text(reason: str, message: str) -> None:
    """Lone surrogates and control characters go out as ASCII escapes and come back as they were."""
    body = {"reason": reason, "message": message}
    text = to_json(body)
    assert text.isascii()
    assert text.isprintable()
    assert json.loads(text) == body


def told(message: str, *, health: Health = Health.DOWN, **changes: Any) -> str:
    """The message of a cause, as a body for everything has it."""
    cause = replace(Cause("Because", "Pod", "api-1", message), **changes)
    body = object_body(verdict(health, causes=(cause,)), Freshness(), now=NOW, detail=Detail.FULL)
    return str(body["causes"][0]["message"])


@pytest.mark.parametrize(
    ("message", "reworded"),
    [
        ("healthy", "ready"),
        ("it is Unhealthy", "it is not ready"),
        (
            "not HEALTHY, unhealthy; (unhealthy) healthy.",
            "not ready, not ready; (not ready) ready.",
        ),
        ("unhealthy: the node\u2019s healthy\nhealthy", "not ready: the node\u2019s ready\nready"),
        ("didn't turn healthy, it's unhealthy", "didn't turn ready, it's not ready"),
        ("pods' healthy days", "pods' ready days"),
        ("'a' is healthy, 'b' unhealthy", "'a' is ready, 'b' not ready"),
        ("[a] is healthy", "[a] is ready"),
    ],
)
def test_prose_of_others_has_no_telltale_word_in_bad_news(message: str, reworded: str) -> None:
    """A monitor that looks for the keyword finds it in good news alone."""
    assert told(message) == reworded
    assert told(message, health=Health.HEALTHY) == message


@pytest.mark.parametrize(
    "message",
    [
        "pod healthy-api",
        "pod api-healthy",
        "unhealthy-pets",
        "shop/healthy and healthy/api",
        "healthy.example.com or example.healthy",
        "healthy_pets, pets_healthy",
        "healthy:8080 and image:healthy",
        "registry/healthy@sha256:1, a@healthy",
        "healthy2, 2healthy, healthyish, UnhealthyNode, déhealthy",
        "app=healthy and healthy=true",
        "container \"healthy\" of `unhealthy` and 'healthy one'",
        "it said 'healthy and was cut",
        "containers with unready status: [healthy a unhealthy]",
        "pods [healthy a",
    ],
)
def test_names_in_prose_stay_as_they_are(message: str) -> None:
    """Whatever the word is a part of, or is quoted as."""
    assert told(message) == message


@pytest.mark.parametrize(
    "changes", [{"name": "healthy"}, {"kind": "Healthy"}, {"container": "healthy"}]
)
def test_own_name_stays_in_prose(changes: dict[str, Any]) -> None:
    """Also where nothing but its place tells that it is one."""
    assert told("back-off restarting healthy, unhealthy", **changes) == (
        "back-off restarting healthy, not ready"
    )


def test_no_name_is_changed_in_prose_about_another() -> None:
    """Events about a pod tell of its containers, conditions of a Deployment of its pods."""
    member = verdict(Health.DOWN, name="healthy", causes=(Cause("A", "Pod", "b", "of healthy"),))
    body = object_body(member, Freshness(), now=NOW, detail=Detail.FULL)
    assert body["causes"][0]["message"] == "of healthy"


@pytest.mark.parametrize(
    ("reason", "word"),
    [
        ("Unhealthy", "ProbeFailed"),
        ("UNHEALTHY", "ProbeFailed"),
        ("Healthy", "Ready"),
        ("UnhealthyNode", "UnhealthyNode"),
        ("Because", "Because"),
    ],
)
def test_reason_that_is_the_telltale_word_is_another_in_bad_news(reason: str, word: str) -> None:
    """Of the object, of a cause and of a group; one that only has it in it stays findable."""
    member = verdict(Health.DOWN, reason=reason, causes=(Cause(reason, "Pod", "a"),))
    body = object_body(member, Freshness(), now=NOW, detail=Detail.FULL)
    assert (body["reason"], body["causes"][0]["reason"]) == (word, word)
    (item,) = rendered(member)["items"]
    assert (item["reason"], item["causes"][0]["reason"]) == (word, word)
    assert rendered(member)["reason"] == word
    well = replace(member, health=Health.HEALTHY)
    assert object_body(well, Freshness(), now=NOW, detail=Detail.FULL)["reason"] == reason


@given(
    st.sampled_from([Health.DOWN, Health.DEGRADED, Health.UNKNOWN, Health.MISSING]),
    st.text(alphabet="healtyun-'\"[] .:/") | st.just("unhealthy"),
    st.sampled_from(Detail),
)
def test_our_own_texts_are_never_reworded(health: Health, text: str, detail: Detail) -> None:
    """A message, a name or a title says what it said, whatever that is."""
    member = verdict(health, up=False, message=text, name=text)
    body = object_body(member, Freshness(), now=NOW, detail=detail)
    group = rendered(member, detail=detail, group=Group("Component", name=text, title=text))
    if detail is not Detail.STATUS:
        assert (body["message"], body["name"], group["name"]) == (text, text, text)
        assert group.get("title", "") == text
        assert group["message"].endswith(text)


def test_good_news_may_say_so() -> None:
    """In a passing body the word stands where monitors look for it."""
    assert to_json(object_body(verdict(), FRESH, now=NOW, detail=Detail.STATUS)) == (
        '{"status":"healthy","up":true}'
    )


SHOP = Group("Namespace", "shop", "shop")


def rendered(
    *members: Assessment,
    needed: Threshold | None = None,
    group: Group = SHOP,
    fresh: Freshness = FRESH,
    detail: Detail = Detail.SUMMARY,
    failing: bool = False,
) -> dict[str, Any]:
    """The body for a group of these."""
    summary = summarize(members, needed)
    return group_body(summary, group, fresh, now=NOW, detail=detail, failing=failing)


def test_group_says_what_it_is_about_first() -> None:
    """The headline is flat, as that of one object is."""
    body = rendered(verdict(name="a"), verdict(Health.DEGRADED, name="b"))
    items = body.pop("items")
    assert list(body.items()) == [
        ("status", "degraded"),
        ("up", True),
        ("activity", "steady"),
        ("kind", "Namespace"),
        ("namespace", "shop"),
        ("name", "shop"),
        ("reason", "Because"),
        ("message", "1 of 2 failing; worst: Deployment shop/b: it is so"),
        ("total", 2),
        ("needed", 2),
        ("counts", {"degraded": 1, "healthy": 1}),
        ("checkedAt", "2026-03-02T12:00:00Z"),
        ("ageSeconds", 0.0),
        ("stale", False),
        ("itemsOmitted", 0),
    ]
    assert [(item["name"], item["status"], item["up"]) for item in items] == [
        ("b", "degraded", True),
        ("a", "healthy", True),
    ]


def test_component_has_a_title() -> None:
    """What it is called for people; where nobody has said, none is made up."""
    body = rendered(verdict(), group=Group("Component", name="pay", title="Payments"))
    assert (body["kind"], body["name"], body["title"]) == ("Component", "pay", "Payments")
    assert "title" not in rendered(verdict())


def test_group_is_as_old_as_its_oldest_reading() -> None:
    """`checkedAt` is when that was taken."""
    body = rendered(verdict(), group=Group("Cluster"), fresh=Freshness(42.34, stale=True))
    assert (body["checkedAt"], body["ageSeconds"], body["stale"]) == (
        "2026-03-02T11:59:17Z",
        42.3,
        True,
    )


def test_group_that_is_not_up_names_what_is_not_fine() -> None:
    """Counts hold only the words that occur, items the worst first."""
    members = [
        verdict(name="a"),
        verdict(Health.DOWN, name="b"),
        verdict(Health.DEGRADED, name="c"),
    ]
    body = rendered(*members)
    assert (body["status"], body["up"], body["total"]) == ("down", False, 3)
    assert body["counts"] == {"down": 1, "degraded": 1, "healthy": 1}
    assert [item["name"] for item in body["items"]] == ["b", "c"]
    assert rendered(*members, failing=True)["counts"] == {"down": 1, "degraded": 1}


@given(
    st.lists(
        st.builds(verdict, st.sampled_from(Health), up=st.one_of(st.none(), st.booleans())),
        max_size=5,
    ),
    st.sampled_from([None, Threshold(1), Threshold(3), Threshold(9), Threshold(50, percent=True)]),
    st.sampled_from(Detail),
)
def test_failing_group_holds_no_good_news(
    members: list[Assessment], needed: Threshold | None, detail: Detail
) -> None:
    """Neither the word nor an `up` that is true, whoever of its members is well."""
    body = rendered(*members, needed=needed, detail=detail, failing=True)
    if body["up"]:
        del body["up"]
    if body["status"] == "healthy":
        del body["status"]
    assert "healthy" not in to_json(body)
    assert '"up":true' not in to_json(body)


def test_items_say_what_one_object_says() -> None:
    """Besides when it was read, which the group says for all."""
    member = verdict(Health.DOWN, causes=(CAUSE, OWN), since=NOW)
    (item,) = rendered(member, detail=Detail.FULL)["items"]
    alone = object_body(member, FRESH, now=NOW, detail=Detail.FULL)
    assert item == {
        key: value
        for key, value in alone.items()
        if key not in ("checkedAt", "ageSeconds", "stale")
    }


def test_many_items_are_cut_off_and_counted() -> None:
    """An answer stays small; those that are left out are among the less bad ones."""
    members = [verdict(Health.DOWN, name=f"d{at:03}") for at in range(499)]
    members += [verdict(Health.DEGRADED, name=f"g{at}") for at in range(5)]
    body = rendered(*members)
    assert (len(body["items"]), body["itemsOmitted"], body["total"]) == (500, 4, 504)
    assert body["items"][-1]["name"] == "g0"
    assert body["counts"] == {"down": 499, "degraded": 5}


def test_group_of_nothing_says_so() -> None:
    """Nothing matched: that is not up."""
    body = rendered()
    assert (body["status"], body["up"], body["reason"]) == ("unknown", False, "NothingMatched")
    assert (body["total"], body["counts"], body["items"]) == (0, {}, [])


def test_group_with_least_detail_is_status_and_up() -> None:
    """A public page says nothing about members either."""
    body = rendered(verdict(Health.DOWN), detail=Detail.STATUS, failing=True)
    assert body == {"status": "down", "up": False}


def test_failing_groups_headline_has_no_telltale_word() -> None:
    """A group repeats its worst member's words, and has to mind them too."""
    member = verdict(Health.DOWN, reason="Unhealthy")
    for body in (rendered(member), rendered(member, detail=Detail.FULL)):
        assert "healthy" not in to_json(body).lower()


@pytest.mark.parametrize(
    ("members", "needed", "word"),
    [
        ([verdict(), verdict()], None, "up"),
        ([verdict(), verdict(Health.DEGRADED)], None, "up"),
        ([verdict(), verdict(Health.DEGRADED, up=False)], None, "degraded"),
        ([verdict(), verdict(Health.DOWN)], None, "down"),
        ([verdict(), verdict(Health.DOWN)], Threshold(1), "up"),
        ([verdict(), verdict(Health.UNKNOWN)], None, "unknown"),
        ([verdict(), verdict(Health.MISSING)], None, "down"),
        ([verdict(), verdict()], Threshold(3), "down"),
        ([], None, "unknown"),
    ],
)
def test_group_follows_its_members(
    members: list[Assessment], needed: Threshold | None, word: str
) -> None:
    """Up while as many are as must be; a member that is missing is no group that is."""
    codes = {word: number for number, word in enumerate(DEFAULT_CODES, start=600)}
    summary = summarize(members, needed)
    passes = FailurePolicy().passes_group(summary, NOW)
    assert code_of_group(summary, codes, passes=passes) == codes[word]


@pytest.mark.parametrize(("health", "word"), [(Health.DEGRADED, "degraded"), (Health.DOWN, "down")])
def test_group_below_the_callers_line_has_its_words_code(health: Health, word: str) -> None:
    """As one object has."""
    summary = summarize([verdict(), verdict(health)])
    passes = FailurePolicy(Health.DEGRADED).passes_group(summary, NOW)
    assert code_of_group(summary, DEFAULT_CODES, passes=passes) == DEFAULT_CODES[word]


def test_rendering_needs_nothing_but_the_core() -> None:
    """The offline check renders too, without the extra that brings falcon."""
    code = (
        "import sys, k8s_heartbeat.adapters.http.rendering\n"
        "assert not {'falcon', 'kubernetes', 'cachetools', 'yaml'} & sys.modules.keys()"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize(
    ("detail", "message"),
    [(Detail.SUMMARY, "it is so"), (Detail.FULL, "it is so: api-1: no space left")],
)
def test_what_others_say_is_for_those_who_may_read_it(detail: Detail, message: str) -> None:
    """Alone and among others: the names of pods and the words of containers."""
    item = replace(verdict(Health.DOWN, message="it is so"), detail="api-1: no space left")
    body = object_body(item, Freshness(), now=NOW, detail=detail)
    assert body["message"] == message
    group = rendered(item, detail=detail)
    assert group["items"][0]["message"] == message
    assert "no space" not in group["message"]
