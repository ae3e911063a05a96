"""axe-core, the rules of accessibility: `python -m tests.browser.axe` installs it by its lock."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

__all__ = ["find", "main"]

_HERE = Path(__file__).parent
_WORK = Path(os.environ.get("HEARTBEAT_BROWSER_WORK", _HERE.parents[1] / ".tox" / "browser"))
_MANIFESTS = ("package.json", "package-lock.json")

PICTURES = _WORK / "pictures"
"""Where pictures of each state are kept for a look."""


def find() -> Path | None:
    """Its file; None if it is not installed."""
    found = _WORK / "node" / "node_modules" / "axe-core" / "axe.min.js"
    return found if found.is_file() else None


def main() -> int:
    """Install it outside of the checkout."""
    npm = shutil.which("npm")
    if npm is None:
        print("npm is not there: axe-core is not installed", file=sys.stderr)
        return 1 if os.environ.get("CI") else 0
    folder = _WORK / "node"
    folder.mkdir(parents=True, exist_ok=True)
    for name in _MANIFESTS:
        shutil.copy(_HERE / name, folder)
    command = (npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error")
    return subprocess.run(command, cwd=folder, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
