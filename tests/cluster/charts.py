"""Runs real Helm, with nothing of the machine's own settings, and reads what a chart renders."""

from __future__ import annotations

import os
import re
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path

import yaml

from tests.cluster.plane import Manifest

ROOT = Path(__file__).parents[2]
CHART = ROOT / "deploy" / "chart"
VALUES = Path(__file__).with_name("values")
"""Values files: those that render what kustomize does, and in `features/` those of one each."""

_NOTES = re.compile(r"^NOTES:\n(.*)\Z", re.M | re.S)
Values = Mapping[str, object]


class HelmError(Exception):
    """Helm failed; the text is what it printed."""


class Helm:
    """A Helm binary; without a kubeconfig it reaches no cluster."""

    def __init__(self, binary: Path, home: Path, kubeconfig: Path | None = None) -> None:
        """Keep what it writes in the folder `home`."""
        self._binary, self._home = binary, home
        self._variables = {
            "PATH": os.environ.get("PATH", os.defpath),
            "HOME": str(home),
            "KUBECONFIG": str(kubeconfig or os.devnull),
        }

    def of(self, kubeconfig: Path) -> Helm:
        """The same for the cluster, and the user, of a kubeconfig."""
        return Helm(self._binary, self._home, kubeconfig)

    def run(self, *arguments: str) -> str:
        """What it prints.

        Raises:
            HelmError: It failed.
        """
        done = subprocess.run(
            [str(self._binary), *arguments],
            env=self._variables,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            raise HelmError(f"helm {' '.join(arguments)}: {done.stdout}{done.stderr}")
        return done.stdout

    def rendered(self, *arguments: str, **values: object) -> str:
        """What `helm template` prints, of a release and in a namespace of the chart's name."""
        release = ("k8s-heartbeat", str(CHART), "-n", "k8s-heartbeat")
        return self.run("template", *release, *arguments, *self.given(values))

    def objects(self, *arguments: str, **values: object) -> list[Manifest]:
        """The objects that `helm template` renders; the pod of `helm test` is none of them."""
        text = self.rendered("--skip-tests", *arguments, **values)
        return [entry for entry in yaml.safe_load_all(text) if entry]

    def given(self, values: Values) -> tuple[str, ...]:
        """The arguments that give these values."""
        if not values:
            return ()
        with tempfile.NamedTemporaryFile(
            "w", suffix=".yaml", dir=self._home, delete=False, encoding="utf-8"
        ) as file:
            yaml.safe_dump(dict(values), file)
        return ("-f", file.name)


def named(objects: list[Manifest], kind: str, name: str = "") -> Manifest:
    """The one object of a kind, or of a kind and a name."""
    (found,) = (
        entry
        for entry in objects
        if entry["kind"] == kind and name in ("", entry["metadata"]["name"])
    )
    return found


def notes(printed: str) -> str:
    """The notes in what `helm install` or `helm upgrade` printed."""
    found = _NOTES.search(printed)
    assert found, printed
    return found.group(1)


def commands(text: str) -> list[str]:
    """The indented lines of notes: what a person is to run."""
    return [line.strip() for line in text.splitlines() if line.startswith("  ")]
