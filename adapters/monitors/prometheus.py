"""Scrape jobs for Prometheus, and the module of its blackbox exporter that they use."""

from __future__ import annotations

from .plan import Plan
from .yaml_output import Node, yaml_output

__all__ = ["blackbox_discovery", "blackbox_module", "blackbox_static", "metrics"]

_TOKEN_FILE = "/etc/prometheus/secrets/k8s-heartbeat-token"  # noqa: S105  # where it is, not what it is
_AUTHORIZATION: Node = {"type": "Bearer", "credentials_file": _TOKEN_FILE}
_MODULE = "heartbeat"
_COMMENT = f"""\
For prometheus.yml, or for a file that its scrape_config_files name.
The token is read from {_TOKEN_FILE}."""
_STATIC = """\
For prometheus.yml, or for a file that its scrape_config_files name.
The token is the blackbox exporter's: k8s-heartbeat monitors blackbox --form module"""


def metrics(plan: Plan) -> str:
    """A job for the verdicts as metrics, of a namespace or of all."""
    path = f"{plan.prefix}/api/metrics"
    job: Node = {
        "job_name": "k8s-heartbeat-workloads",
        "scheme": plan.scheme,
        "metrics_path": f"{path}/{plan.namespace}" if plan.namespace else path,
        # The label `namespace` is the workload's, whatever Prometheus knows of the service.
        "honor_labels": True,
        "authorization": _AUTHORIZATION,
        "static_configs": [{"targets": [plan.host]}],
    }
    return yaml_output({"scrape_configs": [job]}, _COMMENT)


def blackbox_module(_: Plan) -> str:
    """The module, as the exporter's own file."""
    http: Node = {
        "valid_status_codes": [200],
        "follow_redirects": False,
        "fail_if_body_not_matches_regexp": ['"status":'],
        "authorization": _AUTHORIZATION,
    }
    module: Node = {"prober": "http", "timeout": "10s", "http": http}
    return yaml_output({"modules": {_MODULE: module}}, "For the exporter's --config.file.")


def blackbox_discovery(plan: Plan) -> str:
    """A job that finds what there is by itself, at each refresh."""
    path = f"/api/targets/{plan.namespace}" if plan.namespace else "/api/targets"
    query = f"?{plan.query}" if plan.query else ""
    found: Node = {
        "url": f"{plan.base}{path}{query}",
        "refresh_interval": "60s",
        "authorization": _AUTHORIZATION,
    }
    return _job(plan, {"http_sd_configs": [found]}, _COMMENT)


def blackbox_static(plan: Plan) -> str:
    """A job for what there is now."""
    configs: list[Node] = [
        {"targets": [plan.url(target)], "labels": _labels(target.labels)} for target in plan.targets
    ]
    return _job(plan, {"static_configs": configs}, _STATIC)


def _labels(labels: dict[str, str]) -> dict[str, Node]:
    return {name: value for name, value in labels.items() if value}


def _job(plan: Plan, discovery: dict[str, Node], comment: str) -> str:
    relabel: list[Node] = [
        {"source_labels": ["__address__"], "target_label": "__param_target"},
        {"source_labels": ["__param_target"], "target_label": "instance"},
        {"target_label": "__address__", "replacement": plan.exporter},
    ]
    job: Node = {
        "job_name": "heartbeat",
        "metrics_path": "/probe",
        "params": {"module": [_MODULE]},
        **discovery,
        "relabel_configs": relabel,
    }
    return yaml_output({"scrape_configs": [job]}, comment)
