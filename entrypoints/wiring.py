"""The composition root: the only place that builds readers and the app."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from k8s_heartbeat.adapters.snapshot import SnapshotReader, read_file

from .configuration import Configuration
from .settings import Settings

if TYPE_CHECKING:
    import falcon

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
        from k8s_heartbeat.adapters.http.rate_limit import RateLimit  # noqa: PLC0415  # of an extra
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
        places=threading.BoundedSemaphore(max(1, settings.threads // 2)),
    )
    if settings.auth == "none":
        _log.warning("running open: everyone may ask (HEARTBEAT_AUTH=none)")
    configuration = configuration or Configuration()
    contract = Contract(
        token=None if settings.auth == "none" else settings.token,
        limit=RateLimit(settings.rate_limit, settings.rate_limit_period),
        codes=settings.status_codes,
        detail=settings.detail,
        cors_origins=settings.cors_origins,
        timeout=settings.timeout.total_seconds(),
        policy=configuration.policy,
        components=configuration.components,
    )
    return create_app(cached, contract, draining=draining)


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
