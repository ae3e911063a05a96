"""What the install without extras can do.

Runs under pytest with every extra there, which shows that none is imported, and as a plain script
in an environment that holds nothing else, which shows that none is needed.
"""

import importlib.util
import json
import os
import subprocess
import sys
import tempfile
import unittest
from collections.abc import Callable
from pathlib import Path
from resource import RUSAGE_CHILDREN, getrusage
from statistics import median
from typing import Any

NAMES = ("k8s-heartbeat", "kubectl-heartbeat")
HAS_SERVER_EXTRA = importlib.util.find_spec("falcon") is not None
START_LIMIT = 9
"""How many starts of a bare interpreter `check -f` may take, processor time beside processor time.

A bare one takes some 12 ms here, so that this is a tenth of a second."""


def deployment(available: int) -> dict[str, Any]:
    """A Deployment of three replicas, as the API server gives it after a finished rollout."""
    conditions = [
        {"type": "Available", "status": "True" if available else "False"},
        {"type": "Progressing", "status": "True", "reason": "NewReplicaSetAvailable"},
    ]
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "api", "namespace": "shop", "uid": "u-1", "generation": 2},
        "spec": {"replicas": 3, "selector": {"matchLabels": {"app": "api"}}},
        "status": {
            "observedGeneration": 2,
            "replicas": 3,
            "updatedReplicas": 3,
            "readyReplicas": available,
            "availableReplicas": available,
            "conditions": conditions,
        },
    }


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Runs this interpreter, away from the checkout."""
    return subprocess.run(
        [sys.executable, *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        cwd=tempfile.gettempdir(),
        env=os.environ | {"PYTHONSAFEPATH": "1"},
    )


def foreign_modules(code: str) -> set[str]:
    """Top-level names, neither the standard library's nor our own, that are loaded after `code`."""
    report = "import sys; print('\\n', *{name.partition('.')[0] for name in sys.modules})"
    # what a virtual environment or a coverage tool loads at every start is not the code's doing
    before = set(run("-c", report).stdout.split())
    done = run("-c", f"{code}\n{report}")
    if done.returncode:
        raise AssertionError(done.stderr)
    after = set(done.stdout.rpartition("\n \n")[2].splitlines()[-1].split())
    return after - before - sys.stdlib_module_names - {"k8s_heartbeat"}


class BaseInstall(unittest.TestCase):
    """The core and the offline check, on the standard library alone."""

    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.up = Path(folder.name) / "up.json"
        self.up.write_text(json.dumps(deployment(3)), encoding="utf-8")
        self.down = Path(folder.name) / "down.json"
        self.down.write_text(json.dumps(deployment(0)), encoding="utf-8")

    def check(self, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
        return run("-m", "k8s_heartbeat", "check", *map(str, arguments))

    def test_the_core_loads_the_standard_library_alone(self) -> None:
        """Importing the core brings in nothing that was installed."""
        self.assertEqual(foreign_modules("import k8s_heartbeat.core"), set())

    def test_check_of_a_dump_loads_the_standard_library_alone(self) -> None:
        """Judging a file imports neither falcon nor kubernetes, be they installed or not."""
        code = (
            f"import sys; sys.argv = ['k8s-heartbeat', 'check', '-f', {str(self.up)!r}]\n"
            "from k8s_heartbeat.entrypoints.cli import main\n"
            "assert main() == 0"
        )
        self.assertEqual(foreign_modules(code), set())

    def test_exit_code_tells_up_from_down_and_from_unreadable(self) -> None:
        """The exit code is 0 where all is up, 1 where not, 2 for a bad option, 3 for no file."""
        missing = self.up.with_name("none.json")
        for expected, arguments in [
            (0, ("-f", self.up)),
            (1, ("-f", self.down)),
            (2, ("--no-such-option",)),
            (3, ("-f", missing)),
        ]:
            with self.subTest(expected=expected):
                done = self.check(*arguments)
                self.assertEqual(done.returncode, expected, done.stdout + done.stderr)
                self.assertNotIn("Traceback", done.stderr)

    def test_both_commands_are_installed(self) -> None:
        """`kubectl heartbeat` finds its plugin beside our own command."""
        for name in NAMES:
            with self.subTest(name=name):
                script = Path(sys.executable).with_name(name)
                done = subprocess.run([script, "--help"], capture_output=True, check=False)
                self.assertEqual(done.returncode, 0, done.stderr)

    def test_an_object_is_checked_by_every_name(self) -> None:
        """`k8s-heartbeat deploy/api`, `kubectl heartbeat deploy/api`, and the module."""
        installed = [[str(Path(sys.executable).with_name(name))] for name in NAMES]
        for command in [*installed, [sys.executable, "-m", "k8s_heartbeat"]]:
            with self.subTest(command=command):
                done = subprocess.run(
                    [*command, "deploy/api", "-n", "shop", "-f", self.up],
                    capture_output=True,
                    text=True,
                    check=False,
                )
                self.assertEqual((done.returncode, done.stderr), (0, ""))
                self.assertTrue(done.stdout.startswith("healthy   shop/deployment/api  "))

    @unittest.skipIf(HAS_SERVER_EXTRA, "measured where nothing else is installed")
    def test_check_of_a_dump_starts_fast(self) -> None:
        """A ratio, taken side by side, since a busy machine lets any clock run on."""

        def seconds(start: Callable[[], object]) -> float:
            # `os.times` counts in steps of 10 ms, nearly as long as a bare start.
            before = getrusage(RUSAGE_CHILDREN)
            start()
            after = getrusage(RUSAGE_CHILDREN)
            return after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime

        checks: list[float] = []
        bare: list[float] = []
        for _ in range(20):  # in turn, so that a busy moment meets both
            checks.append(seconds(lambda: self.check("-f", self.up)))
            bare.append(seconds(lambda: run("-c", "pass")))
        ratio = median(checks) / median(bare)
        print(f"check -f took {ratio:.1f} bare starts, {START_LIMIT} are allowed")
        self.assertLess(ratio, START_LIMIT)

    @unittest.skipIf(HAS_SERVER_EXTRA, "the extra is there")
    def test_serve_names_the_extra_that_it_lacks(self) -> None:
        """Without the extra, `serve` says what to install and exits with 2."""
        done = run("-m", "k8s_heartbeat", "serve", "--demo")
        self.assertEqual(done.returncode, 2, done.stderr)
        self.assertIn("k8s-heartbeat[server]", done.stderr)
        self.assertNotIn("Traceback", done.stderr)


if __name__ == "__main__":
    unittest.main()
