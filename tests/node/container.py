"""Runs an unpacked image as a pod that is restricted in all ways would, by runc."""

from __future__ import annotations

import contextlib
import json
import subprocess
import tempfile
from collections.abc import Generator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_RUNTIME = ("setpriv", "--pdeathsig", "KILL", "--", "runc")
_NAMESPACES = ("ipc", "mount", "pid", "uts")
"""Not the network's: what runs in the container is asked on this machine's loopback."""


@dataclass(frozen=True, slots=True)
class Container:
    """How to run an image's command.

    Attributes:
        rootfs: The unpacked image.
        config: The image's configuration, as OCI has it.
        scratch: A folder for what runc writes.
    """

    rootfs: Path
    config: Mapping[str, Any]
    scratch: Path

    def run(
        self,
        *arguments: str,
        given: str = "",
        mounts: Mapping[str, Path] | None = None,
        entrypoint: tuple[str, ...] = (),
        variables: Mapping[str, str] | None = None,
    ) -> subprocess.CompletedProcess[str]:
        """Run a command to its end.

        Args:
            arguments: Those of the image's entry point.
            given: Its standard input.
            mounts: Folders and files to see in it, read-only, by their paths in there.
            entrypoint: A command in place of the image's own.
            variables: More of its environment.
        """
        with self._bundle(arguments, mounts or {}, entrypoint, variables or {}) as command:
            return subprocess.run(
                command, input=given, capture_output=True, text=True, check=False, timeout=120
            )

    @contextlib.contextmanager
    def start(self, *arguments: str) -> Generator[subprocess.Popen[bytes]]:
        """Run a command beside the test; it gets the signals that the process here gets."""
        with (
            self._bundle(arguments, {}, (), {}) as command,
            subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as process,
        ):
            try:
                yield process
            finally:
                process.terminate()

    @contextlib.contextmanager
    def _bundle(
        self,
        arguments: tuple[str, ...],
        mounts: Mapping[str, Path],
        entrypoint: tuple[str, ...],
        variables: Mapping[str, str],
    ) -> Generator[tuple[str, ...]]:
        """The command that runs it."""
        own = self.config["config"]
        user, _, group = own["User"].partition(":")
        process = {
            "user": {"uid": int(user), "gid": int(group)},
            "args": [*(entrypoint or own["Entrypoint"]), *(arguments or own["Cmd"])],
            "env": [*own["Env"], *(f"{name}={value}" for name, value in variables.items())],
            "cwd": own.get("WorkingDir") or "/",
            "noNewPrivileges": True,
        }
        bound = [
            {"destination": inside, "type": "bind", "source": str(path), "options": ["bind", "ro"]}
            for inside, path in mounts.items()
        ]
        specification = {
            "ociVersion": "1.0.2",
            "process": process,
            "root": {"path": str(self.rootfs), "readonly": True},
            "mounts": [
                {"destination": "/proc", "type": "proc", "source": "proc"},
                {"destination": "/dev", "type": "tmpfs", "source": "tmpfs"},
                *bound,
            ],
            "linux": {"namespaces": [{"type": name} for name in _NAMESPACES]},
        }
        with tempfile.TemporaryDirectory(dir=self.scratch) as folder:
            Path(folder, "config.json").write_text(json.dumps(specification), "utf-8")
            name = Path(folder).name
            state = f"{folder}/state"
            try:
                yield (*_RUNTIME, "--root", state, "run", "--bundle", folder, name)
            finally:
                delete = ("runc", "--root", state, "delete", "--force", name)
                subprocess.run(delete, capture_output=True, check=False)
