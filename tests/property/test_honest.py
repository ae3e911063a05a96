"""The fourth law: what healthy and up mean for the kinds that count replicas, and for any kind."""

from __future__ import annotations

from hypothesis import assume, given
from hypothesis import strategies as st

from k8s_heartbeat.core import Activity, Health
from tests.builders import before
from tests.property import strategies as some
from tests.property.strategies import FAMILIES
from tests.property.support import (
    asked,
    every_kind,
    every_workload,
    figures,
    is_count,
    judged,
    serving,
    share,
    standing,
)


class TestHonest:
    """4. Honest.

    `healthy` with desired > 0 implies available >= desired; `up` with desired > 0 implies
    available >= 1 (maintenance aside, and then the reason says so).
    """

    @every_workload
    @share
    @given(data=st.data())
    def test_healthy_means_that_all_serve(self, kind: str, data: st.DataObject) -> None:
        """No workload is healthy with less than it was asked for, whoever set which minimum."""
        manifest = data.draw(FAMILIES[kind].objects)
        policy = data.draw(some.policies())
        if data.draw(st.booleans()):
            manifest = some.annotated(manifest, minimum=data.draw(some.words("1", "3", "67%")))
        verdict = judged(manifest, (), policy)
        desired, available = figures(manifest)
        if desired > 0 and verdict.health is Health.HEALTHY:
            assert available >= desired
        if desired > 0 and verdict.up:
            assert available >= 1
        if verdict.health is not Health.UNKNOWN:
            assert verdict.desired == desired
            assert verdict.available == (available if desired else 0)

    @every_workload
    @share
    @given(data=st.data())
    def test_maintenance_is_up_and_says_so(self, kind: str, data: st.DataObject) -> None:
        """With nothing available, up is said under no other reason."""
        manifest = data.draw(FAMILIES[kind].objects)
        until = data.draw(st.one_of(some.futures(), some.pasts()))
        verdict = judged(some.annotated(manifest, maintenance=until))
        desired, available = figures(manifest)
        if desired > 0 and available == 0 and verdict.up:
            assert verdict.reason == "Maintenance"
            assert until > before(seconds=0)
        if verdict.health is Health.HEALTHY:
            assert available >= desired

    @every_workload
    @share
    @given(data=st.data())
    def test_a_broken_workload_is_not_healthy_by_accident(
        self, kind: str, data: st.DataObject
    ) -> None:
        """Whatever was broken: healthy and up still rest on figures that the JSON holds."""
        sound = data.draw(FAMILIES[kind].objects)
        manifest = data.draw(some.broken(sound))
        verdict = judged(manifest)
        if verdict.health is not Health.UNKNOWN:
            # Of another kind it is judged by another rule.
            assume(manifest["kind"] == sound["kind"])
            assume(manifest.get("apiVersion") == sound["apiVersion"])
            desired, available = asked(manifest), serving(manifest)
            assert is_count(desired)
            assert is_count(available)
            assert isinstance(desired, int)
            assert isinstance(available, int)
            if desired > 0:
                assert verdict.health is not Health.HEALTHY or available >= desired
                assert not verdict.up or available >= 1

    @every_workload
    @share
    @given(data=st.data())
    def test_down_means_that_nothing_serves(self, kind: str, data: st.DataObject) -> None:
        """Wanted, and nothing serves: that, and no failed rollout, is down."""
        manifest = data.draw(FAMILIES[kind].objects)
        if asked(manifest) != 0:
            assert (judged(manifest).health is Health.DOWN) == (serving(manifest) == 0)

    @every_workload
    @share
    @given(data=st.data())
    def test_the_table_of_the_workloads_holds(self, kind: str, data: st.DataObject) -> None:
        """Enough is healthy, some is degraded, none is down, where nothing else is stated."""
        manifest = standing(data.draw(FAMILIES[kind].objects))
        manifest["status"].pop("conditions", None)
        manifest["status"].pop("phase", None)
        desired, available = figures(manifest)
        if desired == 0:
            return
        expected = "healthy" if available >= desired else "degraded" if available else "down"
        verdict = judged(manifest)
        assert verdict.health == expected
        assert verdict.up == (available >= max(1, desired / 2))
        assert verdict.message.startswith(f"{available} of {desired} replicas available")

    @every_kind
    @share
    @given(data=st.data())
    def test_up_and_healthy_never_contradict(self, kind: str, data: st.DataObject) -> None:
        """What is healthy is up; what is down, unknown or missing is not."""
        manifest, around = data.draw(some.case(FAMILIES[kind]))
        verdict = judged(manifest, around, data.draw(some.policies()))
        assert verdict.health is not Health.MISSING
        if verdict.health is not Health.DEGRADED:
            assert verdict.up == (verdict.health is Health.HEALTHY)

    @every_kind
    @share
    @given(data=st.data())
    def test_a_deletion_that_hangs_is_never_healthy(self, kind: str, data: st.DataObject) -> None:
        """A deletion of more than an hour is at best degraded, a younger one changes no health."""
        manifest, around = data.draw(some.case(FAMILIES[kind]))
        before_it = judged(standing(manifest), around)
        manifest["metadata"]["deletionTimestamp"] = before(hours=1, seconds=1)
        verdict = judged(manifest, around)
        assert verdict.health is not Health.HEALTHY
        assert (verdict.activity, verdict.reason) == (Activity.TERMINATING, "TerminatingStuck")
        manifest["metadata"]["deletionTimestamp"] = before(hours=1)
        verdict = judged(manifest, around)
        assert verdict.activity is Activity.TERMINATING
        assert (verdict.health, verdict.up) == (before_it.health, before_it.up)
