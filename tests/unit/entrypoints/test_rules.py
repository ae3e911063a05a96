"""`rules`: how each kind is judged, in words."""

from __future__ import annotations

from pathlib import Path

import pytest

from k8s_heartbeat.core import RULES
from tests.unit.entrypoints.support import Shell


def test_one_kind_is_told(shell: Shell) -> None:
    """Its names, its prose, the fields that it is judged from, and the source."""
    done = shell.run("rules", "deploy")
    assert done.code == 0
    assert done.out.startswith("Deployment (deployments, deploy), apps/v1\n  Compare available")
    assert "  Fields: spec.replicas, spec.paused" in done.out
    assert "progress.go" in done.out


def test_all_kinds_are_told(shell: Shell) -> None:
    """Each of the table, and what becomes of any other."""
    told = shell.run("rules").out
    for rule in RULES:
        assert f"\n{rule.kind.kind} (" in f"\n{told}"
    assert "\nAny other kind\n" in told


@pytest.mark.parametrize("word", ["certificates.cert-manager.io", "sprocket.example.com"])
def test_any_other_kind_has_the_conditions_rule(shell: Shell, word: str) -> None:
    """Whether a cluster serves it is another matter."""
    done = shell.run("rules", word)
    assert (done.code, "\nAny other kind\n" in f"\n{done.out}") == (0, True)
    assert "Stalled" in done.out


def test_a_word_that_no_kind_is_called_is_refused(shell: Shell) -> None:
    """It is a slip of the hand, more likely than a kind of a project that nobody knows."""
    done = shell.run("rules", "deploymnt")
    assert (done.code, "'deploymnt' is no kind that is known" in done.err) == (2, True)


@pytest.mark.parametrize(
    ("word", "lines"),
    [
        (
            "certificates.cert-manager.io",
            ["Every other kind of cert-manager.io", "  Source: cert-manager: pkg/apis/"],
        ),
        ("volume.longhorn.io", ["Volume of longhorn.io", "  Its words are at status.state, "]),
        ("Bucket.s3.services.k8s.aws", ["Every other kind of *.services.k8s.aws"]),
        ("jobset", ["JobSet of jobset.x-k8s.io", "  It runs to completion."]),
        ("virtualservice.networking.istio.io", ["  Where it states nothing bad it is healthy"]),
    ],
)
def test_what_is_known_of_a_kind_comes_first(shell: Shell, word: str, lines: list[str]) -> None:
    """In prose, with the source of each entry."""
    told = shell.run("rules", word).out
    head = told.partition("\nAny other kind\n")[0]
    assert all(f"\n{line}" in f"\n{head}" for line in lines)


def test_kinds_of_ones_own_are_told_too(shell: Shell, tmp_path: Path) -> None:
    """With the file that states them, and what is wrong in it."""
    file = tmp_path / "heartbeat.yaml"
    file.write_text("kinds: {Oven.example.com: {words: [status.stage], source: docs/oven.md}}")
    told = shell.run("rules", "oven.example.com", "--config", str(file)).out
    assert told.startswith("Oven of example.com\n  Its words are at status.stage.\n")
    assert "Source: docs/oven.md" in told
    file.write_text("kinds: {Oven.example.com: {}}")
    done = shell.run("rules", "oven.example.com", "--config", str(file))
    assert (done.code, done.out) == (2, "")
    assert "an empty entry says nothing" in done.err


def test_a_word_that_is_no_kind_is_refused(shell: Shell) -> None:
    """With an example."""
    done = shell.run("rules", "a/b")
    assert (done.code, done.out) == (2, "")
    assert "such as deployment" in done.err
