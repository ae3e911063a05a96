"""Lists of many objects, written once: otherwise the fake API server would be what is measured."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterable
from urllib.parse import urlencode

from .api_server import ApiServer, Exchange, Request
from .faults import truth_of
from .process import fetch

__all__ = ["Remembered", "write_down"]

_PAGE = 2_000


class Remembered:
    """A behaviour: the truth as it was when it was first asked for."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._written: dict[tuple[str, tuple[tuple[str, str], ...]], bytes] = {}

    def __call__(self, exchange: Exchange) -> None:
        """Answer."""
        key = _key_of(exchange.request)
        with self._lock:
            answer = self._written.get(key)
            if answer is None:
                answer = self._written[key] = truth_of(exchange)
        exchange.send(answer)


def _key_of(request: Request) -> tuple[str, tuple[tuple[str, str], ...]]:
    return request.path, tuple(sorted(request.parameters.items()))


def write_down(api: ApiServer, paths: Iterable[str]) -> None:
    """Ask for every page of these lists, so that an API server that remembers has them at hand."""
    for path in paths:
        token = ""
        while True:
            parameters = {"limit": str(_PAGE)} | ({"continue": token} if token else {})
            answer = fetch(api.port, f"{path}?{urlencode(parameters)}")
            assert answer.status == 200, path
            token = json.loads(answer.body)["metadata"].get("continue", "")
            if not token:
                break
