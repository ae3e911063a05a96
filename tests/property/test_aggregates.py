"""The sixth law."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from k8s_heartbeat.core import Assessment, Health, Summary, Threshold, summarize
from tests.property import strategies as some
from tests.property.support import BADNESS, judged


class TestAggregates:
    """6. An aggregate is never better than its worst member.

    But for a group that is up by its own number, which is never better than degraded while any
    member is not healthy. And adding a healthy member never makes it worse.
    """

    @given(st.lists(some.assessments(), min_size=1, max_size=6))
    def test_an_aggregate_is_as_bad_as_its_worst(self, members: list[Assessment]) -> None:
        """Its health is the worst there is, and it is up only when all are."""
        group = summarize(members)
        assert BADNESS[group.health] == max(BADNESS[member.health] for member in members)
        assert group.up == (not any(not member.up for member in members))
        assert group.items[0].health is group.health

    @given(
        st.lists(some.assessments(), min_size=1, max_size=6),
        st.one_of(
            st.integers(1, 8).map(Threshold),
            st.integers(1, 100).map(lambda amount: Threshold(amount, percent=True)),
        ),
    )
    def test_no_number_that_is_needed_makes_it_better(
        self, members: list[Assessment], needed: Threshold
    ) -> None:
        """Up goes by how many are up; health stays the worst, or is down with too few members.

        What is up by its own number is degraded while any member is not healthy.
        """
        group = summarize(members, needed)
        worst = max(BADNESS[member.health] for member in members)
        if group.up:
            assert group.health is (Health.DEGRADED if worst else Health.HEALTHY)
        else:
            assert BADNESS[group.health] >= worst
        least = needed.amount
        if needed.percent:
            least = next(n for n in range(1, 7) if n * 100 >= len(members) * needed.amount)
        assert group.up == (sum(member.up for member in members) >= least)
        assert (group.reason == "TooFewMembers") == (least > len(members))

    @given(st.lists(some.assessments(), min_size=1, max_size=6), some.assessments())
    def test_a_healthy_member_never_makes_it_worse(
        self, members: list[Assessment], another: Assessment
    ) -> None:
        """One more that does its job leaves the verdict where it was."""
        another = replace(another, health=Health.HEALTHY, up=True)
        before, after = summarize(members), summarize([*members, another])
        assert (after.health, after.up) == (before.health, before.up)

    @given(st.lists(some.assessments(), max_size=6))
    def test_nobody_is_lost_in_an_aggregate(self, members: list[Assessment]) -> None:
        """Every member is counted and listed once, those that are not healthy first."""
        group = summarize(members)
        assert Counter(group.items) == Counter(members)
        assert dict(group.counts) == {
            health: sum(member.health is health for member in members) for health in Health
        }
        badness = [BADNESS[item.health] for item in group.items]
        assert badness == sorted(badness, reverse=True)

    @given(st.lists(some.cases(), max_size=4))
    def test_real_verdicts_sum_up_like_any_other(self, cases: list[some.Case]) -> None:
        """The law holds for what the rules say of objects, too."""
        members = [judged(manifest, around) for manifest, around in cases]
        group = summarize(members)
        assert (group.health is Health.HEALTHY) == (
            bool(members) and all(member.health is Health.HEALTHY for member in members)
        )

    def test_nothing_is_unknown(self) -> None:
        """An empty aggregate says that nothing matched, and is never healthy."""
        group = summarize([])
        assert isinstance(group, Summary)
        assert (group.health, group.up, group.reason) == (Health.UNKNOWN, False, "NothingMatched")
