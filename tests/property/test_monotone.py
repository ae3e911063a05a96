"""The third law, over whatever is counted."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from k8s_heartbeat.core import Assessment
from tests.builders import Manifest
from tests.property import strategies as some
from tests.property.strategies import FAMILIES
from tests.property.support import (
    BADNESS,
    endpoints_of,
    every_workload,
    judged,
    share,
    with_serving,
    with_status,
)


def check(fewer: Assessment, more: Assessment) -> None:
    """Fail if more is worse."""
    assert BADNESS[more.health] <= BADNESS[fewer.health]
    assert more.up >= fewer.up


class TestMonotone:
    """3. Monotone: with all else equal, one more available replica never makes health worse."""

    @every_workload
    @share
    @given(data=st.data())
    def test_one_more_replica_never_makes_it_worse(self, kind: str, data: st.DataObject) -> None:
        """Under any policy and any minimum of the owner's, health and up do not fall."""
        manifest = data.draw(FAMILIES[kind].objects)
        number, policy = data.draw(st.integers(0, 8)), data.draw(some.policies())
        if data.draw(st.booleans()):
            manifest = some.annotated(manifest, minimum=data.draw(some.words("1", "3", "67%")))
        fewer, more = (judged(with_serving(manifest, number + step), (), policy) for step in (0, 1))
        check(fewer, more)

    @given(some.stateful_sets(), st.integers(0, 8))
    def test_nor_where_only_readiness_is_stated(self, manifest: Manifest, number: int) -> None:
        """The same for a StatefulSet of an older cluster, which states readyReplicas alone."""
        del manifest["status"]["replicas"]
        manifest["status"].pop("availableReplicas", None)
        fewer, more = (
            judged(with_status(manifest, readyReplicas=number + step)) for step in (0, 1)
        )
        check(fewer, more)

    @given(some.budgets(), st.integers(0, 8))
    def test_one_more_pod_never_makes_a_budget_worse(self, manifest: Manifest, number: int) -> None:
        """The same for the pods that a PodDisruptionBudget counts."""
        fewer, more = (
            judged(with_status(manifest, currentHealthy=number + step)) for step in (0, 1)
        )
        check(fewer, more)

    @given(some.case(FAMILIES["Service"]), some.endpoints(), st.booleans())
    def test_one_more_endpoint_never_makes_a_service_worse(
        self, case: some.Case, endpoint: Manifest, own: bool
    ) -> None:
        """The same for a ready endpoint, be it in a new EndpointSlice or in one that is there."""
        service, around = case
        meta = service["metadata"]
        ready = {**endpoint, "addresses": ["10.0.0.9"], "conditions": {"ready": True}}
        kept = [entry for entry in around if entry["kind"] == "EndpointSlice"]
        if own or not kept:
            labels = {"kubernetes.io/service-name": meta["name"]}
            new: Manifest = {
                "apiVersion": "discovery.k8s.io/v1",
                "kind": "EndpointSlice",
                "metadata": {"name": "new", "namespace": "shop", "labels": labels},
                "addressType": "IPv4",
                "endpoints": [ready],
                "ports": [{"name": "http", "port": 8080}],
            }
            more = [*around, new]
        else:
            grown: Manifest = {**kept[0], "endpoints": [*endpoints_of(kept[0]), ready]}
            more = [grown if entry is kept[0] else entry for entry in around]
        check(judged(service, around), judged(service, more))

    @given(some.case(FAMILIES["Service"]))
    def test_an_endpoint_that_turns_ready_never_makes_a_service_worse(
        self, case: some.Case
    ) -> None:
        """The same for endpoints that are there and become ready."""
        service, around = case
        more = [
            {
                **entry,
                "endpoints": [each | {"conditions": Manifest()} for each in endpoints_of(entry)],
            }
            if entry["kind"] == "EndpointSlice"
            else entry
            for entry in around
        ]
        check(judged(service, around), judged(service, more))
