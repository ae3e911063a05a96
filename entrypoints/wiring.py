"""The composition root: the only place that builds readers and the app."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from k8s_heartbeat.adapters.snapshot import SnapshotReader, read_file

from .configuration import Configuration
from .settings import Settings

if TYPE_CHECKING:
    import falcon

    from k8s_heartbeat.adapters.http.shared_quota import SharedCounts
    from k8s_heartbeat.core.reader import ClusterReader

__all__ = [
    "MissingExtraError",
    "application",
    "demo_configuration",
    "demo_reader",
    "live_reader",
    "no_cluster_error",
    "server_reader",
]

_log = logging.getLogger(__name__)


class MissingExtraError(Exception):
    """A library is not installed; the message says which extra brings it."""


def application(
    settings: Settings,
    reader: ClusterReader,
    configuration: Configuration | None = None,
    *,
    draining: Callable[[], bool] = lambda: False,
) -> falcon.App[Any, Any]:
    """The WSGI application over a reader, which it caches.

    Raises:
        MissingExtraError: The extra `server` is not installed.
    """
    try:
        from k8s_heartbeat.adapters.cached import CachedReader, Lifetimes  # noqa: PLC0415  # of an extra
        from k8s_heartbeat.adapters.http.app import Contract, create_app  # noqa: PLC0415  # of an extra
        from k8s_heartbeat.adapters.http.quota import RateLimit  # noqa: PLC0415  # of an extra
    except ModuleNotFoundError as error:
        raise _missing(error) from None
    ttl = settings.cache_ttl.total_seconds()
    lifetimes = Lifetimes(
        reading=ttl, absence=2 * ttl, failure=0.3 * ttl, stale=settings.stale_for.total_seconds()
    )
    cached = CachedReader(
        reader,
        clock=time.monotonic,
        lifetimes=lifetimes,
        most_waiting=max(1, settings.threads // 2),
    )
    if settings.auth == "none":
        _log.warning("running open: everyone may ask (HEARTBEAT_AUTH=none)")
    configuration = configuration or Configuration()
    contract = Contract(
        token=None if settings.auth == "none" else settings.token,
        limit=RateLimit(settings.rate_limit, settings.rate_limit_period),
        token_limit=RateLimit(
            settings.token_rate_limit or settings.rate_limit, settings.rate_limit_period
        ),
        failed_auth=RateLimit(settings.failed_auth_limit, settings.failed_auth_period),
        trusted_proxies=settings.trusted_proxies,
        codes=settings.status_codes,
        detail=settings.detail,
        cors_origins=settings.cors_origins,
        timeout=settings.timeout.total_seconds(),
        policy=configuration.policy,
        components=configuration.components,
    )
    return create_app(cached, contract, draining=draining, shared=_shared_counts(settings))


def _shared_counts(settings: Settings) -> SharedCounts | None:
    """Where limits are shared; None where they are not."""
    if not settings.rate_limit_storage:
        return None
    from k8s_heartbeat.adapters.http.shared_quota import SharedCounts  # noqa: PLC0415  # of an extra

    try:
        return SharedCounts(settings.rate_limit_storage)
    except ModuleNotFoundError as error:
        raise MissingExtraError(
            "HEARTBEAT_RATE_LIMIT_STORAGE needs the extra redis: "
            f"pip install 'k8s-heartbeat[server,redis]' ({error.name} is not installed)"
        ) from None


def server_reader(settings: Settings) -> ClusterReader:
    """The reader that a server was asked for: a snapshot or the live cluster.

    Raises:
        SnapshotError: The snapshot cannot be read.
        NoClusterError: No cluster was found.
        MissingExtraError: The extra `server` is not installed.
    """
    if settings.snapshot:
        objects = read_file(settings.snapshot)
        return SnapshotReader(lambda: objects)
    return live_reader(settings)[0]


def live_reader(settings: Settings) -> tuple[ClusterReader, str]:
    """A reader of the live cluster, and the namespace that its configuration names as its own.

    Raises:
        NoClusterError: No cluster was found.
        MissingExtraError: The extra `server` is not installed.
    """
    try:
        from k8s_heartbeat.adapters.cluster import LiveReader, connect  # noqa: PLC0415  # of an extra
        from k8s_heartbeat.adapters.cluster.connect import Source  # noqa: PLC0415  # of an extra

        source = Source(settings.kubeconfig, settings.context, max(1, settings.threads // 2))
        reader = LiveReader(lambda: connect(source))
    except ModuleNotFoundError as error:
        raise _missing(error) from None
    _log.info("reading the cluster by %s", reader.origin)
    return reader, reader.namespace


def no_cluster_error() -> type[Exception]:
    """The error of a cluster that is not found; its module needs the extra `server`."""
    from k8s_heartbeat.adapters.cluster.connect import NoClusterError  # noqa: PLC0415  # of an extra

    return NoClusterError


def demo_reader() -> ClusterReader:
    """A reader of the shop that ships with the package, its times relative to now."""
    from k8s_heartbeat.adapters.demo import shop  # noqa: PLC0415  # read for the demo alone

    return SnapshotReader(lambda: shop(datetime.now(UTC)))


def demo_configuration() -> Configuration:
    """The component that the demo has."""
    from k8s_heartbeat.adapters.demo import CHECKOUT  # noqa: PLC0415  # read for the demo alone

    return Configuration(components={CHECKOUT.name: CHECKOUT})


def _missing(error: ModuleNotFoundError) -> MissingExtraError:
    return MissingExtraError(
        "a live cluster and serving need the extra server: pip install 'k8s-heartbeat[server]' "
        f"({error.name} is not installed)"
    )
