"""Many objects as one: which are members, what is read for them, how each is judged."""

from __future__ import annotations

from collections.abc import Iterable

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
)
from k8s_heartbeat.core.group import Found, Selection, check_selection
from k8s_heartbeat.core.kinds import POD
from k8s_heartbeat.core.pool import Pool, members_of
from k8s_heartbeat.core.reader import (
    Deadline,
    Forbidden,
    InvalidQuery,
    NotServed,
    Query,
    ReadError,
    Reading,
    ReadTimeout,
    UpstreamError,
)
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
from tests.unit.core.shelf import DEADLINE, Shelf, named

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
) -> Found:
    """What a selection holds."""
    return check_selection(
        reader, selection, now=NOW, deadline=DEADLINE, policy=policy, rules=rules
    )


def names(found: Found) -> list[str]:
    """The members, as kind and name."""
    return [f"{entry.kind}/{entry.name}" for entry in found.assessments]


def only(found: Found) -> Assessment:
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

    def test_events_are_no_members(self) -> None:
        """They explain."""
        assert members_of([event(), deployment(), {}]) == [deployment(), {}]

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
        found = found_in(shelf, Selection("shop", selector=parse_selector("app=api")))
        assert found == Found(listed=3)

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
        selection = Selection("shop", selector=parse_selector("tier in (front,middle)"))
        assert names(found_in(shelf, selection)) == ["Deployment/web"]
        assert shelf.asked == LISTS

    def test_nothing_is_found_where_nothing_is(self) -> None:
        """What that means is the matter of `summarize`."""
        assert found_in(Shelf()) == Found()

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
        assert found_in(Shelf([pod()]), rules=rules) == Found()


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
        assert (found_in(shelf).age, found_in(shelf).stale) == (3.5, False)
        shelf.ages = {"deployments": 7.0, "pods": 3.5}
        assert (found_in(shelf).age, found_in(shelf).stale) == (7.0, True)


FORBIDDEN = Forbidden("not for us")


class TestFailures:
    """What could not be read is no good news."""

    @pytest.mark.parametrize("error", [UpstreamError("it broke"), ReadTimeout("it hung")])
    def test_a_list_that_cannot_be_read_is_an_error(self, error: ReadError) -> None:
        """Of the lists that are there nothing is said."""
        with pytest.raises(type(error)):
            found_in(Shelf([deployment()], {"pods": error}))

    def test_a_kind_that_may_not_be_listed_is_an_unknown_member(self) -> None:
        """The others are judged."""
        found = found_in(Shelf([deployment()], {"statefulsets": FORBIDDEN}))
        assert names(found) == ["Deployment/api", "StatefulSet/"]
        unread = found.assessments[1]
        assert (unread.health, unread.up, unread.reason) == ("unknown", False, "Forbidden")
        assert (unread.namespace, unread.message) == ("shop", "not for us")

    def test_where_nothing_may_be_listed_it_is_forbidden(self) -> None:
        """As one object is that may not be read."""
        with pytest.raises(Forbidden):
            found_in(Shelf(errors={kind.plural: FORBIDDEN for kind in WORKLOADS}))
        with pytest.raises(Forbidden):
            found_in(Shelf(errors={"pods": FORBIDDEN}), Selection("shop", (POD,)))

    @pytest.mark.parametrize("error", [FORBIDDEN, NotServed("there is none")])
    def test_another_projects_workload_is_not_missed(self, error: ReadError) -> None:
        """A cluster without it, or a role that does not name it, is whole."""
        assert OTHERS
        shelf = Shelf([deployment()], {kind.plural: error for kind in OTHERS})
        assert names(found_in(shelf)) == ["Deployment/api"]

    @pytest.mark.parametrize("error", [FORBIDDEN, NotServed("there is none")])
    def test_another_projects_workload_that_is_chosen_is_missed(self, error: ReadError) -> None:
        """Whoever asks for it wants to know."""
        shelf = Shelf(errors={OTHERS[0].plural: error})
        with pytest.raises(type(error)):
            found_in(shelf, Selection("shop", (OTHERS[0],)))

    def test_a_workload_of_kubernetes_that_is_not_served_is_an_error(self) -> None:
        """Whatever answers there is no API server as we know it."""
        with pytest.raises(NotServed):
            found_in(Shelf(errors={"pods": NotServed("there is none")}))

    def test_a_list_that_was_cut_short_is_an_unknown_member(self) -> None:
        """Behind what was read, anything may be wrong."""
        found = found_in(Shelf([deployment()], truncated=["deployments"]))
        cut = found.assessments[-1]
        assert (cut.health, cut.up, cut.reason) == ("unknown", False, "Truncated")
        assert (cut.kind, cut.namespace) == ("Deployment", "shop")
        assert "more deployments than were read" in cut.message

    def test_verdicts_stand_when_what_explains_them_cannot_be_read(self) -> None:
        """The warnings are no part of a verdict."""
        found = only(found_in(Shelf([deployment(3, 0)], {"events": FORBIDDEN})))
        assert (found.health, found.causes) == ("down", ())


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
    """By the parts and plans that it is shown."""
    seen = sorted(
        f"{entry['metadata'].get('namespace', '')}/{entry['metadata']['name']}"
        for kind in ("Part", "Plan")
        for entry in context.around.of_kind(kind)
    )
    health = Health.HEALTHY if seen else Health.DOWN
    return Verdict(health, Activity.STEADY, bool(seen), "Parts", " ".join(seen))


def parts_of(source: Source) -> Iterable[Query]:
    """The parts with its label, and the plan that it names."""
    yield Query(PART, source.meta.namespace, selector=parse_selector(f"of={source.meta.name}"))
    if "plan" in source.spec:
        yield Query(PLAN, "", source.spec["plan"])


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

    def test_evidence_that_cannot_be_read_is_absent(self) -> None:
        """The rule says what that means."""
        shelf = Shelf([thing("Whole", "one"), part("a", "one")], {"parts": FORBIDDEN})
        assert only(found_in(shelf, WHOLE, rules=WHOLES)).health == "down"

    def test_evidence_that_cannot_be_asked_for_is_absent(self) -> None:
        """A name out of an object may be none."""
        odd = {**thing("Whole", "one"), "spec": {"plan": "../x"}}
        shelf = Shelf([odd, part("a", "one")])
        assert only(found_in(shelf, WHOLE, rules=WHOLES)).health == "down"
        assert shelf.asked == ["wholes in shop", "events in shop"]

    def test_a_pool_judges_what_is_at_hand(self) -> None:
        """Nothing is read for it."""
        held = [thing("Whole", "one"), part("a", "one"), part("b", "two")]
        verdict = Pool(held, WHOLES).assess(held[0], NOW, Policy(), explained=False)
        assert verdict.message == "shop/a"


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
        pool = Pool([*claims, storage, user])
        words = [pool.assess(claim, NOW, Policy(), explained=False).health for claim in claims]
        assert words == ["healthy", "degraded", "healthy"]
