"""The table of the rules."""

from __future__ import annotations

import inspect

import pytest

from k8s_heartbeat.core import RULES, Activity, Context, Health, Kind, Rule, Source, Verdict, assess
from tests.builders import NOW, Manifest

WIDGET: Manifest = {
    "apiVersion": "example.com/v1",
    "kind": "Widget",
    "metadata": {"name": "one", "namespace": "shop"},
    "status": {"phase": "Running"},
}


def judge_widget(widget: Source, context: Context) -> Verdict:
    """By its phase."""
    running = widget.status.get("phase") == "Running"
    health = Health.HEALTHY if running else Health.DOWN
    return Verdict(health, Activity.STEADY, running, "Phase", "its phase decides")


WIDGET_RULE = Rule(Kind("Widget", "widgets", "example.com", "v1"), judge_widget)


def test_every_kind_has_one_rule() -> None:
    """No kind of a group is judged twice."""
    kinds = [(rule.kind.group, rule.kind.kind) for rule in RULES]
    assert len(kinds) == len(set(kinds))


@pytest.mark.parametrize("rule", [*RULES, RULES.custom], ids=lambda rule: rule.kind.kind)
def test_every_rule_says_what_it_judges(rule: Rule) -> None:
    """Its prose is for users, and its module names the source."""
    assert len(inspect.getdoc(rule.judge) or "") > 40
    module = inspect.getmodule(rule.judge)
    assert module is not None
    assert module.__doc__


def test_a_rule_of_ones_own_is_handed_in() -> None:
    """It judges its kind, of its group, and the table that ships stays as it is."""
    rules = RULES.with_rules(WIDGET_RULE)
    assert assess(WIDGET, now=NOW, rules=rules).reason == "Phase"
    assert assess(WIDGET, now=NOW).reason == "Running"
    foreign = {**WIDGET, "apiVersion": "other.example.com/v1"}
    assert assess(foreign, now=NOW, rules=rules).reason == "Running"


def test_a_rule_of_ones_own_goes_before_the_one_that_ships() -> None:
    """Whoever knows better may say so."""
    rules = RULES.with_rules(Rule(Kind("Pod", "pods", "", "v1"), judge_widget))
    pod = {"apiVersion": "v1", "kind": "Pod", "status": {"phase": "Running"}}
    assert assess(pod, now=NOW, rules=rules).reason == "Phase"


@pytest.mark.parametrize(
    ("api_version", "own"),
    [
        ("apps/v1", True),
        ("extensions/v1beta1", True),
        (None, True),
        ("apps.openshift.io/v1", False),
        ("v1", False),
    ],
)
def test_a_rule_covers_its_groups(api_version: str | None, own: bool) -> None:
    """Older groups too; without an apiVersion the kind alone decides."""
    assert (RULES.own("Deployment", api_version) is not None) is own
