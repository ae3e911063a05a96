"""Endpoints for Gatus, https://github.com/TwiN/gatus: a file for its folder of configuration.

Gatus replaces ``${NAME}`` by the environment variable in the whole file, and ``$$`` by a dollar.
"""

from __future__ import annotations

import re
from collections import Counter
from hashlib import sha256

from .plan import Plan
from .target import Target
from .yaml_output import Node, yaml_output

__all__ = ["gatus"]

_COMMENT = """\
Gatus reads the token from the environment variable HEARTBEAT_TOKEN.
GATUS_CONFIG_PATH may name a folder: this file, and others for storage, alerting and the rest."""

# What Gatus itself replaces where it makes a key of a group and a name.
_REPLACED = re.compile(r"[ /_,.#+&]")


def gatus(plan: Plan) -> str:
    """The endpoints of a plan."""
    keys = Counter(_key(target) for target in plan.targets)
    endpoints = [_endpoint(target, plan, keys) for target in plan.targets]
    return yaml_output({"endpoints": endpoints}, _COMMENT)


def _endpoint(target: Target, plan: Plan, keys: Counter[str]) -> Node:
    name = target.short_name
    if keys[_key(target)] > 1:
        # Gatus does not start with two endpoints of one key.
        name = f"{name} {sha256(name.encode('utf-8', 'replace')).hexdigest()[:6]}"
    # `for` delays only the code: the body shows the verdict at once.
    body = () if plan.lasting else ("[BODY].up == true",)
    alerts: list[Node] = [{"type": kind} for kind in plan.alerts]
    return {
        "name": _plain(name),
        "group": _plain(target.group),
        "url": _plain(plan.url(target)),
        "interval": "60s",
        "headers": {"Authorization": "Bearer ${HEARTBEAT_TOKEN}"},
        "conditions": ["[STATUS] == 200", *body],
        **({"alerts": alerts} if alerts else {}),
    }


def _key(target: Target) -> str:
    return _REPLACED.sub("-", f"{target.group}\n{target.short_name}".lower())


def _plain(text: str) -> str:
    return text.replace("$", "$$")
