"""The rule of the HorizontalPodAutoscaler."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from k8s_heartbeat.core import RULES, Kind, Policy, assess
from k8s_heartbeat.core.annotations import HPA_CONDITIONS
from k8s_heartbeat.core.fields import CONDITIONS
from tests.builders import NOW, Manifest, before, condition, metadata

ABLE = condition("AbleToScale", "True", "ReadyForNewScale")
ACTIVE = condition("ScalingActive", "True", "ValidMetricFound")


def failing(
    type_: str = "ScalingActive", reason: str = "FailedGetResourceMetric", since: str = ""
) -> Manifest:
    """A condition that has been False for ten minutes; `since=" "` is no time."""
    return condition(type_, "False", reason, "no metrics", since or before(minutes=10))


def limited(reason: str = "TooManyReplicas", status: str = "True") -> Manifest:
    """The condition that says at which of its limits the autoscaler is."""
    return condition("ScalingLimited", status, reason, since=before(minutes=2))


def autoscaler(
    *conditions: Manifest, current: object = 3, least: object = 2, most: object = 10
) -> Manifest:
    """A HorizontalPodAutoscaler with these conditions."""
    spec = {"minReplicas": least, "maxReplicas": most}
    return {
        "apiVersion": "autoscaling/v2",
        "kind": "HorizontalPodAutoscaler",
        "metadata": metadata("api"),
        "spec": {name: value for name, value in spec.items() if value is not None},
        "status": {"currentReplicas": current, "conditions": list(conditions)},
    }


def older(conditions: object) -> Manifest:
    """The same as autoscaling/v1 gives it, with any text for its conditions."""
    manifest = autoscaler()
    del manifest["status"]["conditions"]
    manifest["metadata"]["annotations"] = {HPA_CONDITIONS: conditions}
    return manifest | {"apiVersion": "autoscaling/v1"}


@pytest.mark.parametrize(
    ("manifest", "health", "activity", "reason", "message", "causes"),
    [
        pytest.param(
            autoscaler(ABLE, ACTIVE, limited("DesiredWithinRange", "False")),
            "healthy",
            "steady",
            "ValidMetricFound",
            "3 replicas, 2 to 10",
            [],
            id="scaling",
        ),
        pytest.param(
            autoscaler(ABLE), "healthy", "steady", "Scaling", "3 replicas, 2 to 10", [], id="able"
        ),
        pytest.param(
            autoscaler(),
            "healthy",
            "steady",
            "Scaling",
            "3 replicas, 2 to 10",
            [],
            id="figures alone",
        ),
        pytest.param(
            autoscaler(ABLE, failing()),
            "degraded",
            "steady",
            "FailedGetResourceMetric",
            "it cannot scale, 3 replicas, 2 to 10: no metrics",
            ["FailedGetResourceMetric"],
            id="no metrics",
        ),
        pytest.param(
            autoscaler(failing("AbleToScale", "FailedGetScale"), ACTIVE),
            "degraded",
            "steady",
            "FailedGetScale",
            "it cannot scale, 3 replicas, 2 to 10: no metrics",
            ["FailedGetScale"],
            id="no target",
        ),
        pytest.param(
            autoscaler(failing(reason="InvalidSelector"), failing("AbleToScale", "FailedGetScale")),
            "degraded",
            "steady",
            "FailedGetScale",
            "it cannot scale, 3 replicas, 2 to 10: no metrics",
            ["FailedGetScale", "InvalidSelector"],
            id="neither",
        ),
        pytest.param(
            autoscaler(failing(since=before(minutes=4, seconds=59))),
            "healthy",
            "steady",
            "Scaling",
            "3 replicas, 2 to 10",
            ["FailedGetResourceMetric"],
            id="no metrics for a moment",
        ),
        pytest.param(
            autoscaler(
                failing("AbleToScale", "FailedGetScale", since=before(seconds=1)), failing()
            ),
            "degraded",
            "steady",
            "FailedGetResourceMetric",
            "it cannot scale, 3 replicas, 2 to 10: no metrics",
            ["FailedGetScale", "FailedGetResourceMetric"],
            id="of two failures the one that lasts",
        ),
        pytest.param(
            autoscaler(failing(since=before(minutes=5))),
            "degraded",
            "steady",
            "FailedGetResourceMetric",
            "it cannot scale, 3 replicas, 2 to 10: no metrics",
            ["FailedGetResourceMetric"],
            id="no metrics for just long enough",
        ),
        pytest.param(
            autoscaler(failing(since=before(seconds=-1))),
            "degraded",
            "steady",
            "FailedGetResourceMetric",
            "it cannot scale, 3 replicas, 2 to 10: no metrics",
            ["FailedGetResourceMetric"],
            id="no metrics since a time ahead of our clock",
        ),
        pytest.param(
            autoscaler(failing(since="yesterday")),
            "degraded",
            "steady",
            "FailedGetResourceMetric",
            "it cannot scale, 3 replicas, 2 to 10: no metrics",
            ["FailedGetResourceMetric"],
            id="no metrics since nobody knows when",
        ),
        pytest.param(
            autoscaler(failing(reason="AmbiguousSelector")),
            "healthy",
            "steady",
            "Scaling",
            "3 replicas, 2 to 10",
            [],
            id="another reason",
        ),
        pytest.param(
            autoscaler(failing("Novel"), ACTIVE),
            "healthy",
            "steady",
            "ValidMetricFound",
            "3 replicas, 2 to 10",
            [],
            id="another condition",
        ),
        pytest.param(
            autoscaler(
                condition("ScalingActive", "Unknown", "FailedGetResourceMetric", since="2020")
            ),
            "healthy",
            "steady",
            "Scaling",
            "3 replicas, 2 to 10",
            [],
            id="another status",
        ),
        pytest.param(
            autoscaler(ABLE, failing(reason="ScalingDisabled"), current=0),
            "healthy",
            "suspended",
            "ScalingDisabled",
            "its target is scaled to zero",
            [],
            id="nothing to scale",
        ),
        pytest.param(
            autoscaler(condition("ScalingActive", "True", "ScalingDisabled")),
            "healthy",
            "steady",
            "ScalingDisabled",
            "3 replicas, 2 to 10",
            [],
            id="a reason without its status",
        ),
        pytest.param(
            autoscaler(ABLE, ACTIVE, limited()),
            "healthy",
            "steady",
            "ValidMetricFound",
            "3 replicas, 2 to 10",
            ["TooManyReplicas"],
            id="it says that it is at its maximum",
        ),
        pytest.param(
            autoscaler(ABLE, ACTIVE, limited("TooFewReplicas")),
            "healthy",
            "steady",
            "ValidMetricFound",
            "3 replicas, 2 to 10",
            [],
            id="at its minimum",
        ),
        pytest.param(
            autoscaler(ABLE, ACTIVE, limited(status="False"), current=10),
            "healthy",
            "steady",
            "ValidMetricFound",
            "10 replicas, 2 to 10",
            ["TooManyReplicas"],
            id="its figures say that it is at its maximum",
        ),
        pytest.param(
            autoscaler(failing(), current=10),
            "degraded",
            "steady",
            "FailedGetResourceMetric",
            "it cannot scale, 10 replicas, 2 to 10: no metrics",
            ["FailedGetResourceMetric", "TooManyReplicas"],
            id="failing at its maximum",
        ),
    ],
)
def test_an_autoscaler_is_judged(
    manifest: Manifest, health: str, activity: str, reason: str, message: str, causes: list[str]
) -> None:
    """The table of what an autoscaler may look like; it serves nobody itself, and is up."""
    verdict = assess(manifest, now=NOW)
    assert (verdict.health, verdict.activity, verdict.up) == (health, activity, True)
    assert (verdict.reason, verdict.sentence) == (reason, message)
    assert [cause.reason for cause in verdict.causes] == causes


def test_a_reason_that_is_no_word_has_ours() -> None:
    """It scales, whatever its condition calls that."""
    assert assess(autoscaler(condition("ScalingActive", "True")), now=NOW).reason == "Scaling"
    assert assess(autoscaler(failing(reason="Failed badly")), now=NOW).reason == "ScalingActive"


def test_the_policy_says_how_long_it_may_fail() -> None:
    """Five minutes are a default."""
    patient = Policy(autoscaler_failing_after=timedelta(hours=1))
    assert assess(autoscaler(failing()), now=NOW, policy=patient).health == "healthy"


def test_a_failure_is_told_with_its_message_and_time() -> None:
    """What the controller says stands in a cause."""
    verdict = assess(autoscaler(failing()), now=NOW)
    (cause,) = verdict.causes
    assert (cause.kind, cause.name, cause.message) == (
        "HorizontalPodAutoscaler",
        "api",
        "no metrics",
    )
    assert verdict.since == cause.since == NOW - timedelta(minutes=10)


def test_nothing_to_scale_tells_since_when() -> None:
    """The time is that of the condition which says so."""
    verdict = assess(autoscaler(failing(reason="ScalingDisabled")), now=NOW)
    assert verdict.since == NOW - timedelta(minutes=10)


def test_its_maximum_is_told_with_its_figures() -> None:
    """Only the condition knows since when."""
    (stated,) = assess(autoscaler(ABLE, limited(), current=10), now=NOW).causes
    assert (stated.kind, stated.name) == ("HorizontalPodAutoscaler", "api")
    assert stated.message == "it is at its maximum: 10 replicas, 2 to 10"
    assert stated.since == NOW - timedelta(minutes=2)
    (counted,) = assess(autoscaler(ABLE, limited(status="False"), current=11), now=NOW).causes
    assert counted.since is None


@pytest.mark.parametrize(
    ("current", "least", "most", "message"),
    [
        pytest.param(1, None, 3, "1 replica, 1 to 3", id="no minimum means 1"),
        pytest.param(2, 0, 3, "2 replicas, 0 to 3", id="a minimum of 0"),
        pytest.param(2, "few", 3, "2 replicas", id="an odd minimum"),
        pytest.param(2, 1, None, "2 replicas", id="no maximum"),
        pytest.param("many", 1, 3, "0 replicas, 1 to 3", id="an odd count"),
        pytest.param(-3, 1, 3, "0 replicas, 1 to 3", id="a negative count"),
    ],
)
def test_figures_only_explain(current: object, least: object, most: object, message: str) -> None:
    """Odd ones are left out, and no verdict rests on them."""
    verdict = assess(autoscaler(ABLE, current=current, least=least, most=most), now=NOW)
    assert (verdict.health, verdict.sentence, verdict.causes) == ("healthy", message, ())


@pytest.mark.parametrize("current", [0, None])
def test_an_autoscaler_that_nobody_has_looked_at_is_unknown(current: object) -> None:
    """The API writes zeros by itself."""
    verdict = assess(autoscaler(current=current), now=NOW)
    assert (verdict.health, verdict.activity, verdict.up) == ("unknown", "progressing", False)
    assert (verdict.reason, verdict.sentence) == (
        "NotObserved",
        "its controller has not looked at it yet",
    )
    assert assess(autoscaler(ABLE, current=current), now=NOW).health == "healthy"


def test_the_older_api_keeps_its_conditions_in_an_annotation() -> None:
    """They are read from its text, and those of the status go before them."""
    manifest = older(json.dumps([ABLE, failing()]))
    assert assess(manifest, now=NOW).reason == "FailedGetResourceMetric"
    manifest["status"]["conditions"] = [ABLE, ACTIVE]
    assert assess(manifest, now=NOW).reason == "ValidMetricFound"


@pytest.mark.parametrize(
    "conditions",
    [
        "",
        "no JSON",
        "{}",
        "7",
        "[null, 7, {}]",
        '[{"type": 1, "status": []}]',
        "[" * 100_000,
        "9" * 5_000,
        "NaN",
        "\ud800",
        None,
        7,
        ["x"],
    ],
)
def test_any_text_in_the_annotation_is_survived(conditions: object) -> None:
    """Anyone may write an annotation."""
    assert assess(older(conditions), now=NOW).health == "healthy"


def test_how_it_is_called_and_what_is_read_of_it() -> None:
    """Its names and scope are those that kubectl prints; readers keep what its rule names."""
    rule = RULES.own("HorizontalPodAutoscaler", "autoscaling/v2")
    assert rule is not None
    assert rule.kind == Kind(
        "HorizontalPodAutoscaler", "horizontalpodautoscalers", "autoscaling", "v2", ("hpa",)
    )
    assert {*rule.fields} == {
        "spec.minReplicas",
        "spec.maxReplicas",
        "status.currentReplicas",
        *CONDITIONS,
    }
