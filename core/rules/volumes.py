"""v1 PersistentVolumeClaim and PersistentVolume, and storage.k8s.io/v1 StorageClass.

Source: the API's PersistentVolumeClaimPhase and PersistentVolumePhase (k8s.io/api/core/v1/types.go)
and the volume binding mode in Kubernetes' documentation (concepts/storage/storage-classes).
"""

from __future__ import annotations

from collections.abc import Iterable

from ..assessment import Activity, Cause, Health
from ..fields import CONDITIONS, FieldError, conditions_of, said, text
from ..kinds import POD, STORAGE_CLASS, Kind
from ..manifests import meta_of
from ..model import Conditions, Metadata, Pod, Source, record
from ..reader import Query
from ..surroundings import Surroundings
from .rule import Context, Rule
from .stated import is_true, word_of
from .verdict import Verdict

__all__ = ["PERSISTENT_VOLUME_CLAIM_RULE", "PERSISTENT_VOLUME_RULE", "STORAGE_CLASS_RULE"]

_WAITING = "WaitForFirstConsumer"
_RESIZING = ("Resizing", "FileSystemResizePending")


@record
class Claim:
    """A v1 PersistentVolumeClaim."""

    meta: Metadata
    phase: str
    storage_class: str
    conditions: Conditions


def _read_claim(source: Source) -> Claim:
    return Claim(
        source.meta,
        _phase(source),
        text(source.spec.get("storageClassName")),
        conditions_of(source.status),
    )


def _phase(source: Source) -> str:
    phase = source.status.get("phase")
    if not isinstance(phase, str) or not phase:
        raise FieldError("status.phase is not stated; it is a word such as Bound")
    return phase


def _judge_claim(claim: Claim, context: Context) -> Verdict:
    """By its phase: Bound is healthy, Lost is down, Pending is degraded and progressing.

    Pending is healthy and suspended while its StorageClass waits for a first consumer and no pod
    uses it. Bound is progressing while it is being resized.
    """
    if claim.phase == "Bound":
        return _bound(claim)
    if claim.phase == "Lost":
        message = "the volume that it was bound to is gone"
        return Verdict(Health.DOWN, Activity.STEADY, False, "ClaimLost", message)
    if claim.phase != "Pending":
        raise FieldError("status.phase is none of Bound, Lost and Pending")
    if _waits(claim, context.around) and not _is_used(claim, context.around):
        message = "its volume is made when the first pod uses it"
        return Verdict(Health.HEALTHY, Activity.SUSPENDED, True, _WAITING, message)
    message = "no volume is bound to it yet"
    return Verdict(Health.DEGRADED, Activity.PROGRESSING, True, "ClaimPending", message)


def _bound(claim: Claim) -> Verdict:
    for type_ in _RESIZING:
        if is_true(claim.conditions, type_):
            since = claim.conditions[type_].since
            message = "a volume is bound to it and is being resized"
            return Verdict(Health.HEALTHY, Activity.PROGRESSING, True, type_, message, since=since)
    return Verdict(Health.HEALTHY, Activity.STEADY, True, "Bound", "a volume is bound to it")


def _waits(claim: Claim, around: Surroundings) -> bool:
    return any(
        meta_of(entry).name == claim.storage_class and entry.get("volumeBindingMode") == _WAITING
        for entry in around.of_kind(STORAGE_CLASS.kind)
    )


def _is_used(claim: Claim, around: Surroundings) -> bool:
    return any(
        isinstance(entry, Pod)
        and entry.meta.namespace == claim.meta.namespace
        and not entry.finished
        # A claim for a pod's ephemeral volume is the pod's own.
        and (claim.meta.name in entry.claims or entry.meta.uid == claim.meta.owner_uid != "")
        for entry in around.parsed
    )


def _evidence(source: Source) -> Iterable[Query]:
    storage_class = text(source.spec.get("storageClassName"))
    if source.status.get("phase") != "Pending" or not storage_class:
        return ()
    return (Query(STORAGE_CLASS, "", name=storage_class), Query(POD, source.meta.namespace))


def _judge_volume(source: Source, context: Context) -> Verdict:
    """By its phase: Failed is down, Bound, Available and Released are healthy.

    Pending is degraded and progressing.
    """
    phase = _phase(source)
    if phase in ("Bound", "Available", "Released"):
        return Verdict(Health.HEALTHY, Activity.STEADY, True, phase, f"its phase is {phase}")
    if phase == "Pending":
        message = "it is not available yet"
        return Verdict(Health.DEGRADED, Activity.PROGRESSING, True, "VolumePending", message)
    if phase != "Failed":
        raise FieldError("status.phase is none of Available, Bound, Failed, Pending and Released")
    reason = word_of(None, text(source.status.get("reason")), "VolumeFailed")
    meta, stated = source.meta, said(source.status.get("message"))
    return Verdict(
        Health.DOWN,
        Activity.STEADY,
        up=False,
        reason=reason,
        message="its volume could not be reclaimed or deleted",
        causes=(Cause(reason, meta.kind, meta.name, stated),),
    )


def _exists(source: Source, context: Context) -> Verdict:
    """To exist is all that is asked of it: it has no status."""
    return Verdict(Health.HEALTHY, Activity.STEADY, True, "Exists", "it exists")


PERSISTENT_VOLUME_CLAIM_RULE = Rule(
    Kind("PersistentVolumeClaim", "persistentvolumeclaims", "", "v1", ("pvc",)),
    _judge_claim,
    _read_claim,
    fields=("spec.storageClassName", "status.phase", *CONDITIONS),
    evidence=_evidence,
)
PERSISTENT_VOLUME_RULE = Rule(
    Kind("PersistentVolume", "persistentvolumes", "", "v1", ("pv",), namespaced=False),
    _judge_volume,
    fields=("status.phase", "status.reason", "status.message"),
)
STORAGE_CLASS_RULE = Rule(STORAGE_CLASS, _exists, fields=("volumeBindingMode",), needs_status=False)
