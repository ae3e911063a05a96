"""Falcon and waitress with next to nothing in them, to measure the service beside.

python -m tests.benchmarks.bare PORT
"""

from __future__ import annotations

import sys
from typing import Any

import falcon

__all__ = ["bare_app"]


class _Object:
    def on_get(
        self, req: falcon.Request, resp: falcon.Response, namespace: str, kind: str, name: str
    ) -> None:
        resp.content_type = falcon.MEDIA_JSON
        resp.text = '{"status":"healthy","up":true}'


class _Livez:
    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        resp.content_type = falcon.MEDIA_TEXT
        resp.text = "ok\n"


def bare_app() -> falcon.App[Any, Any]:
    """Two of the service's routes, with constant answers."""
    app = falcon.App()
    app.add_route("/api/healthz/{namespace}/{kind}/{name}", _Object())
    app.add_route("/livez", _Livez())
    return app


if __name__ == "__main__":
    import waitress

    waitress.serve(bare_app(), host="127.0.0.1", port=int(sys.argv[1]))
