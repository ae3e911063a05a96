"""`completion`, and what the scripts ask for."""

from __future__ import annotations

import pytest

from k8s_heartbeat.core.rules import KINDS
from tests.unit.entrypoints.support import Shell

COMMANDS = ("check", "serve", "rules", "token", "config", "version", "completion")


def offered(shell: Shell, *words: str) -> tuple[list[str], str]:
    """The candidates, and what else a shell may offer."""
    done = shell.run("__complete", *words)
    assert (done.code, done.err) == (0, "")
    *lines, last = done.out.splitlines()
    return [line.partition("\t")[0] for line in lines], last


def test_commands_come_first(shell: Shell) -> None:
    """With what each does; a hidden one is not offered."""
    assert set(COMMANDS) <= set(offered(shell, "")[0])
    assert offered(shell, "__")[0] == []
    assert "check\tjudge objects, live or in dumps\n" in shell.run("__complete", "ch").out


@pytest.mark.parametrize("command", COMMANDS)
def test_every_flag_in_the_help_is_offered(shell: Shell, command: str) -> None:
    """Both are made of one parser."""
    helped = {word.strip(",[];") for word in shell.run(command, "--help").out.split()}
    flags = {word for word in helped if word.startswith("--")}
    assert set(offered(shell, command, "--")[0]) == flags - {"--debug"}


@pytest.mark.parametrize(
    ("words", "candidates"),
    [
        (("check", "-o", ""), ["text", "wide", "json", "name", "nagios"]),
        (("check", "-o", "n"), ["name", "nagios"]),
        (("check", "--output=n"), ["--output=name", "--output=nagios"]),
        (("-o", "n"), ["name", "nagios"]),
        (("deploy/api", "-n", "shop", "--fail-on", ""), ["degraded", "down"]),
        (("check", "--color", "a"), ["auto", "always"]),
        (("completion", ""), ["bash", "zsh", "fish"]),
        (("completion", "bash", ""), []),
        (("version", "-o", ""), ["text", "json"]),
        (("check", "-n", ""), []),
        (("check", "--nonsense", "deploym"), ["deployment"]),
        (("check", "deploym"), ["deployment"]),
        (("deploym",), ["deployment"]),
        (("check", "pods,stat"), ["pods,statefulset"]),
        (("rules", "daem"), ["daemonset"]),
        (("rules", "daemonset", ""), []),
        (("check", "deployment", ""), []),
        (("check", "--", "-"), []),
        (("token", ""), []),
        (("serve", "--snap"), ["--snapshot"]),
        (("check", "--wait", "--time"), ["--timeout"]),
        (("monitors", "g"), ["gatus"]),
        (("monitors", "gatus", "--ale"), ["--alert"]),
        (("monitors", "blackbox", "--form", "s"), ["static"]),
        (("monitors", "blackbox", "daem"), ["daemonset"]),
        (("monitors", "prometheus", ""), []),
        (("monitors", "nonsense", ""), []),
        (("push", "--as", "g"), ["gatus"]),
        (("push", "--as=g"), ["--as=gatus"]),
        (("serve", "--log-level", "W"), ["WARNING"]),
        (("serve", "--port", ""), []),
    ],
)
def test_what_fits_is_offered(shell: Shell, words: tuple[str, ...], candidates: list[str]) -> None:
    """Choices, kinds and flags; never a file in their place."""
    assert offered(shell, *words) == (candidates, ":4")


@pytest.mark.parametrize(
    "words",
    [("check", "-f", ""), ("-f", "du"), ("check", "--config", ""), ("serve", "--snapshot=")],
)
def test_a_path_is_the_shells_matter(shell: Shell, words: tuple[str, ...]) -> None:
    """It knows its files."""
    assert offered(shell, *words) == ([], ":0")


def test_every_kind_is_offered(shell: Shell) -> None:
    """By its singular and its short names."""
    names = set(offered(shell, "check", "")[0])
    for kind in KINDS:
        assert kind.shared_words or {kind.kind.lower(), *kind.short_names} <= names


def test_kinds_come_without_a_cluster(shell: Shell) -> None:
    """And with no kubeconfig to read."""
    shell.monkeypatch.setenv("KUBECONFIG", "/none")
    assert offered(shell, "check", "st")[0][:1] == ["statefulset"]


@pytest.mark.parametrize("name", ["bash", "zsh", "fish"])
def test_a_script_is_printed_and_its_use_told(shell: Shell, name: str) -> None:
    """For both names of the program."""
    script = shell.run("completion", name).out
    for part in ("__complete", "k8s-heartbeat", "kubectl-heartbeat"):
        assert part in script
    told = shell.run("completion", "--help").out
    assert f"completion {name}" in told
    assert "kubectl_complete-heartbeat" in told


def test_a_shell_that_is_not_known(shell: Shell) -> None:
    """2, with those that are."""
    done = shell.run("completion", "tcsh")
    assert (done.code, "'bash', 'zsh', 'fish'" in done.err) == (2, True)
