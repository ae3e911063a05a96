"""The completion scripts in the shells that they are for, and in kubectl."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.servers.api_server import until

from .tmux import Terminal, terminal

SHELLS = {
    "bash": (("--norc", "--noprofile"), "source <(k8s-heartbeat completion bash)"),
    "zsh": (("-f",), "autoload -U compinit; compinit -u; source <(k8s-heartbeat completion zsh)"),
    "fish": (("--no-config",), "k8s-heartbeat completion fish | source"),
}


@pytest.fixture(params=SHELLS)
def pane(
    request: pytest.FixtureRequest,
    needs: Callable[[str], str],
    home: Path,
    environ: dict[str, str],
) -> Iterator[Terminal]:
    """A shell that has loaded its script."""
    needs("tmux")
    options, command = SHELLS[request.param]
    (home / "dump.json").write_text("{}", "utf-8")
    with terminal(home, environ, needs(request.param), *options) as pane:
        pane.runs(f"{command}; echo rea''dy")
        pane.says("\nready")
        yield pane


def completes(pane: Terminal, typed: str, whole: str) -> None:
    """Tab makes the one out of the other; nothing is run."""
    pane.presses("C-u")
    pane.types(f"{typed}\t")
    pane.says(whole)


@pytest.mark.parametrize("program", ["k8s-heartbeat", "kubectl-heartbeat"])
def test_what_is_unambiguous_is_completed(pane: Terminal, program: str) -> None:
    """Commands, flags and what they may be, kinds, files; by both names of the program."""
    for typed, whole in (
        ("ver", "version"),
        ("deploym", "deployment"),
        ("check --outp", "check --output"),
        ("check --output js", "check --output json"),
        ("check --output=js", "check --output=json"),
        ("check -n shop statef", "check -n shop statefulset"),
        ("check po,statef", "check po,statefulset"),
        ("deploy/api --fail-on de", "deploy/api --fail-on degraded"),
        ("completion z", "completion zsh"),
        ("rules daem", "rules daemonset"),
        ("check -f du", "check -f dump.json"),
        ("check --config=du", "check --config=dump.json"),
    ):
        completes(pane, f"{program} {typed}", f"{program} {whole}")


def test_what_is_ambiguous_is_listed(pane: Terminal) -> None:
    """The choices of a flag, and nothing else."""
    pane.types("k8s-heartbeat check --color \t\t")
    until(
        lambda: all(word in pane.screen() for word in ("auto", "always", "never")),
        "the choices",
    )
    assert "dump.json" not in pane.screen()


def test_a_script_has_no_fault_of_syntax(
    needs: Callable[[str], str], environ: dict[str, str]
) -> None:
    """As each shell itself says."""
    for shell in SHELLS:
        script = subprocess.run(
            ["k8s-heartbeat", "completion", shell],  # noqa: S607  # from PATH, as people have it
            env=environ,
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        done = subprocess.run(
            [needs(shell), "-n"], input=script, capture_output=True, text=True, check=False
        )
        assert (done.returncode, done.stderr) == (0, ""), shell


class TestKubectl:
    """The plugin as kubectl calls it."""

    @pytest.fixture
    def kubectl(
        self, needs: Callable[[str], str], home: Path, environ: dict[str, str]
    ) -> Callable[..., subprocess.CompletedProcess[str]]:
        """Runs kubectl with the plugin, and with the file for its completion, in its path."""
        program = needs("kubectl")
        completion = home / "bin" / "kubectl_complete-heartbeat"
        completion.parent.mkdir()
        completion.write_text('#!/bin/sh\nexec kubectl-heartbeat __complete "$@"\n', "utf-8")
        completion.chmod(0o755)
        variables = {**environ, "PATH": f"{completion.parent}:{environ['PATH']}"}

        def run(*arguments: str) -> subprocess.CompletedProcess[str]:
            return subprocess.run(
                [program, *arguments],
                env=variables,
                capture_output=True,
                text=True,
                timeout=60,
                check=False,
            )

        return run

    def test_it_is_called_by_kubectls_name(
        self, kubectl: Callable[..., subprocess.CompletedProcess[str]]
    ) -> None:
        """In its help and in its errors; alone it checks the context's namespace."""
        assert "usage: kubectl heartbeat [" in kubectl("heartbeat", "--help").stdout
        assert "kubectl heartbeat check [" in kubectl("heartbeat", "check", "-h").stdout
        assert (
            kubectl("heartbeat", "chekc")
            .stderr.splitlines()[-1]
            .startswith("kubectl heartbeat: 'chekc' is neither a command")
        )
        for arguments in ((), ("deploy/api",), ("-A",), ("deploy", "api", "-n", "shop")):
            done = kubectl("heartbeat", *arguments)
            assert (done.returncode, done.stderr) == (0, ""), arguments
            assert done.stdout.startswith("healthy "), arguments

    def test_its_completion_asks_the_plugin(
        self, kubectl: Callable[..., subprocess.CompletedProcess[str]]
    ) -> None:
        """By the convention of kubectl_complete-NAME."""
        done = kubectl("__complete", "heartbeat", "check", "--output", "j")
        assert done.stdout.splitlines() == ["json", ":4"]
        done = kubectl("__complete", "heartbeat", "ver")
        assert done.stdout.splitlines()[0].split("\t")[0] == "version"
