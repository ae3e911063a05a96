"""What a process has loaded once it gave its first verdict on a live cluster."""

from __future__ import annotations

import sys
from pathlib import Path

from tests.builders import deployment
from tests.entrypoints.support import API
from tests.servers import pod
from tests.servers.api_server import ApiServer
from tests.servers.certificates import self_signed
from tests.servers.process import serving

ROOT = Path(__file__).parents[2]
TOKEN = "a-token-of-the-operator"

LIBRARIES = {"cachetools", "falcon", "kubernetes", "msgspec", "urllib3", "waitress"}
"""What it needs; `typing_extensions` is the official client's."""
OF_THE_CLIENT = {
    "kubernetes",
    "kubernetes.client",
    "kubernetes.client.configuration",
    "kubernetes.client.exceptions",
    "kubernetes.client.rest",
    "kubernetes.config",
    "kubernetes.config.config_exception",
    "kubernetes.config.incluster_config",
    "kubernetes.dynamic",
    "kubernetes.informer",
    "kubernetes.leaderelection",
    "kubernetes.stream",
    "kubernetes.utils",
    "kubernetes.utils._retry_base",
    "kubernetes.utils.keepalive",
    "kubernetes.utils.retry",
    "kubernetes.watch",
}
"""Of its packages below `kubernetes` those that are empty until they are asked for count too."""


NOT_FROM_ZERO = {
    "argparse",
    "ctypes",
    "k8s_heartbeat.adapters.yaml_text",
    "k8s_heartbeat.entrypoints.cli",
    "k8s_heartbeat.entrypoints.config.configuration_file",
    "k8s_heartbeat.entrypoints.config.tokens_file",
}
"""What somebody who waits for a pod to start would wait for to no purpose."""
OF_THE_IMAGE = {"MALLOC_ARENA_MAX": "2", "MALLOC_MMAP_THRESHOLD_": "262144"}


def test_a_pod_loads_what_a_verdict_needs_and_nothing_else(tmp_path: Path) -> None:
    """Of the official client above all: with all of it, a start takes twice as long."""
    loaded = modules_of(tmp_path, "serve")
    assert {name for name in loaded if name.startswith("kubernetes")} == OF_THE_CLIENT
    roots = {name.partition(".")[0] for name in loaded}
    others = {name for name in roots - sys.stdlib_module_names if not name.startswith("_")}
    # What Cython makes of Falcon has a module of its own.
    ours = {"k8s_heartbeat", "tests", "typing_extensions", "cython_runtime"}
    assert others - ours == LIBRARIES


def test_from_zero_nothing_is_loaded_that_only_some_need(tmp_path: Path) -> None:
    """No command line is parsed, and no file that is not there, with the image's variables."""
    assert not modules_of(tmp_path, **OF_THE_IMAGE) & NOT_FROM_ZERO


def modules_of(folder: Path, *arguments: str, **variables: str) -> set[str]:
    """The modules that a pod has loaded after its first verdict."""
    certificate = self_signed(folder / "tls")
    account = pod.account(folder / "account", certificate)
    modules = folder / "modules"
    command = ("-m", "tests.servers.pod", str(account), str(modules), *arguments)
    with ApiServer([deployment()], tls=certificate.context()) as api:
        named = pod.variables(api.url) | variables | {"AUTH_TOKEN_BASIC": TOKEN}
        with serving(folder, command, PYTHONPATH=str(ROOT), **named) as service:
            bearer = {"Authorization": f"Bearer {TOKEN}"}
            assert service.get(API, headers=bearer).status == 200
            assert service.stop() == 0
        tokens = {request.headers.get("authorization") for request in api.requests}
    assert tokens == {f"bearer {pod.TOKEN}"}
    return set(modules.read_text("utf-8").splitlines())
