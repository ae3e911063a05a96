"""The resources for Prometheus; imported on the first scrape."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import reduce
from itertools import chain

import falcon
from prometheus_client.exposition import choose_encoder
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from k8s_heartbeat.core import Health
from k8s_heartbeat.core.assessment import worst
from k8s_heartbeat.core.checks.reader import ReadError
from k8s_heartbeat.core.checks.readings import Worth
from k8s_heartbeat.core.checks.result import SelectionResult, unjudged

from ..counters import COUNTERS
from .own_series import own_families
from .parameters import response_options_of
from .problems import STATUS_HEADER
from .questions import SelectionQuestion
from .resources import Dependencies, freshness, set_age
from .state import RequestState, state_of
from .verdict_series import Series, component_unread, verdict_families
from .view import Absence

__all__ = ["OwnMetrics", "WorkloadMetrics"]

_TEXT = "text/plain; version=0.0.4"
_END = b"# EOF\n"
_OPEN_METRICS = "application/openmetrics-text; version=1.0.0"


class _One(Collector):
    """A collector of one metric, as the encoders need it."""

    def __init__(self, family: Metric) -> None:
        self._family = family

    def collect(self) -> Iterable[Metric]:
        yield self._family


class OwnMetrics:
    """The service's own metrics, and the verdicts on the components that the caller may see.

    Args:
        dependencies: What the resources use.
    """

    def __init__(self, dependencies: Dependencies) -> None:
        self._given = dependencies

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Answer with 200, also while the API server is unavailable: then components are unknown.

        Raises:
            InvalidQuery: A parameter is invalid.
        """
        response_options_of(req)
        state = state_of(req)
        with self._given.judging.groups.answering():
            series = self._components(state, resp)
            families = verdict_families(series, self._given.detail_for(state))
        own = own_families(COUNTERS, state.caller)
        _write(req, resp, chain(own, families), series, Health.UNKNOWN)

    on_head = on_get

    def _components(self, state: RequestState, resp: falcon.Response) -> list[Series]:
        groups, clock = self._given.judging.groups, state.deadline.clock
        try:
            found = self._given.view(state).components(even_unread=True)
        except ReadError as error:
            # It is also unknown which of them the caller may see.
            state.cause = str(error)
            return [component_unread()]
        series: list[Series] = []
        worths: list[Worth] = []
        for overview in found:
            worth = groups.worth(overview)
            worths.append(worth)
            series.append(Series(overview.verdict, worth.age(clock())))
        if worths:
            set_age(resp, freshness(state, Worth.worst(worths, clock())))
        return series


class WorkloadMetrics:
    """The verdicts on the workloads that the caller may see, in one namespace or all.

    Args:
        dependencies: What the resources use.
    """

    def __init__(self, dependencies: Dependencies) -> None:
        self._given = dependencies

    def on_get(self, req: falcon.Request, resp: falcon.Response, namespace: str = "") -> None:
        """Answer with 200 for any verdicts; the series state them.

        Raises:
            HTTPNotFound: There is no such namespace, or it may not be seen.
            InvalidQuery: A namespace, kind, selector or parameter is invalid.
            NotServed: The cluster serves no such kind.
            ReadError: The API server gave no reading.
        """
        state, options = state_of(req), response_options_of(req)
        question = SelectionQuestion.of(req, namespace, options.min_available)
        groups = self._given.judging.groups
        with groups.answering():
            try:
                found = self._given.view(state).workloads(question)
            except Absence as absence:
                verdict = absence.found.assessment
                state.reason = verdict.reason
                raise falcon.HTTPNotFound(description=verdict.message) from None
            with groups.computing(state.deadline):
                found = found.narrowed(selector=question.selector)
                set_age(resp, freshness(state, groups.worth(found)))
                series = list(_series_of(found, state.deadline.clock()))
                families = verdict_families(series, self._given.detail_for(state))
                _write(req, resp, families, series, Health.UNKNOWN)

    on_head = on_get


def _series_of(found: SelectionResult, now: float) -> Iterable[Series]:
    """A series for each member, and an unknown one without a name for each incomplete list."""
    for member in found.members:
        yield Series(member.assessment, member.worth.age(now))
    for entry in found.lists:
        if entry.part.gap is not None:
            verdict = unjudged(entry.kind, found.namespace, entry.part.gap)
            yield Series(verdict, entry.part.worth.age(now))


def _write(
    req: falcon.Request,
    resp: falcon.Response,
    families: Iterable[Metric],
    series: Sequence[Series],
    otherwise: Health,
) -> None:
    """Answer with metrics, in the format that the client prefers."""
    # The library would echo any version that the client sends, or fail on it.
    media = req.client_prefers((_TEXT, _OPEN_METRICS)) or _TEXT
    encode, _ = choose_encoder(media)
    health = reduce(worst, (entry.verdict.health for entry in series)) if series else otherwise
    resp.set_header(STATUS_HEADER, str(health))
    resp.content_type = f"{media}; charset=utf-8"
    resp.data = b"".join(_encoded(encode, families)) + (_END if media == _OPEN_METRICS else b"")


def _encoded(encode: Callable[[Collector], bytes], families: Iterable[Metric]) -> Iterator[bytes]:
    """Each metric encoded by itself, so that only one is in memory at a time."""
    for family in families:
        yield encode(_One(family)).removesuffix(_END)
