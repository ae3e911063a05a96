"""Sites for Upptime, https://upptime.js.org: the list `sites` of its ``.upptimerc.yml``.

Upptime replaces ``$NAME`` by the repository's secret in URLs and headers. Its repository, and with
it these names, is often public.
"""

from __future__ import annotations

from .plan import Plan
from .target import Target
from .yaml_output import Node, yaml_output

__all__ = ["upptime"]

_COMMENT = """\
For .upptimerc.yml, below `owner` and `repo`.
Upptime reads the token from the repository's secret HEARTBEAT_TOKEN."""


def upptime(plan: Plan) -> str:
    """The sites of a plan."""
    return yaml_output({"sites": [_site(target, plan) for target in plan.targets]}, _COMMENT)


def _site(target: Target, plan: Plan) -> Node:
    return {
        "name": f"{target.group}/{target.short_name}",
        "url": plan.url(target),
        "headers": ["Authorization: Bearer $HEARTBEAT_TOKEN"],
        "expectedStatusCodes": [200],
        # Upptime has a state for what is up and not well.
        "__dangerous__body_degraded": '"status":"degraded"',
    }
