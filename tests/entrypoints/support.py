"""What the tests of processes share."""

from __future__ import annotations

import json
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from tests.servers.api_server import ApiServer
from tests.servers.kubeconfig import kubeconfig, write_kubeconfig
from tests.servers.process import Answer, Service, serving

__all__ = ["API", "DEFAULT_SIGNALS", "SERVE", "TOKEN", "log_lines", "served", "told"]

API = "/api/healthz/shop/deployment/api"
SERVE = ("-m", "k8s_heartbeat", "serve", "--host", "127.0.0.1")
# Whoever runs the tests, as nohup does, may have had some ignored.
DEFAULT_SIGNALS = """
import signal
signal.signal(signal.SIGTERM, signal.SIG_DFL)
signal.signal(signal.SIGHUP, signal.SIG_DFL)
signal.signal(signal.SIGINT, signal.default_int_handler)
"""
TOKEN = "canary-token-90fe21"


@contextmanager
def served(
    home: Path,
    api: ApiServer,
    *,
    arguments: tuple[str, ...] = SERVE,
    auth: str = "none",
    timeout: str = "500ms",
    drain: str = "0",
    **variables: str,
) -> Generator[Service]:
    """The service over an API server, by default open and quick to give up."""
    path = write_kubeconfig(home / "config", kubeconfig(api.url))
    with serving(
        home,
        arguments,
        KUBECONFIG=str(path),
        HEARTBEAT_AUTH=auth,
        HEARTBEAT_TIMEOUT=timeout,
        HEARTBEAT_DRAIN_SECONDS=drain,
        RATE_LIMIT="100000",
        **variables,
    ) as service:
        yield service


def told(answer: Answer) -> dict[str, object]:
    """A body of JSON."""
    found: dict[str, object] = json.loads(answer.body)
    return found


def log_lines(service: Service) -> list[dict[str, object]]:
    """The log, each line of which is a JSON object."""
    return [json.loads(line) for line in service.logged().splitlines()]
