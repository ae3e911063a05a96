"""The words of a verdict, and their precedence."""

from __future__ import annotations

import itertools

import pytest

from k8s_heartbeat.core import SEVERITY, Activity, Health
from k8s_heartbeat.core.assessment import worst


def test_the_precedence_is_that_of_the_rules() -> None:
    """Worst first: unknown is never healthy and never merged into down."""
    assert [str(health) for health in SEVERITY] == [
        "down",
        "unknown",
        "missing",
        "degraded",
        "healthy",
    ]


def test_every_health_has_its_place() -> None:
    """No health is left out of the precedence, and none stands there twice."""
    assert sorted(SEVERITY) == sorted(Health)


@pytest.mark.parametrize(("one", "other"), list(itertools.product(SEVERITY, repeat=2)))
def test_the_worse_of_two_stands_earlier(one: Health, other: Health) -> None:
    """Of any two, in either order, the worse is found."""
    expected = next(health for health in SEVERITY if health in (one, other))
    assert worst(one, other) is expected


def test_the_words_are_those_of_the_api() -> None:
    """Machines read these words; they do not change."""
    assert [str(activity) for activity in Activity] == [
        "steady",
        "progressing",
        "suspended",
        "terminating",
    ]
