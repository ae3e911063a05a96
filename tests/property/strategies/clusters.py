"""Many objects at once: of several kinds and namespaces, some of them owning others."""

from __future__ import annotations

from typing import cast

from hypothesis import strategies as st

from tests.builders import Manifest, owner

from .catalogue import FAMILIES, case
from .pieces import words
from .pods import troubled_pods
from .workloads import deployments, replica_sets

__all__ = ["NAMESPACES", "chains", "clusters", "placed"]

NAMESPACES = ("shop", "other")
_JUDGED_BY_OTHERS = [kind for kind, family in FAMILIES.items() if family.evidence is not None]
_SHARED = ("StorageClass",)
"""Kinds whose objects are evidence by their names."""


@st.composite
def chains(draw: st.DrawFn) -> list[Manifest]:
    """A Deployment with its ReplicaSet and pods, each of them well or not."""
    found = [draw(deployments())]
    found[0]["metadata"] |= {"uid": "deployment", "ownerReferences": []}
    replicas = draw(replica_sets())
    replicas["metadata"] |= {"uid": "rs", "ownerReferences": [owner("deployment")]}
    found.append(replicas)
    for number in range(draw(st.integers(0, 2))):
        pod = draw(troubled_pods())
        above = draw(words("rs", "rs", "gone"))
        pod["metadata"] |= {"uid": f"pod-{number}", "ownerReferences": [owner(above)]}
        found.append(pod)
    return found


def placed(objects: list[Manifest], number: int, namespace: str) -> list[Manifest]:
    """Objects that belong together as the `number`-th such group, in a namespace.

    The first one keeps its name, for others are found by it.
    """
    return [
        {**entry, "metadata": _metadata(entry, number, index, namespace)}
        for index, entry in enumerate(objects)
    ]


def _metadata(manifest: Manifest, number: int, index: int, namespace: str) -> Manifest:
    meta = dict(manifest["metadata"])
    if meta.get("uid"):
        meta["uid"] = f"{number}/{meta['uid']}"
    if "ownerReferences" in meta:
        references = cast("list[Manifest]", meta["ownerReferences"])
        meta["ownerReferences"] = [
            {**entry, "uid": f"{number}/{entry['uid']}"} for entry in references
        ]
    if "namespace" in meta:
        meta["namespace"] = namespace
    if index and manifest["kind"] not in _SHARED:
        meta["name"] = f"{meta['name']}-{number}-{index}"
    return meta


@st.composite
def clusters(draw: st.DrawFn, most: int = 3) -> list[Manifest]:
    """What there is: no two of one name, and no two of one UID."""
    found: list[Manifest] = []
    names: set[tuple[str, ...]] = set()
    uids: set[str] = {""}
    for number in range(draw(st.integers(1, most))):
        kinds = draw(st.sampled_from([None, sorted(FAMILIES), _JUDGED_BY_OTHERS]))
        if kinds is None:
            group = draw(chains())
        else:
            manifest, around = draw(case(FAMILIES[draw(st.sampled_from(kinds))]))
            group = [manifest, *around]
        for entry in placed(group, number, draw(st.sampled_from(NAMESPACES))):
            meta = entry["metadata"]
            name = (
                entry["apiVersion"].rpartition("/")[0],
                entry["kind"],
                meta.get("namespace", ""),
                meta["name"],
            )
            if not meta["name"] or name in names or (meta.get("uid") and meta["uid"] in uids):
                continue
            names.add(name)
            uids.add(meta.get("uid", ""))
            found.append(entry)
    return found
