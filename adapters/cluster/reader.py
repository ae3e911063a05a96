"""Reads objects, lists and the served kinds of a cluster from its API server."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, TypeVar
from urllib.parse import quote, urlencode

from k8s_heartbeat.core import RULES, Rules
from k8s_heartbeat.core.checks.reader import (
    Deadline,
    Forbidden,
    NotFound,
    NotServed,
    ReadError,
    Reading,
    UpstreamError,
)
from k8s_heartbeat.core.fields import is_list, is_mapping, items, mapping, mappings, text
from k8s_heartbeat.core.gap import Gap, GapReason
from k8s_heartbeat.core.kinds import Kind, ServedKinds, is_custom, kind_of
from k8s_heartbeat.core.query import Query

from ..memory import SMALL, Memory
from .client import Client, Request, TooLargeError
from .decode import (
    LARGEST_MADE,
    MOST_ITEMS,
    Page,
    UnreadableError,
    decode_object,
    decode_page,
    decode_whole,
    size_of,
    weigh,
)

__all__ = ["LiveReader"]

T = TypeVar("T")

# A namespace of 2,000 workloads is one response of some ten MiB; if the objects are so large that
# such a page exceeds the bound, it is read in small pages.
_SMALL_PAGE = 200
_MOST_OBJECTS = 20_000
# A URL that holds a longer one is refused by the API server.
_LONGEST_TOKEN = 2**16
# The API server's body for a group, a version or a kind that it does not serve.
_NO_SUCH_PATH = b"404 page not found"
_PARTIAL, _PARTIAL_VERSION = "PartialObjectMetadata", "meta.k8s.io/v1"
_DISCOVERY = "what the cluster serves"
# The aggregated form, in clusters since 1.26, has in one response what the others have group by
# group.
_DISCOVERY_FORMS = ",".join(
    (
        "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList",
        "application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList",
        "application/json",
    )
)
_MOST_GROUP_VERSIONS = 200
_MOST_KINDS = 20_000
# In characters, including its short names, each with some overhead.
_LARGEST_KIND = 2**10
_SHORT_NAME = 60


class LiveReader:
    """A `ClusterReader` that asks the API server each time.

    Args:
        client: Sends its requests.
        memory: Where large answers take their room.
        rules: They name the fields that are kept of each kind.
    """

    def __init__(self, client: Client, memory: Memory, rules: Rules = RULES) -> None:
        self._client = client
        self._memory = memory
        self._rules = rules

    def read(self, query: Query, deadline: Deadline, most: int = _MOST_OBJECTS) -> Reading:
        """See `ClusterReader.read`; a list that has more objects than `most` may be cut."""
        began = deadline.clock()
        # Creates the query anew to check its names, which become a path.
        query = replace(query)
        counted = query.kind if self._rules.names(query.kind) else None
        fields = self._rules.find(query.kind.kind, query.kind.api_version).fields
        intake = _Object(query, fields, final=True) if query.name else _list(query, fields, most)
        with self._memory.room() as room:
            while True:
                try:
                    status, body = self._client.send(intake.request(counted), deadline, room)
                except TooLargeError:
                    if intake.final:
                        raise
                    intake = _list(query, fields, most, _SMALL_PAGE, final=True)
                    continue
                if status == 410 and intake.token and not intake.final:
                    intake = _list(query, fields, most, final=True)
                    continue
                if status != 200:
                    break
                intake.take(body)
                if intake.size > SMALL:
                    room.grow(str(query), deadline)
                if intake.complete:
                    return Reading(tuple(intake.objects), began, gap=intake.gap, size=intake.size)
        raise self._refusal(query, status, body, deadline)

    def discover(self, deadline: Deadline) -> ServedKinds:
        """See `ClusterReader.discover`."""
        began = deadline.clock()
        served = _Served()
        for root in ("/api", "/apis"):
            stated = self._discovery(root, deadline, served.take_root)
            for group_version in stated:
                if served.is_full:
                    break
                # A group that another server serves, such as metrics, may be away by itself.
                try:
                    take = partial(served.take_group, group_version)
                    self._discovery(f"{root}/{group_version}", deadline, take)
                except UpstreamError:
                    served.unread.add(_group_of(group_version))
        return served.told(began)

    def ping(self, deadline: Deadline) -> None:
        """See `ClusterReader.ping`: the API server's own health check."""
        what = "the API server's health"
        with self._memory.room() as room:
            status, body = self._client.send(
                Request("/healthz", what, "*/*", verb="ping"), deadline, room
            )
        if status != 200:
            raise UpstreamError(what, f"the API server answered {status}")
        if body.strip() != b"ok":
            raise UpstreamError(what, "the API server's answer is not ok")

    def _discovery(
        self, path: str, deadline: Deadline, take: Callable[[Mapping[str, Any]], T]
    ) -> T:
        """Process one response of the discovery API, while there is room for it."""
        with self._memory.room() as room:
            request = Request(path, _DISCOVERY, _DISCOVERY_FORMS, verb="discover")
            status, body = self._client.send(request, deadline, room)
            if status != 200:
                raise UpstreamError(_DISCOVERY, f"the API server answered {status}")
            if weigh(body) > SMALL:
                room.grow(_DISCOVERY, deadline)
            try:
                return take(decode_whole(body))
            except UnreadableError as error:
                raise UpstreamError(_DISCOVERY, f"the API server's answer is {error}") from error

    def _refusal(self, query: Query, status: int, body: bytes, deadline: Deadline) -> ReadError:
        """The error for a status other than 200."""
        what, kind = str(query), query.kind
        name = f"{kind.plural}.{kind.group}".rstrip(".")
        if status == 404 and self._is_not_served(query, body, deadline):
            known = "kubectl api-resources lists what it serves"
            return NotServed("kind", f"the cluster serves no {name!a}; {known}")
        # A proxy's error page does not say what exists in the cluster.
        if status in (403, 404) and _is_status(body):
            if status == 403:
                verb = "get" if query.name else "list"
                return Forbidden(
                    what, f"forbidden by the cluster's RBAC: it lacks {verb} on {name}"
                )
            if query.name:
                return NotFound(what, "not found")
        return UpstreamError(what, f"the API server answered {status}")

    def _is_not_served(self, query: Query, body: bytes, deadline: Deadline) -> bool:
        """Whether a 404 is of a kind that there is not, rather than of an object."""
        plain = body.strip() == _NO_SUCH_PATH
        if is_custom(query.kind):
            return plain or (not query.name and _is_status(body))
        # Built-in kinds may be missing in this version only, and a proxy may send the same words.
        return plain and not self.discover(deadline).has(query.kind)


@dataclass(slots=True)
class _Intake:
    """The state of a reading.

    Attributes:
        query: The query.
        page: Objects on a page.
        most: Objects after which no further page is read.
        final: Whether it is never started again.
        token: The continue token of the next page; empty for the first.
    """

    query: Query
    fields: tuple[str, ...]
    page: int = MOST_ITEMS
    most: int = _MOST_OBJECTS
    final: bool = False
    objects: list[Mapping[str, Any]] = field(default_factory=list[Mapping[str, Any]])
    size: int = 0
    token: str = ""
    gap: Gap | None = None
    complete: bool = False
    tokens: set[str] = field(default_factory=set[str])

    def request(self, counted: Kind | None) -> Request:
        """The next request, counted under a kind."""
        query, kind = self.query, self.query.kind
        accept = "application/json"
        if kind.metadata_only:
            suffix = "" if query.name else "List"
            accept = f"application/json;as={_PARTIAL}{suffix};g=meta.k8s.io;v=v1"
        path = _path(query)
        if not query.name:
            parameters = {"limit": str(self.page)}
            if query.selector is not None:
                parameters["labelSelector"] = str(query.selector)
            if kind.list_fields:
                parameters["fieldSelector"] = kind.list_fields
            if self.token:
                parameters["continue"] = self.token
            path = f"{path}?{urlencode(parameters)}"
        verb = "get" if query.name else "list"
        return Request(path, str(query), accept, verb=verb, kind=counted)

    def take(self, body: bytes) -> None:
        """Take in an answer.

        Raises:
            UpstreamError: It does not match the request.
        """
        raise NotImplementedError

    def form(self) -> tuple[str, str]:
        """The version and the kind in which each object is requested."""
        kind = self.query.kind
        partial = (_PARTIAL_VERSION, _PARTIAL)
        return partial if kind.metadata_only else (kind.api_version, kind.kind)

    def unlike(self, what: object) -> UpstreamError:
        """The error of an answer that is something else."""
        return UpstreamError(str(self.query), f"the API server's answer is {what}")


class _Object(_Intake):
    """One object by its name."""

    def take(self, body: bytes) -> None:
        kind = self.query.kind
        try:
            made = decode_object(body, self.fields)
        except UnreadableError as error:
            raise self.unlike(error) from error
        stated = (made.get("apiVersion"), made.get("kind"))
        if stated != self.form():
            raise self.unlike(f"no {kind.kind}")
        made["apiVersion"], made["kind"] = kind.api_version, kind.kind
        metadata = mapping(made.get("metadata"))
        found = (metadata.get("namespace") or "", metadata.get("name"))
        if found != (self.query.namespace, self.query.name):
            raise self.unlike("another object")
        self.objects, self.size, self.complete = [made], size_of(made), True


class _List(_Intake):
    """All of a kind, page by page."""

    def take(self, body: bytes) -> None:
        kind = self.query.kind
        version, of_each = self.form()
        try:
            page = decode_page(body, f"{of_each}List", self.fields, LARGEST_MADE - self.size)
        except UnreadableError as error:
            raise self.unlike(error) from error
        # Two groups may have kinds of one name.
        if page.api_version != version:
            raise self.unlike(f"no {of_each}List of {version}")
        for made in page.objects:
            if not self._is_member(made):
                raise self.unlike("a list of something else")
            # The items of a list lack kind and version.
            made["apiVersion"], made["kind"] = kind.api_version, kind.kind
        self.objects += page.objects
        self.size += page.size
        self._turn(page)

    def _turn(self, page: Page) -> None:
        """Advance to the next page, unless there is none or enough was read."""
        if len(page.token) > _LONGEST_TOKEN or page.token in self.tokens:
            raise self.unlike("a list that leads nowhere")
        self.token = page.token
        self.tokens.add(page.token)
        if page.cut or (page.token and len(self.tokens) * self.page >= self.most):
            self.gap = Gap(
                GapReason.CUT,
                self.query.kind,
                "",
                f"there are more {self.query.kind.plural} than the {len(self.objects):,} that are "
                "read; narrow it by kind or namespace",
            )
        self.complete = not page.token or self.gap is not None

    def _is_member(self, made: Mapping[str, Any]) -> bool:
        """Whether an item belongs there; few servers state the kind in each."""
        version, of_each = self.form()
        metadata, namespace = made.get("metadata"), self.query.namespace
        return (
            made.get("kind") in (None, "", of_each)
            and made.get("apiVersion") in (None, "", version)
            and is_mapping(metadata)
            and text(metadata.get("name")) != ""
            and (not namespace or metadata.get("namespace") == namespace)
        )


def _list(
    query: Query,
    fields: tuple[str, ...],
    most: int,
    page: int = MOST_ITEMS,
    *,
    final: bool = False,
) -> _List:
    """A list of which nothing was read yet."""
    most = min(most, _MOST_OBJECTS)
    return _List(query, fields, min(page, most), most, final=final)


def _path(query: Query) -> str:
    """The path of an object or a list; a kind that the cluster itself names is quoted too."""
    kind = query.kind
    root = f"apis/{quote(kind.group, safe='')}" if kind.group else "api"
    place = f"namespaces/{query.namespace}/" if query.namespace else ""
    path = f"/{root}/{quote(kind.version, safe='')}/{place}{quote(kind.plural, safe='')}"
    return f"{path}/{quote(query.name, safe='')}" if query.name else path


def _is_status(body: bytes) -> bool:
    try:
        return decode_object(body, ()).get("kind") == "Status"
    except UnreadableError:
        return False


class _Served:
    """The kinds in the responses of the discovery API, and the gaps in them."""

    def __init__(self) -> None:
        self.is_full = False
        self.unread: set[str] = set()
        self._kinds: list[Kind] = []
        self._is_odd = False

    def told(self, began: float) -> ServedKinds:
        """The served kinds, by a reading that began at that time."""
        whole = not (self._is_odd or self.unread)
        unread = () if self._is_odd else self.unread
        return ServedKinds(self._kinds, whole=whole, began=began, unread=unread)

    def take_root(self, answer: Mapping[str, Any]) -> list[str]:
        """The groups and versions that need a request each; none if all is there."""
        if answer.get("kind") == "APIGroupDiscoveryList":
            self._add(_aggregated(answer))
            self.unread |= _stale_groups(answer)
            return []
        _expect(answer, "APIVersions", "APIGroupList")
        stated = _group_versions(answer)
        usable = [entry for entry in stated[:_MOST_GROUP_VERSIONS] if _is_path(entry)]
        self._is_odd |= len(usable) < len(stated)
        return usable

    def take_group(self, group_version: str, answer: Mapping[str, Any]) -> None:
        """The kinds of one group and version."""
        self._add(_resources(answer, group_version))

    def _add(self, resources: Iterable[Mapping[str, Any]]) -> None:
        for resource in resources:
            # Reviews and the like can only be made.
            if "get" not in items(resource.get("verbs")):
                continue
            kind = kind_of(resource)
            if kind is None:
                # Subresources are not kinds; anything else here is a kind that cannot be requested.
                self._is_odd |= "/" not in text(resource.get("name"))
            elif len(self._kinds) >= _MOST_KINDS:
                self.is_full = self._is_odd = True
            elif _letters(kind) > _LARGEST_KIND:
                self._is_odd = True
            else:
                self._kinds.append(kind)


def _aggregated(answer: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    for group in mappings(answer.get("items")):
        name = text(mapping(group.get("metadata")).get("name"))
        for version in mappings(group.get("versions")):
            for resource in mappings(version.get("resources")):
                yield {
                    "name": resource.get("resource"),
                    "kind": mapping(resource.get("responseKind")).get("kind"),
                    "group": name,
                    "version": version.get("version"),
                    "shortNames": resource.get("shortNames"),
                    "namespaced": resource.get("scope") == "Namespaced",
                    "verbs": resource.get("verbs"),
                }


def _stale_groups(answer: Mapping[str, Any]) -> set[str]:
    """The groups whose own server the API server could not ask."""
    return {
        text(mapping(group.get("metadata")).get("name"))
        for group in mappings(answer.get("items"))
        for version in mappings(group.get("versions"))
        if version.get("freshness") == "Stale"
    }


def _letters(kind: Kind) -> int:
    names = (kind.kind, kind.plural, kind.group, kind.version)
    return sum(map(len, names)) + sum(_SHORT_NAME + len(name) for name in kind.short_names)


def _group_of(group_version: str) -> str:
    return group_version.rpartition("/")[0]


def _group_versions(answer: Mapping[str, Any]) -> list[str]:
    group_versions = [
        text(version.get("groupVersion"))
        for group in mappings(answer.get("groups"))
        for version in mappings(group.get("versions"))
    ]
    versions = answer.get("versions")
    if is_list(versions):
        # The core group's versions, each a text.
        group_versions += [text(version) for version in versions]
    return group_versions


def _resources(answer: Mapping[str, Any], group_version: str) -> Iterator[Mapping[str, Any]]:
    _expect(answer, "APIResourceList")
    group, _, version = group_version.rpartition("/")
    for resource in mappings(answer.get("resources")):
        yield {**resource, "group": group, "version": version}


def _expect(answer: Mapping[str, Any], *kinds: str) -> None:
    """Raise unless a response has one of the kinds: others do not show what is served."""
    if answer.get("kind") not in kinds:
        raise UpstreamError(_DISCOVERY, "the API server's answer is no discovery")


def _is_path(group_version: str) -> bool:
    """Whether a group and version can be used in a path unchanged."""
    plain = group_version.replace("/", "", 1).replace(".", "").replace("-", "")
    return plain.isascii() and plain.isalnum() and ".." not in group_version
