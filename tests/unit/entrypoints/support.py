"""What the tests of the command line share: running it, here and as a process of its own."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from k8s_heartbeat.entrypoints.cli import main
from tests.builders import NOW, Manifest, stamp

AT = ("--now", stamp(NOW))


@dataclass(frozen=True, slots=True)
class Done:
    """How a command ended."""

    code: int
    out: str
    err: str

    def json(self) -> Any:
        """The decoded output."""
        return json.loads(self.out)


@dataclass(frozen=True, slots=True)
class Shell:
    """Runs commands in a folder and with an environment that hold nothing else."""

    folder: Path
    capsys: pytest.CaptureFixture[str]
    monkeypatch: pytest.MonkeyPatch

    def file(self, *objects: object, name: str = "dump.json") -> str:
        """The path of a dump with these objects."""
        path = self.folder / name
        path.write_text("\n".join(json.dumps(entry) for entry in objects), encoding="utf-8")
        return str(path)

    def run(self, *argv: str, stdin: str | bytes = "") -> Done:
        """Run a command in this process."""
        data = stdin.encode() if isinstance(stdin, str) else stdin
        self.monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(data), "utf-8"))
        self.capsys.readouterr()
        try:
            code = main(argv)
        except SystemExit as error:  # argparse ends a process itself
            assert isinstance(error.code, int)
            code = error.code
        captured = self.capsys.readouterr()
        return Done(code, captured.out, captured.err)

    def check(self, *objects: Manifest, options: tuple[str, ...] = ()) -> Done:
        """Judge objects as a dump, at the time that all tests share."""
        return self.run("check", "-f", self.file(*objects), *AT, *options)


def environment(home: Path, changes: Mapping[str, str] | None = None) -> dict[str, str]:
    """An environment with neither a cluster nor a setting, but for these."""
    names = ("PATH", "PYTHONPATH", "PYTHONSAFEPATH")
    kept = {name: os.environ[name] for name in names if name in os.environ}
    return kept | {"HOME": str(home), **(changes or {})}


def process(
    home: Path,
    *argv: str,
    stdin: str = "",
    environ: Mapping[str, str] | None = None,
    stdout: int = subprocess.PIPE,
) -> subprocess.CompletedProcess[str]:
    """Run the command line as a process of its own; `stdout` takes what `subprocess.run` takes."""
    return subprocess.run(
        [sys.executable, "-m", "k8s_heartbeat", *argv],
        input=stdin,
        text=True,
        env=environment(home, environ),
        timeout=60,
        check=False,
        stdout=stdout,
        stderr=subprocess.PIPE,
    )
