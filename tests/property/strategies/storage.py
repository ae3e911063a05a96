"""PersistentVolumeClaims with the classes and pods around them, and PersistentVolumes."""

from __future__ import annotations

from functools import cache

from hypothesis import strategies as st

from tests.builders import Manifest

from .pieces import MESSAGES, Some, conditions, optional, partial, thing, times, words
from .pods import odd_pods

__all__ = ["claims", "consumers", "storage_classes", "volumes"]

CLASSES = ("fast", "slow", "")


@cache
def claims() -> Some:
    """PersistentVolumeClaims in every phase."""
    return thing(
        "PersistentVolumeClaim",
        "v1",
        spec=optional(storageClassName=words(*CLASSES)),
        status=partial(
            {"phase": words("Pending", "Pending", "Pending", "Bound", "Lost")},
            optional={
                "conditions": conditions(
                    "Resizing",
                    "FileSystemResizePending",
                    "ControllerResizeError",
                    "NodeResizeError",
                    "ModifyingVolume",
                    "ModifyVolumeError",
                ),
                "allocatedResourceStatuses": words(
                    "ControllerResizeInProgress", "NodeResizeInfeasible"
                ).map(lambda word: {"storage": word}),
                "modifyVolumeStatus": words("Pending", "Infeasible").map(
                    lambda word: {"status": word}
                ),
            },
        ),
    )


@cache
def volumes() -> Some:
    """PersistentVolumes in every phase."""
    return thing(
        "PersistentVolume",
        "v1",
        namespaced=False,
        spec=optional(storageClassName=words(*CLASSES)),
        status=partial(
            {"phase": words("Pending", "Available", "Bound", "Released", "Failed")},
            optional={
                "reason": words("", "RecyclerFailed", "two words"),
                "message": words(*MESSAGES),
                "lastPhaseTransitionTime": times(),
            },
        ),
    )


@cache
def storage_classes() -> Some:
    """StorageClasses that bind at once, or wait."""
    return thing(
        "StorageClass",
        "storage.k8s.io/v1",
        namespaced=False,
        volumeBindingMode=st.one_of(
            st.none(), words("Immediate", "WaitForFirstConsumer", "WaitForFirstConsumer")
        ),
        provisioner=words("csi.example.com"),
    )


@st.composite
def consumers(draw: st.DrawFn, claim: Manifest) -> list[Manifest]:
    """Classes, of which some are this claim's, and pods, of which some use it."""
    found: list[Manifest] = []
    own = claim["spec"].get("storageClassName", "")
    for _ in range(draw(st.sampled_from([1, 2, 0]))):
        entry = draw(storage_classes())
        entry["metadata"]["name"] = draw(st.sampled_from([own, own, *CLASSES]))
        found.append(entry)
    for number in range(draw(st.integers(0, 2))):
        pod = draw(odd_pods())
        pod["metadata"] |= {"name": f"db-{number}", "uid": f"pod-{number}"}
        name = draw(st.sampled_from([claim["metadata"]["name"], "other"]))
        pod["spec"]["volumes"] = [{"name": "data", "persistentVolumeClaim": {"claimName": name}}]
        found.append(pod)
    return found
