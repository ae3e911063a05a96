"""The causes of a verdict: problems of pods and containers, and events that explain them.

Causes explain a verdict and do not decide it, except for a Pod and for a Job without a ready pod.
The reasons are those that the kubelet and the scheduler write
(kubernetes/pkg/kubelet/images/types.go, kubernetes/pkg/kubelet/container/sync_result.go and
kubernetes/pkg/kubelet/lifecycle/predicate.go).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta

from .assessment import Cause
from .durations import format_duration
from .manifests import uids_of
from .model import Condition, Container, Event, Metadata, Pod, Termination
from .owners import owned_pods
from .policy import Policy
from .related import RelatedObjects
from .waiting import has_waited
from .wording import as_word, listed, quoted

__all__ = [
    "CRASH_LOOP",
    "STARTING",
    "briefly",
    "detail_of",
    "ended_cause",
    "explain",
    "foremost",
    "is_disrupted",
    "pod_causes",
]

CRASH_LOOP = "CrashLoopBackOff"
# Waiting reasons of a normal start; any other one says why a container does not start.
STARTING = frozenset({"ContainerCreating", "PodInitializing"})
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
# How an earlier run ended: current problems come first.
_HISTORY = frozenset({"Error", "OOMKilled", "Init:Error", "Init:OOMKilled"})
_DEFAULT_SCHEDULER = "default-scheduler"
# Kinds whose pods run to completion: how the pods ended is a cause.
_RUN_TO_THE_END = frozenset({"Job", "CronJob"})
# The kubelet's caches of Secrets and ConfigMaps lag behind a new pod; it retries by itself.
_CACHE_LAG = re.compile(r"failed to sync \w+ cache")
# The kubelet resets the back-off of a container that ran this long.
_BACK_OFF_RESET = timedelta(minutes=10)


def explain(
    subject: Metadata, related: RelatedObjects, now: datetime, policy: Policy, *, well: bool
) -> tuple[Cause, ...]:
    """All causes of an object's verdict, merged if similar; events only if it is not `well`."""
    pods = owned_pods(subject, related)
    found: list[Cause] = []
    for pod in pods:
        if pod.finished and not well:
            found.extend(_ended(pod, subject, now, policy))
        if pod.phase == "Failed" and subject.kind in _RUN_TO_THE_END:
            found.extend(pod_causes(pod, now, policy))
        elif pod.meta.terminating or pod.finished:
            # A terminating pod does not count against a live workload unless it is stuck.
            found.extend(_stuck(pod, now, policy))
        else:
            found.extend(pod_causes(pod, now, policy))
    causes = _merged(found)
    if not well and subject.uid:
        uids = {subject.uid, *(pod.meta.uid for pod in pods)}
        uids |= {uids_of(entry)[0] for entry in related.controlled_by(subject.uid)}
        causes += _merged(_event_causes(related.events_about(uids), now, policy))
    return tuple(causes)


def pod_causes(pod: Pod, now: datetime, policy: Policy) -> list[Cause]:
    """The problems of one pod, starting with what keeps it from serving."""
    found: list[Cause] = []
    for container in pod.containers:
        found.extend(_waiting(pod, container))
    looping = [entry for entry in pod.containers if _crash_looped(entry, now, policy)]
    found.extend(_crash_loop(pod, container) for container in looping)
    found.extend(_unschedulable(pod, now, policy))
    found.extend(_unassigned(pod, now, policy))
    if not found:
        found.extend(_not_ready(pod))
    if not found and pod.phase == "Pending":
        found.extend(_starting(pod, now, policy))
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
    if not reason or reason == CRASH_LOOP or reason in STARTING:
        return
    if reason in CONFIG and _CACHE_LAG.search(message):
        return
    yield _cause(pod, as_word(reason, "ContainerWaiting"), message, None, container)


def _crash_looped(container: Container, now: datetime, policy: Policy) -> bool:
    """Whether the container is in a crash loop, between two crashes included.

    The kubelet makes a container wait in CrashLoopBackOff when the run that ended was itself a
    restart and was short; a running container whose last run was one came out of such a wait.
    """
    if container.waiting_reason == CRASH_LOOP:
        return True
    last = container.last_terminated
    if last is None or container.restarts < 2 or container.waiting_reason:
        return False
    if container.terminated is not None and not container.terminated.failed:
        # An init container that has succeeded does not run again.
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
    # Timestamps in the future are ignored.
    times = [moment for moment in (scheduled.since, pod.meta.created) if moment and moment <= now]
    if times and now - times[0] <= policy.unschedulable_after:
        return
    message = scheduled.message
    if pod.claims and "persistentvolumeclaim" in message.lower():
        message = f"{message} (its claims: {listed(pod.claims)})"
    yield _cause(pod, "Unschedulable", message, scheduled.since or pod.meta.created)


def _unassigned(pod: Pod, now: datetime, policy: Policy) -> Iterator[Cause]:
    """A pod that no scheduler has seen: the one that it names may not exist."""
    if pod.phase != "Pending" or pod.assigned or "PodScheduled" in pod.conditions:
        return
    age = has_waited(now, policy.unschedulable_after, pod.meta.created)
    if age:
        name = pod.scheduler or _DEFAULT_SCHEDULER
        message = f"no scheduler has looked at it for {age}; it asks for {name}"
        yield _cause(pod, "Unassigned", message, pod.meta.created)


def _starting(pod: Pod, now: datetime, policy: Policy) -> Iterator[Cause]:
    """What a pod is doing while its start takes too long."""
    scheduled = pod.conditions.get("PodScheduled")
    if scheduled is not None and scheduled.status != "True":
        return
    taken = ((scheduled.since if scheduled else None), pod.started, pod.meta.created)
    running = [entry for entry in pod.containers if entry.initial and entry.running]
    for container in running:
        age = has_waited(now, policy.waiting_after, container.running_since, *taken)
        if age:
            message = f"it has been running for {age}"
            name, since = pod.meta.name, container.running_since
            yield Cause("InitRunning", "Pod", name, message, container.name, since=since)
    age = has_waited(now, policy.waiting_after, *taken)
    if running or not age:
        return
    # The init containers come last, and are what the others wait for.
    waiting = [entry for entry in pod.containers if entry.waiting_reason in STARTING]
    since = next((moment for moment in taken if moment is not None), None)
    if waiting:
        names = listed([entry.name for entry in waiting])
        message = f"containers not created for {age}: {names}"
        yield _cause(pod, waiting[-1].waiting_reason, message, since)
    else:
        yield _cause(pod, "PodPending", f"its node has not started it for {age}", since)


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


def _ended(pod: Pod, subject: Metadata, now: datetime, policy: Policy) -> Iterator[Cause]:
    """A finished pod, if it explains why the workload is unhealthy."""
    if subject.kind in _RUN_TO_THE_END:
        # Each of their failed containers is a cause of its own.
        wanted = pod.phase == "Failed" and (pod.reason or _disruption(pod) is not None)
    else:
        wanted = pod.phase == "Failed" or is_disrupted(pod) or subject.kind == "StatefulSet"
    ended = _end_of(pod)
    if wanted and (ended is None or _within(ended, now, policy.termination_memory)):
        yield replace(ended_cause(pod), since=ended)


def ended_cause(pod: Pod) -> Cause:
    """Why a pod has ended: the status itself names reasons such as Evicted and OutOfcpu."""
    disruption = _disruption(pod)
    fallback = "PodCompleted" if pod.phase == "Succeeded" else "PodFailed"
    if disruption is not None:
        fallback = "DisruptionTarget"
    message = pod.message or (disruption.message if disruption else "")
    if not message:
        endings = [entry for entry in pod.containers if entry.terminated is not None]
        message = ", ".join(
            f"container {entry.name} {_ending(entry.terminated)}"
            for entry in endings[:1]
            if entry.terminated is not None
        )
    return _cause(pod, as_word(pod.reason, fallback), message, None)


def _disruption(pod: Pod) -> Condition | None:
    condition = pod.conditions.get("DisruptionTarget")
    return condition if _is_true(condition) else None


def is_disrupted(pod: Pod) -> bool:
    """Whether somebody ended a pod, or is about to: a kubelet, the scheduler, an eviction."""
    return _disruption(pod) is not None


def _end_of(pod: Pod) -> datetime | None:
    """When a pod ended; one that was rejected never had a container."""
    ends = [entry.terminated.finished for entry in pod.containers if entry.terminated is not None]
    stated = [end for end in ends if end is not None]
    if stated:
        return max(stated)
    for type_ in ("DisruptionTarget", "Ready"):
        condition = pod.conditions.get(type_)
        if condition is not None and condition.since is not None:
            return condition.since
    return pod.started or pod.meta.created


def _stuck(pod: Pod, now: datetime, policy: Policy) -> Iterator[Cause]:
    deleted = pod.meta.deleted
    if deleted is not None and now - deleted > policy.pod_stuck_after:
        message = f"its deletion has lasted {format_duration(now - deleted)}"
        if pod.meta.finalizers:
            message = f"{message}, held by finalizers {listed(pod.meta.finalizers)}"
        yield _cause(pod, "TerminatingStuck", message, deleted)


def foremost(causes: Iterable[Cause]) -> Cause | None:
    """The most informative cause; None if none may be named."""
    # Monitors search response bodies for this word and take it as good news.
    named = [cause for cause in causes if "healthy" not in cause.reason.lower()]
    now = (cause for cause in named if cause.reason not in _HISTORY)
    return next(now, named[0] if named else None)


def briefly(cause: Cause, subject: Metadata) -> str:
    """A cause without pod names or messages from the cluster."""
    about = [] if _is_own(cause, subject) or not cause.kind else [cause.kind]
    about += [f"container {cause.container}"] if cause.container else []
    about += [f"{cause.count} times"] if cause.count > 1 else []
    return f"{cause.reason} ({', '.join(about)})" if about else cause.reason


def detail_of(cause: Cause, subject: Metadata) -> str:
    """What `briefly` leaves out."""
    said = quoted(cause.message)
    if _is_own(cause, subject) or not cause.name:
        return said
    return f"{cause.name}: {said}" if said else cause.name


def _is_own(cause: Cause, subject: Metadata) -> bool:
    return (cause.kind, cause.name) == (subject.kind, subject.name)


def _event_causes(events: Iterable[Event], now: datetime, policy: Policy) -> Iterator[Cause]:
    """Recent warnings, each once even if a dump repeats it."""
    found: dict[str, Event] = {}
    for entry in events:
        key = entry.meta.uid or repr(entry)
        found[key] = max(found[key], entry, key=repr) if key in found else entry
    for event in found.values():
        if event.type == "Warning" and _within(event.time, now, policy.event_memory):
            yield Cause(
                reason=event.reason,
                kind=event.involved_kind,
                name=event.involved_name,
                message=event.message,
                count=event.count,
                since=event.time,
            )


def _merged(causes: Iterable[Cause]) -> list[Cause]:
    """Merge similar causes, most frequent first; the order of the input does not matter."""
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
