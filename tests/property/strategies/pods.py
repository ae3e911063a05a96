"""Pods in every phase, and their containers in every state."""

from __future__ import annotations

from functools import cache

from hypothesis import strategies as st

from tests.builders import Manifest

from .pieces import CAMEL, MESSAGES, WAITING, Some, conditions, partial, thing, times, words

__all__ = ["container_states", "container_statuses", "odd_pods", "pods", "troubled_pods"]


@cache
def _terminations() -> Some:
    return partial(
        {"exitCode": st.sampled_from([0, 1, 137])},
        optional={
            "reason": st.sampled_from(CAMEL),
            "startedAt": times(),
            "finishedAt": times(),
        },
    )


@cache
def container_states() -> Some:
    """How a container stands."""
    words = st.tuples(st.sampled_from(WAITING), st.sampled_from(MESSAGES))
    return st.one_of(
        st.builds(Manifest),
        times().map(lambda time: {"running": {"startedAt": time}}),
        words.map(lambda said: {"waiting": {"reason": said[0], "message": said[1]}}),
        _terminations().map(lambda ending: {"terminated": ending}),
    )


@cache
def container_statuses(*names: str) -> st.SearchStrategy[list[Manifest]]:
    """Containers of these names, as the kubelet reports them."""
    return st.lists(
        partial(
            {
                "name": st.sampled_from(names),
                "ready": st.booleans(),
                "restartCount": st.integers(0, 4),
                "state": container_states(),
            },
            optional={
                "started": st.booleans(),
                "lastState": st.one_of(
                    st.just({}), st.fixed_dictionaries({"terminated": _terminations()})
                ),
            },
        ),
        max_size=3,
        unique_by=lambda status: str(status["name"]),
    )


@cache
def pods() -> Some:
    """Pods in every phase and in every combination of troubles, likely or not."""
    return st.one_of(troubled_pods(), odd_pods())


@cache
def troubled_pods() -> Some:
    """Pods that should serve and whose containers do not all do it."""
    condition = partial(
        {"status": st.sampled_from(["True", "False"])}, optional={"lastTransitionTime": times()}
    )
    stated = st.tuples(
        condition.map(lambda entry: entry | {"type": "Ready"}),
        condition.map(lambda entry: entry | {"type": "Initialized"}),
    )
    names = ("app", "proxy", "log")
    gates = st.sampled_from([[], ["lb"], ["lb", "canary"]])
    return thing(
        "Pod",
        "v1",
        spec=st.fixed_dictionaries(
            {
                "nodeName": words("node-1", ""),
                "initContainers": st.just([{"name": "mesh", "restartPolicy": "Always"}]),
                "readinessGates": gates.map(
                    lambda some: [{"conditionType": gate} for gate in some]
                ),
            }
        ),
        status=st.fixed_dictionaries(
            {
                "phase": st.sampled_from(["Running", "Running", "Pending"]),
                "conditions": stated.map(list),
                "containerStatuses": st.tuples(*(_troubled(name) for name in names)).map(list),
                "initContainerStatuses": st.tuples(_troubled("mesh"), _troubled("setup")).map(list),
            }
        ),
    )


def _troubled(name: str) -> Some:
    failed = st.fixed_dictionaries(
        {
            "exitCode": st.sampled_from([1, 137, 0]),
            "reason": st.sampled_from(["Error", "OOMKilled"]),
            "startedAt": times(),
            "finishedAt": times(),
        }
    )
    return st.fixed_dictionaries(
        {
            "name": st.just(name),
            "ready": st.booleans(),
            "restartCount": st.sampled_from([3, 2, 1, 0]),
            "state": st.one_of(
                st.sampled_from(WAITING).map(lambda reason: {"waiting": {"reason": reason}}),
                failed.map(lambda ending: {"terminated": ending}),
                st.just({"running": {}}),
                times().map(lambda time: {"running": {"startedAt": time}}),
            ),
            "lastState": failed.map(lambda ending: {"terminated": ending}),
        }
    )


@cache
def odd_pods() -> Some:
    """Pods in every phase, with containers in every state, sensible or not."""
    return thing(
        "Pod",
        "v1",
        spec=partial(
            {},
            optional={
                "nodeName": words("node-1"),
                "schedulerName": words("default-scheduler", "volcano"),
                "initContainers": st.lists(
                    partial(
                        {"name": st.sampled_from(["setup", "mesh"])},
                        optional={"restartPolicy": st.just("Always")},
                    ),
                    max_size=2,
                ),
                "readinessGates": st.lists(
                    st.fixed_dictionaries({"conditionType": st.sampled_from(["lb", "canary"])}),
                    max_size=2,
                ),
                "volumes": words("api", "db").map(
                    lambda name: [{"name": "data", "persistentVolumeClaim": {"claimName": name}}]
                ),
            },
        ),
        status=partial(
            {"phase": st.sampled_from(["Pending", "Running", "Succeeded", "Failed", "Unknown"])},
            optional={
                "reason": st.sampled_from(
                    ["Evicted", "Preempting", "NodeLost", "OutOfcpu", "two w."]
                ),
                "startTime": times(),
                "message": st.sampled_from(MESSAGES),
                "conditions": conditions(
                    "Ready",
                    "PodScheduled",
                    "Initialized",
                    "DisruptionTarget",
                    "lb",
                    reasons=("Unschedulable", "SchedulingGated"),
                ),
                "containerStatuses": container_statuses("app", "proxy", "log"),
                "initContainerStatuses": container_statuses("setup", "mesh"),
                "ephemeralContainerStatuses": container_statuses("debug"),
            },
        ),
    )
