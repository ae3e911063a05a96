"""The eighth law, over every kind, alone and among others."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import event, given
from hypothesis import strategies as st

from k8s_heartbeat.core import Assessment, Health, Kind, Policy, Threshold, assess
from k8s_heartbeat.core.checks.component import Component, Member, check_component
from k8s_heartbeat.core.checks.object import ObjectResult, check_object
from k8s_heartbeat.core.checks.reader import ClusterReader, Deadline, ReadError
from k8s_heartbeat.core.checks.result import SelectionResult
from k8s_heartbeat.core.checks.selection import Selection, check_selection
from k8s_heartbeat.core.gap import GapReason
from k8s_heartbeat.core.kinds import POD, is_custom
from k8s_heartbeat.core.query import Query
from k8s_heartbeat.core.related import RelatedObjects
from k8s_heartbeat.core.selectors import parse_selector
from k8s_heartbeat.core.subject import Subject
from tests.builders import NOW, Manifest
from tests.property import strategies as some
from tests.property.reading import (
    Clock,
    Fault,
    FaultyReader,
    answer_of,
    kind_of_manifest,
    query_for,
    result_of,
)
from tests.property.strategies import FAMILIES
from tests.property.support import ALONE, EVIDENCE, every_kind, judged, share

Ask = Callable[[ClusterReader, Deadline], SelectionResult]

JUDGED_BY_OTHERS = [kind for kind in FAMILIES if kind not in ALONE]
UPS = (None, Threshold(1), Threshold(2), Threshold(50, percent=True))
FAULTS = [(fault, 0) for fault in Fault] + [(Fault.CUT, 1)]
"""Faults, and how many entries a list has left that is cut short."""
SELECTORS = (None, parse_selector("app=api"))
_UNKNOWN: dict[str, Any] = {"health": Health.UNKNOWN, "up": False}


def faulty(
    data: st.DataObject, objects: list[Manifest], asked: list[Query], *good: Query
) -> FaultyReader:
    """A reader of these objects, something of what it is asked being wrong.

    Args:
        data: Where it is drawn from.
        objects: What there is.
        asked: What is asked of it if nothing is wrong.
        good: What is always good of that.
    """
    queries = [query for query in dict.fromkeys(asked) if query not in good]
    faults: dict[Query, Fault] = {}
    if queries:
        some_faults = st.dictionaries(st.sampled_from(queries), st.sampled_from(Fault), max_size=3)
        faults = data.draw(some_faults, label="faults")
    for query, fault in faults.items():
        if fault is Fault.UNSERVED and is_custom(query.kind):
            # That there is none of another project's kind is not a fault but an answer.
            faults[query] = Fault.REFUSED
    took = data.draw(st.sampled_from([0.0, 0.5, 30.0]), label="took")
    noted = data.draw(st.booleans(), label="errors say when they began")
    kept = data.draw(st.integers(0, 1), label="left of a list that is cut short")
    return FaultyReader(objects, faults.get, Clock(), took, noted, kept)


def is_no_better(found: Assessment, whole: Assessment) -> bool:
    """Whether a verdict says nothing that is well of what is not."""
    return (found.health is Health.HEALTHY) <= (whole.health is Health.HEALTHY) and (
        found.up <= whole.up
    )


def checked(reader: FaultyReader, query: Query) -> ObjectResult:
    """What is found of an object."""
    return check_object(reader, query, now=NOW, deadline=Deadline.after(1e6, reader.clock))


def age(reader: FaultyReader) -> float:
    """Seconds since the first reading that was made began."""
    return reader.clock.now - min(reader.began)


class TestOneObject:
    """8. Evidence: taking away, truncating or failing any reading never turns what is not healthy

    healthy, nor `up` from false to true; and the age of the verdict is never less than that of any
    reading.
    """

    @every_kind
    @share
    @given(data=st.data())
    def test_no_fault_makes_a_verdict_better(self, kind: str, data: st.DataObject) -> None:
        """Of an object that was read, whatever became of the readings around it."""
        manifest, around = data.draw(some.case(FAMILIES[kind]))
        if data.draw(st.booleans()):
            manifest = some.annotated(manifest, maintenance=data.draw(some.futures()))
        query = query_for(manifest)
        good = FaultyReader([manifest, *around])
        whole = checked(good, query).assessment
        reader = faulty(data, good.objects, good.asked, query)
        _holds_for_one(checked(reader, query), whole, reader)

    @pytest.mark.parametrize("kind", JUDGED_BY_OTHERS)
    @given(data=st.data())
    def test_no_fault_of_its_evidence_makes_a_verdict_better(
        self, kind: str, data: st.DataObject
    ) -> None:
        """Each fault of each reading, and of all of them."""
        manifest, around = data.draw(some.case(FAMILIES[kind]))
        query = query_for(manifest)
        good = FaultyReader([manifest, *around])
        whole = checked(good, query).assessment
        evidence = [entry.query() for entry in Subject.of(manifest).evidence]
        for queries in (evidence, *([one] for one in evidence)):
            for fault, kept in FAULTS:
                reader = FaultyReader(
                    good.objects, dict.fromkeys(queries, fault).get, Clock(), kept=kept
                )
                _holds_for_one(checked(reader, query), whole, reader)

    @every_kind
    @share
    @given(data=st.data())
    def test_an_object_that_was_not_read_has_no_verdict(
        self, kind: str, data: st.DataObject
    ) -> None:
        """It is an error, and that is no older than what it says."""
        manifest = data.draw(FAMILIES[kind].objects)
        fault = data.draw(st.sampled_from([None, *Fault]))
        reader = FaultyReader([manifest], lambda query: fault, noted=data.draw(st.booleans()))
        try:
            checked(reader, query_for(manifest))
        except ReadError as error:
            assert fault not in (None, Fault.OLD)
            assert error.began == min(reader.began)
        else:
            assert fault in (None, Fault.OLD)

    @every_kind
    @share
    @given(data=st.data())
    def test_what_was_never_asked_for_is_not_none(self, kind: str, data: st.DataObject) -> None:
        """Of what is given, each kind is all that there is, or none of it was read."""
        manifest, around = data.draw(some.case(FAMILIES[kind]))
        whole = judged(manifest, around)
        kinds = sorted({entry["kind"] for entry in around} | {kind.kind for kind in EVIDENCE})
        unread = data.draw(st.sets(st.sampled_from(kinds)))
        given_ones = [entry for entry in around if entry["kind"] not in unread]
        known = [kind for kind in EVIDENCE if kind.kind not in unread]
        found = assess(manifest, related=RelatedObjects(given_ones, whole=known), now=NOW)
        assert is_no_better(found, whole)
        if found.reason == "EvidenceUnread":
            assert {(cause.reason) for cause in found.causes[:1]} == {"NotGiven"}
            assert found.causes[0].kind in unread


def _holds_for_one(found: ObjectResult, whole: Assessment, reader: FaultyReader) -> None:
    """Fail if faults made the verdict on an object better, or are not named."""
    verdict = found.assessment
    event(f"{whole.health} {verdict.health}")
    assert is_no_better(verdict, whole)
    assert found.worth.age(reader.clock.now) >= age(reader)
    if (verdict.health, verdict.up) != (whole.health, whole.up):
        assert verdict.health is Health.UNKNOWN or verdict.reason == "TerminatingStuck"
        _is_named(verdict, reader)


def _is_named(verdict: Assessment, reader: FaultyReader) -> None:
    """Fail unless the verdict names something that was not read, in its message and causes."""
    reasons = {str(reason) for reason in GapReason}
    causes = [cause for cause in verdict.causes if cause.reason in reasons]
    unread = {(query.kind.kind, str(reason)) for query, reason in reader.unread.items()}
    assert causes
    for cause in causes:
        assert (cause.kind, cause.reason) in unread
    plurals = {query.kind.plural for query in reader.unread if query.kind.kind == causes[0].kind}
    assert any(plural in verdict.message for plural in plurals)


@st.composite
def selections(draw: st.DrawFn, objects: list[Manifest]) -> Selection:
    """The workloads or some kinds, of one namespace or of all."""
    kinds = list(dict.fromkeys(map(kind_of_manifest, objects)))
    chosen: list[Kind] = []
    if draw(st.booleans()):
        chosen = draw(st.lists(st.sampled_from(kinds), min_size=1, max_size=2, unique=True))
        if POD in kinds and draw(st.booleans()):
            # Of pods beside what owns them it matters what is between.
            chosen = [POD, *(kind for kind in chosen if kind.namespaced and kind != POD)]
    anywhere = any(not kind.namespaced for kind in chosen)
    places = ("",) if anywhere else ("", *some.NAMESPACES)
    return Selection(draw(st.sampled_from(places)), tuple(chosen))


def asks(selection: Selection) -> Ask:
    """What reads and judges a selection."""
    return lambda reader, deadline: check_selection(
        reader, selection, now=NOW, deadline=deadline, policy=Policy()
    )


class TestMany:
    """8. Evidence: taking away, truncating or failing any reading never turns what is not healthy

    healthy, nor `up` from false to true; and the age of the verdict is never less than that of any
    reading.
    """

    @given(data=st.data(), objects=some.clusters())
    def test_no_fault_makes_a_group_better(
        self, data: st.DataObject, objects: list[Manifest]
    ) -> None:
        """Whatever it is made of and however many of it must be up; what is not read is named."""
        found, reader = _holds_for_many(data, objects, asks(data.draw(selections(objects))))
        told = answer_of(found, reader.clock)
        causes = {(cause.kind, cause.reason) for item in told.items for cause in item.causes}
        for query, reason in reader.unread.items():
            if any(item.kind == query.kind.kind and not item.name for item in told.items):
                assert (query.kind.kind, str(reason)) in causes

    @given(data=st.data(), objects=some.clusters())
    def test_no_fault_makes_a_component_better(
        self, data: st.DataObject, objects: list[Manifest]
    ) -> None:
        """By whatever its members are named."""
        members = tuple(data.draw(st.lists(_members(objects), min_size=1, max_size=3)))
        component = Component("one", "One", members)

        def ask(reader: ClusterReader, deadline: Deadline) -> SelectionResult:
            return check_component(reader, component, now=NOW, deadline=deadline)

        # What explains an object that a selector leaves out is not read for the answer.
        _holds_for_many(
            data, objects, ask, dated=all(member.selector is None for member in members)
        )


@st.composite
def _members(draw: st.DrawFn, objects: list[Manifest]) -> Member:
    """One of the objects by its name, all of a kind, or all workloads."""
    query = query_for(draw(st.sampled_from(objects)))
    kind, word = query.kind, f"{query.kind.plural}.{query.kind.group}".rstrip(".")
    labels = draw(st.sampled_from([None, parse_selector("app=api")]))
    places = st.sampled_from([("",), ("shop",), some.NAMESPACES])
    match draw(st.integers(0, 2)):
        case 0:
            return Member((query.namespace,), word, query.name)
        case 1:
            return Member(draw(places) if kind.namespaced else ("",), word, selector=labels)
        case _:
            return Member(draw(places), selector=labels)


def _holds_for_many(
    data: st.DataObject, objects: list[Manifest], ask: Ask, *, dated: bool = True
) -> tuple[SelectionResult | None, FaultyReader]:
    """What is found in spite of faults; fail if they make anything better or younger than it is."""
    good = FaultyReader(objects)
    whole = result_of(ask, good, good.clock)
    # Of what there is something of, each reading by itself; then any of them together.
    there = [query for query in dict.fromkeys(good.asked) if good.has(query)]
    fault, kept = data.draw(st.sampled_from(FAULTS), label="fault")
    for query in there:
        for wrong in (fault, Fault.OLD):
            if wrong is Fault.UNSERVED and is_custom(query.kind):
                continue
            reader = FaultyReader(objects, {query: wrong}.get, Clock(), kept=kept)
            found = result_of(ask, reader, reader.clock)
            _is_no_better(found, whole, reader)
            _is_no_younger(found if dated else None, reader)
    reader = faulty(data, objects, good.asked)
    found = result_of(ask, reader, reader.clock)
    _is_no_better(found, whole, reader)
    _is_no_younger(found if dated else None, reader)
    return found, reader


def _is_no_better(
    found: SelectionResult | None, whole: SelectionResult | None, reader: FaultyReader
) -> None:
    """Fail if faults made anything better."""
    if found is None or whole is None:
        return
    known = {_key(member.assessment): member.assessment for member in whole.members}
    for verdict in (member.assessment for member in found.members if member.assessment.name):
        # What counts only because not all was read is not well either.
        assert is_no_better(verdict, known.get(_key(verdict), replace(verdict, **_UNKNOWN)))
    seen = {_key(member.assessment) for member in found.members}
    for key in known.keys() - seen:
        # What is gone from sight has left something that is not known in its place.
        assert any(
            item.health is Health.UNKNOWN and item.name in ("", key[-1])
            for item in found.assessments
        )
    for selector in SELECTORS:
        for up in UPS:
            told = answer_of(found, reader.clock, up=up, selector=selector)
            best = answer_of(whole, reader.clock, up=up, selector=selector)
            event(f"{best.healthy} {best.up} {told.healthy} {told.up}")
            assert told.is_no_better_than(best)


def _is_no_younger(found: SelectionResult | None, reader: FaultyReader) -> None:
    """Fail if an answer is said to be younger than the oldest reading that was made for it."""
    if found is not None:
        assert found.worth(reader.clock.now).age(reader.clock.now) >= age(reader)


def _key(verdict: Assessment) -> tuple[str, ...]:
    """Of which object a verdict is."""
    group = verdict.api_version.rpartition("/")[0]
    return group, verdict.kind, verdict.namespace, verdict.name
