"""Many assessments as one."""

from __future__ import annotations

from dataclasses import replace

import pytest

from k8s_heartbeat.core import Activity, Assessment, Health, Threshold, assess, summarize
from tests.builders import NOW, deployment, stateful_set


def member(
    health: Health = Health.HEALTHY,
    name: str = "api",
    *,
    activity: Activity = Activity.STEADY,
    up: bool | None = None,
    namespace: str = "shop",
    kind: str = "Deployment",
) -> Assessment:
    """An assessment; what is healthy or degraded is up where nothing is said."""
    return Assessment(
        health=health,
        activity=activity,
        up=health in (Health.HEALTHY, Health.DEGRADED) if up is None else up,
        reason=f"Reason{health.title()}",
        message=f"it is {health}",
        kind=kind,
        namespace=namespace,
        name=name,
    )


@pytest.mark.parametrize(
    ("healths", "worst"),
    [
        (["healthy", "healthy"], "healthy"),
        (["healthy", "degraded"], "degraded"),
        (["degraded", "missing"], "missing"),
        (["missing", "unknown", "healthy"], "unknown"),
        (["unknown", "down", "degraded"], "down"),
    ],
)
def test_a_group_is_as_bad_as_its_worst_member(healths: list[str], worst: str) -> None:
    """By the precedence: down, unknown, missing, degraded, healthy."""
    group = summarize(member(Health(health)) for health in healths)
    assert group.health == worst
    assert group.reason == f"Reason{worst.title()}"
    assert group.up is (worst in ("healthy", "degraded"))


def test_an_empty_group_is_unknown() -> None:
    """Nothing matched: that is never healthy."""
    group = summarize([])
    assert (group.health, group.activity, group.up) == ("unknown", "steady", False)
    assert (group.reason, group.items) == ("NothingMatched", ())
    assert group.message == "nothing matched that could be judged"
    assert dict(group.counts) == dict.fromkeys(Health, 0)


def test_a_group_is_up_only_when_all_are() -> None:
    """One degraded member below its minimum takes the group with it."""
    assert not summarize([member(), member(Health.DEGRADED, up=False)]).up
    assert summarize([member(), member(Health.DEGRADED, up=True)]).up
    assert not summarize([member(up=False), member(Health.DEGRADED, up=True)]).up


@pytest.mark.parametrize(
    ("activities", "expected"),
    [
        (["steady", "steady"], "steady"),
        (["steady", "suspended"], "steady"),
        (["suspended", "suspended"], "suspended"),
        (["steady", "progressing", "terminating"], "progressing"),
        (["steady", "terminating", "suspended"], "terminating"),
    ],
)
def test_what_is_done_with_any_of_them_is_done_with_the_group(
    activities: list[str], expected: str
) -> None:
    """Progressing before terminating before steady; suspended only when all are."""
    group = summarize(member(activity=Activity(activity)) for activity in activities)
    assert group.activity == expected


def test_members_stand_worst_first_and_then_by_name() -> None:
    """Namespace, kind and name decide among the alike; what is not up stands before what is."""
    group = summarize(
        [
            member(name="z"),
            member(name="a", namespace="zoo"),
            member(name="a", kind="StatefulSet"),
            member(Health.DEGRADED, "m"),
            member(Health.DEGRADED, "n", up=False),
            member(Health.DOWN, "q"),
        ]
    )
    found = [(item.namespace, item.kind, item.name) for item in group.items]
    assert found == [
        ("shop", "Deployment", "q"),
        ("shop", "Deployment", "n"),
        ("shop", "Deployment", "m"),
        ("shop", "Deployment", "z"),
        ("shop", "StatefulSet", "a"),
        ("zoo", "Deployment", "a"),
    ]
    assert dict(group.counts) == {
        Health.DOWN: 1,
        Health.UNKNOWN: 0,
        Health.MISSING: 0,
        Health.DEGRADED: 2,
        Health.HEALTHY: 3,
    }


def test_two_readings_of_one_member_have_no_order() -> None:
    """Where names and words are alike, the rest decides and not the place in the list."""
    one, other = member(), member(activity=Activity.PROGRESSING)
    assert summarize([one, other]) == summarize([other, one])


def test_the_message_names_the_worst() -> None:
    """People read how many are failing, and the worst of them."""
    healthy, broken = deployment(3), stateful_set(3, 0)
    group = summarize(assess(manifest, now=NOW) for manifest in (healthy, broken))
    assert group.message == (
        "1 of 2 failing; worst: StatefulSet shop/db: 0 of 3 replicas available, 2 needed"
    )
    assert summarize([member(), member()]).message == "all 2 are doing their job"
    assert summarize([member()]).message == "it is doing its job"


def test_a_member_without_a_namespace_is_named_plainly() -> None:
    """No slash stands where nothing is to be parted."""
    group = summarize([member(Health.DOWN, namespace="")])
    assert group.message == "1 of 1 failing; worst: Deployment api: it is down"


def ups(up: int, down: int) -> list[Assessment]:
    """So many members that are up, and so many that are down."""
    return [member(name=f"u{number}") for number in range(up)] + [
        member(Health.DOWN, f"d{number}") for number in range(down)
    ]


@pytest.mark.parametrize(
    ("needed", "up", "down", "least", "is_up"),
    [
        (None, 3, 0, 3, True),
        (None, 2, 1, 3, False),
        (Threshold(2), 2, 1, 2, True),
        (Threshold(2), 1, 2, 2, False),
        (Threshold(50, percent=True), 2, 1, 2, True),
        (Threshold(50, percent=True), 1, 2, 2, False),
        (Threshold(34, percent=True), 1, 2, 2, False),
        (Threshold(33, percent=True), 1, 2, 1, True),
        (Threshold(1, percent=True), 0, 3, 1, False),
        (Threshold(3), 3, 0, 3, True),
    ],
)
def test_so_many_must_be_up(
    needed: Threshold | None, up: int, down: int, least: int, is_up: bool
) -> None:
    """A number, a percentage rounded up, or all; what is up by its own number is not down."""
    group = summarize(ups(up, down), needed)
    assert (group.needed, group.up) == (least, is_up)
    expected = "degraded" if is_up else "down"
    assert group.health == (expected if down else "healthy")


@pytest.mark.parametrize("health", [Health.DOWN, Health.UNKNOWN, Health.MISSING, Health.DEGRADED])
def test_a_group_that_is_up_by_its_own_number_is_degraded(health: Health) -> None:
    """Whatever the others are: "down" and "up" in one answer mislead."""
    members = [*ups(2, 0), member(health, "other")]
    group = summarize(members, Threshold(2))
    assert (group.health, group.up, group.counts[health]) == ("degraded", True, 1)


def test_a_group_of_which_all_are_up_is_as_bad_as_its_worst() -> None:
    """Nobody has said how many will do: one that is down in maintenance is down."""
    group = summarize([member(), replace(member(Health.DOWN, "other"), up=True)])
    assert (group.health, group.up) == ("down", True)


def test_the_message_says_when_fewer_would_do() -> None:
    """Why a group with a member that is down is up."""
    group = summarize(ups(2, 1), Threshold(2))
    assert group.message == (
        "1 of 3 failing (2 up, 2 needed); worst: Deployment shop/d0: it is down"
    )


@pytest.mark.parametrize(("up", "down", "health"), [(2, 0, "down"), (1, 1, "down"), (0, 2, "down")])
def test_too_few_members_are_down(up: int, down: int, health: str) -> None:
    """However well they are."""
    group = summarize(ups(up, down), Threshold(3))
    assert (group.health, group.up, group.reason) == (health, False, "TooFewMembers")
    assert group.message.startswith("3 must be up and only 2 are there; ")
    assert (group.needed, len(group.items)) == (3, 2)


def test_an_empty_group_is_unknown_whatever_is_needed() -> None:
    """That nothing matched says more than that it is too few."""
    group = summarize([], Threshold(3))
    assert (group.health, group.reason) == ("unknown", "NothingMatched")
