"""The composition root: the only place that builds readers and the app."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from k8s_heartbeat.adapters.dump import read_file
from k8s_heartbeat.adapters.snapshot import SnapshotReader
from k8s_heartbeat.core import RULES, Rules

from .configuration import Configuration
from .settings import Settings

if TYPE_CHECKING:
    import falcon

    from k8s_heartbeat.adapters.cluster import Client
    from k8s_heartbeat.adapters.http.auth import Authenticator
    from k8s_heartbeat.adapters.http.shared_quota import SharedCounts
    from k8s_heartbeat.adapters.http.tokens import Token
    from k8s_heartbeat.adapters.memory import Memory
    from k8s_heartbeat.adapters.reread import RereadFile
    from k8s_heartbeat.core.checks.reader import ClusterReader

__all__ = [
    "Cluster",
    "MissingExtraError",
    "application",
    "demo_cluster",
    "demo_configuration",
    "live_cluster",
    "no_cluster_error",
    "server_cluster",
]

_log = logging.getLogger(__name__)

# Of random letters and digits; ten guesses a minute and address leave it a while.
_SHORT_TOKEN = 16
# Threads that judge groups at once: with more, everything else would wait for the interpreter.
_COMPUTING = 1


class MissingExtraError(Exception):
    """A library is not installed; the message says which extra brings it."""


@dataclass(frozen=True, slots=True)
class Cluster:
    """What is judged.

    Attributes:
        reader: Where objects are read.
        client: Who asks the API server; None where there is none, as with a snapshot.
        memory: What the reader draws on for what it has in hand; None where it draws on nothing.
    """

    reader: ClusterReader
    client: Client | None = None
    memory: Memory | None = None


def application(
    settings: Settings,
    cluster: Cluster,
    configuration: Configuration | None = None,
    *,
    tokens: RereadFile[tuple[Token, ...]] | None = None,
    draining: Callable[[], bool] = lambda: False,
) -> falcon.App[Any, Any]:
    """The WSGI application over a cluster, of which it caches what is read.

    Args:
        settings: What the operator decides.
        cluster: What is judged; one with a session where its own tokens are to be known.
        configuration: The policy and the components.
        tokens: The tokens file, where there is one.
        draining: Whether the process is about to stop.

    Raises:
        MissingExtraError: The extra `server` is not installed.
    """
    try:
        from k8s_heartbeat.adapters.cache import Lifetimes  # noqa: PLC0415  # of an extra
        from k8s_heartbeat.adapters.cached import CachedReader  # noqa: PLC0415  # of an extra
        from k8s_heartbeat.adapters.groups import Groups  # noqa: PLC0415  # of an extra
        from k8s_heartbeat.adapters.http.app import Contract, create_app  # noqa: PLC0415  # of an extra
        from k8s_heartbeat.adapters.http.quota import RateLimit  # noqa: PLC0415  # of an extra
        from k8s_heartbeat.adapters.memory import Memory  # noqa: PLC0415  # of an extra
        from k8s_heartbeat.adapters.slots import ComputeSlots  # noqa: PLC0415  # of an extra
    except ModuleNotFoundError as error:
        raise _missing(error) from None
    ttl = settings.cache_ttl.total_seconds()
    lifetimes = Lifetimes(
        reading=ttl, absence=2 * ttl, failure=0.3 * ttl, stale=settings.stale_for.total_seconds()
    )
    # At most half of the threads wait for the API server, whatever they wait for.
    places = threading.BoundedSemaphore(max(1, settings.threads // 2))
    configuration = configuration or Configuration()
    slots, memory = ComputeSlots(_COMPUTING), cluster.memory or Memory()
    cached = CachedReader(
        cluster.reader,
        clock=time.monotonic,
        lifetimes=lifetimes,
        memory=memory,
        places=places,
        slots=slots,
        usual_time=settings.timeout.total_seconds(),
    )
    groups = Groups(
        cached,
        configuration.policy,
        rules=configuration.rules,
        clock=time.monotonic,
        lifetimes=lifetimes,
        memory=memory,
        places=threading.BoundedSemaphore(max(1, settings.threads // 2)),
        slots=slots,
    )
    shared = _shared_counts(settings)
    checks: dict[str, Callable[[], str]] = {}
    if tokens:
        checks["tokens-file"] = lambda: _wrong(tokens)
    if shared:
        checks["rate-limit-storage"] = shared.fault
    contract = Contract(
        authenticator=_authenticator(settings, cluster.client, tokens, memory, places),
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
        rules=configuration.rules,
        components=configuration.components,
        checks=checks,
    )
    return create_app(cached, groups, contract, draining=draining, shared=shared)


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


def _authenticator(
    settings: Settings,
    client: Client | None,
    tokens: RereadFile[tuple[Token, ...]] | None,
    memory: Memory,
    places: threading.BoundedSemaphore,
) -> Authenticator | None:
    """Who can tell callers; None where everybody may ask."""
    from k8s_heartbeat.adapters.http.cluster_tokens import ClusterAuthenticator  # noqa: PLC0415  # of an extra
    from k8s_heartbeat.adapters.http.tokens import Token, TokenAuthenticator, digest_of  # noqa: PLC0415  # of an extra

    if settings.auth == "none":
        ignored = "; the tokens that are set are not asked for" * bool(settings.token or tokens)
        # At a level that no LOG_LEVEL hides.
        _log.critical(
            "running open: everyone who can reach it may ask (HEARTBEAT_AUTH=none)%s", ignored
        )
        return None
    if settings.auth == "kubernetes":
        from k8s_heartbeat.adapters.cluster.reviews import Reviews  # noqa: PLC0415  # of an extra

        if client is None:
            raise AssertionError("a snapshot cannot review tokens")
        if settings.token or tokens:
            _log.warning("HEARTBEAT_AUTH=kubernetes: no other tokens than the cluster's are taken")
        return ClusterAuthenticator(
            Reviews(client, memory, settings.audiences),
            clock=time.monotonic,
            wall=time.time,
            believed=settings.review_ttl.total_seconds(),
            memory=memory,
            places=places,
        )
    if 0 < len(settings.token) < _SHORT_TOKEN:
        _log.warning(
            "AUTH_TOKEN_BASIC is short enough to be guessed; make one with: k8s-heartbeat token"
        )
    everything = Token("default", (digest_of(settings.token),))
    own = (everything,) if settings.token else ()
    return TokenAuthenticator(lambda: (*own, *tokens.current()) if tokens else own)


def _wrong(tokens: RereadFile[tuple[Token, ...]]) -> str:
    # Anybody may ask for it: what exactly is wrong stands in the log.
    return "wrong or unreadable, what it said before is in force; see the log" * bool(
        tokens.fault()
    )


def server_cluster(settings: Settings, rules: Rules = RULES) -> Cluster:
    """What a server was asked to judge: a snapshot or the live cluster.

    Args:
        settings: What the operator decides.
        rules: They name the fields that are kept of each kind.

    Raises:
        DumpError: The snapshot cannot be read.
        NoClusterError: No cluster was found.
        MissingExtraError: The extra `server` is not installed.
    """
    if settings.snapshot:
        objects = read_file(settings.snapshot)
        return Cluster(SnapshotReader(lambda: objects))
    return live_cluster(settings, rules, shares=True)


def live_cluster(settings: Settings, rules: Rules = RULES, *, shares: bool = False) -> Cluster:
    """The cluster that the settings or the surroundings of the process name.

    Args:
        settings: What the operator decides.
        rules: They name the fields that are kept of each kind.
        shares: Whether many questions about one namespace share a LIST; for who is asked again and
            again.

    Raises:
        NoClusterError: No cluster was found.
        MissingExtraError: The extra `server` is not installed.
    """
    try:
        from k8s_heartbeat.adapters.cluster import (  # noqa: PLC0415  # of an extra
            Client,
            LiveReader,
            SharedLists,
            connect,
        )
        from k8s_heartbeat.adapters.cluster.connect import ClusterConfig  # noqa: PLC0415  # of an extra
        from k8s_heartbeat.adapters.cluster.shared_lists import MOST_FETCHING  # noqa: PLC0415  # of an extra
        from k8s_heartbeat.adapters.memory import Memory  # noqa: PLC0415  # of an extra

        connections = max(1, settings.threads // 2) + MOST_FETCHING * shares
        config = ClusterConfig(settings.kubeconfig, settings.context, connections)
        client = Client(partial(connect, config))
    except ModuleNotFoundError as error:
        raise _missing(error) from None
    _log.info("reading the cluster by %s", client.origin)
    memory = Memory()
    reader = LiveReader(client, memory, rules)
    if not shares:
        return Cluster(reader, client, memory)
    shared = SharedLists(
        reader,
        clock=time.monotonic,
        lifetime=settings.cache_ttl.total_seconds(),
        timeout=settings.timeout.total_seconds(),
        memory=memory,
    )
    return Cluster(shared, client, memory)


def no_cluster_error() -> type[Exception]:
    """The error of a cluster that is not found; its module needs the extra `server`."""
    from k8s_heartbeat.adapters.cluster.connect import NoClusterError  # noqa: PLC0415  # of an extra

    return NoClusterError


def demo_cluster() -> Cluster:
    """The shop that ships with the package, its times relative to now."""
    from k8s_heartbeat.adapters.demo import shop  # noqa: PLC0415  # read for the demo alone

    return Cluster(SnapshotReader(lambda: shop(datetime.now(UTC))))


def demo_configuration() -> Configuration:
    """The component that the demo has."""
    from k8s_heartbeat.adapters.demo import CHECKOUT  # noqa: PLC0415  # read for the demo alone

    return Configuration(components={CHECKOUT.name: CHECKOUT})


def _missing(error: ModuleNotFoundError) -> MissingExtraError:
    return MissingExtraError(
        "a live cluster and serving need the extra server: pip install 'k8s-heartbeat[server]' "
        f"({error.name} is not installed)"
    )
