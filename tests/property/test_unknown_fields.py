"""The fifth law, over every kind with its evidence."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.builders import Manifest
from tests.property import strategies as some
from tests.property.strategies import FAMILIES, Json
from tests.property.support import decided, every_kind, judged, share, with_status


class TestUnknownFields:
    """5. Unknown fields change nothing."""

    @every_kind
    @share
    @given(data=st.data())
    def test_a_field_that_no_rule_knows_changes_nothing(
        self, kind: str, data: st.DataObject
    ) -> None:
        """Fields of newer API versions, anywhere in the object or around it, are passed over."""
        manifest, around = data.draw(some.case(FAMILIES[kind]))
        newer = data.draw(some.extended(manifest))
        others = [data.draw(some.extended(entry)) for entry in around]
        assert judged(newer, others) == judged(manifest, around)

    @pytest.mark.parametrize(
        "kind", [kind for kind in FAMILIES if kind not in ("Statusless", "Lease")]
    )
    @share
    @given(data=st.data())
    def test_a_condition_that_no_rule_knows_changes_nothing(
        self, kind: str, data: st.DataObject
    ) -> None:
        """Conditions of other controllers decide nothing, where none is of negative polarity."""
        manifest, around = data.draw(some.case(FAMILIES[kind]))
        # What a condition is for, these rules see by its name.
        telling = kind in ("Custom", "Node")
        names = ["Novel"] if telling else ["Novel", "ContainersReady"]
        novel = data.draw(some.conditions(*names))
        conditions = manifest["status"].get("conditions", [])
        if kind == "HorizontalPodAutoscaler" and not conditions:
            # Any condition at all says that its controller has looked.
            conditions = [{"type": "AbleToScale", "status": "True"}]
            manifest = with_status(manifest, conditions=conditions)
        with_novel = with_status(manifest, conditions=[*conditions, *novel])
        verdict, before = judged(with_novel, around), judged(manifest, around)
        assert decided(verdict) == decided(before)
        if not kind.startswith("Knative"):
            # Whose conditions are the causes, whatever they are called.
            assert verdict == before

    @given(some.pods(), some.json_values())
    def test_ephemeral_containers_never_count(self, manifest: Manifest, debuggers: Json) -> None:
        """A debugging session in a pod is nobody's failure."""
        debugged = with_status(manifest, ephemeralContainerStatuses=debuggers)
        assert judged(debugged) == judged(manifest)
