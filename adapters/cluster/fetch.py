"""Reads objects and lists of a cluster, and what it serves, from its API server."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import quote, urlencode

from k8s_heartbeat.core import RULES, Kind, Rules
from k8s_heartbeat.core.fields import is_mapping, text
from k8s_heartbeat.core.kinds import is_custom, kind_of
from k8s_heartbeat.core.reader import (
    Deadline,
    Forbidden,
    NotFound,
    NotServed,
    Query,
    Reading,
    UpstreamError,
)

from .discovery import ACCEPT, served
from .exchange import Request, TooLargeError, in_hand
from .session import Session
from .trim import UnreadableError, decode_list, decode_object, decode_whole

__all__ = ["LiveReader"]

_log = logging.getLogger(__name__)

# A namespace of 2,000 workloads is one answer of some ten MiB; where the objects are so large that
# such a page is over the bound, it is asked for in small ones.
_PAGE = 2_000
_SMALL_PAGE = 200
_MOST_OBJECTS = 20_000
# A URL that holds a longer one is refused by the API server.
_LONGEST_TOKEN = 2**16
# What the API server says of a group, a version or a kind that it has not.
_NO_SUCH_PATH = b"404 page not found"
_PARTIAL = "PartialObjectMetadata"
_METADATA = f"application/json;as={_PARTIAL};g=meta.k8s.io;v=v1"


class _ExpiredError(UpstreamError):
    """The token of a page is valid no more; the list has to be read from its beginning."""


class LiveReader:
    """A `ClusterReader` that asks the API server each time.

    Args:
        session: Its connection.
        rules: They name the fields that are kept of each kind.
    """

    def __init__(self, session: Session, rules: Rules = RULES) -> None:
        self._session = session
        self._rules = rules

    def read(self, query: Query, deadline: Deadline) -> Reading:
        """See `ClusterReader.read`."""
        with in_hand():
            if query.name:
                return Reading((self._object(query, deadline),))
            try:
                return self._list(query, deadline, _PAGE)
            except TooLargeError:
                page = _SMALL_PAGE
            except _ExpiredError:
                page = _PAGE
            return self._list(query, deadline, page)

    def discover(self, deadline: Deadline) -> Reading:
        """See `ClusterReader.discover`."""

        def document(path: str) -> Mapping[str, Any]:
            status, body = self._get(path, "what the cluster serves", deadline, ACCEPT)
            if status != 200:
                raise UpstreamError(f"what the cluster serves: the API server answered {status}")
            try:
                return decode_whole(body)
            except UnreadableError as error:
                raise UpstreamError(f"what the cluster serves: the answer is {error}") from error

        with in_hand():
            resources, whole = served(document)
        return Reading(tuple(resources), truncated=not whole)

    def ping(self, deadline: Deadline) -> None:
        """See `ClusterReader.ping`: the API server's own health check."""
        status, body = self._get("/healthz", "the API server's health", deadline, "*/*")
        if status != 200:
            raise UpstreamError(f"the API server answered {status} to its own health check")
        if body.strip() != b"ok":
            raise UpstreamError("the answer to the API server's own health check is none of its")

    def _object(self, query: Query, deadline: Deadline) -> dict[str, Any]:
        kind = query.kind
        body = self._body(query, _path(query), deadline)
        try:
            decoded = decode_object(body, self._fields(kind))
        except UnreadableError as error:
            raise UpstreamError(f"{query}: the API server's answer is {error}") from error
        if not _is_of(decoded, kind):
            raise UpstreamError(f"{query}: the API server's answer is no {kind.kind}")
        metadata = decoded.get("metadata")
        if not is_mapping(metadata) or not _is_named(metadata, query):
            raise UpstreamError(f"{query}: the API server's answer is another object")
        stated = {"apiVersion": kind.api_version, "kind": kind.kind} if kind.metadata_only else {}
        return {**decoded, **stated}

    def _list(self, query: Query, deadline: Deadline, page: int) -> Reading:
        """All of a list, or as much of it as is taken in."""
        kind = query.kind
        list_kind = f"{'PartialObjectMetadata' if kind.metadata_only else kind.kind}List"
        # The items of a list do not repeat what they are.
        stated = {"apiVersion": kind.api_version, "kind": kind.kind}
        found: list[dict[str, Any]] = []
        token = ""
        tokens: set[str] = set()
        for _ in range(_MOST_OBJECTS // page):
            body = self._body(query, _path(query, page, token), deadline)
            try:
                items, token = decode_list(body, list_kind, self._fields(kind))
            except UnreadableError as error:
                raise UpstreamError(f"{query}: the API server's answer is {error}") from error
            if not all(_is_member(item, query) for item in items):
                raise UpstreamError(f"{query}: the API server's answer lists something else")
            found.extend({**item, **stated} for item in items)
            if not token:
                break
            if token in tokens or len(token) > _LONGEST_TOKEN:
                raise UpstreamError(f"{query}: the API server's list leads nowhere")
            tokens.add(token)
        if token or len(found) > _MOST_OBJECTS:
            _log.warning("%s: only the first %d were read", query, len(found))
            return Reading(tuple(found[:_MOST_OBJECTS]), truncated=True)
        return Reading(tuple(found))

    def _fields(self, kind: Kind) -> tuple[str, ...]:
        return self._rules.find(kind.kind, kind.api_version).fields

    def _body(self, query: Query, path: str, deadline: Deadline) -> bytes:
        accept = _accepted(query)
        status, body = self._get(path, str(query), deadline, accept)
        if status == 200:
            return body
        if status == 404 and self._is_not_served(query, body, deadline):
            known_as = f"{query.kind.plural}.{query.kind.group}".rstrip(".")
            raise NotServed(
                f"kind: the cluster serves no {known_as}; kubectl api-resources lists those that "
                "it does"
            )
        # A proxy's page on the way is no word of the API server's on what exists.
        if status in (403, 404) and _is_status(body):
            if status == 403:
                raise Forbidden(f"{query}: forbidden by the cluster's RBAC")
            if query.name:
                raise NotFound(f"{query}: not found")
        error = _ExpiredError if status == 410 and "&continue=" in path else UpstreamError
        raise error(f"{query}: the API server answered {status}")

    def _is_not_served(self, query: Query, body: bytes, deadline: Deadline) -> bool:
        """Whether a 404 is of a kind that there is not, rather than of an object."""
        kind = query.kind
        plain = body.strip() == _NO_SUCH_PATH
        if is_custom(kind):
            return plain or (not query.name and _is_status(body))
        if not plain:
            return False
        # Kubernetes' own kinds are there but in another version: a proxy may know those words too.
        served = map(kind_of, self.discover(deadline).objects)
        return not any(
            entry and (entry.group, entry.plural) == (kind.group, kind.plural) for entry in served
        )

    def _get(self, path: str, what: str, deadline: Deadline, accept: str) -> tuple[int, bytes]:
        return self._session.send(Request(path, what, accept), deadline)


def _path(query: Query, page: int = 0, token: str = "") -> str:
    # A query's names are matched as it is made; here they become a path, so once more.
    query = replace(query)
    kind = query.kind
    version = quote(kind.version, safe="")
    root = f"/apis/{quote(kind.group, safe='')}/{version}" if kind.group else f"/api/{version}"
    # A kind that the cluster itself names is quoted too.
    path = "/".join(quote(part, safe="") for part in _steps(query))
    path = f"{root}/{path}"
    if query.name:
        return path
    parameters = {"limit": str(page)}
    if query.selector is not None:
        parameters["labelSelector"] = str(query.selector)
    if kind.list_fields:
        parameters["fieldSelector"] = kind.list_fields
    if token:
        parameters["continue"] = token
    return f"{path}?{urlencode(parameters)}"


def _steps(query: Query) -> list[str]:
    place = ["namespaces", query.namespace] if query.namespace else []
    return [*place, query.kind.plural, *([query.name] if query.name else [])]


def _accepted(query: Query) -> str:
    if not query.kind.metadata_only:
        return "application/json"
    return _METADATA if query.name else _METADATA.replace("Metadata;", "MetadataList;")


def _is_of(decoded: Mapping[str, Any], kind: Kind) -> bool:
    stated = (decoded.get("apiVersion"), decoded.get("kind"))
    if kind.metadata_only:
        return stated[1] == _PARTIAL
    return stated == (kind.api_version, kind.kind)


def _is_member(item: Mapping[str, Any], query: Query) -> bool:
    """Whether an item of a list belongs there; few servers repeat in each what it is."""
    kind, metadata = query.kind, item.get("metadata")
    return (
        item.get("kind") in (None, "", _PARTIAL if kind.metadata_only else kind.kind)
        and is_mapping(metadata)
        and text(metadata.get("name")) != ""
        and (not query.namespace or metadata.get("namespace") == query.namespace)
    )


def _is_named(metadata: Mapping[str, Any], query: Query) -> bool:
    found = (metadata.get("namespace") or "", metadata.get("name"))
    return found == (query.namespace, query.name)


def _is_status(body: bytes) -> bool:
    try:
        return decode_object(body, ()).get("kind") == "Status"
    except UnreadableError:
        return False
