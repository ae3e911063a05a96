"""The probe endpoints, for kubelets, load balancers and the original's own check."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping

import falcon

from k8s_heartbeat.core import Health
from k8s_heartbeat.core.checks.reader import ClusterReader

from .problems import STATUS_HEADER
from .state import state_of

__all__ = ["PROBES", "ApiServerHealth", "Liveness", "Readiness", "is_probe"]

PROBES = ("/livez", "/readyz", "/healthz", "/health")
"""The paths for kubelets and load balancers, without a token or a rate limit."""


def is_probe(path: str, probes: Collection[str] = PROBES) -> bool:
    """Whether a path, as sent, is that of a probe; a trailing slash makes no difference."""
    return path.removesuffix("/") in probes


class Liveness:
    """200 while the process runs: an outage of the API server must not restart the monitor."""

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Say that the process runs."""
        _plain(resp, 200, "ok\n")

    on_head = on_get


class Readiness:
    """200 when the service takes requests; ``?verbose`` lists the checks as Kubernetes does.

    Args:
        draining: Whether the process is about to stop.
        checks: Further checks, by name; each returns a fault or nothing. The service works on
            without them, so they do not affect readiness.
    """

    def __init__(
        self, draining: Callable[[], bool], checks: Mapping[str, Callable[[], str]]
    ) -> None:
        self._draining = draining
        self._checks = checks

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Say whether requests should come here."""
        ready = not self._draining()
        text = "ok\n" if ready else "draining\n"
        if req.has_param("verbose"):
            # A process that is not configured does not get as far as answering.
            lines = ["[+]configured ok"]
            for name, check in self._checks.items():
                wrong = check()
                lines.append(f"[-]{name} failed: {wrong}" if wrong else f"[+]{name} ok")
            lines.append("[+]draining ok" if ready else "[-]draining failed: shutting down")
            lines.append(f"readyz check {'passed' if ready else 'failed'}")
            text = "\n".join(lines) + "\n"
        _plain(resp, 200 if ready else 503, text)

    on_head = on_get


class ApiServerHealth:
    """200 when the API server answers: the check of k8s-controller-heartbeat."""

    def __init__(self, reader: ClusterReader) -> None:
        self._reader = reader

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Say that the API server answers.

        Raises:
            ReadError: It does not.
        """
        self._reader.ping(state_of(req).deadline)
        _plain(resp, 200, "ok\n")

    on_head = on_get


def _plain(resp: falcon.Response, code: int, text: str) -> None:
    resp.status = code
    resp.content_type = falcon.MEDIA_TEXT
    resp.text = text
    resp.set_header(STATUS_HEADER, str(Health.HEALTHY if code == 200 else Health.DOWN))
