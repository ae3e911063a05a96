"""The order of judgement, which is that of every kind."""

from __future__ import annotations

import doctest
from datetime import UTC, datetime, timedelta

import pytest

import k8s_heartbeat.core
from k8s_heartbeat.core import (
    RULES,
    Activity,
    Context,
    FieldError,
    Health,
    Kind,
    Policy,
    Rule,
    Source,
    Verdict,
    assess,
)
from tests.builders import (
    NOW,
    Manifest,
    before,
    deployment,
    pod,
    replica_set,
    stateful_set,
    waiting,
)
from tests.builders import container as status


def test_a_time_without_a_timezone_is_refused() -> None:
    """A caller's mistake, unlike odd data, is told."""
    with pytest.raises(ValueError, match=r"now has no timezone; .* datetime\.now\(UTC\)"):
        assess(deployment(), now=datetime(2026, 3, 2))


def test_the_example_in_the_documentation_is_true() -> None:
    """What the package says of itself runs."""
    assert doctest.testmod(k8s_heartbeat.core).failed == 0
    assert doctest.testmod(k8s_heartbeat.core).attempted > 0


@pytest.mark.parametrize(
    ("manifest", "problem"),
    [
        pytest.param([3], "the manifest is not an object", id="a list"),
        pytest.param(None, "the manifest is not an object", id="null"),
        pytest.param({}, "kind is not a name, such as Deployment", id="no kind"),
        pytest.param(
            {"kind": 3}, "kind is not a name, such as Deployment", id="a number for a kind"
        ),
        pytest.param(deployment() | {"metadata": [3]}, "metadata is not an object", id="metadata"),
        pytest.param(deployment() | {"spec": "x"}, "spec is not an object", id="spec"),
        pytest.param(deployment() | {"status": True}, "status is not an object", id="status"),
        *(
            pytest.param(
                deployment() | {"spec": {"replicas": value}},
                "spec.replicas is not a whole number of 0 or more, such as 3",
                id=f"replicas of {value!r}",
            )
            for value in (-1, True, "3", 3.0, 2**31, [3])
        ),
        pytest.param(
            deployment() | {"status": {"availableReplicas": -1}},
            "status.availableReplicas is not a whole number of 0 or more, such as 3",
            id="a negative count",
        ),
    ],
)
def test_what_is_malformed_is_unknown(manifest: Manifest, problem: str) -> None:
    """It is neither healthy nor down, and the message names the field and its form."""
    verdict = assess(manifest, now=NOW)
    assert (verdict.health, verdict.up, verdict.activity) == ("unknown", False, "steady")
    assert (verdict.reason, verdict.message) == ("Malformed", problem)


@pytest.mark.parametrize("manifest", [deployment(), pod(), stateful_set()])
@pytest.mark.parametrize("how", ["absent", "null"])
def test_a_missing_status_is_unknown_and_on_its_way(manifest: Manifest, how: str) -> None:
    """A manifest that no cluster has answered for is not judged."""
    bare = {name: value for name, value in manifest.items() if name != "status"}
    verdict = assess(bare if how == "absent" else bare | {"status": None}, now=NOW)
    assert (verdict.health, verdict.activity, verdict.up) == ("unknown", "progressing", False)
    assert (verdict.reason, verdict.name) == ("NoStatus", manifest["metadata"]["name"])


def test_a_verdict_names_its_object() -> None:
    """Kind, namespace and name stand in it."""
    verdict = assess(deployment(), now=NOW)
    assert (verdict.kind, verdict.namespace, verdict.name) == ("Deployment", "shop", "api")


@pytest.mark.parametrize("absent", ["metadata", "spec"])
def test_what_else_may_be_absent(absent: str) -> None:
    """Without metadata or spec, the defaults of the API stand."""
    for value in ({}, {absent: None}):
        manifest = {name: part for name, part in deployment(1).items() if name != absent} | value
        assert assess(manifest, now=NOW).health is Health.HEALTHY


class TestDeletion:
    """2. `deletionTimestamp`: terminating and still judged; for long, at best degraded."""

    @pytest.mark.parametrize(
        ("deleted", "health", "reason"),
        [
            pytest.param(before(seconds=-30), "healthy", "MinimumReplicasAvailable", id="in grace"),
            pytest.param(before(hours=1), "healthy", "MinimumReplicasAvailable", id="an hour"),
            pytest.param(before(hours=1, seconds=1), "degraded", "TerminatingStuck", id="longer"),
        ],
    )
    def test_a_deletion_may_take_an_hour(self, deleted: str, health: str, reason: str) -> None:
        """Whatever serves while it goes; after an hour it hangs."""
        verdict = assess(deployment(deleted=deleted), now=NOW)
        assert (verdict.health, verdict.activity, verdict.up) == (health, "terminating", True)
        assert verdict.reason == reason

    def test_a_deletion_stuck_on_a_finalizer_names_it(self) -> None:
        """People read how long, what holds it, and what is left of the object."""
        verdict = assess(
            deployment(deleted=before(hours=3, minutes=5), finalizers=["x/y", "a/b"]), now=NOW
        )
        assert verdict.message == (
            "its deletion has lasted 3h5m, held by finalizers a/b, x/y; 3 of 3 replicas available"
        )
        assert verdict.since == NOW - timedelta(hours=3, minutes=5)

    @pytest.mark.parametrize(
        ("deleted", "finalizers", "causes"),
        [
            (before(minutes=15), ["x/y"], []),
            (before(minutes=15, seconds=1), ["x/y"], ["FinalizersRemaining"]),
            (before(minutes=16), [], []),
        ],
    )
    def test_a_finalizer_behind_a_deletion_is_a_cause(
        self, deleted: str, finalizers: list[str], causes: list[str]
    ) -> None:
        """Long before the deletion is called stuck."""
        verdict = assess(deployment(deleted=deleted, finalizers=finalizers), now=NOW)
        assert [cause.reason for cause in verdict.causes] == causes
        if causes:
            assert verdict.causes[0].message.endswith(", held by finalizers x/y")

    def test_a_stuck_deletion_without_finalizers(self) -> None:
        """Where nothing is known to hold it, nothing is named."""
        verdict = assess(deployment(deleted=before(hours=2)), now=NOW)
        assert verdict.message == "its deletion has lasted 2h; 3 of 3 replicas available"

    def test_what_is_down_stays_down(self) -> None:
        """A stuck deletion makes nothing better, and is not the time since when it is down."""
        verdict = assess(deployment(serving=0, deleted=before(hours=2), conditions=[]), now=NOW)
        assert (verdict.health, verdict.reason, verdict.since) == ("down", "TerminatingStuck", None)

    def test_what_is_unknown_stays_unknown(self) -> None:
        """A malformed object on its way out is not known better for it."""
        manifest = deployment(deleted=before(hours=2)) | {"status": None}
        verdict = assess(manifest, now=NOW)
        assert (verdict.health, verdict.activity) == ("unknown", "terminating")
        assert verdict.since == NOW - timedelta(hours=2)

    def test_the_policy_says_how_long(self) -> None:
        """An operator may be more patient."""
        patient = Policy(stuck_after=timedelta(days=1))
        verdict = assess(deployment(deleted=before(hours=2)), now=NOW, policy=patient)
        assert verdict.health is Health.HEALTHY

    def test_a_deletion_at_a_time_that_does_not_parse_is_one_all_the_same(self) -> None:
        """That it is there says that the object goes; how long ago, nobody can tell."""
        verdict = assess(deployment(deleted="soon"), now=NOW)
        assert (verdict.health, verdict.activity) == ("healthy", "terminating")

    def test_a_thousand_finalizers_do_not_swell_the_message(self) -> None:
        """The first few are named and the others counted."""
        names = [f"example.com/{number:04}-{'x' * 400}" for number in range(1000)]
        long_ago = before(hours=2)
        verdict = assess(deployment(deleted=long_ago, finalizers=names), now=NOW)
        assert "and 997 more" in verdict.message
        assert len(verdict.message) < 1200


class TestStaleStatus:
    """3. `observedGeneration` older than `generation`: progressing."""

    @pytest.mark.parametrize(
        ("manifest", "activity"),
        [
            pytest.param(deployment(generation=2, observed=1), "progressing", id="older"),
            pytest.param(deployment(generation=2, observed="1"), "progressing", id="a string"),
            pytest.param(deployment(generation=2, observed=-1), "progressing", id="-1"),
            pytest.param(deployment(generation=2, observed=2), "steady", id="current"),
            pytest.param(deployment(generation=2, observed="x"), "steady", id="odd"),
            pytest.param(
                deployment(generation=2, observed=1, paused=True), "suspended", id="paused"
            ),
            pytest.param(
                deployment(generation=2, observed=1, deleted=before(minutes=1)),
                "terminating",
                id="on its way out",
            ),
        ],
    )
    def test_a_status_of_an_older_spec_is_on_its_way(
        self, manifest: Manifest, activity: str
    ) -> None:
        """The controller has yet to look; what is suspended or terminating stays so."""
        assert assess(manifest, now=NOW).activity == activity


def test_related_objects_come_in_any_iterable() -> None:
    """A generator is read once, an empty one explains nothing."""
    broken = pod(
        phase="Pending",
        owned_by="api-rs",
        containers=[status(state=waiting("ErrImagePull"))],
    )
    subject = deployment(3, 2)
    verdict = assess(subject, related=iter([replica_set(), broken]), now=NOW)
    assert [cause.reason for cause in verdict.causes] == ["ErrImagePull"]
    assert assess(subject, related=iter([]), now=NOW) == assess(subject, now=NOW)


def test_times_are_told_in_utc() -> None:
    """Whatever timezone an object or its reader uses."""
    manifest = pod(ready=None)
    manifest["status"]["conditions"] = [
        {"type": "Ready", "status": "True", "lastTransitionTime": "2026-03-02T12:30:00+02:00"}
    ]
    since = assess(manifest, now=NOW).since
    assert since is not None
    assert since == datetime(2026, 3, 2, 10, 30, tzinfo=UTC)
    assert since.tzinfo is UTC


def test_a_policy_that_was_read_from_text_says_the_same() -> None:
    """`down` as a word and as a member are equal, so they are to mean the same."""
    worded = Policy(zero="down")  # type: ignore[arg-type] # pyright: ignore[reportArgumentType] - as an untyped caller would
    assert not assess(deployment(0), now=NOW, policy=worded).up


def annotated(manifest: Manifest, **annotations: str) -> Manifest:
    """The object with annotations of ours; an underscore stands for a dash."""
    found = {
        f"k8s-heartbeat.io/{name.replace('_', '-')}": annotations[name] for name in annotations
    }
    return {**manifest, "metadata": {**manifest["metadata"], "annotations": found}}


class TestMaintenance:
    """Until a time that the owner has announced, what is not well is up, and says why."""

    UNTIL = before(minutes=-30)

    @pytest.mark.parametrize(
        ("manifest", "health"),
        [
            (deployment(3, 0), "down"),
            (deployment(3, 1), "degraded"),
            (deployment(3) | {"status": {"replicas": -1}}, "unknown"),
            ({**deployment(3), "status": None}, "unknown"),
        ],
    )
    def test_what_is_not_well_is_up(self, manifest: Manifest, health: str) -> None:
        """Its health is told as it is."""
        verdict = assess(annotated(manifest, maintenance_until=self.UNTIL), now=NOW)
        assert (verdict.health, verdict.up, verdict.reason) == (health, True, "Maintenance")
        alone = assess(manifest, now=NOW)
        assert verdict.message == f"in maintenance until 2026-03-02T12:30:00Z; {alone.message}"
        assert (verdict.desired, verdict.available) == (alone.desired, alone.available)

    def test_what_is_well_needs_no_maintenance(self) -> None:
        """It says what it says at any other time."""
        verdict = assess(annotated(deployment(3), maintenance_until=self.UNTIL), now=NOW)
        assert verdict == assess(deployment(3), now=NOW)

    @pytest.mark.parametrize("until", [before(minutes=0), before(seconds=1), before(days=30)])
    def test_it_ends_at_its_time(self, until: str) -> None:
        """To the second, and nobody has to take the annotation away."""
        verdict = assess(annotated(deployment(3, 0), maintenance_until=until), now=NOW)
        assert verdict == assess(deployment(3, 0), now=NOW)

    def test_it_ends_at_its_time_in_any_timezone(self) -> None:
        """The message tells it in UTC."""
        there = annotated(deployment(3, 0), maintenance_until="2026-03-02T14:30:00+02:00")
        assert assess(there, now=NOW).message.startswith(
            "in maintenance until 2026-03-02T12:30:00Z;"
        )

    def test_a_stuck_deletion_may_be_announced_too(self) -> None:
        """Both are told: the reason is that of the owner."""
        stuck = annotated(deployment(deleted=before(hours=2)), maintenance_until=self.UNTIL)
        verdict = assess(stuck, now=NOW)
        assert (verdict.up, verdict.reason) == (True, "Maintenance")
        assert "its deletion has lasted 2h" in verdict.message

    def test_a_malformed_one_changes_nothing_and_is_told(self) -> None:
        """Not even a time without a timezone is guessed at."""
        verdict = assess(
            annotated(deployment(3, 0), maintenance_until="2026-03-02T12:30:00"), now=NOW
        )
        alone = assess(deployment(3, 0), now=NOW)
        assert (verdict.health, verdict.up, verdict.reason) == (
            alone.health,
            False,
            alone.reason,
        )
        assert [cause.reason for cause in verdict.causes] == ["MalformedAnnotation"]


class TestAnnotations:
    """What the owner says of it."""

    @pytest.mark.parametrize(
        ("minimum", "up"), [("1", True), ("2", False), ("33%", True), ("34%", False)]
    )
    def test_the_owners_minimum_decides_what_is_up(self, minimum: str, up: bool) -> None:
        """It never makes the health better or worse."""
        verdict = assess(annotated(deployment(3, 1), min_available=minimum), now=NOW)
        assert (verdict.health, verdict.up) == ("degraded", up)

    def test_faults_are_told_of_what_is_well_too(self) -> None:
        """One for each annotation, and the verdict is that without them."""
        odd = annotated(deployment(3), min_available="none", ignore="yes", maintenance_until="soon")
        verdict = assess(odd, now=NOW)
        assert (verdict.health, verdict.up) == ("healthy", True)
        assert [cause.reason for cause in verdict.causes] == ["MalformedAnnotation"] * 3

    def test_faults_stand_behind_what_explains_it(self) -> None:
        """What is wrong with the object goes before what is wrong with its annotations."""
        broken = pod(
            phase="Pending",
            owned_by="api-rs",
            containers=[status(state=waiting("ErrImagePull"))],
        )
        odd = annotated(deployment(3, 0), ignore="yes")
        verdict = assess(odd, related=[replica_set(), broken], now=NOW)
        assert [cause.reason for cause in verdict.causes] == ["ErrImagePull", "MalformedAnnotation"]

    def test_ignored_objects_are_judged_when_they_are_asked_for(self) -> None:
        """The annotation keeps them out of aggregates alone."""
        assert assess(annotated(deployment(3, 0), ignore="true"), now=NOW).health == "down"


class TestRules:
    """Which rule judges is the caller's to say."""

    WIDGET = Kind("Widget", "widgets", "example.com", "v1")

    @staticmethod
    def widget(**parts: object) -> Manifest:
        """An object of a kind that ships without a rule."""
        return {"apiVersion": "example.com/v1", "kind": "Widget", **parts}

    def test_a_rule_may_refuse_a_field(self) -> None:
        """While it reads or while it judges; the message is that of the error."""

        def refuse(source: Source, context: Context | None = None) -> Verdict:
            raise FieldError("spec.size is no size, such as 3")

        def accept(source: Source, context: Context) -> Verdict:
            return Verdict(Health.HEALTHY, Activity.STEADY, True, "Fine", "it is")

        for rule in (Rule(self.WIDGET, accept, refuse), Rule(self.WIDGET, refuse)):
            verdict = assess(self.widget(status={}), now=NOW, rules=RULES.with_rules(rule))
            assert (verdict.health, verdict.up, verdict.reason) == ("unknown", False, "Malformed")
            assert verdict.message == "spec.size is no size, such as 3"

    def test_a_rule_may_need_no_status(self) -> None:
        """To exist may be all that an object does."""

        def exist(source: Source, context: Context) -> Verdict:
            return Verdict(Health.HEALTHY, Activity.STEADY, True, "Exists", "it exists")

        rules = RULES.with_rules(Rule(self.WIDGET, exist, needs_status=False))
        assert assess(self.widget(), now=NOW, rules=rules).reason == "Exists"
        assert assess(self.widget(), now=NOW).reason == "NoStatus"

    def test_a_rule_is_told_the_time_the_policy_and_what_stands_around(self) -> None:
        """All that it may know besides the object."""
        seen: list[Context] = []

        def look(source: Source, context: Context) -> Verdict:
            seen.append(context)
            return Verdict(Health.HEALTHY, Activity.STEADY, True, "Fine", "it is")

        policy = Policy(cron_failures=7)
        rules = RULES.with_rules(Rule(self.WIDGET, look))
        assess(self.widget(status={}), related=[pod()], now=NOW, policy=policy, rules=rules)
        assess(self.widget(status={}), now=NOW, rules=rules)
        assert (seen[0].now, seen[0].policy) == (NOW, policy)
        assert seen[0].related.of_kind("Pod") == [pod()]
        assert not seen[1].related
