"""A shell with nothing in it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.unit.entrypoints.support import Shell


@pytest.fixture
def shell(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Shell:
    """Commands run in an empty folder, with no setting of ours and no cluster around."""
    for name in list(os.environ):
        if name.startswith(("HEARTBEAT_", "KUBE", "RATE_LIMIT", "AUTH_")) or name in (
            "PORT",
            "LOG_LEVEL",
            "NO_COLOR",
        ):
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    return Shell(tmp_path, capsys, monkeypatch)
