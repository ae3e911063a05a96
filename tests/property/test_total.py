"""The first law, over every kind and over whatever anybody may hand in."""

from __future__ import annotations

import pytest
from hypothesis import assume, event, given
from hypothesis import strategies as st

from k8s_heartbeat.core import RULES, Activity, Assessment, Health, Policy, Rule, summarize
from tests.builders import Manifest
from tests.property import strategies as some
from tests.property.strategies import FAMILIES, Json
from tests.property.support import (
    every_kind,
    every_workload,
    is_count,
    judged,
    share,
)


def check(verdict: Assessment) -> None:
    """Fail unless a verdict is whole, in words that the API of the core knows."""
    assert isinstance(verdict, Assessment)
    assert isinstance(verdict.health, Health)
    assert isinstance(verdict.activity, Activity)
    assert isinstance(verdict.up, bool)
    assert verdict.reason
    assert verdict.message
    assert all(cause.reason for cause in verdict.causes if cause.kind not in ("", "Pod"))
    event(verdict.health)


class TestTotal:
    """1. Total: any JSON value in place of any field gives an Assessment, never an exception."""

    @every_kind
    @share
    @given(data=st.data())
    def test_any_value_anywhere_gives_an_assessment(self, kind: str, data: st.DataObject) -> None:
        """A broken object with broken evidence is judged under any policy."""
        manifest, around = data.draw(some.case(FAMILIES[kind]))
        policy = data.draw(some.policies())
        check(judged(data.draw(some.broken(manifest)), around, policy))
        if around:
            others = some.listed(data.draw(some.broken(around)))
            check(judged(manifest, others, policy))

    @pytest.mark.parametrize(
        "rule",
        [rule for rule in (*RULES, RULES.custom) if rule.fields],
        ids=lambda rule: f"{rule.kind.kind}.{rule.kind.group}",
    )
    @share
    @given(data=st.data())
    def test_any_value_in_any_field_that_a_rule_reads(
        self, rule: Rule, data: st.DataObject
    ) -> None:
        """Whatever a rule says that it reads may hold anything, be the rule of today or not."""
        manifest = data.draw(some.from_fields(rule))
        check(judged(manifest))
        check(judged(data.draw(some.broken(manifest))))

    @given(some.json_values())
    def test_any_value_instead_of_a_manifest_is_unknown(self, value: Json) -> None:
        """What is no manifest at all is unknown and not up."""
        verdict = judged(value)
        assert (verdict.health, verdict.up) == (Health.UNKNOWN, False)

    @given(some.cases(), st.lists(some.json_values(), max_size=3))
    def test_anything_may_stand_around_an_object(self, case: some.Case, others: Json) -> None:
        """Related objects that are none explain nothing and disturb nothing."""
        manifest, around = case
        verdict, without = judged(manifest, around + others), judged(manifest, around)
        assert (verdict.health, verdict.up) == (without.health, without.up)

    @given(some.cases(), st.lists(some.damaged(some.events()), max_size=3))
    def test_any_value_in_an_event_is_survived(self, case: some.Case, events: Json) -> None:
        """A broken event is no reason to fail."""
        assert isinstance(judged(case[0], events), Assessment)

    @every_kind
    @share
    @given(data=st.data())
    def test_any_annotation_is_survived(self, kind: str, data: st.DataObject) -> None:
        """Whatever an owner writes on an object, it is judged."""
        manifest = data.draw(FAMILIES[kind].objects)
        values = data.draw(
            st.dictionaries(
                some.words("minimum", "maintenance", "ignore"), some.json_values(), min_size=1
            )
        )
        check(judged(some.annotated(manifest, **values)))

    @every_workload
    @share
    @given(data=st.data())
    def test_a_count_that_is_no_count_is_unknown(self, kind: str, data: st.DataObject) -> None:
        """A figure that the verdict rests on is whole and not negative, or nothing is known."""
        manifest = data.draw(FAMILIES[kind].objects)
        value = data.draw(some.json_values())
        assume(value is not None and not is_count(value))
        daemon = kind == "DaemonSet"
        asked = ("status", "desiredNumberScheduled") if daemon else ("spec", "replicas")
        serving = ("status", "numberAvailable" if daemon else "availableReplicas")
        part, field = data.draw(st.sampled_from([asked, serving]))
        verdict = judged({**manifest, part: {**manifest[part], field: value}})
        assert (verdict.health, verdict.up) == (Health.UNKNOWN, False)

    @given(some.assessments())
    def test_every_severity_has_a_place(self, verdict: Assessment) -> None:
        """Every health there is can be ranked and summed up."""
        assert summarize([verdict]).health is verdict.health


class TestPolicy:
    """`policy.zero` may make a workload at zero degraded or down; it touches nothing else."""

    @every_workload
    @share
    @given(data=st.data())
    def test_zero_concerns_only_what_is_at_zero(self, kind: str, data: st.DataObject) -> None:
        """Asked for none: as the policy says. Asked for some: as without it."""
        manifest: Manifest = data.draw(FAMILIES[kind].objects)
        zero = data.draw(st.sampled_from([Health.HEALTHY, Health.DEGRADED, Health.DOWN]))
        if data.draw(st.booleans()):
            manifest["spec"]["replicas"] = 0
        verdict = judged(manifest, (), Policy(zero=zero))
        if manifest["spec"].get("replicas") != 0 or kind == "DaemonSet":
            assert verdict == judged(manifest)
        elif "deletionTimestamp" not in manifest["metadata"]:
            assert (verdict.health, verdict.up) == (zero, zero is not Health.DOWN)
            assert verdict.reason == "ScaledToZero"
