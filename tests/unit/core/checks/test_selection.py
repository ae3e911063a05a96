"""Many objects as one: which are members, what is read for them, how each is judged."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import pytest

from k8s_heartbeat.core import (
    RULES,
    Activity,
    Assessment,
    Context,
    Health,
    Kind,
    Policy,
    Rule,
    Rules,
    Source,
    Verdict,
    assess,
)
from k8s_heartbeat.core.assessment import Cause
from k8s_heartbeat.core.checks.members import open_ends
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
from k8s_heartbeat.core.checks.selection import Selection, check_selection
from k8s_heartbeat.core.evidence import Evidence
from k8s_heartbeat.core.gap import Gap, GapReason
from k8s_heartbeat.core.kinds import POD
from k8s_heartbeat.core.query import InvalidQuery, Query
from k8s_heartbeat.core.related import RelatedObjects, names_of
from k8s_heartbeat.core.rules import WORKLOADS
from k8s_heartbeat.core.selectors import parse_selector
from tests.builders import (
    NOW,
    Manifest,
    container,
    daemon_set,
    deployment,
    event,
    owner,
    pod,
    replica_set,
    stateful_set,
    waiting,
)
from tests.unit.core.checks.shelf import DEADLINE, MOMENT, Shelf, named

DEPLOYMENT, STATEFUL_SET, DAEMON_SET, REPLICA_SET = (
    next(kind for kind in WORKLOADS if kind.kind == name)
    for name in ("Deployment", "StatefulSet", "DaemonSet", "ReplicaSet")
)
OTHERS = [kind for kind in WORKLOADS if "." in kind.group]
SHOP = Selection("shop")
LISTS = [f"{kind.plural} in shop" for kind in WORKLOADS]


def found_in(
    reader: Shelf,
    selection: Selection = SHOP,
    *,
    policy: Policy = Policy(),
    rules: Rules = RULES,
) -> SelectionResult:
    """What a selection holds."""
    return check_selection(
        reader, selection, now=NOW, deadline=DEADLINE, policy=policy, rules=rules
    )


def names(found: SelectionResult) -> list[str]:
    """The members, as kind and name."""
    return [f"{entry.kind}/{entry.name}" for entry in found.assessments]


def only(found: SelectionResult) -> Assessment:
    """The one member."""
    (entry,) = found.assessments
    return entry


def broken_pod(owned_by: str, name: str = "api-1") -> Manifest:
    """A pod without its image."""
    status = container(state=waiting("ErrImagePull"))
    return pod(name, phase="Pending", ready=False, containers=[status], owned_by=owned_by)


class TestMembers:
    """What counts, and what is judged with something else that counts."""

    def test_what_a_workload_controls_is_no_member_beside_it(self) -> None:
        """A Deployment answers for its ReplicaSets and pods, a StatefulSet for its pods."""
        shelf = Shelf(
            [
                pod("api-1", owned_by="api-rs"),
                replica_set(),
                deployment(),
                stateful_set(),
                pod("db-0", owned_by="db"),
                daemon_set(),
            ]
        )
        assert names(found_in(shelf)) == ["Deployment/api", "StatefulSet/db", "DaemonSet/agent"]

    def test_what_nothing_listed_controls_is_a_member(self) -> None:
        """A pod of nobody, and one of an owner of a kind that no one judges."""
        shelf = Shelf([pod("bare"), pod("robot-1", owned_by="robot"), replica_set(owned_by="gone")])
        assert names(found_in(shelf)) == ["ReplicaSet/api-rs", "Pod/bare", "Pod/robot-1"]

    def test_an_owner_that_does_not_control_answers_for_nothing(self) -> None:
        """Only the reference whose controller is true says who manages an object."""
        guest = pod("guest")
        guest["metadata"]["ownerReferences"] = [owner("api", controller=False)]
        assert names(found_in(Shelf([deployment(), guest]))) == ["Deployment/api", "Pod/guest"]

    def test_a_cron_jobs_jobs_and_their_pods_are_no_members(self) -> None:
        """A chain of owners is followed to its top."""
        shelf = Shelf(
            [
                thing("CronJob", "nightly", "batch/v1"),
                thing("Job", "nightly-1", "batch/v1", owned_by="nightly"),
                pod("nightly-1-a", owned_by="nightly-1"),
                thing("Job", "once", "batch/v1"),
                pod("once-a", owned_by="once", phase="Succeeded"),
            ]
        )
        assert sorted(names(found_in(shelf))) == ["CronJob/nightly", "Job/once"]

    @pytest.mark.parametrize("phase", ["Succeeded", "Failed"])
    def test_a_finished_pod_of_any_owner_is_no_member(self, phase: str) -> None:
        """It is a run of whatever controls it, even if that is not judged; one of nobody counts."""
        ended = [pod("run-1", phase=phase, owned_by="workflow"), pod("bare", phase=phase)]
        assert names(found_in(Shelf(ended))) == ["Pod/bare"]

    def test_an_owner_may_keep_an_object_out(self) -> None:
        """With the annotation, and with what the object controls."""
        ignored = deployment(3, 0)
        ignored["metadata"]["annotations"] = {"k8s-heartbeat.io/ignore": "true"}
        shelf = Shelf([ignored, replica_set(), broken_pod("api-rs"), stateful_set()])
        assert names(found_in(shelf)) == ["StatefulSet/db"]

    @pytest.mark.parametrize("value", ["false", "True", "", True, None])
    def test_only_the_word_true_keeps_an_object_out(self, value: object) -> None:
        """A typing error hides nothing."""
        kept = deployment()
        kept["metadata"]["annotations"] = {"k8s-heartbeat.io/ignore": value}
        assert names(found_in(Shelf([kept]))) == ["Deployment/api"]

    def test_what_is_chosen_is_what_counts(self) -> None:
        """Pods by themselves are members: nothing that was listed answers for them."""
        shelf = Shelf([deployment(), replica_set(), pod("api-1", owned_by="api-rs")])
        assert names(found_in(shelf, Selection("shop", (POD,)))) == ["Pod/api-1"]
        both = Selection("shop", (POD, DEPLOYMENT))
        assert names(found_in(shelf, both)) == ["Deployment/api"]

    def test_what_stands_between_chosen_kinds_is_read_and_no_member(self) -> None:
        """Without ReplicaSets nobody could tell whose pods they are; they do not count."""
        shelf = Shelf(
            [deployment(), replica_set(), pod("api-1", owned_by="api-rs"), replica_set(name="lone")]
        )
        found = found_in(shelf, Selection("shop", (POD, DEPLOYMENT)))
        assert names(found) == ["Deployment/api"]
        assert shelf.asked == ["pods in shop", "deployments in shop", "replicasets in shop"]

    def test_a_selector_does_not_bring_in_what_a_member_controls(self) -> None:
        """Pods bear the labels of a template, of which the Deployment may have none."""
        labelled = {"app": "api"}
        replicas = replica_set()
        replicas["metadata"]["labels"] = labelled
        owned = named(pod(owned_by="api-rs"), "api-1", labels=labelled)
        shelf = Shelf([deployment(), replicas, owned])
        found = found_in(shelf)
        assert found.listed == 3
        assert found.narrowed(selector=parse_selector("app=api")).assessments == ()

    def test_a_selector_goes_by_the_members_own_labels(self) -> None:
        """And costs no other reading than none does."""
        shelf = Shelf(
            [
                named(deployment(), "web", labels={"tier": "front"}),
                named(deployment(), "db", labels={"tier": "back"}),
                named(deployment(), "bare"),
                named(deployment(), "odd", labels={"tier": 7}),
            ]
        )
        found = found_in(shelf).narrowed(selector=parse_selector("tier in (front,middle)"))
        assert names(found) == ["Deployment/web"]
        assert shelf.asked == LISTS

    def test_nothing_is_found_where_nothing_is(self) -> None:
        """What that means is the matter of `summarize`."""
        found = found_in(Shelf())
        assert (found.assessments, found.listed, found.failure()) == ((), 0, None)

    def test_every_namespace_is_looked_into(self) -> None:
        """Namesakes in two namespaces are two members."""
        shelf = Shelf([named(deployment(), "api", "one"), named(deployment(3, 0), "api", "two")])
        found = found_in(shelf, Selection())
        assert [(entry.namespace, entry.health) for entry in found.assessments] == [
            ("one", "healthy"),
            ("two", "down"),
        ]
        assert all("all namespaces" in asked for asked in shelf.asked)

    def test_rules_of_ones_own_count(self) -> None:
        """A workload that somebody else judges is a member like any other, and listed once."""
        own = Rule(Kind("Deployment", "deployments", "apps", "v1"), judge_anything, workload=True)
        shelf = Shelf([thing("Widget", "one"), deployment(3, 0)])
        found = found_in(shelf, rules=RULES.with_rules(WIDGET_RULE, own))
        assert [(entry.name, entry.health) for entry in found.assessments] == [
            ("one", "healthy"),
            ("api", "healthy"),
        ]
        assert shelf.asked.count("deployments in shop") == 1

    def test_a_rule_of_ones_own_may_take_a_kind_out(self) -> None:
        """Of two rules for a kind the first says whether it is a workload."""
        rules = RULES.with_rules(Rule(POD, judge_anything))
        assert found_in(Shelf([pod()]), rules=rules).assessments == ()


def judge_anything(source: Source, context: Context) -> Verdict:
    """Whatever it is, it is well."""
    return Verdict(Health.HEALTHY, Activity.STEADY, True, "Exists", "it exists")


WIDGET = Kind("Widget", "widgets", "example.com", "v1")
WIDGET_RULE = Rule(WIDGET, judge_anything, workload=True)


def thing(
    kind: str, name: str, api_version: str = "example.com/v1", *, owned_by: str = ""
) -> Manifest:
    """An object of any kind."""
    made: Manifest = {
        "apiVersion": api_version,
        "kind": kind,
        "metadata": {"name": name, "namespace": "shop", "uid": name},
        "status": {},
    }
    if owned_by:
        made["metadata"]["ownerReferences"] = [owner(owned_by, kind="Any")]
    return made


class TestReadings:
    """One list for each kind, whatever is asked."""

    def test_what_is_well_costs_one_list_of_each_kind(self) -> None:
        """Nothing is to be explained."""
        shelf = Shelf([deployment(), stateful_set(), pod("bare")])
        found_in(shelf)
        assert shelf.asked == LISTS

    def test_what_is_not_well_costs_the_warnings_besides(self) -> None:
        """Its pods are at hand already, however many are not well."""
        shelf = Shelf([named(deployment(3, 0), f"web-{number}") for number in range(50)])
        found_in(shelf)
        assert shelf.asked == [*LISTS, "events in shop"]

    def test_what_explains_a_chosen_kind_is_read_once(self) -> None:
        """Without a selector: the next caller with another one finds the same lists."""
        shelf = Shelf([deployment(3, 0), named(deployment(3, 0), "web")])
        found_in(shelf, Selection("shop", (DEPLOYMENT,)))
        assert shelf.asked == [
            "deployments in shop",
            "replicasets in shop",
            "pods in shop",
            "events in shop",
        ]

    def test_a_kind_that_stands_in_no_namespace_is_refused_before_any_reading(self) -> None:
        """Also when it is the second one that is asked for."""
        shelf = Shelf()
        node = RULES.kind_called("node")
        assert node is not None
        with pytest.raises(InvalidQuery, match="Node"):
            found_in(shelf, Selection("shop", (DEPLOYMENT, node)))
        assert shelf.asked == []

    def test_a_namespace_that_cannot_be_is_refused_before_any_reading(self) -> None:
        """As in a query for one object."""
        shelf = Shelf()
        with pytest.raises(InvalidQuery, match="namespace"):
            found_in(shelf, Selection("Shop"))
        assert shelf.asked == []

    def test_the_oldest_reading_is_the_age_of_all(self) -> None:
        """And one that is stale makes them all stale."""
        shelf = Shelf([deployment()], ages={"deployments": 2.0, "pods": 3.5})
        worth = found_in(shelf).worth(MOMENT)
        assert (worth.age(MOMENT), worth.stale) == (3.5, False)
        shelf.ages = {"deployments": 7.0, "pods": 3.5}
        worth = found_in(shelf).worth(MOMENT)
        assert (worth.age(MOMENT), worth.stale) == (7.0, True)

    @pytest.mark.parametrize(
        ("selection", "errors", "old"),
        [
            pytest.param(
                Selection("shop", (POD, DEPLOYMENT)), {}, "replicasets", id="who controls what"
            ),
            pytest.param(
                SHOP,
                {kind.plural: Forbidden("rollouts", "not for us") for kind in OTHERS},
                "discovery",
                id="what the cluster serves",
            ),
        ],
    )
    def test_what_says_who_is_a_member_counts_for_the_age(
        self, selection: Selection, errors: dict[str, ReadError], old: str
    ) -> None:
        """Though no member is in it."""
        shelf = Shelf([deployment()], errors, ages={old: 4.0})
        assert found_in(shelf, selection).worth(MOMENT).age(MOMENT) == 4.0

    def test_a_member_is_as_old_as_what_it_was_judged_and_explained_by(self) -> None:
        """And one that needed neither is as old as its list."""
        short, well = named(deployment(3, 2), "short"), named(stateful_set(), "well")
        shelf = Shelf([short, well], ages={"events": 6.0, "deployments": 1.0})
        ages = {
            member.assessment.name: (member.worth.age(MOMENT), member.worth.stale)
            for member in found_in(shelf).members
        }
        assert ages == {"short": (6.0, True), "well": (0.0, False)}


FORBIDDEN = Forbidden("pods in shop", "not for us")
FAULTS = [UpstreamError("pods in shop", "it broke"), ReadTimeout("pods in shop", "it hung")]
UNSERVED = NotServed("pods in shop", "there is none")


def served(*kinds: Kind) -> list[Manifest]:
    """What discovery says of kinds that are served."""
    return [
        {
            "name": kind.plural,
            "kind": kind.kind,
            "group": kind.group,
            "version": kind.version,
            "namespaced": kind.namespaced,
        }
        for kind in kinds
    ]


class TestFailures:
    """What could not be read is no good news."""

    @pytest.mark.parametrize(
        ("error", "reason"),
        [
            (FORBIDDEN, "Forbidden"),
            *((error, "ReadFailed") for error in FAULTS),
        ],
    )
    def test_a_list_that_cannot_be_read_is_an_unknown_member(
        self, error: ReadError, reason: str
    ) -> None:
        """The others are judged."""
        found = found_in(Shelf([deployment()], {"statefulsets": error}))
        assert names(found) == ["Deployment/api", "StatefulSet/"]
        unread = found.assessments[1]
        assert (unread.health, unread.up, unread.reason) == ("unknown", False, "EvidenceUnread")
        assert unread.namespace == "shop"
        assert unread.message == f"statefulsets in shop could not be read: {error.problem}"
        assert unread.causes == (Cause(reason, "StatefulSet", "", error.problem),)
        assert found.failure() is None

    def test_where_nothing_could_be_read_there_is_an_error_too(self) -> None:
        """As for one object; that the API server fails is said before that it refuses."""
        errors: dict[str, ReadError] = {kind.plural: FORBIDDEN for kind in WORKLOADS}
        assert isinstance(found_in(Shelf(errors=errors)).failure(), Forbidden)
        errors["pods"] = FAULTS[0]
        assert isinstance(found_in(Shelf(errors=errors)).failure(), UpstreamError)
        chosen = found_in(Shelf(errors=errors), Selection("shop", (POD, DEPLOYMENT)))
        assert isinstance(chosen.failure(), UpstreamError)

    def test_a_failure_is_that_of_the_lists_in_sight(self) -> None:
        """Whoever sees nothing else has read nothing."""
        found = found_in(Shelf([deployment()], {"pods": FORBIDDEN}))
        assert found.failure() is None
        assert isinstance(found.narrowed(Kinds(POD)).failure(), Forbidden)
        assert found.narrowed(Kinds()).failure() is None

    @pytest.mark.parametrize(
        ("error", "shelf"),
        [
            (UNSERVED, Shelf([deployment()])),
            (FORBIDDEN, Shelf([deployment()], resources=served(POD, DEPLOYMENT))),
        ],
    )
    def test_another_projects_workload_that_the_cluster_does_not_serve_is_none(
        self, error: ReadError, shelf: Shelf
    ) -> None:
        """The API server refuses before it looks whether it serves a kind: discovery tells."""
        assert OTHERS
        shelf.errors = {kind.plural: error for kind in OTHERS}
        assert names(found_in(shelf)) == ["Deployment/api"]

    @pytest.mark.parametrize(
        "shelf",
        [
            pytest.param(Shelf(resources=served(*OTHERS)), id="it is served"),
            pytest.param(Shelf(truncated=["discovery"]), id="part of the API does not answer"),
            pytest.param(Shelf(errors={"discovery": FAULTS[0]}), id="none of it does"),
        ],
    )
    def test_another_projects_workload_that_may_not_be_listed_is_unknown(
        self, shelf: Shelf
    ) -> None:
        """Unless it is known that there is none."""
        shelf.objects = [deployment()]
        shelf.errors = {**shelf.errors, **{kind.plural: FORBIDDEN for kind in OTHERS}}
        unread = [f"{kind.kind}/" for kind in OTHERS]
        assert names(found_in(shelf)) == ["Deployment/api", *unread]

    @pytest.mark.parametrize("error", FAULTS)
    def test_another_projects_workload_whose_list_fails_is_unknown(self, error: ReadError) -> None:
        """A server that fails has not said that there is none."""
        shelf = Shelf([deployment()], {OTHERS[0].plural: error})
        assert names(found_in(shelf)) == ["Deployment/api", f"{OTHERS[0].kind}/"]

    @pytest.mark.parametrize("error", [FORBIDDEN, *FAULTS])
    def test_where_nothing_could_be_read_no_kind_of_another_project_is_the_reason(
        self, error: ReadError
    ) -> None:
        """But what keeps the service from reading what there is."""
        others = [kind for kind in WORKLOADS if kind not in OTHERS]
        errors: dict[str, ReadError] = {kind.plural: error for kind in others}
        errors |= {kind.plural: UNSERVED for kind in OTHERS}
        found = found_in(Shelf(errors=errors, resources=served(*others)))
        failure = found.failure()
        assert failure is not None
        assert (type(failure), failure.problem) == (type(error), error.problem)
        assert names(found) == [f"{kind.kind}/" for kind in others]

    @pytest.mark.parametrize("error", [FORBIDDEN, *FAULTS])
    def test_nor_is_it_where_nobody_knows_whether_there_are_any(self, error: ReadError) -> None:
        """While discovery fails too."""
        errors: dict[str, ReadError] = {kind.plural: error for kind in WORKLOADS}
        errors |= {"discovery": FAULTS[0]} | {kind.plural: UNSERVED for kind in OTHERS}
        assert isinstance(found_in(Shelf(errors=errors)).failure(), type(error))

    def test_where_there_is_none_of_them_nothing_is_hidden(self) -> None:
        """A server that serves no workload of Kubernetes is no API server as we know it."""
        shelf = Shelf(errors={kind.plural: UNSERVED for kind in WORKLOADS})
        assert isinstance(found_in(shelf).failure(), NotServed)
        share = Selection("shop", tuple(OTHERS), is_share=True)
        assert isinstance(found_in(shelf, share).failure(), NotServed)

    def test_another_projects_workload_that_is_chosen_is_missed(self) -> None:
        """Whoever asks for it wants to know."""
        shelf = Shelf(errors={OTHERS[0].plural: FORBIDDEN})
        found = found_in(shelf, Selection("shop", (OTHERS[0],)))
        assert isinstance(found.failure(), Forbidden)
        shelf.errors = {OTHERS[0].plural: UNSERVED}
        with pytest.raises(NotServed):
            found_in(shelf, Selection("shop", (OTHERS[0],)))

    def test_a_workload_of_kubernetes_that_is_not_served_is_unknown(self) -> None:
        """Whatever answers there is no API server as we know it."""
        found = found_in(Shelf([deployment()], {"pods": UNSERVED}))
        assert names(found) == ["Deployment/api", "Pod/"]
        assert found.assessments[1].health == "unknown"

    def test_a_list_that_was_cut_short_is_an_unknown_member(self) -> None:
        """Behind what was read, anything may be wrong."""
        found = found_in(Shelf([deployment()], truncated=["deployments"]))
        assert names(found) == ["Deployment/api", "Deployment/"]
        cut = found.assessments[-1]
        assert (cut.health, cut.up, cut.reason) == ("unknown", False, "EvidenceUnread")
        assert [cause.reason for cause in cut.causes] == ["Truncated"]
        assert "more than were read" in cut.message

    @pytest.mark.parametrize(
        ("kinds", "plural"),
        [
            ((), "replicasets"),
            ((POD, DEPLOYMENT), "replicasets"),
            ((POD, DEPLOYMENT), "deployments"),
        ],
    )
    def test_what_may_be_answered_for_by_what_was_not_read_is_unknown(
        self, kinds: tuple[Kind, ...], plural: str
    ) -> None:
        """Its pods would count beside a Deployment; one that is down stays down."""
        shelf = Shelf(
            [
                deployment(),
                replica_set(),
                pod("api-1", owned_by="api-rs"),
                pod("api-2", ready=False, owned_by="api-rs"),
                pod("bare"),
            ],
            {plural: FORBIDDEN},
        )
        found = found_in(shelf, Selection("shop", kinds)).narrowed(Kinds(POD)).assessments
        words = {entry.name: (entry.health, entry.up, entry.reason) for entry in found}
        assert words["bare"][:2] == ("healthy", True)
        assert words["api-1"] == ("unknown", False, "EvidenceUnread")
        assert words["api-2"][:2] == ("down", False)
        causes = {entry.name: [cause.reason for cause in entry.causes] for entry in found}
        assert "Forbidden" in causes["api-1"]
        assert "Forbidden" in causes["api-2"]

    def test_what_nothing_listed_controls_is_well_where_no_list_may_hold_its_owner(self) -> None:
        """An operator's pod is not the unread CronJobs' matter."""
        shelf = Shelf([pod("robot-1", owned_by="robot")], {"cronjobs": FORBIDDEN})
        assert found_in(shelf).assessments[0].health == "healthy"

    def test_verdicts_stand_when_what_explains_them_cannot_be_read(self) -> None:
        """The warnings are no part of a verdict; that they were not read is a cause."""
        found = only(found_in(Shelf([deployment(3, 0)], {"events": FORBIDDEN})))
        assert found.health == "down"
        assert [(cause.reason, cause.kind) for cause in found.causes] == [
            ("CausesUnreadable", "Event")
        ]


@dataclass
class Kinds:
    """A caller who sees all objects of some kinds, in one namespace or in all."""

    kinds: tuple[Kind, ...]
    namespace: str = ""

    def __init__(self, *kinds: Kind, namespace: str = "") -> None:
        self.kinds, self.namespace = kinds, namespace

    def sees(self, kind: Kind, namespace: str) -> bool:
        """Whether the objects of a kind in a namespace."""
        return kind in self.kinds and self.namespace in ("", namespace)

    def sees_some(self, kind: Kind) -> bool:
        """Whether any objects of a kind."""
        return kind in self.kinds


class TestNarrowed:
    """What a caller may not be told is hidden, and never that something is not known."""

    def test_only_what_is_in_sight_is_told(self) -> None:
        """By kind and by namespace."""
        shelf = Shelf([named(deployment(), "api", place) for place in ("one", "two")])
        shelf.objects = [*shelf.objects, stateful_set()]
        found = found_in(shelf, Selection())
        sight = Kinds(DEPLOYMENT, namespace="two")
        assert [entry.namespace for entry in found.narrowed(sight).assessments] == ["two"]
        assert found.narrowed(sight).listed == 2

    @pytest.mark.parametrize("sight", [Kinds(POD), Kinds(POD, namespace="elsewhere")])
    def test_a_list_that_was_not_read_is_unknown_for_all_who_see_of_it(self, sight: Kinds) -> None:
        """Anything in it might be theirs, and match."""
        found = found_in(Shelf([pod("bare")], truncated=["pods"]), Selection())
        for narrow in (found.narrowed(sight), found.narrowed(sight, parse_selector("x=y"))):
            assert narrow.assessments[-1].health == "unknown"
        assert found.narrowed(Kinds(DEPLOYMENT)).assessments == ()

    def test_an_answer_is_as_old_as_what_is_in_sight_of_it(self) -> None:
        """What is hidden makes nothing older."""
        found = found_in(Shelf([deployment()], ages={"pods": 9.0, "deployments": 1.0}))
        assert found.narrowed(Kinds(POD)).worth(MOMENT).age(MOMENT) == 9.0
        assert found.narrowed(Kinds(DEPLOYMENT)).worth(MOMENT).age(MOMENT) == 1.0


class TestVerdicts:
    """Each member is judged as it would be alone."""

    def test_what_is_not_well_is_explained_by_its_own(self) -> None:
        """Pods through ReplicaSets, and the warnings about any of them, but no one else's."""
        shelf = Shelf(
            [
                deployment(3, 0),
                replica_set(),
                broken_pod("api-rs"),
                event("api", "FailedCreate"),
                stateful_set(3, 2),
                event("elsewhere", "Failed"),
            ]
        )
        broken, short = found_in(shelf).assessments
        assert [cause.reason for cause in broken.causes] == ["ErrImagePull", "FailedCreate"]
        assert (short.health, short.causes) == ("degraded", ())

    def test_what_is_well_is_not_explained(self) -> None:
        """Also beside one that is not."""
        shelf = Shelf(
            [
                named(deployment(3, 0), "down"),
                deployment(),
                replica_set(),
                broken_pod("api-rs"),
            ]
        )
        causes = {entry.name: entry.causes for entry in found_in(shelf).assessments}
        assert causes["api"] == ()

    def test_the_policy_is_that_of_the_caller(self) -> None:
        """Scaled to zero may be down."""
        found = found_in(Shelf([deployment(0)]), policy=Policy(zero=Health.DOWN))
        assert only(found).health == "down"


PART = Kind("Part", "parts", "example.com", "v1")
PLAN = Kind("Plan", "plans", "example.com", "v1", namespaced=False)


def judge_whole(source: Source, context: Context) -> Verdict:
    """By its parts and the plan that it names, among all that is shown."""
    parts = context.related.lookup("Part", part_of, (source.meta.namespace, source.meta.name))
    parts += context.related.controlled_by(source.meta.uid)
    plans = context.related.lookup("Plan", names_of, source.spec.get("plan"))
    seen = sorted(
        f"{entry['metadata'].get('namespace', '')}/{entry['metadata']['name']}"
        for entry in [*parts, *plans]
    )
    health = Health.HEALTHY if seen else Health.DOWN
    return Verdict(health, Activity.STEADY, bool(seen), "Parts", " ".join(seen))


def part_of(manifest: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    """What a part is found by."""
    metadata = manifest["metadata"]
    return ((metadata["namespace"], metadata.get("labels", {}).get("of", "")),)


def parts_of(source: Source) -> Iterable[Evidence]:
    """The parts with its label, and the plan that it names."""
    yield Evidence(PART, source.meta.namespace, selector=parse_selector(f"of={source.meta.name}"))
    if "plan" in source.spec:
        yield Evidence(PLAN, "", source.spec["plan"])


WHOLE_RULE = Rule(
    Kind("Whole", "wholes", "example.com", "v1"), judge_whole, workload=True, evidence=parts_of
)
WHOLES = RULES.with_rules(WHOLE_RULE)
WHOLE = Selection("shop", (WHOLE_RULE.kind,))


def part(name: str, of: str, namespace: str = "shop") -> Manifest:
    """A part, by its label alone."""
    return named(thing("Part", name), name, namespace, labels={"of": of})


class TestEvidence:
    """What a rule has to see before it can judge."""

    def test_evidence_is_read_once_for_all(self) -> None:
        """One list, of which each member is shown what its query lets through."""
        shelf = Shelf(
            [
                thing("Whole", "one"),
                thing("Whole", "two"),
                part("a", "one"),
                part("b", "one"),
                part("c", "two"),
                part("d", "one", "other"),
            ]
        )
        found = found_in(shelf, WHOLE, rules=WHOLES)
        assert [entry.message for entry in found.assessments] == ["shop/a shop/b", "shop/c"]
        assert shelf.asked == ["wholes in shop", "parts in shop"]

    def test_evidence_for_all_namespaces_is_each_ones_own(self) -> None:
        """A part of the same label elsewhere is none of it."""
        shelf = Shelf(
            [
                named(thing("Whole", "one"), "one", "shop"),
                named(thing("Whole", "one"), "one", "other"),
                part("a", "one"),
                part("d", "one", "other"),
            ]
        )
        found = found_in(shelf, Selection("", WHOLE.kinds), rules=WHOLES)
        assert [entry.message for entry in found.assessments] == ["shop/a", "other/d"]

    def test_what_it_controls_is_evidence_whatever_its_labels(self) -> None:
        """Beside what the labels say; the rule tells which counts."""
        shelf = Shelf(
            [
                thing("Whole", "one"),
                thing("Part", "a", owned_by="one"),
                part("b", "one"),
            ]
        )
        assert only(found_in(shelf, WHOLE, rules=WHOLES)).message == "shop/a shop/b"

    def test_evidence_by_name_is_read_by_name(self) -> None:
        """Of a kind that stands in no namespace too; one that is not there is no error."""
        with_plan = [{**thing("Whole", name), "spec": {"plan": name}} for name in ("one", "two")]
        plans = [thing("Plan", "one"), thing("Plan", "three")]
        for plan in plans:
            del plan["metadata"]["namespace"]
        shelf = Shelf([*with_plan, *plans])
        found = found_in(shelf, WHOLE, rules=WHOLES)
        assert [entry.message for entry in found.assessments] == ["/one", ""]
        assert shelf.asked == [
            "wholes in shop",
            "parts in shop",
            "plans one",
            "plans two",
            "events in shop",
        ]

    @pytest.mark.parametrize(
        "shelf", [Shelf(errors={"parts": FORBIDDEN}), Shelf(truncated=["parts"])]
    )
    def test_without_evidence_nothing_is_known(self, shelf: Shelf) -> None:
        """Of all who are judged by it; what was not read is a cause."""
        shelf.objects = [thing("Whole", "one"), thing("Whole", "two"), part("a", "one")]
        for entry in found_in(shelf, WHOLE, rules=WHOLES).assessments:
            assert (entry.health, entry.up, entry.reason) == ("unknown", False, "EvidenceUnread")
            assert entry.causes[0].kind == "Part"

    def test_evidence_that_cannot_be_asked_for_is_none(self) -> None:
        """A name out of an object may be one that nothing has."""
        odd = {**thing("Whole", "one"), "spec": {"plan": "../x"}}
        shelf = Shelf([odd, part("a", "one")])
        assert only(found_in(shelf, WHOLE, rules=WHOLES)).message == "shop/a"
        assert shelf.asked == ["wholes in shop", "parts in shop"]


class TestMany:
    """However many there are, and whoever owns them."""

    def test_members_that_none_answers_for_do_not_hide_behind_one_another(self) -> None:
        """An operator's Deployment that controls another one does not answer for it."""
        led = named(deployment(3, 0), "web")
        led["metadata"]["ownerReferences"] = [owner("api")]
        assert sorted(names(found_in(Shelf([deployment(), led])))) == [
            "Deployment/api",
            "Deployment/web",
        ]

    def test_what_there_is_no_time_to_judge_is_no_verdict(self) -> None:
        """Reading in time is not enough; what there is no time to explain stays as it is."""
        moment = [0.0]
        deadline = Deadline.after(1.0, lambda: moment[0])

        class Slow(Shelf):
            def read(self, query: Query, deadline: Deadline) -> Reading:
                reading = super().read(query, DEADLINE)
                moment[0] += late if query.kind.kind == slow else 0.0
                return reading

        slow, late = "Deployment", 2.0
        shelf = Slow([deployment(3, 0)])
        with pytest.raises(ReadTimeout, match="too many"):
            check_selection(shelf, Selection("shop"), now=NOW, deadline=deadline)
        moment[0], slow = 0.0, "Event"
        broken = [deployment(3, 0), replica_set(3, 0), pod(ready=False, owned_by="api-rs")]
        found = check_selection(Slow(broken), Selection("shop"), now=NOW, deadline=deadline)
        (verdict,) = found.assessments
        assert (verdict.health, verdict.causes) == ("down", ())

    def test_claims_share_what_stands_around_them(self) -> None:
        """A pod is taken apart once, however many claims it is evidence for."""
        claims = [
            {
                "apiVersion": "v1",
                "kind": "PersistentVolumeClaim",
                "metadata": {"name": f"c{number}", "namespace": "shop", "uid": f"c{number}"},
                "spec": {"storageClassName": "slow"},
                "status": {"phase": "Pending"},
            }
            for number in range(3)
        ]
        storage = {
            "apiVersion": "storage.k8s.io/v1",
            "kind": "StorageClass",
            "metadata": {"name": "slow"},
            "volumeBindingMode": "WaitForFirstConsumer",
        }
        user = pod("user")
        user["spec"]["volumes"] = [{"persistentVolumeClaim": {"claimName": "c1"}}]
        related = RelatedObjects([*claims, storage, user])
        words = [assess(claim, related=related, now=NOW).health for claim in claims]
        assert words == ["healthy", "degraded", "healthy"]


def test_members_that_own_one_another_come_to_an_end() -> None:
    """What nobody outside of the ring controls is doubted for nobody."""
    one = named(deployment(), "one", ownerReferences=[owner("Deployment/shop/two")])
    two = named(deployment(), "two", ownerReferences=[owner("Deployment/shop/one")])
    rule = RULES.find("Deployment", "apps/v1")
    rules = RULES.with_rules(replace(rule, owns=(rule.kind,)))
    gap = Gap(GapReason.CUT, rule.kind, "", "there are more")
    assert not list(open_ends([one, two], [one, two], {rule.kind: gap}, rules))
    above = named(deployment(), "one", ownerReferences=[owner("elsewhere")])
    assert list(open_ends([above], [above], {rule.kind: gap}, rules)) == [(0, gap)]


def test_what_is_above_and_owns_no_such_kind_closes_the_chain() -> None:
    """A Deployment that a Deployment controls is its own member by any rule that there is."""
    one = named(deployment(), "one", ownerReferences=[owner("Deployment/shop/two")])
    two = named(deployment(), "two")
    gap = Gap(GapReason.CUT, RULES.find("ReplicaSet", "apps/v1").kind, "", "there are more")
    assert not list(open_ends([one, two], [one, two], {gap.kind: gap}))


class Given(Shelf):
    """A reader of what somebody gave: of some kinds there is nothing in it."""

    def read(self, query: Query, deadline: Deadline) -> Reading:
        """What is there; where none of a kind is, that it was not given."""
        found = super().read(query, deadline)
        none = Gap(GapReason.NOT_GIVEN, query.kind, "", "not in the input")
        return found if found.objects else replace(found, gap=none)


def test_of_what_somebody_gave_all_was_read() -> None:
    """That there are none of a kind in it is no list that could not be read."""
    result = found_in(Given([deployment()]))
    assert [entry.name for entry in result.assessments] == ["api"]
    assert all(entry.part.gap is None for entry in result.lists)
