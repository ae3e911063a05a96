"""Reads the objects in a file: a dump of `kubectl get`, or manifests.

JSON needs nothing but the standard library; YAML is read where PyYAML is installed.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from io import BytesIO
from typing import Any, BinaryIO, cast

from k8s_heartbeat.core.fields import is_list, is_mapping, said
from k8s_heartbeat.core.manifests import meta_of

from .refused import is_plain_path, repeated, repeated_path
from .regular_files import open_regular_file, read_regular_file, read_within

__all__ = ["DumpError", "check_regular", "parse_documents", "read_file"]

Manifest = Mapping[str, Any]

_MOST_NESTED_LISTS = 20
_MOST_BYTES = 2**29
_STANDARD_INPUT = ("-", "/dev/stdin")
_DESCRIPTOR = re.compile("/(?:dev|proc/self)/fd/([0-9]{1,9})")
_GZIP = b"\x1f\x8b"
_PACKED = {b"PK\x03\x04": "zip", b"BZh": "bzip2", b"\xfd7zXZ": "xz", b"\x28\xb5\x2f\xfd": "zstd"}
# Compiled where a file is neither JSON nor YAML.
_TABLE = r"\s*(NAMESPACE +)?NAME *(  [A-Z]|[\r\n]|\Z)"
_BEGINS = ("{", "[", "---", "apiVersion:", "kind:")
_READABLE = "kubectl get -o json gives what can be judged"


class DumpError(ValueError):
    """A dump that cannot be read.

    Attributes:
        problem: What is wrong with it, and what is expected.
        file: The name of the file; empty if there is none.
    """

    def __init__(self, problem: str, file: str = "") -> None:
        super().__init__(problem, file)
        self.problem: str = problem
        self.file: str = file

    def __str__(self) -> str:
        """The file, and what is wrong with it."""
        return f"{self.file}: {self.problem}" if self.file else self.problem


def read_file(path: str) -> list[Manifest]:
    """The objects in a dump file of up to 512 MiB, gzip or not; ``-`` is standard input.

    A pipe is read if it is one of the process's own descriptors, such as ``/dev/stdin`` or the one
    for a shell's ``<(kubectl get ...)``; any other FIFO is refused.

    Raises:
        DumpError: It cannot be read; the message names the file.
    """
    try:
        return parse_documents(_text(_unpacked(_bytes(path))))
    except OSError as error:
        raise DumpError(str(error.strerror), _named(path)) from None
    except DumpError as error:
        raise DumpError(error.problem, _named(path)) from None


def parse_documents(text: str) -> list[Manifest]:
    """The objects in a dump: JSON or YAML, one or several documents, Lists taken apart.

    For the output of `kubectl get --watch --output-watch-events`, the last state of each object.

    Raises:
        DumpError: It is neither, or holds something other than objects, such as an API server's
            error or a table.
    """
    text = text.removeprefix("\ufeff")
    if not text.strip():
        raise DumpError("it is empty; a dump is made by: kubectl get deploy,pods -o json")
    try:
        documents = _json_documents(text)
    except (ValueError, RecursionError) as error:
        documents = _yaml_documents(text, error)
    return _last_states(_flatten(documents, 0))


def check_regular(path: str) -> None:
    """Raise unless a dump is a regular file, which is read without waiting, or ``-``.

    Raises:
        DumpError: It is not a regular file; the message names it.
    """
    if path == "-":
        return
    try:
        open_regular_file(path).close()
    except OSError as error:
        raise DumpError(str(error.strerror), _named(path)) from None


def _named(path: str) -> str:
    return path if is_plain_path(path) else f"the dump, {repeated_path(path)}"


def _bytes(path: str) -> bytes:
    descriptor = _DESCRIPTOR.fullmatch(path)
    if path in _STANDARD_INPUT:
        if sys.stdin is None:
            raise DumpError("standard input is closed")
        return read_within(sys.stdin.buffer, _MOST_BYTES)
    if descriptor is None:
        return read_regular_file(path, _MOST_BYTES)
    # The shell has opened it, as for <(kubectl get ...).
    with open(int(descriptor.group(1)), "rb", closefd=False) as file:
        return read_within(file, _MOST_BYTES)


def _unpacked(raw: bytes) -> bytes:
    for magic, form in _PACKED.items():
        if raw.startswith(magic):
            raise DumpError(f"it is compressed ({form}): unpack it, or compress it with gzip")
    if not raw.startswith(_GZIP):
        return raw
    import gzip  # noqa: PLC0415  # not worth its import for what is not compressed
    import zlib  # noqa: PLC0415  # the same

    try:
        with gzip.GzipFile(fileobj=BytesIO(raw)) as file:
            return read_within(cast("BinaryIO", file), _MOST_BYTES)
    except (EOFError, gzip.BadGzipFile, zlib.error):
        raise DumpError("it is gzip that is damaged or cut off") from None


def _text(raw: bytes) -> str:
    """Decode by the byte order mark, or else by the zero bytes of the first characters."""
    try:
        return raw.decode(json.detect_encoding(raw))
    except UnicodeDecodeError:
        raise DumpError("it is neither UTF-8 nor UTF-16 text") from None


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
    if re.match(_TABLE, text):
        raise DumpError(f"it is a table, made for people to read; {_READABLE}")
    bracketed = text.lstrip()[:1] in ("{", "[")
    stated = isinstance(json_error, json.JSONDecodeError)
    no_json = f"it is no JSON: {json_error}" if stated else "it is no JSON that can be read"
    from . import yaml_text  # noqa: PLC0415  # not worth its import for JSON

    try:
        return [entry for entry in yaml_text.load_documents(text) if entry is not None]
    except yaml_text.YamlMissingError:
        _refuse_lines_before(text)
        hint = "and to read YAML PyYAML is needed: pip install 'k8s-heartbeat[yaml]'"
        raise DumpError(no_json if bracketed else f"it is no JSON, {hint}") from None
    except yaml_text.YamlLimitError as error:
        raise DumpError(f"its YAML {error.problem}") from None
    except yaml_text.YamlError as error:
        _refuse_lines_before(text)
        place = f" at line {error.line}" if error.line else ""
        problem = no_json if bracketed else f"it is neither JSON nor YAML{place}"
        raise DumpError(problem) from None


def _refuse_lines_before(text: str) -> None:
    """Raise if there are other lines before the objects."""
    lines = text.splitlines()
    begins = (number for number, line in enumerate(lines) if line.startswith(_BEGINS))
    first = next(begins, 0)
    if first:
        raise DumpError(
            f"its objects begin at line {first + 1}; before them it says {lines[0][:60]!a}: "
            "kubectl writes warnings to standard error, so leave out 2>&1"
        )


def _last_states(documents: Iterable[Manifest]) -> list[Manifest]:
    """The objects; for watch events the last state of each, without those that were deleted."""
    found: dict[object, Manifest] = {}
    for number, document in enumerate(documents):
        if set(document) != {"type", "object"}:
            found[number] = document
            continue
        for state in _flatten([document["object"]], 0):
            meta = meta_of(state)
            identity = (state.get("apiVersion"), meta.kind, meta.namespace, meta.name)
            found.pop(identity, None)
            if document["type"] not in ("BOOKMARK", "DELETED"):
                found[identity] = state
    return list(found.values())


def _refuse_what_is_no_object(document: Manifest) -> None:
    kind, api_version = document.get("kind"), document.get("apiVersion")
    if kind == "Status" and api_version == "v1" and "metadata" in document:
        stated = said(document.get("message")) or said(document.get("reason")) or "no reason"
        raise DumpError(f"it is an answer of the API server and no object: {stated!a}")
    if kind == "Table" and str(api_version).startswith("meta.k8s.io/"):
        raise DumpError(f"it is a Table, made for people to read; {_READABLE}")


def _flatten(documents: Iterable[object], depth: int) -> Iterator[Manifest]:
    if depth > _MOST_NESTED_LISTS:
        raise DumpError("its lists are nested too deep")
    for document in documents:
        if document is None:
            continue
        if is_list(document):
            # As `jq .items` leaves them.
            yield from _flatten(document, depth + 1)
            continue
        if not is_mapping(document):
            raise DumpError(
                f"it holds {repeated(json.dumps(document, default=str))} where an object is "
                'expected, such as {"kind": "Deployment", …}'
            )
        kind, items = document.get("kind"), document.get("items")
        if not (isinstance(kind, str) and kind.endswith("List")):
            _refuse_what_is_no_object(document)
            yield document
            continue
        if items is not None and not is_list(items):
            raise DumpError(f"the items of its {repeated(kind)} are no list")
        metadata = document.get("metadata")
        if is_mapping(metadata) and (
            metadata.get("continue") or metadata.get("remainingItemCount")
        ):
            raise DumpError(
                f"its {kind[:63]!a} is one page of a longer list; kubectl get without "
                "--chunk-size, or a request without limit, gives all of it"
            )
        # The items of a typed list, such as a PodList, lack kind and version.
        stated = {"kind": kind.removesuffix("List"), "apiVersion": document.get("apiVersion")}
        for item in _flatten(items or (), depth + 1):
            yield item if item.get("kind") or not stated["kind"] else {**item, **stated}
