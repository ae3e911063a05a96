"""The tenth law, over every kind."""

from __future__ import annotations

from datetime import datetime, timedelta

from hypothesis import assume, given
from hypothesis import strategies as st

from k8s_heartbeat.core import Activity, Assessment, Health, assess
from k8s_heartbeat.core.fields import is_list, is_mapping
from k8s_heartbeat.core.related import RelatedObjects
from tests.builders import NOW, Manifest, stamp
from tests.property import strategies as some
from tests.property.strategies import FAMILIES
from tests.property.support import BADNESS, EVIDENCE, every_kind, share

FORGOTTEN = frozenset({"CrashLoopBackOff"})
"""What a verdict may rest on that is forgotten on purpose: a crash loop that has ended."""
LATER = st.one_of(
    st.sampled_from([1, 59, 61, 299, 301, 899, 901, 3599, 3601, 86_400]),
    st.integers(1, 10_000_000),
)
"""Seconds: beyond each of the thresholds of the rules, and any others."""


def at(manifest: Manifest, around: list[Manifest], now: datetime) -> Assessment:
    """The verdict at some time, by all the evidence that there is."""
    return assess(manifest, related=RelatedObjects(around, whole=EVIDENCE), now=now)


def latest(value: object) -> str:
    """The latest time that stands anywhere in a manifest; empty where there is none."""
    if is_mapping(value):
        return max(map(latest, value.values()), default="")
    if is_list(value):
        return max(map(latest, value), default="")
    return value if isinstance(value, str) and value[:2] == "20" and value[-1:] == "Z" else ""


class TestWaiting:
    """10. Waiting: with nothing else changed, time alone never makes a verdict better.

    But for causes that are forgotten on purpose.
    """

    @every_kind
    @share
    @given(data=st.data())
    def test_time_alone_makes_nothing_better(self, kind: str, data: st.DataObject) -> None:
        """Neither its health nor whether it is up, whatever it waits for."""
        manifest, around = data.draw(some.case(FAMILIES[kind]))
        # A time ahead of our clock says nothing yet.
        assume(latest([manifest, around]) <= stamp(NOW))
        earlier = at(manifest, around, NOW)
        later = at(manifest, around, NOW + timedelta(seconds=data.draw(LATER)))
        if earlier.reason in FORGOTTEN:
            return
        assert BADNESS[later.health] >= BADNESS[earlier.health]
        assert later.up <= earlier.up

    @every_kind
    @share
    @given(data=st.data())
    def test_what_is_on_its_way_is_so_for_a_time(self, kind: str, data: st.DataObject) -> None:
        """In a year nothing that states since when is still progressing, and down is not up."""
        manifest, around = data.draw(some.case(FAMILIES[kind]))
        manifest["metadata"]["creationTimestamp"] = stamp(NOW)
        before = at(manifest, around, NOW)
        after = at(manifest, around, NOW + timedelta(days=366))
        if kind in WAITS and not _is_stale(manifest):
            assert after.activity is not Activity.PROGRESSING
            if before.activity is Activity.PROGRESSING and after.health is Health.DOWN:
                assert not after.up


WAITS = frozenset(
    {
        "Pod",
        "Service",
        "Ingress",
        "PersistentVolumeClaim",
        "PersistentVolume",
        "Node",
        "CustomResourceDefinition",
        "APIService",
        "HorizontalPodAutoscaler",
        "VolumeAttachment",
        "ResourceClaim",
        "CertificateSigningRequest",
        "KnativeRoute",
        "KnativeConfiguration",
        "KnativeRevision",
        "KnativeService",
    }
)
"""Kinds that are on their way to something; a run or a rollout is its own controller's matter."""


def _is_stale(manifest: Manifest) -> bool:
    """Whether the status is of an older spec: nobody says since when."""
    observed = manifest.get("status", {}).get("observedGeneration")
    generation = manifest["metadata"].get("generation")
    return observed is not None and generation is not None and int(observed) < generation
