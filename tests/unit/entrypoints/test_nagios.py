"""`-o nagios`: one line and a code, by the guidelines of the Monitoring Plugins."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.builders import available, before, deployment, pod, progressing
from tests.unit.entrypoints.support import Shell
from tests.unit.entrypoints.test_check import NASTY, named

UP = deployment(3)
DEGRADED = deployment(3, 2)
DOWN = deployment(3, 0, conditions=[available("False", before(minutes=5)), progressing()])
UNKNOWN: dict[str, Any] = {"kind": "Deployment", "metadata": {"name": "new", "namespace": "shop"}}
WORDS = ("OK", "WARNING", "CRITICAL", "UNKNOWN")
FIGURE = r"[a-z]+=\d+(?:;[\d;]*)?"
LINE = re.compile(rf"HEARTBEAT ({'|'.join(WORDS)}) - ([^|\n]+)(\|{FIGURE}( {FIGURE})*)?\n")

STATUSES: list[tuple[list[Any], tuple[str, ...], int]] = [
    ([UP], (), 0),
    ([DEGRADED], (), 1),
    ([DEGRADED], ("--fail-on", "degraded"), 2),
    ([DOWN], (), 2),
    ([DOWN], ("--for", "10m"), 1),
    ([UNKNOWN], (), 3),
    ([UP], ("deployment/none",), 2),
    ([UP, named(UP, "web")], (), 0),
    ([UP, named(DEGRADED, "web")], (), 1),
    ([UP, named(DOWN, "web")], (), 2),
    ([UP, named(UNKNOWN, "web")], (), 3),
    ([named(DOWN, "db"), named(UNKNOWN, "web")], (), 2),
    ([UP], ("deployment/api", "deployment/none"), 2),
    ([UP], ("statefulsets",), 3),
    ([], (), 3),
    ([UP], ("--nonsense",), 3),
    ([UP], ("--fail-on", "unknown"), 3),
    ([UP], ("--for", "soon"), 3),
    ([UP], ("sprockets/api",), 3),
    ([UP], ("--wait",), 3),
]


@pytest.mark.parametrize(("objects", "options", "code"), STATUSES)
def test_the_line_and_the_code_say_the_same(
    shell: Shell, objects: list[Any], options: tuple[str, ...], code: int
) -> None:
    """0 OK, 1 WARNING, 2 CRITICAL, 3 UNKNOWN; exactly one line, whatever is wrong."""
    done = shell.check(*objects, options=("-o", "nagios", *options))
    assert done.code == code
    line = LINE.fullmatch(done.out)
    assert line is not None, done.out
    assert line[1] == WORDS[code]
    assert "Traceback" not in done.err


@pytest.mark.parametrize(
    "argv",
    [
        ("check", "deploy/api", "-o", "nagios"),
        ("deploy/api", "-onagios"),
        ("deploy/api", "-Ao", "nagios"),
        ("deploy/api", "--output=nagios"),
        ("chekc", "deploy/api", "--output", "nagios"),
        ("--outp", "nagios", "--nonsense"),
        ("check", "-o=nagios", "--component"),
        ("serve", "-o", "nagios"),
    ],
    ids=" ".join,
)
def test_there_is_a_line_even_if_nothing_can_be_asked(shell: Shell, argv: tuple[str, ...]) -> None:
    """No cluster, no such command, no such flag: UNKNOWN, and the reason."""
    done = shell.run(*argv)
    assert done.code == 3
    line = LINE.fullmatch(done.out)
    assert line is not None, done.out
    assert (line[1], line[3]) == ("UNKNOWN", None)


def test_a_bug_is_unknown_and_no_warning(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    """The code of a traceback would be that of a warning."""

    def broken(_: object) -> object:
        raise ZeroDivisionError("a|bug\n")

    monkeypatch.setattr("k8s_heartbeat.entrypoints.question.Question.of", broken)
    done = shell.check(UP, options=("-o", "nagios"))
    assert (done.code, done.out) == (3, "HEARTBEAT UNKNOWN - ZeroDivisionError: a/bug\n")
    assert "Traceback" in done.err
    with pytest.raises(ZeroDivisionError):
        shell.check(UP)


def test_the_figures_of_one(shell: Shell) -> None:
    """Label, value, thresholds that are not told, least and most."""
    done = shell.check(DEGRADED, options=("-o", "nagios"))
    assert done.out == (
        "HEARTBEAT WARNING - shop/deployment/api degraded, up: "
        "2 of 3 replicas available, 2 needed|available=2;;;0;3 desired=3;;;0\n"
    )


def test_the_figures_of_many(shell: Shell) -> None:
    """How many are up, and how many in each health."""
    done = shell.check(UP, named(DEGRADED, "cart"), named(DOWN, "pay"), options=("-o", "nagios"))
    assert done.out.partition("|")[2] == (
        "up=2;;;0;3 down=1;;;0;3 unknown=0;;;0;3 missing=0;;;0;3 degraded=1;;;0;3 healthy=1;;;0;3\n"
    )


@pytest.mark.parametrize(
    "text", [NASTY, "a|available=9;;;0;9", "a\nHEARTBEAT OK - fine", "x" * 9999]
)
def test_no_message_can_forge_a_line_or_a_figure(shell: Shell, text: str) -> None:
    """Whoever may create an object could."""
    ill = pod("web", phase="Failed", reason=text, message=text)
    for objects in ([ill], [ill, named(DOWN, text)], [named({**UNKNOWN, "kind": text}, text)]):
        done = shell.check(*objects, options=("-o", "nagios"))
        assert done.code in (2, 3)
        line = LINE.fullmatch(done.out)
        assert line is not None, done.out
        assert line[1] in ("CRITICAL", "UNKNOWN")
        assert "available=9" not in done.out.partition("|")[2]
        assert len(done.out) < 1300
        assert done.out.removesuffix("\n").isprintable()
