"""Tells whether the image's own files are enough: runs in them, and writes a file if they are.

    python check.py FILE

All of ours is imported, the parts of the official client that a kubeconfig and a pod need are
loaded, the command judges a file, and the service answers on each kind of route. Whatever was left
out and is needed after all ends the build here.
"""

from __future__ import annotations

import importlib
import json
import pkgutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

OBJECT = {
    "apiVersion": "apps/v1",
    "kind": "Deployment",
    "metadata": {"name": "web", "namespace": "shop", "generation": 1},
    "spec": {"replicas": 1, "selector": {"matchLabels": {"app": "web"}}},
    "status": {
        "observedGeneration": 1,
        "replicas": 1,
        "updatedReplicas": 1,
        "readyReplicas": 1,
        "availableReplicas": 1,
    },
}
CRON_JOB = {
    "apiVersion": "batch/v1",
    "kind": "CronJob",
    "metadata": {"name": "nightly", "namespace": "shop"},
    "spec": {"schedule": "0 3 * * *", "timeZone": "Europe/Berlin"},
    "status": {"lastScheduleTime": "2020-01-01T02:00:00Z"},
}
ROUTES = (
    "/livez",
    "/readyz",
    "/openapi.json",
    "/metrics",
    "/api/metrics",
    "/api/targets",
    "/api/badge/shop/deployment/cart.svg",
    "/status",
)
COMMAND = (sys.executable, "-m", "k8s_heartbeat")


def check_imports() -> None:
    """Import each module of ours, and what is imported at the first use only."""
    package = importlib.import_module("k8s_heartbeat")
    for module in pkgutil.walk_packages(package.__path__, "k8s_heartbeat."):
        # the one makes an application of the environment, the other runs
        if module.name not in ("k8s_heartbeat.entrypoints.wsgi", "k8s_heartbeat.__main__"):
            importlib.import_module(module.name)
    official = importlib.import_module("k8s_heartbeat.adapters.cluster.official")
    for load in (official.client, official.rest, official.incluster_config, official.kube_config):
        load()
    for name in ("jinja2", "prometheus_client", "redis", "waitress", "yaml"):
        importlib.import_module(name)


def check_command() -> None:
    """Judge objects without a cluster, as JSON and as YAML, a time zone's among them."""
    items = json.dumps({"apiVersion": "v1", "kind": "List", "items": [OBJECT, CRON_JOB]})
    for text in (items, f"---\n{items}\n---\n"):
        done = subprocess.run(
            (*COMMAND, "check", "-f", "-", "-o", "json"),
            input=text,
            capture_output=True,
            text=True,
            check=False,
        )
        if "Healthy" not in done.stdout and "healthy" not in done.stdout:
            raise SystemExit(f"check.py: check -f said {done.stdout}{done.stderr}")
        if "time zone" in done.stdout + done.stderr:
            raise SystemExit(f"check.py: no time zones: {done.stdout}{done.stderr}")


def check_service() -> None:
    """Ask the service, as the demo, on each kind of route."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
    serve = (*COMMAND, "serve", "--demo", "--host", "127.0.0.1", "--port", str(port))
    with subprocess.Popen(serve) as service:
        try:
            for route in ROUTES:
                ask(service, f"http://127.0.0.1:{port}{route}")
        finally:
            service.terminate()
        if service.wait(30) != 0:
            raise SystemExit(f"check.py: the service ended with {service.returncode}")


def ask(service: subprocess.Popen[bytes], url: str) -> None:
    """Get a page, from a service that may still be starting."""
    while True:
        try:
            with urllib.request.urlopen(url) as answer:  # noqa: S310  # of the service above
                answer.read()
            return
        except urllib.error.HTTPError as error:
            raise SystemExit(f"check.py: {url} answers {error.code}: {error.read()!r}") from None
        except OSError:
            if service.poll() is not None:
                raise SystemExit(f"check.py: the service ended: {service.returncode}") from None
            time.sleep(0.05)


def main() -> None:
    """Run all checks."""
    check_imports()
    check_command()
    check_service()
    Path(sys.argv[1]).write_text("the image has what it needs\n", "utf-8")


if __name__ == "__main__":
    main()
