"""What is certain about a group, and how it is said."""

from __future__ import annotations

import pytest

from k8s_heartbeat.adapters.push.report import outcome_of
from k8s_heartbeat.core import Health, Threshold, summarize
from k8s_heartbeat.core.assessment import UNREAD
from k8s_heartbeat.core.failure_policy import FailurePolicy
from tests.builders import NOW

from .reports import report, verdict

UP, DEGRADED, DOWN, UNKNOWN, MISSING = (
    Health.HEALTHY,
    Health.DEGRADED,
    Health.DOWN,
    Health.UNKNOWN,
    Health.MISSING,
)
HALF = Threshold(50, percent=True)


@pytest.mark.parametrize(
    ("healths", "needed", "outcome"),
    [
        ((), None, "unknown"),
        ((UP,), None, "up"),
        ((UP, DEGRADED), None, "up"),
        ((DOWN,), None, "down"),
        ((MISSING,), None, "down"),
        ((UNKNOWN,), None, "unknown"),
        ((UP, UNKNOWN), None, "unknown"),
        # What is unknown changes nothing any more.
        ((DOWN, UNKNOWN), None, "down"),
        ((UP, UNKNOWN), Threshold(1), "up"),
        ((UP, UNKNOWN, DOWN), Threshold(2), "unknown"),
        ((UP, UNKNOWN, DOWN), Threshold(3), "down"),
        ((UP,), Threshold(2), "down"),
        ((UP, DOWN), HALF, "up"),
    ],
)
def test_both_kinds_of_news_need_evidence(
    healths: tuple[Health, ...], needed: Threshold | None, outcome: str
) -> None:
    """Up and down are said only where nothing that is unread could change it."""
    items = [verdict(health, f"api-{number}") for number, health in enumerate(healths)]
    assert outcome_of(summarize(items, needed), needed, FailurePolicy(), NOW) == outcome


@pytest.mark.parametrize("needed", [Threshold(2), HALF])
def test_a_list_that_was_not_read_may_hold_any_number(needed: Threshold) -> None:
    """With a number of its own the group may be up by members that nobody has seen."""
    unread = verdict(UNKNOWN, "", reason=UNREAD)
    down = [verdict(DOWN, "a"), verdict(DOWN, "b")]
    assert outcome_of(summarize([*down, unread], needed), needed, FailurePolicy(), NOW) == "unknown"
    assert outcome_of(summarize([*down, unread]), None, FailurePolicy(), NOW) == "down"


def test_the_policy_decides() -> None:
    """As it does for the exit code of check."""
    summary = summarize([verdict(DEGRADED)])
    assert outcome_of(summary, None, FailurePolicy(Health.DEGRADED), NOW) == "down"


def test_the_text_lists_what_fails_on_lines_of_their_own() -> None:
    """However many they are, and whatever is in their messages."""
    one = report(verdict(DOWN, message="no\x1b[31m pods\nat all"))
    assert one.text == "down: Deployment shop/api: no [31m pods at all"
    many = report(*(verdict(DOWN, f"api-{number:03}") for number in range(60)), verdict(UP, "ok"))
    lines = many.text.splitlines()
    assert lines[0].startswith("down: 60 of 61 failing; worst: Deployment shop/api-000")
    assert lines[1] == "down: Deployment shop/api-000: it is down"
    assert (len(lines), lines[-1]) == (52, "and 10 more")
