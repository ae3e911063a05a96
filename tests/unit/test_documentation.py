"""What the documentation shows is what happens."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType

import pytest

from k8s_heartbeat.adapters.demo import shop
from k8s_heartbeat.adapters.http.reference import with_tables
from k8s_heartbeat.core import RULES, assess
from k8s_heartbeat.entrypoints.config.reference import with_table
from k8s_heartbeat.entrypoints.kinds_reference import with_kinds
from tests.builders import NOW, Manifest
from tests.unit.entrypoints.support import environment

ROOT = Path(__file__).parents[2]
EXAMPLES = re.findall(
    r"```python\n(.*?)```\n```text\n(.*?)```",
    (ROOT / "docs" / "library.md").read_text("utf-8"),
    re.S,
)

CLI = (ROOT / "docs" / "cli.md").read_text("utf-8")


def test_there_is_an_example_for_each_use() -> None:
    """A manifest, what is around it, evidence, a dump, a policy, a group, a rule of one's own."""
    assert len(EXAMPLES) == 7


@pytest.mark.parametrize(("code", "output"), EXAMPLES, ids=range(len(EXAMPLES)))
def test_an_example_prints_what_it_says(code: str, output: str, tmp_path: Path) -> None:
    """Each runs by itself, in a process that knows nothing else, beside a dump of the demo."""
    dump = {"items": list(shop(datetime.now(UTC)))}
    (tmp_path / "dump.json").write_text(json.dumps(dump))
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stderr == ""
    assert done.stdout == output


def test_the_worked_example_of_a_kind_is_a_rule(monkeypatch: pytest.MonkeyPatch) -> None:
    """What CONTRIBUTING shows can be put into the table as it stands."""
    text = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
    (code,) = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    # Outside of the package its neighbours have longer names.
    code = re.sub(r"from \.\.(\w+) ", r"from k8s_heartbeat.core.\1 ", code)
    code = re.sub(r"from \.(\w+) ", r"from k8s_heartbeat.core.rules.\1 ", code)
    module = ModuleType("resource_quota")
    monkeypatch.setitem(sys.modules, module.__name__, module)
    exec(code, module.__dict__)  # noqa: S102  # the documentation's own
    rules = RULES.with_rules(module.RESOURCE_QUOTA_RULE)
    quota: Manifest = {
        "apiVersion": "v1",
        "kind": "ResourceQuota",
        "metadata": {"name": "pods"},
        "status": {"hard": {"pods": "4", "cpu": "2"}, "used": {"pods": "4", "cpu": "1"}},
    }
    verdict = assess(quota, now=NOW, rules=rules)
    assert (verdict.health, verdict.message) == ("degraded", "used up: pods")
    quota["status"] = {"hard": {"pods": "4"}, "used": {"pods": "3"}}
    assert assess(quota, now=NOW, rules=rules).health == "healthy"


@pytest.mark.parametrize(
    ("page", "generated"),
    [("configuration.md", with_table), ("http.md", with_tables), ("kinds.md", with_kinds)],
)
def test_what_is_generated_is_current(page: str, generated: Callable[[str], str]) -> None:
    """Otherwise run the command that stands in the page's first marker."""
    text = (ROOT / "docs" / page).read_text("utf-8")
    assert generated(text) == text
    with pytest.raises(ValueError, match="no markers"):
        generated("# Another page\n")


COMMANDS = re.findall(r"^\$ k8s-heartbeat (.*)\n((?:[^$`].*\n)*)", CLI, re.M)


def test_there_is_an_example_for_each_form() -> None:
    """Of a verdict, of an error, and of a monitoring plugin's line."""
    assert len(COMMANDS) == 8


@pytest.mark.parametrize(("command", "output"), COMMANDS, ids=[command for command, _ in COMMANDS])
def test_a_command_prints_what_it_says(command: str, output: str, tmp_path: Path) -> None:
    """On the dump that ships with the package, from the top of the repository."""
    done = subprocess.run(
        [sys.executable, "-m", "k8s_heartbeat", *command.split()],
        cwd=ROOT,
        env=environment(tmp_path),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert done.stdout == output
