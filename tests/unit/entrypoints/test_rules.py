"""`rules`: how each kind is judged, in words."""

from __future__ import annotations

import pytest

from k8s_heartbeat.core import RULES
from tests.unit.entrypoints.support import Shell


def test_one_kind_is_told(shell: Shell) -> None:
    """Its names, its prose, the fields that it is judged from, and the source."""
    done = shell.run("rules", "deploy")
    assert done.code == 0
    assert done.out.startswith("Deployment (deployments, deploy), apps/v1\n  Available replicas")
    assert "  Fields: spec.replicas, spec.paused" in done.out
    assert "progress.go" in done.out


def test_all_kinds_are_told(shell: Shell) -> None:
    """Each of the table, and what becomes of any other."""
    told = shell.run("rules").out
    for rule in RULES:
        assert f"\n{rule.kind.kind} (" in f"\n{told}"
    assert "\nAny other kind\n" in told


@pytest.mark.parametrize("word", ["certificates.cert-manager.io", "sprocket"])
def test_any_other_kind_has_the_conditions_rule(shell: Shell, word: str) -> None:
    """Whether a cluster serves it is another matter."""
    done = shell.run("rules", word)
    assert (done.code, done.out.startswith("Any other kind\n")) == (0, True)
    assert "Stalled" in done.out


def test_a_word_that_is_no_kind_is_refused(shell: Shell) -> None:
    """With an example."""
    done = shell.run("rules", "a/b")
    assert (done.code, done.out) == (2, "")
    assert "such as deployment" in done.err
