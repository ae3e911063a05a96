"""Read a custom resource: which fields are kept, and how they are parsed."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from ..fields import conditions_of, text
from ..model import Source
from .entry import Entry, find_at
from .figures import COUNTED
from .finding import ConditionList, Custom
from .roles import roles_of

__all__ = ["HELD_SPECS", "Catalogue", "entry_of", "fields_of", "known_of", "read_custom"]

Catalogue = Mapping[tuple[str, str], Entry]
"""Entries by API group and kind.

``*`` for a kind stands for every kind of a group, and ``*.example.com`` for groups that end so.
"""

HELD_SPECS: Mapping[str, object] = {
    "suspend": True,
    "paused": True,
    "running": False,
    "runStrategy": "Halted",
    "replicas": 0,
    "instances": 0,
    "pause": True,
    "stop": True,
    "stopped": True,
    "shutdown": True,
    "hibernate": True,
    "suspended": True,
}
"""Spec fields that say that the object must not run."""

_PLAIN = Entry()
_LISTS = {
    "parents": "status.parents[].conditions",
    "ancestors": "status.ancestors[].conditions",
    "listeners": "status.listeners[].conditions",
    "ingress": "status.ingress[].conditions",
    "bindings": "status.bindings[].conditions",
    "statuses": "status.statuses.*.conditions",
    "environments": "status.environments[].conditions",
}
_RUNS = re.compile(
    r"^(?!Cron|Schedule|Scaled|Service)\w*(Run|Job|Task|Workflow|Backup|Restore|Snapshot|Migration|"
    r"Experiment|Execution|Evaluation|Session|Action|Initializer|Build|Import|Export|Transfer|Test|"
    r"Upgrade|Scan|Maintenance)$"
)
_BATCH_GROUPS = ("sparkoperator.k8s.io",)


def read_custom(source: Source, known: Callable[[str, str], tuple[Entry, bool]]) -> Custom:
    """An object, with what is `known` of its kind and all the conditions that it states."""
    manifest, status = source.manifest, source.status
    group = text(manifest.get("apiVersion")).rpartition("/")[0]
    entry, ends = known(group, source.meta.kind)
    own = conditions_of(status)
    lists: tuple[ConditionList, ...] = (ConditionList("", own, roles_of(entry, own)),)
    if entry.lists or not _LISTS.keys().isdisjoint(status):
        lists += tuple(_nested(source, entry))
    return Custom(source.meta, source.spec, status, manifest, entry, lists, ends)


def known_of(catalogue: Catalogue, group: str, kind: str) -> tuple[Entry, bool]:
    """The entry of a kind, a bare one where it has none, and whether it runs to completion."""
    entry = entry_of(catalogue, group, kind) or _PLAIN
    if entry.ends is not None:
        return entry, entry.ends
    return entry, _RUNS.search(kind) is not None or group in _BATCH_GROUPS


def entry_of(catalogue: Catalogue, group: str, kind: str) -> Entry | None:
    """The entry of a kind; None if it has none."""
    names = [group]
    while group:
        group = group.partition(".")[2]
        names.append(f"*.{group}")
    keys = ((name, named) for name in names for named in (kind, "*"))
    return next((entry for key in keys if (entry := catalogue.get(key))), None)


def _nested(source: Source, entry: Entry) -> list[ConditionList]:
    """Lists of conditions that are not the object's own, each with what it is about."""
    paths = [path for key, path in _LISTS.items() if key in source.status]
    found = [
        ConditionList(place, conditions, roles_of(entry, conditions))
        for path in (*paths, *entry.lists)
        for place, stated in find_at(source.manifest, path)
        for conditions in [conditions_of({"conditions": stated})]
    ]
    if len(found) > 1:
        found.sort(key=lambda list_: (list_.place, repr(sorted(list_.by_type.items()))))
    return found


def fields_of(catalogue: Catalogue) -> tuple[str, ...]:
    """The fields to read: the whole status, and what states health elsewhere."""
    paths = {f"spec.{key}" for key in HELD_SPECS}
    paths |= {*COUNTED, "status"}
    for entry in catalogue.values():
        stated = [*entry.words, *entry.lists, *entry.flags, *entry.error, *entry.message]
        stated += [hold.partition("=")[0] for hold in entry.holds if "=" in hold]
        stated += [path for pair in entry.counts for path in pair]
        # Everything below a ``*`` or ``[]`` is kept.
        paths |= {re.split(r"\[\]|\.\*", path)[0] for path in stated}
    return tuple(sorted(path for path in paths if path == "status" or path[:7] != "status."))
