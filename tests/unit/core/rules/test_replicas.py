"""What all workloads share."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from k8s_heartbeat.core import Policy, Threshold, assess
from k8s_heartbeat.core.manifests import meta_of
from k8s_heartbeat.core.rules.replicas import meets_minimum
from tests.builders import NOW, Manifest, daemon_set, deployment, replica_set, stateful_set

HALF = Policy()
ALONE = meta_of({})


def annotated(manifest: Manifest, minimum: object) -> Manifest:
    """The workload with a minimum of its owner's."""
    manifest["metadata"]["annotations"] = {"k8s-heartbeat.io/min-available": minimum}
    return manifest


@pytest.mark.parametrize(
    ("desired", "available", "enough"),
    [
        (1, 0, False),
        (1, 1, True),
        (2, 0, False),
        (2, 1, True),
        (3, 1, False),
        (3, 2, True),
        (4, 2, True),
        (5, 2, False),
        (100, 49, False),
        (100, 50, True),
    ],
)
def test_half_is_the_minimum_and_at_least_one(desired: int, available: int, enough: bool) -> None:
    """Where Kubernetes states no minimum, half of what is desired serves as one."""
    assert meets_minimum(ALONE, HALF, desired, available) is enough


@pytest.mark.parametrize(
    ("minimum", "desired", "available", "enough"),
    [
        (Threshold(1), 5, 1, True),
        (Threshold(1), 5, 0, False),
        (Threshold(4), 5, 3, False),
        (Threshold(9), 5, 5, True),
        (Threshold(100, percent=True), 5, 4, False),
        (Threshold(1, percent=True), 5, 1, True),
        (Threshold(1, percent=True), 5, 0, False),
        (Threshold(34, percent=True), 3, 1, False),
        (Threshold(34, percent=True), 3, 2, True),
    ],
)
def test_a_policy_sets_another_minimum(
    minimum: Threshold, desired: int, available: int, enough: bool
) -> None:
    """A number, never more than what is desired, or a percentage, rounded up."""
    policy = Policy(min_available=minimum)
    assert meets_minimum(ALONE, policy, desired, available) is enough


@pytest.mark.parametrize("make", [deployment, replica_set, stateful_set, daemon_set])
@pytest.mark.parametrize(
    ("minimum", "up"), [("1", True), ("2", True), ("3", False), ("50%", True), ("51%", False)]
)
def test_the_owner_sets_the_minimum(
    make: Callable[[int, int], Manifest], minimum: str, up: bool
) -> None:
    """By an annotation, on any workload; it goes before the Available condition and the policy."""
    verdict = assess(annotated(make(4, 2), minimum), now=NOW)
    assert (verdict.health, verdict.up) == ("degraded", up)
    assert verdict.message.endswith("of which 3 must be") is not up


def test_the_owners_word_goes_before_the_controllers() -> None:
    """Available=False says less than the owner wants; True says more."""
    stated = {"type": "Available", "status": "False", "reason": "MinimumReplicasUnavailable"}
    assert assess(annotated(deployment(4, 1, conditions=[stated]), "1"), now=NOW).up
    stated["status"] = "True"
    assert not assess(annotated(deployment(4, 2, conditions=[stated]), "3"), now=NOW).up


@pytest.mark.parametrize(
    "minimum", ["", "0", "0%", "101%", "-1", "1.5", "half", 2.5, True, None, []]
)
def test_a_malformed_minimum_changes_nothing_and_is_told(minimum: object) -> None:
    """The rule stands as without it, and a cause names the annotation and its form."""
    verdict = assess(annotated(deployment(4, 2), minimum), now=NOW)
    plain = assess(deployment(4, 2), now=NOW)
    assert (verdict.health, verdict.up, verdict.reason) == (plain.health, plain.up, plain.reason)
    (cause,) = verdict.causes
    assert cause.reason == "MalformedAnnotation"
    assert cause.message.startswith(f"k8s-heartbeat.io/min-available: {minimum!a} is not a number")
