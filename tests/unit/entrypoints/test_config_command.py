"""`config`: what is in force, and where it comes from."""

from __future__ import annotations

import pytest

from tests.unit.entrypoints.support import Shell

FILE = """
policy: {stuckAfter: 2h}
components:
  - name: checkout
    title: Checkout
    up: 50%
    members:
      - {namespace: [shop, shop-eu], kind: deploy, selector: "tier=web"}
      - {namespace: shop, kind: sts, name: db}
      - {namespace: platform}
      - {kind: node}
"""


def test_the_configuration_file_is_part_of_it(shell: Shell) -> None:
    """Every knob, and the components with their members."""
    path = shell.folder / "heartbeat.yaml"
    path.write_text(FILE, encoding="utf-8")
    done = shell.run("config", "--config", str(path))
    assert done.code == 0
    assert f"HEARTBEAT_CONFIG={path}  (--config)" in done.out
    for line in (
        "policy.stuckAfter=2h",
        "policy.zero=healthy",
        "component checkout (Checkout), up: 50%",
        "  deploy tier=web in shop, shop-eu",
        "  sts db in shop",
        "  workloads all in platform",
        "  node all in all namespaces",
    ):
        assert line in done.out.splitlines()


def test_a_broken_file_is_told_with_all_its_faults(shell: Shell) -> None:
    """Each names the file and the place in it."""
    path = shell.folder / "heartbeat.yaml"
    path.write_text("policy: {zero: dwn, cronfailures: 3}", encoding="utf-8")
    done = shell.run("config", "--config", str(path))
    assert done.code == 2
    first, second = done.err.splitlines()
    assert f"{path}" in first
    assert "policy.zero" in first + second
    assert "policy.cronfailures: unknown; did you mean cronFailures?" in first + second


def test_the_tokens_file_is_part_of_it(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each token by its name and scope, without its hash; and what is wrong with it."""
    path = shell.folder / "tokens.yaml"
    path.write_text(f"tokens: [{{name: a, sha256: '{'b' * 64}', namespaces: [shop]}}]", "utf-8")
    monkeypatch.setenv("HEARTBEAT_TOKENS_FILE", str(path))
    done = shell.run("config")
    assert done.code == 0
    assert "token a (namespaces: shop; kinds: all; components: none; detail: as set)" in done.out
    assert "bbbb" not in done.out
    path.write_text("tokens: 7", encoding="utf-8")
    done = shell.run("config")
    assert (done.code, "HEARTBEAT_TOKENS_FILE: " in done.err) == (2, True)
