"""The table of the rules."""

from __future__ import annotations

import pytest

from k8s_heartbeat.core import Health, assess
from k8s_heartbeat.core.model import DaemonSet, Deployment, Pod, ReplicaSet, StatefulSet
from k8s_heartbeat.core.rules import RULES
from tests.builders import NOW


def test_every_model_of_a_judged_kind_has_its_rule() -> None:
    """No kind is read that nobody judges."""
    assert set(RULES) == {DaemonSet, Deployment, Pod, ReplicaSet, StatefulSet}


@pytest.mark.parametrize(
    "manifest",
    [
        pytest.param({"kind": "Sprocket", "status": {}}, id="a kind nobody knows"),
        pytest.param({"kind": "Event", "type": "Warning"}, id="an event is not judged"),
        pytest.param(
            {"apiVersion": "apps.openshift.io/v1", "kind": "Deployment", "status": {}},
            id="another group's kind of the same name",
        ),
    ],
)
def test_a_kind_without_a_rule_is_unknown(manifest: dict[str, object]) -> None:
    """What no rule is written for is unknown, and says which kind it is."""
    verdict = assess(manifest, now=NOW)
    assert (verdict.health, verdict.up, verdict.reason) == (Health.UNKNOWN, False, "NoRule")
    assert verdict.message == f"no rule is written for the kind {manifest['kind']}"
