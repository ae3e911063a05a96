"""Programs of the system that tests run."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

__all__ = ["run_tool", "tool"]

_PATIENCE = 60.0


def tool(name: str, package: str) -> str:
    """The path of a program; without it the test is skipped, or fails where CI is set.

    Args:
        name: The program.
        package: The Debian package that has it.
    """
    found = shutil.which(name)
    if found is not None:
        return found
    how = f"{name} is not installed: apt-get install {package}"
    if os.environ.get("CI"):
        pytest.fail(how)
    pytest.skip(how)


def run_tool(path: str, *arguments: str, cwd: Path, given: bytes = b"") -> tuple[int, str]:
    """The exit code of a program, and all that it wrote.

    Args:
        path: The program.
        arguments: Its arguments.
        cwd: The folder that it runs in.
        given: Its standard input.
    """
    ended = subprocess.run(
        [path, *arguments],
        cwd=cwd,
        input=given,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=_PATIENCE,
        check=False,
    )
    return ended.returncode, ended.stdout.decode()
