"""Which pods belong to a workload: by controller owner, never by labels alone.

A Deployment owns ReplicaSets, which own pods; every other workload owns its pods itself.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from .model import Metadata, Object, Pod

__all__ = ["owned_pods"]


def owned_pods(owner: Metadata, related: Iterable[Object]) -> list[Pod]:
    """The pods among `related` that `owner` controls, itself or through a ReplicaSet; by name."""
    if not owner.uid:
        return []
    objects = list(related)
    owners = {owner.uid} | {
        entry.meta.uid
        for entry in objects
        # Whatever is odd about a ReplicaSet, it still links its pods.
        if entry.meta.kind == "ReplicaSet" and entry.meta.owner_uid == owner.uid
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
    return repr((replace(pod, conditions={}), sorted(pod.conditions.items())))
