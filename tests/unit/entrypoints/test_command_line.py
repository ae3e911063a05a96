"""Where flags stand, and what a command line without a command means."""

from __future__ import annotations

from importlib.metadata import version
from pathlib import Path

import pytest

from tests.builders import deployment
from tests.unit.entrypoints.support import AT, Shell
from tests.unit.entrypoints.test_check import DOWN, named

UP = deployment(3)
FAR = "2026-03-03T12:00:00Z"
PLUGIN = "/usr/local/bin/kubectl-heartbeat"


@pytest.fixture
def plugin(shell: Shell) -> Shell:
    """A shell in which the program is called as kubectl calls it."""
    shell.monkeypatch.setattr("sys.argv", [PLUGIN])
    return shell


SAME = [
    ("check", "-f", "dump.json", "deploy/api", "-n", "shop"),
    ("check", "deploy/api", "-n", "shop", "-f", "dump.json"),
    ("deploy/api", "-n", "shop", "-f", "dump.json"),
    ("-n", "shop", "-f", "dump.json", "deploy/api"),
    ("-nshop", "--filename=dump.json", "deploy/api"),
    ("-n", "shop", "deploy/api", "--file", "dump.json"),
    ("-n", "shop", "check", "-f", "dump.json", "deploy/api"),
    ("--debug", "deploy/api", "-f", "dump.json"),
    ("deploy/api", "--debug", "-f", "dump.json"),
    ("-f", "dump.json", "--", "deploy/api"),
    ("deploy", "api", "-f", "dump.json"),
    ("-f", "dump.json", "deploy", "-n", "shop", "api"),
    ("check", "Deployment", "api", "-f", "dump.json"),
    ("deployments.apps", "api", "-f", "dump.json"),
]


@pytest.mark.parametrize("argv", SAME, ids=" ".join)
@pytest.mark.parametrize("as_plugin", [False, True], ids=["own", "plugin"])
def test_a_check_by_any_order_and_either_name(
    shell: Shell, argv: tuple[str, ...], as_plugin: bool
) -> None:
    """`deploy/web -n shop` means `check`, flags before, between or after, and KIND NAME too."""
    if as_plugin:
        shell.monkeypatch.setattr("sys.argv", [PLUGIN])
    shell.file(UP, named(DOWN, "pay"))
    done = shell.run(*AT, *argv)
    assert (done.code, done.err) == (0, "")
    assert done.out.startswith("healthy   shop/deployment/api  ")
    assert len(done.out.splitlines()) == 1


@pytest.mark.parametrize(
    "argv", [("-A",), ("-o", "text"), ("deploy,sts",), ("deploy",), ("-l", "a!=b")]
)
def test_a_check_of_many(shell: Shell, argv: tuple[str, ...]) -> None:
    """Flags alone mean it too, and kinds."""
    shell.file(UP, named(DOWN, "pay"))
    done = shell.run(*argv, "-f", "dump.json", *AT)
    assert done.code == 1
    assert done.out.startswith("down      1 of 2 failing")


def test_several_names_of_a_kind(shell: Shell) -> None:
    """As with kubectl: `deploy api pay`, and `deploy,sts api`."""
    shell.file(UP, named(DOWN, "pay"))
    done = shell.run("deploy", "api", "pay", "-f", "dump.json", *AT)
    for row in ("down      shop/deployment/pay", "healthy   shop/deployment/api"):
        assert row in done.out
    done = shell.run("deploy,sts", "api", "-f", "dump.json", *AT)
    assert "missing   statefulset/api" in done.out


@pytest.mark.parametrize("names", [("pods",), ("api", "po"), ("sts,po",), ("",)])
def test_a_name_that_may_be_a_kind_is_asked_about(shell: Shell, names: tuple[str, ...]) -> None:
    """One reading would judge all Deployments and pods, the other one Deployment called so."""
    done = shell.check(UP, options=("deploy", *names))
    assert (done.code, done.out) == (2, "")
    assert "KIND/NAME, such as deployment/api" in done.err


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("chekc", "check"),
        ("srve", "serve"),
        ("chek", "check"),
        ("tokn", "token"),
        ("versoin", "version"),
    ],
)
@pytest.mark.parametrize("more", [(), ("deploy/api",), ("-f", "dump.json")])
@pytest.mark.parametrize("as_plugin", [False, True], ids=["own", "plugin"])
def test_a_misspelt_command_is_never_a_kind(
    shell: Shell, typed: str, meant: str, more: tuple[str, ...], as_plugin: bool
) -> None:
    """Nothing is judged, and the error names the command."""
    if as_plugin:
        shell.monkeypatch.setattr("sys.argv", [PLUGIN])
    shell.file(UP)
    done = shell.run(typed, *more)
    assert (done.code, done.out) == (2, "")
    assert f"did you mean {meant}?" in done.err


def test_a_word_that_is_neither(shell: Shell) -> None:
    """A kind that is not well-known stands behind the command, and a file behind -f."""
    assert "as in k8s-heartbeat check sprockets" in shell.run("sprockets").err
    shell.file(UP)
    for path in ("dump.json", "./dump.json", "other.yaml"):
        done = shell.run(path)
        assert (done.code, "k8s-heartbeat check -f FILE" in done.err) == (2, True), path


def test_nothing_at_all(shell: Shell) -> None:
    """A command is needed, but kubectl's plugin checks the context's namespace."""
    done = shell.run()
    assert done.code == 2
    assert "required: COMMAND" in done.err
    shell.monkeypatch.setattr("sys.argv", [PLUGIN])
    done = shell.run()
    assert done.code == 3
    assert done.err.startswith("kubectl heartbeat: ")
    assert ".kube/config" in done.err


@pytest.mark.parametrize("argv", [("-h",), ("--help",), ("check", "-h"), ("deploy/api", "--help")])
def test_help_names_the_program_as_it_was_called(shell: Shell, argv: tuple[str, ...]) -> None:
    """`kubectl heartbeat`, which is what one typed."""
    done = shell.run(*argv)
    assert (done.code, "usage: k8s-heartbeat " in done.out) == (0, True)
    shell.monkeypatch.setattr("sys.argv", [PLUGIN])
    done = shell.run(*argv)
    assert (done.code, "usage: kubectl heartbeat " in done.out) == (0, True)
    assert ("--fail-on" in done.out) is ("-h" not in argv[:1] and "--help" not in argv[:1])


def test_errors_name_the_program_as_it_was_called(plugin: Shell) -> None:
    """Those of the parser, and those of a command."""
    for argv in (("check", "--nonsense"), ("check", "-f", "none.json")):
        assert plugin.run(*argv).err.splitlines()[-1].startswith("kubectl heartbeat: ")


def test_a_command_stays_the_command(shell: Shell) -> None:
    """Also where flags stand before it; and what belongs to it is its own."""
    assert "DaemonSet (" in shell.run("rules", "daemonset").out
    done = shell.run("--config", "none.yaml", "rules", "daemonset")
    assert (done.code, "none.yaml" in done.err) == (2, True)
    assert shell.run("-n", "shop", "version").code == 2


def test_versions(shell: Shell) -> None:
    """Of the installed distribution, in one place, in each form."""
    number = version("k8s-heartbeat")
    assert shell.run("--version").out == f"k8s-heartbeat {number}\n"
    assert shell.run("version").out.splitlines()[0] == f"k8s-heartbeat {number}"
    assert shell.run("version").out.splitlines()[1].startswith("Python 3.")
    assert shell.run("version", "-o", "json").json()["version"] == number
    shell.monkeypatch.setattr("sys.argv", [PLUGIN])
    assert shell.run("--version").out == f"k8s-heartbeat {number}\n"


def test_the_only_one_that_is_not_well_is_explained(shell: Shell) -> None:
    """Its causes are beneath it; among several that are not well a row each is enough."""
    dump = Path(__file__).parents[3] / "adapters" / "demo" / "shop.json"
    done = shell.run("deploy/payments", "-f", str(dump))
    first, cause = done.out.splitlines()
    assert first.endswith("CrashLoopBackOff (Pod, container payments, 3 times)")
    assert cause.startswith("          CrashLoopBackOff pod/payments-")
    assert cause.endswith("last ended with exit code 1 (Error)")
    done = shell.run("deploy/payments", "deploy/checkout", "-f", str(dump))
    assert len(done.out.splitlines()) == 3
    done = shell.run("deploy/payments", "deploy/storefront", "-f", str(dump))
    assert len(done.out.splitlines()) == 4


def test_up_is_told_where_the_word_does_not_say_it(shell: Shell) -> None:
    """Degraded may be either."""
    owned = {**DOWN["metadata"], "annotations": {"k8s-heartbeat.io/min-available": "3"}}
    assert shell.check(deployment(3, 2)).out.startswith("degraded, up  shop/deployment/api")
    strict = shell.check({**deployment(3, 2), "metadata": owned})
    assert strict.out.startswith("degraded, not up  shop/deployment/api")
    closed = {**DOWN["metadata"], "annotations": {"k8s-heartbeat.io/maintenance-until": FAR}}
    assert shell.check({**DOWN, "metadata": closed}).out.startswith("down, up  shop/deployment/api")
