"""v1 Pod.

Source: the pod lifecycle in Kubernetes' documentation (concepts/workloads/pods/pod-lifecycle) and
the API's PodPhase and PodCondition.
"""

from __future__ import annotations

from datetime import datetime

from ..assessment import Activity, Cause, Health
from ..causes import CRASH_LOOP, briefly, detail_of, ended_cause, foremost, is_disrupted, pod_causes
from ..fields import CONDITIONS
from ..kinds import POD
from ..manifests import read_pod
from ..model import Pod
from ..policy import Policy
from ..wording import quoted
from .rule import Context, Rule
from .verdict import Verdict

__all__ = ["POD_RULE"]


def _judge(pod: Pod, context: Context) -> Verdict:
    """By its phase; a running pod by its Ready condition, a pending one by what holds it.

    Succeeded is healthy and suspended, Failed is down, and so is a pod that was disrupted before it
    Succeeded: an evicted container may well exit with 0. Running and Ready is healthy, degraded
    while a container of it is in a crash loop; Running and not Ready is down. Pending is down, and
    progressing until a cause is known: at once where a container waits for any other reason than
    PodInitializing and ContainerCreating, and otherwise once it has waited for longer than the
    policy allows.
    """
    now, policy = context.now, context.policy
    if pod.phase == "Succeeded" and not is_disrupted(pod):
        message = "all its containers have finished"
        return Verdict(Health.HEALTHY, Activity.SUSPENDED, True, "PodCompleted", message)
    if pod.phase in ("Succeeded", "Failed"):
        return _ended(pod, now, policy)
    causes = tuple(pod_causes(pod, now, policy))
    if pod.phase == "Running":
        return _running(pod, causes)
    if pod.phase == "Pending":
        return _pending(pod, causes)
    lost = pod.phase == "Unknown"
    known = "Pending, Running, Succeeded, Failed and Unknown"
    return Verdict(
        Health.UNKNOWN,
        Activity.STEADY,
        up=False,
        reason="PodUnknown" if lost else "Malformed",
        message="its phase is Unknown" if lost else f"its phase is none of {known}",
        causes=causes,
    )


def _ended(pod: Pod, now: datetime, policy: Policy) -> Verdict:
    """The status itself names Evicted, Preempting and NodeLost, but not other disruptions."""
    own = ended_cause(pod)
    how = "has failed" if pod.phase == "Failed" else "was ended"
    return Verdict(
        Health.DOWN,
        Activity.STEADY,
        up=False,
        reason=own.reason,
        message=f"it {how} and will not run again",
        detail=quoted(own.message),
        causes=(own, *pod_causes(pod, now, policy)),
    )


def _down(
    message: str,
    pod: Pod,
    causes: tuple[Cause, ...],
    since: datetime | None,
) -> Verdict:
    """A pod that does not serve; its message has the first cause."""
    first = foremost(causes)
    return Verdict(
        Health.DOWN,
        Activity.STEADY,
        up=False,
        reason=causes[0].reason if causes else "NotReady",
        message=f"{message}: {briefly(first, pod.meta)}" if first else message,
        causes=causes,
        since=since,
        detail=detail_of(first, pod.meta) if first else "",
    )


def _running(pod: Pod, causes: tuple[Cause, ...]) -> Verdict:
    ready = pod.conditions.get("Ready")
    since = ready.since if ready else None
    if ready is None or ready.status != "True":
        return _down("it runs and is not ready", pod, causes, since)
    looping = next((cause for cause in causes if cause.reason == CRASH_LOOP), None)
    if looping is not None:
        # It looks ready between two crashes.
        message = f"ready at this moment, container {looping.container} {looping.message}"
        return Verdict(Health.DEGRADED, Activity.STEADY, True, CRASH_LOOP, message, causes=causes)
    return Verdict(
        Health.HEALTHY, Activity.STEADY, True, "Ready", "it is ready", causes=causes, since=since
    )


def _pending(pod: Pod, causes: tuple[Cause, ...]) -> Verdict:
    scheduled = pod.conditions.get("PodScheduled")
    if scheduled and scheduled.status == "False" and scheduled.reason == "SchedulingGated":
        message = "its scheduling gates are closed"
        return Verdict(
            Health.HEALTHY, Activity.SUSPENDED, True, "SchedulingGated", message, causes=causes
        )
    if causes:
        return _down("it does not start", pod, causes, causes[0].since)
    return Verdict(Health.DOWN, Activity.PROGRESSING, False, "PodPending", "it is starting")


POD_RULE = Rule(
    POD,
    _judge,
    read_pod,
    fields=(
        "spec.nodeName",
        "spec.schedulerName",
        "spec.initContainers[].name",
        "spec.initContainers[].restartPolicy",
        "spec.readinessGates",
        "spec.volumes[].persistentVolumeClaim",
        "status.phase",
        "status.reason",
        "status.message",
        "status.startTime",
        *(
            f"status.{statuses}[].{name}"
            for statuses in ("containerStatuses", "initContainerStatuses")
            for name in ("name", "ready", "started", "restartCount", "state", "lastState")
        ),
        *CONDITIONS,
    ),
    workload=True,
)
