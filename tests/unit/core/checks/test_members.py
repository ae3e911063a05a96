"""Which of many objects count."""

from __future__ import annotations

import pytest

from k8s_heartbeat.core import RULES
from k8s_heartbeat.core.checks.members import members_of, rule_of
from k8s_heartbeat.core.kinds import POD
from tests.builders import deployment, event, pod, replica_set


def test_events_are_no_members() -> None:
    """They explain."""
    assert members_of([event(), deployment(), {}]) == [deployment(), {}]


def test_what_a_member_controls_is_none() -> None:
    """Whatever the order; where kinds are named, the others only show who owns whom."""
    chain = [pod("api-1", owned_by="api-rs"), replica_set(), deployment()]
    assert members_of(chain) == [deployment()]
    assert members_of(chain[::-1], kinds=(POD,)) == [chain[0]]


@pytest.mark.parametrize("phase", ["Succeeded", "Failed"])
def test_a_pod_that_has_ended_is_a_run_of_its_controller(phase: str) -> None:
    """And no verdict on that; one that nothing controls counts."""
    assert members_of([pod(phase=phase, owned_by="robot")]) == []
    assert members_of([pod(phase=phase)]) == [pod(phase=phase)]


def test_an_object_has_the_rule_of_its_kind_and_group() -> None:
    """Whatever it is."""
    assert rule_of(RULES, deployment()) is RULES.find("Deployment", "apps/v1")
    assert rule_of(RULES, {"kind": 7}) is RULES.find("", None)
