"""What the rules say that they read is all that they read."""

from __future__ import annotations

import json

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from k8s_heartbeat.adapters.cluster.decode import decode_object
from k8s_heartbeat.core import RULES, Rule
from tests.property import strategies as some
from tests.property.strategies import FAMILIES, Json
from tests.property.support import every_kind, judged, on_the_wire, share


def trimmed(manifest: Json) -> Json:
    """An object with no more than what its kind's rule says that it reads."""
    kind = manifest.get("kind")
    rule = RULES.find(kind if isinstance(kind, str) else "", manifest.get("apiVersion"))
    return decode_object(json.dumps(manifest).encode(), rule.fields)


class TestTrimming:
    """`decode_object(json, rule.fields)` is judged as the whole is."""

    @every_kind
    @share
    @given(data=st.data())
    def test_a_trimmed_object_is_judged_as_the_whole(self, kind: str, data: st.DataObject) -> None:
        """With its evidence trimmed too, down to the causes and the times."""
        manifest, around = data.draw(some.case(FAMILIES[kind]))
        if data.draw(st.booleans()):
            manifest = some.annotated(manifest, minimum="1", maintenance=data.draw(some.futures()))
        verdict = judged(trimmed(manifest), [trimmed(entry) for entry in around])
        assert verdict == judged(manifest, around)

    @every_kind
    @share
    @given(data=st.data())
    def test_so_is_a_broken_one(self, kind: str, data: st.DataObject) -> None:
        """An oddity in a field that is read is judged, not lost."""
        manifest, around = data.draw(some.case(FAMILIES[kind]))
        manifest, around = data.draw(some.broken(manifest)), data.draw(some.broken(around))
        body = on_the_wire([manifest, around])
        assume(body is not None and some.is_object(manifest))
        sent, others = json.loads(body or b"")
        others = [entry for entry in some.listed(others) if some.is_object(entry)]
        verdict = judged(trimmed(sent), [trimmed(entry) for entry in others])
        assert verdict == judged(sent, others)

    @pytest.mark.parametrize(
        "rule",
        [rule for rule in (*RULES, RULES.custom) if rule.fields],
        ids=lambda rule: f"{rule.kind.kind}.{rule.kind.group}",
    )
    @share
    @given(data=st.data())
    def test_so_is_one_of_any_rule(self, rule: Rule, data: st.DataObject) -> None:
        """Made from the fields that the rule states, be it the rule of today or not."""
        manifest = data.draw(some.from_fields(rule))
        assume(on_the_wire(manifest) is not None)
        sent = json.loads(json.dumps(manifest))
        assert judged(trimmed(sent)) == judged(sent)
