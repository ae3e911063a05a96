"""What owners write on their objects, over every kind."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from k8s_heartbeat.core import Health
from k8s_heartbeat.core.checks.members import members_of
from tests.builders import Manifest
from tests.property import strategies as some
from tests.property.strategies import FAMILIES, Json
from tests.property.support import (
    decided,
    every_kind,
    every_workload,
    figures,
    judged,
    share,
    standing,
)

_NOT_EVEN_TEXT: tuple[Json, ...] = (None, "", " ", [], {}, 0.5, float("nan"), -1, "\ud800")
MALFORMED: dict[str, tuple[Json, ...]] = {
    "minimum": (*_NOT_EVEN_TEXT, True, 0, "0", "-1", "half", "0%", "101%", "50 %", "1e3", "9" * 40),
    "maintenance": (*_NOT_EVEN_TEXT, True, 7, "tomorrow", "2026-03-02", "2026-02-30T12:00:00Z"),
    "ignore": (*_NOT_EVEN_TEXT, True, "yes", "True", "1"),
}
"""What an annotation of ours must not hold."""
FORMS = ["1", "2", "3", "200", "1%", "33%", "50%", "100%"]


class TestMalformed:
    """A malformed annotation changes nothing and is reported as a cause."""

    @every_kind
    @share
    @given(data=st.data())
    def test_it_changes_nothing_and_is_a_cause(self, kind: str, data: st.DataObject) -> None:
        """All that is decided stays; each that cannot be read is one cause more."""
        manifest, around = data.draw(some.case(FAMILIES[kind]))
        names = data.draw(st.sets(st.sampled_from(sorted(MALFORMED)), min_size=1))
        values = {name: data.draw(st.sampled_from(MALFORMED[name])) for name in sorted(names)}
        plain = judged(manifest, around)
        verdict = judged(some.annotated(manifest, **values), around)
        assert decided(verdict) == decided(plain)
        added = Counter(verdict.causes) - Counter(plain.causes)
        assert not Counter(plain.causes) - Counter(verdict.causes)
        assert [cause.reason for cause in added.elements()] == ["MalformedAnnotation"] * len(names)


class TestMaintenance:
    """`maintenance-until` keeps `up` true until then and says so in the reason."""

    @every_kind
    @share
    @given(data=st.data())
    def test_until_then_all_is_up_and_nothing_is_better(
        self, kind: str, data: st.DataObject
    ) -> None:
        """What is not well is up with the reason Maintenance, and its health is what it was."""
        manifest, around = data.draw(some.case(FAMILIES[kind]))
        plain = judged(manifest, around)
        verdict = judged(some.annotated(manifest, maintenance=data.draw(some.futures())), around)
        if plain.health is Health.HEALTHY:
            assert verdict == plain
        else:
            assert (verdict.up, verdict.reason) == (True, "Maintenance")
            assert verdict.message.endswith(plain.message)
            kept = replace(verdict, up=plain.up, reason=plain.reason, message=plain.message)
            assert kept == plain

    @every_kind
    @share
    @given(data=st.data())
    def test_after_it_nothing_is_changed(self, kind: str, data: st.DataObject) -> None:
        """Work that is over is no excuse, from its last moment on."""
        manifest, around = data.draw(some.case(FAMILIES[kind]))
        over = some.annotated(manifest, maintenance=data.draw(some.pasts()))
        assert judged(over, around) == judged(manifest, around)


class TestIgnore:
    """`ignore` keeps an object out of aggregates."""

    @every_kind
    @share
    @given(data=st.data())
    def test_it_is_no_member_and_is_judged_alike(self, kind: str, data: st.DataObject) -> None:
        """Asked for itself it is judged as without; in an aggregate it does not count."""
        manifest: Manifest = data.draw(FAMILIES[kind].objects)
        manifest["metadata"].pop("ownerReferences", None)
        word = data.draw(some.words("true", "false"))
        marked = some.annotated(manifest, ignore=word)
        assert judged(marked) == judged(manifest)
        members = members_of([marked])
        assert members == ([] if word == "true" else members_of([manifest]) and [marked])


class TestMinimum:
    """The owner sets his own minimum with `min-available`."""

    @every_workload
    @share
    @given(data=st.data())
    def test_it_is_the_line_of_up(self, kind: str, data: st.DataObject) -> None:
        """Up is as many available as the owner says, of a percentage rounded up."""
        manifest = standing(data.draw(FAMILIES[kind].objects))
        form = data.draw(st.sampled_from(FORMS))
        verdict = judged(some.annotated(manifest, minimum=form))
        desired, available = figures(manifest)
        if desired:
            least = math.ceil(desired * int(form[:-1]) / 100) if "%" in form else int(form)
            assert verdict.up == (available >= min(max(1, least), desired))
            if kind != "Deployment":
                # Of which the minimum that its controller states makes it degraded, too.
                assert verdict.health is judged(manifest).health
        else:
            assert verdict == judged(manifest)
