"""The configuration file: what it can say, and every fault in it at once."""

from __future__ import annotations

import copy
import json
import re
import sys
from dataclasses import MISSING, fields, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st

from k8s_heartbeat.adapters.http.public import PublicPage
from k8s_heartbeat.core import RULES, Health, Policy, Threshold, assess
from k8s_heartbeat.core.annotations import IGNORE, MAINTENANCE_UNTIL, MIN_AVAILABLE
from k8s_heartbeat.core.checks.component import Component, Member
from k8s_heartbeat.core.durations import print_duration
from k8s_heartbeat.core.rules.entry import Entry
from k8s_heartbeat.core.selectors import parse_selector
from k8s_heartbeat.entrypoints.config.configuration import Configuration
from k8s_heartbeat.entrypoints.config.configuration_file import (
    parse_configuration,
    read_configuration,
    told,
)
from k8s_heartbeat.entrypoints.config.document import ConfigurationError
from tests.builders import NOW
from tests.property import strategies as some

SELECTOR = parse_selector("tier=web,!canary")
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
DOCUMENT = Path(__file__).parents[4] / "docs" / "configuration.md"

FULL = """\
policy:
  stuckAfter: 2h
  minAvailable: 75%
components:
  - name: checkout
    title: Checkout ☕
    up: 2
    policy: {zero: down}
    members:
      - {namespace: shop, kind: deployment, name: api}
      - {namespace: [shop, shop-eu], kind: deployments, selector: "tier=web,!canary"}
      - {namespace: platform}
      - {kind: node, selector: pool=web}
page:
  title: Shop
  public: {title: Shop status, components: [checkout, checkout]}
"""


def faults_of(text: str) -> list[str]:
    """What is wrong with a text."""
    with pytest.raises(ConfigurationError) as caught:
        parse_configuration(text)
    assert str(caught.value) == "\n".join(caught.value.faults)
    return caught.value.faults


def component_of(entry: str) -> Component:
    """The component that an entry in flow style states."""
    (component,) = parse_configuration(f"components: [{entry}]").components.values()
    return component


def member_of(entry: str) -> Member:
    """The member that an entry in flow style states."""
    (member,) = component_of(f"{{name: a, members: [{entry}]}}").members
    return member


def camel_case(name: str) -> str:
    """A field's name as the file has it."""
    return re.sub("_(.)", lambda match: match[1].upper(), name)


def test_everything_that_a_file_can_say() -> None:
    """The policy of the file is the ground for a component's own."""
    policy = Policy(stuck_after=2 * HOUR, min_available=Threshold(75, percent=True))
    assert parse_configuration(FULL) == Configuration(
        policy,
        {
            "checkout": Component(
                "checkout",
                "Checkout ☕",
                (
                    Member(("shop",), "deployment", "api"),
                    Member(("shop", "shop-eu"), "deployments", selector=SELECTOR),
                    Member(("platform",)),
                    Member(("",), "node", selector=parse_selector("pool=web")),
                ),
                Threshold(2),
                replace(policy, zero=Health.DOWN),
            )
        },
        title="Shop",
        public=PublicPage("Shop status", ("checkout",)),
    )


@pytest.mark.parametrize(
    ("page", "title", "own"),
    [
        ("{public: {components: [a]}}", "", "Status"),
        ("{title: Shop, public: {components: [a]}}", "Shop", "Shop"),
        ("{title: Shop, public: {title: Ours, components: [a]}}", "Shop", "Ours"),
    ],
)
def test_public_page_has_a_title_of_its_own_or_that_of_the_page(
    page: str, title: str, own: str
) -> None:
    """Nothing else of the configuration stands on it."""
    text = f"components: [{{name: a, title: Ah, members: [{{namespace: x}}]}}]\npage: {page}"
    configuration = parse_configuration(text)
    assert configuration.title == title
    assert configuration.public == PublicPage(own, ("a",))


def test_page_without_public_shows_nothing_to_strangers() -> None:
    """Also where there are components."""
    text = "components: [{name: a, members: [{namespace: x}]}]\npage: {title: Shop}"
    assert parse_configuration(text).public is None


def test_page_is_told() -> None:
    """Who may see what without a token is for the operator to see."""
    assert told(parse_configuration(FULL))[-2:] == [
        "page.title=Shop",
        "page.public (Shop status): checkout",
    ]


@pytest.mark.parametrize(
    "text",
    [
        "",
        " \n",
        "\ufeff",
        "# nothing yet\n",
        "---\n",
        "---\n---\n",
        "{}",
        "policy:\n",
        "policy: {}\ncomponents:\n",
        "policy:\ncomponents: []",
    ],
)
def test_what_says_nothing_leaves_the_defaults(text: str) -> None:
    """So does what is commented out beneath its key."""
    assert parse_configuration(text) == Configuration()


def test_components_cannot_be_changed() -> None:
    """One configuration answers for every request."""
    for configuration in (Configuration(), parse_configuration(FULL)):
        with pytest.raises(TypeError):
            configuration.components["other"] = Component("other", "", ())  # type: ignore[index]  # pyright: ignore[reportIndexIssue]  # it is refused at run time too


OTHER_VALUES: dict[type, tuple[tuple[str, Any], ...]] = {
    Health: (("down", Health.DOWN), ("degraded", Health.DEGRADED), ("healthy", Health.HEALTHY)),
    Threshold: (
        ("3", Threshold(3)),
        ('"3"', Threshold(3)),
        ("100%", Threshold(100, percent=True)),
    ),
    timedelta: (
        ("0s", timedelta(0)),
        ("1h30m", 1.5 * HOUR),
        ("90s", 1.5 * MINUTE),
        ("8784h", timedelta(days=366)),
    ),
    int: (("1", 1), ("1000", 1000)),
}


@pytest.mark.parametrize("knob", fields(Policy), ids=lambda knob: knob.name)
def test_every_knob_of_the_policy_can_be_set(knob: Any) -> None:
    """Whatever field it gains, the file has it too."""
    for written, value in OTHER_VALUES[type(knob.default)]:
        stated = parse_configuration(f"policy: {{{camel_case(knob.name)}: {written}}}").policy
        assert stated == replace(Policy(), **{knob.name: value})


def test_the_minimum_may_be_what_kubernetes_states() -> None:
    """A Deployment's Available condition, for those who set maxUnavailable with care."""
    stated = parse_configuration("policy: {minAvailable: stated}")
    assert stated.policy == Policy(min_available="stated")
    assert "policy.minAvailable=stated" in told(stated)


BAD_VALUES: dict[type, tuple[str, ...]] = {
    Health: ("unknown", "missing", "Down", "fine", "true", "1", "", "[]", "{}"),
    Threshold: ("0", "-1", "1.5", "true", "0%", "101%", "half", "", "[2]", "2026-01-01"),
    timedelta: ("5", "5d", "-5m", "8785h", "9999999h", "", "true", "1.5", "{}", "2026-01-01"),
    int: ("0", "-1", "1001", '"3"', "3.0", "true", "", "[3]", "0x" + "f" * 6000),
}


@pytest.mark.parametrize("knob", fields(Policy), ids=lambda knob: knob.name)
def test_every_knob_refuses_other_forms(knob: Any) -> None:
    """Each fault has the place, the form and an example that is one."""
    place = f"policy.{camel_case(knob.name)}"
    for written in BAD_VALUES[type(knob.default)]:
        (fault,) = faults_of(f"policy: {{{camel_case(knob.name)}: {written}}}")
        assert fault.startswith(f"{place}: ")
        assert " is not " in fault
        words = fault.partition("such as ")[2]
        parse_configuration(f"policy: {{{camel_case(knob.name)}: {words}}}")


def test_every_knob_has_a_default() -> None:
    """The default says which form a knob has."""
    assert all(knob.default is not MISSING for knob in fields(Policy))


@pytest.mark.parametrize(
    ("entry", "member"),
    [
        ("{namespace: shop}", Member(("shop",))),
        ("{namespace: [shop, shop-eu, shop]}", Member(("shop", "shop-eu"))),
        ("{namespace: shop, kind: sts}", Member(("shop",), "sts")),
        ("{kind: node}", Member(("",), "node")),
        ("{kind: Node, name: node-1.internal}", Member(("",), "Node", "node-1.internal")),
        ("{kind: clusterrole, name: 'system:node'}", Member(("",), "clusterrole", "system:node")),
        (
            "{kind: issuers.cert-manager.io, name: ca}",
            Member(("",), "issuers.cert-manager.io", "ca"),
        ),
        ("{namespace: shop, kind: widgets, name: w}", Member(("shop",), "widgets", "w")),
        ('{selector: "tier=web,!canary"}', Member(("",), selector=SELECTOR)),
        ("{kind: pods, selector: ' tier=web,!canary'}", Member(("",), "pods", selector=SELECTOR)),
    ],
)
def test_entry_of_members(entry: str, member: Member) -> None:
    """One object by its name, or all that kind, namespace and labels let through."""
    assert member_of(entry) == member


def test_component_is_called_by_its_name_where_it_has_no_title() -> None:
    """And all of its members must be up."""
    component = component_of("{name: a, members: [{namespace: x}]}")
    assert (component.title, component.up, component.policy) == ("a", None, Policy())


@pytest.mark.parametrize(
    ("written", "up"),
    [("1", Threshold(1)), ("50%", Threshold(50, percent=True)), ('"7"', Threshold(7))],
)
def test_up_is_a_number_or_a_percentage(written: str, up: Threshold) -> None:
    """As in a PodDisruptionBudget."""
    assert component_of(f"{{name: a, up: {written}, members: [{{namespace: x}}]}}").up == up


def test_components_keep_their_order() -> None:
    """A status page shows them as they are written."""
    entries = ",".join(f"{{name: {name}, members: [{{namespace: x}}]}}" for name in "zebra")
    assert [*parse_configuration(f"components: [{entries}]").components] == [*"zebra"]


def test_anchors_aliases_and_merge_keys_are_read() -> None:
    """Many components may share what they say; a key that replaces a merged one is no slip."""
    names = [f"part-{number}" for number in range(100)]
    components = [
        f"- {{name: {name}, members: *of, policy: {{<<: *strict, zero: down}}}}" for name in names
    ]
    text = "\n".join(
        (
            "policy: &strict {stuckAfter: 5m, zero: degraded}",
            "components:",
            "- {name: first, members: &of [{namespace: shop}]}",
            *components,
        )
    )
    configuration = parse_configuration(text)
    assert [*configuration.components] == ["first", *names]
    assert {configuration.components[name].policy for name in names} == {
        Policy(stuck_after=5 * MINUTE, zero=Health.DOWN)
    }


def of_component(rest: str) -> str:
    """A configuration of one component, which has a member."""
    return f"components: [{{name: a, members: [{{namespace: x}}], {rest}}}]"


def of_member(entry: str) -> str:
    """A configuration of one component of one member."""
    return f"components: [{{name: a, members: [{entry}]}}]"


NAMED, MEMBER = "components[0]", "components[0].members[0]"

FAULTS: list[tuple[str, str, str]] = [
    # the whole
    ("5", "configuration", "5 (a number) is not a mapping"),
    ("[policy]", "configuration", "a list is not a mapping"),
    ("polcy: {}", "polcy", "unknown; did you mean policy?"),
    ("frobnicate: {}", "frobnicate", "unknown; known here: policy, components"),
    ("5: {}", "5 (a number)", "unknown; known here"),
    ("on: {}", "true (a boolean)", "unknown; known here"),
    ("'a b': {}", "'a b'", "unknown; known here"),
    ('"a\\nb": {}', r"'a\nb'", "unknown; known here"),
    (f"{'x' * 999}: 1", "(a key of 999 characters)", "unknown; known here"),
    # the policy
    ("policy: [zero]", "policy", "a list is not a mapping"),
    ("policy: 2h", "policy", "'2h' is not a mapping"),
    ("policy: {stuckafter: 2h}", "policy.stuckafter", "unknown; did you mean stuckAfter?"),
    ("policy: {stuck_after: 2h}", "policy.stuck_after", "unknown; did you mean stuckAfter?"),
    ("policy: {min-available: 2}", "policy.min-available", "unknown; did you mean minAvailable?"),
    ("policy: {zerro: down}", "policy.zerro", "unknown; did you mean zero?"),
    ("policy: {<<: {colour: red}}", "policy.colour", "unknown; known here: zero, minAvailable, "),
    # the page
    ("page: [checkout]", "page", "a list is not a mapping"),
    ("page: {tittle: Shop}", "page.tittle", "unknown; did you mean title?"),
    ("page: {title: 5}", "page.title", "5 (a number) is not printable text"),
    ("page: {public: [checkout]}", "page.public", "a list is not a mapping"),
    ("page: {public: {}}", "page.public.components", "is needed: a list of at least one component"),
    ("page: {public: {components: []}}", "page.public.components", "an empty list is not a list"),
    (
        "page: {public: {components: [checkout]}}",
        "page.public.components[0]",
        "'checkout' is not the name of a component of this file",
    ),
    # the components
    ("components: {name: a}", "components", "a mapping is not a list of components"),
    ("components: checkout", "components", "'checkout' is not a list of components"),
    ("components: [5]", NAMED, "5 (a number) is not a mapping"),
    ("components: [null]", NAMED, "nothing is not a mapping"),
    (
        "components: [{members: [{namespace: x}]}]",
        f"{NAMED}.name",
        "is needed: up to 63 lower-case",
    ),
    ("components: [{name: a}]", f"{NAMED}.members", "is needed: a list of at least one member"),
    ("components: [{name: a, members: }]", f"{NAMED}.members", "nothing is not a list"),
    ("components: [{name: a, members: []}]", f"{NAMED}.members", "an empty list is not a list"),
    (
        "components: [{name: a, members: [{}]}]",
        f"{NAMED}.members[0]",
        "an empty entry names nothing; an entry is such as {namespace: shop",
    ),
    ("components: [{name: a, members: {}}]", f"{NAMED}.members", "a mapping is not a list"),
    (of_component("titel: A"), f"{NAMED}.titel", "unknown; did you mean title?"),
    (of_component("title: 2026"), f"{NAMED}.title", "2026 (a number) is not printable text"),
    (of_component("title: 2026-01-01"), f"{NAMED}.title", "2026-01-01 (a date) is not printable"),
    (of_component("title: no"), f"{NAMED}.title", "false (a boolean) is not printable"),
    (of_component("title: !!binary aGk="), f"{NAMED}.title", "a value of another type is not"),
    (of_component("title: "), f"{NAMED}.title", "nothing is not printable"),
    (of_component("title: ' '"), f"{NAMED}.title", "' ' is not printable"),
    (of_component('title: "a\\tb"'), f"{NAMED}.title", r"'a\tb' is not printable"),
    (
        of_component(f"title: {'x' * 201}"),
        f"{NAMED}.title",
        "a text of 201 characters is not printable",
    ),
    (of_component("up: true"), f"{NAMED}.up", "true (a boolean) is not a number from 1"),
    (of_component("up: 1.5"), f"{NAMED}.up", "1.5 (a number) is not a number from 1"),
    (of_component("up: 0"), f"{NAMED}.up", "0 (a number) is not a number from 1"),
    (of_component("up: 120%"), f"{NAMED}.up", "'120%' is not a number from 1"),
    (of_component("up: .nan"), f"{NAMED}.up", "nan (a number) is not a number from 1"),
    (of_component("up: "), f"{NAMED}.up", "nothing is not a number from 1"),
    (of_component("policy: {zero: 1}"), f"{NAMED}.policy.zero", "1 (a number) is not healthy"),
    (of_component("policy: {zer: 1}"), f"{NAMED}.policy.zer", "unknown; did you mean zero?"),
    # their names
    *(
        (
            f"components: [{{name: {name}, members: [{{namespace: x}}]}}]",
            f"{NAMED}.name",
            "is not up to 63",
        )
        for name in ("5", "", "''", "no", "2026-01-01", "A", "a.b", "a_b", "a-", "a" * 64, "[a]")
    ),
    (
        "components: [{name: a, members: [{namespace: x}]}, "
        "{name: b, members: [{namespace: x}]}, {name: a}]",
        "components[2].name",
        "'a' is the name of components[0] already",
    ),
    # the members
    (of_member("api"), MEMBER, "'api' is not a mapping"),
    (of_member("[]"), MEMBER, "an empty list is not a mapping"),
    (of_member("{namspace: shop}"), f"{MEMBER}.namspace", "unknown; did you mean namespace?"),
    (of_member("{namespace: Shop}"), f"{MEMBER}.namespace", "'Shop' is not up to 63"),
    (of_member("{namespace: ''}"), f"{MEMBER}.namespace", "'' is not up to 63"),
    (of_member("{namespace: }"), f"{MEMBER}.namespace", "nothing is not up to 63"),
    (of_member("{namespace: 5}"), f"{MEMBER}.namespace", "5 (a number) is not up to 63"),
    (of_member("{namespace: []}"), f"{MEMBER}.namespace", "an empty list is not up to 63"),
    (of_member("{namespace: [a, 5]}"), f"{MEMBER}.namespace[1]", "5 (a number) is not up to 63"),
    (of_member("{namespace: [[a]]}"), f"{MEMBER}.namespace[0]", "a list is not up to 63"),
    (of_member("{kind: two words}"), f"{MEMBER}.kind", "'two words' is not a name of a kind"),
    (of_member("{kind: 5}"), f"{MEMBER}.kind", "5 (a number) is not a name of a kind"),
    (of_member("{kind: }"), f"{MEMBER}.kind", "nothing is not a name of a kind"),
    (
        of_member("{namespace: shop, kind: po, name: A}"),
        f"{MEMBER}.name",
        "'A' is not the name of a Pod",
    ),
    (
        of_member("{namespace: shop, kind: po, name: 5}"),
        f"{MEMBER}.name",
        "5 (a number) is not the name of a Pod",
    ),
    (
        of_member("{namespace: shop, kind: ing, name: }"),
        f"{MEMBER}.name",
        "nothing is not the name of an Ingress",
    ),
    (of_member("{kind: foo, name: ''}"), f"{MEMBER}.name", "'' is not the name of an object"),
    (of_member("{kind: foo, name: a/b}"), f"{MEMBER}.name", "'a/b' is not the name of an object"),
    (of_member("{selector: }"), f"{MEMBER}.selector", "nothing is not a label selector"),
    (of_member("{selector: ''}"), f"{MEMBER}.selector", "'' is not a label selector"),
    (of_member("{selector: tier web}"), f"{MEMBER}.selector", "'tier web' is not a label"),
    (of_member("{selector: {tier: web}}"), f"{MEMBER}.selector", "a mapping is not a label"),
    # In flow style the comma parts entries: nothing must be selected by the first half alone.
    (of_member("{selector: a=b,c=d}"), f"{MEMBER}.'c=d'", "unknown; known here: namespace, kind"),
    # what does not go together
    (of_member("{namespace: shop, name: api}"), f"{MEMBER}.kind", "is needed beside name"),
    (
        of_member("{namespace: shop, kind: po, name: a, selector: b}"),
        f"{MEMBER}.selector",
        "stands beside name",
    ),
    (of_member("{kind: deploy, name: api}"), f"{MEMBER}.namespace", "is needed: a Deployment is"),
    (
        of_member("{namespace: shop, kind: node}"),
        f"{MEMBER}.namespace",
        "'shop' is too much: a Node stands in no namespace",
    ),
    (
        of_member("{namespace: [a, b], kind: nodes, name: n}"),
        f"{MEMBER}.namespace",
        "a list is too much: a Node stands in no namespace",
    ),
]


@pytest.mark.parametrize(("text", "place", "problem"), FAULTS)
def test_fault_names_the_place_and_what_was_found(text: str, place: str, problem: str) -> None:
    """And the form, with an example of it."""
    # A component that repeats a name may lack the rest.
    fault = faults_of(text)[-1]
    assert fault.startswith(f"{place}: ")
    assert problem in fault
    assert "such as " in fault or "unknown; " in fault


@pytest.mark.parametrize(("text", "place", "problem"), FAULTS)
def test_one_slip_is_one_fault(text: str, place: str, problem: str) -> None:
    """What follows from a fault is none of its own."""
    lacks_members_too = "already" in problem
    assert len(faults_of(text)) == 1 + lacks_members_too


def test_all_faults_are_found_at_once() -> None:
    """In the policy, in every component and in every member, in the order of the file."""
    text = """\
polcy: {}
policy:
  stuckafter: 2h
  zero: unknown
components:
  - name: Checkout
    up: 0
    up: 1
    members:
      - {kind: node, namespace: shop}
      - {name: api}
  - members: []
"""
    assert [fault.partition(": ")[0] for fault in faults_of(text)] == [
        "line 8",
        "polcy",
        "policy.stuckafter",
        "policy.zero",
        "components[0].name",
        "components[0].members[0].namespace",
        "components[0].members[1].kind",
        "components[1].name",
        "components[1].members",
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("policy: {}\npolicy: {}", "line 2: the key 'policy' stands in line 1 already"),
        ("policy: {}\n\n'policy': {}", "line 3: the key 'policy' stands in line 1 already"),
        ("policy: {zero: down, zero: down}", "line 1: the key 'zero' stands in line 1 already"),
        (
            "components:\n- name: a\n  members: [{namespace: x}]\n  name: b",
            "line 4: the key 'name' stands in line 2 already",
        ),
        ("policy: {? &a zero : down, *a : down}", "line 1: the key 'zero' stands in line 1"),
    ],
)
def test_repeated_key_is_refused_with_its_line(text: str, expected: str) -> None:
    """YAML parsers keep the last one, and the first would vanish without a word."""
    (fault,) = faults_of(text)
    assert fault.startswith(expected)


@pytest.mark.parametrize(
    ("text", "place", "problem"),
    [
        ("policy: {}\ncomponents: [", "line ", "it is no YAML: "),
        ("policy:\n\tzero: down", "line 2", "it is no YAML: found character "),
        ("policy:\n  zero: down: up", "line 2", "it is no YAML: mapping values are not allowed"),
        ("policy: *strict", "line 1", "it is no YAML: found undefined alias"),
        ("policy:\n  zero: !health down", "line 2", "it is no YAML: could not determine a constr"),
        ("policy: !!python/name:os.system ''", "line 1", "it is no YAML: could not determine"),
        ("\n\n? [policy]\n: {}", "line 3", "it is no YAML: found unhashable key"),
        ("\npolicy: 2026-02-30", "line 2", "it is no YAML: '2026-02-30' is no timestamp"),
        ("\npolicy: !!int ''", "line 2", "it is no YAML: '' is no int"),
        ("policy: " + "1" * 5000, "line 1", "it is no YAML: a text of 5000 characters is no int"),
        ("\n\npolicy: \x01", "line 3", r"it is no YAML: the character '\x01' may not stand"),
        ("\n\npolicy: \ud800", "line 3", r"it is no YAML: the character '\ud800' may not stand"),
        ("policy: {}\n---\npolicy: {}", "line 3", "it is no YAML: it holds a second document"),
        ("<<: 5", "line 1", "it is no YAML: expected a mapping or list of mappings"),
        ("policy: &a\n  zero: *a", "line 2", "the YAML holds itself by an alias"),
        ("x: " + "[" * 300, "line 1", "the YAML is nested too deep"),
        ("x: " + "{a: " * 50_000, "line 1", "the YAML is nested too deep"),
        (
            "a: &a [x]\n"
            + "".join(
                f"{new}: &{new} [{', '.join([f'*{old}'] * 9)}]\n"
                for old, new in zip("abcdefghi", "bcdefghij", strict=True)
            ),
            "line 6",
            "the YAML has aliases that stand for more than 100000 values",
        ),
    ],
)
def test_what_is_no_yaml_is_refused_with_the_line(text: str, place: str, problem: str) -> None:
    """PyYAML's own words where it has some; nothing is run, and nothing fills the memory."""
    (fault,) = faults_of(text)
    assert fault.startswith(place)
    assert f": {problem}" in fault


def test_without_pyyaml_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """The base install has no YAML."""
    monkeypatch.setitem(sys.modules, "yaml", None)
    (fault,) = faults_of(FULL)
    assert fault.startswith("configuration: ")
    assert "pip install 'k8s-heartbeat[server]'" in fault
    assert "k8s-heartbeat[yaml]" in fault


def test_file_is_read(tmp_path: Path) -> None:
    """As UTF-8, whatever the locale says."""
    file = tmp_path / "heartbeat.yaml"
    file.write_text(FULL, encoding="utf-8")
    assert read_configuration(str(file)).current() == parse_configuration(FULL)
    file.write_text("polcy: {}", encoding="utf-8")
    with pytest.raises(ConfigurationError, match="polcy: unknown"):
        read_configuration(str(file))


def test_file_of_the_largest_size_is_read(tmp_path: Path) -> None:
    """A byte more is refused."""
    file = tmp_path / "heartbeat.yaml"
    file.write_bytes(b"#" * 2**20)
    assert read_configuration(str(file)).current() == Configuration()
    file.write_bytes(b"#" * (2**20 + 1))
    with pytest.raises(ConfigurationError, match=r"heartbeat\.yaml.*: is larger than 1 MiB; "):
        read_configuration(str(file))


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("absent.yaml", r"'absent\.yaml': cannot be read \(No such file or directory\)"),
        ("folder", r"'folder': cannot be read \(Is a directory\)"),
        ("latin-1.yaml", r"'latin-1\.yaml': is not UTF-8 text, in line 2"),
        ("null\0.yaml", r"'null\\x00\.yaml': cannot be read \(embedded null (byte|character)"),
        ("line\nbreak", r"'line\\nbreak': cannot be read"),
        ("long" * 99, r"a path of 396 characters: cannot be read"),
        ("long" * 99 + ".yaml", r"\.\.\.\w*(long){48}\.yaml': cannot be read"),
        ("☕" * 99 + ".yml", r"\.\.\.\w*(\\u2615){32}\.yml': cannot be read"),
    ],
)
def test_file_that_cannot_be_read_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, problem: str
) -> None:
    """With what a configuration is."""
    monkeypatch.chdir(tmp_path)
    Path("folder").mkdir()
    Path("latin-1.yaml").write_bytes(b"# caf\xc3\xa9\n# caf\xe9\n")
    with pytest.raises(ConfigurationError) as caught:
        read_configuration(name)
    (fault,) = caught.value.faults
    assert re.match(problem, fault)
    assert fault.endswith("; a configuration is a YAML file such as policy: {stuckAfter: 2h}")


def assert_faults_are_lines(text: str) -> None:
    """It is a configuration, or its faults are lines that a terminal and a log can show."""
    try:
        configuration = parse_configuration(text)
    except ConfigurationError as error:
        assert error.faults
        assert all(fault.isprintable() and len(fault) < 400 for fault in error.faults)
    else:
        assert isinstance(configuration, Configuration)
        assert all(
            isinstance(component, Component) for component in configuration.components.values()
        )


VALID: Any = yaml.safe_load(FULL)
WORDS = st.sampled_from(
    ["policy", "components", "name", "members", "namespace", "zero", "", "a\nb", "☕" * 99]
)


def test_valid_configuration_of_the_property_tests_is_one() -> None:
    """Otherwise they would look at one fault alone."""
    assert parse_configuration(json.dumps(VALID)) == parse_configuration(FULL)


@given(some.damaged(st.just(VALID)))
def test_any_value_in_any_place_is_read_or_refused(damaged: Any) -> None:
    """There is no third way."""
    # Where one object stands in two places, YAML is written with anchors.
    assert_faults_are_lines(yaml.safe_dump(damaged, allow_unicode=True))
    assert_faults_are_lines(yaml.safe_dump(copy.deepcopy(damaged), default_flow_style=True))


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.dates() | st.text() | WORDS,
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(WORDS | st.integers() | st.dates() | st.none(), inner, max_size=4)
        ),
    )
)
def test_any_value_alone_is_read_or_refused(value: Any) -> None:
    """Whatever keys its mappings have."""
    for placed in (value, {"policy": value}, {"components": value}, {"components": [value]}):
        assert_faults_are_lines(yaml.safe_dump(placed, allow_unicode=True))


@given(st.text(max_size=20), st.integers(0, len(FULL)), st.integers(0, 20))
@example("&a [*a]", 0, 0)
@example("\x85\u2028", 40, 0)
def test_any_text_in_any_place_is_read_or_refused(text: str, at: int, width: int) -> None:
    """Slips of the keyboard, and worse."""
    assert_faults_are_lines(text)
    assert_faults_are_lines(FULL[:at] + text + FULL[at + width :])


def fenced(language: str) -> list[str]:
    """The blocks of the document that are in a language."""
    blocks = re.findall(r"^```(\w*)\n(.*?)^```$", DOCUMENT.read_text("utf-8"), re.M | re.S)
    return [block for stated, block in blocks if stated == language]


def test_example_of_the_document_is_a_configuration() -> None:
    """What people copy works."""
    configuration = parse_configuration(fenced("yaml")[0])
    assert [*configuration.components] == ["checkout", "platform"]
    assert configuration.components["checkout"].policy.zero is Health.DOWN
    assert configuration.policy.stuck_after == 2 * HOUR


def test_kinds_of_the_document_are_judged_as_it_says() -> None:
    """From the file to the verdict, and nothing changes for others."""
    rules = parse_configuration(fenced("yaml")[1]).rules

    def judged(kind: str, status: Any, spec: Any = None) -> str:
        found: dict[str, Any] = {"kind": kind, "metadata": {"name": "a", "uid": "u"}}
        found |= {"apiVersion": "example.com/v1", "status": status, "spec": spec or {}}
        verdict = assess(found, now=NOW, rules=rules)
        return f"{verdict.health} {verdict.activity}: {verdict.message}"

    assert judged("Oven", {"stage": "baking"}).startswith("healthy steady")
    assert judged("Oven", {"stage": "cooling"}).startswith("degraded progressing")
    burnt = {"stage": "burnt", "explanation": "too hot"}
    assert judged("Oven", burnt) == "down steady: stage is burnt: too hot"
    trays = {"stage": "baking", "readyTrays": 2}
    assert judged("Oven", trays, {"trays": 3}).startswith("degraded steady: 2 of 3 trays")
    unplugged = {"unplugged": True}
    assert judged("Oven", {"stage": "cold"}, unplugged).startswith("healthy suspended")
    assert judged("Cake", {"x": 1}).startswith("healthy progressing")
    assert judged("Recipe", None).startswith("healthy steady")
    assert judged("Spoon", {"x": 1}).startswith("unknown")
    assert {"spec.trays", "spec.unplugged"} <= {*rules.custom.fields}
    assert not {"spec.trays", "spec.unplugged"} & {*RULES.custom.fields}


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (
            "[1]",
            "kinds: a list is not a mapping of kinds by KIND.GROUP, such as {Oven.example.com:",
        ),
        ("{oven: {silent: true}}", "kinds: 'oven' is not a KIND.GROUP, such as Oven.example.com"),
        ("{1: {silent: true}}", "kinds: 1 (a number) is not a KIND.GROUP"),
        ("{Oven.example.com: 3}", "kinds.Oven.example.com: 3 (a number) is not a mapping, such as"),
        ("{Oven.example.com: {}}", "kinds.Oven.example.com: an empty entry says nothing; an entry"),
        (
            "{Oven.example.com: {word: [status.x]}}",
            "kinds.Oven.example.com.word: unknown; did you mean words?",
        ),
        (
            "{Oven.example.com: {words: [stage]}}",
            "kinds.Oven.example.com.words: a list is not a list of paths below status or spec",
        ),
        (
            "{Oven.example.com: {means: {warm: nice}}}",
            "kinds.Oven.example.com.means: a mapping is not a mapping of words to one of failed,",
        ),
        (
            "{Oven.example.com: {counts: [{want: spec.a}]}}",
            "kinds.Oven.example.com.counts: a list is not a list of paths to compare, such as",
        ),
        (
            "{Oven.example.com: {silent: 1}}",
            "kinds.Oven.example.com.silent: 1 (a number) is not true or false, such as true",
        ),
        (
            "{Oven.example.com: {holds: ['x=1']}}",
            "kinds.Oven.example.com.holds: a list is not a list of conditions, reasons, or PATH=",
        ),
    ],
)
def test_faults_of_kinds_name_the_place_the_form_and_an_example(text: str, fault: str) -> None:
    """Each of them, and no kind is taken from such a file."""
    (found,) = faults_of(f"kinds: {text}")
    assert found.startswith(fault)


def test_table_of_the_document_has_every_field_of_a_kind() -> None:
    """In the order of `Entry`, and the file takes each."""
    known = [field.name for field in fields(Entry)]
    section = DOCUMENT.read_text("utf-8").partition("\n## kinds")[2].partition("\n## ")[0]
    assert re.findall(r"^\| `(\w+)` \|", section, re.M) == known
    (fault,) = faults_of("kinds: {Oven.example.com: {zzz: 1, silent: true}}")
    assert fault.endswith(f"known here: {', '.join(known)}")


def test_faults_of_the_document_are_those_that_are_reported() -> None:
    """Word by word."""
    (shown,) = fenced("")
    text = (
        "policy: {stuckafter: 2h}\ncomponents:\n- {name: a, members: [{namespace: x}]}\n"
        "- {name: b, members: [{selector: tier web}]}\n"
    )
    assert faults_of(text) == shown.splitlines()


def test_document_shows_entries_that_are_read() -> None:
    """Every entry of the table of members."""
    entries = re.findall(r"^\| `(\{.*\})` \|", DOCUMENT.read_text("utf-8"), re.M)
    assert len(entries) == 7
    for entry in entries:
        member_of(entry)


def test_table_of_the_document_has_every_knob_with_its_default() -> None:
    """In the order of the policy, with the form of its values."""
    forms: dict[object, str] = {
        Health: "`healthy`, `degraded` or `down`",
        Threshold: "number, percentage or `stated`",
        timedelta: "duration",
        int: "count",
    }
    _, _, text = DOCUMENT.read_text("utf-8").partition("\n## policy\n")
    rows = re.findall(r"^\| `(\w+)` \| (.+?) \| `(.+?)` \| .+ \|$", text, re.M)
    assert rows == [
        (camel_case(knob.name), forms[type(knob.default)], written(knob.default))
        for knob in fields(Policy)
    ]


def written(default: object) -> str:
    """A default as the file would have it."""
    return print_duration(default) if isinstance(default, timedelta) else str(default)


def test_annotations_of_the_document_can_be_read() -> None:
    """No example of it is malformed."""
    annotations: dict[str, str] = {}
    for block in fenced("yaml")[2:]:
        annotations |= yaml.safe_load(block)["metadata"]["annotations"]
    assert set(annotations) == {MIN_AVAILABLE, IGNORE, MAINTENANCE_UNTIL}
    shop = {"kind": "ConfigMap", "metadata": {"name": "shop", "annotations": annotations}}
    assert assess(shop, now=NOW).causes == ()
