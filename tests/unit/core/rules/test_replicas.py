"""What all workloads share."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from k8s_heartbeat.core import Policy, Threshold, assess
from k8s_heartbeat.core.manifests import meta_of
from k8s_heartbeat.core.rules.replicas import minimum_of
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
    """Half of what is desired, for every workload."""
    assert minimum_of(ALONE, HALF, desired, available).met is enough


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
    assert minimum_of(ALONE, policy, desired, available).met is enough


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
    needed = {"1": 1, "2": 2, "3": 3, "50%": 2, "51%": 3}[minimum]
    assert verdict.message == f"2 of 4 replicas available, {needed} needed"


def test_the_owners_word_goes_before_the_controllers() -> None:
    """Available=False says less than the owner wants; True says more."""
    policy = Policy(min_available="stated")
    stated = {"type": "Available", "status": "False", "reason": "MinimumReplicasUnavailable"}
    manifest = annotated(deployment(4, 1, conditions=[stated]), "1")
    assert assess(manifest, now=NOW, policy=policy).up
    stated["status"] = "True"
    manifest = annotated(deployment(4, 2, conditions=[stated]), "3")
    assert not assess(manifest, now=NOW, policy=policy).up


@pytest.mark.parametrize(
    ("make", "ready"),
    [
        (deployment, "readyReplicas"),
        (replica_set, "readyReplicas"),
        (stateful_set, "readyReplicas"),
        (daemon_set, "numberReady"),
    ],
)
def test_what_waits_out_min_ready_seconds_is_told(
    make: Callable[[int, int], Manifest], ready: str
) -> None:
    """Ready, and not yet available: nothing is broken, and a person wants to know."""
    manifest = make(3, 1)
    manifest["spec"]["minReadySeconds"] = 60
    manifest["status"][ready] = 3
    causes = assess(manifest, now=NOW).causes
    assert [(cause.reason, cause.message, cause.count) for cause in causes] == [
        ("MinReadySeconds", "2 ready, waiting out minReadySeconds 60", 2)
    ]
    for field, value in (("minReadySeconds", 0), ("minReadySeconds", "60s")):
        manifest["spec"][field] = value
        assert not assess(manifest, now=NOW).causes


@pytest.mark.parametrize("make", [deployment, stateful_set])
def test_a_controller_that_has_not_looked_yet_is_told(
    make: Callable[[], Manifest],
) -> None:
    """At all, or at the newest spec."""
    manifest = make()
    manifest["metadata"]["generation"] = 4
    (cause,) = assess(manifest, now=NOW).causes
    assert cause.reason == "NotObserved"
    assert cause.message == "its controller has not looked at it yet: generation 4, observed 1"
    manifest["status"] = {}
    (cause,) = assess(manifest, now=NOW).causes
    assert cause.message == "its controller has not looked at it yet: generation 4"


def test_a_revision_that_waits_for_deletions_is_told() -> None:
    """OnDelete rolls nothing out, which nothing else shows."""
    waiting = stateful_set(updated=1, update="db-2", strategy={"type": "OnDelete"})
    for manifest in (waiting, daemon_set(updated=1, strategy="OnDelete")):
        verdict = assess(manifest, now=NOW)
        assert (verdict.health, verdict.activity) == ("healthy", "steady")
        assert [(cause.reason, cause.count) for cause in verdict.causes] == [("OnDelete", 2)]
        assert verdict.causes[0].message.startswith("1 of 3 updated")
    same = stateful_set(updated=1, strategy={"type": "OnDelete"})
    assert not assess(same, now=NOW).causes


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
