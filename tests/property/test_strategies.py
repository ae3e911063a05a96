"""The strategies keep up with the rules."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from k8s_heartbeat.core import RULES
from tests.property import strategies as some
from tests.property.strategies import FAMILIES, KINDS, STATED
from tests.property.support import ALONE, every_kind, judged, share


def test_every_kind_has_a_strategy() -> None:
    """Whoever adds a rule adds a strategy for its kind, and none is left behind."""
    assert {(rule.kind.kind, rule.kind.group) for rule in RULES} == STATED


def test_every_kind_that_states_something_has_one_of_its_own() -> None:
    """What is judged by its status is not made by the strategy of those that have none."""
    judged_by_status = {(rule.kind.kind, rule.kind.group) for rule in RULES if rule.needs_status}
    assert judged_by_status <= set(KINDS)


def test_evidence_is_made_for_the_kinds_that_need_it() -> None:
    """For the others the law holds that nothing around them decides."""
    needy = sorted(set(FAMILIES) - set(ALONE))
    assert needy == ["CronJob", "Job", "PersistentVolumeClaim", "Service"]
    without = RULES.find("Pod", "v1").evidence
    asking = {rule.kind.kind for rule in RULES if rule.evidence is not without}
    assert sorted(asking) == needy


@every_kind
@share
@given(data=st.data())
def test_clean_objects_are_judged_by_the_rule_of_their_kind(kind: str, data: st.DataObject) -> None:
    """They are of the kind that they are called, and none of them is malformed."""
    manifest, around = data.draw(some.case(FAMILIES[kind]))
    own = RULES.own(manifest["kind"], manifest["apiVersion"])
    assert (own is None) == (kind == "Custom")
    assert judged(manifest, around).reason != "Malformed"
