"""The overview of a component: as small for thousands of members as for a few."""

from __future__ import annotations

from dataclasses import replace

import pytest

from k8s_heartbeat.core import Health, Threshold, summarize
from k8s_heartbeat.core.assessment import Activity, Assessment
from k8s_heartbeat.core.checks.component import Component
from k8s_heartbeat.core.checks.overview import MOST_ITEMS, Overview
from k8s_heartbeat.core.checks.readings import Worth

READ = Worth(7.0, stale=True)


def member(name: str, health: Health = Health.HEALTHY, *, up: bool = True) -> Assessment:
    """A member's verdict."""
    return Assessment(health, Activity.STEADY, up, "Reason", "it is so", "Pod", "shop", name)


def overview(*members: Assessment, up: Threshold | None = None, title: str = "") -> Overview:
    """The overview of a component of these members."""
    component = Component("checkout", title, (), up)
    return Overview.of(component, summarize(members, up), READ)


def test_it_says_what_the_summary_says() -> None:
    """As a verdict on one object, with the figures and its age."""
    members = [member(f"web-{number}") for number in range(9)]
    members += [member("bad", Health.DOWN, up=False)]
    found, summary = overview(*members, up=Threshold.parse("2")), summarize(members, Threshold(2))
    verdict = found.verdict
    assert (verdict.health, verdict.up, verdict.reason, verdict.message, verdict.activity) == (
        summary.health,
        summary.up,
        summary.reason,
        summary.message,
        summary.activity,
    )
    assert (verdict.kind, verdict.name) == ("Component", "checkout")
    assert (found.total, found.available, found.needed, found.read) == (10, 9, 2, READ)


def test_it_lists_the_worst_members_alone() -> None:
    """However many there are."""
    members = [member(f"web-{number:04}") for number in range(2000)]
    found = overview(*members, member("bad", Health.DOWN, up=False))
    assert [item.name for item in found.items] == [
        "bad",
        *(f"web-{number:04}" for number in range(MOST_ITEMS - 1)),
    ]


def test_the_first_that_is_not_up_is_among_them() -> None:
    """Whatever is down and kept up comes before it; it is what the sentence is about."""
    kept_up = [member(f"web-{number}", Health.DOWN) for number in range(MOST_ITEMS + 3)]
    bad = member("bad", Health.DEGRADED, up=False)
    found = overview(*kept_up, bad, replace(bad, name="worse"))
    assert [item.name for item in found.items] == [
        *(f"web-{number}" for number in range(MOST_ITEMS)),
        "bad",
    ]
    assert overview(*kept_up).total == len(kept_up)
    assert len(overview(*kept_up).items) == MOST_ITEMS


@pytest.mark.parametrize(("title", "called"), [("", "checkout"), ("Shop", "Shop")])
def test_it_is_called_by_its_title(title: str, called: str) -> None:
    """Or by its name, where it has none."""
    assert overview(title=title).title == called
