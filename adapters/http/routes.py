"""All routes, declared once: the app serves them and the OpenAPI document describes them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

import falcon

from . import parameters as p
from .auth import Authenticator
from .judging import Judging
from .parameters import MEDIA_HEALTH, Parameter
from .probes import ApiServerHealth, Liveness, Readiness
from .problems import MEDIA_PROBLEM
from .resources import (
    ClusterScopedHealth,
    ComponentHealth,
    ComponentsHealth,
    Dependencies,
    GroupHealth,
    ObjectHealth,
)

__all__ = ["ROUTES", "Answer", "Parts", "Resource", "Route", "Tag"]

_MEDIA_SVG = "image/svg+xml"
_MEDIA_OPENMETRICS = "application/openmetrics-text"


class Resource(Protocol):
    """Answers GET on a route; it also has `on_head`."""

    @property
    def on_get(self) -> Callable[..., None]:
        """Takes the request, the response and the parameters of the path."""
        ...


@dataclass(frozen=True, slots=True)
class Parts:
    """What resources are made from.

    Attributes:
        judging: Returns what to judge a new request with.
        dependencies: Returns the dependencies of resources that judge.
        draining: Whether the process is about to stop.
        checks: Further checks of `/readyz?verbose` by name; each returns a fault, or an empty text.
        codes: The HTTP code for each status.
        authenticator: Identifies callers; None if no authentication is needed.
        base_path: The prefix of all routes; empty for none.
    """

    judging: Callable[[], Judging]
    dependencies: Callable[[Judging], Dependencies]
    draining: Callable[[], bool]
    checks: Mapping[str, Callable[[], str]]
    codes: Mapping[str, int]
    authenticator: Authenticator | None
    base_path: str


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer of a route, with one code or several.

    Attributes:
        codes: HTTP codes, or keys of `rendering.DEFAULT_CODES`.
        when: When the route gives this answer, for people.
        bodies: The names of the body's schemas in `openapi`, by media type.
        headers: The names of further headers in `openapi`.
    """

    codes: tuple[int | str, ...]
    when: str
    bodies: Mapping[str, str]
    headers: tuple[str, ...] = ()


class Tag:
    """The groups of routes in the document."""

    VERDICTS = "verdicts"
    PROBES = "probes"
    BADGES = "badges"
    METRICS = "metrics"
    PAGES = "pages"
    CONTRACT = "contract"


@dataclass(frozen=True, slots=True)
class Route:
    """A path, its resource and its description.

    Attributes:
        path: The path, with its parameters in braces.
        resource: Makes its resource.
        tag: Its group.
        summary: A summary in a few words.
        description: Further description, in Markdown.
        parameters: Path parameters, then query parameters; all routes accept `token`.
        answers: Its answers, in addition to those of all routes: see `openapi`.
        for_strangers: Whether some callers get an answer without credentials.
    """

    path: str
    resource: Callable[[Parts], Resource]
    tag: str
    summary: str
    description: str = ""
    parameters: tuple[Parameter, ...] = ()
    answers: tuple[Answer, ...] = ()
    for_strangers: bool = False

    @property
    def is_probe(self) -> bool:
        """Whether it needs no token and has no rate limit."""
        return self.tag == Tag.PROBES


class _Judged:
    """A resource that is made on the first request, and again when what to judge with changes.

    Args:
        judging: Returns what to judge a new request with; the same object until it changes.
        make: Makes the resource.
    """

    def __init__(self, judging: Callable[[], Judging], make: Callable[[Judging], Resource]) -> None:
        self._judging = judging
        self._make = make
        self._made: tuple[Judging, Resource] | None = None

    def on_get(self, req: falcon.Request, resp: falcon.Response, **named: str) -> None:
        """Answer as the resource does."""
        given, made = self._judging(), self._made
        if made is None or made[0] is not given:
            made = self._made = given, self._make(given)
        made[1].on_get(req, resp, **named)

    on_head = on_get


def _judged(make: Callable[[Dependencies], Resource]) -> Callable[[Parts], _Judged]:
    return lambda parts: _Judged(parts.judging, lambda given: make(parts.dependencies(given)))


def _liveness(parts: Parts) -> Liveness:
    return Liveness()


def _readiness(parts: Parts) -> Readiness:
    return Readiness(parts.draining, parts.checks)


def _api_server_health(parts: Parts) -> _Judged:
    return _Judged(parts.judging, lambda given: ApiServerHealth(given.reader))


def _badge(given: Dependencies) -> Resource:
    from .badges import ObjectBadge  # noqa: PLC0415  # only for badges

    return ObjectBadge(given)


def _badge_picture(given: Dependencies) -> Resource:
    from .badges import ObjectBadge, draw  # noqa: PLC0415  # only for badges

    return ObjectBadge(given, draw)


def _component_badge(given: Dependencies) -> Resource:
    from .badges import ComponentBadge  # noqa: PLC0415  # only for badges

    return ComponentBadge(given)


def _component_badge_picture(given: Dependencies) -> Resource:
    from .badges import ComponentBadge, draw  # noqa: PLC0415  # only for badges

    return ComponentBadge(given, draw)


def _own_metrics(given: Dependencies) -> Resource:
    from .metrics import OwnMetrics  # noqa: PLC0415  # prometheus_client, only for scrapes

    return OwnMetrics(given)


def _workload_metrics(given: Dependencies) -> Resource:
    from .metrics import WorkloadMetrics  # noqa: PLC0415  # as above

    return WorkloadMetrics(given)


def _targets(given: Dependencies) -> Resource:
    from .targets import Targets  # noqa: PLC0415  # rarely used

    return Targets(given)


def _status_page(given: Dependencies) -> Resource:
    from .page import StatusPage  # noqa: PLC0415  # Jinja2, which monitors do not need

    return StatusPage(given)


def _object_page(given: Dependencies) -> Resource:
    from .page import ObjectPage  # noqa: PLC0415  # as above

    return ObjectPage(given)


def _component_page(given: Dependencies) -> Resource:
    from .page import ComponentPage  # noqa: PLC0415  # as above

    return ComponentPage(given)


def _document(parts: Parts) -> _Judged:
    def make(given: Judging) -> Resource:
        from .openapi import Document  # noqa: PLC0415  # only for the document

        return Document(ROUTES, parts)

    return _Judged(parts.judging, make)


_PROBLEM = {MEDIA_PROBLEM: "Problem"}
_OBJECT = {"application/json": "Verdict", MEDIA_HEALTH: "HealthVerdict"}
_GROUP = {"application/json": "GroupVerdict", MEDIA_HEALTH: "HealthGroupVerdict"}
_PLAIN = {"text/plain": "Text"}
_BADGE = {"application/json": "Badge"}
_PICTURE = {_MEDIA_SVG: "Picture"}

_INVALID = Answer((400,), "A namespace, kind, name, selector or parameter is invalid.", _PROBLEM)
_INVALID_PARAMETER = Answer((400,), "A parameter is invalid or misspelled.", _PROBLEM)
_NOT_SERVED = Answer((404,), "The cluster serves no such kind.", _PROBLEM)
_NO_READING = (
    Answer(("error",), "The API server answered with an error, or unreadably.", _PROBLEM),
    Answer(("timeout",), "The API server did not answer in time.", _PROBLEM),
)
_OBJECT_ANSWERS = (
    Answer(("up",), "It is up, or the request has `code=200`.", _OBJECT, ("Age",)),
    Answer(("degraded", "down", "unknown"), "It is not up.", _OBJECT, ("Age",)),
    Answer(
        ("missing",),
        "It does not exist, or the caller or this service may not see it.",
        _OBJECT,
        ("Age",),
    ),
    _INVALID,
    _NOT_SERVED,
    *_NO_READING,
)
_GROUP_ANSWERS = (
    Answer(("up",), "Enough members are up, or the request has `code=200`.", _GROUP, ("Age",)),
    Answer(("degraded", "down", "unknown"), "Too few members are up.", _GROUP, ("Age",)),
)
_NO_GROUP = (
    Answer(("up",), "It does not exist, and the request has `code=200`.", _OBJECT, ("Age",)),
    Answer(
        ("missing",),
        "It does not exist, or the caller or this service may not see it.",
        _OBJECT,
        ("Age",),
    ),
)
_SELECTION_ANSWERS = (*_GROUP_ANSWERS, *_NO_GROUP, _INVALID, _NOT_SERVED, *_NO_READING)
_COMPONENT_ANSWERS = (*_GROUP_ANSWERS, *_NO_GROUP, _INVALID, *_NO_READING)

_SERIES_OPTIONS = (p.KINDS, p.SELECTOR, p.MIN)
_TARGETS_OPTIONS = (p.KINDS, p.SELECTOR, p.FOR, p.FAIL_ON, p.MIN, p.CODE)
_PAGE_OPTIONS = (p.PAGE_NAMESPACE, p.PAGE_KIND, p.PAGE_STATUS, p.PAGE_TEXT, p.PAGE_NUMBER)
_VERDICT_OPTIONS = (p.FAIL_ON, p.FOR, p.MIN, p.CODE)
_GROUP_OPTIONS = (*_VERDICT_OPTIONS, p.ITEMS)
_SELECTION_OPTIONS = (*_GROUP_OPTIONS, p.KINDS, p.SELECTOR)
_ANYTHING = {"type": "string", "minLength": 1}
# A badge answers for any text.
_BADGE_OBJECT = tuple(
    Parameter(entry.name, entry.example, entry.description, _ANYTHING, in_path=True)
    for entry in (p.NAMESPACE, p.KIND, p.NAME)
)
_BADGE_COMPONENT = (
    Parameter("name", "checkout", p.COMPONENT.description, _ANYTHING, in_path=True),
)
_BADGE_OPTIONS = (p.LABEL, p.MIN)
_BADGE_WORDS = (
    "The word is the status or `degraded, not up`; `no data` if the API server gave no reading, "
    "`invalid` if the namespace, kind or name is invalid."
)
_BADGE_ANSWERS = (Answer((200,), _BADGE_WORDS, _BADGE, ("Age", "Vary")), _INVALID_PARAMETER)
_PICTURE_ANSWERS = (
    Answer((200,), _BADGE_WORDS, _PICTURE, ("Age", "Vary", "Content-Security-Policy")),
    _INVALID_PARAMETER,
)
_METRICS = {"text/plain": "Text", _MEDIA_OPENMETRICS: "Text"}
_OWN_METRICS_ANSWERS = (Answer((200,), "The metrics.", _METRICS, ("Age",)), _INVALID_PARAMETER)
_METRICS_ANSWERS = (
    Answer((200,), "The metrics.", _METRICS, ("Age",)),
    _INVALID,
    _NOT_SERVED,
    *_NO_READING,
)
_TARGETS_ANSWERS = (
    Answer((200,), "The targets.", {"application/json": "Targets"}, ("Age",)),
    _INVALID,
    _NOT_SERVED,
    *_NO_READING,
)
_HTML = {"text/html": "Text"}
_PAGE_ANSWERS = (
    Answer((200,), "The page.", _HTML, ("Age", "Content-Security-Policy")),
    Answer((400,), "A part of the path or a filter is invalid.", _HTML),
    Answer((404,), "It does not exist, or the caller may not see it.", _HTML, ("Age",)),
    Answer(("error",), "The API server answered with an error, or unreadably.", _HTML),
    Answer(("timeout",), "The API server did not answer in time.", _HTML),
)
_NO_SUCH_NAMESPACE = Answer(
    ("missing",), "It does not exist, or the caller may not see it.", _PROBLEM
)
_PROBED = "The API server answers."

ROUTES: tuple[Route, ...] = (
    Route(
        "/api/healthz/{namespace}/{kind}/{name}",
        _judged(ObjectHealth),
        Tag.VERDICTS,
        "One object",
        "Is it doing its job? The code, the header `Heartbeat-Status` and the body agree.",
        (p.NAMESPACE, p.KIND, p.NAME, *_VERDICT_OPTIONS, p.EXPLAIN),
        _OBJECT_ANSWERS,
    ),
    Route(
        "/api/healthz/-/{kind}/{name}",
        _judged(ObjectHealth),
        Tag.VERDICTS,
        "One cluster-scoped object",
        "Such as a Node, with `-` in place of the namespace.",
        (p.CLUSTER_KIND, p.CLUSTER_NAME, *_VERDICT_OPTIONS, p.EXPLAIN),
        _OBJECT_ANSWERS,
    ),
    Route(
        "/api/healthz/{namespace}",
        _judged(GroupHealth),
        Tag.VERDICTS,
        "The workloads of a namespace as a group",
        "The verdict on the worst of them, with counts.",
        (p.NAMESPACE, *_SELECTION_OPTIONS),
        _SELECTION_ANSWERS,
    ),
    Route(
        "/api/healthz/-",
        _judged(ClusterScopedHealth),
        Tag.VERDICTS,
        "Cluster-scoped objects of some kinds as a group",
        "Such as all Nodes.",
        (*_GROUP_OPTIONS, p.CLUSTER_KINDS, p.SELECTOR),
        _SELECTION_ANSWERS,
    ),
    Route(
        "/api/healthz",
        _judged(GroupHealth),
        Tag.VERDICTS,
        "The workloads of all namespaces as a group",
        "All that the caller may see.",
        _SELECTION_OPTIONS,
        _SELECTION_ANSWERS,
    ),
    Route(
        "/api/components/{name}",
        _judged(ComponentHealth),
        Tag.VERDICTS,
        "A component",
        "A named group of the configuration. It is up while enough of its members are up.",
        (p.COMPONENT, *_GROUP_OPTIONS),
        _COMPONENT_ANSWERS,
    ),
    Route(
        "/api/components",
        _judged(ComponentsHealth),
        Tag.VERDICTS,
        "All components, each with its verdict",
        "All that the caller may see, and the verdict on them as a group.",
        _GROUP_OPTIONS,
        (*_GROUP_ANSWERS, _INVALID_PARAMETER, *_NO_READING),
    ),
    Route(
        "/api/badge/{namespace}/{kind}/{name}",
        _judged(_badge),
        Tag.BADGES,
        "A badge for one object, for shields.io",
        "A cluster-scoped kind has `-` in place of the namespace.",
        (*_BADGE_OBJECT, *_BADGE_OPTIONS),
        _BADGE_ANSWERS,
    ),
    Route(
        "/api/badge/{namespace}/{kind}/{name}.svg",
        _judged(_badge_picture),
        Tag.BADGES,
        "The badge as a picture",
        "",
        (*_BADGE_OBJECT, *_BADGE_OPTIONS),
        _PICTURE_ANSWERS,
    ),
    Route(
        "/api/badge/components/{name}",
        _judged(_component_badge),
        Tag.BADGES,
        "A badge for a component, for shields.io",
        "No token is needed for components that the configuration makes public.",
        (*_BADGE_COMPONENT, *_BADGE_OPTIONS),
        _BADGE_ANSWERS,
        for_strangers=True,
    ),
    Route(
        "/api/badge/components/{name}.svg",
        _judged(_component_badge_picture),
        Tag.BADGES,
        "The badge as a picture",
        "No token is needed for components that the configuration makes public.",
        (*_BADGE_COMPONENT, *_BADGE_OPTIONS),
        _PICTURE_ANSWERS,
        for_strangers=True,
    ),
    Route(
        "/api/metrics",
        _judged(_workload_metrics),
        Tag.METRICS,
        "Verdicts on the workloads of all namespaces, for Prometheus",
        "All that the caller may see.",
        _SERIES_OPTIONS,
        (*_METRICS_ANSWERS, _NO_SUCH_NAMESPACE),
    ),
    Route(
        "/api/metrics/{namespace}",
        _judged(_workload_metrics),
        Tag.METRICS,
        "Verdicts on the workloads of a namespace, for Prometheus",
        "",
        (p.NAMESPACE, *_SERIES_OPTIONS),
        (*_METRICS_ANSWERS, _NO_SUCH_NAMESPACE),
    ),
    Route(
        "/metrics",
        _judged(_own_metrics),
        Tag.METRICS,
        "The service's own metrics and the verdicts on components, for Prometheus",
        "",
        (),
        _OWN_METRICS_ANSWERS,
    ),
    Route(
        "/api/targets",
        _judged(_targets),
        Tag.METRICS,
        "The targets that can be checked, for Prometheus' HTTP service discovery",
        "All that the caller may see, including components.",
        _TARGETS_OPTIONS,
        (*_TARGETS_ANSWERS, _NO_SUCH_NAMESPACE),
    ),
    Route(
        "/api/targets/{namespace}",
        _judged(_targets),
        Tag.METRICS,
        "The targets in a namespace, for Prometheus' HTTP service discovery",
        "",
        (p.NAMESPACE, *_TARGETS_OPTIONS),
        (*_TARGETS_ANSWERS, _NO_SUCH_NAMESPACE),
    ),
    Route(
        "/",
        _judged(_status_page),
        Tag.PAGES,
        "The status page, for people",
        "Without a token it shows the components that the configuration makes public.",
        _PAGE_OPTIONS,
        _PAGE_ANSWERS,
        for_strangers=True,
    ),
    Route(
        "/status",
        _judged(_status_page),
        Tag.PAGES,
        "The status page for operators",
        "It is never public: without a token, the browser asks for one.",
        _PAGE_OPTIONS,
        _PAGE_ANSWERS,
    ),
    Route(
        "/status/{namespace}/{kind}/{name}",
        _judged(_object_page),
        Tag.PAGES,
        "One object, for people",
        "A cluster-scoped kind has `-` in place of the namespace.",
        (p.NAMESPACE, p.KIND, p.NAME),
        _PAGE_ANSWERS,
    ),
    Route(
        "/status/components/{name}",
        _judged(_component_page),
        Tag.PAGES,
        "A component, for people",
        "",
        (p.COMPONENT,),
        _PAGE_ANSWERS,
    ),
    Route(
        "/livez",
        _liveness,
        Tag.PROBES,
        "200 while the process runs",
        "It does not call the API server: an outage there must not restart the service.",
        (),
        (Answer((200,), "It runs.", _PLAIN),),
    ),
    Route(
        "/readyz",
        _readiness,
        Tag.PROBES,
        "200 while the service accepts requests",
        "",
        (p.VERBOSE,),
        (
            Answer((200,), "It is ready.", _PLAIN),
            Answer((503,), "It is about to stop.", _PLAIN),
        ),
    ),
    *(
        Route(
            path,
            _api_server_health,
            Tag.PROBES,
            "200 if the API server answers",
            "The same check as in k8s-controller-heartbeat.",
            (),
            (Answer((200,), _PROBED, _PLAIN), *_NO_READING),
        )
        for path in ("/healthz", "/health")
    ),
    Route(
        "/openapi.json",
        _document,
        Tag.CONTRACT,
        "This document",
        "OpenAPI 3.1; it contains nothing about the cluster.",
        (),
        (Answer((200,), "The document.", {"application/json": "Document"}),),
    ),
)
"""All routes, the most important one first."""
