"""The ninth law, over every kind and any part of a cluster that somebody may see."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from hypothesis import event, given
from hypothesis import strategies as st

from k8s_heartbeat.core import Assessment, Health, Kind, summarize
from k8s_heartbeat.core.checks.reader import Deadline, ReadError
from k8s_heartbeat.core.checks.result import SelectionResult
from k8s_heartbeat.core.checks.selection import Selection, check_selection, workload_kinds
from k8s_heartbeat.core.kinds import is_custom
from tests.builders import NOW, Manifest
from tests.property import strategies as some
from tests.property.reading import Clock, FaultyReader, kind_of_manifest
from tests.property.support import BADNESS
from tests.property.test_evidence import FAULTS, faulty, selections

Place = tuple[Kind, str]
"""A kind and a namespace; empty for a kind that stands in none."""


@dataclass(frozen=True)
class Seen:
    """A caller who sees some kinds in some namespaces.

    Attributes:
        places: Which.
    """

    places: frozenset[Place]

    def sees(self, kind: Kind, namespace: str) -> bool:
        """Whether the objects of a kind in a namespace."""
        return (kind, namespace) in self.places

    def sees_some(self, kind: Kind) -> bool:
        """Whether any objects of a kind."""
        return any(kind == seen for seen, _ in self.places)


@st.composite
def sights(draw: st.DrawFn, objects: list[Manifest], selection: Selection) -> Seen:
    """Any part of what a selection may hold, what there is among it more often."""
    there = [kind_of_manifest(entry) for entry in objects]
    kinds = list(dict.fromkeys((*there, *(selection.kinds or workload_kinds()))))
    places = [
        (kind, namespace)
        for kind in kinds
        for namespace in (some.NAMESPACES if kind.namespaced else ("",))
        if selection.namespace in ("", namespace)
    ]
    likely = [place for place in places if place[0] in there] or places
    seen = draw(st.sets(st.sampled_from(likely))) | draw(
        st.sets(st.sampled_from(places), max_size=3)
    )
    return Seen(frozenset(seen))


def checked(reader: FaultyReader, selection: Selection) -> SelectionResult | None:
    """What is found; None where that is an error."""
    deadline = Deadline.after(1e6, reader.clock)
    try:
        return check_selection(reader, selection, now=NOW, deadline=deadline)
    except ReadError:
        return None


def unread_kinds(reader: FaultyReader, selection: Selection) -> set[Kind]:
    """The kinds of which a list that members are looked for in was not read whole.

    Another project's kind that was not named is none where the cluster does not serve it.
    """
    kinds = set(selection.kinds or workload_kinds())
    return {
        query.kind
        for query in reader.unread
        if not query.name
        and query.kind in kinds
        and (selection.kinds or not reader.is_known_unserved(query))
    }


def badness(assessments: Collection[Assessment]) -> int:
    """How bad a group is that has these members."""
    return BADNESS[summarize(assessments).health]


class TestScope:
    """9. Scope: a caller who sees less never gets a better word than one who sees all would get for

    the same members.
    """

    @given(data=st.data(), objects=some.clusters())
    def test_nobody_is_told_better_by_seeing_less(
        self, data: st.DataObject, objects: list[Manifest]
    ) -> None:
        """Of the members in sight, and of every list that any of theirs could be in.

        Refused, cut or failed, such a list is never well; and of what is not in sight nothing is
        told.
        """
        selection = data.draw(selections(objects))
        good = FaultyReader(objects)
        checked(good, selection)
        readers = [faulty(data, objects, good.asked)]
        fault, kept = data.draw(st.sampled_from(FAULTS))
        readers += [
            FaultyReader(objects, {query: fault}.get, Clock(), kept=kept)
            for query in dict.fromkeys(good.asked)
            if not is_custom(query.kind)
        ]
        seen = [data.draw(sights(objects, selection)) for _ in range(2)]
        for reader in readers:
            found = checked(reader, selection)
            for sight in seen:
                if found is not None:
                    _is_honest(found, sight, objects, unread_kinds(reader, selection))

    @given(data=st.data(), objects=some.clusters())
    def test_no_fault_makes_it_better_for_anybody(
        self, data: st.DataObject, objects: list[Manifest]
    ) -> None:
        """What a caller is told if all goes well is the best that he is ever told."""
        selection = data.draw(selections(objects))
        good = FaultyReader(objects)
        whole = checked(good, selection)
        found = checked(faulty(data, objects, good.asked), selection)
        if whole is None or found is None:
            return
        for _ in range(3):
            sight = data.draw(sights(objects, selection))
            best = summarize(whole.narrowed(sight).assessments)
            told = summarize(found.narrowed(sight).assessments)
            event(f"{best.health} {told.health}")
            assert (told.health is Health.HEALTHY) <= (best.health is Health.HEALTHY)
            assert told.up <= best.up


def _is_honest(
    found: SelectionResult, sight: Seen, objects: list[Manifest], kinds: Collection[Kind]
) -> None:
    """Fail unless somebody is told what he sees, and that of these kinds not all was read."""
    told = found.narrowed(sight)
    members = [
        member.assessment
        for member in found.members
        if (kind_of_assessed(member.assessment, objects), member.assessment.namespace)
        in sight.places
    ]
    unread = {kind for kind in kinds if sight.sees_some(kind)}
    event(f"{len(members)} members, {len(unread)} unread, {len(sight.places)} places")
    said = [entry for entry in told.assessments if entry.name]
    assert sorted(map(repr, said)) == sorted(map(repr, members))
    assert badness(told.assessments) >= badness(members)
    assert all(sight.sees_some(entry.kind) for entry in told.lists)
    assert found.narrowed(Seen(frozenset())).assessments == ()
    stand_ins = [entry for entry in told.assessments if not entry.name]
    assert {(entry.kind, entry.api_version) for entry in stand_ins} == {
        (kind.kind, kind.api_version) for kind in unread
    }
    assert all((entry.health, entry.up) == (Health.UNKNOWN, False) for entry in stand_ins)
    if unread:
        summary = summarize(told.assessments)
        assert summary.health is not Health.HEALTHY
        assert not summary.up


def kind_of_assessed(assessment: Assessment, objects: list[Manifest]) -> Kind:
    """The kind of the object that a verdict is on."""
    return next(
        kind_of_manifest(entry)
        for entry in objects
        if (entry["kind"], entry["apiVersion"]) == (assessment.kind, assessment.api_version)
        and entry["metadata"]["name"] == assessment.name
        and entry["metadata"].get("namespace", "") == assessment.namespace
    )
