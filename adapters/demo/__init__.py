"""A small shop that was never real: the cluster of `serve --demo`.

``shop.json`` is a dump as kubectl makes it, but that each time stands as ``now-90s``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from importlib.resources import files
from typing import Any

__all__ = ["shop"]

_RELATIVE = re.compile(r'"now-(\d+)s"')


def shop(now: datetime) -> Sequence[Mapping[str, Any]]:
    """The shop's objects as they are at `now`."""

    def absolute(match: re.Match[str]) -> str:
        moment = now.astimezone(UTC) - timedelta(seconds=int(match.group(1)))
        return f'"{moment:%Y-%m-%dT%H:%M:%SZ}"'

    items: list[Mapping[str, Any]] = json.loads(_RELATIVE.sub(absolute, _text()))["items"]
    return items


@cache
def _text() -> str:
    return files(__name__).joinpath("shop.json").read_text("utf-8")
