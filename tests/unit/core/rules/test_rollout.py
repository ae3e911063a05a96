"""The rule of Argo's Rollout."""

from __future__ import annotations

from datetime import timedelta

import pytest

from k8s_heartbeat.core import RULES, Health, Kind, Policy, assess
from k8s_heartbeat.core.annotations import MIN_AVAILABLE
from k8s_heartbeat.core.fields import CONDITIONS
from tests.builders import NOW, Manifest, before, condition, metadata

FULL = ("healthy", True, "MinimumReplicasAvailable")
SOME = ("degraded", True, "ReplicasUnavailable")
FEW = ("degraded", False, "MinimumReplicasUnavailable")
NONE = ("down", False, "MinimumReplicasUnavailable")


def rollout(
    phase: object = "Healthy",
    available: object = 3,
    desired: object = 3,
    *conditions: Manifest,
    message: object = None,
    paused: bool = False,
) -> Manifest:
    """A Rollout in this phase."""
    return {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "Rollout",
        "metadata": metadata("api", generation=2),
        "spec": {"replicas": desired, "paused": paused},
        "status": {
            "observedGeneration": "2",
            "phase": phase,
            "message": message,
            "availableReplicas": available,
            "conditions": list(conditions),
        },
    }


def stated(*conditions: Manifest, available: int = 3, paused: bool = False) -> Manifest:
    """A Rollout of a time when its controller stated no phase."""
    return rollout(None, available, 3, *conditions, paused=paused)


def words(manifest: Manifest) -> tuple[str, bool, str]:
    """Health, up and reason."""
    verdict = assess(manifest, now=NOW)
    return verdict.health, verdict.up, verdict.reason


@pytest.mark.parametrize(
    ("phase", "activity", "remark"),
    [
        ("Healthy", "steady", ""),
        ("Progressing", "progressing", ""),
        ("Paused", "suspended", ", paused"),
    ],
)
@pytest.mark.parametrize(
    ("available", "expected"), [(4, FULL), (3, FULL), (2, SOME), (1, FEW), (0, NONE)]
)
def test_replicas_decide_and_the_phase_says_what_is_done(
    phase: str, activity: str, remark: str, available: int, expected: tuple[str, bool, str]
) -> None:
    """A rollout that is on its way, or waits, over full capacity is healthy."""
    verdict = assess(rollout(phase, available), now=NOW)
    assert (verdict.health, verdict.up, verdict.reason) == expected
    assert verdict.activity == activity
    needed = ", 2 needed" if available < 3 else ""
    assert verdict.message == f"{available} of 3 replicas available{needed}{remark}"
    assert (verdict.desired, verdict.available, verdict.causes) == (3, available, ())


@pytest.mark.parametrize(
    ("available", "expected"),
    [
        (3, ("degraded", True, "RolloutAborted")),
        (2, ("degraded", True, "RolloutAborted")),
        (1, FEW),
        (0, NONE),
    ],
)
def test_a_degraded_rollout_is_down_only_without_replicas(
    available: int, expected: tuple[str, bool, str]
) -> None:
    """A failed rollout behind what serves is not an outage."""
    said = "RolloutAborted: Rollout aborted update to revision 2"
    verdict = assess(rollout("Degraded", available, message=said), now=NOW)
    assert (verdict.health, verdict.up, verdict.reason) == expected
    assert verdict.activity == "steady"
    (cause,) = verdict.causes
    assert (cause.reason, cause.kind, cause.name, cause.message) == (
        "RolloutAborted",
        "Rollout",
        "api",
        said,
    )


@pytest.mark.parametrize(
    ("message", "reason", "said"),
    [
        (None, "RolloutDegraded", ""),
        (["odd"], "RolloutDegraded", ""),
        ("it went wrong: badly", "RolloutDegraded", "it went wrong: badly"),
        (
            'ProgressDeadlineExceeded: ReplicaSet "api-1" has timed out',
            "ProgressDeadlineExceeded",
            None,
        ),
    ],
)
def test_the_word_of_a_degraded_rollout(message: object, reason: str, said: str | None) -> None:
    """Its message starts with it, as its controller writes them; otherwise it is ours."""
    verdict = assess(rollout("Degraded", message=message), now=NOW)
    assert verdict.reason == reason
    assert verdict.causes[0].message == (message if said is None else said)


@pytest.mark.parametrize("phase", ["Healthy", "Degraded", None])
def test_scaled_to_zero_is_suspended(phase: str | None) -> None:
    """Nothing is asked of it, and the policy says what that is worth."""
    verdict = assess(rollout(phase, 0, 0), now=NOW)
    assert (verdict.health, verdict.activity, verdict.reason) == (
        "healthy",
        "suspended",
        "ScaledToZero",
    )
    strict = Policy(zero=Health.DOWN)
    assert assess(rollout(phase, 0, 0), now=NOW, policy=strict).health == "down"


def test_what_is_left_out_stands_at_its_default() -> None:
    """One replica is desired, and none is available."""
    verdict = assess(rollout("Progressing", None, None), now=NOW)
    assert (verdict.desired, verdict.available) == (1, 0)


def test_the_owner_sets_the_minimum() -> None:
    """His annotation goes before the policy."""
    manifest = rollout("Progressing", 2)
    manifest["metadata"]["annotations"] = {MIN_AVAILABLE: "100%"}
    assert words(manifest) == FEW


@pytest.mark.parametrize("phase", ["Sideways", "healthy", True, 0, [], {}])
def test_a_phase_that_is_none_is_unknown(phase: object) -> None:
    """The form is told."""
    verdict = assess(rollout(phase), now=NOW)
    assert (verdict.health, verdict.up) == ("unknown", False)
    assert verdict.message == "status.phase is not a rollout's phase, such as Progressing"


@pytest.mark.parametrize(
    ("manifest", "problem"),
    [(rollout(desired="3"), "spec.replicas"), (rollout(available=-1), "status.availableReplicas")],
)
def test_a_count_that_is_none_is_unknown(manifest: Manifest, problem: str) -> None:
    """The verdict rests on both."""
    verdict = assess(manifest, now=NOW)
    assert (verdict.health, verdict.up) == ("unknown", False)
    assert verdict.message.startswith(problem)


DEADLINE = condition("Progressing", "False", "ProgressDeadlineExceeded", "late", before(hours=1))
ABORTED = condition("Progressing", "False", "RolloutAborted", "aborted", before(hours=1))
THROUGH = condition("Progressing", "True", "NewReplicaSetAvailable")
MOVING = condition("Progressing", "True", "ReplicaSetUpdated")


@pytest.mark.parametrize(
    ("manifest", "activity", "expected"),
    [
        pytest.param(stated(THROUGH), "steady", FULL, id="through"),
        pytest.param(stated(MOVING), "progressing", FULL, id="on its way"),
        pytest.param(
            stated(condition("Progressing", "Unknown", "Whatever")),
            "progressing",
            FULL,
            id="maybe on its way",
        ),
        pytest.param(stated(MOVING, paused=True), "suspended", FULL, id="paused by its owner"),
        pytest.param(stated(MOVING, condition("Paused")), "suspended", FULL, id="paused"),
        pytest.param(
            stated(MOVING, condition("Paused", "False")), "progressing", FULL, id="not paused"
        ),
        pytest.param(
            stated(DEADLINE),
            "steady",
            ("degraded", True, "ProgressDeadlineExceeded"),
            id="past its deadline",
        ),
        pytest.param(stated(DEADLINE, available=0), "steady", NONE, id="and nothing serves"),
        pytest.param(stated(ABORTED), "steady", ("degraded", True, "RolloutAborted"), id="aborted"),
        pytest.param(
            stated(condition("Progressing", "Unknown", "RolloutAborted")),
            "progressing",
            FULL,
            id="aborted only where Progressing is False",
        ),
        pytest.param(
            stated(THROUGH, condition("InvalidSpec")),
            "steady",
            ("degraded", True, "InvalidSpec"),
            id="a spec that is none",
        ),
        pytest.param(
            stated(THROUGH, condition("InvalidSpec", "False")), "steady", FULL, id="a good spec"
        ),
        pytest.param(
            stated(THROUGH, condition("ReplicaFailure")),
            "steady",
            ("degraded", True, "ReplicaFailure"),
            id="pods that cannot be created",
        ),
        pytest.param(stated(), "steady", FULL, id="nothing stated"),
        pytest.param(stated(available=2), "progressing", SOME, id="nothing stated of some"),
        pytest.param(
            stated(condition("Available", "False"), THROUGH), "steady", FULL, id="figures decide"
        ),
    ],
)
def test_without_a_phase_its_conditions_are_read(
    manifest: Manifest, activity: str, expected: tuple[str, bool, str]
) -> None:
    """Before 1.0 there was none; an empty one is none either."""
    for phase in (None, ""):
        manifest["status"]["phase"] = phase
        assert words(manifest) == expected
        assert assess(manifest, now=NOW).activity == activity


def test_what_its_conditions_say_is_a_cause() -> None:
    """A spec that is none comes first; a phase makes the conditions superfluous."""
    failed = [DEADLINE, condition("InvalidSpec", "True", "BadStrategy", "no steps")]
    verdict = assess(stated(*failed), now=NOW)
    assert [(cause.reason, cause.message) for cause in verdict.causes] == [
        ("BadStrategy", "no steps"),
        ("ProgressDeadlineExceeded", "late"),
    ]
    assert verdict.causes[1].since == NOW - timedelta(hours=1)
    assert assess(rollout("Healthy", 3, 3, *failed), now=NOW).causes == ()


def test_how_it_is_called_and_what_is_read_of_it() -> None:
    """Its names and scope are those that kubectl prints; readers keep what its rule names."""
    rule = RULES.own("Rollout", "argoproj.io/v1alpha1")
    assert rule is not None
    assert rule.kind == Kind("Rollout", "rollouts", "argoproj.io", "v1alpha1", ("ro",))
    assert {*rule.fields} == {
        "spec.replicas",
        "spec.paused",
        "spec.selector",
        "status.availableReplicas",
        "status.phase",
        "status.message",
        *CONDITIONS,
    }
    assert rule.workload
    assert [kind.kind for kind in rule.below] == ["ReplicaSet", "Pod"]
