"""A `ClusterReader` over `kubectl get -o json` dumps and manifests: offline, and the demo.

JSON needs nothing but the standard library; YAML is read where PyYAML is installed.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from k8s_heartbeat.core.kinds import EVENT
from k8s_heartbeat.core.manifests import is_list, is_mapping, is_ruled, parse
from k8s_heartbeat.core.model import Event
from k8s_heartbeat.core.reader import Deadline, NotFound, Query, Reading

__all__ = ["SnapshotError", "SnapshotReader", "parse_documents", "read_file", "related_index"]

Manifest = Mapping[str, Any]

_MOST_NESTED_LISTS = 20
_MOST_NESTED_YAML = 200
_MOST_ALIASES = 20


class SnapshotError(ValueError):
    """A dump that cannot be read; the message says what is wrong with it and what is expected."""


class SnapshotReader:
    """A `ClusterReader` over manifests that are at hand.

    Args:
        objects: Gives the manifests, for every reading anew: the demo's move with the time.
    """

    def __init__(self, objects: Callable[[], Sequence[Manifest]]) -> None:
        self._objects = objects

    def read(self, query: Query, deadline: Deadline) -> Reading:
        """See `ClusterReader.read`; a snapshot answers at once."""
        found = tuple(entry for entry in self._objects() if _matches(entry, query))
        if not query.name:
            return Reading(found)
        if not found:
            raise NotFound(f"{query}: not in the snapshot")
        # Of several readings of one object the last one counts, as with `check -f`.
        return Reading(found[-1:])

    def ping(self, deadline: Deadline) -> None:
        """See `ClusterReader.ping`; a snapshot is always there."""


def read_file(path: str) -> list[Manifest]:
    """The objects in a dump file; ``-`` is standard input.

    Raises:
        SnapshotError: It cannot be read; the message names the file.
    """
    try:
        return parse_documents(_bytes(path).decode("utf-8"))
    except UnicodeDecodeError:
        raise SnapshotError(f"{path}: it is not UTF-8 text") from None
    except OSError as error:
        raise SnapshotError(f"{path}: {error.strerror}") from None
    except SnapshotError as error:
        raise SnapshotError(f"{path}: {error}") from None


def parse_documents(text: str) -> list[Manifest]:
    """The objects in a dump: JSON or YAML, one or several documents, Lists taken apart.

    Raises:
        SnapshotError: It is neither, or holds something that is no object.
    """
    text = text.removeprefix("\ufeff")
    if not text.strip():
        raise SnapshotError("it is empty; a dump is made by: kubectl get deploy,pods -o json")
    try:
        documents = _json_documents(text)
    except (ValueError, RecursionError) as error:
        documents = _yaml_documents(text, error)
    return list(_flatten(documents, 0))


def related_index(objects: Iterable[Manifest]) -> Callable[[Manifest], list[Manifest]]:
    """For an object among `objects`, what it controls down to the pods, and the events of all.

    A large dump is gone through once, not once for each object.
    """
    below: dict[str, list[tuple[str, Manifest]]] = {}
    for manifest in objects:
        parsed = parse(manifest)
        above = parsed.involved_uid if isinstance(parsed, Event) else parsed.meta.owner_uid
        below.setdefault(above, []).append((parsed.meta.uid, manifest))
    below.pop("", None)

    def related_to(manifest: Manifest) -> list[Manifest]:
        found: list[Manifest] = []
        waiting, seen = [parse(manifest).meta.uid], set[str]()
        while waiting:
            uid = waiting.pop()
            if uid not in seen:
                seen.add(uid)
                found += [entry for _, entry in below.get(uid, ())]
                waiting += [child for child, _ in below.get(uid, ())]
        return found

    return related_to


def _bytes(path: str) -> bytes:
    if path != "-":
        with open(path, "rb") as file:  # noqa: PTH123  # a command that starts quickly needs no pathlib
            return file.read()
    if sys.stdin is None:
        raise SnapshotError("standard input is closed")
    return sys.stdin.buffer.read()


def _json_documents(text: str) -> list[object]:
    """JSON values one after the other, as several kubectl calls into one file leave them."""
    decoder = json.JSONDecoder()
    documents: list[object] = []
    at = 0
    while at < len(text):
        if text[at].isspace():
            at += 1
            continue
        document, at = decoder.raw_decode(text, at)
        documents.append(document)
    return documents


def _yaml_documents(text: str, json_error: Exception) -> list[object]:
    bracketed = text.lstrip()[:1] in ("{", "[")
    stated = isinstance(json_error, json.JSONDecodeError)
    no_json = f"it is no JSON: {json_error}" if stated else "it is no JSON that can be read"
    try:
        import yaml  # noqa: PLC0415  # an extra, and only worth its import for YAML
    except ImportError:
        hint = "and to read YAML PyYAML is needed: pip install 'k8s-heartbeat[yaml]'"
        raise SnapshotError(no_json if bracketed else f"it is no JSON, {hint}") from None
    # The C one is as safe and much faster, where it is built.
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        depth = aliases = 0
        for event in yaml.parse(text, Loader=loader):
            # Building what is nested deeper would overflow the C stack and end the process.
            depth += isinstance(event, yaml.CollectionStartEvent)
            depth -= isinstance(event, yaml.CollectionEndEvent)
            aliases += isinstance(event, yaml.AliasEvent)
            if depth > _MOST_NESTED_YAML:
                raise SnapshotError("its YAML is nested too deep")
            if aliases > _MOST_ALIASES:
                # A few of them, one in the other, can stand for more than a machine can hold.
                raise SnapshotError(f"its YAML has more than {_MOST_ALIASES} aliases")
        return [entry for entry in yaml.load_all(text, Loader=loader) if entry is not None]
    except SnapshotError:
        raise
    except Exception as error:  # PyYAML's constructors raise whatever a bad scalar leads to
        mark = getattr(error, "problem_mark", None)
        place = f" at line {mark.line + 1}" if mark else ""
        problem = no_json if bracketed else f"it is neither JSON nor YAML{place}"
        raise SnapshotError(problem) from None


def _flatten(documents: Iterable[object], depth: int) -> Iterator[Manifest]:
    if depth > _MOST_NESTED_LISTS:
        raise SnapshotError("its lists are nested too deep")
    for document in documents:
        if document is None:
            continue
        if is_list(document):
            # As `jq .items` leaves them.
            yield from _flatten(document, depth + 1)
            continue
        if not is_mapping(document):
            text = json.dumps(document, default=str)[:40]
            raise SnapshotError(
                f'it holds {text} where an object is expected, such as {{"kind": "Deployment", …}}'
            )
        kind, items = document.get("kind"), document.get("items")
        if not (isinstance(kind, str) and kind.endswith("List")):
            yield document
            continue
        if items is not None and not is_list(items):
            raise SnapshotError(f"the items of its {kind[:63]!a} are no list")
        # The items of a typed list, such as a PodList, do not repeat what they are.
        stated = {"kind": kind.removesuffix("List"), "apiVersion": document.get("apiVersion")}
        for item in _flatten(items or (), depth + 1):
            yield item if item.get("kind") or not stated["kind"] else {**item, **stated}


def _matches(manifest: Manifest, query: Query) -> bool:
    if manifest.get("kind") != query.kind.kind:
        return False
    if query.kind != EVENT and not is_ruled(manifest):
        # Of the same name in another API group.
        return False
    metadata = manifest.get("metadata")
    # A manifest that names no namespace is for whichever it is applied to.
    if not is_mapping(metadata) or metadata.get("namespace") not in (None, query.namespace):
        return False
    if query.name:
        return bool(metadata.get("name") == query.name)
    if query.kind == EVENT and manifest.get("type") != "Warning":
        return False
    labels = metadata.get("labels")
    return query.selector is None or query.selector.matches(labels if is_mapping(labels) else {})
