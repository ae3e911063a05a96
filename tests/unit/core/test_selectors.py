"""Label selectors: parse, match, print."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from k8s_heartbeat.core.selectors import (
    LabelSelector,
    Requirement,
    parse_selector,
    selector_of,
)
from tests.builders import Manifest
from tests.property.strategies import Json, json_values

API, DB, NONE = {"app": "api"}, {"app": "db"}, {"tier": "x"}


def selector(labels: Json = None, *expressions: Json) -> LabelSelector | None:
    """The selector of a workload with these labels and expressions."""
    return selector_of(
        {"spec": {"selector": {"matchLabels": labels, "matchExpressions": list(expressions)}}}
    )


def expression(operator: Json, values: Json = None, key: Json = "app") -> Manifest:
    """One of matchExpressions."""
    return {"key": key, "operator": operator, "values": values}


@pytest.mark.parametrize(
    ("labels", "expressions", "printed", "matched"),
    [
        pytest.param({"app": "api"}, [], "app=api", [API], id="matchLabels"),
        pytest.param({"app": ""}, [], "app=", [], id="an empty value"),
        pytest.param({}, [expression("In", ["api", "db"])], "app in (api,db)", [API, DB], id="In"),
        pytest.param({}, [expression("In", ["api"])], "app=api", [API], id="In with one value"),
        pytest.param(
            {},
            [expression("NotIn", ["api"])],
            "app notin (api)",
            [DB, NONE],
            id="NotIn, which an absent label fulfils",
        ),
        pytest.param({}, [expression("Exists")], "app", [API, DB], id="Exists"),
        pytest.param({}, [expression("DoesNotExist", [])], "!app", [NONE], id="DoesNotExist"),
        pytest.param(
            {"tier": "x"},
            [expression("DoesNotExist"), expression("Exists", key="tier")],
            "tier=x,!app,tier",
            [NONE],
            id="all must hold",
        ),
        pytest.param(
            {"b": "2", "a": "1"}, [], "a=1,b=2", [], id="labels print in the order of their keys"
        ),
    ],
)
def test_a_selector_matches_and_prints(
    labels: Json, expressions: list[Json], printed: str, matched: list[dict[str, str]]
) -> None:
    """All four operators, alone and together, in the syntax of `kubectl get -l`."""
    found = selector(labels, *expressions)
    assert found is not None
    assert str(found) == printed
    assert [candidate for candidate in (API, DB, NONE) if found.matches(candidate)] == matched


@pytest.mark.parametrize(
    "unreadable",
    [
        pytest.param(selector({}), id="an empty selector"),
        pytest.param(selector({"app": 1}), id="a value that is no text"),
        pytest.param(selector({1: "api"}), id="a key that is no text"),
        pytest.param(selector({"app": "api"}, None), id="an expression that is none"),
        pytest.param(selector({"app": "api"}, expression("Like", ["a"])), id="an unknown operator"),
        pytest.param(selector({}, expression(["In"], ["a"])), id="an operator that is no text"),
        pytest.param(selector({}, expression("In", [])), id="In nothing"),
        pytest.param(selector({}, expression("In", "api")), id="In a text"),
        pytest.param(selector({}, expression("In", ["api", None])), id="In a null"),
        pytest.param(selector({}, expression("Exists", ["a"])), id="Exists with a value"),
        pytest.param(selector({}, expression("Exists", key=None)), id="no key"),
        pytest.param(selector(["app"]), id="labels as a list"),
        pytest.param(selector_of({"spec": {"selector": {"matchExpressions": {}}}}), id="nothing"),
        pytest.param(
            selector_of({"spec": {"selector": {"matchExpressions": {"app": "In"}}}}),
            id="expressions as a map",
        ),
        pytest.param(selector_of({"spec": {"selector": "app=api"}}), id="a text"),
        pytest.param(selector_of({"spec": {}}), id="none"),
        pytest.param(selector_of({"spec": None}), id="no spec"),
        pytest.param(selector_of({}), id="nothing at all"),
    ],
)
def test_what_cannot_be_read_selects_nothing(unreadable: LabelSelector | None) -> None:
    """An unreadable selector must not match everything."""
    assert unreadable is None


def test_no_requirement_is_fulfilled_by_everything() -> None:
    """As in Kubernetes; no workload may state it."""
    assert LabelSelector().matches({})
    assert str(LabelSelector()) == ""


keys = st.sampled_from(["app", "tier", "a/b"])
words = st.sampled_from(["api", "db", ""])


@given(st.dictionaries(keys, words, min_size=1), st.dictionaries(keys, words))
def test_match_labels_mean_that_all_are_there(
    asked: dict[str, str], labels: dict[str, str]
) -> None:
    """A selector of labels matches what holds each of them."""
    found = selector(asked)
    assert found is not None
    assert found.matches(labels) == (asked.items() <= labels.items())


@given(st.lists(words, min_size=1), st.dictionaries(keys, words))
def test_the_operators_are_opposites(values: list[str], labels: dict[str, str]) -> None:
    """Whatever the labels: In or NotIn, Exists or DoesNotExist."""
    for one, other, given_values in (("In", "NotIn", values), ("Exists", "DoesNotExist", [])):
        first = selector({}, expression(one, given_values))
        second = selector({}, expression(other, given_values))
        assert first is not None
        assert second is not None
        assert first.matches(labels) != second.matches(labels)


@given(json_values(), json_values())
def test_no_value_makes_it_raise(labels: Json, expressions: Json) -> None:
    """Odd selectors are none."""
    found = selector_of(
        {"spec": {"selector": {"matchLabels": labels, "matchExpressions": expressions}}}
    )
    assert found is None or str(found)


def test_a_replication_controller_states_its_labels_right_there() -> None:
    """It is older than matchLabels."""
    manifest: Manifest = {"kind": "ReplicationController", "spec": {"selector": {"app": "api"}}}
    assert str(selector_of(manifest)) == "app=api"
    manifest["spec"]["selector"] = {"app": 7}
    assert selector_of(manifest) is None
    manifest["spec"]["selector"] = {}
    assert selector_of(manifest) is None


@pytest.mark.parametrize(
    ("text", "requirements"),
    [
        ("app=api", [Requirement("app", "In", ("api",))]),
        ("app==api", [Requirement("app", "In", ("api",))]),
        ("app!=api", [Requirement("app", "NotIn", ("api",))]),
        ("app=", [Requirement("app", "In", ("",))]),
        (" app = api ", [Requirement("app", "In", ("api",))]),
        ("app in (api)", [Requirement("app", "In", ("api",))]),
        ("app in (api, db)", [Requirement("app", "In", ("api", "db"))]),
        ("app notin (api,db)", [Requirement("app", "NotIn", ("api", "db"))]),
        ("app  in(api)", [Requirement("app", "In", ("api",))]),
        ("app", [Requirement("app", "Exists")]),
        ("!app", [Requirement("app", "DoesNotExist")]),
        ("! app", [Requirement("app", "DoesNotExist")]),
        ("in", [Requirement("in", "Exists")]),
        (
            "app.kubernetes.io/name=a_B.c-1",
            [Requirement("app.kubernetes.io/name", "In", ("a_B.c-1",))],
        ),
        (
            "app in (api,db),tier,!canary , track!=beta",
            [
                Requirement("app", "In", ("api", "db")),
                Requirement("tier", "Exists"),
                Requirement("canary", "DoesNotExist"),
                Requirement("track", "NotIn", ("beta",)),
            ],
        ),
    ],
)
def test_a_selector_is_read_as_kubectl_reads_it(text: str, requirements: list[Requirement]) -> None:
    """Equality, sets and existence, alone and together."""
    assert parse_selector(text) == LabelSelector(tuple(requirements))


@pytest.mark.parametrize(
    "text",
    [
        *("", " ", ",", "a,", ",a", "a,,b", "a b", "a=b c", "a=b=c", "=b", "!", "!a=b", "!!a"),
        *(
            "a in",
            "a in b",
            "a in (b",
            "a in b)",
            "a in (b c)",
            "a notin",
            "a IN (b)",
            "a in ((b))",
        ),
        *(
            "-a",
            "a-",
            "a/b/c",
            "/a",
            "a/",
            "A.b/c d",
            "-x/a",
            "a=b/c",
            "a=-b",
            "a=b-",
            "a>1",
            "a<1",
        ),
        *("é", "a=é", "a\n=b\x00", "a" * 64, f"a={'b' * 64}", f"{'a' * 254}/b", "a,b" * 400),
    ],
)
def test_what_is_no_selector_is_refused(text: str) -> None:
    """The message says what one looks like; nothing is taken for one that matches everything."""
    with pytest.raises(
        ValueError, match=r"no label selector, such as app=api,tier in \(web,edge\)"
    ):
        parse_selector(text)


label_words = st.from_regex(r"[A-Za-z0-9]([-A-Za-z0-9_.]{0,8}[A-Za-z0-9])?", fullmatch=True)
label_keys = st.one_of(
    label_words, st.tuples(st.sampled_from(["example.com", "a"]), label_words).map("/".join)
)


@st.composite
def requirements(draw: st.DrawFn) -> Requirement:
    """Any requirement that can be stated."""
    operator = draw(st.sampled_from(["In", "NotIn", "Exists", "DoesNotExist"]))
    values = st.lists(label_words, min_size=1, max_size=3)
    return Requirement(draw(label_keys), operator, tuple(draw(values)) if "In" in operator else ())


@given(st.lists(requirements(), min_size=1, max_size=4))
def test_what_is_printed_is_read_again(stated: list[Requirement]) -> None:
    """Printing and reading are the same syntax."""
    selector = LabelSelector(tuple(stated))
    assert parse_selector(str(selector)) == selector


@given(st.text(st.sampled_from("ab/.-_=!, ()in\n\u0663"), max_size=30))
def test_any_text_is_a_selector_or_refused(text: str) -> None:
    """There is no third way, and what is read can be printed and read again."""
    try:
        selector = parse_selector(text)
    except ValueError:
        return
    assert selector.requirements
    assert parse_selector(str(selector)) == selector


@pytest.mark.parametrize("count", [10, 100, 330])
@pytest.mark.parametrize("form", ["a in ({}!)", "a in ({}", "a in ({}))", "{}", "a=b{}!"])
def test_a_selector_is_gone_through_once(count: int, form: str) -> None:
    """Whatever it is filled with: a search that tries all ways through it never comes back."""
    for filling in ("  ,", " ,", "a,", "a ", "-a", ","):
        with pytest.raises(ValueError, match="is no label selector"):
            parse_selector(form.format(filling * count))
