"""The classic entry point: our own server in a process that is tuned for it."""

from __future__ import annotations

import gc
import sys
from functools import partial
from typing import Any

from k8s_heartbeat.adapters.http.base_path import is_quick
from k8s_heartbeat.adapters.refused import repeated_host
from k8s_heartbeat.adapters.server import Server, TooFewFilesError, TooFewThreadsError

from .arenas import share_arenas
from .config.settings import Settings
from .errors import EXIT_USAGE, CommandError
from .signals import Stop

__all__ = ["server_for"]

# How soon threads that judge a thousand objects each yield to the loop and the probes.
_SWITCH_SECONDS = 0.0005


def server_for(app: Any, settings: Settings, stop: Stop) -> Server:
    """The server of a WSGI application, which listens from now on.

    Raises:
        CommandError: The address cannot be listened on, or the limits of the process are too low.
    """
    # Before there are threads.
    share_arenas()
    # Loaded code stays.
    gc.freeze()
    gc.enable()
    # A full collection of what 20,000 objects leave would hold up /livez, and finds little.
    gc.set_threshold(20_000, 20, 50)
    sys.setswitchinterval(_SWITCH_SECONDS)
    try:
        return Server(
            app,
            host=settings.host,
            port=settings.port,
            threads=settings.threads,
            drain_seconds=settings.drain_seconds,
            stop=stop,
            is_quick=partial(is_quick, settings.base_path),
        )
    except TooFewFilesError as error:
        wrong = (
            f"the limit of open files is {error.limit}, and {error.needed} are needed to serve "
            f"with {settings.threads} threads: raise it (ulimit -n {error.wanted}), "
            "or lower HEARTBEAT_THREADS"
        )
    except TooFewThreadsError as error:
        wrong = (
            f"threads are needed to serve, and none can be started ({error.cause}): raise the "
            "limit of processes and threads (ulimit -u, or the pids limit of the container)"
        )
    except (OSError, ValueError) as error:
        wrong = (
            f"cannot listen on {repeated_host(settings.host)} port {settings.port}: {error}; "
            "another port is set with --port or PORT"
        )
    raise CommandError(wrong, EXIT_USAGE)
