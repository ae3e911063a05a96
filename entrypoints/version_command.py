"""``version``: of the program, from the metadata of what is installed, and of Python."""

from __future__ import annotations

import argparse
import json
import platform
from importlib.metadata import PackageNotFoundError

import k8s_heartbeat

from .errors import PROGRAM

__all__ = ["run"]


def run(arguments: argparse.Namespace) -> int:
    """Print the versions."""
    try:
        version = k8s_heartbeat.__version__
    except PackageNotFoundError:
        # A checkout on PYTHONPATH has no metadata.
        version = "unknown"
    python = platform.python_version()
    if arguments.output == "json":
        print(json.dumps({"version": version, "python": python}))
    else:
        print(f"{PROGRAM} {version}")
        if arguments.output == "text":
            print(f"Python {python}")
    return 0
