"""What is wrong beneath a verdict: pods and their containers, and the events that explain them.

Causes explain and never decide, but for a pod that is judged itself. The reasons are those that
the kubelet and the scheduler write (kubernetes/pkg/kubelet/images/types.go and
kubernetes/pkg/kubelet/container/sync_result.go).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta

from .assessment import Cause
from .durations import format_duration
from .model import Condition, Container, Event, Metadata, Pod, Related, Termination
from .owners import owned_pods
from .policy import Policy
from .wording import listed

__all__ = ["explain", "pod_causes"]

CRASH_LOOP = "CrashLoopBackOff"
IMAGE = frozenset(
    {
        "ImagePullBackOff",
        "ErrImagePull",
        "ErrImageNeverPull",
        "InvalidImageName",
        "ImageInspectError",
    }
)
CONFIG = frozenset(
    {
        "CreateContainerConfigError",
        "CreateContainerError",
        "RunContainerError",
        "PreStartHookError",
        "PreCreateHookError",
        "PostStartHookError",
    }
)
# Kinds whose pods are meant to end: how they did is what explains them.
_RUN_TO_THE_END = frozenset({"Job", "CronJob"})
# The kubelet's caches of Secrets and ConfigMaps lag behind a new pod; it retries by itself.
_CACHE_LAG = re.compile(r"failed to sync \w+ cache")
# A container that ran this long has its back-off forgotten by the kubelet.
_BACK_OFF_RESET = timedelta(minutes=10)


def explain(
    subject: Metadata, related: Iterable[Related], now: datetime, policy: Policy, *, well: bool
) -> tuple[Cause, ...]:
    """Everything wrong beneath an object, alike causes as one; events only if it is not `well`."""
    objects = list(related)
    pods = owned_pods(subject, objects)
    found: list[Cause] = []
    for pod in pods:
        if pod.phase == "Failed" and subject.kind in _RUN_TO_THE_END:
            found.extend(pod_causes(pod, now, policy))
        elif pod.meta.terminating or pod.finished:
            # Pods on their way out do not count against a live workload, unless they hang there.
            found.extend(_stuck(pod, now, policy))
        else:
            found.extend(pod_causes(pod, now, policy))
    causes = _merged(found)
    if not well and subject.uid:
        uids = {subject.uid, *(pod.meta.uid for pod in pods)}
        uids |= {entry.meta.uid for entry in objects if entry.meta.owner_uid == subject.uid}
        causes += _merged(_event_causes(objects, uids - {""}, now, policy))
    return tuple(causes)


def pod_causes(pod: Pod, now: datetime, policy: Policy) -> list[Cause]:
    """What is wrong with one pod; what keeps it from serving stands first."""
    found: list[Cause] = []
    for container in pod.containers:
        found.extend(_waiting(pod, container))
    looping = [entry for entry in pod.containers if _crash_looped(entry, now, policy)]
    found.extend(_crash_loop(pod, container) for container in looping)
    found.extend(_unschedulable(pod, now, policy))
    if not found:
        found.extend(_not_ready(pod))
    for container in pod.containers:
        found.extend(_terminated(pod, container, now, policy, looping=container in looping))
    found.extend(_stuck(pod, now, policy))
    return found


def _cause(
    pod: Pod,
    reason: str,
    message: str,
    since: datetime | None,
    container: Container | None = None,
) -> Cause:
    if container is not None and container.initial:
        reason = f"Init:{reason}"
    name = None if container is None else container.name
    return Cause(reason, "Pod", pod.meta.name, message, name, since=since)


def _waiting(pod: Pod, container: Container) -> Iterator[Cause]:
    reason, message = container.waiting_reason, container.waiting_message
    if reason in IMAGE or (reason in CONFIG and not _CACHE_LAG.search(message)):
        yield _cause(pod, reason, message, None, container)


def _crash_looped(container: Container, now: datetime, policy: Policy) -> bool:
    """Whether the container is in a crash loop, between two crashes included.

    The kubelet makes a container wait in CrashLoopBackOff when the run that ended was itself a
    restart and was short; a container that runs and shows just that came out of such a wait.
    """
    if container.waiting_reason == CRASH_LOOP:
        return True
    last = container.last_terminated
    if last is None or container.restarts < 2 or container.waiting_reason:
        return False
    if container.terminated is not None and not container.terminated.failed:
        # An init container that got through in the end does not run again.
        return False
    short = (
        last.started is None
        or last.finished is None
        or last.finished - last.started < _BACK_OFF_RESET
    )
    return short and _within(last.finished, now, policy.crash_loop_memory)


def _crash_loop(pod: Pod, container: Container) -> Cause:
    last = container.last_terminated
    message = f"restarted {container.restarts} times"
    if last is not None:
        message += f", last {_ending(last)}"
    since = None if last is None else last.finished
    return _cause(pod, CRASH_LOOP, message, since, container)


def _unschedulable(pod: Pod, now: datetime, policy: Policy) -> Iterator[Cause]:
    scheduled = pod.conditions.get("PodScheduled")
    if scheduled is None or scheduled.status != "False" or scheduled.reason == "SchedulingGated":
        return
    since = scheduled.since or pod.created
    if since is None or now - since > policy.unschedulable_after:
        yield _cause(pod, "Unschedulable", scheduled.message, since)


def _not_ready(pod: Pod) -> Iterator[Cause]:
    ready = pod.conditions.get("Ready")
    if pod.phase != "Running" or ready is None or ready.status == "True":
        return
    serving = [container for container in pod.containers if not container.initial]
    waiting = [container.name for container in serving if not container.ready]
    if waiting or not serving:
        message = f"containers not ready: {listed(waiting)}" if waiting else ready.message
        yield _cause(pod, "NotReady", message, ready.since)
        return
    closed = [gate for gate in pod.readiness_gates if not _is_true(pod.conditions.get(gate))]
    if closed:
        yield _cause(
            pod, "ReadinessGate", f"readiness gates not open: {listed(closed)}", ready.since
        )
    elif all(container.running for container in serving):
        yield _cause(pod, "NodeLost", "its node stopped reporting", ready.since)
    else:
        yield _cause(pod, "NotReady", ready.message, ready.since)


def _terminated(
    pod: Pod, container: Container, now: datetime, policy: Policy, *, looping: bool
) -> Iterator[Cause]:
    for ending in (container.terminated, container.last_terminated):
        if ending is None or not ending.failed:
            continue
        if not _within(ending.finished, now, policy.termination_memory):
            continue
        if ending.reason == "OOMKilled":
            yield _cause(pod, "OOMKilled", _ending(ending), ending.finished, container)
            return
        if not looping:
            yield _cause(pod, "Error", _ending(ending), ending.finished, container)
            return


def _ending(ending: Termination) -> str:
    return f"ended with exit code {ending.exit_code} ({ending.reason or 'no reason given'})"


def _stuck(pod: Pod, now: datetime, policy: Policy) -> Iterator[Cause]:
    deleted = pod.meta.deleted
    if deleted is not None and now - deleted > policy.pod_stuck_after:
        message = f"its deletion has lasted {format_duration(now - deleted)}"
        yield _cause(pod, "TerminatingStuck", message, deleted)


def _event_causes(
    objects: Iterable[Related], uids: set[str], now: datetime, policy: Policy
) -> Iterator[Cause]:
    """Recent warnings about these objects, each once however often a dump holds it."""
    events: dict[str, Event] = {}
    for entry in objects:
        if isinstance(entry, Event):
            key = entry.meta.uid or repr(entry)
            events[key] = max(events[key], entry, key=repr) if key in events else entry
    for event in events.values():
        if (
            event.type == "Warning"
            and event.involved_uid in uids
            and _within(event.time, now, policy.event_memory)
        ):
            yield Cause(
                reason=event.reason,
                kind=event.involved_kind,
                name=event.involved_name,
                message=event.message,
                count=event.count,
                since=event.time,
            )


def _merged(causes: Iterable[Cause]) -> list[Cause]:
    """Alike causes as one, those that most objects show first; the input's order is no matter."""
    groups: dict[tuple[str, str, str], list[Cause]] = {}
    for cause in causes:
        groups.setdefault((cause.reason, cause.kind, cause.container or ""), []).append(cause)
    merged = [_merge(group) for group in groups.values()]
    return sorted(merged, key=lambda cause: (-cause.count, _order(cause)))


def _merge(group: list[Cause]) -> Cause:
    first = min(group, key=_order)
    times = [cause.since for cause in group if cause.since is not None]
    return replace(
        first,
        count=sum(cause.count for cause in group),
        since=min(times, default=None),
    )


def _order(cause: Cause) -> tuple[str, ...]:
    since = cause.since.isoformat() if cause.since else ""
    return (cause.reason, cause.container or "", cause.kind, cause.name, cause.message, since)


def _within(time: datetime | None, now: datetime, span: timedelta) -> bool:
    return time is not None and now - time <= span


def _is_true(condition: Condition | None) -> bool:
    return condition is not None and condition.status == "True"
