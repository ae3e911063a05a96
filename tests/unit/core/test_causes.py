"""What is wrong beneath a verdict: pods and their containers, and the events that explain them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from k8s_heartbeat.core import Assessment, Cause, Policy, assess
from tests.builders import (
    NOW,
    Manifest,
    available,
    before,
    condition,
    container,
    deployment,
    event,
    owner,
    pod,
    replica_set,
    running,
    stateful_set,
    terminated,
    waiting,
)

CRASHED = terminated(1, ended=before(minutes=2), started=before(minutes=3))
LAG = "failed to sync secret cache: timed out waiting for the condition"


def judged(manifest: Manifest) -> Assessment:
    """The assessment of one object alone."""
    return assess(manifest, now=NOW)


def beneath(*around: Manifest, policy: Policy = Policy()) -> list[Cause]:
    """The causes of the Deployment `api`, which is down, with its ReplicaSet and this around it."""
    subject = deployment(3, 0, conditions=[available("False")])
    return list(assess(subject, related=[replica_set(), *around], now=NOW, policy=policy).causes)


def reasons(manifest: Manifest) -> list[str]:
    """The reasons of what is wrong with a pod."""
    return [cause.reason for cause in judged(manifest).causes]


def unscheduled(reason: str = "Unschedulable", since: str = "") -> Manifest:
    """A pending pod that no node takes."""
    stated = condition("PodScheduled", "False", reason, "0/3 nodes are available", since)
    return pod(phase="Pending", ready=None, conditions=[stated], containers=[])


@pytest.mark.parametrize(
    ("manifest", "expected"),
    [
        pytest.param(pod(), [], id="nothing"),
        pytest.param(
            pod(ready=False, containers=[container(state=waiting("CrashLoopBackOff"), restarts=1)]),
            ["CrashLoopBackOff"],
            id="crash loop in its waiting moment",
        ),
        pytest.param(
            pod(containers=[container(restarts=2, last=CRASHED)]),
            ["CrashLoopBackOff"],
            id="crash loop in its running moment",
        ),
        pytest.param(
            pod(ready=False, containers=[container(state=CRASHED, restarts=2, last=CRASHED)]),
            ["CrashLoopBackOff"],
            id="crash loop in the moment of the crash",
        ),
        pytest.param(
            pod(containers=[container(restarts=1, last=CRASHED)]), ["Error"], id="crashed once"
        ),
        pytest.param(
            pod(containers=[container(restarts=7, last=terminated(ended=before(minutes=5)))]),
            ["CrashLoopBackOff"],
            id="crash loop, last seen 5 min ago",
        ),
        pytest.param(
            pod(
                containers=[
                    container(
                        restarts=7,
                        last=terminated(
                            ended=before(minutes=5, seconds=1), started=before(minutes=6)
                        ),
                    )
                ]
            ),
            ["Error"],
            id="crash loop, last seen longer ago",
        ),
        pytest.param(
            pod(
                containers=[
                    container(
                        restarts=7,
                        last=terminated(ended=before(minutes=1), started=before(minutes=11)),
                    )
                ]
            ),
            ["Error"],
            id="ten minutes between crashes are no loop",
        ),
        pytest.param(
            pod(
                containers=[
                    container(
                        restarts=7,
                        last=terminated(
                            ended=before(minutes=1), started=before(minutes=10, seconds=59)
                        ),
                    )
                ]
            ),
            ["CrashLoopBackOff"],
            id="just less than ten minutes are",
        ),
        pytest.param(
            pod(
                containers=[
                    container(
                        restarts=7,
                        last={"terminated": {"exitCode": 1, "finishedAt": before(minutes=1)}},
                    )
                ]
            ),
            ["CrashLoopBackOff"],
            id="a last run without a start",
        ),
        pytest.param(
            pod(containers=[container(restarts=7, last={"terminated": {"exitCode": 1}})]),
            [],
            id="a last run without any time",
        ),
        pytest.param(
            pod(
                ready=False,
                containers=[
                    container(state=waiting("ContainerCreating"), restarts=7, last=CRASHED)
                ],
            ),
            ["NotReady", "Error"],
            id="a container that waits for something else is in no loop",
        ),
        pytest.param(
            pod(containers=[container(restarts=900)]), [], id="a lifetime of restarts is noise"
        ),
        pytest.param(
            pod(containers=[container(restarts=1, last=terminated(137, "OOMKilled"))]),
            ["OOMKilled"],
            id="OOM killed once",
        ),
        pytest.param(
            pod(containers=[container(last=terminated(137, "OOMKilled", ended=before(hours=1)))]),
            ["OOMKilled"],
            id="OOM killed an hour ago",
        ),
        pytest.param(
            pod(
                containers=[
                    container(last=terminated(137, "OOMKilled", ended=before(hours=1, seconds=1)))
                ]
            ),
            [],
            id="OOM killed longer ago",
        ),
        pytest.param(
            pod(containers=[container(last=terminated(0, "OOMKilled"))]),
            ["OOMKilled"],
            id="OOM killed in a child process, exit code 0",
        ),
        pytest.param(
            pod(
                ready=False,
                containers=[
                    container(
                        state=waiting("CrashLoopBackOff"),
                        restarts=9,
                        last=terminated(137, "OOMKilled"),
                    )
                ],
            ),
            ["CrashLoopBackOff", "OOMKilled"],
            id="a crash loop for lack of memory names both",
        ),
        pytest.param(
            pod(containers=[container(last=terminated(0, "Completed"))]),
            [],
            id="a run that ended well",
        ),
        pytest.param(
            pod(
                ready=False,
                containers=[
                    container(state=terminated(0, "Completed"), last=terminated(137, "OOMKilled"))
                ],
            ),
            ["NotReady", "OOMKilled"],
            id="ended well after it was OOM killed",
        ),
        pytest.param(
            pod(ready=False, containers=[container(state=CRASHED, last=CRASHED)]),
            ["NotReady", "Error"],
            id="two failed runs are told once",
        ),
        *(
            pytest.param(
                pod(phase="Pending", ready=False, containers=[container(state=waiting(reason))]),
                [reason],
                id=reason,
            )
            for reason in (
                "ImagePullBackOff",
                "ErrImagePull",
                "ErrImageNeverPull",
                "InvalidImageName",
                "ImageInspectError",
                "CreateContainerConfigError",
                "CreateContainerError",
                "RunContainerError",
                "PreStartHookError",
                "PreCreateHookError",
                "PostStartHookError",
            )
        ),
        pytest.param(
            pod(
                phase="Pending",
                ready=False,
                containers=[container(state=waiting("CreateContainerConfigError", LAG))],
            ),
            [],
            id="a config error that is only cache lag",
        ),
        pytest.param(
            pod(
                phase="Pending",
                ready=False,
                containers=[container(state=waiting("ErrImagePull", LAG))],
            ),
            ["ErrImagePull"],
            id="an image error is no cache lag",
        ),
        pytest.param(
            pod(
                phase="Pending",
                ready=False,
                containers=[container(state=waiting("ContainerCreating"))],
            ),
            [],
            id="being made",
        ),
        pytest.param(
            unscheduled(since=before(seconds=60)), [], id="unschedulable, 60 s are not up"
        ),
        pytest.param(
            unscheduled(since=before(seconds=61)), ["Unschedulable"], id="unschedulable after 60 s"
        ),
        pytest.param(
            unscheduled(since="yesterday"),
            ["Unschedulable"],
            id="unschedulable since its creation, where the condition states no time",
        ),
        pytest.param(unscheduled("SchedulingGated", before(hours=1)), [], id="scheduling gates"),
        pytest.param(
            pod(conditions=[condition("PodScheduled", since=before(hours=1))]), [], id="scheduled"
        ),
        pytest.param(
            pod(ready=False, containers=[container(ready=False)]), ["NotReady"], id="not ready"
        ),
        pytest.param(pod(ready=False, containers=[]), ["NotReady"], id="not ready, no containers"),
        pytest.param(
            pod(ready=False, gates=["lb"], conditions=[condition("lb", "False")]),
            ["ReadinessGate"],
            id="readiness gate closed",
        ),
        pytest.param(
            pod(ready=False, gates=["lb"]), ["ReadinessGate"], id="readiness gate not yet stated"
        ),
        pytest.param(
            pod(ready=False, gates=["lb"], conditions=[condition("lb")]),
            ["NodeLost"],
            id="readiness gate open",
        ),
        pytest.param(
            pod(ready=False, gates=["lb"], containers=[container(ready=False)]),
            ["NotReady"],
            id="a closed gate is no excuse for a container",
        ),
        pytest.param(pod(ready=False), ["NodeLost"], id="node lost"),
        pytest.param(
            pod(ready=False, containers=[container(state={}, ready=True)]),
            ["NotReady"],
            id="a container that is ready without running is no lost node",
        ),
        pytest.param(
            pod(
                phase="Pending",
                ready=False,
                containers=[],
                init=[container("setup", state=waiting("CrashLoopBackOff"), last=CRASHED)],
            ),
            ["Init:CrashLoopBackOff"],
            id="init container in a crash loop",
        ),
        pytest.param(
            pod(
                phase="Pending",
                ready=False,
                containers=[],
                init=[container("setup", state=waiting("ImagePullBackOff"))],
            ),
            ["Init:ImagePullBackOff"],
            id="init container without its image",
        ),
        pytest.param(
            pod(init=[container("setup", state=terminated(0, "Completed"), last=CRASHED)]),
            ["Init:Error"],
            id="init container that failed once",
        ),
        pytest.param(
            pod(init=[container("setup", state=terminated(0, "Completed"), ready=True)]),
            [],
            id="init container that is through",
        ),
        pytest.param(
            pod(
                init=[container("mesh", restarts=3, last=CRASHED, started=True)], sidecars=["mesh"]
            ),
            ["CrashLoopBackOff"],
            id="native sidecar in a crash loop",
        ),
        pytest.param(
            pod(
                phase="Pending",
                ready=False,
                containers=[],
                init=[container("mesh", state=waiting("CrashLoopBackOff"), started=False)],
                sidecars=["mesh"],
            ),
            ["Init:CrashLoopBackOff"],
            id="native sidecar that never started",
        ),
        pytest.param(
            pod(
                ready=False,
                conditions=[condition("Initialized")],
                init=[container("mesh", state=waiting("CrashLoopBackOff"), started=False)],
                sidecars=["mesh"],
            ),
            ["CrashLoopBackOff"],
            id="native sidecar that crashes after the pod was initialized",
        ),
        pytest.param(
            pod(
                ready=False,
                init=[container("mesh", ready=False, started=True)],
                sidecars=["mesh"],
            ),
            ["NotReady"],
            id="native sidecar that is not ready",
        ),
        pytest.param(
            pod(deleted=before(minutes=15)), [], id="terminating pod, not longer than it may"
        ),
        pytest.param(
            pod(deleted=before(minutes=15, seconds=1)),
            ["TerminatingStuck"],
            id="terminating pod that is stuck",
        ),
    ],
)
def test_what_is_wrong_with_a_pod(manifest: Manifest, expected: list[str]) -> None:
    """The table of what a pod may suffer from, and how it is called."""
    assert reasons(manifest) == expected


@pytest.mark.parametrize(
    ("manifest", "cause"),
    [
        pytest.param(
            pod(
                ready=False,
                containers=[container(state=waiting("CrashLoopBackOff"), restarts=4, last=CRASHED)],
            ),
            Cause(
                "CrashLoopBackOff",
                "Pod",
                "api-1",
                "restarted 4 times, last ended with exit code 1 (Error)",
                "app",
                since=NOW - timedelta(minutes=2),
            ),
            id="crash loop",
        ),
        pytest.param(
            pod(ready=False, containers=[container(state=waiting("CrashLoopBackOff"), restarts=4)]),
            Cause("CrashLoopBackOff", "Pod", "api-1", "restarted 4 times", "app"),
            id="crash loop of which nothing more is stated",
        ),
        pytest.param(
            pod(containers=[container(last=terminated(3, ""))]),
            Cause(
                "Error",
                "Pod",
                "api-1",
                "ended with exit code 3 (no reason given)",
                "app",
                since=NOW - timedelta(minutes=1),
            ),
            id="error",
        ),
        pytest.param(
            unscheduled(since=before(minutes=9)),
            Cause(
                "Unschedulable",
                "Pod",
                "api-1",
                "0/3 nodes are available",
                since=NOW - timedelta(minutes=9),
            ),
            id="unschedulable",
        ),
        pytest.param(
            pod(ready=False, containers=[container("b", ready=False), container("c")]),
            Cause(
                "NotReady",
                "Pod",
                "api-1",
                "containers not ready: b",
                since=NOW - timedelta(minutes=3),
            ),
            id="not ready",
        ),
        pytest.param(
            pod(ready=False, gates=["lb", "dns"], conditions=[condition("dns")]),
            Cause(
                "ReadinessGate",
                "Pod",
                "api-1",
                "readiness gates not open: lb",
                since=NOW - timedelta(minutes=3),
            ),
            id="readiness gate",
        ),
        pytest.param(
            pod(ready=False),
            Cause(
                "NodeLost",
                "Pod",
                "api-1",
                "its node stopped reporting",
                since=NOW - timedelta(minutes=3),
            ),
            id="node lost",
        ),
        pytest.param(
            pod(deleted=before(minutes=90)),
            Cause(
                "TerminatingStuck",
                "Pod",
                "api-1",
                "its deletion has lasted 1h30m",
                since=NOW - timedelta(minutes=90),
            ),
            id="stuck",
        ),
    ],
)
def test_a_cause_says_where_why_and_since_when(manifest: Manifest, cause: Cause) -> None:
    """Each cause names its object, its container, what was said of it, and its time."""
    assert judged(manifest).causes == (cause,)


def test_a_pod_of_no_stated_age_is_unschedulable_at_once() -> None:
    """Without any time nothing is gained by waiting."""
    manifest = unscheduled()
    del manifest["metadata"]["creationTimestamp"]
    assert reasons(manifest) == ["Unschedulable"]


def test_a_pod_is_waited_for_since_it_was_made() -> None:
    """Where the condition states no time, the pod's creation counts."""
    manifest = unscheduled()
    manifest["metadata"]["creationTimestamp"] = before(seconds=30)
    assert not reasons(manifest)


def test_a_gated_pod_is_not_what_is_wrong_with_its_workload() -> None:
    """Somebody holds it back on purpose."""
    gated = unscheduled("SchedulingGated", before(hours=1))
    gated["metadata"]["ownerReferences"] = [owner("api-rs")]
    assert not beneath(gated)


def test_an_init_container_that_is_through_is_in_no_crash_loop() -> None:
    """It failed thrice while it waited for a database and then succeeded: it will not run again."""
    through = container("wait", state=terminated(0, "Completed"), last=CRASHED, restarts=3)
    manifest = pod(ready=False, containers=[container(ready=False)], init=[through])
    assert judged(manifest).reason == "NotReady"


def test_an_exit_code_of_thousands_of_digits_is_survived() -> None:
    """YAML holds such a number as hexadecimal, and Python refuses to print it."""
    absurd = terminated(int("f" * 5000, 16))
    assert judged(pod(containers=[container(last=absurd)])).health == "healthy"


def test_an_exit_code_that_is_true_is_none() -> None:
    """A boolean is an integer only to Python."""
    causes = judged(pod(containers=[container(last=terminated(True))])).causes
    assert not any("True" in cause.message for cause in causes)


def test_a_long_message_is_clipped() -> None:
    """What a container runtime writes cannot swell an answer."""
    long = container(state=waiting("ErrImagePull", f"  {'x' * 301}  "))
    short = container(state=waiting("ErrImagePull", f"  {'x' * 300}  "))
    clipped, whole = (
        judged(pod(phase="Pending", ready=False, containers=[status])).causes[0].message
        for status in (long, short)
    )
    assert (clipped, whole) == ("x" * 299 + "…", "x" * 300)


def test_alike_causes_are_counted_together() -> None:
    """Three pods without their image are one cause, named by the first of them."""
    pods = [
        pod(
            name,
            phase="Pending",
            ready=False,
            owned_by="api-rs",
            containers=[container(state=waiting("ErrImagePull", f"pull {name}"))],
        )
        for name in ("api-2", "api-3", "api-1")
    ]
    assert beneath(*pods) == [Cause("ErrImagePull", "Pod", "api-1", "pull api-1", "app", count=3)]


def test_the_earliest_of_alike_causes_tells_the_time() -> None:
    """Merged causes last since the first of them began."""
    pods: list[Manifest] = []
    for name, minutes in (("api-1", 5), ("api-2", 9)):
        stated = condition("Ready", "False", since=before(minutes=minutes))
        pods.append(
            pod(
                name,
                ready=None,
                conditions=[stated],
                containers=[container(ready=False)],
                owned_by="api-rs",
            )
        )
    (cause,) = beneath(*pods)
    assert (cause.count, cause.name, cause.since) == (2, "api-1", NOW - timedelta(minutes=9))


def test_what_most_pods_show_stands_first() -> None:
    """The common trouble is told before the rare one, whatever the order around."""

    def broken(name: str, reason: str) -> Manifest:
        status = container(state=waiting(reason))
        return pod(name, phase="Pending", ready=False, owned_by="api-rs", containers=[status])

    pods = [broken("a", "ErrImagePull"), broken("b", "RunContainerError")]
    pods.append(broken("c", "RunContainerError"))
    assert [cause.reason for cause in beneath(*pods)] == ["RunContainerError", "ErrImagePull"]


def test_the_same_trouble_of_two_containers_is_two_causes() -> None:
    """Each container is named."""
    statuses = [container(name, state=waiting("ErrImagePull")) for name in ("b", "a")]
    found = beneath(pod(phase="Pending", ready=False, owned_by="api-rs", containers=statuses))
    assert [cause.container for cause in found] == ["a", "b"]


def test_a_terminating_or_succeeded_pod_does_not_count_against_its_workload() -> None:
    """Pods on their way out say nothing about the workload of today."""
    crashed = [container(state=terminated(137, "OOMKilled"))]
    assert not beneath(
        pod("b", phase="Succeeded", owned_by="api-rs", containers=crashed),
        pod("c", deleted=before(minutes=1), ready=False, owned_by="api-rs", containers=crashed),
    )


def evicted(
    name: str, *, reason: str = "Evicted", message: str = "low on memory", **age: float
) -> Manifest:
    """A pod of the Deployment `api` that has failed, and never had a container."""
    manifest = pod(
        name,
        phase="Failed",
        ready=None,
        reason=reason,
        message=message,
        owned_by="api-rs",
        containers=[],
    )
    manifest["metadata"]["creationTimestamp"] = before(**age or {"minutes": 5})
    return manifest


def test_finished_pods_explain_a_workload_that_is_not_well() -> None:
    """Those of the last hour, alike ones counted together, the most frequent first."""
    rejected = [evicted(f"r-{number}", reason="OutOfcpu", message="") for number in range(3)]
    found = beneath(evicted("a"), evicted("b", minutes=59), evicted("old", minutes=61), *rejected)
    assert [(cause.reason, cause.name, cause.count) for cause in found] == [
        ("OutOfcpu", "r-0", 3),
        ("Evicted", "a", 2),
    ]
    assert found[1].message == "low on memory"
    assert found[1].since == NOW - timedelta(minutes=59)


def test_finished_pods_say_nothing_of_a_workload_that_is_well() -> None:
    """Nobody has removed them yet, and that is all."""
    around = [replica_set(), evicted("a")]
    assert not assess(deployment(), related=around, now=NOW).causes


@pytest.mark.parametrize(
    ("fields", "reason", "message"),
    [
        pytest.param({}, "PodFailed", "container app ended with exit code 3 (Error)", id="ended"),
        pytest.param({"reason": "two words"}, "PodFailed", "", id="a reason that is none"),
        pytest.param(
            {"conditions": [condition("DisruptionTarget", message="preempted")]},
            "DisruptionTarget",
            "preempted",
            id="disrupted",
        ),
        pytest.param(
            {"reason": "NodeAffinity", "message": "no"}, "NodeAffinity", "no", id="kubelet"
        ),
    ],
)
def test_why_a_pod_has_failed(fields: dict[str, Any], reason: str, message: str) -> None:
    """Its status, a disruption, or how its container ended."""
    ended = [container(state=terminated(3))] if not fields else []
    manifest = pod("a", phase="Failed", ready=None, owned_by="api-rs", containers=ended, **fields)
    assert [(cause.reason, cause.message) for cause in beneath(manifest)] == [(reason, message)]


def test_a_completed_pod_that_holds_a_place_of_a_stateful_set_is_told() -> None:
    """Its controller makes no other one of the same name as long as it is there."""
    done = pod("db-0", phase="Succeeded", reason="Terminated", message="shutdown", owned_by="db")
    verdict = assess(stateful_set(1, 0), related=[done], now=NOW)
    assert [(cause.reason, cause.message) for cause in verdict.causes] == [
        ("Terminated", "shutdown")
    ]
    assert verdict.sentence == (
        "0 of 1 replicas available, 1 needed; Terminated (Pod): db-0: shutdown"
    )


@pytest.mark.parametrize(
    ("container_", "conditions", "reason", "message"),
    [
        pytest.param(
            container("setup", state={"running": {"startedAt": before(hours=3)}}),
            [],
            "InitRunning",
            "it has been running for 3h",
            id="an init container runs",
        ),
        pytest.param(
            container("setup", state=waiting("PodInitializing")),
            [condition("PodScheduled", since=before(hours=2))],
            "PodInitializing",
            "containers not created for 2h: app, setup",
            id="none runs",
        ),
        pytest.param(
            None,
            [condition("PodScheduled", since=before(minutes=16))],
            "ContainerCreating",
            "containers not created for 16m: app",
            id="no init containers",
        ),
    ],
)
def test_what_takes_too_long_to_start(
    container_: Manifest | None, conditions: list[Manifest], reason: str, message: str
) -> None:
    """An init container that runs and runs, or containers that are never created."""
    manifest = pod(
        phase="Pending",
        ready=None,
        conditions=conditions,
        containers=[
            container(state=waiting("PodInitializing" if container_ else "ContainerCreating"))
        ],
        init=[container_] if container_ else [],
    )
    verdict = assess(manifest, now=NOW)
    assert (verdict.health, verdict.activity, verdict.reason) == ("down", "steady", reason)
    assert [cause.message for cause in verdict.causes] == [message]
    patient = Policy(waiting_after=timedelta(days=1))
    assert not assess(manifest, now=NOW, policy=patient).causes


def test_a_pod_that_its_node_never_takes_up_is_told() -> None:
    """Nothing has reported a container of it."""
    placed = condition("PodScheduled", since=before(minutes=16))
    verdict = assess(pod(phase="Pending", ready=None, conditions=[placed], containers=[]), now=NOW)
    assert (verdict.activity, verdict.reason) == ("steady", "PodPending")
    assert verdict.causes[0].message == "its node has not started it for 16m"


@pytest.mark.parametrize("scheduler", ["", "volcano"])
def test_a_pod_that_no_scheduler_has_looked_at_names_the_one_it_asks_for(scheduler: str) -> None:
    """It may not exist."""
    manifest = pod(phase="Pending", ready=None, containers=[])
    del manifest["spec"]["nodeName"]
    if scheduler:
        manifest["spec"]["schedulerName"] = scheduler
    (cause,) = assess(manifest, now=NOW).causes
    assert cause.reason == "Unassigned"
    name = scheduler or "default-scheduler"
    assert cause.message == f"no scheduler has looked at it for 10m; it asks for {name}"
    manifest["metadata"]["creationTimestamp"] = before(seconds=60)
    assert not assess(manifest, now=NOW).causes


def test_an_unscheduled_pod_names_the_claims_that_it_waits_for() -> None:
    """The scheduler says that there are some, and not which."""
    manifest = unscheduled(since=before(hours=1))
    manifest["spec"]["volumes"] = [{"persistentVolumeClaim": {"claimName": "data"}}]
    assert "its claims" not in assess(manifest, now=NOW).causes[0].message
    message = "pod has unbound immediate PersistentVolumeClaims"
    manifest["status"]["conditions"][0]["message"] = message
    assert assess(manifest, now=NOW).causes[0].message == f"{message} (its claims: data)"


@pytest.mark.parametrize("created", ["", before(minutes=2)])
def test_a_time_ahead_of_our_clock_hides_no_unscheduled_pod(created: str) -> None:
    """It says nothing of how long the pod has waited."""
    manifest = unscheduled(since="2026-03-02T12:05:00Z")
    manifest["metadata"]["creationTimestamp"] = created
    assert [cause.reason for cause in assess(manifest, now=NOW).causes] == ["Unschedulable"]


def test_a_pod_whose_deletion_is_stuck_is_told_of_its_workload() -> None:
    """Pods that hang on their way out hold names, volumes and nodes."""
    found = beneath(
        pod("b", deleted=before(hours=3), owned_by="api-rs"),
        pod("c", phase="Failed", deleted=before(hours=2), owned_by="api-rs"),
    )
    assert [(cause.reason, cause.count) for cause in found] == [
        ("TerminatingStuck", 2),
        ("PodFailed", 1),
    ]


def test_a_pod_whose_deletion_is_stuck_names_what_holds_it() -> None:
    """The finalizers that nobody has taken away."""
    held = pod("b", deleted=before(hours=3), finalizers=["example.com/x"], owned_by="api-rs")
    (cause,) = beneath(held)
    assert cause.message == "its deletion has lasted 3h, held by finalizers example.com/x"


def test_ephemeral_containers_never_count() -> None:
    """A crashed debugging session is nobody's failure."""
    manifest = pod()
    manifest["status"]["ephemeralContainerStatuses"] = [
        container("debug", state=waiting("CrashLoopBackOff"), last=CRASHED, restarts=3)
    ]
    assert not judged(manifest).causes


def test_the_policy_moves_the_thresholds() -> None:
    """What lasts too long is an operator's decision."""
    slow = Policy(
        unschedulable_after=timedelta(hours=1),
        crash_loop_memory=timedelta(seconds=30),
        termination_memory=timedelta(seconds=30),
        pod_stuck_after=timedelta(hours=3),
        event_memory=timedelta(seconds=30),
    )
    looping = container(restarts=5, last=CRASHED)
    troubles = [
        unscheduled(since=before(minutes=30)),
        pod(containers=[looping]),
        pod(deleted=before(minutes=30)),
    ]
    assert all(assess(entry, now=NOW).causes for entry in troubles)
    assert not any(assess(entry, now=NOW, policy=slow).causes for entry in troubles)
    assert beneath(event())
    assert not beneath(event(), policy=slow)


class TestEvents:
    """Events explain, they never decide."""

    def test_a_warning_explains_what_is_not_well(self) -> None:
        """A recent warning about the object is a cause, with how often it was seen."""
        assert beneath(event(message="quota", count=7)) == [
            Cause(
                "FailedCreate",
                "Deployment",
                "api",
                "quota",
                count=7,
                since=NOW - timedelta(minutes=1),
            )
        ]

    def test_a_warning_decides_nothing(self) -> None:
        """However many warnings there are: what serves is healthy, and has no cause."""
        events = [event(reason=f"Failed{number}") for number in range(50)]
        assert assess(deployment(3), related=events, now=NOW) == judged(deployment(3))

    @pytest.mark.parametrize(
        "uid", ["api", "api-rs", "api-1"], ids=["itself", "its ReplicaSet", "its pod"]
    )
    def test_what_an_event_may_be_about(self, uid: str) -> None:
        """Warnings about an object, about what it controls, and about its pods explain it."""
        assert [cause.name for cause in beneath(pod(owned_by="api-rs"), event(uid))] == [uid]

    @pytest.mark.parametrize(
        "stray",
        [
            pytest.param(event("stranger", name="api"), id="another object of the same name"),
            pytest.param(event(""), id="no object"),
            pytest.param(event(type_="Normal"), id="not a warning"),
            pytest.param(event(last=before(minutes=10, seconds=1)), id="more than 10 min old"),
            pytest.param(event(last=""), id="no time"),
            pytest.param(event(involvedObject=None), id="nothing involved"),
            pytest.param(event("lone"), id="a pod that nothing owns"),
        ],
    )
    def test_what_explains_nothing(self, stray: Manifest) -> None:
        """Only recent warnings about this very object count."""
        assert not beneath(pod("lone"), stray)

    def test_ten_minutes_are_recent(self) -> None:
        """The oldest event that still explains."""
        assert beneath(event(last=before(minutes=10)))

    def test_an_object_without_a_uid_is_explained_by_nothing(self) -> None:
        """Where it is not known who the object is, no event can be told to be about it."""
        subject = deployment(3, 0)
        del subject["metadata"]["uid"]
        around = [pod("lone"), event("lone"), event("")]
        assert not assess(subject, related=around, now=NOW).causes

    @pytest.mark.parametrize(
        ("fields", "minutes"),
        [
            pytest.param(
                {
                    "series": {"lastObservedTime": before(minutes=1)},
                    "last": before(minutes=2),
                    "eventTime": before(minutes=3),
                },
                1,
                id="series.lastObservedTime first",
            ),
            pytest.param(
                {"last": before(minutes=2), "eventTime": before(minutes=3)},
                2,
                id="then lastTimestamp",
            ),
            pytest.param(
                {"last": "", "deprecatedLastTimestamp": before(minutes=2)},
                2,
                id="as events.k8s.io calls it",
            ),
            pytest.param({"last": "", "eventTime": before(minutes=3)}, 3, id="then eventTime"),
            pytest.param(
                {"last": "soon", "series": None, "eventTime": before(minutes=3)},
                3,
                id="what does not parse is passed over",
            ),
            pytest.param(
                {"last": "", "metadata": {"creationTimestamp": before(minutes=4)}},
                4,
                id="then its creation",
            ),
        ],
    )
    def test_the_order_of_event_times(self, fields: dict[str, Any], minutes: int) -> None:
        """Of the times that an event states, the first that is there counts."""
        (cause,) = beneath(event(**fields))
        assert cause.since == NOW - timedelta(minutes=minutes)

    @pytest.mark.parametrize(
        ("fields", "count"),
        [
            ({"series": {"count": 9}, "count": 2}, 9),
            ({"series": {"count": 0}, "count": 2}, 2),
            ({"series": None, "count": None, "deprecatedCount": 4}, 4),
            ({"count": -3}, 1),
            ({"count": "many"}, 1),
            ({"count": True}, 1),
        ],
    )
    def test_how_often_an_event_was_seen(self, fields: dict[str, object], count: int) -> None:
        """A series counts for itself; an odd count is one."""
        (cause,) = beneath(event() | fields)
        assert cause.count == count

    def test_an_event_of_the_newer_api_is_read_alike(self) -> None:
        """events.k8s.io/v1 renamed the object and the message."""
        newer = {
            "apiVersion": "events.k8s.io/v1",
            "kind": "Event",
            "type": "Warning",
            "reason": "FailedCreate",
            "note": "exceeded quota",
            "regarding": {"kind": "ReplicaSet", "name": "api-rs", "uid": "api-rs"},
            "eventTime": before(minutes=2),
        }
        assert beneath(newer) == [
            Cause(
                "FailedCreate",
                "ReplicaSet",
                "api-rs",
                "exceeded quota",
                since=NOW - timedelta(minutes=2),
            )
        ]

    def test_alike_events_are_counted_together(self) -> None:
        """Warnings of one reason about one kind are one cause since the first of them."""
        found = beneath(
            event(message="b", count=2, last=before(minutes=2)),
            event(message="a", count=3, last=before(minutes=4), metadata={"uid": "another"}),
        )
        assert [(cause.message, cause.count) for cause in found] == [("a", 5)]
        assert found[0].since == NOW - timedelta(minutes=4)

    def test_an_event_that_a_dump_holds_twice_is_one(self) -> None:
        """Reading something twice does not make it happen twice."""
        assert beneath(event(count=2), event(count=2)) == beneath(event(count=2))

    def test_events_stand_after_what_the_objects_say_themselves(self) -> None:
        """The state of the pods explains more than what was said about them."""
        broken = pod(
            phase="Pending",
            ready=False,
            owned_by="api-rs",
            containers=[container(state=waiting("ErrImagePull"))],
        )
        found = beneath(event("api-1", "BackOff", kind="Pod", count=90), broken)
        assert [cause.reason for cause in found] == ["ErrImagePull", "BackOff"]

    def test_a_pod_is_explained_by_its_events_too(self) -> None:
        """A pod that is judged itself has the warnings about it for causes."""
        subject = pod(phase="Pending", ready=None, containers=[])
        verdict = assess(subject, related=[event("api-1", "FailedMount", kind="Pod")], now=NOW)
        assert [cause.reason for cause in verdict.causes] == ["FailedMount"]


def test_a_pod_that_another_controls_is_no_cause() -> None:
    """The same labels and even an owner that does not control make no pod one's own."""
    looping = [container(state=waiting("CrashLoopBackOff"))]
    guest = pod("guest", ready=False, containers=looping)
    guest["metadata"]["ownerReferences"] = [owner("api-rs", controller=False)]
    assert not beneath(guest, pod("stray", ready=False, containers=looping))


def test_running_is_what_a_container_states() -> None:
    """A container that runs and is ready has nothing wrong."""
    assert not reasons(pod(containers=[container(state=running())]))


def test_the_failed_pods_of_a_job_explain_it() -> None:
    """They are meant to end: how they did is what went wrong; those that succeeded say nothing."""
    job: Manifest = {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"name": "migrate", "namespace": "shop", "uid": "migrate"},
        "spec": {},
        "status": {"failed": 1, "conditions": [condition("Failed", "True", "DeadlineExceeded")]},
    }
    ended = {"state": {"terminated": {"exitCode": 3, "finishedAt": before(minutes=1)}}}
    failed = pod("migrate-1", phase="Failed", owned_by="migrate")
    failed["status"]["containerStatuses"] = [{"name": "app", **ended}]
    done = pod("migrate-2", phase="Succeeded", owned_by="migrate", containers=[container()])
    causes = assess(job, related=[failed, done], now=NOW).causes
    assert [(cause.reason, cause.name) for cause in causes] == [
        ("DeadlineExceeded", "migrate"),
        ("Error", "migrate-1"),
    ]
    # Of a workload that goes on running, that they have ended says it all.
    failed["metadata"]["ownerReferences"][0]["uid"] = "api-rs"
    assert [cause.reason for cause in beneath(failed)] == ["PodFailed"]
    failed["status"] |= {"reason": "Evicted", "message": "low on memory"}
    failed["metadata"]["ownerReferences"][0]["uid"] = "migrate"
    causes = assess(job, related=[failed], now=NOW).causes
    assert [cause.reason for cause in causes] == ["DeadlineExceeded", "Error", "Evicted"]


def test_what_a_condition_says_no_event_says_again() -> None:
    """The Job's controller writes both, in the same word."""
    job: Manifest = {
        "kind": "Job",
        "metadata": {"name": "migrate", "namespace": "shop", "uid": "migrate"},
        "status": {"conditions": [condition("Failed", "True", "BackoffLimitExceeded")]},
    }
    said = event("migrate", "BackoffLimitExceeded", kind="Job")
    said["involvedObject"]["name"] = "migrate"
    causes = assess(job, related=[said], now=NOW).causes
    assert [cause.reason for cause in causes] == ["BackoffLimitExceeded"]


def test_the_message_names_the_first_cause_and_no_pod() -> None:
    """Pods' names and the words of containers are for those who may read them all."""
    looping = [container(state=waiting("CrashLoopBackOff", "back-off"), last=terminated(3))]
    around = [
        replica_set(),
        *(
            pod(name, ready=False, containers=looping, owned_by="api-rs")
            for name in ("api-2", "api-1")
        ),
    ]
    verdict = assess(deployment(3, 1, conditions=[available("False")]), related=around, now=NOW)
    assert verdict.message == (
        "1 of 3 replicas available, 2 needed; CrashLoopBackOff (Pod, container app, 2 times)"
    )
    assert verdict.detail == "api-1: restarted 0 times, last ended with exit code 3 (Error)"
    assert verdict.sentence == f"{verdict.message}: {verdict.detail}"


def test_what_happened_once_is_named_after_what_is_wrong_now() -> None:
    """An old termination explains less than what keeps a pod from serving."""
    died = pod(
        "a",
        owned_by="api-rs",
        containers=[container(restarts=1, last=terminated(137, "OOMKilled"))],
    )
    pulling = pod(
        "b", phase="Pending", owned_by="api-rs", containers=[container(state=waiting("Zzz"))]
    )
    subject = deployment(3, 1, conditions=[available("False")])
    verdict = assess(subject, related=[replica_set(), died, pulling], now=NOW)
    assert [cause.reason for cause in verdict.causes] == ["OOMKilled", "Zzz"]
    assert "; Zzz (Pod" in verdict.message


def test_a_word_of_good_news_is_not_quoted_in_bad_news() -> None:
    """Monitors look for it in whatever the body holds."""
    probe = event("api", "Unhealthy", message="Readiness probe failed")
    verdict = assess(deployment(3, 0), related=[probe], now=NOW)
    assert verdict.message == "0 of 3 replicas available, 2 needed"
    other = event("api", "FailedMount", message="the volume is unhealthy", count=9)
    verdict = assess(deployment(3, 0), related=[probe, other], now=NOW)
    assert verdict.sentence.endswith("; FailedMount (9 times)")
