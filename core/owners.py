"""What belongs to what: by controller owner, never by labels alone.

A Deployment owns ReplicaSets, which own pods, and a CronJob Jobs, which own pods; every other
workload owns its pods itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace

from .fields import mapping, text
from .manifests import meta_of
from .model import Manifest, Metadata, Pod, Related

__all__ = ["owned_pods", "related_index", "top_level"]

_LINKS = ("ReplicaSet", "Job")
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
        meta = meta_of(manifest)
        above = _involved_uid(manifest) if meta.kind == "Event" else meta.owner_uid
        if above:
            below.setdefault(above, []).append((meta.uid, manifest))

    def related_to(manifest: Manifest) -> list[Manifest]:
        found: list[Manifest] = []
        waiting, seen = [meta_of(manifest).uid], set[str]()
        while waiting:
            uid = waiting.pop()
            if uid and uid not in seen:
                seen.add(uid)
                found += [entry for _, entry in below.get(uid, ())]
                waiting += [child for child, _ in below.get(uid, ())]
        return found

    return related_to


def top_level(manifests: Sequence[Manifest], counts: Callable[[Manifest], bool]) -> list[Manifest]:
    """Those that no other one of them controls, itself or through others.

    Args:
        manifests: What was listed.
        counts: Whether what an object controls is no member beside it.
    """
    metas = [meta_of(manifest) for manifest in manifests]
    owners = {
        meta.uid: meta.owner_uid
        for meta, manifest in zip(metas, manifests, strict=True)
        if meta.uid and counts(manifest)
    }
    return [
        manifest
        for meta, manifest in zip(metas, manifests, strict=True)
        if not _is_beneath(meta, owners)
    ]


def _is_beneath(meta: Metadata, owners: Mapping[str, str]) -> bool:
    seen = {meta.uid}
    owner = meta.owner_uid
    while owner in owners:
        if owner in seen:
            # Who controls himself would vanish together with what he says.
            return False
        seen.add(owner)
        owner = owners[owner]
    return len(seen) > 1


def _involved_uid(manifest: Manifest) -> str:
    involved = manifest.get("involvedObject") or manifest.get("regarding")
    return text(mapping(involved).get("uid"))
