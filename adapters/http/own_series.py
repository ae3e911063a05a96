"""The service's own counters as metrics; see docs/metrics.md."""

from __future__ import annotations

import platform
from collections.abc import Iterable, Mapping
from importlib.metadata import PackageNotFoundError, version

from prometheus_client.metrics_core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    InfoMetricFamily,
    Metric,
)
from prometheus_client.process_collector import ProcessCollector

from k8s_heartbeat.core import Kind
from k8s_heartbeat.core.kinds import kubectl_name

from ..counters import BOUNDS, Counters
from .callers import Caller

__all__ = ["own_families"]

_BOUNDS = [*map(str, BOUNDS), "+Inf"]
_OTHER = "other"


def own_families(counters: Counters, caller: Caller) -> list[Metric]:
    """The service's own metrics.

    Args:
        counters: The counters.
        caller: The caller; kinds that they may not know are counted as `other`.
    """
    return [
        _build(),
        *_requests(counters),
        *_api_requests(counters, caller),
        *_cache(counters),
        _tally(
            "k8s_heartbeat_limited_requests",
            "Requests rejected because of a limit.",
            "limit",
            counters.limited.counts(),
        ),
        _tally(
            "k8s_heartbeat_failed_authentications",
            "Requests rejected because their credentials are missing or wrong.",
            "problem",
            counters.failed_authentications.counts(),
        ),
        *ProcessCollector(registry=None).collect(),
    ]


def _build() -> Metric:
    try:
        release = version("k8s-heartbeat")
    except PackageNotFoundError:
        release = "unknown"
    return InfoMetricFamily(
        "k8s_heartbeat_build",
        "The version of the service and of Python.",
        value={"version": release, "python_version": platform.python_version()},
    )


def _requests(counters: Counters) -> Iterable[Metric]:
    requests = CounterMetricFamily(
        "k8s_heartbeat_http_requests",
        "Answered requests by the template of their route.",
        labels=("route", "method", "code"),
    )
    for (route, method, code), count in sorted(counters.requests.counts().items()):
        requests.add_metric((route, method, str(code)), count)
    yield requests
    yield _histogram(
        "k8s_heartbeat_http_request_duration_seconds",
        "Time from a request to its answer, including time in the queue.",
        "route",
        counters.requests.by(lambda key: key[0]),
    )
    yield GaugeMetricFamily(
        "k8s_heartbeat_http_requests_in_flight",
        "Requests in progress, including this one.",
        value=len(counters.in_flight),
    )
    load = counters.load
    if load is not None:
        yield GaugeMetricFamily(
            "k8s_heartbeat_http_requests_queued",
            "Requests that wait for a thread.",
            value=load.queued,
        )
        yield GaugeMetricFamily(
            "k8s_heartbeat_http_connections",
            "Open client connections.",
            value=load.connections,
        )


def _api_requests(counters: Counters, caller: Caller) -> Iterable[Metric]:
    counted: dict[tuple[str, str, str], int] = {}
    for (verb, kind, outcome), count in counters.api_requests.counts().items():
        labels = verb, _kind(kind, caller), outcome
        counted[labels] = counted.get(labels, 0) + count
    requests = CounterMetricFamily(
        "k8s_heartbeat_api_requests",
        "Requests to the API server.",
        labels=("verb", "kind", "outcome"),
    )
    for labels, count in sorted(counted.items()):
        requests.add_metric(labels, count)
    yield requests
    yield _histogram(
        "k8s_heartbeat_api_request_duration_seconds",
        "Time from a request to the API server to the end of its answer.",
        "verb",
        counters.api_requests.by(lambda key: key.verb),
    )


def _kind(kind: Kind | str | None, caller: Caller) -> str:
    if isinstance(kind, Kind):
        return kubectl_name(kind.kind, kind.api_version) if caller.may_know(kind) else _OTHER
    return _OTHER if kind is None else kind


def _cache(counters: Counters) -> Iterable[Metric]:
    requests = CounterMetricFamily(
        "k8s_heartbeat_cache_requests",
        "Requests to a cache, by how they were answered.",
        labels=("cache", "result"),
    )
    stale = CounterMetricFamily(
        "k8s_heartbeat_cache_stale_answers",
        "Answers from an older reading because a new one failed.",
        labels=("cache",),
    )
    for name, counts in sorted(counters.caches().items()):
        requests.add_metric((name, "hit"), counts.hits)
        requests.add_metric((name, "miss"), counts.misses)
        requests.add_metric((name, "shared"), counts.shared)
        stale.add_metric((name,), counts.stale)
    yield requests
    yield stale


def _tally(name: str, documentation: str, label: str, counts: Mapping[str, int]) -> Metric:
    family = CounterMetricFamily(name, documentation, labels=(label,))
    for value, count in sorted(counts.items()):
        family.add_metric((value,), count)
    return family


def _histogram(
    name: str, documentation: str, label: str, found: Mapping[str, tuple[list[float], float]]
) -> Metric:
    family = HistogramMetricFamily(name, documentation, labels=(label,))
    for value, (counts, total) in sorted(found.items()):
        buckets = list(zip(_BOUNDS, counts, strict=True))
        family.add_metric((value,), buckets, total)
    return family
