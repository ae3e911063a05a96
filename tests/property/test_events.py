"""The seventh law, over every kind, and what else around an object decides nothing."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from k8s_heartbeat.core import Health
from tests.builders import Manifest
from tests.property import strategies as some
from tests.property.strategies import FAMILIES
from tests.property.support import ALONE, decided, every_kind, judged, share


class TestEvents:
    """7. Events alone never change `health` or `up`."""

    @every_kind
    @share
    @given(data=st.data())
    def test_events_change_no_verdict(self, kind: str, data: st.DataObject) -> None:
        """With any events about anything, all that is decided stays as it was."""
        manifest, around = data.draw(some.case(FAMILIES[kind]))
        events = data.draw(st.lists(some.events(), min_size=1, max_size=3))
        with_events, quiet = judged(manifest, around + events), judged(manifest, around)
        assert decided(with_events) == decided(quiet)
        # What is wrong beneath it follows what is said of it.
        assert with_events.message.partition("; ")[0] == quiet.message.partition("; ")[0]

    @pytest.mark.parametrize("kind", ALONE)
    @share
    @given(data=st.data())
    def test_nothing_around_an_object_changes_its_verdict(
        self, kind: str, data: st.DataObject
    ) -> None:
        """Pods and ReplicaSets explain what needs no evidence, and decide nothing either."""
        manifest, around = data.draw(FAMILIES[kind].objects), data.draw(some.related(2))
        assert decided(judged(manifest, around)) == decided(judged(manifest))

    @given(some.cases(), some.related(), st.lists(some.events(), max_size=4))
    def test_events_explain_only_what_is_not_well(
        self, case: some.Case, related: list[Manifest], events: list[Manifest]
    ) -> None:
        """A healthy object carries no event among its causes."""
        manifest, around = case
        known = [entry for entry in around + related if entry["kind"] != "Event"]
        quiet = judged(manifest, known)
        if quiet.health is Health.HEALTHY:
            assert judged(manifest, known + events).causes == quiet.causes
