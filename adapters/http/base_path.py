"""Everything under a prefix, for proxies that cannot strip it."""

from __future__ import annotations

from typing import Any

import falcon

from .probes import is_probe
from .state import OUTSIDE

__all__ = ["Below", "below", "enter", "is_quick"]

_QUICK = ("/livez", "/readyz")


def below(base: str, path: str) -> str | None:
    """The route that a path means; None where it is outside of the prefix.

    Probes are also served without the prefix: kubelets call the process itself, past any proxy.

    Args:
        base: The prefix, such as ``/heartbeat``; empty for none.
        path: A path, as sent.
    """
    if is_probe(path):
        return path
    if not path.startswith(base):
        return None
    rest = path[len(base) :]
    return rest or "/" if not rest or rest.startswith("/") else None


def is_quick(base: str, path: str) -> bool:
    """Whether a path, as sent, is that of a probe that never waits for the cluster."""
    return is_probe(below(base, path) or "", _QUICK)


def enter(base: str, env: dict[str, Any]) -> None:
    """Change a WSGI environ to that of an application mounted at the prefix."""
    route = below(base, env["PATH_INFO"])
    if route is None:
        env[OUTSIDE] = True
    elif route != env["PATH_INFO"]:
        env["SCRIPT_NAME"] = env.get("SCRIPT_NAME", "") + base
        env["PATH_INFO"] = route


class Below:
    """Middleware, the last one, that rejects paths outside the prefix."""

    def process_request(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Answer as for any unknown route.

        Raises:
            HTTPRouteNotFound: It is outside.
        """
        if OUTSIDE in req.env:
            raise falcon.HTTPRouteNotFound
