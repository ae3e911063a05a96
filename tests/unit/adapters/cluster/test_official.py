"""The official client's packages, which its other users in the process find as they always are."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.servers.process import run

_LAZY = "from k8s_heartbeat.adapters.cluster import official; official.client()"
_MODULES = "sorted(name for name in sys.modules if name.startswith('kubernetes.config.'))"


@pytest.mark.parametrize(
    "use",
    [
        "from kubernetes import config; config.load_kube_config",
        "from kubernetes.config import load_incluster_config",
        "from kubernetes.config import *; load_kube_config",
        "from kubernetes import config; assert 'load_config' in dir(config)",
        "import kubernetes; kubernetes.watch.Watch",
        "from kubernetes.config.kube_config import KubeConfigLoader",
        "from kubernetes import config; assert not hasattr(config, 'no_such_name')",
    ],
)
def test_whoever_asks_for_a_name_gets_it(tmp_path: Path, use: str) -> None:
    """However it is asked for."""
    done = run(tmp_path, "-c", f"{_LAZY}\n{use}")
    assert (done.returncode, done.stderr) == (0, "")


def test_nothing_of_a_package_is_loaded_before(tmp_path: Path) -> None:
    """Neither by importing the client nor by importing one of its modules."""
    done = run(
        tmp_path,
        "-c",
        f"import sys\n{_LAZY}\nofficial.incluster_config()\nprint({_MODULES})",
    )
    expected = ["kubernetes.config.config_exception", "kubernetes.config.incluster_config"]
    assert done.stdout.strip() == str(expected), done.stderr


def test_threads_that_ask_at_once_all_get_it(tmp_path: Path) -> None:
    """One loads the package, and the others wait until it is full."""
    script = f"""
import sys, threading
{_LAZY}
import kubernetes
sys.setswitchinterval(1e-6)
failed = []
start = threading.Barrier(8)
def ask():
    start.wait()
    try:
        kubernetes.config.load_kube_config, kubernetes.watch.Watch, kubernetes.dynamic.DynamicClient
    except Exception as error:
        failed.append(error)
threads = [threading.Thread(target=ask) for _ in range(8)]
for thread in threads: thread.start()
for thread in threads: thread.join()
print(failed)
"""
    done = run(tmp_path, "-c", script)
    assert done.stdout.strip() == "[]", done.stderr
