"""Which objects own which: by controller owner, never by labels alone.

A Deployment owns ReplicaSets, and a CronJob owns Jobs; these own the pods. Every other workload
owns its pods directly.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from .fields import text
from .kinds import JOB, POD, REPLICA_SET
from .manifests import uids_of
from .model import Manifest, Metadata, Pod
from .related import RelatedObjects

__all__ = ["owned_pods", "top_level"]

_LINKS = frozenset({REPLICA_SET.kind, JOB.kind})
"""Kinds through which a workload owns its pods."""


def owned_pods(owner: Metadata, related: RelatedObjects) -> list[Pod]:
    """The pods that `owner` controls, directly or through a link; by name."""
    children = related.controlled_by(owner.uid)
    # Even a malformed ReplicaSet links its pods.
    links = [uids_of(entry)[0] for entry in children if text(entry.get("kind")) in _LINKS]
    below = [*children, *(entry for uid in links for entry in related.controlled_by(uid))]
    pods: dict[tuple[str, str], Pod] = {}
    for entry in below:
        pod = related.parsed(entry) if entry.get("kind") == POD.kind else None
        if isinstance(pod, Pod):
            key = (pod.meta.name, pod.meta.uid)
            # A dump may hold a pod twice: either will do, but always the same one.
            pods[key] = max(pods[key], pod, key=_content) if key in pods else pod
    return [pods[key] for key in sorted(pods)]


def _content(pod: Pod) -> str:
    """A pod's content, independent of the order of its conditions."""
    return repr((replace(pod, conditions={}), sorted(pod.conditions.items(), key=repr)))


def top_level(
    manifests: Sequence[Manifest],
    owns: Callable[[Manifest, Manifest], bool],
    counts: Callable[[Manifest], bool],
) -> list[Manifest]:
    """The objects that no member among them owns, directly or indirectly.

    Args:
        manifests: What was listed.
        owns: Whether the verdict on the first object covers the second, which it controls.
        counts: Whether an object is a member at all.
    """
    by_uid = {uid: entry for entry in manifests if (uid := uids_of(entry)[0])}
    answered: dict[int, bool] = {}
    return [
        entry for entry in manifests if not _is_answered_for(entry, by_uid, owns, counts, answered)
    ]


def _is_answered_for(
    manifest: Manifest,
    by_uid: Mapping[str, Manifest],
    owns: Callable[[Manifest, Manifest], bool],
    counts: Callable[[Manifest], bool],
    answered: dict[int, bool],
) -> bool:
    """Whether a member is above an object; every object is visited once."""
    way: list[int] = []
    found = False
    entry = manifest
    while id(entry) not in answered:
        way.append(id(entry))
        # Provisional: a cycle of owners has no member above it.
        answered[id(entry)] = False
        above = by_uid.get(uids_of(entry)[1])
        if above is None or not owns(above, entry):
            break
        if counts(above):
            found = True
            break
        entry = above
    else:
        found = answered[id(entry)]
    for step in way:
        answered[step] = found
    return found
