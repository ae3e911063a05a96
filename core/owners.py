"""What belongs to what: by controller owner, never by labels alone.

A Deployment owns ReplicaSets, which own pods, and a CronJob Jobs, which own pods; every other
workload owns its pods itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from dataclasses import replace

from .fields import mapping, text
from .kinds import JOB, REPLICA_SET
from .manifests import uids_of
from .model import Manifest, Metadata, Pod, Related

__all__ = ["owned_pods", "related_index", "top_level"]

_LINKS = frozenset({REPLICA_SET.kind, JOB.kind})
"""Kinds that stand between a workload and its pods."""


def owned_pods(owner: Metadata, related: Iterable[Related]) -> list[Pod]:
    """The pods among `related` that `owner` controls, itself or through a link; by name."""
    if not owner.uid:
        return []
    objects = list(related)
    owners = {owner.uid} | {
        entry.meta.uid
        for entry in objects
        # Whatever is odd about a ReplicaSet, it still links its pods.
        if entry.meta.kind in _LINKS and entry.meta.owner_uid == owner.uid
    }
    pods: dict[tuple[str, str], Pod] = {}
    for entry in objects:
        if isinstance(entry, Pod) and entry.meta.owner_uid in owners:
            key = (entry.meta.name, entry.meta.uid)
            # Two readings of one pod in one dump: either will do, but always the same one.
            pods[key] = max(pods[key], entry, key=_content) if key in pods else entry
    return [pods[key] for key in sorted(pods)]


def _content(pod: Pod) -> str:
    """All that a pod says, whatever the order it was said in."""
    return repr((replace(pod, conditions={}), sorted(pod.conditions.items(), key=repr)))


def related_index(manifests: Iterable[Manifest]) -> Callable[[Manifest], list[Manifest]]:
    """For an object among these, what it controls down to the pods, and the events of all.

    Many objects are gone through once, not once for each of them.
    """
    below: dict[str, list[tuple[str, Manifest]]] = {}
    for manifest in manifests:
        uid, owner = uids_of(manifest)
        above = _involved_uid(manifest) if manifest.get("kind") == "Event" else owner
        if above:
            below.setdefault(above, []).append((uid, manifest))

    def related_to(manifest: Manifest) -> list[Manifest]:
        found: list[Manifest] = []
        waiting, seen = [uids_of(manifest)[0]], set[str]()
        while waiting:
            uid = waiting.pop()
            if uid and uid not in seen:
                seen.add(uid)
                found += [entry for _, entry in below.get(uid, ())]
                waiting += [child for child, _ in below.get(uid, ())]
        return found

    return related_to


def top_level(manifests: Sequence[Manifest], counts: Callable[[Manifest], bool]) -> list[Manifest]:
    """Those that no other one of them controls, itself or through links.

    Args:
        manifests: What was listed.
        counts: Whether what an object controls is no member beside it.
    """
    uids = [uids_of(manifest) for manifest in manifests]
    members: set[str] = set()
    above: dict[str, str] = {}
    for (uid, owner), manifest in zip(uids, manifests, strict=True):
        if not uid:
            continue
        if counts(manifest):
            members.add(uid)
        if uid in members or text(manifest.get("kind")) in _LINKS:
            above[uid] = owner
    return [
        manifest
        for (uid, owner), manifest in zip(uids, manifests, strict=True)
        if not _is_beneath(uid, owner, above, members)
    ]


def _is_beneath(uid: str, owner: str, above: Mapping[str, str], members: Set[str]) -> bool:
    """Whether a member stands above an object."""
    seen, found = {uid}, False
    while owner in above:
        if owner in seen:
            # Who controls himself would vanish together with what he says.
            return False
        seen.add(owner)
        found = found or owner in members
        owner = above[owner]
    return found


def _involved_uid(manifest: Manifest) -> str:
    involved = manifest.get("involvedObject") or manifest.get("regarding")
    return text(mapping(involved).get("uid"))
