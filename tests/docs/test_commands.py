"""The commands of the pages, run in their order; those that need more than a laptop are parsed."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.monitors.tools import tool
from tests.servers.process import Service, serving

from .pages import PAGES, Block, Command, blocks
from .terminal import Terminal, differences, syntax_fault

pytestmark = pytest.mark.docs

TYPED = [block for page in PAGES for block in blocks(page) if block.commands]
TOOLS = {"curl": "curl", "promtool": "prometheus"}


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """`serve --demo`, for pages that do not start a service themselves."""
    with serving(
        tmp_path_factory.mktemp("demo"), ("-m", "k8s_heartbeat", "serve", "--demo")
    ) as service:
        yield service


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_commands_work_as_the_page_says(page: Path, demo: Service, tmp_path: Path) -> None:
    """None fails, and each prints what stands below it."""
    run = [block for block in blocks(page) if block.commands and not block.reason]
    if not run:
        return
    for name, package in TOOLS.items():
        if any(name in block.text for block in run):
            tool(name, package)
    with Terminal(tmp_path, demo.port) as terminal:
        faults = [f"{block}: {fault}" for block in run for fault in terminal.run(block)]
    assert not faults, "\n\n".join(faults)


@pytest.mark.parametrize("block", TYPED, ids=str)
def test_commands_are_shell(block: Block) -> None:
    """Also those that are not run."""
    assert [syntax_fault(command.text) for command in block.commands if command.text] == [
        "" for command in block.commands if command.text
    ]


def test_there_are_commands_that_run() -> None:
    """The front page's among them."""
    run = {block.page for block in TYPED if not block.reason}
    assert {"README.md", "docs/cli.md"} <= run
    assert shutil.which("bash")


@pytest.mark.parametrize(
    "command",
    [
        Command("k8s-heartbeat check -f none.json"),
        Command("curl -sf http://127.0.0.1:8080/api/health/shop"),
        Command("curl -s http://127.0.0.1:8080/api/badge/shop/deployment/search", ("{…}",)),
        Command("kubectl apply -f web.yaml"),
        Command("git status"),
        Command("k8s-heartbeat check deploy/payments -o name", ("deployment/payment",)),
        Command("k8s-heartbeat check deploy/payments -o name | cat", ("deployment/payments", "x")),
    ],
    ids=lambda command: command.text,
)
def test_a_broken_command_is_seen(command: Command, demo: Service, tmp_path: Path) -> None:
    """Whether it fails or prints something else; but the third is as it says."""
    text = "\n".join([f"$ {command.text}", *command.output])
    with Terminal(tmp_path, demo.port) as terminal:
        faults = terminal.run(Block("page.md", 1, "console", text))
    assert bool(faults) == (command.output != ("{…}",))


def test_times_and_what_is_left_out_may_differ() -> None:
    """And nothing else."""
    assert not differences(("at 2026-01-01T00:00:00Z", "a … b"), "at 2027-02-03T04:05:06Z\na c b\n")
    assert not differences(("a", "…"), "a\nb\nc\n")
    assert differences(("a",), "a\nb\n")
    assert differences(("a", "b"), "a\n")
