"""What the service counts of itself, as the one who scrapes it may know it."""

from __future__ import annotations

import pytest

from k8s_heartbeat.adapters.counters import ApiKey, Counters
from k8s_heartbeat.adapters.http.callers import EVERYONE, Caller
from k8s_heartbeat.adapters.http.own_series import own_families
from k8s_heartbeat.core import RULES, Kind
from k8s_heartbeat.core.kinds import EVENT, POD
from k8s_heartbeat.core.rules.entry import Entry
from tests.http.support import caller

SERVED = Kind("Service", "services", "serving.knative.dev", "v1")


@pytest.mark.parametrize(
    ("who", "kinds"),
    [
        (EVERYONE, {"pod": 2, "service.serving.knative.dev": 4, "tokenreview": 8, "other": 16}),
        (caller(kinds=("po",)), {"pod": 2, "tokenreview": 8, "other": 20}),
        (caller(namespaces=frozenset()), {"tokenreview": 8, "other": 22}),
    ],
)
def test_a_kind_that_the_caller_may_not_know_of_is_another(
    who: Caller, kinds: dict[str, int]
) -> None:
    """Or they would learn what the cluster serves; none of the requests is left out."""
    counters = Counters()
    for kind, count in ((POD, 2), (SERVED, 4), ("tokenreview", 8), (None, 16)):
        for _ in range(count):
            counters.api_requests.add(ApiKey("get", kind, "ok"), 0.1)
    families = {family.name: family for family in own_families(counters, who)}
    found = families["k8s_heartbeat_api_requests"].samples
    assert {sample.labels["kind"]: sample.value for sample in found} == kinds
    lasted = families["k8s_heartbeat_api_request_duration_seconds"].samples
    assert [sample.value for sample in lasted if sample.name.endswith("_count")] == [30]


def test_few_kinds_are_named() -> None:
    """Those with a rule or an entry of the operator's, and those that explain others."""
    gadget = Kind("Gadget", "gadgets", "toys.example.com", "v1")
    assert all(map(RULES.names, (POD, EVENT, SERVED)))
    assert not RULES.names(gadget)
    own = RULES.with_kinds({("toys.example.com", "Gadget"): Entry()})
    assert own.names(gadget)
    assert own.with_rules(*RULES).names(gadget)
