"""The rules of Knative Serving's kinds."""

from __future__ import annotations

from datetime import timedelta

import pytest

from k8s_heartbeat.core import RULES, assess
from tests.builders import NOW, Manifest, before, condition, metadata

KINDS = ["Service", "Route", "Configuration", "Revision"]
HEALTHY = ("healthy", "steady", True)
DOWN = ("down", "steady", False)
DEGRADED_AND_UP = ("degraded", "steady", True)
ON_ITS_WAY = ("degraded", "progressing", False)
STILL_UP = ("degraded", "progressing", True)


def stated(
    type_: str = "Ready", status: str = "True", reason: str = "", severity: str = ""
) -> Manifest:
    """A condition as Knative writes it, an hour old."""
    entry = condition(type_, status, reason, f"about {type_}", since=before(hours=1))
    return entry | ({"severity": severity} if severity else {})


def knative(kind: str, *conditions: Manifest, observed: int = 1) -> Manifest:
    """An object of Knative Serving."""
    return {
        "apiVersion": "serving.knative.dev/v1",
        "kind": kind,
        "metadata": metadata("hello", generation=1),
        "spec": {},
        "status": {"observedGeneration": observed, "conditions": list(conditions)},
    }


def stale(kind: str, *conditions: Manifest) -> Manifest:
    """One whose status is about an older spec."""
    return knative(kind, *conditions, observed=0)


def words(manifest: Manifest) -> tuple[str, str, bool]:
    """Health, activity and up."""
    verdict = assess(manifest, now=NOW)
    return verdict.health, verdict.activity, verdict.up


@pytest.mark.parametrize("kind", KINDS)
class TestEachKind:
    """What holds for all of them."""

    def test_ready_is_healthy(self, kind: str) -> None:
        """Its Ready condition says it all, and since when."""
        verdict = assess(knative(kind, stated()), now=NOW)
        assert (verdict.health, verdict.activity, verdict.up) == HEALTHY
        assert (verdict.reason, verdict.sentence) == ("Ready", "it is ready")
        assert verdict.since == NOW - timedelta(hours=1)

    def test_not_ready_is_down(self, kind: str) -> None:
        """The condition's word is the reason."""
        verdict = assess(knative(kind, stated(status="False", reason="RevisionFailed")), now=NOW)
        assert (verdict.health, verdict.activity, verdict.up) == DOWN
        assert (verdict.reason, verdict.sentence) == (
            "RevisionFailed",
            "it is not ready: about Ready",
        )
        assert verdict.since == NOW - timedelta(hours=1)
        assert assess(knative(kind, stated(status="False")), now=NOW).reason == "NotReady"

    @pytest.mark.parametrize("status", ["Unknown", "randomstatus", ""])
    def test_unknown_is_on_its_way(self, kind: str, status: str) -> None:
        """Neither healthy nor down, and up only for what still serves."""
        verdict = assess(knative(kind, stated(status=status, reason="Deploying")), now=NOW)
        assert (verdict.health, verdict.activity, verdict.up) == ON_ITS_WAY
        assert (verdict.reason, verdict.sentence) == (
            "Deploying",
            "it is not ready yet: about Ready",
        )
        assert verdict.since == NOW - timedelta(hours=1)

    def test_without_the_condition_it_is_on_its_way(self, kind: str) -> None:
        """Its controller has not come to it."""
        verdict = assess(knative(kind), now=NOW)
        assert (verdict.health, verdict.activity, verdict.up) == ON_ITS_WAY
        assert (verdict.reason, verdict.since) == ("NotReady", None)

    @pytest.mark.parametrize("status", ["True", "False"])
    def test_a_word_on_an_older_spec_is_not_believed(self, kind: str, status: str) -> None:
        """Neither its good news nor its bad one."""
        verdict = assess(stale(kind, stated(status=status, reason="Old")), now=NOW)
        assert (verdict.health, verdict.activity, verdict.up) == ON_ITS_WAY
        assert (verdict.reason, verdict.since) == ("NotReady", None)

    @pytest.mark.parametrize("severity", ["Info", "Warning"])
    def test_what_has_a_severity_fails_nothing(self, kind: str, severity: str) -> None:
        """It is neither a verdict nor a cause."""
        aside = stated("GarbageCollected", "False", "Late", severity)
        verdict = assess(knative(kind, stated(), aside), now=NOW)
        assert (verdict.health, verdict.causes) == ("healthy", ())
        assert words(knative(kind, stated(status="False", severity=severity))) == ON_ITS_WAY

    def test_another_group_of_that_name_has_no_rule_of_knative(self, kind: str) -> None:
        """The words are common ones."""
        rule = RULES.own(kind, "serving.knative.dev/v1")
        assert rule is not None
        assert rule.kind.plural == f"{kind.lower()}s"
        assert "status.conditions[].severity" in rule.fields
        assert rule is RULES.own(kind, "serving.knative.dev/v1beta1")
        assert rule is not RULES.own(kind, "example.com/v1")


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_on_its_way_for_too_long_is_down(kind: str) -> None:
    """Nothing of it has ever served; the reason stays."""
    late = stated(status="Unknown", reason="Deploying") | {
        "lastTransitionTime": before(hours=1, seconds=1)
    }
    verdict = assess(knative(kind, late), now=NOW)
    assert (verdict.health, verdict.activity, verdict.up) == DOWN
    assert verdict.reason == "Deploying"
    assert verdict.sentence == "it is not ready after 1h: about Ready"
    # Nobody says when the spec was changed.
    assert words(stale(kind, late)) == ON_ITS_WAY


@pytest.mark.parametrize(
    ("kind", "type_"), [("Service", "RoutesReady"), ("Route", "AllTrafficAssigned")]
)
def test_what_serves_goes_on_serving_however_long(kind: str, type_: str) -> None:
    """It is degraded and steady then."""
    late = stated(status="Unknown") | {"lastTransitionTime": before(hours=2)}
    assert words(knative(kind, late, stated(type_))) == ("degraded", "steady", True)


@pytest.mark.parametrize(
    ("kind", "type_"), [("Service", "RoutesReady"), ("Route", "AllTrafficAssigned")]
)
def test_what_serves_stays_up_while_a_new_revision_comes(kind: str, type_: str) -> None:
    """The routes say so, whether Ready is unknown, absent or of an older spec."""
    unknown = stated(status="Unknown", reason="Deploying")
    for manifest in (
        knative(kind, unknown, stated(type_)),
        knative(kind, stated(type_)),
        stale(kind, stated(), stated(type_)),
    ):
        verdict = assess(manifest, now=NOW)
        assert (verdict.health, verdict.activity, verdict.up) == STILL_UP
        assert verdict.sentence.startswith("it is not ready yet, and what it served still serves")
    assert words(knative(kind, unknown, stated(type_, "Unknown"))) == ON_ITS_WAY
    assert words(knative(kind, unknown, stated(type_, severity="Info"))) == ON_ITS_WAY
    failed = words(knative(kind, stated(status="False"), stated(type_)))
    # A Route that is not ready may have nobody to send requests to.
    assert failed == (DEGRADED_AND_UP if kind == "Service" else DOWN)


@pytest.mark.parametrize(
    ("kind", "type_"),
    [
        ("Service", "AllTrafficAssigned"),
        ("Route", "RoutesReady"),
        ("Configuration", "RoutesReady"),
        ("Revision", "AllTrafficAssigned"),
    ],
)
def test_only_its_own_routes_keep_a_kind_up(kind: str, type_: str) -> None:
    """A condition that is another kind's says nothing of this one."""
    assert words(knative(kind, stated(status="Unknown"), stated(type_))) == ON_ITS_WAY


def test_a_revision_without_traffic_is_scaled_to_zero() -> None:
    """That is healthy and suspended, and no cause."""
    idle = stated("Active", "False", "NoTraffic", "Info")
    verdict = assess(knative("Revision", stated(), idle), now=NOW)
    assert (verdict.health, verdict.activity, verdict.up) == ("healthy", "suspended", True)
    assert verdict.reason == "ScaledToZero"
    assert verdict.sentence == "scaled to zero replicas until there is traffic"
    assert verdict.causes == ()


@pytest.mark.parametrize(
    ("manifest", "expected"),
    [
        pytest.param(
            knative("Revision", stated(), stated("Active", "False", "Unreachable", "Info")),
            HEALTHY,
            id="another reason",
        ),
        pytest.param(
            knative("Revision", stated(), stated("Active", "Unknown", "NoTraffic", "Info")),
            HEALTHY,
            id="another status",
        ),
        pytest.param(
            knative("Route", stated(), stated("Active", "False", "NoTraffic", "Info")),
            HEALTHY,
            id="another kind",
        ),
        pytest.param(
            knative(
                "Revision",
                stated(status="False"),
                stated("Active", "False", "NoTraffic", "Info"),
            ),
            DOWN,
            id="not ready",
        ),
    ],
)
def test_what_is_not_scaled_to_zero(manifest: Manifest, expected: tuple[str, str, bool]) -> None:
    """It takes a Revision that is ready and that says that it has no traffic."""
    assert words(manifest) == expected


def test_what_is_false_is_a_cause_once() -> None:
    """Ready repeats the words of the condition that made it so."""
    failed = stated("ConfigurationsReady", "False", "RevisionFailed") | {"message": "no image"}
    ready = stated(status="False", reason="RevisionFailed") | {"message": "no image"}
    other = stated("RoutesReady", "False")
    verdict = assess(knative("Service", ready, other, failed), now=NOW)
    assert [(cause.reason, cause.message) for cause in verdict.causes] == [
        ("RevisionFailed", "no image"),
        ("RoutesReady", "about RoutesReady"),
    ]
    assert {(cause.kind, cause.name) for cause in verdict.causes} == {("Service", "hello")}
    ready["message"] = "not yet"
    for observed in (0, 1):
        manifest = knative("Service", ready, other, observed=observed)
        reasons = [cause.reason for cause in assess(manifest, now=NOW).causes]
        assert reasons[:2] == ["RoutesReady", "RevisionFailed"]
    (alone,) = assess(knative("Service", ready), now=NOW).causes
    assert (alone.reason, alone.since) == ("RevisionFailed", NOW - timedelta(hours=1))


def test_what_is_false_while_it_is_ready_is_a_cause_too() -> None:
    """It explains, and decides nothing."""
    verdict = assess(knative("Route", stated(), stated("IngressReady", "False")), now=NOW)
    assert verdict.health == "healthy"
    assert [cause.reason for cause in verdict.causes] == ["IngressReady"]


@pytest.mark.parametrize(
    ("word", "kind"),
    [
        ("ksvc", "Service"),
        ("kservice", "Service"),
        ("services.serving.knative.dev", "Service"),
        ("rt", "Route"),
        ("configuration", "Configuration"),
        ("config", "Configuration"),
        ("cfg", "Configuration"),
        ("revisions", "Revision"),
        ("rev", "Revision"),
    ],
)
def test_the_words_that_mean_a_kind_of_knative(word: str, kind: str) -> None:
    """As kubectl takes them."""
    found = RULES.kind_called(word)
    assert found is not None
    assert (found.kind, found.api_version) == (kind, "serving.knative.dev/v1")


@pytest.mark.parametrize("word", ["service", "services", "route", "routes"])
def test_words_that_other_groups_share_mean_no_kind_of_knative(word: str) -> None:
    """Kubernetes' own Service and OpenShift's Route bear them."""
    found = RULES.kind_called(word)
    assert found is None or found.group != "serving.knative.dev"
