"""What a request asks for: its path and its parameters, checked before anything is read."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import falcon

from k8s_heartbeat.core import RULES, Health, Kind
from k8s_heartbeat.core.durations import parse_duration
from k8s_heartbeat.core.group import Selection
from k8s_heartbeat.core.line import Line
from k8s_heartbeat.core.reader import (
    ClusterReader,
    Deadline,
    InvalidQuery,
    Query,
    check_namespace,
)
from k8s_heartbeat.core.resolution import check_word, resolve
from k8s_heartbeat.core.selectors import parse_selector

__all__ = [
    "MEDIA_HEALTH",
    "Wanted",
    "check_component_name",
    "flag",
    "resolved_kinds",
    "resolved_query",
    "unresolved_query",
    "unresolved_selection",
    "wanted_of",
]

MEDIA_HEALTH = "application/health+json"
_NO_NAMESPACE = "-"
_MOST_KINDS = 20


@dataclass(frozen=True, slots=True)
class Wanted:
    """How a caller wants the verdict told."""

    line: Line
    fixed_code: int | None
    health_json: bool


def wanted_of(req: falcon.Request) -> Wanted:
    """How a request wants the verdict told.

    Raises:
        InvalidQuery: A parameter that cannot be.
    """
    return Wanted(_line(req), _fixed_code(req), _wants_health_json(req))


def unresolved_query(namespace: str, word: str, name: str) -> Query:
    """The object that a path names, of a kind that only the cluster may know; nothing is asked.

    Raises:
        InvalidQuery: A namespace, kind or name that cannot be.
    """
    if not name:
        raise InvalidQuery("name: it is empty; a name is such as api")
    check_word(word)
    place = _place(namespace)
    kind = RULES.kind_called(word) or Kind(word.lower(), "", "", "", namespaced=bool(place))
    return Query(kind, place, name)


def resolved_query(query: Query, reader: ClusterReader, deadline: Deadline) -> Query:
    """The same object, of the kind that the cluster serves by that word.

    Raises:
        InvalidQuery: Objects of that kind cannot stand in that place.
        NotServed: The cluster serves no such kind.
        ReadError: What the cluster serves could not be read.
    """
    if query.kind.plural:
        return query
    return replace(query, kind=resolve(query.kind.kind, reader, deadline))


def _place(namespace: str) -> str:
    """The namespace of a path; what stands in none is asked for with a dash."""
    if namespace == _NO_NAMESPACE:
        return ""
    check_namespace(namespace)
    return namespace


def unresolved_selection(req: falcon.Request, namespace: str) -> tuple[Selection, tuple[str, ...]]:
    """The objects that a path and its parameters choose, and the words that their kinds go by.

    All namespaces where none is named; all workloads where no word is. Nothing is asked.

    Raises:
        InvalidQuery: A namespace, kind or selector that cannot be.
    """
    place = _place(namespace) if namespace else ""
    selector = None
    stated = req.get_param("selector")
    if stated is not None:
        try:
            selector = parse_selector(stated)
        except ValueError as error:
            raise InvalidQuery(f"selector: {stated[:40]!a} {error}") from None
    # Two commas side by side, or one at an end, are no name.
    words = tuple(
        word.strip() for text in req.get_param_as_list("kind") or [] for word in text.split(",")
    )
    if len(words) > _MOST_KINDS:
        raise InvalidQuery(f"kind: more than {_MOST_KINDS} are asked for, as in kind=deploy,sts")
    for word in words:
        check_word(word)
    if namespace == _NO_NAMESPACE and not words:
        raise InvalidQuery(_NO_PLACE)
    _check_places(namespace, filter(None, map(RULES.kind_called, words)))
    return Selection(place, selector=selector), words


def resolved_kinds(
    words: tuple[str, ...], namespace: str, reader: ClusterReader, deadline: Deadline
) -> tuple[Kind, ...]:
    """The kinds that the cluster serves by some words, each once.

    Raises:
        InvalidQuery: Objects of such a kind cannot stand in that place.
        NotServed: The cluster serves no such kind.
        ReadError: What the cluster serves could not be read.
    """
    kinds = tuple(dict.fromkeys(resolve(word, reader, deadline) for word in words))
    _check_places(namespace, kinds)
    return kinds


_NO_PLACE = (
    "namespace: - is for kinds that stand in none, as in /api/healthz/-?kind=node; "
    "/api/healthz is for all namespaces"
)


def _check_places(namespace: str, kinds: Iterable[Kind]) -> None:
    """Raise unless objects of these kinds can stand in that place of a path."""
    for kind in kinds:
        if namespace == _NO_NAMESPACE:
            if kind.namespaced:
                raise InvalidQuery(_NO_PLACE)
        else:
            Query(kind, namespace)


def check_component_name(name: str) -> None:
    """Raise unless a component can be called so: as a namespace.

    Raises:
        InvalidQuery: It cannot.
    """
    try:
        check_namespace(name)
    except InvalidQuery as error:
        raise InvalidQuery(str(error).replace("namespace:", "name:", 1)) from None


def _line(req: falcon.Request) -> Line:
    fail_on = req.get_param("fail_on", default="down")
    if fail_on not in (Health.DEGRADED, Health.DOWN):
        raise InvalidQuery("fail_on: it is neither degraded nor down, such as fail_on=degraded")
    lasting = req.get_param("for", default="0s")
    try:
        return Line(Health(fail_on), parse_duration(lasting))
    except ValueError as error:
        raise InvalidQuery(f"for: {lasting[:40]!a} {error}; here for=2m") from None


def _fixed_code(req: falcon.Request) -> int | None:
    code = req.get_param("code")
    if code not in (None, "200"):
        raise InvalidQuery("code: it can only be 200, as in code=200")
    return 200 if code else None


def flag(req: falcon.Request, name: str) -> bool:
    """Whether a parameter is true; false where it is not there.

    Raises:
        InvalidQuery: It is neither.
    """
    value = req.get_param(name, default="false")
    if value not in ("true", "false"):
        raise InvalidQuery(f"{name}: it is neither true nor false, as in {name}=true")
    return value == "true"


def _wants_health_json(req: falcon.Request) -> bool:
    """Whether health+json is named; it is never chosen by a wildcard."""
    return MEDIA_HEALTH in (req.get_header("Accept") or "").lower()
