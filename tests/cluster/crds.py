"""The definitions of other projects' kinds that the chart makes, out of their own Go modules."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import yaml

from tests.cluster.plane import ApiError, ControlPlane, Manifest, PlaneError

_OPERATOR = "github.com/prometheus-operator/prometheus-operator@v0.85.0"
_OPERATOR_FOLDER = "example/prometheus-operator-crd/monitoring.coreos.com"
_GATEWAY = "sigs.k8s.io/gateway-api@v1.6.3"
FILES = {
    "HTTPRoute": (_GATEWAY, "config/crd/standard/gateway.networking.k8s.io_httproutes.yaml"),
    "ServiceMonitor": (_OPERATOR, f"{_OPERATOR_FOLDER}_servicemonitors.yaml"),
    "PrometheusRule": (_OPERATOR, f"{_OPERATOR_FOLDER}_prometheusrules.yaml"),
}
"""For each kind the module and its file in there."""


def module_folder(module: str) -> Path | None:
    """The folder of a module of the proxy, checked against Go's checksum database; None without Go.

    Raises:
        PlaneError: It could not be downloaded.
    """
    go = shutil.which("go")
    if go is None:
        return None
    done = subprocess.run(
        [go, "mod", "download", "-json", module], capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        raise PlaneError(f"go mod download {module}: {done.stdout.strip()} {done.stderr.strip()}")
    return Path(json.loads(done.stdout)["Dir"])


def define(plane: ControlPlane, kind: str) -> bool:
    """Have the API server serve one of these kinds; False without Go."""
    module, name = FILES[kind]
    folder = module_folder(module)
    if folder is None:
        return False
    for definition in yaml.safe_load_all((folder / name).read_text("utf-8")):
        if definition and definition["kind"] == "CustomResourceDefinition":
            plane.apply(definition)
            plane.wait_until(lambda: _is_served(plane, definition), what=f"{kind} is served")  # noqa: B023  # asked at once
    return True


def _is_served(plane: ControlPlane, definition: Manifest) -> bool:
    spec = definition["spec"]
    version = next(item["name"] for item in spec["versions"] if item["served"])
    try:
        plane.request("GET", f"/apis/{spec['group']}/{version}/{spec['names']['plural']}")
    except ApiError as error:
        # Not known yet, or known and its storage not open yet.
        if error.code not in (404, 429):
            raise
        return False
    return True
