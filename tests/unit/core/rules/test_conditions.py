"""The rule of every kind that has none of its own."""

from __future__ import annotations

from datetime import timedelta

import pytest

from k8s_heartbeat.core import Health, Policy, assess
from k8s_heartbeat.core.fields import CONDITIONS
from k8s_heartbeat.core.rules.conditions import CONDITIONS_RULE
from tests.builders import NOW, Manifest, before, condition, metadata

PRIMARY = ["Ready", "Available", "Succeeded", "Established", "Healthy"]
MOVING = [
    "Creating",
    "Deploying",
    "Initializing",
    "Issuing",
    "Progressing",
    "Provisioning",
    "Reconciling",
    "Updating",
    "Upgrading",
]
MOVING_REASONS = [
    *MOVING,
    "Deleting",
    "DependencyNotReady",
    "InProgress",
    "Installing",
    "Pending",
    "RollingUpdateInProgress",
    "ScalingDown",
    "ScalingUp",
    "Starting",
    "WaitingForBootstrapData",
    "WaitingForNodeRef",
]
RETRY = "ProgressingWithRetry"
LATE = "ProgressDeadlineExceeded"
DONE = ["Accepted", "Applied", "Programmed", "Reconciled", "Synced", "Valid"]
DOWN = ("down", "steady", False)
ON_ITS_WAY = ("degraded", "progressing", True)
DEGRADED = ("degraded", "steady", True)
HEALTHY = ("healthy", "steady", True)
ZERO = ("healthy", "suspended", True)
UNKNOWN = ("unknown", "steady", False)


def sprocket(*conditions: object) -> Manifest:
    """An object of a kind that no rule is written for."""
    return {
        "apiVersion": "example.com/v1",
        "kind": "Sprocket",
        "metadata": metadata("big", generation=2),
        "status": {"observedGeneration": 2, "conditions": list(conditions)},
    }


def at(replicas: object, *conditions: object) -> Manifest:
    """The same, asked for so many replicas."""
    return {**sprocket(*conditions), "spec": {"replicas": replicas}}


def words(manifest: Manifest) -> tuple[str, str, bool]:
    """Health, activity and up."""
    verdict = assess(manifest, now=NOW)
    return verdict.health, verdict.activity, verdict.up


@pytest.mark.parametrize("type_", PRIMARY)
class TestEachPrimaryCondition:
    """Ready, and what other controllers call it."""

    def test_true_is_healthy(self, type_: str) -> None:
        """Its own word is the reason, and otherwise its type."""
        verdict = assess(sprocket(condition(type_, "True", "AllSet")), now=NOW)
        assert (verdict.health, verdict.activity, verdict.up) == HEALTHY
        assert (verdict.reason, verdict.causes) == ("AllSet", ())
        assert assess(sprocket(condition(type_)), now=NOW).reason == type_

    def test_false_is_down(self, type_: str) -> None:
        """A controller that says no means it."""
        verdict = assess(sprocket(condition(type_, "False", "Broken")), now=NOW)
        assert (verdict.health, verdict.activity, verdict.up) == DOWN
        assert verdict.reason == "Broken"

    def test_unknown_is_on_its_way(self, type_: str) -> None:
        """Controllers pass through it at each reconciliation, and nobody is paged for that."""
        verdict = assess(sprocket(condition(type_, "Unknown", "Progressing")), now=NOW)
        assert (verdict.health, verdict.activity, verdict.up) == ON_ITS_WAY
        assert verdict.reason == "Progressing"
        assert verdict.message.endswith(" is Unknown, it is on its way")

    def test_the_status_degraded_is_degraded(self, type_: str) -> None:
        """prometheus-operator's own: some of its pods are not ready, the others serve."""
        partly = condition(type_, "Degraded", "SomePodsNotReady", "1 of 3", before(minutes=7))
        for others in ([], [condition("Ready")], [condition("Reconciled")]):
            verdict = assess(sprocket(*others, partly), now=NOW)
            assert (verdict.health, verdict.activity, verdict.up) == DEGRADED
            assert verdict.reason == "SomePodsNotReady"
            assert verdict.message.endswith(" is Degraded")
            (cause,) = verdict.causes
            assert (cause.reason, cause.message) == ("SomePodsNotReady", "1 of 3")
            assert verdict.since == cause.since == NOW - timedelta(minutes=7)
        verdict = assess(sprocket(condition(type_, "Degraded")), now=NOW)
        assert verdict.reason == verdict.causes[0].reason == "Degraded"

    @pytest.mark.parametrize(
        "status", ["randomstatus", True, None, "true", "", "degraded", "Stalled"]
    )
    def test_any_other_status_is_unknown(self, type_: str, status: object) -> None:
        """A status that no API gives says nothing."""
        verdict = assess(sprocket(condition(type_, status)), now=NOW)
        assert (verdict.health, verdict.activity, verdict.up) == ("unknown", "steady", False)
        assert verdict.reason == "Malformed"
        assert verdict.message == (
            "status.conditions[].status is not one of a condition, such as True"
        )

    @pytest.mark.parametrize("status", ["True", "False", "Unknown", "Degraded"])
    def test_the_message_never_says_healthy(self, type_: str, status: str) -> None:
        """Monitors look for that word, in good news."""
        message = assess(sprocket(condition(type_, status)), now=NOW).message
        assert "healthy" not in message.lower()
        named = "health condition" if type_ == "Healthy" else f"condition {type_}"
        assert message.startswith(f"its {named} is {status}")


@pytest.mark.parametrize("reason", MOVING_REASONS)
def test_a_reason_may_say_that_it_is_on_its_way(reason: str) -> None:
    """What is being made is not broken."""
    assert words(sprocket(condition("Ready", "False", reason))) == ON_ITS_WAY


@pytest.mark.parametrize(
    "reason",
    ["ProgressingWithRetry", "Waiting", "NotWaitingForIt", "InProgressNot", "ScalingUpFailed"],
)
def test_other_reasons_are_not_on_their_way(reason: str) -> None:
    """What failed and will be tried again is as little on its way as what has failed for good."""
    assert words(sprocket(condition("Ready", "False", reason))) == DOWN


@pytest.mark.parametrize("type_", PRIMARY)
@pytest.mark.parametrize(
    ("severity", "expected"),
    [("Info", ON_ITS_WAY), ("Warning", DOWN), ("Error", DOWN), ("info", DOWN), ("", DOWN)],
)
def test_the_severity_info_says_that_it_is_on_its_way(
    type_: str, severity: str, expected: tuple[str, str, bool]
) -> None:
    """Cluster API's, for what is False and needs nobody's help."""
    assert words(sprocket(condition(type_, "False", "Some") | {"severity": severity})) == expected


def test_a_reconciliation_that_is_tried_again_has_failed() -> None:
    """Flux says so beside what failed; it works on, and that alone is what it says."""
    failed = condition("Ready", "False", "InstallFailed", "no such chart", before(minutes=7))
    verdict = assess(sprocket(failed, condition("Reconciling", "True", RETRY)), now=NOW)
    assert (verdict.health, verdict.activity, verdict.up) == ("down", "progressing", False)
    assert (verdict.reason, verdict.message) == ("InstallFailed", "its condition Ready is False")
    assert [cause.message for cause in verdict.causes] == ["no such chart"]
    for reason in ("", "Progressing", "NewGeneration"):
        moving = condition("Reconciling", "True", reason)
        assert words(sprocket(failed, moving)) == ON_ITS_WAY
    retried = condition("Reconciling", "True", RETRY)
    assert words(sprocket(condition("Ready", "Unknown", "Progressing"), retried)) == ON_ITS_WAY
    awaited = condition("Ready", "False", "DependencyNotReady")
    assert words(sprocket(awaited, retried)) == ON_ITS_WAY
    assert words(sprocket(condition("Ready"), retried)) == ("healthy", "progressing", True)


@pytest.mark.parametrize("type_", MOVING)
def test_another_condition_may_say_that_it_is_on_its_way(type_: str) -> None:
    """It counts when it is True, and no other way."""
    failing = condition("Ready", "False", "Broken")
    assert words(sprocket(failing, condition(type_))) == ON_ITS_WAY
    assert words(sprocket(failing, condition(type_, "False"))) == DOWN
    assert words(sprocket(failing, condition(type_, "Unknown"))) == DOWN


@pytest.mark.parametrize("reason", ["NewReplicaSetAvailable", "NewReplicationControllerAvailable"])
def test_a_finished_rollout_is_not_on_its_way(reason: str) -> None:
    """Progressing stays True with that reason once a rollout is through."""
    through = condition("Progressing", "True", reason)
    assert words(sprocket(condition("Available", "False", "Broken"), through)) == DOWN


@pytest.mark.parametrize(
    ("conditions", "expected", "reason"),
    [
        pytest.param(
            [condition("Ready", "True", "Set"), condition("Available", "False", "Broken")],
            DOWN,
            "Broken",
            id="True and False",
        ),
        pytest.param(
            [condition("Ready", "Unknown", "Wait"), condition("Healthy", "False", "Broken")],
            DOWN,
            "Broken",
            id="Unknown and False",
        ),
        pytest.param(
            [condition("Ready", "randomstatus"), condition("Succeeded", "False", "Broken")],
            DOWN,
            "Broken",
            id="odd and False",
        ),
        pytest.param(
            [condition("Ready", "Unknown", "Wait"), condition("Available", "randomstatus")],
            ("unknown", "steady", False),
            "Malformed",
            id="Unknown and odd",
        ),
        pytest.param(
            [condition("Ready", "True", "Set"), condition("Available", "Unknown", "Wait")],
            ON_ITS_WAY,
            "Wait",
            id="True and Unknown",
        ),
        pytest.param(
            [condition("Ready", "Degraded", "Some"), condition("Available", "False", "Broken")],
            DOWN,
            "Broken",
            id="Degraded and False",
        ),
        pytest.param(
            [condition("Ready", "Degraded", "Some"), condition("Available", "randomstatus")],
            UNKNOWN,
            "Malformed",
            id="Degraded and odd",
        ),
        pytest.param(
            [condition("Ready", "Degraded", "Some"), condition("Available", "Unknown", "Wait")],
            ON_ITS_WAY,
            "Wait",
            id="Degraded and Unknown",
        ),
        pytest.param(
            [condition("Available", "True", "Serving"), condition("Ready", "True", "Set")],
            HEALTHY,
            "Set",
            id="True and True",
        ),
        pytest.param(
            [condition("Available", "False", "Second"), condition("Ready", "False", "First")],
            DOWN,
            "First",
            id="False and False",
        ),
    ],
)
def test_the_worst_of_several_counts(
    conditions: list[Manifest], expected: tuple[str, str, bool], reason: str
) -> None:
    """All that it states must hold, in whatever order they stand."""
    for stated in (conditions, conditions[::-1]):
        assert words(sprocket(*stated)) == expected
        assert assess(sprocket(*stated), now=NOW).reason == reason


def test_stalled_is_down_whatever_else_is_said() -> None:
    """A controller that has given up says so in one place."""
    stalled = condition("Stalled", "True", "InvalidSpec", "no such chart", since=before(hours=1))
    verdict = assess(sprocket(condition("Ready"), stalled), now=NOW)
    assert (verdict.health, verdict.activity, verdict.up) == DOWN
    assert (verdict.reason, verdict.message) == ("InvalidSpec", "it is stalled")
    assert verdict.since == NOW - timedelta(hours=1)
    assert [cause.message for cause in verdict.causes] == ["no such chart"]
    assert assess(sprocket(condition("Stalled")), now=NOW).reason == "Stalled"
    assert words(sprocket(condition("Ready"), condition("Stalled", "False"))) == HEALTHY


@pytest.mark.parametrize(
    ("others", "expected"),
    [
        ([condition("Ready")], ("healthy", "progressing", True)),
        ([condition("Stalled")], ("down", "progressing", False)),
        ([condition("Ready"), condition("Degraded")], ("degraded", "progressing", True)),
        ([], ("unknown", "progressing", False)),
    ],
)
def test_reconciling_moves_the_activity_alone(
    others: list[Manifest], expected: tuple[str, str, bool]
) -> None:
    """Not converged and not serving are two facts."""
    assert words(sprocket(*others, condition("Reconciling"))) == expected
    assert words(sprocket(*others, condition("Reconciling", "False")))[1] == "steady"


@pytest.mark.parametrize(
    "type_",
    [
        "Degraded",
        "Fallback",
        "SyncFailed",
        "Failing",
        "ReplicaFailure",
        "DiskPressure",
        "ReconcileError",
    ],
)
def test_a_negative_condition_is_degraded_at_best(type_: str) -> None:
    """It counts when it is True, whether or not a primary condition is stated."""
    for others in ([condition("Ready")], []):
        verdict = assess(
            sprocket(*others, condition(type_, "True", "", "bad", before(minutes=7))), now=NOW
        )
        assert (verdict.health, verdict.activity, verdict.up) == DEGRADED
        assert (verdict.reason, verdict.message) == (type_, "its controller states a failure")
        (cause,) = verdict.causes
        assert (cause.reason, cause.kind, cause.name) == (type_, "Sprocket", "big")
        assert (cause.message, cause.since) == ("bad", NOW - timedelta(minutes=7))
        assert verdict.since == cause.since
    assert words(sprocket(condition("Ready"), condition(type_, "False"))) == HEALTHY


@pytest.mark.parametrize(
    "type_", ["NotDegraded", "NoFallback", "FailedOver", "Errors", "PressureTest"]
)
def test_other_names_are_no_failures(type_: str) -> None:
    """Only the whole words Degraded and Fallback and the five endings are known to be bad news."""
    assert words(sprocket(condition("Ready"), condition(type_))) == HEALTHY


def test_a_rollout_past_its_deadline_is_degraded_at_best() -> None:
    """As a Deployment's, it counts when Progressing is False, whatever serves meanwhile."""
    late = condition("Progressing", "False", LATE, "timed out", before(minutes=7))
    for others in ([condition("Available")], []):
        verdict = assess(sprocket(*others, late), now=NOW)
        assert (verdict.health, verdict.activity, verdict.up) == DEGRADED
        assert (verdict.reason, verdict.message) == (LATE, "its condition Progressing is False")
        (cause,) = verdict.causes
        assert (cause.reason, cause.message) == (LATE, "timed out")
        assert verdict.since == cause.since == NOW - timedelta(minutes=7)
    verdict = assess(sprocket(condition("Available", "False", "Broken"), late), now=NOW)
    assert (verdict.health, verdict.activity, verdict.up) == DOWN
    assert [cause.reason for cause in verdict.causes] == ["Broken", LATE]
    for other in (
        condition("Progressing", "False", "AsExpected"),
        condition("Progressing", "Unknown", LATE),
        condition("Progressing", "True", LATE),
        condition("Ready", "True", LATE),
        condition("Rolling", "False", LATE),
    ):
        assert words(sprocket(condition("Available"), other)) == HEALTHY


class TestZeroReplicas:
    """What is asked to run nothing is not down for running nothing."""

    @pytest.mark.parametrize("type_", PRIMARY)
    def test_false_is_scaled_to_zero(self, type_: str) -> None:
        """Whatever its reason."""
        verdict = assess(at(0, condition(type_, "False", "Broken")), now=NOW)
        assert (verdict.health, verdict.activity, verdict.up) == ZERO
        assert (verdict.reason, verdict.message) == ("ScaledToZero", "scaled to zero replicas")
        assert (verdict.desired, verdict.available, verdict.causes) == (0, 0, ())

    @pytest.mark.parametrize(
        "other",
        [
            condition("Healthy"),
            condition("Available", "Unknown"),
            condition("Reconciling"),
            condition("Stalled", "False"),
            condition("Degraded", "False"),
        ],
        ids=lambda other: f"{other['type']} {other['status']}",
    )
    def test_so_it_is_beside_others(self, other: Manifest) -> None:
        """One that is False is enough, and to work at it is to take away what is there."""
        assert words(at(0, other, condition("Ready", "False", "Broken"))) == ZERO

    def test_so_is_what_states_nothing_of_its_health(self) -> None:
        """Its status is there, and no condition of it tells anything else."""
        assert words(at(0)) == ZERO
        assert words(at(0, condition("Progressing"), condition("Synced", "False"))) == ZERO

    @pytest.mark.parametrize("zero", [Health.HEALTHY, Health.DEGRADED, Health.DOWN])
    def test_the_policy_says_how_well_that_is(self, zero: Health) -> None:
        """As of every workload."""
        manifest = at(0, condition("Ready", "False"))
        verdict = assess(manifest, now=NOW, policy=Policy(zero=zero))
        assert (verdict.health, verdict.activity) == (zero, "suspended")
        assert verdict.up is (zero is not Health.DOWN)
        assert verdict.reason == "ScaledToZero"

    @pytest.mark.parametrize(
        ("conditions", "expected"),
        [
            ([condition("Stalled")], DOWN),
            ([condition("Ready", "False"), condition("Stalled")], DOWN),
            ([condition("Degraded")], DEGRADED),
            ([condition("Ready", "False"), condition("SyncFailed")], DOWN),
            ([condition("Ready", "False"), condition("Synced", "False")], DOWN),
            ([condition("Available", "False"), condition("Progressing", "False", LATE)], DOWN),
            ([condition("Ready", "Degraded")], DEGRADED),
            ([condition("Ready")], HEALTHY),
            ([condition("Ready", "Unknown")], ON_ITS_WAY),
            ([condition("Ready", "randomstatus")], UNKNOWN),
            ([condition("Ready", "False"), condition("Available", "randomstatus")], DOWN),
        ],
    )
    def test_what_says_more_is_heard(
        self, conditions: list[Manifest], expected: tuple[str, str, bool]
    ) -> None:
        """It is judged as with any other number of replicas."""
        assert words(at(0, *conditions)) == words(at(1, *conditions)) == expected

    @pytest.mark.parametrize("replicas", [1, "0", False, 0.5, None, [], {}])
    def test_only_the_number_is_zero(self, replicas: object) -> None:
        """Whatever else stands there says nothing."""
        assert words(at(replicas, condition("Ready", "False"))) == DOWN
        assert words(at(replicas)) == UNKNOWN

    def test_the_number_is_read(self) -> None:
        """A reader that trims by the fields of the rule keeps it."""
        assert {*CONDITIONS_RULE.fields} == {"spec.replicas", *CONDITIONS}


@pytest.mark.parametrize("type_", DONE)
def test_what_is_not_done_is_degraded_at_best(type_: str) -> None:
    """What serves is not what was asked for; it counts when it is False, and no other way."""
    undone = condition(type_, "False", "", "not so", before(minutes=7))
    for primary in PRIMARY:
        verdict = assess(sprocket(undone, condition(primary)), now=NOW)
        assert (verdict.health, verdict.activity, verdict.up) == DEGRADED
        assert (verdict.reason, verdict.message) == (
            f"Not{type_}",
            f"its condition {type_} is False",
        )
        (cause,) = verdict.causes
        assert (cause.reason, cause.kind, cause.name) == (f"Not{type_}", "Sprocket", "big")
        assert (cause.message, cause.since) == ("not so", NOW - timedelta(minutes=7))
        assert verdict.since == cause.since
    for status in ("True", "Unknown"):
        assert words(sprocket(condition("Ready"), condition(type_, status))) == HEALTHY


@pytest.mark.parametrize("type_", DONE)
def test_what_is_not_done_says_nothing_by_itself(type_: str) -> None:
    """Whether anything serves is not known of it, as it is not where it is done."""
    assert words(sprocket(condition(type_, "False", "Broken"))) == ("unknown", "steady", False)


@pytest.mark.parametrize("type_", ["NotSynced", "TopologyReconciled", "ResourcesApplied"])
def test_other_names_are_no_tasks(type_: str) -> None:
    """Of a part, only its controller knows what it means for the whole."""
    assert words(sprocket(condition("Ready"), condition(type_, "False"))) == HEALTHY


def test_what_is_being_done_is_on_its_way() -> None:
    """Its reason may say so, as that of a primary condition."""
    ready = condition("Ready")
    assert words(sprocket(ready, condition("Programmed", "False", "Pending"))) == ON_ITS_WAY
    failed = [condition("SyncFailed"), condition("Programmed", "False", "Pending")]
    assert words(sprocket(ready, *failed)) == DEGRADED


def test_what_is_not_done_explains_what_is_worse() -> None:
    """It comes last: after the deciding condition, and after what is stated to have failed."""
    others = [condition("Synced", "False", "NoAccess"), condition("SyncFailed")]
    for ready in (condition("Ready", "False", "Broken"), condition("Ready", "Unknown", "Broken")):
        verdict = assess(sprocket(*others, ready), now=NOW)
        assert [cause.reason for cause in verdict.causes] == ["Broken", "SyncFailed", "NoAccess"]
    verdict = assess(sprocket(*others, condition("Ready")), now=NOW)
    assert (verdict.reason, verdict.message) == ("SyncFailed", "its controller states a failure")
    assert [cause.reason for cause in verdict.causes] == ["SyncFailed", "NoAccess"]


def test_a_failure_whose_words_are_none_has_ours() -> None:
    """A reason is one word: the condition's, its type where that is none, and otherwise ours."""
    odd = condition("Sync Failed", "True", "it went\nwrong")
    assert assess(sprocket(odd), now=NOW).reason == "Degraded"
    named = condition("SyncFailed", "True", "it went\nwrong")
    assert assess(sprocket(named), now=NOW).reason == "SyncFailed"
    assert assess(sprocket(condition("Ready", "False", "not a word")), now=NOW).reason == "NotReady"
    long = assess(sprocket(condition("Ready", "Unknown", "x" * 101), odd), now=NOW)
    assert long.reason == "NotReady"
    assert [cause.reason for cause in long.causes] == ["NotReady", "Degraded"]


def test_what_is_down_or_on_its_way_tells_its_failures() -> None:
    """The deciding condition comes first, then what is negative, by name, each once."""
    negative = [condition("SyncFailed"), condition("Degraded", "True", "Slow")]
    for status in ("False", "Unknown"):
        ready = condition("Ready", status, "Broken", "no route", before(minutes=3))
        verdict = assess(sprocket(*negative, ready), now=NOW)
        reasons = [cause.reason for cause in verdict.causes]
        assert reasons == ["Broken", "Slow", "SyncFailed"]
        assert verdict.causes[0].message == "no route"
        assert verdict.since == NOW - timedelta(minutes=3)
        assert verdict.reason == "Broken"


def test_since_is_told_of_what_is_well() -> None:
    """The time is that of the condition which makes it so."""
    verdict = assess(sprocket(condition("Ready", since=before(hours=4))), now=NOW)
    assert verdict.since == NOW - timedelta(hours=4)


@pytest.mark.parametrize(
    "conditions",
    [
        pytest.param([], id="none"),
        pytest.param(None, id="null"),
        pytest.param({"Ready": {"status": "True"}}, id="a map"),
        pytest.param([condition("Synced"), condition("DiskPressure", "False")], id="others"),
        pytest.param([None, "Ready", condition("ready")], id="odd ones"),
    ],
)
def test_without_a_known_condition_it_is_unknown(conditions: object) -> None:
    """Nothing is guessed; the message names what was looked for."""
    manifest = sprocket()
    manifest["status"]["conditions"] = conditions
    verdict = assess(manifest, now=NOW)
    assert (verdict.health, verdict.activity, verdict.up) == ("unknown", "steady", False)
    assert verdict.reason == "NoConditions"
    assert verdict.message == (
        "it states no condition Ready, Available, Succeeded, Established, nor one of its health"
    )


def test_without_a_status_no_cluster_has_answered() -> None:
    """It is unknown and progressing, as every kind that has a status."""
    verdict = assess({"apiVersion": "example.com/v1", "kind": "Sprocket"}, now=NOW)
    assert (verdict.health, verdict.activity, verdict.reason) == (
        "unknown",
        "progressing",
        "NoStatus",
    )
