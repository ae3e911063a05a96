"""What stands around an object: pods, ReplicaSets and events that explain it."""

from __future__ import annotations

from functools import cache

from hypothesis import strategies as st

from tests.builders import Manifest

from .pieces import MESSAGES, Some, metadata, partial, times, uids, words
from .pods import odd_pods, troubled_pods
from .workloads import replica_sets

__all__ = ["events", "related"]


@cache
def events() -> Some:
    """Events of both APIs about any of the UIDs."""
    about = st.fixed_dictionaries({"uid": uids, "kind": st.just("Pod"), "name": st.just("api-1")})
    return partial(
        {
            "apiVersion": words("v1", "events.k8s.io/v1"),
            "kind": st.just("Event"),
            "metadata": metadata(),
            "type": words("Warning", "Warning", "Normal"),
            "reason": words("FailedCreate", "BackOff", "FailedScheduling"),
        },
        optional={
            "involvedObject": about,
            "regarding": about,
            "message": words(*MESSAGES),
            "note": words(*MESSAGES),
            "count": st.integers(0, 5),
            "lastTimestamp": st.one_of(st.none(), times()),
            "eventTime": st.one_of(st.none(), times()),
            "series": st.fixed_dictionaries(
                {"count": st.integers(1, 5), "lastObservedTime": times()}
            ),
        },
    )


@st.composite
def related(draw: st.DrawFn, most: int = 3) -> list[Manifest]:
    """What surrounds an object whose UID is `api`: its own, others', some of it twice."""
    found: list[Manifest] = draw(
        st.lists(st.one_of(troubled_pods(), odd_pods(), replica_sets(), events()), max_size=most)
    )
    for entry in found:
        meta = entry["metadata"]
        meta["uid"] = draw(uids)
        if draw(st.integers(0, 3)):
            by = "api" if entry["kind"] == "ReplicaSet" else draw(words("api", "rs"))
            meta["ownerReferences"] = [{"uid": by, "controller": True}, {"uid": "stranger"}]
    return found
