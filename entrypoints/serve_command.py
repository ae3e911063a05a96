"""``serve``: the HTTP contract, over a cluster, a dump or the demo."""

from __future__ import annotations

import argparse
import os
import sys
from dataclasses import replace
from typing import TYPE_CHECKING

from k8s_heartbeat.adapters.http.rendering import Detail
from k8s_heartbeat.adapters.logs import configure_logging
from k8s_heartbeat.adapters.snapshot import SnapshotError

from . import wiring
from .errors import EXIT_UNREADABLE, EXIT_USAGE, CommandError
from .settings import Settings, SettingsError, load

if TYPE_CHECKING:
    from k8s_heartbeat.core.reader import ClusterReader

__all__ = ["run"]

_FLAGS = ("kubeconfig", "context", "snapshot", "host", "port", "log_level", "drain_seconds")

_TRY = """\
A shop that was never real, at {url} - try:
  curl -i {url}/api/healthz/shop/deployment/storefront      # 200 healthy
  curl -i {url}/api/healthz/shop/deployment/checkout        # 200 degraded
  curl -i {url}/api/healthz/shop/deployment/payments        # 503 down, in a crash loop
  curl -i {url}/api/healthz/shop/deployment/recommendations # 200 healthy, rolling out
  curl -i {url}/api/healthz/shop/deployment/search          # 200 degraded, a rollout that failed
  curl -i {url}/api/healthz/shop/deployment/newsletter      # 200 healthy, scaled to zero
  curl -i {url}/api/healthz/shop/deployment/wishlist        # 404 missing
Ctrl-C ends it."""


def run(arguments: argparse.Namespace) -> int:
    """Serve until asked to stop.

    Raises:
        CommandError: The configuration is wrong, there is no cluster, or the port is taken.
    """
    try:
        settings = _settings(arguments)
        configure_logging(settings.log_level, [settings.token])
        return _serve(settings, _reader(settings, demo=arguments.demo), demo=arguments.demo)
    except (SettingsError, wiring.MissingExtraError) as error:
        raise CommandError(str(error), EXIT_USAGE) from None


def _settings(arguments: argparse.Namespace) -> Settings:
    flags = {
        field: value for field in _FLAGS if (value := getattr(arguments, field)) is not None
    }
    settings, origins = load(os.environ, flags)
    if not arguments.demo:
        wiring.check_token(settings)
        return settings
    local = "127.0.0.1" if origins["host"] == "default" else settings.host
    given = bool(settings.token)
    return replace(
        settings,
        host=local,
        auth=settings.auth if given else "none",
        detail=Detail.FULL if origins["detail"] == "default" else settings.detail,
        drain_seconds=0 if origins["drain_seconds"] == "default" else settings.drain_seconds,
    )


def _reader(settings: Settings, *, demo: bool) -> ClusterReader:
    if demo:
        return wiring.demo_reader()
    try:
        return wiring.server_reader(settings)
    except SnapshotError as error:
        raise CommandError(str(error), EXIT_UNREADABLE) from None
    except wiring.no_cluster_error() as error:
        raise CommandError(
            f"{error}; name one with --kubeconfig FILE, or try: k8s-heartbeat serve --demo",
            EXIT_USAGE,
        ) from None


def _serve(settings: Settings, reader: ClusterReader, *, demo: bool) -> int:
    draining = [lambda: False]
    app = wiring.application(settings, reader, draining=lambda: draining[0]())
    from .classic import Server  # noqa: PLC0415  # needs the extra, which `application` checks

    try:
        server = Server(
            app,
            host=settings.host,
            port=settings.port,
            threads=settings.threads,
            drain_seconds=settings.drain_seconds,
        )
    except (OSError, ValueError) as error:
        raise CommandError(
            f"cannot listen on {settings.host} port {settings.port}: {error}; "
            "another port is set with --port or PORT",
            EXIT_USAGE,
        ) from None
    draining[0] = server.draining
    if demo:
        print(_TRY.format(url=f"http://{settings.host}:{server.port}"), file=sys.stderr, flush=True)
    server.run()
    return 0
