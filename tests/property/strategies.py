"""Small strategies that make manifests of every kind from its fields, and break them.

The clean ones (`deployments`, `pods`, …) hold every combination of statuses, sensible or not, in
the forms that the API gives. The odd ones draw from `ODDITIES`, which people met in the wild.
"""

from __future__ import annotations

import copy
import random
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any, TypeGuard

from hypothesis import strategies as st

from k8s_heartbeat.core import Activity, Assessment, Health
from tests.builders import NOW, Manifest, stamp

Json = Any
Path = tuple[str | int, ...]
Draw = st.DrawFn

ODDITIES: tuple[Json, ...] = (
    # absent, empty, null lists
    None,
    "",
    [],
    {},
    [None],
    [[]],
    {"": None},
    # wrong types
    True,
    False,
    "True",
    "False",
    "3",
    0.5,
    3.0,
    float("nan"),
    float("inf"),
    "randomstatus",
    # numbers at their edges
    0,
    -1,
    "-1",
    2**31 - 1,
    2**31,
    -(2**31) - 1,
    2**63,
    10**30,
    "9" * 400,
    # unknown enums, and enums in the wrong case
    "true",
    "Sideways",
    "running",
    # times that do not parse, that no calendar holds, that overflow on their way to UTC
    "yesterday",
    "2026-02-30T12:00:00Z",
    "2026-03-02T12:00:00",
    "2026-03-02",
    "0001-01-01T00:00:00+23:59",
    "9999-12-31T23:59:59-23:59",
    "2026-03-02T11:59:00.123456789Z",
    "+292277026596-12-04T15:30:07Z",
    "\ud800",
    # what YAML loaders make of timestamps
    datetime(2026, 3, 2, 11, 59, tzinfo=UTC),
    datetime(2026, 3, 2, 11, 59),
    datetime.min.replace(tzinfo=UTC),
    datetime.max.replace(tzinfo=UTC),
    date(2026, 3, 2),
    # conditions as a map, with a boolean status, with null members, of an unknown type
    {"Ready": {"status": "True"}},
    {"Ready": True},
    [{"type": "Ready", "status": True}],
    [{"type": "Available", "status": False}],
    [{"type": "Available", "status": "randomstatus"}, None],
    [{"type": None, "status": None, "lastTransitionTime": None}],
    [{"type": {"a": 1}, "status": ["True"]}],
    # container statuses of a form that no kubelet writes
    [{"name": None, "state": None, "lastState": [], "restartCount": "many"}],
    [{"state": {"waiting": None, "running": None, "terminated": "Error"}}],
    [{"lastState": {"terminated": {"exitCode": "1", "finishedAt": "soon"}}}],
    # two owners that both control
    [{"uid": "api", "controller": True}, {"uid": "db", "controller": True}],
    [{"uid": 7, "controller": "true"}],
    # a selector's or a name's place taken by something else
    "Déjà\x00vu\r\nX: y",
    ("a", "tuple"),
)
"""Values that were met where another was expected."""

CAMEL = ("", "Completed", "Error", "OOMKilled", "ContainerStatusUnknown", "StartError")
WAITING = (
    "ContainerCreating",
    "PodInitializing",
    "CrashLoopBackOff",
    "ImagePullBackOff",
    "ErrImagePull",
    "CreateContainerConfigError",
    "RunContainerError",
)
MESSAGES = (
    "",
    "back-off 5m0s restarting",
    "failed to sync configmap cache: timed out",
    "no such key",
)
UIDS = ("api", "rs", "pod", "stranger", "")

counts = st.one_of(st.integers(0, 5), st.integers(0, 200), st.just(2**31 - 1))
statuses = st.sampled_from(["True", "False", "Unknown"])
uids = st.sampled_from(UIDS)


def times() -> st.SearchStrategy[str]:
    """Times around now: at the thresholds of the rules, a second beside them, and any other."""
    thresholds = [0, 60, 300, 600, 900, 3600, 86400]
    near = st.sampled_from([age + step for age in thresholds for step in (-1, 0, 1)])
    recent = st.integers(0, 299)
    ages = st.one_of(recent, near, near, st.integers(-7200, 10**8))
    return ages.map(lambda age: stamp(NOW - timedelta(seconds=age)))


def json_values() -> st.SearchStrategy[Json]:
    """Any JSON value, those of the pool more often than others."""
    leaves = st.one_of(
        st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=8), times()
    )
    trees = st.recursive(
        leaves,
        lambda children: st.one_of(
            st.lists(children, max_size=3),
            st.dictionaries(st.sampled_from(["type", "status", "name", "x"]), children, max_size=3),
        ),
        max_leaves=6,
    )
    return st.one_of(st.sampled_from(ODDITIES), trees).map(copy.deepcopy)


def conditions(*types: str, reasons: Sequence[str] = ()) -> st.SearchStrategy[list[Manifest]]:
    """A list of conditions in any order, with a type missing, twice or unknown."""
    return st.lists(
        st.fixed_dictionaries(
            {"type": st.sampled_from([*types, "SomethingNew"]), "status": statuses},
            optional={
                "reason": st.sampled_from(["", "Whatever", *reasons]),
                "message": st.sampled_from(MESSAGES),
                "lastTransitionTime": times(),
            },
        ),
        max_size=5,
    )


def owner_references() -> st.SearchStrategy[list[Manifest]]:
    """Owners, of which at most some control."""
    return st.lists(
        st.fixed_dictionaries(
            {"uid": uids, "kind": st.just("Some")}, optional={"controller": st.booleans()}
        ),
        max_size=3,
    )


def metadata() -> st.SearchStrategy[Manifest]:
    """An object's metadata."""
    return st.fixed_dictionaries(
        {
            "name": st.sampled_from(["api", "db", "web-1"]),
            "namespace": st.just("shop"),
            "uid": uids,
        },
        optional={
            "generation": st.integers(1, 3),
            "creationTimestamp": times(),
            "deletionTimestamp": times(),
            "finalizers": st.lists(st.sampled_from(["foregroundDeletion", "x/y"]), max_size=2),
            "ownerReferences": owner_references(),
        },
    )


def _object(
    kind: str,
    group: str,
    spec: st.SearchStrategy[Manifest],
    status: st.SearchStrategy[Manifest],
) -> st.SearchStrategy[Manifest]:
    return st.fixed_dictionaries(
        {
            "apiVersion": st.just(group),
            "kind": st.just(kind),
            "metadata": metadata(),
            "spec": spec,
            "status": status,
        }
    )


def deployments() -> st.SearchStrategy[Manifest]:
    """Deployments with every combination of figures and conditions."""
    return _object(
        "Deployment",
        "apps/v1",
        st.fixed_dictionaries({}, optional={"replicas": counts, "paused": st.booleans()}),
        st.fixed_dictionaries(
            {},
            optional={
                "observedGeneration": st.integers(0, 3),
                "replicas": counts,
                "updatedReplicas": counts,
                "readyReplicas": counts,
                "availableReplicas": counts,
                "unavailableReplicas": counts,
                "conditions": conditions(
                    "Available",
                    "Progressing",
                    "ReplicaFailure",
                    reasons=("ProgressDeadlineExceeded", "NewReplicaSetAvailable"),
                ),
            },
        ),
    )


def replica_sets() -> st.SearchStrategy[Manifest]:
    """ReplicaSets with every combination of figures and conditions."""
    return _object(
        "ReplicaSet",
        "apps/v1",
        st.fixed_dictionaries({}, optional={"replicas": counts}),
        st.fixed_dictionaries(
            {"replicas": counts},
            optional={
                "observedGeneration": st.integers(0, 3),
                "readyReplicas": counts,
                "availableReplicas": counts,
                "conditions": conditions("ReplicaFailure", reasons=("FailedCreate",)),
            },
        ),
    )


def stateful_sets() -> st.SearchStrategy[Manifest]:
    """StatefulSets with both strategies, partitions and revisions."""
    revisions = st.sampled_from(["db-1", "db-2"])
    return _object(
        "StatefulSet",
        "apps/v1",
        st.fixed_dictionaries(
            {},
            optional={
                "replicas": counts,
                "updateStrategy": st.fixed_dictionaries(
                    {"type": st.sampled_from(["RollingUpdate", "OnDelete"])},
                    optional={
                        "rollingUpdate": st.fixed_dictionaries({}, optional={"partition": counts})
                    },
                ),
            },
        ),
        st.fixed_dictionaries(
            {"replicas": counts},
            optional={
                "observedGeneration": st.integers(0, 3),
                "readyReplicas": counts,
                "updatedReplicas": counts,
                "availableReplicas": counts,
                "currentRevision": revisions,
                "updateRevision": revisions,
            },
        ),
    )


def daemon_sets() -> st.SearchStrategy[Manifest]:
    """DaemonSets with every combination of figures."""
    return _object(
        "DaemonSet",
        "apps/v1",
        st.fixed_dictionaries(
            {},
            optional={
                "updateStrategy": st.fixed_dictionaries(
                    {"type": st.sampled_from(["RollingUpdate", "OnDelete"])}
                )
            },
        ),
        st.fixed_dictionaries(
            {"desiredNumberScheduled": counts},
            optional={
                "observedGeneration": st.integers(0, 3),
                "updatedNumberScheduled": counts,
                "numberAvailable": counts,
                "numberReady": counts,
                "numberMisscheduled": counts,
            },
        ),
    )


def _terminations() -> st.SearchStrategy[Manifest]:
    return st.fixed_dictionaries(
        {"exitCode": st.sampled_from([0, 1, 137])},
        optional={
            "reason": st.sampled_from(CAMEL),
            "startedAt": times(),
            "finishedAt": times(),
        },
    )


def _container_states() -> st.SearchStrategy[Manifest]:
    words = st.tuples(st.sampled_from(WAITING), st.sampled_from(MESSAGES))
    return st.one_of(
        st.builds(Manifest),
        times().map(lambda time: {"running": {"startedAt": time}}),
        words.map(lambda said: {"waiting": {"reason": said[0], "message": said[1]}}),
        _terminations().map(lambda ending: {"terminated": ending}),
    )


def _container_statuses(*names: str) -> st.SearchStrategy[list[Manifest]]:
    return st.lists(
        st.fixed_dictionaries(
            {
                "name": st.sampled_from(names),
                "ready": st.booleans(),
                "restartCount": st.integers(0, 4),
                "state": _container_states(),
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


def pods() -> st.SearchStrategy[Manifest]:
    """Pods in every phase and in every combination of troubles, likely or not."""
    return st.one_of(troubled_pods(), odd_pods())


def troubled_pods() -> st.SearchStrategy[Manifest]:
    """Pods that should serve and whose containers do not all do it."""
    condition = st.fixed_dictionaries(
        {"status": st.sampled_from(["True", "False"])}, optional={"lastTransitionTime": times()}
    )
    stated = st.tuples(
        condition.map(lambda entry: entry | {"type": "Ready"}),
        condition.map(lambda entry: entry | {"type": "Initialized"}),
    )
    names = ("app", "proxy", "log")
    gates = st.sampled_from([[], ["lb"], ["lb", "canary"]])
    return _object(
        "Pod",
        "v1",
        st.fixed_dictionaries(
            {
                "initContainers": st.just([{"name": "mesh", "restartPolicy": "Always"}]),
                "readinessGates": gates.map(
                    lambda some: [{"conditionType": gate} for gate in some]
                ),
            }
        ),
        st.fixed_dictionaries(
            {
                "phase": st.sampled_from(["Running", "Running", "Pending"]),
                "conditions": stated.map(list),
                "containerStatuses": st.tuples(*(_troubled(name) for name in names)).map(list),
                "initContainerStatuses": st.tuples(_troubled("mesh"), _troubled("setup")).map(list),
            }
        ),
    )


def _troubled(name: str) -> st.SearchStrategy[Manifest]:
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
            ),
            "lastState": failed.map(lambda ending: {"terminated": ending}),
        }
    )


def odd_pods() -> st.SearchStrategy[Manifest]:
    """Pods in every phase, with containers in every state, sensible or not."""
    return _object(
        "Pod",
        "v1",
        st.fixed_dictionaries(
            {},
            optional={
                "initContainers": st.lists(
                    st.fixed_dictionaries(
                        {"name": st.sampled_from(["setup", "mesh"])},
                        optional={"restartPolicy": st.just("Always")},
                    ),
                    max_size=2,
                ),
                "readinessGates": st.lists(
                    st.fixed_dictionaries({"conditionType": st.sampled_from(["lb", "canary"])}),
                    max_size=2,
                ),
            },
        ),
        st.fixed_dictionaries(
            {"phase": st.sampled_from(["Pending", "Running", "Succeeded", "Failed", "Unknown"])},
            optional={
                "reason": st.sampled_from(["Evicted", "Preempting", "NodeLost"]),
                "message": st.sampled_from(MESSAGES),
                "conditions": conditions(
                    "Ready",
                    "PodScheduled",
                    "Initialized",
                    "DisruptionTarget",
                    "lb",
                    reasons=("Unschedulable", "SchedulingGated"),
                ),
                "containerStatuses": _container_statuses("app", "proxy", "log"),
                "initContainerStatuses": _container_statuses("setup", "mesh"),
                "ephemeralContainerStatuses": _container_statuses("debug"),
            },
        ),
    )


def events() -> st.SearchStrategy[Manifest]:
    """Events of both APIs about any of the UIDs."""
    about = st.fixed_dictionaries({"uid": uids, "kind": st.just("Pod"), "name": st.just("api-1")})
    return st.fixed_dictionaries(
        {
            "apiVersion": st.sampled_from(["v1", "events.k8s.io/v1"]),
            "kind": st.just("Event"),
            "metadata": metadata(),
            "type": st.sampled_from(["Warning", "Normal"]),
            "reason": st.sampled_from(["FailedCreate", "BackOff", "FailedScheduling"]),
        },
        optional={
            "involvedObject": about,
            "regarding": about,
            "message": st.sampled_from(MESSAGES),
            "note": st.sampled_from(MESSAGES),
            "count": st.integers(0, 5),
            "lastTimestamp": st.one_of(st.none(), times()),
            "eventTime": st.one_of(st.none(), times()),
            "series": st.fixed_dictionaries(
                {"count": st.integers(1, 5), "lastObservedTime": times()}
            ),
        },
    )


def workloads() -> st.SearchStrategy[Manifest]:
    """Whatever counts replicas."""
    return st.one_of(deployments(), replica_sets(), stateful_sets(), daemon_sets())


def manifests() -> st.SearchStrategy[Manifest]:
    """Any kind that a rule is written for."""
    return st.one_of(workloads(), pods())


@st.composite
def related(draw: Draw) -> list[Manifest]:
    """What surrounds an object whose UID is `api`: its own, others', some of it twice."""
    found: list[Manifest] = draw(
        st.lists(st.one_of(troubled_pods(), odd_pods(), replica_sets(), events()), max_size=3)
    )
    for entry in found:
        meta = entry["metadata"]
        meta["uid"] = draw(uids)
        if draw(st.integers(0, 3)):
            by = "api" if entry["kind"] == "ReplicaSet" else draw(st.sampled_from(["api", "rs"]))
            meta["ownerReferences"] = [{"uid": by, "controller": True}, {"uid": "stranger"}]
    return found


def assessments() -> st.SearchStrategy[Assessment]:
    """Verdicts as the rules make them: what is healthy is up."""

    def build(health: Health, activity: Activity, up: bool, name: str, reason: str) -> Assessment:
        return Assessment(
            health=health,
            activity=activity,
            up=health is Health.HEALTHY or (up and health is Health.DEGRADED),
            reason=reason,
            message=f"it is {health}, {reason}",
            kind="Deployment",
            namespace="shop",
            name=name,
        )

    return st.builds(
        build,
        health=st.sampled_from(Health),
        activity=st.sampled_from(Activity),
        up=st.booleans(),
        name=st.sampled_from(["api", "db", "web"]),
        reason=st.sampled_from(["Ready", "NotReady", "ScaledToZero"]),
    )


def is_object(value: Json) -> TypeGuard[Manifest]:
    """Whether a JSON value is an object."""
    return isinstance(value, dict)


def is_list(value: Json) -> TypeGuard[list[Json]]:
    """Whether a JSON value is a list."""
    return isinstance(value, list)


def paths(value: Json, at: Path = ()) -> Iterator[Path]:
    """Where something stands in a JSON value, the value itself included."""
    yield at
    if is_object(value):
        for key, member in value.items():
            yield from paths(member, (*at, key))
    elif is_list(value):
        for index, member in enumerate(value):
            yield from paths(member, (*at, index))


def replaced(value: Json, path: Path, by: Json) -> Json:
    """A copy of a JSON value with another value at a path."""
    if not path:
        return by
    result = copy.copy(value)
    result[path[0]] = replaced(value[path[0]], path[1:], by)
    return result


@st.composite
def damaged(draw: Draw, manifest: st.SearchStrategy[Manifest]) -> Json:
    """A manifest with any JSON value in the place of up to three of its values."""
    broken: Json = draw(manifest)
    for _ in range(draw(st.integers(1, 3))):
        places = list(paths(broken))
        # What the verdicts rest on stands near the root, most of what is there does not.
        near = [path for path in places if 0 < len(path) < 3] or places
        path = draw(st.one_of(st.sampled_from(near), st.sampled_from(places)))
        broken = replaced(broken, path, draw(json_values()))
    return broken


@st.composite
def extended(draw: Draw, manifest: Manifest) -> Manifest:
    """The same manifest with fields in it that no rule knows, real ones and made-up ones."""
    places = [path for path in paths(manifest) if is_object(_at(manifest, path))]
    result = manifest
    for path in draw(st.lists(st.sampled_from(places), min_size=1, max_size=4)):
        name = draw(st.sampled_from(["managedFields", "collisionCount", "hostIPs", "zz", "x-y"]))
        result = replaced(result, path, {**_at(result, path), name: draw(json_values())})
    return result


def shuffled(value: Json) -> st.SearchStrategy[Json]:
    """The same value with every list and every mapping in it in another order."""
    return st.integers(0, 2**16).map(lambda seed: _shuffle(value, random.Random(seed)))  # noqa: S311 - no secret is shuffled


def _shuffle(value: Json, dice: random.Random) -> Json:
    if is_object(value):
        keys = list(value)
        dice.shuffle(keys)
        return {key: _shuffle(value[key], dice) for key in keys}
    if is_list(value):
        members = [_shuffle(member, dice) for member in value]
        dice.shuffle(members)
        return members
    return value


def _at(value: Json, path: Path) -> Json:
    for step in path:
        value = value[step]
    return value
