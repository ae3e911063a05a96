"""The second law, over every kind with its evidence."""

from __future__ import annotations

import copy
from datetime import datetime, timedelta, timezone

from hypothesis import given
from hypothesis import strategies as st

from k8s_heartbeat.core import Assessment, assess, summarize
from k8s_heartbeat.core.related import RelatedObjects
from tests.builders import NOW, Manifest, stateful_set
from tests.property import strategies as some
from tests.property.strategies import FAMILIES, Json
from tests.property.support import EVIDENCE, every_kind, judged, share


class TestDetermined:
    """2. Determined: same object and `now`, same answer.

    Key order and list order change nothing.
    """

    @every_kind
    @share
    @given(data=st.data())
    def test_the_same_question_has_the_same_answer(self, kind: str, data: st.DataObject) -> None:
        """Judging twice says the same twice, and leaves the manifests as they were."""
        manifest, around = data.draw(some.case(FAMILIES[kind]))
        policy = data.draw(some.policies())
        kept = copy.deepcopy((manifest, around))
        first = judged(manifest, around, policy)
        assert judged(manifest, around, policy) == first
        assert judged(*copy.deepcopy(kept), policy) == first
        assert (manifest, around) == kept

    @every_kind
    @share
    @given(data=st.data())
    def test_no_order_changes_anything(self, kind: str, data: st.DataObject) -> None:
        """Neither what is in an object nor what is around it, nor keys, have an order."""
        manifest, around = data.draw(some.case(FAMILIES[kind]))
        other = data.draw(some.shuffled(manifest)), data.draw(some.shuffled(around))
        assert judged(*other) == judged(manifest, around)

    @every_kind
    @share
    @given(data=st.data())
    def test_the_order_in_a_broken_object_changes_nothing(
        self, kind: str, data: st.DataObject
    ) -> None:
        """What is passed over is passed over wherever it stands."""
        manifest, around = data.draw(some.case(FAMILIES[kind]))
        manifest, around = (
            data.draw(some.broken(manifest)),
            some.listed(data.draw(some.broken(around))),
        )
        other = data.draw(some.shuffled(manifest)), data.draw(some.shuffled(around))
        assert judged(*other) == judged(manifest, around)

    @given(st.data(), st.lists(some.troubled_pods(), min_size=2, max_size=2))
    def test_two_readings_of_one_pod_have_no_order(
        self, data: st.DataObject, pods: list[Manifest]
    ) -> None:
        """Of a pod that a dump holds twice, the same reading counts in any order of anything."""
        owners = [{"uid": "db", "controller": True}]
        for pod in pods:
            pod["metadata"] = {"name": "db-0", "uid": "pod-1", "ownerReferences": owners}
        owner = stateful_set()
        owner["metadata"]["uid"] = "db"
        assert judged(owner, data.draw(some.shuffled(pods))) == judged(owner, pods)

    @given(st.data(), st.lists(some.assessments(), max_size=5))
    def test_the_order_of_an_aggregate_changes_nothing(
        self, data: st.DataObject, members: list[Assessment]
    ) -> None:
        """Members may come in any order, two of the same name among them."""
        assert summarize(data.draw(st.permutations(members))) == summarize(members)

    @every_kind
    @share
    @given(data=st.data())
    def test_how_a_time_is_told_changes_nothing(self, kind: str, data: st.DataObject) -> None:
        """Now in another timezone is now; a datetime of a YAML loader is the text it came from."""
        manifest, around = data.draw(some.case(FAMILIES[kind]))
        verdict = judged(manifest, around)
        zone = timezone(timedelta(hours=data.draw(st.sampled_from([-12, 5.5, 14]))))
        related = RelatedObjects(around, whole=EVIDENCE)
        assert assess(manifest, related=related, now=NOW.astimezone(zone)) == verdict
        assert judged(_dated(manifest), _dated(around)) == verdict


def _dated(value: Json) -> Json:
    """The same JSON with datetimes where RFC 3339 times stand, as YAML loaders give it."""
    if some.is_object(value):
        return {key: _dated(member) for key, member in value.items()}
    if some.is_list(value):
        return [_dated(member) for member in value]
    if isinstance(value, str) and value.endswith("Z") and value[:1] in "12":
        return datetime.strptime(value, "%Y-%m-%dT%H:%M:%S%z")
    return value
