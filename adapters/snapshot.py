"""A `ClusterReader` over `kubectl get -o json` dumps and manifests: offline, and the demo.

JSON needs nothing but the standard library; YAML is read where PyYAML is installed.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from k8s_heartbeat.core import RULES
from k8s_heartbeat.core.checks.reader import Deadline, NotFound, Reading
from k8s_heartbeat.core.fields import is_list, is_mapping, text
from k8s_heartbeat.core.gap import Gap, GapReason
from k8s_heartbeat.core.kinds import EVENT, Kind, ServedKinds
from k8s_heartbeat.core.query import Query

from .refused import is_plain_path, repeated, repeated_path
from .regular_files import open_regular_file, read_regular_file, read_within

__all__ = [
    "SnapshotError",
    "SnapshotReader",
    "check_regular",
    "is_of",
    "parse_documents",
    "read_file",
]

Manifest = Mapping[str, Any]

_MOST_NESTED_LISTS = 20
_MOST_BYTES = 2**29
_STANDARD_INPUT = ("-", "/dev/stdin")
_DESCRIPTOR = re.compile("/(?:dev|proc/self)/fd/([0-9]{1,9})")


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
        began = deadline.clock()
        of_kind = [entry for entry in self._objects() if is_of(entry, query.kind)]
        found = tuple(entry for entry in of_kind if _matches(entry, query))
        if not query.name:
            none = Gap(GapReason.NOT_GIVEN, query.kind, "", "not in the snapshot")
            return Reading(found, began, gap=None if of_kind else none)
        if not found:
            raise NotFound(str(query), "not in the snapshot")
        # Of several readings of one object the last one counts, as with `check -f`.
        return Reading(found[-1:], began)

    def discover(self, deadline: Deadline) -> ServedKinds:
        """See `ClusterReader.discover`: the kinds that are in the snapshot."""
        kinds = {
            (text(entry.get("kind")), text(entry.get("apiVersion"))) for entry in self._objects()
        }
        served = [_kind(kind, version) for kind, version in sorted(kinds) if kind]
        return ServedKinds(served, whole=True, began=deadline.clock())

    def ping(self, deadline: Deadline) -> None:
        """See `ClusterReader.ping`; a snapshot is always there."""


def read_file(path: str) -> list[Manifest]:
    """The objects in a dump file of up to 512 MiB; ``-`` is standard input.

    A pipe is waited for where it is one of the process's own descriptors, such as ``/dev/stdin`` or
    what a shell makes of ``<(kubectl get ...)``; a FIFO by any other name is refused.

    Raises:
        SnapshotError: It cannot be read; the message names the file.
    """
    try:
        return parse_documents(_bytes(path).decode("utf-8"))
    except UnicodeDecodeError:
        raise SnapshotError(f"{_named(path)}: it is not UTF-8 text") from None
    except OSError as error:
        raise SnapshotError(f"{_named(path)}: {error.strerror}") from None
    except SnapshotError as error:
        raise SnapshotError(f"{_named(path)}: {error}") from None


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


def check_regular(path: str) -> None:
    """Raise unless a dump can be read without a wait for whoever writes it; ``-`` may be.

    Raises:
        SnapshotError: It is no regular file; the message names it.
    """
    if path == "-":
        return
    try:
        open_regular_file(path).close()
    except OSError as error:
        raise SnapshotError(f"{_named(path)}: {error.strerror}") from None


def _named(path: str) -> str:
    return path if is_plain_path(path) else f"the dump, {repeated_path(path)}"


def _bytes(path: str) -> bytes:
    descriptor = _DESCRIPTOR.fullmatch(path)
    if path in _STANDARD_INPUT:
        if sys.stdin is None:
            raise SnapshotError("standard input is closed")
        return read_within(sys.stdin.buffer, _MOST_BYTES)
    if descriptor is None:
        return read_regular_file(path, _MOST_BYTES)
    # The shell has opened it, as for <(kubectl get ...).
    with open(int(descriptor.group(1)), "rb", closefd=False) as file:
        return read_within(file, _MOST_BYTES)


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
            raise SnapshotError(
                f"it holds {repeated(json.dumps(document, default=str))} where an object is "
                'expected, such as {"kind": "Deployment", …}'
            )
        kind, items = document.get("kind"), document.get("items")
        if not (isinstance(kind, str) and kind.endswith("List")):
            yield document
            continue
        if items is not None and not is_list(items):
            raise SnapshotError(f"the items of its {repeated(kind)} are no list")
        metadata = document.get("metadata")
        if is_mapping(metadata) and (
            metadata.get("continue") or metadata.get("remainingItemCount")
        ):
            raise SnapshotError(
                f"its {kind[:63]!a} is one page of a longer list; kubectl get without "
                "--chunk-size, or a request without limit, gives all of it"
            )
        # The items of a typed list, such as a PodList, do not repeat what they are.
        stated = {"kind": kind.removesuffix("List"), "apiVersion": document.get("apiVersion")}
        for item in _flatten(items or (), depth + 1):
            yield item if item.get("kind") or not stated["kind"] else {**item, **stated}


def _kind(kind: str, api_version: str) -> Kind:
    """A kind of which only an object is at hand; its plural is made as kubectl guesses it."""
    own = RULES.own(kind, api_version)
    group, _, version = api_version.rpartition("/")
    if own is not None:
        return replace(own.kind, group=group, version=version)
    word = kind.lower()
    plural = f"{word}es" if word.endswith("s") else f"{word}s"
    plural = f"{word[:-1]}ies" if word.endswith("y") else plural
    return Kind(kind, plural, group, version)


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
