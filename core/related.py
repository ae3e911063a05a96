"""Objects related to those that are judged: indexed, and parsed only as far as needed."""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Iterable
from dataclasses import field

from .evidence import Evidence
from .fields import is_mapping, mapping, text
from .gap import Gap, GapReason
from .kinds import EVENT, Kind
from .manifests import parse_related, uids_of
from .model import Event, Manifest, Related, record

__all__ = ["Keys", "RelatedObjects", "names_of"]

Keys = Callable[[Manifest], Iterable[Hashable]]
"""The keys under which an object is found."""


class RelatedObjects:
    """Objects that explain others and are evidence for them, each indexed once.

    Args:
        manifests: As the Kubernetes API gives them, in any order; anything else is ignored.
        whole: Kinds of which `manifests` is complete; of any other there may be more.
    """

    def __init__(self, manifests: Iterable[object] = (), *, whole: Collection[Kind] = ()) -> None:
        self._whole = frozenset(kind.kind for kind in whole) if whole else frozenset[str]()
        self._by_kind: dict[str, list[Manifest]] = {}
        self._indexes: dict[tuple[str, Keys], dict[Hashable, list[Manifest]]] = {}
        self._links: _Links | None = None
        self._parsed: dict[int, Related] = {}
        if manifests:
            self.add(manifests)

    def __bool__(self) -> bool:
        """Whether there are any."""
        return bool(self._by_kind)

    def add(self, manifests: Iterable[object]) -> None:
        """Add objects; their keys are computed on lookup."""
        for entry in manifests:
            if is_mapping(entry):
                self._by_kind.setdefault(text(entry.get("kind")), []).append(entry)
        self._indexes.clear()
        self._links = None

    def of_kind(self, kind: str) -> list[Manifest]:
        """The objects of a kind."""
        return self._by_kind.get(kind, [])

    def lookup(self, kind: str, keys: Keys, key: Hashable) -> list[Manifest]:
        """The objects of a kind that have a key.

        Args:
            kind: The kind as manifests state it.
            keys: A module-level function, so that it is the same at each call.
            key: One of the keys that it gives.
        """
        index = self._indexes.get((kind, keys))
        if index is None:
            index = self._indexes[kind, keys] = {}
            for entry in self.of_kind(kind):
                for found in keys(entry):
                    index.setdefault(found, []).append(entry)
        return index.get(key, [])

    def controlled_by(self, uid: str) -> list[Manifest]:
        """The objects whose controller has this UID."""
        return self._linked().children.get(uid, []) if uid else []

    def events_about(self, uids: Iterable[str]) -> list[Event]:
        """The events that involve objects of these UIDs."""
        about = self._linked().about
        parsed = [self.parsed(entry) for uid in uids if uid for entry in about.get(uid, ())]
        return [entry for entry in parsed if isinstance(entry, Event)]

    def parsed(self, manifest: Manifest) -> Related:
        """One of the objects, parsed; cached, as it may explain many others."""
        found = self._parsed.get(id(manifest))
        if found is None:
            found = self._parsed[id(manifest)] = parse_related(manifest)
        return found

    def gap(self, evidence: Evidence) -> Gap | None:
        """Why some evidence may be incomplete; None if it is complete."""
        kind = evidence.kind
        given = self.of_kind(kind.kind)
        if evidence.name:
            given = self.lookup(kind.kind, names_of, evidence.name)
        if kind.kind in self._whole or any(_is_evidence(entry, evidence) for entry in given):
            return None
        return Gap(GapReason.NOT_GIVEN, kind, evidence.name, "not in the input")

    def _linked(self) -> _Links:
        if self._links is None:
            self._links = _Links()
            for kind, entries in self._by_kind.items():
                is_event = kind == EVENT.kind
                linked = self._links.about if is_event else self._links.children
                for entry in entries:
                    above = _involved(entry) if is_event else uids_of(entry)[1]
                    if above:
                        linked.setdefault(above, []).append(entry)
        return self._links


@record
class _Links:
    """Objects by the UID of their controller, and events by that of the involved object."""

    children: dict[str, list[Manifest]] = field(default_factory=dict[str, list[Manifest]])
    about: dict[str, list[Manifest]] = field(default_factory=dict[str, list[Manifest]])


def names_of(manifest: Manifest) -> tuple[str, ...]:
    """The key of an object's name, for `RelatedObjects.lookup`."""
    return (text(mapping(manifest.get("metadata")).get("name")),)


def _is_evidence(manifest: Manifest, evidence: Evidence) -> bool:
    """Whether an object is part of some evidence."""
    metadata = mapping(manifest.get("metadata"))
    version = manifest.get("apiVersion")
    place, selector = text(metadata.get("namespace")), evidence.selector
    return (
        (not isinstance(version, str) or version.rpartition("/")[0] == evidence.kind.group)
        and (not evidence.kind.namespaced or place == evidence.namespace)
        and (selector is None or selector.matches(mapping(metadata.get("labels"))))
    )


def _involved(event: Manifest) -> str:
    involved = event.get("involvedObject") or event.get("regarding")
    return text(mapping(involved).get("uid"))
