"""``serve``: the HTTP contract, over a cluster, a dump or the demo."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import replace

from k8s_heartbeat.adapters.dump import DumpError, check_regular
from k8s_heartbeat.adapters.http.rendering import Detail
from k8s_heartbeat.adapters.logs import Lines, configure_logging

from . import wiring
from .config.files import Files, read_all
from .config.settings import Settings, SettingsError, given_flags, load, secrets_of
from .errors import (
    EXIT_UNREADABLE,
    EXIT_USAGE,
    ClusterNotFoundError,
    CommandError,
    MissingExtraError,
)
from .signals import Stop

__all__ = ["run"]

_ANY = ("::", "0.0.0.0")  # noqa: S104  # it is compared with
_TRY = """\
A shop that was never real. Its status page:
  {url}/
And for monitors:
  curl -i {url}/api/healthz/shop/deployment/storefront      # 200 healthy
  curl -i {url}/api/healthz/shop/deployment/checkout        # 200 degraded
  curl -i {url}/api/healthz/shop/deployment/payments        # 503 down, in a crash loop
  curl -i {url}/api/healthz/shop/deployment/recommendations # 200 healthy, rolling out
  curl -i {url}/api/healthz/shop/deployment/search          # 200 degraded, a rollout that failed
  curl -i {url}/api/healthz/shop/deployment/newsletter      # 200 healthy, scaled to zero
  curl -i {url}/api/healthz/shop/deployment/wishlist        # 404 missing
  curl -i {url}/api/healthz/platform                        # 200 healthy, a namespace as one
  curl -i {url}/api/healthz                                 # 503 down, all namespaces as one
  curl -i {url}/api/components/checkout                     # 200 degraded, one of two is enough
Ctrl-C ends it."""


def run(flags: object, *, demo: bool) -> int:
    """Serve until asked to stop.

    Args:
        flags: Its attributes are the values of flags, by the settings' names.
        demo: Whether to serve the demo.

    Raises:
        CommandError: The configuration is wrong, there is no cluster, or the port is taken.
    """
    wrong: SettingsError | None = None
    try:
        settings, origins = load(os.environ, given_flags(flags))
    except SettingsError as error:
        settings, origins, wrong = error.settings, {}, error
    if demo:
        settings = _demo_settings(settings, origins)
    lines = configure_logging(settings.log_level, secrets_of(settings))
    files = read_all(settings, wrong, live=not (demo or settings.snapshot))
    if demo and not settings.config:
        files.default = wiring.demo_configuration()
    faults = files.faults
    try:
        if settings.snapshot:
            check_regular(settings.snapshot)
        cluster = wiring.demo_cluster() if demo else wiring.server_cluster(settings)
        if not faults:
            return _serve(settings, cluster, files, lines, demo=demo)
    except MissingExtraError as error:
        faults.append(str(error))
    except DumpError as error:
        told = [*faults, f"snapshot: {error}"]
        raise CommandError("\n".join(told), EXIT_USAGE if faults else EXIT_UNREADABLE) from None
    except ClusterNotFoundError as error:
        faults.append(
            f"{error.cause}; name one with --kubeconfig FILE, or try: k8s-heartbeat serve --demo"
        )
    raise CommandError("\n".join(dict.fromkeys(faults)), EXIT_USAGE)


def _demo_settings(settings: Settings, origins: Mapping[str, str]) -> Settings:
    """The demo's settings: local only, full detail, open unless a token is set."""

    def is_default(field: str) -> bool:
        return origins.get(field) == "default"

    cluster_auth = settings.auth == "kubernetes"
    return replace(
        settings,
        host="127.0.0.1" if is_default("host") else settings.host,
        auth=settings.auth if settings.token or settings.tokens_file or cluster_auth else "none",
        detail=Detail.FULL if is_default("detail") else settings.detail,
        drain_seconds=0 if is_default("drain_seconds") else settings.drain_seconds,
    )


def _serve(
    settings: Settings,
    cluster: wiring.Cluster,
    files: Files,
    lines: Lines,
    *,
    demo: bool,
) -> int:
    stop = Stop()
    app = wiring.application(settings, cluster, files, draining=stop.is_asked, lines=lines)
    from .classic import server_for  # noqa: PLC0415  # of an extra, which `application` checks

    # Before clients can connect, as each must get an answer.
    with stop.by_signals():
        server = server_for(app, settings, stop)
        if demo:
            _tell_what_to_try(settings, server.port)
        server.run()
    return 0


def _tell_what_to_try(settings: Settings, port: int) -> None:
    # To every address one can listen, not connect.
    host = "localhost" if settings.host in _ANY else settings.host
    host = f"[{host}]" if ":" in host else host
    print(_TRY.format(url=f"http://{host}:{port}{settings.base_path}"), file=sys.stderr, flush=True)
    if settings.auth == "token":
        print('Each needs -H "Authorization: Bearer $AUTH_TOKEN_BASIC".', file=sys.stderr)
