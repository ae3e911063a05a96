"""Verdicts on real pods with nothing scripted; kwok's stages held against what kubelets write."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.cluster.service import Service, fits
from tests.node.cluster import Cluster
from tests.node.fates import BY_NAME
from tests.node.shapes import differences, warnings
from tests.node.telling import TTL, Told, telling

pytestmark = pytest.mark.node


@pytest.fixture(scope="module")
def told(cluster: Cluster) -> Iterator[Told]:
    """What becomes of everything, at once; each is waited for by the test that judges it."""
    with Service(cluster.kubeconfig, ttl=TTL) as service, telling(cluster, service) as outcomes:
        yield outcomes


@pytest.mark.parametrize("name", BY_NAME)
def test_answer_on_real_pods(name: str, told: Told) -> None:
    """What real kubelets wrote is judged as it deserves, and its cause is named."""
    outcome = told[f"real-{name}"].result()
    expected = BY_NAME[name].expected
    assert fits(outcome.answer, expected), outcome.answer
    assert outcome.back is None or outcome.back.health == "healthy", outcome.back


@pytest.mark.parametrize("name", [name for name, fate in BY_NAME.items() if fate.played])
def test_stage_writes_what_a_kubelet_writes(name: str, told: Told) -> None:
    """A status that kwok plays has the fields and words of a real one."""
    real, played = (told[f"{how}-{name}"].result() for how in ("real", "played"))
    found = differences(real.pods, played.pods)
    assert [line for line in found if not line.startswith(BY_NAME[name].varies)] == []
    assert warnings(played.later) <= warnings(real.later)
