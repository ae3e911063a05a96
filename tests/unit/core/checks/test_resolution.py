"""Which kind a word means."""

from __future__ import annotations

import pytest

from k8s_heartbeat.core import RULES, Kind, Rule
from k8s_heartbeat.core.checks.reader import NotServed, ReadError, ReadTimeout, UpstreamError
from k8s_heartbeat.core.checks.resolution import KindWord, resolve
from k8s_heartbeat.core.query import InvalidQuery
from tests.builders import Manifest
from tests.unit.core.checks.shelf import DEADLINE, Shelf
from tests.unit.core.checks.test_selection import judge_anything


def resource(kind: str, group: str = "", version: str = "v1", **more: object) -> Manifest:
    """An APIResource of the discovery API."""
    return {
        "name": f"{kind.lower()}s",
        "kind": kind,
        "group": group,
        "version": version,
        "namespaced": True,
        **more,
    }


ROUTES = [
    resource("Route", "route.openshift.io"),
    resource("Route", "serving.knative.dev", shortNames=["rt"]),
]
SERVED = Shelf(
    resources=[
        resource("Widget", "example.com", shortNames=["wi"]),
        resource("Widget", "example.com", "v1beta1"),
        resource("Widget", "other.example"),
        resource("Cloud", "example.com", namespaced=False),
        {"name": "widgets/status", "kind": "Widget", "version": "v1"},
        {"odd": True},
        *ROUTES,
    ]
)


@pytest.mark.parametrize("word", ["deploy", "Deployments", "STS", "pods", "ksvc", "node"])
def test_a_well_known_word_needs_no_cluster(word: str) -> None:
    """Nothing is read for it."""
    shelf = Shelf()
    assert resolve(KindWord(word), shelf, DEADLINE) == RULES.kind_called(word)
    assert shelf.discoveries == 0


@pytest.mark.parametrize(
    ("word", "group", "version"),
    [
        ("widget", "example.com", "v1"),
        ("WIDGETS", "example.com", "v1"),
        ("wi", "example.com", "v1"),
        ("widgets.example.com", "example.com", "v1"),
        ("widgets.v1beta1.example.com", "example.com", "v1beta1"),
        ("widget.other.example", "other.example", "v1"),
    ],
)
def test_any_other_word_means_what_the_cluster_says(word: str, group: str, version: str) -> None:
    """In the cluster's order of preference, or as the word itself says."""
    found = resolve(KindWord(word), SERVED, DEADLINE)
    assert (found.kind, found.plural, found.group, found.version) == (
        "Widget",
        "widgets",
        group,
        version,
    )


def test_what_stands_in_no_namespace_is_told_so() -> None:
    """As the cluster says."""
    assert not resolve(KindWord("cloud"), SERVED, DEADLINE).namespaced


def test_a_word_that_two_groups_share_is_the_clusters_to_say() -> None:
    """The first that it serves; one that has a rule is read as the rule says."""
    assert resolve(KindWord("route"), SERVED, DEADLINE).group == "route.openshift.io"
    knative = resolve(KindWord("route"), Shelf(resources=ROUTES[::-1]), DEADLINE)
    assert knative == RULES.kind_called("routes.serving.knative.dev")


def test_another_version_of_a_kind_with_a_rule_is_read_as_it_is_served() -> None:
    """The rule covers the group; the path is that of the version that was asked for."""
    shelf = Shelf(resources=[resource("Deployment", "apps", "v1beta1")])
    found = resolve(KindWord("deployments.v1beta1.apps"), shelf, DEADLINE)
    assert found.api_version == "apps/v1beta1"


def test_rules_of_ones_own_are_known_too() -> None:
    """Their words need no cluster."""
    own = Kind("Gadget", "gadgets", "example.com", "v1")
    shelf = Shelf()
    assert (
        resolve(KindWord("gadget"), shelf, DEADLINE, RULES.with_rules(Rule(own, judge_anything)))
        is own
    )
    assert shelf.discoveries == 0


@pytest.mark.parametrize("word", ["", "a b", "../x", "wïdget", "-a", "x" * 300])
def test_what_is_no_word_is_refused_before_any_reading(word: str) -> None:
    """In words that can be printed."""
    with pytest.raises(InvalidQuery, match=r"^kind: .* such as deployment") as refused:
        KindWord(word)
    assert refused.value.field == "kind"
    assert str(refused.value).isascii()
    assert len(str(refused.value)) < 200


def test_a_word_prints_as_it_was_written() -> None:
    """In whatever case."""
    assert str(KindWord("Deploy")) == "Deploy"


@pytest.mark.parametrize("word", ["sprocket", "widgets.nobody.example", "status", "rt.example.com"])
def test_what_is_not_served_is_told(word: str) -> None:
    """With the command that lists what is."""
    with pytest.raises(NotServed, match=r"^kind: .* kubectl api-resources"):
        resolve(KindWord(word), SERVED, DEADLINE)


@pytest.mark.parametrize(
    "error", [UpstreamError("kinds", "it broke"), ReadTimeout("kinds", "it hung")]
)
def test_what_cannot_be_looked_up_is_an_error(error: ReadError) -> None:
    """It is not said that there is no such kind."""
    with pytest.raises(type(error)):
        resolve(KindWord("widget"), Shelf(errors={"discovery": error}), DEADLINE)


def test_what_may_be_served_by_a_part_that_does_not_answer_is_no_absence() -> None:
    """A kind that is not found is unknown then, and one that is found is found."""
    shelf = Shelf(resources=SERVED.resources, truncated=["discovery"])
    assert resolve(KindWord("widget"), shelf, DEADLINE).kind == "Widget"
    with pytest.raises(UpstreamError, match="does not answer"):
        resolve(KindWord("sprocket"), shelf, DEADLINE)
