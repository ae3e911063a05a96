"""A `ClusterReader` over manifests that are at hand: offline, and the demo."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from k8s_heartbeat.core import RULES
from k8s_heartbeat.core.checks.reader import Deadline, NotFound, Reading
from k8s_heartbeat.core.fields import is_mapping, mapping, strings, text
from k8s_heartbeat.core.gap import Gap, GapReason
from k8s_heartbeat.core.kinds import EVENT, Kind, ServedKinds
from k8s_heartbeat.core.query import Query

__all__ = ["SnapshotReader", "is_of"]

Manifest = Mapping[str, Any]


class SnapshotReader:
    """A `ClusterReader` over manifests that are at hand.

    Args:
        objects: Returns the manifests, called for every reading, as the demo's times move on.
    """

    def __init__(self, objects: Callable[[], Sequence[Manifest]]) -> None:
        self._objects = objects

    def read(self, query: Query, deadline: Deadline) -> Reading:
        """See `ClusterReader.read`; a snapshot answers at once."""
        began = deadline.clock()
        of_kind = [entry for entry in self._objects() if is_of(entry, query.kind)]
        found = tuple(entry for entry in of_kind if _matches(entry, query))
        if not query.name:
            none = Gap(GapReason.NOT_GIVEN, query.kind, "", "not in the snapshot")
            return Reading(found, began, gap=None if of_kind else none)
        if not found:
            raise NotFound(str(query), "not in the snapshot")
        # If an object occurs several times the last one counts, as with `check -f`.
        return Reading(found[-1:], began)

    def discover(self, deadline: Deadline) -> ServedKinds:
        """See `ClusterReader.discover`: the kinds that are in the snapshot."""
        objects = self._objects()
        kinds = {(text(entry.get("kind")), text(entry.get("apiVersion"))) for entry in objects}
        defined = dict(_definitions(objects))
        served = [_kind(kind, version, defined) for kind, version in sorted(kinds) if kind]
        return ServedKinds(served, whole=True, began=deadline.clock())

    def ping(self, deadline: Deadline) -> None:
        """See `ClusterReader.ping`; a snapshot is always there."""


def _definitions(objects: Sequence[Manifest]) -> Iterator[tuple[tuple[str, str], Manifest]]:
    """The names of kinds, by group and kind, that the CustomResourceDefinitions state."""
    for entry in objects:
        if entry.get("kind") == "CustomResourceDefinition":
            spec = mapping(entry.get("spec"))
            names = mapping(spec.get("names"))
            yield (text(spec.get("group")), text(names.get("kind"))), names


def _kind(kind: str, api_version: str, defined: Mapping[tuple[str, str], Manifest]) -> Kind:
    """The kind of an object, by its rule, its definition, or as kubectl guesses it."""
    own = RULES.own(kind, api_version)
    group, _, version = api_version.rpartition("/")
    if own is not None:
        return replace(own.kind, group=group, version=version)
    word = kind.lower()
    names = defined.get((group, kind), {})
    guessed = f"{word}es" if word.endswith("s") else f"{word}s"
    guessed = f"{word[:-1]}ies" if word.endswith("y") else guessed
    # No rule makes gateways of Gateway and policies of Policy.
    others = (*strings(names.get("shortNames")), f"{word}s", f"{word}es")
    return Kind(kind, text(names.get("plural")) or guessed, group, version, others)


def is_of(manifest: Manifest, kind: Kind) -> bool:
    """Whether an object is of a kind: of its group too, or an older one that the rule covers."""
    if manifest.get("kind") != kind.kind:
        return False
    api_version = manifest.get("apiVersion")
    if kind.kind == EVENT.kind or not isinstance(api_version, str):
        return True
    own = RULES.own(kind.kind, kind.api_version)
    return (
        own.covers(api_version.rpartition("/")[0])
        if own
        else api_version.rpartition("/")[0] == kind.group
    )


def _matches(manifest: Manifest, query: Query) -> bool:
    metadata = manifest.get("metadata")
    if not is_mapping(metadata):
        return False
    # A manifest that names no namespace is for whichever it is applied to.
    if query.namespace and metadata.get("namespace") not in (None, query.namespace):
        return False
    if query.name:
        return bool(metadata.get("name") == query.name)
    if query.kind == EVENT and manifest.get("type") != "Warning":
        return False
    labels = metadata.get("labels")
    return query.selector is None or query.selector.matches(labels if is_mapping(labels) else {})
