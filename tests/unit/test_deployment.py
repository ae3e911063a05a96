"""What `deploy/` says twice is said alike.

`python -m tests.unit.test_deployment` writes what is derived.
"""

from __future__ import annotations

import textwrap
from pathlib import Path

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


def rule() -> str:
    """The alerting rules as a PrometheusRule."""
    return HEAD + textwrap.indent(ALERTS.read_text("utf-8"), "  ")


def test_the_prometheus_rule_is_that_of_the_alerts() -> None:
    """Otherwise run the command that stands at its top."""
    assert RULE.read_text("utf-8") == rule()
    assert yaml.safe_load(rule())["spec"] == yaml.safe_load(ALERTS.read_text("utf-8"))


if __name__ == "__main__":
    RULE.write_text(rule(), encoding="utf-8")
