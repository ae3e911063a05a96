"""What the models say of themselves."""

from __future__ import annotations

import pytest

from k8s_heartbeat.core.manifests import meta_of, parse_related
from k8s_heartbeat.core.model import Pod, Termination
from tests.builders import Manifest, deployment, pod


@pytest.mark.parametrize(
    ("observed", "stale"),
    [
        pytest.param(1, True, id="older"),
        pytest.param(2, False, id="current"),
        pytest.param(3, False, id="newer than what was read"),
        pytest.param("1", True, id="a string, as Argo Rollouts write it"),
        pytest.param("2", False, id="a current string"),
        pytest.param(-1, True, id="-1, where Flux starts"),
        pytest.param("-1", False, id="a string that is no number"),
        pytest.param(True, False, id="a boolean"),
        pytest.param(1.0, False, id="a fraction"),
        pytest.param(10**30, False, id="beyond any integer of the API"),
        pytest.param(2**63, False, id="just beyond"),
        pytest.param("9" * 20, False, id="a string beyond"),
        pytest.param("²", False, id="a digit that is no number"),
    ],
)
def test_a_status_is_stale_when_it_was_written_for_an_older_spec(
    observed: object, stale: bool
) -> None:
    """Only a number that is lower than the generation says so."""
    manifest = deployment(generation=2, observed=observed)
    assert meta_of(manifest).stale is stale


@pytest.mark.parametrize("absent", ["generation", "observedGeneration"])
def test_without_both_generations_nothing_is_stale(absent: str) -> None:
    """A controller that does not state what it observed is taken at its word."""
    manifest: Manifest = deployment(generation=2, observed=1)
    manifest["metadata" if absent == "generation" else "status"].pop(absent)
    assert not meta_of(manifest).stale


@pytest.mark.parametrize(
    ("phase", "finished"),
    [("Succeeded", True), ("Failed", True), ("Running", False), ("Pending", False), ("", False)],
)
def test_a_pod_is_finished_when_it_will_not_run_again(phase: str, finished: bool) -> None:
    """Succeeded and Failed are final."""
    model = parse_related(pod(phase=phase))
    assert isinstance(model, Pod)
    assert model.finished is finished


@pytest.mark.parametrize(
    ("reason", "exit_code", "failed"),
    [("Completed", 0, False), ("Error", 1, True), ("OOMKilled", 0, True), ("", 143, True)],
)
def test_how_a_run_failed(reason: str, exit_code: int, failed: bool) -> None:
    """By its exit code, or because a process in it was killed for its memory."""
    assert Termination(reason, exit_code, None, None).failed is failed
