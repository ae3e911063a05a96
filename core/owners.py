"""What belongs to what: by controller owner, never by labels alone.

A Deployment owns ReplicaSets, which own pods, and a CronJob Jobs, which own pods; every other
workload owns its pods itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
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


def top_level(
    manifests: Sequence[Manifest],
    owns: Callable[[Manifest, Manifest], bool],
    counts: Callable[[Manifest], bool],
) -> list[Manifest]:
    """Those that no member among them answers for, itself or through what it owns.

    Args:
        manifests: What was listed.
        owns: Whether the verdict on the first object speaks of the second, which it controls.
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
    """Whether a member stands above an object; every object is looked at once."""
    way: list[int] = []
    found = False
    entry = manifest
    while id(entry) not in answered:
        way.append(id(entry))
        # Until more is known: who controls himself is nobody's.
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


def _involved_uid(manifest: Manifest) -> str:
    involved = manifest.get("involvedObject") or manifest.get("regarding")
    return text(mapping(involved).get("uid"))
