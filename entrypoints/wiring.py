"""The composition root: the only place that builds readers and the app."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from k8s_heartbeat.adapters.snapshot import SnapshotReader, read_file
from k8s_heartbeat.adapters.turns import Turns

from .configuration import Configuration
from .settings import Settings

if TYPE_CHECKING:
    import falcon

    from k8s_heartbeat.adapters.cluster import Session
    from k8s_heartbeat.adapters.http.auth import Authenticator
    from k8s_heartbeat.adapters.http.shared_quota import SharedCounts
    from k8s_heartbeat.adapters.http.tokens import Token
    from k8s_heartbeat.adapters.reread import RereadFile
    from k8s_heartbeat.core.reader import ClusterReader

__all__ = [
    "Cluster",
    "MissingExtraError",
    "application",
    "demo_cluster",
    "demo_configuration",
    "live_reader",
    "no_cluster_error",
    "server_cluster",
]

_log = logging.getLogger(__name__)

# Of random letters and digits; ten guesses a minute and address leave it a while.
_SHORT_TOKEN = 16
# Threads that compute at once: one has the interpreter, the other writes or waits for it.
_COMPUTING = 2


class MissingExtraError(Exception):
    """A library is not installed; the message says which extra brings it."""


@dataclass(frozen=True, slots=True)
class Cluster:
    """What is judged.

    Attributes:
        reader: Where objects are read.
        session: The connection to the API server; None where there is none, as with a snapshot.
    """

    reader: ClusterReader
    session: Session | None = None


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
        from k8s_heartbeat.adapters.cached import CachedReader, Lifetimes  # noqa: PLC0415  # of an extra
        from k8s_heartbeat.adapters.http.app import Contract, create_app  # noqa: PLC0415  # of an extra
        from k8s_heartbeat.adapters.http.quota import RateLimit  # noqa: PLC0415  # of an extra
    except ModuleNotFoundError as error:
        raise _missing(error) from None
    ttl = settings.cache_ttl.total_seconds()
    lifetimes = Lifetimes(
        reading=ttl, absence=2 * ttl, failure=0.3 * ttl, stale=settings.stale_for.total_seconds()
    )
    # At most half of the threads wait for the API server, whatever they wait for.
    places = threading.BoundedSemaphore(max(1, settings.threads // 2))
    turns = Turns(_COMPUTING)
    cached = CachedReader(
        cluster.reader, clock=time.monotonic, lifetimes=lifetimes, places=places, turns=turns
    )
    configuration = configuration or Configuration()
    shared = _shared_counts(settings, turns)
    checks: dict[str, Callable[[], str]] = {}
    if tokens:
        checks["tokens-file"] = lambda: _wrong(tokens)
    if shared:
        checks["rate-limit-storage"] = shared.fault
    contract = Contract(
        authenticator=_authenticator(settings, cluster, tokens, places, turns),
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
        checks=checks,
    )
    return create_app(cached, contract, draining=draining, shared=shared, turns=turns)


def _shared_counts(settings: Settings, turns: Turns) -> SharedCounts | None:
    """Where limits are shared; None where they are not."""
    if not settings.rate_limit_storage:
        return None
    from k8s_heartbeat.adapters.http.shared_quota import SharedCounts  # noqa: PLC0415  # of an extra

    try:
        return SharedCounts(settings.rate_limit_storage, turns=turns)
    except ModuleNotFoundError as error:
        raise MissingExtraError(
            "HEARTBEAT_RATE_LIMIT_STORAGE needs the extra redis: "
            f"pip install 'k8s-heartbeat[server,redis]' ({error.name} is not installed)"
        ) from None


def _authenticator(
    settings: Settings,
    cluster: Cluster,
    tokens: RereadFile[tuple[Token, ...]] | None,
    places: threading.BoundedSemaphore,
    turns: Turns,
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

        if cluster.session is None:
            raise AssertionError("a snapshot cannot review tokens")
        if settings.token or tokens:
            _log.warning("HEARTBEAT_AUTH=kubernetes: no other tokens than the cluster's are taken")
        return ClusterAuthenticator(
            Reviews(cluster.session, settings.audiences),
            clock=time.monotonic,
            wall=time.time,
            believed=settings.review_ttl.total_seconds(),
            places=places,
            turns=turns,
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


def server_cluster(settings: Settings) -> Cluster:
    """What a server was asked to judge: a snapshot or the live cluster.

    Raises:
        SnapshotError: The snapshot cannot be read.
        NoClusterError: No cluster was found.
        MissingExtraError: The extra `server` is not installed.
    """
    if settings.snapshot:
        objects = read_file(settings.snapshot)
        return Cluster(SnapshotReader(lambda: objects))
    reader, session = live_reader(settings)
    return Cluster(reader, session)


def live_reader(settings: Settings) -> tuple[ClusterReader, Session]:
    """A reader of the live cluster, and the session that it reads by.

    Raises:
        NoClusterError: No cluster was found.
        MissingExtraError: The extra `server` is not installed.
    """
    try:
        from k8s_heartbeat.adapters.cluster import LiveReader, Session, connect  # noqa: PLC0415  # of an extra
        from k8s_heartbeat.adapters.cluster.connect import Source  # noqa: PLC0415  # of an extra

        source = Source(settings.kubeconfig, settings.context, max(1, settings.threads // 2))
        session = Session(lambda: connect(source))
    except ModuleNotFoundError as error:
        raise _missing(error) from None
    _log.info("reading the cluster by %s", session.origin)
    return LiveReader(session), session


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
