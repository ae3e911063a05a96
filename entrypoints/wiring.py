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
from k8s_heartbeat.core import Rules

from .config.configuration import Configuration
from .config.files import Files
from .config.settings import Settings
from .errors import ClusterNotFoundError, MissingExtraError

if TYPE_CHECKING:
    import falcon

    from k8s_heartbeat.adapters.cluster import Client
    from k8s_heartbeat.adapters.groups import Groups
    from k8s_heartbeat.adapters.http.auth import Authenticator
    from k8s_heartbeat.adapters.http.judging import Judging
    from k8s_heartbeat.adapters.http.shared_quota import SharedCounts
    from k8s_heartbeat.adapters.http.tokens import Token
    from k8s_heartbeat.adapters.logs import Lines
    from k8s_heartbeat.adapters.memory import Memory
    from k8s_heartbeat.adapters.reread import RereadFile
    from k8s_heartbeat.core.checks.reader import ClusterReader

__all__ = [
    "Cluster",
    "application",
    "demo_cluster",
    "demo_configuration",
    "live_cluster",
    "server_cluster",
]

_log = logging.getLogger(__name__)

# Of random letters and digits; resists ten guesses a minute and address.
_SHORT_TOKEN = 16
# Threads that judge groups at once: with more, everything else would wait for the interpreter.
_COMPUTING = 1


@dataclass(frozen=True, slots=True)
class Cluster:
    """What to judge.

    Attributes:
        reader: Creates the reader of the fields that the given rules name for each kind.
        client: The client of the API server; None for a snapshot.
        memory: The memory budget of the reader; None if it uses none.
    """

    reader: Callable[[Rules], ClusterReader]
    client: Client | None = None
    memory: Memory | None = None


def application(
    settings: Settings,
    cluster: Cluster,
    files: Files,
    *,
    lines: Lines,
    draining: Callable[[], bool] = lambda: False,
) -> falcon.App[Any, Any]:
    """Build the WSGI application for a cluster, with a cache of what is read.

    Args:
        settings: The operator's settings.
        cluster: The cluster; with a client if its own tokens are to be accepted.
        files: The configuration and the tokens.
        lines: Writes the log lines of requests.
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
    # At most half of the threads may wait for the API server, for any purpose.
    places = threading.BoundedSemaphore(max(1, settings.threads // 2))
    group_places = threading.BoundedSemaphore(max(1, settings.threads // 2))
    slots, memory = ComputeSlots(_COMPUTING), cluster.memory or Memory()

    def cached(rules: Rules) -> CachedReader:
        return CachedReader(
            cluster.reader(rules),
            clock=time.monotonic,
            lifetimes=lifetimes,
            memory=memory,
            places=places,
            slots=slots,
            usual_time=settings.timeout.total_seconds(),
        )

    def groups(reader: ClusterReader, configuration: Configuration) -> Groups:
        return Groups(
            reader,
            configuration.policy,
            rules=configuration.rules,
            clock=time.monotonic,
            lifetimes=lifetimes,
            memory=memory,
            places=group_places,
            slots=slots,
        )

    shared = _shared_counts(settings)
    checks: dict[str, Callable[[], str]] = {
        name: partial(_wrong, file) for name, file in files.reread().items()
    }
    if shared:
        checks["rate-limit-storage"] = shared.fault
    contract = Contract(
        authenticator=_authenticator(settings, cluster.client, files.tokens, memory, places),
        limit=RateLimit(settings.rate_limit, settings.rate_limit_period),
        token_limit=None
        if settings.token_rate_limit is None
        else RateLimit(settings.token_rate_limit, settings.rate_limit_period),
        failed_auth=RateLimit(settings.failed_auth_limit, settings.failed_auth_period),
        trusted_proxies=settings.trusted_proxies,
        codes=settings.status_codes,
        detail=settings.detail,
        cors_origins=settings.cors_origins,
        base_path=settings.base_path,
        url=settings.url,
        timeout=settings.timeout.total_seconds(),
        checks=checks,
    )
    judging = _CurrentJudging(files.in_force, cached, groups)
    return create_app(judging, contract, draining=draining, shared=shared, say=lines)


class _CurrentJudging:
    """Provides what requests are judged with; rebuilt when the configuration changes.

    Verdicts by an old policy are dropped with their groups, and objects with fewer fields with
    their reader. A request that has begun ends as it began.

    Args:
        configuration: The one in force.
        reader: Makes the reader by its rules.
        groups: Makes the groups over a reader.
    """

    def __init__(
        self,
        configuration: Callable[[], Configuration],
        reader: Callable[[Rules], ClusterReader],
        groups: Callable[[ClusterReader, Configuration], Groups],
    ) -> None:
        self._configuration = configuration
        self._reader = reader
        self._groups = groups
        self._lock = threading.Lock()
        self._made_of = configuration()
        self._judging = self._made(reader(self._made_of.rules), self._made_of)

    def __call__(self) -> Judging:
        """What to judge a new request with."""
        if self._configuration() is not self._made_of:
            with self._lock:
                self._take(self._configuration())
        return self._judging

    def _take(self, configuration: Configuration) -> None:
        if configuration is self._made_of:
            return
        same_fields = configuration.kinds == self._made_of.kinds
        reader = self._judging.reader if same_fields else self._reader(configuration.rules)
        self._judging = self._made(reader, configuration)
        self._made_of = configuration

    def _made(self, reader: ClusterReader, configuration: Configuration) -> Judging:
        from k8s_heartbeat.adapters.http.judging import DEFAULT_TITLE, Judging  # noqa: PLC0415  # of an extra

        return Judging(
            reader,
            self._groups(reader, configuration),
            configuration.policy,
            configuration.rules,
            configuration.components,
            configuration.title or DEFAULT_TITLE,
            configuration.public,
        )


def _shared_counts(settings: Settings) -> SharedCounts | None:
    """Where limits are shared; None where they are not."""
    if not settings.rate_limit_storage:
        return None
    from k8s_heartbeat.adapters.http.shared_quota import SharedCounts  # noqa: PLC0415  # of an extra

    try:
        return SharedCounts(settings.rate_limit_storage)
    except ModuleNotFoundError as error:
        purpose = "HEARTBEAT_RATE_LIMIT_STORAGE needs"
        raise MissingExtraError(purpose, "redis", error.name, beside=("server",)) from None


def _authenticator(
    settings: Settings,
    client: Client | None,
    tokens: RereadFile[tuple[Token, ...]] | None,
    memory: Memory,
    places: threading.BoundedSemaphore,
) -> Authenticator | None:
    """The authenticator; None if no authentication is needed."""
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


def _wrong(file: RereadFile[Any]) -> str:
    # This is public: the exact fault is in the log only.
    return "wrong or unreadable, what it said before is in force; see the log" * bool(file.fault())


def server_cluster(settings: Settings) -> Cluster:
    """The cluster that a server is to judge: a snapshot or the live cluster.

    Args:
        settings: The operator's settings.

    Raises:
        DumpError: The snapshot cannot be read.
        ClusterNotFoundError: No cluster was found.
        MissingExtraError: The extra `server` is not installed.
    """
    if settings.snapshot:
        objects = read_file(settings.snapshot)
        return Cluster(lambda _: SnapshotReader(lambda: objects))
    return live_cluster(settings, shares=True)


def live_cluster(settings: Settings, *, shares: bool = False) -> Cluster:
    """The cluster that the settings or the surroundings of the process name.

    Args:
        settings: The operator's settings.
        shares: Whether many queries for one namespace share a LIST; for a long-running server.

    Raises:
        ClusterNotFoundError: No cluster was found.
        MissingExtraError: The extra `server` is not installed.
    """
    try:
        from k8s_heartbeat.adapters import cluster  # noqa: PLC0415  # of an extra
        from k8s_heartbeat.adapters.cluster.connect import ClusterConfig  # noqa: PLC0415  # of an extra
        from k8s_heartbeat.adapters.cluster.shared_lists import MOST_FETCHING  # noqa: PLC0415  # of an extra
        from k8s_heartbeat.adapters.memory import Memory  # noqa: PLC0415  # of an extra
    except ModuleNotFoundError as error:
        raise _missing(error) from None
    connections = max(1, settings.threads // 2) + MOST_FETCHING * shares
    config = ClusterConfig(settings.kubeconfig, settings.context, connections)
    try:
        client = cluster.Client(partial(cluster.connect, config))
    except cluster.NoClusterError as error:
        raise ClusterNotFoundError(str(error)) from None
    _log.info("reading the cluster by %s", client.origin)
    memory = Memory()

    def reader(rules: Rules) -> ClusterReader:
        live = cluster.LiveReader(client, memory, rules)
        if not shares:
            return live
        return cluster.SharedLists(
            live,
            clock=time.monotonic,
            lifetime=settings.cache_ttl.total_seconds(),
            timeout=settings.timeout.total_seconds(),
            memory=memory,
        )

    return Cluster(reader, client, memory)


def demo_cluster() -> Cluster:
    """The shop that ships with the package, its times relative to now."""
    from k8s_heartbeat.adapters.demo import shop  # noqa: PLC0415  # read for the demo alone

    return Cluster(lambda _: SnapshotReader(lambda: shop(datetime.now(UTC))))


def demo_configuration() -> Configuration:
    """The components that the demo has."""
    from k8s_heartbeat.adapters.demo import COMPONENTS  # noqa: PLC0415  # read for the demo alone

    return Configuration(components={entry.name: entry for entry in COMPONENTS})


def _missing(error: ModuleNotFoundError) -> MissingExtraError:
    return MissingExtraError("a live cluster and serving need", "server", error.name)
