"""v1 PersistentVolumeClaim and PersistentVolume, and storage.k8s.io/v1 StorageClass.

Source: the API's PersistentVolumeClaimPhase, PersistentVolumeClaimConditionType,
ClaimResourceStatus and PersistentVolumePhase (k8s.io/api/core/v1/types.go), and the volume binding
mode in Kubernetes' documentation (concepts/storage/storage-classes).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from ..assessment import Activity, Cause, Health
from ..fields import CONDITIONS, FieldError, conditions_of, mapping, mappings, said, text, time
from ..kinds import POD, STORAGE_CLASS, Kind
from ..model import Conditions, Manifest, Metadata, Pod, Source, record
from ..related import RelatedObjects, names_of
from ..waiting import has_waited
from ..wording import quoted
from .condition_view import as_cause, is_true, word_of
from .rule import Context, Evidence, Rule
from .verdict import Verdict

__all__ = ["PERSISTENT_VOLUME_CLAIM_RULE", "PERSISTENT_VOLUME_RULE", "STORAGE_CLASS_RULE"]

_WAITING = "WaitForFirstConsumer"
_CLAIM, _UID = "claim", "uid"
_RESIZING = ("Resizing", "FileSystemResizePending", "ModifyingVolume")
_WORDS = {
    "Resizing": "is being resized",
    "FileSystemResizePending": "waits for its file system to be resized, when a pod mounts it",
    "ModifyingVolume": "is being modified",
}
_ERRORS = (
    "ControllerResizeError",
    "NodeResizeError",
    "ModifyVolumeError",
    "VolumeModifyVolumeError",
)
_ENDS_BADLY = ("Infeasible", "Failed")


@record
class Claim:
    """A v1 PersistentVolumeClaim."""

    meta: Metadata
    phase: str
    storage_class: str
    conditions: Conditions
    refused: tuple[str, ...]
    """Resizes and changes that cannot be done, in Kubernetes' own words."""


def _read_claim(source: Source) -> Claim:
    return Claim(
        source.meta,
        _phase(source),
        text(source.spec.get("storageClassName")),
        conditions_of(source.status),
        _refused(source.status),
    )


def _refused(status: Manifest) -> tuple[str, ...]:
    resized = mapping(status.get("allocatedResourceStatuses")).values()
    found = {text(word) for word in resized}
    if mapping(status.get("modifyVolumeStatus")).get("status") == "Infeasible":
        found.add("ModifyVolumeInfeasible")
    return tuple(sorted(word for word in found if word.endswith(_ENDS_BADLY)))


def _phase(source: Source) -> str:
    phase = source.status.get("phase")
    if not isinstance(phase, str) or not phase:
        raise FieldError("status.phase is not stated; it is a word such as Bound")
    return phase


def _judge_claim(claim: Claim, context: Context) -> Verdict:
    """By its phase: Bound is healthy, Lost is down, Pending is degraded and progressing.

    Pending is healthy and suspended while its StorageClass waits for a first consumer and no pod
    uses it; once it has waited for a volume for longer than the policy allows it is down. A
    StorageClass that does not exist is a cause. Bound is progressing while the volume is being
    resized or modified, and degraded once that takes too long; an error of that is only a cause.
    """
    if claim.phase == "Bound":
        return _bound(claim, context)
    if claim.phase == "Lost":
        message = "the volume that it was bound to is gone"
        return Verdict(Health.DOWN, Activity.STEADY, False, "ClaimLost", message)
    if claim.phase != "Pending":
        raise FieldError("status.phase is none of Bound, Lost and Pending")
    return _pending(claim, context)


def _pending(claim: Claim, context: Context) -> Verdict:
    related, since = context.related, claim.meta.created
    if _waits(claim, related):
        users = _users_of(claim, related)
        if not users:
            message = "its volume is made when the first pod uses it"
            return Verdict(Health.HEALTHY, Activity.SUSPENDED, True, _WAITING, message)
        since = _first_use(users, since, context.now)
    causes: tuple[Cause, ...] = ()
    if claim.storage_class and not _classes(claim, related):
        causes = (_no_class(claim),)
    return _unbound(context, since, causes)


def _no_class(claim: Claim) -> Cause:
    message = f"there is no StorageClass {claim.storage_class}"
    return Cause("StorageClassNotFound", claim.meta.kind, claim.meta.name, message)


def _unbound(context: Context, since: datetime | None, causes: tuple[Cause, ...]) -> Verdict:
    age = has_waited(context.now, context.policy.waiting_after, since)
    message = f"no volume is bound to it after {age}" if age else "no volume is bound to it yet"
    if causes:
        message = f"{message}: {causes[0].message}"
    if age:
        return Verdict(Health.DOWN, Activity.STEADY, False, "ClaimPending", message, causes=causes)
    return Verdict(
        Health.DEGRADED, Activity.PROGRESSING, True, "ClaimPending", message, causes=causes
    )


def _settle_claim(claim: Claim, context: Context) -> Verdict | None:
    """The verdict if its class is known and does not wait for pods: these do not matter."""
    classes = _classes(claim, context.related)
    if not classes or _waits(claim, context.related):
        return None
    return _unbound(context, claim.meta.created, ())


def _presume_claim(claim: Claim, context: Context) -> Verdict | None:
    """Down after too long a wait, though its class, being unknown, may wait for a pod."""
    verdict = _unbound(context, claim.meta.created, ())
    if verdict.health is not Health.DOWN:
        return None
    doubt = "whether its StorageClass waits for a first consumer is not in the input"
    return replace(verdict, message=f"{verdict.message}; {doubt}")


def _first_use(users: list[Pod], created: datetime | None, now: datetime) -> datetime | None:
    """When a pod first waited for it."""
    times = [pod.meta.created for pod in users]
    first = min((moment for moment in times if moment is not None and moment <= now), default=None)
    return first if created is None or (first is not None and first > created) else created


def _bound(claim: Claim, context: Context) -> Verdict:
    causes = _resize_causes(claim)
    for type_ in _RESIZING:
        if not causes and is_true(claim.conditions, type_):
            return _resizing(claim, type_, context)
    message = "a volume is bound to it"
    if causes:
        message = f"{message}, which cannot be resized or modified"
    detail = quoted(*(cause.message for cause in causes))
    return Verdict(
        Health.HEALTHY, Activity.STEADY, True, "Bound", message, causes=causes, detail=detail
    )


def _resizing(claim: Claim, type_: str, context: Context) -> Verdict:
    since = claim.conditions[type_].since
    message = f"a volume is bound to it and {_WORDS[type_]}"
    age = has_waited(context.now, context.policy.waiting_after, since)
    if not age:
        return Verdict(Health.HEALTHY, Activity.PROGRESSING, True, type_, message, since=since)
    # The file system is resized when a pod mounts the volume, if that ever happens.
    health = Health.HEALTHY if type_ == "FileSystemResizePending" else Health.DEGRADED
    return Verdict(health, Activity.STEADY, True, type_, f"{message}, for {age}", since=since)


def _resize_causes(claim: Claim) -> tuple[Cause, ...]:
    meta, conditions = claim.meta, claim.conditions
    found = [
        replace(as_cause(meta, conditions[type_], type_), reason=type_)
        for type_ in _ERRORS
        if is_true(conditions, type_)
    ]
    given_up = "it is not tried again until the claim is changed"
    found += [Cause(word, meta.kind, meta.name, given_up) for word in claim.refused]
    return tuple(found)


def _classes(claim: Claim, related: RelatedObjects) -> list[Manifest]:
    return related.lookup(STORAGE_CLASS.kind, names_of, claim.storage_class)


def _waits(claim: Claim, related: RelatedObjects) -> bool:
    return any(entry.get("volumeBindingMode") == _WAITING for entry in _classes(claim, related))


def _users_of(claim: Claim, related: RelatedObjects) -> list[Pod]:
    """The pods that use it and have not ended."""
    meta = claim.meta
    keys = [(meta.namespace, _CLAIM, meta.name)]
    if meta.owner_uid:
        # A claim for a pod's ephemeral volume is the pod's own.
        keys.append((meta.namespace, _UID, meta.owner_uid))
    users = [entry for key in keys for entry in related.lookup(POD.kind, _users, key)]
    pods = map(related.parsed, users)
    return [pod for pod in pods if isinstance(pod, Pod) and not pod.finished]


def _users(pod: Manifest) -> list[tuple[str, str, str]]:
    """The lookup keys of a pod: the claims that it uses, and its UID."""
    metadata = mapping(pod.get("metadata"))
    namespace = text(metadata.get("namespace"))
    claims = [
        text(mapping(volume.get("persistentVolumeClaim")).get("claimName"))
        for volume in mappings(mapping(pod.get("spec")).get("volumes"))
    ]
    uid = text(metadata.get("uid"))
    return [(namespace, _UID, uid), *((namespace, _CLAIM, name) for name in claims)]


def _evidence(claim: Claim) -> Iterable[Evidence]:
    if claim.phase != "Pending" or not claim.storage_class:
        return ()
    return (
        Evidence(STORAGE_CLASS, "", name=claim.storage_class),
        Evidence(POD, claim.meta.namespace),
    )


def _judge_volume(source: Source, context: Context) -> Verdict:
    """By its phase: Failed is down, Bound, Available and Released are healthy.

    Pending is degraded and progressing, and down once that takes longer than the policy allows.
    """
    phase = _phase(source)
    if phase in ("Bound", "Available", "Released"):
        return Verdict(Health.HEALTHY, Activity.STEADY, True, phase, f"its phase is {phase}")
    since = time(source.status.get("lastPhaseTransitionTime"))
    if phase == "Pending":
        age = has_waited(context.now, context.policy.waiting_after, since, source.meta.created)
        if age:
            message = f"it has not been available for {age}"
            return Verdict(Health.DOWN, Activity.STEADY, False, "VolumePending", message)
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
        detail=quoted(stated),
        causes=(Cause(reason, meta.kind, meta.name, stated),),
        since=since,
    )


def _exists(source: Source, context: Context) -> Verdict:
    """Healthy if it exists: a StorageClass has no status."""
    return Verdict(Health.HEALTHY, Activity.STEADY, True, "Exists", "it exists")


PERSISTENT_VOLUME_CLAIM_RULE = Rule(
    Kind("PersistentVolumeClaim", "persistentvolumeclaims", "", "v1", ("pvc",)),
    _judge_claim,
    _read_claim,
    fields=(
        "spec.storageClassName",
        "status.phase",
        "status.allocatedResourceStatuses",
        "status.modifyVolumeStatus.status",
        *CONDITIONS,
    ),
    evidence=_evidence,
    settle=_settle_claim,
    presume=_presume_claim,
)
PERSISTENT_VOLUME_RULE = Rule(
    Kind("PersistentVolume", "persistentvolumes", "", "v1", ("pv",), namespaced=False),
    _judge_volume,
    fields=("status.phase", "status.reason", "status.message", "status.lastPhaseTransitionTime"),
)
STORAGE_CLASS_RULE = Rule(STORAGE_CLASS, _exists, fields=("volumeBindingMode",), needs_status=False)
