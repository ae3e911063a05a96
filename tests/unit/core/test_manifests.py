"""Kubernetes JSON to the model: tolerant of oddities."""

from __future__ import annotations

from datetime import UTC, date, datetime
from types import MappingProxyType

import pytest
from hypothesis import given

from k8s_heartbeat.core.fields import time
from k8s_heartbeat.core.manifests import meta_of, parse_related
from k8s_heartbeat.core.model import Event, Malformed, Other, Pod
from k8s_heartbeat.core.rules.daemon_set import DaemonSet
from k8s_heartbeat.core.rules.deployment import Deployment
from k8s_heartbeat.core.rules.finding import Custom
from k8s_heartbeat.core.rules.replica_set import ReplicaSet
from k8s_heartbeat.core.rules.stateful_set import StatefulSet
from tests.builders import (
    Manifest,
    condition,
    container,
    daemon_set,
    deployment,
    event,
    owner,
    pod,
    replica_set,
    stateful_set,
    terminated,
)
from tests.models import parse
from tests.property.strategies import Json, json_values

EMPTY: Manifest = {}


@pytest.mark.parametrize(
    ("manifest", "model"),
    [
        (deployment(), Deployment),
        (replica_set(), ReplicaSet),
        (stateful_set(), StatefulSet),
        (daemon_set(), DaemonSet),
        (pod(), Pod),
        ({"kind": "Deployment", "apiVersion": "v1", "status": EMPTY}, Custom),
        ({"kind": "Deployment", "apiVersion": "extensions/v1beta1", "status": EMPTY}, Deployment),
        ({"kind": "Deployment", "apiVersion": None, "status": EMPTY}, Deployment),
        ({"kind": "Deployment", "status": EMPTY}, Deployment),
        ({"kind": "Pod", "apiVersion": "metrics.k8s.io/v1", "status": EMPTY}, Custom),
        ("Deployment", Malformed),
        (MappingProxyType(replica_set()), ReplicaSet),
    ],
)
def test_a_manifest_becomes_its_model(manifest: object, model: type) -> None:
    """By kind and API group; a manifest without an apiVersion is taken at its kind's word."""
    assert type(parse(manifest)) is model


@pytest.mark.parametrize(
    ("manifest", "model"),
    [
        (pod(), Pod),
        (event(), Event),
        (replica_set(), Other),
        ({"kind": "Pod"}, Other),
        ({"kind": "Pod", "status": []}, Malformed),
        ({}, Other),
    ],
)
def test_what_stands_around_is_read_as_far_as_it_explains(manifest: Manifest, model: type) -> None:
    """Pods and events whole, of all others who they are."""
    assert type(parse_related(manifest)) is model


@given(json_values())
def test_nothing_raises(value: Json) -> None:
    """Whatever it is given, it makes something of it."""
    assert meta_of(value).kind == ""
    assert type(parse(value)) is Malformed


@pytest.mark.parametrize(
    ("value", "read"),
    [
        ("2026-03-02T12:00:00Z", datetime(2026, 3, 2, 12, tzinfo=UTC)),
        ("2026-03-02T14:00:00+02:00", datetime(2026, 3, 2, 12, tzinfo=UTC)),
        ("2026-03-02T12:00:00.5Z", datetime(2026, 3, 2, 12, 0, 0, 500_000, tzinfo=UTC)),
        (
            "2026-03-02T12:00:00.123456789Z",
            datetime(2026, 3, 2, 12, 0, 0, 123_456, tzinfo=UTC),
        ),
        (datetime(2026, 3, 2, 12, tzinfo=UTC), datetime(2026, 3, 2, 12, tzinfo=UTC)),
        (datetime(2026, 3, 2, 12), None),  # a loader that drops the timezone
        (date(2026, 3, 2), None),
        ("2026-03-02T12:00:00", None),
        ("2026-03-02", None),
        ("2026-02-30T12:00:00Z", None),
        ("0001-01-01T00:00:00+23:59", None),
        ("yesterday", None),
        ("", None),
        (1772452800, None),
        (None, None),
        ({}, None),
    ],
)
def test_times_are_read_or_passed_over(value: object, read: datetime | None) -> None:
    """RFC 3339 and what YAML loaders make of it; what does not parse is no time."""
    assert time(value) == read


@pytest.mark.parametrize(
    "conditions",
    [
        pytest.param({"Ready": {"status": "True"}}, id="as a map"),
        pytest.param(None, id="null"),
        pytest.param("Ready", id="a text"),
        pytest.param([None, "Ready", 3], id="of things that are none"),
        pytest.param([{"type": "Ready", "status": False}], id="a boolean status"),
        pytest.param([{"type": "Ready"}], id="no status"),
        pytest.param([{"type": ["Ready"], "status": "True"}], id="a type that is no text"),
        pytest.param([condition("Ready", "randomstatus")], id="a random status"),
        pytest.param([condition("ready")], id="a type in another case"),
    ],
)
def test_odd_conditions_state_nothing(conditions: Json) -> None:
    """A condition counts by its type and the very word True."""
    manifest = pod(ready=None)
    manifest["status"]["conditions"] = conditions
    model = parse(manifest)
    assert isinstance(model, Pod)
    assert "Ready" not in model.conditions or model.conditions["Ready"].status != "True"


@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize(
    ("stated", "status"),
    [
        pytest.param(
            [
                condition("Ready", "False", since="2026-03-02T11:00:00Z"),
                condition("Ready", "True", since="2026-03-02T10:00:00Z"),
            ],
            "False",
            id="the newer of two",
        ),
        pytest.param(
            [condition("Ready", "True", since="2026-03-02T11:00:00Z"), condition("Ready", "False")],
            "True",
            id="the one with a time",
        ),
        pytest.param(
            [condition("Ready", "False"), condition("Ready", "True")], "True", id="always the same"
        ),
    ],
)
def test_a_condition_stated_twice(stated: list[Manifest], status: str, turned: bool) -> None:
    """The last transition counts, never the place in the list."""
    model = parse(pod(ready=None, conditions=stated[::-1] if turned else stated))
    assert isinstance(model, Pod)
    assert model.conditions["Ready"].status == status


@pytest.mark.parametrize(
    ("references", "uid"),
    [
        ([owner("a", controller=False), owner("b")], "b"),
        ([owner("b"), owner("a")], "a"),
        ([{"uid": "a", "controller": "true"}], ""),
        ([{"controller": True}], ""),
        ([None], ""),
        ({"uid": "a", "controller": True}, ""),
        (None, ""),
    ],
)
def test_the_owner_is_the_one_that_controls(references: Json, uid: str) -> None:
    """Whose `controller` is the very word true."""
    manifest = pod()
    manifest["metadata"]["ownerReferences"] = references
    assert meta_of(manifest).owner_uid == uid


@pytest.mark.parametrize(
    ("finalizers", "read"),
    [(["b", "a", "b"], ("a", "b")), (None, ()), ("a", ()), ([None, "", 3, "a"], ("a",))],
)
def test_finalizers_are_read_in_order(finalizers: Json, read: tuple[str, ...]) -> None:
    """Each once, the odd ones passed over."""
    manifest = deployment()
    manifest["metadata"]["finalizers"] = finalizers
    assert meta_of(manifest).finalizers == read


@pytest.mark.parametrize(
    ("path", "value", "problem"),
    [
        (("spec", "replicas"), "3", "spec.replicas"),
        (("status", "replicas"), -1, "status.replicas"),
        (("status", "updatedReplicas"), 1.5, "status.updatedReplicas"),
        (("status", "readyReplicas"), True, "status.readyReplicas"),
        (("status", "availableReplicas"), 2**31, "status.availableReplicas"),
        (
            ("spec", "updateStrategy"),
            {"rollingUpdate": {"partition": "1"}},
            "spec.updateStrategy.rollingUpdate.partition",
        ),
    ],
)
def test_a_count_of_another_form_is_named(
    path: tuple[str, str], value: object, problem: str
) -> None:
    """What a verdict rests on has the form of the API, or the object is malformed."""
    manifest = stateful_set()
    manifest[path[0]][path[1]] = value
    model = parse(manifest)
    assert isinstance(model, Malformed)
    assert model.problem == f"{problem} is not a whole number of 0 or more, such as 3"


def test_the_largest_count_is_read() -> None:
    """The API holds 32 bits."""
    model = parse(deployment(2**31 - 1))
    assert isinstance(model, Deployment)
    assert model.desired == 2**31 - 1


@pytest.mark.parametrize("absent", ["restartPolicy", "name", "status"])
def test_an_init_container_is_a_sidecar_only_when_it_says_so(absent: str) -> None:
    """Without its restart policy, its name or its status it is an init container like any other."""
    manifest = pod(init=[container("mesh", started=True)], sidecars=["mesh"])
    if absent == "status":
        manifest["status"]["initContainerStatuses"][0]["started"] = None
    else:
        del manifest["spec"]["initContainers"][0][absent]
    model = parse(manifest)
    assert isinstance(model, Pod)
    assert [entry.initial for entry in model.containers] == [False, True]


@pytest.mark.parametrize("spec", [None, {}, {"initContainers": None, "readinessGates": None}])
def test_a_pod_of_null_lists_is_read(spec: Json) -> None:
    """Lists that are null or absent are empty."""
    manifest = pod() | {"spec": spec}
    manifest["status"] |= {"containerStatuses": None, "initContainerStatuses": None}
    model = parse(manifest)
    assert isinstance(model, Pod)
    assert (model.containers, model.readiness_gates) == ((), ())


@pytest.mark.parametrize(
    ("restarts", "read"), [(3, 3), ("3", 3), (None, 0), ("many", 0), (True, 0), (10**30, 0)]
)
def test_restarts_are_read_or_none(restarts: Json, read: int) -> None:
    """A number that only explains is passed over when it is odd."""
    status = container()
    status["restartCount"] = restarts
    model = parse(pod(containers=[status]))
    assert isinstance(model, Pod)
    assert model.containers[0].restarts == read


@pytest.mark.parametrize("state", [None, [], {"terminated": "Error"}, {"waiting": 3}])
def test_an_odd_state_is_none(state: Json) -> None:
    """A container of which nothing can be read neither runs nor waits."""
    status = container(last=terminated())
    status["state"] = state
    model = parse(pod(containers=[status]))
    assert isinstance(model, Pod)
    (found,) = model.containers
    assert (found.running, found.waiting_reason, found.terminated) == (False, "", None)
    assert found.last_terminated is not None


@pytest.mark.parametrize("exit_code", [None, "one", 1.5, []])
def test_an_odd_exit_code_is_no_failure(exit_code: Json) -> None:
    """Nobody is accused of what cannot be read."""
    model = parse(pod(containers=[container(last=terminated(exit_code))]))
    assert isinstance(model, Pod)
    last = model.containers[0].last_terminated
    assert last is not None
    assert not last.failed
