"""Monitors for Uptime Kuma, through AutoKuma's resource KumaEntity.

Uptime Kuma 2 imports no file and creates monitors over its own socket alone. AutoKuma
(https://github.com/BigBoot/AutoKuma) speaks that, and keeps the monitors as these objects state
them. It renders each text as a template.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from hashlib import sha256

from .plan import Plan
from .target import Target

__all__ = ["uptime_kuma"]

_HEADERS = json.dumps(
    {"Authorization": "Bearer {{ get_env(name='AUTOKUMA__ENV__HEARTBEAT_TOKEN') }}"}
)
_QUERY = {
    "json_path": 'up ? "fine" : reason & ": " & message',
    "json_path_operator": "==",
    "expected_value": "fine",
}
# The longest name that an object can have.
_LONGEST = 253
_FOREIGN = re.compile(r"[^a-z0-9.-]|(?<![a-z0-9])[.-]|[.-](?![a-z0-9])")


def uptime_kuma(plan: Plan) -> str:
    """A List of KumaEntity objects: a group for each namespace, a monitor for each target."""
    groups = dict.fromkeys(target.group for target in plan.targets)
    entities = [
        _entity(_id("group", group), {"type": "group", "name": _plain(group)}) for group in groups
    ]
    entities += [_monitor(target, plan) for target in plan.targets]
    return json.dumps({"apiVersion": "v1", "kind": "List", "items": entities}, indent=2)


def _monitor(target: Target, plan: Plan) -> Mapping[str, object]:
    # The body, which has the reason, is looked at after a 2xx alone; the code knows what may last.
    code = plan.is_strict
    return _entity(
        _id(target.group, target.word.replace(".", "-"), target.name),
        {
            "type": "http" if code else "json-query",
            "name": _plain(target.title or target.short_name),
            "parent_name": _id("group", target.group),
            "url": _plain(plan.url(target, None if code else "code=200")),
            "method": "GET",
            "headers": _HEADERS,
            "accepted_statuscodes": ["200"],
            "interval": 60,
            "retry_interval": 60,
            "max_retries": 1,
            **({} if code else _QUERY),
        },
    )


def _entity(name: str, config: Mapping[str, object]) -> Mapping[str, object]:
    return {
        "apiVersion": "autokuma.bigboot.dev/v1",
        "kind": "KumaEntity",
        "metadata": {"name": name},
        "spec": {"config": config},
    }


def _id(*parts: str) -> str:
    """An object's name, and AutoKuma's id, of some names; the same for the same ones."""
    name = ".".join(("heartbeat", *filter(None, parts)))
    if len(name) <= _LONGEST and not _FOREIGN.search(name):
        return name
    # What Kubernetes itself does not allow can be in a dump.
    mark = sha256(name.encode("utf-8", "replace")).hexdigest()[:12]
    return f"{_FOREIGN.sub('', name)[:200].rstrip('.-')}.{mark}"


def _plain(text: str) -> str:
    """A text that is no template, of whole characters."""
    whole = text.encode("utf-8", "replace").decode("utf-8")
    return whole.replace("{", '{{ "{" }}')
