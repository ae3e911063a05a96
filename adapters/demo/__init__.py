"""A small shop that was never real: the cluster of `serve --demo`.

``shop.json`` is a dump as kubectl writes it, but with relative times such as ``now-90s``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from importlib.resources import files
from typing import Any

from k8s_heartbeat.core import Threshold
from k8s_heartbeat.core.checks.component import Component, Member

__all__ = ["COMPONENTS", "shop"]

COMPONENTS = (
    Component(
        "checkout",
        "Checkout",
        (
            Member(("shop",), "deployment", "checkout"),
            Member(("shop",), "deployment", "payments"),
        ),
        up=Threshold(1),
    ),
    Component(
        "storefront",
        "Storefront",
        (
            Member(("shop",), "deployment", "storefront"),
            Member(("shop",), "deployment", "recommendations"),
            Member(("shop",), "statefulset", "orders-db"),
        ),
    ),
)
"""What its status page shows; the first is up while one of the two works."""

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
