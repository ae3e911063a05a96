"""Components: named groups, and how many of their members must be up."""

from __future__ import annotations

from dataclasses import replace

import pytest

from k8s_heartbeat.core import Health, Policy, Summary, Threshold, summarize
from k8s_heartbeat.core.checks.component import Component, Member, check_component
from k8s_heartbeat.core.checks.reader import (
    Deadline,
    Forbidden,
    NotServed,
    ReadError,
    Reading,
    ReadTimeout,
    UpstreamError,
)
from k8s_heartbeat.core.checks.result import SelectionResult
from k8s_heartbeat.core.checks.selection import Selection
from k8s_heartbeat.core.kinds import POD
from k8s_heartbeat.core.query import Query
from k8s_heartbeat.core.rules import WORKLOADS
from k8s_heartbeat.core.selectors import parse_selector
from tests.builders import NOW, Manifest, deployment, stateful_set
from tests.unit.core.checks.shelf import DEADLINE, MOMENT, Shelf, named

API, DB = Member(("shop",), "deploy", "api"), Member(("shop",), "sts", "db")
ALL = Member(("shop",))
WIDGET: Manifest = {
    "apiVersion": "example.com/v1",
    "kind": "Widget",
    "metadata": {"name": "one", "namespace": "shop"},
    "status": {"conditions": [{"type": "Ready", "status": "True"}]},
}
WIDGETS: Manifest = {
    "name": "widgets",
    "kind": "Widget",
    "group": "example.com",
    "version": "v1",
    "namespaced": True,
}


def checked(
    shelf: Shelf, *members: Member, up: Threshold | None = None, policy: Policy = Policy()
) -> SelectionResult:
    """What the component of these members holds."""
    component = Component("checkout", "Checkout", members, up, policy)
    return check_component(shelf, component, now=NOW, deadline=DEADLINE)


def summed(shelf: Shelf, *members: Member, up: Threshold | None = None) -> Summary:
    """The verdict on the component of these members."""
    return summarize(checked(shelf, *members, up=up).assessments, up)


def webs(serving: int, count: int = 4) -> list[Manifest]:
    """So many Deployments, of which so many serve."""
    return [
        named(deployment(1, 1 if number < serving else 0), f"web-{number}")
        for number in range(count)
    ]


def test_members_are_checked_by_name() -> None:
    """One reading for each that is well."""
    shelf = Shelf([deployment(), stateful_set()])
    found = checked(shelf, API, DB)
    assert [(entry.kind, entry.name, entry.health) for entry in found.assessments] == [
        ("Deployment", "api", "healthy"),
        ("StatefulSet", "db", "healthy"),
    ]
    assert shelf.asked == ["deployments shop/api", "statefulsets shop/db"]


def test_a_member_that_vanished_is_missing() -> None:
    """Whatever else is well, the component is not up."""
    group = summed(Shelf([deployment()]), API, DB)
    assert (group.health, group.up) == ("missing", False)
    assert [(item.name, item.health) for item in group.items] == [
        ("db", "missing"),
        ("api", "healthy"),
    ]


FORBIDDEN = Forbidden("deployments", "not for us")
FAULTS = [UpstreamError("deployments", "it broke"), ReadTimeout("deployments", "it hung")]


def test_a_member_that_may_not_be_seen_is_missing_too() -> None:
    """It is told like one that does not exist."""
    hidden = checked(Shelf(errors={"deployments": FORBIDDEN}), API)
    assert hidden == checked(Shelf(), API)


@pytest.mark.parametrize("error", FAULTS)
def test_of_what_nothing_could_be_read_nothing_is_made_up(error: ReadError) -> None:
    """It is an error, as it is for one object."""
    with pytest.raises(type(error)):
        checked(Shelf([deployment()], {"deployments": error}), API)
    with pytest.raises(type(error)):
        checked(Shelf(errors={kind.plural: error for kind in WORKLOADS}), ALL, ALL)


@pytest.mark.parametrize("error", FAULTS)
def test_a_member_that_cannot_be_read_is_an_unknown_one(error: ReadError) -> None:
    """The others are judged; what could not be read is named."""
    shelf = Shelf([deployment(), stateful_set()], {"deployments": error})
    unread, well = checked(shelf, API, DB).assessments
    assert (unread.health, unread.up, unread.reason) == ("unknown", False, "EvidenceUnread")
    assert (unread.name, unread.message) == ("api", f"deployments: {error.problem}")
    assert [(cause.reason, cause.message) for cause in unread.causes] == [
        ("ReadFailed", error.problem)
    ]
    assert (well.name, well.health) == ("db", "healthy")


@pytest.mark.parametrize("error", [*FAULTS, FORBIDDEN])
def test_a_list_that_cannot_be_read_is_an_unknown_member(error: ReadError) -> None:
    """Of a part of the lists as well as of all of one entry."""
    well, unread = checked(
        Shelf([deployment(), stateful_set()], {"deployments": error}), ALL
    ).assessments
    assert (well.name, well.health) == ("db", "healthy")
    assert (unread.health, unread.kind, unread.reason) == (
        "unknown",
        "Deployment",
        "EvidenceUnread",
    )
    assert unread.message == f"deployments in shop could not be read: {error.problem}"
    assert [cause.kind for cause in unread.causes] == ["Deployment"]


@pytest.mark.parametrize(
    ("member", "message"),
    [
        (ALL, "no workload in shop matched"),
        (Member(("shop",), "deploy"), "no deploy in shop matched"),
        (Member(("",), "deploy"), "no deploy in any namespace matched"),
        (
            Member(("shop",), selector=parse_selector("app=web")),
            "no workload in shop with app=web matched",
        ),
    ],
)
def test_an_entry_that_nothing_matches_is_an_unknown_member(member: Member, message: str) -> None:
    """A component never becomes well by what has vanished from it."""
    found = checked(Shelf([stateful_set()] if member.kind else []), member)
    (entry,) = found.assessments
    assert (entry.health, entry.up, entry.reason) == ("unknown", False, "NothingMatched")
    assert entry.message == message


def test_an_entry_of_which_nothing_may_be_listed_is_unknown() -> None:
    """That is no error, as little as an object that may not be seen is one."""
    own = [kind for kind in WORKLOADS if "." not in kind.group]
    unserved = NotServed("kind", "there is none")
    for other, unread in ((FORBIDDEN, WORKLOADS), (unserved, own)):
        errors: dict[str, ReadError] = {kind.plural: other for kind in WORKLOADS}
        errors |= {kind.plural: FORBIDDEN for kind in own}
        found = checked(Shelf([deployment()], errors), ALL).assessments
        assert {(entry.health, entry.reason) for entry in found} == {("unknown", "EvidenceUnread")}
        assert [entry.kind for entry in found] == [kind.kind for kind in unread]


def test_two_entries_that_match_nothing_are_two_members() -> None:
    """Each says what it looked for."""
    found = checked(Shelf(), ALL, Member(("shop",), "deploy"), Member(("other",)))
    assert len(found.assessments) == 3


def test_an_entry_may_be_of_several_namespaces() -> None:
    """A namesake in each is a member of its own; one that is not there is missing."""
    shelf = Shelf([named(deployment(), "api", "one"), named(deployment(), "api", "two")])
    found = checked(shelf, Member(("one", "two", "three"), "deploy", "api"))
    assert [(entry.namespace, entry.health) for entry in found.assessments] == [
        ("one", "healthy"),
        ("two", "healthy"),
        ("three", "missing"),
    ]


def test_whom_two_entries_name_counts_once() -> None:
    """Otherwise the threshold would count it twice."""
    assert len(checked(Shelf([deployment(), stateful_set()]), API, ALL).assessments) == 2


def test_it_says_what_it_is() -> None:
    """For errors and logs."""
    assert str(Component("checkout", "Checkout", (API,))) == "component checkout"
    assert str(Selection("shop")) == "workloads in shop"
    assert str(Selection(kinds=(POD,))) == "pods in all namespaces"


def test_where_no_time_is_left_nothing_is_said_of_a_member() -> None:
    """That there was none says nothing about the cluster."""
    shelf = Shelf(errors={"deployments": ReadTimeout("deployments", "no answer")})
    component = Component("checkout", "Checkout", (API,))
    with pytest.raises(ReadTimeout):
        check_component(shelf, component, now=NOW, deadline=Deadline(MOMENT, DEADLINE.clock))


class Changing(Shelf):
    """Whose Deployment fails between the two readings of it."""

    def read(self, query: Query, deadline: Deadline) -> Reading:
        """By its name it is down."""
        found = super().read(query, deadline)
        return replace(found, objects=(deployment(3, 0),)) if query.name else found


@pytest.mark.parametrize("members", [(API, ALL), (ALL, API)])
def test_of_two_readings_of_a_member_the_worse_counts(members: tuple[Member, ...]) -> None:
    """Whatever the order of the entries that name it."""
    (member,) = checked(Changing([deployment()]), *members).assessments
    assert (member.health, member.up) == ("down", False)


def test_members_may_be_selected_by_their_labels() -> None:
    """And by a word for their kind."""
    shelf = Shelf(
        [
            named(deployment(), "web", labels={"part": "checkout"}),
            named(deployment(), "other", labels={"part": "search"}),
            named(stateful_set(), "db", labels={"part": "checkout"}),
        ]
    )
    selector = parse_selector("part=checkout")
    names = [
        entry.name for entry in checked(shelf, Member(("shop",), selector=selector)).assessments
    ]
    assert names == ["web", "db"]
    (entry,) = checked(shelf, Member(("shop",), "sts", selector=selector)).assessments
    assert entry.name == "db"


def test_a_kind_may_be_one_that_only_the_cluster_knows() -> None:
    """Its word is looked up in what is served; what is not served is an unknown member."""
    shelf = Shelf([WIDGET], resources=[WIDGETS])
    (entry,) = checked(shelf, Member(("shop",), "widget", "one")).assessments
    assert (entry.kind, entry.health) == ("Widget", "healthy")
    (unserved,) = checked(shelf, Member(("shop",), "sprocket", "one")).assessments
    assert (unserved.health, unserved.up, unserved.reason) == ("unknown", False, "NotServed")
    assert (unserved.kind, unserved.namespace, unserved.name) == ("sprocket", "shop", "one")
    assert "kubectl api-resources" in unserved.message


@pytest.mark.parametrize(
    ("member", "reason"),
    [
        (API, "NotServed"),
        (Member(("shop",), "deploy"), "NotServed"),
        (ALL, "EvidenceUnread"),
    ],
    ids=["by name", "by kind", "all"],
)
def test_a_kind_that_is_not_served_is_an_unknown_member(member: Member, reason: str) -> None:
    """Also where only its list tells."""
    errors = {"deployments": NotServed("deployments", "there is none")}
    (entry,) = checked(Shelf(errors=errors), member).assessments
    assert (entry.health, entry.up, entry.reason) == ("unknown", False, reason)
    assert entry.message.endswith(": there is none")


@pytest.mark.parametrize("member", [Member(("shop",), "node", "one"), Member(("shop",), "node")])
def test_what_stands_in_no_namespace_is_not_found_in_one(member: Member) -> None:
    """The configuration cannot know it; whoever reads the answer can."""
    (entry,) = checked(Shelf(), member).assessments
    assert (entry.health, entry.namespace) == ("unknown", "shop")
    assert "is cluster-scoped" in entry.message


@pytest.mark.parametrize(
    ("up", "serving", "needed", "is_up"),
    [
        (None, 4, 4, True),
        (None, 3, 4, False),
        (Threshold(2), 2, 2, True),
        (Threshold(2), 1, 2, False),
        (Threshold(50, percent=True), 2, 2, True),
        (Threshold(50, percent=True), 1, 2, False),
        (Threshold(51, percent=True), 2, 3, False),
        (Threshold(1, percent=True), 1, 1, True),
        (Threshold(1, percent=True), 0, 1, False),
        (Threshold(100, percent=True), 4, 4, True),
    ],
)
def test_so_many_members_must_be_up(
    up: Threshold | None, serving: int, needed: int, is_up: bool
) -> None:
    """A number, a percentage rounded up, or all of them; what is up is degraded at worst."""
    group = summed(Shelf(webs(serving)), ALL, up=up)
    assert (group.needed, group.up) == (needed, is_up)
    expected = "degraded" if is_up else "down"
    assert group.health == ("healthy" if serving == 4 else expected)


@pytest.mark.parametrize(
    ("up", "is_up"),
    [(Threshold(2), True), (Threshold(3), False), (Threshold(50, percent=True), False)],
)
def test_a_share_of_nobody_knows_how_many_is_not_reached(up: Threshold, is_up: bool) -> None:
    """A list that was cut short may hold any number of members that are down."""
    group = summed(Shelf(webs(2, 2), truncated=["deployments"]), ALL, up=up)
    assert (group.health, group.up) == ("degraded" if is_up else "unknown", is_up)


def test_too_few_members_are_no_component() -> None:
    """All may be well, and yet they are too few."""
    group = summed(Shelf(webs(2, 2)), ALL, up=Threshold(3))
    assert (group.health, group.up, group.reason) == ("down", False, "TooFewMembers")


def test_the_policy_is_the_components_own() -> None:
    """For members by name and for those of a list."""
    for member in (API, ALL):
        (entry,) = checked(
            Shelf([deployment(0)]), member, policy=Policy(zero=Health.DOWN)
        ).assessments
        assert entry.health == "down"


def test_the_oldest_reading_is_the_age_of_all() -> None:
    """And one that is stale makes them all stale."""
    shelf = Shelf([deployment(), stateful_set()], ages={"deployments": 1.0, "statefulsets": 6.0})
    for members, age, stale in (
        ((API,), 1.0, False),
        ((DB, API), 6.0, True),
        ((API, ALL), 6.0, True),
    ):
        worth = checked(shelf, *members).worth(MOMENT)
        assert (worth.age(MOMENT), worth.stale) == (age, stale)
    for plural in ("deployments", "statefulsets"):
        gone = Forbidden(plural, "not for us")
        gone.began = MOMENT - 4.0
        hidden = Shelf([stateful_set()], {plural: gone})
        assert checked(hidden, API, DB).worth(MOMENT).age(MOMENT) == 4.0
        assert checked(hidden, ALL).worth(MOMENT).age(MOMENT) == 4.0


def test_one_object_is_named_by_its_kind_too() -> None:
    """Otherwise nobody knows what is meant."""
    with pytest.raises(ValueError, match="kind: deployment, name: api"):
        Member(("shop",), name="api")


def test_kinds_of_two_groups_that_share_their_name_are_two_members() -> None:
    """A Knative Service makes a core one of the same name: each has its verdict."""
    core: Manifest = {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "api", "namespace": "shop", "uid": "svc"},
        "spec": {"selector": {"app": "api"}},
        "status": {"loadBalancer": {}},
    }
    knative: Manifest = {
        "apiVersion": "serving.knative.dev/v1",
        "kind": "Service",
        "metadata": {"name": "api", "namespace": "shop", "uid": "ksvc"},
        "spec": {},
        "status": {"conditions": [{"type": "Ready", "status": "True"}]},
    }

    class Both(Shelf):
        def read(self, query: Query, deadline: Deadline) -> Reading:
            if query.kind.kind != "Service":
                return super().read(query, deadline)
            return Reading((knative if "." in query.kind.group else core,), MOMENT)

    members = [Member(("shop",), word, "api") for word in ("service", "ksvc")]
    for order in (members, members[::-1]):
        summary = summed(Both(), *order)
        assert (summary.up, len(summary.items)) == (False, 2)
