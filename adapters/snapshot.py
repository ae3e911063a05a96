"""A `ClusterReader` over `kubectl get -o json` dumps and manifests: offline, and the demo.

JSON needs nothing but the standard library; YAML is read where PyYAML is installed.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from k8s_heartbeat.core import RULES
from k8s_heartbeat.core.fields import is_list, is_mapping, text
from k8s_heartbeat.core.kinds import EVENT, Kind
from k8s_heartbeat.core.reader import Deadline, NotFound, Query, Reading

__all__ = ["SnapshotError", "SnapshotReader", "is_of", "parse_documents", "read_file"]

Manifest = Mapping[str, Any]

_MOST_NESTED_LISTS = 20


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

    def discover(self, deadline: Deadline) -> Reading:
        """See `ClusterReader.discover`: the kinds that are in the snapshot."""
        kinds = {
            (text(entry.get("kind")), text(entry.get("apiVersion"))): entry
            for entry in self._objects()
        }
        return Reading(tuple(_resource(kind, version) for kind, version in sorted(kinds) if kind))

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
    from . import yaml_text  # noqa: PLC0415  # not worth its import for JSON

    try:
        return [entry for entry in yaml_text.load_documents(text) if entry is not None]
    except yaml_text.YamlMissingError:
        hint = "and to read YAML PyYAML is needed: pip install 'k8s-heartbeat[yaml]'"
        raise SnapshotError(no_json if bracketed else f"it is no JSON, {hint}") from None
    except yaml_text.YamlLimitError as error:
        raise SnapshotError(f"its YAML {error.problem}") from None
    except yaml_text.YamlError as error:
        place = f" at line {error.line}" if error.line else ""
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


def _resource(kind: str, api_version: str) -> Manifest:
    """A kind as an APIResource; a plural is nowhere stated, so it is made as kubectl guesses it."""
    own = RULES.own(kind, api_version)
    group, _, version = api_version.rpartition("/")
    word = kind.lower()
    plural = f"{word}es" if word.endswith("s") else f"{word}s"
    plural = f"{word[:-1]}ies" if word.endswith("y") else plural
    return {
        "name": own.kind.plural if own else plural,
        "kind": kind,
        "group": group,
        "version": version,
        "shortNames": list(own.kind.short_names) if own else [],
        "namespaced": own.kind.namespaced if own else True,
    }


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
    if not is_of(manifest, query.kind):
        return False
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
