"""The rule of every kind that has none of its own."""

from __future__ import annotations

from datetime import timedelta

import pytest

from k8s_heartbeat.core import RULES, Health, Policy, assess
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
    "Waiting",
    "WaitingForNodeRef",
    "ClusterProvisioning",
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
        "metadata": metadata("big", generation=2, created=before(days=2)),
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
        ("status", "expected"),
        [
            (True, HEALTHY),
            (False, DOWN),
            ("randomstatus", DEGRADED),
            ("true", DEGRADED),
            ("Stalled", DEGRADED),
            (None, UNKNOWN),
            ("", UNKNOWN),
        ],
    )
    def test_any_other_status_is_no_good_news(
        self, type_: str, status: object, expected: tuple[str, str, bool]
    ) -> None:
        """A boolean is taken for its word; where there is no status at all, nothing is stated."""
        assert words(sprocket(condition(type_, status))) == expected

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
    ["ProgressingWithRetry", "NotReady", "NotWaitingForIt", "InProgressNot", "ScalingUpFailed"],
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
    assert (verdict.health, verdict.activity, verdict.up) == DOWN
    assert (verdict.reason, verdict.message) == ("InstallFailed", "its condition Ready is False")
    assert [cause.message for cause in verdict.causes] == ["no such chart"]
    for reason in ("", "Progressing", "NewGeneration"):
        moving = condition("Reconciling", "True", reason)
        # A failure that is stated is not excused by work that goes on.
        assert words(sprocket(failed, moving)) == DOWN
        unready = condition("Ready", "False", "SomethingElse", "", before(minutes=7))
        assert words(sprocket(unready, moving)) == ON_ITS_WAY
    retried = condition("Reconciling", "True", RETRY)
    assert words(sprocket(condition("Ready", "Unknown", "Progressing"), retried)) == ON_ITS_WAY
    awaited = condition("Ready", "False", "DependencyNotReady")
    assert words(sprocket(awaited, retried)) == ON_ITS_WAY
    # It would go on for ever, and what it is tried for serves.
    assert words(sprocket(condition("Ready"), retried)) == HEALTHY


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
            ON_ITS_WAY,
            "Wait",
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
            DEGRADED,
            "Some",
            id="Degraded and odd",
        ),
        pytest.param(
            [condition("Ready", "Degraded", "Some"), condition("Available", "Unknown", "Wait")],
            ON_ITS_WAY,
            "Some",
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
    assert (verdict.reason, verdict.message) == ("InvalidSpec", "its condition Stalled is True")
    assert verdict.since == NOW - timedelta(hours=1)
    assert [cause.message for cause in verdict.causes] == ["no such chart"]
    assert assess(sprocket(condition("Stalled")), now=NOW).reason == "Stalled"
    assert words(sprocket(condition("Ready"), condition("Stalled", "False"))) == HEALTHY


@pytest.mark.parametrize(
    ("others", "expected"),
    [
        ([condition("Ready")], ("healthy", "progressing", True)),
        ([condition("Stalled")], DOWN),
        ([condition("Ready"), condition("Degraded")], DEGRADED),
        ([], ON_ITS_WAY),
    ],
)
def test_reconciling_moves_what_has_not_failed(
    others: list[Manifest], expected: tuple[str, str, bool]
) -> None:
    """Not converged and not serving are two facts; alone it says what Ready Unknown says."""
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
        assert (verdict.reason, verdict.message) == (type_, f"its condition {type_} is True")
        (cause,) = verdict.causes
        assert (cause.reason, cause.kind, cause.name) == (type_, "Sprocket", "big")
        assert (cause.message, cause.since) == ("bad", NOW - timedelta(minutes=7))
        assert verdict.since == cause.since
    assert words(sprocket(condition("Ready"), condition(type_, "False"))) == HEALTHY


@pytest.mark.parametrize(
    "type_", ["NotDegraded", "NoFallback", "FailedOver", "Errors", "PressureTest"]
)
def test_other_names_are_no_failures(type_: str) -> None:
    """Only names that end in what is bad news are known to be bad news, and No or Not turns it."""
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
        condition("Ready", "True", LATE),
        condition("Painted", "False", LATE),
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
            ([condition("Stalled")], "down"),
            ([condition("Ready", "False"), condition("Stalled")], "down"),
            ([condition("Degraded")], "degraded"),
            ([condition("Ready", "False"), condition("SyncFailed")], "down"),
            ([condition("Ready", "False", "SyncFailed")], "down"),
            ([condition("Available", "False"), condition("Progressing", "False", LATE)], "down"),
        ],
    )
    def test_a_failure_beside_it_is_heard(self, conditions: list[Manifest], expected: str) -> None:
        """It is as well as with any other number of replicas, and held all the same."""
        health, activity, up = words(at(0, *conditions))
        assert (health, activity, up) == (expected, "suspended", expected == "degraded")
        assert words(at(1, *conditions)) == (expected, "steady", up)

    @pytest.mark.parametrize("status", ["True", "Unknown", "Degraded", "randomstatus"])
    def test_nothing_else_is_said_against_it(self, status: str) -> None:
        """What runs nothing on purpose is neither on its way nor less than it should be."""
        assert words(at(0, condition("Ready", status))) == ZERO

    @pytest.mark.parametrize("replicas", [1, "0", False, 0.5, None, [], {}])
    def test_only_the_number_is_zero(self, replicas: object) -> None:
        """Whatever else stands there says nothing."""
        assert words(at(replicas, condition("Ready", "False"))) == DOWN
        assert words(at(replicas)) == UNKNOWN

    def test_the_number_is_read(self) -> None:
        """A reader that trims by the fields of the rule keeps it, and the status whole."""
        assert {"spec.replicas", "status"} <= {*RULES.custom.fields}
        assert "spec" not in RULES.custom.fields


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
def test_by_itself_it_says_all_that_there_is(type_: str) -> None:
    """SealedSecrets state Synced alone, GatewayClasses Accepted."""
    assert words(sprocket(condition(type_, "False", "Broken"))) == DOWN
    assert words(sprocket(condition(type_))) == HEALTHY


@pytest.mark.parametrize("type_", ["NotSynced", "TopologyReconciled", "ResourcesApplied"])
def test_other_names_are_no_tasks(type_: str) -> None:
    """Of a part, only its controller knows what it means for the whole: it is a cause at most."""
    part = condition(type_, "False", "Broken")
    assert words(sprocket(condition("Ready"), part)) == HEALTHY
    failed = condition(type_, "False", "TopologyFailed")
    expected = HEALTHY if type_ == "NotSynced" else DEGRADED
    assert words(sprocket(condition("Ready"), failed)) == expected


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
    assert (verdict.reason, verdict.message) == (
        "SyncFailed",
        "its condition SyncFailed is True",
    )
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
        pytest.param([condition("Painted"), condition("Noticed", "False")], id="others"),
        pytest.param([None, "Ready", condition("readying")], id="odd ones"),
    ],
)
def test_without_a_known_condition_it_is_unknown(conditions: object) -> None:
    """Nothing is guessed; the message names what was looked for."""
    manifest = sprocket()
    manifest["status"]["conditions"] = conditions
    verdict = assess(manifest, now=NOW)
    assert (verdict.health, verdict.activity, verdict.up) == ("unknown", "steady", False)
    assert verdict.reason == "NoConditions"
    assert verdict.message == "it states no condition and no word of its health that is known"


def test_without_a_status_no_cluster_has_answered() -> None:
    """It is unknown and progressing, as every kind that has a status."""
    verdict = assess({"apiVersion": "example.com/v1", "kind": "Sprocket"}, now=NOW)
    assert (verdict.health, verdict.activity, verdict.reason) == (
        "unknown",
        "progressing",
        "NoStatus",
    )


class TestWaitingHasAnEnd:
    """What is on its way may be so for an hour (`policy.stuckAfter`)."""

    def test_it_is_counted_from_the_transition(self) -> None:
        """Past it nothing has ever served, so it is down."""
        for age, expected in ((59, ON_ITS_WAY), (61, DOWN)):
            since = before(minutes=age)
            assert words(sprocket(condition("Ready", "Unknown", "", "", since))) == expected
            moving = condition("Ready", "False", "Creating", "", since)
            assert words(sprocket(moving)) == expected

    def test_what_serves_meanwhile_is_degraded(self) -> None:
        """As its figures say."""
        manifest = at(3, condition("Ready", "False", "Updating", "", before(hours=2)))
        manifest["status"]["readyReplicas"] = 2
        assert words(manifest) == DEGRADED
        manifest["status"]["readyReplicas"] = 0
        assert words(manifest) == DOWN

    def test_age_alone_is_no_waiting(self) -> None:
        """Where the condition states no time, only its start does, if it has one."""
        manifest = sprocket(condition("Ready", "Unknown"))
        assert words(manifest) == ON_ITS_WAY
        manifest["status"]["startTime"] = before(hours=2)
        assert words(manifest) == DOWN

    def test_a_first_start_began_with_the_object(self) -> None:
        """It has never served; its conditions may have moved since."""
        manifest = sprocket()
        manifest["status"]["phase"] = "Provisioning"
        manifest["metadata"]["creationTimestamp"] = before(days=1)
        assert words(manifest) == DOWN
        manifest["metadata"]["creationTimestamp"] = before(minutes=5)
        assert words(manifest) == ("down", "progressing", False)
        manifest["metadata"]["creationTimestamp"] = before(days=5)
        manifest["status"]["conditions"] = [
            condition("NetworkAttached", "True", "", "", before(minutes=5))
        ]
        assert words(manifest) == ("down", "progressing", False)


class TestObservedGeneration:
    """A condition may say which generation it was stated for."""

    @pytest.mark.parametrize("status", ["True", "False", "Unknown"])
    def test_one_for_an_older_generation_is_progressing(self, status: str) -> None:
        """Also where the list is a nested one."""
        older = condition("Ready", status) | {"observedGeneration": 1}
        assert words(sprocket(older))[1] == "progressing"
        nested = sprocket()
        nested["status"]["parents"] = [{"parentRef": {"name": "gw"}, "conditions": [older]}]
        assert words(nested)[1] == "progressing"
        current = condition("Ready") | {"observedGeneration": 2}
        assert words(sprocket(current)) == HEALTHY


class TestNestedLists:
    """Conditions per parent, listener, ingress and so on: the worst, and the message says which."""

    @pytest.mark.parametrize("place", ["parents", "ancestors", "listeners", "ingress", "bindings"])
    def test_the_worst_of_them_counts(self, place: str) -> None:
        """In whatever order they stand."""
        good = {"name": "web", "conditions": [condition("Accepted")]}
        bad = {"name": "tls", "conditions": [condition("Accepted", "False", "NoCertificate")]}
        for entries in ([good, bad], [bad, good]):
            manifest = sprocket()
            manifest["status"][place] = entries
            verdict = assess(manifest, now=NOW)
            assert (verdict.health, verdict.reason) == ("down", "NoCertificate")
            assert verdict.message == "tls: its condition Accepted is False"
            manifest["status"][place] = [good]
            assert words(manifest) == HEALTHY


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        ({"phase": "Running"}, HEALTHY),
        ({"state": "active"}, HEALTHY),
        ({"health": {"status": "Healthy"}}, HEALTHY),
        ({"applicationState": {"state": "RUNNING"}}, HEALTHY),
        ({"phase": "Failed"}, DOWN),
        ({"phase": "SyncFailed"}, DOWN),
        ({"phase": "PartiallyFailed"}, DEGRADED),
        ({"health": "yellow"}, DEGRADED),
        ({"phase": "Updating"}, ON_ITS_WAY),
        ({"phase": "Stopped"}, ZERO),
        ({"phase": "Not healthy"}, DOWN),
        ({"phase": "Florid"}, UNKNOWN),
        ({"phase": "Florid", "readyReplicas": 3, "replicas": 3}, UNKNOWN),
        ({"phase": "Florid", "conditions": [condition("Ready")]}, HEALTHY),
        ({"phase": "Failed", "conditions": [condition("Ready")]}, DEGRADED),
        (
            {"phase": "Updating", "conditions": [condition("Ready")]},
            ("healthy", "progressing", True),
        ),
        ({"phase": "Failed", "conditions": [condition("Ready", "False", "Creating")]}, DOWN),
        ({"ready": True}, HEALTHY),
        ({"ready": False}, DOWN),
        ({"readyReplicas": 3, "replicas": 3}, HEALTHY),
        ({"readyReplicas": 2, "replicas": 3}, DEGRADED),
        ({"readyReplicas": 0, "replicas": 3}, DOWN),
        ({"replicas": 3}, UNKNOWN),
        ({"phase": "Running", "shards": {"a": {"state": "failed"}}}, DEGRADED),
        ({"phase": "Running", "backupStatus": "Failed"}, DEGRADED),
        ({"phase": "Running", "lastBackupStatus": "Failed"}, HEALTHY),
        ({"phase": "Running", "nodeState": "Updating"}, ("healthy", "progressing", True)),
        ({"phase": "Running", "failedNodeCount": 2}, DEGRADED),
        ({"nodeState": "Running"}, HEALTHY),
        ({"nodeState": "Florid"}, UNKNOWN),
        ({"conditions": [condition("Ready", "True", "ReconcileError")]}, DEGRADED),
        ({"conditions": [condition("NotReady", "True", "Broken")]}, DOWN),
        ({"conditions": [condition("NotReady", "False")]}, HEALTHY),
        ({"conditions": [condition("PartiallyAvailable")]}, DEGRADED),
        ({"conditions": [condition("Failed")]}, DOWN),
        ({"conditions": [condition("Degraded", "False")]}, HEALTHY),
        ({"notAfter": before(hours=1), "conditions": [condition("Ready")]}, DOWN),
        ({"notAfter": before(hours=-20), "conditions": [condition("Ready")]}, DEGRADED),
        (
            {
                "notAfter": before(hours=-20),
                "renewalTime": before(hours=-10),
                "conditions": [condition("Ready")],
            },
            HEALTHY,
        ),
    ],
    ids=str,
)
def test_what_else_a_status_says(status: Manifest, expected: tuple[str, str, bool]) -> None:
    """Words, figures, flags and times; of a kind that nobody knows."""
    manifest = {**sprocket(), "status": status}
    manifest["metadata"]["creationTimestamp"] = before(days=1)
    assert words(manifest) == expected


@pytest.mark.parametrize(
    ("spec", "annotations", "status"),
    [
        ({"suspend": True}, {}, {"conditions": [condition("Ready", "False", "Idle")]}),
        ({"paused": True}, {}, {"phase": "Running"}),
        ({"running": False}, {}, {"conditions": [condition("Ready", "False")]}),
        ({"runStrategy": "Halted"}, {}, {"phase": "Florid"}),
        ({}, {"crossplane.io/paused": "true"}, {"conditions": [condition("Ready")]}),
        ({}, {"cluster.x-k8s.io/paused": ""}, {"phase": "Provisioned"}),
        ({}, {}, {"conditions": [condition("Hibernated")]}),
        ({}, {}, {"conditions": [condition("Synced", "False", "ReconcilePaused")]}),
        ({}, {}, {"phase": "Running", "powerState": "Stopped"}),
        ({"suspend": True}, {}, {}),
    ],
)
def test_what_was_stopped_on_purpose_is_well(
    spec: Manifest, annotations: Manifest, status: Manifest
) -> None:
    """Suspended, unless a failure is stated beside it."""
    manifest = {**sprocket(), "spec": spec, "status": status}
    manifest["metadata"]["annotations"] = annotations
    assert words(manifest) == ZERO
    if status:
        failed = [*status.get("conditions", []), condition("SyncFailed")]
        manifest["status"] = {**status, "conditions": failed}
        assert assess(manifest, now=NOW).health != "healthy"


def test_bad_news_has_no_good_words_of_ours() -> None:
    """Monitors look for `healthy`; what others wrote is quoted as it is."""
    for status in (
        {"conditions": [condition("NodesHealthy", "False")]},
        {"conditions": [condition("Healthy", "False")]},
        {"conditions": [condition("Unhealthy")]},
        {"conditions": [condition("MemberUnhealthy")]},
        {"healthy": False},
        {"phase": "Florid"},
    ):
        verdict = assess({**sprocket(), "status": status}, now=NOW)
        assert verdict.health != "healthy"
        told = [verdict.reason, verdict.message, *(cause.reason for cause in verdict.causes)]
        assert not any("healthy" in text.lower() for text in told)


def test_a_live_object_without_a_status_states_nothing() -> None:
    """Nobody says that no cluster has written one."""
    manifest = {"apiVersion": "example.com/v1", "kind": "Sprocket", "metadata": metadata("big")}
    for created, activity in ((before(minutes=59), "progressing"), (before(minutes=61), "steady")):
        manifest["metadata"] = {**metadata("big"), "creationTimestamp": created}
        verdict = assess(manifest, now=NOW)
        assert (verdict.health, verdict.activity, verdict.message) == (
            "unknown",
            activity,
            "it states nothing",
        )


def test_of_two_failures_the_one_that_explains_comes_first() -> None:
    """That something is in progress is no reason why it is stalled."""
    stated = [
        condition("Ready", "False", "Progressing"),
        condition("Stalled", "True", "QuotaExceeded"),
    ]
    verdict = assess({**sprocket(), "status": {"conditions": stated}}, now=NOW)
    assert (verdict.health, verdict.activity, verdict.reason) == ("down", "steady", "QuotaExceeded")
    assert [cause.reason for cause in verdict.causes] == ["QuotaExceeded", "Progressing"]


def test_the_message_of_the_status_explains() -> None:
    """Where it is bad news."""
    status = {"phase": "Failed", "message": "no such volume"}
    verdict = assess({**sprocket(), "status": status}, now=NOW)
    assert verdict.message == "phase is Failed: no such volume"


def test_who_gave_up_stops_too() -> None:
    """That it stopped excuses no failure beside it."""
    failed = condition("Ready", "False", "StartFailed")
    assert words(sprocket(failed, condition("Stopped", "True"))) == DOWN
    assert words(sprocket(condition("Ready", "False"), condition("Stopped", "True"))) == ZERO


def test_a_condition_of_no_known_name_counts_by_its_reason() -> None:
    """What a name does not say, a reason of failure does."""
    ready = condition("Ready", "True")
    assert words(sprocket(ready, condition("Flarbed", "False", "FlarbFailed"))) == DEGRADED
    assert words(sprocket(ready, condition("Flarbed", "False", "Flarb"))) == HEALTHY


def test_a_part_that_is_on_its_way_moves_the_whole() -> None:
    """And takes nothing from what serves."""
    part = condition("StorageReady", "False", "Provisioning")
    assert words(sprocket(condition("Ready", "True"), part)) == ("healthy", "progressing", True)


@pytest.mark.parametrize(
    ("counted", "expected"), [({"failureThreshold": 3}, HEALTHY), ({"failures": 3}, DEGRADED)]
)
def test_failures_that_are_counted(counted: Manifest, expected: tuple[str, str, bool]) -> None:
    """Of the figures of a status, those that count failures."""
    manifest = sprocket(condition("Ready", "True"))
    assert words({**manifest, "status": {**manifest["status"], **counted}}) == expected


@pytest.mark.parametrize(
    ("reason", "activity"), [("Broken", "steady"), ("NotFound", "progressing"), ("", "progressing")]
)
def test_what_is_new_and_not_ready_is_on_its_way_unless_it_says_that_it_is_not(
    reason: str, activity: str
) -> None:
    """One word for a failure is one from the first minute on."""
    manifest = sprocket(condition("Ready", "False", reason, since=before(minutes=1)))
    manifest["metadata"]["creationTimestamp"] = before(minutes=2)
    verdict = assess(manifest, now=NOW)
    assert (verdict.health, verdict.activity) == ("down", activity)


@pytest.mark.parametrize(("updated", "activity"), [(3, "steady"), (1, "progressing")])
def test_replicas_of_an_older_revision_are_being_replaced(updated: int, activity: str) -> None:
    """All of them serve meanwhile."""
    figures = {"replicas": 3, "readyReplicas": 3, "updatedReplicas": updated}
    manifest = {**at(3), "status": {"observedGeneration": 2, **figures}}
    assert words(manifest) == ("healthy", activity, True)
