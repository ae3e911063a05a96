"""What `deploy/` says twice is said alike.

`python -m tests.unit.test_deployment` writes what is derived.
"""

from __future__ import annotations

import textwrap
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

DEPLOY = Path(__file__).parents[2] / "deploy"
ALERTS = DEPLOY / "monitoring" / "alerts.yml"
RULE = DEPLOY / "components" / "prometheus-rule" / "prometheus-rule.yaml"
HEAD = """\
# Do not edit: deploy/monitoring/alerts.yml is the source, and this has it written anew:
#
#   python -m tests.unit.test_deployment
apiVersion: monitoring.coreos.com/v1
kind: PrometheusRule
metadata:
  name: k8s-heartbeat
  namespace: k8s-heartbeat
  labels:
    app.kubernetes.io/name: k8s-heartbeat
spec:
"""

pytestmark = pytest.mark.skipif(not DEPLOY.is_dir(), reason="the sdist has no manifests")


def rule() -> str:
    """The alerting rules as a PrometheusRule."""
    return HEAD + textwrap.indent(ALERTS.read_text("utf-8"), "  ")


def test_the_prometheus_rule_is_that_of_the_alerts() -> None:
    """Otherwise run the command that stands at its top."""
    assert RULE.read_text("utf-8") == rule()
    assert yaml.safe_load(rule())["spec"] == yaml.safe_load(ALERTS.read_text("utf-8"))


def documents() -> list[dict[str, Any]]:
    """The examples for GitOps."""
    return [yaml.safe_load(path.read_text("utf-8")) for path in sorted(DEPLOY.glob("gitops/*/*"))]


def test_examples_for_gitops_name_what_there_is() -> None:
    """Folders of this repository, the image of its manifests, and the version of the package."""
    project = tomllib.loads((DEPLOY.parent / "pyproject.toml").read_text("utf-8"))["project"]
    version = project["version"]
    by_kind = {item["kind"]: item["spec"] for item in documents()}
    argo, flux = by_kind["Application"]["source"], by_kind["Kustomization"]
    overlay = DEPLOY / "overlays" / "classic"
    for path, components in (
        (argo["path"], argo["kustomize"]["components"]),
        (flux["path"], flux["components"]),
    ):
        assert (DEPLOY.parent / path).resolve() == overlay
        assert all((overlay / folder / "kustomization.yaml").is_file() for folder in components)
    assert argo["kustomize"]["images"] == [
        f"k8s-heartbeat=registry.example.com/k8s-heartbeat:{version}"
    ]
    (image,) = flux["images"]
    assert (image["name"], image["newTag"]) == ("k8s-heartbeat", version)
    assert by_kind["HelmRelease"]["values"]["image"]["tag"] == version
    assert argo["targetRevision"] == by_kind["GitRepository"]["ref"]["tag"] == f"v{version}"


if __name__ == "__main__":
    RULE.write_text(rule(), encoding="utf-8")
