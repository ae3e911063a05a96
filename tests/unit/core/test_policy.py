"""The knobs of the rules."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from k8s_heartbeat.core import Health, Policy, Threshold


def test_the_defaults_are_those_of_the_rules() -> None:
    """What RULES.md says where nobody decided otherwise."""
    assert Policy() == Policy(
        zero=Health.HEALTHY,
        waiting_after=timedelta(minutes=15),
        stuck_after=timedelta(hours=1),
        pod_stuck_after=timedelta(minutes=15),
        unschedulable_after=timedelta(seconds=60),
        crash_loop_memory=timedelta(minutes=5),
        termination_memory=timedelta(hours=1),
        event_memory=timedelta(minutes=10),
    )


@pytest.mark.parametrize("zero", [Health.UNKNOWN, Health.MISSING])
def test_zero_replicas_are_neither_unknown_nor_missing(zero: Health) -> None:
    """A policy that makes no sense is refused, with an example of one that does."""
    with pytest.raises(ValueError, match=r"Policy\.zero: .* as in Policy\(zero=Health\.DOWN\)"):
        Policy(zero=zero)


@pytest.mark.parametrize("minimum", ["half", "50%", ""])
def test_a_minimum_is_a_threshold_or_stated(minimum: Any) -> None:
    """A text that is a threshold's form is none yet."""
    with pytest.raises(ValueError, match=r"Policy\.min_available: .* is neither a Threshold nor"):
        Policy(min_available=minimum)
    assert Policy(min_available="stated").min_available == "stated"


def test_a_caller_may_need_another_minimum() -> None:
    """All else stays as the policy has it."""
    policy = Policy(zero=Health.DOWN)
    assert policy.needing(Threshold(2)) == Policy(zero=Health.DOWN, min_available=Threshold(2))
    assert policy.needing(None) == policy
